// A URL as a statement. The subset of PostgREST's language that is read here means the same there:
//   select=a,b:c  a=eq.1  a=not.in.(1,2)  order=a.desc.nullslast,b  limit=10  offset=20   Range: 0-9   Prefer: count=exact
// Values are bound, never written into the statement; names are written only when they are those of the catalog.
import { escapeIdentifier } from "pg";
import { HttpError, badRequest } from "./errors.mjs";

const RESERVED = new Set(["select", "order", "limit", "offset"]);
const COMPARISONS = { eq: "=", neq: "<>", gt: ">", gte: ">=", lt: "<", lte: "<=" };
const TRUTHS = { null: "null", not_null: "not null", true: "true", false: "false", unknown: "unknown" };
// The order in which a function gave its rows.
const POSITION = "gateway_position";

const quote = escapeIdentifier;
// ORDER BY takes a bare name for a label of select before it takes it for a column.
const sortKey = (name) => `source.${quote(name)}`;
const listed = (names) => names.join(", ");

class Statement {
  values = [];

  bind(value, type) {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** The parameters of a query string as [name, value], a repeated one as often as it stands there. */
const pairs = (query) => Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));

function once(query, name) {
  if (Array.isArray(query[name])) throw badRequest(`"${name}" is given more than once`);
  return query[name];
}

function wholeNumber(text, name) {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`"${name}" must be a whole number from 0, not "${text}"`);
  return Number(text);
}

class Columns {
  constructor(columns, owner) {
    this.byName = new Map(columns.map((column) => [column.name, column]));
    this.owner = owner;
  }

  get(name) {
    const column = this.byName.get(name);
    if (!column) throw badRequest(`"${name}" is not a column of ${this.owner}`, `It has ${listed([...this.byName.keys()])}.`);
    return column;
  }

  all() {
    return [...this.byName.values()];
  }
}

/** The members of (1,2,"a,b"). Within quotes a backslash stands before a quote or a backslash. */
function members(text, name) {
  const inner = /^\((.*)\)$/s.exec(text)?.[1];
  if (inner === undefined) throw badRequest(`the list of "${name}" must stand in parentheses`, `Write ${name}=in.(1,2).`);
  if (inner === "") return [];
  const found = [];
  // Spaces around what is unquoted are a part of it, trimmed below: two places that could both take them make the time grow with the cube of
  // their number.
  const member = /(?:\s*"((?:[^"\\]|\\.)*)"\s*|([^,"]*))(,|$)/sy;
  for (;;) {
    const match = member.exec(inner);
    if (!match) throw badRequest(`the list of "${name}" has a quote that does not end`);
    found.push(match[1] === undefined ? match[2].trim() : match[1].replace(/\\(.)/gs, "$1"));
    if (match[3] === "") return found;
  }
}

function condition(statement, column, text) {
  const parts = /^(not\.)?(\w+)\.(.*)$/s.exec(text);
  const [, negated, operator, value] = parts ?? [];
  const subject = quote(column.name);
  let test;
  if (operator && Object.hasOwn(COMPARISONS, operator)) test = `${subject} ${COMPARISONS[operator]} ${statement.bind(value, column.type)}`;
  // PostgREST's * stands for %, which a URL has to escape.
  else if (operator === "like" || operator === "ilike") test = `${subject}::text ${operator} ${statement.bind(value.replaceAll("*", "%"), "text")}`;
  else if (operator === "in") test = `${subject} = any (${statement.bind(members(value, column.name), `${column.type}[]`)})`;
  else if (operator === "is" && Object.hasOwn(TRUTHS, value)) test = `${subject} is ${TRUTHS[value]}`;
  else if (operator === "is") throw badRequest(`"${column.name}" cannot be compared with "${value}"`, `is takes ${listed(Object.keys(TRUTHS))}.`);
  else {
    throw badRequest(`"${text}" is not a filter of "${column.name}"`,
      `Write ${column.name}=eq.VALUE. Operators: ${listed([...Object.keys(COMPARISONS), "like", "ilike", "in", "is"])}; not. before one negates it.`);
  }
  return negated ? `not (${test})` : test;
}

function selection(columns, text) {
  if (text === undefined || text === "*" || text === "") return columns.all().map(({ name }) => quote(name));
  return text.split(",").flatMap((item) => {
    if (item === "*") return columns.all().map(({ name }) => quote(name));
    const [, label, name] = /^(?:([^:]+):)?([^:]+)$/.exec(item.trim()) ?? [];
    if (!name) throw badRequest(`"${item}" in select is neither a column nor label:column`);
    if (label?.includes("\0")) throw badRequest("a label in select has a character that PostgreSQL cannot store");
    return label ? `${quote(columns.get(name).name)} as ${quote(label)}` : quote(columns.get(name).name);
  });
}

function ordering(columns, text) {
  if (text === undefined || text === "") return [];
  return text.split(",").map((item) => {
    const [, name, direction = "asc", nulls] = /^([^.]+)(?:\.(asc|desc))?(?:\.nulls(first|last))?$/.exec(item.trim()) ?? [];
    if (!name) throw badRequest(`"${item}" in order is not understood`, "Write order=column.desc.nullslast,other.");
    return `${sortKey(columns.get(name).name)} ${direction}${nulls ? ` nulls ${nulls}` : ""}`;
  });
}

/** Range: 0-9 of PostgREST; other units are for somebody else and read over, as HTTP asks. */
function window(query, headers, maxRows) {
  const range = /^(?:items=)?(\d{1,15})-(\d{0,15})$/.exec(headers.range ?? "");
  const isByRange = range && query.limit === undefined && query.offset === undefined;
  if (isByRange && range[2] !== "" && Number(range[2]) < Number(range[1])) throw new HttpError(416, "the range ends before it begins");
  const offset = isByRange ? Number(range[1]) : wholeNumber(once(query, "offset"), "offset") ?? 0;
  const wanted = isByRange ? (range[2] === "" ? undefined : Number(range[2]) - offset + 1) : wholeNumber(once(query, "limit"), "limit");
  return { offset, limit: Math.min(wanted ?? maxRows, maxRows) };
}

const wantsCount = (headers) => /(^|[,;\s])count=exact($|[,;\s])/.test([headers.prefer ?? ""].flat().join(","));

/**
 * A page of rows as JSON text, the number of its rows, and, where asked for, that of all.
 * Rows come in the order asked for, and where that leaves ties in that of `ties`: no row is on two pages.
 */
function page(statement, { columns, from, ties, isOnce, filters }, query, headers, maxRows) {
  const conditions = filters.map(([name, text]) => condition(statement, columns.get(name), text));
  const order = [...ordering(columns, once(query, "order")), ...ties.map(sortKey)];
  const selected = selection(columns, once(query, "select"));
  const { offset, limit } = window(query, headers, maxRows);
  const isCounted = wantsCount(headers);
  // Numbers by now. The limit is written out, so that the plan of a prepared statement is one for few rows.
  const span = `limit ${limit}${offset > 0 ? ` offset ${statement.bind(offset, "bigint")}` : ""}`;
  // A function must not run twice for a count; a relation must not be copied for one.
  const text = `with source as ${isOnce ? "" : "not "}materialized (select * from ${from}${conditions.length ? ` where ${conditions.join(" and ")}` : ""})
select coalesce(json_agg(page.*), '[]')::text as body, count(*)::int as rows, ${isCounted ? "(select count(*) from source)" : "null"}::float8 as total
from (select ${listed(selected)} from source order by ${listed(order)} ${span}) page`;
  return { text, values: statement.values, offset };
}

export function relationQuery(mart, relation, query, headers, maxRows) {
  return page(new Statement(), {
    columns: new Columns(relation.columns, relation.name),
    from: `${quote(mart)}.${quote(relation.name)}`,
    ties: relation.key ?? relation.columns.map(({ name }) => name),
    isOnce: false,
    filters: pairs(query).filter(([name]) => !RESERVED.has(name)),
  }, query, headers, maxRows);
}

/** Of functions that share a name, the first whose required arguments are there. */
const chosen = (variants, query) => variants.find(({ arguments: all }) => all.every(({ name, isOptional }) => isOptional || name === "mart" || name in query)) ?? variants[0];

/** fixed: arguments that the path stands for. */
export function functionQuery(mart, variants, query, headers, maxRows, fixed = {}) {
  const called = chosen(variants, { ...query, ...fixed });
  if (query.mart !== undefined && query.mart !== mart) throw badRequest(`this gateway serves mart "${mart}"`, "Leave mart out.");
  const preset = Object.keys(fixed).find((name) => name in query);
  if (preset) throw badRequest(`this path is for ${preset} ${JSON.stringify(fixed[preset])}`, `Leave ${preset} out, or ask /rpc/${called.name}.`);
  const known = new Map(called.arguments.map((argument) => [argument.name, argument]));
  const given = { ...Object.fromEntries([...known.keys()].filter((name) => name in query).map((name) => [name, once(query, name)])), ...fixed, mart };
  const missing = called.arguments.find(({ name, isOptional }) => !isOptional && !(name in given));
  if (missing) throw badRequest(`${called.name} needs "${missing.name}"`, `Its arguments are ${listed([...known.keys()].filter((name) => name !== "mart"))}.`);

  const statement = new Statement();
  const call = `ecom.${quote(called.name)}(${listed(Object.entries(given).map(([name, value]) => `${quote(name)} => ${statement.bind(value, known.get(name).type)}`))})`;
  const rest = pairs(query).filter(([name]) => !known.has(name));
  if (!called.columns) {
    if (rest.length) throw badRequest(`"${rest[0][0]}" is not an argument of ${called.name}`, `Its arguments are ${listed([...known.keys()])}.`);
    return { text: `select coalesce(to_json(${call}), 'null')::text as body, 1 as rows, null as total`, values: statement.values, offset: 0 };
  }
  const columns = new Columns(called.columns, called.name);
  const isOrdered = Boolean(query.order);
  return page(statement, {
    columns,
    from: `${call} with ordinality as rows (${listed([...called.columns.map(({ name }) => quote(name)), POSITION])})`,
    // Its own order is a part of its answer.
    ties: [...(isOrdered ? called.columns.map(({ name }) => name) : []), POSITION],
    isOnce: true,
    filters: rest.filter(([name]) => !RESERVED.has(name)),
  }, query, headers, maxRows);
}

/** Status and Content-Range of a page, as PostgREST gives them. */
export function pageHeaders({ offset }, { rows, total }) {
  if (total !== null && offset > 0 && offset >= total) throw new HttpError(416, `the range begins after the last of ${total} rows`);
  const isPart = total !== null && rows < total;
  return { status: isPart ? 206 : 200, contentRange: `${rows ? `${offset}-${offset + rows - 1}` : "*"}/${total ?? "*"}` };
}
