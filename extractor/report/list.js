// The list of documents: filtered, ordered, drawn a few hundred at a time, walked through with the keyboard.

const CHUNK = 200; // rows drawn at a time

/** Which cases pass the filters, in the chosen order: numbers into data.cases. */
function chosen(data, wanted) {
  const words = wordsOf(wanted.search);
  const passes = (one) =>
    (!wanted.status || one.arms.some((arm) => arm.status === wanted.status)) &&
    (!wanted.differs || one.differs) &&
    (!wanted.wrong || errors(one) > 0) &&
    (!wanted.end || one.arms.some((arm) => (arm.end || "none") === wanted.end)) &&
    (!wanted.cut || one.arms.some(CUTS[wanted.cut])) &&
    (!wanted.type || one.arms.some((arm) => has(arm, wanted.type))) &&
    (!words.length || words.every((word) => haystack(one).includes(word)));
  const found = data.cases.map((_, n) => n).filter((n) => passes(data.cases[n]));
  const order = ORDERS[wanted.order];
  return order ? found.sort((a, b) => order(data.cases[b]) - order(data.cases[a]) || a - b) : found;
}

const ORDERS = {
  differs: (one) => 1 - one.agree,
  errors: (one) => errors(one),
  unsure: (one) => 1 - leastSure(one),
  tokens: (one) => Math.max(...one.arms.map((arm) => (arm.tokens[1] || 0) + (arm.tokens[2] || 0))),
};

/** The confidence of what the model was least sure of in a case; 2 where it is not told of anything. */
function leastSure(one) {
  return Math.min(2, ...one.arms.flatMap(confidences));
}

/** The confidence of each row of an arm that has one. */
function confidences(arm) {
  const rows = Object.values(arm.rows).flat().map(([values]) => values.confidence);
  return [...arm.entities.map((entity) => entity[6]), ...arm.relations.map((relation) => relation[8]), ...rows].filter((sure) => sure != null);
}

/** What can have been left out of an answer that was kept. */
const CUTS = {
  loop: (arm) => arm.loop,
  relations: (arm) => arm.dropped.length > 0,
  passages: (arm) => arm.passages.some(([, , fault]) => fault),
};

function errors(one) {
  return one.arms.reduce((sum, arm) => sum + (arm.score ? arm.score[1] + arm.score[2] : 0), 0);
}

/** A type is "e:person", "r:works_for", or the name of another table and a kind of its rows. */
function has(arm, type) {
  const at = type.indexOf(":");
  const [table, name] = [type.slice(0, at), type.slice(at + 1)];
  return kindsOf(arm, table).includes(name);
}

/** The kinds of all that an arm has of a table in a document. */
function kindsOf(arm, table) {
  if (table === "e") return arm.entities.map((entity) => entity[1]);
  if (table === "r") return arm.relations.map((relation) => relation[1]);
  const { kind } = data.tables.find((one) => one.name === table);
  return (arm.rows[table] || []).map(([values]) => values[kind] ?? null);
}

/** Everything of a case that a search looks at, in small letters; made once. */
function haystack(one) {
  one.haystack ??= [
    one.id, one.text, one.summary,
    ...one.arms.flatMap((arm) => [arm.problem, arm.detail, arm.answer, arm.summary, ...arm.dropped,
      ...arm.entities.map((entity) => entity[0]), ...arm.relations.flatMap((relation) => relation.slice(0, 3)),
      ...wordsOfRows(arm)]),
  ].join("\n").toLowerCase();
  return one.haystack;
}

/** The list on the page: `use(numbers)` fills it, `move(by)` and `select(place)` go through it. */
class List {
  constructor(element, data, show) {
    Object.assign(this, { element, data, show, numbers: [], drawn: 0, at: -1 });
    element.addEventListener("scroll", () => {
      if (element.scrollTop + element.clientHeight > element.scrollHeight - 400) this.draw(this.drawn + CHUNK);
    }, { passive: true });
    element.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.select(Number(row.dataset.place));
    });
  }

  use(numbers) {
    const held = this.numbers[this.at];
    this.numbers = numbers;
    this.drawn = 0;
    this.at = -1;
    this.element.replaceChildren();
    this.draw(CHUNK);
    if (numbers.length) this.select(Math.max(0, numbers.indexOf(held)), held);
    else this.show(null);
  }

  draw(upTo) {
    const last = Math.min(upTo, this.numbers.length);
    const rows = [];
    for (let place = this.drawn; place < last; place++) rows.push(this.row(place));
    this.element.append(...rows);
    this.drawn = Math.max(this.drawn, last);
  }

  row(place) {
    const one = this.data.cases[this.numbers[place]];
    const faults = one.arms.filter((arm) => arm.status === "quarantined").length;
    const signs = [
      faults ? make("span", { className: "badge quarantined" }, faults < one.arms.length ? `quarantined in ${faults}` : "quarantined") : null,
      one.arms.every((arm) => arm.status === "empty") ? make("span", { className: "badge empty" }, "empty") : null,
      one.differs && this.data.arms.length > 1 ? make("span", { className: "badge differs" }, `agree ${Math.round(100 * one.agree)} %`) : null,
      one.arms.some(CUTS.loop) && loopSign(),
      this.data.gold && errors(one) ? make("span", { className: "badge" }, `✗ ${errors(one)}`) : null,
    ];
    return make("li", { role: "option", id: `row${place}`, "data-place": place, "aria-selected": "false" },
      make("b", {}, one.id), make("span", { className: "signs" }, ...signs),
      make("span", { className: "snippet", dir: "auto" }, (one.text || "").slice(0, 90)));
  }

  select(place, held) {
    if (place < 0 || place >= this.numbers.length) return;
    this.draw(place + 2 > this.drawn ? place + CHUNK : 0);
    this.element.children[this.at]?.setAttribute("aria-selected", "false");
    const row = this.element.children[place];
    row.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", row.id);
    this.at = place;
    const [top, bottom] = [row.offsetTop - this.element.offsetTop, row.offsetTop - this.element.offsetTop + row.offsetHeight];
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    if (bottom > this.element.scrollTop + this.element.clientHeight) this.element.scrollTop = bottom - this.element.clientHeight;
    if (held === undefined || held !== this.numbers[place]) this.show(this.data.cases[this.numbers[place]]);
  }

  move(by) {
    this.select(Math.min(Math.max(this.at + by, 0), this.numbers.length - 1));
  }
}
