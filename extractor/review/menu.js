// A small menu: type to filter, 1 to 9, arrows and Enter; a word of one's own where the schema lists none.

/** Asks for one of the options [{value, label, hint, colour}]; null where none is chosen. `open` lets any word be. */
function choose(title, options, open = false) {
  const [dialog, filter, list] = [by("menu"), by("filter"), by("options")];
  let [shown, at] = [[], 0];
  return new Promise((resolve) => {
    const end = (value) => { shut(dialog); resolve(value); };
    const draw = () => {
      const words = filter.value.trim().toLowerCase();
      shown = options.filter((one) => one.label.toLowerCase().includes(words));
      if (open && words && !options.some((one) => one.label.toLowerCase() === words)) {
        shown = [...shown, { value: filter.value.trim(), label: filter.value.trim(), hint: "as typed" }];
      }
      at = Math.max(0, Math.min(at, shown.length - 1));
      list.replaceChildren(...shown.map((one, n) => make("li", { role: "option", id: `option${n}`, "aria-selected": String(n === at), "data-at": n,
        className: one.colour || "" }, n < 9 && make("kbd", {}, n + 1), make("span", { className: "label" }, one.label), one.hint && make("small", {}, one.hint))));
      filter.setAttribute("aria-activedescendant", shown.length ? `option${at}` : "");
      list.children[at]?.scrollIntoView({ block: "nearest" });
    };
    filter.oninput = () => { at = 0; draw(); };
    filter.onkeydown = (event) => {
      if (composing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (steps) at = (at + steps + shown.length) % Math.max(shown.length, 1), draw();
      else if (event.key === "Enter" && shown[at]) end(shown[at].value);
      else if (/^[1-9]$/.test(event.key) && !filter.value && shown[event.key - 1]) end(shown[event.key - 1].value);
      else return;
      event.preventDefault();
    };
    list.onclick = (event) => {
      const row = event.target.closest("li");
      if (row) end(shown[row.dataset.at].value);
    };
    dialog.onclose = () => { if (!dialog.open) resolve(null); }; // else it is open again, for another question
    by("menutitle").textContent = printable(title);
    filter.value = "";
    draw();
    dialog.showModal();
    filter.focus();
  });
}

/** Closes a dialog; the next key is the page's at once. */
function shut(dialog) {
  dialog.close();
  if (dialog.contains(document.activeElement)) document.activeElement.blur();
}

/** Whether a key belongs to an input method that is composing. */
function composing(event) {
  return event.isComposing || event.keyCode === 229;
}
