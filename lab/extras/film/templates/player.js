/** The film: a moment, and the scenes up to it.
 * @typedef {[t: number, caption: string, tone: string, changes: [part: number, state: string[]][], verdict: number]} Scene
 * @typedef {{start: number, end: number, brokers: string[], parts: Part[], scenes: Scene[], directions: [source: number, target: number, hops: number[]][], deliveries: [direction: number, sent: number, took: number][], streams: [direction: number, rows: number[]][], partSeconds: number}} Content
 */
const PACES = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 100, 300, 1000];
const TONES = ["shut", "worse", "down", "good", "step"]; // the weightiest first
const LEAST_SECONDS = 0.5, PAUSE_SECONDS = 2, LOG = 6, MOST_TOGETHER = 6, EVENTS = "event";

const content = /** @type {Content} */ (JSON.parse(get("content").textContent ?? ""));
const { start, end, brokers, parts, scenes, directions, deliveries, streams, partSeconds } = content;
const svg = /** @type {SVGSVGElement | null} */ (document.querySelector("svg.network"));
const stage = svg && makeStage(svg, brokers);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const slider = /** @type {HTMLInputElement} */ (get("moment")), pace = /** @type {HTMLSelectElement} */ (get("pace"));
const play = get("play"), caption = get("caption"), log = get("log"), clock = get("clock");
const here = /** @type {HTMLAnchorElement} */ (get("here"));
const verdicts = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".verdicts li")]);
const told = scenes.flatMap(([, text], number) => (text ? [number] : []));

let now = start, cursor = 0, playing = false, last = 0, timer = 0, shownCaption = -1;
/** @type {string[][]} */
let states = parts.map(([, , , state]) => state);

// Messages of a broker: those sent there that have not arrived anywhere, and those that its clients received.
const counts = brokers.map(() => ({ open: 0, received: 0 }));
/** @param {number} direction @param {number} sent @param {number} arrived */
const count = (direction, sent, arrived) => {
  const [source, target] = directions[direction];
  if (source >= 0) counts[source].open += sent - arrived;
  if (target >= 0) counts[target].received += arrived;
};
const fastest = directions.map(() => Infinity);
for (const [direction, , took] of deliveries) if (took >= 0) fastest[direction] = Math.min(fastest[direction], took);
const columns = streams.map(([direction, rows]) => {
  /** @type {{place: number, sent: number, arrived: number, sentUp: number, arrivedUp: number}[]} */
  const column = [];
  for (let n = 0, sentUp = 0, arrivedUp = 0; n < rows.length; n += 3) {
    column.push({ place: rows[n], sent: rows[n + 1], arrived: rows[n + 2], sentUp, arrivedUp });
    sentUp += rows[n + 1];
    arrivedUp += rows[n + 2];
  }
  return { direction, column };
});

/** The last row that begins up to a part of time. @param {typeof columns[0]["column"]} column @param {number} place */
const row = (column, place) => column.findLast((each) => each.place <= place);

/** @param {number} t */
const showStreams = (t) => {
  const over = t / partSeconds, place = Math.floor(over);
  /** @type {Map<number, number>} */
  const rates = new Map();
  for (const { direction, column } of columns) {
    const [, , hops] = directions[direction], present = row(column, place);
    if (!present) { for (const hop of hops) rates.set(hop, rates.get(hop) ?? 0); continue; }
    const part = present.place === place && t < end ? over - place : 1;
    count(direction, Math.round(present.sentUp + present.sent * part), Math.round(present.arrivedUp + present.arrived * part));
    const rate = present.place === place && t < end ? present.arrived / partSeconds : 0;
    for (const hop of hops) rates.set(hop, (rates.get(hop) ?? 0) + rate);
  }
  const turn = still.matches ? 0 : performance.now() / 25;
  for (const [hop, rate] of rates) stage?.stream(hop, rate, playing ? turn : 0);
};

/** @param {number} t */
const showDeliveries = (t) => {
  const least = LEAST_SECONDS * (pace.value === EVENTS ? 1 : Number(pace.value));
  /** @type {[hops: number[], part: number][]} */
  const places = [];
  for (const [direction, sent, took] of deliveries) {
    if (sent > t) break;
    const [, , hops] = directions[direction], lasts = fastest[direction], since = t - (sent + took - lasts);
    count(direction, 1, took >= 0 && sent + took <= t ? 1 : 0);
    if (took >= 0 && hops.length && since >= 0 && since < Math.max(lasts, least)) places.push([hops, since / Math.max(lasts, least)]);
  }
  stage?.dots(places);
};

let most = 0;
/** @param {number} t */
const showMessages = (t) => {
  for (const each of counts) each.open = each.received = 0;
  if (streams.length) showStreams(t); else showDeliveries(t);
  for (const { open } of counts) most = Math.max(most, open);
  counts.forEach(({ open, received }, number) => stage?.count(number, open, received, most));
};

/** @param {number} number */
const sentence = (number) => `${scenes[number][0].toFixed(3)} s  ${scenes[number][1]}`;

const showCaptions = () => {
  let at = told.length;
  while (at > 0 && told[at - 1] >= cursor) at -= 1;
  if (at === shownCaption) return;
  shownCaption = at;
  let from = at; // sentences of one moment are read together
  while (from > 0 && scenes[told[from - 1]][0] === scenes[told[at - 1]][0]) from -= 1;
  const together = told.slice(Math.max(from, at - MOST_TOGETHER), at);
  caption.textContent = together.map(sentence).join("\n") || "The film begins.";
  caption.className = TONES.find((tone) => together.some((number) => scenes[number][2] === tone)) ?? "";
  log.replaceChildren(...told.slice(Math.max(0, at - together.length - LOG), at - together.length).reverse().map((number) => {
    const entry = document.createElement("li");
    entry.textContent = sentence(number);
    entry.className = scenes[number][2];
    return entry;
  }));
};

/** Show a moment: the states that all scenes up to it lead to. @param {number} t */
const show = (t) => {
  now = Math.min(end, Math.max(start, t));
  const before = [...states];
  if (cursor > 0 && scenes[cursor - 1][0] > now) {
    cursor = 0;
    states = parts.map(([, , , state]) => state);
  }
  while (cursor < scenes.length && scenes[cursor][0] <= now) {
    for (const [part, state] of scenes[cursor][3]) states[part] = state;
    cursor += 1;
  }
  states.forEach((state, number) => { if (state !== before[number]) stage?.show(parts[number], state); });
  verdicts.forEach((verdict, number) => verdict.classList.toggle("later", !scenes.slice(0, cursor).some((scene) => scene[4] === number)));
  showCaptions();
  showMessages(now);
  slider.value = String(now);
  slider.setAttribute("aria-valuetext", `${now.toFixed(3)} seconds of ${end.toFixed(3)}`);
  clock.textContent = `${now.toFixed(3)} s of ${end.toFixed(3)} s`;
  here.href = `#t=${now.toFixed(4)}`;
};

/** The next moment with a sentence, or the one before. @param {1 | -1} way */
const neighbour = (way) => {
  const times = told.map((number) => scenes[number][0]);
  return way > 0 ? times.find((t) => t > now + 1e-6) ?? end : times.filter((t) => t < now - 1e-6).at(-1) ?? start;
};

const stepped = () => still.matches || pace.value === EVENTS;

const tick = () => {
  clearTimeout(timer);
  if (!playing) return;
  if (now >= end) { turn(false); return; }
  if (stepped()) {
    show(neighbour(1));
    timer = setTimeout(tick, PAUSE_SECONDS * 1000);
    return;
  }
  const time = performance.now();
  show(now + (Math.min(time - last, 200) / 1000) * Number(pace.value));
  last = time;
  requestAnimationFrame(tick);
};

/** @param {boolean} on */
const turn = (on) => {
  playing = on;
  play.textContent = on ? "Pause" : "Play";
  play.setAttribute("aria-pressed", String(on));
  caption.setAttribute("aria-live", on && !stepped() ? "off" : "polite");
  if (on && now >= end) show(start);
  last = performance.now();
  if (on) tick(); else { clearTimeout(timer); showMessages(now); }
};

/** @param {number} t */
const seek = (t) => { turn(false); show(t); };

/** @param {number} way */
const changePace = (way) => {
  pace.selectedIndex = Math.min(pace.options.length - 1, Math.max(0, pace.selectedIndex + way));
};

const follow = () => {
  const named = /^#t=(-?[0-9.]+)$/.exec(location.hash);
  if (named && Number.isFinite(Number(named[1]))) seek(Number(named[1]));
};

for (const each of PACES) pace.add(new Option(`${each.toLocaleString("en")} ×`, String(each)));
pace.add(new Option("to the next event", EVENTS));
const lasting = (end - start) / 45; // so long a film is watched
pace.value = still.matches ? EVENTS : String(PACES.find((each) => each >= lasting) ?? PACES.at(-1));
slider.min = String(start);
slider.max = String(end);
slider.step = String((end - start) / 1000);
slider.addEventListener("input", () => seek(Number(slider.value)));
play.addEventListener("click", () => turn(!playing));
get("next").addEventListener("click", () => seek(neighbour(1)));
get("before").addEventListener("click", () => seek(neighbour(-1)));
addEventListener("hashchange", follow);

/** @type {Record<string, () => void>} */
const KEYS = {
  " ": () => turn(!playing),
  ArrowLeft: () => seek(now - (end - start) / 100),
  ArrowRight: () => seek(now + (end - start) / 100),
  n: () => seek(neighbour(1)),
  p: () => seek(neighbour(-1)),
  "+": () => changePace(1),
  "-": () => changePace(-1),
};
document.addEventListener("keydown", (event) => {
  const target = /** @type {Element} */ (event.target);
  const own = target.closest("select, [role=textbox]") || (event.key === " " && target.closest("button, a, summary")) || (event.key.startsWith("Arrow") && (target === slider || target.scrollWidth > target.clientWidth));
  if (own || event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

get("player").hidden = false;
parts.forEach((part, number) => stage?.show(part, states[number]));
show(start);
follow();
