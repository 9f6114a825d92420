// The pool of connections. Each is read-only and has a time limit, whatever its role's settings are.
import pg from "pg";

const escape = (value) => String(value).replace(/[\\ ]/g, "\\$&");

export function connect(config, onError) {
  const settings = {
    default_transaction_read_only: "on",
    statement_timeout: `${config.timeoutSeconds}s`,
    search_path: "pg_catalog,pg_temp",
    timezone: "UTC",
    datestyle: "ISO",
    // Compiling a short query takes longer than running it.
    jit: "off",
    ...(config.role && { role: config.role }),
  };
  const pool = new pg.Pool({
    max: config.poolSize,
    application_name: "ecom_gateway",
    connectionTimeoutMillis: config.timeoutSeconds * 1000,
    options: [config.options, ...Object.entries(settings).map(([name, value]) => `-c ${name}=${escape(value)}`)].filter(Boolean).join(" "),
  });
  // A connection that breaks while nobody uses it; the pool replaces it.
  pool.on("error", onError);
  return pool;
}
