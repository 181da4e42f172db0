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
    if (kept) lookedFor(kept.closest(".arm"))?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });
}

/** What a click brings into view: what a relation quotes, else its ends where they are nearest, else the first mark. */
function lookedFor(arm) {
  return [".quoted", ".near", ".found"].map((one) => arm.querySelector(`.text ${one}`)).find(Boolean);
}

/** Marks what belongs to an item, and nothing else; null marks nothing. */
function find(item) {
  document.querySelectorAll(".found, .quoted, .near, .active").forEach((old) => old.classList.remove("found", "quoted", "near", "active"));
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
  if (!ends[0].length || !ends[1].length) return;
  const pair = nearest(...ends);
  pair.forEach((mark) => mark.classList.add("near"));
  arm.querySelector(".text").append(arc(arm.querySelector(".text"), ...pair));
}

/** Every entity that a row names. */
function findRow(arm, item) {
  item.dataset.row.split(" ").filter(Boolean).forEach((entity) =>
    marksOf(arm, "data-entities", entity).forEach((found) => found.classList.add("found")));
}

function marksOf(arm, attribute, number) {
  return [...arm.querySelectorAll(`.text [${attribute}~="${number}"]`)];
}

/** The two mentions, one of each end, with the fewest characters between them; both come in the order of the text. */
function nearest(subjects, objects) {
  let best = [subjects[0], objects[0]];
  const apart = ([subject, object]) => Math.abs(subject.start - object.start);
  for (let s = 0, o = 0; s < subjects.length && o < objects.length;) {
    const pair = [subjects[s], objects[o]];
    if (apart(pair) < apart(best)) best = pair;
    if (pair[0].start < pair[1].start) s++;
    else o++;
  }
  return best;
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
