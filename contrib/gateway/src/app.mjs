// The web application over a catalog: one route per relation and function, the questions, the document and the page.
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import fastify from "fastify";
import { Answers } from "./answers.mjs";
import { ENDPOINTS } from "./endpoints.mjs";
import { HttpError, explain } from "./errors.mjs";
import { documentInfo, errorSchema, functionSchema, pageSchema, relationSchema } from "./openapi.mjs";
import { functionQuery, pageHeaders, relationQuery } from "./query.mjs";
import { Reports } from "./report.mjs";

const OWN_PATHS = new Set(["api", "docs", "health", "report", "rpc"]);
const SAFETY = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY" };
const DOCS_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
  + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
// Text that is JSON already.
const asIs = (text) => text;

export async function buildApp({ config, pool, catalog, version }) {
  const app = fastify({ logger: { level: config.logLevel }, routerOptions: { maxParamLength: 100 } });
  // Schemas are for the document; query.mjs reads the URL, and PostgreSQL writes the answer.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);

  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SAFETY);
    if (!config.hosts.has(request.hostname)) throw new HttpError(421, `this gateway does not serve "${request.hostname}"`, "GATEWAY_HOSTS names the hosts that it serves.");
    if (request.method !== "GET" && request.method !== "HEAD") {
      reply.header("allow", "GET, HEAD");
      throw new HttpError(405, "this gateway reads only", "Use GET.");
    }
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = explain(error);
    if (status >= 500) request.log.error({ url: request.url, code: error.code, stack: error.stack }, error.message);
    reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    const hint = !catalog.mayCall && /^\/(rpc|api|report)\b/.test(request.url)
      ? `Role "${catalog.role}" may read views only; ecom.grant_analyst lets it call functions.` : "GET / lists what there is.";
    reply.code(404).send({ code: "404", message: `there is nothing at ${request.url.split("?")[0]}`, details: null, hint });
  });

  app.addSchema(errorSchema);
  await app.register(swagger, { openapi: documentInfo(catalog.mart, version), refResolver: { buildLocalReference: ({ $id }) => $id } });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: DOCS_POLICY, uiConfig: { docExpansion: "none", validatorUrl: null } });

  const answers = new Answers(pool);
  const answer = async (reply, query) => {
    const result = await answers.ask(query);
    const { status, contentRange } = pageHeaders(query, result);
    return reply.code(status).headers({ "content-range": contentRange, "range-unit": "items" }).type("application/json; charset=utf-8").serializer(asIs).send(result.body);
  };
  const serveRelation = (url, relation, options) => app.get(url, { schema: relationSchema(relation, options) },
    (request, reply) => answer(reply, relationQuery(catalog.mart, relation, request.query, request.headers, config.maxRows)));
  const serveFunction = (url, variants, options = {}) => app.get(url, { schema: functionSchema(variants, options) },
    (request, reply) => answer(reply, functionQuery(catalog.mart, variants, request.query, request.headers, config.maxRows, options.fixed)));

  for (const relation of catalog.relations) {
    if (OWN_PATHS.has(relation.name)) app.log.warn(`relation "${relation.name}" is not served: the gateway uses its path`);
    else serveRelation(`/${relation.name}`, relation);
  }
  for (const variants of catalog.functions) serveFunction(`/rpc/${variants[0].name}`, variants);
  for (const { path, summary, fixed, ...target } of ENDPOINTS) {
    const options = { summary, fixed, tag: "Questions", id: path.slice(1).replace(/\W/g, "_") };
    const relation = catalog.relations.find(({ name }) => name === target.relation);
    const variants = catalog.functions.find(([{ name }]) => name === target.function);
    if (relation) serveRelation(path, relation, options);
    else if (variants) serveFunction(path, variants, options);
  }

  if (catalog.mayCall) {
    const reports = new Reports(pool, catalog.mart, config.reportSeconds, app.log);
    // The first who asks need not wait for all of it.
    app.addHook("onListen", () => { reports.page({}).catch((error) => app.log.warn(`the report cannot be made: ${error.message}`)); });
    app.get("/report", { schema: pageSchema }, async (request, reply) => {
      const { html, policy } = await reports.page(request.query);
      return reply.headers({ "content-security-policy": policy, "cache-control": "no-cache" }).type("text/html; charset=utf-8").send(html);
    });
  }
  let document;
  app.get("/", { schema: { hide: true } }, (request, reply) => reply.type("application/json; charset=utf-8").serializer(asIs).send(document ??= JSON.stringify(app.swagger())));
  app.get("/favicon.ico", { schema: { hide: true } }, (request, reply) => reply.code(204).send());
  app.get("/health", { schema: { hide: true } }, async () => {
    await pool.query("select 1");
    return { status: "ok" };
  });
  return app;
}
