// What the page asks its server, and what it says where that fails.

const HERE = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()); // this window
const token = new URLSearchParams(location.search).get("token");
let [busy, again] = [false, null]; // whether something is asked, and what failed for want of a server

class Fault extends Error {} // what the server says is wrong
class Gone extends Error {}

/** What the server answers to a question; Fault or Gone where it does not. */
async function ask(name, said) {
  let answer;
  try {
    answer = await fetch(`/${name}`, { method: "POST", body: JSON.stringify(said), headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" } });
    if (answer.ok) return await answer.json();
  } catch { throw new Gone(); }
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 403) throw new Gone();
  throw new Fault(told.fault || `the server failed (${answer.status}); the terminal says why`);
}

/** Does something that asks the server, one at a time; what fails is told, and can be tried again. */
async function asking(act) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await act();
    tell("gone", false);
    tell("fault", false);
  } catch (error) {
    if (error instanceof Gone) again = act;
    else if (!(error instanceof Fault)) throw error;
    tell("gone", error instanceof Gone);
    tell("fault", error instanceof Fault, error.message);
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

function tell(id, is, words) {
  if (words !== undefined) by(id).textContent = printable(words);
  by(id).hidden = !is;
}

function say(words) {
  by("said").textContent = printable(words);
}
