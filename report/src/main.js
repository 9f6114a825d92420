import { Shop } from "./shop.js";
import { element, pagedTable, table } from "./dom.js";
import * as charts from "./charts.js";
import { one, percent, periodName, short, signedPercent, signedTwo, signedWhole, two, whole } from "./format.js";

const report = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");

const FILTERS = { period: "Period", region: "Region", segment: "Segment", category: "Category" };
const KPIS = [
  // What a change of it is: relative, or a difference of rates and scores. better: 1 more, -1 less, 0 neither.
  { key: "revenue", title: "Revenue", text: whole, better: 1 },
  { key: "orders", title: "Orders", text: whole, better: 1 },
  { key: "customers", title: "Customers", text: whole, better: 1 },
  { key: "aov", title: "Average order value", text: two, better: 1 },
  { key: "new_customers", title: "New customers", text: whole, better: 1 },
  { key: "units", title: "Units, less returns", text: whole, better: 1 },
  { key: "margin_rate", title: "Margin rate", text: percent, better: 1, points: true },
  { key: "discount_rate", title: "Discount rate", text: percent, better: 0, points: true },
  { key: "return_rate", title: "Return rate, by amount", text: percent, better: -1, points: true },
  { key: "avg_satisfaction", title: "Satisfaction, 1 to 5", text: two, better: 1, difference: true },
  { key: "avg_delivery_days", title: "Delivery days", text: two, better: -1, difference: true },
];

function start() {
  document.title = `${report.mart}: shop report`;
  document.getElementById("title").textContent = `Shop report: ${report.mart}`;
  if (report.is_empty) {
    document.getElementById("filters").hidden = true;
    main.append(element("p", { class: "card" }, report.reason));
    return;
  }
  document.getElementById("range").textContent = `Sales from ${report.first} to ${report.last}, ${whole(report.lines)} order lines. Amounts in the shop's currency.`;
  sayWhen(report.as_of);
  const shop = new Shop(report);
  const state = { period: "all" };
  const cards = layout();
  const refresh = () => cards.forEach((card) => card.update());
  const printed = () => { refresh(); cards.forEach((card) => card.drawPending?.()); };
  filterBar(shop, state, refresh);
  cards.push(...buildCards(shop, state, cards.add));
  refresh();
  // A redraw fits the new size and, in print, its colours.
  let width = window.innerWidth;
  window.addEventListener("resize", () => { if (window.innerWidth !== width) { width = window.innerWidth; refresh(); } });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
  window.addEventListener("beforeprint", printed);
  window.addEventListener("afterprint", refresh);
  main.dataset.ready = "true";
}

/** Of when the figures are. What a reader must know before believing them stands out. */
function sayWhen({ is_stored: isStored, has_newer_sales: hasNewerSales, refreshed_at: at }) {
  const newer = `Sales were added or changed after the refresh of ${at} UTC`;
  const [text, isWarning] = isStored && !hasNewerSales ? [`As of the refresh of ${at} UTC.`, false]
    : isStored ? [`${newer}: they are not on this page before the next ecom.refresh.`, true]
      : !at ? ["Not refreshed yet: figures are counted from the order lines, and what ecom.refresh computes is missing.", true]
        : hasNewerSales ? [`${newer}: they are in the figures, but not in forecast, groups, churn and plans.`, true]
          : [`Figures are of these days; forecast, groups, churn and plans are of the whole shop at the last refresh.`, false];
  const line = document.getElementById("as-of");
  line.textContent = text;
  line.className = isWarning ? "badge" : "";
}

function layout() {
  const kpis = element("dl", { class: "kpis", id: "kpis", "aria-label": "Key figures" });
  const grid = element("div", { class: "grid" });
  main.append(kpis, grid);
  const cards = [];
  cards.add = (node) => grid.append(node);
  return cards;
}

function filterBar(shop, state, refresh) {
  const form = document.getElementById("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  const selects = [];
  const add = (name, options) => {
    const select = element("select", { id: `filter-${name}` }, options);
    select.addEventListener("change", () => {
      state[name] = select.selectedIndex === 0 ? (name === "period" ? "all" : undefined) : select.value;
      refresh();
    });
    selects.push(select);
    form.append(element("label", { for: select.id }, FILTERS[name], select));
  };
  const group = (grain, label) => element("optgroup", { label }, report.periods.filter((period) => period.grain === grain)
    .map((period) => element("option", { value: period.id }, periodName(period.id) + (period.is_complete ? "" : " (not complete)"))));
  add("period", [element("option", { value: "" }, "Whole range"), group("year", "Years"), group("quarter", "Quarters"), group("month", "Months")]);
  for (const name of ["region", "segment", "category"]) {
    if (report.filters[name]) add(name, [element("option", { value: "" }, "All"), ...report.filters[name].map((member) => element("option", { value: member }, member))]);
  }
  const reset = element("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => {
    for (const name of Object.keys(state)) delete state[name];
    state.period = "all";
    selects.forEach((select) => { select.selectedIndex = 0; });
    refresh();
  });
  form.append(reset);
}

/** One card; it says which of the chosen filters it does not follow. A chart out of sight is drawn when it is scrolled to, or printed. */
function card(id, title, note, follows, state, { wide = false, render }) {
  const badge = element("p", { class: "badge", hidden: true });
  const body = element("div");
  const node = element("section", { class: wide ? "card wide" : "card", id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, title), element("p", { class: "note" }, note), badge, body);
  let chart;
  let isNear = false;
  let pending = null;
  let fillTable = () => {};
  const drawPending = () => {
    pending?.();
    pending = null;
  };
  new IntersectionObserver((entries) => {
    isNear = entries.at(-1).isIntersecting;
    if (isNear) drawPending();
  }, { rootMargin: "400px" }).observe(node);

  const drawChart = (label, height, option, columns, rows, isOpen = false) => {
    if (!chart) {
      const details = element("details", { open: isOpen }, element("summary", {}, "As a table"), element("div"));
      details.addEventListener("toggle", () => fillTable());
      body.replaceChildren(element("div", { class: "chart", role: "img" }), details);
      body.firstChild.style.height = `${height}px`;
      chart = charts.draw(body.firstChild);
    }
    const [holder, details] = body.children;
    holder.setAttribute("aria-label", label);
    holder.style.height = `${height}px`;
    // Hundreds of rows that nobody has asked for would cost more than the chart.
    fillTable = () => details.lastChild.replaceChildren(...(details.open ? [table(title, columns, rows)] : []));
    fillTable();
    pending = () => {
      chart.resize();
      chart.setOption(option(holder.clientWidth), true);
    };
    if (isNear) drawPending();
  };
  const say = (text) => {
    chart?.dispose();
    chart = undefined;
    pending = null;
    body.replaceChildren(element("p", { class: "note" }, text));
  };
  return { node, drawPending, update() {
    const ignored = Object.keys(FILTERS).filter((name) => !follows.includes(name) && state[name] != null && state[name] !== "all");
    badge.hidden = ignored.length === 0;
    badge.textContent = `Does not follow the filter by ${ignored.map((name) => FILTERS[name].toLowerCase()).join(", ")}`;
    render({ body, drawChart, say });
  } };
}

function buildCards(shop, state, add) {
  const everything = ["period", "region", "segment", "category"];
  const place = (...args) => {
    const made = card(...args.slice(0, 4), state, args[4]);
    add(made.node);
    return made;
  };
  const look = () => charts.theme();
  const nothing = "No sales under these filters.";
  const revenueColumns = (name) => [{ title: name, text: (row) => row.member }, { title: "Revenue", number: true, text: (row) => two(row.revenue) }];
  // All but the largest become one row: shares stay right.
  const largest = (rows, count) => (rows.length <= count ? rows
    : [...rows.slice(0, count - 1), { member: `${rows.length - count + 1} others`, revenue: rows.slice(count - 1).reduce((sum, row) => sum + row.revenue, 0) }]);
  const mix = (id, title, note, follows, name, source, column) => place(id, title, note, follows, { render({ drawChart, say }) {
    const rows = shop.mix(source(), column, state);
    if (!rows.length) return say(nothing);
    const total = rows.reduce((sum, row) => sum + row.revenue, 0);
    const shown = largest(rows, 12);
    drawChart(`${title}. Largest: ${rows[0].member} with ${percent(total ? rows[0].revenue / total : null)}.`, 60 + 30 * shown.length,
      () => charts.bars(look(), shown, total), revenueColumns(name), rows);
  } });

  return [
    { update: () => showFigures(shop, state) },
    place("alerts", "Alerts", "Rules that fire for the last complete day, week or month.", [], { wide: true, render({ body, say }) {
      const fired = shop.rows("alerts");
      if (!fired.length) return say(shop.rows("alert_rules").length ? shop.reason("alerts") : shop.reason("alert_rules"));
      body.replaceChildren(...fired.map((row) => element("p", { class: "alert" },
        `${row.severity}: ${row.rule}${row.segment === "All" ? "" : ` (${row.segment})`}, ${row.period_start} to ${row.period_end}: ${row.value} is ${row.comparison} ${row.threshold}, since ${row.since}`)));
    } }),
    place("insights", "What stands out", "In the last complete month; what is beyond chance or moves money.", [], { wide: true, render({ body, say }) {
      const rows = shop.rows("insights");
      if (!rows.length) return say(shop.reason("insights"));
      body.replaceChildren(element("ol", { class: "list" }, rows.map((row) => element("li", {}, row.insight))));
    } }),
    place("trend", "Revenue by month", "Pale months are not complete. The chosen period is shaded.", everything, { wide: true, render({ drawChart }) {
      const months = shop.revenueByMonth(state);
      const sliced = state.region != null || state.segment != null || state.category != null;
      // The forecast is of the whole shop: beside a part of it, it would mislead.
      const forecast = sliced ? [] : shop.rows("forecast").filter((row) => row.period_start.slice(0, 7) > months.at(-1).id);
      const chosen = state.period === "all" ? null : [...shop.monthsOf(state.period)].map((month) => month.slice(0, 7));
      drawChart(`Revenue of ${months.length} months, from ${whole(months[0].revenue)} to ${whole(months.at(-1).revenue)}.`, 320,
        () => charts.trend(look(), months, forecast, chosen && [chosen[0], chosen.at(-1)]),
        [{ title: "Month", text: (row) => periodName(row.id) }, { title: "Revenue", number: true, text: (row) => two(row.revenue) }, { title: "", text: (row) => row.kind }],
        [...months.map((month) => ({ ...month, kind: month.is_complete ? "" : "not complete" })),
          ...forecast.map((row) => ({ id: row.period_start.slice(0, 7), revenue: row.value, kind: `forecast, ${whole(row.lower)} to ${whole(row.upper)}` }))]);
    } }),
    mix("category-mix", "Revenue by category", "Share of the revenue.", everything, "Category", () => shop.categories, "category"),
    mix("payment-mix", "Revenue by payment method", "Share of the revenue.", ["period", "region", "segment"], "Payment method", () => shop.payments, "payment_method"),
    place("channels", "Revenue by channel", "Months stacked by sales channel.", everything, { render({ drawChart, say }) {
      const cells = shop.cells(shop.categoryChannels, ["channel", "month"], state);
      const months = [...new Set(cells.map((cell) => cell.column))].sort();
      const names = [...new Set(cells.map((cell) => cell.row))].sort();
      if (!cells.length) return say(nothing);
      drawChart(`Revenue of ${names.length} channels in ${months.length} months.`, 340, () => charts.stacked(look(), cells, months, names),
        [{ title: "Month", text: (row) => periodName(row.column.slice(0, 7)) }, { title: "Channel", text: (row) => row.row }, { title: "Revenue", number: true, text: (row) => two(row.revenue) }], cells);
    } }),
    place("seasons", "Season and category", "Revenue by season of the year and product category.", everything, { render({ drawChart, say }) {
      const order = ["Winter", "Spring", "Summer", "Autumn"];
      const cells = shop.cells(shop.categories, ["category", "season"], state).map((cell) => ({ ...cell, value: cell.revenue }));
      if (!cells.length) return say(nothing);
      const kept = largest(shop.mix(shop.categories, "category", state), 1e9).slice(0, 20).map((row) => row.member);
      const shown = cells.filter((cell) => kept.includes(cell.row));
      const columns = [...order.filter((season) => cells.some((cell) => cell.column === season)), ...new Set(cells.map((cell) => cell.column).filter((season) => !order.includes(season)))];
      drawChart(`Revenue of ${kept.length} categories in ${columns.length} seasons.`, 90 + 30 * kept.length, (width) => charts.heatmap(look(), kept, columns, shown,
        { width: width - 90, text: short, tooltip: (cell) => `${cell.row}, ${cell.column}\nRevenue: ${whole(cell.revenue)}` }),
        [{ title: "Category", text: (row) => row.row }, { title: "Season", text: (row) => row.column }, { title: "Revenue", number: true, text: (row) => two(row.revenue) }], cells);
    } }),
    place("cohorts", "Who comes back", "Share of the customers of a month who ordered again, by months since their first order. Complete months only.", [], { wide: true, render({ drawChart, say }) {
      const rows = shop.rows("cohorts").filter((row) => row.is_complete && row.age > 0 && row.age <= 24);
      if (!rows.length) return say(shop.reason("cohorts") || "No month after a first order is complete yet.");
      const name = (row) => `${periodName(row.cohort_month.slice(0, 7))} (${whole(row.size)})`;
      const cells = rows.map((row) => ({ row: name(row), column: String(row.age), value: row.active / row.size, active: row.active }));
      const names = [...new Set(cells.map((cell) => cell.row))];
      const ages = Array.from({ length: Math.max(...rows.map((row) => row.age)) }, (_, n) => String(n + 1));
      drawChart(`Retention of ${names.length} cohorts over ${ages.length} months.`, 80 + 22 * names.length, (width) => charts.heatmap(look(), names, ages, cells,
        { width: width - 120, text: (value) => whole(100 * value) + "%", tooltip: (cell) => `${cell.row}, month ${cell.column}\nReturned: ${whole(cell.active)}, ${percent(cell.value)}` }),
        [{ title: "First order (customers)", text: (row) => row.row }, { title: "Month", number: true, text: (row) => row.column }, { title: "Returned", number: true, text: (row) => percent(row.value) }], cells);
    } }),
    place("segments", "Customer groups", "By recency, frequency and revenue, at the last refresh.", [], { render({ drawChart, say }) {
      const rows = shop.rows("rfm_segments").map((row) => ({ ...row, name: row.segment }));
      if (!rows.length) return say(shop.reason("rfm_segments"));
      drawChart(`${rows.length} customer groups. Most revenue: ${rows[0].name}, ${percent(rows[0].revenue_rate)}.`, 60 + 34 * rows.length,
        () => charts.paired(look(), rows, [["of customers", "customer_rate"], ["of revenue", "revenue_rate"]], percent), groupColumns, rows);
    } }),
    place("groups", "Groups and bands", "Profiles at the last refresh.", [], { render({ body }) {
      const parts = [];
      const part = (section, title, columns) => parts.push(element("h3", { class: "note" }, title),
        shop.rows(section).length ? table(title, columns, shop.rows(section)) : element("p", { class: "note" }, shop.reason(section)));
      part("loyalty", "Loyalty", [{ title: "Band", text: (row) => row.band }, number("Customers", "customers", whole), number("Active", "active", whole), number("Revenue", "revenue", whole)]);
      part("value_bands", "Expected value", [{ title: "Band", text: (row) => row.band }, number("Customers", "customers", whole), number("Still there", "alive_rate", percent), number("Expected orders", "expected_orders", whole), number("Lifetime value", "lifetime_value", whole)]);
      body.replaceChildren(...parts);
    } }),
    place("clusters", "Customer clusters", "By k-means on recency, frequency and revenue, at the last refresh. Each mark is a customer, close to those who are like it; of many, 1,000 are drawn.", [], { render({ drawChart, say }) {
      const profiles = shop.rows("cluster_profiles");
      if (!profiles.length) return say(shop.reason("cluster_profiles"));
      const customers = profiles.reduce((sum, row) => sum + row.customers, 0);
      const points = shop.rows("cluster_points").map((row) => ({ ...row,
        told: [["Days since last order", whole(row.recency_days)], ["Orders", whole(row.frequency)], ["Revenue", whole(row.revenue)]] }));
      const drawn = points.length < customers ? `${whole(points.length)} of ${whole(customers)} customers` : `${whole(customers)} customers`;
      drawChart(`${profiles.length} clusters. ${drawn}.`, 380, () => charts.scatter(look(), profiles.map((row) => row.segment), points,
        [`First component: ${drawn}`, "Second component"]),
      [{ title: "Cluster", text: (row) => row.segment }, number("Days since last order", "recency_days", whole), number("Orders", "frequency", whole), number("Revenue", "revenue", whole)], points);
    } }),
    place("cluster-profiles", "Profiles of the clusters", "All customers with an order; moves are those since the refresh before.", [], { render({ body, say }) {
      const rows = shop.rows("cluster_profiles");
      if (!rows.length) return say(shop.reason("cluster_profiles"));
      body.replaceChildren(table("Profiles of the clusters", [{ title: "Cluster", text: (row) => row.segment }, number("Customers", "customers", whole), number("of revenue", "revenue_rate", percent),
        number("Days since order", "recency_days", one), number("Orders each", "frequency", one), number("Revenue each", "revenue_per_customer", whole),
        { title: "Moved in, out", number: true, text: (row) => `${whole(row.moved_in)}, ${whole(row.moved_out)}` }], rows));
    } }),
    place("decomposition", "Revenue, taken apart", "Revenue of the whole shop by month: its trend, and what the season added or took, at the last refresh.", [], { wide: true, render({ drawChart, say }) {
      const rows = shop.rows("decomposition");
      if (!rows.length) return say(shop.reason("decomposition"));
      const series = [["Revenue", "revenue"], ["Trend", "trend"], ["Season", "season"], ["Rest", "rest"]];
      drawChart(`Revenue of ${rows.length} months as trend, season and rest.`, 320, () => charts.lines(look(), rows.map((row) => row.month), series.map(([name, key]) => [name, rows.map((row) => row[key])])),
        [{ title: "Month", text: (row) => periodName(row.month) }, ...series.map(([name, key]) => number(name, key, whole))], rows);
    } }),
    place("churn", "Who is about to leave", "Expected by the churn model at the last refresh.", [], { render({ body, say }) {
      const bands = shop.rows("churn_bands");
      if (!bands.length) return say(shop.reason("churn_bands"));
      const people = shop.rows("churn_customers");
      body.replaceChildren(table("Churn bands", [{ title: "Band", text: (row) => row.band }, number("Customers", "customers", whole), number("Expected to leave", "expected", whole),
        number("Mean probability", "probability", percent), number("Revenue so far", "revenue", whole)], bands),
      element("h3", { class: "note" }, `The ${people.length} most valuable of those who are likely to leave`),
      pagedTable("Customers likely to leave", [{ title: "Customer", text: (row) => row.name ?? row.customer_id }, number("Probability", "probability", percent),
        number("Revenue", "revenue", whole), { title: "Because", text: (row) => row.reasons }], people));
    } }),
    place("plan", "Retention plan", "On whom an intervention pays, at the last refresh.", [], { render({ body, say }) {
      const rows = shop.rows("retention_plan");
      if (!rows.length) return say(shop.reason("retention_plan"));
      body.replaceChildren(table("Retention plan", [{ title: "Intervention", text: (row) => row.intervention }, number("Customers", "customers", whole), number("Cost", "cost", whole),
        number("Expected return", "gain", whole), number("ROI", "roi", percent)], rows));
    } }),
    place("budget", "Advertising budget", "Spend by channel now, and where it would bring more, at the last refresh.", [], { wide: true, render({ drawChart, say }) {
      const rows = shop.rows("budget_plan").map((row) => ({ ...row, name: row.channel }));
      if (!rows.length) return say(shop.reason("budget_plan"));
      const gain = rows.reduce((sum, row) => sum + (row.gain ?? 0), 0);
      drawChart(`Spend of ${rows.length} channels in ${rows[0].days} days, now and as advised: ${whole(gain)} more revenue expected.`, 70 + 46 * rows.length,
        () => charts.paired(look(), rows, [[`now, in ${rows[0].days} days`, "current"], ["advised", "advised"]], whole),
        [{ title: "Channel", text: (row) => row.channel }, { title: "Advice", text: (row) => row.advice }, number("Spend now", "current", whole), number("Advised", "advised", whole),
          number("Revenue from it", "revenue", whole), number("More revenue", "gain", signedWhole), { title: "Evidence", text: (row) => row.evidence }, { title: "Because", text: (row) => row.reason }], rows, true);
    } }),
    place("products", "Best products", "By revenue, less returns.", ["period", "category"], { render({ body, say }) {
      const rows = shop.bestProducts(state);
      if (!rows.length) return say(nothing);
      body.replaceChildren(element("p", { class: "note" }, `The best ${rows.length} of ${whole(rows[0].count)}.`),
        pagedTable("Best products", [number("#", "rank", whole), { title: "Product", text: (row) => row.name ?? row.product_id }, { title: "Category", text: (row) => row.category ?? "" },
          number("Revenue", "revenue", whole), number("Units", "units", whole), number("Returned", "return_rate", percent)], rows));
    } }),
    place("customers", "Best customers", "By revenue, less returns, over the whole range.", ["region", "segment"], { render({ body, say }) {
      const rows = shop.bestCustomers(state);
      if (!rows.length) return say(nothing);
      body.replaceChildren(element("p", { class: "note" }, `The best ${rows.length} of ${whole(rows[0].customer_count)}.`),
        pagedTable("Best customers", [number("#", "rank", whole), { title: "Customer", text: (row) => row.name ?? row.customer_id }, { title: "Segment", text: (row) => row.customer_segment ?? "" },
          number("Orders", "orders", whole), number("Revenue", "revenue", whole)], rows));
    } }),
    place("rules", "Bought together", "Lift: how many times more often than by chance.", [], { wide: true, render({ body, say }) {
      const rows = shop.rows("basket_rules");
      if (!rows.length) return say(shop.reason("basket_rules"));
      body.replaceChildren(pagedTable("Bought together", [{ title: "Who buys", text: (row) => row.antecedent }, { title: "also buys", text: (row) => row.consequent },
        number("Orders", "orders", whole), number("How often", "confidence", percent), number("Lift", "lift", one)], rows));
    } }),
  ];
}

const number = (title, key, text) => ({ title, number: true, text: (row) => text(row[key]) });
const groupColumns = [{ title: "Group", text: (row) => row.name }, number("Customers", "customers", whole), number("Revenue", "revenue", whole),
  number("Days since last order", "recency_days", one), number("Orders each", "frequency", one), number("Revenue each", "revenue_per_customer", whole)];

function showFigures(shop, state) {
  const current = shop.figures(state);
  // Without a chosen period the change is that of the last complete month.
  const compared = state.period === "all" ? shop.lastCompleteMonth() : state.period;
  const before = compared && shop.previous(compared);
  const now = state.period === "all" && compared ? shop.figures({ ...state, period: compared }) : current;
  const then = before ? shop.figures({ ...state, period: before }) : null;
  const figures = KPIS.filter((kpi) => current[kpi.key] !== null).map((kpi) => {
    const value = current[kpi.key];
    return element("div", { class: "kpi", id: `kpi-${kpi.key}` }, element("dt", {}, kpi.title),
      element("dd", { class: "value" }, value === undefined ? "not counted" : kpi.text(value)),
      change(kpi, now[kpi.key], then?.[kpi.key], compared, before, state.period === "all"));
  });
  document.getElementById("kpis").replaceChildren(...figures);
}

function change(kpi, value, previous, period, before, isLastMonth) {
  if (value == null || previous == null || (!kpi.points && !kpi.difference && previous === 0)) {
    return element("dd", { class: "change" }, before ? "" : "no complete period before");
  }
  const delta = kpi.points || kpi.difference ? value - previous : (value - previous) / Math.abs(previous);
  const text = kpi.points ? `${signedTwo(100 * delta)} points` : kpi.difference ? signedTwo(delta) : signedPercent(delta);
  // What is shown as no change is neither good nor bad.
  const tone = /[1-9]/.test(text) ? Math.sign(delta) * kpi.better : 0;
  return element("dd", { class: "change" }, element("span", { class: tone > 0 ? "good" : tone < 0 ? "bad" : "" }, text),
    isLastMonth ? ` ${periodName(period)} against ${periodName(before)}` : ` against ${periodName(before)}`);
}

start();
