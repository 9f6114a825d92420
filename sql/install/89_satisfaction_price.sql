-- Prices by satisfaction: the plain rule, kept apart from what demand says.

create function ecom.satisfaction_price_advice(
    mart name default null, change float8 default 0.05, raise_from float8 default 4.0, lower_to float8 default 3.0, min_scores int default 30)
returns table (product_key int, product text, category text, current_price numeric, scores bigint, mean_satisfaction numeric, ci_low numeric, ci_high numeric,
               advice text, advised_price numeric, revenue_change numeric, revenue_change_lower numeric, revenue_change_upper numeric,
               demand_advice text, evidence_grade text, reason text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    if change is null or not (change > 0 and change < 1) then
        raise exception 'change % is not between 0 and 1', coalesce(change::text, 'NULL') using errcode = '22023', hint = 'Write 5 percent as 0.05.';
    end if;
    if raise_from is null or lower_to is null or not (lower_to between 1 and 5 and raise_from between 1 and 5 and lower_to < raise_from) then
        raise exception 'lower_to and raise_from must be scores from 1 to 5, lower_to below raise_from' using errcode = '22023', hint = 'Leave them out for 3.0 and 4.0.';
    end if;
    if min_scores is null or min_scores < 2 then
        raise exception 'min_scores % is below 2', coalesce(min_scores::text, 'NULL') using errcode = '22023', hint = 'Pass the rated orders that a product needs.';
    end if;
    return query execute format('
        with rated as (
            select f.product_key, count(*) as n, avg(f.satisfaction_score)::float8 as mean, stddev_samp(f.satisfaction_score)::float8 / sqrt(count(*)) as error
            from (select f.product_key, f.customer_key, f.order_id, avg(f.satisfaction_score)::float8 as satisfaction_score from %1$I.fact_sales f
                  where not f.is_return and f.satisfaction_score is not null and f.product_key <> 0 and f.ordered_at < $6::timestamp
                  group by f.product_key, f.customer_key, f.order_id) f
            group by f.product_key),
        judged as (
            select r.*, i.ci_low, i.ci_high, p.name, p.category, coalesce(p.list_price, a.current_price) as price, a.elasticity_lower, a.elasticity, a.elasticity_upper,
                   a.advice as demand_advice,
                   case when r.n < $5 then ''no advice'' when coalesce(i.ci_low, r.mean) >= $3 then ''raise'' when coalesce(i.ci_high, r.mean) <= $4 then ''lower'' else ''keep'' end as advice
            from rated r join %1$I.dim_product p using (product_key) left join %1$I.price_advice a using (product_key)
            left join lateral ecom_internal.t_interval(r.mean, r.error, r.n - 1, 0.95) i on true),
        moved as (
            select j.*, case j.advice when ''raise'' then 1 + $2 when ''lower'' then 1 - $2 else 1 end as factor from judged j)
        select m.product_key, m.name, m.category, m.price, m.n, round(m.mean::numeric, 3), round(m.ci_low::numeric, 3), round(m.ci_high::numeric, 3), m.advice,
               case when m.advice <> ''no advice'' then round(m.price * m.factor::numeric, 2) end,
               case when m.advice <> ''no advice'' then round((m.factor ^ (1 + m.elasticity) - 1)::numeric, 4) end,
               case when m.advice <> ''no advice'' then round((least(m.factor ^ (1 + m.elasticity_lower), m.factor ^ (1 + m.elasticity_upper)) - 1)::numeric, 4) end,
               case when m.advice <> ''no advice'' then round((greatest(m.factor ^ (1 + m.elasticity_lower), m.factor ^ (1 + m.elasticity_upper)) - 1)::numeric, 4) end,
               m.demand_advice,
               case when m.advice = ''no advice'' then ''none'' when m.elasticity is null then ''weak''
                    when m.advice = m.demand_advice or m.advice = ''keep'' then ''moderate'' else ''weak'' end,
               case when m.n < $5 then format(''%%s rated orders, and %%s are needed'', m.n, $5)
                    when m.advice = ''raise'' then format(''satisfaction is surely at %%s or above'', $3)
                    when m.advice = ''lower'' then format(''satisfaction is surely at %%s or below'', $4)
                    else ''satisfaction is neither high nor low beyond doubt'' end
                   || case when m.advice in (''raise'', ''lower'') and m.elasticity is null then ''; what demand does to it is not known''
                           when m.advice in (''raise'', ''lower'') and m.demand_advice is distinct from m.advice then ''; demand does not support it'' else '''' end
        from moved m order by m.mean desc, m.product_key', mart_schema)
        using mart_schema, change, raise_from, lower_to, min_scores, ecom_internal.as_of(mart_schema, null);
end
$$;
comment on function ecom.satisfaction_price_advice(name, float8, float8, float8, int) is
'Prices by the plain rule of satisfaction: dearer where customers are pleased, cheaper where they are not. Not the best price.
Example: SELECT product, advice, mean_satisfaction, demand_advice, reason FROM ecom.satisfaction_price_advice(''shop'') LIMIT 10
How customers like a product says little about what they would pay; the price that earns most is that of price_advice, which stands
beside it as demand_advice (after refresh step price). Use this rule as a gate for that one, not instead of it.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- change: share of the current price that it moves by, 0 to 1
- raise_from: dearer when the lower end of the 95 percent interval of the mean score is at least so high
- lower_to: cheaper when the upper end is at most so high
- min_scores: rated orders that a product needs; with fewer there is no advice
revenue_change, _lower, _upper: share by which revenue would change by the elasticity of price_advice and its interval; NULL where there is
none. evidence_grade: moderate where demand agrees, weak where it does not or is not known. Rows: products with scores, best liked first.
Errors: 22023 for arguments out of range.';
