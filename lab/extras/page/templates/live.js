/** The live page: it shows the lines that the server sends, and sends acts. Python decides every text.
 * @typedef {{label: string, name: string, fields: Record<string, string>, asks: boolean, command: string}} Act
 * @typedef {{key: string, cells: string[], tone: string, age: number | null, acts: Act[], delay: [link: string, ms: number] | null}} Row age: null if its figures were never read, negative if it has none
 * @typedef {{name: string, head: string[], state: number, rows: Row[], note: string}} Table
 * @typedef {{run: string, scenario: string, t: number, readOnly: boolean, svg?: string, brokers: string[], choices: Record<string, string[]>, parts: Part[], rates: [hop: number, rate: number][]}} State
 * @typedef {{kind: "state" | "news" | "blind" | "ended", age: number, text: string, tables?: Table[], events?: [t: number, text: string, tone: string][]}} Line
 * @typedef {{problem?: string, asks?: string, command?: string, note?: string}} Reply
 */
const KEY = "mqlab-token", AGAIN_MS = 2000, OLD_SECONDS = 10, MOST_DONE = 8, MOST_DELAY = 500, SETTLED_MS = 500;

/** @param {string} id a template's @returns {HTMLElement} */
const copied = (id) => /** @type {any} */ (document.getElementById(id)).content.firstElementChild.cloneNode(true);

/** @template {keyof HTMLElementTagNameMap} N @param {N} name @param {string} [text] @param {string} [style] @returns {HTMLElementTagNameMap[N]} */
const made = (name, text = "", style = "") => Object.assign(document.createElement(name), { textContent: text, className: style });

/** @param {Element | null} place @param {string} text */
const write = (place, text) => {
  if (place && place.textContent !== text) place.textContent = text;
};

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) sessionStorage.setItem(KEY, given);
if (given) history.replaceState(null, "", location.pathname); // no token in the address, which is shown and copied
const headers = { "x-mqlab-token": sessionStorage.getItem(KEY) ?? "" };
const ask = /** @type {HTMLDialogElement} */ (get("ask"));

/** @param {string} text @param {boolean} bad @param {string} [id] */
const say = (text, bad, id = "state") => {
  write(get(id), text);
  get(id).classList.toggle("bad", bad);
};

let stage = /** @type {ReturnType<typeof makeStage> | undefined} */ (undefined);
let polled = 0; // the time of the page's clock at which the lab was polled

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
  copy.ariaLabel = `copy ${command}`;
  copy.addEventListener("click", () => navigator.clipboard.writeText(command).then(() => write(copy, "copied"), () => write(copy, "not copied")));
  entry.append(copy, made("code", command));
  get("done").prepend(entry);
  while (get("done").children.length > MOST_DONE) get("done").lastElementChild?.remove();
};

/** @param {Record<string, string>} fields @returns {Promise<Reply>} */
const post = (fields) => fetch("/act", { method: "POST", headers, body: JSON.stringify(fields) })
  .then((answer) => answer.json(), () => ({ problem: "the server did not answer; the events below show whether it was done" }));

/** Do an act, after its question if it has one. @param {Record<string, string>} fields @param {Element | null} [by] */
const send = async (fields, by) => {
  if (by?.ariaBusy) return;
  const name = Object.values(fields).join(" ");
  if (by) by.ariaBusy = "true"; // not disabled: that would take the focus away
  say(`${name}: under way`, false, "outcome");
  let reply = await post(fields);
  if (reply.asks && (await asked(reply))) reply = await post({ ...fields, sure: "yes" });
  if (by) by.ariaBusy = null;
  say(`${name}: ${reply.problem ?? reply.note ?? "not done"}`, Boolean(reply.problem), "outcome");
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
  if (row.delay && !place.querySelector("label")) place.append(slider(row.delay[0]));
  const input = place.querySelector("input");
  if (!row.delay || !input || input === document.activeElement) return; // a person moves it
  input.max = String(Math.max(MOST_DELAY, row.delay[1]));
  input.value = String(row.delay[1]);
  write(place.querySelector("output"), `${row.delay[1]} ms`);
};

/** @param {Act} act */
const actButton = (act) => {
  const button = Object.assign(made("button", act.label, act.asks ? "danger" : ""), { title: act.command, ariaLabel: act.name });
  button.addEventListener("click", () => send(act.fields, button));
  return button;
};

/** @param {string} link */
const slider = (link) => {
  const label = copied("slider"), input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
  let waiting = 0;
  input.ariaLabel = `delay of ${link}, one way, in milliseconds`;
  input.addEventListener("input", () => { // arrow keys and a pointer change it again and again
    write(label.querySelector("output"), `${input.value} ms`);
    clearTimeout(waiting);
    waiting = setTimeout(() => send({ act: "delay", link, ms: input.value }), SETTLED_MS);
  });
  return label;
};

/** @param {Table} table */
const newTable = ({ name, head }) => {
  const section = copied("table");
  section.id = `table-${name}`;
  write(section.querySelector("h2"), name);
  section.querySelector("table")?.setAttribute("aria-label", name);
  section.querySelector("tr")?.prepend(...head.map((text) => Object.assign(made("th", text), { scope: "col" })));
  get("tables")[name.startsWith("Verdicts") ? "prepend" : "append"](section);
  return section;
};

/** @param {Table} table @param {number} at */
const showTable = (table, at) => {
  const section = document.getElementById(`table-${table.name}`) ?? newTable(table);
  const body = /** @type {HTMLTableSectionElement} */ (section.querySelector("tbody"));
  const kept = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  table.rows.forEach((row, number) => {
    const line = kept.get(row.key) ?? made("tr");
    if (!kept.delete(row.key)) {
      line.dataset.key = row.key;
      for (const label of [...table.head, "age", ""]) line.appendChild(made("td", "", label === "age" ? "age" : label ? "" : "acts")).dataset.label = label;
      line.children[table.state].classList.add("state-of");
    }
    if (body.rows[number] !== line) body.insertBefore(line, body.rows[number] ?? null);
    row.cells.forEach((text, cell) => write(line.children[cell], text));
    line.dataset.tone = row.tone;
    if (row.age === null || row.age >= 0) line.dataset.at = row.age === null ? "" : String(at - row.age * 1000);
    showActs(/** @type {HTMLElement} */ (line.lastElementChild), row);
  });
  for (const line of kept.values()) line.remove();
  section.classList.toggle("no-acts", !table.rows.some((row) => row.acts.length));
  section.classList.toggle("no-ages", !body.querySelector("[data-at]"));
  write(section.querySelector("p"), table.rows.length ? table.note : "none yet");
};

const showAges = () => {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("tr[data-at]"))) {
    const at = line.dataset.at, seconds = at ? Math.max(0, Math.round((performance.now() - Number(at)) / 1000)) : null;
    line.classList.toggle("old", seconds === null || seconds > OLD_SECONDS);
    write(line.querySelector(".age"), seconds === null ? "never read" : `${seconds} s`);
  }
  const age = Math.round((performance.now() - polled) / 1000);
  get("map").classList.toggle("old", polled > 0 && age > OLD_SECONDS);
  if (polled) write(get("clock"), `· polled ${age} s ago`);
};

/** @param {State} state @param {number} at */
const show = (state, at) => {
  polled = at;
  if (state.svg !== undefined) {
    const map = new DOMParser().parseFromString(state.svg, "text/html").querySelector("svg");
    stage = map ? makeStage(map, state.brokers) : undefined;
    get("map").replaceChildren(map ? document.adoptNode(map) : made("p", "So many regions are not drawn. The tables have all of them."));
  }
  for (const part of state.parts) stage?.show(part, part[3]);
  for (const [hop, rate] of state.rates) stage?.stream(hop, rate, 0);
  write(get("scenario"), state.scenario);
  write(get("run"), `run ${state.run} · ${state.t} s`);
  document.title = `${state.scenario}: a running lab`;
  for (const section of document.querySelectorAll(".acting")) section.toggleAttribute("hidden", state.readOnly);
  for (const select of document.querySelectorAll("select")) {
    const names = state.choices[select.name];
    if (names && [...select.options].map((one) => one.value).join("\n") !== names.join("\n")) select.replaceChildren(...names.map((name) => new Option(name || "usual", name)));
  }
};

/** @param {Line} line */
const take = (line) => {
  const at = performance.now() - line.age * 1000;
  if (line.kind === "state") show(/** @type {any} */ (line), at);
  for (const table of line.tables ?? []) showTable(table, at);
  if (line.events) get("log").replaceChildren(...line.events.toReversed().map(([t, text, tone]) => made("li", `${t} s  ${text}`, tone)));
  if (line.text) say(line.text, line.kind !== "state");
  showAges();
  return line.kind !== "ended";
};

let reading = new AbortController();

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
    for (const line of lines) if (line && !take(JSON.parse(line))) return false;
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
document.addEventListener("visibilitychange", () => { if (document.hidden) reading.abort(); });
setInterval(showAges, 1000);
follow();
