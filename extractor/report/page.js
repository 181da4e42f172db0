// The page: data, filters, keyboard, colours.

const data = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);
const colours = new Map();

/** The class of an entity type's colour. */
function colourOf(type) {
  return colours.get(type) || "t9";
}

/** How often each kind is found in each table: {table: [[kind, count], …]}, the most frequent first. */
function countTypes() {
  const tables = ["e", "r", ...data.tables.map((table) => table.name)];
  return Object.fromEntries(tables.map((table) => {
    const counts = new Map();
    const add = (name) => name !== null && counts.set(name, (counts.get(name) || 0) + 1);
    for (const one of data.cases) {
      for (const arm of one.arms) {
        kindsOf(arm, table).forEach(add);
        if (table === "e") arm.missed_entities.forEach((entity) => add(entity[1]));
      }
    }
    return [table, [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))];
  }));
}

function fillFilters() {
  const types = countTypes();
  types.e.forEach(([name], n) => colours.set(name, `t${n % 9}`));
  for (const [table, found] of Object.entries(types)) {
    if (!found.length) continue;
    by("type").append(make("optgroup", { label: { e: "entities", r: "relations" }[table] || table }, ...found.map(([name, count]) =>
      make("option", { value: `${table}:${name}` }, `${name} (${count.toLocaleString("en")})`))));
  }
  for (const status of ["ok", "empty", "quarantined"]) offer("status", status, (arm) => arm.status === status);
  const ends = new Set(data.cases.flatMap((one) => one.arms.map((arm) => arm.end || "none")));
  for (const end of [...ends].sort()) offer("end", end, (arm) => (arm.end || "none") === end);
  by("end").parentElement.hidden = [...ends].every((end) => end === "none");
  for (const cut of Object.keys(CUTS)) offer("cut", cut, CUTS[cut]);
  by("cut").parentElement.hidden = by("cut").length === 1;
  const compares = data.arms.length > 1;
  by("differs").parentElement.hidden = !compares;
  by("wrong").parentElement.hidden = !data.gold;
  const orders = [compares && ["differs", "least agreement"], data.gold && ["errors", "most errors"],
    data.cases.some((one) => leastSure(one) <= 1) && ["unsure", "least sure first"], ["tokens", "most tokens"]];
  by("order").append(...orders.filter(Boolean).map(([value, label]) => make("option", { value }, label)));
  if (compares) by("order").value = "differs";
}

/** Adds a value to a choice, with the number of documents that have it in some arm, if there are any. */
function offer(id, value, has) {
  const count = data.cases.filter((one) => one.arms.some(has)).length;
  if (count) by(id).append(make("option", { value }, `${value.replace("_", " ")} (${count.toLocaleString("en")})`));
}

function wanted() {
  const value = (id) => by(id).value;
  return { search: value("search"), status: value("status"), end: value("end"), cut: value("cut"), type: value("type"), order: value("order"),
    differs: by("differs").checked, wrong: by("wrong").checked };
}

function refresh() {
  const numbers = chosen(data, wanted());
  const [some, all] = [numbers.length, data.cases.length].map((count) => count.toLocaleString("en"));
  by("count").textContent = some === all ? `${all} document${all === "1" ? "" : "s"}` : `${some} of ${all} documents`;
  list.use(numbers);
  paintHits(by("case"), wordsOf(by("search").value));
}

function show(one) {
  kept = null;
  if (!one) return by("case").replaceChildren(make("p", { className: "note" }, "No document passes these filters."));
  showCase(by("case"), data, one);
  paintHits(by("case"), wordsOf(by("search").value));
  try { history.replaceState(null, "", `#doc=${encodeURIComponent(one.id)}`); } catch { /* a page may not be let */ }
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === by("search")) {
    if (event.key === "Escape") by("list").focus();
    return;
  }
  if (event.target.matches("select, textarea, input:not([type=checkbox])")) return;
  const inList = event.target === by("list");
  const steps = { j: 1, k: -1, ...(inList && { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }) };
  if (event.key === "/") by("search").focus(), by("search").select();
  else if (inList && event.key === "Enter") by("case").focus();
  else if (event.key in steps) list.move(steps[event.key]);
  else return;
  event.preventDefault();
}

themes();
fillFilters();
const list = new List(by("list"), data, show);
let typing = 0;
by("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(refresh, 120); });
by("filters").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["status", "end", "cut", "type", "order", "differs", "wrong"]) by(id).addEventListener("change", refresh);
document.addEventListener("keydown", onKey);
by("case").addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (step) list.move(Number(step)), by("case").querySelector(`[data-step="${step}"]`).focus();
});
pointing(by("case"));
const linked = /^#doc=(.+)$/.exec(location.hash)?.[1];
refresh();
if (linked) {
  const place = list.numbers.findIndex((n) => encodeURIComponent(data.cases[n].id) === linked);
  if (place >= 0) list.select(place);
}
performance.mark("first document");
