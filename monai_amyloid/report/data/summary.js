// The table of studies: sorted, filtered and shown a page at a time, so that ten thousand are fluid.
(function () {
  "use strict";
  const PAGE = 50, PRINTED = 5000;
  const data = JSON.parse(document.getElementById("table").textContent);
  const words = JSON.parse(document.getElementById("states-words").textContent);
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("#studies tbody");
  const withChange = document.querySelector("[data-by=by]") !== null;
  const withSite = byId("site") !== null;
  const signs = { refused: "\u2715", needs_reader: "?", changed: "\u2195", warned: "!", calm: "\u2713" };
  let texts = data.texts[document.documentElement.lang] || [], language = document.documentElement.lang;
  let order = [], shown = [], first = 0, by = "state", down = false, state = "";

  data.rows.forEach((row, number) => {
    row.number = number;
    // What a column is sorted by; a row that has nothing there comes last.
    row.likely = row.grades ? row.grades.reduce((sum, grade) => sum + grade, 0) / row.grades.length
      : undefined;
    row.positive = row.chances && row.chances.length ? 100 - row.chances[0] : undefined;
  });

  function sort() {
    const text = by === "tracer" || by === "site";
    const values = text ? [...new Set(data.rows.map((row) => row[by]))].filter(Boolean).sort() : [];
    const keys = new Float64Array(data.rows.length);
    for (const row of data.rows) {
      const value = text ? values.indexOf(row[by]) : row[by];
      keys[row.number] = value === undefined || value === -1 && text ? Infinity : down ? -value : value;
    }
    order = Array.from(keys.keys()).sort((a, b) =>
      (keys[a] === keys[b] ? a - b : keys[a] - keys[b]));
  }

  // Every word of a row in the language that is shown, in small letters.
  function searchable(row) {
    if (row.language !== language) {
      row.language = language;
      row.sought = [row.name, words[language][row.state], texts[row.answer] || "", row.tracer || "",
        row.site || "", row.load || "", row.change || "",
        ...row.remarks.map((place) => texts[place]),
        row.earlier === undefined ? "" : texts[row.earlier]].join(" ").toLowerCase();
    }
    return row.sought;
  }

  function filter() {
    const sought = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const value = (id) => (byId(id) ? byId(id).value : "");
    const grade = value("grade"), reason = value("reason");
    const tracer = value("tracer"), site = value("site");
    shown = order.filter((number) => {
      const row = data.rows[number];
      return (state === "" || row.state === state)
        && (!grade || (grade === "none" ? !row.grades : row.grades && row.grades.includes(+grade)))
        && (!reason || row.codes.includes(+reason))
        && (!tracer || row.tracer === tracer) && (!site || row.site === site)
        && (!sought.length || sought.every((word) => searchable(row).includes(word)));
    });
    first = 0;
    draw();
  }

  function cell(row, kind, text) {
    const made = row.insertCell();
    if (kind) made.className = kind;
    if (text) made.textContent = text;
    return made;
  }

  function chances(made, row) {
    if (!row.chances || !row.chances.length) return;
    const bar = document.createElement("span"), numbers = document.createElement("span");
    const most = Math.max(...row.chances);
    bar.className = "bar";
    numbers.className = "percent";
    bar.setAttribute("aria-hidden", "true");
    row.chances.forEach((chance, place) => {
      const part = document.createElement("i");
      part.style.width = `${chance}%`;
      bar.append(part);
      const number = document.createElement(chance === most ? "b" : "span");
      number.textContent = Math.round(chance);
      numbers.append(place ? " / " : "", number);
    });
    made.append(bar, numbers);
  }

  function drawn(row) {
    const line = document.createElement("tr"), name = words.names[row.state];
    line.className = name;
    const head = cell(line, "study");
    if (row.link) {
      const link = document.createElement("a");
      link.href = row.link;
      link.textContent = row.name;
      head.append(link);
    } else head.textContent = row.name;
    cell(line, "state", `${signs[name]} ${words[language][row.state]}`);
    cell(line, "likely", texts[row.answer]);
    chances(cell(line, "chances"), row);
    cell(line, "number", row.load);
    if (withChange) cell(line, "number", row.change);
    cell(line, "tracer", row.tracer);
    if (withSite) cell(line, "site", row.site);
    const remarks = cell(line, "remarks");
    const places = row.earlier === undefined ? row.remarks : [row.earlier, ...row.remarks];
    for (const place of places) {
      const remark = document.createElement("p");
      remark.textContent = texts[place];
      remarks.append(remark);
    }
    return line;
  }

  const plain = (number) => number.toLocaleString("en");

  function draw(whole) {
    const last = Math.min(whole ? PRINTED : first + PAGE, shown.length);
    const lines = shown.slice(whole ? 0 : first, last).map((number) => drawn(data.rows[number]));
    body.replaceChildren(...lines);
    byId("count").textContent = plain(shown.length);
    byId("none").hidden = shown.length > 0;
    byId("rows").textContent = byId("rows").getAttribute("data-of")
      .replace("{first}", plain(shown.length ? (whole ? 0 : first) + 1 : 0)).replace("{last}", plain(last));
    byId("before").disabled = first === 0;
    byId("next").disabled = last >= shown.length;
    byId("rows").parentElement.hidden = shown.length <= PAGE;
  }

  function page(step) {
    first = Math.max(0, Math.min(first + step, shown.length - 1));
    draw();
    body.parentElement.scrollIntoView({ block: "nearest" });
  }

  function reasons() {
    const chosen = byId("reason"), value = chosen.value, all = chosen.options[0];
    chosen.replaceChildren(all, ...data.reasons.map((place, number) =>
      new Option(texts[place], String(number))));
    chosen.value = value;
  }

  function choose(button) {
    for (const each of document.querySelectorAll("#states button"))
      each.setAttribute("aria-pressed", String(each === button));
    state = button.dataset.state ? words.names.indexOf(button.dataset.state) : "";
    filter();
  }

  for (const button of document.querySelectorAll("#states button"))
    button.addEventListener("click", () => choose(button));
  const heads = Array.from(document.querySelectorAll("#studies th"));
  for (const head of heads) {
    const button = head.querySelector("button");
    if (!button) continue;
    button.addEventListener("click", () => {
      down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      by = button.dataset.by;
      sort();
      filter();
    });
  }
  byId("find").addEventListener("input", filter);
  for (const id of ["grade", "reason", "tracer", "site"])
    if (byId(id)) byId(id).addEventListener("change", filter);
  byId("before").addEventListener("click", () => page(-PAGE));
  byId("next").addEventListener("click", () => page(PAGE));
  byId("reset").addEventListener("click", () => {
    for (const id of ["find", "grade", "reason", "tracer", "site"]) if (byId(id)) byId(id).value = "";
    choose(document.querySelector("#states button"));
  });
  document.addEventListener("language", ({ detail }) => {
    language = detail;
    texts = data.texts[detail] || [];
    reasons();
    draw();
  });
  window.addEventListener("beforeprint", () => draw(true));
  window.addEventListener("afterprint", () => draw());
  reasons();
  sort();
  filter();
  document.body.dataset.ready = "yes";
})();
