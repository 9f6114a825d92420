#include "core/demo/population.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <tuple>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kDaysPerYear = 365.25;
constexpr std::uint32_t kSecondsPerHour = 3600;
constexpr std::uint32_t kHoursPerDay = 24;
constexpr std::size_t kFewestSteps = 8;

// With fewer orders a customer than this, more customers are prospects: the first orders of all
// the others would already be more than was asked for.
constexpr double kFewestOrdersPerBuyer = 2.5;

constexpr int kBisections = 60;
constexpr int kSearchSteps = 80;
constexpr double kSurplus = 0.004;         // aimed at
constexpr double kLargestSurplus = 0.01;   // accepted
constexpr std::int64_t kSurplusOrders = 5; // accepted in any shop

// Marsaglia and Tsang (2000) for shape >= 1; mean 1.
double gamma_of_mean_one(Rng& rng, double shape) {
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
        const double x = rng.normal();
        const double v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
        if (v <= 0.0) continue;
        const double u = 1.0 - rng.uniform();
        if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v / shape;
    }
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

template <class Table>
std::size_t pick_member(Rng& rng, const Table& table,
                        double (*share)(const typename Table::value_type&)) {
    double u = rng.uniform();
    std::size_t i = 0;
    while (i + 1 < table.size() && u >= share(table[i])) u -= share(table[i++]);
    return i;
}

}  // namespace

std::size_t Population::bytes_needed(const DemoParams& params) {
    // The order headers are sorted through one offset an hour.
    constexpr std::size_t kHoursPerMonth = 31 * kHoursPerDay;
    return add_size(
        add_size(mul_size(static_cast<std::size_t>(params.customers), sizeof(CustomerState)),
                 mul_size(static_cast<std::size_t>(params.orders), sizeof(OrderHeader))),
        mul_size(static_cast<std::size_t>(params.months), kHoursPerMonth * sizeof(std::int64_t)));
}

Population::Population(Host& host, const DemoParams& params, const Demand& demand,
                       const Catalogue& catalogue)
    : params_(params),
      demand_(demand),
      prospects_(std::max(plants::kProspects,
                          1.0 - static_cast<double>(params.orders) /
                                    (kFewestOrdersPerBuyer * params.customers))) {
    make_geographies();
    make_experience();
    mean_drop_out_factor_ = mean_drop_out_factor();

    double low = std::log(1e-9);
    double high = std::log(1e12);
    for (int i = 0; i < kBisections; ++i) {
        const double middle = 0.5 * (low + high);
        const bool enough = plan_acquisition(std::exp(middle)).expected_orders >=
                            static_cast<double>(params.orders);
        (enough ? high : low) = middle;
    }
    factor_ = std::exp(high);
    acquisition_ = plan_acquisition(factor_);
    make_customers(host, catalogue);
    find_factor(host);
}

void Population::make_geographies() {
    std::array<double, plants::kRegionCount> states_of{};
    for (const auto& state : plants::kStates) states_of[state.region] += 1.0;
    constexpr std::int32_t kFirstPostalCode = 10000;
    constexpr std::int32_t kPostalCodeStep = 115;
    std::int32_t postal_code = kFirstPostalCode;
    for (const auto& state : plants::kStates) {
        const auto& region = plants::kRegions[state.region];
        double weight = region.share / states_of[state.region];
        for (const char* const city : state.cities) {
            weight *= 0.5;
            for (int p = 0; p < plants::kPostalCodesPerCity; ++p) {
                geographies_.push_back({plants::kCountry, region.name, state.name, city,
                                        std::to_string(postal_code)});
                region_.push_back(static_cast<std::uint8_t>(state.region));
                geography_mix_.push_back(weight / plants::kPostalCodesPerCity);
                postal_code += kPostalCodeStep;
            }
        }
    }
    accumulate_weights(geography_mix_.data(), geography_mix_.size());
}

void Population::make_experience() {
    for (std::size_t m = 0; m < transit_.size(); ++m)
        for (std::size_t r = 0; r < plants::kRegionCount; ++r) {
            const auto& method = plants::kShippingMethods[m];
            const bool slow = r == plants::kSlowRegion &&
                              std::string_view(method.carrier) == plants::kSlowCarrier;
            const double extra = method.transit_days - 1.0 + plants::kRegions[r].extra_transit +
                                 (slow ? plants::kSlowTransit : 0.0);
            double chance = std::exp(-extra);
            for (std::size_t i = 0; i < kLongestTransit; ++i) {
                transit_[m][r][i] = static_cast<float>(chance);
                chance *= extra / static_cast<double>(i + 1);
            }
            accumulate_weights(transit_[m][r].data(), kLongestTransit);
        }
    for (std::size_t days = 0; days <= kLongestDelivery; ++days) {
        const double wait =
            std::max(0.0, static_cast<double>(days) - plants::kSatisfactionFreeDays);
        const double mean = plants::kSatisfactionBest - plants::kSatisfactionSlope * wait;
        for (std::size_t score = 1; score < satisfaction_[days].size(); ++score)
            satisfaction_[days][score - 1] = static_cast<float>(normal_cdf(
                (static_cast<double>(score) + 0.5 - mean) / plants::kSatisfactionSpread));
        satisfaction_[days].back() = 1.0F;
    }
}

double Population::drop_out_factor(const Experience& experience) const {
    const auto& method = plants::kShippingMethods[experience.shipping_method];
    return plants::kDropOutBySatisfaction[experience.satisfaction - std::size_t{1}] *
           (experience.delivery_days > method.promised_days ? plants::kDropOutWhenLate : 1.0);
}

// By sampling: the mean steers the acquisition plan only.
double Population::mean_drop_out_factor() const {
    constexpr int kSamples = 20000;
    Rng rng = demo_stream(params_.seed, DemoStream::kTrim, 1);
    CustomerState customer{};
    double total = 0.0;
    for (int i = 0; i < kSamples; ++i) {
        customer.segment = static_cast<std::uint8_t>(
            pick_member(rng, plants::kSegments, +[](const plants::Segment& s) { return s.share; }));
        customer.geography = static_cast<std::uint16_t>(
            pick(geography_mix_.data(), geography_mix_.size(), rng.uniform()));
        total += drop_out_factor(draw_experience(rng, customer));
    }
    return total / kSamples;
}

// Acquisition such that the expected orders per unit of business time grow by kYearlyGrowth. A
// customer with gamma rate (shape r, mean m) who leaves after each order with probability p places
// (1 - (1 + p m t / r)^-r) / p orders in expectation by time t. With the orders of each
// step given, the newcomers of each step follow one after the other from those before; the share
// that is there at the start is the one that lets newcomers come evenly at first.
Population::Acquisition Population::plan_acquisition(double factor) const {
    const std::size_t steps = std::max(kFewestSteps, static_cast<std::size_t>(params_.months));
    const double step = demand_.start_of(demand_.days()) / static_cast<double>(steps);
    const auto expected = [&](double time, bool after_first_order) {
        double sum = 0.0;
        for (const auto& segment : plants::kSegments) {
            const double rate = factor * segment.orders_per_year / kDaysPerYear;
            const double leave =
                segment.drop_out * mean_drop_out_factor_ * std::min(1.0, 1.0 / factor);
            const double orders = -std::expm1(-plants::kRateShape *
                                              std::log1p(leave * rate * time /
                                                         plants::kRateShape)) /
                                  leave;
            sum += segment.share * orders * (after_first_order ? 1.0 - leave : 1.0);
        }
        return (1.0 - prospects_) * sum;
    };
    std::vector<double> base(steps), fresh(steps);
    for (std::size_t i = 0; i < steps; ++i) {
        const double t = step * static_cast<double>(i);
        base[i] = expected(t + step, false) - expected(t, false);
        fresh[i] = i == 0 ? 1.0 - prospects_ + expected(0.5 * step, true)
                          : expected(t + 0.5 * step, true) - expected(t - 0.5 * step, true);
    }
    const auto wanted = [&](std::size_t i) {
        return std::pow(1.0 + plants::kYearlyGrowth, step * static_cast<double>(i) / kDaysPerYear);
    };

    double low = 0.0;
    double high = 1.0 / base[0];
    for (int i = 0; i < kBisections; ++i) {
        const double earlier = 0.5 * (low + high);
        const double first = (wanted(0) - earlier * base[0]) / fresh[0];
        const double second = (wanted(1) - earlier * base[1] - first * fresh[1]) / fresh[0];
        (first > second ? low : high) = earlier;
    }

    Acquisition plan;
    plan.earlier = low;
    plan.cumulative.resize(steps);
    double orders = 0.0;
    double everyone = plan.earlier;
    for (std::size_t i = 0; i < steps; ++i) {
        double others = plan.earlier * base[i];
        for (std::size_t j = 0; j < i; ++j) others += plan.cumulative[j] * fresh[i - j];
        plan.cumulative[i] = std::max(0.0, (wanted(i) - others) / fresh[0]);
        everyone += plan.cumulative[i];
        orders += others + plan.cumulative[i] * fresh[0];
    }
    plan.expected_orders = orders * params_.customers / everyone;
    plan.earlier /= everyone;
    accumulate_weights(plan.cumulative.data(), steps);
    return plan;
}

// The first customer is there from the start and never leaves: with a rate high enough this one
// alone can place any number of orders, so that the search for the factor always ends.
void Population::make_customers(Host& host, const Catalogue& catalogue) {
    const auto count = static_cast<std::size_t>(params_.customers);
    const double end = demand_.start_of(demand_.days());
    const auto& newcomers = acquisition_.cumulative;
    customers_.resize(count);
    PollEvery poll(host);
    for (std::size_t i = 0; i < count; ++i) {
        poll();
        Rng rng = demo_stream(params_.seed, DemoStream::kCustomer, i);
        CustomerState& customer = customers_[i];
        const double place = (static_cast<double>(i) + rng.uniform()) / static_cast<double>(count);
        if (i == 0 || place < acquisition_.earlier) {
            const double share = i == 0 ? 0.0 : place / acquisition_.earlier;
            customer.acquisition =
                static_cast<std::int32_t>(share * plants::kEarlierAcquisitionDays) -
                plants::kEarlierAcquisitionDays;
        } else {
            const double share = (place - acquisition_.earlier) / (1.0 - acquisition_.earlier);
            const auto step = static_cast<std::size_t>(
                std::upper_bound(newcomers.begin(), newcomers.end() - 1, share) -
                newcomers.begin());
            const double before = step == 0 ? 0.0 : newcomers[step - 1];
            const double within = std::min(1.0, (share - before) / (newcomers[step] - before));
            const double time = std::min((static_cast<double>(step) + within) * end /
                                             static_cast<double>(newcomers.size()),
                                         std::nextafter(end, 0.0));
            customer.acquisition = static_cast<std::int32_t>(
                demand_.second_at(time) / (kHoursPerDay * kSecondsPerHour));
        }
        customer.segment = static_cast<std::uint8_t>(
            pick_member(rng, plants::kSegments, +[](const plants::Segment& s) { return s.share; }));
        customer.taste = static_cast<std::uint8_t>(pick_member(
            rng, plants::kCategories, +[](const plants::Category& c) { return c.line_share; }));
        customer.geography = static_cast<std::uint16_t>(
            pick(geography_mix_.data(), geography_mix_.size(), rng.uniform()));
        const bool prospect = rng.bernoulli(prospects_);
        const double gamma = gamma_of_mean_one(rng, plants::kRateShape);
        const double mean_rate =
            plants::kSegments[customer.segment].orders_per_year / kDaysPerYear;
        customer.rate = static_cast<float>(i == 0 ? mean_rate : prospect ? 0.0 : mean_rate * gamma);
        customer.staple = -1;
        if (rng.bernoulli(plants::kStapleCustomers)) {
            constexpr std::size_t kStandardTier = 1;
            const std::size_t category =
                plants::kStapleCategories[rng.below(plants::kStapleCategories.size())];
            customer.staple =
                catalogue.draw(rng, 0, category * plants::kTierCount + kStandardTier);
        }
    }
}

Experience Population::draw_experience(Rng& rng, const CustomerState& customer) const {
    const std::size_t method =
        pick_share(rng, plants::kSegments[customer.segment].shipping);
    const std::size_t processing = pick_share(rng, plants::kProcessingDays);
    const TransitTable& transit = transit_[method][region_[customer.geography]];
    const std::size_t delivery =
        processing + 1 + pick(transit.data(), transit.size(), rng.uniform());
    const SatisfactionTable& scores = satisfaction_[delivery];
    return {static_cast<std::uint8_t>(method), static_cast<std::uint8_t>(processing),
            static_cast<std::uint8_t>(delivery),
            static_cast<std::uint8_t>(1 + pick(scores.data(), scores.size(), rng.uniform()))};
}

template <class Order>
void Population::live(std::size_t index, double factor, Order order) const {
    const CustomerState& customer = customers_[index];
    if (customer.rate <= 0.0F) return;
    const double end = demand_.start_of(demand_.days());
    const double rate = factor * static_cast<double>(customer.rate);
    const double drop_out =
        plants::kSegments[customer.segment].drop_out * std::min(1.0, 1.0 / factor);
    Rng rng = demo_stream(params_.seed, DemoStream::kLife, index);
    const bool known = customer.acquisition < 0;
    double time = known ? 0.0 : demand_.start_of(customer.acquisition + 1);
    time += rng.exponential(known ? rate : 1.0 / plants::kFirstOrderDelay);
    while (time < end) {
        const Experience experience = draw_experience(rng, customer);
        order(demand_.second_at(time), experience);
        if (rng.uniform() < drop_out * drop_out_factor(experience) && index > 0) return;
        time += rng.exponential(rate);
    }
}

std::int64_t Population::count_orders(Host& host, double factor) const {
    std::int64_t count = 0;
    PollEvery poll(host);
    for (std::size_t i = 0; i < customers_.size(); ++i) {
        poll();
        live(i, factor, [&](std::uint32_t, const Experience&) {
            poll();
            ++count;
        });
    }
    return count;
}

void Population::find_factor(Host& host) {
    const auto wanted = static_cast<double>(params_.orders);
    double low = 0.0;
    double high = 0.0;  // 0: not known yet
    double next = factor_;
    for (int i = 0; i < kSearchSteps; ++i) {
        const std::int64_t count = count_orders(host, next);
        if (count < params_.orders) {
            low = next;
        } else {
            high = next;
            factor_ = next;
            simulated_ = count;
            if (count - params_.orders <=
                kSurplusOrders + static_cast<std::int64_t>(kLargestSurplus * wanted))
                return;
        }
        // Orders grow almost in proportion to the rates; the brackets keep the guess honest.
        constexpr double kFarthest = 4.0;
        const double guess = next * std::clamp((1.0 + kSurplus) * wanted /
                                                   std::max(1.0, static_cast<double>(count)),
                                               1.0 / kFarthest, kFarthest);
        const bool inside = guess > low && (high == 0.0 || guess < high);
        next = inside && i < kSearchSteps / 4 ? guess
               : high == 0.0                  ? next * kFarthest
               : low == 0.0                   ? high / kFarthest
                                              : std::sqrt(low * high);
        if (next == low || next == high) break;
    }
    if (simulated_ < params_.orders)
        throw Error(ErrorCode::kNumericFailure, "could not place the orders of the demo shop",
                    "Ask for fewer orders or for more customers.");
}

std::vector<OrderHeader> Population::orders(Host& host) const {
    // Which of the simulated orders stay: selection sampling (Knuth, algorithm 3.4.2 S), the same
    // in both passes.
    const auto for_each_kept = [&](auto&& keep) {
        Rng trim = demo_stream(params_.seed, DemoStream::kTrim, 0);
        auto left = static_cast<std::uint64_t>(simulated_);
        auto missing = static_cast<std::uint64_t>(params_.orders);
        PollEvery poll(host);
        for (std::size_t i = 0; i < customers_.size(); ++i) {
            poll();
            live(i, factor_, [&](std::uint32_t second, const Experience& experience) {
                poll();
                if (trim.below(left--) >= missing) return;
                --missing;
                keep(OrderHeader{second, static_cast<std::uint32_t>(i), experience});
            });
        }
    };

    // Counting sort by the hour, then a small sort within each: no second copy of the headers.
    const auto hours = static_cast<std::size_t>(demand_.days()) * kHoursPerDay;
    std::vector<std::int64_t> end_of(hours, 0);
    for_each_kept([&](const OrderHeader& header) { ++end_of[header.second / kSecondsPerHour]; });
    std::int64_t total = 0;
    for (auto& entry : end_of) {
        const std::int64_t count = entry;
        entry = total;
        total += count;
    }
    // In steps, because the first touch of hundreds of megabytes takes long without a poll.
    constexpr std::size_t kStep = 65536;
    const auto wanted = static_cast<std::size_t>(params_.orders);
    std::vector<OrderHeader> headers;
    headers.reserve(wanted);
    while (headers.size() < wanted) {
        host.poll();
        headers.resize(std::min(wanted, headers.size() + kStep));
    }
    for_each_kept([&](const OrderHeader& header) {
        headers[static_cast<std::size_t>(end_of[header.second / kSecondsPerHour]++)] = header;
    });
    // By every member, so that no sort implementation can order ties in its own way.
    auto begin = headers.begin();
    for (const std::int64_t end_index : end_of) {
        host.poll();
        const auto end = headers.begin() + end_index;
        std::sort(begin, end, [](const OrderHeader& a, const OrderHeader& b) {
            const auto key = [](const OrderHeader& h) {
                const Experience& e = h.experience;
                return std::make_tuple(h.second, h.customer, e.shipping_method, e.processing_days,
                                       e.delivery_days, e.satisfaction);
            };
            return key(a) < key(b);
        });
        begin = end;
    }
    return headers;
}

}  // namespace ecom::core
