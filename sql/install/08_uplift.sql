-- How well a score ranks whom to treat: the Qini curve of a trial.

create type ecom.qini_result as (
    treated bigint, held_out bigint, effect float8, qini float8, standard_error float8, ci_low float8, ci_high float8, p_value float8,
    area float8, random_area float8);
comment on type ecom.qini_result is 'How well a score ranks whom to treat';
comment on column ecom.qini_result.treated is 'Rows that were treated';
comment on column ecom.qini_result.held_out is 'Rows that were left alone';
comment on column ecom.qini_result.effect is 'Mean outcome of the treated less that of the held out';
comment on column ecom.qini_result.qini is '(area - random_area) / n^2: above 0 when the score ranks better than chance';
comment on column ecom.qini_result.standard_error is 'Standard error of qini';
comment on column ecom.qini_result.ci_low is 'Lower end of the interval of qini';
comment on column ecom.qini_result.ci_high is 'Upper end of the interval of qini';
comment on column ecom.qini_result.p_value is 'Of a qini of 0, two-sided';
comment on column ecom.qini_result.area is 'Area under the Qini curve, in outcomes x rows';
comment on column ecom.qini_result.random_area is 'Area under the straight line of a random ranking';

create function ecom_internal.uplift_add(ecom.state, treated boolean, outcome float8, score float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_uplift_add';
create function ecom_internal.uplift_add(ecom.state, treated boolean, outcome float8, score float8, level float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_uplift_add';
create function ecom_internal.uplift_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_uplift_combine';
create function ecom_internal.qini_final(ecom.state) returns ecom.qini_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_qini_final';

create aggregate ecom.uplift_agg(treated boolean, outcome float8, score float8) (
    sfunc = ecom_internal.uplift_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.uplift_combine, finalfunc = ecom_internal.state_final, parallel = safe);
comment on aggregate ecom.uplift_agg(boolean, float8, float8) is
'Collects the rows of a trial for ecom.qini_rows.
Example: SELECT r.* FROM (SELECT ecom.uplift_agg(i % 2 = 0, (i % 2 = 0 AND i > 50)::int, i) AS s FROM generate_series(1, 100) i) a, ecom.qini_rows(a.s, 4) r
treated: false for a row that was left alone by chance. outcome: what treating should raise: 1 and 0, or money. score: the higher, the
sooner to be treated. Rows with a NULL are skipped, NaN and infinity are refused (22003). NULL for no rows. Memory: 24 bytes a row;
ecom.qini_rows takes twice that, and 72 bytes a different score.';

create aggregate ecom.qini(treated boolean, outcome float8, score float8) (
    sfunc = ecom_internal.uplift_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.uplift_combine, finalfunc = ecom_internal.qini_final, parallel = safe);
comment on aggregate ecom.qini(boolean, float8, float8) is
'Whether a score ranks whom to treat better than chance: the Qini measure of a trial, with an interval.
Example: SELECT (ecom.qini(i % 2 = 0, (i % 2 = 0 AND i > 50)::int, i)).* FROM generate_series(1, 100) i
Of the rows ranked first, what treating them added is Yt - Yc Nt / Nc (Radcliffe, 2007): outcomes of the treated less those of the held
out, scaled to their number. qini: the area between that curve and the straight line of a random ranking, over n squared; other
programs divide by other things, so compare only measures of one kind. Use rows that the score has not seen.
Arguments, NULLs and errors: as of ecom.uplift_agg. Fields: see the type ecom.qini_result; NULL where an arm has no rows. Interval:
normal, at 95 percent. Time: O(n log n). Memory: 24 bytes a row; at the end twice that, and 72 bytes a different score.';

create aggregate ecom.qini(treated boolean, outcome float8, score float8, level float8) (
    sfunc = ecom_internal.uplift_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.uplift_combine, finalfunc = ecom_internal.qini_final, parallel = safe);
comment on aggregate ecom.qini(boolean, float8, float8, float8) is
'Whether a score ranks whom to treat better than chance, with an interval at a level of your choice.
Example: SELECT (ecom.qini(i % 2 = 0, (i % 2 = 0 AND i > 50)::int, i, 0.8)).* FROM generate_series(1, 100) i
level: 0.95 for 95 percent, read from the first row; outside 0 to 1: 22023. Otherwise as ecom.qini(treated, outcome, score).';

create function ecom.qini_rows(
    state ecom.state, points int default 10,
    out share float8, out n bigint, out treated float8, out held_out float8, out gain float8, out random_gain float8, out min_score float8)
    returns setof record language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_qini_rows';
comment on function ecom.qini_rows(ecom.state, int) is
'The Qini curve: what treating the rows ranked first added, at equal steps of their share.
Example: SELECT r.* FROM (SELECT ecom.uplift_agg(i % 2 = 0, (i % 2 = 0 AND i > 50)::int, i) AS s FROM generate_series(1, 100) i) a, ecom.qini_rows(a.s) r
state: of ecom.uplift_agg. points: 1 to 1000. gain: outcomes that treating added among the treated of the first n rows; random_gain: on the
straight line of a random ranking. Where gain falls, treating does harm. Within equal scores the curve is a straight line. No rows for a
NULL state or where an arm has no rows; other states: 42804.';
