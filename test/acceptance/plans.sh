#!/usr/bin/env bash
# Money, staff, stock, assignments and budgets to the digits of textbooks and other programs; elasticities on the published price data of
# R's bayesm (Debian: r-cran-bayesm); uplift on Hillstrom's e-mail campaign where that is at hand.
. "$(dirname "$0")/lib/tests.sh"
known=$reference/recommend_reference.json
need plans "$known"
load_reference "$known"

# ---- staff
close "Erlang B and C" 1e-12 "select v.* from reference, jsonb_each(doc -> 'erlang' -> 'values') e (key, value),
    lateral (select split_part(key, ',', 1)::float8 as load, split_part(key, ',', 2)::int as servers) k,
    lateral (values ((value ->> 'B')::float8, ecom.erlang_b(load, servers)), ((value ->> 'C')::float8, ecom.erlang_c(load, servers))) v (expected, actual)"
close "agents for 80 percent within 20 seconds" 0 "select value::float8 as expected, a.agents::float8 as actual
    from reference, jsonb_each_text(doc -> 'erlang' -> 'agents_for_80_20') e (key, value),
         lateral ecom.agents_needed(split_part(key, '/', 1)::float8, rtrim(split_part(key, 'aht ', 2), 's')::float8) a"
close "Mitan's call centre" 1e-12 "select v.* from reference, lateral (select doc -> 'erlang' -> 'mitan_example' as m) e,
    lateral ecom.agents_needed(3600 * (m ->> 'calls')::float8 / (m ->> 'interval_s')::float8, (m ->> 'aht_s')::float8, 0.84, 15) a,
    lateral (values ((m ->> 'agents')::float8, a.agents::float8), ((m ->> 'A')::float8, a.offered_load), ((m ->> 'rho')::float8, a.occupancy),
                    ((m ->> 'C')::float8, a.wait_probability), ((m ->> 'asa_s')::float8, a.mean_wait_seconds),
                    ((m ->> 'service_level_15s')::float8, a.reached_level)) v (expected, actual)"

# ---- stock
close "order quantities" 1e-12 "select v.* from (values ($(number 'inventory,eoq_D1000_S10_H0.5,Q'), ecom.eoq(1000, 10, 0.5)),
    ($(number 'inventory,epq_D1000_S10_H0.5_d4_p8'), ecom.eoq(1000, 10, 0.5, 2000)),
    ($(number 'inventory,newsvendor mu120 sd15 cu0.7 co0.3,Q'), ecom.newsvendor(120, 0.7, 0.3, 15)),
    ($(number 'inventory,newsvendor_poisson mu20 cu5 co1,Q'), ecom.newsvendor(20, 5, 1)),
    ($(number 'inventory,fill_rate Q200 sigmaL30 z1'), ecom.fill_rate(200, 30, 30))) v (expected, actual)"
close "quantity discounts" 1e-12 "select v.* from reference, lateral (select doc -> 'inventory' -> 'quantity_discount_D5000_S49_I0.2' as q) e,
    lateral (select array_agg((b ->> 0)::float8) as quantities, array_agg((b ->> 1)::float8) as costs from jsonb_array_elements(q -> 'breaks') b) b,
    lateral ecom.order_with_discounts(5000, 49, 0.2, b.quantities, b.costs) o,
    lateral (values ((q ->> 'Q')::float8, o.order_quantity), ((q ->> 'unit')::float8, o.unit_cost), ((q ->> 'total')::float8, o.total_cost)) v (expected, actual)"
close "reorder points" 1e-12 "select v.* from ecom.reorder_point(350, 10, 1) a, ecom.reorder_point(100, 20, 9, 0.95, 2) b, lateral (values
    ($(number 'inventory,rop_mu350_sd10_sl95,safety'), a.safety_stock), ($(number 'inventory,rop_mu350_sd10_sl95,rop'), a.reorder_point),
    ($(number 'inventory,"rop_var_demand_leadtime d=100 sd=20 L=9 sL=2 sl=.95",sigma_dL'), b.sigma),
    ($(number 'inventory,"rop_var_demand_leadtime d=100 sd=20 L=9 sL=2 sl=.95",rop'), b.reorder_point)) v (expected, actual)"
close "unit normal loss" 1e-12 "select value::float8 as expected, 1 - ecom.fill_rate(1, 1, key::float8) as actual
    from reference, jsonb_each_text(doc -> 'inventory' -> 'unit_loss_L(z)')"

# ---- money
flows() { # KEY PLACE: the flows of each case as rows (n, period, amount, expected)
    echo "select c.n, f.n - 1 as period, f.amount::float8 as amount, (c.value ->> $2)::float8 as expected
          from reference, jsonb_array_elements(doc -> 'roi' -> '$1') with ordinality c (value, n),
               jsonb_array_elements_text(case jsonb_typeof(c.value -> 0) when 'array' then c.value -> 0 else c.value -> 1 end) with ordinality f (amount, n)"
}
close "internal rates" 1e-12 "select min(expected) as expected, ecom.irr(period, amount) as actual from ($(flows irr 1)) f group by n"
close "net present values" 1e-12 "select min(expected) as expected, ecom.npv(period, amount, case n when 1 then 0.08 else 0.1 end) as actual from ($(flows npv_t0 2)) f group by n"
close "a spreadsheet's net present value" 1e-12 "select min(expected) as expected, ecom.npv(period + 1, amount, 0.1) as actual from ($(flows npv_excel_first_flow_at_t1 2)) f group by n"
close "payback" 1e-12 "select min(expected) as expected, ecom.payback(period, amount) as actual from ($(flows payback 1)) f group by n"
close "discounted payback" 1e-12 "select min(expected) as expected, ecom.payback(period, amount, 0.1) as actual from ($(flows discounted_payback_10pct 1)) f group by n"
close "modified rate" 1e-12 "select min(expected) as expected, (ecom.roi(period, amount, 0.1, 0.12)).mirr as actual from ($(flows mirr_10_12 1)) f group by n"
close "profitability index" 1e-12 "select min(expected) as expected, (ecom.roi(period, amount, 0.1)).profitability_index as actual from ($(flows profitability_index_10pct 1)) f group by n"
close "simple return" 1e-12 "select min(expected) as expected, (ecom.roi(period, amount, 0.1)).roi as actual from ($(flows simple_roi 1)) f group by n"
is "several rates and none" "2||0|" "$(sql "select (m).irr_count, (m).irr, (o).irr_count, (o).irr from
    (select ecom.roi(n, a, 0.1) as m from unnest(array[-1600, 10000, -10000]) with ordinality f (a, n)) x,
    (select ecom.roi(n, a, 0.1) as o from unnest(array[100, -200, 150]) with ordinality f (a, n)) y")"

# ---- price
close "best prices" 1e-6 "select v.* from (values
    ($(number 'pricing,constant_elasticity_pstar c=1 eps=-3.13871325556'), (select price from ecom.optimal_price(1.5, 1, -3.13871325556, max_change => 0.5))),
    ($(number 'pricing,linear_demand a=100 b=2 c=10 p*'), ecom.price_for_demand('linear', 100, 2, 10)),
    ($(number 'pricing,"logit_demand U=2-1*p c=1: p* solves p=c+1/(b(1-s))"'), ecom.price_for_demand('logit', 2, 1, 1)),
    ($(number 'pricing,"semilog q=exp(a-b p) p*=c+1/b b=.5 c=3"'), ecom.price_for_demand('semi_log', 1, 0.5, 3))) v (expected, actual)"

# ---- budget
curves() { echo "(select (c ->> 0)::float8 as beta, (c ->> 1)::float8 as alpha, (c ->> 2)::float8 as half, n from reference, jsonb_array_elements(doc #> '{$1}') with ordinality c (c, n))"; }
close "a division among concave curves" 1e-6 "with a as (select n, ecom.allocate_budget(beta, alpha, half, 200) over (order by n) as a from $(curves budget,hill_concave,channels_beta_alpha_inflexion) c)
    select (doc #>> array['budget', 'hill_concave', 'x', (n - 1)::text])::float8 as expected, (a).amount as actual from reference, a
    union all select $(number budget,hill_concave,lambda), (a).marginal_response from a
    union all select $(number budget,hill_concave,response), sum((a).response) from a"
close "a division among S-shaped curves" 1e-9 "select $(number budget,hill_s_shaped,response) as expected, sum((a).response) as actual
    from (select ecom.allocate_budget(beta, alpha, half, 150) over (order by n) as a from $(curves budget,hill_s_shaped,channels) c) a"
saturation() { # NAME HALF SHAPE REFERENCE SPENDS
    close "$1" 1e-12 "select e.value::float8 as expected, r.response as actual from reference, jsonb_array_elements_text(doc #> '{budget,$4}') with ordinality e (value, n)
        join unnest(array[$5]) with ordinality x (spend, n) using (n),
        lateral ecom.channel_response(row ('fitted', 0, 0, 0, 1, 0, 1, 0, 0, 0, $2, $3, $2, 0, 0, null)::ecom.channel_response_result, x.spend) r"
}
saturation "Robyn's saturation" 100 3 '"robyn_saturation_hill x=(100,150,170,190,200) alpha3 gamma.5 (inflexion=max*gamma, v>=2025)"' 100,150,170,190,200
saturation "Robyn's older saturation" 150 3 '"same with older range dot-product inflexion=150"' 100,150,170,190,200
saturation "Meridian's saturation" 50 2 'meridian,"hill ec=50 slope=2 at 25,50,100"' 25,50,100

# ---- choices and assignments
close "knapsack P01" 0 "select $(number knapsack_P01,optimal) as expected, sum(value) filter (where (c).is_chosen) as actual
    from (select p.value, ecom.choose_within_budget(p.value, w.value, $(number knapsack_P01,capacity)) over () as c from reference,
          jsonb_array_elements_text(doc #> '{knapsack_P01,profits}') with ordinality x (value, n) cross join lateral (select x.value::float8) p (value)
          join jsonb_array_elements_text(doc #> '{knapsack_P01,weights}') with ordinality y (value, n) using (n) cross join lateral (select y.value::float8) w (value)) o"
close "retention under a budget" 1e-12 "select $(number retention,optimal_profit) as expected, sum(profit) filter (where (c).option = 1) as actual
    from (select e.profit, ecom.choose_option_within_budget(array[e.profit], array[k.cost], $(number retention,budget)) over () as c from reference,
          jsonb_array_elements_text(doc #> '{retention,customers,eip}') with ordinality x (value, n) cross join lateral (select x.value::float8) e (profit)
          join jsonb_array_elements_text(doc #> '{retention,customers,cost}') with ordinality y (value, n) using (n) cross join lateral (select y.value::float8) k (cost)) o"
matrix() { echo "(select i, j, value::float8 as value from reference, jsonb_array_elements(doc #> '{$1}') with ordinality r (line, i), jsonb_array_elements_text(line) with ordinality c (value, j))"; }
close "the assignment problem" 1e-12 "select $(number assignment,total) as expected, max((a).total_cost) as actual
    from (select ecom.assign_cheapest(i, j, 1, value, 1, 0, 1) over () as a from $(matrix assignment,cost) m) o"
close "the transportation problem" 1e-12 "select $(number transport_executive_furniture,optimal_total) as expected, max((a).total_cost) as actual
    from (select ecom.transport_cheapest(j, i, (doc #>> array['transport_executive_furniture', 'demand', (j - 1)::text])::float8, value, 1, 0,
                                         (doc #>> array['transport_executive_furniture', 'supply', (i - 1)::text])::float8) over () as a
          from reference, $(matrix transport_executive_furniture,cost) m) o"
for sites in 1 2; do
    close "the p-median with $sites" 1e-12 "select $(number p_median,p$sites,0) as expected, max((a).total) as actual
        from (select ecom.choose_sites(i, j, (doc #>> array['p_median', 'weights', (i - 1)::text])::float8, value, $sites) over () as a from reference, $(matrix p_median,dist) m) o"
done

# ---- elasticities on published data
# bayesm NAME EXPRESSION: a data frame of the package as CSV.
bayesm() { Rscript -e "load(system.file('data/$1.rda', package = 'bayesm')); write.csv($2, stdout(), row.names = FALSE)" 2> /dev/null; }
if ! command -v Rscript > /dev/null || [ -z "$(Rscript -e 'cat(system.file(package = "bayesm"))')" ]; then
    skip "elasticities" "R's bayesm is not there"
else
    sql 'create table cheese (retailer text, volume float8, display float8, price float8)'
    bayesm cheese cheese | q -c '\copy cheese from pstdin with (format csv, header)'
    close "cheese, pooled" 1e-9 "select $(number pricing,cheese,pooled,1) as expected, (ecom.price_elasticity(price, volume, array[display])).elasticity as actual from cheese"
    # Slopes and classical errors in plain SQL, for ecom.price_elasticity gives none for the six retailers whose price hardly moved.
    sql "create view cheese_slope as
        select retailer, fit, slope, sqrt((syy - slope * sxy - coalesce((szy - slope * sxz) / szz * szy, 0)) / (n - 2 - (szz is not null)::int)
                                           / (sxx - coalesce(sxz ^ 2 / szz, 0))) as error
        from (select *, coalesce((sxy * szz - sxz * szy) / (sxx * szz - sxz ^ 2), sxy / sxx) as slope
              from (select retailer, count(*) as n, ecom.price_elasticity(price, volume, array[display]) as fit, regr_sxx(ln(volume), ln(price)) as sxx,
                           regr_syy(ln(volume), ln(price)) as syy, regr_sxy(ln(volume), ln(price)) as sxy, nullif(regr_sxx(ln(volume), display), 0) as szz,
                           regr_sxy(ln(volume), display) as szy, regr_sxy(ln(price), display) as sxz from cheese group by retailer) s) s"
    is "cheese, a steady price has no elasticity" "82 of 88" "$(sql "select count((fit).elasticity) || ' of ' || count(*) from cheese_slope")"
    close "cheese, elasticities of the others" 1e-9 "select slope as expected, (fit).elasticity as actual from cheese_slope where (fit).elasticity is not null"
    sql "create view cheese_shrunk as select *, ecom.shrink_estimates(slope, error) over () as s from cheese_slope"
    close "cheese, drawn together" 1e-8 "select v.* from (select (s).mean, (s).tau2 from cheese_shrunk limit 1) s, lateral (values
        ($(number pricing,cheese,DL,mu_re), mean), ($(number pricing,cheese,DL,tau2), tau2)) v (expected, actual)"
    close "cheese, retailers" 1e-8 "select v.* from reference, jsonb_each(doc #> '{pricing,cheese,EB_first5}') k (retailer, value) join cheese_shrunk c using (retailer),
        lateral (values ((value ->> 0)::float8, slope), ((value ->> 1)::float8, error), ((value ->> 2)::float8, (s).estimate)) v (expected, actual)"

    sql 'create table juice (store int, brand int, logmove float8, deal int, feat float8, price float8)'
    bayesm orangeJuice 'with(orangeJuice$yx, data.frame(store, brand, logmove, deal, feat, 64 * as.matrix(orangeJuice$yx[paste0("price", 1:11)])[cbind(seq_along(brand), brand)]))[orangeJuice$yx$brand %in% c(1, 5, 10), ]' |
        q -c '\copy juice from pstdin with (format csv, header)'
    is "orange juice, rows" 28947 "$(sql 'select count(*) from juice')"
    close "orange juice, by brand (Taddy's book)" 1e-9 "select v.* from (select ecom.price_elasticity(price, exp(logmove), array[(brand = 5)::int, (brand = 1)::int]::float8[]) as e from juice) s,
        lateral (values ($(number 'pricing,oj,m1_logprice+brand,log_price'), (e).elasticity), ($(number 'pricing,oj,m1_logprice+brand,se_HC1'), (e).standard_error),
                        ($(number 'pricing,oj,m1_logprice+brand,R2'), (e).r2)) v (expected, actual)"
    close "orange juice, a brand's own" 1e-9 "select $(number 'pricing,oj,m2_logprice*brand,log_price') + case brand when 5 then $(number 'pricing,oj,m2_logprice*brand,lp:minute.maid')
        when 1 then $(number 'pricing,oj,m2_logprice*brand,lp:tropicana') else 0 end as expected, (ecom.price_elasticity(price, exp(logmove))).elasticity as actual from juice group by brand"
    # The feature is a share of the week: the slope where it is f, by what it adds to the slope beyond f.
    close "orange juice, a brand's own with and without feature" 1e-9 "select (doc #>> array['pricing', 'oj', 'm3_logprice*brand*feat elasticities',
        case brand when 1 then 'tropicana' when 5 then 'minute.maid' else 'dominicks' end, f::text])::float8 as expected, elasticity as actual
        from reference, (select brand, f, (ecom.price_elasticity(price, exp(logmove), array[feat - f, (feat - f) * ln(price)])).elasticity
                         from juice, generate_series(0, 1) f group by brand, f) j"
    # Means of the stores taken off all columns: the stores' own levels (Frisch and Waugh, 1933).
    close "orange juice, within stores" 1e-9 "select $(number 'pricing,oj,m4 + store FE + feat + deal,log_price') as expected,
        (ecom.price_elasticity(exp(p), exp(y), array[minute, tropicana, f, d])).elasticity as actual
        from (select ln(price) - avg(ln(price)) over w as p, logmove - avg(logmove) over w as y, (brand = 5)::int - avg((brand = 5)::int) over w as minute,
                     (brand = 1)::int - avg((brand = 1)::int) over w as tropicana, feat - avg(feat) over w as f, deal - avg(deal) over w as d
              from juice window w as (partition by store)) j"
fi

# ---- uplift on Hillstrom's e-mail campaign (The MineThatData E-Mail Analytics And Data Mining Challenge, 2008)
if [ ! -r "$data/hillstrom.csv" ]; then
    skip "uplift" "hillstrom.csv is not there"
else
    columns=$(head -n 1 "$data/hillstrom.csv" | tr -d '\r' | sed 's/[^,]*/"&" text/g')
    sql "create table hillstrom ($columns)"
    q -c '\copy hillstrom from pstdin with (format csv, header)' < "$data/hillstrom.csv"
    close "arms of the campaign" 1e-9 "select v.* from reference, jsonb_each(doc #> '{hillstrom,arms}') a (segment, value)
        join (select segment, count(*) as n, avg(visit::float8) as visit, avg(conversion::float8) as conversion, avg(spend::float8) as spend from hillstrom group by segment) h using (segment),
        lateral (values ((value ->> 'n')::float8, h.n::float8), ((value ->> 'visit')::float8, h.visit), ((value ->> 'conversion')::float8, h.conversion), ((value ->> 'spend')::float8, h.spend)) v (expected, actual)"
    for score in womens_flag:womens history:history minus_recency:-recency; do
        close "Qini by ${score%%:*}" 1e-9 "select v.* from reference, lateral (select doc #> '{hillstrom,qini_${score%%:*}}' as k) k,
            (select ecom.qini(segment = 'Womens E-Mail', visit::int, (${score#*:}::float8)) as s from hillstrom where segment <> 'Mens E-Mail') h,
            lateral (values ((k ->> 'area')::float8, (s).area), ((k ->> 'random_area')::float8, (s).random_area), ((k ->> 'per_customer_sq')::float8, (s).qini),
                            ($(number hillstrom,ate_womens_visit), (s).effect)) v (expected, actual)"
    done
fi
finish
