// SPDX-License-Identifier: GPL-3.0-or-later
// What a script adds to a report that reads without it: sorting, filtering, charts, copying. Every word from the
// results goes into the page by textContent, never as HTML.
(function () {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const titles = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent);
  const rows = Array.from(body.rows, (row, index) => ({
    row, index, cells: Array.from(row.cells, (cell) => cell.textContent), shown: true,
  }));
  let order = rows;

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function short(words, most) {
    const letters = Array.from(words);
    return letters.length > most ? letters.slice(0, most - 1).join("") + "\u2026" : words;
  }

  // --- the table ---------------------------------------------------------------------------------------------------

  const number = (words) => (words.trim() === "" ? NaN : Number(words));

  // Numbers before words, what is missing last in both directions.
  function compare(a, b, direction) {
    if (a === "\u2013" || b === "\u2013") return (a === "\u2013") - (b === "\u2013");
    const x = number(a), y = number(b);
    if (!isNaN(x) && !isNaN(y)) return direction * (x - y);
    if (isNaN(x) !== isNaN(y)) return isNaN(x) - isNaN(y);
    return direction * (a < b ? -1 : a > b ? 1 : 0);
  }

  function sort(column) {
    const head = table.tHead.rows[0].cells[column];
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const cell of table.tHead.rows[0].cells) cell.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    order = rows.slice().sort((a, b) =>
      compare(a.cells[column], b.cells[column], direction) || a.index - b.index);
    body.append(...order.map((entry) => entry.row));
    follow();
  }

  function makeSortable() {
    Array.from(table.tHead.rows[0].cells).forEach((cell, column) => {
      const button = element("button", { type: "button", title: "sort by " + titles[column] }, titles[column]);
      button.addEventListener("click", () => sort(column));
      cell.replaceChildren(button);
      cell.setAttribute("aria-sort", "none");
    });
  }

  // "attack", "aggregator" for "server.aggregator", "accuracy" for "test accuracy, %"; -1: no column.
  function columnOf(key) {
    const names = titles.map((title) => title.toLowerCase());
    const wanted = key.toLowerCase();
    const exact = names.indexOf(wanted);
    return exact >= 0 ? exact : names.findIndex((name) => name.split(/[ .,]+/).includes(wanted));
  }

  const tests = {
    "=": (a, b, same) => same, "!=": (a, b, same) => !same,
    "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  };

  // One word of the filter as a question to a row: a condition on a column, or a word that stands somewhere.
  function question(word) {
    const parts = /^([^=<>!]+)(!=|<=|>=|=|<|>)(.+)$/.exec(word);
    const column = parts === null ? -1 : columnOf(parts[1]);
    if (column < 0) return (entry) => entry.cells.some((cell) => cell.toLowerCase().includes(word.toLowerCase()));
    const wanted = parts[3].toLowerCase();
    return (entry) => {
      const cell = entry.cells[column].toLowerCase();
      const same = cell === wanted || cell.split(/[ ,]/)[0] === wanted || number(cell) === number(wanted);
      return tests[parts[2]](number(cell), number(wanted), same);
    };
  }

  function filter(words, count) {
    const questions = words.split(/\s+/).filter((word) => word !== "").map(question);
    for (const entry of rows) {
      entry.shown = questions.every((asked) => asked(entry));
      entry.row.hidden = !entry.shown;
    }
    const shown = rows.filter((entry) => entry.shown).length;
    count.textContent = shown === rows.length ? rows.length + " runs" : shown + " of " + rows.length + " runs";
    follow();
  }

  function makeFilter() {
    const input = element("input", {
      type: "search", id: "words", placeholder: "words, or conditions: attack=alie accuracy>90", autocomplete: "off",
    });
    const count = element("span", { role: "status", id: "count" }, rows.length + " runs");
    let waiting = 0;
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => filter(input.value, count), 120);
    });
    document.getElementById("filter").append(element("label", { for: "words" }, "Filter"), input, count);
  }

  // --- charts ------------------------------------------------------------------------------------------------------

  const LINES = 8, BARS = 24;
  let charts = null;

  // Settings in the order of the table as it is filtered and sorted.
  function settingsShown() {
    const found = new Set();
    for (const entry of order) if (entry.shown) found.add(data.runs[entry.index]);
    return Array.from(found);
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dashes = [[], [8, 4], [2, 3], [8, 4, 2, 4]];

  function points(curves, column, setting, scale) {
    const rounds = curves.rounds[curves.grid[setting]];
    return curves[column][setting].map((value, i) => ({ x: rounds[i], y: value === null ? null : value * scale }));
  }

  function lineOf(curves, measure, setting, place) {
    return {
      label: short(data.settings[setting], 60), data: points(curves, "mean", setting, measure.scale), place,
      borderDash: dashes[place % 4], borderWidth: 2, pointRadius: 1.5, pointHoverRadius: 5, tension: 0,
    };
  }

  // The confidence band: two lines without a stroke, filled between.
  function bandOf(curves, measure, setting, place) {
    if (!curves.low || curves.low[setting].length === 0) return [];
    const plain = { place, band: true, borderWidth: 0, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0 };
    return [
      { ...plain, label: "low", data: points(curves, "low", setting, measure.scale), fill: false },
      { ...plain, label: "high", data: points(curves, "high", setting, measure.scale), fill: "-1" },
    ];
  }

  // What theory promises of the error ratio: a broken line of the same colour.
  function boundOf(curves, measure, setting, place) {
    const kappa = data.kappa[setting], rounds = curves.rounds[curves.grid[setting]];
    if (measure.key !== "error_ratio" || kappa === null || rounds.length === 0) return [];
    return [{
      label: "\u03ba of " + short(data.settings[setting], 56), bound: true, place, borderDash: [14, 7], borderWidth: 1.2,
      data: [{ x: rounds[0], y: kappa }, { x: rounds[rounds.length - 1], y: kappa }], pointRadius: 0, pointHitRadius: 0,
    }];
  }

  function paint(chart) {
    for (const set of chart.data.datasets) {
      const own = colour("--s" + ((set.place || 0) % 8));
      set.borderColor = own;
      set.backgroundColor = set.band ? own + "2e" : own;
    }
    for (const scale of Object.values(chart.options.scales)) {
      scale.grid = { ...scale.grid, color: colour("--rule"), borderColor: colour("--soft") };
      scale.ticks = { ...scale.ticks, color: colour("--text") };
      scale.title.color = colour("--text");
    }
    if (chart.options.plugins.legend.labels) chart.options.plugins.legend.labels.color = colour("--text");
    chart.update("none");
  }

  function drawCurves(measure, shown) {
    const curves = data.curves[measure.key];
    const chart = charts.curves;
    const logarithmic = charts.log.checked;
    const kept = shown.filter((setting) => curves.mean[setting].length > 0).slice(0, LINES);
    chart.data.datasets = kept.flatMap((setting, place) =>
      [lineOf(curves, measure, setting, place), ...bandOf(curves, measure, setting, place),
        ...boundOf(curves, measure, setting, place)]);
    chart.options.scales.y = {
      type: logarithmic ? "logarithmic" : "linear", title: { display: true, text: measure.title },
      suggestedMin: logarithmic || measure.low === null ? undefined : measure.low * measure.scale,
      suggestedMax: logarithmic || measure.high === null ? undefined : measure.high * measure.scale,
    };
    paint(chart);
    return kept.length;
  }

  function barOf(measure, setting) {
    const values = rows.filter((entry) => entry.shown && data.runs[entry.index] === setting)
      .map((entry) => data.final[measure.key][entry.index]).filter((value) => value !== null);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { setting, runs: values.length, value: mean * measure.scale,
      least: Math.min(...values) * measure.scale, greatest: Math.max(...values) * measure.scale };
  }

  function drawBars(measure, shown) {
    const bars = shown.slice(0, BARS).map((setting) => barOf(measure, setting)).filter((bar) => bar.runs > 0);
    const chart = charts.bars;
    charts.barsBox.hidden = bars.length === 0;
    charts.barsBox.style.height = 70 + 24 * bars.length + "px";
    chart.data.labels = bars.map((bar) => short(data.settings[bar.setting], 42));
    chart.data.datasets = [{ data: bars.map((bar) => bar.value), bars, place: 0, maxBarThickness: 18 }];
    chart.options.scales.x.title.text = "final " + measure.title;
    chart.options.scales.x.suggestedMax = measure.high === null ? undefined : measure.high * measure.scale;
    paint(chart);
    chart.resize();
    return bars.length;
  }

  // Charts follow the table.
  function follow() {
    if (charts === null) return;
    const measure = data.measures[charts.measure.value];
    const shown = settingsShown();
    const lines = drawCurves(measure, shown);
    const bars = drawBars(measure, shown);
    charts.note.textContent = "Showing the first " + lines + " curves" + (bars > 0 ? " and " + bars + " bars" : "") +
      " of " + shown.length + " settings, in the order of the table below as it is filtered and sorted." +
      (measure.key === "error_ratio" ? " Broken lines: the bound \u03ba, where one is known." : "");
  }

  function makeCharts() {
    const home = document.getElementById("charts");
    if (typeof Chart === "undefined" || home === null) return;
    const measure = element("select", { id: "measure" },
      ...data.measures.map((each, i) => element("option", { value: i }, each.title)));
    const log = element("input", { type: "checkbox", id: "log" });
    const note = element("p", { class: "note", id: "chart-note" });
    const curves = element("canvas", { role: "img", "aria-label": "Curves of the settings chosen in the table" });
    const bars = element("canvas", { role: "img", "aria-label": "Final figures of the settings chosen in the table" });
    const barsBox = element("div", { class: "box" }, bars);
    home.append(element("h3", {}, "Choose what is drawn"),
      element("div", { class: "controls" }, element("label", {}, "Figure ", measure), element("label", {}, log, " logarithmic")),
      note, element("div", { class: "box curves" }, curves), barsBox);
    charts = {
      measure, log, note, barsBox,
      curves: new Chart(curves, {
        type: "line", data: { datasets: [] },
        options: {
          animation: false, maintainAspectRatio: false, parsing: false, normalized: true, spanGaps: false,
          interaction: { mode: "nearest", axis: "x", intersect: false }, // every line at the nearest round
          scales: { x: { type: "linear", min: 0, title: { display: true, text: "round" } }, y: { title: {} } },
          plugins: {
            legend: { position: "bottom", labels: { usePointStyle: false, boxHeight: 0, filter: (item, all) => { const set = all.datasets[item.datasetIndex]; return !set.band && !set.bound; } } },
            tooltip: { filter: (item) => !item.dataset.band, itemSort: (a, b) => b.parsed.y - a.parsed.y, callbacks: {
              title: (items) => (items.length > 0 ? "round " + items[0].parsed.x : ""),
              label: (item) => item.dataset.label + ": " + Number(item.parsed.y.toPrecision(4)),
            } },
          },
        },
      }),
      bars: new Chart(bars, {
        type: "bar", data: { labels: [], datasets: [] },
        options: {
          animation: false, maintainAspectRatio: false, indexAxis: "y",
          scales: { x: { beginAtZero: true, title: { display: true, text: "" } }, y: { title: { display: false }, ticks: { autoSkip: false } } },
          plugins: { legend: { display: false }, tooltip: { callbacks: { label: (item) => {
            const bar = item.dataset.bars[item.dataIndex];
            const range = bar.runs > 1 ? ", from " + Number(bar.least.toPrecision(4)) + " to " + Number(bar.greatest.toPrecision(4)) : "";
            return Number(bar.value.toPrecision(4)) + " (" + bar.runs + (bar.runs === 1 ? " run" : " runs") + range + ")";
          } } } },
        },
      }),
    };
    measure.addEventListener("change", follow);
    log.addEventListener("change", follow);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
    follow();
  }

  // --- configurations ----------------------------------------------------------------------------------------------

  function copy(button, words) {
    const done = () => { button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
    if (navigator.clipboard) navigator.clipboard.writeText(words).then(done, () => select(button.nextElementSibling));
    else select(button.nextElementSibling);
  }

  function select(block) {
    getSelection().selectAllChildren(block);
  }

  function addCopy(block) {
    const button = element("button", { type: "button", class: "plain" }, "Copy");
    button.addEventListener("click", () => copy(button, block.textContent));
    block.before(button);
  }

  // Puts a value into nested objects at a key path; keys like __proto__ are properties as any other.
  function put(object, path, value) {
    const keys = path.split(".");
    const last = keys.pop();
    let at = object;
    for (const key of keys) {
      if (!Object.hasOwn(at, key)) Object.defineProperty(at, key, { value: {}, enumerable: true, writable: true });
      at = at[key];
    }
    Object.defineProperty(at, last, { value, enumerable: true, writable: true, configurable: true });
  }

  function wholeConfiguration(details) {
    const whole = JSON.parse(document.getElementById("common").textContent);
    for (const key of details.querySelectorAll("dt.key")) {
      put(whole, key.textContent, JSON.parse(key.nextElementSibling.textContent));
    }
    return JSON.stringify(whole, null, 2);
  }

  function onOpen(event) {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement) || !details.classList.contains("run") || !details.open) return;
    if (details.dataset.made) return;
    details.dataset.made = "yes";
    addCopy(details.querySelector("pre.command"));
    const block = element("pre", { tabindex: "0" }, wholeConfiguration(details));
    details.append(element("details", {}, element("summary", {}, "The whole configuration"), block));
    addCopy(block);
  }

  // A link to a run opens it.
  function openTarget() {
    const target = /^#run-\d+$/.test(location.hash) ? document.querySelector(location.hash) : null;
    if (target === null) return;
    target.open = true;
    target.scrollIntoView();
  }

  makeSortable();
  makeFilter();
  makeCharts();
  addCopy(document.getElementById("common"));
  document.addEventListener("toggle", onOpen, true);
  addEventListener("hashchange", openTarget);
  openTarget();
})();
