-- What users see in schema ecom: a change of a signature, label or rule shows here.
\pset format unaligned
\pset tuples_only on
\pset fieldsep '\n    '
select format('%s (%s)', p.proname, case p.prokind when 'a' then 'aggregate' when 'w' then 'window' else 'function' end),
       'takes ' || coalesce(nullif(pg_get_function_arguments(p.oid), ''), 'nothing'),
       'gives ' || pg_get_function_result(p.oid),
       case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end || ', parallel '
       || case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end
from pg_proc p where p.pronamespace = 'ecom'::regnamespace
order by p.proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C";
\pset format aligned
\pset tuples_only off
select c.relkind, c.relname, obj_description(c.oid) is not null as has_comment
from pg_class c where c.relnamespace = 'ecom'::regnamespace and c.relkind <> 'c' order by c.relname collate "C";
select t.typname, t.typtype, t.typstorage, obj_description(t.oid) is not null as has_comment
from pg_type t
where t.typnamespace = 'ecom'::regnamespace and t.typelem = 0
  and not exists (select from pg_class c where c.oid = t.typrelid and c.relkind <> 'c') order by t.typname collate "C";

-- Rules without exceptions, so these return no row.
select p.oid::regprocedure as without_comment from pg_proc p
where p.pronamespace = 'ecom'::regnamespace and obj_description(p.oid, 'pg_proc') is null;
select p.oid::regprocedure as security_definer from pg_proc p
where p.pronamespace in ('ecom'::regnamespace, 'ecom_internal'::regnamespace) and p.prosecdef;
select p.oid::regprocedure as search_path_not_pinned from pg_proc p join pg_language l on l.oid = p.prolang
where p.pronamespace in ('ecom'::regnamespace, 'ecom_internal'::regnamespace) and l.lanname = 'plpgsql'
  and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false);
select p.oid::regprocedure as other_settings from pg_proc p, unnest(p.proconfig) setting
where p.pronamespace in ('ecom'::regnamespace, 'ecom_internal'::regnamespace) and setting not like 'search_path=%' and setting <> 'jit=off';
-- Only an aggregate whose result is about the order of its rows, and whose comment says so, has no combine function.
select p.oid::regprocedure as internal_state from pg_proc p join pg_aggregate a on a.aggfnoid = p.oid
where p.pronamespace = 'ecom'::regnamespace
  and (a.aggtranstype = 'internal'::regtype or a.aggtransspace = 0
       or a.aggcombinefn = 0 and obj_description(p.oid, 'pg_proc') !~ 'ORDER BY');
select p.oid::regprocedure as polymorphic from pg_proc p, unnest(p.proargtypes) argument join pg_type t on t.oid = argument
where p.pronamespace = 'ecom'::regnamespace and t.typtype = 'p' and t.typname <> 'record';
select p.oid::regprocedure as not_executable_by_all from pg_proc p
where p.pronamespace in ('ecom'::regnamespace, 'ecom_internal'::regnamespace) and not has_function_privilege('public', p.oid, 'execute');
