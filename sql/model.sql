-- The type ecom.model: text, binary and jsonb forms, damage, storage, and the cache of a call site.
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
create schema test_model;
set search_path = test_model;

create table fitted (name text primary key, model ecom.model);
insert into fitted select 'low', ecom.quantile_bins(v, 5, false) from generate_series(0, 100) v;
insert into fitted select 'high', ecom.quantile_bins(v, 2, true) from generate_series(1000, 1002) v;
insert into fitted select 'groups_3', ecom.rfm_rules(priority, segment, r_min, r_max, f_min, f_max, m_min, m_max,
                                                     fm_min, fm_max, total_min, total_max)
from ecom.rfm_schemes() where scheme = 'groups_3';
insert into fitted values ('none', null);

-- Text and jsonb; what model_info says.
select model from fitted where name = 'low';
select model::jsonb from fitted where name = 'low';
select name, jsonb_pretty(ecom.model_info(model)) as info from fitted order by name;
select name, model::text::ecom.model::text = model::text as text_round_trip,
       ecom_internal.model_send(model::text::ecom.model) = ecom_internal.model_send(model) as same_bytes,
       (ecom.model_info(model) ->> 'bytes')::int = length(ecom_internal.model_send(model)) as size_is_told,
       encode(substr(ecom_internal.model_send(model), 1, 4), 'escape') as magic
from fitted order by name;

-- A number keeps every bit.
select ecom_internal.model_send(model::text::ecom.model) = ecom_internal.model_send(model) as same_bytes
from (select ecom.quantile_bins(x, 10, false) as model
      from unnest('{0.1, 0.2, 0.3, 1e-308, -1e308, 3.0000000000000004, 4.9e-324, -0}'::float8[]) x) s;

-- Equal rows in another order give the same bytes.
select ecom_internal.model_send(ecom.quantile_bins(v, 7, true)) =
       (select ecom_internal.model_send(ecom.quantile_bins(v, 7, true)) from (
            select v / 7.0 as v from generate_series(0, 5000) v order by md5(v::text)) s) as order_is_nothing
from (select v / 7.0 as v from generate_series(0, 5000) v) s;

-- Damaged and edited texts.
select name, pg_temp.error_of(format('select %L::ecom.model', damaged)) as error_of
from (select model::text as t from fitted where name = 'low') s,
     lateral (values
        (1, 'empty', ''),
        (2, 'blank', '  '),
        (3, 'cut off', left(t, 60)),
        (4, 'something behind', t || 'x'),
        (5, 'edited number', replace(t, '20.0', '21.0')),
        (6, 'edited checksum', regexp_replace(t, '"checksum":"[0-9a-f]{4}', '"checksum":"0000')),
        (7, 'no checksum', regexp_replace(t, '"checksum":"[0-9a-f]*",', '')),
        (8, 'unknown kind', replace(t, 'quantile_bins', 'quantile_binz')),
        (9, 'later version', replace(t, '"version":1', '"version":2')),
        (10, 'version 0', replace(t, '"version":1', '"version":0')),
        (11, 'wrong type of field', replace(t, '"rows":101', '"rows":"many"')),
        (12, 'descending cuts', replace(t, '40.0', '4.0')),
        (13, 'number out of range', replace(t, '"rows":101', '"rows":1e999')),
        (14, 'not an object', '[1, 2]'),
        (15, 'a null', 'null'),
        (16, 'deep list', repeat('[', 100000)),
        (17, 'deep object', repeat('{"kind":', 100000)),
        (18, 'deep and closed', repeat('[', 5000) || repeat(']', 5000))) d (n, name, damaged)
order by n;
-- White space and the order of fields mean nothing.
select model::jsonb::text::ecom.model::text = model::text as same from fitted where name = 'low';

-- Wrong kinds.
select pg_temp.error_of('select ecom.quantile_bin(model, 1) from test_model.fitted where name = ''groups_3''');
select pg_temp.error_of('select ecom.rfm_segment(1, 1, 1, rules => model) from test_model.fitted where name = ''low''');
select pg_temp.error_of($$select ecom.rfm_score(1, 1, 1, b.model, b.model, r.model) from test_model.fitted b, test_model.fitted r
                          where b.name = 'low' and r.name = 'groups_3'$$);
select pg_temp.error_of($$select ecom.rfm_score(1, 1, 1, b.model, b.model, b.model, rules => b.model) from test_model.fitted b
                          where b.name = 'low'$$);

-- NULL in, NULL out.
select ecom.model_info(null) is null as info, ecom.quantile_bin(null, 1) is null as no_model,
       ecom.quantile_bin(model, null) is null as no_value, null::ecom.model::jsonb is null as no_json
from fitted where name = 'low';

-- A large model goes through compression and storage out of line.
create table large (id int primary key, rules ecom.model);
insert into large select v, ecom.rfm_rules(p, md5((p * v)::text), r, r, f, f, m, m, null, null, null, null)
from generate_series(1, 2) v,
     lateral (select 25 * (r - 1) + 5 * (f - 1) + m as p, r, f, m
              from generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m) s
group by v;
alter table large alter column rules set storage external;
insert into large select id + 2, rules::text::ecom.model from large;
select id, pg_column_size(rules) > 2000 as is_large, ecom.model_info(rules) ->> 'rules' as rules,
       ecom.rfm_segment(2, 3, 4, rules => rules) = md5((39 * (1 + (id + 1) % 2))::text) as is_right
from large order by id;
select pg_relation_size(reltoastrelid) > 0 as is_out_of_line from pg_class where oid = 'large'::regclass;
select a.id, b.id, ecom_internal.model_send(a.rules) = ecom_internal.model_send(b.rules) as same_bytes
from large a join large b on b.id = a.id + 2 order by 1;

-- One call site, models that take turns row by row: small inline ones, large stored ones, large fresh ones.
select count(*) as rows, count(*) filter (where bin is distinct from wanted) as wrong
from (select ecom.quantile_bin(case when v % 2 = 0 then l.model else h.model end, v % 2000) as bin,
             case when v % 2 = 0 then 1 + least(greatest((v % 2000 - 1) / 20, 0), 4)
                  else case when v % 2000 <= 1001 then 2 else 1 end end as wanted
      from fitted l, fitted h, generate_series(0, 99999) v where l.name = 'low' and h.name = 'high') s;
select count(*) as rows, count(*) filter (where segment <> md5((p * (1 + v % 2))::text)) as wrong
from (select v, p, ecom.rfm_segment((p - 1) / 25 + 1, (p - 1) / 5 % 5 + 1, (p - 1) % 5 + 1, rules => l.rules) as segment
      from generate_series(0, 1999) v join large l on l.id = 1 + v % 2, lateral (select 1 + v % 125 as p) s offset 0) s;
select count(*) as rows, count(*) filter (where segment <> md5((8 * v)::text)) as wrong
from (select v, ecom.rfm_segment(1, 2, 3, rules => ecom.rfm_rules(p, md5((p * v)::text), (p - 1) / 25 + 1, (p - 1) / 25 + 1,
                                                                 (p - 1) / 5 % 5 + 1, (p - 1) / 5 % 5 + 1,
                                                                 (p - 1) % 5 + 1, (p - 1) % 5 + 1, null, null, null, null)) as segment
      from generate_series(1, 200) v, generate_series(1, 125) p group by v) s;

-- Too many rules to mean anything.
select pg_temp.error_of($$select ecom.rfm_rules(v, v::text, 1, 1, null, null, null, null, null, null, null, null) from generate_series(1, 1001) v$$);

-- In PL/pgSQL and in a prepared statement.
do $$
declare
    model ecom.model;
    bins int := 0;
begin
    for i in 1 .. 3 loop
        select f.model into model from test_model.fitted f where f.name = case when i = 2 then 'high' else 'low' end;
        bins := bins * 10 + ecom.quantile_bin(model, 50);
    end loop;
    raise notice 'bins %', bins;
end
$$;
prepare score (ecom.model, float8) as select ecom.quantile_bin($1, $2);
execute score ('{"kind":"quantile_bins","version":1,"checksum":"d06e98e6125821cd","body":{"cuts":[20.0,40.0,60.0,80.0],"left_closed":false,"descending":false,"rows":101,"min":0.0,"max":100.0}}', 60);
execute score (null, 60);
begin transaction read only;
select ecom.quantile_bin(model, 60.000001) from fitted where name = 'low';
commit;

set client_min_messages = warning;
drop schema test_model cascade;
