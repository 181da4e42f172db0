// The document's text with its marks: drawn once, and only the blocks in which a mark changes are drawn again.

/** The text of one document on the page. Offsets of the server count code points, those here UTF-16 units. */
class MarkedText {
  constructor(text, passages) {
    this.text = text;
    this.at = offsets(text);
    this.plain = printable(text).length === text.length;
    this.box = make("div", { className: "text", dir: "auto", tabIndex: 0, role: "document", ariaLabel: "The document's text" });
    this.tiles = blocks(text, { passages });
    for (const tile of this.tiles) {
      tile.element = this.tiles.length < 2 ? make("div", { dir: "auto" })
        : make("div", { className: tile.fault ? "passage failed" : "passage", dir: "auto", "data-label": tile.label });
      tile.drawn = null;
    }
    this.box.append(...this.tiles.map((tile) => tile.element));
  }

  /** Shows these marks: entities as {key, type, mentions}; gives back how many blocks were drawn for it. */
  show(entities) {
    const spans = entities.flatMap(({ key, type, mentions }) => mentions.map(([start, end], n) => (
      { start: this.at(start), end: this.at(end), entity: key, type, bits: 1, verdict: 0, first: n === 0 })));
    let drawn = 0;
    for (const tile of this.tiles) {
      const own = spans.filter((span) => span.start < tile.end && span.end > tile.start);
      const told = own.map((span) => [span.entity, span.type, span.start, span.end].join("\t")).join("\n");
      if (told === tile.drawn) continue;
      tile.drawn = told;
      this.draw(tile, own);
      drawn++;
    }
    return drawn;
  }

  draw(tile, spans) {
    const inside = spans.map((span) => ({ ...span,
      start: Math.max(span.start, tile.start) - tile.start, end: Math.min(span.end, tile.end) - tile.start }));
    const words = this.text.slice(tile.start, tile.end);
    tile.element.replaceChildren(...pieces([words.length], inside).map((piece) => {
      const said = words.slice(piece.start, piece.end);
      return piece.spans.length ? mark(said, piece, 1) : printable(said);
    }));
  }

  marksOf(key) {
    return [...this.box.querySelectorAll(`[data-entities~="${key}"]`)];
  }

  /** The selection inside the text without the blanks around it: {mention in code points, words}, or null. */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!this.box.contains(range.startContainer) || !this.box.contains(range.endContainer)) return null;
    let [start, end] = [this.offset(range.startContainer, range.startOffset), this.offset(range.endContainer, range.endOffset)];
    while (start < end && /\s/.test(this.text[start])) start++;
    while (end > start && /\s/.test(this.text[end - 1])) end--;
    if (start === end) return null;
    return { mention: [this.point(start), this.point(end)], words: oneLine(this.text.slice(start, end)) };
  }

  /** Where a place of the page stands in the text. */
  offset(container, place) {
    const range = new Range();
    range.setStart(this.box, 0);
    range.setEnd(container, place);
    const shown = range.toString().length;
    if (this.plain) return shown;
    let [at, seen] = [0, 0];
    for (const one of this.text) {
      if (seen >= shown) break;
      seen += printable(one).length;
      at += one.length;
    }
    return at;
  }

  /** How many code points stand before a UTF-16 offset. */
  point(offset) {
    let count = 0;
    for (let at = 0; at < offset; at += this.text.codePointAt(at) > 0xffff ? 2 : 1) count++;
    return count;
  }

  /** Selects the word behind or before the selection, or stretches the selection. */
  pick(event) {
    const direction = { ArrowRight: "forward", ArrowDown: "forward", ArrowLeft: "backward", ArrowUp: "backward" }[event.key];
    const selection = getSelection();
    if (event.shiftKey) {
      selection.modify("extend", direction, event.key.endsWith("t") ? (event.ctrlKey ? "word" : "character") : "line");
    } else {
      for (let tries = 0; tries < 20; tries++) {
        if (direction === "forward") selection.collapseToEnd();
        else selection.collapseToStart();
        if (!event.key.endsWith("t")) selection.modify("move", direction, "line");
        selection.modify(direction === "forward" ? "move" : "extend", direction, "word");
        if (direction === "forward") selection.modify("extend", "backward", "word");
        const range = selection.getRangeAt(0);
        selection.setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset); // Shift moves its end
        if (/[\p{L}\p{N}]/u.test(selection.toString()) || !this.box.contains(selection.focusNode)) break;
      }
    }
  }

  /** Begins to choose words by key, at the first mark of an item, else at the beginning of what is in view. */
  begin(key) {
    const mark = key === undefined ? null : this.marksOf(key)[0];
    const node = mark ? mark.firstChild : textIn(this.tiles[0].element);
    if (!node) return;
    this.box.focus();
    getSelection().collapse(node, 0);
    this.pick({ key: "ArrowRight" });
  }
}

/** The first text node of an element. */
function textIn(element) {
  return document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
}

/** Words that a line's end may stand between, as a name: a blank for it, and nothing where the script has no blanks. */
function oneLine(words) {
  const spaceless = "[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}]";
  return words.replace(new RegExp(`(?<=${spaceless})\\s*[\\n\\r]\\s*(?=${spaceless})`, "gu"), "").replace(/\s+/g, " ");
}
