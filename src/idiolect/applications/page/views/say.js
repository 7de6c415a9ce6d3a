// His say: wishes as dials, and what he allows as switches. How to leave is in `leave.js`.

import { get, path, put } from "../script/api.js";
import { busy, button, h, labelled, settled, tell } from "../script/dom.js";
import { filling } from "../script/parts.js";
import { called, changes, fire } from "../script/state.js";
import { exporting, leaving, looked } from "./leave.js";
import { tastes } from "./taste.js";

const PURPOSES = {
  assist: ["Use it to answer me", "What is known is shown to the model when I ask something."],
  train: ["Learn from it", "An adapter of my own, and what methods learn over all people, may be trained on it."],
  share: ["Let others like me profit", "Methods that compare people may look at me, beside four others at least."],
  share_with_provider: ["Let it leave this machine", "It may stand in the prompt of a model that runs elsewhere."],
};
const COUNTS = "It counts from the next answer on.";
const SUGGESTED = 8;

/** The view of one person. */
export function say(user) {
  const place = { tastes: h("div"), wishes: h("div"), allowed: h("div") };
  let stale = true;
  const shown = () => {
    if (!stale) return;
    stale = false;
    filling(place.tastes, () => tastes(user, place.tastes));
    filling(place.wishes, () => wishes(user, place.wishes));
    filling(place.allowed, () => allowed(user, place.allowed));
  };
  changes.addEventListener("known", () => (stale = true));
  const what = `How ${called(user)} wants to be answered, what may be done with what is known, and how to leave.`;
  const element = h(
    "section",
    { class: "say" },
    h("h1", {}, "Your say"),
    h("p", { class: "lead" }, what),
    [h("h2", {}, "How answers should be"), place.tastes],
    [h("h2", {}, "Other wishes"), place.wishes, h("h2", {}, "What is allowed"), place.allowed],
    [h("h2", {}, "Take it with you"), exporting(user), h("h2", {}, "Who looked"), looked(user)],
    [h("h2", {}, "Be forgotten"), leaving(user)],
  );
  return { element, shown };
}

async function wishes(user, place) {
  const where = path("users", user, "preferences");
  const drawn = (found) => {
    const stated = new Set(found.preferences.map((wish) => wish.dimension));
    const rows = found.preferences.map((wish) => dial(wish, set, redraw));
    const more = (found.suggested ?? []).filter((name) => !stated.has(name));
    const none = h("p", { class: "quiet" }, "None is stated yet.");
    return [rows.length ? h("ul", { class: "wishdials" }, rows) : none, adder(more, add)].flat();
  };
  const redraw = (found) => place.replaceChildren(...drawn(found));
  const set = async (dimension, weight) => {
    const found = await put(where, { preferences: [{ dimension, weight }] });
    tell(weight ? COUNTS : "It no longer counts.");
    fire("known");
    return found;
  };
  const add = async (name) => redraw(await set(name, 1));
  return drawn(await get(where));
}

function dial({ dimension, weight }, set, redraw) {
  const shown = h("output", {});
  const slider = h("input", { type: "range", min: weight < 0 ? -1 : 0, max: 1, step: 0.1, value: weight });
  const show = () => {
    shown.textContent = `${Math.round(100 * slider.value)} %`;
    slider.setAttribute("aria-valuetext", shown.textContent);
  };
  show();
  slider.addEventListener("input", show);
  const change = async () => {
    try {
      await set(dimension, Number(slider.value));
    } catch (error) {
      tell(error.message, "bad");
    }
  };
  slider.addEventListener("change", settled(change, 150));
  const drop = button("Take away", async () => redraw(await set(dimension, 0)), {
    class: "plain small",
    "aria-label": `Take away: ${dimension}`,
  });
  slider.setAttribute("aria-label", dimension);
  return h("li", {}, h("span", { class: "name", "aria-hidden": "true" }, dimension), slider, shown, drop);
}

function adder(names, add) {
  const field = h("input", { type: "text", required: true, autocomplete: "off", placeholder: "short answers" });
  const save = h("button", { class: "edge" }, "Add");
  const form = h("form", { class: "line" }, labelled("Another wish", field), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, () => add(field.value.trim()));
  });
  const chips = names.slice(0, SUGGESTED).map((name) => button(name, () => add(name), { class: "chip" }));
  return [
    form,
    chips.length && h("div", { class: "chips", role: "group", "aria-label": "Suggested wishes" }, chips),
  ].filter(Boolean);
}

async function allowed(user, place) {
  const where = path("users", user, "consents");
  const found = await get(where);
  const given = new Set(found.consents);
  const change = async (body) => {
    await put(where, body);
    fire("known");
  };
  const purpose = (name) => {
    const [title, what] = PURPOSES[name] ?? [name, ""];
    return toggle(title, what, given.has(name), (on) => {
      if (on) given.add(name);
      else given.delete(name);
      return change({ consents: [...given] });
    });
  };
  const keeping = async (on) => {
    if (!on && !confirm("This erases everything that is kept, at once and for good. Go on?")) return false;
    await change({ remember: on });
    return filling(place, () => allowed(user, place));
  };
  const off = "Off erases what was kept, at once and for good, and keeps nothing from then on.";
  const rows = (found.known ?? Object.keys(PURPOSES)).map(purpose);
  return h("div", { class: "switches" }, toggle("Remember me", off, found.remember, keeping), rows);
}

/** A switch. set(on): gives false where nothing was changed after all. */
function toggle(title, what, on, set) {
  const control = h("button", { type: "button", role: "switch", "aria-checked": String(Boolean(on)), class: "switch" });
  control.append(h("span", { class: "knob" }));
  const row = labelled(title, control, { class: "field toggle" });
  row.append(h("p", { class: "quiet" }, what));
  const turn = async () => {
    const next = control.getAttribute("aria-checked") !== "true";
    if ((await set(next)) === false) return;
    control.setAttribute("aria-checked", String(next));
    tell(`${title}: ${next ? "on" : "off"}.`);
  };
  control.addEventListener("click", () => busy(control, turn));
  return row;
}
