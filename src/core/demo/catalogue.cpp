#include "core/demo/catalogue.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/demo/row_id.hpp"
#include "core/demo/streams.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kFewestProducts = 120.0;
constexpr double kMostProducts = 10000.0;
constexpr double kOrdersOfFewest = 15000.0;

constexpr std::size_t kProductDigits = 5;

constexpr double kPopularityShift = 1.5;
constexpr double kPopularityExponent = 0.7;
constexpr double kPriceSpread = 0.30;     // standard deviation of the log base price in a cell
constexpr double kCostSpread = 0.05;
constexpr std::array<double, plants::kTierCount> kTierProducts = {0.3, 0.4, 0.3};
constexpr int kShortestLeadTime = 3;
constexpr int kLeadTimes = 26;
constexpr double kLeastStock = 0.3;       // in demands over the lead time
constexpr double kMostStock = 3.0;

constexpr std::size_t kStandardTier = 1;

std::size_t cell_of(std::size_t category, std::size_t tier) {
    return category * plants::kTierCount + tier;
}

double base_weight(std::size_t cell) {
    return plants::kCategories[cell / plants::kTierCount].line_share *
           plants::kTiers[cell % plants::kTierCount].share;
}

}  // namespace

std::int32_t Catalogue::product_count(std::int64_t orders) {
    const double wanted =
        kFewestProducts * std::sqrt(static_cast<double>(orders) / kOrdersOfFewest);
    return static_cast<std::int32_t>(
        std::lround(std::clamp(wanted, kFewestProducts, kMostProducts)));
}

std::size_t Catalogue::bytes_needed(const DemoParams& params) {
    constexpr std::size_t kTextBytes = 96;  // the few names of a product beyond the struct
    const auto count = at(product_count(params.orders));
    const std::size_t one = sizeof(DemoProduct) + kTextBytes + sizeof(DemoAffinity) +
                            sizeof(std::int64_t) + sizeof(double) + 1 + sizeof(std::int32_t);
    const std::size_t month =
        add_size(mul_size(count, sizeof(Monthly)), kDemoCells * sizeof(double));
    return add_size(mul_size(count, one), mul_size(at(params.months), month));
}

Catalogue::Catalogue(Host& host, const DemoParams& params, double orders_per_day) {
    const auto count = product_count(params.orders);
    double share = 0.0;
    for (std::size_t cell = 0; cell < kDemoCells; ++cell) {
        share += plants::kCategories[cell / plants::kTierCount].line_share *
                 kTierProducts[cell % plants::kTierCount];
        cell_begin_[cell + 1] = static_cast<std::int32_t>(std::lround(share * count));
    }
    make_products(params, orders_per_day);
    make_affinities();
    make_prices(host, params);
}

void Catalogue::make_products(const DemoParams& params, double orders_per_day) {
    const auto count = at(cell_begin_[kDemoCells]);
    products_.reserve(count);
    base_price_.reserve(count);
    popularity_.reserve(count);
    category_.reserve(count);
    for (std::size_t cell = 0; cell < kDemoCells; ++cell) {
        const auto category_index = cell / plants::kTierCount;
        const auto& category = plants::kCategories[category_index];
        const auto& tier = plants::kTiers[cell % plants::kTierCount];
        const auto size = at(cell_begin_[cell + 1] - cell_begin_[cell]);
        double total = 0.0;
        const auto appeal = [](std::size_t rank) {
            return std::pow(static_cast<double>(rank) + kPopularityShift, -kPopularityExponent);
        };
        for (std::size_t rank = 0; rank < size; ++rank) total += appeal(rank);
        for (std::size_t rank = 0; rank < size; ++rank) {
            const auto key = static_cast<std::int64_t>(products_.size()) + 1;
            Rng rng = demo_stream(params.seed, DemoStream::kProduct, products_.size());
            const double price = category.median_price * tier.price_factor *
                                 std::exp(kPriceSpread * rng.normal());
            const double cost_share =
                category.cost_share * rng.uniform(1.0 - kCostSpread, 1.0 + kCostSpread);
            DemoProduct product;
            product.product_id = row_id('P', key, kProductDigits);
            product.category = category.name;
            product.sub_category = category.sub_categories[rank % category.sub_categories.size()];
            product.brand = tier.brands[rng.below(tier.brands.size())];
            product.name =
                product.brand + " " + product.sub_category + " " + std::to_string(100 + key);
            product.list_price = 0;  // set when prices are known
            base_price_.push_back(std::max<std::int64_t>(100, std::llround(100.0 * price)));
            product.unit_cost =
                std::llround(static_cast<double>(base_price_.back()) * cost_share);
            popularity_.push_back(appeal(rank) / total);
            product.lead_time_days =
                kShortestLeadTime + static_cast<std::int32_t>(rng.below(kLeadTimes));
            const double units_per_day = orders_per_day * plants::kLinesPerOrder *
                                         base_weight(cell) * popularity_.back() /
                                         (1.0 - category.multi_rate);
            product.stock_quantity = static_cast<std::int32_t>(
                std::lround(units_per_day * product.lead_time_days *
                            rng.uniform(kLeastStock, kMostStock)));
            category_.push_back(static_cast<std::uint8_t>(category_index));
            products_.push_back(std::move(product));
        }
    }
}

// Starters and companions are different products of different categories, taken in turn from the
// top of the standard tier, so that each pair has enough baskets to be found.
void Catalogue::make_affinities() {
    companion_.assign(products_.size(), -1);
    const std::size_t wanted = products_.size() / plants::kProductsPerAffinity;
    affinities_.reserve(wanted);
    bool found = true;
    for (std::int32_t round = 0; found && affinities_.size() < wanted; ++round) {
        found = false;
        for (std::size_t c = 0; c < plants::kCategoryCount && affinities_.size() < wanted; ++c) {
            constexpr std::size_t kCompanionOffset = 3;
            const auto first = cell_of(c, kStandardTier);
            const auto second =
                cell_of((c + kCompanionOffset) % plants::kCategoryCount, kStandardTier);
            const std::int32_t product = cell_begin_[first] + 2 * round;
            const std::int32_t companion = cell_begin_[second] + 2 * round + 1;
            if (product >= cell_begin_[first + 1] || companion >= cell_begin_[second + 1]) continue;
            found = true;
            companion_[at(product)] = companion;
            affinities_.push_back({product + 1, companion + 1, plants::kAffinityProbability});
        }
    }
}

void Catalogue::make_prices(Host& host, const DemoParams& params) {
    const auto count = products_.size();
    monthly_.resize(mul_size(at(params.months), count));
    cell_weight_.assign(at(params.months) * kDemoCells, 0.0);
    PollEvery poll(host);
    for (std::size_t p = 0; p < count; ++p) {
        Rng rng = demo_stream(params.seed, DemoStream::kPrice, p);
        const auto& category = plants::kCategories[category_[p]];
        const auto base = static_cast<double>(base_price_[p]);
        const auto draw_step = [&rng] {
            return plants::kPriceSteps[rng.below(plants::kPriceSteps.size())];
        };
        double step = draw_step();
        for (std::int32_t month = 0; month < params.months; ++month) {
            poll();
            if (month > 0 && rng.bernoulli(plants::kPriceChangeRate)) step = draw_step();
            Monthly& entry = monthly_[slot(month, static_cast<std::int32_t>(p))];
            entry.price = static_cast<std::int32_t>(std::lround(base * step));
            entry.response = static_cast<float>(std::pow(entry.price / base, -category.elasticity));
        }
        products_[p].list_price = price(params.months - 1, static_cast<std::int32_t>(p));
    }
    for (std::int32_t month = 0; month < params.months; ++month)
        for (std::size_t cell = 0; cell < kDemoCells; ++cell) {
            host.poll();
            make_alias_table(month, cell);
        }
}

void Catalogue::make_alias_table(std::int32_t month, std::size_t cell) {
    const std::int32_t begin = cell_begin_[cell];
    const auto size = at(cell_begin_[cell + 1] - begin);
    Monthly* const entries = &monthly_[slot(month, begin)];
    std::vector<double> chance(size);
    double total = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
        chance[i] = popularity_[at(begin) + i] * static_cast<double>(entries[i].response);
        total += chance[i];
    }
    cell_weight_[at(month) * kDemoCells + cell] = base_weight(cell) * total;

    std::vector<std::size_t> small, large;
    for (std::size_t i = 0; i < size; ++i) {
        chance[i] *= static_cast<double>(size) / total;
        entries[i].threshold = 1.0F;
        entries[i].alias = static_cast<std::int32_t>(i);
        (chance[i] < 1.0 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
        const std::size_t i = small.back();
        const std::size_t j = large.back();
        small.pop_back();
        entries[i].threshold = static_cast<float>(chance[i]);
        entries[i].alias = static_cast<std::int32_t>(j);
        chance[j] -= 1.0 - chance[i];
        if (chance[j] < 1.0) {
            large.pop_back();
            small.push_back(j);
        }
    }
}

}  // namespace ecom::core
