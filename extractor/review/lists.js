// What stands beside the text: the document's head, its items by table, the summary and the other fields.

const TITLES = { entities: "Entities", relations: "Relations" };

/** Why the document is shown, and what is to be known of it. */
function headOf(doc) {
  const badges = [doc.drawn === "sample" ? "drawn at random" : null, ...doc.why.filter((why) => why !== "quarantined")].filter(Boolean);
  return [
    make("h1", { dir: "auto" }, doc.doc_id),
    doc.status === "quarantined" && make("span", { className: "badge quarantined", title: doc.problem }, "quarantined"),
    ...badges.map((why) => make("span", { className: "badge differs" }, why)),
    doc.verdict && make("span", { className: "badge ok" }, `${doc.verdict} before`),
    doc.problem && make("p", { className: "note" }, `The model gave no answer here: ${doc.problem}. Add what there is, or skip it.`),
    doc.moved && make("p", { className: "note" }, "The text has changed since the run: names are marked where they stand now."),
  ].filter(Boolean);
}

/** All items as lists, then the fields. */
function findingsOf(state, schema) {
  const tables = Object.keys(schema.tables).map((table) => tableOf(state, schema, table));
  return [...tables, fieldsOf(state, schema)].filter(Boolean);
}

function tableOf(state, schema, table) {
  const items = state.items.filter((item) => item.table === table);
  const rows = items.map((item) => make("li", {}, itemOf(item, schema, item.key === state.at)));
  const title = TITLES[table] || table[0].toUpperCase() + table.slice(1);
  const kept = items.filter((item) => !item.gone).length;
  return make("section", { "data-table": table }, make("h2", {}, `${title} `, make("small", {}, kept)),
    rows.length ? make("ul", { className: table === "entities" ? "chips" : table === "relations" ? "relations" : "rows" }, ...rows)
      : make("p", { className: "none" }, table === "entities" ? "none: select words and press e" : table === "relations" ? "none: press r to relate two entities" : "none"));
}

function itemOf(item, schema, chosen) {
  const { kind, key, columns } = schema.tables[item.table];
  const names = ["item", item.gone && "gone", item.origin === null && "added", chosen && "active", item.table === "entities" && colourOf(item.values.type)];
  const about = { type: "button", className: names.filter(Boolean).join(" "), "data-item": item.key, "aria-pressed": String(chosen), ariaLabel: spoken(item, schema) };
  const sure = item.confidence != null && make("small", { className: "sure", title: "confidence, 0 to 1" }, item.confidence.toFixed(2));
  if (item.table === "relations") {
    return make("button", about, make("span", { className: "end", dir: "auto" }, item.values.subject ?? "–"), make("span", { className: "predicate" }, item.values.predicate ?? "–"),
      make("span", { className: "end", dir: "auto" }, item.values.object ?? "–"), sure);
  }
  const others = columns.filter((name) => !key.includes(name) && shown(item.values[name]));
  return make("button", about, make("span", { className: "end", dir: "auto" }, key.map((name) => shown(item.values[name])).join(" · ")),
    item.values[kind] && make("small", {}, ` ${item.values[kind]}`), item.mentions?.length > 1 && make("small", {}, ` ×${item.mentions.length}`),
    item.mentions?.length === 0 && make("small", { className: "tag new" }, "not in the text"), sure,
    others.length > 0 && make("span", { className: "columns" }, ...others.map((name) => make("span", {}, make("small", {}, `${name} `), make("span", { dir: "auto" }, shown(item.values[name]))))));
}

/** An item in words, for those who hear it. */
function spoken(item, schema) {
  const { one, kind, key } = schema.tables[item.table];
  const said = item.table === "relations" ? `${item.values.subject} ${item.values.predicate} ${item.values.object}` : `${key.map((name) => item.values[name]).join(", ")}, ${item.values[kind] ?? "no type"}`;
  return printable(`${one}: ${said}${item.gone ? ", deleted" : item.origin === null ? ", added" : ""}`);
}

/** A value as a person writes it. */
function shown(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(shown).filter(Boolean).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function fieldsOf(state, schema) {
  if (!schema.form.length) return null;
  const rows = schema.form.map((field, n) => make("div", {}, make("dt", {}, field.path.join(" · ")),
    make("dd", { dir: "auto", className: state.form[n] === state.doc.form[n] ? "" : "changed" }, shown(state.form[n]) || "–")));
  return make("section", { "data-table": "fields" }, make("h2", {}, "Fields ", make("button", { type: "button", className: "small", "data-act": "fields" }, "mend ", make("kbd", {}, "m"))), make("dl", { className: "fields" }, ...rows),
    state.note && make("p", { className: "note", id: "noted" }, state.note));
}
