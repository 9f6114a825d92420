// The demo shop: exact, repeatable, and what is planted can be found by direct estimates.
#include "core/demo/demo_shop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/demo/calendar.hpp"
#include "core/demo/plants.hpp"

namespace ecom::core {
namespace {

class TestHost : public Host {
public:
    explicit TestHost(int threads = 1, std::size_t memory = std::size_t{1} << 32,
                      std::int64_t polls = std::numeric_limits<std::int64_t>::max())
        : threads_(threads), memory_(memory), polls_(polls) {}
    void poll() override {
        if (polls_-- <= 0) throw std::runtime_error("stopped");
    }
    std::size_t memory_limit() const override { return memory_; }
    int max_threads() const override { return threads_; }
    void progress(std::int64_t, std::int64_t) override {}

private:
    int threads_;
    std::size_t memory_;
    std::int64_t polls_;
};

DemoParams params_of(std::int32_t customers, std::int64_t orders, std::int32_t months,
                     std::uint64_t seed = 42) {
    DemoParams params;
    params.customers = customers;
    params.orders = orders;
    params.months = months;
    params.seed = seed;
    return params;
}

auto members(const DemoLine& l) {
    return std::tie(l.ordered_at, l.unit_price, l.discount, l.revenue, l.cost, l.order_number,
                    l.line_number, l.order_day, l.ship_day, l.customer_key, l.product_key,
                    l.geography_key, l.channel_key, l.payment_method_key, l.shipping_method_key,
                    l.quantity, l.delivery_days, l.satisfaction, l.is_return);
}

bool same(const std::vector<DemoLine>& a, const std::vector<DemoLine>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return members(x) == members(y);
    });
}

std::vector<DemoLine> all_lines(const DemoShop& shop) {
    TestHost host;
    std::vector<DemoLine> lines;
    shop.lines(host, 1, shop.params().orders, lines);
    return lines;
}

ErrorCode error_of(const DemoParams& params) {
    try {
        params.check();
    } catch (const Error& error) {
        EXPECT_FALSE(error.hint().empty());
        return error.code();
    }
    ADD_FAILURE() << "no error";
    return ErrorCode::kCorruptValue;
}

// ---- form ---------------------------------------------------------------------------------------

TEST(DemoParams, RejectsWhatHasNoMeaning) {
    EXPECT_NO_THROW(DemoParams{}.check());
    const auto rejected = [](auto change) {
        DemoParams params;
        change(params);
        return error_of(params) == ErrorCode::kInvalidArgument;
    };
    EXPECT_TRUE(rejected([](DemoParams& p) { p.customers = 0; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.customers = 10'000'001; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.orders = 0; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.orders = 100'000'001; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.months = -1; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.months = 241; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.end_day -= 1; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.end_day = -5000; }));
    EXPECT_TRUE(rejected([](DemoParams& p) { p.end_day = kNoDay; }));
}

TEST(DemoCalendar, AgreesWithItself) {
    EXPECT_EQ(day_number({2000, 1, 1}), 0);
    EXPECT_EQ(day_number({2025, 12, 31}), DemoParams{}.end_day);
    EXPECT_EQ(day_number({1999, 12, 31}), -1);
    EXPECT_EQ(weekday(0), 5);
    EXPECT_EQ(weekday(-5), 0);
    for (std::int32_t day = -10000; day < 40000; day += 13) {
        const CivilDate date = civil_date(day);
        ASSERT_EQ(day_number(date), day);
        ASSERT_LE(date.day, days_in_month(date.year, date.month));
    }
}

TEST(DemoShop, HasExactlyTheOrdersAskedFor) {
    for (const auto& params :
         {params_of(2000, 15000, 24), params_of(1, 1, 1), params_of(1, 700, 2),
          params_of(500, 20, 6), params_of(300, 30000, 3), params_of(50, 1000, 240)}) {
        TestHost host;
        const DemoShop shop(host, params);
        const auto lines = all_lines(shop);
        std::int64_t orders = 0;
        std::int64_t last_order = 0;
        std::int64_t last_time = 0;
        for (const auto& line : lines) {
            ASSERT_GE(line.order_day, shop.first_day());
            ASSERT_LE(line.order_day, shop.last_day());
            ASSERT_EQ(line.ordered_at / 86'400'000'000, line.order_day);
            ASSERT_GT(line.order_day, shop.customer(line.customer_key).acquisition_day);
            ASSERT_EQ(line.revenue, line.quantity * line.unit_price - line.discount);
            ASSERT_EQ(line.geography_key, shop.customer(line.customer_key).geography_key);
            ASSERT_EQ(line.is_return, line.quantity < 0);
            ASSERT_LE(line.ship_day, shop.last_day());
            if (line.is_return) continue;
            ASSERT_TRUE(line.satisfaction == 0 || line.delivery_days > 0);
            if (line.delivery_days > 0) {
                ASSERT_LE(line.order_day + line.delivery_days, shop.last_day());
                ASSERT_GE(line.order_day + line.delivery_days, line.ship_day);
            }
            if (line.order_number != last_order) {
                ASSERT_EQ(line.order_number, last_order + 1);
                ASSERT_EQ(line.line_number, 1);
                ASSERT_GE(line.ordered_at, last_time);
                last_order = line.order_number;
                last_time = line.ordered_at;
                ++orders;
            }
        }
        EXPECT_EQ(orders, params.orders);
    }
}

TEST(DemoShop, TheDefaultIsAPlausibleShop) {
    TestHost host;
    const DemoShop shop(host, DemoParams{});
    double revenue = 0.0;
    std::int64_t sales_lines = 0;
    std::set<std::int32_t> buyers;
    for (const auto& line : all_lines(shop)) {
        revenue += 0.01 * static_cast<double>(line.revenue);
        sales_lines += line.is_return ? 0 : 1;
        buyers.insert(line.customer_key);
    }
    EXPECT_GT(revenue, 500'000.0);
    EXPECT_LT(revenue, 3'000'000.0);
    EXPECT_GT(sales_lines, 2.2 * 15000);
    EXPECT_LT(sales_lines, 2.6 * 15000);
    EXPECT_GT(buyers.size(), 1700U);
    EXPECT_LT(buyers.size(), 1900U);
    EXPECT_EQ(shop.products().size(), 120U);
    EXPECT_EQ(shop.affinities().size(), 12U);
    EXPECT_EQ(shop.marketing_spend().size(), 3U * 731U);
    EXPECT_EQ(civil_date(shop.first_day()).year, 2024);
    std::set<std::string> names;
    for (const auto& product : shop.products()) {
        EXPECT_GT(product.list_price, 0);
        EXPECT_GT(product.unit_cost, 0);
        EXPECT_GE(product.stock_quantity, 0);
        names.insert(product.name);
    }
    EXPECT_EQ(names.size(), shop.products().size());
    std::set<std::string> postal_codes;
    for (const auto& place : shop.geographies()) postal_codes.insert(place.postal_code);
    EXPECT_EQ(postal_codes.size(), shop.geographies().size());
}

TEST(DemoShop, IsTheSameForAnyThreadsAndChunks) {
    TestHost one(1);
    TestHost four(4);
    const DemoShop a(one, params_of(700, 5000, 18));
    const DemoShop b(four, params_of(700, 5000, 18));
    const auto lines = all_lines(a);
    EXPECT_TRUE(same(lines, all_lines(b)));
    std::vector<DemoLine> chunk;
    std::vector<DemoLine> joined;
    for (std::int64_t first = 1; first <= 5000; first += 37) {
        b.lines(four, first, 37, chunk);
        joined.insert(joined.end(), chunk.begin(), chunk.end());
    }
    EXPECT_TRUE(same(lines, joined));
    b.lines(four, 4999, std::numeric_limits<std::int64_t>::max(), chunk);
    EXPECT_EQ(chunk.front().order_number, 4999);
    EXPECT_EQ(chunk.back().order_number, 5000);
    b.lines(four, 5001, 10, chunk);
    EXPECT_TRUE(chunk.empty());
    EXPECT_THROW(b.lines(four, 0, 10, chunk), Error);
    EXPECT_THROW(b.lines(four, 1, -1, chunk), Error);
    EXPECT_THROW(b.customer(0), Error);
    EXPECT_THROW(b.customer(701), Error);
}

TEST(DemoShop, SeedsDiffer) {
    TestHost host;
    EXPECT_FALSE(same(all_lines(DemoShop(host, params_of(200, 1000, 12, 1))),
                      all_lines(DemoShop(host, params_of(200, 1000, 12, 2)))));
}

TEST(DemoShop, StopsWhenTheHostSaysSo) {
    TestHost counting(1, std::size_t{1} << 32);
    for (const std::int64_t polls : {0, 5, 700, 800, 900}) {
        TestHost host(1, std::size_t{1} << 32, polls);
        EXPECT_THROW(DemoShop(host, params_of(20000, 150000, 24)), std::runtime_error) << polls;
    }
    const DemoShop shop(counting, params_of(2000, 15000, 24));
    TestHost host(1, std::size_t{1} << 32, 3);
    std::vector<DemoLine> lines;
    EXPECT_THROW(shop.lines(host, 1, 15000, lines), std::runtime_error);
}

TEST(DemoShop, CountsItsMemoryBeforeItTakesIt) {
    const DemoParams params = params_of(1000, 1'000'000, 24);
    EXPECT_GT(DemoShop::bytes_needed(params), 12'000'000U);
    EXPECT_LT(DemoShop::bytes_needed(params), 30'000'000U);
    TestHost host(1, 10'000'000);
    try {
        DemoShop shop(host, params);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kLimitExceeded);
    }
}

TEST(DemoShop, ReturnOrdersRepeatLinesOfTheirSale) {
    TestHost host;
    const DemoShop shop(host, params_of(500, 4000, 12));
    std::vector<DemoLine> lines;
    int returns = 0;
    for (std::int64_t order = 1; order <= 4000; ++order) {
        shop.lines(host, order, 1, lines);
        for (const auto& line : lines) {
            if (!line.is_return) continue;
            ++returns;
            const auto sale = std::find_if(lines.begin(), lines.end(), [&](const auto& other) {
                return !other.is_return && other.product_key == line.product_key;
            });
            ASSERT_NE(sale, lines.end());
            EXPECT_EQ(sale->revenue, -line.revenue);
            EXPECT_EQ(sale->cost, -line.cost);
            EXPECT_GE(line.order_day, sale->order_day + sale->delivery_days + 3);
            EXPECT_LE(line.order_day, sale->order_day + sale->delivery_days + 21);
        }
    }
    EXPECT_GT(returns, 100);
    EXPECT_EQ(demo_order_id(lines.front()), "S000004000");
}

// ---- plants -------------------------------------------------------------------------------------

// One shop, large enough for tight estimates, made once.
class DemoPlants : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        TestHost host;
        shop_ = new DemoShop(host, params_of(40000, 330000, 24, 7));
        lines_ = new std::vector<DemoLine>(all_lines(*shop_));
    }
    static void TearDownTestSuite() {
        delete lines_;
        delete shop_;
    }

    static bool starts_order(const DemoLine& line) {
        return !line.is_return && line.line_number == 1;
    }
    static const DemoProduct& product(const DemoLine& line) {
        return shop_->products()[static_cast<std::size_t>(line.product_key - 1)];
    }
    static const std::string& region(const DemoLine& line) {
        return shop_->geographies()[static_cast<std::size_t>(line.geography_key - 1)].region;
    }
    static std::size_t category_index(const std::string& name) {
        std::size_t i = 0;
        while (name != plants::kCategories[i].name) ++i;
        return i;
    }

    static DemoShop* shop_;
    static std::vector<DemoLine>* lines_;
};
DemoShop* DemoPlants::shop_ = nullptr;
std::vector<DemoLine>* DemoPlants::lines_ = nullptr;

TEST_F(DemoPlants, TrendAndSeasonality) {
    std::array<double, 7> by_weekday{};
    std::map<std::pair<int, int>, double> by_month;
    std::array<double, 2> by_year{};
    for (const auto& line : *lines_) {
        if (!starts_order(line)) continue;
        by_weekday[static_cast<std::size_t>(weekday(line.order_day))] += 1.0;
        const CivilDate date = civil_date(line.order_day);
        by_month[{date.year, date.month}] += 1.0 / days_in_month(date.year, date.month);
        by_year[static_cast<std::size_t>(date.year - 2024)] += 1.0;
    }
    EXPECT_NEAR(by_weekday[0] / by_weekday[5], plants::kWeekday[0] / plants::kWeekday[5], 0.08);
    EXPECT_NEAR(by_weekday[6] / by_weekday[3], plants::kWeekday[6] / plants::kWeekday[3], 0.08);
    for (const int year : {2024, 2025}) {
        EXPECT_NEAR((by_month[{year, 12}] / by_month[{year, 10}]), 1.30, 0.20);
        EXPECT_NEAR((by_month[{year, 10}] / by_month[{year, 7}]), 1.09, 0.20);
    }
    EXPECT_NEAR(by_year[1] / by_year[0], 1.0 + plants::kYearlyGrowth, 0.05);
}

// Units of a product and month on its price, with effects of product and of category and month.
TEST_F(DemoPlants, Elasticities) {
    struct Cell {
        std::size_t product, group;
        double log_units, log_price;
    };
    std::map<std::pair<std::int32_t, int>, std::pair<double, double>> units;
    for (const auto& line : *lines_) {
        if (line.is_return) continue;
        const CivilDate date = civil_date(line.order_day);
        auto& entry = units[{line.product_key, (date.year - 2024) * 12 + date.month - 1}];
        entry.first += line.quantity;
        entry.second = static_cast<double>(line.unit_price);
    }
    for (std::size_t c = 0; c < plants::kCategoryCount; ++c) {
        std::vector<Cell> cells;
        const bool declines = c == plants::kDeclineCategory;
        for (const auto& [key, value] : units) {
            const auto p = static_cast<std::size_t>(key.first - 1);
            if (shop_->products()[p].category != plants::kCategories[c].name) continue;
            if (declines && key.second >= 21) continue;
            cells.push_back({p, static_cast<std::size_t>(key.second), std::log(value.first),
                             std::log(value.second)});
        }
        const auto demean = [&](auto member, auto group) {
            std::map<std::size_t, std::pair<double, double>> sums;
            for (const auto& cell : cells) {
                sums[cell.*group].first += cell.*member;
                sums[cell.*group].second += 1.0;
            }
            for (auto& cell : cells)
                cell.*member -= sums[cell.*group].first / sums[cell.*group].second;
        };
        for (int round = 0; round < 20; ++round) {
            demean(&Cell::log_units, &Cell::product);
            demean(&Cell::log_price, &Cell::product);
            demean(&Cell::log_units, &Cell::group);
            demean(&Cell::log_price, &Cell::group);
        }
        double xy = 0.0;
        double xx = 0.0;
        for (const auto& cell : cells) {
            xy += cell.log_price * cell.log_units;
            xx += cell.log_price * cell.log_price;
        }
        EXPECT_NEAR(-xy / xx, plants::kCategories[c].elasticity, 0.25)
            << plants::kCategories[c].name;
    }
}

TEST_F(DemoPlants, PromotionsLiftTheirCategory) {
    std::map<std::int32_t, double> orders;
    std::map<std::pair<std::size_t, std::int32_t>, double> units;
    for (const auto& line : *lines_) {
        if (line.is_return) continue;
        if (starts_order(line)) orders[line.order_day] += 1.0;
        units[{category_index(product(line).category), line.order_day}] += line.quantity;
    }
    const auto units_per_order = [&](std::size_t category, std::int32_t first, std::int32_t last) {
        double sum = 0.0;
        double count = 0.0;
        for (std::int32_t day = first; day <= last; ++day) {
            sum += units[{category, day}];
            count += orders[day];
        }
        return sum / count;
    };
    ASSERT_EQ(shop_->promotions().size(), 18U);
    for (const auto& promotion : shop_->promotions()) {
        const std::size_t category = category_index(promotion.category);
        // Season and prices change between months: compare within the month of the promotion.
        const CivilDate date = civil_date(promotion.first_day);
        const std::int32_t month_begin = day_number({date.year, date.month, 1});
        const std::int32_t month_end = month_begin + days_in_month(date.year, date.month) - 1;
        double reference = 0.0;
        int parts = 0;
        if (promotion.first_day > month_begin) {
            reference += units_per_order(category, month_begin, promotion.first_day - 1);
            ++parts;
        }
        if (promotion.last_day < month_end) {
            reference += units_per_order(category, promotion.last_day + 1, month_end);
            ++parts;
        }
        const double lift = units_per_order(category, promotion.first_day, promotion.last_day) *
                            parts / reference;
        EXPECT_NEAR(lift, promotion.unit_uplift, 0.20) << promotion.name;
    }
    for (const auto& line : *lines_) {
        for (const auto& promotion : shop_->promotions()) {
            if (line.is_return || line.order_day < promotion.first_day ||
                line.order_day > promotion.last_day ||
                promotion.category != product(line).category)
                continue;
            ASSERT_EQ(line.discount,
                      std::llround(promotion.discount *
                                   static_cast<double>(line.quantity * line.unit_price)));
        }
    }
}

TEST_F(DemoPlants, AffinitiesHaveTheirProbability) {
    std::map<std::int32_t, std::set<std::int32_t>> baskets_of;
    for (const auto& line : *lines_)
        if (!line.is_return) baskets_of[line.product_key].insert(line.order_number);
    for (const auto& affinity : shop_->affinities()) {
        const auto& with = baskets_of[affinity.product_key];
        const auto& companion = baskets_of[affinity.companion_key];
        if (with.size() < 300) continue;
        double both = 0.0;
        for (const auto order : with) both += static_cast<double>(companion.count(order));
        const double confidence = both / static_cast<double>(with.size());
        const double support = static_cast<double>(companion.size()) / 330000.0;
        // The companion's price moves the probability by up to its response to a step of 20 %.
        EXPECT_NEAR(confidence - support, affinity.probability, 0.20);
        EXPECT_GT(confidence / support, 3.0);
    }
}

TEST_F(DemoPlants, SatisfactionFallsWithDeliveryDays) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    std::map<std::pair<std::string, std::string>, std::pair<double, double>> days;
    for (const auto& line : *lines_) {
        if (!starts_order(line) || line.delivery_days < 0) continue;
        const auto& method =
            shop_->shipping_methods()[static_cast<std::size_t>(line.shipping_method_key - 1)];
        auto& mean = days[{method.name, region(line)}];
        mean.first += line.delivery_days;
        mean.second += 1.0;
        // Between the bounds of the scale the relation is straight.
        if (line.satisfaction == 0 || line.delivery_days < 4 || line.delivery_days > 9) continue;
        n += 1.0;
        x += line.delivery_days;
        y += line.satisfaction;
        xx += line.delivery_days * line.delivery_days;
        xy += line.delivery_days * line.satisfaction;
    }
    EXPECT_NEAR((xy - x * y / n) / (xx - x * x / n), -plants::kSatisfactionSlope, 0.05);
    const auto mean_days = [&](const char* method, const char* place) {
        const auto& sum = days[{method, place}];
        return sum.first / sum.second;
    };
    EXPECT_NEAR(mean_days("Economy", "West") - mean_days("Economy", "South"),
                plants::kSlowTransit + 0.4, 0.15);
    EXPECT_NEAR(mean_days("Express", "West") - mean_days("Express", "South"), 0.4, 0.15);
    EXPECT_NEAR(mean_days("Standard", "South"), 3.2 + 0.65, 0.15);
}

TEST_F(DemoPlants, BadDeliveriesAndSegmentsDriveChurn) {
    std::map<std::int32_t, std::vector<const DemoLine*>> orders;
    for (const auto& line : *lines_)
        if (starts_order(line)) orders[line.customer_key].push_back(&line);
    constexpr std::int32_t kSilence = 180;
    std::array<std::array<double, 2>, 2> by_score{};             // bad or good; left, all
    std::map<std::string, std::array<double, 4>> by_segment;     // left, all; revenue, customers
    for (const auto& [key, list] : orders) {
        auto& segment = by_segment[shop_->customer(key).segment];
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (list[i]->order_day > shop_->last_day() - kSilence) break;
            const bool left = i + 1 == list.size() ||
                              list[i + 1]->order_day > list[i]->order_day + kSilence;
            segment[0] += left;
            segment[1] += 1.0;
            if (list[i]->satisfaction == 0 || list[i]->satisfaction == 3) continue;
            auto& score = by_score[list[i]->satisfaction > 3];
            score[0] += left;
            score[1] += 1.0;
        }
    }
    for (const auto& line : *lines_)
        by_segment[shop_->customer(line.customer_key).segment][2] +=
            static_cast<double>(line.revenue);
    for (std::int32_t key = 1; key <= 40000; ++key)
        by_segment[shop_->customer(key).segment][3] += 1.0;
    const double bad = by_score[0][0] / by_score[0][1];
    const double good = by_score[1][0] / by_score[1][1];
    EXPECT_GT(bad / good, 1.6);
    const auto churn = [&](const char* name) { return by_segment[name][0] / by_segment[name][1]; };
    const auto value = [&](const char* name) { return by_segment[name][2] / by_segment[name][3]; };
    EXPECT_LT(1.5 * churn("Premium"), churn("Regular"));
    EXPECT_LT(1.5 * churn("Regular"), churn("Budget"));
    EXPECT_GT(value("Premium"), 2.0 * value("Regular"));
    EXPECT_GT(value("Regular"), 2.0 * value("Budget"));
    EXPECT_NEAR(by_segment["Premium"][3] / 40000.0, 0.15, 0.01);
    const double silent = 1.0 - static_cast<double>(orders.size()) / 40000.0;
    EXPECT_GT(silent, plants::kProspects);
    EXPECT_LT(silent, 2.0 * plants::kProspects);
}

TEST_F(DemoPlants, AdvertisingDrivesOrdersByItsCurve) {
    std::vector<std::map<std::int32_t, double>> orders(plants::kChannels.size() + 1);
    for (const auto& line : *lines_)
        if (starts_order(line))
            orders[static_cast<std::size_t>(line.channel_key)][line.order_day] += 1.0;
    constexpr std::int32_t kDirect = 1;
    for (const auto& response : shop_->responses()) {
        double adstock = 0.0;
        std::array<std::array<double, 3>, 3> bins{};  // low, middle, high; paid, direct, expected
        for (const auto& row : shop_->marketing_spend()) {
            if (row.channel_key != response.channel_key) continue;
            adstock = static_cast<double>(row.spend) + response.carryover * adstock;
            const double hill =
                adstock <= 0.0
                    ? 0.0
                    : 1.0 / (1.0 + std::pow(response.half_saturation / adstock, response.shape));
            const double expected =
                (response.base + response.lift * hill) / plants::kChannels[0].base;
            auto& bin = bins[hill < 0.3 ? 0 : hill < 0.6 ? 1 : 2];
            const double direct = orders[kDirect][row.day];
            bin[0] += orders[static_cast<std::size_t>(response.channel_key)][row.day];
            bin[1] += direct;
            bin[2] += direct * expected;
        }
        for (const auto& bin : bins) {
            if (bin[1] < 5000.0) continue;
            EXPECT_NEAR(bin[0] / bin[2], 1.0, 0.08) << response.channel_key;
        }
    }
}

TEST_F(DemoPlants, TheDeclineIsWhereItIsSaid) {
    const DemoDecline& decline = shop_->decline();
    EXPECT_EQ(decline.first_day, day_number({2025, 10, 1}));
    // Lines of the category per order, in the region against elsewhere, by month from July on.
    std::array<std::array<double, 4>, 6> months{};
    for (const auto& line : *lines_) {
        const CivilDate date = civil_date(line.order_day);
        if (line.is_return || date.year != 2025 || date.month < 7) continue;
        auto& month = months[static_cast<std::size_t>(date.month - 7)];
        const std::size_t side = region(line) == decline.region ? 0 : 2;
        month[side] += product(line).category == decline.category;
        month[side + 1] += line.line_number == 1;
    }
    for (std::size_t m = 0; m < months.size(); ++m) {
        const double ratio = (months[m][0] / months[m][1]) / (months[m][2] / months[m][3]);
        EXPECT_NEAR(ratio, m < 3 ? 1.0 : decline.factor, 0.08) << m + 7;
    }
}

TEST_F(DemoPlants, ReturnRatesByCategory) {
    std::array<std::array<double, 2>, plants::kCategoryCount> counts{};
    for (const auto& line : *lines_) {
        // Later sales cannot have come back yet.
        if (!line.is_return && line.order_day > shop_->last_day() - 45) continue;
        counts[category_index(product(line).category)][line.is_return] += 1.0;
    }
    for (std::size_t c = 0; c < plants::kCategoryCount; ++c)
        EXPECT_NEAR(counts[c][1] / counts[c][0], plants::kCategories[c].return_rate,
                    0.008 + 0.1 * plants::kCategories[c].return_rate)
            << plants::kCategories[c].name;
}

}  // namespace
}  // namespace ecom::core
