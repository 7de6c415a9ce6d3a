// Where nobody is known yet: the first thing that is remembered makes the person.

import { path, post, speaker } from "../script/api.js";
import { busy, h, labelled, tell } from "../script/dom.js";
import { state } from "../script/state.js";

const DEMO = "demo"; // the space of the invented people: nobody real is put there
const EXAMPLES = ["My sister lives in Kyoto", "My favourite food is ramen", "I work as a baker"];

/** come(id): goes to the new person's page. back: where to go from here, if others are there already. */
export function welcome(come, { back = null } = {}) {
  const may = (state.session.scopes ?? ["users:create"]).includes("users:create");
  if (!may) {
    const what = "This key opens a space in which nobody is known yet, and it may not add anybody.";
    return h("div", { class: "card narrow" }, h("h1", {}, "Nobody is here"), h("p", {}, what));
  }
  const name = h("input", { type: "text", required: true, maxlength: 200, autocomplete: "off", placeholder: "ann" });
  const text = h("input", { type: "text", required: true, autocomplete: "off", placeholder: EXAMPLES[0] });
  const go = h("button", { class: "main" }, "Begin");
  const leave = back && h("button", { type: "button", class: "plain", onclick: back }, "Leave it");
  const form = h(
    "form",
    { class: "card narrow" },
    h("h1", {}, back ? "Somebody new" : "Who are you?"),
    h("p", {}, "A name, and one thing to know. It stays on this machine, and can be corrected or erased at any time."),
    labelled("Name", name),
    labelled("Something about you", text),
    h(
      "div",
      { class: "chips", role: "group", "aria-label": "Examples" },
      EXAMPLES.map((example) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            onclick: () => {
              text.value = example;
              text.focus();
            },
          },
          example,
        ),
      ),
    ),
    h("div", { class: "row" }, go, leave),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(go, async () => {
      const id = name.value.trim();
      speaker.space = state.session.spaces?.find((space) => space !== DEMO) ?? state.session.space;
      await post(path("users", id, "memories"), { text: text.value.trim() });
      tell(`Welcome, ${id}.`);
      await come(id);
    });
  });
  return form;
}
