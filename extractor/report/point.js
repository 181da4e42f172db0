// Pointing at a name or a relation finds it in the text of the same arm; a click keeps it found.

const DRAWN = "http://www.w3.org/2000/svg";
let kept = null;

/** Listens on the article for pointer, focus and click. */
function pointing(article) {
  const item = (event) => event.target.closest?.("[data-entity], [data-missed], [data-relation], [data-row], [data-entities]");
  article.addEventListener("mouseover", (event) => { if (!kept) find(item(event)); });
  article.addEventListener("mouseleave", () => { if (!kept) find(null); });
  article.addEventListener("focusin", (event) => { if (item(event)) find(item(event)); });
  article.addEventListener("click", (event) => {
    const clicked = item(event);
    kept = clicked && clicked !== kept ? clicked : null;
    find(kept);
    if (kept) kept.closest(".arm").querySelector(".text .found")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });
}

/** DocumentMarks what belongs to an item, and nothing else; null marks nothing. */
function find(item) {
  document.querySelectorAll(".found, .quoted, .active").forEach((old) => old.classList.remove("found", "quoted", "active"));
  document.querySelectorAll("svg.arc").forEach((old) => old.remove());
  const arm = item?.closest(".arm");
  if (!arm) return;
  item.classList.add("active");
  if (item.dataset.relation) return findRelation(arm, item);
  if (item.dataset.row !== undefined) return findRow(arm, item);
  const own = item.dataset.entity ?? item.dataset.entities?.split(" ").pop();
  const [attribute, number] = own === undefined ? ["data-missed", item.dataset.missed] : ["data-entities", own];
  arm.querySelectorAll(`[data-entity="${own}"]`).forEach((chip) => chip.classList.add("active"));
  marksOf(arm, attribute, number).forEach((found) => found.classList.add("found"));
}

function findRelation(arm, item) {
  const ends = item.dataset.ends.split(",").map((end) => (end === "" ? [] : marksOf(arm, "data-entities", end)));
  ends.flat().forEach((found) => found.classList.add("found"));
  marksOf(arm, "data-evidence", item.dataset.relation).forEach((found) => found.classList.add("quoted"));
  if (ends[0].length && ends[1].length) arm.querySelector(".text").append(arc(arm.querySelector(".text"), ...nearest(...ends)));
}

/** Every entity that a row names. */
function findRow(arm, item) {
  item.dataset.row.split(" ").filter(Boolean).forEach((entity) =>
    marksOf(arm, "data-entities", entity).forEach((found) => found.classList.add("found")));
}

function marksOf(arm, attribute, number) {
  return [...arm.querySelectorAll(`.text [${attribute}~="${number}"]`)];
}

/** The two mentions, one of each end, with the fewest pixels between them. */
function nearest(subjects, objects) {
  const place = (element) => { const box = element.getClientRects()[0]; return [box.left + box.width / 2, box.top]; };
  const pairs = subjects.flatMap((subject) => objects.map((object) => [subject, object]));
  const apart = ([subject, object]) => { const [a, b] = [place(subject), place(object)]; return Math.hypot(a[0] - b[0], 3 * (a[1] - b[1])); };
  return pairs.reduce((best, pair) => (apart(pair) < apart(best) ? pair : best));
}

/** An arrow over the text from one mention to another. */
function arc(text, subject, object) {
  const frame = text.getBoundingClientRect();
  const place = (element) => {
    const box = element.getClientRects()[0];
    return [box.left + box.width / 2 - frame.left + text.scrollLeft, box.top - frame.top + text.scrollTop];
  };
  const [[x1, y1], [x2, y2]] = [place(subject), place(object)];
  const lift = Math.min(46, 14 + Math.abs(x2 - x1) / 5);
  const bow = Math.min(y1, y2) - lift;
  const svg = document.createElementNS(DRAWN, "svg");
  svg.setAttribute("class", "arc");
  svg.setAttribute("width", text.scrollWidth);
  svg.setAttribute("height", text.scrollHeight);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(DRAWN, "path");
  line.setAttribute("d", `M${x1},${y1} C${x1},${bow} ${x2},${bow} ${x2},${y2 - 1}`);
  const head = document.createElementNS(DRAWN, "path");
  head.setAttribute("class", "head");
  head.setAttribute("d", `M${x2 - 5},${y2 - 8} L${x2},${y2} L${x2 + 5},${y2 - 8} Z`);
  svg.append(line, head);
  return svg;
}
