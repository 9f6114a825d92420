#include "core/rfm/table.hpp"

#include <algorithm>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

Returns parse_returns(std::string_view name) {
    if (name == "net") return Returns::kNet;
    if (name == "ignore") return Returns::kIgnore;
    throw Error(ErrorCode::kInvalidArgument,
                "unknown treatment of returns \"" + std::string(name) + "\"",
                "Use net (returns lower the amount) or ignore.");
}

RfmTable rfm_table(RfmAccumulator& accumulator, std::optional<std::int64_t> as_of_day,
                   Returns returns, bool ordered, Host& host) {
    accumulator.settle(host);
    RfmTable table;
    const std::size_t n = accumulator.size();
    require_memory(host, mul_size(n, sizeof(std::uint32_t) + kRfmMeasures * sizeof(double)),
                   "measuring " + std::to_string(n) + " customers");
    const std::optional<Timestamp64> last = accumulator.last_order_at(host);
    if (!last) return table;
    table.as_of_day = as_of_day.value_or(day_of(*last) + 1);
    if (table.as_of_day < day_of(*last))
        throw Error(ErrorCode::kInvalidArgument, "as_of lies before the last order",
                    "Leave later orders out with WHERE, or pass a later as_of.");

    table.customers.reserve(n);
    PollEvery poll(host);
    for (std::size_t i = 0; i < n; ++i) {
        poll();
        if (accumulator[i].orders > 0) table.customers.push_back(static_cast<std::uint32_t>(i));
    }
    if (ordered) {
        const bool integer = accumulator.ids() == RfmAccumulator::CustomerIds::kInteger;
        std::sort(table.customers.begin(), table.customers.end(), [&](auto a, auto b) {
            poll();
            const auto& left = accumulator[a];
            const auto& right = accumulator[b];
            return integer ? left.id < right.id
                           : accumulator.text_id(left) < accumulator.text_id(right);
        });
    }
    for (auto& column : table.columns) column.reserve(table.customers.size());
    for (const std::uint32_t i : table.customers) {
        poll();
        const RfmAccumulator::Customer& customer = accumulator[i];
        table.columns[kRecency].push_back(
            static_cast<double>(table.as_of_day - day_of(customer.last_at)));
        table.columns[kFrequency].push_back(customer.orders);
        table.columns[kMonetary].push_back(amount_value(
            returns == Returns::kNet ? customer.gross + customer.returned : customer.gross));
    }
    return table;
}

}  // namespace ecom::core
