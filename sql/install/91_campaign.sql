-- Whether it paid: campaigns with their hold-outs, and what became of both.

insert into ecom_internal.mart_part (name, position, ddl) values ('campaigns', 72, $ddl$
create table {mart}.campaign (
    campaign    text          primary key,
    start_date  date          not null,
    fixed_cost_amount numeric(18,2) not null default 0 check (fixed_cost_amount >= 0),
    description text          not null default ''
);
comment on table {mart}.campaign is 'One row per campaign whose effect is to be measured. Written by ecom.start_campaign, or by you.';
comment on column {mart}.campaign.campaign is 'Name of the campaign.';
comment on column {mart}.campaign.start_date is 'First day that counts.';
comment on column {mart}.campaign.fixed_cost_amount is 'Cost beside that of the single customers.';
comment on column {mart}.campaign.description is 'What it was.';

create table {mart}.campaign_member (
    campaign     text          not null references {mart}.campaign on delete cascade,
    customer_key int           not null references {mart}.dim_customer on delete cascade,
    is_holdout   boolean       not null,
    action       text          not null default '',
    cost_amount  numeric(18,2) not null default 0,
    primary key (campaign, customer_key)
);
create index campaign_member_customer_key_idx on {mart}.campaign_member (customer_key);
comment on table {mart}.campaign_member is
'One row per campaign and customer in it: treated, or held out by chance. Written by ecom.start_campaign, or by you.';
comment on column {mart}.campaign_member.campaign is 'Campaign, to campaign.';
comment on column {mart}.campaign_member.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.campaign_member.is_holdout is 'True for a customer who was left alone, to compare with.';
comment on column {mart}.campaign_member.action is 'What was done; of a hold-out, what would have been done.';
comment on column {mart}.campaign_member.cost_amount is 'What it cost; 0 for a hold-out.';
$ddl$);

create function ecom.start_campaign(
    mart name, campaign text, start_date date, budget float8 default null, holdout float8 default 0.1, fixed_cost numeric default 0,
    description text default '', out treated_customers bigint, out holdout_customers bigint, out cost_amount numeric)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    query constant text := ecom_internal.retention_query(mart_schema, budget, holdout, campaign);
    is_known boolean;
begin
    if start_date is null or fixed_cost is null or not (fixed_cost >= 0 and fixed_cost < 'Infinity') then
        raise exception 'a campaign needs a start_date and a fixed_cost of 0 or more' using errcode = '22023',
            hint = 'SELECT * FROM ecom.start_campaign(''shop'', ''spring'', ''2026-03-01'', budget => 500).';
    end if;
    execute format('select exists (select from %I.campaign c where c.campaign = $1)', mart_schema) into is_known using campaign;
    if is_known then
        raise exception 'campaign "%" exists already', campaign using errcode = '42710',
            hint = 'Its hold-out would change. Take another name.';
    end if;
    execute format('insert into %I.campaign (campaign, start_date, fixed_cost_amount, description) values ($1, $2, $3, $4)', mart_schema)
        using campaign, start_date, fixed_cost, coalesce(description, '');
    execute format('
        with member as (
            insert into %1$I.campaign_member (campaign, customer_key, is_holdout, action, cost_amount)
            select $1, q.customer_key, q.is_holdout, q.intervention, case when q.is_holdout then 0 else q.cost_amount end from (%2$s) q
            returning is_holdout, cost_amount)
        select count(*) filter (where not m.is_holdout), count(*) filter (where m.is_holdout), coalesce(sum(m.cost_amount), 0) from member m', mart_schema, query)
        into treated_customers, holdout_customers, cost_amount using campaign;
end
$$;
comment on function ecom.start_campaign(name, text, date, float8, float8, numeric, text) is
'Writes down whom a campaign treats and whom it leaves alone, so that its effect can be measured later.
The customers are those of ecom.retention_actions with the same budget, holdout and campaign; export campaign_member to act on them.
Example: SELECT * FROM ecom.start_campaign(''shop'', ''spring'', ''2026-01-01'', budget => 200)
Arguments: as of ecom.retention_actions; start_date: first day that counts; fixed_cost: beside the cost of the actions.
Campaigns of other tools: insert into campaign and campaign_member, hold-outs chosen by chance, and use ecom.campaign_readout.
Errors: 42710 for a name that is taken, and those of ecom.retention_actions.';

create function ecom.campaign_readout(
    mart name, campaign text, days int default 90, level float8 default 0.95, margin_rate float8 default null)
returns table (measure text, treated_customers bigint, holdout_customers bigint, treated_mean float8, holdout_mean float8, difference float8,
               ci_low float8, ci_high float8, p_value float8, incremental_total float8, total_low float8, total_high float8, cost_amount numeric,
               incremental_roi float8, roi_low float8, roi_high float8, is_complete boolean, verdict text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    rate constant float8 := coalesce(margin_rate, ecom_internal.margin_rate(mart_schema));
    last_day constant date := ecom_internal.as_of(mart_schema, null) - 1;
    started date;
    fixed_cost numeric;
    known text;
begin
    if days is null or days not between 1 and 3650 then
        raise exception 'days % is not between 1 and 3650', coalesce(days::text, 'NULL') using errcode = '22023',
            hint = 'Give the days after the start that orders are counted in.';
    end if;
    if not (rate between 0 and 1) then
        raise exception 'margin_rate % is not a share', rate using errcode = '22023', hint = 'Give the share of revenue that is profit, as 0.35.';
    end if;
    execute format('select c.start_date, c.fixed_cost_amount from %I.campaign c where c.campaign = $1', mart_schema) into started, fixed_cost using campaign;
    if started is null then
        execute format('select string_agg(c.campaign, '', '' order by c.campaign collate "C") from %I.campaign c', mart_schema) into known;
        raise exception 'campaign "%" does not exist', coalesce(campaign, 'NULL') using errcode = '42704',
            hint = coalesce(format('Use one of: %s.', known), 'Start one with ecom.start_campaign, or fill campaign and campaign_member.');
    end if;
    return query execute format('
        with member as (
            select m.is_holdout, m.cost_amount, coalesce(o.orders, 0)::float8 as orders, coalesce(o.revenue, 0)::float8 as revenue
            from %1$I.campaign_member m
            left join (select o.customer_key, sum(o.order_count) as orders, sum(o.revenue_amount) as revenue from %1$I.fact_order o
                       where o.order_date_key between $2 and $3 group by o.customer_key) o on o.customer_key = m.customer_key
            where m.campaign = $1),
        result as (
            select t.n, t.measure, ecom.mean_test(t.value, not m.is_holdout, $4) as r, sum(m.cost_amount) + $5 as cost
            from member m cross join lateral (values (1, ''profit'', $6 * m.revenue), (2, ''revenue'', m.revenue), (3, ''orders'', m.orders),
                                                     (4, ''customers without an order'', (m.orders <= 0)::int::float8)) t (n, measure, value)
            group by t.n, t.measure)
        select r.measure, coalesce((r.r).n1, 0), coalesce((r.r).n2, 0), (r.r).mean1, (r.r).mean2, (r.r).difference, (r.r).ci_low, (r.r).ci_high,
               (r.r).p_value, (r.r).difference * (r.r).n1, (r.r).ci_low * (r.r).n1, (r.r).ci_high * (r.r).n1, r.cost,
               case when r.n = 1 then ((r.r).difference * (r.r).n1)::float8 / nullif(r.cost, 0)::float8 - 1 end,
               case when r.n = 1 then ((r.r).ci_low * (r.r).n1)::float8 / nullif(r.cost, 0)::float8 - 1 end,
               case when r.n = 1 then ((r.r).ci_high * (r.r).n1)::float8 / nullif(r.cost, 0)::float8 - 1 end,
               $7,
               case when (r.r).n1 is null or (r.r).n1 = 0 or (r.r).n2 = 0 then ''no hold-out to compare with''
                    when (r.r).n1 < 2 or (r.r).n2 < 2 then ''too few customers''
                    when (r.r).p_value is null then ''no spread to test''
                    when r.n = 1 and (r.r).ci_low * (r.r).n1 > r.cost then ''paid''
                    when r.n = 1 and (r.r).ci_high * (r.r).n1 < r.cost then ''did not pay''
                    when r.n = 1 then ''not shown to have paid or not''
                    when (r.r).ci_low > 0 then ''higher than without'' when (r.r).ci_high < 0 then ''lower than without''
                    else ''no difference shown'' end
        from result r order by r.n', mart_schema)
        using campaign, ecom_internal.date_key(started), ecom_internal.date_key(started + days - 1), level, fixed_cost, rate,
              coalesce(started + days - 1 <= last_day, false);
end
$$;
comment on function ecom.campaign_readout(name, text, int, float8, float8) is
'What a campaign changed: its customers against those who were held out, with intervals and the incremental return.
Example: SELECT * FROM ecom.campaign_readout(''shop'', ''autumn voucher'')
Measures, over the days from start_date, a mean for each customer: profit (revenue net of returns x margin_rate), revenue, orders, customers
without an order (a share). difference: treated less held out; interval and p-value by Welch (1947). incremental_total: difference x treated
customers. incremental_roi, for profit only: incremental_total over the cost of the campaign, less 1; NULL when it cost nothing.
A measured save rate for ecom.set_intervention: -difference / holdout_mean of the customers without an order.
Arguments: mart: NULL means the setting ecom_analytics.mart. days: length of the window. level: of the intervals.
margin_rate: NULL means the setting retention.margin_rate.
is_complete: false while the window has not ended: orders will come. verdict: in words. No rows for a campaign without members.
Errors: 42704 for an unknown campaign, 22023 for days, level or margin_rate out of range.';
