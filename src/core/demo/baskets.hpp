// How many lines a basket draws, and from which cells of the catalogue.
//
// On day t a customer type (segment x favourite category) attracts weight w(cell, t) =
// catalogue weight * category season * promotion uplift * tier preference * taste. The number of
// lines has the mean kLinesPerOrder * sum w(t) / (mean of sum w), so the expected lines of every
// single cell are proportional to its own weight: prices and promotions of one category do not
// leak into the others, and elasticities are exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/rng.hpp"
#include "core/demo/catalogue.hpp"
#include "core/demo/demand.hpp"
#include "core/demo/demo_shop.hpp"
#include "core/demo/plants.hpp"

namespace ecom::core {

class Baskets {
public:
    static std::size_t bytes_needed(const DemoParams& params);

    Baskets(Host& host, const Demand& demand, const Catalogue& catalogue);

    const std::vector<DemoPromotion>& promotions() const { return promotions_; }

    // 1 plus a Poisson number, at most kMaxDrawnLines.
    int draw_line_count(Rng& rng, std::int32_t d, std::size_t segment, std::size_t taste) const;

    std::size_t draw_cell(Rng& rng, std::int32_t d, std::size_t segment, std::size_t taste) const;

    // What promotions do to a category on a day.
    struct Offer {
        double discount = 0.0;  // share of the list price
        double uplift = 1.0;    // factor on units
    };
    const Offer& offer(std::int32_t d, std::size_t category) const {
        return offers_[static_cast<std::size_t>(d) * plants::kCategoryCount + category];
    }

private:
    struct Entry {
        float no_extra;  // exp(-(mean lines - 1))
        std::array<float, kDemoCells> cells;  // cumulative
    };
    static constexpr std::size_t kTypes = plants::kSegmentCount * plants::kCategoryCount;

    const Entry& entry(std::int32_t d, std::size_t segment, std::size_t taste) const {
        return entries_[static_cast<std::size_t>(d) * kTypes + segment * plants::kCategoryCount +
                        taste];
    }
    void make_promotions(const Demand& demand);

    std::vector<DemoPromotion> promotions_;
    std::vector<Offer> offers_;
    std::vector<Entry> entries_;
};

}  // namespace ecom::core
