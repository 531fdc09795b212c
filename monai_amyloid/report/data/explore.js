// What the page's choosers and selections do; `kind` says which of them called. Bokeh hands over
// the models that the page's maker named, see report/explore/plots.py.
const rows = source.data;
const count = rows.participant.length;

function show(chosen) {
  const indices = chosen.length ? chosen : Array.from({ length: count }, (_, row) => row);
  const shown = {};
  for (const name of columns) {
    const values = rows[name];
    shown[name] = indices.map((row) => values[row]);
  }
  shown.row = indices;
  table.data = shown;
  const mean = (name) => {
    const known = indices.map((row) => rows[name][row]).filter((value) => Number.isFinite(value));
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN;
  };
  const grades = [1, 2, 3].map((grade) => indices.filter((row) => rows.bapl[row] === grade).length);
  const values = {
    count: indices.length, grades: grades.join(", "),
    centiloid: mean("centiloid").toFixed(0), score: mean("score").toFixed(0),
  };
  const text = summaries[language.text][chosen.length ? "selected" : "all"];
  summary.text = text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

if (kind === "place") {
  const key = `${features.value} ${chart.value}`;
  source.data = { ...rows, x: rows[`${key} x`], y: rows[`${key} y`] };
  map.x_range.have_updated_interactively = false;
  map.y_range.have_updated_interactively = false;
} else if (kind === "colour") {
  source.data = { ...rows, colour: rows[`colour ${colours.value}`] };
  legend.text = legends[colours.value][language.text];
} else if (kind === "language") {
  for (const [model, property, texts] of translated) model[property] = texts[language.text];
  legend.text = legends[colours.value][language.text];
  show(source.selected.indices);
} else if (kind === "selected") {
  // What the table itself selected is shown on the map, and leaves the table as it is.
  if (table.tags.length) table.tags = [];
  else show(source.selected.indices);
} else if (kind === "table") {
  const chosen = table.selected.indices.map((place) => table.data.row[place]);
  if (chosen.length) {
    table.tags = ["from the table"];
    source.selected.indices = chosen;
  }
} else if (kind === "find") {
  const sought = find.value.trim().toLowerCase();
  source.selected.indices = sought
    ? Array.from({ length: count }, (_, row) => row).filter((row) =>
        rows.participant[row].toLowerCase().includes(sought))
    : [];
} else if (kind === "all") {
  source.selected.indices = [];
  show([]);
} else if (kind === "save") {
  const quoted = (value) => {
    let text = value === null || Number.isNaN(value) ? "" : String(value);
    // A cell that begins so would be a formula in a spreadsheet.
    if (typeof value === "string" && /^[\s'"]*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text)
        && !Number.isFinite(Number(text))) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.join(",")];
  for (let place = 0; place < table.data.row.length; place++)
    lines.push(columns.map((name) => quoted(table.data[name][place])).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"],
    { type: "text/csv" }));
  link.download = "selection.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}
