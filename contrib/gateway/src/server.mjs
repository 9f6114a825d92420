// Starts the gateway; README.md says how.
import { readFileSync } from "node:fs";
import { buildApp } from "./app.mjs";
import { readCatalog } from "./catalog.mjs";
import { readConfig } from "./config.mjs";
import { connect } from "./database.mjs";

async function start() {
  const config = readConfig();
  const pool = connect(config, (error) => console.error(`gateway: a connection was lost: ${error.message}`));
  const { rows: [{ version }] } = await pool.query("select coalesce((select extversion from pg_extension where extname = 'ecom_analytics'), 'none') as version");
  const catalog = await readCatalog(pool, config.mart);
  const app = await buildApp({ config, pool, catalog, version });
  const address = await app.listen({ host: config.host, port: config.port });
  console.log(`Mart ${catalog.mart} as ${catalog.role}: ${catalog.relations.length} tables and views, ${catalog.functions.length} functions`);
  console.log(`  documentation  ${address}/docs`);
  if (catalog.mayCall) console.log(`  report         ${address}/report`);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, async () => {
      await app.close();
      await pool.end();
    });
  }
}

start().catch((error) => {
  console.error(`gateway: ${error.message}`);
  process.exit(1);
});
