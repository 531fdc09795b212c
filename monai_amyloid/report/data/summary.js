// Sorting and finding in the table of studies.
(function () {
  "use strict";
  const body = document.querySelector("#studies tbody");
  const rows = Array.from(body.rows, (row, order) => ({
    row, order, status: row.className, text: row.textContent.toLowerCase(),
    cells: Array.from(row.cells, (cell, column) =>
      column === 1 ? ["refused", "needs_reader", "graded"].indexOf(row.className) : cell.textContent),
  }));
  const find = document.getElementById("find"), status = document.getElementById("status");

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const each of rows) {
      const shown = (!status.value || each.status === status.value)
        && words.every((word) => each.text.includes(word));
      each.row.hidden = !shown;
      count += shown;
    }
    document.getElementById("count").textContent = count;
  }

  const number = (text) => parseFloat(String(text).replace("\u2212", "-"));
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  function sort(column, down) {
    const numeric = column === 1 || column === 3 || column === 4;
    rows.sort((a, b) => {
      const x = a.cells[column], y = b.cells[column];
      if (numeric) {
        const p = number(x), q = number(y);
        if (isNaN(p) || isNaN(q)) return isNaN(p) - isNaN(q) || a.order - b.order; // unknown last
        return (down ? q - p : p - q) || a.order - b.order;
      }
      if (!x || !y) return !x - !y || a.order - b.order;
      return (down ? compare(y, x) : compare(x, y)) || a.order - b.order;
    });
    const sorted = document.createDocumentFragment();
    for (const each of rows) sorted.append(each.row);
    body.append(sorted);
  }

  const heads = Array.from(document.querySelectorAll("#studies th"));
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    sort(column, down);
  }));
  let waiting = 0;
  find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
  status.addEventListener("change", filter);
})();
