/** The map as a stage: it shows states, messages and streams, and decides nothing.
 * @typedef {[kind: string, number: number, names: string[], state: string[], place: number]} Part place: of a link, the number of its plate; of a bridge, 1 if it begins where its stroke ends
 */
const SPACE = "http://www.w3.org/2000/svg";
const SIGNS = /** @type {Record<string, string>} */ ({ well: "●", shut: "✕", worse: "▲", down: "▼", unknown: "?", plain: "■" });
const MOST_DOTS = 150, MOST_NAMED = 60, LONGEST = 27, LONGEST_OF_LINK = 20, LONGEST_OF_MANY = 16;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const get = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {SVGElement} parent @param {string} name @param {string} style @param {Record<string, string | number>} [fields] */
const shape = (parent, name, style, fields = {}) => {
  const made = /** @type {SVGGraphicsElement} */ (document.createElementNS(SPACE, name));
  made.setAttribute("class", style);
  for (const [key, field] of Object.entries(fields)) made.setAttribute(key, String(field));
  parent.append(made);
  return made;
};

/** @param {number} rate */
const perSecond = (rate) => `${rate >= 10 ? Math.round(rate).toLocaleString("en") : rate.toPrecision(2)}/s`;

/** @param {string} text @param {number} [most] */
const cut = (text, most = LONGEST) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** The points of a path of straight lines, and how far along it each is. @param {string} path */
const course = (path) => {
  const points = path.slice(1).split("L").map((point) => point.split(" ").map(Number)), far = [0];
  points.slice(1).forEach(([x, y], n) => far.push(far[n] + Math.hypot(x - points[n][0], y - points[n][1])));
  return { points, far };
};

/** @param {SVGElement} svg @param {string[]} brokers */
const makeStage = (svg, brokers) => {
  const strokes = /** @type {SVGGElement[]} */ ([...svg.querySelectorAll(":scope > g.link, :scope > g.up, :scope > g.down")]);
  const lines = strokes.map((group) => group.querySelector("path")?.getAttribute("d") ?? "");
  const courses = lines.map(course);
  const rooms = /** @type {SVGTextElement[]} */ ([...svg.querySelectorAll(".box .room")]);
  const plates = /** @type {SVGTextElement[]} */ ([...svg.querySelectorAll(".plate .room")]);
  const each = brokers.length ? rooms.length / brokers.length : 0;
  const above = svg.querySelector(".box");
  const layer = /** @type {SVGGElement} */ (shape(svg, "g", "moving"));
  if (above) svg.insertBefore(layer, above); // messages are below the boxes that they leave and reach
  const titles = /** @type {string[]} */ ([]);
  const made = /** @type {Map<string, SVGGraphicsElement>} */ (new Map());
  const dots = /** @type {SVGGraphicsElement[]} */ ([]);

  /** @param {string} key @param {() => SVGGraphicsElement} make */
  const once = (key, make) => made.get(key) ?? made.set(key, make()).get(key);

  /** @param {number} number @param {number} part */
  const along = (number, part) => {
    const { points, far } = courses[number], length = far[far.length - 1] * part;
    const next = Math.max(1, far.findIndex((reached) => reached >= length)), [a, b] = [points[next - 1], points[next] ?? points[next - 1]];
    const between = (length - far[next - 1]) / ((far[next] ?? 0) - far[next - 1] || 1);
    return { x: a[0] + (b[0] - a[0]) * between, y: a[1] + (b[1] - a[1]) * between };
  };

  /** @param {number} number @param {string[]} names @param {string[]} state @param {number} plate */
  const link = (number, [left, right], [tone, text, there, back, short = text], plate) => {
    strokes[number].setAttribute("class", `link ${tone}`);
    title(number, titles[number] = `link ${left} – ${right}: ${text || "open"}`);
    [there, back].forEach((way, turn) => { // a cross near the region that the direction leaves
      const at = along(number, turn ? 0.72 : 0.28);
      const cross = once(`cross ${number} ${turn}`, () => shape(layer, "text", "cross", { x: at.x, y: at.y + 9 }));
      if (cross) cross.textContent = way === "shut" ? "✕" : "";
    });
    if (plates[plate]) plates[plate].textContent = cut(short, LONGEST_OF_LINK);
    plates[plate]?.setAttribute("class", `room ${tone}`);
    const words = plate >= 0 ? null : once(`words ${number}`, () => {
      const at = along(number, 0.5);
      return shape(svg, "text", "state", { x: at.x, y: at.y - 10 });
    });
    if (words) words.textContent = cut(short);
  };

  /** @param {number} number @param {string[]} names @param {string[]} ends @param {number} reversed */
  const bridge = (number, [connector, broker, remote], ends, reversed) => {
    const whole = ends.every((end) => end === "up" || end === "none");
    strokes[number].setAttribute("class", whole ? "up" : "down");
    const words = ends.map((end, turn) => (end === "none" ? "" : `${end} at ${turn ? remote : broker}`)).filter(Boolean);
    title(number, titles[number] = `${connector}: ${broker} ${ends[1] === "none" ? "→" : "⇄"} ${remote}, ${words.join(", ")}`);
    ends.forEach((end, turn) => {
      if (end === "none") return;
      const at = along(number, turn === reversed ? 0 : 1);
      const dot = once(`end ${number} ${turn}`, () => shape(svg, "circle", "", { cx: at.x, cy: at.y, r: strokes.length > MOST_NAMED ? 3 : 6 }));
      if (dot) dot.setAttribute("class", `end-of-bridge ${end}`);
    });
  };

  /** @param {number} number @param {string} text */
  const title = (number, text) => {
    const words = strokes[number].querySelector("title");
    if (words && words.textContent !== text) words.textContent = text;
  };

  /** @param {number} number @param {string[]} state */
  const broker = (number, [tone, first, second]) => {
    const place = rooms[number * each];
    place.setAttribute("class", `room ${tone}`);
    place.textContent = `${SIGNS[tone] ?? ""} ${cut(first, each > 1 ? LONGEST : LONGEST_OF_MANY)}`;
    if (each > 1) rooms[number * each + 1].textContent = cut(second);
  };

  return {
    /** Show the state of a part. @param {Part} part @param {string[]} state */
    show([kind, number, names, , place], state) {
      if (kind === "link") link(number, names, state, place);
      if (kind === "bridge") bridge(number, names, state, place);
      if (kind === "broker") broker(number, state);
    },
    /** Show how many messages of a broker are on their way, and how many it has received. @param {number} number @param {number} open @param {number} received @param {number} most */
    count(number, open, received, most) {
      if (each < 3 || number < 0) return;
      const place = rooms[number * each + 2];
      const words = [open ? `${open.toLocaleString("en")} under way` : "", received ? `${received.toLocaleString("en")} received` : ""];
      place.textContent = cut(words.filter(Boolean).join(" · "));
      const x = Number(place.getAttribute("x")), y = Number(place.getAttribute("y"));
      const bar = once(`bar ${number}`, () => shape(svg, "rect", "fill", { x: x - 80, y: y - 11, height: 14, rx: 3 }));
      if (bar && bar.nextSibling !== place) place.before(bar);
      if (bar) bar.setAttribute("width", String(most ? Math.round((160 * open) / most) : 0));
    },
    /** Show messages, each as far as it has come on its way: hops are strokes + 1, negative against their direction. @param {[hops: number[], part: number][]} places */
    dots(places) {
      const step = Math.max(1, places.length / MOST_DOTS);
      const shown = places.length ? Math.min(MOST_DOTS, places.length) : 0;
      for (let n = 0; n < Math.max(shown, dots.length); n += 1) {
        dots[n] ??= shape(layer, "circle", "message", { r: 5 });
        dots[n].setAttribute("visibility", n < shown ? "visible" : "hidden");
        if (n >= shown) continue;
        const [hops, part] = places[Math.floor(n * step)];
        const hop = Math.min(hops.length - 1, Math.floor(part * hops.length)), inside = part * hops.length - hop;
        const number = Math.abs(hops[hop]) - 1;
        const at = along(number, hops[hop] > 0 ? inside : 1 - inside);
        dots[n].setAttribute("cx", at.x.toFixed(1));
        dots[n].setAttribute("cy", at.y.toFixed(1));
      }
    },
    /** Show the rate of a stream on one stroke; a negative hop goes against its direction. @param {number} hop @param {number} rate @param {number} turn */
    stream(hop, rate, turn) {
      const number = Math.abs(hop) - 1, key = `stream ${hop}`;
      if (!rate && !made.has(key)) return;
      const path = once(key, () => shape(layer, "path", "stream", { d: lines[number] }));
      if (!path) return;
      path.setAttribute("visibility", rate ? "visible" : "hidden");
      path.setAttribute("stroke-width", (2 + Math.min(5, Math.log10(1 + rate))).toFixed(1));
      path.setAttribute("stroke-dashoffset", ((hop > 0 ? -turn : turn) % 22).toFixed(1));
      title(number, `${titles[number]}${rate ? `, ${perSecond(rate)}` : ""}`);
      if (strokes.length > MOST_NAMED) return; // more words would hide each other
      const at = along(number, hop > 0 ? 0.82 : 0.18);
      const words = once(`rate ${hop}`, () => shape(svg, "text", "rate", { x: at.x, y: at.y - 8 }));
      if (words) words.textContent = rate ? perSecond(rate) : "";
    },
  };
};
