// Search hits, painted over the text by the browser (CSS highlights): no element is added, so no mark is cut.

const SEARCHED = "h3, .text, .end, .predicate, .value, .summary p, .reference p, .fault p, .fault pre, .left li";
const MOST_HITS = 2000; // painted in one element

/** The words of a search, in small letters; a case must have them all. */
function wordsOf(search) {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Paints every word wherever the article has it, and brings the first one of each text into its view. */
function paintHits(article, words) {
  const found = words.length ? [...article.querySelectorAll(SEARCHED)].map((element) => [element, hitsIn(element, words)]) : [];
  globalThis.CSS?.highlights?.set("hit", new Highlight(...found.flatMap(([, hits]) => hits)));
  for (const [element, [first]] of found) if (first && element.matches(".text")) bringIntoView(element, first);
}

/** Ranges of the words in an element's text; one may begin in one mark and end in another. */
function hitsIn(element, words) {
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|"), "giu");
  const nodes = textNodes(element);
  const hits = [];
  let at = 0;
  const goTo = (offset) => { while (nodes[at].end < offset) at++; }; // offsets come in rising order
  for (const match of element.textContent.matchAll(pattern)) {
    if (hits.length === MOST_HITS) break;
    const range = new Range();
    goTo(match.index + 1);
    range.setStart(nodes[at].node, match.index - nodes[at].start);
    goTo(match.index + match[0].length);
    range.setEnd(nodes[at].node, match.index + match[0].length - nodes[at].start);
    hits.push(range);
  }
  return hits;
}

/** The text nodes of an element, with the offsets at which they begin and end in its textContent. */
function textNodes(element) {
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let start = 0, node = walk.nextNode(); node; start += node.length, node = walk.nextNode()) {
    nodes.push({ node, start, end: start + node.length });
  }
  return nodes;
}

/** Scrolls the text's own box, never the page. */
function bringIntoView(box, range) {
  const [frame, hit] = [box.getBoundingClientRect(), range.getBoundingClientRect()];
  if (hit.top < frame.top || hit.bottom > frame.bottom) box.scrollTop += hit.top - frame.top - frame.height / 3;
}
