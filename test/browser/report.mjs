// The report page in a headless browser: node report.mjs FOLDER BROWSER, with the pages of shops.sql in FOLDER and psql on their database.
// Prints `ok name` or `not ok name: detail` a check.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CHARTS, Watched, chartFaults, check, exitStatus } from "./page.mjs";

const [folder, executablePath] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));

const watched = await Watched.launch(executablePath);

async function open(name, options) {
  const page = await watched.open(pathToFileURL(join(folder, `${name}.html`)).href, options);
  await page.waitForSelector("main[data-ready], main .card", { timeout: 30000 });
  return page;
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

for (const width of [1400, 480]) {
  const page = await open("shop", { width });
  check(`charts at ${width}`, await chartFaults(page, CHARTS));
  await page.context().close();
}

const page = await open("shop");

// Figures of no filter and of each, against the lines themselves.
const options = (name) => page.$$eval(`#filter-${name} option`, (nodes) => nodes.map((node) => node.value).filter(Boolean));
const periods = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent).periods);
const [regions, segments, categories] = [await options("region"), await options("segment"), await options("category")];
const pick = (grain, n) => periods.filter((period) => period.grain === grain)[n];
const choices = [
  {}, { region: regions[0] }, { region: regions.at(-1) }, { segment: segments[0] }, { category: categories[0] }, { category: categories.at(-1) },
  { period: pick("month", 1) }, { period: pick("quarter", 1) }, { period: pick("year", 0) },
  { period: pick("quarter", 2), region: regions[1], segment: segments[1] },
  { period: pick("month", 3), region: regions[0], segment: segments[0], category: categories[1] },
];
for (const choice of choices) {
  const variables = { from_date: choice.period?.first ?? "", to_date: choice.period?.last ?? "", region: choice.region ?? "", segment: choice.segment ?? "", category: choice.category ?? "" };
  const expected = JSON.parse(execFileSync("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", ...Object.entries(variables).flatMap(([name, value]) => ["-v", `${name}=${value}`]),
    "-f", join(here, "figures.sql")], { encoding: "utf8" }));
  for (const name of ["period", "region", "segment", "category"]) {
    await page.selectOption(`#filter-${name}`, (name === "period" ? choice.period?.id : choice[name]) ?? "");
  }
  const faults = [];
  for (const [key, wanted] of Object.entries(expected)) {
    const shown = await page.textContent(`#kpi-${key} .value`).catch(() => "nothing");
    if (wanted !== null && shown !== wanted) faults.push(`${key} is ${shown}, SQL says ${wanted}`);
  }
  check(`figures ${Object.entries(choice).map(([name, value]) => `${name}=${value.id ?? value}`).join(" ") || "of all"}`, faults);
}
await page.click("#filters button");
check("reset", (await page.$$eval("#filters select", (nodes) => nodes.some((node) => node.selectedIndex !== 0))) && "a filter stayed");

// A card that cannot follow a filter says so.
await page.selectOption("#filter-category", categories[0]);
check("cards say what they do not follow", [
  !(await page.isVisible("#payment-mix .badge")) && "the payment methods do not",
  (await page.isVisible("#category-mix .badge")) && "the categories do for no reason",
]);
await page.click("#filters button");

check("hostile names", await page.evaluate(() => [
  window.stolen !== undefined && `executed: ${window.stolen}`,
  document.querySelectorAll("img, svg[onload], b, i").length > 0 && "became elements",
  !document.getElementById("products").textContent.includes("</script><img src=x") && "are not shown as they are",
].filter(Boolean)));
const head = (shown) => shown.textContent("#as-of");
check("says of when it is", !/^As of the refresh of \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/.test(await head(page)) && `says "${await head(page)}"`);
check("alert", !(await page.textContent("#alerts")).includes("little_<b>revenue</b>") && "the rule that fires is not shown");

// Every customer that is drawn belongs to a cluster of the profiles, and the profiles have all customers.
const drawn = await page.evaluate(() => {
  const { cluster_points: points, cluster_profiles: profiles } = JSON.parse(document.getElementById("data").textContent).sections;
  const names = profiles.rows.map((row) => row.segment);
  return { points: points.rows.length, strangers: points.rows.filter((row) => !names.includes(row.segment)).length, customers: profiles.rows.reduce((sum, row) => sum + row.customers, 0) };
});
const clustered = Number(execFileSync("psql", ["-XAtqc", "select count(*) from shop.customer_segment"], { encoding: "utf8" }));
check("clusters", [
  drawn.customers !== clustered && `the profiles have ${drawn.customers} customers, SQL ${clustered}`, drawn.points !== Math.min(clustered, 1000) && `${drawn.points} are drawn`, drawn.strangers > 0 && "some belong to no cluster",
  (await page.$$("#cluster-profiles tbody tr")).length < 2 && "the profiles are not shown",
]);

const advised = execFileSync("psql", ["-XAtqc", "select count(*) || ' ' || coalesce(to_char(sum(gain_amount), 'FM999,999,990'), '0') from shop.channel_budget"], { encoding: "utf8" }).trim().split(" ");
check("budget", [
  (await page.$$("#budget tbody tr")).length !== Number(advised[0]) && `the table has not ${advised[0]} channels`,
  !(await page.getAttribute("#budget [role=img]", "aria-label")).includes(`: ${advised[1]} more revenue`) && `does not promise ${advised[1]}`,
]);

// Paging, by keyboard.
for (const id of ["products", "customers"]) {
  const ranks = new Set();
  const promised = Number((await page.textContent(`#${id} .note >> nth=1`)).match(/best (\d+) of/)[1]);
  for (let n = 0; n < 100; n++) {
    for (const text of await page.$$eval(`#${id} tbody td:first-child`, (cells) => cells.map((cell) => cell.textContent))) ranks.add(text);
    const next = page.locator(`#${id} .pages button`).nth(1);
    if (!(await next.count()) || (await next.isDisabled())) break;
    await next.focus();
    await page.keyboard.press("Enter");
  }
  check(`pages of ${id}`, ranks.size !== promised && `${ranks.size} of ${promised} rows were seen`);
}
await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
await page.click("h1");
const focused = [];
for (let n = 0; n < 7; n++) {
  await page.keyboard.press("Tab");
  focused.push(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent));
}
check("keyboard", ["filter-period", "filter-region", "filter-segment", "filter-category", "Reset"].filter((id) => !focused.includes(id)).map((id) => `${id} was not reached`));
await page.focus("#filter-region");
const before = await page.textContent("#kpi-revenue .value");
await page.keyboard.press("ArrowDown");
check("keyboard filter", (await page.textContent("#kpi-revenue .value")) === before && "an arrow key changed nothing");

const unlabelled = await page.evaluate(() => [...document.querySelectorAll("select, button, table, section")]
  .filter((node) => !(node.labels?.length || node.textContent.trim()) && !node.getAttribute("aria-label")).map((node) => node.outerHTML.slice(0, 60)));
check("labels", unlabelled);
await page.context().close();

// Text on its ground, after WCAG: 4.5 to 1.
for (const colorScheme of ["light", "dark"]) {
  const shown = await open("shop", { colorScheme });
  const faults = await shown.evaluate(() => {
    const colour = (name) => {
      const probe = document.createElement("i");
      probe.style.color = `var(--${name})`;
      document.body.append(probe);
      const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      probe.remove();
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const ratio = (a, b) => (Math.max(colour(a), colour(b)) + 0.05) / (Math.min(colour(a), colour(b)) + 0.05);
    return [["text", "page", 4.5], ["text", "card", 4.5], ["muted", "card", 4.5], ["muted", "page", 4.5], ["accent", "card", 4.5], ["good", "card", 4.5], ["bad", "card", 4.5],
      ["warn-text", "warn-bg", 4.5], ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`c${n}`, "card", 3])]
      .filter(([a, b, least]) => ratio(a, b) < least).map(([a, b]) => `${a} on ${b}: ${ratio(a, b).toFixed(2)}`);
  });
  check(`contrast ${colorScheme}`, faults);
  await shown.context().close();
}

// A period that is not over is not compared.
const partial = await open("partial");
const last = await partial.evaluate(() => JSON.parse(document.getElementById("data").textContent).periods.filter((period) => period.grain === "month")[0]);
await partial.selectOption("#filter-period", last.id);
check("unfinished month", [
  last.is_complete && "the last month is complete",
  (await partial.textContent("#kpi-revenue .change")) !== "no complete period before" && "is compared",
]);
check("a part of the range says so", !(await head(partial)).startsWith("Figures are of these days") && `says "${await head(partial)}"`);
await partial.context().close();
const stale = await open("stale");
check("sales after the refresh are told of", [
  !/^Sales were added or changed after the refresh of .* not on this page/.test(await head(stale)) && `says "${await head(stale)}"`,
  !(await stale.isVisible("#as-of.badge")) && "does not stand out",
]);
await stale.context().close();

for (const [name, wanted] of [["empty", "has no sales"], ["one", "Revenue"], ["bare", "Revenue"]]) {
  const small = await open(name, { width: 480 });
  check(`mart ${name}`, [!(await small.textContent("main")).includes(wanted) && `does not say "${wanted}"`,
    name !== "empty" && !(await head(small)).startsWith("Not refreshed yet") && "does not say that it was not refreshed"]);
  await small.context().close();
}

const loads = [];
const changes = [];
for (let n = 0; n < 5; n++) {
  let start = performance.now();
  const timed = await open("shop");
  loads.push(performance.now() - start);
  start = performance.now();
  await timed.selectOption("#filter-region", regions[n % regions.length]);
  await timed.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  changes.push(performance.now() - start);
  await timed.context().close();
}
// Far above what it takes, for machines that do much else.
check(`time: loads in ${Math.round(median(loads))} ms, filters in ${Math.round(median(changes))} ms`, [
  median(loads) > 10000 && "loading is slow", median(changes) > 5000 && "filtering is slow"]);
check("nothing in the console, no request elsewhere", [...new Set(watched.complaints)]);

await watched.close();
process.exit(exitStatus());
