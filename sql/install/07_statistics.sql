-- Statistics over any query: correlations, intervals and tests, robust anomalies, sets of keys, charts in text.

-- Correlations of several variables, in two steps.

create function ecom_internal.corr_add(ecom.state, variables float8[]) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_corr_add';
create function ecom_internal.corr_add(ecom.state, variables float8[], method text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_corr_add';
create function ecom_internal.corr_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_corr_combine';

create aggregate ecom.corr_agg(variables float8[]) (
    sfunc = ecom_internal.corr_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.corr_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.corr_agg(float8[]) is
'Correlates every pair of several variables, Pearson''s method; read the result with ecom.corr_rows.
Example: SELECT r.* FROM (SELECT ecom.corr_agg(ARRAY[unit_price, quantity, revenue_amount]::float8[]) AS state FROM shop.fact_sales) s, ecom.corr_rows(s.state) r
variables: 2 to 200 values, of the same number in every row. A NULL element leaves its row out of the pairs of that
variable only; a NULL array is skipped. NaN and infinity are refused (22003). NULL for no rows.
One pass in O(k^2) a row for k variables and 4 k^2 bytes, 24 k^2 more once a row has a NULL. Welford (1962); states of
parallel workers are merged as in Chan, Golub and LeVeque (1979).';

create aggregate ecom.corr_agg(variables float8[], method text) (
    sfunc = ecom_internal.corr_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.corr_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.corr_agg(float8[], text) is
'Correlates every pair of several variables by a method of your choice; read the result with ecom.corr_rows.
Example: SELECT r.* FROM (SELECT ecom.corr_agg(ARRAY[unit_price, quantity, revenue_amount]::float8[], ''spearman'') AS state FROM shop.fact_sales) s, ecom.corr_rows(s.state) r
method: pearson (linear), or spearman (monotonic: the correlation of ranks, ties with their mean rank, not moved by a
few extreme values). It is read from the first row. The rest is as in ecom.corr_agg(variables).
spearman keeps the values: 8 bytes a row and variable, and as much again to rank them, at most
ecom_analytics.memory_limit (54000); O(n log n) for each variable, O(n) for each pair. Spearman (1904).';

create aggregate ecom.corr_rollup(state ecom.state) (
    sfunc = ecom_internal.corr_combine, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.corr_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.corr_rollup(ecom.state) is
'Merges states of ecom.corr_agg, for example one stored per month, into the state of all their rows.
Example: SELECT r.* FROM (SELECT ecom.corr_rollup(m.state) AS state FROM (SELECT ecom.corr_agg(ARRAY[unit_price, quantity, revenue_amount]::float8[]) AS state FROM shop.fact_sales GROUP BY order_date_key / 100) m) s, ecom.corr_rows(s.state) r
The states must have the same method and number of variables (22023). NULLs are skipped.';

create function ecom.corr_rows(
    state ecom.state, names text[] default null, level float8 default 0.95,
    out x text, out y text, out n bigint, out r float8, out p_value float8, out ci_low float8, out ci_high float8)
    returns setof record
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_corr_rows';
comment on function ecom.corr_rows(ecom.state, text[], float8) is
'One row for each pair of variables of a state from ecom.corr_agg, in the order of the variables.
Example: SELECT r.* FROM (SELECT ecom.corr_agg(ARRAY[unit_price, quantity, revenue_amount]::float8[]) AS state FROM shop.fact_sales) s, ecom.corr_rows(s.state, ARRAY[''price'', ''quantity'', ''revenue'']) r
names: one for each variable; their numbers 1, 2, ... by default. level: of the interval, 0.95 by default.
n: rows in which both have a value. r: correlation, -1 to 1; NULL when n < 2 or when one of the two is constant.
p_value: of "no correlation", two-sided, by Student''s t with n - 2 degrees of freedom; NULL for n < 3.
ci_low, ci_high: interval by Fisher''s z (1921), for spearman with the variance of Bonett and Wright (2000); NULL for n < 4.
No rows for a NULL state. Wrong number of names or a level outside 0 to 1: 22023; values whose squares overflow: 22003.';

-- One rate and two, two means.

create function ecom.wilson_interval(
    successes bigint, n bigint, level float8 default 0.95, out low float8, out high float8) returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_wilson_interval';
comment on function ecom.wilson_interval(bigint, bigint, float8) is
'The confidence interval of a rate: low and high, 0 to 1, of successes in n trials.
Example: SELECT * FROM ecom.wilson_interval(30, 200)
NULL for n = 0 and for NULL arguments. Fewer than 0 or more than n successes, or a level outside 0 to 1: 22023.
Wilson (1927), without continuity correction, as prop.test(correct = FALSE) of R. It is right at small n and near 0 and 1,
where rate +- 1.96 standard errors is not. Sorting by low ranks rates without favouring small groups.';

create function ecom.two_proportion_test(
    successes1 bigint, n1 bigint, successes2 bigint, n2 bigint, level float8 default 0.95,
    out difference float8, out z float8, out p_value float8, out ci_low float8, out ci_high float8) returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_two_proportion_test';
comment on function ecom.two_proportion_test(bigint, bigint, bigint, bigint, float8) is
'Whether two rates differ: successes1 of n1 against successes2 of n2.
Example: SELECT * FROM ecom.two_proportion_test(30, 200, 50, 220)
difference: first rate minus second. z, p_value: z test with the pooled rate, two-sided, as prop.test(correct = FALSE) of R
(its X-squared is z squared); NULL when all trials, or none, are successes. ci_low, ci_high: interval of the difference by
Newcombe (1998), method 10, from the two Wilson intervals.
NULL when a group is empty and for NULL arguments. Impossible counts or a level outside 0 to 1: 22023.
Trials must be independent: compare customers or orders, not order lines.';

create function ecom.welch_test(
    mean1 float8, stddev1 float8, n1 bigint, mean2 float8, stddev2 float8, n2 bigint, level float8 default 0.95,
    out difference float8, out t float8, out df float8, out p_value float8, out ci_low float8, out ci_high float8)
    returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_welch_test';
comment on function ecom.welch_test(float8, float8, bigint, float8, float8, bigint, float8) is
'Whether two means differ, from avg, stddev_samp and count of two samples; for rows see ecom.mean_test.
Example: SELECT * FROM ecom.welch_test(4.1, 0.9, 120, 3.8, 1.1, 150)
difference: first mean minus second. t, df, p_value: t test for samples with different variances, two-sided, Welch (1947), as
t.test of R; ci_low, ci_high: interval of the difference. All but difference are NULL when a sample has fewer than two values
or when neither has any spread. NULL when a sample is empty and for NULL arguments.
Negative counts or deviations, or a level outside 0 to 1: 22023; NaN and infinity: 22003.';

create type ecom.mean_test_result as (
    n1 bigint, mean1 float8, n2 bigint, mean2 float8,
    difference float8, t float8, df float8, p_value float8, ci_low float8, ci_high float8);
comment on type ecom.mean_test_result is 'The means of two groups and the test of their difference';
comment on column ecom.mean_test_result.n1 is 'Values in the first group';
comment on column ecom.mean_test_result.mean1 is 'Mean of the first group';
comment on column ecom.mean_test_result.n2 is 'Values in the second group';
comment on column ecom.mean_test_result.mean2 is 'Mean of the second group';
comment on column ecom.mean_test_result.difference is 'First mean minus second';
comment on column ecom.mean_test_result.t is 'Statistic of the test';
comment on column ecom.mean_test_result.df is 'Degrees of freedom of the test';
comment on column ecom.mean_test_result.p_value is 'Two-sided p-value of no difference';
comment on column ecom.mean_test_result.ci_low is 'Lower end of the interval of the difference';
comment on column ecom.mean_test_result.ci_high is 'Upper end of the interval of the difference';

create function ecom_internal.mean_test_add(ecom.state, value float8, is_first boolean) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mean_test_add';
create function ecom_internal.mean_test_add(ecom.state, value float8, is_first boolean, level float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mean_test_add';
create function ecom_internal.mean_test_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mean_test_combine';
create function ecom_internal.mean_test_final(ecom.state) returns ecom.mean_test_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mean_test_final';

create aggregate ecom.mean_test(value float8, is_first boolean) (
    sfunc = ecom_internal.mean_test_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.mean_test_combine, finalfunc = ecom_internal.mean_test_final,
    parallel = safe
);
comment on aggregate ecom.mean_test(float8, boolean) is
'Whether the means of two groups of rows differ, at a confidence level of 0.95.
Example: SELECT (ecom.mean_test(satisfaction_score, delivery_days <= 4)).* FROM shop.fact_sales WHERE delivery_days IS NOT NULL
is_first: true for the rows of the first group, false for the second. Rows with a NULL in either argument are skipped.
Fields: n1, mean1, n2, mean2, and those of ecom.welch_test; what an empty group leaves open is NULL. NULL for no rows.
NaN and infinity are refused (22003). One pass, Welford (1962); Welch (1947).';
create aggregate ecom.mean_test(value float8, is_first boolean, level float8) (
    sfunc = ecom_internal.mean_test_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.mean_test_combine, finalfunc = ecom_internal.mean_test_final,
    parallel = safe
);
comment on aggregate ecom.mean_test(float8, boolean, float8) is
'Whether the means of two groups of rows differ, at a level of your choice; otherwise as ecom.mean_test(value, is_first).
Example: SELECT (ecom.mean_test(satisfaction_score, delivery_days <= 4, 0.99)).* FROM shop.fact_sales WHERE delivery_days IS NOT NULL
level: read from the first row; outside 0 to 1: 22023.';

-- Anomalies of a series.

create type ecom.anomaly_result as (
    expected float8, low float8, high float8, score float8, is_anomaly boolean);
comment on type ecom.anomaly_result is 'A value of a series beside what its season, trend and noise let expect';
comment on column ecom.anomaly_result.expected is 'What season and trend let expect';
comment on column ecom.anomaly_result.low is 'Lower end of the band of usual values';
comment on column ecom.anomaly_result.high is 'Upper end of the band of usual values';
comment on column ecom.anomaly_result.score is 'Distance from expected in robust standard deviations, negative below it';
comment on column ecom.anomaly_result.is_anomaly is 'Whether the value lies outside the band';

create function ecom.anomaly_score(
    value float8, seasonal_period int default 7, threshold float8 default 3.5) returns ecom.anomaly_result
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_anomaly_score';
comment on function ecom.anomaly_score(float8, int, float8) is
'Finds the values of a series that do not fit its season, trend and noise, all estimated by medians.
Example: SELECT order_date, (ecom.anomaly_score(revenue_amount::float8) OVER (ORDER BY order_date)).* FROM shop.kpi_daily
One row a step of time, without gaps: a step without a value is a row with NULL. PARTITION BY makes a series of each
partition. The whole partition is used, values after the row too; a frame is ignored.
seasonal_period: rows after which the season repeats, 7 (default) for days, 12 for months, 1 for none, up to 10080.
threshold: robust standard deviations from expected beyond which a value is an anomaly, 3.5 by default.
Both are read from the partition''s first row; out of range: 22023. NaN, infinity and values beyond 1e300: 22003.
For a NULL value score and is_anomaly are NULL. All fields are NULL when the series has fewer than three periods or fewer
than ten values, and where no value at the same place of the season, or nearby, is known.
Running medians (Tukey, 1977), at the ends repeated median lines (Siegel, 1982), seasonal medians as in Hochenbaum, Vallis and
Kejariwal (2017), scale 1.4826 MAD (Rousseeuw and Croux, 1993), or 1.2533 mean absolute deviations where the MAD is 0, modified
z-score of Iglewicz and Hoaglin (1993). Near O(n log n) time for n rows, 100 bytes a row. See docs/statistics.md.';

-- Sets of keys: exact distinct counts that merge.

create function ecom_internal.key_set_add(ecom.state, key bigint) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_key_set_add';
create function ecom_internal.key_set_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_key_set_combine';
create function ecom_internal.count_keys_final(ecom.state) returns bigint
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_count_keys_final';

create aggregate ecom.key_set_agg(key bigint) (
    sfunc = ecom_internal.key_set_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.key_set_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.key_set_agg(bigint) is
'The set of distinct keys as a value that is stored and merged: one per day gives the customers of any month exactly.
Example: SELECT order_date_key / 100 AS month, ecom.key_set_agg(customer_key) AS customers FROM shop.fact_sales GROUP BY 1
key: any integer; NULLs are skipped. NULL for no keys. Read it with ecom.key_set_count, merge it with ecom.key_set_union.
A compressed bitmap (Lemire, Ssi-Yan-Kai and Kaser, 2016): 1 bit to 2 bytes a key where keys lie close together, as surrogate
keys do, about 70 bytes where they are scattered over 64 bits (10 when stored); at most ecom_analytics.memory_limit (54000).';

create aggregate ecom.key_set_union(state ecom.state) (
    sfunc = ecom_internal.key_set_combine, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.key_set_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.key_set_union(ecom.state) is
'Merges sets of ecom.key_set_agg into the set of all their keys. NULLs are skipped; NULL for no sets.
Example: SELECT ecom.key_set_count(ecom.key_set_union(m.customers)) FROM (SELECT ecom.key_set_agg(customer_key) AS customers FROM shop.fact_sales GROUP BY order_date_key / 100) m
Keys that two sets share: count(a) + count(b) - count(union of a and b). Linear in the bytes of the sets.';

create function ecom.key_set_count(state ecom.state) returns bigint
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_key_set_count';
comment on function ecom.key_set_count(ecom.state) is
'The number of keys in a set of ecom.key_set_agg or ecom.key_set_union; exact. NULL for NULL.
Example: SELECT ecom.key_set_count(ecom.key_set_agg(customer_key)) FROM shop.fact_sales
Another kind of state is refused (42804).';

create aggregate ecom.count_keys(key bigint) (
    sfunc = ecom_internal.key_set_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.key_set_combine, finalfunc = ecom_internal.count_keys_final,
    parallel = safe
);
comment on aggregate ecom.count_keys(bigint) is
'Counts the different keys, as count(DISTINCT key) for integers: exact, without sorting and in parallel plans. 0 for no keys.
Example: SELECT order_date_key / 100 AS month, ecom.count_keys(customer_key) FROM shop.fact_sales GROUP BY 1 ORDER BY 1
NULLs are skipped. Memory as in ecom.key_set_agg: 1 bit to 2 bytes a key where keys lie close together.
Several times faster than count(DISTINCT) for surrogate keys; for keys scattered over 64 bits, such as hashes, slower.';

-- Charts in text.

create function ecom_internal.spark_add(ecom.state, value float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_spark_add';
create function ecom_internal.spark_add(ecom.state, value float8, low float8, high float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_spark_add';
create function ecom_internal.spark_final(ecom.state) returns text
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_spark_final';

-- Without a combine function: the order of the rows is the result.
create aggregate ecom.spark(value float8) (
    sfunc = ecom_internal.spark_add, stype = ecom.state, sspace = 1024,
    finalfunc = ecom_internal.spark_final, parallel = safe
);
comment on aggregate ecom.spark(float8) is
'A series as one line of text, one character a value.
Example: SELECT ecom.spark(revenue_amount::float8 ORDER BY order_date) FROM shop.kpi_daily
Eight heights divide the range from the lowest to the highest value into equal parts; a NULL is a blank; a series of
equal values lies in the middle. Give ORDER BY inside the call. NaN and infinity are refused (22003). NULL for no rows.
In databases of another encoding than UTF8 the heights are the digits 1 to 8. Memory: 8 bytes a value. Tufte (2006).';
create aggregate ecom.spark(value float8, low float8, high float8) (
    sfunc = ecom_internal.spark_add, stype = ecom.state, sspace = 1024,
    finalfunc = ecom_internal.spark_final, parallel = safe
);
comment on aggregate ecom.spark(float8, float8, float8) is
'A series as one line of text on a scale that several series share, so that their heights compare.
Example: SELECT ecom.spark(revenue_amount::float8, 0, NULL ORDER BY order_date) FROM shop.kpi_daily
low, high: ends of the scale, read from the first row; NULL means the series'' own; values beyond are drawn at the end.
Start at zero with ecom.spark(revenue, 0, NULL ORDER BY day). low above high: 22023. The rest is as in ecom.spark(value).';

create function ecom.bar(value float8, max float8, width int default 20) returns text
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_bar';
comment on function ecom.bar(float8, float8, int) is
'A value as a horizontal bar of text.
Example: SELECT segment, ecom.bar(monetary_amount::float8, max(monetary_amount::float8) OVER ()) FROM shop.rfm_segment
max: the value of a full bar. width: length of a full bar in characters, 1 to 1000 (22023), 20 by default.
Bars are rounded to an eighth of a character; a positive value shows at least that much. Empty for value <= 0, full for
value >= max. NULL for a NULL argument; NaN and infinity are refused (22003).
In databases of another encoding than UTF8 a bar is made of # in whole characters.';
