// Small pieces that several views are made of.

import { patch, path } from "./api.js";
import { button, busy, day, fresh, h, tell } from "./dom.js";
import { fire } from "./state.js";

const GIVEN = new Set(["post", "interaction", "preference"]);
const ARROW = " => ";

/** A small button that asks once more, in its own place, before it does what cannot be undone. */
export function twice(text, question, act, name = text) {
  const place = h("span", { class: "twice" });
  const first = h("button", { type: "button", class: "plain small", "aria-label": name }, text);
  const no = h("button", { type: "button", class: "plain small" }, "No");
  const calm = () => {
    place.replaceChildren(first);
    first.focus();
  };
  first.addEventListener("click", () => {
    place.replaceChildren(h("span", { class: "sure" }, question), button(text, act, { class: "danger small" }), no);
    no.focus();
  });
  no.addEventListener("click", calm);
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && no.isConnected) calm();
  });
  place.append(first);
  return place;
}

/** A share as a bar with its number. share: 0 to 1; beyond, the bar is full or empty. */
export function bar(share, said = `${Math.round(100 * share)} %`) {
  const inner = h("span", { class: "part" });
  inner.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  const outer = h("span", { class: "bar", "aria-hidden": "true" }, inner);
  return h("span", { class: "weight" }, outer, h("span", { class: "number" }, said));
}

/** Text to carry to a terminal or an editor. */
export function copyable(text, name) {
  const code = h("code", {}, text);
  const act = async () => {
    try {
      await navigator.clipboard.writeText(text);
      tell("Copied.");
    } catch {
      getSelection().selectAllChildren(code); // without https there is no clipboard, but a selection
      tell("Selected: copy it with the keyboard.");
    }
  };
  const copy = button("Copy", act, { class: "plain small", "aria-label": `Copy: ${name}` });
  return h("div", { class: "copyable" }, h("pre", { tabindex: "0", role: "region", "aria-label": name }, code), copy);
}

/** The part of a memory that is his own words: what stands before the arrow was given to him. */
function words(memory) {
  const text = memory.memory ?? memory.text;
  const at = GIVEN.has(memory.kind) ? text.indexOf(ARROW) : -1;
  return at < 0 ? text : text.slice(at + ARROW.length);
}

/** A memory as it is read. */
export const readable = (text) => text.replace(ARROW, " \u2192 ");

/** A form that corrects one memory, keeping what held before or not. done(memory): called with what holds now. */
export function corrector(user, memory, done, cancel) {
  const text = h("textarea", { rows: 2, required: true, value: words(memory), id: fresh("text") });
  const name = fresh("old");
  const kept = h("input", { type: "radio", name, checked: true });
  const never = h("input", { type: "radio", name });
  const save = h("button", { class: "main" }, "Save");
  const leave = h("button", { type: "button", class: "plain", onclick: cancel }, "Leave it");
  const past = h(
    "fieldset",
    {},
    h("legend", {}, "And what stood there before?"),
    h("label", {}, kept, " It was true until now. Keep it as the past."),
    h("label", {}, never, " It was never true. Replace it."),
  );
  const buttons = h("div", { class: "row" }, save, leave);
  const form = h("form", { class: "corrector" }, h("label", { for: text.id }, "What holds now"), text, past, buttons);
  form.addEventListener("keydown", (event) => event.key === "Escape" && cancel());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, async () => {
      const body = { text: text.value.trim(), keep_old: kept.checked };
      const changed = await patch(path("users", user, "memories", memory.id), body);
      tell(kept.checked ? "Corrected. The old is kept as the past." : "Corrected. The old is gone.");
      done(changed);
      fire("known");
    });
  });
  queueMicrotask(() => text.focus());
  return form;
}

/** "3 May 2024, until 1 June 2025", as far as it is stated. */
export function dates(memory) {
  const said = day(memory.time ?? memory.created_at);
  return said && memory.valid_to ? `${said}, until ${day(memory.valid_to)}` : said;
}

/** Puts what `act` gives into a place: nodes, or what went wrong. */
export async function filling(place, act) {
  place.setAttribute("aria-busy", "true");
  try {
    place.replaceChildren(...[await act()].flat().filter(Boolean));
  } catch (error) {
    const again = button("Try again", () => filling(place, act), { class: "plain small" });
    place.replaceChildren(h("p", { class: "bad", role: "alert" }, error.message, " ", again));
  } finally {
    place.removeAttribute("aria-busy");
  }
}
