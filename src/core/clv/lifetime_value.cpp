#include "core/clv/lifetime_value.hpp"

#include <cmath>

#include "core/base/firewall.hpp"

namespace ecom::core {

void Discounting::check() const {
    if (periods < 1 || periods > 1200)
        throw Error(ErrorCode::kInvalidArgument, "periods must be between 1 and 1200",
                    "For a year of a model in days use 12 periods of 30 days.");
    if (!std::isfinite(period) || period <= 0)
        throw Error(ErrorCode::kInvalidArgument, "period must be above zero and finite",
                    "Give the length of a period in the unit of the model, for example 30 for days.");
    if (!std::isfinite(rate) || rate < 0)
        throw Error(ErrorCode::kInvalidArgument, "discount rate must be finite and not negative",
                    "Give the rate of one period: 0.01 for one percent.");
}

double discounted_orders(const BtydModel& model, const History& h, const Discounting& terms) {
    terms.check();
    double before = 0, factor = 1, sum = 0;
    for (int i = 1; i <= terms.periods; ++i) {
        const double until = model.expected_purchases_while_alive(h, i * terms.period);
        factor /= 1 + terms.rate;
        sum += factor * (until - before);
        before = until;
    }
    return model.alive(h) * sum;
}

std::optional<double> lifetime_value(const BtydModel& model, const GammaGammaModel& spend, const History& h,
                                     double mean_spend, const Discounting& terms) {
    const double orders = discounted_orders(model, h, terms);
    const std::optional<double> amount = spend.expected_spend(h.frequency, mean_spend);
    if (!amount) return std::nullopt;
    return orders * *amount;
}

NextOrder next_order(const BtydModel& model, const History& h, double coverage) {
    if (!(coverage > 0 && coverage < 1))
        throw Error(ErrorCode::kInvalidArgument, "coverage must be between 0 and 1",
                    "Use 0.8 for a window that holds the next order four times in five.");
    return {model.next_order_quantile(h, 0.5), model.next_order_quantile(h, 0.5 * (1 - coverage)),
            model.next_order_quantile(h, 0.5 * (1 + coverage))};
}

}  // namespace ecom::core
