-- Segments over a mart: what refresh stores, names, movement, models, scoring of new customers; bad input.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
set client_min_messages = warning;
select ecom.create_mart('seg');
select step, rows, status, reason from ecom.refresh('seg', '{segments}');
select count(*) as without_sales from ecom.kmeans_segment('seg');
select pg_temp.error_of($$select * from ecom.predict_segment('seg', 1, 1, 1)$$);
select ecom.load_demo('seg', customers => 300, orders => 2000, months => 12, seed => 7) is not null as loaded;
select step, rows > 0 as has_rows, status, reason from ecom.refresh('seg', '{rfm,segments}');

-- Every customer with an order has one segment; names follow the ranks of value and recency.
select (select count(*) from seg.customer_segment) = (select count(*) from seg.customer_rfm where frequency > 0) as everybody,
       (select count(distinct segment) from seg.customer_segment) as segments,
       (select count(*) from seg.customer_segment where previous_segment is not null) as moved;
select segment like 'High value%' as is_first, row_number() over (order by mean_monetary_amount desc) as value_rank from seg.segment_profile order by 2;
select sum(customer_rate) between 0.999 and 1.001 as shares, sum(monetary_rate) between 0.999 and 1.001 as revenue_shares,
       sum(new_customer_count) = sum(customer_count) as all_are_new, sum(moved_in_count) as moved_in, sum(moved_out_count) as moved_out
from seg.segment_profile;
-- The stored model gives its customers their segments again, and so does a fit of its own.
select bool_and(p.segment = s.segment and p.cluster = s.cluster and abs(p.distance - s.center_distance) < 1e-9 and abs(p.pc1 - s.pc1) < 1e-9) as same
from seg.customer_segment s, ecom.predict_segment('seg', s.recency_days, s.frequency, s.monetary_amount::float8) p where s.customer_key % 10 = 0;
select bool_and(k.segment = s.segment) as same_in_function, count(*) = (select count(*) from seg.customer_segment) as all_of_them
from ecom.kmeans_segment('seg') k join seg.customer_segment s using (customer_key);
select count(distinct segment) as segments from ecom.kmeans_segment('seg', k => 5);
-- From sums that refresh keeps and from the lines: the same, also where an order has lines of two days.
insert into seg.fact_sales
select (jsonb_populate_record(f, jsonb_build_object('sales_key', -f.sales_key, 'line_number', 90, 'ordered_at', f.ordered_at + interval '1 day', 'order_date_key', d.date_key))).*
from seg.fact_sales f join seg.dim_date d on d.date = f.ordered_at::date + 1
where not f.is_return and f.customer_key <> 0 and f.ordered_at < '2025-06-01' order by f.customer_key, f.ordered_at, f.line_number limit 40;
select step, status from ecom.refresh('seg', '{sales}');
create table pg_temp.kept as select * from ecom.kmeans_segment('seg');
create table pg_temp.earlier as select * from ecom.kmeans_segment('seg', (select last_date from seg.rollup_state));
select ecom_internal.segment_query('seg', null) like '%customer_summary%' as kept,
       ecom_internal.segment_query('seg', (select last_date from seg.rollup_state)) like '%customer_summary%' as kept_before_the_last_day;
insert into seg.sales_change default values;
select ecom_internal.segment_query('seg', null) like '%customer_summary%' as kept_after_a_change;
select count(*) > 250 as many, count(*) filter (where l is distinct from k) as different
from ecom.kmeans_segment('seg') l full join pg_temp.kept k using (customer_key);
select count(*) > 250 as many, count(*) filter (where l is distinct from k) as different
from ecom.kmeans_segment('seg', (select last_date from seg.rollup_state)) l full join pg_temp.earlier k using (customer_key);
select ecom.set_setting('seg', 'rfm.returns', 'ignore');
create table pg_temp.gross as select * from ecom.kmeans_segment('seg');
select step, status from ecom.refresh('seg', '{sales}');
select count(*) filter (where l is distinct from k) as different, count(*) filter (where l.monetary > n.monetary) > 0 as is_gross
from ecom.kmeans_segment('seg') l full join pg_temp.gross k using (customer_key) left join pg_temp.kept n using (customer_key);
select ecom.set_setting('seg', 'rfm.returns', 'net');
-- A second refresh: nothing new, nobody moves, no new version of the model.
select step, status from ecom.refresh('seg', '{segments}');
select sum(new_customer_count) as new, sum(moved_in_count) as moved_in, sum(moved_out_count) as moved_out from seg.segment_profile;
select name, version, is_current, kind, parameters ->> 'k' as k, parameters ->> 'transform' as transform, metrics ? 'inertia' as has_inertia
from ecom.model_versions('seg') where name like 'segments%' order by name;
-- Other settings: the number is chosen, the table of trials is kept, customers move, the names stay in kind.
select ecom.set_setting('seg', 'segments.k', '');
select step, status from ecom.refresh('seg', '{segments}');
select jsonb_array_length(metrics -> 'trials') as trials, parameters ->> 'is_chosen' as is_chosen from ecom.model_versions('seg', 'segments') where is_current;
select sum(moved_in_count) > 0 as some_moved, sum(moved_in_count) >= sum(moved_out_count) as some_names_are_gone, sum(new_customer_count) as new from seg.segment_profile;
-- Trained again on more sales, segments keep their names and most customers their segment.
select ecom.set_setting('seg', 'segments.k', '3');
select step, status from ecom.refresh('seg', '{rfm,segments}');
create table pg_temp.names as select segment, count(*) from seg.customer_segment group by segment;
insert into seg.fact_sales
select (jsonb_populate_record(f, jsonb_build_object('sales_key', -1000000 - f.sales_key, 'order_id', 'again-' || f.order_id, 'revenue_amount', f.revenue_amount * 1.1))).*
from seg.fact_sales f where f.customer_key % 7 = 1;
select step, status from ecom.refresh('seg', '{rfm,segments}');
select count(*) as names, count(n.segment) as kept_names from (select distinct segment from seg.customer_segment) s left join pg_temp.names n using (segment);
select sum(moved_in_count) > 0 as some_moved, sum(moved_in_count) < 0.3 * sum(customer_count) as most_stay, sum(moved_in_count) = sum(moved_out_count) as balanced
from seg.segment_profile;
-- Starts by the number of customers, or as the setting says; the method.
select ecom.model_info(ecom.current_model('seg', 'segments')) ->> 'n_init' as n_init;
select ecom.set_setting('seg', 'segments.n_init', '5');
select ecom.set_setting('seg', 'segments.method', 'minibatch');
select step, status from ecom.refresh('seg', '{segments}');
select i ->> 'n_init' as n_init, i ->> 'method' as method from ecom.model_info(ecom.current_model('seg', 'segments')) i;
select ecom.set_setting('seg', 'segments.n_init', '');
select ecom.set_setting('seg', 'segments.method', 'auto');
-- Back to an earlier model by hand: scoring follows the version in effect.
select ecom.set_setting('seg', 'model.promotion', 'manual');
select ecom.rollback('seg', 'segments');
select step, status from ecom.refresh('seg', '{segments}');
select count(distinct segment) as segments from seg.customer_segment;
-- A version put into effect scores, though a new one was fitted.
select ecom.promote('seg', 'segments', 3);
select step, status from ecom.refresh('seg', '{segments}');
select max(version) > 3 as is_newer_fitted, max(version) filter (where is_current) as current from ecom.model_versions('seg', 'segments');
select bool_and(s.cluster = ecom.kmeans_predict(m.model, array[s.recency_days, s.frequency, s.monetary_amount])) as scored_by_it
from seg.customer_segment s, seg.model m where m.name = 'segments' and m.version = 3;

-- Names of one to seven clusters.
select k, string_agg(n.segment, '; ' order by n.cluster) as names
from generate_series(1, 7) k,
     lateral (select ecom.kmeans_fit(array[v, 1, 100 - v * v]::float8[], k) as model from generate_series(1, 7) v) m,
     lateral ecom_internal.segment_names(m.model) n group by k order by k;

-- Bad input.
select pg_temp.error_of($$select * from ecom.kmeans_segment('nowhere')$$);
select pg_temp.error_of($$select * from ecom.kmeans_segment('seg', k => 0)$$);
select pg_temp.error_of($$select * from ecom.kmeans_segment('seg', k => 5000)$$);
select pg_temp.error_of($$select * from ecom.predict_segment('seg', 'nan', 1, 1)$$);
select * from ecom.predict_segment('seg', null, 1, 1);
select pg_temp.error_of($$select ecom.set_setting('seg', 'segments.k', '0')$$);
select pg_temp.error_of($$select ecom.set_setting('seg', 'segments.transform', 'sqrt')$$);
-- Too few customers are a reason, not an error.
select ecom.set_setting('seg', 'segments.k', '100');
delete from seg.fact_sales where customer_key > 20;
select step, rows, status, reason from ecom.refresh('seg', '{rfm,segments}') where step = 'segments';
select count(*) from seg.customer_segment;
drop schema seg cascade;
