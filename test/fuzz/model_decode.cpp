// Bytes as a stored model: refused with core::Error, or a model that comes back from both forms.
#include "core/base/checksum.hpp"
#include "core/base/model.hpp"
#include "core/catalog/models.hpp"
#include "fuzz/fuzz.hpp"

using namespace ecom::core;

namespace {

// The checksum stops almost every random change; with a fresh one the payload is reached too.
std::string enveloped(std::string_view payload) {
    Writer out;
    out.raw("ECMD");
    out.u8(1);
    out.raw(std::string_view("\0\0\0", 3));
    out.u64(checksum64(payload));
    out.raw(payload);
    return out.take();
}

void check(std::string_view bytes) {
    std::unique_ptr<Model> model;
    try {
        model = decode_model(bytes, find_model_decoder);
    } catch (const Error&) {
        return;
    }
    const std::string again = encode_model(*model);
    ecom::test::require(encode_model(*decode_model(again, find_model_decoder)) == again);
    ecom::test::require(describe_model(again, find_model_decoder).as_fields().size() >= 5);
    // A text may hold bytes that are not UTF-8; JSON replaces them and the checksum tells.
    try {
        ecom::test::require(
            encode_model(*model_from_json(model_to_json(*model), find_model_decoder)) == again);
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = ecom::test::view(data, size);
    check(bytes);
    check(enveloped(bytes));
    return 0;
}
