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

/** The items of one document beside its text: drawn once, and of a change only the items that it changes. */
class Findings {
  constructor(schema) {
    this.schema = schema;
    this.tables = Object.keys(schema.tables);
    this.rows = new Map(); // key → what is told of an item, and the element
    this.whole = null; // the keys of all items that are drawn
  }

  /** The sections as they are to stand now; the same elements where nothing changed. */
  show(box, state) {
    for (const item of state.items) {
      const told = JSON.stringify([item.values, item.gone, item.origin, item.mentions?.length]);
      const before = this.rows.get(item.key);
      if (before?.told === told) continue;
      const row = make("li", {}, itemOf(item, this.schema));
      before?.row.replaceWith(row);
      this.rows.set(item.key, { told, row });
    }
    const whole = state.items.map((item) => item.key).join(" ");
    if (whole !== this.whole) box.replaceChildren(...this.tables.map((table) => this.section(table, state)), make("div", { id: "beside" }));
    this.whole = whole;
    for (const table of this.tables) box.querySelector(`[data-table="${table}"] h2 small`).textContent = state.kept(table).length;
    by("beside").replaceChildren(...[fieldsOf(state, this.schema)].filter(Boolean));
  }

  section(table, state) {
    const rows = state.items.filter((item) => item.table === table).map((item) => this.rows.get(item.key).row);
    const nothing = { entities: "none: select words and press e", relations: "none: press r to relate two entities" }[table] || "none";
    return make("section", { "data-table": table }, make("h2", {}, `${TITLES[table] || table[0].toUpperCase() + table.slice(1)} `, make("small", {})),
      rows.length ? make("ul", { className: { entities: "chips", relations: "relations" }[table] || "rows" }, ...rows) : make("p", { className: "none" }, nothing));
  }
}

function itemOf(item, schema) {
  const { kind, key, columns } = schema.tables[item.table];
  const names = ["item", item.gone && "gone", item.origin === null && "added", item.table === "entities" && colourOf(item.values.type)];
  const about = { type: "button", className: names.filter(Boolean).join(" "), "data-item": item.key, "aria-pressed": "false", ariaLabel: spoken(item, schema) };
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
