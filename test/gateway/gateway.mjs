// The gateway over HTTP against SQL: node gateway.mjs GATEWAY [BROWSER], with shop.sql loaded and psql on its database.
// Prints `ok name` or `not ok name: detail` a check.
import { execFileSync, spawn } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { load } from "./load.mjs";
import { CHARTS, Watched, chartFaults, check, exitStatus } from "./page.mjs";

const [folder, browser] = process.argv.slice(2);
const MAX_ROWS = 1500;

function psql(statement, { user, fails } = {}) {
  const environment = { ...process.env, ...(user && { PGUSER: user }) };
  try {
    return execFileSync("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=sqlstate", "-c", statement], { encoding: "utf8", env: environment, stdio: "pipe", maxBuffer: 1 << 28 }).trimEnd();
  } catch (error) {
    if (fails) return /ERROR: +(\w{5})/.exec(error.stderr)?.[1] ?? error.stderr;
    throw error;
  }
}
const rowsOf = (query) => JSON.parse(psql(`select coalesce(json_agg(q), '[]') from (${query}) q`));

const gateways = [];
/** Starts a gateway and waits for its address; null and what it said when it ended instead. */
function start(environment) {
  const child = spawn(process.execPath, [join(folder, "src/server.mjs")], { env: { ...process.env, GATEWAY_PORT: "0", GATEWAY_MAX_ROWS: String(MAX_ROWS), ...environment } });
  gateways.push(child);
  let said = "";
  return new Promise((resolve) => {
    const hear = (chunk) => {
      said += chunk;
      const address = /documentation +(http:\S+)\/docs\n/.exec(said)?.[1];
      if (address) resolve({ address, child, said: () => said });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (status) => resolve({ address: null, status, said: () => said }));
  });
}

const encode = (path) => path.replace(/[^!-~]|["<>\\^`{|}]/gu, encodeURIComponent);
async function ask(address, path, options) {
  const reply = await fetch(address + encode(path), options);
  const text = await reply.text();
  let body;
  try { body = JSON.parse(text); } catch { body = undefined; }
  return { status: reply.status, headers: reply.headers, text, body };
}

const gateway = await start({ PGUSER: "ecom_test_analyst" });
if (!gateway.address) throw new Error(gateway.said());
const get = (path, headers) => ask(gateway.address, path, { headers });

// The document: valid, whole, and in the words of the comments.
const { body: document } = await get("/");
const { valid, errors } = await new Validator().validate(structuredClone(document));
check("document is OpenAPI", !valid && JSON.stringify(errors).slice(0, 300));
const relations = rowsOf(`select distinct relation_name as name, relation_comment as comment from shop.data_dictionary`);
const functions = rowsOf(`select distinct proname as name from pg_proc where pronamespace = 'ecom'::regnamespace and provolatile <> 'v' and proargnames[1] = 'mart'
  and proargtypes[0] = 'name'::regtype and proname not in ('current_model', 'report_html')`);
check("document names all", [
  ...relations.filter(({ name }) => !document.paths[`/${name}`]).map(({ name }) => `${name} is missing`),
  ...relations.filter(({ name, comment }) => document.paths[`/${name}`] && document.paths[`/${name}`].get.summary !== comment).map(({ name }) => `${name} is not told by its comment`),
  ...functions.filter(({ name }) => !document.paths[`/rpc/${name}`]?.get.description).map(({ name }) => `function ${name} is missing`),
  relations.length < 50 && `only ${relations.length} relations`, functions.length < 40 && `only ${functions.length} functions`,
]);
const inner = rowsOf(`select relname as name from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'v') and not ecom_internal.is_bi_surface(oid)`);
check("inner tables are not there", [inner.length < 5 && "there are none", ...inner.filter(({ name }) => document.paths[`/${name}`]).map(({ name }) => name)]);
const volatile = rowsOf(`select distinct proname as name from pg_proc where pronamespace = 'ecom'::regnamespace and provolatile = 'v' and proargnames[1] = 'mart'`);
check("volatile functions are not there", [volatile.length < 10 && "there are few", ...volatile.filter(({ name }) => document.paths[`/rpc/${name}`]).map(({ name }) => name)]);

// Every path answers.
const needed = { dimension: "category", row_dimension: "category", column_dimension: "season", hierarchy: "time", from_date: "2025-03-01", to_date: "2025-09-01",
  customer: "3", product: "3", campaign: "spring", recency_days: "20", frequency: "4", monetary: "300" };
const faults = [];
for (const [path, { get: operation }] of Object.entries(document.paths)) {
  const query = operation.parameters.filter((parameter) => parameter.in === "query" && parameter.required).map(({ name }) => `${name}=${needed[name]}`).join("&");
  const customer = /(recommend_products|recommendations|cross_sell)$/.test(path) ? "customer=3" : "";
  const reply = await get(`${path}?${[query, customer].filter(Boolean).join("&")}`);
  if (reply.status !== 200 || !(path === "/report" || reply.body !== undefined)) faults.push(`${path}: ${reply.status} ${reply.text.slice(0, 200)}`);
  else if (Array.isArray(reply.body) && reply.body.length) {
    const promised = Object.keys(operation.responses[200].content["application/json"].schema.items.properties);
    const given = Object.keys(reply.body[0]);
    if (given.some((name) => !promised.includes(name))) faults.push(`${path} has a column that the document does not know`);
  }
}
check(`all ${Object.keys(document.paths).length} paths answer`, faults);

// Pages laid end to end are the whole: nothing twice, nothing left out. An order with ties is the hard case.
const sorted = (rows) => rows.map((row) => JSON.stringify(row)).sort();
async function pages(path, size) {
  const found = [];
  for (let offset = 0; ; offset += size) {
    const { status, body, text } = await get(`${path}${path.includes("?") ? "&" : "?"}limit=${size}&offset=${offset}`);
    if (status !== 200) throw new Error(`${path}: ${text}`);
    found.push(...body);
    if (body.length < size) return found;
  }
}
const torn = [];
const sizes = new Map(rowsOf(relations.map(({ name }) => `select '${name}' as name, count(*) as n from shop.${name}`).join(" union all ")).map(({ name, n }) => [name, n]));
const columnsOf = (name) => Object.keys(document.paths[`/${name}`].get.responses[200].content["application/json"].schema.items.properties);
const several = relations.filter(({ name }) => sizes.get(name) > 1);
const [{ wholes }] = rowsOf(`select json_object_agg(r.name, r.rows) as wholes from (${several.map(({ name }) =>
  `select '${name}' as name, (select json_agg(q) from (select ${columnsOf(name).map((column) => `"${column}"`)} from shop.${name}) q) as rows`).join(" union all ")}) r`);
await Promise.all([0, 1, 2, 3].map(async (lane) => {
  for (const { name } of several.filter((_, n) => n % 4 === lane)) {
    const found = await pages(`/${name}?order=${columnsOf(name).at(-1)}`, Math.min(MAX_ROWS, Math.ceil(sizes.get(name) / 3)));
    if (sorted(found).join() !== sorted(wholes[name]).join()) torn.push(`${name}: ${found.length} rows, SQL has ${wholes[name].length}`);
  }
}));
for (const [path, query] of [["product_sales?page_size=1000", "product_sales('shop', page_size => 1000)"], ["product_sales?page_size=1000&order=category", "product_sales('shop', page_size => 1000)"],
  ["customer_loyalty?order=loyalty_band.desc", "customer_loyalty('shop')"], ["revenue_trend?grain=week&by={segment}", `revenue_trend('shop', 'week', '{segment}')`]]) {
  const found = await pages(`/rpc/${path}`, 17);
  const whole = rowsOf(`select * from ecom.${query}`);
  if (sorted(found).join() !== sorted(whole).join()) torn.push(`${path}: ${found.length} rows, SQL has ${whole.length}`);
  if (!path.includes("order=") && JSON.stringify(found) !== JSON.stringify(whole)) torn.push(`${path} is not in the function's order`);
}
check("pages are the whole", torn);

// Filters, order, columns and counts mean what they mean in SQL.
const wrong = [];
for (const [path, query] of [
  ["fact_sales?quantity=gte.3&quantity=lt.5&select=sales_key,quantity&order=quantity.desc,sales_key", "select sales_key, quantity from shop.fact_sales where quantity >= 3 and quantity < 5 order by quantity desc, sales_key"],
  ["fact_sales?is_return=is.true&select=sales_key", "select sales_key from shop.fact_sales where is_return order by 1"],
  ["fact_sales?satisfaction_score=is.null&select=sales_key&limit=7", "select sales_key from shop.fact_sales where satisfaction_score is null order by 1 limit 7"],
  ["fact_sales?satisfaction_score=not.is.null&select=sales_key&limit=7&offset=3", "select sales_key from shop.fact_sales where satisfaction_score is not null order by 1 limit 7 offset 3"],
  ["dim_product?category=in.(Toys,\"Books\")&order=product_key", "select * from shop.dim_product where category in ('Toys', 'Books') order by 1"],
  ["dim_product?category=not.in.(Toys,Books)&order=product_key", "select * from shop.dim_product where category not in ('Toys', 'Books') order by 1"],
  ["dim_product?name=in.(\"a \\\"quoted\\\", (bracketed) \\\\ name\")", "select * from shop.dim_product where product_key = 2"],
  ["dim_product?name=eq.a \"quoted\", (bracketed) \\ name", "select * from shop.dim_product where product_key = 2"],
  ["dim_product?name=ilike.*IMG src*&order=product_key", "select * from shop.dim_product where name ilike '%img src%' order by 1"],
  ["dim_product?category=not.like.*o*&order=product_key", "select * from shop.dim_product where category not like '%o%' order by 1"],
  ["dim_product?list_price=gt.19.99&list_price=neq.50&order=list_price.desc.nullslast,product_key&select=key:product_key,list_price", "select product_key as key, list_price from shop.dim_product where list_price > 19.99 and list_price <> 50 order by 2 desc nulls last, 1"],
  // Labels that are names of other columns, or of the statement's own.
  ["dim_product?select=product_key:category,key:product_key&order=product_key.desc", "select category as product_key, product_key as key from shop.dim_product p order by p.product_key desc"],
  ["dim_product?select=product_key:category,key:product_key&order=category.desc&limit=20", "select category as product_key, product_key as key from shop.dim_product p order by p.category desc, p.product_key limit 20"],
  ["kpi_monthly?select=revenue_amount:order_count&order=revenue_amount", "select order_count as revenue_amount from shop.kpi_monthly k order by k.revenue_amount"],
  ["rpc/product_sales?page_size=1000&select=gateway_position:name", "select name as gateway_position from ecom.product_sales('shop', page_size => 1000)"],
  ["dim_channel?select=page:name,source:channel_key", "select name as page, channel_key as source from shop.dim_channel order by channel_key"],
  ["kpi_daily?order_date=lte.2025-06-01&order=order_date.desc&limit=40", "select * from shop.kpi_daily where order_date <= '2025-06-01' order by order_date desc limit 40"],
  ["rpc/top_products?n=30&metric=quantity&category=eq.Toys&select=rank,name", "select rank, name from ecom.top_products('shop', 30, 'quantity') where category = 'Toys' order by rank"],
  ["rpc/revenue_by?dimension=region&filters={\"category\":\"Toys\"}", "select * from ecom.revenue_by('shop', 'region', filters => '{\"category\": \"Toys\"}')"],
  ["rpc/recommend_products?customers={3,4}&n=2&mart=shop", "select * from ecom.recommend_products('shop', '{3,4}'::int[], 2)"],
  ["api/recommendations?customer=3", "select * from ecom.recommend_products('shop', 3)"],
  ["api/total-sales?page=2&page_size=10", "select * from ecom.product_sales('shop', 2, 10)"],
  ["api/average-order-value?by=segment", "select * from ecom.avg_order_value('shop', 'segment')"],
  ["api/customer-segmentation?tier=eq.High", "select * from ecom.customer_value_tier('shop') where tier = 'High'"],
  ["api/product-performance?season=eq.Winter", "select * from ecom.product_performance('shop') where season = 'Winter'"],
  ["api/shipping", "select * from ecom.revenue_by('shop', 'shipping_method', metric => 'orders')"],
  ["api/revenue-by-category", "select * from ecom.revenue_by('shop', 'category')"],
  ["api/sales-forecast?grain=eq.month&order=period_start", "select * from shop.revenue_forecast where grain = 'month' order by period_start"],
  ["api/churn-rate", "select * from ecom.churn_rate('shop')"],
  ["api/key-figures?from_date=2025-05-01&to_date=2025-06-15", "select * from ecom.kpi_summary('shop', '2025-05-01', '2025-06-15')"],
]) {
  const expected = rowsOf(query);
  const { body } = await get(`/${path}`);
  if (!expected.length) wrong.push(`${path}: SQL has no row`);
  if (JSON.stringify(body) !== JSON.stringify(expected.slice(0, MAX_ROWS))) wrong.push(`${path}: ${JSON.stringify(body)?.slice(0, 120)}, SQL: ${JSON.stringify(expected).slice(0, 120)}`);
}
check("answers equal SQL", wrong);
check("a value is not of another type", [
  (await get("/rpc/churn_prob?customer=3")).body !== Number(psql("select ecom.churn_prob('shop', 3)")) && "churn_prob",
  (await get("/rpc/report_data")).body.lines !== Number(psql("select count(*) from shop.fact_sales")) && "report_data",
]);

const count = Number(psql("select count(*) from shop.fact_sales where quantity = 1"));
const counted = await get("/fact_sales?quantity=eq.1", { prefer: "count=exact", range: "10-19" });
const few = await get("/dim_channel", { prefer: "return=representation, count=exact" });
check("counts and ranges", [
  [counted.status, counted.headers.get("content-range"), counted.body.length].join() !== `206,10-19/${count},10` && `a range: ${counted.status} ${counted.headers.get("content-range")}`,
  few.status !== 200 && `all rows: ${few.status}`,
  few.headers.get("content-range") !== `0-${few.body.length - 1}/${few.body.length}` && few.headers.get("content-range"),
  (await get("/dim_channel?channel_key=eq.9999", { prefer: "count=exact" })).headers.get("content-range") !== "*/0" && "no rows",
  (await get("/dim_channel?offset=9999", { prefer: "count=exact" })).status !== 416 && "an offset beyond the end is not 416",
  (await get("/dim_channel", { range: "9-3" })).status !== 416 && "a reversed range is not 416",
  (await get("/dim_channel", { range: "bytes=0-5" })).body.length !== few.body.length && "a range of bytes is taken for rows",
  (await get("/fact_sales?limit=1000000")).body.length !== MAX_ROWS && "more rows than the gateway's limit",
]);

// What does not fit is refused, with a reason, and does no harm.
const BAD = [
  "fact_sales?nothing=eq.1", "fact_sales?quantity=1", "fact_sales?quantity=eq.many", "fact_sales?quantity=what.1", "fact_sales?quantity=constructor.1", "fact_sales?quantity=eq",
  "fact_sales?order=nothing", "fact_sales?order=quantity.sideways", "fact_sales?order=quantity;drop table shop.fact_sales", "fact_sales?order=quantity&order=sales_key",
  "fact_sales?select=nothing", "fact_sales?select=count(*)", "fact_sales?select=sales_key,(select 1)", "fact_sales?select=a:b:c", "fact_sales?limit=-1", "fact_sales?limit=ten",
  "fact_sales?offset=1e9", "fact_sales?limit=1;select", "fact_sales?quantity=in.1,2", "fact_sales?quantity=in.(1,x)", "dim_product?name=in.(\"open)", "fact_sales?is_return=is.maybe",
  "fact_sales?quantity=is.true", "fact_sales?\"quantity\" = 1 or true --=eq.1", "kpi_daily?order_date=gte.2024-13-01", "dim_product?or=(a.eq.1)", "dim_product?__proto__=eq.1",
  "rpc/revenue_by", "rpc/revenue_by?dimension=nothing", "rpc/revenue_by?dimension=category');drop table shop.fact_sales;--", "rpc/top_products?n=many", "rpc/top_products?metric=nothing",
  "rpc/top_products?n=1&n=2", "rpc/top_products?from_date=2025-05-01&to_date=2025-04-01", "rpc/top_products?filters={", "rpc/top_products?filters={\"nothing\":1}", "rpc/top_products?mart=other",
  "rpc/top_products?sort=name", "rpc/churn_prob?customer=3&extra=1", "rpc/churn_prob?customer=x", "api/shipping?dimension=category", "report?from_date=yesterdayish", "report?theme=dark",
  "report?from_date=2025-05-01&to_date=2025-04-01", "dim_product?select=a%00b:name",
  // Spaces that nothing ends: a pattern that tries all their partitions would not answer.
  `dim_product?name=in.(${"+".repeat(8000)}")`,
];
const lenient = [];
for (const path of BAD) {
  const { status, body } = await get(`/${path}`);
  if (status !== 400 || !(body?.message?.length > 5)) lenient.push(`${path.slice(0, 200)}: ${status} ${body?.message}`);
  if (/\bat \w+ \(|node_modules/.test(JSON.stringify(body?.message ?? ""))) lenient.push(`${path} shows its inside`);
}
check(`${BAD.length} bad requests are 400 with a reason`, lenient);
const unknown = await Promise.all(["/nothing", "/setting", "/rpc/refresh", "/rpc/nothing", "/rpc/current_model", "/rpc/report_html", "/pg_class", "/shop.fact_sales", "/rpc/set_setting?setting_name=a&setting_value=b"].map((path) => get(path).then(({ status, body }) => [path, status, body])));
psql("update shop.intervention set is_active = false");
const unplanned = await get("/rpc/retention_actions");
psql("update shop.intervention set is_active = true");
check("what lacks a step before it is 400 and says which", [
  (unplanned.status !== 400 || unplanned.body?.code !== "55000") && `${unplanned.status} ${unplanned.text.slice(0, 200)}`, !/set_intervention/.test(unplanned.body?.hint) && `its hint is ${unplanned.body?.hint}`]);
check("what is not there is 404", unknown.filter(([, status, body]) => status !== 404 || !body?.message).map(([path, status]) => `${path}: ${status}`));

const HOSTILE = ["';drop table shop.fact_sales;--", "\\';select pg_sleep(9);--", "$1", "$$;drop schema shop cascade;$$", "{}", "%", "\u0000", "\ud83d\ude00", "a".repeat(3000), "<script>", "(select version())"];
const before = psql("select count(*), sum(revenue_amount) from shop.fact_sales");
const harmed = [];
for (const text of HOSTILE) {
  for (const path of ["dim_product?name=eq.", "dim_product?name=like.", "dim_product?name=in.", "dim_product?select=", "dim_product?order=", "rpc/revenue_by?dimension=", "rpc/top_products?filters=", "dim_product?", ""]) {
    const { status } = await ask(gateway.address, `/${path}${encodeURIComponent(text)}`);
    if (![200, 400, 404, 414].includes(status)) harmed.push(`${path}${text.slice(0, 40)}: ${status}`);
  }
}
if (psql("select count(*), sum(revenue_amount) from shop.fact_sales") !== before) harmed.push("the sales are others");
check("hostile texts are values", harmed);

const written = [];
for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
  for (const path of ["/dim_product?product_key=eq.1", "/rpc/top_products", "/rpc/refresh", "/report", "/nothing"]) {
    const { status, headers, body } = await ask(gateway.address, path, { method, body: method === "DELETE" ? undefined : "{\"name\":\"x\"}", headers: { "content-type": "application/json" } });
    if (status !== 405 || headers.get("allow") !== "GET, HEAD" || !body?.message) written.push(`${method} ${path}: ${status}`);
  }
}
check("writes are 405", written);
const rights = [];
for (const user of ["ecom_test_reader", "ecom_test_analyst"]) {
  for (const statement of ["delete from shop.fact_sales", "update shop.dim_product set name = ''", "insert into shop.dim_channel (name) values ('x')", "truncate shop.fact_sales cascade", "select ecom.refresh('shop')", "create table shop.x ()"]) {
    const state = psql(`set default_transaction_read_only = off; ${statement}`, { user, fails: true });
    if (state !== "42501") rights.push(`${user}: ${statement}: ${state}`);
  }
}
check("the roles cannot write", rights);
const owner = await start({});
psql("grant update (name) on shop.dim_product to ecom_test_reader");
const namer = await start({ PGUSER: "ecom_test_reader" });
psql("revoke update (name) on shop.dim_product from ecom_test_reader");
check("a role that can write is refused", [owner, namer].flatMap(({ address, said }) => [address && "it was taken", !/can write to mart/.test(said()) && said()]));

/** A request under another Host, which fetch does not send. */
const under = (host) => new Promise((resolve, reject) => {
  const { hostname, port } = new URL(gateway.address);
  request({ hostname, port, path: "/dim_channel", headers: { host } }, (reply) => { reply.resume(); resolve(reply.statusCode); }).on("error", reject).end();
});
check("other hosts are refused", [(await under("shop.example")) !== 421 && "a name of somebody else", (await under("localhost")) !== 200 && "localhost is refused", !gateway.address.startsWith("http://127.0.0.1:") && gateway.address]);

// A reader has the views alone.
const reader = await start({ PGUSER: "ecom_test_reader" });
const readable = await ask(reader.address, "/kpi_monthly");
const refused = await ask(reader.address, "/rpc/kpi_summary");
check("a reader reads views", [
  readable.status !== 200 && `views: ${readable.status}`, refused.status !== 404 && `functions: ${refused.status}`, !/grant_analyst/.test(refused.body?.hint) && "is not told of ecom.grant_analyst",
  Object.keys((await ask(reader.address, "/")).body.paths).some((path) => path.startsWith("/rpc") || path === "/report") && "its document has functions",
]);
reader.child.kill();

// A query that takes too long, and one that waits for its connection too long.
const hurried = await start({ PGUSER: "ecom_test_analyst", GATEWAY_TIMEOUT_SECONDS: "1", GATEWAY_CONNECTIONS: "1" });
const locked = spawn("psql", ["-Xq", "-c", "begin", "-c", "lock table shop.dim_channel in access exclusive mode", "-c", "select 'locked'", "-c", "select pg_sleep(20)"], { stdio: ["ignore", "pipe", "inherit"] });
await new Promise((resolve) => locked.stdout.on("data", (chunk) => String(chunk).includes("locked") && resolve()));
const slow = ask(hurried.address, "/dim_channel");
await new Promise((resolve) => setTimeout(resolve, 100));
// Equal ones would wait as one.
const queued = await Promise.all([1, 2, 3].map((n) => ask(hurried.address, `/dim_channel?limit=${n}`)));
check("too long is 504, no connection 503", [(await slow).status !== 504 && `too long: ${(await slow).status}`, !queued.some(({ status }) => status === 503) && `waiting: ${queued.map(({ status }) => status)}`]);
locked.kill();
hurried.child.kill();
psql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep(20)%'");

const { faults: lost, requests, p95 } = await load(gateway.address, 50, 4);
// Far above what it takes, for machines that do much else.
check(`50 clients: ${requests} requests, 95% within ${p95} ms`, [...new Set(lost)].slice(0, 5).concat(requests < 100 ? "few were answered" : [], p95 > 5000 ? "slow" : []));

const page = await get("/report");
const hasPage = psql("select count(*) from ecom_internal.report_template") === "1";
if (hasPage) {
  check("the page is that of SQL", [
    page.text.trimEnd() !== psql("select ecom.report_html('shop')") && "another text",
    !/^default-src 'none'; script-src 'sha256-[^']+';.* frame-ancestors 'none'$/.test(page.headers.get("content-security-policy")) && page.headers.get("content-security-policy"),
  ]);
  const times = [];
  await Promise.all(Array.from({ length: 30 }, async () => { const start = performance.now(); await get("/report"); times.push(performance.now() - start); }));
  check("the page is made once for many", Math.max(...times) > 5000 && `${Math.round(Math.max(...times))} ms`);
} else check("without the page it is 501", page.status !== 501 && page.status);

if (browser) {
  const watched = await Watched.launch(browser);
  const isOwn = (address) => new URL(address).origin === gateway.address || address.startsWith("data:");
  if (hasPage) {
    const live = await watched.open(`${gateway.address}/report`);
    await live.waitForSelector("main[data-ready]");
    const revenue = psql("select to_char(sum(revenue_amount), 'FM999,999,990') from shop.fact_sales f join shop.dim_customer c using (customer_key) where c.segment = 'Premium'");
    await live.selectOption("#filter-segment", "Premium");
    check("live page", [...(await chartFaults(live, CHARTS)),
      (await live.textContent("#kpi-revenue .value")) !== revenue && "a filter gives another revenue than SQL",
      (await live.evaluate(() => window.stolen)) !== undefined && "a hostile name was executed"]);
  }
  const docs = await watched.open(`${gateway.address}/docs`, { isOwn });
  const shown = await docs.waitForSelector(".opblock-tag", { timeout: 30000 }).then(() => true, () => false);
  check("documentation page", !shown && "shows no operations");
  check("nothing in the console, no request elsewhere", [...new Set(watched.complaints)]);
  await watched.close();
}

gateway.child.kill();
const ended = await new Promise((resolve) => gateway.child.on("exit", (status) => resolve(status)));
check("ends when told to", [ended !== 0 && `exit status ${ended}`, /"level":(50|60)/.test(gateway.said()) && `it logged ${gateway.said().slice(0, 300)}`]);
for (const child of gateways) child.kill();
process.exit(exitStatus());
