// Since when each thing holds: a lane for everything that is stated or was read in what he said, a bar for every value.

import { asking, get, path, post } from "../script/api.js";
import { button, day, h, tell } from "../script/dom.js";
import { fire } from "../script/state.js";

const MOST = 200; // facts that are drawn
const DAY = 86400000;
const NOW = 86; // where the present stands, in hundredths: what still holds goes on to the edge

/** The lanes, and a slider that asks what was known then. asOf(iso), find(text): what to do when either is used. */
export async function timeline(user, { asOf, find }) {
  const [stated, read] = await Promise.all([
    get(asking(path("users", user, "memories"), { kind: "fact", limit: MOST })),
    get(asking(path("users", user, "facts"), { history: true })),
  ]);
  const own = (await Promise.all(stated.results.map((memory) => versions(user, memory)))).flat();
  const spans = together(own, read.results.slice(-MOST).map(fact));
  if (!spans.length) return [];
  const now = Date.now();
  const start = Math.min(...spans.map((span) => span.from), now - 30 * DAY);
  const place = (time) => (NOW * (Math.min(time, now) - start)) / (now - start);
  const lanes = new Map();
  for (const span of spans) lanes.set(span.name, [...(lanes.get(span.name) ?? []), span]);
  const rule = h("div", { class: "rule", "aria-hidden": "true" });
  const told = h("p", { class: "told", role: "status" });
  const chosen = (span) => told.replaceChildren(...words(user, span, find));
  const rows = [...lanes]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, own]) => lane(name, ends(own), { place, now, chosen }));
  return [
    h("h2", {}, "Since when"),
    h("div", { class: "timeline" }, axis(start, now, place), h("ul", { class: "lanes" }, rows), rule),
    told,
    then(start, now, { place, rule, asOf }),
  ];
}

/** What was read in his words, as a span that knows its end. */
function fact({ id, name, value, valid_from, valid_to, reason, superseded_by }) {
  const to = valid_to ? Date.parse(valid_to) : null;
  return { name, value, from: Date.parse(valid_from), to, why: reason, id: superseded_by ? id : null, exact: true };
}

/** Both kinds of spans; what was stated and also read in his words stands once. */
function together(stated, read) {
  const key = ({ name, value }) => `${name}: ${value}`.toLowerCase();
  const known = new Set(read.map(key));
  return [...stated.filter((span) => !known.has(key(span))), ...read];
}

/** What a bar says when it is pressed, and what can be done about it. */
function words(user, span, find) {
  const ended = span.to && span.why ? ` It ended: ${span.why}.` : "";
  const again = button("It still holds", async () => {
    await post(path("users", user, "facts", String(span.id), "reinstate"), {});
    tell("It holds again.");
    fire("known");
  });
  return [`${said(span)}.${ended} `, button("Find it", () => find(span.value)), span.to && span.id ? again : ""];
}

const date = (time) => day(new Date(time).toISOString());
const said = ({ name, value, from, to }) => `${name}: ${value}, ${date(from)} to ${to ? date(to) : "now"}`;

/** A memory's values in time; what was corrected has its past fetched. */
async function versions(user, memory) {
  const [name, value] = parts(memory.memory);
  const from = Date.parse(memory.valid_from ?? memory.time ?? memory.created_at);
  const to = memory.valid_to ? Date.parse(memory.valid_to) : null;
  if (!memory.updated_at) return [{ name, value, from, to }];
  const { history = [] } = await get(path("users", user, "memories", memory.id));
  return history.map((version) => ({
    name,
    value: parts(version.memory)[1],
    from: Date.parse(version.from),
    to: version.to ? Date.parse(version.to) : to,
  }));
}

function parts(text) {
  const at = text.indexOf(": ");
  return at < 0 ? ["stated", text] : [text.slice(0, at), text.slice(at + 2)];
}

/** Of several values for one name the next one ends the one before, unless it says itself until when it held. */
function ends(spans) {
  const sorted = spans.toSorted((a, b) => a.from - b.from);
  const many = sorted[0].name === "wants" || sorted[0].name === "stated"; // wishes stand beside one another
  const next = (span, i) => (many || span.exact ? null : (sorted[i + 1]?.from ?? null));
  return sorted.map((span, i) => ({ ...span, to: span.to ?? next(span, i) }));
}

function lane(name, spans, { place, now, chosen }) {
  const levels = [];
  const bars = spans.map((span) => {
    let level = levels.findIndex((end) => end <= span.from);
    if (level < 0) level = levels.length;
    levels[level] = span.to ?? now;
    const bar = h(
      "button",
      {
        type: "button",
        class: span.to ? "span past" : "span",
        title: said(span),
        "aria-label": said(span),
        onclick: () => chosen(span),
      },
      span.value,
    );
    const left = place(span.from);
    bar.style.left = `${left}%`;
    bar.style.width = `${Math.max((span.to ? place(span.to) : 100) - left, 1)}%`;
    bar.style.top = `${level * 1.75}rem`;
    return bar;
  });
  const track = h("div", { class: "track" }, bars);
  track.style.height = `${levels.length * 1.75}rem`;
  return h("li", {}, h("span", { class: "name" }, name), track);
}

function axis(start, now, place) {
  const years = (now - start) / (365.25 * DAY);
  const step = Math.max(1, Math.ceil(years / 6));
  const ticks = [];
  if (years > 1.2) {
    for (let year = new Date(start).getFullYear() + 1; year <= new Date(now).getFullYear(); year += step)
      ticks.push([new Date(year, 0).getTime(), String(year)]);
  } else {
    const months = Math.max(1, Math.ceil((years * 12) / 6));
    for (
      let at = new Date(new Date(start).getFullYear(), new Date(start).getMonth() + 1);
      at < now;
      at = new Date(at.getFullYear(), at.getMonth() + months)
    ) {
      ticks.push([at.getTime(), at.toLocaleDateString(undefined, { month: "short", year: "2-digit" })]);
    }
  }
  const shown = [...ticks.filter(([time]) => place(time) < NOW - 6), [now, "now"]];
  const drawn = shown.map(([time, text]) => {
    const tick = h("span", {}, text);
    tick.style.left = `${place(time)}%`;
    return tick;
  });
  return h("div", { class: "axis", "aria-hidden": "true" }, drawn);
}

/** What was known on a day: now at the right end. */
function then(start, now, { place, rule, asOf }) {
  const days = Math.max(1, Math.round((now - start) / DAY));
  const shown = h("output", {}, "now");
  const slider = h("input", {
    type: "range",
    min: 0,
    max: days,
    step: 1,
    value: days,
    id: "as-of",
    "aria-valuetext": "now",
  });
  const at = () => start + Number(slider.value) * DAY;
  const isNow = () => Number(slider.value) === days;
  rule.hidden = true;
  slider.addEventListener("input", () => {
    const when = isNow() ? "now" : date(at());
    shown.textContent = when;
    slider.setAttribute("aria-valuetext", when);
    rule.hidden = isNow();
    rule.style.setProperty("--at", String(place(at()) / 100));
  });
  slider.addEventListener("change", () => asOf(isNow() ? "" : new Date(at()).toISOString()));
  return h("div", { class: "then" }, h("label", { for: "as-of" }, "Look back to", shown), slider);
}
