// Parts of the gateway that a whole one shows only when a server fails: node parts.mjs GATEWAY. Prints `ok name` or `not ok name: detail` a check.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { check, exitStatus } from "./page.mjs";

const part = (name) => import(pathToFileURL(join(process.argv[2], "src", name)).href);
const { badRequest, explain } = await part("errors.mjs");
const { Reports } = await part("report.mjs");

const failure = (code, message = "words of the server") => Object.assign(new Error(message), { code, hint: "what to do" });
const STATUSES = {
  22023: 400, "22P02": 400, 42702: 400, 42703: 400, 54000: 400, 55000: 400, 42501: 403, 25006: 403, "0A000": 501, 57014: 504,
  "08006": 503, 53300: 503, "57P01": 503, 28000: 503, EPIPE: 503, ECONNREFUSED: 503, ECONNRESET: 503, ETIMEDOUT: 503, ENOTFOUND: 503, EHOSTUNREACH: 503, ENOENT: 503,
  42601: 500, XX000: 500, "55P03": 500, ERR_ASSERTION: 500,
};
const explained = (code) => explain(failure(code));
check("statuses of errors", [
  ...Object.entries(STATUSES).filter(([code, status]) => explained(code).status !== status).map(([code, status]) => `${code} is ${explained(code).status}, not ${status}`),
  explain(failure(undefined, "timeout exceeded when trying to connect")).status !== 503 && "a connection that did not come free is not 503",
  explain(badRequest("no")).status !== 400 && "a refusal is not 400",
]);
check("errors show what is the caller's", [
  explained("55000").body.hint !== "what to do" && "the hint of 55000 is lost",
  ...["42601", "XX000", "08006", "EPIPE"].filter((code) => JSON.stringify(explained(code)).includes("words of the server")).map((code) => `${code} shows the words of the server`),
]);

// A database that makes pages and counts them, until it is told to fail.
const made = [];
const warnings = [];
let broken = false;
const database = {
  async query(text, [, from]) {
    if (broken) throw new Error("no report today");
    made.push(from);
    return { rows: [{ html: `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">${made.length}` }] };
  },
};
const log = { warn: (text) => warnings.push(text) };
const day = (n) => ({ from_date: `2025-01-0${n}` });
const reports = new Reports(database, "shop", 60, log);
for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 1, 9, 1, 2]) await reports.page(day(n));
check("the pages asked for last are kept", made.join() !== [1, 2, 3, 4, 5, 6, 7, 8, 9, 2].map((n) => day(n).from_date).join() && `made: ${made}`);

const SECONDS = 0.05;
const after = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const brief = new Reports(database, "shop", SECONDS, log);
const first = await brief.page({});
await after(1.2 * SECONDS);
broken = true;
const old = await brief.page({});
await after(0);
const told = warnings.splice(0);
const unmade = await brief.page(day(1)).catch((error) => error);
check("a page that cannot be made anew is in the log", [
  old !== first && "the one before is not given", !/no report today/.test(told.join()) && "it is not", told.length > 1 && `${told.length} times`,
  unmade.message !== "no report today" && "who waits is not told", warnings.length > 0 && "what somebody was told is there too",
]);

process.exit(exitStatus());
