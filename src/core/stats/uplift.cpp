#include "core/stats/uplift.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

// Counts and sums of the rows ranked up to and with a score.
struct UpliftState::Group {
    double score = 0.0;
    std::int64_t treated = 0, held_out = 0;      // so far
    double treated_sum = 0.0, held_out_sum = 0;  // of outcomes so far
    std::int64_t own_treated = 0, own_held_out = 0;
    double own_treated_square = 0.0, own_held_out_square = 0.0;  // about the mean of the arm

    std::int64_t rows() const { return treated + held_out; }
    double ratio() const { return held_out > 0 ? static_cast<double>(treated) / static_cast<double>(held_out) : 0.0; }
    double gain() const { return treated_sum - held_out_sum * ratio(); }
};

UpliftState::UpliftState(double level) : level_(level) { check_level(level); }

void UpliftState::add(bool treated, double outcome, double score, const Host& host) {
    if (!std::isfinite(outcome) || !std::isfinite(score))
        throw Error(ErrorCode::kNonFiniteInput, "outcomes and scores must be finite", "Turn NaN and infinite values into NULL.");
    if (rows_.will_grow()) require_memory(host, add_size(rows_.bytes(), rows_.growth_bytes()), "collecting outcomes and scores");
    rows_.push_back({score, outcome, treated});
}

void UpliftState::merge(const UpliftState& other, Host& host) {
    if (other.level_ != level_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined", "Use one level.");
    require_memory(host, mul_size(rows_.size() + other.rows_.size(), sizeof(Row)), "combining outcomes and scores");
    PollEvery poll(host);
    other.rows_.for_each([&](const Row& row) {
        poll();
        rows_.push_back(row);
    });
}

std::vector<UpliftState::Group> UpliftState::groups(Host& host) const {
    require_memory(host, mul_size(rows_.size(), 2 * sizeof(Row)), "ranking " + std::to_string(rows_.size()) + " rows");
    PollEvery poll(host);
    std::vector<Row> rows;
    rows.reserve(rows_.size());
    rows_.for_each([&](const Row& row) {
        poll();
        rows.push_back(row);
    });
    std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        poll();
        if (a.score != b.score) return a.score > b.score;
        if (a.treated != b.treated) return a.treated;
        return a.outcome < b.outcome;
    });
    double sum[2] = {0, 0};
    std::int64_t count[2] = {0, 0};
    std::size_t scores = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        poll();
        sum[rows[i].treated ? 1 : 0] += rows[i].outcome;
        ++count[rows[i].treated ? 1 : 0];
        scores += i == 0 || rows[i].score != rows[i - 1].score ? 1 : 0;
    }
    require_memory(host, add_size(mul_size(rows.size(), 2 * sizeof(Row)), mul_size(scores, sizeof(Group))), "ranking " + std::to_string(scores) + " scores");
    std::vector<Group> groups;
    groups.reserve(scores);
    Group so_far;
    for (std::size_t i = 0; i < rows.size();) {
        Group group = so_far;
        group.score = rows[i].score;
        group.own_treated = group.own_held_out = 0;
        group.own_treated_square = group.own_held_out_square = 0.0;
        for (; i < rows.size() && rows[i].score == group.score; ++i) {
            poll();
            const int arm = rows[i].treated ? 1 : 0;
            const double distance = rows[i].outcome - sum[arm] / static_cast<double>(count[arm]);
            ++(arm ? group.treated : group.held_out);
            ++(arm ? group.own_treated : group.own_held_out);
            (arm ? group.treated_sum : group.held_out_sum) += rows[i].outcome;
            (arm ? group.own_treated_square : group.own_held_out_square) += distance * distance;
        }
        groups.push_back(group);
        so_far = group;
    }
    return groups;
}

Qini UpliftState::qini(Host& host) const {
    const std::vector<Group> groups = this->groups(host);
    Qini result;
    if (groups.empty()) return result;
    const Group& all = groups.back();
    result.treated = all.treated;
    result.held_out = all.held_out;
    if (all.treated == 0 || all.held_out == 0) return result;
    const auto n = static_cast<double>(all.rows());
    result.effect = all.treated_sum / static_cast<double>(all.treated) - all.held_out_sum / static_cast<double>(all.held_out);
    PollEvery poll(host);
    double area = 0.0, last_gain = 0.0;
    for (const Group& group : groups) {
        poll();
        area += (group.gain() + last_gain) / 2 * static_cast<double>(group.own_treated + group.own_held_out);
        last_gain = group.gain();
    }
    result.area = area;
    result.random_area = n / 2 * all.gain();
    result.qini = (area - *result.random_area) / (n * n);
    if (all.treated < 2 || all.held_out < 2) return result;

    // The measure times n^2 is the sum of c_j g_j over the groups; an outcome enters all g_j from its own group on.
    double treated_weight = 0.0, held_out_weight = 0.0, variance = 0.0, width_after = -n;
    const auto spare = [](std::int64_t count) { return static_cast<double>(count) / static_cast<double>(count - 1); };
    for (std::size_t j = groups.size(); j-- > 0;) {
        poll();
        const Group& group = groups[j];
        const auto width = static_cast<double>(group.own_treated + group.own_held_out);
        const double c = (width + width_after) / 2;
        treated_weight += c;
        held_out_weight += c * group.ratio();
        variance += treated_weight * treated_weight * group.own_treated_square * spare(all.treated) +
                    held_out_weight * held_out_weight * group.own_held_out_square * spare(all.held_out);
        width_after = width;
    }
    const double error = std::sqrt(variance) / (n * n);
    result.standard_error = error;
    const double margin = normal_critical(level_) * error;
    result.low = *result.qini - margin;
    result.high = *result.qini + margin;
    if (error > 0) result.p_value = normal_p_value(*result.qini / error);
    return result;
}

std::vector<QiniPoint> UpliftState::curve(int points, Host& host) const {
    if (points < 1 || points > 1000)
        throw Error(ErrorCode::kInvalidArgument, "number of points " + std::to_string(points) + " is out of range", "Use 1 to 1000; 10 is usual.");
    const std::vector<Group> groups = this->groups(host);
    std::vector<QiniPoint> curve;
    if (groups.empty() || groups.back().treated == 0 || groups.back().held_out == 0) return curve;
    const Group& all = groups.back();
    const std::int64_t n = all.rows();
    std::size_t j = 0;
    for (int i = 1; i <= points; ++i) {
        host.poll();
        // Rounded up, without overflow.
        const std::int64_t rows = n / points * i + (n % points * i + points - 1) / points;
        if (!curve.empty() && curve.back().rows == rows) continue;
        while (groups[j].rows() < rows) ++j;
        const Group before = j > 0 ? groups[j - 1] : Group{};
        const double share = static_cast<double>(rows - before.rows()) / static_cast<double>(groups[j].rows() - before.rows());
        const auto between = [&](double a, double b) { return a + share * (b - a); };
        curve.push_back({rows, between(static_cast<double>(before.treated), static_cast<double>(groups[j].treated)),
                         between(static_cast<double>(before.held_out), static_cast<double>(groups[j].held_out)),
                         between(before.gain(), groups[j].gain()), static_cast<double>(rows) / static_cast<double>(n) * all.gain(), groups[j].score});
    }
    return curve;
}

void UpliftState::encode(Writer& out) const {
    out.reserve(32 + 17 * rows_.size());
    out.f64(level_);
    out.u32(static_cast<std::uint32_t>(rows_.size()));
    rows_.for_each([&](const Row& row) {
        out.poll();
        out.f64(row.score);
        out.f64(row.outcome);
        out.u8(row.treated ? 1 : 0);
    });
}

UpliftState UpliftState::decode(Reader& in) {
    const double level = in.f64();
    if (!(level > 0.0 && level < 1.0)) Reader::corrupt();
    UpliftState state(level);
    const std::size_t count = in.count(17);
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        const double score = in.f64();
        const double outcome = in.f64();
        const std::uint8_t treated = in.u8();
        if (!std::isfinite(score) || !std::isfinite(outcome) || treated > 1) Reader::corrupt();
        state.rows_.push_back({score, outcome, treated == 1});
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
