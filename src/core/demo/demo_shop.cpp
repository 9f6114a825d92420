#include "core/demo/demo_shop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"
#include "core/demo/baskets.hpp"
#include "core/demo/calendar.hpp"
#include "core/demo/catalogue.hpp"
#include "core/demo/demand.hpp"
#include "core/demo/plants.hpp"
#include "core/demo/population.hpp"
#include "core/demo/row_id.hpp"
#include "core/demo/streams.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::int32_t kMostCustomers = 10'000'000;
constexpr std::int64_t kMostOrders = 100'000'000;
constexpr std::int32_t kMostMonths = 240;
constexpr int kFirstEndYear = 1995;
constexpr int kLastEndYear = 2099;

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int32_t kSecondsPerDay = 86400;
constexpr std::int32_t kReturnsOpen = 9 * 3600;     // returns are booked in office hours
constexpr std::int32_t kReturnsSeconds = 8 * 3600;

constexpr std::int32_t kMostUnits = 12;  // of one draw; a product drawn twice may have more

constexpr std::array<const char*, 24> kFirstNames = {
    "Ada",  "Bruno", "Clara", "Dario", "Elena", "Felix", "Greta", "Hugo",
    "Irma", "Jonas", "Karla", "Leon",  "Mira",  "Nils",  "Olga",  "Pavel",
    "Rosa", "Simon", "Tessa", "Umar",  "Vera",  "Wim",   "Yara",  "Zeno"};
constexpr std::array<const char*, 24> kLastNames = {
    "Abel",   "Brandt",  "Castell", "Dorn",   "Ekberg", "Farrow", "Grande", "Holm",
    "Ivarson", "Jensen", "Kessler", "Lindt",  "Moreno", "Novak",  "Orsini", "Petrov",
    "Quist",  "Rinaldi", "Sorel",   "Tanner", "Ullman", "Vidal",  "Winter", "Zeller"};

void require_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return;
    const std::string range = std::to_string(low) + " to " + std::to_string(high);
    throw Error(ErrorCode::kInvalidArgument,
                std::string(name) + " must be in the range " + range + ", got " +
                    std::to_string(value),
                std::string("Choose ") + name + " in the range " + range + ".");
}

std::string date_text(const CivilDate& date) {
    const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(date.year) + "-" + two(date.month) + "-" + two(date.day);
}

}  // namespace

void DemoParams::check() const {
    require_range("customers", customers, 1, kMostCustomers);
    require_range("orders", orders, 1, kMostOrders);
    require_range("months", months, 1, kMostMonths);
    const std::int32_t first = day_number({kFirstEndYear, 1, 31});
    const std::int32_t last = day_number({kLastEndYear, 12, 31});
    const std::string hint = "Choose the last day of a month, 1995-01-31 to 2099-12-31.";
    if (end_day < first || end_day > last)
        throw Error(ErrorCode::kInvalidArgument, "end date is out of range", hint);
    const CivilDate end = civil_date(end_day);
    if (end.day != days_in_month(end.year, end.month))
        throw Error(ErrorCode::kInvalidArgument,
                    "end date " + date_text(end) + " is not the last day of a month", hint);
}

std::string demo_order_id(const DemoLine& line) {
    constexpr std::size_t kDigits = 9;
    return row_id(line.is_return ? 'R' : 'S', line.order_number, kDigits);
}

struct DemoShop::Plan {
    Plan(Host& host, const DemoParams& given);

    DemoParams params;
    Demand demand;
    Catalogue catalogue;
    Baskets baskets;
    Population population;
    std::vector<OrderHeader> orders;
    std::vector<DemoChannel> channels;
    std::vector<DemoPaymentMethod> payment_methods;
    std::vector<DemoShippingMethod> shipping_methods;
    DemoDecline decline;
    std::int32_t decline_day;  // counted from the first day; days() when there is none

    struct Item {
        std::int32_t product;
        std::int32_t quantity;
    };
    // The lines of one order; a product drawn twice is one line with the sum of the units.
    class Basket {
    public:
        void add(std::int32_t product, std::int32_t quantity) {
            for (std::size_t i = 0; i < size_; ++i)
                if (items_[i].product == product) {
                    items_[i].quantity += quantity;
                    return;
                }
            items_[size_++] = {product, quantity};
        }
        std::size_t size() const { return size_; }
        const Item& operator[](std::size_t i) const { return items_[i]; }

    private:
        // Every drawn line may bring a companion, and the customer's staple comes on top.
        std::array<Item, 2 * plants::kMaxDrawnLines + 1> items_;
        std::size_t size_ = 0;
    };

    bool is_lost(Rng& rng, std::int32_t day, std::size_t region, std::size_t category) const;
    std::int32_t draw_quantity(Rng& rng, std::int32_t product) const;
    Basket draw_basket(Rng& rng, std::int32_t day, const CustomerState& customer) const;
    void append_lines(std::int64_t number, std::vector<DemoLine>& out) const;
    void append_returns(Rng& rng, std::int32_t delivered, std::size_t first,
                        std::vector<DemoLine>& out) const;
};

DemoShop::Plan::Plan(Host& host, const DemoParams& given)
    : params(given),
      demand(host, params),
      catalogue(host, params, demand.orders_per_day()),
      baskets(host, demand, catalogue),
      population(host, params, demand, catalogue),
      orders(population.orders(host)) {
    for (const auto& channel : plants::kChannels)
        channels.push_back({channel.name, channel.is_paid});
    for (const char* const name : plants::kPaymentMethods) payment_methods.push_back({name});
    for (const auto& method : plants::kShippingMethods)
        shipping_methods.push_back({method.name, method.carrier});

    decline = {plants::kRegions[plants::kDeclineRegion].name,
               plants::kCategories[plants::kDeclineCategory].name, kNoDay, plants::kDeclineFactor};
    decline_day = demand.days();
    if (params.months > 1) {
        const std::int32_t month = std::max(1, params.months - plants::kDeclineMonthsBeforeEnd);
        decline_day = 0;
        while (demand.day(decline_day).month < month) ++decline_day;
        decline.first_day = demand.first_day() + decline_day;
    }
}

bool DemoShop::Plan::is_lost(Rng& rng, std::int32_t day, std::size_t region,
                             std::size_t category) const {
    return day >= decline_day && region == plants::kDeclineRegion &&
           category == plants::kDeclineCategory && !rng.bernoulli(plants::kDeclineFactor);
}

std::int32_t DemoShop::Plan::draw_quantity(Rng& rng, std::int32_t product) const {
    const double again = plants::kCategories[catalogue.category(product)].multi_rate;
    std::int32_t quantity = 1;
    while (quantity < kMostUnits && rng.bernoulli(again)) ++quantity;
    return quantity;
}

DemoShop::Plan::Basket DemoShop::Plan::draw_basket(Rng& rng, std::int32_t day,
                                                   const CustomerState& customer) const {
    const std::int32_t month = demand.day(day).month;
    const std::size_t region = population.region(customer.geography);
    std::array<std::int32_t, plants::kMaxDrawnLines> drawn;
    std::size_t count = 0;
    Basket basket;
    const auto put = [&](std::int32_t product) {
        if (is_lost(rng, day, region, catalogue.category(product))) return false;
        basket.add(product, draw_quantity(rng, product));
        return true;
    };
    // Prices and promotions move what is added as they move what is drawn.
    const auto appeal = [&](std::int32_t product) {
        return catalogue.response(month, product) *
               baskets.offer(day, catalogue.category(product)).uplift;
    };
    // An order has a line: when the decline took them all, others are drawn.
    while (count == 0) {
        const int wanted = baskets.draw_line_count(rng, day, customer.segment, customer.taste);
        for (int i = 0; i < wanted; ++i) {
            const std::size_t cell = baskets.draw_cell(rng, day, customer.segment, customer.taste);
            const std::int32_t product = catalogue.draw(rng, month, cell);
            if (put(product)) drawn[count++] = product;
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t companion = catalogue.companion(drawn[i]);
        if (companion >= 0 && rng.bernoulli(plants::kAffinityProbability * appeal(companion)))
            put(companion);
    }
    if (customer.staple >= 0 &&
        rng.bernoulli(plants::kStapleProbability * appeal(customer.staple)))
        put(customer.staple);
    return basket;
}

void DemoShop::Plan::append_lines(std::int64_t number, std::vector<DemoLine>& out) const {
    const OrderHeader& header = orders[static_cast<std::size_t>(number - 1)];
    const CustomerState& customer = population.customer(header.customer);
    const auto& segment = plants::kSegments[customer.segment];
    const auto day = static_cast<std::int32_t>(header.second / kSecondsPerDay);
    const std::int32_t month = demand.day(day).month;
    const std::int32_t shipped = day + header.experience.processing_days;
    const std::int32_t delivered = day + header.experience.delivery_days;
    const bool is_shipped = shipped < demand.days();
    const bool is_delivered = delivered < demand.days();
    Rng rng = demo_stream(params.seed, DemoStream::kOrder, static_cast<std::uint64_t>(number));

    DemoLine line{};
    line.order_number = static_cast<std::int32_t>(number);
    line.ordered_at =
        (static_cast<std::int64_t>(demand.first_day()) * kSecondsPerDay + header.second) *
        kMicrosecondsPerSecond;
    line.order_day = demand.first_day() + day;
    line.ship_day = is_shipped ? demand.first_day() + shipped : kNoDay;
    line.customer_key = static_cast<std::int32_t>(header.customer) + 1;
    line.geography_key = customer.geography + 1;
    line.channel_key = static_cast<std::int32_t>(demand.draw_channel(rng, day)) + 1;
    line.payment_method_key = static_cast<std::int32_t>(pick_share(rng, segment.payment)) + 1;
    line.shipping_method_key = header.experience.shipping_method + 1;
    line.delivery_days = is_delivered ? header.experience.delivery_days : -1;
    const bool is_rated = rng.bernoulli(plants::kRatedShare);
    line.satisfaction = is_delivered && is_rated ? header.experience.satisfaction : 0;
    const double coupon = rng.bernoulli(segment.coupon_rate) ? plants::kCouponDiscount : 0.0;

    const std::size_t first = out.size();
    const Basket basket = draw_basket(rng, day, customer);
    for (std::size_t i = 0; i < basket.size(); ++i) {
        const Item& item = basket[i];
        const double promotion = baskets.offer(day, catalogue.category(item.product)).discount;
        line.line_number = static_cast<std::int32_t>(i) + 1;
        line.product_key = item.product + 1;
        line.quantity = item.quantity;
        line.unit_price = catalogue.price(month, item.product);
        const std::int64_t gross = line.quantity * line.unit_price;
        line.discount = std::llround(static_cast<double>(gross) *
                                     (promotion > 0.0 ? promotion : coupon));
        line.revenue = gross - line.discount;
        line.cost = line.quantity * catalogue.unit_cost(item.product);
        out.push_back(line);
    }
    if (is_delivered) append_returns(rng, delivered, first, out);
}

// A returned line comes back whole, all of an order's together, for the money that was paid.
void DemoShop::Plan::append_returns(Rng& rng, std::int32_t delivered, std::size_t first,
                                    std::vector<DemoLine>& out) const {
    constexpr int kReturnDays = plants::kReturnLastDay - plants::kReturnFirstDay + 1;
    const std::int32_t day =
        delivered + plants::kReturnFirstDay + static_cast<std::int32_t>(rng.below(kReturnDays));
    if (day >= demand.days()) return;
    const std::int64_t second =
        kReturnsOpen + static_cast<std::int64_t>(rng.below(kReturnsSeconds));
    const std::size_t last = out.size();
    std::int32_t line_number = 0;
    for (std::size_t i = first; i < last; ++i) {
        const std::size_t category = catalogue.category(out[i].product_key - 1);
        if (!rng.bernoulli(plants::kCategories[category].return_rate)) continue;
        DemoLine line = out[i];
        line.is_return = true;
        line.line_number = ++line_number;
        line.order_day = demand.first_day() + day;
        line.ordered_at = (static_cast<std::int64_t>(line.order_day) * kSecondsPerDay + second) *
                          kMicrosecondsPerSecond;
        line.ship_day = kNoDay;
        line.delivery_days = -1;
        line.satisfaction = 0;
        line.quantity = -line.quantity;
        line.discount = -line.discount;
        line.revenue = -line.revenue;
        line.cost = -line.cost;
        out.push_back(line);
    }
}

std::size_t DemoShop::bytes_needed(const DemoParams& params) {
    std::size_t bytes = Demand::bytes_needed(params);
    bytes = add_size(bytes, Catalogue::bytes_needed(params));
    bytes = add_size(bytes, Baskets::bytes_needed(params));
    return add_size(bytes, Population::bytes_needed(params));
}

DemoShop::DemoShop(Host& host, const DemoParams& params) {
    params.check();
    require_memory(host, bytes_needed(params),
                   "a demo shop of " + std::to_string(params.orders) + " orders");
    plan_ = std::make_unique<const Plan>(host, params);
}

DemoShop::~DemoShop() = default;
DemoShop::DemoShop(DemoShop&&) noexcept = default;
DemoShop& DemoShop::operator=(DemoShop&&) noexcept = default;

const DemoParams& DemoShop::params() const { return plan_->params; }
std::int32_t DemoShop::first_day() const { return plan_->demand.first_day(); }
std::int32_t DemoShop::last_day() const { return plan_->params.end_day; }

const std::vector<DemoGeography>& DemoShop::geographies() const {
    return plan_->population.geographies();
}
const std::vector<DemoProduct>& DemoShop::products() const { return plan_->catalogue.products(); }
const std::vector<DemoChannel>& DemoShop::channels() const { return plan_->channels; }
const std::vector<DemoPaymentMethod>& DemoShop::payment_methods() const {
    return plan_->payment_methods;
}
const std::vector<DemoShippingMethod>& DemoShop::shipping_methods() const {
    return plan_->shipping_methods;
}
const std::vector<DemoHoliday>& DemoShop::holidays() const { return plan_->demand.holidays(); }
const std::vector<DemoSpend>& DemoShop::marketing_spend() const { return plan_->demand.spend(); }
const std::vector<DemoPromotion>& DemoShop::promotions() const {
    return plan_->baskets.promotions();
}
const std::vector<DemoAffinity>& DemoShop::affinities() const {
    return plan_->catalogue.affinities();
}
const std::vector<DemoResponse>& DemoShop::responses() const { return plan_->demand.responses(); }
const DemoDecline& DemoShop::decline() const { return plan_->decline; }

DemoCustomer DemoShop::customer(std::int32_t customer_key) const {
    require_range("customer key", customer_key, 1, plan_->params.customers);
    constexpr std::size_t kDigits = 8;
    const auto index = static_cast<std::size_t>(customer_key - 1);
    const CustomerState& state = plan_->population.customer(index);
    const auto& segment = plants::kSegments[state.segment];
    Rng rng = demo_stream(plan_->params.seed, DemoStream::kProfile, index);
    DemoCustomer customer;
    customer.customer_id = row_id('C', customer_key, kDigits);
    customer.name = std::string(kFirstNames[rng.below(kFirstNames.size())]) + " " +
                    kLastNames[rng.below(kLastNames.size())];
    customer.segment = segment.name;
    customer.age_group = plants::kAgeGroups[pick_share(rng, segment.age)];
    customer.gender = plants::kGenders[pick_share(rng, plants::kGenderMix)];
    customer.acquisition_day = plan_->demand.first_day() + state.acquisition;
    customer.geography_key = state.geography + 1;
    return customer;
}

void DemoShop::lines(Host& host, std::int64_t first_order, std::int64_t count,
                     std::vector<DemoLine>& out) const {
    constexpr std::int64_t kPollOrders = 1024;
    require_range("first order", first_order, 1, std::numeric_limits<std::int64_t>::max());
    require_range("order count", count, 0, std::numeric_limits<std::int64_t>::max());
    out.clear();
    const std::int64_t orders = plan_->params.orders;
    if (first_order > orders) return;
    const std::int64_t last = first_order - 1 + std::min(count, orders - first_order + 1);
    for (std::int64_t number = first_order; number <= last; ++number) {
        if (number % kPollOrders == 0) host.poll();
        plan_->append_lines(number, out);
    }
}

}  // namespace ecom::core
