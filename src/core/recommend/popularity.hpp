// How popular items are, and whether they are coming or going.
//
// For a reference time: users of the item, users within the last recent_days, and the sum over users of 2^(-age / half_life),
// age since the user's last purchase of it. The trend factor ((recent + 1) / (users * recent_days / span + 1))^power compares
// the recent users with an even spread over the span of the data: above 1 for an item on the rise. Without times: users only, trend 1.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/recommend/matrix.hpp"

namespace ecom::core {

struct PopularityParams {
    double half_life_days = 30.0;
    double recent_days = 30.0;
    double trend_power = 0.7;
    std::int64_t as_of = Interactions::kNoTime;  // kNoTime: the latest time of the data

    void check() const;
};

struct Popularity {
    std::vector<std::uint32_t> users;
    std::vector<std::uint32_t> recent_users;
    std::vector<double> decayed_users;
    std::vector<double> trend;
};

Popularity item_popularity(const InteractionMatrix& matrix, const PopularityParams& params, Host& host);

}  // namespace ecom::core
