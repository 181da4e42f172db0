// One document: its arms side by side, marks explained, a name or relation found in the text when pointed at.

const SIGNS = { 1: ["✓", "right by gold"], "-1": ["✗", "not in gold"], 0: ["", ""] };
const STATUS = { ok: "ok", empty: "empty: valid, found nothing", quarantined: "quarantined" };

/** Fills the article with one case. */
function showCase(article, data, one) {
  const everyArm = (1 << data.arms.length) - 1;
  const columns = one.arms.map((arm, n) => armColumn(data, one, arm, n, everyArm));
  const parts = [
    make("header", { className: "casehead" },
      make("h3", {}, one.id),
      make("span", { className: "steps" },
        make("button", { type: "button", "data-step": -1, ariaLabel: "previous document" }, "‹"),
        make("button", { type: "button", "data-step": 1, ariaLabel: "next document" }, "›")),
      one.agree === null ? null : make("span", { className: "badge" }, `runs agree ${Math.round(100 * one.agree)} %`)),
    explained(data, one),
    one.stale && make("p", { className: "note" }, "The text has changed since the run: marks may be beside their place."),
    one.cut && make("p", { className: "note" }, `Only the beginning is shown: ${one.cut.toLocaleString("en")} characters more.`),
    make("div", { className: "arms", "data-arms": one.arms.length }, ...columns),
    one.summary && make("div", { className: "reference" }, make("h4", {}, "Summary in gold"), make("p", { dir: "auto" }, one.summary)),
  ];
  article.replaceChildren(...parts.filter(Boolean));
}

function explained(data, one) {
  const says = [];
  if (data.arms.length > 1 && one.differs) says.push(make("mark", { className: "key only" }, "only in some runs"));
  if (data.gold && one.arms.some((arm) => arm.score)) {
    says.push(make("mark", { className: "key wrong" }, "not in gold"), make("mark", { className: "key missed" }, "missed"));
  }
  return says.length ? make("p", { className: "explained" }, ...says) : null;
}

function armColumn(data, one, arm, number, everyArm) {
  const lone = data.arms.length === 1;
  return make("section", { className: `arm ${arm.status}`, "data-arm": number },
    make("h4", {}, lone ? null : make("i", { className: `dot arm${number % 8}` }), lone ? null : `${data.arms[number]} `,
      make("span", { className: `badge ${arm.status}` }, STATUS[arm.status] || arm.status), arm.loop && " ", arm.loop && loopSign()),
    make("p", { className: "cost" }, cost(arm)),
    one.text !== null && arm.passages.length > 1 && passages(arm),
    arm.status === "quarantined" && quarantined(arm),
    one.text === null ? make("p", { className: "note" }, "The text is not at hand: neither the inputs of the run nor gold have it.")
      : markedText(one.text, arm, everyArm),
    ...relations(data, one, arm, number, everyArm),
    ...entities(data, one, arm, number, everyArm),
    ...data.tables.flatMap((table) => tableRows(data, one, arm, number, table)),
    arm.summary && make("div", { className: "summary" }, make("h5", {}, "Summary"), make("p", { dir: "auto" }, arm.summary)),
    arm.dropped.length > 0 && leftOut(arm.dropped),
    folded("Reasoning", arm.reasoning),
    folded("Other fields", arm.record),
  );
}

function cost(arm) {
  const [prompt, thinking, answer] = arm.tokens;
  const many = (count) => (count || 0).toLocaleString("en");
  return [
    prompt === null ? "no model was asked" : `${many(prompt)} prompt ${thinking ? `+ ${many(thinking)} thinking ` : ""}+ ${many(answer)} answer tokens`,
    arm.seconds === null ? null : `${arm.seconds.toFixed(arm.seconds < 10 ? 2 : 0)} s`,
    arm.end && arm.end !== "none" ? `thought: ${arm.end.replace("_", " ")}` : null,
    arm.score ? `✓ ${arm.score[0]}  ✗ ${arm.score[1]}  missed ${arm.score[2]}` : null,
  ].filter(Boolean).join(" · ");
}

/** Leads to a passage of the text below it. */
function passages(arm) {
  const failed = arm.passages.filter(([, , fault]) => fault).length;
  const many = (count) => count.toLocaleString("en");
  const options = arm.passages.map(([start, end, fault], n) =>
    make("option", { value: n }, `${n + 1}: ${many(start)} to ${many(end)}${fault ? ` · ${fault.split(":")[0].replace("_", " ")}` : ""}`));
  const choice = make("select", { ariaLabel: "Go to a passage" }, ...options);
  choice.addEventListener("change", () => choice.closest(".arm").querySelectorAll(".passage")[choice.value]?.scrollIntoView({ block: "start" }));
  return make("p", { className: "passages" }, `read in ${many(arm.passages.length)} passages`,
    failed > 0 && make("b", {}, `, ${many(failed)} gave no answer`), " ", choice);
}

function quarantined(arm) {
  return make("div", { className: "fault" },
    make("p", {}, make("b", {}, (arm.problem || "").replace("_", " ")), `: ${arm.detail || ""}`),
    arm.source && make("p", {}, make("small", {}, arm.source)),
    arm.answer && make("details", { open: true }, make("summary", {}, "What the model wrote"), make("pre", { dir: "auto" }, arm.answer)));
}

function loopSign() {
  return make("span", { className: "badge loop", title: "The model repeated itself: the repetition was cut out, the rest is kept." }, "loop cut out");
}

/** Relations of the answer that are not in the table, and why. */
function leftOut(dropped) {
  return make("details", {}, make("summary", {}, "Relations left out ", make("small", {}, dropped.length)),
    make("ul", { className: "left" }, ...dropped.map((why) => make("li", { dir: "auto" }, why))));
}

function folded(title, text) {
  if (!text) return null;
  const size = `${text.length.toLocaleString("en")} characters`;
  return make("details", {}, make("summary", {}, `${title} `, make("small", {}, size)), make("pre", { dir: "auto" }, text));
}

/** Relations as subject → object, its own, what gold has beside, and what only other arms have. */
function relations(data, one, arm, number, everyArm) {
  const rows = arm.relations.map(([subject, predicate, object, s, o, bits, verdict, , sure], n) =>
    relation([subject, predicate, object], { bits, verdict, arm, everyArm, sure, "data-relation": n, "data-ends": `${s ?? ""},${o ?? ""}` }, data));
  const missed = arm.missed_relations.map((triple) => relation(triple, { missed: true }, data));
  const others = elsewhere(one, number, (other) => other.relations, 5).map(([item, from]) => relation(item.slice(0, 3), { from }, data));
  const all = [...rows, ...missed, ...others];
  return all.length ? [make("h5", {}, `Relations ${rows.length}`), make("ul", { className: "relations" }, ...all)] : [];
}

function relation([subject, predicate, object], about, data) {
  return make("li", {}, make("button", { ...looks(about), type: "button", "data-relation": about["data-relation"], "data-ends": about["data-ends"] },
    make("span", { className: "end" }, subject ?? "–"),
    make("span", { className: "predicate" }, predicate ?? "–"),
    make("span", { className: "end" }, object ?? "–"),
    ...signs(about, data)));
}

/** Entities as chips: its own, missed ones, those that only other arms have. */
function entities(data, one, arm, number, everyArm) {
  const chips = arm.entities.map(([name, type, mentions, bits, verdict, attributes, sure], n) =>
    chip(name, type, { bits, verdict, everyArm, attributes, sure, times: mentions.length, "data-entity": n }, data));
  const missed = arm.missed_entities.map(([name, type], n) => chip(name, type, { missed: true, "data-missed": n }, data));
  const others = elsewhere(one, number, (other) => other.entities, 3).map(([item, from]) => chip(item[0], item[1], { from }, data));
  const all = [...chips, ...missed, ...others];
  return all.length ? [make("h5", {}, `Entities ${chips.length}`), make("ul", { className: "chips" }, ...all)] : [];
}

function chip(name, type, about, data) {
  const looked = looks(about);
  const more = Object.entries(about.attributes || {}).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return make("li", {}, make("button", { type: "button", className: `${looked.className} ${colourOf(type)}`, title: more.join("\n"),
    "data-entity": about["data-entity"], "data-missed": about["data-missed"] },
  make("span", { className: "end" }, name), type && make("small", {}, ` ${type}`), about.times > 1 && make("small", {}, ` ×${about.times}`),
  about.times === 0 && make("small", {}, " not in the text"), more.length > 0 && make("small", {}, ` ${more.join(", ")}`), ...signs(about, data)));
}

function looks({ missed, from, bits, everyArm, verdict }) {
  const names = [missed && "missed", from && "ghost", bits !== undefined && bits !== everyArm && "only", verdict < 0 && "wrong"];
  return { className: ["item", ...names.filter(Boolean)].join(" ") };
}

/** What is to be said of an item in words, for those who do not see colours. */
function signs({ missed, from, bits, everyArm, verdict, sure }, data) {
  const [sign, meaning] = SIGNS[verdict ?? 0];
  const absent = bits === undefined ? [] : data.arms.filter((_, n) => !(bits & (1 << n)));
  return [
    sure != null && make("small", { className: "sure", title: "confidence, 0 to 1" }, sure.toFixed(2)),
    sign && make("b", { className: verdict > 0 ? "sign yes" : "sign no", title: meaning }, sign),
    missed && make("small", { className: "tag" }, "missed"),
    from && make("small", { className: "tag" }, `only in ${from.map((n) => data.arms[n]).join(", ")}`),
    absent.length > 0 && make("small", { className: "tag new" }, `not in ${absent.join(", ")}`),
  ];
}

/** Items that other arms have and this one has not, each once: [[item, the arms that have it], …]. Right ones are left
    out: they stand among the missed. The arms that have an item stand at `bitsAt`, its verdict behind them. */
function elsewhere(one, number, itemsOf, bitsAt) {
  const found = [];
  one.arms.forEach((arm, n) => {
    const seen = new Set();
    for (const item of itemsOf(arm)) {
      const having = one.arms.map((_, other) => other).filter((other) => item[bitsAt] & (1 << other));
      const key = JSON.stringify(item.slice(0, bitsAt));
      if (having.includes(number) || having[0] !== n || item[bitsAt + 1] > 0 || seen.has(key)) continue;
      seen.add(key);
      found.push([item, having]);
    }
  });
  return found;
}
