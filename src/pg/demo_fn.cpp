// ecom_internal.demo_fill: the demo shop as rows of a mart.
#include "core/demo/demo_shop.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "pg/call_site.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/numeric.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

std::int32_t date_key(std::int32_t day) {
    int year;
    int month;
    int day_of_month;
    j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
    return year * 10000 + month * 100 + day_of_month;
}

// One row under construction, inside call(): values are added in the order of the columns, and what
// they point to is freed when the row is stored.
class Row {
public:
    explicit Row(BatchInsert& target) : target_(target) {}

    void text(const std::string& v) { add(PointerGetDatum(make_text_unguarded(v)), true); }
    void integer(std::int32_t v) { add(Int32GetDatum(v), false); }
    void bigint(std::int64_t v) { add(Int64GetDatum(v), false); }
    void boolean(bool v) { add(BoolGetDatum(v), false); }
    void date(std::int32_t v) { add(DateADTGetDatum(v), false); }
    void timestamp(std::int64_t v) { add(TimestampGetDatum(v), false); }
    // Hundredths as numeric(18,4), the type of money in the mart.
    void money(std::int64_t v) {
        add(NumericGetDatum(int64_div_fast_to_numeric(v * 100, 4)), true);
    }
    void spend(std::int64_t v) { add(NumericGetDatum(int64_div_fast_to_numeric(v, 2)), true); }
    void integer_or_null(std::int32_t v, bool is_null) {
        nulls_[columns_] = is_null;
        integer(v);
    }

    void put() {
        target_.put_unguarded(values_, nulls_);
        for (int i = 0; i < columns_; ++i)
            if (owned_[i]) pfree(DatumGetPointer(values_[i]));
    }

private:
    static constexpr int kMostColumns = 20;

    void add(Datum v, bool owned) {
        values_[columns_] = v;
        owned_[columns_++] = owned;
    }

    BatchInsert& target_;
    Datum values_[kMostColumns];
    bool nulls_[kMostColumns] = {};
    bool owned_[kMostColumns];
    int columns_ = 0;
};

// Inserts a whole vector; `fill` writes one element, its key first where the table has one.
template <typename T, typename Fill>
void insert_all(const std::string& table, const std::string& columns, const std::vector<T>& rows,
                Fill fill) {
    BatchInsert target(table, columns);
    std::int32_t key = 0;
    for (const T& row : rows) {
        ++key;
        call([&] {
            Row out(target);
            fill(out, key, row);
            out.put();
        });
    }
    target.flush();
}

void insert_dimensions(const std::string& mart, const core::DemoShop& shop) {
    insert_all(mart + ".dim_geography",
               "geography_key, country, region, state, city, postal_code", shop.geographies(),
               [](Row& out, std::int32_t key, const core::DemoGeography& g) {
                   out.integer(key);
                   out.text(g.country);
                   out.text(g.region);
                   out.text(g.state);
                   out.text(g.city);
                   out.text(g.postal_code);
               });
    insert_all(mart + ".dim_product",
               "product_key, product_id, name, category, sub_category, brand, unit_cost, "
               "list_price, stock_quantity, lead_time_days",
               shop.products(), [](Row& out, std::int32_t key, const core::DemoProduct& p) {
                   out.integer(key);
                   out.text(p.product_id);
                   out.text(p.name);
                   out.text(p.category);
                   out.text(p.sub_category);
                   out.text(p.brand);
                   out.money(p.unit_cost);
                   out.money(p.list_price);
                   out.integer(p.stock_quantity);
                   out.integer(p.lead_time_days);
               });
    insert_all(mart + ".dim_channel", "channel_key, name, is_paid", shop.channels(),
               [](Row& out, std::int32_t key, const core::DemoChannel& c) {
                   out.integer(key);
                   out.text(c.name);
                   out.boolean(c.is_paid);
               });
    insert_all(mart + ".dim_payment_method", "payment_method_key, name", shop.payment_methods(),
               [](Row& out, std::int32_t key, const core::DemoPaymentMethod& p) {
                   out.integer(key);
                   out.text(p.name);
               });
    insert_all(mart + ".dim_shipping_method", "shipping_method_key, name, carrier",
               shop.shipping_methods(),
               [](Row& out, std::int32_t key, const core::DemoShippingMethod& s) {
                   out.integer(key);
                   out.text(s.name);
                   out.text(s.carrier);
               });
    insert_all(mart + ".fact_marketing_spend",
               "spend_date_key, channel_key, spend_amount, impressions, clicks",
               shop.marketing_spend(), [](Row& out, std::int32_t, const core::DemoSpend& s) {
                   out.integer(date_key(s.day));
                   out.integer(s.channel_key);
                   out.spend(s.spend);
                   out.bigint(s.impressions);
                   out.bigint(s.clicks);
               });
}

void insert_customers(const std::string& mart, const core::DemoShop& shop, core::Host& host) {
    constexpr std::int32_t kAtOnce = 10000;
    BatchInsert target(mart + ".dim_customer",
                       "customer_key, customer_id, name, segment, age_group, gender, "
                       "acquisition_date, geography_key");
    for (std::int32_t key = 1; key <= shop.params().customers; ++key) {
        const core::DemoCustomer c = shop.customer(key);
        call([&] {
            Row out(target);
            out.integer(key);
            out.text(c.customer_id);
            out.text(c.name);
            out.text(c.segment);
            out.text(c.age_group);
            out.text(c.gender);
            out.date(c.acquisition_day);
            out.integer(c.geography_key);
            out.put();
        });
        host.poll();
        if (key % kAtOnce == 0) target.flush();
    }
    target.flush();
}

std::int64_t insert_lines(const std::string& mart, const core::DemoShop& shop, core::Host& host) {
    constexpr std::int64_t kOrdersAtOnce = 2000;
    const std::int64_t orders = shop.params().orders;
    BatchInsert target(mart + ".fact_sales",
                       "sales_key, order_date_key, ship_date_key, customer_key, product_key, "
                       "geography_key, channel_key, payment_method_key, shipping_method_key, "
                       "order_id, line_number, ordered_at, quantity, unit_price, discount_amount, "
                       "revenue_amount, cost_amount, is_return, delivery_days, "
                       "satisfaction_score");
    std::vector<core::DemoLine> lines;
    std::int64_t sales_key = 0;
    for (std::int64_t first = 1; first <= orders; first += kOrdersAtOnce) {
        host.progress(first - 1, orders);
        shop.lines(host, first, kOrdersAtOnce, lines);
        for (const core::DemoLine& line : lines) {
            const std::string order_id = core::demo_order_id(line);
            call([&] {
                Row out(target);
                out.bigint(++sales_key);
                out.integer(date_key(line.order_day));
                out.integer(line.ship_day == core::kNoDay ? 0 : date_key(line.ship_day));
                out.integer(line.customer_key);
                out.integer(line.product_key);
                out.integer(line.geography_key);
                out.integer(line.channel_key);
                out.integer(line.payment_method_key);
                out.integer(line.shipping_method_key);
                out.text(order_id);
                out.integer(line.line_number);
                out.timestamp(line.ordered_at);
                out.money(static_cast<std::int64_t>(line.quantity) * 100);
                out.money(line.unit_price);
                out.money(line.discount);
                out.money(line.revenue);
                out.money(line.cost);
                out.boolean(line.is_return);
                out.integer_or_null(line.delivery_days, line.delivery_days < 0);
                out.integer_or_null(line.satisfaction, line.satisfaction == 0);
                out.put();
            });
        }
        host.poll();
        target.flush();
    }
    host.progress(orders, orders);
    return sales_key;
}

}  // namespace

// (mart name, customers int, orders bigint, months int, seed bigint, end_date date) returns
// (line_count bigint, holiday_dates date[], holiday_names text[])
ECOM_FUNCTION(ecom_demo_fill) {
    BackendHost host;
    core::DemoParams params;
    params.customers = PG_GETARG_INT32(1);
    params.orders = PG_GETARG_INT64(2);
    params.months = PG_GETARG_INT32(3);
    params.seed = static_cast<std::uint64_t>(PG_GETARG_INT64(4));
    params.end_day = PG_GETARG_DATEADT(5);
    const core::DemoShop shop(host, params);
    const std::string mart = call([&] { return quote_identifier(NameStr(*PG_GETARG_NAME(0))); });

    insert_dimensions(mart, shop);
    insert_customers(mart, shop, host);
    const std::int64_t lines = insert_lines(mart, shop, host);

    std::vector<Datum> days;
    std::vector<Datum> names;
    for (const core::DemoHoliday& holiday : shop.holidays()) {
        days.push_back(DateADTGetDatum(holiday.day));
        names.push_back(text_datum(holiday.name));
    }
    Datum values[3] = {
        Int64GetDatum(lines),
        call([&] {
            return PointerGetDatum(construct_array(days.data(), static_cast<int>(days.size()),
                                                   DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
        }),
        call([&] {
            return PointerGetDatum(construct_array(names.data(), static_cast<int>(names.size()),
                                                   TEXTOID, -1, false, TYPALIGN_INT));
        }),
    };
    bool nulls[3] = {};
    return row_datum(CallSite::of(fcinfo).row_type(fcinfo), values, nulls);
}
