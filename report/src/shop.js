// What the document says about one choice of filters. The same definitions as ecom.kpi_summary.
import { Table, sliceLookup } from "./cube.js";

const SUMS = ["revenue", "gross_amount", "return_amount", "discount_amount", "quantity", "margin", "costed_amount",
  "satisfaction_sum", "satisfaction_count", "delivery_days_sum", "delivery_count", "orders", "new_customers"];

const ratio = (part, whole) => (whole ? part / whole : null);

export class Shop {
  constructor(document) {
    this.document = document;
    this.orders = new Table(document.orders);
    this.payments = new Table(document.payments);
    this.categories = new Table(document.categories);
    this.categoryChannels = new Table(document.category_channels);
    this.products = new Table(document.products);
    this.topCustomers = new Table(document.top_customers);
    this.customers = sliceLookup(document.customers);
    this.categoryCustomers = sliceLookup(document.category_customers);
    this.periods = new Map(document.periods.map((period) => [period.id, period]));
    this.months = document.periods.filter((period) => period.grain === "month").reverse();
  }

  rows(section) {
    return this.document.sections[section]?.rows ?? [];
  }

  reason(section) {
    return this.document.sections[section]?.reason ?? "";
  }

  /** Months of a period, as the cubes name them; null for all. */
  monthsOf(period) {
    if (period === "all") return null;
    const { first, last } = this.periods.get(period);
    return new Set(this.months.filter((month) => month.last >= first && month.first <= last).map((month) => `${month.id}-01`));
  }

  conditions({ period = "all", region, segment, category }) {
    const only = (value) => (value == null ? null : new Set([value]));
    return { month: this.monthsOf(period), region: only(region), segment: only(segment), category: only(category) };
  }

  /** The period of the same length before one, when both are complete. */
  previous(period) {
    const current = this.periods.get(period);
    if (!current?.is_complete) return null;
    const same = this.document.periods.filter((other) => other.grain === current.grain);
    const before = same[same.indexOf(current) + 1];
    return before?.is_complete ? before.id : null;
  }

  lastCompleteMonth() {
    return this.months.filter((month) => month.is_complete).at(-1)?.id ?? null;
  }

  figures(filters) {
    const table = filters.category == null ? this.orders : this.categories;
    const sums = table.total(this.conditions(filters), SUMS.filter((name) => table.has(name)));
    const isCounted = table.has("orders");
    const customers = (filters.category == null ? this.customers : this.categoryCustomers)(filters.period, filters);
    const orders = isCounted ? sums.orders : undefined;
    return {
      revenue: sums.revenue,
      orders,
      customers,
      aov: isCounted ? ratio(sums.revenue, orders) : undefined,
      new_customers: isCounted ? sums.new_customers : undefined,
      units: sums.quantity,
      margin_rate: ratio(sums.margin, sums.costed_amount),
      discount_rate: ratio(sums.discount_amount, sums.gross_amount + sums.discount_amount),
      return_rate: ratio(sums.return_amount, sums.gross_amount),
      avg_satisfaction: ratio(sums.satisfaction_sum, sums.satisfaction_count),
      avg_delivery_days: ratio(sums.delivery_days_sum, sums.delivery_count),
    };
  }

  revenueByMonth(filters) {
    const table = filters.category == null ? this.orders : this.categories;
    const byMonth = new Map(table.sum(this.conditions({ ...filters, period: "all" }), ["month"], ["revenue"])
      .map(({ key, sums }) => [key[0].slice(0, 7), sums.revenue]));
    return this.months.map((month) => ({ ...month, revenue: byMonth.get(month.id) ?? 0 }));
  }

  /** Revenue by the members of one column, largest first. */
  mix(table, column, filters) {
    return table.sum(this.conditions(filters), [column], ["revenue"])
      .map(({ key, sums }) => ({ member: key[0] ?? "Unknown", revenue: sums.revenue }))
      .sort((a, b) => b.revenue - a.revenue || (a.member < b.member ? -1 : 1));
  }

  cells(table, columns, filters) {
    return table.sum(this.conditions(filters), columns, ["revenue"])
      .map(({ key, sums }) => ({ row: key[0] ?? "Unknown", column: key[1] ?? "Unknown", revenue: sums.revenue }));
  }

  bestProducts({ period, category }) {
    const rank = category == null ? "rank" : "category_rank";
    const count = category == null ? "product_count" : "category_product_count";
    return this.products.rows(this.products.where({ period: new Set([period]), category: category == null ? null : new Set([category]) }))
      .map((row) => ({ ...row, rank: row[rank], count: row[count] }))
      // Ranks beyond the first gap belong to products that are here for their category only.
      .filter((row) => row.rank <= 50)
      .sort((a, b) => a.rank - b.rank);
  }

  bestCustomers({ region = null, segment = null }) {
    const table = this.topCustomers;
    return table.rows((row) => (!table.has("region") || table.value("region", row) === region)
      && (!table.has("segment") || table.value("segment", row) === segment)).sort((a, b) => a.rank - b.rank);
  }
}
