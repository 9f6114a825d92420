// How well a score ranks whom to treat: the Qini curve of a trial with treated and held-out rows.
//
// Problem: rows are ranked by falling score; of the first k, Nt are treated with outcomes Yt in all, Nc are held out with Yc.
// What treating them adds is g(k) = Yt - Yc Nt / Nc (Radcliffe, 2007). A score that ranks at random gives a straight line to g(n);
// the Qini measure is the area between the two, here over n squared.
// Ties are taken together, with a straight line across them, so that the order of equal scores does not matter.
// Standard error: for given ranks and arms the measure is linear in the outcomes, whose variance is taken about the mean of their arm.
//
// Complexity: O(n log n). Memory: 24 bytes a row; while they are ranked twice that, and 72 bytes a different score. Deterministic.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

struct Qini {
    std::int64_t treated = 0;
    std::int64_t held_out = 0;
    // None unless both arms have rows.
    std::optional<double> effect;       // mean outcome of the treated less that of the held out
    std::optional<double> area;         // under g over k
    std::optional<double> random_area;  // under the straight line
    std::optional<double> qini;         // (area - random_area) / n^2
    // None unless both arms have 2 rows.
    std::optional<double> standard_error, low, high, p_value;
};

struct QiniPoint {
    std::int64_t rows;   // ranked first
    double treated;      // of them; fractions within ties
    double held_out;
    double gain;         // g
    double random_gain;  // on the straight line
    double min_score;
};

class UpliftState final : public State {
public:
    static constexpr std::string_view kKind = "uplift";

    explicit UpliftState(double level);  // throws kInvalidArgument

    // Throws kNonFiniteInput.
    void add(bool treated, double outcome, double score, const Host& host);
    void merge(const UpliftState& other, Host& host);
    Qini qini(Host& host) const;
    // Throws kInvalidArgument unless there are 1 to 1000 points. No points unless both arms have rows.
    std::vector<QiniPoint> curve(int points, Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static UpliftState decode(Reader& in);

private:
    struct Row {
        double score;
        double outcome;
        bool treated;
    };
    struct Group;  // of equal scores
    std::vector<Group> groups(Host& host) const;

    double level_;
    ChunkedVector<Row> rows_;
};

}  // namespace ecom::core
