// Buy-till-you-die models of customers who leave without saying so.
//
// A customer is (x, t_x, T): repeat orders, time from the first to the last order, time from the first order
// to the end of observation, in any one unit of time.
//     BG/NBD      Fader, Hardie and Lee (2005): orders at rate lambda ~ Gamma(r, alpha); after each repeat order
//                 the customer leaves with probability p ~ Beta(a, b)
//     MBG/NBD     Batislam, Denizel and Filiztekin (2007): may leave after the first order as well
//     Pareto/NBD  Schmittlein, Morrison and Colombo (1987): leaves at rate mu ~ Gamma(s, beta)
//     NBD         Ehrenberg (1959): nobody leaves
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/base/state.hpp"
#include "core/clv/pattern_table.hpp"

namespace ecom::core {

enum class BtydFamily { kBgNbd, kMbgNbd, kParetoNbd, kNbd };

BtydFamily parse_btyd_family(std::string_view name);  // bg_nbd, mbg_nbd, pareto_nbd, nbd
std::string_view btyd_family_name(BtydFamily family);
std::vector<std::string> btyd_parameter_names(BtydFamily family);

struct History {
    double frequency;  // x
    double recency;    // t_x
    double age;        // T

    // Throws kNonFiniteInput or kInvalidArgument unless x is a whole number of at least 0,
    // 0 <= t_x <= T, and t_x = 0 exactly when x = 0.
    void check() const;
};

enum class BtydStatus {
    kConverged,
    kDropoutNotIdentified,  // as likely that nobody leaves: the parameters are those of the NBD
    kBoundary,              // a parameter runs to infinity: customers do not differ in it
};
std::string_view btyd_status_name(BtydStatus status);

struct BtydFit {
    BtydFamily family;     // NBD where drop-out is not identified
    BtydFamily requested;
    BtydStatus status;
    std::vector<double> parameters;
    std::vector<double> standard_errors;  // NaN where the information is singular
    double log_likelihood;
    std::int64_t customers;
    std::int64_t repeat_orders;
    int evaluations;
};

class BtydModel final : public Model {
public:
    static constexpr std::string_view kKind = "btyd";

    explicit BtydModel(BtydFit fit);  // throws kInvalidArgument for parameters without meaning

    const BtydFit& fit() const noexcept { return fit_; }

    // Probability that the customer has not left by T.
    double alive(const History& h) const;
    // Expected number of orders in (T, T + horizon].
    double expected_purchases(const History& h, double horizon) const;
    // The same of a customer who has not left by T.
    double expected_purchases_while_alive(const History& h, double horizon) const;
    // The same without end, discounted at a continuous rate per unit of time.
    double discounted_purchases(const History& h, double rate) const;
    // Time from T until the next order of a customer who stays, at a probability.
    double next_order_quantile(const History& h, double probability) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    BtydFit fit_;
};

// Maximum likelihood over distinct histories. `start`: natural parameters to begin from; default by moments.
// Throws kNotEnoughData without ten customers and a repeat order.
BtydFit fit_btyd(BtydFamily family, const std::vector<Pattern>& histories, Host& host,
                 const std::optional<std::vector<double>>& start = std::nullopt);

class BtydState final : public State {
public:
    static constexpr std::string_view kKind = "btyd";

    explicit BtydState(BtydFamily family) : family_(family) {}
    void add(const History& h, const Host& host);
    void merge(const BtydState& other, Host& host);
    BtydModel fit(Host& host) const;
    bool empty() const { return histories_.empty(); }
    const PatternTable& histories() const { return histories_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static BtydState decode(Reader& in);

private:
    BtydFamily family_;
    PatternTable histories_;
};

}  // namespace ecom::core
