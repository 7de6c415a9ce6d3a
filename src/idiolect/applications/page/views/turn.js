// One question with its two answers, as they are written.

import { post, stream } from "../script/api.js";
import { button, h, tell } from "../script/dom.js";
import { called, fire, state } from "../script/state.js";
import { marked, shared } from "../script/words.js";
import { better, why } from "./why.js";

/** One side of a turn: its heading, what is said, and what stands below. */
class Side {
  constructor(kind, title, under) {
    this.said = "";
    this.meta = null;
    this.text = h("p", { class: "answer" });
    this.below = h("div", { class: "below" });
    const heading = h("h3", {}, title, h("span", { class: "quiet" }, under));
    this.element = h("article", { class: `side ${kind}` }, heading, this.text, this.below);
  }

  /** Writes the answer as it comes. */
  async write({ body, more }) {
    this.said = "";
    this.meta = null;
    this.below.replaceChildren();
    this.text.replaceChildren(h("span", { class: "cursor", "aria-label": "writing" }));
    this.text.setAttribute("aria-busy", "true");
    try {
      for await (const chunk of stream("chat/completions", body, { more })) this.#take(chunk);
      this.said = this.said.trim();
      this.text.replaceChildren(...this.words());
    } catch (error) {
      this.text.replaceChildren(this.said, h("span", { class: "bad", role: "alert" }, error.message));
      this.meta = null;
    } finally {
      this.text.removeAttribute("aria-busy");
    }
  }

  #take(chunk) {
    const piece = chunk.choices?.[0]?.delta?.content ?? "";
    if (chunk.idiolect) this.meta = chunk.idiolect;
    if (!piece) return;
    this.said += piece;
    this.text.replaceChildren(this.said, h("span", { class: "cursor", "aria-hidden": "true" }));
  }

  /** What was said as nodes, with some words marked. */
  words(strong = new Set()) {
    return this.said ? marked(this.said, strong) : [h("span", { class: "quiet" }, "(no words)")];
  }
}

/** `offer` puts an invitation to ask again below, `settle` takes it away. */
export class Turn {
  constructor(talk, question) {
    this.talk = talk;
    this.question = question;
    this.dialogue = dialogue(talk, question);
    this.alone = new Side("alone", "To anybody", "the model alone");
    this.own = new Side("own", `To ${called(talk.user)}`, "the same model, with what it knows");
    this.again = h("div", { class: "again" });
    const sides = h("div", { class: "sides" }, this.alone.element, this.own.element);
    this.element = h("li", { class: "turn" }, h("h2", { class: "question" }, question), sides, this.again);
  }

  /** Asks both sides at once, or only the personal one anew. */
  async run({ anew = false } = {}) {
    await Promise.all([anew ? null : this.alone.write(this.#generic()), this.own.write(this.#personal())]);
    if (!this.own.meta) return;
    this.#reason();
    this.show();
  }

  /** Scrolls so that it begins at the top, where it does not fit as it stands. */
  show() {
    const { bottom } = this.element.getBoundingClientRect();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const edge = document.querySelector(".composer")?.getBoundingClientRect().top ?? innerHeight;
    if (bottom > edge) this.element.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }

  offer(text, because = "") {
    if (!this.own.meta) return;
    const act = () => {
      this.settle();
      return this.run({ anew: true });
    };
    this.again.replaceChildren(h("span", { class: "quiet" }, because), button(text, act, { class: "chip" }));
  }

  settle() {
    this.again.replaceChildren();
  }

  #generic() {
    const body = { model: state.session.model, messages: this.dialogue.messages, idiolect: { pipeline: "none" } };
    return { body, more: { "x-idiolect-memory": "off" } };
  }

  #personal() {
    const { user, pipeline } = this.talk;
    const ours = { strength: state.strength, ...(pipeline ? { pipeline } : {}) };
    return { body: { model: state.session.model, ...this.dialogue, user, idiolect: ours } };
  }

  /** What stands below the answers once they are there. */
  #reason() {
    const { alone, own, question } = this;
    const texts = (own.meta.sources ?? []).map((source) => source.text).join("\n");
    own.text.replaceChildren(...own.words(shared(own.said, texts, question)));
    const differ = Boolean(alone.said && own.said && alone.said !== own.said);
    const choose = (mine, other) => differ && (() => this.#note({ chosen: mine.said, rejected: other.said }));
    const edit = (edited) => this.#note({ edited });
    own.below.replaceChildren(why(this.talk.user, this), better(own.said, { choose: choose(own, alone), edit }));
    alone.below.replaceChildren(better(alone.said, { choose: choose(alone, own) }));
  }

  async #note(what) {
    const { user } = this.talk;
    await post("feedback", { user, answer_id: this.own.meta.answer_id, prompt: this.question, ...what });
    tell("Noted. The next answers learn from it.");
    fire("known");
  }
}

/** The embedded model is asked one question at a time, as it was never taught to talk: no conversation is named, so
 * that a question asked again is known for the one asked before. Others get the dialogue. */
function dialogue(talk, question) {
  const asked = { role: "user", content: question };
  if (state.session.embedded) return { messages: [asked] };
  const past = talk.turns.flatMap((turn) => [
    { role: "user", content: turn.question },
    { role: "assistant", content: turn.own.said },
  ]);
  return { messages: [...past.filter((message) => message.content), asked], conversation: talk.conversation };
}
