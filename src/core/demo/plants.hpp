// Everything that the demo shop plants, as values. docs/demo_data.md lists them with the way to
// find each one back; change both together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ecom::core::plants {

// ---- demand over time ---------------------------------------------------------------------------

// Yearly growth of the order volume. It comes from acquisition outrunning drop-out; the rate of a
// living customer is stationary, as buy-till-you-die models assume.
constexpr double kYearlyGrowth = 0.12;

// Orders by weekday (Monday first; mean 1) and by month (January first).
constexpr std::array<double, 7> kWeekday = {1.10, 1.02, 1.00, 0.98, 0.92, 0.86, 1.12};
constexpr std::array<double, 12> kMonth = {0.92, 0.90, 0.95, 0.97, 0.98, 0.96,
                                           0.92, 0.94, 1.00, 1.00, 1.16, 1.30};
constexpr double kHolidayFactor = 0.60;
constexpr double kDayNoise = 0.06;  // standard deviation of the log of a day's level

// Relative orders by hour of the day.
constexpr std::array<double, 24> kHour = {1.0, 0.5, 0.3, 0.2, 0.2, 0.4, 1.0, 2.2,
                                          3.6, 4.8, 5.6, 5.9, 6.2, 5.8, 5.2, 5.0,
                                          5.1, 5.6, 6.4, 7.6, 8.4, 7.8, 5.4, 2.6};

struct FixedHoliday {
    const char* name;
    int month, day;
};
constexpr std::array<FixedHoliday, 7> kHolidays = {{
    {"New Year's Day", 1, 1},
    {"Spring Day", 5, 1},
    {"Midsummer Day", 6, 21},
    {"Founders' Day", 9, 12},
    {"Remembrance Day", 11, 1},
    {"Christmas Day", 12, 25},
    {"Second Christmas Day", 12, 26},
}};

// ---- categories and products --------------------------------------------------------------------

struct Category {
    const char* name;
    double line_share;     // of drawn lines, yearly mean
    double median_price;   // of the standard tier
    double cost_share;     // unit cost over base price
    double elasticity;     // units are proportional to (price / base price)^-elasticity
    double season_swing;   // units are multiplied by 1 + swing * cos(2 pi (month - peak) / 12)
    int peak_month;
    double return_rate;    // of delivered lines
    double multi_rate;     // probability of each further unit in a line
    std::array<const char*, 4> sub_categories;
};

enum CategoryIndex : std::size_t {
    kElectronics, kClothing, kHome, kBeauty, kSports, kToys, kGarden, kPantry, kCategoryCount
};

constexpr std::array<Category, kCategoryCount> kCategories = {{
    {"Electronics", 0.17, 55.0, 0.72, 1.4, 0.20, 12, 0.08, 0.05,
     {"Audio", "Phones", "Computing", "Smart Home"}},
    {"Clothing", 0.18, 32.0, 0.48, 1.8, 0.10, 10, 0.18, 0.12,
     {"Shirts", "Trousers", "Shoes", "Accessories"}},
    {"Home", 0.15, 28.0, 0.55, 1.2, 0.10, 11, 0.05, 0.12,
     {"Kitchen", "Bedding", "Lighting", "Storage"}},
    {"Beauty", 0.12, 16.0, 0.42, 0.9, 0.05, 12, 0.03, 0.20,
     {"Skin Care", "Hair Care", "Fragrance", "Make-up"}},
    {"Sports", 0.11, 36.0, 0.58, 1.6, 0.30, 6, 0.08, 0.08,
     {"Fitness", "Cycling", "Outdoor", "Team Sports"}},
    {"Toys", 0.09, 21.0, 0.54, 2.0, 0.55, 12, 0.04, 0.15,
     {"Games", "Construction", "Dolls", "Puzzles"}},
    {"Garden", 0.06, 27.0, 0.56, 1.1, 0.70, 5, 0.04, 0.20,
     {"Tools", "Plants", "Furniture", "Barbecue"}},
    {"Pantry", 0.12, 7.0, 0.70, 0.6, 0.00, 1, 0.01, 0.45,
     {"Coffee", "Tea", "Snacks", "Spices"}},
}};

struct Tier {
    const char* name;
    double share;         // of a category's lines, before a segment's preference
    double price_factor;
    std::array<const char*, 4> brands;
};
constexpr std::size_t kTierCount = 3;
constexpr std::array<Tier, kTierCount> kTiers = {{
    {"value", 0.30, 0.60, {"Basica", "Plainfield", "Everday", "Thrifton"}},
    {"standard", 0.50, 1.00, {"Arlen", "Corvane", "Milldale", "Tessaro"}},
    {"premium", 0.20, 1.90, {"Aurum", "Belmonte", "Castellan", "Virelle"}},
}};

// A product's list price is its base price times one of these steps, drawn anew in a month with
// the probability below: evidence for elasticities.
constexpr std::array<double, 5> kPriceSteps = {0.80, 0.90, 1.00, 1.10, 1.20};
constexpr double kPriceChangeRate = 0.25;

constexpr double kLinesPerOrder = 2.1;  // mean of the drawn lines; affinity and staples come on top
constexpr int kMaxDrawnLines = 12;
constexpr double kTasteFactor = 3.0;    // a customer's favourite category against the others

// One product in ten starts an affinity: the basket gets the companion product on top with this
// probability, times the companion's price response and promotion uplift.
constexpr double kAffinityProbability = 0.35;
constexpr int kProductsPerAffinity = 10;

// Customers with a staple product put it into an order with this probability, times the product's
// price response and promotion uplift.
constexpr double kStapleCustomers = 0.35;
constexpr double kStapleProbability = 0.30;
constexpr std::array<CategoryIndex, 2> kStapleCategories = {kBeauty, kPantry};

struct Promotion {
    const char* name;
    int month, day, days;
    CategoryIndex category;
    double discount;
    double uplift;
};
// Every year. Orders themselves do not become more frequent: a promotion adds lines to baskets.
constexpr std::array<Promotion, 9> kPromotions = {{
    {"Winter Sale", 1, 8, 14, kClothing, 0.30, 2.0},
    {"Beauty Days", 2, 10, 7, kBeauty, 0.20, 1.8},
    {"Spring Cleaning", 3, 1, 14, kHome, 0.15, 1.5},
    {"Garden Opening", 4, 15, 10, kGarden, 0.20, 1.7},
    {"Sports Weeks", 6, 1, 14, kSports, 0.15, 1.5},
    {"Back to School", 8, 20, 12, kClothing, 0.15, 1.4},
    {"Black Week Electronics", 11, 20, 11, kElectronics, 0.25, 2.2},
    {"Black Week Home", 11, 20, 11, kHome, 0.20, 1.8},
    {"Toy Advent", 12, 1, 14, kToys, 0.15, 1.6},
}};
constexpr double kCouponDiscount = 0.10;  // on lines that no promotion covers

// ---- customers ----------------------------------------------------------------------------------

struct Segment {
    const char* name;
    double share;
    double orders_per_year;  // mean while alive, in the default shop
    double drop_out;         // probability to leave after an order that went well
    double coupon_rate;      // of orders
    std::array<double, kTierCount> tier_factor;  // preference for value, standard, premium
    std::array<double, 6> payment;               // mix over kPaymentMethods
    std::array<double, 5> shipping;              // mix over kShippingMethods
    std::array<double, 6> age;                   // mix over kAgeGroups
};
constexpr std::size_t kSegmentCount = 3;
constexpr std::array<Segment, kSegmentCount> kSegments = {{
    {"Premium", 0.15, 15.5, 0.017, 0.03, {0.4, 1.0, 2.5},
     {0.55, 0.25, 0.06, 0.08, 0.05, 0.01}, {0.06, 0.36, 0.30, 0.18, 0.10},
     {0.05, 0.16, 0.26, 0.27, 0.17, 0.09}},
    {"Regular", 0.55, 8.4, 0.034, 0.06, {1.0, 1.0, 0.9},
     {0.46, 0.27, 0.11, 0.10, 0.03, 0.03}, {0.20, 0.45, 0.13, 0.06, 0.16},
     {0.12, 0.24, 0.23, 0.19, 0.13, 0.09}},
    {"Budget", 0.30, 5.4, 0.067, 0.12, {2.2, 0.9, 0.25},
     {0.30, 0.25, 0.15, 0.18, 0.02, 0.10}, {0.42, 0.28, 0.05, 0.02, 0.23},
     {0.26, 0.26, 0.17, 0.13, 0.10, 0.08}},
}};

constexpr double kProspects = 0.06;        // share of customers who never order
constexpr double kRateShape = 1.5;         // of the gamma distribution of order rates in a segment
constexpr double kFirstOrderDelay = 6.0;   // mean days from acquisition to the first order
constexpr int kEarlierAcquisitionDays = 730;  // how far before the first day the base goes back

// Drop-out is decided after each order and its delivery: drop_out of the segment times the factor
// of the satisfaction felt (felt by all, told by some), times one more when it came late.
constexpr std::array<double, 5> kDropOutBySatisfaction = {3.5, 3.5, 1.6, 1.0, 0.8};
constexpr double kDropOutWhenLate = 1.6;

constexpr std::array<const char*, 6> kAgeGroups = {"18-24", "25-34", "35-44",
                                                   "45-54", "55-64", "65+"};
constexpr std::array<const char*, 4> kGenders = {"Female", "Male", "Other", "Unknown"};
constexpr std::array<double, 4> kGenderMix = {0.51, 0.44, 0.02, 0.03};

// ---- delivery and satisfaction ------------------------------------------------------------------

struct ShippingMethod {
    const char* name;
    const char* carrier;
    double transit_days;  // mean, at least 1
    int promised_days;    // from the order; later is late
};
constexpr std::array<ShippingMethod, 5> kShippingMethods = {{
    {"Economy", "Parcelo", 5.0, 8},
    {"Standard", "Northline", 3.2, 6},
    {"Express", "Swiftline", 1.4, 3},
    {"Next Day", "Swiftline", 1.1, 2},
    {"Pickup Point", "Parcelo", 4.0, 7},
}};

constexpr std::array<double, 3> kProcessingDays = {0.50, 0.35, 0.15};  // P(0), P(1), P(2)

enum RegionIndex : std::size_t { kNorth, kSouth, kEast, kWest, kRegionCount };
struct Region {
    const char* name;
    double share;         // of customers
    double extra_transit; // mean days
};
constexpr std::array<Region, kRegionCount> kRegions = {{
    {"North", 0.18, 0.5},
    {"South", 0.25, 0.0},
    {"East", 0.23, 0.3},
    {"West", 0.34, 0.4},
}};
// The planted delivery problem: this carrier in this region needs so many days more.
constexpr const char* kSlowCarrier = "Parcelo";
constexpr RegionIndex kSlowRegion = kWest;
constexpr double kSlowTransit = 2.5;

// Satisfaction is normal around best - slope * (delivery days above free), rounded into 1 to 5.
constexpr double kSatisfactionBest = 4.7;
constexpr double kSatisfactionSlope = 0.28;
constexpr int kSatisfactionFreeDays = 2;
constexpr double kSatisfactionSpread = 0.8;
constexpr double kRatedShare = 0.60;

// ---- returns ------------------------------------------------------------------------------------

// A return reaches the shop this many days after delivery, uniformly.
constexpr int kReturnFirstDay = 3;
constexpr int kReturnLastDay = 21;

// ---- channels -----------------------------------------------------------------------------------

// Orders of a channel are proportional to base + lift * hill(adstock). Spend is in money per order
// of an average day; half_saturation in multiples of the adstock that the mean spend sustains.
struct Channel {
    const char* name;
    bool is_paid;
    double base;
    double lift;
    double carryover;
    double half_saturation;
    double shape;
    double mean_spend;
    double cost_per_click;
    double click_rate;
};
constexpr std::array<Channel, 6> kChannels = {{
    {"Direct", false, 0.27, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0},
    {"Organic Search", false, 0.22, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0},
    {"Email", false, 0.10, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0},
    {"Paid Search", true, 0.06, 0.40, 0.30, 1.50, 1.2, 2.50, 0.45, 0.040},
    {"Paid Social", true, 0.03, 0.26, 0.60, 1.00, 1.0, 2.50, 0.30, 0.012},
    {"Display", true, 0.01, 0.10, 0.80, 0.35, 1.5, 2.00, 0.60, 0.002},
}};
// Spend changes by week to one of these multiples of the mean: evidence for the curves.
constexpr std::array<double, 6> kFlights = {0.0, 0.4, 0.8, 1.0, 1.5, 2.3};

constexpr std::array<const char*, 6> kPaymentMethods = {
    "Card", "Wallet", "Bank Transfer", "Pay Later", "Gift Card", "Cash on Delivery"};

// ---- the decline --------------------------------------------------------------------------------

// From the first day of the third last month on, these lines are kept with this probability.
constexpr RegionIndex kDeclineRegion = kWest;
constexpr CategoryIndex kDeclineCategory = kElectronics;
constexpr double kDeclineFactor = 0.15;
constexpr int kDeclineMonthsBeforeEnd = 3;

// ---- places -------------------------------------------------------------------------------------

constexpr const char* kCountry = "Aurelia";
struct State {
    RegionIndex region;
    const char* name;
    std::array<const char*, 3> cities;  // each twice as big as the next
};
constexpr std::array<State, 10> kStates = {{
    {kNorth, "Frostmark", {"Norhaven", "Skelby", "Tarnwick"}},
    {kNorth, "Highmoor", {"Cairnford", "Loxley", "Braemoor"}},
    {kSouth, "Solvale", {"Port Sol", "Marisal", "Olivena"}},
    {kSouth, "Sunreach", {"Aurelia City", "Calden", "Rosario"}},
    {kSouth, "Palmera", {"Palmera", "Costanza", "Vinaro"}},
    {kEast, "Eastmere", {"Merebridge", "Lindholm", "Osterby"}},
    {kEast, "Riverland", {"Riverton", "Deltaford", "Weirham"}},
    {kWest, "Westhaven", {"Westhaven", "Harborough", "Gullport"}},
    {kWest, "Copperfield", {"Coppergate", "Minesbury", "Oreton"}},
    {kWest, "Duneshire", {"Dunesend", "Sandford", "Marram"}},
}};
constexpr int kPostalCodesPerCity = 2;

}  // namespace ecom::core::plants
