"use strict";
// A click on a column's name sorts its table; what has no number stays last.
for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const numeric = head.dataset.kind === "number";
      const compare = (one, other) => {
        const [a, b] = [key(one), key(other)];
        if (!numeric) return (down ? -1 : 1) * a.localeCompare(b, undefined, { numeric: true });
        if (a === "" || b === "") return (a === "") - (b === "");
        return (down ? -1 : 1) * (Number(a) - Number(b));
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}
