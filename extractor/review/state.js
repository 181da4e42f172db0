// One document as the person has left it so far: items that are kept or gone, the form, the note, and what was before.

/** What a person does to one document; `items` are rows of all tables, each with a key of its own. */
class State {
  constructor(doc) {
    this.doc = doc;
    this.items = Object.entries(doc.tables).flatMap(([table, rows]) => rows.map((row) => ({ ...row, table, gone: false })));
    this.items.forEach((item, key) => { item.key = key; });
    this.form = doc.form;
    this.note = doc.note || "";
    this.at = -1;
    this.past = [];
  }

  /** Changes something; `change` is given copies that it may write to. */
  edit(change) {
    this.past.push({ items: this.items, form: this.form, note: this.note, at: this.at });
    this.items = this.items.map((item) => ({ ...item }));
    change(this);
  }

  /** Takes the last change back; false where there is none. */
  undo() {
    const before = this.past.pop();
    if (before) Object.assign(this, before);
    return Boolean(before);
  }

  get current() {
    return this.items[this.at];
  }

  kept(table) {
    return this.items.filter((item) => item.table === table && !item.gone);
  }

  /** The entities to be marked in the text. */
  marked() {
    return this.kept("entities").map(({ key, values, mentions }) => ({ key, type: values.type, mentions }));
  }

  /** Deletes the current item, or brings it back; with an entity go the relations of which it is an end. */
  remove() {
    let taken = [];
    this.edit(() => {
      const item = this.current;
      item.gone = !item.gone;
      if (item.table !== "entities") {
        if (!item.gone) this.bringEnds(item);
        return;
      }
      const ends = item.gone ? this.relationsOf(item) : this.items.filter((one) => one.with === item.key);
      taken = ends.filter((one) => one.gone !== item.gone);
      for (const one of taken) Object.assign(one, { gone: item.gone, with: item.gone ? item.key : undefined });
    });
    return taken;
  }

  /** A relation that comes back brings its ends. */
  bringEnds(relation) {
    if (relation.table !== "relations") return;
    for (const name of [relation.values.subject, relation.values.object]) {
      const own = this.items.filter((item) => item.table === "entities" && alike(item.values.name, name));
      if (own.length && own.every((item) => item.gone)) own[0].gone = false;
    }
  }

  /** The relations that lose an end when this entity goes; none where another of its name is left. */
  relationsOf({ key, values: { name } }) {
    if (this.kept("entities").some((one) => one.key !== key && alike(one.values.name, name))) return [];
    return this.kept("relations").filter(({ values }) => alike(values.subject, name) || alike(values.object, name));
  }

  /** Adds a row, or brings the same one back; `mentions` are of an entity. */
  add(table, values, mentions) {
    this.edit(() => {
      const same = this.items.find((item) => item.table === table && sameValues(item.values, values));
      if (same) {
        same.gone = false;
        if (mentions) same.mentions = united(same.mentions, mentions);
        this.at = same.key;
        return;
      }
      const item = { origin: null, table, values, attributes: {}, confidence: null, gone: false, key: this.items.length };
      if (mentions) Object.assign(item, { mentions, match: "exact" });
      this.items.push(item);
      this.at = item.key;
    });
  }

  /** Calls an entity by other words, in the rows that name it too, unless another has its old name. */
  rename(key, name, mentions) {
    this.edit(() => {
      const old = this.items[key].values.name;
      Object.assign(this.items[key], { values: { ...this.items[key].values, name }, mentions, match: "exact" });
      if (this.kept("entities").some((one) => alike(one.values.name, old))) return;
      const called = (value) => (Array.isArray(value) ? value.map(called) : typeof value === "string" && alike(value, old) ? name : value);
      const ends = { relations: ["subject", "object"] };
      for (const item of this.items.filter((one) => one.table !== "entities")) {
        const changed = (ends[item.table] || Object.keys(item.values).filter((column) => Array.isArray(item.values[column]))).map((column) => [column, called(item.values[column])]);
        item.values = { ...item.values, ...Object.fromEntries(changed) };
      }
    });
  }

  /** What the server is sent. */
  decision(verdict, seconds, window) {
    const tables = {};
    for (const { table, origin, values, mentions, attributes, gone } of this.items) {
      if (!gone) (tables[table] ||= []).push({ origin, values, mentions: mentions || [], attributes });
    }
    return { doc_id: this.doc.doc_id, verdict, tables, form: this.form, note: this.note, seconds, window };
  }
}

function sameValues(one, two) {
  return Object.keys(two).every((name) => one[name] === two[name]);
}

const folded = new Map(); // names

/** Whether two names are one, whatever their case and width. */
function alike(one, two) {
  return fold(one) === fold(two);
}

function fold(name) {
  if (!folded.has(name)) folded.set(name, (name || "").normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim());
  return folded.get(name);
}

/** Spans of both, each once, in the order of the text. */
function united(some, more) {
  const all = [...some, ...more.filter(([start, end]) => !some.some(([s, e]) => s < end && start < e))];
  return all.sort((a, b) => a[0] - b[0]);
}
