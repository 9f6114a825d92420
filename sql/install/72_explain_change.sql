-- explain_change: which segments made a metric change.

create function ecom_internal.pick_segments(
    effects float8[], sizes float8[], total_effect float8, segments int[], cells int[], segment_effects float8[], segment_sizes float8[],
    masks int[], dispersions float8[], df int, n int, prune boolean)
returns table (rank int, segment int, surprise float8, p_value float8)
language plpgsql immutable rows 10
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- A broader segment that is nearly as unusual is the simpler explanation.
    simpler constant float8 := 0.9;
    -- What must be left of a deviation once the segments named before are set aside; with less it is explained by them.
    own_part constant float8 := 0.5;
    is_open boolean[] := array_fill(true, array[coalesce(cardinality(effects), 0)]);
    named int[] := '{}';
    covered int;
    picked record;
begin
    for i in 1 .. case when prune then n else 1 end loop
        for picked in
            with universe as materialized (
                select sum(c.size) filter (where c.is_open) / sum(c.size) as open_part,
                       sum(c.effect) filter (where c.is_open)
                       + (total_effect - sum(c.effect)) * sum(c.size) filter (where c.is_open) / sum(c.size) as open_effect
                from unnest(effects, sizes, is_open) c (effect, size, is_open)),
            sums as (
                select p.segment, coalesce(sum(sizes[p.cell]) filter (where is_open[p.cell]), 0) / nullif(sum(sizes[p.cell]), 0) as open_part,
                       sum(effects[p.cell]) as effect, coalesce(sum(effects[p.cell]) filter (where is_open[p.cell]), 0) as open_effect
                from unnest(segments, cells) p (segment, cell) group by p.segment),
            remainder as (
                select s.segment, segment_sizes[s.segment] * s.open_part as size,
                       s.open_effect + (segment_effects[s.segment] - s.effect) * s.open_part as effect
                from sums s where s.segment <> all (named) and s.open_part > 1e-9),
            deviation as (
                select r.segment, r.size, u.open_part, r.effect - u.open_effect * r.size / u.open_part as deviation,
                       segment_effects[r.segment] - total_effect * segment_sizes[r.segment] as full_deviation
                from remainder r cross join universe u where r.size < u.open_part * (1 - 1e-9)),
            scored as materialized (
                select d.segment, masks[d.segment] as mask, count(*) over () as looked_at,
                       round((d.deviation / sqrt(dispersions[d.segment] * d.size * (1 - d.size / d.open_part)))::numeric, 6) as z
                from deviation d
                where dispersions[d.segment] > 0 and d.size > 0
                  and (not prune or d.deviation * sign(d.full_deviation) >= own_part * abs(d.full_deviation))),
            best as (
                select s.* from scored s order by abs(s.z) desc, bit_count(s.mask::bit(32)), s.segment limit case when prune then 1 else n end),
            -- The segments that hold all of the best one are those of any of its cells with a part of its dimensions.
            choice as (
                select s.*, row_number() over (partition by b.segment order by bit_count(s.mask::bit(32)), abs(s.z) desc, s.segment) as choice
                from best b
                join scored s on s.segment = b.segment
                     or prune and s.mask & b.mask = s.mask and s.z * sign(b.z) >= simpler * abs(b.z)
                     and s.segment in (
                         select p.segment from unnest(segments, cells) p (segment, cell)
                         where p.cell = (select min(m.cell) from unnest(segments, cells) m (segment, cell) where m.segment = b.segment)))
            select c.segment, c.z,
                   -- A sample of df + 1 values with the standard error 1 against a fixed mean: Student's t.
                   case when df > 0
                        then least(1, c.looked_at * (ecom.welch_test(c.z::float8, sqrt(df + 1.0), df + 1, 0, 0, 2)).p_value) end as p_value
            from choice c where c.choice = 1
            order by abs(c.z) desc, bit_count(c.mask::bit(32)), c.segment
        loop
            named := named || picked.segment;
            rank := cardinality(named);
            segment := picked.segment;
            surprise := picked.z;
            p_value := picked.p_value;
            return next;
        end loop;
        exit when not prune or cardinality(named) < i;
        for covered in select p.cell from unnest(segments, cells) p (segment, cell) where p.segment = picked.segment loop
            is_open[covered] := false;
        end loop;
    end loop;
end
$$;
comment on function ecom_internal.pick_segments(
    float8[], float8[], float8, int[], int[], float8[], float8[], int[], float8[], int, int, boolean) is
'The segments whose change stands out most from the change of everything, the most unusual first.
Arguments: effects, sizes: of each cell, the finest segments, what it did to the change and how large it is; total_effect: of everything;
segments, cells: pairs, which segment has which cell; segment_effects, segment_sizes: of each segment, size as a part of everything: the
sums of its cells where things add up; masks, dispersions: of each segment, the dimensions that it narrows, as bits, and the variance of
effects over their size; df: degrees of freedom of the dispersions, NULL for no p-value; n, prune: as ecom.explain_change.
surprise: (effect - total effect x size) / standard deviation. p_value: two-sided, times the number of segments looked at.
With prune, a named segment is set aside before the next is sought (separate and conquer), so that what is only part of it, or only has
it as a part, does not come again. Time: proportional to n times the pairs.';

create type ecom_internal.segment_value as (
    mask int, members text[], is_current boolean, block date, numerator float8, denominator float8);
comment on type ecom_internal.segment_value is 
'A metric of a segment in a block of days of one of two periods: what ecom.explain_change works with';
comment on column ecom_internal.segment_value.mask is 'Dimensions that the segment narrows, as bits';
comment on column ecom_internal.segment_value.members is 'A member for each dimension that it narrows, NULL for the others';
comment on column ecom_internal.segment_value.is_current is 'Whether the value is of the later period';
comment on column ecom_internal.segment_value.block is 'First day of the block; NULL for the whole period';
comment on column ecom_internal.segment_value.numerator is 'Sum, or what is divided';
comment on column ecom_internal.segment_value.denominator is 'What divides; NULL for metrics that are no ratio';

create function ecom_internal.segment_values(
    mart name, metric text, dimensions text[], mask int, block text, periods record, filters jsonb) returns ecom_internal.segment_value[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    definition constant record := ecom_internal.metric_ratio(mart, metric);
    grouped constant text[] := array(select dimensions[i] from generate_subscripts(dimensions, 1) i where mask & (1 << i - 1) > 0 order by i)
                               || case when block is null then '{}' else array[block] end;
    result ecom_internal.segment_value[];
begin
    execute (
        select format('select array_agg(row(%s, array[%s]::text[], p.is_current, p.block, p.numerator, p.denominator)
                                        ::ecom_internal.segment_value) from (%s) p', mask,
            (select string_agg(case when mask & (1 << i - 1) > 0 then format('p.%I', dimensions[i]) else 'null' end, ', ' order by i)
             from generate_subscripts(dimensions, 1) i),
            string_agg(format('
                select q.*, %L::boolean as is_current, %s as block, (%s)::float8 as numerator, (%s)::float8 as denominator from (%s) q',
                s.is_current, case when block is null then 'null::date' else format('q.%I', block) end,
                definition.numerator, coalesce(definition.denominator, 'null'),
                ecom_internal.metric_query(mart, definition.parts, grouped, s.first_date, s.last_date, filters)), ' union all '))
        from (values (true, periods.first_date, periods.last_date),
                     (false, periods.baseline_first, periods.baseline_last)) s (is_current, first_date, last_date))
        into result;
    return result;
end
$$;
comment on function ecom_internal.segment_values(name, text, text[], int, text, record, jsonb) is
'The values of a metric in the segments by some dimensions and two periods.
Arguments: mart: the resolved name; mask: which of the dimensions, as bits; block: day or week, NULL for the whole periods; periods: of
ecom_internal.comparison; filters.';

create function ecom.explain_change(
    mart name default null, metric text default 'revenue', from_date date default null, to_date date default null,
    baseline_from date default null, baseline_to date default null, dimensions text[] default '{region,segment,category,channel}',
    max_order int default 2, min_share float8 default 0.01, n int default 10, prune boolean default true, filters jsonb default '{}',
    versus text default 'previous')
returns table (rank int, segment text, segment_filters jsonb, baseline numeric, current numeric, change numeric, change_rate numeric,
               effect numeric, share_of_change numeric, contribution numeric, rate_effect numeric, mix_effect numeric,
               surprise float8, p_value float8, without_it numeric, is_comparable boolean, reason text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    definition constant record := ecom_internal.metric_ratio(mart_schema, metric);
    periods constant record := ecom_internal.comparison(mart_schema, from_date, to_date, versus, baseline_from, baseline_to);
    wanted constant text[] := ecom_internal.check_segment_dimensions(dimensions);
    width constant int := cardinality(wanted);
    max_width constant int := 16;
    -- Blocks of days tell how much a segment moves by chance, and cost no second pass; distinct counts of days do not add up.
    min_blocks constant int := 7;
    days constant int := least(periods.current_days, periods.baseline_days);
    block constant text := case when definition.is_distinct or days < min_blocks then null when days < 91 then 'day' else 'week' end;
    is_overlapping constant boolean := definition.is_distinct or definition.parts && '{orders,new_customers}' and exists (
        select from ecom_internal.dimension_definition d where d.level = 'product'
        and (d.name = any (wanted) or d.name in (select f.dimension from ecom_internal.filter_values(filters) f)));
    parts ecom_internal.segment_value[];
    segment_parts ecom_internal.segment_value[] := '{}';
    masked_members text;
begin
    if width = 0 or width > max_width then
        raise exception '% dimensions cannot be searched', width using errcode = '22023',
            hint = format('Give 1 to %s of SELECT * FROM ecom.dimensions().', max_width);
    end if;
    if max_order is null or max_order < 1 or n is null or n < 1 or prune is null or min_share is null or not min_share between 0 and 1 then
        raise exception 'a search with max_order %, n %, min_share % and prune % is not possible', coalesce(max_order::text, 'NULL'),
            coalesce(n::text, 'NULL'), coalesce(min_share::text, 'NULL'), coalesce(prune::text, 'NULL') using errcode = '22023',
            hint = 'max_order and n are at least 1, min_share lies between 0 and 1, prune is true or false.';
    end if;
    if not periods.has_current or not periods.has_baseline then
        return;
    end if;

    masked_members := (
        select format('array[%s]', string_agg(format('case when m.mask & %s > 0 then p.members[%s] end', 1 << i - 1, i), ', ' order by i))
        from generate_series(1, width) i);
    parts := ecom_internal.segment_values(mart_schema, metric, wanted, (1 << width) - 1, block, periods, filters);
    if is_overlapping then
        -- What is counted in several segments is asked for each combination of dimensions anew.
        for mask in 0 .. (1 << width) - 1 loop
            if bit_count(mask::bit(32)) <= max_order then
                segment_parts := segment_parts || ecom_internal.segment_values(mart_schema, metric, wanted, mask, block, periods, filters);
            end if;
        end loop;
    end if;

    return query execute format('
        with part as materialized (select p.members, p.is_current, p.block, p.numerator, p.denominator from unnest($12) p),
        cell as materialized (
            select row_number() over (order by c.members collate "C")::int as cell, c.*, abs(c.n0) + abs(c.n1) as n_size,
                   abs(c.n0) as n_size0, abs(c.n1) as n_size1, abs(c.d0) as d_size0, abs(c.d1) as d_size1
            from (select p.members,
                         coalesce(sum(p.numerator) filter (where not p.is_current), 0) as n0,
 coalesce(sum(p.numerator) filter (where p.is_current), 0) as n1,
                         coalesce(sum(p.denominator) filter (where not p.is_current), 0) as d0,
                         coalesce(sum(p.denominator) filter (where p.is_current), 0) as d1
                  from part p group by p.members) c),
        -- Dimensions with one member narrow nothing; mask 0 is everything.
        mask as materialized (
            select m.mask from generate_series(0, (1 << %1$s) - 1) m (mask)
            where bit_count(m.mask::bit(32)) <= $2
              and m.mask & (
                  select coalesce(sum(1 << i - 1) filter (where d.varies), 0)::int
                  from generate_series(1, %1$s) i
                  cross join lateral (select min(c.members[i] collate "C") <> max(c.members[i] collate "C") as varies from cell c) d) = m.mask),
        segment_part as (%2$s),
        segment_sum as materialized (
            select u.mask, u.members, array_agg(u.cell) filter (where u.cell is not null) as cells,
                   sum(u.n_size) as n_size, sum(u.n_size0) as n_size0, sum(u.n_size1) as n_size1,
                   sum(u.d_size0) as d_size0, sum(u.d_size1) as d_size1,
                   coalesce(sum(u.numerator) filter (where not u.is_current), 0) as n0,
                   coalesce(sum(u.numerator) filter (where u.is_current), 0) as n1,
                   coalesce(sum(u.denominator) filter (where not u.is_current), 0) as d0,
                   coalesce(sum(u.denominator) filter (where u.is_current), 0) as d1,
                   coalesce(sum(u.numerator ^ 2) filter (where not u.is_current), 0) as nn0,
                   coalesce(sum(u.numerator ^ 2) filter (where u.is_current), 0) as nn1,
                   coalesce(sum(u.numerator * u.denominator) filter (where not u.is_current), 0) as nd0,
                   coalesce(sum(u.numerator * u.denominator) filter (where u.is_current), 0) as nd1,
                   coalesce(sum(u.denominator ^ 2) filter (where not u.is_current), 0) as dd0,
                   coalesce(sum(u.denominator ^ 2) filter (where u.is_current), 0) as dd1,
                   coalesce(sum(u.numerator * u.block_base) filter (where not u.is_current), 0) as nb0,
                   coalesce(sum(u.numerator * u.block_base) filter (where u.is_current), 0) as nb1,
                   coalesce(sum(u.denominator * u.block_base) filter (where not u.is_current), 0) as db0,
                   coalesce(sum(u.denominator * u.block_base) filter (where u.is_current), 0) as db1,
                   count(u.block) filter (where not u.is_current) as blocks0, count(u.block) filter (where u.is_current) as blocks1
            from (select p.mask, p.members, p.is_current, p.block, p.numerator, p.denominator, p.block_base, null::int as cell,
                         null::float8 as n_size, null::float8 as n_size0, null::float8 as n_size1,
                         null::float8 as d_size0, null::float8 as d_size1
                  from segment_part p
                  union all
                  select m.mask, %3$s, null, null, null, null, null, p.cell, p.n_size, p.n_size0, p.n_size1, p.d_size0, p.d_size1
                  from cell p cross join mask m) u
            group by u.mask, u.members
            having u.mask in (select m.mask from mask m)),
        total as materialized (
            select t.*, t.n0 / nullif(t.d0, 0) as r0, t.n1 / nullif(t.d1, 0) as r1,
                   (t.n0 / nullif(t.d0, 0) + t.n1 / nullif(t.d1, 0)) / 2 as mean_rate,
                   nullif(case when $1 then t.d0 else t.n0 end, 0) as base0, nullif(case when $1 then t.d1 else t.n1 end, 0) as base1,
                   case when $1 then t.dd0 else t.nn0 end as bb0, case when $1 then t.dd1 else t.nn1 end as bb1,
                   least(t.blocks0, t.blocks1) >= $11 as is_tested
            from segment_sum t where t.mask = 0),
        -- Of parts that make up the whole it counts whether they are above or below the mean; of others, what they add.
        layout as materialized (
            select s.mask, abs(sum(s.d0) - t.d0) <= 1e-9 * abs(t.d0) and abs(sum(s.d1) - t.d1) <= 1e-9 * abs(t.d1) as is_partition
            from segment_sum s cross join total t group by s.mask, t.d0, t.d1),
        weighed as materialized (
            select c.cell, case when $1 and not $8 then (c.n1 - t.mean_rate * c.d1) / t.d1 - (c.n0 - t.mean_rate * c.d0) / t.d0
                                when $1 then c.n1 / t.d1 - c.n0 / t.d0 else c.n1 - c.n0 end as effect,
                   case when $1 and not $8 then (c.d_size0 / t.d_size0 + c.d_size1 / t.d_size1) / 2
                        when $1 then (coalesce(c.n_size0 / nullif(t.n_size0, 0), 0) + coalesce(c.n_size1 / nullif(t.n_size1, 0), 0)) / 2
                        else c.n_size / nullif(t.n_size, 0) end as size
            from cell c cross join total t where not $1 or t.mean_rate is not null),
        segment as materialized (
            select row_number() over (order by bit_count(s.mask::bit(32)), s.mask, s.members collate "C")::int as segment,
                   s.mask, s.members, s.cells, s.n0, s.n1, s.d0, s.d1, l.is_partition,
                   case when $1 and l.is_partition then (s.n1 - t.mean_rate * s.d1) / t.d1 - (s.n0 - t.mean_rate * s.d0) / t.d0
                        when $1 then s.n1 / t.d1 - s.n0 / t.d0 else s.n1 - s.n0 end as effect,
                   case when $1 and $8 and l.is_partition then (abs(s.d0) / abs(t.d0) + abs(s.d1) / abs(t.d1)) / 2
                        when $1 and l.is_partition then (s.d_size0 / t.d_size0 + s.d_size1 / t.d_size1) / 2
                        when $1 then (coalesce(s.n_size0 / nullif(t.n_size0, 0), 0) + coalesce(s.n_size1 / nullif(t.n_size1, 0), 0)) / 2
                        when $8 then (abs(s.n0) + abs(s.n1)) / nullif(abs(t.n0) + abs(t.n1), 0)
                        else s.n_size / nullif(t.n_size, 0) end as size,
                   -- Variance of what the segment had in a block, less its part of what everything had, summed over the blocks.
                   (k.square0 * t.blocks0 / nullif(t.blocks0 - 1.0, 0) / case when $1 then t.d0 ^ 2 else 1 end
                    + k.square1 * t.blocks1 / nullif(t.blocks1 - 1.0, 0) / case when $1 then t.d1 ^ 2 else 1 end) as variance
            from segment_sum s join layout l on l.mask = s.mask cross join total t
            cross join lateral (select case when $1 and l.is_partition then t.r0 else 0 end as rate0,
                                       case when $1 and l.is_partition then t.r1 else 0 end as rate1) f
            cross join lateral (select (s.n0 - f.rate0 * s.d0) / t.base0 as part0, (s.n1 - f.rate1 * s.d1) / t.base1 as part1) g
            cross join lateral (
                select s.nn0 - 2 * f.rate0 * s.nd0 + f.rate0 ^ 2 * s.dd0 - 2 * g.part0 * (s.nb0 - f.rate0 * s.db0) + g.part0 ^ 2 * t.bb0 as square0,
                       s.nn1 - 2 * f.rate1 * s.nd1 + f.rate1 ^ 2 * s.dd1 - 2 * g.part1 * (s.nb1 - f.rate1 * s.db1) + g.part1 ^ 2 * t.bb1 as square1) k
            where s.mask > 0 and (not $1 or t.mean_rate is not null)),
        -- Of segments by the same dimensions the variance is a multiple of the size, as of sums of many orders; the multiple is common to them.
        noise as materialized (
            select s.mask, case when t.is_tested then sum(s.variance) / nullif(sum(s.size * (1 - s.size)), 0)
                                else (select sum((w.effect - a.effect * w.size) ^ 2 / w.size) / nullif(count(*) - 1, 0)
                                      from weighed w cross join (select sum(x.effect) as effect from weighed x) a where w.size > 0)
                                end as dispersion
            from segment s cross join total t group by s.mask, t.is_tested),
        picked as materialized (
            select k.*
            from (select array_agg(w.effect order by w.cell) as effects, array_agg(w.size order by w.cell) as sizes from weighed w) w
            cross join (select array_agg(s.segment) as segments, array_agg(u.cell) as cells
                        from segment s cross join lateral unnest(s.cells) u (cell) where s.size >= $3 and s.size < 1 - 1e-9) p
            cross join (select array_agg(s.effect order by s.segment) as effects, array_agg(s.size order by s.segment) as sizes,
                               array_agg(s.mask order by s.segment) as masks, array_agg(n.dispersion order by s.segment) as dispersions
                        from segment s join noise n on n.mask = s.mask) m
            cross join (select case when $1 then t.r1 - t.r0 else t.n1 - t.n0 end as effect,
                               case when t.is_tested and not $8 then (t.blocks0 + t.blocks1 - 2)::int end as df from total t) t
            cross join lateral ecom_internal.pick_segments(
                w.effects, w.sizes, t.effect, p.segments, p.cells, m.effects, m.sizes, m.masks, m.dispersions, t.df, $4, $5) k
            where array_position(w.sizes, null) is null and p.segments is not null),
        result as (
            select k.rank, k.surprise, k.p_value, s.members, s.effect,
                   case when $1 then r.r0 else s.n0 end as baseline, case when $1 then r.r1 else s.n1 end as current,
                   case when $1 then t.r0 else t.n0 end as total_baseline, case when $1 then t.r1 else t.n1 end as total_current,
                   case when $1 then r.gain * (r.mean_rate - case when s.is_partition then t.mean_rate else 0 end) end as mix_effect,
                   -- The whole, if the segment had changed like the rest.
                   case when $1 and s.is_partition and t.d0 > s.d0 and t.d1 > s.d1
                        then (t.n1 - s.n1 + l.d * l.rate) / nullif(t.d1 - s.d1 + l.d, 0) - t.r0
                        when not ($1 and s.is_partition) and t.n0 > s.n0 and t.n1 >= s.n1
                        then (t.n1 - s.n1 + s.n0 * (t.n1 - s.n1) / (t.n0 - s.n0)) / case when $1 then t.d1 else 1 end
                             - case when $1 then t.r0 else t.n0 end end as without_it
            from picked k join segment s on s.segment = k.segment cross join total t
            cross join lateral (select s.n0 / nullif(s.d0, 0) as r0, s.n1 / nullif(s.d1, 0) as r1) o
            cross join lateral (select o.r0, o.r1, coalesce((o.r0 + o.r1) / 2, o.r0, o.r1, t.mean_rate) as mean_rate,
                                       s.d1 / nullif(t.d1, 0) - s.d0 / nullif(t.d0, 0) as gain) r
            cross join lateral (select s.d0 * (t.d1 - s.d1) / nullif(t.d0 - s.d0, 0) as d,
                                       coalesce(r.r0 - (t.n0 - s.n0) / nullif(t.d0 - s.d0, 0), 0)
                                       + (t.n1 - s.n1) / nullif(t.d1 - s.d1, 0) as rate) l)
        select r.rank, ecom_internal.segment_name($6, r.members), ecom_internal.segment_filters($7, $6, r.members),
               trim_scale(round(r.baseline::numeric, 6)), trim_scale(round(r.current::numeric, 6)),
               trim_scale(round((r.current - r.baseline)::numeric, 6)),
               round(((r.current - r.baseline) / nullif(abs(r.baseline), 0))::numeric, 4),
               trim_scale(round(r.effect::numeric, 6)), round((r.effect / nullif(r.total_current - r.total_baseline, 0))::numeric, 4),
               round((r.effect / nullif(abs(r.total_baseline), 0))::numeric, 4),
               trim_scale(round((r.effect - r.mix_effect)::numeric, 6)), trim_scale(round(r.mix_effect::numeric, 6)),
               round(r.surprise::numeric, 2)::float8, r.p_value, trim_scale(round(r.without_it::numeric, case when $1 then 6 else 2 end)), $9, $10
        from result r order by r.rank',
        width,
        case when is_overlapping
             then 'select s.mask, s.members, s.is_current, s.block, s.numerator, s.denominator,
                          max(case when s.mask = 0 then coalesce(s.denominator, s.numerator) end)
                              over (partition by s.is_current, s.block) as block_base
                   from unnest($13) s'
             else format('select m.mask, %s as members, p.is_current, p.block, sum(p.numerator) as numerator,
                                 sum(p.denominator) as denominator, max(p.block_base) as block_base
                          from (select p.*, sum(coalesce(p.denominator, p.numerator)) over (partition by p.is_current, p.block) as block_base
                                from part p) p
                          cross join mask m group by 1, 2, 3, 4', masked_members) end,
        masked_members)
        using definition.kind = 'ratio', max_order, min_share, n, prune, wanted, filters, is_overlapping, periods.is_comparable, periods.reason,
              min_blocks, parts, segment_parts;
end
$$;
comment on function ecom.explain_change(name, text, date, date, date, date, text[], int, float8, int, boolean, jsonb, text) is
'Which segments made a metric change: the combinations of dimension values that moved most unlike the rest, the most unusual first.
Example: SELECT segment, change, share_of_change, surprise, p_value
    FROM ecom.explain_change(''shop'', ''revenue'', ''2025-10-01'', ''2025-10-31'')
Example: SELECT segment, baseline, current, rate_effect, mix_effect
    FROM ecom.explain_change(''shop'', ''return_rate'', dimensions => ''{category,brand}'')
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- metric: of ecom.metrics, your own ones included
- from_date, to_date: inclusive; both NULL: the last complete month; one NULL: from the first or to the last sale
- baseline_from, baseline_to: the other period; without them versus chooses it as in ecom.kpi_compare
- dimensions: of ecom.dimensions() but periods of time, up to 16
- max_order: the most dimensions of a segment
- min_share: segments smaller than this share of both periods together are not named
- n: the most rows
- prune: leave out what the segments named before explain: a segment is set aside before the next is sought, and a broader one that is
  nearly as unusual is named instead of its part; false ranks all segments, redundant ones as well
- filters: {"region": "West", ...}
segment_filters can be passed as filters to every function. effect: what the segment did to the change of the whole; share_of_change: of
that change, and contribution: of the baseline of the whole, what it is. For sums it is the segment''s own change. For ratios it is
rate_effect (its own ratio changed) plus mix_effect (its share of the whole changed, and it lies above or below the mean), Kitagawa (1955),
with means of both periods as weights; where denominators overlap, as orders by products do, mix_effect is what it adds with its share.
Effects of all segments by the same dimensions add up to the change; those of distinct counts do not: a customer may be in several.
without_it: what the whole would have changed by if the segment had changed like the rest; NULL where the rest is nothing or negative.
surprise: standard deviations between the effect and the segment''s proportional part of the change. The deviation is estimated from the
days of both periods, from their weeks when both have 91 days or more (with fewer than 7 days, and for distinct counts, from the finest
segments), in common for segments by the same dimensions.
p_value: of a segment as unusual as this among all that were looked at (Bonferroni); NULL without days and where counts overlap.
It knows neither season nor promotions: what is usual for the time of the year is named as well.
is_comparable, reason: as in ecom.kpi_compare. No rows when a period has no sales known, or when nothing varies.
Time: one pass over the sales of both periods by day and the finest segments; of counts that overlap one for each combination of dimensions.
Errors: 22023 for unknown names, a reversed range, half a baseline, no dimension, and limits that make no sense.';
