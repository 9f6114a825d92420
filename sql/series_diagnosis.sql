-- Intermittent demand: class and forecast.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(hint, ''));
end
$$;
create temp table demand as
select v::float8 as value, t from unnest('{0,0,3,0,1,0,0,0,4,2,0,0,0,0,1,0,5,0,0,2,0,0,0,1,3,0,0,0,0,2}'::int[]) with ordinality u (v, t);

-- As statsforecast 2.1.1 and R's forecast 8.20; tsb with constants of 0.1 by the recursion written in SQL.
select method, round(ecom.intermittent_forecast(value, method order by t)::numeric, 6) as forecast
from demand, unnest('{croston,sba,adida,imapa}'::text[]) method group by method order by method;
with recursive step as (
    select 1::bigint as t, 0.0::float8 as probability, null::float8 as size
    union all
    select d.t, 0.1 * (d.value <> 0)::int + 0.9 * s.probability,
           case when d.value = 0 then s.size when s.size is null then d.value else 0.1 * d.value + 0.9 * s.size end
    from step s join demand d on d.t = s.t + 1)
select abs(probability * size - (select ecom.intermittent_forecast(value, 'tsb' order by t) from demand)) < 1e-12 as is_tsb
from step where t = 30;
select (p).demand_class, (p).mean_interval, round((p).squared_variation::numeric, 9) as squared_variation, (p).demands, (p).n
from (select ecom.demand_pattern(value order by t) as p from demand where t <= 27) q;

-- Small series.
select (ecom.demand_pattern(v order by v)).*, ecom.intermittent_forecast(v, 'imapa' order by v) from (values (0.0::float8), (0), (null)) s (v);
select ecom.demand_pattern(v), ecom.intermittent_forecast(v, 'sba') from (select 1.0::float8 where false) s (v);
select ecom.intermittent_forecast(v, 'adida') from (values (null::float8)) s (v);

-- Errors.
select pg_temp.error_of($$select ecom.intermittent_forecast(value, 'best' order by t) from demand$$);
select pg_temp.error_of($$select ecom.intermittent_forecast(value, null order by t) from demand$$);
select pg_temp.error_of($$select ecom.intermittent_forecast(-value, 'tsb' order by t) from demand$$);
select pg_temp.error_of($$select ecom.demand_pattern(-value order by t) from demand$$);
select pg_temp.error_of($$select ecom.demand_pattern('nan'::float8)$$);
select pg_temp.error_of($$select ecom.demand_pattern('-infinity'::float8)$$);
