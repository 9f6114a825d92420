// A page in a headless browser that is watched: what it says, fails at, or asks elsewhere for is written down.
import { chromium } from "playwright-core";

export class Watched {
  complaints = [];

  static async launch(executablePath) {
    const watched = new Watched();
    watched.browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    return watched;
  }

  /** isOwn: says of an address whether the page may ask for it. */
  async open(url, { width = 1400, colorScheme = "light", isOwn = (address) => address === url } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    page.on("console", (message) => this.complaints.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => this.complaints.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => { this.complaints.push("dialog"); dialog.dismiss(); });
    page.on("request", (request) => { if (!isOwn(request.url())) this.complaints.push(`request: ${request.url()}`); });
    await page.goto(url);
    return page;
  }

  close() {
    return this.browser.close();
  }
}

/** Ids of the charts of the report page. */
export const CHARTS = ["trend", "category-mix", "payment-mix", "channels", "seasons", "cohorts", "segments", "clusters", "decomposition", "budget"];

let failures = 0;

/** Prints what a check found: nothing is well. */
export function check(name, faults) {
  const list = [faults].flat().filter(Boolean);
  failures += list.length > 0;
  console.log(list.length ? `not ok ${name}: ${list.join("; ")}` : `ok ${name}`);
}

export const exitStatus = () => (failures ? 1 : 0);

/** Faults of the charts with these ids: missing, empty, unlabelled, or not inside their cards. Scrolls to each, as they are drawn when seen. */
export async function chartFaults(page, ids) {
  for (const id of ids) {
    await page.locator(`#${id}`).scrollIntoViewIfNeeded();
    await page.waitForSelector(`#${id} .chart svg path`, { timeout: 5000 }).catch(() => {});
  }
  return page.evaluate((wanted) => {
    const found = [];
    for (const id of wanted) {
      const svg = document.querySelector(`#${id} .chart svg`);
      if (!svg) { found.push(`${id} has no chart`); continue; }
      const inner = svg.getBoundingClientRect();
      const outer = document.getElementById(id).getBoundingClientRect();
      if (inner.left < outer.left || inner.right > outer.right + 0.5 || inner.top < outer.top || inner.bottom > outer.bottom + 0.5) found.push(`${id} leaves its card`);
      if (inner.width < 0.7 * outer.width) found.push(`${id} does not fill its card`);
      if (svg.querySelectorAll("path").length < 4) found.push(`${id} is empty`);
      if (!(svg.closest("[role=img]")?.getAttribute("aria-label")?.length > 10)) found.push(`${id} has no label`);
    }
    if (document.documentElement.scrollWidth > window.innerWidth) found.push("the page scrolls sideways");
    return found;
  }, ids);
}
