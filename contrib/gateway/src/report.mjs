// The live report: the page of ecom.report_html, kept for a while, and made once however many ask for it at the same time.
import { badRequest } from "./errors.mjs";

const MOST_KEPT = 8;
// Who asks for a page that is old, but not as many times as old as this, gets it at once while a new one is made.
const MOST_AGES = 60;

export class Reports {
  #kept = new Map();

  /** log: takes what fails while nobody waits for it. */
  constructor(pool, mart, seconds, log) {
    this.pool = pool;
    this.log = log;
    this.mart = mart;
    this.age = seconds * 1000;
  }

  /** {html, policy} of a range of days. */
  async page(query) {
    const other = Object.keys(query).find((name) => name !== "from_date" && name !== "to_date");
    if (other) throw badRequest(`the report has no parameter "${other}"`, "It has from_date and to_date.");
    const range = [query.from_date ?? null, query.to_date ?? null];
    if (range.some(Array.isArray)) throw badRequest("from_date or to_date is given more than once");
    const key = JSON.stringify(range);
    const entry = this.#entry(key);
    const age = entry.page ? performance.now() - entry.madeAt : Infinity;
    if (age < this.age) return entry.page;
    const making = entry.making ?? this.#renew(entry, key, range);
    return age < this.age * MOST_AGES ? entry.page : making;
  }

  /** That of a range, an empty one where there is none yet. The one asked for last is the last to go. */
  #entry(key) {
    const entry = this.#kept.get(key) ?? {};
    this.#kept.delete(key);
    this.#kept.set(key, entry);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return entry;
  }

  #renew(entry, key, range) {
    entry.making = this.#make(range).then((page) => Object.assign(entry, { page, madeAt: performance.now() }).page).finally(() => {
      entry.making = null;
      if (!entry.page && this.#kept.get(key) === entry) this.#kept.delete(key);
    });
    // A failure is for those who wait for it; who got the page before does not.
    entry.making.catch((error) => {
      if (entry.page) this.log.warn(`the report cannot be made anew: ${error.message}`);
    });
    return entry.making;
  }

  async #make([from, to]) {
    const { rows: [{ html }] } = await this.pool.query("select ecom.report_html($1::name, $2::date, $3::date) as html", [this.mart, from, to]);
    // The page says what it may do, by the hash of its script; the header adds what a page cannot say of itself.
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)[1];
    return { html: Buffer.from(html), policy: `${policy}; frame-ancestors 'none'` };
  }
}
