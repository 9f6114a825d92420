-- Statistics over any query: correlations, intervals, tests of differences, anomalies, sets of keys, charts in text.
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
create schema test_statistics;
set search_path = test_statistics;
create function is_partial(query text) returns boolean language plpgsql as $$
declare
    line text;
begin
    for line in execute 'explain (costs off) ' || query loop
        if line like '%Partial%Aggregate%' then
            return true;
        end if;
    end loop;
    return false;
end
$$;
-- Miles per gallon, horse power, weight and transmission of R's data set mtcars.
create table car (mpg float8, hp float8, wt float8, is_manual boolean);
insert into car values
    (21, 110, 2.62, true), (21, 110, 2.875, true), (22.8, 93, 2.32, true), (21.4, 110, 3.215, false), (18.7, 175, 3.44, false),
    (18.1, 105, 3.46, false), (14.3, 245, 3.57, false), (24.4, 62, 3.19, false), (22.8, 95, 3.15, false), (19.2, 123, 3.44, false),
    (17.8, 123, 3.44, false), (16.4, 180, 4.07, false), (17.3, 180, 3.73, false), (15.2, 180, 3.78, false), (10.4, 205, 5.25, false),
    (10.4, 215, 5.424, false), (14.7, 230, 5.345, false), (32.4, 66, 2.2, true), (30.4, 52, 1.615, true), (33.9, 65, 1.835, true),
    (21.5, 97, 2.465, false), (15.5, 150, 3.52, false), (15.2, 150, 3.435, false), (13.3, 245, 3.84, false), (19.2, 175, 3.845, false),
    (27.3, 66, 1.935, true), (26, 91, 2.14, true), (30.4, 113, 1.513, true), (15.8, 264, 3.17, true), (19.7, 175, 2.77, true),
    (15, 335, 3.57, true), (21.4, 109, 2.78, true);
-- Ties, gaps, a constant and a column without any value.
create table measure as
select v as id, v % 3 as g, ((v * 7919) % 997)::float8 as a,
       case when v % 7 <> 0 then ((v * 7919) % 997) / 100 + (v * 31) % 50 end::float8 as b,
       case when v % 11 <> 0 then sqrt((v * 104729) % 1009) - v / 100.0 end::float8 as c, 5.5::float8 as d, null::float8 as e
from generate_series(1, 3000) v;
analyze measure;

-- Correlations: R 4.2, cor.test, and for spearman cor, pt and the interval of Bonett and Wright written out.
select c.x, c.y, c.n, round(c.r::numeric, 12) as r, to_char(c.p_value, '9.999999999EEEE') as p_value,
       round(c.ci_low::numeric, 12) as ci_low, round(c.ci_high::numeric, 12) as ci_high
from (select ecom.corr_agg(array[mpg, hp, wt]) as s from car) a, ecom.corr_rows(a.s, array['mpg', 'hp', 'wt']) c;
select c.x, c.y, c.n, round(c.r::numeric, 12) as r, to_char(c.p_value, '9.999999999EEEE') as p_value,
       round(c.ci_low::numeric, 12) as ci_low, round(c.ci_high::numeric, 12) as ci_high
from (select ecom.corr_agg(array[mpg, hp, wt], 'spearman') as s from car) a, ecom.corr_rows(a.s, names => array['mpg', 'hp', 'wt']) c;
select c.x, c.y, round(c.ci_low::numeric, 6) as ci_low, round(c.ci_high::numeric, 6) as ci_high
from (select ecom.corr_agg(array[mpg, hp]) as s from car) a, ecom.corr_rows(a.s, level => 0.5) c;

-- Gaps pair by pair: the same as corr() and regr_count() of each pair; for spearman of ranks with ties.
create view pair as
select g, x, y, v.vx, v.vy
from measure m, (values ('a', 'b'), ('a', 'c'), ('a', 'd'), ('a', 'e'), ('b', 'c'), ('b', 'd'), ('b', 'e'), ('c', 'd'), ('c', 'e'), ('d', 'e')) p (x, y),
     lateral (select (to_jsonb(m) ->> x)::float8 as vx, (to_jsonb(m) ->> y)::float8 as vy) v;
create view ranked_pair as
select g, x, y, rank() over (partition by g, x, y order by vx) + (count(*) over (partition by g, x, y, vx) - 1) / 2.0 as vx,
       rank() over (partition by g, x, y order by vy) + (count(*) over (partition by g, x, y, vy) - 1) / 2.0 as vy
from pair where vx is not null and vy is not null;
select 'pearson' as method, count(*) as pairs, count(c.r) as with_r, count(*) filter (where c.n is distinct from p.n) as different_n,
       count(*) filter (where (c.r is null) <> (p.r is null) or abs(c.r - p.r) > 1e-12) as different_r
from (select g, c.* from (select g, ecom.corr_agg(array[a, b, c, d, e]) as s from measure group by g) a, ecom.corr_rows(a.s, '{a,b,c,d,e}') c) c
full join (select g, x, y, regr_count(vx, vy) as n, corr(vx, vy) as r from pair group by g, x, y) p using (g, x, y)
union all
select 'spearman', count(*), count(c.r), count(*) filter (where c.n is distinct from coalesce(p.n, 0)),
       count(*) filter (where (c.r is null) <> (p.r is null) or abs(c.r - p.r) > 1e-12)
from (select g, c.* from (select g, ecom.corr_agg(array[a, b, c, d, e], 'spearman') as s from measure group by g) a, ecom.corr_rows(a.s, '{a,b,c,d,e}') c) c
full join (select g, x, y, count(*) as n, corr(vx, vy) as r from ranked_pair group by g, x, y) p using (g, x, y);

-- A large mean costs no digits; a constant has no correlation even where 0.1 is not exact.
select abs(c.r - p.r) < 1e-7 as same
from (select c.r from (select ecom.corr_agg(array[1e9 + mpg, hp]) as s from car) a, ecom.corr_rows(a.s) c) c, (select corr(mpg, hp) as r from car) p;
select c.n, c.r, c.p_value, c.ci_low from (select ecom.corr_agg(array[0.1, v]) as s from generate_series(1, 1000) v) a, ecom.corr_rows(a.s) c;
-- Few rows, perfect correlation, types that are cast.
select c.n, c.r, round(c.p_value::numeric, 6) as p_value, c.ci_low, c.ci_high
from generate_series(1, 4) k, lateral (select ecom.corr_agg(array[v, 10 - v]) as s from generate_series(1, k) v) a, ecom.corr_rows(a.s) c;
select c.x, c.y, c.r from (select ecom.corr_agg(array[v, 2 * v, 3.5]::numeric[]::float8[], 'spearman') as s from generate_series(1, 9) v) a, ecom.corr_rows(a.s) c;

-- No rows, NULL arrays, NULL states.
select ecom.corr_agg(array[mpg, hp]) is null as nothing, ecom.corr_agg(null::float8[]) is null as only_nulls from car where false;
select count(*) from ecom.corr_rows(null);
select c.n from (select ecom.corr_agg(v) as s from (values (null::float8[]), ('{1,2}'), ('{2,null}'), ('{3,4}')) t (v)) a, ecom.corr_rows(a.s) c;
-- States: stored, merged, in any order of the rows, as text.
create table part as
select g, ecom.corr_agg(array[a, b, c]) as pearson, ecom.corr_agg(array[a, b, c], 'spearman') as spearman from measure group by g;
select count(*) as compared, count(*) filter (where abs(p.r - w.r) > 1e-12) as different_pearson, count(*) filter (where q.r <> u.r) as different_spearman
from (select c.* from (select ecom.corr_rollup(pearson) as s from part) a, ecom.corr_rows(a.s::text::ecom.state) c) p
join (select c.* from (select ecom.corr_agg(array[a, b, c]) as s from measure) a, ecom.corr_rows(a.s) c) w using (x, y)
join (select c.* from (select ecom.corr_rollup(spearman order by g desc) as s from part) a, ecom.corr_rows(a.s) c) q using (x, y)
join (select c.* from (select ecom.corr_agg(array[a, b, c], 'spearman' order by md5(id::text)) as s from measure) a, ecom.corr_rows(a.s) c) u using (x, y);

-- Errors.
select pg_temp.error_of(format('select ecom.corr_agg(%s) from car', v)) as error_of
from (values ('array[mpg]'), ('array[]::float8[]'), ('array_fill(1::float8, array[201])'), ('array[[mpg, hp], [hp, mpg]]'), ('array[mpg, hp], ''kendall'''),
             ('array[mpg, hp], null'), ('array[mpg, case when hp = 110 then ''NaN'' else hp end]'), ('array[mpg, case when hp = 110 then ''-infinity'' else hp end]'),
             ('case when mpg < 20 then array[mpg, hp] else array[mpg, hp, wt] end')) t (v);
select pg_temp.error_of(format('select c.* from (select ecom.corr_agg(array[mpg, hp]) as s from car) a, ecom.corr_rows(a.s, %s) c', v)) as error_of
from (values ('array[''x'']'), ('array[''x'', null]'), ('level => 1'), ('level => 0'), ('level => ''NaN'''), ('level => null')) t (v);
select pg_temp.error_of('select c.* from (select ecom.corr_agg(array[v * 1e200, v]) as s from generate_series(-1, 1) v) a, ecom.corr_rows(a.s) c');
select pg_temp.error_of('select ecom.corr_rollup(s) from (select pearson as s from part union all select spearman from part) t');
select pg_temp.error_of('select count(*) from ecom.corr_rows((select ecom.rfm_agg(1::bigint, now()::timestamp, 1::float8)))');
select pg_temp.error_of('select ecom_internal.corr_add(null, array[1, 2])');
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.corr_agg(array[v, v], ''spearman'') from generate_series(1, 1000000) v');
reset ecom_analytics.memory_limit;

-- The interval of a rate: R 4.2, prop.test(correct = FALSE).
select s, n, level, round(low::numeric, 12) as low, round(high::numeric, 12) as high
from (values (7, 10, 0.95), (0, 10, 0.95), (10, 10, 0.95), (1, 1, 0.95), (500, 100000, 0.95), (15, 148, 0.99)) t (s, n, level),
     lateral ecom.wilson_interval(s, n, level);
select * from ecom.wilson_interval(0, 0);
select * from ecom.wilson_interval(null, 5);
select low > 0.49 and high < 0.51 as huge from ecom.wilson_interval(4611686018427387903, 9223372036854775807);
select pg_temp.error_of(format('select ecom.wilson_interval(%s)', v)) as error_of
from (values ('6, 5'), ('-1, 5'), ('0, -1'), ('1, 2, 0'), ('1, 2, 1'), ('1, 2, 95'), ('1, 2, ''NaN''')) t (v);

-- Two rates: statistics of R 4.2, prop.test(correct = FALSE); intervals of Newcombe (1998), table II, method 10:
-- (0.0524, 0.3339), (0.1705, 0.8090) and, for 5/56 - 0/29, (-0.0381, 0.1926).
select s1, n1, s2, n2, round(difference::numeric, 4) as difference, round(z::numeric, 10) as z, round(p_value::numeric, 12) as p_value,
       round(ci_low::numeric, 4) as ci_low, round(ci_high::numeric, 4) as ci_high
from (values (56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 20, 20), (0, 10, 0, 20), (5, 56, 0, 29)) t (s1, n1, s2, n2), lateral ecom.two_proportion_test(s1, n1, s2, n2);
select * from ecom.two_proportion_test(0, 0, 1, 2);
select pg_temp.error_of('select ecom.two_proportion_test(3, 2, 1, 2)'), pg_temp.error_of('select ecom.two_proportion_test(1, 2, 1, 2, level => 2)');

-- Two means: R 4.2, t.test of sleep, and of mpg by transmission at level 0.9.
select round(difference::numeric, 10) as difference, round(t::numeric, 10) as t, round(df::numeric, 10) as df, round(p_value::numeric, 12) as p_value,
       round(ci_low::numeric, 10) as ci_low, round(ci_high::numeric, 10) as ci_high
from ecom.welch_test(0.75, 1.7890096577591625, 10, 2.33, 2.002248735796829, 10);
select n1, round(mean1::numeric, 6) as mean1, n2, round(mean2::numeric, 6) as mean2, round(difference::numeric, 6) as difference, round(t::numeric, 10) as t,
       round(df::numeric, 10) as df, round(p_value::numeric, 12) as p_value, round(ci_low::numeric, 10) as ci_low, round(ci_high::numeric, 10) as ci_high
from (select (ecom.mean_test(mpg, is_manual, 0.9)).* from car) t;
-- The aggregate is the function of avg, stddev_samp and count; rows with a NULL are skipped; groups.
select count(*) as groups, count(*) filter (where abs(t - welch) > 1e-9 or n1 <> count1) as different
from (select (ecom.mean_test(b, a > 500)).*, g from measure group by g) a
join (select g, count(b) filter (where a > 500) as count1,
             (ecom.welch_test(avg(b) filter (where a > 500), stddev_samp(b) filter (where a > 500), count(b) filter (where a > 500),
                              avg(b) filter (where a <= 500), stddev_samp(b) filter (where a <= 500), count(b) filter (where a <= 500))).t as welch
      from measure group by g) b using (g);
select (ecom.mean_test(v, v > 5)).* from generate_series(1, 5) v;
select (ecom.mean_test(v, v > 1)).* from generate_series(1, 5) v;
select (ecom.mean_test(7, v > 2)).* from generate_series(1, 5) v;
select ecom.mean_test(v, true) is null as nothing from generate_series(1, 5) v where false;
select (ecom.mean_test(null, true)).n1;
select * from ecom.welch_test(1, 1, 0, 1, 1, 5);
select * from ecom.welch_test(1, null, 1, 1, 1, 5);
select pg_temp.error_of(format('select ecom.welch_test(%s)', v)) as error_of
from (values ('1, -1, 5, 1, 1, 5'), ('1, 1, -5, 1, 1, 5'), ('''NaN'', 1, 5, 1, 1, 5'), ('1, ''infinity'', 5, 1, 1, 5'), ('1, 1, 5, 1, 1, 5, 0')) t (v);
select pg_temp.error_of(format('select ecom.mean_test(%s) from measure', v)) as error_of
from (values ('''NaN'', true'), ('case when id = 9 then ''infinity'' else a end, true'), ('a, true, 1'), ('a, true, null'), ('a * 1e200, true')) t (v);

-- Sparklines: equal parts of the range, blanks, a constant, a shared scale, the order that is asked for.
select ecom.spark(v order by v) as up, ecom.spark(v order by v desc) as down, ecom.spark(nullif(v, 3) order by v) as gap, ecom.spark(5 order by v) as flat,
       '|' || ecom.spark(null order by v) || '|' as blank, ecom.spark(v order by v) filter (where false) is null as nothing
from generate_series(0, 7) v;
select g, ecom.spark(a order by id) as own, ecom.spark(a, 0, 1500 order by id) as shared, ecom.spark(a, 0, null order by id) as from_zero,
       ecom.spark(a, 400, 600 order by id) as clipped
from measure where id <= 30 group by g order by g;
-- One height in eight: counted by width_bucket.
select count(*) as values, count(*) filter (where width_bucket(a, 0, 996, 8) <> height and a < 996) as different
from (select row_number() over (order by id) as n, a from measure) m
join (select n, ascii(c) - 9600 as height from (select ecom.spark(a order by id) as line from measure) s, regexp_split_to_table(line, '') with ordinality x (c, n)) h using (n);
select pg_temp.error_of(format('select ecom.spark(%s) from measure', v)) as error_of
from (values ('''NaN'''), ('case when id = 9 then ''infinity'' else a end'), ('a, 2, 1'), ('a, ''-infinity'', 1')) t (v);
-- Bars.
select v, '|' || ecom.bar(v, 8, 2) || '|' as two, '|' || ecom.bar(v, max => 8, width => 1) || '|' as one, length(ecom.bar(v, 8)) as default_length
from unnest('{-1, 0, 0.001, 1, 3.5, 4, 7, 8, 9}'::float8[]) v;
select ecom.bar(0, 0) = '' as zero, ecom.bar(1, 0, 3) as no_scale, ecom.bar(null, 1) is null as nothing, ecom.bar(1, null) is null as no_max;
select pg_temp.error_of(format('select ecom.bar(%s)', v)) as error_of from (values ('1, 2, 0'), ('1, 2, 1001'), ('''NaN'', 2'), ('1, ''infinity''')) t (v);

-- Anomalies: planted in a series with growth, a week and noise, and found; nothing else is.
create table daily as
select shop, date '2025-01-01' + i as day, i,
       200 + shop * i + 30 * (array[0, 1, 0, 0.5, 2, 4, 3])[1 + i % 7] + 10 * (('x' || substr(md5(shop || '.' || i), 1, 8))::bit(32)::bigint / 4294967296.0 - 0.5)
       + case when shop = 2 and i = 40 then -90 when shop = 2 and i = 41 then 70 when shop = 3 and i = 139 then -80 else 0 end as revenue
from generate_series(1, 3) shop, generate_series(0, 139) i;
create view scored as select d.*, s.* from (select daily.*, ecom.anomaly_score(revenue) over (partition by shop order by day) as s from daily) d, lateral (select (d.s).*) s;
select shop, day, sign(score) as direction, abs(score) > 10 as far, abs(expected - revenue + case i when 41 then 70 when 40 then -90 else -80 end) < 6 as expected_is_near
from scored where is_anomaly order by shop, day;
select shop, count(*) as rows, count(score) as scored, count(*) filter (where is_anomaly <> (revenue not between low and high)) as flag_without_band,
       count(*) filter (where abs((revenue - expected) / nullif(score, 0) - (high - low) / 7) > 1e-6) as not_the_scale,
       count(*) filter (where abs((high - expected) - (expected - low)) > 1e-9) as lopsided
from scored group by shop order by shop;
-- Without a season: growth is the median slope between values half of the series apart, the trend the median of 15. What is left between
-- that and what is expected is the same for every row but the first and last seven.
with slope as (
    select percentile_cont(0.5) within group (order by (b.revenue - a.revenue) / 70) as slope from daily a join daily b on b.shop = 1 and b.i = a.i + 70 where a.shop = 1)
select count(*) as rows, max(difference) - min(difference) < 1e-9 as one_shift
from (select s.i, s.expected - slope * s.i - (select percentile_cont(0.5) within group (order by t.revenue - slope * t.i) from daily t
                                              where t.shop = 1 and t.i between s.i - 7 and s.i + 7) as difference
      from slope, (select i, (ecom.anomaly_score(revenue, 1) over (order by day)).* from daily where shop = 1) s where i between 7 and 132) d;
-- A threshold, a period, a frame, which changes nothing.
select count(*) filter (where (strict).is_anomaly) as strict, count(*) filter (where (loose).is_anomaly) > 20 as loose, count(*) filter (where frame is distinct from plain) as other_frame,
       count(*) filter (where (monthly).is_anomaly) as monthly
from (select ecom.anomaly_score(revenue, threshold => 1000) over w as strict, ecom.anomaly_score(revenue, 7, 1) over w as loose, ecom.anomaly_score(revenue) over w as plain,
             ecom.anomaly_score(revenue) over (w rows between 1 preceding and current row) as frame, ecom.anomaly_score(revenue, seasonal_period => 30) over w as monthly
      from daily where shop = 2 window w as (order by day)) t;
-- Missing values have an expected one and no score; a step that never has a value has neither; a short series has nothing.
select i, abs(expected - (select t.expected from scored t where t.shop = 1 and t.i = s.i)) < 3 as like_with_it, low < expected as band, score, is_anomaly
from (select i, (ecom.anomaly_score(case when i <> 70 then revenue end) over (order by day)).* from daily where shop = 1) s where i = 70;
select i % 7 as weekday, count(*) as rows, count(expected) as expected, count(score) as scored
from (select i, (ecom.anomaly_score(case when i % 7 <> 6 then revenue end) over (order by day)).* from daily where shop = 1) s group by 1 having i % 7 >= 5 order by 1;
select n, period, count(*) as rows, count(expected) as expected
from (values (20, 7), (21, 7), (9, 1), (10, 1), (35, 12), (36, 12)) t (n, period),
     lateral (select (ecom.anomaly_score(v, period) over (order by v)).* from generate_series(1, n) v) s group by 1, 2 order by 2, 1;
select count(*) from (select ecom.anomaly_score(v) over (order by v) from generate_series(1, 0) v) t;
select count(expected) from (select (ecom.anomaly_score(null) over (order by v)).* from generate_series(1, 50) v) t;
-- Constant but for one; constant; an exact season with growth: no division by zero, no rounding error becomes an anomaly.
select kind, count(*) as rows, count(*) filter (where is_anomaly) as anomalies, max(abs(score)) > 0 as spread, bool_and(low = high) as no_band
from (select kind, (ecom.anomaly_score(v) over (partition by kind order by i)).*
      from (select i, k.* from generate_series(0, 99) i, lateral (values ('constant', 0.1), ('but one', case i when 50 then 2 else 0.1 end),
                                                                         ('exact', 0.1 * (i % 7) + 0.3 * i)) k (kind, v)) t) s group by kind order by kind;
select pg_temp.error_of(format('select ecom.anomaly_score(%s) over (order by i) from daily where shop = 1', v)) as error_of
from (values ('''NaN'''), ('case when i = 9 then ''infinity'' else revenue end'), ('revenue * 1e299'), ('revenue, 0'), ('revenue, -7'), ('revenue, 10081'), ('revenue, null'),
             ('revenue, 7, 0'), ('revenue, 7, ''NaN'''), ('revenue, 7, ''infinity'''), ('revenue, 7, null')) t (v);
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.anomaly_score(v) over (order by v) from generate_series(1, 20000) v');
reset ecom_analytics.memory_limit;

-- Sets of keys: count(distinct) for any shape of keys, NULLs, extremes.
create table key_row as
select i, i % 30 as day, (i * 7919::bigint) % 4001 as dense, ((i * 7919::bigint) % 20011) * 1000003 as wide, ('x' || substr(md5((i % 9000)::text), 1, 16))::bit(64)::bigint as scattered,
       case when i % 3 <> 0 then i % 100 end as with_nulls from generate_series(1, 40000) i;
analyze key_row;
select ecom.count_keys(dense) - count(distinct dense) as dense, ecom.count_keys(wide) - count(distinct wide) as wide, ecom.count_keys(scattered) - count(distinct scattered) as scattered,
       ecom.count_keys(with_nulls) - count(distinct with_nulls) as with_nulls, ecom.count_keys(i) - count(*) as all_different, ecom.count_keys(null) as only_nulls,
       ecom.count_keys(i) filter (where false) as none, ecom.count_keys(dense::smallint) - count(distinct dense) as smallint
from key_row;
select ecom.count_keys(v) from unnest('{-9223372036854775808, 9223372036854775807, 0, -1, 0, 65535, 65536, -65536, -65537}'::bigint[]) v;
select count(*) as days, count(*) filter (where keys <> distinct_keys) as different
from (select day, ecom.count_keys(wide) as keys, count(distinct wide) as distinct_keys from key_row group by day) d;
-- A set per day, stored; any days together; what two of them share.
create table key_day as select day, ecom.key_set_agg(dense) as dense, ecom.key_set_agg(wide) as wide, ecom.key_set_agg(scattered) as scattered, ecom.key_set_agg(with_nulls) filter (where day < 0) as nothing from key_row group by day;
select count(*) as ranges, count(*) filter (where k.dense <> d.dense) as different_dense, count(*) filter (where k.scattered <> d.scattered) as different_scattered
from (values (0, 0), (0, 6), (7, 13), (3, 29), (0, 29)) r (a, b),
     lateral (select ecom.key_set_count(ecom.key_set_union(dense)) as dense, ecom.key_set_count(ecom.key_set_union(scattered)) as scattered from key_day where day between a and b) k,
     lateral (select count(distinct dense) as dense, count(distinct scattered) as scattered from key_row where day between a and b) d;
select ecom.key_set_count(a.wide) + ecom.key_set_count(b.wide) - (select ecom.key_set_count(ecom.key_set_union(s)) from unnest(array[a.wide, b.wide]) s) as shared,
       (select count(*) from (select wide from key_row where day = 1 intersect select wide from key_row where day = 2) i) as expected
from key_day a, key_day b where a.day = 1 and b.day = 2;
-- Equal sets are equal bytes, in whatever order they were filled or merged.
select ecom.key_set_agg(dense order by md5(i::text))::text = ecom.key_set_agg(dense order by i desc)::text as any_order,
       ecom.key_set_agg(dense)::text = (select ecom.key_set_union(dense order by md5(day::text))::text from key_day) as merged from key_row;
select ecom.key_set_count(s::text::ecom.state) as through_text, pg_column_size(s) < 10000 as small from (select ecom.key_set_agg(i) as s from key_row) t;
select ecom.key_set_count(null) is null as nothing, ecom.key_set_union(nothing) is null as union_of_nothing, ecom.key_set_agg(null::bigint) is null as only_nulls from key_day;
select day, sum(ecom.key_set_count(dense)) over (order by day) > 0 as window, ecom.count_keys(day) over (order by day) as running from key_day where day < 3;
select pg_temp.error_of('select ecom.key_set_count(pearson) from part'), pg_temp.error_of('select ecom.key_set_union(s) from (select pearson as s from part union all select dense from key_day) t');
select pg_temp.error_of(format('select ecom.key_set_count(%L::ecom.state)', left(dense::text, 200))) from key_day where day = 1;
select pg_temp.error_of('select ecom.count_keys(1.5)');
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.count_keys(v * 65536::bigint) from generate_series(1, 100000) v');
select ecom.count_keys(v) as fits from generate_series(1, 1000000) v;
reset ecom_analytics.memory_limit;

-- Parallel plans give the same.
create table serial as
select (select jsonb_agg(to_jsonb(c)) from (select ecom.corr_agg(array[a, b, c], 'spearman') as s from measure) a, ecom.corr_rows(a.s) c) as spearman,
       (select sum(c.r) from (select ecom.corr_agg(array[a, b, c]) as s from measure) a, ecom.corr_rows(a.s) c) as pearson,
       (select (ecom.mean_test(b, g = 1)).t from measure) as t,
       (select count(distinct wide) from key_row) as wide, (select count(distinct scattered) from key_row) as scattered;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
alter table measure set (parallel_workers = 2);
alter table key_row set (parallel_workers = 2);
select is_partial('select ecom.corr_agg(array[a, b]) from measure') as corr_agg, is_partial('select ecom.corr_agg(array[a, b], ''spearman'') from measure') as spearman,
       is_partial('select ecom.mean_test(b, g = 1) from measure') as mean_test, is_partial('select ecom.mean_test(b, g = 1, 0.9) from measure') as with_level,
       is_partial('select ecom.count_keys(wide) from key_row') as count_keys, is_partial('select ecom.key_set_agg(wide) from key_row') as key_set_agg;
select (select jsonb_agg(to_jsonb(c)) from (select ecom.corr_agg(array[a, b, c], 'spearman') as s from measure) a, ecom.corr_rows(a.s) c) = spearman as spearman,
       abs((select sum(c.r) from (select ecom.corr_agg(array[a, b, c]) as s from measure) a, ecom.corr_rows(a.s) c) - pearson) < 1e-12 as pearson,
       abs((select (ecom.mean_test(b, g = 1)).t from measure) - t) < 1e-12 as mean_test,
       (select ecom.count_keys(wide) from key_row) = wide as count_keys, (select ecom.key_set_count(s) from (select ecom.key_set_agg(scattered) as s from key_row) k) = scattered as key_set
from serial;

set client_min_messages = warning;
drop schema test_statistics cascade;

-- In a database of another encoding: digits and #.
create database test_statistics_latin1 template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C';
select current_database() as database \gset
\c test_statistics_latin1
set client_min_messages = warning;
create extension ecom_analytics;
select ecom.spark(nullif(v, 3) order by v) as line, ecom.bar(3, 5, 10) as bar, ecom.bar(0.01, 5, 10) as little from generate_series(0, 7) v;
\c :database
drop database test_statistics_latin1;
