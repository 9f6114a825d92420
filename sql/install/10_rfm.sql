-- RFM scores: window function, two-step aggregate with accessors, scoring with stored cut points,
-- segment rules. The forms over a mart are in 40_rfm_mart.sql.

create type ecom.rfm_result as (r int, f int, m int, code text, segment text);
comment on type ecom.rfm_result is
'RFM scores of one customer; all NULL with segment Prospects for a customer who never ordered.';
comment on column ecom.rfm_result.r is 'Recency score, highest for the most recent';
comment on column ecom.rfm_result.f is 'Frequency score, highest for the most orders';
comment on column ecom.rfm_result.m is 'Monetary score, highest for the largest amount';
comment on column ecom.rfm_result.code is 'The three scores in one text: 543, or 10-4-3 with ten bins';
comment on column ecom.rfm_result.segment is 'Segment by the first rule that matches, Others when none does';

create function ecom.rfm_score(
    recency float8, frequency float8, monetary float8,
    bins int default 5, method text default 'quantile', ties text default 'equal',
    scheme text default 'groups_11') returns ecom.rfm_result
    language c window immutable parallel safe
    as 'MODULE_PATHNAME', 'ecom_rfm_score_window';
comment on function ecom.rfm_score(float8, float8, float8, int, text, text, text) is
'Scores every row against its window partition: one row per customer of any query.
Example: SELECT customer_key, (ecom.rfm_score(recency_days, frequency, monetary_amount) OVER ()).* FROM shop.customer_rfm
recency: age of the last order in any unit, smaller is better. frequency: number of orders. monetary: amount.
A NULL, or a frequency of 0, makes the row a prospect: no scores, and no part in the cut points.
bins: 2 to 10. method: quantile (default), ntile, rank_first, rfm_r; see docs/rfm.md. ties: equal (default), or
ntile for the results of old scripts, which break ties by the order of the rows (give the window an ORDER BY).
scheme: groups_11 (default), groups_3, value_tiers, rf_grid_10, boxes_10.
The parameters after monetary are read from the partition''s first row. NaN and infinity are refused (22003).
O(n log k) time and 55 bytes a row for n rows, within ecom_analytics.memory_limit.';

create function ecom.rfm_score(
    recency float8, frequency float8, monetary float8,
    recency_bins ecom.model, frequency_bins ecom.model, monetary_bins ecom.model,
    scheme text default 'groups_11', rules ecom.model default null) returns ecom.rfm_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_score_with_bins';
comment on function ecom.rfm_score(
    float8, float8, float8, ecom.model, ecom.model, ecom.model, text, ecom.model) is
'Scores one customer with stored cut points, so that new customers are measured on the old scale.
Example: SELECT * FROM ecom.rfm_score(12, 3, 250, ecom.current_model(''shop'', ''rfm.recency''),
  ecom.current_model(''shop'', ''rfm.frequency''), ecom.current_model(''shop'', ''rfm.monetary''))
The three models come from ecom.rfm_cut_points or ecom.quantile_bins; NULL when one of them is NULL.
A NULL measure or a frequency of 0 makes a prospect. rules, a model from ecom.rfm_rules, goes before scheme.
Models are decoded once per call site.';

create function ecom.rfm_segment(
    r int, f int, m int, bins int default 5,
    scheme text default 'groups_11', rules ecom.model default null) returns text
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_segment';
comment on function ecom.rfm_segment(int, int, int, int, text, ecom.model) is
'The segment of a score triple. A NULL score gives Prospects, no matching rule gives Others.
Example: SELECT ecom.rfm_segment(5, 4, 4)
Scores must lie in 1 .. bins. rules, a model from ecom.rfm_rules, goes before scheme.';

create function ecom_internal.rfm_rules_add(
    ecom.state, priority int, segment text,
    r_min float8, r_max float8, f_min float8, f_max float8, m_min float8, m_max float8,
    fm_min float8, fm_max float8, total_min float8, total_max float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_rules_add';
create function ecom_internal.rfm_rules_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_rules_combine';
create function ecom_internal.rfm_rules_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_rules_final';

create aggregate ecom.rfm_rules(
    priority int, segment text,
    r_min float8, r_max float8, f_min float8, f_max float8, m_min float8, m_max float8,
    fm_min float8, fm_max float8, total_min float8, total_max float8) (
    sfunc = ecom_internal.rfm_rules_add,
    stype = ecom.state,
    sspace = 4096,
    combinefunc = ecom_internal.rfm_rules_combine,
    finalfunc = ecom_internal.rfm_rules_final,
    parallel = safe
);
comment on aggregate ecom.rfm_rules(
    int, text, float8, float8, float8, float8, float8, float8, float8, float8, float8, float8) is
'Turns a table of segment rules into a model for the RFM functions.
Example: SELECT ecom.rfm_rules(priority, segment, r_min, r_max, f_min, f_max, m_min, m_max, fm_min, fm_max, total_min, total_max)
  FROM shop.rfm_rule WHERE scheme = ''groups_11''
Rules are tried by ascending priority, the first match wins. Bounds are inclusive, NULL means no bound, on a scale
of 1 to 5; scores of other numbers of bins are stretched to it. fm is the mean of f and m, total the sum of r, f and m.
NULL for no rows; 22023 for a rule without a name or with an inverted range.';

create function ecom.rfm_schemes(
    out scheme text, out priority int, out segment text,
    out r_min float8, out r_max float8, out f_min float8, out f_max float8,
    out m_min float8, out m_max float8, out fm_min float8, out fm_max float8,
    out total_min float8, out total_max float8) returns setof record
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_schemes';
comment on function ecom.rfm_schemes() is
'The segment rules that come with the extension, as rows in the form that ecom.rfm_rules takes.
Example: SELECT * FROM ecom.rfm_schemes() WHERE scheme = ''groups_3''
Schemes: groups_11, groups_3, value_tiers, rf_grid_10, boxes_10. A mart''s rfm_rule table starts as a copy.';

create function ecom_internal.rfm_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_combine';

create function ecom_internal.rfm_add_bigint_bigint_numeric(
    ecom.state, customer bigint, order_id bigint, ts timestamp, amount numeric) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_bigint_bigint_numeric';
create aggregate ecom.rfm_agg(customer bigint, order_id bigint, ts timestamp, amount numeric) (
    sfunc = ecom_internal.rfm_add_bigint_bigint_numeric, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_bigint_bigint_float8(
    ecom.state, customer bigint, order_id bigint, ts timestamp, amount float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_bigint_bigint_float8';
create aggregate ecom.rfm_agg(customer bigint, order_id bigint, ts timestamp, amount float8) (
    sfunc = ecom_internal.rfm_add_bigint_bigint_float8, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_bigint_text_numeric(
    ecom.state, customer bigint, order_id text, ts timestamp, amount numeric) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_bigint_text_numeric';
create aggregate ecom.rfm_agg(customer bigint, order_id text, ts timestamp, amount numeric) (
    sfunc = ecom_internal.rfm_add_bigint_text_numeric, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_bigint_text_float8(
    ecom.state, customer bigint, order_id text, ts timestamp, amount float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_bigint_text_float8';
create aggregate ecom.rfm_agg(customer bigint, order_id text, ts timestamp, amount float8) (
    sfunc = ecom_internal.rfm_add_bigint_text_float8, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_text_bigint_numeric(
    ecom.state, customer text, order_id bigint, ts timestamp, amount numeric) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_text_bigint_numeric';
create aggregate ecom.rfm_agg(customer text, order_id bigint, ts timestamp, amount numeric) (
    sfunc = ecom_internal.rfm_add_text_bigint_numeric, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_text_bigint_float8(
    ecom.state, customer text, order_id bigint, ts timestamp, amount float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_text_bigint_float8';
create aggregate ecom.rfm_agg(customer text, order_id bigint, ts timestamp, amount float8) (
    sfunc = ecom_internal.rfm_add_text_bigint_float8, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_text_text_numeric(
    ecom.state, customer text, order_id text, ts timestamp, amount numeric) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_text_text_numeric';
create aggregate ecom.rfm_agg(customer text, order_id text, ts timestamp, amount numeric) (
    sfunc = ecom_internal.rfm_add_text_text_numeric, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_text_text_float8(
    ecom.state, customer text, order_id text, ts timestamp, amount float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_text_text_float8';
create aggregate ecom.rfm_agg(customer text, order_id text, ts timestamp, amount float8) (
    sfunc = ecom_internal.rfm_add_text_text_float8, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_bigint_numeric(
    ecom.state, customer bigint, ts timestamp, amount numeric) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_bigint_numeric';
create aggregate ecom.rfm_agg(customer bigint, ts timestamp, amount numeric) (
    sfunc = ecom_internal.rfm_add_bigint_numeric, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_bigint_float8(
    ecom.state, customer bigint, ts timestamp, amount float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_bigint_float8';
create aggregate ecom.rfm_agg(customer bigint, ts timestamp, amount float8) (
    sfunc = ecom_internal.rfm_add_bigint_float8, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_text_numeric(
    ecom.state, customer text, ts timestamp, amount numeric) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_text_numeric';
create aggregate ecom.rfm_agg(customer text, ts timestamp, amount numeric) (
    sfunc = ecom_internal.rfm_add_text_numeric, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

create function ecom_internal.rfm_add_text_float8(
    ecom.state, customer text, ts timestamp, amount float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_rfm_add_text_float8';
create aggregate ecom.rfm_agg(customer text, ts timestamp, amount float8) (
    sfunc = ecom_internal.rfm_add_text_float8, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);

-- One text for all types of ids and amounts.
do $do$
declare
    overload record;
begin
    for overload in
        select p.oid::regprocedure as name, p.pronargs = 4 as has_order
        from pg_catalog.pg_proc p
        where p.pronamespace = 'ecom'::regnamespace and p.proname = 'rfm_agg'
    loop
        execute format('comment on aggregate %s is %L', overload.name, case when overload.has_order then
'One pass over order lines: collects what RFM needs of every customer, as a state.
Example: SELECT r.* FROM (SELECT ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) AS s
  FROM shop.fact_sales WHERE customer_key <> 0) a, ecom.rfm_rows(a.s) r
The state is read by ecom.rfm_rows, ecom.rfm_cut_points and ecom.rfm_segments. customer and orders: bigint or text (cast others
to text). ts: time of the order. amount: of the line, numeric or float8, summed exactly to eight decimals; a negative amount is a return: it lowers
the net amount and is neither an order nor a purchase. Lines with a NULL are skipped; NaN and infinity are refused (22003).
Orders are counted distinct. Rows may come in any order and from parallel workers: the result is the same.
Memory: about 100 bytes a customer and 12 an order, at most ecom_analytics.memory_limit. Time: linear in the lines.'
        else
'One pass over orders, one row each: collects what RFM needs of every customer, as a state.
Example: SELECT r.* FROM (SELECT ecom.rfm_agg(customer_key, ordered_at, revenue_amount) AS s
  FROM shop.fact_order WHERE customer_key <> 0 AND order_count = 1) a, ecom.rfm_rows(a.s) r
As ecom.rfm_agg with an order id, but every row with an amount of 0 or more counts as one order.
Memory: about 100 bytes a customer, whatever the number of orders.'
        end);
    end loop;
end
$do$;

create aggregate ecom.rfm_rollup(state ecom.state) (
    sfunc = ecom_internal.rfm_combine, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.rfm_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.rfm_rollup(ecom.state) is
'Merges states of ecom.rfm_agg, for example one stored per month, into the state of all their lines.
Example: SELECT r.* FROM (SELECT ecom.rfm_rollup(m.s) AS s FROM (
  SELECT ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) AS s FROM shop.fact_sales
  WHERE customer_key <> 0 GROUP BY date_trunc(''month'', ordered_at)) m) a, ecom.rfm_rows(a.s) r
An order whose lines are spread over several states counts once. NULLs are skipped.';

create function ecom.rfm_scan(query text) returns ecom.state
    language c stable strict parallel restricted as 'MODULE_PATHNAME', 'ecom_rfm_scan';
comment on function ecom.rfm_scan(text) is
'The state that ecom.rfm_agg makes, of the rows of a query read in one go.
Example: SELECT r.* FROM (SELECT ecom.rfm_scan($$SELECT customer_key, order_id, ordered_at, revenue_amount FROM shop.fact_sales
  WHERE customer_key <> 0$$) AS s OFFSET 0) a, ecom.rfm_rows(a.s) r
No aggregate call for each row, and where ecom_analytics.max_threads allows two threads, reading and accumulating overlap.
query: one SELECT, run as the caller, of (customer, order, ts, amount) or, one row an order, (customer, ts, amount): customer and
order integer, bigint or text, ts timestamp or date, amount numeric or double precision; 42804 otherwise. NULLs, returns, limits
and memory as in ecom.rfm_agg. Use it as FROM (SELECT ecom.rfm_scan($$ ... $$) AS s OFFSET 0) a, ecom.rfm_rows(a.s).';

create function ecom.rfm_rows(
    state ecom.state,
    as_of date default null,
    bins int default 5,
    method text default 'quantile',
    ties text default 'equal',
    returns text default 'net',
    recency_thresholds float8[] default null,
    frequency_thresholds float8[] default null,
    monetary_thresholds float8[] default null,
    scheme text default 'groups_11',
    rules ecom.model default null,
    out customer_key bigint, out customer_id text, out last_order_at timestamp,
    out recency_days int, out frequency int, out monetary float8,
    out r int, out f int, out m int, out code text, out segment text) returns setof record
    language c immutable parallel safe rows 1000 as 'MODULE_PATHNAME', 'ecom_rfm_rows';
comment on function ecom.rfm_rows(ecom.state, date, int, text, text, text, float8[], float8[], float8[], text, ecom.model) is
'Scored customers of a state of ecom.rfm_agg, one row each, in no particular order.
Example: SELECT r.* FROM (SELECT ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) AS s
  FROM shop.fact_sales WHERE customer_key <> 0) a, ecom.rfm_rows(a.s) r
as_of: the date that recency is counted from, by default the day after the last order; 22023 when it lies before that order.
bins: 2 to 10. method: quantile (default), ntile, rank_first, rfm_r, fixed with the three threshold arrays; see docs/rfm.md.
ties: equal, or ntile. returns: net (default) or ignore. rules, a model from ecom.rfm_rules, goes before scheme.
customer_key is filled where customers were bigint, customer_id where they were text. Customers with returns only
are prospects: frequency 0, no scores.
O(n log k) for n customers; about 55 bytes a customer besides the state, within ecom_analytics.memory_limit.';

create function ecom.rfm_cut_points(
    state ecom.state,
    as_of date default null,
    bins int default 5,
    method text default 'quantile',
    ties text default 'equal',
    returns text default 'net',
    recency_thresholds float8[] default null,
    frequency_thresholds float8[] default null,
    monetary_thresholds float8[] default null,
    out measure text, out cut_points float8[], out bins_model ecom.model) returns setof record
    language c immutable parallel safe rows 3 as 'MODULE_PATHNAME', 'ecom_rfm_cut_points';
comment on function ecom.rfm_cut_points(ecom.state, date, int, text, text, text, float8[], float8[], float8[]) is
'The cut points behind the scores of ecom.rfm_rows: one row each for recency, frequency and monetary.
Example: SELECT r.* FROM (SELECT ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) AS s
  FROM shop.fact_sales WHERE customer_key <> 0) a, ecom.rfm_cut_points(a.s) r
bins_model scores other customers on the same scale, by ecom.rfm_score or ecom.quantile_bin.
22023 for the rank methods (ntile, rank_first), which have no cut points.';

create function ecom.rfm_segments(
    state ecom.state,
    as_of date default null,
    bins int default 5,
    method text default 'quantile',
    ties text default 'equal',
    returns text default 'net',
    recency_thresholds float8[] default null,
    frequency_thresholds float8[] default null,
    monetary_thresholds float8[] default null,
    scheme text default 'groups_11',
    rules ecom.model default null,
    out segment text, out customers bigint, out orders bigint, out monetary float8,
    out mean_recency_days float8, out mean_frequency float8, out mean_monetary float8)
    returns setof record
    language c immutable parallel safe rows 11 as 'MODULE_PATHNAME', 'ecom_rfm_segments';
comment on function ecom.rfm_segments(ecom.state, date, int, text, text, text, float8[], float8[], float8[], text, ecom.model) is
'Segments of a state of ecom.rfm_agg with their size, orders, amount and means.
Example: SELECT r.* FROM (SELECT ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) AS s
  FROM shop.fact_sales WHERE customer_key <> 0) a, ecom.rfm_segments(a.s) r
The rows of ecom.rfm_rows summed up without returning a row per customer. Arguments as there.';
