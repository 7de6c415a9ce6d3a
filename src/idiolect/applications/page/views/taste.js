// How answers should be: a dial for each thing that can be learnt from choices, and the next choice to put to him.

import { get, path, post, put } from "../script/api.js";
import { button, h, many, settled, tell } from "../script/dom.js";
import { filling } from "../script/parts.js";
import { fire, state } from "../script/state.js";

const SOON = 900; // milliseconds after which a choice has been learnt from
const percent = (value) => `${Math.round(100 * value)} %`;

/** The dials, as /v1/users/{id}/preferences states them; null where nothing is learnt here. */
export async function tastes(user, place) {
  const where = path("users", user, "preferences");
  const { dimensions = [] } = await get(where);
  if (!dimensions.length) return h("p", { class: "quiet" }, "Nothing is learnt from choices here.");
  const again = () => filling(place, () => tastes(user, place));
  const set = async (dimension, weight) => {
    await put(where, { preferences: [{ dimension, weight }] });
    tell(weight ? "It counts from the next answer on." : "Your choices decide again.");
    fire("known");
    await again();
  };
  return [h("ul", { class: "tastes" }, dimensions.map((one) => dial(one, set))), asking(user, again)];
}

function dial({ dimension, more, less, weight, low, high, stated, sure, sources }, set) {
  const slider = h("input", { type: "range", min: -1, max: 1, step: 0.1, value: weight });
  slider.setAttribute("aria-label", `${less} or ${more}`);
  const show = () => slider.setAttribute("aria-valuetext", spoken(Number(slider.value), more, less));
  show();
  slider.addEventListener("input", show);
  slider.addEventListener(
    "change",
    settled(() => set(dimension, Number(slider.value)).catch((error) => tell(error.message, "bad")), 150),
  );
  const range = h("span", { class: "range", "aria-hidden": "true" }, h("span", { class: stated === null ? "" : "off" }));
  range.firstChild.style.marginInlineStart = `${50 * (1 + low)}%`;
  range.firstChild.style.width = `${50 * (high - low)}%`;
  const free = stated !== null && button("Let my choices decide", () => set(dimension, 0), { class: "plain small" });
  const ends = h("span", { class: "ends", "aria-hidden": "true" }, h("span", {}, less), h("span", {}, more));
  return h("li", {}, ends, slider, range, h("p", { class: "quiet" }, basis({ stated, sure, sources }), " ", free));
}

const basis = ({ stated, sure, sources }) => {
  if (stated !== null) return "Set by you.";
  if (!sources) return "Not known yet.";
  return `Learnt from what you said to ${many(sources, "answer")}${sure ? "." : ", not sure yet."}`;
};

const spoken = (value, more, less) => (value ? `${percent(Math.abs(value))} ${value > 0 ? more : less}` : "neither");

/** Two answers to choose between: those that tell most. */
function asking(user, again) {
  const place = h("div", { class: "asking" });
  const next = async () => {
    const found = await post(path("users", user, "question"), state.session.model ? { model: state.session.model } : {});
    place.replaceChildren(...choice(found));
  };
  const start = () => place.replaceChildren(button("Ask me which of two answers I like", next, { class: "edge" }));
  const noted = async (prompt, chosen, rejected) => {
    await post("feedback", { user, prompt, chosen, rejected });
    tell("Noted. The next answers learn from it.");
    fire("known");
    await new Promise((done) => setTimeout(done, SOON));
    await again();
  };
  const choice = ({ prompt, options, dimension }) => {
    const cards = options.map((text, at) =>
      h(
        "li",
        { class: "card" },
        h("p", {}, text),
        button("I like this one", () => noted(prompt, text, options[1 - at]), {
          class: "edge small",
          "aria-label": `I like this one: ${text}`,
        }),
      ),
    );
    return [
      h("p", { class: "question" }, prompt),
      h("ul", { class: "options" }, cards),
      h("p", { class: "quiet" }, `This tells most about ${dimension}. `, button("Neither", start, { class: "plain small" })),
    ];
  };
  start();
  return place;
}
