// ecom.reconcile: forecasts of a hierarchy, from queries, made to add up.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/base/budget.hpp"
#include "core/forecast/reconciliation.hpp"
#include "core/forecast/series.hpp"
#include "pg/args.hpp"
#include "pg/row_values.hpp"
#include "pg/series_target.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

// A column that a node is named by.
struct NameColumn {
    Oid type = InvalidOid;
    Oid output = InvalidOid;

    void start(TupleDesc columns, int i) {
        type = TupleDescAttr(columns, i)->atttypid;
        bool is_varlena;
        call([&] { getTypeOutputInfo(type, &output, &is_varlena); });
    }
    std::string read(Datum value) const { return text_of(type, output, value); }
};

struct TreeNode {
    std::string name;
    std::string parent;
    bool is_root;
    std::map<std::int32_t, double> forecast;  // by step
};

// Rows (node, parent, step, forecast).
class ForecastTarget final : public RowTarget {
public:
    explicit ForecastTarget(core::Host& host) : host_(host) {}

    void start(TupleDesc columns) override {
        if (columns->natts != 4 || !is_number(TupleDescAttr(columns, 3)->atttypid) ||
            TupleDescAttr(columns, 2)->atttypid != INT4OID)
            throw core::Error(core::ErrorCode::kWrongKind, "query of forecasts does not return the columns that are needed",
                              "Return the node (any type), its parent (NULL for a root), the step as int, and the forecast.");
        node_.start(columns, 0);
        parent_.start(columns, 1);
        type_ = TupleDescAttr(columns, 3)->atttypid;
    }

    void take(const Datum* values, const bool* nulls) override {
        if (nulls[0]) return;
        std::string name = node_.read(values[0]);
        std::string parent = nulls[1] ? "" : parent_.read(values[1]);
        if (nulls[2] || nulls[3])
            throw core::Error(core::ErrorCode::kInvalidArgument, "node \"" + name + "\" has a NULL step or forecast",
                              "Give every node a forecast for every step.");
        const auto [found, is_new] = index.try_emplace(name, nodes.size());
        if (is_new) nodes.push_back({std::move(name), std::move(parent), nulls[1], {}});
        TreeNode& node = nodes[found->second];
        if (!is_new && (node.is_root != nulls[1] || node.parent != parent))
            throw core::Error(core::ErrorCode::kInvalidArgument, "node \"" + node.name + "\" has two parents",
                              "A node belongs to one parent; make one hierarchy of it at a time.");
        const std::int32_t step = DatumGetInt32(values[2]);
        if (!node.forecast.emplace(step, number_of(type_, values[3])).second)
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "node \"" + node.name + "\" has two forecasts for step " + std::to_string(step),
                              "Give one row a node and step.");
        constexpr std::size_t kBytesPerRow = 64;  // a node of the map
        if (++rows_ % 1024 == 0) {
            core::require_memory(host_, rows_ * kBytesPerRow, "reading forecasts to reconcile");
            host_.poll();
        }
    }

    std::vector<TreeNode> nodes;
    std::unordered_map<std::string, std::size_t> index;

private:
    core::Host& host_;
    NameColumn node_, parent_;
    Oid type_ = InvalidOid;
    std::size_t rows_ = 0;
};

// Rows (node, ts, residual).
class ResidualTarget final : public RowTarget {
public:
    ResidualTarget(const std::unordered_map<std::string, std::size_t>& index, core::Host& host) : index_(index), host_(host) {}

    void start(TupleDesc columns) override {
        if (columns->natts != 3 || !is_number(TupleDescAttr(columns, 2)->atttypid))
            wrong();
        time_type_ = TupleDescAttr(columns, 1)->atttypid;
        if (time_type_ != TIMESTAMPOID && time_type_ != DATEOID && time_type_ != TIMESTAMPTZOID) wrong();
        node_.start(columns, 0);
        type_ = TupleDescAttr(columns, 2)->atttypid;
    }

    void take(const Datum* values, const bool* nulls) override {
        if (nulls[0] || nulls[1] || nulls[2]) return;
        const auto found = index_.find(node_.read(values[0]));
        if (found == index_.end())
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "residuals are of node \"" + node_.read(values[0]) + "\", which has no forecast",
                              "Give residuals of the nodes that are forecast.");
        auto& row = rows[time_of(time_type_, values[1])];
        if (row.empty()) {
            row.assign(index_.size(), core::kMissingValue);
            core::require_memory(host_, core::mul_size(rows.size(), 64 + 8 * index_.size()), "reading residuals to reconcile with");
        }
        row[found->second] = number_of(type_, values[2]);
        if (++count_ % 4096 == 0) host_.poll();
    }

    std::map<core::Time, std::vector<double>> rows;

private:
    [[noreturn]] static void wrong() {
        throw core::Error(core::ErrorCode::kWrongKind, "query of residuals does not return the columns that are needed",
                          "Return the node, ts as date or timestamp, and the residual as a number.");
    }

    const std::unordered_map<std::string, std::size_t>& index_;
    core::Host& host_;
    NameColumn node_;
    Oid time_type_ = InvalidOid, type_ = InvalidOid;
    std::size_t count_ = 0;
};

// Nodes as the core has them; `order` is that of names.
std::vector<core::HierarchyNode> hierarchy(const ForecastTarget& target, const ResidualTarget& residuals,
                                           const std::vector<std::size_t>& order, core::Host& host) {
    std::vector<std::size_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    core::require_memory(host, core::mul_size(order.size(), core::mul_size(8, residuals.rows.size())), "residuals to reconcile with");
    std::vector<core::HierarchyNode> nodes(order.size());
    core::PollEvery poll(host);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const TreeNode& from = target.nodes[order[i]];
        if (!from.is_root) {
            const auto parent = target.index.find(from.parent);
            if (parent == target.index.end())
                throw core::Error(core::ErrorCode::kInvalidArgument,
                                  "parent \"" + from.parent + "\" of node \"" + from.name + "\" has no forecast",
                                  "Give forecasts of all nodes, those with children included.");
            nodes[i].parent = place[parent->second];
        }
        for (const auto& [step, forecast] : from.forecast) nodes[i].forecast.push_back(forecast);
        for (const auto& [time, row] : residuals.rows) {
            poll();
            nodes[i].residuals.push_back(row[order[i]]);
        }
        const TreeNode& first = target.nodes[order[0]];
        const bool same_steps = from.forecast.size() == first.forecast.size() &&
                                std::equal(from.forecast.begin(), from.forecast.end(), first.forecast.begin(),
                                           [](const auto& a, const auto& b) { return a.first == b.first; });
        if (!same_steps)
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "nodes \"" + first.name + "\" and \"" + from.name + "\" are forecast for different steps",
                              "Give every node a forecast for every step.");
    }
    return nodes;
}

}  // namespace

// (forecasts text, residuals text, method text, nonnegative boolean)
// returns setof (node text, parent text, step int, forecast float8, reconciled float8)
ECOM_FUNCTION(ecom_reconcile) {
    RowSink sink(fcinfo);
    const Args args(fcinfo);
    core::ReconciliationParams params;
    params.method = core::parse_reconciliation(args.text(2, "method"));
    params.nonnegative = args.boolean(3, "nonnegative");
    const bool needs_residuals =
        params.method == core::Reconciliation::kWlsVar || params.method == core::Reconciliation::kMintShrink;
    if (needs_residuals && args.is_null(1))
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          "method \"" + std::string(args.text(2, "method")) + "\" needs residuals",
                          "Give a query of node, ts and residual, or use method => 'bottom_up'.");
    const std::string query(args.text(0, "forecasts"));
    const std::string residual_query(needs_residuals ? args.text(1, "residuals") : "");
    BackendHost host;
    ForecastTarget target(host);
    ResidualTarget residuals(target.index, host);
    {
        const Session session;
        read_query(session, query, target);
        if (needs_residuals) read_query(session, residual_query, residuals);
    }
    if (target.nodes.empty()) return static_cast<Datum>(0);
    // Sums are taken in the order of names, so that the order of rows does not count.
    std::vector<std::size_t> order(target.nodes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return target.nodes[a].name < target.nodes[b].name; });
    const core::Reconciled result = core::reconcile(hierarchy(target, residuals, order, host), params, host);
    core::PollEvery poll(host);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const TreeNode& node = target.nodes[order[i]];
        std::size_t h = 0;
        for (const auto& [step, forecast] : node.forecast) {
            poll();
            RowValues<5> row;
            row.put_datum(text_datum(node.name));
            if (node.is_root)
                row.skip(1);
            else
                row.put_datum(text_datum(node.parent));
            row.put_datum(Int32GetDatum(step));
            row.put(forecast);
            row.put(result.forecast[i][h++]);
            row.into(sink);
        }
    }
    return static_cast<Datum>(0);
}
