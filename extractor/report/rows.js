// Rows of the tables beside entities and relations: what says which row it is, its kind, and its other columns by name.

/** A table's rows in one arm: its own, missed ones, those that only other arms have. */
function tableRows(data, one, arm, number, table) {
  const everyArm = (1 << data.arms.length) - 1;
  const rowsOf = (of) => of.rows[table.name] || [];
  const own = rowsOf(arm).map(([values, bits, verdict]) => tableRow(table, values, { bits, verdict, everyArm }, data, arm));
  const missed = (arm.missed_rows[table.name] || []).map((values) => tableRow(table, values, { missed: true }, data, arm));
  const others = elsewhere(one, number, rowsOf, 1).map(([[values], from]) => tableRow(table, values, { from }, data, arm));
  const all = [...own, ...missed, ...others];
  const title = table.name[0].toUpperCase() + table.name.slice(1);
  return all.length ? [make("h5", {}, `${title} ${own.length}`), make("ul", { className: "rows" }, ...all)] : [];
}

function tableRow(table, values, about, data, arm) {
  const kind = table.kind && values[table.kind];
  const others = [...table.others.map((name) => [name, values[name]]), ...Object.entries(values.attributes || {})];
  return make("li", {}, make("button", { ...looks(about), type: "button", "data-row": namedIn(values, arm).join(" ") },
    make("span", { className: "end", dir: "auto" }, table.key.map((name) => shown(values[name])).join(" · ")),
    kind && make("small", {}, kind), ...signs(about, data),
    make("span", { className: "columns" }, ...others.filter(([, value]) => shown(value)).map(([name, value]) =>
      make("span", {}, make("small", {}, `${name} `), make("span", { className: "value", dir: "auto" }, shown(value)))))));
}

/** A value as a person writes it. */
function shown(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(shown).filter(Boolean).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The numbers of the arm's entities that a row names. */
function namedIn(values, arm) {
  const said = new Set(Object.values(values).flat().map((value) => String(value).toLowerCase()));
  return arm.entities.flatMap(([name], n) => (said.has((name || "").toLowerCase()) ? [n] : []));
}

/** Every text of a case's rows, for the search. */
function wordsOfRows(arm) {
  return Object.values(arm.rows).flat().flatMap(([values]) =>
    Object.entries(values).flatMap(([name, value]) => (name === "attributes" ? Object.values(value) : [value])).map(shown));
}
