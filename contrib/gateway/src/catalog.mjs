// What the database offers to this role: relations and functions with their comments. Every identifier of a query comes from here.

// Relations that the mart shows to BI readers: their comment says what one row is, and does not call it inner.
const RELATIONS = `
  select c.relname as name, obj_description(c.oid, 'pg_class') as comment,
         (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null), 'comment', col_description(c.oid, a.attnum))
                          order by a.attnum)
          from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and has_column_privilege(c.oid, a.attnum, 'select')) as columns,
         (select json_agg(a.attname order by array_position(k.conkey, a.attnum))
          from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
          where k.conrelid = c.oid and k.contype = 'p') as key
  from pg_class c
  where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('r', 'p', 'v', 'f') and not c.relispartition
    and obj_description(c.oid, 'pg_class') ~ '^One row per' and obj_description(c.oid, 'pg_class') !~ '(^|\\n)Inner table'
    and has_table_privilege(c.oid, 'select')
  order by c.relname collate "C"`;

// Functions over a mart that change nothing and run as the caller. Models and states are values for SQL, not for an application; the page
// has a path of its own, on which it is kept.
const FUNCTIONS = `
  select p.proname as name, obj_description(p.oid, 'pg_proc') as comment, p.proretset as "returnsSet",
         format_type(p.prorettype, null) as "returnType",
         (select json_agg(json_build_object('name', a.name, 'type', format_type(a.type, null), 'isOptional', a.n > p.pronargs - p.pronargdefaults) order by a.n)
          from unnest(p.proargtypes::oid[], p.proargnames) with ordinality a (type, name, n) where a.type is not null) as arguments,
         (select json_agg(json_build_object('name', a.name, 'type', format_type(a.type, null), 'comment', null) order by a.n)
          from unnest(p.proallargtypes, p.proargnames, p.proargmodes::text[]) with ordinality a (type, name, mode, n)
          where a.mode in ('o', 't')) as columns
  from pg_proc p
  where p.pronamespace = 'ecom'::regnamespace and p.prokind = 'f' and p.provolatile in ('s', 'i') and not p.prosecdef and p.provariadic = 0
    and p.proargnames[1] = 'mart' and p.proargtypes[0] = 'name'::regtype and p.proname <> 'report_html'
    and has_function_privilege(p.oid, 'execute')
    and not exists (select from unnest(p.proargtypes::oid[] || coalesce(p.proallargtypes, '{}') || p.prorettype) u (type) join pg_type t on t.oid = u.type
                    where t.typnamespace <> 'pg_catalog'::regnamespace)
  order by p.proname collate "C", p.oid`;

// Functions over a mart read its inner tables: only a role that may read those can call them.
const RIGHTS = `
  select current_user as role, to_regclass(format('%I.dim_date', $1::text)) is not null as "isMart",
         coalesce(has_table_privilege(to_regclass(format('%I.setting', $1::text)), 'select'), false) as "mayCall",
         exists (select from pg_class c where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('r', 'p', 'v', 'f')
                 and (has_any_column_privilege(c.oid, 'insert, update') or has_table_privilege(c.oid, 'delete, truncate'))) as "mayWrite"`;

// The contract of BI names; others would need escapes in paths.
const isPlain = ({ name }) => /^[a-z][a-z0-9_]*$/.test(name);

export async function readCatalog(pool, mart) {
  const rights = (await pool.query(RIGHTS, [mart])).rows[0];
  if (!rights.isMart) throw new Error(`role "${rights.role}" sees no mart "${mart}"; make one with ecom.create_mart, grant it with ecom.grant_analyst, or set GATEWAY_MART`);
  if (rights.mayWrite) {
    throw new Error(`role "${rights.role}" can write to mart "${mart}"; sign in as a role made by ecom.grant_analyst or ecom.grant_reader, or set GATEWAY_ROLE to one`);
  }
  const relations = (await pool.query(RELATIONS, [mart])).rows.filter((relation) => isPlain(relation) && relation.columns);
  const functions = rights.mayCall ? (await pool.query(FUNCTIONS)).rows : [];
  for (const each of functions) each.columns ??= each.returnsSet ? [{ name: each.name, type: each.returnType, comment: null }] : null;
  return {
    mart,
    role: rights.role,
    mayCall: rights.mayCall,
    relations,
    // One entry per name; functions that share one differ in their arguments.
    functions: [...new Set(functions.map(({ name }) => name))].map((name) => functions.filter((each) => each.name === name)),
  };
}
