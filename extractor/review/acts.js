// What a person does: each act changes the document's state, or asks the server; then what has changed is drawn again.

const before = []; // documents decided in this window, the last one last, as they were left

function decide(verdict) {
  if (!state) return;
  return asking(async () => {
    const left = state;
    const answer = await ask("decide", left.decision(verdict, spent(), HERE));
    before.push(left);
    if (before.length > 50) before.shift();
    say(verdict === "skipped" ? `${left.doc.doc_id} is skipped` : answer.kept.fault ? `${left.doc.doc_id} is kept as gold, and is no example: ${answer.kept.fault}` : `${left.doc.doc_id}: ${answer.kept.verdict}`);
    show(answer);
  });
}

const ACTS = {
  accept: () => decide("right"),
  skip: () => decide("skipped"),
  next: () => step(1),
  previous: () => step(-1),
  remove() {
    if (!state?.current) return say("choose an item first: j and k, or click it");
    const taken = state.remove();
    const item = state.current;
    say(`${spoken(item, schema)}${item.gone ? "" : ", brought back"}${taken.length ? `, and with it ${taken.length} relation${taken.length > 1 ? "s" : ""}` : ""}`);
    draw();
  },
  async retype() {
    const item = state?.current;
    if (!item) return say("choose an item first: j and k, or click it");
    const { kind, one } = schema.tables[item.table];
    const kinds = item.table === "relations" ? fitting(typesOf(item.values.subject), typesOf(item.values.object)) : kindsOf(item.table);
    const chosen = await choose(`Which ${kind} is this ${one}?`, kinds, schema.tables[item.table].open);
    if (chosen === null || chosen === item.values[kind]) return;
    state.edit(() => { state.items[item.key].values = { ...item.values, [kind]: chosen }; });
    draw();
  },
  async add() {
    if (!state || !schema.tables.entities) return say("the schema has no place for entities");
    const selected = marked.selected();
    if (!selected) {
      marked.begin(state.current?.key);
      return say("the arrows choose a word, with Shift they stretch it, Enter takes it; or select words with the mouse");
    }
    const type = await choose(`What is “${selected.words}”?`, kindsOf("entities"), schema.tables.entities.open);
    if (type === null) return;
    await withPlaces(selected, (mentions) => {
      state.add("entities", { name: selected.words, type }, mentions);
      say(`added: ${selected.words}, ${type}`);
    });
  },
  /** The chosen entity is called by the selected words, in its relations too. */
  async rename() {
    const [item, selected] = [state?.current, marked?.selected()];
    if (item?.table !== "entities" || !selected) return say("choose an entity, select the words that are its name, then press w");
    await withPlaces(selected, (mentions) => {
      state.rename(item.key, selected.words, mentions);
      say(`renamed: ${item.values.name} is ${selected.words}`);
    });
  },
  /** Adds a row of a further table, or mends the chosen one. */
  async row() {
    const [item, selected] = [state?.current, marked?.selected()];
    const further = Object.keys(schema.tables).filter((table) => !TITLES[table]);
    if (!state || !further.length) return say("the schema has no further tables");
    if (item && further.includes(item.table)) {
      const values = await columnsOf(item.table, item.values);
      if (values) state.edit(() => { state.items[item.key].values = values; });
    } else {
      const table = further.length === 1 ? further[0] : await choose("Add a row of which table?", further.map((name) => ({ value: name, label: name })));
      if (table === null) return;
      const { key, kind, kinds, one, open } = schema.tables[table];
      const type = kinds.length || open ? await choose(`Which ${kind} is this ${one}?`, kindsOf(table), open) : undefined;
      if (type === null) return;
      const values = await columnsOf(table, { [key[0]]: selected?.words ?? "", ...(type && { [kind]: type }) });
      if (values) state.add(table, values);
    }
    draw();
  },
  async relate() {
    if (!state || !schema.tables.relations) return say("the schema has no place for relations");
    const entities = state.kept("entities");
    if (entities.length < 2) return say("two entities are needed: select words and press e");
    const chosen = state.current;
    const subject = chosen?.table === "entities" && !chosen.gone ? chosen : await entityFrom("Subject: who or what?", entities);
    if (!subject) return;
    const object = await entityFrom(`${subject.values.name} → whom or what?`, entities.filter((one) => one !== subject));
    if (!object) return;
    const predicates = fitting(typesOf(subject.values.name), typesOf(object.values.name));
    if (!predicates.length && !schema.tables.relations.open) return say(`no predicate of the schema joins ${subject.values.type} → ${object.values.type}`);
    const predicate = await choose(`${subject.values.name} … ${object.values.name}`, predicates, schema.tables.relations.open);
    if (predicate === null) return;
    state.add("relations", { subject: subject.values.name, predicate, object: object.values.name });
    say(`added: ${spoken(state.current, schema)}`);
    draw();
  },
  async fields() {
    if (!state || !schema.form.length) return say("the schema has no fields beside its tables");
    const values = await fill("Summary and fields", schema.form, state.form);
    if (!values || JSON.stringify(values) === JSON.stringify(state.form)) return;
    state.edit(() => { state.form = values; });
    draw();
  },
  async note() {
    if (!state) return;
    const values = await fill("Note", [{ path: ["note on this document"], kind: "text", says: "" }], [state.note]);
    if (values) state.edit(() => { state.note = values[0] || ""; });
    draw();
  },
  undo() {
    if (state?.undo()) return draw();
    const last = before.pop();
    if (!last) return say("nothing to undo");
    return asking(async () => {
      try {
        const answer = await ask("show", { window: HERE, doc_id: last.doc.doc_id });
        show(answer, last);
        say(`back to ${last.doc.doc_id}: what you decide now stands`);
      } catch (error) { before.push(last); throw error; }
    });
  },
  help() { by("help").showModal(); },
};

/** Changes the document by every place where the selected words stand, which the server finds. */
function withPlaces(selected, change) {
  const { doc } = state;
  return asking(async () => {
    const found = await ask("find", { doc_id: doc.doc_id, name: selected.words });
    if (state?.doc !== doc) return;
    change(united([selected.mention], found.mentions));
    getSelection().removeAllRanges();
    draw();
  });
}

/** Asks for the columns of a row; null where nothing is kept. Names in a list stand in a line each. */
async function columnsOf(table, values) {
  const { columns, one, lists } = schema.tables[table];
  const fields = columns.map((name) => ({ path: [name], kind: "text", says: lists.includes(name) ? "one a line" : "", empty: true }));
  const read = await fill(one, fields, columns.map((name) => (Array.isArray(values[name]) ? values[name].join("\n") : values[name] ?? null)));
  if (!read) return null;
  const said = columns.map((name, n) => [name, lists.includes(name) ? (read[n] || "").split("\n").map((line) => line.trim()).filter(Boolean) : read[n]]);
  return { ...values, ...Object.fromEntries(said.filter(([name, value]) => value !== null || values[name] !== undefined)) };
}

function step(by_) {
  if (!state?.items.length) return;
  state.at = Math.min(Math.max(state.at + by_, 0), state.items.length - 1);
  point();
}

async function entityFrom(title, entities) {
  const options = entities.map((one) => ({ value: one.key, label: one.values.name, hint: one.values.type, colour: colourOf(one.values.type) }));
  const key = await choose(title, options);
  return key === null ? null : state.items[key];
}

function kindsOf(table) {
  return schema.tables[table].kinds.map(([name, hint]) => ({ value: name, label: name, hint, colour: table === "entities" ? colourOf(name) : "" }));
}

/** The types that entities of a name have. */
function typesOf(name) {
  return state.kept("entities").filter((one) => alike(one.values.name, name)).map((one) => one.values.type);
}

/** The predicates that may join things of these types; what is of no type, or no entity, is joined by any. */
function fitting(subjects, objects) {
  const fits = (types, allowed) => !allowed || !types.length || types.some((type) => !type || allowed.includes(type));
  return kindsOf("relations").filter(({ value }) => {
    const [subject, object] = schema.ends[value] || [null, null];
    return fits(subjects, subject) && fits(objects, object);
  });
}
