// The document: what the catalog says, as OpenAPI.

const NUMBER = { type: "number" };
const TYPES = {
  boolean: { type: "boolean" }, smallint: { type: "integer" }, integer: { type: "integer" }, bigint: { type: "integer", format: "int64" },
  numeric: NUMBER, "double precision": { type: "number", format: "double" }, date: { type: "string", format: "date" }, jsonb: {}, json: {},
};

function typeSchema(type) {
  if (type.endsWith("[]")) return { type: "array", items: typeSchema(type.slice(0, -2)) };
  return TYPES[type] ?? { type: "string" };
}

const described = (schema, description) => (description ? { ...schema, description } : schema);

const PAGING = {
  select: { type: "string", description: "Columns, by commas; label:column gives one another name. Default: all." },
  order: { type: "string", description: "column.asc or column.desc, with .nullsfirst or .nullslast, by commas. What it leaves open is decided by the key." },
  limit: { type: "integer", minimum: 0, description: "Rows at most; the gateway has a limit of its own." },
  offset: { type: "integer", minimum: 0, description: "Rows to pass over." },
};
const HEADERS = {
  type: "object",
  properties: {
    range: { type: "string", description: "Rows from and to, from 0, as 0-9: another way to say limit and offset." },
    prefer: { type: "string", description: "count=exact: the number of all rows in Content-Range." },
  },
};

export const errorSchema = {
  $id: "Error",
  type: "object",
  required: ["code", "message"],
  properties: {
    code: { type: "string", description: "SQLSTATE, or the HTTP status." }, message: { type: "string" },
    details: { type: "string", nullable: true }, hint: { type: "string", nullable: true, description: "What to do." },
  },
};
const contentRange = { "Content-Range": { type: "string", description: "First and last row of the page, and the number of all rows when it was asked for, else *." } };
const failed = (description) => ({ description, $ref: "Error#" });

const filters = (columns, taken) => Object.fromEntries(columns.filter(({ name }) => !taken.has(name))
  .map(({ name, type, comment }) => [name, { type: "string", description: `Filter, as eq.VALUE. ${type}${comment ? `: ${comment}` : ""}` }]));

const rows = (columns) => ({
  type: "array",
  items: { type: "object", properties: Object.fromEntries(columns.map(({ name, type, comment }) => [name, described({ ...typeSchema(type), nullable: true }, comment)])) },
});

const responses = (body, isPaged) => ({
  200: { description: "Rows.", ...body, ...(isPaged && { headers: contentRange }) },
  ...(isPaged && { 206: { description: "A part of the rows that were counted.", ...body, headers: contentRange }, 416: failed("The range begins after the last row.") }),
  400: failed("A value or a name that does not fit; the message says which."),
  503: failed("The database has no connection free."),
  504: failed("The query took longer than the gateway allows."),
});

const firstLine = (comment) => (comment ?? "").split("\n")[0].replace(/: SELECT .*$/, ".");

export function relationSchema({ name, comment, columns }, { summary, tag = "Tables and views", id = name } = {}) {
  return {
    operationId: id,
    tags: [tag],
    summary: summary ?? firstLine(comment),
    description: comment,
    querystring: { type: "object", properties: { ...filters(columns, new Set(Object.keys(PAGING))), ...PAGING } },
    headers: HEADERS,
    response: responses(rows(columns), true),
  };
}

export function functionSchema(variants, { summary, tag = "Functions", id = `rpc_${variants[0].name}`, fixed = {} } = {}) {
  const all = variants.flatMap((each) => each.arguments).filter(({ name }) => name !== "mart" && !(name in fixed));
  const isRequired = (name) => variants.every((each) => each.arguments.some((argument) => argument.name === name && !argument.isOptional));
  const properties = {};
  for (const { name, type } of all) {
    const { items, ...schema } = typeSchema(type);
    properties[name] ??= items ? { type: "string", description: `${type}, as {a,b}.` } : schema.type ? { ...schema, description: `${type}.` } : { type: "string", description: `${type}, as text.` };
  }
  const columns = [...new Map(variants.flatMap((each) => each.columns ?? []).map((column) => [column.name, column])).values()];
  const isPaged = columns.length > 0;
  const body = isPaged ? rows(columns) : typeSchema(variants[0].returnType);
  return {
    operationId: id,
    tags: [tag],
    summary: summary ?? firstLine(variants[0].comment),
    description: variants.map(({ comment }) => comment).join("\n\n"),
    querystring: {
      type: "object",
      required: Object.keys(properties).filter(isRequired),
      properties: isPaged ? { ...properties, ...filters(columns, new Set([...Object.keys(properties), ...Object.keys(fixed), ...Object.keys(PAGING)])), ...PAGING } : properties,
    },
    ...(isPaged && { headers: HEADERS }),
    response: responses(body, isPaged),
  };
}

export const pageSchema = {
  operationId: "report",
  tags: ["Page"],
  summary: "The report page.",
  description: "The page of ecom.report_html, kept for a while; when that is over, the one before is given while a new one is made.",
  querystring: { type: "object", properties: { from_date: { type: "string", format: "date", description: "First day; default: of the sales." }, to_date: { type: "string", format: "date", description: "Last day; default: of the sales." } } },
  produces: ["text/html"],
  response: { 200: { description: "HTML.", type: "string" }, 400: failed("A date that is none, or a reversed range."), 501: failed("The extension was built without the page.") },
};

export const documentInfo = (mart, version) => ({
  openapi: "3.0.3",
  info: { title: `Mart ${mart}`, version, description: "Tables, views and functions of a mart of ecom_analytics, to read. Descriptions are the comments of the database. "
    + "Filters, order, limit, offset and headers are read as PostgREST reads them." },
  tags: [
    { name: "Questions", description: "One path each for what dashboards ask." }, { name: "Functions", description: "Analyses, computed when asked." },
    { name: "Tables and views", description: "What ecom.refresh wrote, and the sales." }, { name: "Page", description: "To look at." },
  ],
});
