// What the environment says. PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD and ~/.pgpass are read by pg itself, as psql reads them.
import { availableParallelism } from "node:os";

// More connections than that make the server change between queries instead of ending them.
const CONNECTIONS = Math.max(4, 2 * availableParallelism());

function integer(env, name, fallback, low, high) {
  const text = env[name] ?? String(fallback);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) throw new Error(`${name} must be a whole number from ${low} to ${high}, not "${text}"`);
  return value;
}

const words = (text = "") => text.split(/[\s,]+/).filter(Boolean);

export function readConfig(env = process.env) {
  const host = env.GATEWAY_HOST ?? "127.0.0.1";
  return {
    mart: env.GATEWAY_MART ?? "shop",
    // A role that the login switches to; empty: the login itself.
    role: env.GATEWAY_ROLE ?? "",
    host,
    port: integer(env, "GATEWAY_PORT", 3000, 0, 65535),
    // Names under which it may be asked. A page elsewhere can point a name of its own at 127.0.0.1 and read what answers.
    hosts: new Set(["localhost", "127.0.0.1", "[::1]", host, ...words(env.GATEWAY_HOSTS)]),
    poolSize: integer(env, "GATEWAY_CONNECTIONS", CONNECTIONS, 1, 1000),
    timeoutSeconds: integer(env, "GATEWAY_TIMEOUT_SECONDS", 30, 1, 3600),
    maxRows: integer(env, "GATEWAY_MAX_ROWS", 1000, 1, 100000),
    reportSeconds: integer(env, "GATEWAY_REPORT_SECONDS", 60, 0, 86400),
    logLevel: env.GATEWAY_LOG ?? "warn",
    options: env.PGOPTIONS ?? "",
  };
}
