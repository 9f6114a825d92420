-- Delivery over a mart: how long it takes, what a day more does to satisfaction, and which carrier should serve which region.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('delivery.promised_days', '6', 'integer', false, false, 1, 365, null, 'Days within which an order should arrive: later is late.'),
    ('delivery.target_rate', '0.9', 'number', false, false, 0, 1, null, 'Share of the orders of all regions that can be planned for that delivery_plan wants to arrive in time.'),
    ('delivery.min_region_rate', '0.8', 'number', false, false, 0, 1, null,
     'Carriers are not planned with in regions where a smaller share of their orders arrives in time.'),
    ('delivery.min_deliveries', '50', 'integer', false, false, 2, 1000000, null,
     'Delivered orders that a carrier needs in a region before it is planned with there.'),
    ('delivery.history_days', '730', 'integer', false, false, 56, 3650, null, 'Days that the delivery figures look back.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('delivery', 93, 'refresh_delivery', true,
     'delivery_performance, delivery_effect, delivery_plan: days, what they do to satisfaction, carriers by region');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('delivery_plan', 'lines_with_delivery_days', 460, 'order lines with a delivery time', '100', 'Map delivery_days or ship_date.'),
    ('delivery_plan', 'lines_with_shipping_method', 461, 'order lines with a shipping method', '100', 'Map shipping_method, and fill dim_shipping_method.carrier.'),
    ('delivery_plan', 'lines_with_place', 462, 'order lines with a place', '100', 'Map country, region, state, city or postal_code.'),
    ('delivery_effect', 'lines_with_satisfaction', 463, 'order lines with a satisfaction score', '100', 'Map satisfaction_score.');

insert into ecom_internal.mart_part (name, position, ddl) values ('delivery_plan', 77, $ddl$
create table {mart}.shipping_cost (
    carrier     text          not null,
    region      text          not null,
    cost_amount numeric(18,4) not null check (cost_amount >= 0),
    capacity    numeric(18,2) check (capacity >= 0),
    evidence    text          not null check (evidence in ('assumption', 'contract')),
    primary key (carrier, region)
);
comment on table {mart}.shipping_cost is
'One row per carrier and region: what a delivery costs.
Inner table: written by ecom.set_shipping_cost, listed by ecom.shipping_costs.';
comment on column {mart}.shipping_cost.carrier is 'Carrier, as dim_shipping_method has it.';
comment on column {mart}.shipping_cost.region is 'Region, as dim_geography has it; empty for all that have no row of their own.';
comment on column {mart}.shipping_cost.cost_amount is 'Cost of one delivery, in the mart''s currency.';
comment on column {mart}.shipping_cost.capacity is 'Orders of 30 days that the carrier can take in all regions; of the row for all regions. Empty for no limit.';
comment on column {mart}.shipping_cost.evidence is 'Where the cost comes from: assumption or contract.';

create table {mart}.delivery_performance (
    region               text             not null,
    carrier              text             not null,
    as_of_date           date             not null,
    order_count          bigint           not null,
    mean_days            double precision not null,
    mean_days_lower      double precision,
    mean_days_upper      double precision,
    slowest_tenth_days   int              not null,
    excess_days          double precision,
    excess_days_lower    double precision,
    excess_days_upper    double precision,
    on_time_rate         double precision not null,
    on_time_rate_lower   double precision not null,
    on_time_rate_upper   double precision not null,
    late_order_count     bigint           not null,
    mean_satisfaction    double precision,
    primary key (region, carrier)
);
comment on table {mart}.delivery_performance is
'One row per region and carrier with deliveries: how long they take and how many are late, written by ecom.refresh.';
comment on column {mart}.delivery_performance.region is 'Region of the delivery.';
comment on column {mart}.delivery_performance.carrier is 'Carrier; the shipping method where none is known.';
comment on column {mart}.delivery_performance.as_of_date is 'Day that the figures look back from.';
comment on column {mart}.delivery_performance.order_count is 'Delivered orders.';
comment on column {mart}.delivery_performance.mean_days is 'Mean days from order to delivery.';
comment on column {mart}.delivery_performance.mean_days_lower is 'Lower end of the 95 percent interval of mean_days.';
comment on column {mart}.delivery_performance.mean_days_upper is 'Upper end of the 95 percent interval of mean_days.';
comment on column {mart}.delivery_performance.slowest_tenth_days is 'Nine of ten orders took at most so many days.';
comment on column {mart}.delivery_performance.excess_days is
'Days more than the region and the shipping methods explain: against other regions, less what the region''s other carriers show against them.';
comment on column {mart}.delivery_performance.excess_days_lower is 'Lower end of the 95 percent interval of excess_days.';
comment on column {mart}.delivery_performance.excess_days_upper is 'Upper end of the 95 percent interval of excess_days.';
comment on column {mart}.delivery_performance.on_time_rate is 'Share of orders within delivery.promised_days, 0 to 1.';
comment on column {mart}.delivery_performance.on_time_rate_lower is 'Lower end of its 95 percent interval.';
comment on column {mart}.delivery_performance.on_time_rate_upper is 'Upper end of its 95 percent interval.';
comment on column {mart}.delivery_performance.late_order_count is 'Orders that took longer.';
comment on column {mart}.delivery_performance.mean_satisfaction is 'Mean score of the rated lines, 1 to 5; empty when none was rated.';

create table {mart}.delivery_effect (
    region              text             not null,
    carrier             text             not null,
    as_of_date          date             not null,
    order_count         bigint           not null,
    lowest_days         int              not null,
    highest_days        int              not null,
    day_effect          double precision,
    day_effect_error    double precision,
    day_effect_lower    double precision,
    day_effect_upper    double precision,
    day_effect_p_value  double precision,
    late_effect         double precision,
    late_effect_lower   double precision,
    late_effect_upper   double precision,
    late_effect_p_value double precision,
    evidence_grade      text             not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs              text             not null,
    primary key (region, carrier)
);
comment on table {mart}.delivery_effect is
'One row per region and carrier, and for all of either: what a day more and a late delivery do to satisfaction, written by ecom.refresh.
Compared are orders of one region, shipping method, season and main category.';
comment on column {mart}.delivery_effect.region is 'Region, or All.';
comment on column {mart}.delivery_effect.carrier is 'Carrier, or All.';
comment on column {mart}.delivery_effect.as_of_date is 'Day that the figures look back from.';
comment on column {mart}.delivery_effect.order_count is 'Rated orders that were compared.';
comment on column {mart}.delivery_effect.lowest_days is 'Fewest days among them: below, scores meet the top of the scale.';
comment on column {mart}.delivery_effect.highest_days is 'Most days among them: beyond, scores meet the bottom of the scale.';
comment on column {mart}.delivery_effect.day_effect is 'Change of the satisfaction score for each day more.';
comment on column {mart}.delivery_effect.day_effect_error is 'Standard error of day_effect, robust to unequal spread (HC1).';
comment on column {mart}.delivery_effect.day_effect_lower is 'Lower end of the 95 percent interval of day_effect.';
comment on column {mart}.delivery_effect.day_effect_upper is 'Upper end of the 95 percent interval of day_effect.';
comment on column {mart}.delivery_effect.day_effect_p_value is 'Probability of such a slope when days have no effect.';
comment on column {mart}.delivery_effect.late_effect is 'Score of late orders less that of those in time.';
comment on column {mart}.delivery_effect.late_effect_lower is 'Lower end of the 95 percent interval of late_effect.';
comment on column {mart}.delivery_effect.late_effect_upper is 'Upper end of the 95 percent interval of late_effect.';
comment on column {mart}.delivery_effect.late_effect_p_value is 'Probability of such a difference when lateness has no effect.';
comment on column {mart}.delivery_effect.evidence_grade is 'strong, moderate or weak by day_effect_error (up to 0.02, up to 0.05, above); none without an effect beyond chance.';
comment on column {mart}.delivery_effect.inputs is 'Where the figures come from.';

create table {mart}.delivery_plan (
    region                     text             primary key,
    as_of_date                 date             not null,
    order_count                double precision not null,
    current_carrier            text             not null,
    current_mean_days          double precision not null,
    current_on_time_rate       double precision not null,
    current_cost_amount        numeric(18,2),
    advice                     text             not null check (advice in ('change', 'keep', 'no advice')),
    advised_carrier            text,
    advised_mean_days          double precision,
    advised_on_time_rate       double precision,
    advised_on_time_rate_lower double precision,
    advised_cost_amount        numeric(18,2),
    cost_change_amount         numeric(18,2),
    satisfaction_change        double precision,
    satisfaction_change_lower  double precision,
    satisfaction_change_upper  double precision,
    plan_on_time_rate_lower    double precision,
    evidence_grade             text             not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs                     text             not null,
    reason                     text             not null
);
comment on table {mart}.delivery_plan is
'One row per region with deliveries: the carriers that cost least together and bring the share delivery.target_rate in time, written by
ecom.refresh. advice is "no advice" where costs are missing or no assignment was found that meets the target; reason says why.';
comment on column {mart}.delivery_plan.region is 'Region of the delivery.';
comment on column {mart}.delivery_plan.as_of_date is 'Day of the plan.';
comment on column {mart}.delivery_plan.order_count is 'Orders of 30 days, by the mean of the time looked at.';
comment on column {mart}.delivery_plan.current_carrier is 'Carrier of most orders now.';
comment on column {mart}.delivery_plan.current_mean_days is 'Mean days of all carriers now.';
comment on column {mart}.delivery_plan.current_on_time_rate is 'Share of orders within delivery.promised_days now, 0 to 1.';
comment on column {mart}.delivery_plan.current_cost_amount is 'What the orders of 30 days cost now; empty when a cost is not known.';
comment on column {mart}.delivery_plan.advice is 'change, keep, or no advice.';
comment on column {mart}.delivery_plan.advised_carrier is 'Carrier that should serve the region; empty without advice.';
comment on column {mart}.delivery_plan.advised_mean_days is 'Its mean days there.';
comment on column {mart}.delivery_plan.advised_on_time_rate is 'Its share of orders in time there.';
comment on column {mart}.delivery_plan.advised_on_time_rate_lower is 'Lower end of the 95 percent interval of that share: what the plan counts on.';
comment on column {mart}.delivery_plan.advised_cost_amount is 'What the orders of 30 days would cost.';
comment on column {mart}.delivery_plan.cost_change_amount is 'advised_cost_amount less current_cost_amount.';
comment on column {mart}.delivery_plan.satisfaction_change is 'Expected change of the mean score: day_effect of all times the change of the mean days.';
comment on column {mart}.delivery_plan.satisfaction_change_lower is 'Lower end of its 95 percent interval.';
comment on column {mart}.delivery_plan.satisfaction_change_upper is 'Upper end of its 95 percent interval.';
comment on column {mart}.delivery_plan.plan_on_time_rate_lower is 'Share of all orders in time that the plan counts on; the same in every row.';
comment on column {mart}.delivery_plan.evidence_grade is
'strong, moderate or weak by the orders that the carrier delivered there (from 400, from 150, fewer); none without advice.';
comment on column {mart}.delivery_plan.inputs is 'Where the figures come from.';
comment on column {mart}.delivery_plan.reason is 'Why this advice, or why none.';
$ddl$);

create function ecom_internal.carrier_name(carrier text, method text) returns text
language sql immutable parallel safe
return coalesce(nullif(nullif(carrier, ''), 'Unknown'), method);
comment on function ecom_internal.carrier_name(text, text) is
'Who carries the parcels of a shipping method: its carrier; the method itself where none is known.';

create function ecom.set_shipping_cost(
    mart name, carrier text, cost numeric, region text default null, capacity numeric default null, evidence text default 'assumption')
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    known text[];
begin
    execute format('select array_agg(distinct ecom_internal.carrier_name(s.carrier, s.name)) from %I.dim_shipping_method s
                    where s.shipping_method_key <> 0', mart_schema) into known;
    if not coalesce(carrier = any (known), false) then
        raise exception 'carrier "%" is not known', coalesce(carrier, 'NULL') using errcode = '22023',
            hint = coalesce(format('Use one of: %s.', array_to_string(known, ', ')), 'The mart has no shipping methods.');
    end if;
    execute format('select array_agg(distinct g.region) from %I.dim_geography g where g.geography_key <> 0', mart_schema) into known;
    if region is not null and not coalesce(region = any (known), false) then
        raise exception 'region "%" is not known', region using errcode = '22023',
            hint = coalesce(format('Use one of: %s.', array_to_string(known, ', ')), 'The mart has no regions; leave it out.');
    end if;
    if cost is not null and not (cost >= 0 and cost < 'Infinity') or capacity is not null and not (capacity >= 0 and capacity < 'Infinity') then
        raise exception 'cost and capacity must be amounts of 0 or more' using errcode = '22023', hint = 'Give what one delivery costs.';
    end if;
    if evidence is null or evidence not in ('assumption', 'contract') then
        raise exception 'evidence "%" is not known', coalesce(evidence, 'NULL') using errcode = '22023', hint = 'Use assumption or contract.';
    end if;
    if capacity is not null and region is not null then
        raise exception 'capacity is that of the carrier in all regions' using errcode = '22023', hint = 'Set it without a region.';
    end if;
    execute format('delete from %I.shipping_cost s where s.carrier = $1 and s.region = $2', mart_schema) using carrier, coalesce(region, '');
    if cost is not null then
        execute format('insert into %I.shipping_cost (carrier, region, cost_amount, capacity, evidence) values ($1, $2, $3, $4, $5)', mart_schema)
            using carrier, coalesce(region, ''), cost, capacity, evidence;
    end if;
end
$$;
comment on function ecom.set_shipping_cost(name, text, numeric, text, numeric, text) is
'Says what a delivery by a carrier costs, so that ecom.refresh can plan who serves which region.
Example: SELECT ecom.set_shipping_cost(''shop'', ''Parcelo'', 4.20, region => ''West'')
One of the same carrier and region is replaced; a NULL cost takes it away.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- carrier: as dim_shipping_method has it; the name of the shipping method where it has none
- cost: of one delivery, 0 or more
- region: NULL for all regions that have no cost of their own
- capacity: orders of 30 days that the carrier can take in all; NULL for no limit; only without a region
- evidence: assumption or contract
Errors: 22023 for an unknown carrier or region and values without meaning, 3F000 for an unknown mart.';

create function ecom.shipping_costs(mart name default null)
returns table (carrier text, region text, cost_amount numeric, capacity numeric, evidence text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        select s.carrier, nullif(s.region, ''''), s.cost_amount, s.capacity, s.evidence
        from %I.shipping_cost s order by s.carrier collate "C", s.region collate "C"', ecom_internal.mart_name(mart));
end
$$;
comment on function ecom.shipping_costs(name) is
'What deliveries cost, as ecom.set_shipping_cost wrote it; region is NULL for all that have no cost of their own.
Example: SELECT * FROM ecom.shipping_costs(''shop'')
Arguments: mart: NULL means the setting ecom_analytics.mart.';

create function ecom_internal.write_delivery_performance(mart name, as_of date) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    rows bigint;
begin
    execute format('delete from %I.delivery_performance', mart);
    -- Of the last weeks only what came quickly has arrived; of orders with lines of several days the longest counts.
    execute format('
        insert into %1$I.delivery_performance (region, carrier, as_of_date, order_count, mean_days, mean_days_lower, mean_days_upper, slowest_tenth_days,
            excess_days, excess_days_lower, excess_days_upper, on_time_rate, on_time_rate_lower, on_time_rate_upper, late_order_count, mean_satisfaction)
        with delivered as materialized (
            select g.region, ecom_internal.carrier_name(m.carrier, m.name) as carrier, m.name as method, max(f.delivery_days) as days,
                   sum(f.satisfaction_score)::float8 as score, count(f.satisfaction_score) as scores
            from %1$I.fact_sales f join %1$I.dim_geography g using (geography_key) join %1$I.dim_shipping_method m using (shipping_method_key)
            where not f.is_return and f.delivery_days is not null and f.shipping_method_key <> 0 and f.geography_key <> 0
              and f.ordered_at >= ($1 - $2)::timestamp and f.ordered_at < ($1 - 28)::timestamp
            group by g.region, m.carrier, m.name, f.customer_key, f.order_id),
        cell as (
            select d.region, d.carrier, d.method, count(*)::float8 as n, avg(d.days)::float8 as mean, coalesce(var_samp(d.days), 0)::float8 / count(*) as error2
            from delivered d group by d.region, d.carrier, d.method),
        -- A method in a region against the same method elsewhere.
        against as (
            select c.region, c.carrier, c.n, c.mean - o.mean as difference, c.error2 + o.error2 as error2
            from cell c cross join lateral (
                select sum(x.n * x.mean) / sum(x.n) as mean, sum(x.n ^ 2 * x.error2) / sum(x.n) ^ 2 as error2
                from cell x where x.method = c.method and x.carrier = c.carrier and x.region <> c.region) o
            where o.mean is not null and c.n > 1),
        side as (
            select p.region, p.carrier,
                   sum(a.n * a.difference) filter (where a.carrier = p.carrier) / sum(a.n) filter (where a.carrier = p.carrier)
                       - sum(a.n * a.difference) filter (where a.carrier <> p.carrier) / sum(a.n) filter (where a.carrier <> p.carrier) as excess,
                   sqrt(sum(a.n ^ 2 * a.error2) filter (where a.carrier = p.carrier) / sum(a.n) filter (where a.carrier = p.carrier) ^ 2
                       + sum(a.n ^ 2 * a.error2) filter (where a.carrier <> p.carrier) / sum(a.n) filter (where a.carrier <> p.carrier) ^ 2) as error
            from (select distinct c.region, c.carrier from cell c) p join against a on a.region = p.region
            group by p.region, p.carrier),
        whole as (
            select d.region, d.carrier, count(*) as n, avg(d.days)::float8 as mean, stddev_samp(d.days)::float8 / sqrt(count(*)) as error,
                   percentile_disc(0.9) within group (order by d.days)::int as p90, count(*) filter (where d.days > $3) as late,
                   sum(d.score) / nullif(sum(d.scores), 0) as satisfaction
            from delivered d group by d.region, d.carrier)
        select w.region, w.carrier, $1, w.n, w.mean, i.ci_low, i.ci_high, w.p90, s.excess, s.excess - 1.959964 * s.error, s.excess + 1.959964 * s.error,
               1 - w.late::float8 / w.n, 1 - r.ci_high, 1 - r.ci_low, w.late, w.satisfaction
        from whole w left join side s using (region, carrier)
        left join lateral ecom_internal.t_interval(w.mean, w.error, w.n - 1, 0.95) i on true
        cross join lateral ecom_internal.rate_interval(w.late::float8 / w.n, w.n, 0.95) r', mart)
        using as_of, ecom_internal.setting(mart, 'delivery.history_days')::int, ecom_internal.setting(mart, 'delivery.promised_days')::int;
    get diagnostics rows = row_count;
    return rows;
end
$$;
comment on function ecom_internal.write_delivery_performance(name, date) is
'Writes delivery_performance from the orders before a day; returns its rows.';

create function ecom_internal.write_delivery_effect(mart name, as_of date) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    rows bigint;
begin
    execute format('delete from %I.delivery_effect', mart);
    -- Where the mean score lies near an end of the scale, a day more cannot show there: such days are left out, and slopes are divided by
    -- the share of scores that the ends do not hold, taken as normal about the mean of their days (Greene, 1981). Orders of one region,
    -- method, season and main category are compared by their distance from the mean of these (Frisch and Waugh, 1933).
    execute format('
        insert into %1$I.delivery_effect (region, carrier, as_of_date, order_count, lowest_days, highest_days, day_effect, day_effect_error, day_effect_lower,
            day_effect_upper, day_effect_p_value, late_effect, late_effect_lower, late_effect_upper, late_effect_p_value, evidence_grade, inputs)
        with rated as materialized (
            select g.region, ecom_internal.carrier_name(m.carrier, m.name) as carrier, m.name as method, f.order_date_key / 100 %% 100 %% 12 / 3 as season,
                   (array_agg(p.category order by f.revenue_amount desc, p.category collate "C"))[1] as category, max(f.delivery_days) as days,
                   avg(f.satisfaction_score)::float8 as score, (max(f.delivery_days) > $3)::int::float8 as late
            from %1$I.fact_sales f join %1$I.dim_geography g using (geography_key) join %1$I.dim_shipping_method m using (shipping_method_key)
            join %1$I.dim_product p using (product_key)
            where not f.is_return and f.delivery_days is not null and f.satisfaction_score is not null and f.shipping_method_key <> 0
              and f.geography_key <> 0 and f.ordered_at >= ($1 - $2)::timestamp and f.ordered_at < $1::timestamp
            group by g.region, m.carrier, m.name, f.customer_key, f.order_id, f.order_date_key),
        span as (
            select x.days, 1 - coalesce(h.p_value, 0) / 2 - coalesce(l.p_value, 0) / 2 as free
            from (select r.days, avg(r.score) as mean, stddev_samp(r.score) as sd from rated r group by r.days having avg(r.score) between 2 and 4) x
            left join lateral ecom_internal.t_interval(5.5 - x.mean, x.sd, 1000000000, 0.95) h on true
            left join lateral ecom_internal.t_interval(x.mean - 0.5, x.sd, 1000000000, 0.95) l on true),
        kept as (select r.*, s.free from rated r join span s using (days)),
        cell as (
            select k.region, k.carrier, k.method, k.season, k.category, avg(k.days)::float8 as days, avg(k.score) as score, avg(k.late) as late
            from kept k group by k.region, k.carrier, k.method, k.season, k.category),
        part as (
            select k.region, k.carrier, k.days, k.free, (k.days - c.days) ^ 2 as xx, (k.days - c.days) * (k.score - c.score) as xy,
                   (k.late - c.late) ^ 2 as zz, (k.late - c.late) * (k.score - c.score) as zy
            from kept k join cell c using (region, carrier, method, season, category)),
        cells as (
            select coalesce(c.region, ''All'') as region, coalesce(c.carrier, ''All'') as carrier, count(*) as cells
            from cell c group by grouping sets ((), (c.region), (c.carrier), (c.region, c.carrier))),
        place as (
            select p.*, p.n - c.cells - 1 as spare
            from (select coalesce(p.region, ''All'') as region, coalesce(p.carrier, ''All'') as carrier, count(*) as n, min(p.days) as lowest, max(p.days) as highest,
                         sum(p.xx) as xx, sum(p.zz) as zz, count(*) / sum(p.free) as stretch, sum(p.xy) / nullif(sum(p.xx), 0) as day_effect,
                         sum(p.zy) / nullif(sum(p.zz), 0) as late_effect
                  from part p group by grouping sets ((), (p.region), (p.carrier), (p.region, p.carrier)) having count(*) > 0) p
            join cells c using (region, carrier)),
        -- A mean for each cell was fitted too.
        error as (
            select l.region, l.carrier, sqrt(sum((p.xy - l.day_effect * p.xx) ^ 2) * max(l.n) / nullif(greatest(max(l.spare), 0), 0)) / nullif(max(l.xx), 0) as day_error,
                   sqrt(sum((p.zy - l.late_effect * p.zz) ^ 2) * max(l.n) / nullif(greatest(max(l.spare), 0), 0)) / nullif(max(l.zz), 0) as late_error
            from part p cross join (values (true), (false)) r (of_region) cross join (values (true), (false)) c (of_carrier)
            join place l on l.region = case when r.of_region then p.region else ''All'' end and l.carrier = case when c.of_carrier then p.carrier else ''All'' end
            group by l.region, l.carrier)
        select l.region, l.carrier, $1, l.n, l.lowest, l.highest, l.stretch * l.day_effect, l.stretch * nullif(e.day_error, 0), d.ci_low, d.ci_high, d.p_value,
               l.late_effect, t.ci_low, t.ci_high, t.p_value,
               case when coalesce(d.p_value, 1) >= 0.05 then ''none'' when l.stretch * e.day_error <= 0.02 then ''strong'' when l.stretch * e.day_error <= 0.05 then ''moderate'' else ''weak'' end,
               format(''scores and days: fact_sales, %%s orders; late: more than delivery.promised_days = %%s'', l.n, $3)
        from place l join error e using (region, carrier)
        left join lateral ecom_internal.t_interval(l.stretch * l.day_effect, l.stretch * e.day_error, l.spare, 0.95) d on true
        left join lateral ecom_internal.t_interval(l.late_effect, e.late_error, l.spare, 0.95) t on true', mart)
        using as_of, ecom_internal.setting(mart, 'delivery.history_days')::int, ecom_internal.setting(mart, 'delivery.promised_days')::int;
    get diagnostics rows = row_count;
    return rows;
end
$$;
comment on function ecom_internal.write_delivery_effect(name, date) is
'Writes delivery_effect from the rated orders before a day; returns its rows.';

create function ecom_internal.refresh_delivery(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    history constant int := ecom_internal.setting(mart, 'delivery.history_days')::int;
    advised bigint;
begin
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'delivery', 'measuring deliveries', 0, 0);
    rows := ecom_internal.write_delivery_performance(mart, as_of);
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'delivery', 'comparing scores', 0, 0);
    rows := rows + ecom_internal.write_delivery_effect(mart, as_of);
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'delivery', 'assigning carriers', 0, 0);
    execute format('delete from %I.delivery_plan', mart);
    execute format('
        insert into %1$I.delivery_plan (region, as_of_date, order_count, current_carrier, current_mean_days, current_on_time_rate, current_cost_amount, advice,
            advised_carrier, advised_mean_days, advised_on_time_rate, advised_on_time_rate_lower, advised_cost_amount, cost_change_amount,
            satisfaction_change, satisfaction_change_lower, satisfaction_change_upper, plan_on_time_rate_lower, evidence_grade, inputs, reason)
        with days as (
            select greatest(28, least($2, $1 - (select min(f.ordered_at)::date from %1$I.fact_sales f)) - 28)::float8 as n),
        offer as (
            select p.*, c.cost_amount::float8 as cost, w.capacity::float8 as capacity, c.evidence, p.order_count * 30 / d.n as orders,
                   sum(p.order_count) over (partition by p.region) * 30 / d.n as quantity,
                   dense_rank() over (order by p.region collate "C") as place, dense_rank() over (order by p.carrier collate "C") as option,
                   case when p.order_count >= $3 and p.on_time_rate >= $4 then p.on_time_rate_lower end as quality
            from %1$I.delivery_performance p cross join days d
            left join lateral (select s.cost_amount, s.evidence from %1$I.shipping_cost s where s.carrier = p.carrier and s.region in (p.region, '''')
                               order by s.region desc limit 1) c on true
            left join %1$I.shipping_cost w on w.carrier = p.carrier and w.region = ''''),
        -- A region that nobody can be planned for leaves the others as they are.
        served as (select o.*, bool_or(o.cost is not null and o.quality is not null) over (partition by o.region) as is_servable from offer o),
        assigned as materialized (
            select o.*, ecom.assign_cheapest(o.place, o.option, o.quantity, o.cost, o.quality, $5, o.capacity) over (partition by o.is_servable) as a
            from served o),
        region as (
            select a.region, max(a.quantity) as quantity, (array_agg(a.carrier order by a.order_count desc, a.carrier collate "C"))[1] as carrier,
                   max(a.order_count)::float8 / sum(a.order_count) as main_share,
                   sum(a.order_count * a.mean_days) / sum(a.order_count) as mean_days, sum(a.order_count * a.on_time_rate) / sum(a.order_count) as on_time_rate,
                   case when bool_and(a.cost is not null) then sum(a.orders * a.cost) end as cost, count(a.cost) as costs, count(a.quality) as qualities,
                   bool_and(a.is_servable) as is_servable, bool_and((a.a).is_feasible) as is_feasible, max((a.a).total_quality) as total_quality
            from assigned a group by a.region)
        select r.region, $1, r.quantity, r.carrier, r.mean_days, r.on_time_rate, r.cost,
               case when b.carrier is null then ''no advice'' when b.carrier = r.carrier and r.main_share >= 0.95 then ''keep'' else ''change'' end,
               b.carrier, b.mean_days, b.on_time_rate, b.on_time_rate_lower, b.cost * r.quantity, b.cost * r.quantity - r.cost,
               x.change * e.day_effect, least(x.change * e.day_effect_lower, x.change * e.day_effect_upper), greatest(x.change * e.day_effect_lower, x.change * e.day_effect_upper),
               case when r.is_feasible then r.total_quality end,
               case when b.carrier is null then ''none'' when b.order_count >= 400 then ''strong'' when b.order_count >= 150 then ''moderate'' else ''weak'' end,
               format(''days: fact_sales; costs: %%s; satisfaction: delivery_effect'', case when b.carrier is not null then ''shipping_cost, '' || b.evidence else ''shipping_cost'' end),
               case when b.carrier is not null then format(''the cheapest assignment that counts on %%s %%%% in time'', round((100 * r.total_quality)::numeric, 1))
                    when r.costs = 0 then ''no cost is known: ecom.set_shipping_cost says what a delivery costs''
                    when r.qualities = 0 then format(''no carrier has delivered %%s orders here with a share of %%s in time'', $3, $4)
                    when not r.is_servable then ''no carrier that is reliable here has a cost: ecom.set_shipping_cost says what a delivery costs''
                    when r.is_feasible is not true and r.total_quality < $5 then format(''no assignment counts on more than %%s %%%% in time, and %%s %%%% are asked for'',
                                                                                   round((100 * r.total_quality)::numeric, 1), 100 * $5)
                    else ''no assignment was found that meets the target within the capacities'' end
        from region r left join assigned b on b.region = r.region and (b.a).is_chosen
        left join %1$I.delivery_effect e on e.region = ''All'' and e.carrier = ''All'' and e.evidence_grade <> ''none''
        cross join lateral (select b.mean_days - r.mean_days) x (change)', mart)
        using as_of, history, ecom_internal.setting(mart, 'delivery.min_deliveries')::int, ecom_internal.setting(mart, 'delivery.min_region_rate')::float8,
              ecom_internal.setting(mart, 'delivery.target_rate')::float8;
    execute format('select count(*) + $1, count(*) filter (where advice <> ''no advice'') from %I.delivery_plan', mart) into rows, advised using rows;
    execute format('analyze %1$I.delivery_performance, %1$I.delivery_effect, %1$I.delivery_plan', mart);
    reason := case when rows = 0 then 'no delivery has a region and a shipping method'
                   when advised = 0 then 'the evidence supports no assignment; delivery_plan.reason says why' else '' end;
end
$$;
comment on function ecom_internal.refresh_delivery(name, date) is
'Step delivery of ecom.refresh: delivery_performance, delivery_effect, and the assignment of carriers to regions.';
