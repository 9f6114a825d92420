// Demand over time: how many orders a living customer places on each day, and by which channel.
//
// The level of a day is month * weekday * holiday * noise * sum over channels of
// (base + lift * hill(adstock)), scaled to mean 1. Its running integral is business time: in it a
// customer's purchases are a plain Poisson process.
//
// Adstock: Broadbent (1979), "One way TV advertisements work", J. Market Research Society 21:3.
// Saturation: Hill (1910), the S-shaped curve x^s / (x^s + k^s).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/rng.hpp"
#include "core/demo/demo_shop.hpp"
#include "core/demo/plants.hpp"

namespace ecom::core {

struct DemoDay {
    std::int32_t month;     // from 0 at the first month of the shop
    int month_of_year;      // 1 to 12
    int weekday;            // 0 = Monday
};

class Demand {
public:
    static std::size_t bytes_needed(const DemoParams& params);

    explicit Demand(Host& host, const DemoParams& params);

    std::int32_t first_day() const { return first_day_; }
    std::int32_t days() const { return static_cast<std::int32_t>(calendar_.size()); }
    double orders_per_day() const { return orders_per_day_; }
    const DemoDay& day(std::int32_t d) const { return calendar_[static_cast<std::size_t>(d)]; }
    double level(std::int32_t d) const { return level_[static_cast<std::size_t>(d)]; }

    // Business time at the start of day d; start_of(days()) is the end of the shop.
    double start_of(std::int32_t d) const { return business_[static_cast<std::size_t>(d)]; }

    // The second, counted from the first day, at which business time `b` in [0, end) falls.
    std::uint32_t second_at(double b) const;

    std::size_t draw_channel(Rng& rng, std::int32_t d) const;

    const std::vector<DemoHoliday>& holidays() const { return holidays_; }
    const std::vector<DemoSpend>& spend() const { return spend_; }
    const std::vector<DemoResponse>& responses() const { return responses_; }

private:
    using ChannelMix = std::array<float, plants::kChannels.size()>;
    // Entry i: the second of the day by which i / kClockSteps of its orders have come.
    static constexpr std::size_t kClockSteps = 1024;

    void make_calendar(const DemoParams& params);
    void make_channels(Host& host, const DemoParams& params);
    void make_levels(const DemoParams& params);
    void make_clock();

    std::int32_t first_day_ = 0;
    double orders_per_day_ = 0.0;
    std::vector<DemoDay> calendar_;
    std::vector<char> is_holiday_;
    std::vector<ChannelMix> channel_mix_;  // cumulative
    std::vector<double> level_;
    std::vector<double> business_;
    std::vector<std::int32_t> guide_;  // day in which each whole unit of business time starts
    std::array<double, kClockSteps + 1> clock_{};
    std::vector<DemoHoliday> holidays_;
    std::vector<DemoSpend> spend_;
    std::vector<DemoResponse> responses_;
};

}  // namespace ecom::core
