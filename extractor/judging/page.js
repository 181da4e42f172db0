// One thing at a time: what is claimed, the text around it, and three answers. Nothing here knows which run found it.

const by = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token");
const disputed = JSON.parse(by("data").textContent).disputed;
const ASKS = { entities: "Is this in the text, and is it that?", relations: "Does the text say this?" };
const SAYS = { y: "right", 1: "right", n: "wrong", 2: "wrong", 0: "unknown", "?": "unknown" };
let view = null; // what is shown
let busy = false; // an answer is under way: what is pressed meanwhile is not meant for what is shown

/** What the server says to a question; an Error in a person's words where it does not answer. */
async function ask(name, asked) {
  const sent = { method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }, body: JSON.stringify(asked) };
  const answer = await fetch(name, sent).catch(() => {
    throw new Error("Not kept: the command that serves this page has ended. Start it again and open the address that it prints; what you have said before is kept.");
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.fault || `${answer.status}`);
  return said;
}

/** Asks, and shows what comes; what is pressed until then is not taken. */
async function go(name, asked = {}) {
  if (busy) return;
  busy = true;
  try {
    const came = await ask(name, asked);
    by("fault").hidden = true;
    show(came);
  } catch (error) {
    by("fault").textContent = printable(error.message);
    by("fault").hidden = false;
  } finally {
    busy = false;
  }
}

function show(came) {
  if (view && came.place !== view.place) scrollTo(0, 0);
  view = came;
  const many = (count) => count.toLocaleString("en");
  by("count").textContent = `${many(came.judged)} of ${many(disputed)} judged`;
  const over = !("table" in came);
  by("answers").hidden = over;
  by("whole").hidden = over || !came.pieces || came.pieces.some((piece) => piece.end - piece.start === piece.of);
  by("whole").setAttribute("aria-pressed", "false");
  by("around").className = "";
  by("claim").replaceChildren(...(over ? [make("p", { className: "said" }, "That was all: everything that is disputed is judged.")] : claim(came)));
  by("around").replaceChildren(...(over ? [] : texts(came.pieces)));
  for (const button of by("answers").children) button.setAttribute("aria-pressed", String(button.dataset.said === came.said));
  document.querySelector('[data-step="-1"]').disabled = came.place === 0;
  document.querySelector('[data-step="1"]').disabled = over || !came.said;
  bringFirst();
  if (by("stand").open || came.judged % 5 === 0) stand();
}

/** "Ada Lovelace is a person", "Ada Lovelace ── met ─▶ Babbage", or a row by its columns. */
function claim({ table, kind, parts }) {
  const name = (n) => make("b", { className: `part${n % 3}`, dir: "auto" }, parts[n][1]);
  let said;
  if (table === "relations") said = [name(0), " ", make("span", { className: "predicate kind" }, kind || "–"), " ", name(1)];
  else if (table === "entities") said = [name(0), kind ? " is: " : "", make("b", {}, kind)];
  else said = [make("b", {}, kind), ...parts.flatMap(([column], n) => [make("small", {}, ` ${column} `), name(n)])];
  return [make("p", { className: "asks" }, ASKS[table] || "Does the text say that this happened?"), make("p", { className: "said" }, ...said)];
}

function texts(pieces) {
  if (pieces === null) return [make("p", { className: "note" }, "The text is not at hand: the inputs of the run have moved.")];
  const unmarked = pieces.every((piece) => !piece.marks.length);
  const boxes = pieces.map((piece) => make("div", { className: "text", dir: "auto" },
    piece.start > 0 && "… ", ...marked(piece), piece.end < piece.of && " …"));
  return [unmarked && make("p", { className: "note" }, "It does not stand in the text as it is written here."), ...boxes].filter(Boolean);
}

/** The text of a piece with its marks; the innermost mark gives the colour. */
function marked({ text, marks }) {
  const at = offsets(text);
  const spans = marks.map(([start, end, part, first]) => ({ start: at(start), end: at(end), part, first }));
  return pieces([text.length], spans).filter((one) => one.start < one.end).map((one) => {
    const words = text.slice(one.start, one.end);
    const shown = one.spans.find((span) => span.first) || one.spans[one.spans.length - 1];
    return shown ? make("mark", { className: `part${shown.part % 3}${shown.first ? " first" : ""}` }, words) : printable(words);
  });
}

/** Scrolls the text's own box to what is meant, never the page. */
function bringFirst() {
  for (const box of by("around").querySelectorAll(".text")) {
    const first = box.querySelector("mark.first");
    if (first) box.scrollTop += first.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  }
}

async function toggleWhole() {
  if (busy || by("whole").hidden || !("table" in view)) return;
  const on = by("whole").getAttribute("aria-pressed") !== "true";
  const shown = view;
  const pieces = on ? [await ask("text", { place: view.place })] : view.pieces;
  if (shown !== view) return;
  by("whole").setAttribute("aria-pressed", String(on));
  by("around").className = on ? "whole" : "";
  by("around").replaceChildren(...texts(pieces));
  bringFirst();
}

async function stand() {
  const told = await ask("stand", {}).catch(() => null);
  if (!told) return;
  by("standing").textContent = `${told.judged.toLocaleString("en")} of ${told.disputed.toLocaleString("en")} are judged by you. `
    + (told.enough ? "It is enough: more would change no verdict. End the command (Ctrl-C), and it tells the verdict." : "It is not enough yet to tell the runs apart in everything.");
  by("stand").classList.toggle("enough", told.enough);
  by("stand").firstElementChild.textContent = told.enough ? "How does it stand? It is enough." : "How does it stand?";
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || event.keyCode === 229) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in SAYS) judge(SAYS[key]);
  else if (key === "u") go("undo");
  else if (key === "t") toggleWhole();
  else if (key === "ArrowLeft") step(-1);
  else if (key === "ArrowRight") step(1);
  else return;
  event.preventDefault();
}

function judge(said) {
  if (view && "table" in view) go("say", { place: view.place, said });
}

/** Back to what was judged, or on; what lies ahead is not shown before this is judged. */
function step(by_) {
  if (!view || view.place + by_ < 0 || (by_ > 0 && !view.said)) return;
  go("show", { place: view.place + by_ });
}

document.addEventListener("keydown", onKey);
by("answers").addEventListener("click", (event) => {
  const said = event.target.closest("[data-said]")?.dataset.said;
  if (said) judge(said);
});
by("undo").addEventListener("click", () => go("undo"));
by("whole").addEventListener("click", toggleWhole);
by("stand").addEventListener("toggle", () => by("stand").open && stand());
for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => step(Number(button.dataset.step)));
go("show", { place: null });
