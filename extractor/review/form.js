// The summary and the free fields, as a form made from the schema; and the note.

/** Asks for values: fields as the schema has them; null where nothing is kept. */
function fill(title, fields, values) {
  const dialog = by("fields");
  const inputs = fields.map((field, n) => inputOf(field, values[n], n));
  by("fieldstitle").textContent = printable(title);
  by("inputs").replaceChildren(...fields.map((field, n) => make("label", { className: field.kind },
    make("span", {}, field.path.join(" · ")), field.says && make("small", {}, field.says), inputs[n], make("small", { className: "wrong", id: `wrong${n}` }))));
  return new Promise((resolve) => {
    const keep = () => {
      const read = fields.map((field, n) => valueOf(field, inputs[n], values[n]));
      read.forEach((one, n) => { by(`wrong${n}`).textContent = one.wrong || ""; });
      const wrong = read.findIndex((one) => one.wrong);
      if (wrong >= 0) return inputs[wrong].focus();
      resolve(read.map((one) => one.value));
      shut(dialog);
    };
    by("save").onclick = keep;
    dialog.onkeydown = (event) => {
      if (composing(event) || event.key !== "Enter") return;
      if (event.ctrlKey || event.metaKey) keep(), event.preventDefault();
    };
    dialog.onclose = () => { if (!dialog.open) resolve(null); }; // else it is open again, for another question
    dialog.showModal();
    inputs[0]?.focus();
  });
}

function inputOf(field, value, n) {
  const about = { id: `input${n}`, "aria-describedby": `wrong${n}` };
  if (field.kind === "choice" || field.kind === "boolean") {
    const choices = field.kind === "boolean" ? [true, false] : field.choices;
    const all = [...(field.empty || value === null ? [null] : []), ...choices];
    return make("select", about, ...all.map((one) => make("option", { value: JSON.stringify(one), selected: JSON.stringify(one) === JSON.stringify(value) },
      one === null ? "–" : String(one))));
  }
  const said = field.kind === "json" ? (value === null ? "" : JSON.stringify(value, null, 1)) : value === null ? "" : String(value);
  const rows = field.kind === "json" ? 8 : Math.min(8, 2 + Math.floor(said.length / 60));
  if (field.kind === "text" || field.kind === "json") return make("textarea", { ...about, value: said, rows, dir: "auto", spellcheck: field.kind === "text" });
  return make("input", { ...about, type: "text", inputMode: "decimal", value: said });
}

/** What an input says, as the schema's kind: {value} or {wrong}; what nobody touched stays as it was. */
function valueOf(field, input, before) {
  const said = input.value;
  if (field.kind === "choice" || field.kind === "boolean") return { value: JSON.parse(said) };
  if (field.kind === "text") return { value: said === "" && (before === null || field.empty) ? null : said };
  if (said.trim() === "") return field.empty || before === null ? { value: null } : { wrong: "a value is needed here" };
  if (field.kind === "json") {
    try { return { value: JSON.parse(said) }; } catch (error) { return { wrong: `not JSON: ${error.message}` }; }
  }
  const number = Number(said);
  if (!Number.isFinite(number) || (field.kind === "integer" && !Number.isInteger(number))) return { wrong: `not a${field.kind === "integer" ? " whole" : ""} number` };
  return { value: number };
}
