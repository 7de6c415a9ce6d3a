// Plots and tables for the operator. Beside each plot stands a sentence or a table that says the same in words.

import { h, svg } from "./dom.js";

const WIDTH = 640;
const LABEL = 190; // where names stand
const VALUE = 50; // where numbers stand
const ROW = 22;

function figure(height, said, ...inside) {
  const given = { class: "plot", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": said };
  return h("div", { class: "wide" }, svg("svg", given, inside));
}

/** "85 ms", "1.2 s". */
export function duration(seconds) {
  return seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${Number(seconds.toPrecision(2))} s`;
}

/** Counts between bounds as bars. buckets: [upper bound in seconds, how many], the shortest first. */
export function histogram(buckets, said) {
  const [height, foot] = [150, 20];
  const used = buckets.flatMap(([, n], i) => (n ? [i] : []));
  const shown = buckets.slice(Math.max(0, Math.min(...used) - 1), Math.max(...used) + 2);
  const most = Math.max(...shown.map(([, n]) => n));
  const step = WIDTH / shown.length;
  const bars = shown.map(([bound, n], i) => {
    const tall = ((height - 20) * n) / most;
    const middle = (i + 0.5) * step;
    return [
      svg("rect", { class: "own", x: i * step + 3, width: step - 6, y: height - tall, height: tall, rx: 2 }),
      n > 0 && svg("text", { class: "ink", x: middle, y: height - tall - 5, "text-anchor": "middle" }, String(n)),
      svg(
        "text",
        { x: middle, y: height + foot - 4, "text-anchor": "middle" },
        bound === Infinity ? "longer" : `\u2264 ${duration(bound)}`,
      ),
    ];
  });
  const ground = svg("line", { x1: 0, x2: WIDTH, y1: height, y2: height });
  return h("figure", {}, figure(height + foot, said, bars, ground), h("figcaption", { class: "quiet" }, said));
}

/** A gain with its 95 % limits for every method and task; open circles cannot be told from nothing. */
export function gains(rows) {
  const sorted = rows.filter((row) => Number.isFinite(row.gain)).toSorted((a, b) => b.gain - a.gain);
  const low = (row) => row.gain_low ?? row.gain;
  const high = (row) => row.gain_high ?? row.gain;
  const least = Math.min(0, ...sorted.map(low));
  const most = Math.max(0.05, ...sorted.map(high));
  const x = (value) => LABEL + ((WIDTH - LABEL - VALUE) * (value - least)) / (most - least);
  const height = sorted.length * ROW + 8;
  const drawn = sorted.map((row, i) => {
    const y = i * ROW + 15;
    const kind = low(row) > 0 || high(row) < 0 ? "own" : "unsure";
    return [
      svg("text", { class: "ink", x: 0, y: y + 4 }, `${row.method} · ${row.task}`),
      svg("line", { class: kind, x1: x(low(row)), x2: x(high(row)), y1: y, y2: y }),
      svg("circle", { class: kind, cx: x(row.gain), cy: y, r: 4 }),
      svg("text", { x: WIDTH - VALUE + 8, y: y + 4 }, signed(row.gain)),
    ];
  });
  const zero = svg("line", { x1: x(0), x2: x(0), y1: 0, y2: height });
  const said = "Gain over the model alone, with 95 % limits over users. Filled: can be told from nothing.";
  const cells = sorted.map((row) => {
    return [row.method, row.task, signed(row.gain), `${signed(low(row))} to ${signed(high(row))}`, String(row.users)];
  });
  const table = grid(["Method", "Task", "Gain", "95 %", "Users"], cells);
  const words = h("details", {}, h("summary", {}, "As a table"), table);
  return h("figure", {}, figure(height, said, zero, drawn), h("figcaption", { class: "quiet" }, said), words);
}

/** "+0.12", "−0.03". */
const signed = (value) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(2)}`;

/** A plain table. rows: of texts. */
export function grid(names, rows) {
  const head = names.map((name) => h("th", { scope: "col" }, name));
  const body = rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))));
  const table = h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body));
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": names.join(", ") }, table);
}
