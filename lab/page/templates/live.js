/** The live page: it shows the polls that the server sends, and sends acts. Python decides every text.
 * @typedef {{label: string, name: string, fields: Record<string, string>, asks: boolean, command: string}} Act
 * @typedef {{key: string, cells: string[], tone: string, age: number | null, acts: Act[], delay: [link: string, ms: number] | null}} Row age: null if its figures were never read, negative if it has none
 * @typedef {{name: string, head: string[], state: number, rows: Row[], note: string}} Table
 * @typedef {[t: number, text: string, tone: string]} Happening
 * @typedef {{kind: "state", age: number, run: string, scenario: string, clock: string, t: number, readOnly: boolean, svg?: string, brokers: string[], choices: Record<string, string[]>, parts: Part[], rates: [hop: number, rate: number][], tables: Table[], events: Happening[]}} State
 * @typedef {{problem?: string, asks?: string, command?: string, note?: string}} Reply
 * @typedef {State | {kind: "blind" | "ended", text: string}} Line
 */
const KEY = "mqlab-token", AGAIN_MS = 2000, OLD_SECONDS = 10, MOST_DONE = 8, MOST_DELAY = 500, SETTLED_MS = 500;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const get = (id) => /** @type {T} */ (document.getElementById(id));

/** @template {keyof HTMLElementTagNameMap} N @param {N} name @param {string} [text] @param {string} [style] @returns {HTMLElementTagNameMap[N]} */
const made = (name, text = "", style = "") => {
  const one = document.createElement(name);
  if (text) one.textContent = text;
  if (style) one.className = style;
  return one;
};

/** @param {Element} place @param {string} text */
const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const token = (() => {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname); // no token in the address, which is shown and copied
  }
  return sessionStorage.getItem(KEY) ?? "";
})();
const headers = { "x-mqlab-token": token };
const ask = /** @type {HTMLDialogElement} */ (get("ask"));

/** @param {string} text @param {boolean} [bad] */
const say = (text, bad = false) => {
  write(get("state"), text);
  get("state").classList.toggle("bad", bad);
};

/** @type {ReturnType<typeof makeStage> | undefined} */
let stage;
let shown = 0; // the time of the page's clock at which the lab was polled

/** @param {string} svg @param {string[]} brokers */
const draw = (svg, brokers) => {
  const map = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  stage = map ? makeStage(map, brokers) : undefined;
  get("map").replaceChildren(map ? document.adoptNode(map) : made("p", "So many regions are not drawn. The tables have all of them."));
};

/** Ask a question that a person answers; true for yes. @param {Reply} reply @returns {Promise<boolean>} */
const asked = (reply) => new Promise((answer) => {
  write(get("question"), reply.asks ?? "");
  write(get("asked-command"), reply.command ?? "");
  ask.returnValue = "no";
  ask.addEventListener("close", () => answer(ask.returnValue === "yes"), { once: true });
  ask.showModal();
});

/** @param {string} command */
const remember = (command) => {
  const entry = made("li"), copy = made("button", "copy");
  copy.setAttribute("aria-label", `copy ${command}`);
  copy.addEventListener("click", () => navigator.clipboard.writeText(command).then(() => write(copy, "copied"), () => write(copy, "not copied")));
  entry.append(copy, made("code", command));
  get("done").prepend(entry);
  while (get("done").children.length > MOST_DONE) get("done").lastElementChild?.remove();
};

/** @param {Record<string, string>} fields @returns {Promise<Reply>} */
const post = async (fields) => {
  try {
    return await (await fetch("/act", { method: "POST", headers, body: JSON.stringify(fields) })).json();
  } catch {
    return { problem: "the server did not answer; the events below show whether it was done" };
  }
};

/** Do an act, after its question if it has one. @param {Record<string, string>} fields @param {Element | null} [by] @param {boolean} [sure] */
const send = async (fields, by, sure = false) => {
  if (by?.ariaBusy && !sure) return;
  const outcome = get("outcome"), name = Object.values(fields).join(" ");
  if (by) by.ariaBusy = "true"; // not disabled: that would take the focus away
  outcome.classList.remove("bad");
  write(outcome, `${name}: under way`);
  const reply = await post(sure ? { ...fields, sure: "yes" } : fields), yes = reply.asks && (await asked(reply));
  if (yes) return send(fields, by, true);
  if (by) by.ariaBusy = null;
  outcome.classList.toggle("bad", Boolean(reply.problem));
  write(outcome, `${name}: ${reply.problem ?? reply.note ?? "not done"}`);
  if (reply.command && reply.note) remember(reply.command);
};

/** @param {HTMLElement} place @param {Row} row */
const showActs = (place, row) => {
  const key = JSON.stringify(row.acts);
  if (place.dataset.acts !== key) {
    const old = [...place.querySelectorAll("button")], focused = old.find((one) => one === document.activeElement);
    const buttons = row.acts.map(actButton);
    place.dataset.acts = key;
    old.forEach((one) => one.remove());
    place.prepend(...buttons);
    if (focused) (buttons.find((one) => one.textContent === focused.textContent) ?? buttons[0])?.focus();
  }
  if (row.delay && !place.querySelector("label")) place.append(slider(row.delay));
  const input = place.querySelector("input"), output = place.querySelector("output");
  if (!row.delay || !input || !output || input === document.activeElement) return; // a person moves it
  input.max = String(Math.max(MOST_DELAY, row.delay[1]));
  input.value = String(row.delay[1]);
  write(output, `${row.delay[1]} ms`);
};

/** @param {Act} act */
const actButton = (act) => {
  const button = made("button", act.label, act.asks ? "danger" : "");
  button.title = act.command;
  button.setAttribute("aria-label", act.name);
  button.addEventListener("click", () => send(act.fields, button));
  return button;
};

/** @param {[link: string, ms: number]} delay */
const slider = ([link, ms]) => {
  const label = made("label", "", "slider"), input = made("input"), output = made("output");
  let waiting = 0;
  Object.assign(input, { type: "range", min: "0", max: String(Math.max(MOST_DELAY, ms)), step: "any" });
  input.setAttribute("aria-label", `delay of ${link}, one way, in milliseconds`);
  input.addEventListener("input", () => {
    input.value = String(Math.round(Number(input.value)));
    write(output, `${input.value} ms`);
  });
  input.addEventListener("change", () => { // arrow keys change it again and again
    clearTimeout(waiting);
    waiting = setTimeout(() => send({ act: "delay", link, ms: input.value }), SETTLED_MS);
  });
  label.append(input, " ", output);
  return label;
};

/** @param {Table} table @param {number} at @param {number} place */
const showTable = (table, at, place) => {
  const id = `table-${table.name}`, present = document.getElementById(id), section = present ?? made("section");
  if (!present) {
    section.id = id;
    const grid = made("table", "", "table"), head = made("tr"), title = made("h2", table.name);
    title.id = `${id}-title`;
    grid.setAttribute("aria-labelledby", title.id);
    head.append(...table.head.map((text) => made("th", text)), made("th", "age", "age-head"), made("th", "acts", "acts-head"));
    for (const cell of head.children) cell.setAttribute("scope", "col");
    grid.createTHead().append(head);
    grid.createTBody();
    section.append(title, grid, made("p", "", "dim"));
  }
  if (get("tables").children[place] !== section) get("tables").insertBefore(section, get("tables").children[place] ?? null);
  const body = /** @type {HTMLTableSectionElement} */ (section.querySelector("tbody"));
  const kept = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  table.rows.forEach((row, number) => {
    let line = kept.get(row.key);
    kept.delete(row.key);
    if (!line) {
      line = made("tr");
      line.dataset.key = row.key;
      table.head.forEach((text) => { (/** @type {HTMLElement} */ (line).appendChild(made("td"))).dataset.label = text; });
      line.children[table.state].classList.add("state-of");
      line.append(made("td", "", "age"), made("td", "", "acts"));
      line.children[table.head.length].setAttribute("data-label", "age");
    }
    if (body.rows[number] !== line) body.insertBefore(line, body.rows[number] ?? null);
    row.cells.forEach((text, cell) => write(/** @type {HTMLElement} */ (line).children[cell], text));
    line.dataset.tone = row.tone;
    if (row.age === null || row.age >= 0) line.dataset.at = row.age === null ? "" : String(at - row.age * 1000);
    showActs(/** @type {HTMLElement} */ (line.lastElementChild), row);
  });
  for (const line of kept.values()) line.remove();
  section.querySelector(".acts-head")?.toggleAttribute("hidden", !table.rows.some((row) => row.acts.length));
  section.querySelector(".age-head")?.toggleAttribute("hidden", !body.querySelector("[data-at]"));
  write(/** @type {Element} */ (section.querySelector("p")), table.rows.length ? table.note : "none yet");
};

const showAges = () => {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("tr[data-at]"))) {
    const at = line.dataset.at, seconds = at ? Math.max(0, Math.round((performance.now() - Number(at)) / 1000)) : null;
    line.classList.toggle("old", seconds === null || seconds > OLD_SECONDS);
    const place = line.querySelector(".age");
    if (place) write(place, seconds === null ? "never read" : `${seconds} s`);
  }
  const age = Math.round((performance.now() - shown) / 1000);
  get("map").classList.toggle("old", shown > 0 && age > OLD_SECONDS);
  if (shown) write(get("clock"), `· polled ${age} s ago`);
};

/** @param {HTMLSelectElement} select @param {string[]} [names] */
const showChoices = (select, names) => {
  if (!names || [...select.options].map((one) => one.value).join("\n") === names.join("\n")) return;
  select.replaceChildren(...names.map((name) => new Option(name || "usual", name)));
};

/** @param {State} state */
const show = (state) => {
  shown = performance.now() - state.age * 1000;
  if (state.svg !== undefined) draw(state.svg, state.brokers);
  for (const part of state.parts) stage?.show(part, part[3]);
  for (const [hop, rate] of state.rates) stage?.stream(hop, rate, 0);
  write(get("scenario"), state.scenario);
  write(get("run"), `run ${state.run} · ${state.t} s`);
  document.title = `${state.scenario}: a running lab`;
  for (const [n, table] of state.tables.entries()) showTable(table, shown, n);
  for (const section of get("tables").children) if (!state.tables.some((table) => section.id === `table-${table.name}`)) section.remove();
  for (const section of document.querySelectorAll(".acting")) section.toggleAttribute("hidden", state.readOnly);
  for (const select of document.querySelectorAll("select")) showChoices(select, state.choices[select.name]);
  const lines = state.events.toReversed().map(([t, text, tone]) => made("li", `${t} s  ${text}`, tone));
  get("log").replaceChildren(...lines);
  say(state.readOnly ? "The page follows the lab, and only shows it." : "The page follows the lab.");
  showAges();
};

/** @type {AbortController | undefined} */
let reading;

/** Read the stream until it ends; true if it is to be read again. @returns {Promise<boolean>} */
const read = async () => {
  reading = new AbortController();
  const answer = await fetch("/stream", { headers, signal: reading.signal });
  if (!answer.ok || !answer.body) {
    say((await answer.json()).problem, true);
    return answer.status === 429;
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return true;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    const last = lines.findLast(Boolean); // a page that is late shows the latest poll, but draws a map that came before
    if (!last) continue;
    const line = /** @type {Line} */ (JSON.parse(last));
    for (const other of lines) if (other !== last && other.includes('"svg"')) {
      const { svg, brokers } = /** @type {State} */ (JSON.parse(other));
      if (svg !== undefined) draw(svg, brokers);
    }
    if (line.kind === "state") show(line);
    else say(line.kind === "ended" ? `The lab has ended: ${line.text}` : `The lab cannot be polled: ${line.text}`, true);
    if (line.kind === "ended") return false;
  }
};

const follow = async () => {
  for (let again = true; again;) {
    try {
      again = await read();
      if (again) say("The server closed the stream: the page asks again.", true);
    } catch {
      if (!document.hidden) say("The server does not answer: the figures are old. The page asks again.", true);
    }
    while (document.hidden) await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
    if (again) await new Promise((go) => setTimeout(go, AGAIN_MS));
  }
};

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-act]"))) form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = [...new FormData(form)].map(([key, text]) => [key, String(text)]).filter(([, text]) => text);
  send({ act: form.dataset.act ?? "", ...Object.fromEntries(fields) }, form.querySelector("button"));
});
document.addEventListener("visibilitychange", () => { if (document.hidden) reading?.abort(); });
setInterval(showAges, 1000);
follow();
