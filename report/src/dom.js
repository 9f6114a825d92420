// Elements by textContent and attributes only: no value of the document is ever read as HTML.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children.flat()) node.append(child);
  return node;
}

/** columns: {title, text(row), number}. */
export function table(caption, columns, rows) {
  const align = (column) => (column.number ? { class: "number" } : { class: "text" });
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", { "aria-label": caption },
      element("thead", {}, element("tr", {}, columns.map((column) => element("th", { scope: "col", ...align(column) }, column.title)))),
      element("tbody", {}, rows.map((row) => element("tr", {}, columns.map((column) => element("td", align(column), String(column.text(row)))))))));
}

const PAGE_SIZE = 10;

/** A table by pages; the page is remembered until other rows come. */
export function pagedTable(caption, columns, rows) {
  const holder = element("div");
  const count = Math.max(1, Math.ceil(rows.length / PAGE_SIZE));
  const show = (page, focus) => {
    const previous = element("button", { type: "button", disabled: page === 1 }, "Previous");
    const next = element("button", { type: "button", disabled: page === count }, "Next");
    previous.addEventListener("click", () => show(page - 1, 0));
    next.addEventListener("click", () => show(page + 1, 1));
    const pages = element("div", { class: "pages" }, previous, next, element("span", { "aria-live": "polite" }, `Page ${page} of ${count}`));
    holder.replaceChildren(table(caption, columns, rows.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)), ...(count > 1 ? [pages] : []));
    if (focus !== undefined) {
      const wanted = [previous, next][focus];
      (wanted.disabled ? [next, previous][focus] : wanted).focus();
    }
  };
  show(1);
  return holder;
}
