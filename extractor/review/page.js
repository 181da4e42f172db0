// The page: what it knows from the beginning, keys and buttons, colours.

const facts = JSON.parse(document.getElementById("data").textContent);
const { schema } = facts;
const by = (id) => document.getElementById(id);
const colours = new Map((schema.tables.entities?.kinds || []).map(([name], n) => [name, `t${n % 9}`]));

/** The class of an entity type's colour. */
function colourOf(type) {
  if (type && !colours.has(type)) colours.set(type, `t${colours.size % 9}`);
  return colours.get(type) || "t9";
}

const KEYS = { a: "accept", Enter: "accept", j: "next", k: "previous", d: "remove", Delete: "remove", t: "retype", e: "add", r: "relate",
  w: "rename", v: "row", u: "undo", s: "skip", n: "note", m: "fields", "?": "help" };

function onKey(event) {
  if (composing(event) || document.querySelector("dialog[open]") || event.target.matches("input, textarea, select")) return;
  const undoes = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey;
  if ((event.ctrlKey || event.metaKey || event.altKey) && !undoes && !event.key.startsWith("Arrow")) return;
  const inText = event.target === marked?.box && !getSelection().isCollapsed;
  if (inText && event.key.startsWith("Arrow")) {
    marked.pick(event);
    return event.preventDefault();
  }
  if (event.key === "Escape") getSelection().removeAllRanges();
  if (event.key === "Enter" && event.target.matches("button:not(.item), a, summary")) return;
  const act = undoes ? "undo" : inText && event.key === "Enter" ? "add" : Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (!act) return;
  event.preventDefault();
  if (event.repeat && ["accept", "skip"].includes(act)) return;
  ACTS[act]();
}

themes();
document.querySelectorAll("[data-act=row]").forEach((button) => { button.hidden = Object.keys(schema.tables).every((table) => TITLES[table]); });
by("remarks").append(...facts.remarks.map((remark) => make("p", { className: "note" }, remark)));
document.addEventListener("keydown", onKey);
document.addEventListener("mousedown", (event) => { if (event.target.closest("[data-act], .item")) event.preventDefault(); }); // a selection stays
document.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  const key = event.target.closest("[data-item]")?.dataset.item ?? clickedMark(event);
  if (event.target.closest("[data-close]")) shut(event.target.closest("dialog"));
  else if (act) ACTS[act]();
  else if (key !== undefined && state) state.at = Number(key), point();
});

/** The entity of a mark that was clicked, not of one in which words are being selected. */
function clickedMark(event) {
  return getSelection().isCollapsed ? event.target.closest(".text [data-entities]")?.dataset.entities.split(" ").pop() : undefined;
}

document.addEventListener("visibilitychange", () => {
  if (!began) return;
  if (document.hidden) began = { seconds: began.seconds + performance.now() - began.since, since: null };
  else began.since = performance.now();
});
by("retry").addEventListener("click", () => asking(again));
addEventListener("beforeunload", (event) => { if (state?.past.length) event.preventDefault(); });
asking(async () => show(await ask("show", { window: HERE })));
