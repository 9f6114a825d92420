-- Whom to keep, with what, for how much: interventions, and the customers on whom they pay.
--
-- What an intervention costs and how often it works is an assumption of the shop until a campaign has shown it; it stands
-- in a table, and every row of the plan names where it came from.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('retention.budget', '', 'number', true, false, 0, 1e15, null,
     'What retention_plan may cost; empty: every action that pays.'),
    ('retention.holdout', '0.1', 'number', false, false, 0, 0.9, null,
     'Share of the customers of retention_plan that are left alone, to measure the effect against.'),
    ('retention.margin_rate', '', 'number', true, false, 0, 1, null,
     'Share of revenue that is profit; empty: the mart''s margin_rate, 1 where no cost is known.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('retention', 110, 'refresh_retention', true, 'retention_plan: customers worth keeping, with the action that pays most');

insert into ecom_internal.mart_part (name, position, ddl) values ('retention', 71, $ddl$
create table {mart}.intervention (
    name        text          primary key,
    cost_amount numeric(18,2) not null check (cost_amount >= 0),
    save_rate   numeric(9,4)  not null check (save_rate between 0 and 1),
    applies_to  jsonb         not null,
    evidence    text          not null check (evidence in ('assumption', 'campaign')),
    description text          not null,
    is_active   boolean       not null
);
comment on table {mart}.intervention is
'One row per thing that the shop can do to keep a customer: cost, and share of leaving customers that it saves.
Inner table: written by ecom.set_intervention and ecom.drop_intervention, listed by ecom.interventions.';
comment on column {mart}.intervention.name is 'Name of the intervention.';
comment on column {mart}.intervention.cost_amount is 'Cost for each customer that it is used on, in the mart''s currency.';
comment on column {mart}.intervention.save_rate is 'Share of the customers who would leave that it makes stay, 0 to 1.';
comment on column {mart}.intervention.applies_to is 'Customers that it is for, as {"churn_band": ["High"]}; {} for all.';
comment on column {mart}.intervention.evidence is 'Where save_rate comes from: assumption, or campaign for a measured one.';
comment on column {mart}.intervention.description is 'What is done.';
comment on column {mart}.intervention.is_active is 'False for one that is kept but not planned with.';

create table {mart}.retention_plan (
    customer_key           int           primary key references {mart}.dim_customer on delete cascade,
    action_rank            bigint        not null,
    churn_band              text          not null,
    churn_probability      double precision not null,
    value_amount           numeric(18,2) not null,
    intervention           text          not null,
    cost_amount            numeric(18,2) not null,
    saved_amount           numeric(18,2) not null,
    profit_amount          numeric(18,2) not null,
    roi                    numeric(18,4),
    break_even_save_rate   numeric(9,4)  not null,
    is_holdout             boolean       not null,
    cumulative_cost_amount numeric(18,2) not null,
    max_gap_amount         numeric(18,2) not null,
    evidence               text          not null,
    evidence_grade         text          not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs                 text          not null,
    as_of_date             date          not null
);
comment on table {mart}.retention_plan is
'One row per customer whom it pays to keep: the intervention that pays most, best return first. Written by ecom.refresh.';
comment on column {mart}.retention_plan.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.retention_plan.action_rank is 'Place in the plan, 1 for the greatest profit per cost.';
comment on column {mart}.retention_plan.churn_band is 'Band of the churn probability: High, Medium or Low.';
comment on column {mart}.retention_plan.churn_probability is 'Probability that the customer leaves, 0 to 1.';
comment on column {mart}.retention_plan.value_amount is 'Profit that the customer brings within the horizon of customer_value when kept.';
comment on column {mart}.retention_plan.intervention is 'What to do.';
comment on column {mart}.retention_plan.cost_amount is 'Its cost for this customer.';
comment on column {mart}.retention_plan.saved_amount is 'Expected profit that it saves: probability x save rate x value.';
comment on column {mart}.retention_plan.profit_amount is 'The same less the cost.';
comment on column {mart}.retention_plan.roi is 'Profit over cost; empty when it costs nothing.';
comment on column {mart}.retention_plan.break_even_save_rate is 'Save rate at which the action would just pay, 0 to 1.';
comment on column {mart}.retention_plan.is_holdout is 'True for customers to leave alone, so that the effect can be measured.';
comment on column {mart}.retention_plan.cumulative_cost_amount is 'Cost of the plan up to and with this row, hold-outs left out.';
comment on column {mart}.retention_plan.max_gap_amount is 'No other plan within the budget earns more than this beyond it; 0: it is the best. The same in every row.';
comment on column {mart}.retention_plan.evidence is 'Where the save rate comes from: assumption, or campaign for a measured one.';
comment on column {mart}.retention_plan.evidence_grade is 'moderate for a save rate that a campaign has shown, weak for an assumed one.';
comment on column {mart}.retention_plan.inputs is 'Where the figures come from.';
comment on column {mart}.retention_plan.as_of_date is 'Day of the plan.';
$ddl$);

create function ecom.set_intervention(
    mart name,
    name text,
    cost numeric,
    save_rate numeric,
    applies_to jsonb default '{}',
    evidence text default 'assumption',
    description text default '',
    is_active boolean default true
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    if coalesce(name, '') = '' or length(name) > 200 then
        raise exception 'an intervention needs a name of 1 to 200 characters' using errcode = '22023',
            hint = 'Give one: SELECT ecom.set_intervention(''shop'', ''phone call'', 8, 0.1).';
    end if;
    if cost is null or not (cost >= 0 and cost < 'Infinity') then
        raise exception 'cost % of an intervention is not an amount of 0 or more', coalesce(cost::text, 'NULL') using errcode = '22023',
            hint = 'Give what it costs for one customer.';
    end if;
    if save_rate is null or not (save_rate between 0 and 1) then
        raise exception 'save_rate % is not a share', coalesce(save_rate::text, 'NULL') using errcode = '22023',
            hint = 'Give 0.1 when one of ten customers who would leave stays because of it.';
    end if;
    if evidence is null or evidence not in ('assumption', 'campaign') then
        raise exception 'evidence "%" is not known', coalesce(evidence, 'NULL') using errcode = '22023',
            hint = 'Use assumption, or campaign for a save rate that ecom.campaign_readout has shown.';
    end if;
    perform ecom_internal.customer_condition(applies_to);
    execute format('
        insert into %I.intervention as i (name, cost_amount, save_rate, applies_to, evidence, description, is_active)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (name) do update set cost_amount = excluded.cost_amount, save_rate = excluded.save_rate, applies_to = excluded.applies_to,
            evidence = excluded.evidence, description = excluded.description, is_active = excluded.is_active', mart_schema)
        using name, cost, save_rate, coalesce(applies_to, '{}'), evidence, coalesce(description, ''), coalesce(is_active, true);
end
$$;
comment on function ecom.set_intervention(name, text, numeric, numeric, jsonb, text, text, boolean) is
'Says what the shop can do to keep a customer: what it costs, and how often it works.
Example: SELECT ecom.set_intervention(''shop'', ''voucher'', 5, 0.08, ''{"churn_band": ["High", "Medium"]}'')
One of the same name is replaced. What pays: ecom.retention_actions.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- name: of the intervention, any text up to 200 characters
- cost: for each customer, in the mart''s currency, 0 or more
- save_rate: share of the customers who would leave that stay because of it, 0 to 1
- applies_to: customers that it is for, by churn_band, customer_segment, rfm_segment, age_group, country, region, each one value or a list
- evidence: assumption, or campaign when ecom.campaign_readout has shown it
- is_active: false keeps it but does not plan with it
Errors: 22023 for what is not an amount, a share or a known key; 3F000 for an unknown mart.';

create function ecom.drop_intervention(mart name, name text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    dropped bigint;
    known text;
begin
    execute format('delete from %I.intervention i where i.name = $1', mart_schema) using name;
    get diagnostics dropped = row_count;
    if dropped = 0 then
        execute format('select string_agg(i.name, '', '' order by i.name collate "C") from %I.intervention i', mart_schema) into known;
        raise exception 'intervention "%" does not exist', coalesce(name, 'NULL') using errcode = '42704',
            hint = coalesce(format('Use one of: %s.', known), 'The mart has no interventions.');
    end if;
end
$$;
comment on function ecom.drop_intervention(name, text) is
'Drops an intervention of a mart; plans and campaigns that name it stay.
Example: SELECT ecom.drop_intervention(''shop'', i.intervention) FROM ecom.interventions(''shop'') i WHERE i.intervention = ''fax''
Arguments: mart: NULL means the setting ecom_analytics.mart. name: of the intervention.
Errors: 42704 for one that does not exist.';

create function ecom.interventions(mart name default null)
returns table (intervention text, cost_amount numeric, save_rate numeric, applies_to jsonb, evidence text, description text, is_active boolean)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        select i.name, i.cost_amount, i.save_rate, i.applies_to, i.evidence, i.description, i.is_active
        from %I.intervention i order by i.name collate "C"', ecom_internal.mart_name(mart));
end
$$;
comment on function ecom.interventions(name) is
'What the shop can do to keep a customer, as ecom.set_intervention wrote it.
Example: SELECT * FROM ecom.interventions(''shop'')
Arguments: mart: NULL means the setting ecom_analytics.mart.';

create function ecom_internal.customer_condition(applies_to jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    known constant text[] := array['churn_band', 'customer_segment', 'rfm_segment', 'age_group', 'country', 'region'];
    item record;
    condition text := '';
begin
    if jsonb_typeof(coalesce(applies_to, '{}')) <> 'object' then
        raise exception 'applies_to is not a JSON object' using errcode = '22023',
            hint = 'Give one such as {"churn_band": ["High"], "region": "West"}, or {} for all customers.';
    end if;
    for item in select e.key, case jsonb_typeof(e.value) when 'array' then e.value else jsonb_build_array(e.value) end as members
                from jsonb_each(coalesce(applies_to, '{}')) e order by e.key collate "C" loop
        if not item.key = any (known) then
            raise exception 'customers have no "%" to choose them by', item.key using errcode = '22023',
                hint = format('Use one of: %s.', array_to_string(known, ', '));
        end if;
        if exists (select from jsonb_array_elements(item.members) m where jsonb_typeof(m) <> 'string') then
            raise exception 'the values of "%" in applies_to are not texts', item.key using errcode = '22023',
                hint = format('Give one, or a list: {"%s": ["A", "B"]}.', item.key);
        end if;
        condition := condition || format(' and c.%I = any (%L::text[])', item.key, array(select jsonb_array_elements_text(item.members)));
    end loop;
    return 'true' || condition;
end
$$;
comment on function ecom_internal.customer_condition(jsonb) is
'The SQL condition over customers c of retention_candidates that applies_to of an intervention says. 22023 for what it cannot say.';

create function ecom_internal.margin_rate(mart name) returns float8
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    set_rate constant float8 := nullif(ecom_internal.setting(mart, 'retention.margin_rate'), '')::float8;
    rate float8;
begin
    if set_rate is not null then
        return set_rate;
    end if;
    execute format('select sum(o.costed_amount - o.cost_amount) / nullif(sum(o.costed_amount), 0) from %I.fact_order o', mart) into rate;
    return least(1, greatest(0, coalesce(rate, 1)));
end
$$;
comment on function ecom_internal.margin_rate(name) is
'Share of revenue that is profit: the setting retention.margin_rate, else that of the lines whose cost is known, else 1.';

create function ecom_internal.retention_query(mart name, budget float8, holdout float8, campaign text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    profits text;
    best text;
    numbered text;
    options text;
    costs text;
    missing text;
    needs_overview boolean;
begin
    if not (budget >= 0 and budget < 'Infinity') then
        raise exception 'budget % is not an amount of 0 or more', budget using errcode = '22023',
            hint = 'Give what all actions together may cost, or NULL for every action that pays.';
    end if;
    if holdout is null or not (holdout >= 0 and holdout < 1) then
        raise exception 'holdout % is not a share below 1', coalesce(holdout::text, 'NULL') using errcode = '22023',
            hint = 'Give the share of customers to leave alone, as 0.1; 0 for none, but then nobody will know whether it paid.';
    end if;
    if coalesce(campaign, '') = '' then
        raise exception 'a campaign needs a name' using errcode = '22023',
            hint = 'Give one: with the customer it decides who is held out, by chance but always alike.';
    end if;
    -- A column for each intervention: what it earns with the customer, NULL where it does not apply or does not pay.
    execute format('
        select string_agg(format(''case when %%s and c.p * %%s * c.v > %%s then c.p * %%s * c.v - %%s end as e%%s'',
                                 ecom_internal.customer_condition(i.applies_to), i.save_rate, i.cost_amount, i.save_rate, i.cost_amount, i.n),
                          '', '' order by i.n),
               string_agg(''e.e'' || i.n, '', '' order by i.n),
               string_agg(format(''when e.e%%1$s then %%1$s'', i.n), '' '' order by i.n),
               string_agg(format(''(%%s, %%L, %%s::numeric(18,2), %%s::float8, %%L)'', i.n, i.name, i.cost_amount, i.save_rate, i.evidence), '', '' order by i.n),
               array_agg(i.cost_amount order by i.n),
               bool_or(i.applies_to - ''churn_band'' <> ''{}'')
        from (select i.*, row_number() over (order by i.name collate "C") as n from %I.intervention i where i.is_active) i', mart)
        into profits, best, numbered, options, costs, needs_overview;
    if profits is null then
        raise exception 'mart % has no active interventions to plan with', quote_ident(mart) using errcode = '55000',
            hint = format('Say what can be done: SELECT ecom.set_intervention(%L, ''voucher'', cost => 5, save_rate => 0.08).', mart);
    end if;
    execute format('select nullif(concat_ws('' and '', case when not exists (select from %1$I.customer_churn) then ''churn probabilities'' end,
                                                      case when not exists (select from %1$I.customer_value) then ''customer values'' end), '''')',
                   mart) into missing;
    if missing is not null then
        raise exception 'mart % has no % to plan with', quote_ident(mart), missing using errcode = '55000',
            hint = format('SELECT * FROM ecom.refresh(%1$L) computes them; SELECT * FROM ecom.readiness(%1$L) says what the history lacks.', mart);
    end if;
    return format('
        -- OFFSET 0 keeps the planner from writing an expression anew wherever it is used: the conversion of a numeric is dear.
        with earned as (
            select c.customer_key, c.churn_band, c.p, c.v, %2$s
            from (select h.customer_key, h.churn_probability as p, h.churn_band, %5$s * v.btyd_value::float8 / v.p_alive as v%9$s
                  from %1$I.customer_churn h join %1$I.customer_value v on v.customer_key = h.customer_key and v.p_alive > 0
                  %10$s offset 0) c offset 0),
        chosen as (
            select e.*, %6$s as choice
            from (select e.*, greatest(%3$s) as best_profit from earned e offset 0) e
            where e.best_profit > 0),
        priced as (
            select o.customer_key, o.churn_band, o.p, o.v, o.max_gap, o.p * t.save_rate * o.v - t.cost::float8 as profit, t.name, t.cost, t.evidence,
                   -- By customer and campaign, so that a customer is not held out of everything for ever.
                   (hashint8extended(o.customer_key, hashtextextended(%8$L, 0)) & 2147483647) < %7$s * 2147483648 as is_holdout
            from (select c.*, (c.choice).option, (c.choice).max_gap from chosen c) o
            join (values %4$s) t (option, name, cost, save_rate, evidence) on t.option = o.option),
        ranked as (
            select p.*, row_number() over w as action_rank, sum(case when p.is_holdout then 0 else p.cost end) over (w rows unbounded preceding) as cumulative_cost
            from priced p
            window w as (order by p.profit / nullif(p.cost::float8, 0) desc nulls first, p.profit desc, p.customer_key))
        select r.action_rank, r.customer_key, r.churn_band, r.p as churn_probability, r.v::numeric(18,2) as value_amount, r.name as intervention,
               r.cost as cost_amount, (r.profit + r.cost::float8)::numeric(18,2) as saved_amount, r.profit::numeric(18,2) as profit_amount,
               (r.profit / nullif(r.cost::float8, 0))::numeric(18,4) as roi, (r.cost::float8 / (r.p * r.v))::numeric(9,4) as break_even_save_rate,
               r.is_holdout, r.cumulative_cost::numeric(18,2) as cumulative_cost_amount, r.max_gap::numeric(18,2) as max_gap_amount, r.evidence
        from ranked r',
        mart, profits, best, options, ecom_internal.margin_rate(mart),
        case when budget is null then format('row (case e.best_profit %s end, true, 0)::ecom.option_choice_result', numbered)
             else format('ecom.choose_option_within_budget(array[%s], %L::float8[], %s) over (order by e.customer_key)', best, costs, budget) end,
        holdout, campaign,
        case when needs_overview then ', s.customer_segment, s.rfm_segment, s.age_group, s.country, s.region' else '' end,
        case when needs_overview then format('left join %I.customer_overview s on s.customer_key = h.customer_key', mart) else '' end);
end
$$;
comment on function ecom_internal.retention_query(name, float8, float8, text) is
'The query behind ecom.retention_actions and retention_plan. 55000 when there is nothing to plan with, 22023 for arguments out of range.';

create function ecom.retention_actions(
    mart name default null, budget float8 default null, holdout float8 default 0.1, campaign text default 'retention')
returns table (action_rank bigint, customer_key int, churn_band text, churn_probability float8, value_amount numeric, intervention text,
               cost_amount numeric, saved_amount numeric, profit_amount numeric, roi numeric, break_even_save_rate numeric, is_holdout boolean,
               cumulative_cost_amount numeric, max_gap_amount numeric, evidence text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off  -- compiling takes longer than it saves
as $$
begin
    return query execute ecom_internal.retention_query(ecom_internal.mart_name(mart), budget, holdout, campaign) || ' order by r.action_rank';
end
$$;
comment on function ecom.retention_actions(name, float8, float8, text) is
'Customers whom it pays to keep, under a budget: what to do with each, what it costs and what it is worth.
Example: SELECT * FROM ecom.retention_actions(''shop'', budget => 200) LIMIT 10
For each customer and intervention: expected profit = churn probability x save rate x value - cost. Value is the profit that the
customer brings within the horizon of customer_value when kept. Without a budget each customer gets the intervention that earns most; with
one, customers and interventions are chosen together by ecom.choose_option_within_budget: exactly in a small mart; in a large one no
other choice earns more than max_gap_amount beyond this one. Customers whom none pays for are left out.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- budget: what all actions together may cost at most; NULL for every action that pays
- holdout: share of the chosen customers to leave alone, 0 to 1; they are chosen by a hash of customer and campaign, get no action, and
  their share of the budget stays unspent. ecom.campaign_readout compares the others with them
- campaign: name that the hash is of
roi: profit over cost; NULL when the action is free. break_even_save_rate: the save rate at which it would just pay.
evidence: assumption, until a campaign has shown the save rate.
Errors: 55000 without interventions, churn probabilities or values, 22023 for arguments out of range. Time: n log n in customers.
Source: expected incremental profit, Neslin, Gupta, Kamakura, Lu and Mason (2006); targeting by profit, Lemmens and Gupta (2020).';

create function ecom_internal.refresh_retention(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    query text;
begin
    execute format('delete from %I.retention_plan', mart);
    rows := 0;
    begin
        query := ecom_internal.retention_query(mart, nullif(ecom_internal.setting(mart, 'retention.budget'), '')::float8,
                                               ecom_internal.setting(mart, 'retention.holdout')::float8, 'retention');
    exception when object_not_in_prerequisite_state then
        reason := sqlerrm;
        return;
    end;
    execute format('
        insert into %I.retention_plan (action_rank, customer_key, churn_band, churn_probability, value_amount, intervention, cost_amount, saved_amount,
                                       profit_amount, roi, break_even_save_rate, is_holdout, cumulative_cost_amount, max_gap_amount, evidence, evidence_grade, inputs, as_of_date)
        select q.*, case q.evidence when ''campaign'' then ''moderate'' else ''weak'' end,
               ''probability: customer_churn; value: customer_value, margin ''
               || case when %L <> '''' then ''retention.margin_rate'' else ''fact_order'' end || ''; cost and save rate: intervention, '' || q.evidence, $1
        from (%s) q order by q.action_rank', mart, ecom_internal.setting(mart, 'retention.margin_rate'), query) using as_of;
    get diagnostics rows = row_count;
    execute format('analyze %I.retention_plan', mart);
    reason := case when rows = 0 then 'no intervention pays with any customer' else '' end;
end
$$;
comment on function ecom_internal.refresh_retention(name, date) is
'Step retention of ecom.refresh: writes retention_plan as ecom.retention_actions plans it under the settings.';
