// Bytes as a stored aggregate state: refused with core::Error, or a state that travels unchanged,
// merges with itself and finishes. The first byte chooses the kind.
#include <algorithm>
#include <string>
#include <type_traits>

#include "core/base/state.hpp"
#include "core/cluster/kmeans_fit.hpp"
#include "core/clv/btyd.hpp"
#include "core/clv/cox.hpp"
#include "core/clv/gamma_gamma.hpp"
#include "core/clv/order_history.hpp"
#include "core/clv/survival.hpp"
#include "core/forecast/accuracy.hpp"
#include "core/forest/fit.hpp"
#include "core/forest/learner_state.hpp"
#include "core/prescribe/cash_flow.hpp"
#include "core/prescribe/channel_response.hpp"
#include "core/prescribe/elasticity.hpp"
#include "core/recommend/rules.hpp"
#include "core/recommend/similarity.hpp"
#include "core/rfm/accumulator.hpp"
#include "core/rfm/segments.hpp"
#include "core/rfm/table.hpp"
#include "core/stats/comparison.hpp"
#include "core/stats/correlation.hpp"
#include "core/stats/key_set.hpp"
#include "core/stats/labelled_rows.hpp"
#include "core/stats/pca.hpp"
#include "core/stats/preprocessor.hpp"
#include "core/stats/quantile_bins.hpp"
#include "core/stats/rand_index.hpp"
#include "core/stats/text_chart.hpp"
#include "core/stats/uplift.hpp"
#include "fuzz/fuzz.hpp"

using namespace ecom::core;

namespace {

template <typename S>
auto merge(S& state, S& other, Host& host) {
    return state.merge(other, host);
}

// The order of its values is lost in a merge, so it has none.
void merge(SparkState&, SparkState&, Host&) {}

void finish(QuantileBinsState& state, Host& host) {
    if (!state.empty()) state.fit(host);
}

void finish(SegmentRulesState& state, Host&) { state.fit(); }

void finish(RfmAccumulator& state, Host& host) {
    rfm_table(state, std::nullopt, Returns::kNet, true, host);
}

void finish(CorrelationState& state, Host& host) { state.correlations(0.95, host); }

void finish(MeanTestState& state, Host&) { welch_test(state.sample(true), state.sample(false), state.level()); }

void finish(KeySet& state, Host& host) { state.add(state.count(), host); }

void finish(SparkState& state, Host& host) { state.line(ChartGlyphs::kBlocks, host); }

void finish(Interactions& state, Host& host) {
    const InteractionMatrix matrix(state, {}, host);
    item_neighbors(matrix, {}, host);
    RuleParams params;
    params.itemsets.max_length = 3;
    association_rules(matrix, params, host);
}

void finish(CashFlowState& state, Host& host) {
    const CashFlows flows = state.flows(host);
    if (!flows.empty()) evaluate(flows, state.params(), host);
}

void finish(ElasticityState& state, Host& host) { state.fit(host); }

void finish(ChannelResponseState& state, Host& host) { state.fit(host); }

void finish(UpliftState& state, Host& host) { state.qini(host); }

void finish(BtydState& state, Host& host) { state.fit(host); }

void finish(GammaGammaState& state, Host& host) { state.fit(host); }

void finish(OrderHistoryState& state, Host& host) { state.history(host); }

void finish(KmeansState& state, Host& host) { state.fit(host); }

void finish(PreprocessorState& state, Host& host) { state.fit(host); }

void finish(ForecastPairsState& state, Host& host) { state.accuracy(host); }

void finish(LearnerState& state, Host& host) {
    LearnerParams params;
    params.trees = 2;
    params.max_depth = 3;
    const TreeModel model(fit_trees(state.rows(host), params, host));
    ecom::test::require(encode_model(*TreeModel::decode(model.body(), 1)) == encode_model(model));
}

void finish(SurvivalState& state, Host& host) { summarize_survival(state.steps(0.95, host)); }

void finish(CoxState& state, Host& host) { state.fit(host); }

void finish(PcaState& state, Host& host) { state.fit(host); }

void finish(LabelledRowsState& state, Host& host) {
    const ClusteredRows rows = state.clustered(host);
    davies_bouldin(rows, host);
    calinski_harabasz(rows, host);
    state.silhouette(host);
}

void finish(ContingencyState& state, Host& host) { state.adjusted_rand_index(host); }

// Hash tables may come back in another order: of these only the bytes that there are can be compared.
template <typename S>
constexpr bool kIsHashed = std::is_same_v<S, BtydState> || std::is_same_v<S, GammaGammaState> ||
                           std::is_same_v<S, SurvivalState> || std::is_same_v<S, ContingencyState>;

template <typename S>
std::string content(std::string bytes) {
    if constexpr (kIsHashed<S>) std::sort(bytes.begin(), bytes.end());
    return bytes;
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
        ecom::test::require(content<S>(encode_state(copy)) == content<S>(bytes));
        merge(state, copy, host);
        finish(state, host);
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view payload = ecom::test::view(data + 1, size - 1);
    switch (data[0] % 24) {
        case 0: check<QuantileBinsState>(payload); break;
        case 1: check<SegmentRulesState>(payload); break;
        case 2: check<RfmAccumulator>(payload); break;
        case 3: check<CorrelationState>(payload); break;
        case 4: check<MeanTestState>(payload); break;
        case 5: check<KeySet>(payload); break;
        case 6: check<SparkState>(payload); break;
        case 7: check<Interactions>(payload); break;
        case 8: check<CashFlowState>(payload); break;
        case 9: check<ElasticityState>(payload); break;
        case 10: check<BtydState>(payload); break;
        case 11: check<GammaGammaState>(payload); break;
        case 12: check<OrderHistoryState>(payload); break;
        case 13: check<PreprocessorState>(payload); break;
        case 14: check<ForecastPairsState>(payload); break;
        case 15: check<LearnerState>(payload); break;
        case 16: check<SurvivalState>(payload); break;
        case 17: check<CoxState>(payload); break;
        case 18: check<PcaState>(payload); break;
        case 19: check<LabelledRowsState>(payload); break;
        case 20: check<ContingencyState>(payload); break;
        case 21: check<KmeansState>(payload); break;
        case 22: check<ChannelResponseState>(payload); break;
        default: check<UpliftState>(payload); break;
    }
    return 0;
}
