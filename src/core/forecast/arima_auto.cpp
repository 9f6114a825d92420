#include "core/forecast/arima_auto.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "core/forecast/profile.hpp"
#include "core/forecast/unit_root.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Choice = std::array<std::size_t, 5>;  // p, q, P, Q, constant

// Coefficients of one model where another has the same, zero elsewhere.
Eigen::VectorXd carried_over(const ArimaOrder& from, const Eigen::VectorXd& coefficients, const ArimaOrder& to) {
    const std::size_t from_sizes[] = {from.p, from.q, from.seasonal_p, from.seasonal_q};
    const std::size_t to_sizes[] = {to.p, to.q, to.seasonal_p, to.seasonal_q};
    Eigen::VectorXd result = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(to.coefficients()));
    Eigen::Index read = 0;
    Eigen::Index write = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto common = static_cast<Eigen::Index>(std::min(from_sizes[i], to_sizes[i]));
        result.segment(write, common) = coefficients.segment(read, common);
        read += static_cast<Eigen::Index>(from_sizes[i]);
        write += static_cast<Eigen::Index>(to_sizes[i]);
    }
    return result;
}

class Stepwise {
public:
    Stepwise(const std::vector<double>& values, const Regressors& regressors, const AutoArimaParams& limits,
             const ArimaOrder& differences, Host& host)
        : values_(values), regressors_(regressors), max_models_(limits.max_models), differences_(differences), host_(host) {
        const std::size_t third = values.size() / 3;
        const std::size_t s = differences.period;
        const std::size_t most = s > 1 ? std::min(third, s - 1) : third;
        const std::size_t most_seasonal = s > 1 ? third / s : 0;
        most_ = {std::min(limits.max_p, most), std::min(limits.max_q, most), std::min(limits.max_seasonal_p, most_seasonal),
                 std::min(limits.max_seasonal_q, most_seasonal)};
    }

    ArimaFit run() {
        const bool may_have_constant = differences_.d + differences_.seasonal_d <= 1;
        const std::size_t constant = may_have_constant;
        const bool seasonal = differences_.period > 1;
        const std::size_t one = seasonal;
        static constexpr std::size_t kStarts[][2] = {{2, 2}, {0, 0}, {1, 0}, {0, 1}};
        for (const auto& start : kStarts) {
            // Of a short series as much of them as it allows.
            Choice choice{start[0], start[1], start[0] > 0 ? one : 0, start[1] > 0 ? one : 0, constant};
            for (std::size_t i = 0; i < most_.size(); ++i) choice[i] = std::min(choice[i], most_[i]);
            try_model(choice);
        }
        if (constant) try_model({0, 0, 0, 0, 0});
        step_on(may_have_constant);
        // Not in R: models of one autoregression and one moving average, to which steps by improvement do not always find a way.
        static constexpr std::size_t kSeasonal[][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 0}, {0, 2}};
        bool better = false;
        for (const auto& orders : kSeasonal)
            for (std::size_t with = 0; with <= constant && (seasonal || orders[0] + orders[1] == 0); ++with)
                better = try_model({1, 1, orders[0], orders[1], with}) || better;
        if (better) step_on(may_have_constant);
        if (!best_) {
            ArimaParams params;
            params.order = differences_;
            params.has_constant = may_have_constant;
            return fit_arima(values_, regressors_, params, host_);
        }
        ArimaParams params = params_of(best_choice_);
        params.standard_errors = true;
        const ArimaLikelihood likelihood = likelihood_of(params);
        ArimaSearch search;
        search.warm = &best_->coefficients;
        ArimaFit fit = fit_arima(likelihood, params, search, host_);
        // A maximum that is higher, but at a root that the search does not allow, is not the model that was chosen.
        return is_admissible(fit) ? std::move(fit) : arima_at(likelihood, params, best_->coefficients);
    }

private:
    // From the best model to better neighbours, until there is none.
    void step_on(bool may_have_constant) {
        // R's order of neighbours; the first that is better is the next centre.
        static constexpr int kSteps[][4] = {{0, 0, -1, 0}, {0, 0, 0, -1}, {0, 0, 1, 0},  {0, 0, 0, 1},  {0, 0, -1, -1}, {0, 0, -1, 1},
                                            {0, 0, 1, -1}, {0, 0, 1, 1},  {-1, 0, 0, 0}, {0, -1, 0, 0}, {1, 0, 0, 0},   {0, 1, 0, 0},
                                            {-1, -1, 0, 0}, {-1, 1, 0, 0}, {1, -1, 0, 0}, {1, 1, 0, 0}};
        for (bool better = best_.has_value(); better;) {
            better = false;
            const Choice centre = best_choice_;
            for (const auto& step : kSteps) {
                Choice next = centre;
                bool inside = true;
                for (std::size_t i = 0; i < 4; ++i) {
                    if (step[i] < 0 && centre[i] == 0) inside = false;
                    next[i] = centre[i] + static_cast<std::size_t>(step[i]);
                }
                if (inside && try_model(next)) {
                    better = true;
                    break;
                }
            }
            if (!better && may_have_constant) {
                Choice next = centre;
                next[4] = 1 - centre[4];
                better = try_model(next);
            }
        }
    }

    ArimaParams params_of(const Choice& choice) const {
        ArimaParams params;
        params.order = differences_;
        params.order.p = choice[0];
        params.order.q = choice[1];
        params.order.seasonal_p = choice[2];
        params.order.seasonal_q = choice[3];
        params.has_constant = choice[4] != 0;
        params.standard_errors = false;
        return params;
    }

    static bool is_admissible(const ArimaFit& fit) {
        constexpr double kLeastRoot = 1.01;
        return fit.roots.ar >= kLeastRoot && fit.roots.ma >= kLeastRoot && std::isfinite(fit.aicc);
    }

    // Series and regressors are differenced once with and once without a constant.
    ArimaLikelihood likelihood_of(const ArimaParams& params) {
        std::optional<ArimaLikelihood>& known = likelihoods_[params.has_constant];
        if (known)
            require_arima_memory(params.order, values_, regressors_, host_);
        else
            known = arima_likelihood(values_, regressors_, params, host_);
        return known->with(params.order);
    }

    bool try_model(const Choice& choice) {
        for (std::size_t i = 0; i < most_.size(); ++i)
            if (choice[i] > most_[i]) return false;
        if (tried_.size() >= max_models_ || !tried_.insert(choice).second) return false;
        host_.poll();
        try {
            const ArimaParams params = params_of(choice);
            ArimaSearch search;
            search.is_thorough = false;
            Eigen::VectorXd warm;
            if (best_) {
                warm = carried_over(best_->order, best_->coefficients, params.order);
                search.warm = &warm;
                search.aicc_to_beat = best_->aicc;
            }
            ArimaFit fit = fit_arima(likelihood_of(params), params, search, host_);
            if (!is_admissible(fit) || (best_ && !(fit.aicc < best_->aicc))) return false;
            best_ = std::move(fit);
            best_choice_ = choice;
            return true;
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNotEnoughData && e.code() != ErrorCode::kNumericFailure) throw;
            return false;
        }
    }

    const std::vector<double>& values_;
    const Regressors& regressors_;
    std::array<std::size_t, 4> most_{};  // p, q, P, Q
    std::size_t max_models_;
    ArimaOrder differences_;
    Host& host_;
    std::set<Choice> tried_;
    std::optional<ArimaLikelihood> likelihoods_[2];
    std::optional<ArimaFit> best_;
    Choice best_choice_{};
};

}  // namespace

ArimaFit auto_arima(const std::vector<double>& values, const Regressors& regressors, const AutoArimaParams& params, Host& host) {
    ArimaOrder order;
    // A season of which there are not two, or whose lags are out of reach, is left out.
    order.period = params.period * 2 < values.size() && params.period * 2 <= kMaxArimaLag ? params.period : 1;
    std::vector<double> rest = interpolated(values);
    if (!regressors.empty()) {
        // Differences are those of what regressors leave.
        Regressors columns = design({}, true, regressors, 0, values.size());
        Eigen::MatrixXd x(static_cast<Eigen::Index>(rest.size()), static_cast<Eigen::Index>(columns.size()));
        for (std::size_t c = 0; c < columns.size(); ++c)
            x.col(static_cast<Eigen::Index>(c)) = Eigen::Map<const Eigen::VectorXd>(columns[c].data(), x.rows());
        Eigen::Map<Eigen::VectorXd> y(rest.data(), x.rows());
        y -= x * x.colPivHouseholderQr().solve(Eigen::VectorXd(y));
    }
    if (order.period > 1)
        order.seasonal_d = params.seasonal_d.value_or(needs_seasonal_difference(rest, order.period, host) ? 1 : 0);
    if (order.seasonal_d > 0) {
        ArimaOrder seasonal;
        seasonal.period = order.period;
        seasonal.seasonal_d = order.seasonal_d;
        const Eigen::VectorXd w = differenced(seasonal, rest);
        rest.assign(w.data(), w.data() + w.size());
    }
    order.d = params.d.value_or(differences_needed(rest, host));
    return Stepwise(values, regressors, params, order, host).run();
}

}  // namespace ecom::core
