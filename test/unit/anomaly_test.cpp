#include "core/stats/anomaly.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

AnomalyScores scores(const std::vector<double>& values, int period = 7, double threshold = 3.5) {
    test::FakeHost host;
    AnomalyParams params;
    params.seasonal_period = period;
    params.threshold = threshold;
    return anomaly_scores(values, params, host);
}

std::vector<std::size_t> anomalies(const std::vector<double>& values, int period = 7,
                                   double threshold = 3.5) {
    const AnomalyScores scored = scores(values, period, threshold);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (std::fabs(scored.score[i]) > threshold) found.push_back(i);
    return found;
}

// Uniform between -0.5 and 0.5, at most 1.35 of its robust standard deviations.
double bounded_noise(std::size_t i) { return Rng(3, i).uniform() - 0.5; }

std::vector<double> shop(std::size_t days, double growth = 0.5) {
    const double week[] = {0, 5, 3, 2, 8, 20, 15};
    std::vector<double> values;
    for (std::size_t i = 0; i < days; ++i)
        values.push_back(100.0 + growth * static_cast<double>(i) + week[i % 7] + 4.0 * bounded_noise(i));
    return values;
}

using Places = std::vector<std::size_t>;

TEST(Anomaly, FindsWhatIsPlantedAndNothingElse) {
    std::vector<double> values = shop(140);
    EXPECT_EQ(anomalies(values), Places{});
    values[0] += 30;
    values[50] -= 25;
    values[51] += 25;
    values[139] -= 20;
    EXPECT_EQ(anomalies(values), (Places{0, 50, 51, 139}));
    const AnomalyScores scored = scores(values);
    EXPECT_GT(scored.score[0], 0);
    EXPECT_LT(scored.score[50], 0);
    // What is expected is hardly bent by the anomaly.
    EXPECT_NEAR(scored.expected[50], values[50] + 25, 3.0);
    EXPECT_NEAR(scored.score[50], (values[50] - scored.expected[50]) / (scored.margin / 3.5), 1e-9);
}

TEST(Anomaly, GrowthAndSeasonAreNoAnomalies) {
    for (const double growth : {0.0, 5.0, -40.0, 1000.0})
        EXPECT_EQ(anomalies(shop(91, growth)), Places{}) << growth;
    // A low Saturday has a usual value for a Monday.
    std::vector<double> values = shop(91, 0);
    values[61] = values[56];
    EXPECT_EQ(anomalies(values), Places{61 / 7 * 7 + 5});
}

TEST(Anomaly, AnOutageOfSeveralDaysIsFoundWhole) {
    std::vector<double> values = shop(140);
    for (std::size_t i = 70; i < 75; ++i) values[i] = 0;
    EXPECT_EQ(anomalies(values), (Places{70, 71, 72, 73, 74}));
    // Also when it lasts to the end.
    values = shop(140);
    for (std::size_t i = 136; i < 140; ++i) values[i] = 0;
    EXPECT_EQ(anomalies(values), (Places{136, 137, 138, 139}));
}

TEST(Anomaly, MissingValuesKeepTheirPlaceInTheSeason) {
    std::vector<double> values = shop(140);
    for (const std::size_t i : {3, 4, 5, 60, 139}) values[i] = kMissing;
    values[90] += 30;
    const AnomalyScores scored = scores(values);
    EXPECT_EQ(anomalies(values), Places{90});
    for (const std::size_t i : {3, 4, 5, 60, 139}) {
        EXPECT_TRUE(std::isnan(scored.score[i]));
        EXPECT_NEAR(scored.expected[i], shop(140)[i], 4.0);
    }
    // A weekday that is always closed has nothing to be expected.
    for (std::size_t i = 6; i < 140; i += 7) values[i] = kMissing;
    const AnomalyScores closed = scores(values);
    EXPECT_TRUE(std::isnan(closed.expected[13]));
    EXPECT_FALSE(std::isnan(closed.expected[12]));
    // A gap longer than the window of the trend.
    values = shop(140);
    std::fill(values.begin() + 40, values.begin() + 80, kMissing);
    const AnomalyScores gap = scores(values);
    EXPECT_TRUE(std::isnan(gap.expected[60]));
    EXPECT_FALSE(std::isnan(gap.expected[81]));
}

TEST(Anomaly, ShortSeriesHaveNoScores) {
    EXPECT_EQ(anomaly_values_needed(7), 21U);
    EXPECT_EQ(anomaly_values_needed(1), 10U);
    for (const std::size_t n : {0, 1, 2, 20}) {
        const AnomalyScores scored = scores(shop(n));
        EXPECT_EQ(scored.score.size(), n);
        for (std::size_t i = 0; i < n; ++i) EXPECT_TRUE(std::isnan(scored.score[i]));
    }
    EXPECT_FALSE(std::isnan(scores(shop(21)).score[0]));
    std::vector<double> values = shop(30);
    for (std::size_t i = 0; i < 10; ++i) values[i * 3] = kMissing;
    EXPECT_TRUE(std::isnan(scores(values).score[1]));
}

TEST(Anomaly, ConstantSeriesDivideByNothing) {
    for (const double value : {0.0, 0.1, -1e299, 5e-324}) {
        const AnomalyScores scored = scores(std::vector<double>(50, value));
        EXPECT_EQ(scored.margin, 0.0);
        for (std::size_t i = 0; i < 50; ++i) {
            EXPECT_EQ(scored.expected[i], value);
            EXPECT_EQ(scored.score[i], 0.0);
        }
    }
    // Constant but for one: the mean absolute deviation takes over.
    std::vector<double> values(50, 3.0);
    values[20] = 4.0;
    EXPECT_EQ(anomalies(values), Places{20});
    EXPECT_NEAR(scores(values, 1).score[20], 50 / 1.2533141373155003 * (1 - 1.2 / 15), 1e-9);
    // An exact season and trend leave rounding errors, not anomalies.
    values.clear();
    for (int i = 0; i < 200; ++i) values.push_back(0.1 * (i % 7) + 0.3 * i);
    EXPECT_EQ(anomalies(values), Places{});
    values[100] += 1;
    EXPECT_EQ(anomalies(values), Places{100});
}

// On normal noise the scale is the standard deviation and 3.5 is exceeded about as often as by the normal
// distribution (once in 2149), for every season and in short series too.
TEST(Anomaly, ScaleIsThatOfTheNoise) {
    for (const int period : {1, 7, 12}) {
        for (const std::size_t n : {150, 1000}) {
            Rng random(7, static_cast<std::uint64_t>(period));
            double scale = 0.0;
            std::size_t found = 0;
            const std::size_t series = 100'000 / n;
            for (std::size_t s = 0; s < series; ++s) {
                std::vector<double> values;
                for (std::size_t i = 0; i < n; ++i)
                    values.push_back(10.0 * random.normal() + static_cast<double>(i % static_cast<std::size_t>(period)));
                scale += scores(values, period).margin / 3.5;
                found += anomalies(values, period).size();
            }
            EXPECT_NEAR(scale / static_cast<double>(series), 10.0, 0.3) << period << ' ' << n;
            EXPECT_LT(found, 200U) << period << ' ' << n;
        }
    }
}

TEST(Anomaly, LongPeriods) {
    std::vector<double> values;
    for (int i = 0; i < 5 * 1440; ++i)
        values.push_back(50 * std::sin(i % 1440 / 1440.0 * 6.283185307179586) + bounded_noise(static_cast<std::size_t>(i)));
    values[7000] += 10;
    EXPECT_EQ(anomalies(values, 1440), Places{7000});
}

TEST(Anomaly, RefusesWhatHasNoMeaning) {
    test::FakeHost host;
    for (const int period : {0, -1, kMaxSeasonalPeriod + 1}) EXPECT_THROW(scores(shop(50), period), Error);
    for (const double threshold : {0.0, -1.0, static_cast<double>(INFINITY), kMissing})
        EXPECT_THROW(scores(shop(50), 7, threshold), Error);
    for (const double value : {static_cast<double>(INFINITY), -2e300}) {
        std::vector<double> values = shop(50);
        values[9] = value;
        EXPECT_THROW(scores(values), Error);
        EXPECT_THROW(scores({value}), Error);
    }
    std::vector<double> far_apart;
    for (int i = 0; i < 50; ++i) far_apart.push_back(i % 2 == 0 ? 1e300 : -1e300);
    EXPECT_TRUE(std::isfinite(scores(far_apart, 3).score[0]));

    test::CancellingHost cancelling(3);
    EXPECT_THROW(anomaly_scores(shop(20'000), AnomalyParams{}, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core
