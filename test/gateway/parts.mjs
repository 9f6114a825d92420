// Parts of the gateway that a whole one shows only when a server fails: node parts.mjs GATEWAY. Prints `ok name` or `not ok name: detail` a check.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { check, exitStatus } from "./page.mjs";

const part = (name) => import(pathToFileURL(join(process.argv[2], "src", name)).href);
const { default: pg } = await import(pathToFileURL(join(process.argv[2], "node_modules/pg/esm/index.mjs")).href);
const { badRequest, explain } = await part("errors.mjs");
const { Reports } = await part("report.mjs");
const { Answers } = await part("answers.mjs");

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

// A pool whose connections come free when the test says so; it counts what was put to them.
const put = [];
const released = [];
const waiting = [];
let refusal = null;
const connection = {
  on() {}, off() {}, release: (isBroken) => released.push(isBroken),
  async query(query) {
    put.push(query);
    if (refusal) throw refusal;
    return { rows: [{ body: String(put.length) }] };
  },
};
const answers = new Answers({ connect: () => new Promise((resolve, reject) => waiting.push({ come: () => resolve(connection), fail: reject })) });
const question = (value) => answers.ask({ text: "select $1", values: [value] });
const together = [question("a"), question("a"), question("b")];
while (waiting.length) waiting.shift().come();
const [one, same, other] = (await Promise.all(together)).map(({ body }) => body);
const later = question("a");
waiting.shift().come();
const { body: another } = await later;
check("equal questions that wait are put once", [
  put.length !== 3 && `${put.length} were put`, one !== same && "they got two answers", one === other && "another value got the same answer", another === one && "a later one got the old answer",
]);
check("a statement that comes again is prepared", [put[0].name && "the first time", put[1].name === undefined && "the second is not", put[2].name !== put[1].name && "under two names"]);
refusal = new pg.DatabaseError("no such row", 1, "error");
refusal.code = "22023";
const refused = [question("c"), question("c")].map((each) => each.catch((error) => error));
waiting.shift().come();
const toldAll = await Promise.all(refused);
refusal = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const broke = question("d").catch((error) => error);
waiting.shift().come();
await broke;
const unreached = question("e").catch((error) => error);
waiting.shift().fail(new Error("timeout exceeded when trying to connect"));
refusal = null;
check("a refusal keeps the connection, a broken one is given up", [
  toldAll.some((error) => error.code !== "22023") && "who waited was not told", released.slice(-2).join() !== "false,true" && `released: ${released}`,
  (await unreached).message !== "timeout exceeded when trying to connect" && "without a connection nobody is told",
]);

process.exit(exitStatus());
