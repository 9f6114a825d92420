// Columns of the document: numbers as they are, texts as members and an index into them.

export class Table {
  constructor({ length, columns }) {
    this.length = length;
    this.columns = columns;
  }

  has(name) {
    return name in this.columns;
  }

  value(name, row) {
    const column = this.columns[name];
    if (column === undefined) return null;
    return Array.isArray(column) ? column[row] : column.members[column.codes[row]];
  }

  /** A test of one row: each condition is a Set of members, or null for all. */
  where(conditions) {
    const tests = Object.entries(conditions)
      .filter(([name, wanted]) => wanted !== null && this.has(name))
      .map(([name, wanted]) => {
        const { members, codes } = this.columns[name];
        const accepted = members.map((member) => wanted.has(member));
        return (row) => accepted[codes[row]];
      });
    return (row) => tests.every((test) => test(row));
  }

  /** Sums of additive columns by the members of one or two others; '' joins them when there is none. */
  sum(conditions, by, names) {
    const accepts = this.where(conditions);
    const groups = new Map();
    for (let row = 0; row < this.length; row++) {
      if (!accepts(row)) continue;
      const key = JSON.stringify(by.map((name) => this.value(name, row)));
      let group = groups.get(key);
      if (!group) {
        group = { key: JSON.parse(key), sums: Object.fromEntries(names.map((name) => [name, 0])) };
        groups.set(key, group);
      }
      for (const name of names) group.sums[name] += this.value(name, row) ?? 0;
    }
    return [...groups.values()];
  }

  total(conditions, names) {
    return this.sum(conditions, [], names)[0]?.sums ?? Object.fromEntries(names.map((name) => [name, 0]));
  }

  /** Rows as objects, of those that meet the test. */
  rows(test = () => true) {
    const found = [];
    for (let row = 0; row < this.length; row++) {
      if (test(row)) found.push(Object.fromEntries(Object.keys(this.columns).map((name) => [name, this.value(name, row)])));
    }
    return found;
  }
}

/** The row of counts for exactly one slice; null where the document has none. */
export function sliceLookup(document) {
  if (!document) return () => undefined;
  const table = new Table(document);
  const dimensions = ["region", "segment", "category"].filter((name) => table.has(name));
  const counts = new Map();
  for (let row = 0; row < table.length; row++) {
    counts.set(JSON.stringify([table.value("period", row), ...dimensions.map((name) => table.value(name, row))]), table.value("customers", row));
  }
  // A slice without a row had no customer.
  return (period, filters) => counts.get(JSON.stringify([period, ...dimensions.map((name) => filters[name] ?? null)])) ?? 0;
}
