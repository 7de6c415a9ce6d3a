// The same question twice: to the model alone, and to the model with what it knows of somebody.

import { remove } from "../script/api.js";
import { button, h, labelled, many, tell } from "../script/dom.js";
import { called, changes, fire, person, state } from "../script/state.js";
import { Turn } from "./turn.js";

const CHIPS = 6; // questions that are offered
const CHANGED = "What is known has changed.";

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0"));
const percent = (x) => `${Math.round(100 * x)} %`;

/** The view of one person. */
export function ask(user) {
  const talk = { user, conversation: random().join(""), turns: [], pipeline: null };
  const turns = h("ol", { class: "turns", "aria-label": "Questions and answers" });
  const head = h("div", { class: "head" });
  const element = h("section", { class: "ask fresh" });
  const send = (question) => {
    talk.turns.at(-1)?.settle();
    const turn = new Turn(talk, question);
    talk.turns.push(turn);
    turns.append(turn.element);
    element.classList.remove("fresh");
    turn.show();
    return turn.run();
  };
  element.append(head, turns, composer(talk, send));
  const draw = () => head.replaceChildren(...lead(user, send));
  changes.addEventListener("known", () => state.user === user && talk.turns.at(-1)?.offer("Ask again", CHANGED));
  return { element, shown: draw };
}

/** What this page is, who is looked at, what the model can do, and what to ask. */
function lead(user, send) {
  const who = called(user);
  const { invented, memories, questions = [] } = person();
  const made = `: ${many(memories, "made-up memory", "made-up memories")}, so that there is something to see.`;
  const small =
    ": the one that comes with the package, of 2.4 million parameters. It understands plain statements and questions " +
    "of daily life, enough to show what personalisation changes. It is no chatbot.";
  const what = `The same model answers twice: as it answers anybody, and with what it knows of ${who}. Below stands why.`;
  const offered = questions.slice(0, CHIPS).map((question) => {
    return h("button", { type: "button", class: "chip", onclick: () => send(question) }, question);
  });
  return [
    h("h1", {}, "One question, two answers"),
    h("p", { class: "lead" }, what),
    invented && notice([`${who} is invented`, made], button("Remove the invented people", leave)),
    state.session.embedded &&
      notice(["A very small model is answering", small], h("a", { href: "#/connect" }, "Connect a real model")),
    offered.length > 0 &&
      h("div", { class: "chips", role: "group", "aria-label": `Questions for ${who}` }, [
        h("span", { class: "quiet" }, `Ask as ${who}:`),
        offered,
      ]),
  ].filter(Boolean);
}

const notice = ([title, text], act) => h("aside", { class: "notice" }, h("p", {}, h("strong", {}, title), text), act);

async function leave() {
  await remove("demo");
  tell("The invented people are gone.");
  fire("gone");
}

/** Where questions are written, and the dials. */
function composer(talk, send) {
  const field = h("textarea", {
    rows: 1,
    required: true,
    enterkeyhint: "send",
    "aria-label": "Your question",
    placeholder: `Ask as ${called(talk.user)} …`,
  });
  const go = h("button", { class: "main" }, "Ask");
  const form = h("form", { class: "composer" }, h("div", { class: "writing" }, field, go), dials(talk));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question) return;
    field.value = "";
    send(question);
    field.focus({ preventScroll: true });
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return form;
}

function dials(talk) {
  const shown = h("output", {}, percent(state.strength));
  const dial = h("input", { type: "range", min: 0, max: 1, step: 0.05, value: state.strength });
  const say = () => {
    shown.textContent = percent(state.strength);
    dial.setAttribute("aria-valuetext", percent(state.strength));
  };
  dial.addEventListener("input", () => {
    state.strength = Number(dial.value);
    say();
    talk.turns.at(-1)?.offer(`Ask again at ${percent(state.strength)}`);
  });
  say();
  const around = [h("span", { class: "end" }, "anybody"), dial, h("span", { class: "end" }, called(talk.user)), shown];
  dial.setAttribute("aria-label", "How personal");
  return h("div", { class: "dials" }, h("div", { class: "dial" }, around), methods(talk));
}

/** The methods that run on this model, where there is a choice. */
function methods(talk) {
  const { models = [], pipeline } = state.session;
  const listed = models.filter((name) => name.includes("@")).map((name) => name.slice(name.indexOf("@") + 1));
  const names = [...new Set([pipeline, ...listed].filter(Boolean))];
  if (names.length < 2) return null;
  const select = h(
    "select",
    {},
    names.map((name) => h("option", { value: name, selected: name === pipeline }, name)),
  );
  select.addEventListener("change", () => {
    talk.pipeline = select.value;
    talk.turns.at(-1)?.offer(`Ask again with ${select.value}`);
  });
  return labelled("Method", select, { class: "method" });
}
