#include "core/demo/demand.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/demo/calendar.hpp"
#include "core/demo/streams.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kHundredths = 100.0;
constexpr double kSpendNoise = 0.10;   // half width around the week's level
constexpr double kClickNoise = 0.05;
constexpr double kSecondsPerHour = 3600.0;
constexpr std::uint32_t kSecondsPerDay = 86400;

std::size_t paid_channels() {
    return static_cast<std::size_t>(
        std::count_if(plants::kChannels.begin(), plants::kChannels.end(),
                      [](const plants::Channel& channel) { return channel.is_paid; }));
}

double hill(double adstock, double half_saturation, double shape) {
    if (adstock <= 0.0) return 0.0;
    return 1.0 / (1.0 + std::pow(half_saturation / adstock, shape));
}

}  // namespace

std::size_t Demand::bytes_needed(const DemoParams& params) {
    constexpr std::size_t kDaysPerMonth = 31;
    const std::size_t day = sizeof(DemoDay) + 1 + sizeof(ChannelMix) + 2 * sizeof(double) +
                            sizeof(std::int32_t) + paid_channels() * sizeof(DemoSpend) +
                            plants::kHolidays.size() * sizeof(DemoHoliday) / kDaysPerMonth;
    return mul_size(static_cast<std::size_t>(params.months) * kDaysPerMonth, day);
}

Demand::Demand(Host& host, const DemoParams& params) {
    make_calendar(params);
    make_channels(host, params);
    make_levels(params);
    make_clock();
}

void Demand::make_calendar(const DemoParams& params) {
    const CivilDate last = civil_date(params.end_day);
    CivilDate date = first_of_month_before(last, params.months - 1);
    first_day_ = day_number(date);
    const auto count = static_cast<std::size_t>(params.end_day - first_day_ + 1);
    orders_per_day_ = static_cast<double>(params.orders) / static_cast<double>(count);
    calendar_.reserve(count);
    is_holiday_.assign(count, 0);
    std::int32_t month = 0;
    for (std::int32_t number = first_day_; number <= params.end_day; ++number) {
        for (const auto& holiday : plants::kHolidays)
            if (holiday.month == date.month && holiday.day == date.day) {
                is_holiday_[calendar_.size()] = 1;
                holidays_.push_back({number, holiday.name});
            }
        calendar_.push_back({month, date.month, weekday(number)});
        if (++date.day > days_in_month(date.year, date.month)) {
            date = date.month == 12 ? CivilDate{date.year + 1, 1, 1}
                                    : CivilDate{date.year, date.month + 1, 1};
            ++month;
        }
    }
}

// Leaves in level_ the sum of the channels' forces, and in channel_mix_ their shares.
void Demand::make_channels(Host& host, const DemoParams& params) {
    const std::size_t count = calendar_.size();
    channel_mix_.resize(count);
    for (std::size_t c = 0; c < plants::kChannels.size(); ++c) {
        const auto& channel = plants::kChannels[c];
        if (!channel.is_paid) continue;
        const double mean_spend = channel.mean_spend * kHundredths * orders_per_day_;
        responses_.push_back({static_cast<std::int32_t>(c) + 1, channel.carryover,
                              channel.half_saturation * mean_spend / (1.0 - channel.carryover),
                              channel.shape, channel.lift, channel.base});
    }
    std::vector<double> adstock(responses_.size(), 0.0);
    spend_.reserve(count * responses_.size());
    PollEvery poll(host);
    for (std::size_t d = 0; d < count; ++d) {
        ChannelMix& mix = channel_mix_[d];
        for (std::size_t c = 0; c < mix.size(); ++c)
            mix[c] = static_cast<float>(plants::kChannels[c].base);
        for (std::size_t k = 0; k < responses_.size(); ++k) {
            poll();
            const DemoResponse& response = responses_[k];
            const auto c = static_cast<std::size_t>(response.channel_key - 1);
            const auto& channel = plants::kChannels[c];
            constexpr std::size_t kDaysPerWeek = 7;
            const std::size_t series = k << 32;
            Rng week = demo_stream(params.seed, DemoStream::kSpend, series + d / kDaysPerWeek);
            Rng day = demo_stream(params.seed, DemoStream::kSpendDay, series + d);
            const double flight = plants::kFlights[week.below(plants::kFlights.size())];
            const double money = flight * channel.mean_spend * orders_per_day_ *
                                 day.uniform(1.0 - kSpendNoise, 1.0 + kSpendNoise);
            DemoSpend row;
            row.day = first_day_ + static_cast<std::int32_t>(d);
            row.channel_key = response.channel_key;
            row.spend = std::llround(kHundredths * money);
            const double clicks = money / channel.cost_per_click *
                                  day.uniform(1.0 - kClickNoise, 1.0 + kClickNoise);
            row.clicks = std::llround(clicks);
            row.impressions = std::max<std::int64_t>(row.clicks,
                                                     std::llround(clicks / channel.click_rate));
            spend_.push_back(row);
            adstock[k] = static_cast<double>(row.spend) + response.carryover * adstock[k];
            mix[c] += static_cast<float>(
                response.lift * hill(adstock[k], response.half_saturation, response.shape));
        }
        level_.push_back(accumulate_weights(mix.data(), mix.size()));
    }
}

void Demand::make_levels(const DemoParams& params) {
    const std::size_t count = calendar_.size();
    double total = 0.0;
    for (std::size_t d = 0; d < count; ++d) {
        Rng rng = demo_stream(params.seed, DemoStream::kDay, d);
        const DemoDay& day = calendar_[d];
        level_[d] *= plants::kMonth[static_cast<std::size_t>(day.month_of_year - 1)] *
                     plants::kWeekday[static_cast<std::size_t>(day.weekday)] *
                     (is_holiday_[d] != 0 ? plants::kHolidayFactor : 1.0) *
                     std::exp(plants::kDayNoise * rng.normal());
        total += level_[d];
    }
    business_.assign(1, 0.0);
    business_.reserve(count + 1);
    for (std::size_t d = 0; d < count; ++d) {
        level_[d] *= static_cast<double>(count) / total;
        business_.push_back(business_.back() + level_[d]);
    }
    std::int32_t d = 0;
    for (double b = 0.0; b < business_.back(); b += 1.0) {
        while (business_[static_cast<std::size_t>(d) + 1] <= b) ++d;
        guide_.push_back(d);
    }
}

void Demand::make_clock() {
    double total = 0.0;
    for (const double weight : plants::kHour) total += weight;
    std::size_t hour = 0;
    double before = 0.0;
    for (std::size_t i = 0; i <= kClockSteps; ++i) {
        const double wanted = total * static_cast<double>(i) / kClockSteps;
        while (hour + 1 < plants::kHour.size() && before + plants::kHour[hour] < wanted)
            before += plants::kHour[hour++];
        clock_[i] = kSecondsPerHour *
                    (static_cast<double>(hour) + (wanted - before) / plants::kHour[hour]);
    }
}

std::uint32_t Demand::second_at(double b) const {
    auto d = static_cast<std::size_t>(guide_[static_cast<std::size_t>(b)]);
    while (d + 1 < calendar_.size() && business_[d + 1] <= b) ++d;
    const double position =
        std::min((b - business_[d]) / level_[d], 1.0) * static_cast<double>(kClockSteps);
    const std::size_t i = std::min(static_cast<std::size_t>(position), kClockSteps - 1);
    const double second =
        clock_[i] + (clock_[i + 1] - clock_[i]) * (position - static_cast<double>(i));
    return static_cast<std::uint32_t>(d) * kSecondsPerDay +
           std::min(static_cast<std::uint32_t>(second), kSecondsPerDay - 1);
}

std::size_t Demand::draw_channel(Rng& rng, std::int32_t d) const {
    const ChannelMix& mix = channel_mix_[static_cast<std::size_t>(d)];
    return pick(mix.data(), mix.size(), rng.uniform());
}

}  // namespace ecom::core
