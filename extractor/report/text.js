"use strict";
// Elements made of text (never of markup), and the document's text cut into marked pieces.

const AT_ONCE = 10_000; // characters
const UNPRINTABLE = new RegExp(document.getElementById("data").dataset.unprintable, "gu");

/** A text with what is not printable escaped: "\\u{202e}" for what would turn the words behind it. */
function printable(text) {
  return text.replace(UNPRINTABLE, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);
}

/** An element; a property beginning with "data" or "aria" becomes an attribute, children are elements or plain text. */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    const shown = ["title", "data-label"].includes(name) ? printable(value) : value;
    if (name in element) element[name] = shown;
    else element.setAttribute(name, shown);
  }
  const there = children.filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...there.map((child) => (child instanceof Node ? child : printable(String(child)))));
  return element;
}

/** A function from a code point's number (what the output counts) to its UTF-16 offset (what JavaScript counts). */
function offsets(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (point) => Math.min(point, text.length);
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  return (point) => (point < starts.length ? starts[point] : text.length);
}

/** What is drawn at once of a text, passage by passage, or so many characters to a line's end where it was read whole:
    [{start, end, label, fault}], which tile it. */
function blocks(text, arm) {
  const at = offsets(text);
  const many = (count) => count.toLocaleString("en");
  const read = arm.passages.map(([start, end, fault], n) => ({ start: at(start), end: at(end), fault,
    label: `passage ${n + 1} of ${many(arm.passages.length)} · ${many(start)} to ${many(end)}${fault ? ` · ${fault}` : ""}` }));
  const tiles = read.filter((one) => one.start < one.end);
  for (let start = tiles.length ? tiles[tiles.length - 1].end : 0; start < text.length; start = tiles[tiles.length - 1].end) {
    const line = text.indexOf("\n", start + AT_ONCE) + 1;
    tiles.push({ start, end: line && line < start + 2 * AT_ONCE ? line : Math.min(start + 2 * AT_ONCE, text.length) });
  }
  return tiles;
}

/** The text cut at these places and wherever a span begins or ends: [{start, end, spans}], spans from the longest to
    the shortest. */
function pieces(places, spans) {
  const cuts = [...new Set([0, ...places, ...spans.flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
  const waiting = [...spans].sort((a, b) => b.start - a.start);
  let active = [];
  return cuts.slice(0, -1).map((start, n) => {
    active = active.filter((span) => span.end > start);
    while (waiting.length && waiting[waiting.length - 1].start <= start) active.push(waiting.pop());
    const inside = active.filter((span) => span.end > start);
    return { start, end: cuts[n + 1], spans: inside.sort((a, b) => b.end - b.start - (a.end - a.start)) };
  });
}

/** All spans to mark in one arm's text: what it found, what it missed, what it quotes as evidence. */
function spansOf(text, arm) {
  const at = offsets(text);
  const span = ([start, end], more) => ({ start: at(start), end: at(end), ...more });
  const found = arm.entities.flatMap(([, type, mentions, bits, verdict], entity) =>
    mentions.map((mention, n) => span(mention, { entity, type, bits, verdict, first: n === 0 })));
  const missed = arm.missed_entities.flatMap(([, type, mentions], entity) =>
    mentions.map((mention, n) => span(mention, { missed: entity, type, first: n === 0 })));
  const quoted = arm.relations.flatMap((relation, n) => (relation[7] ? [span(relation[7], { evidence: n })] : []));
  return [...missed, ...found, ...quoted].filter((one) => one.start < one.end);
}

/** The text with its marks, as one element whose textContent is the text; what is out of view is not laid out. */
function markedText(text, arm, everyArm) {
  const tiles = blocks(text, arm);
  const box = make("div", { className: "text", dir: "auto" });
  const parts = tiles.length < 2 ? [box] : tiles.map((tile) =>
    make("div", { className: tile.fault ? "passage failed" : "passage", dir: "auto", "data-label": tile.label }));
  let tile = 0;
  for (const piece of pieces(tiles.map((one) => one.end), spansOf(text, arm))) {
    while (tile < tiles.length - 1 && piece.start >= tiles[tile].end) tile++;
    const words = text.slice(piece.start, piece.end);
    parts[tile].append(piece.spans.length ? mark(words, piece, everyArm) : printable(words));
  }
  if (parts[0] !== box) box.append(...parts);
  return box;
}

function mark(words, piece, everyArm) {
  const found = piece.spans.filter((span) => "entity" in span);
  const missed = piece.spans.filter((span) => "missed" in span);
  const shown = found[found.length - 1] || missed[missed.length - 1];
  const ends = shown && shown.first && shown.end === piece.end;
  const names = [
    shown ? colourOf(shown.type) : "quiet",
    !found.length && shown && "missed",
    found.length > 1 && "nested",
    found.length && shown.verdict < 0 && "wrong",
    found.length && shown.bits !== everyArm && "only",
    shown && shown.start === piece.start && "begins",
    shown && shown.end === piece.end && "ends",
  ];
  const made = make("mark", {
    className: names.filter(Boolean).join(" "),
    "data-entities": found.map((span) => span.entity).join(" ") || null,
    "data-missed": missed.map((span) => span.missed).join(" ") || null,
    "data-evidence": piece.spans.filter((span) => "evidence" in span).map((span) => span.evidence).join(" ") || null,
    "data-label": ends && shown.type,
  }, words);
  made.start = piece.start;
  return made;
}
