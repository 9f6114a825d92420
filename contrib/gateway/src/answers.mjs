// Puts questions to the database. A statement that comes again is prepared, so that it is planned once for each connection; questions that
// are the same and wait for a connection at the same time are put once.
import pg from "pg";

const MOST_PREPARED = 200;
const MOST_REMEMBERED = 2000;

export class Answers {
  #prepared = new Map();
  #remembered = new Set();
  #waiting = new Map();

  constructor(pool) {
    this.pool = pool;
  }

  /** The only row of a query. Who waits for it together gets the same one: it is asked for after all of them came. */
  ask({ text, values }) {
    const key = JSON.stringify([text, values]);
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const answer = this.#put(key, text, values);
    this.#waiting.set(key, answer);
    return answer;
  }

  async #put(key, text, values) {
    let client;
    try {
      client = await this.pool.connect();
    } finally {
      this.#waiting.delete(key);
    }
    // What breaks the connection fails the query as well.
    const ignore = () => {};
    client.on("error", ignore);
    let isBroken = false;
    try {
      const { rows: [row] } = await client.query({ name: this.#nameOf(text), text, values });
      return row;
    } catch (error) {
      isBroken = !(error instanceof pg.DatabaseError) || /^(08|57P)/.test(error.code);
      throw error;
    } finally {
      client.off("error", ignore);
      client.release(isBroken);
    }
  }

  /** Texts that are asked for once, as those of one who tries all columns, take no room in the server. */
  #nameOf(text) {
    const name = this.#prepared.get(text);
    if (name || this.#prepared.size === MOST_PREPARED) return name;
    if (!this.#remembered.delete(text)) {
      if (this.#remembered.size === MOST_REMEMBERED) this.#remembered.delete(this.#remembered.values().next().value);
      this.#remembered.add(text);
      return undefined;
    }
    const made = `gateway_${this.#prepared.size}`;
    this.#prepared.set(text, made);
    return made;
  }
}
