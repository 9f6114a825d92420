// Text as JSON: refused with core::Error, or a document whose JSON form is stable. The same text as
// a model never does more than throw.
#include "core/base/json.hpp"
#include "core/base/model.hpp"
#include "core/catalog/models.hpp"
#include "fuzz/fuzz.hpp"

using namespace ecom::core;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = ecom::test::view(data, size);
    try {
        const std::string first = to_json(from_json(text, "document"));
        ecom::test::require(to_json(from_json(first, "document")) == first);
    } catch (const Error&) {
    }
    try {
        model_from_json(text, find_model_decoder);
    } catch (const Error&) {
    }
    return 0;
}
