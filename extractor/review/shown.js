// The document that is shown: drawn when it comes, and after each change what the change concerns.

let [state, marked, findings, began] = [null, null, null, null];

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
