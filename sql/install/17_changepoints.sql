-- Changes of level and outliers of a series, as window functions.

create type ecom.changepoint_result as (segment int, is_change boolean, mean float8, deviation float8);
comment on type ecom.changepoint_result is 'The segment of a series that a value lies in';
comment on column ecom.changepoint_result.segment is 'Number of the segment, from 1 on';
comment on column ecom.changepoint_result.is_change is 'Whether a segment other than the first begins here';
comment on column ecom.changepoint_result.mean is 'Mean of the segment';
comment on column ecom.changepoint_result.deviation is 'Standard deviation of the segment, with its number of values as divisor';

create function ecom.changepoints(value float8, change text default 'mean', penalty float8 default null, min_length int default 2)
    returns ecom.changepoint_result
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_changepoints';
comment on function ecom.changepoints(float8, text, float8, int) is
'Finds where a series changes its level for good: the best division into segments (PELT).
Example: SELECT period_start, (ecom.changepoints(adjusted::float8, min_length => 7) OVER (ORDER BY period_start)).* FROM ecom.decompose(''shop'')
One row a step of time; PARTITION BY makes a series of each partition; a frame is ignored. Take the season out first, as the example does.
- change: mean (default): of the level, beside the noise of the whole series; mean_variance: of the level or the noise
- penalty: what a segment costs; 3 log n by default, 4 log n for mean_variance; higher finds fewer changes
- min_length: values of a segment, 2 by default; 1 lets an outlier be a segment
They are read from the partition''s first row; penalty not above 0, min_length below 1 (2 for mean_variance), another change: 22023. A
NULL value belongs to the segment before it; fields are NULL before the first value. NaN, infinity and values beyond 1e300: 22003.
Killick, Fearnhead and Eckley (2012), normal costs as in R''s changepoint, but with the noise (MAD of differences) in place of 1.
O(n) time where changes come again and again, O(n^2) where there is none; 80 bytes a row.';

create type ecom.extreme_deviate_result as (is_outlier boolean, rank int, statistic float8, critical float8);
comment on type ecom.extreme_deviate_result is 'Whether a value is an outlier by the generalised extreme studentised deviate test';
comment on column ecom.extreme_deviate_result.is_outlier is 'Whether it is one';
comment on column ecom.extreme_deviate_result.rank is 'Place among the candidates, 1 is the farthest; NULL for others';
comment on column ecom.extreme_deviate_result.statistic is 'Distance from the middle in deviations, without the candidates before it';
comment on column ecom.extreme_deviate_result.critical is 'What normal values show but for the level';

create function ecom.extreme_deviates(value float8, max_share float8 default 0.1, level float8 default 0.05, robust boolean default false)
    returns ecom.extreme_deviate_result
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_extreme_deviates';
comment on function ecom.extreme_deviates(float8, float8, float8, boolean) is
'Finds outliers by the generalised extreme studentised deviate test: all of them at one level, none hiding another.
Example: SELECT period_start, value, (ecom.extreme_deviates(remainder::float8, robust => true) OVER ()).* FROM ecom.decompose(''shop'') ORDER BY 1
The partition is the sample; order and frame are ignored. For a series take the remainder of ecom.decompose or ecom.stl, as the example does.
- max_share: of the values that may be outliers, below 0.5; 0.1 by default
- level: chance of finding any among normal values; 0.05 by default
- robust: median and 1.4826 MAD in place of mean and standard deviation, as in S-H-ESD (Hochenbaum, Vallis and Kejariwal, 2017)
They are read from the partition''s first row; out of range: 22023. NULL for NULL. No candidates among fewer than three values, or when
what is left does not vary. NaN, infinity and values beyond 1e300: 22003.
Rosner (1983). O(n log n + n r) time for r candidates, 64 bytes a row.';
