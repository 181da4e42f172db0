// What a person does: each act changes the document's state, or asks the server; then what has changed is drawn again.

const HERE = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()); // this window
const token = new URLSearchParams(location.search).get("token");
const before = []; // documents decided in this window, the last one last, as they were left
let [state, marked, findings, busy, again, began] = [null, null, null, false, null, null];

class Fault extends Error {} // what the server says is wrong
class Gone extends Error {}

/** What the server answers to a question; Fault or Gone where it does not. */
async function ask(name, said) {
  let answer;
  try {
    answer = await fetch(`/${name}`, { method: "POST", body: JSON.stringify(said), headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" } });
    if (answer.ok) return await answer.json();
  } catch { throw new Gone(); }
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 403) throw new Gone();
  throw new Fault(told.fault || `the server failed (${answer.status}); the terminal says why`);
}

/** Does something that asks the server, one at a time; what fails is told, and can be tried again. */
async function asking(act) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await act();
    tell("gone", false);
    tell("fault", false);
  } catch (error) {
    if (error instanceof Gone) again = act;
    else if (!(error instanceof Fault)) throw error;
    tell("gone", error instanceof Gone);
    tell("fault", error instanceof Fault, error.message);
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

function tell(id, is, words) {
  if (words !== undefined) by(id).textContent = printable(words);
  by(id).hidden = !is;
}

function say(words) {
  by("said").textContent = printable(words);
}

/** Shows what the server answered: the next document, or that all is done. */
function show({ document: doc, progress }, left) {
  by("bar").max = progress.all || 1;
  by("bar").value = progress.done;
  const each = progress.seconds ? ` · about ${Math.round(progress.seconds) || 1} s each` : "";
  by("progress").textContent = `${progress.done.toLocaleString("en")} of ${progress.all.toLocaleString("en")}${each}`;
  getSelection().removeAllRanges();
  if (!doc) return done(progress);
  state = new State(doc);
  if (left) Object.assign(state, { items: left.items, form: left.form, note: left.note });
  marked = new MarkedText(doc.text, doc.passages);
  findings = new Findings(schema);
  by("work").hidden = false;
  by("head").replaceChildren(...headOf(doc));
  by("text").replaceChildren(marked.box);
  began = { seconds: 0, since: document.hidden ? null : performance.now() };
  draw();
  scrollTo(0, 0);
}

function done(progress) {
  state = null;
  by("work").hidden = true;
  by("head").replaceChildren(make("h1", {}, progress.all ? "All documents are decided." : "There is nothing to review."),
    make("p", {}, "End the command with Ctrl-C: it says what to do with them. u goes back to the last one."));
}

/** Draws what has changed. */
function draw() {
  marked.show(state.marked());
  findings.show(by("findings"), state);
  point();
}

/** Shows where the current item stands. */
function point() {
  marked.box.querySelectorAll(".found").forEach((old) => old.classList.remove("found"));
  const item = state.current;
  by("findings").querySelectorAll(".item.active").forEach((old) => { old.classList.remove("active"); old.setAttribute("aria-pressed", "false"); });
  if (!item) return;
  const row = by("findings").querySelector(`[data-item="${item.key}"]`);
  row.classList.add("active");
  row.setAttribute("aria-pressed", "true");
  const marks = entitiesOf(item).flatMap((key) => marked.marksOf(key));
  marks.forEach((mark) => mark.classList.add("found"));
  into(marks[0], marked.box);
  into(row, by("findings"));
}

/** Brings an element into view, in its own box alone where that scrolls. */
function into(element, box) {
  if (!element) return;
  const [frame, one] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
  if (box.scrollHeight <= box.clientHeight + 1) element.scrollIntoView({ block: "nearest" });
  else if (one.top < frame.top || one.bottom > frame.bottom) box.scrollTop += one.top - frame.top - frame.height / 3;
}

/** The keys of the entities that an item is, or names. */
function entitiesOf(item) {
  if (item.table === "entities") return [item.key];
  const names = new Set(Object.values(item.values).flat().filter((value) => typeof value === "string").map(fold));
  return state.kept("entities").filter((entity) => names.has(fold(entity.values.name))).map((entity) => entity.key);
}

/** Seconds for which the document was looked at. */
function spent() {
  const now = began.since === null ? 0 : performance.now() - began.since;
  return (began.seconds + now) / 1000;
}

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
    const { doc } = state;
    await asking(async () => {
      const found = await ask("find", { doc_id: doc.doc_id, name: selected.words });
      if (state?.doc !== doc) return;
      state.add("entities", { name: selected.words, type }, united([selected.mention], found.mentions));
      getSelection().removeAllRanges();
      say(`added: ${selected.words}, ${type}`);
      draw();
    });
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
