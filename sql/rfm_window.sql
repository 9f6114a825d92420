-- ecom.rfm_score over a query and with stored cut points, ecom.rfm_segment, ecom.rfm_rules, ecom.rfm_schemes.
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
create schema test_rfm_window;
set search_path = test_rfm_window;
create table customer as
select v as id, (v * 37) % 61 + 1 as recency, v % 7 + 1 as frequency, (v * 131) % 499 + 0.25 as monetary from generate_series(1, 200) v;
insert into customer values (201, null, 0, 0), (202, null, null, null), (203, 5, 3, null), (204, 40, 0, 12);

-- Defaults, and prospects.
select id, (s).* from (select id, ecom.rfm_score(recency, frequency, monetary) over () as s from customer) q where id <= 8 or id > 200 order by id;
select count(*), count((s).r) as scored, count(*) filter (where (s).segment = 'Prospects') as prospects,
       bool_and((s).code = (s).r::text || (s).f || (s).m) as codes
from (select ecom.rfm_score(recency, frequency, monetary) over () as s from customer) q;
select (s).segment, count(*) from (select ecom.rfm_score(recency, frequency, monetary) over () as s from customer) q group by 1 order by 1;

-- The scores are those of percentile_cont cut points.
select count(*) as compared, count(*) filter (where (s).r <> 6 - (1 + (recency > c.r[1])::int + (recency > c.r[2])::int + (recency > c.r[3])::int + (recency > c.r[4])::int)
           or (s).f <> 1 + (frequency > c.f[1])::int + (frequency > c.f[2])::int + (frequency > c.f[3])::int + (frequency > c.f[4])::int
           or (s).m <> 1 + (monetary > c.m[1])::int + (monetary > c.m[2])::int + (monetary > c.m[3])::int + (monetary > c.m[4])::int) as different
from (select *, ecom.rfm_score(recency, frequency, monetary) over () as s from customer) q,
     (select percentile_cont('{0.2, 0.4, 0.6, 0.8}'::float8[]) within group (order by recency::float8) as r,
             percentile_cont('{0.2, 0.4, 0.6, 0.8}'::float8[]) within group (order by frequency::float8) as f,
             percentile_cont('{0.2, 0.4, 0.6, 0.8}'::float8[]) within group (order by monetary::float8) as m
      from customer where id <= 200) c
where (s).r is not null;
-- Low recency is good, high frequency and amount are good.
select recency, frequency, monetary, (s).code, (s).segment
from (select *, ecom.rfm_score(recency, frequency, monetary) over () as s
      from (values (1, 50, 5000), (10, 20, 500), (30, 10, 200), (90, 5, 100), (365, 1, 10)) v (recency, frequency, monetary)) q order by recency;

-- ntile is SQL's ntile, rank_first the ranks cut at their quantiles; both break ties by the window's order.
select count(*) as compared, count(*) filter (where ((s).r, (s).f, (s).m) is distinct from (n.r, n.f, n.m)) as different
from (select id, ecom.rfm_score(recency, frequency, monetary, method => 'ntile') over (order by id rows between unbounded preceding and unbounded following) as s
      from customer where id <= 200) q
join (select id, ntile(5) over (order by recency desc, id) as r, ntile(5) over (order by frequency, id) as f, ntile(5) over (order by monetary, id) as m
      from customer where id <= 200) n using (id);
select count(*) filter (where a is distinct from b) as different_of_ties_ntile
from (select ecom.rfm_score(recency, frequency, monetary, method => 'ntile') over (order by id) as a,
             ecom.rfm_score(recency, frequency, monetary, ties => 'ntile') over (order by id) as b from customer) q;
select (s).f, count(*), min(id), max(id)
from (select id, ecom.rfm_score(id, 1, 1, method => 'rank_first') over (order by id) as s from generate_series(1, 13) id) q group by 1 order by 1;
select (s).f, count(*), min(id), max(id)
from (select id, ecom.rfm_score(id, 1, 1, method => 'ntile') over (order by id) as s from generate_series(1, 13) id) q group by 1 order by 1;
-- rfm_r adds one to each quantile and closes on the left.
select string_agg((s).r || (s).f::text || (s).m, ' ' order by id) as codes
from (select id, ecom.rfm_score(id, id, id, method => 'rfm_r') over () as s from generate_series(1, 11) id) q;

-- Equal values score equal with every method that keeps ties, in any order of rows.
select method, bins,
       bool_and(r_scores = 1 and f_scores = 1 and m_scores = 1) as equal_scores_equal, min(lowest) >= 1 and max(highest) <= bins as in_range
from (select method, bins, recency,
             count(distinct (s).r) as r_scores, 1 as f_scores, 1 as m_scores, min(least((s).r, (s).f, (s).m)) as lowest, max(greatest((s).r, (s).f, (s).m)) as highest
      from (select method, bins, recency, frequency, monetary,
                   ecom.rfm_score(recency, frequency, monetary, bins, method) over (partition by method, bins) as s
            from customer, unnest('{quantile, rfm_r}'::text[]) method, generate_series(2, 10) bins where id <= 200) q group by 1, 2, 3
      union all
      select method, bins, frequency, 1, count(distinct (s).f), 1, 1, 1
      from (select method, bins, frequency, ecom.rfm_score(recency, frequency, monetary, bins, method) over (partition by method, bins) as s
            from customer, unnest('{quantile, rfm_r}'::text[]) method, generate_series(2, 10) bins where id <= 200) q group by 1, 2, 3) p
group by 1, 2 order by 1, 2;
select method, count(distinct digest) as results
from (select method, seed, md5(string_agg(id || (s)::text, ',' order by id)) as digest
      from (select method, seed, id, ecom.rfm_score(recency, frequency, monetary, method => method)
                   over (partition by method, seed order by md5(id::text || seed) rows between unbounded preceding and unbounded following) as s
            from customer, unnest('{quantile, rfm_r}'::text[]) method, generate_series(1, 4) seed) q group by 1, 2) d
group by 1 order by 1;
-- Codes of ten bins have separators.
select (s).code, (s).segment from (select id, ecom.rfm_score(id, 101 - id, 101 - id, 10) over () as s from generate_series(1, 100) id) q
where id in (1, 50, 100) order by id;

-- The bins are those of each partition; partitions of one, of prospects only, and all equal.
select g, (s).* from (select g, id, ecom.rfm_score(r, f, m) over (partition by g) as s
    from (values ('one', 1, 3, 1, 5.0), ('prospects', 2, null, 0, 0), ('prospects', 3, null, 0, 0),
                 ('equal', 4, 9, 2, 7.5), ('equal', 5, 9, 2, 7.5), ('equal', 6, 9, 2, 7.5)) v (g, id, r, f, m)) q order by g, id;
select ecom.rfm_score(recency, frequency, monetary) over () from customer where false;
-- Two calls in one query, each with its own scores.
select (a).code as five, (b).code as ten, (c).segment as three_groups
from (select id, ecom.rfm_score(recency, frequency, monetary) over () as a, ecom.rfm_score(recency, frequency, monetary, 10) over () as b,
             ecom.rfm_score(recency, frequency, monetary, scheme => 'groups_3') over (order by id rows between unbounded preceding and unbounded following) as c
      from customer) q where id in (1, 2, 3) order by id;
-- A window's frame has no say: the whole partition is scored.
select count(*) filter (where a is distinct from b) as different
from (select ecom.rfm_score(recency, frequency, monetary) over () as a, ecom.rfm_score(recency, frequency, monetary) over (order by id rows 2 preceding) as b from customer) q;
-- Schemes.
select scheme, (s).segment, count(*)
from (select scheme, ecom.rfm_score(recency, frequency, monetary, scheme => scheme) over (partition by scheme) as s
      from customer, unnest('{groups_3, value_tiers, rf_grid_10, boxes_10}'::text[]) scheme where id <= 200) q
group by 1, 2 order by 1, 2;
-- Every scheme names every triple of scores but for boxes_10, which has gaps by design.
select scheme, count(*) as triples, count(*) filter (where segment = 'Others') as others, count(distinct segment) as segments
from (select s.scheme, ecom.rfm_segment(r, f, m, scheme => s.scheme) as segment
      from (select distinct scheme from ecom.rfm_schemes()) s, generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m) q
group by 1 order by 1;
select scheme, count(*), min(priority), max(priority) from ecom.rfm_schemes() group by 1 order by 1;
-- The rules of a scheme as a model name every triple as the scheme does, with any number of bins.
select bins, count(*) filter (where ecom.rfm_segment(r, f, m, bins, scheme) is distinct from ecom.rfm_segment(r, f, m, bins, rules => model)) as different
from (select scheme, ecom.rfm_rules(priority, segment, r_min, r_max, f_min, f_max, m_min, m_max, fm_min, fm_max, total_min, total_max) as model
      from ecom.rfm_schemes() group by 1) s, unnest('{2, 3, 5, 10}'::int[]) bins,
     generate_series(1, bins) r, generate_series(1, bins) f, generate_series(1, bins) m
group by 1 order by 1;
-- Rules of one's own: the first match wins, no match gives Others.
select total, ecom.rfm_segment(r, f, m, rules => model) as segment
from (select ecom.rfm_rules(p, s, lo, hi, null, null, null, null, null, null, tl, th) as model
      from (values (20, 'Any recent', 4.0, null, null, null), (10, 'Best', null, null, 14.0, 15), (30, 'Lapsed; drop', null, 1, null, null)) v (p, s, lo, hi, tl, th)) k,
     (values (5, 5, 5, 15), (4, 1, 1, 6), (1, 1, 1, 3), (2, 3, 3, 8)) t (r, f, m, total);
select ecom.rfm_segment(null, 1, 1) as prospect, ecom.rfm_segment(1, 1, 2, 2) as two_bins, ecom.rfm_segment(10, 10, 10, 10) as ten_bins;

-- Stored cut points: the same scores for the customers that they came from, the old scale for new ones.
create table scale as
select ecom.quantile_bins(recency, 5, true) as r, ecom.quantile_bins(frequency, 5, false) as f, ecom.quantile_bins(monetary, 5, false) as m
from customer where frequency > 0 and monetary is not null;
select count(*) filter (where a is distinct from b) as different
from (select ecom.rfm_score(recency, frequency, monetary) over () as a, ecom.rfm_score(recency, frequency, monetary, s.r, s.f, s.m) as b
      from customer, scale s) q;
select (ecom.rfm_score(x.r, x.f, x.m, s.r, s.f, s.m, 'groups_3')).*
from scale s, (values (0, 100, 1e9), (100000, 1, -5), (null, 0, 0), (3, null, 3), (float8 'infinity', 1, 'infinity')) x (r, f, m);
select ecom.rfm_score(1, 1, 1, null, f, m) is null as no_model, (ecom.rfm_score(1, 1, 1, r, f, m, rules => model)).segment as own_rules
from scale, (select ecom.rfm_rules(1, 'Everybody', null, null, null, null, null, null, null, null, null, null) as model) k;

-- Errors.
select pg_temp.error_of(format('select ecom.rfm_score(recency, frequency, monetary%s) over () from test_rfm_window.customer', a)) as error_of
from unnest('{", 1", ", 11", ", null", ", method => ''best''", ", method => ''fixed''", ", method => null", ", ties => ''random''", ", ties => ''ntile'', method => ''rfm_r''",
              ", scheme => ''groups_12''", ", scheme => ''''", ", scheme => null"}'::text[]) a;
select x, y, pg_temp.error_of(format('select ecom.rfm_score(%s, 1, %s) over () from generate_series(1, 3) id', x, y)) as error_of
from (values ('''NaN''', 'id'), ('id', '''NaN'''), ('''Infinity''', 'id'), ('id', '''-Infinity''')) v (x, y);
select pg_temp.error_of('select ecom.rfm_score(1, 1, 1)');
select pg_temp.error_of('select ecom.rfm_score(''NaN'', 1, 1, r, f, m) from test_rfm_window.scale');
select pg_temp.error_of('select ecom.rfm_score(1, 1, 1, r, f, (select ecom.quantile_bins(v, 3, false) from generate_series(1, 9) v)) from test_rfm_window.scale');
select pg_temp.error_of('select ecom.rfm_segment(6, 1, 1)');
select pg_temp.error_of('select ecom.rfm_segment(1, 0, 1)');
select pg_temp.error_of('select ecom.rfm_segment(1, 1, 1, 11)');
select pg_temp.error_of('select ecom.rfm_segment(1, 1, 1, scheme => ''nothing'')');
select pg_temp.error_of('select ecom.rfm_rules(1, '''', null, null, null, null, null, null, null, null, null, null)');
select pg_temp.error_of('select ecom.rfm_rules(1, ''x'', 5, 1, null, null, null, null, null, null, null, null)');
select pg_temp.error_of('select ecom.rfm_rules(1, ''x'', ''NaN'', 1, null, null, null, null, null, null, null, null)');
select pg_temp.error_of('select ecom.rfm_rules(null, ''x'', 1, 1, null, null, null, null, null, null, null, null)');
select ecom.rfm_rules(1, 'x', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) filter (where false) is null as no_rules;
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.rfm_score(v, v, v) over () from generate_series(1, 100000) v');
reset ecom_analytics.memory_limit;
begin transaction read only;
select count(*) from (select ecom.rfm_score(recency, frequency, monetary) over () as s from customer) q;
select (ecom.rfm_score(1, 1, 1, r, f, m)).code, ecom.rfm_segment(1, 1, 1) from scale;
commit;

set client_min_messages = warning;
drop schema test_rfm_window cascade;
