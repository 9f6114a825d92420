// Bytes as a stored aggregate state: refused with core::Error, or a state that travels unchanged,
// merges with itself and finishes. The first byte chooses the kind.
#include "core/base/state.hpp"
#include "core/rfm/accumulator.hpp"
#include "core/rfm/segments.hpp"
#include "core/rfm/table.hpp"
#include "core/stats/quantile_bins.hpp"
#include "fuzz/fuzz.hpp"

using namespace ecom::core;

namespace {

void finish(QuantileBinsState& state, Host& host) {
    if (!state.empty()) state.fit(host);
}

void finish(SegmentRulesState& state, Host&) { state.fit(); }

void finish(RfmAccumulator& state, Host& host) {
    rfm_table(state, std::nullopt, Returns::kNet, true, host);
}

template <typename S>
void check(std::string_view payload) {
    ecom::test::FuzzHost host;
    try {
        Reader in(payload);
        S state = S::decode(in);
        const std::string bytes = encode_state(state);
        Reader again = open_state(bytes, S::kKind);
        S copy = S::decode(again);
        ecom::test::require(encode_state(copy) == bytes);
        state.merge(copy, host);
        finish(state, host);
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view payload = ecom::test::view(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0: check<QuantileBinsState>(payload); break;
        case 1: check<SegmentRulesState>(payload); break;
        default: check<RfmAccumulator>(payload); break;
    }
    return 0;
}
