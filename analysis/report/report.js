"use strict";
// Draws a report from the columns in the page: canvases that share one selection, and a table. No name or value ever
// becomes HTML: texts are set as `textContent`, or drawn.
(() => {
  const STATES = ["RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING", "PAUSED"];
  const COMPLETE = 1, PRUNED = 2;
  const STATE_COLORS = ["#009e73", "#0072b2", "#e69f00", "#d55e00", "#999999", "#cc79a7"];
  const SERIES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];
  const PAGE = 50; // rows of the table
  const MARGIN = { left: 62, right: 24, top: 10, bottom: 34 };
  const MOST_SLICES = 24;
  const theme = {};

  // --- data ----------------------------------------------------------------------------------------------------

  const ARRAYS = { i8: Int8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };

  function unpack(column) {
    if (!column) return null;
    const text = atob(column.d), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new ARRAYS[column.t](bytes.buffer);
  }

  // A study's columns, one row a trial that is in the page.
  function read(raw) {
    const study = Object.assign({}, raw);
    for (const key of ["numbers", "state", "infeasible", "start", "took", "lane"]) study[key] = unpack(raw[key]);
    study.n = study.numbers.length;
    study.values = raw.values.map(unpack);
    const space = unpack(raw.space);
    study.params = raw.params.map((param) => {
      const has = new Set(param.spaces), packed = unpack(param.values), values = new Float64Array(study.n).fill(NaN);
      for (let i = 0, k = 0; i < study.n; i++) if (has.has(space[i])) values[i] = packed[k++];
      return Object.assign({}, param, { values });
    });
    study.attrs = raw.attrs.map((attr) => Object.assign({}, attr, { values: unpack(attr.values), codes: unpack(attr.codes) }));
    study.errorCodes = unpack(raw.errors.codes);
    study.row = new Map();
    study.numbers.forEach((number, i) => study.row.set(number, i));
    study.good = new Uint8Array(study.n);
    for (let i = 0; i < study.n; i++) {
      study.good[i] = study.state[i] === COMPLETE && !(study.infeasible && study.infeasible[i]) ? 1 : 0;
    }
    study.losses = study.values[0].map
      ? Float64Array.from(study.values[0], (v, i) => (study.good[i] ? v * study.signs[0] : NaN)) : [];
    study.rank = ranks(study.losses);
    for (const key of ["curves", "rungs", "band"]) {
      if (raw[key]) {
        study[key] = {};
        for (const [name, column] of Object.entries(raw[key])) study[key][name] = column && column.d !== undefined ? unpack(column) : column;
      }
    }
    study.hypervolumes = raw.hypervolumes && raw.hypervolumes.map(unpack);
    return study;
  }

  // From 0 for the best to 1 for the worst; NaN without a value.
  function ranks(losses) {
    const order = Array.from(losses.keys ? losses.keys() : []).filter((i) => losses[i] === losses[i]).sort((a, b) => losses[a] - losses[b]);
    const found = new Float64Array(losses.length).fill(NaN);
    order.forEach((i, k) => { found[i] = order.length > 1 ? k / (order.length - 1) : 0; });
    return found;
  }

  // --- small parts ---------------------------------------------------------------------------------------------

  function element(tag, attributes, ...children) {
    const found = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) found.addEventListener(key.slice(2), value);
      else if (value !== false && value !== null) found.setAttribute(key, value === true ? "" : value);
    }
    found.append(...children);
    return found;
  }

  function show(value) {
    if (value === null || value === undefined || value !== value) return "";
    if (value === Infinity) return "inf";
    if (value === -Infinity) return "-inf";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(4).replace(/\.?0+e/, "e").replace("e+", "e");
    return String(Number(value.toPrecision(6)));
  }

  function paramText(param, value) {
    if (value !== value) return "";
    return param.kind === "choice" ? param.labels[value] : show(value);
  }

  // Long texts lose their middle: names often differ at their ends.
  function cut(text, letters) {
    const end = Math.floor(letters / 2) - 1;
    return text.length > letters ? text.slice(0, letters - 1 - end) + "…" + text.slice(text.length - end) : text;
  }

  // Dark for the best, pale for the worst: of one hue, so that all can tell.
  function rankColor(rank) {
    if (rank !== rank) return theme.missing;
    const ramp = theme.ramp, at = Math.min(rank, 1) * (ramp.length - 1), k = Math.min(Math.floor(at), ramp.length - 2), t = at - k;
    return `rgb(${[0, 1, 2].map((c) => Math.round(ramp[k][c] * (1 - t) + ramp[k + 1][c] * t)).join(",")})`;
  }

  function readTheme() {
    const style = getComputedStyle(document.documentElement);
    for (const key of ["paper", "ink", "faint", "line", "panel", "accent", "mark"]) theme[key] = style.getPropertyValue(`--${key}`).trim();
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches;
    theme.ramp = isDark ? [[253, 231, 37], [53, 183, 121], [49, 104, 142], [72, 60, 120]] : [[68, 1, 84], [49, 104, 142], [53, 183, 121], [200, 200, 70]];
    theme.missing = isDark ? "#5a636d" : "#b9c0c8";
    theme.band = isDark ? "#cc79a7" : "#56b4e9";
    theme.better = isDark ? "bright: better" : "dark: better";
    STATE_COLORS[COMPLETE] = SERIES[0] = isDark ? "#56b4e9" : "#0072b2"; // as light as the ground is dark
    SERIES[4] = isDark ? "#0072b2" : "#56b4e9";
  }

  // --- axes ----------------------------------------------------------------------------------------------------

  class Axis {
    constructor(title, { low, high, log = false, labels = null, time = false }) {
      Object.assign(this, { title, log: log && low > 0, labels, time });
      if (!(low < high)) { const pad = Math.abs(low) * 0.05 || 0.5; low = Number.isFinite(low) ? low - pad : 0; high = low + 2 * pad; if (!(low < high)) high = low + 1; if (this.log && low <= 0) low = high / 10; }
      [this.a, this.b] = this.log ? [Math.log10(low), Math.log10(high)] : [low, high];
    }
    static of(title, columns, options = {}) {
      let low = Infinity, high = -Infinity;
      for (const column of columns) for (const v of column) if (Number.isFinite(v) && !(options.log && v <= 0)) { if (v < low) low = v; if (v > high) high = v; }
      if (low > high) { low = 0; high = 1; }
      if (!options.log && low < high) { const pad = 0.04 * (high - low); low -= pad; high += pad; }
      return new Axis(title, Object.assign({ low, high }, options));
    }
    static robust(title, values, sign) {
      // The worst twentieth of values may lie far off: the axis ends at a few times the range of the others.
      const sorted = Array.from(values).filter(Number.isFinite).map((v) => v * sign).sort((a, b) => a - b);
      if (!sorted.length) return new Axis(title, { low: 0, high: 1 });
      const best = sorted[0], most = sorted[Math.floor(0.95 * (sorted.length - 1))], worst = sorted[sorted.length - 1];
      let end = worst - best > 3 * (most - best) && most > best ? most + 0.5 * (most - best) : worst;
      if (end === best) end = best + (Math.abs(best) * 0.1 || 1);
      const pad = 0.06 * (end - best), ends = [(best - pad) * sign, (end + pad) * sign].sort((a, b) => a - b);
      const axis = new Axis(title, { low: ends[0], high: ends[1] });
      axis.clipped = end < worst;
      return axis;
    }
    at(value) { return ((this.log ? Math.log10(value) : value) - this.a) / (this.b - this.a); }
    ticks(most) {
      if (this.labels) {
        const every = Math.ceil(this.labels.length / Math.max(most, 1));
        return this.labels.map((label, i) => [i, cut(label, 14)]).filter(([i]) => i % every === 0);
      }
      if (this.log && this.b - this.a >= 1) {
        const found = [], every = Math.max(1, Math.ceil((this.b - this.a) / most));
        for (let e = Math.ceil(this.a); e <= this.b + 1e-9; e += every) found.push([10 ** e, e >= -3 && e <= 4 ? show(10 ** e) : `1e${e}`]);
        return found;
      }
      const [low, high] = this.log ? [10 ** this.a, 10 ** this.b] : [this.a, this.b];
      const rough = (high - low) / Math.max(most, 1), power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough) || rough, found = [];
      for (let k = Math.ceil(low / step); k * step <= high && found.length < 30; k++) found.push([k * step, show(k * step)]);
      return found;
    }
  }

  // --- panels --------------------------------------------------------------------------------------------------

  // A canvas with a caption. `draw(context, width, height)` paints it; `points` are what can be brushed: [row, x, y].
  class Panel {
    constructor(view, title, { note = "", height = 260, wide = false, controls = [], legend = null } = {}) {
      Object.assign(this, { view, height, brush: null, cursor: -1, points: [] });
      this.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": `${title}. Arrow keys move along the trials, Enter selects, Escape clears.` });
      this.caption = element("figcaption", {}, title);
      if (note) this.caption.append(element("span", {}, note));
      this.caption.append(...controls);
      this.figure = element("figure", { class: wide ? "panel wide" : "panel" }, this.caption, this.canvas);
      if (legend) this.figure.append(legendOf(legend));
      this.listen();
    }
    listen() {
      const canvas = this.canvas;
      canvas.addEventListener("pointerdown", (event) => { this.down = this.place(event); this.brush = null; canvas.setPointerCapture(event.pointerId); });
      canvas.addEventListener("pointermove", (event) => {
        const at = this.place(event);
        if (this.down) { this.brush = [this.down, at]; this.paint(); } else this.hover(at, event);
      });
      canvas.addEventListener("pointerup", (event) => {
        const from = this.down, to = this.place(event);
        this.down = null;
        if (!from) return;
        if (Math.hypot(from[0] - to[0], from[1] - to[1]) < 4) { this.brush = null; this.click(to, event.shiftKey || event.ctrlKey); } else this.brushed(from, to, event.shiftKey || event.ctrlKey);
      });
      canvas.addEventListener("pointerleave", () => tip(null));
      canvas.addEventListener("keydown", (event) => this.key(event));
    }
    place(event) { const box = this.canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; }
    nearest(at, within = 14) {
      let found = -1, least = within * within;
      for (let k = 0; k < this.points.length; k++) { const p = this.points[k], d = (p[1] - at[0]) ** 2 + (p[2] - at[1]) ** 2; if (d < least) { least = d; found = k; } }
      return found;
    }
    hover(at, event) { const k = this.nearest(at); tip(k < 0 ? null : this.view.describe(this.points[k][0]), event.clientX, event.clientY); }
    click(at, add) { const k = this.nearest(at); this.view.select(k < 0 ? [] : [this.points[k][0]], add, k < 0 ? "" : "a click"); }
    brushed(from, to, add) {
      const [x0, x1] = [from[0], to[0]].sort((a, b) => a - b), [y0, y1] = [from[1], to[1]].sort((a, b) => a - b);
      this.view.select(this.points.filter(([, x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1).map(([row]) => row), add, "a brush");
    }
    key(event) {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") { this.view.select([], false, ""); return; }
      if (!this.points.length) return;
      if (step) {
        this.cursor = (this.cursor + step + this.points.length) % this.points.length;
        const [row, x, y] = this.points[this.cursor], box = this.canvas.getBoundingClientRect();
        tip(this.view.describe(row), box.left + x, box.top + y);
        if (event.shiftKey) this.view.select([row], true, "the keyboard");
        this.paint(); event.preventDefault();
      } else if ((event.key === "Enter" || event.key === " ") && this.cursor >= 0) {
        this.view.select([this.points[this.cursor][0]], event.shiftKey, "the keyboard"); event.preventDefault();
      }
    }
    paint() {
      const width = this.canvas.clientWidth || 440, height = this.height, ratio = Math.max(window.devicePixelRatio || 1, 1);
      this.canvas.width = width * ratio; this.canvas.height = height * ratio; this.canvas.style.height = `${height}px`;
      const context = this.canvas.getContext("2d");
      context.scale(ratio, ratio);
      context.font = '12px system-ui, "DejaVu Sans", sans-serif';
      this.points = [];
      this.draw(context, width, height);
      if (this.cursor >= 0 && this.points[this.cursor] && document.activeElement === this.canvas) {
        const [, x, y] = this.points[this.cursor];
        context.strokeStyle = theme.ink; context.lineWidth = 2; circle(context, x, y, 7); context.stroke();
      }
      if (this.brush) {
        const [[x0, y0], [x1, y1]] = this.brush;
        context.globalAlpha = 0.15; context.fillStyle = theme.accent; context.fillRect(x0, y0, x1 - x0, y1 - y0);
        context.globalAlpha = 1; context.strokeStyle = theme.accent; context.strokeRect(x0, y0, x1 - x0, y1 - y0);
      }
    }
    frame(context, width, height, xAxis, yAxis) {
      const left = MARGIN.left, right = width - MARGIN.right, top = MARGIN.top, bottom = height - MARGIN.bottom;
      const x = (v) => left + xAxis.at(v) * (right - left), y = (v) => bottom - yAxis.at(v) * (bottom - top);
      context.strokeStyle = theme.line; context.fillStyle = theme.faint; context.lineWidth = 1;
      context.textAlign = "center"; context.textBaseline = "top";
      const xTicks = xAxis.ticks(Math.floor((right - left) / 70));
      for (const [v, label] of xTicks) { line(context, x(v), top, x(v), bottom); context.fillText(cut(label, Math.max(4, Math.floor((right - left) / Math.max(xTicks.length, 1) / 7))), x(v), bottom + 4); }
      context.textAlign = "right"; context.textBaseline = "middle";
      for (const [v, label] of yAxis.ticks(Math.floor((bottom - top) / 36))) { line(context, left, y(v), right, y(v)); context.fillText(cut(label, 9), left - 5, y(v)); }
      context.textAlign = "center"; context.textBaseline = "bottom";
      context.fillText(cut(xAxis.title, 60), (left + right) / 2, height - 1);
      context.save(); context.translate(11, (top + bottom) / 2); context.rotate(-Math.PI / 2); context.textBaseline = "middle"; context.fillText(cut(yAxis.title, 34), 0, 0); context.restore();
      return { x, y, left, right, top, bottom, clampY: (v) => Math.min(Math.max(y(v), top), bottom) };
    }
    // Marks for rows; those that are not selected fade, those that are come last.
    marks(context, rows, x, y, color, size = 3) {
      const mask = this.view.mask, few = rows.length > 3000 ? 1.6 : size;
      for (const pass of mask ? [0, 1] : [1]) {
        context.globalAlpha = pass ? 0.9 : 0.18;
        for (const row of rows) {
          if (mask && mask[row] !== pass) continue;
          const px = x(row), py = y(row);
          if (!(px === px && py === py)) continue;
          this.points.push([row, px, py]);
          context.fillStyle = mask && pass ? theme.mark : color(row);
          const radius = mask && pass ? Math.max(few, 3) + 0.5 : few;
          if (few < 2 && !(mask && pass)) context.fillRect(px - few, py - few, 2 * few, 2 * few); else { circle(context, px, py, radius); context.fill(); }
        }
      }
      context.globalAlpha = 1;
    }
  }

  function line(context, x0, y0, x1, y1) { context.beginPath(); context.moveTo(x0, y0); context.lineTo(x1, y1); context.stroke(); }
  function circle(context, x, y, radius) { context.beginPath(); context.arc(x, y, radius, 0, 7); }
  function legendOf(entries) {
    return element("div", { class: "legend" }, ...entries.map(([name, color]) => { const mark = element("i"); mark.style.background = color; return element("span", {}, mark, name); }));
  }
  function path(context, xs, ys, n) { context.beginPath(); let up = true; for (let i = 0; i < n; i++) { const x = xs(i), y = ys(i); if (!(x === x && y === y)) { up = true; continue; } if (up) context.moveTo(x, y); else context.lineTo(x, y); up = false; } context.stroke(); }

  function tip(text, x, y) {
    const box = document.getElementById("tip");
    box.hidden = !text;
    if (!text) return;
    box.textContent = text;
    box.style.left = `${Math.min(x + 14, innerWidth - Math.min(360, box.offsetWidth) - 8)}px`;
    box.style.top = `${Math.min(y + 14, innerHeight - box.offsetHeight - 8)}px`;
  }

  // --- the panels of a study -----------------------------------------------------------------------------------

  function history(view, objective) {
    const s = view.study, sign = s.signs[objective], values = s.values[objective];
    const hours = s.origin !== null && s.took;
    const choice = element("select", { "aria-label": "Horizontal axis", onchange: () => panel.paint() }, element("option", { value: "trial" }, "by trial"));
    if (hours) choice.append(element("option", { value: "time" }, "by time"));
    const name = s.objectives[objective], states = [1, 2, 5].filter((state) => s.state.includes(state));
    const legend = states.map((state) => [STATES[state].toLowerCase(), STATE_COLORS[state]]);
    if (s.infeasible) legend.push(["infeasible", theme.missing]);
    const has = objective === 0 && s.band;
    legend.push(["best so far", theme.ink]);
    if (has) legend.push(["expected best, and 90 % band", theme.band]);
    const panel = new Panel(view, s.signs.length > 1 ? `History of ${name}` : "History", { controls: [choice], wide: s.signs.length === 1, height: 300, legend });
    const shown = view.rows.filter((i) => values[i] === values[i] && s.state[i] !== 3);
    const scale = s.origin === null ? null : timeScale(s);
    panel.draw = (context, width, height) => {
      const byTime = choice.value === "time", end = (i) => (s.start[i] + Math.max(s.took[i], 0)) * s.unit / scale.unit;
      const xOf = byTime ? (i) => end(i) : (i) => s.numbers[i];
      const last = byTime ? null : has ? s.band.n_trials[s.band.n_trials.length - 1] : s.total;
      const xAxis = byTime ? Axis.of(`Time since the start (${scale.name})`, [shown.map(xOf)]) : new Axis("Trial", { low: 0, high: Math.max(last, s.total, 1) });
      const yAxis = Axis.robust(name, shown.map((i) => values[i]), sign);
      const f = panel.frame(context, width, height, xAxis, yAxis);
      if (has && !byTime) drawBand(context, f, s.band);
      panel.marks(context, shown, (i) => f.x(xOf(i)), (i) => f.clampY(values[i]), (i) => (s.infeasible && s.infeasible[i] ? theme.missing : STATE_COLORS[s.state[i]]));
      let best = Infinity;
      const order = byTime ? shown.slice().sort((a, b) => xOf(a) - xOf(b)) : shown;
      context.strokeStyle = theme.ink; context.lineWidth = 2; context.beginPath();
      let py = NaN;
      for (const i of order) {
        if (!s.good[i] || !(values[i] * sign < best)) continue;
        best = values[i] * sign;
        const x = f.x(xOf(i)), y = f.clampY(values[i]);
        if (py === py) context.lineTo(x, py); else context.moveTo(x, y);
        context.lineTo(x, y); py = y;
      }
      if (py === py) { context.lineTo(f.x(byTime ? xOf(order[order.length - 1]) : s.total), py); context.stroke(); }
      if (yAxis.clipped) { context.fillStyle = theme.faint; context.textAlign = "right"; context.textBaseline = sign > 0 ? "top" : "bottom"; context.fillText("values beyond are drawn at the edge", f.right - 4, sign > 0 ? f.top + 2 : f.bottom - 2); }
    };
    return panel;
  }

  function drawBand(context, f, band) {
    const n = band.n_trials.length;
    context.fillStyle = theme.band; context.globalAlpha = 0.22; context.beginPath();
    const at = (values, i) => { const v = values[i]; return v === Infinity ? f.top : v === -Infinity ? f.bottom : f.clampY(v); };
    for (let i = 0; i < n; i++) context.lineTo(f.x(band.n_trials[i]), at(band.low, i));
    for (let i = n - 1; i >= 0; i--) context.lineTo(f.x(band.n_trials[i]), at(band.high, i));
    context.fill(); context.globalAlpha = 1; context.strokeStyle = theme.band; context.lineWidth = 1.5; context.setLineDash([5, 4]);
    path(context, (i) => f.x(band.n_trials[i]), (i) => at(band.expected, i), n);
    context.setLineDash([]);
  }

  function timeScale(s) {
    let most = 1;
    for (let i = 0; i < s.n; i++) most = Math.max(most, (s.start[i] + Math.max(s.took[i], 0)) * s.unit);
    return [[172800000, 86400000, "days"], [7200000, 3600000, "hours"], [120000, 60000, "minutes"], [0, 1000, "seconds"]].map(([least, unit, name]) => ({ least, unit, name })).find((u) => most >= u.least);
  }

  function importances(view) {
    const found = view.study.importances;
    if (!found.length) return null;
    const shown = found.slice(0, 30);
    const panel = new Panel(view, "Importances", { note: "PED-ANOVA; a click shows the slice. Beside it the rank correlation (of choices the spread)", height: Math.max(140, 26 * shown.length + 20) });
    panel.canvas.setAttribute("aria-label", "Importances: " + shown.map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`).join(", ") + ". Arrow keys choose a parameter, Enter shows its slice.");
    panel.draw = (context, width) => {
      const left = Math.min(190, width * 0.38), most = Math.max(...shown.map(([, share]) => share), 1e-9);
      shown.forEach(([name, share, sensitivity], k) => {
        const y = 8 + 26 * k, length = (width - left - 110) * share / most;
        context.fillStyle = k === panel.cursor && document.activeElement === panel.canvas ? theme.mark : theme.accent; context.fillRect(left, y, Math.max(length, 1), 18);
        context.fillStyle = theme.ink; context.textBaseline = "middle"; context.textAlign = "right"; context.fillText(cut(name, Math.floor(left / 7)), left - 6, y + 9);
        context.textAlign = "left"; context.fillText(`${(100 * share).toFixed(1)} %` + (sensitivity === null ? "" : `  (${sensitivity > 0 ? "+" : ""}${sensitivity.toFixed(2)})`), left + length + 6, y + 9);
      });
    };
    const pick = (k) => { if (k >= 0 && k < shown.length) view.showSlice(shown[k][0]); };
    panel.click = (at) => pick(Math.floor((at[1] - 8) / 26));
    panel.brushed = () => { panel.brush = null; panel.paint(); };
    panel.hover = () => {};
    panel.key = (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (step) { panel.cursor = (panel.cursor + step + shown.length) % shown.length; panel.paint(); event.preventDefault(); } else if (event.key === "Enter") pick(panel.cursor);
      else if (event.key === "Escape") view.select([], false, "");
    };
    return panel;
  }

  function paramAxis(param, values) {
    if (param.kind === "choice") return new Axis(param.name, { low: -0.5, high: param.labels.length - 0.5, labels: param.labels });
    const axis = Axis.of(param.name, [values], { log: param.log });
    return axis;
  }

  // A parameter against the objective, with the median in bins, and beneath it how many trials are in each.
  function slice(view, param, objective) {
    const s = view.study, values = s.values[objective], sign = s.signs[objective];
    const rows = view.rows.filter((i) => s.good[i] && param.values[i] === param.values[i] && values[i] === values[i]);
    const panel = new Panel(view, param.name, { note: rows.length < s.good.reduce((a, b) => a + b, 0) ? `in ${rows.length} trials` : "", height: 240 });
    const jitter = new Float64Array(s.n);
    if (param.kind === "choice") for (let i = 0; i < s.n; i++) jitter[i] = (((i * 0.6180339887) % 1) - 0.5) * 0.5;
    panel.draw = (context, width, height) => {
      const xAxis = paramAxis(param, rows.map((i) => param.values[i])), yAxis = Axis.robust(s.objectives[objective], rows.map((i) => values[i]), sign);
      const f = panel.frame(context, width, height, xAxis, yAxis);
      const bins = param.kind === "choice" ? param.labels.length : Math.max(1, Math.min(12, Math.ceil(Math.sqrt(rows.length) / 1.5)));
      const inside = Array.from({ length: bins }, () => []);
      for (const i of rows) inside[Math.min(bins - 1, Math.max(0, Math.floor(xAxis.at(param.values[i]) * bins)))].push(values[i]);
      const most = Math.max(...inside.map((b) => b.length), 1), wide = (f.right - f.left) / bins;
      context.fillStyle = theme.faint; context.globalAlpha = 0.22;
      if (rows.length > 9) inside.forEach((b, k) => context.fillRect(f.left + k * wide + 1, f.bottom, wide - 2, -0.22 * (f.bottom - f.top) * b.length / most));
      context.globalAlpha = 1;
      panel.marks(context, rows, (i) => f.x(param.values[i] + jitter[i]), (i) => f.clampY(values[i]), (i) => rankColor(objective ? NaN : s.rank[i]));
      context.strokeStyle = theme.ink; context.lineWidth = 2;
      if (rows.length > 9) inside.forEach((b, k) => { if (b.length > 1) { b.sort((p, q) => p - q); const y = f.clampY(b[Math.floor(b.length / 2)]); line(context, f.left + k * wide + 2, y, f.left + (k + 1) * wide - 2, y); } });
    };
    return panel;
  }

  function pair(view, one, two) {
    const s = view.study, rows = view.rows.filter((i) => s.good[i] && one.values[i] === one.values[i] && two.values[i] === two.values[i]);
    const order = rows.slice().sort((a, b) => s.rank[b] - s.rank[a]);
    const panel = new Panel(view, `${one.name} and ${two.name}`, { note: theme.better, height: 240 });
    const jitter = (param, i, k) => (param.kind === "choice" ? (((i * k) % 1) - 0.5) * 0.6 : 0);
    panel.draw = (context, width, height) => {
      const f = panel.frame(context, width, height, paramAxis(one, rows.map((i) => one.values[i])), paramAxis(two, rows.map((i) => two.values[i])));
      panel.marks(context, order, (i) => f.x(one.values[i] + jitter(one, i, 0.618034)), (i) => f.y(two.values[i] + jitter(two, i, 0.754878)), (i) => rankColor(s.rank[i]));
    };
    return panel;
  }

  // Parallel coordinates: a brush along an axis keeps the trials between; brushes on several axes are joined by "and".
  function parallel(view) {
    const s = view.study, weight = new Map(s.importances.map(([name, share]) => [name, share]));
    const params = s.params.slice().sort((a, b) => (weight.get(b.name) || 0) - (weight.get(a.name) || 0)).slice(0, 14);
    if (!params.length || !view.anyGood) return null;
    const clear = element("button", { type: "button", onclick: () => { ranges.clear(); view.select([], false, ""); } }, "Clear brushes");
    const note = s.params.length > params.length ? `the ${params.length} most important of ${s.params.length} parameters; ` : "";
    const panel = new Panel(view, "Parallel coordinates", { note: `${note}drag along an axis to brush; ${theme.better}`, wide: true, height: 320, controls: [clear] });
    const ranges = new Map(), rows = view.rows.filter((i) => s.good[i]).sort((a, b) => (s.rank[b] || 0) - (s.rank[a] || 0));
    const columns = [...s.objectives.map((name, j) => ({ name, values: s.values[j], objective: j })), ...params];
    let places = [];
    panel.ranges = ranges;
    const axes = columns.map((c) => (c.objective !== undefined ? Axis.robust(c.name, rows.map((i) => c.values[i]), s.signs[c.objective]) : paramAxis(c, rows.map((i) => c.values[i]))));
    const heightOf = (k, i, top, bottom) => { const v = columns[k].values[i]; return v !== v ? NaN : bottom - Math.min(Math.max(axes[k].at(v), 0), 1) * (bottom - top); };
    panel.draw = (context, width, height) => {
      const top = 34, bottom = height - 12, left = 50, right = width - 90;
      places = columns.map((_, k) => left + (right - left) * (columns.length > 1 ? k / (columns.length - 1) : 0));
      const mask = view.mask, many = rows.length > 2000;
      const drawn = many ? rows.filter((i, k) => k % Math.ceil(rows.length / 2000) === 0 || k > rows.length - 200 || (mask && mask[i])) : rows;
      for (const pass of mask ? [0, 1] : [1]) {
        context.globalAlpha = pass ? Math.min(0.8, Math.max(0.12, 60 / drawn.length + 0.1)) : 0.05;
        if (mask && pass) context.globalAlpha = 0.7;
        context.lineWidth = mask && pass ? 1.6 : 1;
        for (const i of drawn) {
          if (mask && mask[i] !== pass) continue;
          context.strokeStyle = rankColor(s.signs.length > 1 ? (s.isFront.has(i) ? 0 : 0.8) : s.rank[i]);
          path(context, (k) => places[k], (k) => heightOf(k, i, top, bottom), columns.length);
          if (mask && pass) { context.fillStyle = theme.mark; circle(context, places[0], heightOf(0, i, top, bottom), 3); context.fill(); }
        }
      }
      context.globalAlpha = 1;
      columns.forEach((column, k) => {
        context.strokeStyle = theme.ink; context.lineWidth = 1; line(context, places[k], top, places[k], bottom);
        context.fillStyle = theme.ink; context.textAlign = k === 0 ? "left" : "center"; context.textBaseline = "bottom";
        const room = Math.floor((right - left) / Math.max(columns.length - 1, 1) / 6.5);
        context.fillText(cut(column.name, Math.max(room, 6)), k === 0 ? Math.max(places[k] - 46, 2) : places[k], 16 + (k % 2 ? 14 : 0));
        context.textAlign = "left"; context.textBaseline = "middle"; context.fillStyle = theme.ink;
        for (const [v, label] of axes[k].ticks(6)) { const y = bottom - axes[k].at(v) * (bottom - top); if (y < top - 1 || y > bottom + 1) continue; line(context, places[k] - 3, y, places[k] + 3, y); halo(context, cut(label, Math.max(5, Math.min(12, room - 1))), places[k] + 5, y); }
        const range = ranges.get(k);
        if (range) { context.fillStyle = theme.mark; context.globalAlpha = 0.35; context.fillRect(places[k] - 8, range[0], 16, range[1] - range[0]); context.globalAlpha = 1; }
      });
      panel.points = rows.map((i) => [i, places[0], heightOf(0, i, top, bottom)]).filter((p) => p[2] === p[2]).reverse();
      panel.ends = [top, bottom];
    };
    const axisAt = (x) => { let found = 0; places.forEach((p, k) => { if (Math.abs(p - x) < Math.abs(places[found] - x)) found = k; }); return found; };
    const apply = () => {
      const [top, bottom] = panel.ends;
      const kept = rows.filter((i) => [...ranges].every(([k, [low, high]]) => { const y = heightOf(k, i, top, bottom); return y >= low - 1 && y <= high + 1; }));
      view.select(ranges.size ? kept : [], false, `brushes on ${[...ranges.keys()].map((k) => columns[k].name).join(", ")}`, panel);
    };
    panel.brushed = (from, to) => { panel.brush = null; ranges.set(axisAt(from[0]), [from[1], to[1]].sort((a, b) => a - b)); apply(); };
    panel.click = (at) => { ranges.delete(axisAt(at[0])); apply(); };
    panel.hover = () => tip(null);
    return panel;
  }

  function halo(context, text, x, y) { context.save(); context.lineWidth = 3; context.strokeStyle = theme.panel; context.strokeText(text, x, y); context.restore(); context.fillText(text, x, y); }

  function curves(view) {
    const s = view.study, c = s.curves;
    if (!c) return null;
    const all = [];
    for (let k = 0, start = 0; k < c.numbers.length; start += c.lengths[k], k++) { const row = s.row.get(c.numbers[k]); if (row !== undefined) all.push([row, start, start + c.lengths[k]]); }
    const key = ([row]) => (s.rank[row] === s.rank[row] ? s.rank[row] : 2);
    all.sort((a, b) => key(a) - key(b));
    const choice = element("select", { "aria-label": "How many curves", onchange: () => panel.paint() });
    for (const [value, label] of [["20", "best 20"], ["100", "best 100"], ["all", "all"]]) choice.append(element("option", { value }, label));
    const note = c.numbers.length < c.total ? `${c.numbers.length} of ${c.total} curves are in the page` : "";
    const panel = new Panel(view, "Learning curves", { controls: [choice], note, height: 280, legend: [[`complete, ${theme.better}`, rankColor(0)], ["pruned", STATE_COLORS[2]], ["others", theme.missing]] });
    panel.draw = (context, width, height) => {
      const mask = view.mask, limit = choice.value === "all" ? all.length : Number(choice.value);
      const picked = all.filter((curve, k) => k < limit || (mask && mask[curve[0]])), values = [];
      let low = Infinity, high = -Infinity;
      for (const [, start, stop] of picked) for (let i = start; i < stop; i++) { values.push(c.values[i]); low = Math.min(low, c.steps[i]); high = Math.max(high, c.steps[i]); }
      const f = panel.frame(context, width, height, new Axis("Step", { low: Math.min(low, high), high }), Axis.robust("Reported", values, s.signs[0]));
      for (const [row, start, stop] of picked.slice().reverse()) {
        const chosen = mask && mask[row];
        context.globalAlpha = mask ? (chosen ? 1 : 0.15) : 0.75; context.lineWidth = chosen ? 2.2 : 1.2;
        context.strokeStyle = chosen ? theme.mark : s.state[row] === PRUNED ? STATE_COLORS[2] : rankColor(s.rank[row]);
        path(context, (i) => f.x(c.steps[start + i]), (i) => f.clampY(c.values[start + i]), stop - start);
        for (let i = start; i < stop; i++) if (c.values[i] === c.values[i]) panel.points.push([row, f.x(c.steps[i]), f.clampY(c.values[i])]);
        if (stop - start === 1) { context.fillStyle = context.strokeStyle; circle(context, f.x(c.steps[start]), f.clampY(c.values[start]), 2.5); context.fill(); }
      }
      context.globalAlpha = 1;
    };
    return panel;
  }

  // Who reached which rung with what; a line joins the rungs of a trial that was promoted.
  function rungs(view) {
    const s = view.study, r = s.rungs;
    if (!r) return null;
    const of = new Map();
    r.numbers.forEach((number, k) => { const row = s.row.get(number); if (row === undefined) return; if (!of.has(row)) of.set(row, []); of.get(row).push(k); });
    const most = Math.max(...r.rungs), counts = Array.from({ length: most + 1 }, (_, rung) => r.rungs.filter((k) => k === rung).length);
    const panel = new Panel(view, "Rungs and promotions", { note: `trials at each rung: ${counts.join(", ")}`, height: 260, legend: [["promoted to the next rung", STATE_COLORS[1]], ["stopped there", STATE_COLORS[2]]] });
    panel.draw = (context, width, height) => {
      const f = panel.frame(context, width, height, new Axis("Rung", { low: -0.4, high: most + 0.4, labels: counts.map((_, k) => String(k)) }), Axis.robust("Value at the rung", r.values, s.signs[0]));
      for (const [row, places] of of) {
        const chosen = view.mask && view.mask[row];
        context.globalAlpha = view.mask ? (chosen ? 1 : 0.12) : 0.35; context.strokeStyle = chosen ? theme.mark : STATE_COLORS[1]; context.lineWidth = chosen ? 2 : 1;
        path(context, (i) => f.x(r.rungs[places[i]]), (i) => f.clampY(r.values[places[i]]), places.length);
        places.forEach((k, i) => {
          const x = f.x(r.rungs[k]), y = f.clampY(r.values[k]);
          context.globalAlpha = view.mask && !chosen ? 0.2 : 0.9; context.fillStyle = chosen ? theme.mark : i < places.length - 1 ? STATE_COLORS[1] : STATE_COLORS[2];
          circle(context, x, y, chosen ? 4 : 3); context.fill(); panel.points.push([row, x, y]);
        });
      }
      context.globalAlpha = 1;
    };
    return panel;
  }

  function front(view, a, b) {
    const s = view.study, rows = view.rows.filter((i) => s.good[i]);
    const panel = new Panel(view, s.signs.length > 2 ? `${s.objectives[a]} and ${s.objectives[b]}` : "Front", { height: 320, legend: [["front", STATE_COLORS[3]], ["dominated", theme.missing]] });
    const ordered = rows.slice().sort((i, j) => s.isFront.has(i) - s.isFront.has(j));
    panel.draw = (context, width, height) => {
      const f = panel.frame(context, width, height, Axis.robust(s.objectives[a], rows.map((i) => s.values[a][i]), s.signs[a]), Axis.robust(s.objectives[b], rows.map((i) => s.values[b][i]), s.signs[b]));
      const clampX = (v) => Math.min(Math.max(f.x(v), f.left), f.right);
      panel.marks(context, ordered, (i) => clampX(s.values[a][i]), (i) => f.clampY(s.values[b][i]), (i) => (s.isFront.has(i) ? STATE_COLORS[3] : theme.missing), 3.5);
    };
    return panel;
  }

  function volumes(view) {
    const h = view.study.hypervolumes;
    if (!h) return null;
    const panel = new Panel(view, "Hypervolume", { note: "up to the worst value of each objective", height: 320 });
    panel.draw = (context, width, height) => {
      const f = panel.frame(context, width, height, Axis.of("Trials", [h[0]]), Axis.of("Hypervolume", [h[1]]));
      context.strokeStyle = theme.accent; context.lineWidth = 2; path(context, (i) => f.x(h[0][i]), (i) => f.y(h[1][i]), h[0].length);
    };
    panel.brushed = (from, to) => { panel.brush = null; panel.paint(); };
    return panel;
  }

  function timeline(view) {
    const s = view.study;
    if (s.origin === null || !s.n_lanes) return null;
    const scale = timeScale(s), rows = view.rows.filter((i) => s.lane[i] >= 0);
    const present = STATES.map((name, k) => [name.toLowerCase(), STATE_COLORS[k], k]).filter(([, , k]) => rows.some((i) => s.state[i] === k));
    const idle = s.idle === null ? "" : `, idle ${(100 * s.idle).toFixed(0)} % of their time`;
    const panel = new Panel(view, "Timeline of workers", { note: `up to ${s.n_lanes} trials at a time${idle}; lanes are told from the times`, wide: true, height: Math.min(420, 70 + Math.max(14, Math.min(22, 340 / s.n_lanes)) * s.n_lanes), legend: present });
    panel.draw = (context, width, height) => {
      let most = 0;
      for (const i of rows) most = Math.max(most, (s.start[i] + Math.max(s.took[i], 0)) * s.unit / scale.unit);
      const f = panel.frame(context, width, height, new Axis(`Time since the start (${scale.name})`, { low: 0, high: most || 1 }), new Axis("Worker", { low: -0.5, high: s.n_lanes - 0.5, labels: Array.from({ length: s.n_lanes }, (_, k) => String(k)) }));
      const thick = Math.max(2, 0.8 * (f.bottom - f.top) / s.n_lanes);
      for (const pass of view.mask ? [0, 1] : [1]) for (const i of rows) {
        if (view.mask && view.mask[i] !== pass) continue;
        const x = f.x(s.start[i] * s.unit / scale.unit), end = f.x((s.start[i] + Math.max(s.took[i], 0)) * s.unit / scale.unit), y = f.y(s.lane[i]);
        context.globalAlpha = pass ? 1 : 0.2; context.fillStyle = view.mask && pass ? theme.mark : STATE_COLORS[s.state[i]];
        context.fillRect(x, y - thick / 2, Math.max(end - x - 0.5, 0.8), thick); panel.points.push([i, (x + end) / 2, y]);
      }
      context.globalAlpha = 1;
    };
    return panel;
  }

  // --- the table -----------------------------------------------------------------------------------------------

  class Table {
    constructor(view, place) {
      const s = view.study;
      Object.assign(this, { view, sort: null, down: false, page: 0, query: "", onlySelected: false });
      this.columns = [
        { name: "Trial", get: (i) => s.numbers[i] }, { name: "State", get: (i) => STATES[s.state[i]] + (s.infeasible && s.infeasible[i] ? " (infeasible)" : "") },
        ...s.objectives.map((name, j) => ({ name, get: (i) => s.values[j][i] })),
        ...s.params.map((p) => ({ name: p.name, get: (i) => (p.kind === "choice" ? (p.values[i] === p.values[i] ? p.labels[p.values[i]] : NaN) : p.values[i]) })),
        ...(s.took ? [{ name: "Seconds", get: (i) => (s.took[i] < 0 ? NaN : s.took[i] * s.unit / 1000) }] : []),
        ...s.attrs.map((a) => ({ name: a.name, get: (i) => (a.values ? a.values[i] : a.codes && a.codes[i] >= 0 ? a.labels[a.codes[i]] : NaN) })),
        ...(s.errorCodes ? [{ name: "Error", get: (i) => (s.errorCodes[i] >= 0 ? s.errors.labels[s.errorCodes[i]] : NaN) }] : []),
      ];
      this.search = element("input", { type: "search", placeholder: "Search, or lr < 0.01", "aria-label": "Search the trials", oninput: () => { this.query = this.search.value; this.page = 0; this.fill(); } });
      this.only = element("input", { type: "checkbox", onchange: () => { this.onlySelected = this.only.checked; this.page = 0; this.fill(); } });
      this.said = element("span", { class: "said", "aria-live": "polite" });
      const turn = (step) => () => { this.page += step; this.fill(); };
      this.before = element("button", { type: "button", onclick: turn(-1) }, "Previous"); this.after = element("button", { type: "button", onclick: turn(1) }, "Next");
      const save = (kind) => element("button", { type: "button", onclick: () => this.save(kind) }, kind.toUpperCase());
      const tools = element("div", { class: "tools" }, this.search, element("label", {}, this.only, " only selected"), this.before, this.after, save("csv"), save("json"), this.said);
      this.head = element("tr"); this.body = element("tbody");
      this.columns.forEach((column, k) => {
        const button = element("button", { type: "button", onclick: () => { this.down = this.sort === k && !this.down; this.sort = k; this.page = 0; this.fill(); } }, cut(column.name, 40));
        column.cell = element("th", { scope: "col", title: column.name }, button);
        this.head.append(column.cell);
      });
      place.replaceChildren(tools, element("div", { class: "scroll" }, element("table", {}, element("thead", {}, this.head), this.body)));
      this.fill();
    }
    // Words must all occur in a row; "name < number" compares a column.
    matcher() {
      const text = this.query.trim();
      if (!text) return () => true;
      const found = /^(.*?)\s*(<=|>=|!=|<|>|=)\s*(.*)$/.exec(text);
      const column = found && this.columns.find((c) => c.name.toLowerCase() === found[1].trim().toLowerCase());
      if (column) {
        const number = Number(found[3]), word = found[3].toLowerCase();
        return (i) => {
          const v = column.get(i);
          if (typeof v === "string" || Number.isNaN(number)) { const same = String(v).toLowerCase() === word; return found[2] === "=" ? same : found[2] === "!=" ? !same : false; }
          return { "<": v < number, ">": v > number, "<=": v <= number, ">=": v >= number, "=": v === number, "!=": v !== number }[found[2]];
        };
      }
      const words = text.toLowerCase().split(/\s+/);
      return (i) => { const line = this.columns.map((c) => this.text(c.get(i))).join("\n").toLowerCase(); return words.every((w) => line.includes(w)); };
    }
    text(value) { return typeof value === "string" ? value : show(value); }
    rows() {
      const s = this.view.study, match = this.matcher(), mask = this.view.mask;
      const rows = this.view.rows.filter((i) => (!this.onlySelected || (mask && mask[i])) && match(i));
      if (this.sort === null) return rows.sort((a, b) => (s.signs.length === 1 ? (s.rank[a] === s.rank[a] ? s.rank[a] : 2) - (s.rank[b] === s.rank[b] ? s.rank[b] : 2) : s.isFront.has(b) - s.isFront.has(a)) || a - b);
      const get = this.columns[this.sort].get, sign = this.down ? -1 : 1, missing = (v) => v !== v;
      const keyed = rows.map((i) => [get(i), i]);
      keyed.sort(([x, i], [y, j]) => {
        if (missing(x) || missing(y)) return missing(x) - missing(y) || i - j;
        if (typeof x === "string" || typeof y === "string") return sign * String(x).localeCompare(String(y)) || i - j;
        return sign * (x < y ? -1 : x > y ? 1 : 0) || i - j;
      });
      return keyed.map(([, i]) => i);
    }
    fill() {
      const rows = this.rows(), pages = Math.max(1, Math.ceil(rows.length / PAGE)), s = this.view.study;
      this.page = Math.min(Math.max(this.page, 0), pages - 1);
      this.before.disabled = this.page === 0; this.after.disabled = this.page === pages - 1;
      this.columns.forEach((column, k) => column.cell.setAttribute("aria-sort", this.sort === k ? (this.down ? "descending" : "ascending") : "none"));
      const shown = rows.slice(this.page * PAGE, (this.page + 1) * PAGE);
      this.body.replaceChildren(...shown.map((i) => {
        const toggle = (event) => this.view.toggle(i, event.shiftKey || event.ctrlKey || event.metaKey);
        const row = element("tr", { tabindex: "0", "data-row": i, "aria-selected": Boolean(this.view.mask && this.view.mask[i]) ? "true" : "false", onclick: toggle, onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { toggle(event); event.preventDefault(); } } });
        for (const column of this.columns) { const text = this.text(column.get(i)); row.append(element("td", text.length > 30 ? { title: text } : {}, text)); }
        return row;
      }));
      const thinned = s.n < s.total ? ` (${s.n} of the study's ${s.total} are in the page: the best ones, and every so many)` : "";
      this.said.textContent = `${rows.length} of ${s.n} trials${thinned}, page ${this.page + 1} of ${pages}`;
    }
    save(kind) {
      const rows = this.rows().sort((a, b) => a - b), study = this.view.study;
      const exact = (v) => (v !== v ? null : v === Infinity ? "inf" : v === -Infinity ? "-inf" : v);
      const names = unique(this.columns.map((c) => c.name));
      const quote = (v) => { const text = v === null ? "" : String(v), safe = typeof v === "string" && /^[=+\-@\t\r]/.test(text) && !["inf", "-inf"].includes(text) ? "'" + text : text; return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe; };
      const text = kind === "csv"
        ? [names.map(quote).join(","), ...rows.map((i) => this.columns.map((c) => quote(exact(c.get(i)))).join(","))].join("\n") + "\n"
        : JSON.stringify({ study: study.name, objectives: study.objectives, directions: study.signs.map((v) => (v > 0 ? "minimize" : "maximize")), about: study.about, trials: rows.map((i) => Object.fromEntries(this.columns.map((c, k) => [names[k], exact(c.get(i))]))) }, null, 1) + "\n";
      const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" })), download: `trials.${kind}` });
      document.body.append(link); link.click(); link.remove();
      window.parzenSaved = text;
    }
  }

  function unique(names) { const seen = new Map(); return names.map((name) => { const k = seen.get(name) || 0; seen.set(name, k + 1); return k ? `${name} (${k + 1})` : name; }); }

  // --- a study, and its selection ------------------------------------------------------------------------------

  class View {
    constructor(study, place) {
      this.study = study; this.place = place; this.mask = null; this.slices = new Map();
      this.rows = Array.from({ length: study.n }, (_, i) => i);
      this.anyGood = study.good.some(Boolean);
      study.isFront = new Set(study.front.map((number) => study.row.get(number)));
      this.bar = place.querySelector(".selection");
      this.panels = this.build().filter(Boolean);
      const grid = place.querySelector(".panels");
      grid.append(...this.panels.map((panel) => panel.figure));
      this.table = new Table(this, place.querySelector(".trials"));
      place.querySelectorAll("[data-alert]").forEach((item) => {
        const rows = study.alerts[Number(item.dataset.alert)].trials.map((number) => study.row.get(number)).filter((row) => row !== undefined);
        if (rows.length) item.append(element("button", { type: "button", onclick: () => this.select(rows, false, "an alert") }, rows.length === 1 ? "Show it" : `Show ${rows.length}`));
      });
      this.say("");
      this.observe();
    }
    build() {
      const s = this.study, several = s.signs.length > 1, m = s.signs.length, found = [];
      const weight = new Map(s.importances.map(([name, share]) => [name, share]));
      const params = s.params.filter((p) => new Set(p.values.filter((v, i) => s.good[i])).size > 1 && p.values.some((v, i) => s.good[i] && v === v)).sort((a, b) => (weight.get(b.name) || 0) - (weight.get(a.name) || 0));
      if (several && this.anyGood) for (let a = 0; a < Math.min(m, 4); a++) for (let b = a + 1; b < Math.min(m, 4); b++) found.push(front(this, a, b));
      if (several) found.push(volumes(this));
      if (s.n) for (let j = 0; j < Math.min(m, 4); j++) found.push(history(this, j));
      found.push(importances(this), parallel(this));
      if (this.anyGood) for (const p of params.slice(0, MOST_SLICES)) { const panel = slice(this, p, 0); this.slices.set(p.name, panel); found.push(panel); }
      if (this.anyGood) { const top = params.slice(0, 3); for (let a = 0; a < top.length; a++) for (let b = a + 1; b < top.length; b++) found.push(pair(this, top[a], top[b])); }
      found.push(curves(this), rungs(this), timeline(this));
      return found;
    }
    observe() {
      // A panel is painted once it comes near to what is seen, and again when its width changes.
      const seen = new IntersectionObserver((entries) => entries.forEach((entry) => { const panel = this.panels.find((p) => p.canvas === entry.target); panel.isNear = entry.isIntersecting; if (entry.isIntersecting && panel.isStale !== false) { panel.paint(); panel.isStale = false; } }), { rootMargin: "300px" });
      const sized = new ResizeObserver((entries) => entries.forEach((entry) => { const panel = this.panels.find((p) => p.canvas === entry.target); const width = Math.round(entry.contentRect.width); if (panel.width !== width) { panel.width = width; panel.isStale = true; if (panel.isNear) { panel.paint(); panel.isStale = false; } } }));
      this.panels.forEach((panel) => { panel.canvas.style.height = `${panel.height}px`; seen.observe(panel.canvas); sized.observe(panel.canvas); });
    }
    paintAll() { this.panels.forEach((panel) => { panel.paint(); panel.isStale = false; }); }
    repaint() { this.panels.forEach((panel) => { panel.isStale = true; if (panel.isNear) { panel.paint(); panel.isStale = false; } }); }
    select(rows, add, by, source = null) {
      const mask = add && this.mask ? this.mask.slice() : new Uint8Array(this.study.n);
      rows.forEach((row) => { mask[row] = 1; });
      this.mask = rows.length || (add && this.mask) || source && by && source.ranges && source.ranges.size ? mask : null;
      this.panels.forEach((panel) => { panel.brush = null; if (panel !== source && panel.ranges) panel.ranges.clear(); });
      this.say(by); this.repaint(); this.table.fill();
    }
    toggle(row, add) {
      const was = this.mask && this.mask[row];
      if (was) { const rows = this.rows.filter((i) => this.mask[i] && i !== row); this.select(add || rows.length === 0 ? rows : [], false, "the table"); } else this.select([row], add, "the table");
    }
    say(by) {
      const n = this.mask ? this.mask.reduce((a, b) => a + b, 0) : 0;
      this.place.dataset.selected = n;
      this.bar.replaceChildren(this.mask ? `${n} of ${this.study.n} trials are selected by ${by}. ` : "Drag in a plot, click a mark or a row to select trials in all plots; Shift adds. ");
      if (this.mask) this.bar.append(element("button", { type: "button", onclick: () => this.select([], false, "") }, "Clear"));
    }
    showSlice(name) {
      const panel = this.slices.get(name);
      if (!panel) return;
      this.panels.forEach((p) => p.figure.classList.toggle("named", p === panel));
      panel.figure.scrollIntoView({ block: "center" }); panel.canvas.focus({ preventScroll: true });
    }
    describe(row) {
      const s = this.study, lines = [`Trial ${s.numbers[row]}, ${STATES[s.state[row]].toLowerCase()}${s.infeasible && s.infeasible[row] ? ", infeasible" : ""}`];
      s.objectives.forEach((name, j) => { if (s.values[j][row] === s.values[j][row]) lines.push(`${cut(name, 40)}: ${show(s.values[j][row])}`); });
      for (const p of s.params.slice(0, 20)) if (p.values[row] === p.values[row]) lines.push(`${cut(p.name, 40)}: ${cut(paramText(p, p.values[row]), 60)}`);
      if (s.errorCodes && s.errorCodes[row] >= 0) lines.push(`Error: ${cut(s.errors.labels[s.errorCodes[row]], 120)}`);
      return lines.join("\n");
    }
  }

  // --- several studies -----------------------------------------------------------------------------------------

  function compare(studies, place) {
    const panels = [], legend = unique(studies.map((s) => s.name)).map((name, k) => [name, SERIES[k % SERIES.length]]);
    const dummy = { mask: null, describe: () => null, select: () => {} };
    const m = studies[0].signs.length, alike = studies.every((s) => s.signs.join() === studies[0].signs.join());
    const add = (title, draw, note = "") => { const panel = new Panel(dummy, title, { height: 300, legend, note }); panel.canvas.setAttribute("aria-label", title); panel.draw = draw(panel); panels.push(panel); };
    const lines = (panel, xTitle, yAxis, xAxis, series) => (context, width, height) => {
      const f = panel.frame(context, width, height, xAxis, yAxis);
      series.forEach(([xs, ys], k) => { context.strokeStyle = SERIES[k % SERIES.length]; context.lineWidth = 2; context.setLineDash(k % 2 ? [7, 4] : []); context.beginPath(); xs.forEach((x, i) => { const py = f.clampY(ys[i]); if (i) context.lineTo(f.x(x), f.clampY(ys[i - 1])); context.lineTo(f.x(x), py); }); context.stroke(); });
      context.setLineDash([]);
    };
    if (alike && m === 1) {
      const sign = studies[0].signs[0], name = studies[0].objectives[0];
      const bests = studies.map((s) => { let best = Infinity; const xs = [], ys = []; for (let i = 0; i < s.n; i++) if (s.losses[i] < best) { best = s.losses[i]; xs.push(s.numbers[i]); ys.push(best * sign); } if (xs.length) { xs.push(s.total); ys.push(best * sign); } return [xs, ys]; });
      const all = studies.flatMap((s) => Array.from(s.losses).filter(Number.isFinite).map((v) => v * sign));
      add("Best so far", (panel) => lines(panel, "Trial", Axis.robust(name, all.length ? all : [0], sign), new Axis("Trial", { low: 0, high: Math.max(...studies.map((s) => s.total), 1) }), bests));
      const edfs = studies.map((s) => { const sorted = Array.from(s.losses).filter(Number.isFinite).map((v) => v * sign).sort((a, b) => a - b), every = Math.max(1, Math.floor(sorted.length / 500)); const xs = [], ys = []; sorted.forEach((v, i) => { if (i % every === 0 || i === sorted.length - 1) { xs.push(v); ys.push((i + 1) / sorted.length); } }); return [xs, ys]; });
      add("Distribution of values", (panel) => lines(panel, name, new Axis("Share of trials", { low: 0, high: 1 }), Axis.of(name, [all]), edfs));
    } else if (alike && m > 1) {
      for (const b of Array.from({ length: Math.min(m, 3) - 1 }, (_, k) => k + 1)) add("Fronts", (panel) => (context, width, height) => {
        const at = (j) => Axis.of(studies[0].objectives[j], studies.map((s) => s.front.map((number) => s.values[j][s.row.get(number)])));
        const f = panel.frame(context, width, height, at(0), at(b));
        studies.forEach((s, k) => s.front.forEach((number) => { const row = s.row.get(number); context.fillStyle = SERIES[k % SERIES.length]; circle(context, f.x(s.values[0][row]), f.y(s.values[b][row]), 4); context.fill(); }));
      });
    }
    const grid = place.querySelector(".panels");
    grid.append(...panels.map((p) => p.figure));
    new ResizeObserver(() => panels.forEach((p) => p.paint())).observe(grid);
    return panels;
  }

  // --- start ---------------------------------------------------------------------------------------------------

  const before = performance.now();
  readTheme();
  const studies = JSON.parse(document.getElementById("data").textContent).studies.map(read);
  const views = studies.map((study, k) => new View(study, document.querySelector(`[data-study="${k}"]`)));
  const place = document.querySelector(".compared");
  const compared = place ? compare(studies, place) : [];
  const all = () => { readTheme(); views.forEach((view) => view.paintAll()); compared.forEach((panel) => panel.paint()); };
  window.addEventListener("beforeprint", all);
  window.addEventListener("afterprint", all);
  matchMedia("print").addEventListener("change", all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  window.parzenReport = { views, studies, paintAll: all, milliseconds: performance.now() - before };
  document.documentElement.dataset.ready = "yes";
})();
