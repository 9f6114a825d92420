#include "core/demo/baskets.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/demo/calendar.hpp"
#include "core/demo/streams.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kFewestExtraLines = 0.02;  // keeps the mean above the one line every order has

double season(const plants::Category& category, int month_of_year) {
    return 1.0 + category.season_swing *
                     std::cos(2.0 * kPi * (month_of_year - category.peak_month) / 12.0);
}

}  // namespace

std::size_t Baskets::bytes_needed(const DemoParams& params) {
    constexpr std::size_t kDaysPerMonth = 31;
    // While it is made, the weight of each day and type stands beside the lasting tables.
    const std::size_t day = kTypes * (sizeof(Entry) + sizeof(double)) +
                            plants::kCategoryCount * sizeof(Offer);
    return mul_size(static_cast<std::size_t>(params.months) * kDaysPerMonth, day);
}

Baskets::Baskets(Host& host, const Demand& demand, const Catalogue& catalogue) {
    const auto days = static_cast<std::size_t>(demand.days());
    make_promotions(demand);
    entries_.resize(days * kTypes);
    std::vector<double> weight(days * kTypes);
    std::array<double, kTypes> mean_weight{};
    for (std::size_t d = 0; d < days; ++d) {
        host.poll();
        const auto day_index = static_cast<std::int32_t>(d);
        const DemoDay& day = demand.day(day_index);
        for (std::size_t type = 0; type < kTypes; ++type) {
            const auto& segment = plants::kSegments[type / plants::kCategoryCount];
            const std::size_t taste = type % plants::kCategoryCount;
            auto& cells = entries_[d * kTypes + type].cells;
            for (std::size_t cell = 0; cell < kDemoCells; ++cell) {
                const std::size_t c = cell / plants::kTierCount;
                cells[cell] = static_cast<float>(
                    catalogue.cell_weight(day.month, cell) *
                    season(plants::kCategories[c], day.month_of_year) *
                    offer(day_index, c).uplift *
                    segment.tier_factor[cell % plants::kTierCount] *
                    (c == taste ? plants::kTasteFactor : 1.0));
            }
            const double total = accumulate_weights(cells.data(), kDemoCells);
            weight[d * kTypes + type] = total;
            mean_weight[type] += total * demand.level(day_index) / static_cast<double>(days);
        }
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const double lines = plants::kLinesPerOrder * weight[i] / mean_weight[i % kTypes];
        entries_[i].no_extra =
            static_cast<float>(std::exp(-std::max(lines - 1.0, kFewestExtraLines)));
    }
}

void Baskets::make_promotions(const Demand& demand) {
    const auto days = static_cast<std::size_t>(demand.days());
    offers_.resize(days * plants::kCategoryCount);
    const std::int32_t first = demand.first_day();
    const std::int32_t last = first + demand.days() - 1;
    // A winter sale may have begun in the year before the shop's first day.
    for (int year = civil_date(first).year - 1; year <= civil_date(last).year; ++year)
        for (const auto& planted : plants::kPromotions) {
            const std::int32_t begin = day_number({year, planted.month, planted.day});
            const std::int32_t end = begin + planted.days - 1;
            if (end < first || begin > last) continue;
            promotions_.push_back({planted.name, plants::kCategories[planted.category].name,
                                   std::max(begin, first), std::min(end, last), planted.discount,
                                   planted.uplift});
            for (std::int32_t day = std::max(begin, first); day <= std::min(end, last); ++day) {
                const std::size_t i =
                    static_cast<std::size_t>(day - first) * plants::kCategoryCount +
                    planted.category;
                offers_[i] = {planted.discount, planted.uplift};
            }
        }
}

int Baskets::draw_line_count(Rng& rng, std::int32_t d, std::size_t segment,
                             std::size_t taste) const {
    // Poisson by products of uniforms (Knuth, 1969): the mean is about one.
    const auto floor = static_cast<double>(entry(d, segment, taste).no_extra);
    int count = 1;
    for (double product = rng.uniform(); product > floor && count < plants::kMaxDrawnLines;
         product *= rng.uniform())
        ++count;
    return count;
}

std::size_t Baskets::draw_cell(Rng& rng, std::int32_t d, std::size_t segment,
                               std::size_t taste) const {
    return pick(entry(d, segment, taste).cells.data(), kDemoCells, rng.uniform());
}

}  // namespace ecom::core
