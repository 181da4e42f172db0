"use strict";
// The colours that a person chose, or the system's: of the button called "theme".

function themes() {
  const names = { "": "as the system", light: "light", dark: "dark" };
  const use = (theme) => {
    document.documentElement.dataset.theme = theme;
    by("theme").setAttribute("aria-label", `Colours: ${names[theme]}`);
    by("theme").textContent = { "": "◐", light: "☀", dark: "☾" }[theme];
    by("theme").title = `Colours: ${names[theme]}`;
  };
  let held = "";
  try { held = localStorage.getItem("extract-theme") || ""; } catch { /* no storage for files in this browser */ }
  use(held in names ? held : "");
  by("theme").addEventListener("click", () => {
    const order = Object.keys(names);
    const next = order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length];
    use(next);
    try { localStorage.setItem("extract-theme", next); } catch { /* then it lasts as long as the page */ }
  });
}
