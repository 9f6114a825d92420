// Errors as PostgREST writes them: code, message, details, hint.

export class HttpError extends Error {
  constructor(statusCode, message, hint = null) {
    super(message);
    this.statusCode = statusCode;
    this.hint = hint;
  }
}

export const badRequest = (message, hint) => new HttpError(400, message, hint);

// SQLSTATE by its longest listed prefix. What is not listed is a fault of ours or of the server, and its text is not shown.
const STATUS = {
  22: 400, "3F": 400, 42702: 400, 42703: 400, 42704: 400, 42804: 400, 42883: 400, 54: 400, P0: 400, // the values asked for
  55000: 400, // what the mart does not have yet; the hint says how it gets it
  42501: 403, 25006: 403, // not for this role
  "0A": 501,
  57014: 504, // statement_timeout
  "08": 503, 53: 503, "57P": 503, 28: 503,
};
// Codes of Node.js for a server that is not reached. EPIPE looks like an SQLSTATE.
const UNREACHED = new Set(["EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOENT", "ENOTFOUND", "EPIPE", "ETIMEDOUT"]);

function statusOf(error) {
  if (error.statusCode) return error.statusCode;
  if (UNREACHED.has(error.code)) return 503;
  const state = /^[0-9A-Z]{5}$/.test(error.code ?? "") ? error.code : null;
  if (state) {
    for (let length = 5; length >= 2; length--) {
      const status = STATUS[state.slice(0, length)];
      if (status) return status;
    }
    return 500;
  }
  // No connection got free in time, or none could be made.
  if (/timeout exceeded when trying to connect|Connection terminated/.test(error.message)) return 503;
  return 500;
}

export function explain(error) {
  const status = statusOf(error);
  const hint = error.hint ?? null;
  if (status === 500) return { status, body: { code: "500", message: "the request failed", details: null, hint: "The gateway's log says why." } };
  if (status === 503) return { status, body: { code: "503", message: "the database has no connection free for this request", details: null, hint: "Try again." } };
  if (status === 504) return { status, body: { code: error.code, message: "the query took longer than the gateway allows", details: null, hint: "Ask for less: a shorter range, fewer members, a filter." } };
  return { status, body: { code: error.code ?? String(status), message: error.message, details: error.detail ?? null, hint } };
}
