"use strict";
(() => {
  const time = document.querySelector(".time");
  if (time) {
    const start = Number(time.dataset.start), end = Number(time.dataset.end);
    const axis = time.querySelector(".timeaxis"), drawn = axis.innerHTML;
    let from = 0, span = 1000;
    const show = (left, width) => {
      span = Math.min(1000, Math.max(0.5, width));
      from = Math.min(1000 - span, Math.max(0, left));
      time.style.setProperty("--from", from);
      time.style.setProperty("--span", span);
      for (const svg of time.querySelectorAll(".lane svg")) svg.setAttribute("viewBox", `${from} 0 ${span} 100`);
      if (span === 1000) { axis.innerHTML = drawn; return; }
      const second = (end - start) / 1000, shown = span * second, rough = shown / 6;
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
      axis.replaceChildren();
      for (let n = Math.ceil((start + from * second) / step); n * step <= start + (from + span) * second; n += 1) {
        const tick = document.createElement("span");
        tick.className = "at";
        tick.style.setProperty("--x", (n * step - start) / second);
        tick.textContent = `${Number((n * step).toPrecision(10))} s`;
        axis.append(tick);
      }
    };
    const tools = time.querySelector(".tools");
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const way = event.target.dataset.zoom;
      if (way === "in") show(from + span / 4, span / 2);
      if (way === "out") show(from - span / 2, span * 2);
      if (way === "all") show(0, 1000);
    });
    for (const lane of time.querySelectorAll(".lane")) {
      const readout = lane.nextElementSibling, told = readout.textContent;
      const svg = lane.querySelector(".lines"), lines = [...svg.querySelectorAll("line")].map((line) => ({
        line, x1: +line.getAttribute("x1"), x2: +line.getAttribute("x2"), y2: +line.getAttribute("y2"),
        words: line.querySelector("title").textContent,
      }));
      let near = null, began = null, choice = null;
      const at = (event) => {
        const box = svg.getBoundingClientRect();
        return { x: from + ((event.clientX - box.left) / box.width) * span, y: ((event.clientY - box.top) / box.height) * 100, box };
      };
      const forget = () => { if (near) near.line.classList.remove("near"); near = null; readout.textContent = told; };
      lane.addEventListener("pointermove", (event) => {
        const { x, y, box } = at(event);
        if (began !== null) {
          const low = Math.min(began, x), high = Math.max(began, x);
          if (!choice) { choice = document.createElement("i"); choice.className = "choice"; lane.append(choice); }
          choice.style.left = `${((low - from) / span) * 100}%`;
          choice.style.width = `${((high - low) / span) * 100}%`;
          return;
        }
        const part = Math.min(1, Math.max(0, y / 100));
        let best = null, least = (12 / box.width) * span;
        for (const each of lines) {
          const far = Math.abs(each.x1 + (each.x2 - each.x1) * part - x);
          if (far < least) { least = far; best = each; }
        }
        if (best === near) return;
        forget();
        if (best) { near = best; best.line.classList.add("near"); readout.textContent = best.words; }
      });
      lane.addEventListener("pointerleave", () => { if (began === null) forget(); });
      lane.addEventListener("pointerdown", (event) => {
        if (event.pointerType !== "mouse" || event.button) return;
        began = at(event).x;
        lane.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      const done = (event) => {
        if (began === null) return;
        const x = at(event).x, low = Math.min(began, x), width = Math.abs(x - began);
        began = null;
        if (choice) choice.remove();
        choice = null;
        if (event.type === "pointerup" && width > span * 0.01) show(low, width);
      };
      lane.addEventListener("pointerup", done);
      lane.addEventListener("pointercancel", done);
    }
  }
  for (const section of document.querySelectorAll("[data-filter]")) {
    const rows = [...section.querySelectorAll("tbody tr")];
    if (rows.length < 8) continue;
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = "filter";
    input.setAttribute("aria-label", "show only rows that contain this");
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    section.querySelector(".scroll").before(input);
  }
})();
