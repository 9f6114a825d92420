// Products of the demo shop, their prices month by month, and which one a basket line takes.
//
// Products lie in cells (category x tier), consecutive within a cell and most popular first. Which
// cell a line takes is decided elsewhere (baskets.hpp); within a cell a product's chance is
// proportional to popularity * (price / base price)^-elasticity, drawn in O(1) by an alias table
// a cell and month (Walker 1977; Vose 1991).
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

constexpr std::size_t kDemoCells = plants::kCategoryCount * plants::kTierCount;

class Catalogue {
public:
    static std::int32_t product_count(std::int64_t orders);
    static std::size_t bytes_needed(const DemoParams& params);

    Catalogue(Host& host, const DemoParams& params, double orders_per_day);

    const std::vector<DemoProduct>& products() const { return products_; }
    const std::vector<DemoAffinity>& affinities() const { return affinities_; }

    std::size_t category(std::int32_t product) const { return category_[at(product)]; }
    std::int64_t unit_cost(std::int32_t product) const { return products_[at(product)].unit_cost; }

    // Products count from 0 here; -1 where there is no companion.
    std::int32_t companion(std::int32_t product) const { return companion_[at(product)]; }

    std::int64_t price(std::int32_t month, std::int32_t product) const {
        return monthly_[slot(month, product)].price;
    }

    // (price / base price)^-elasticity
    double response(std::int32_t month, std::int32_t product) const {
        return static_cast<double>(monthly_[slot(month, product)].response);
    }

    // Lines that the cell attracts, relative to all cells at base prices.
    double cell_weight(std::int32_t month, std::size_t cell) const {
        return cell_weight_[at(month) * kDemoCells + cell];
    }

    std::int32_t draw(Rng& rng, std::int32_t month, std::size_t cell) const {
        const std::int32_t begin = cell_begin_[cell];
        const double u = rng.uniform() * (cell_begin_[cell + 1] - begin);
        const auto index = static_cast<std::int32_t>(u);
        const Monthly& entry = monthly_[slot(month, begin + index)];
        return begin + (u - index < static_cast<double>(entry.threshold) ? index : entry.alias);
    }

private:
    struct Monthly {
        std::int32_t price;
        float response;
        float threshold;
        std::int32_t alias;
    };

    static std::size_t at(std::int32_t i) { return static_cast<std::size_t>(i); }
    std::size_t slot(std::int32_t month, std::int32_t product) const {
        return at(month) * products_.size() + at(product);
    }

    void make_products(const DemoParams& params, double orders_per_day);
    void make_affinities();
    void make_prices(Host& host, const DemoParams& params);
    void make_alias_table(std::int32_t month, std::size_t cell);

    std::array<std::int32_t, kDemoCells + 1> cell_begin_{};
    std::vector<DemoProduct> products_;
    std::vector<DemoAffinity> affinities_;
    std::vector<std::int64_t> base_price_;
    std::vector<double> popularity_;  // sums to 1 within a cell
    std::vector<std::uint8_t> category_;
    std::vector<std::int32_t> companion_;
    std::vector<Monthly> monthly_;  // month by month
    std::vector<double> cell_weight_;
};

}  // namespace ecom::core
