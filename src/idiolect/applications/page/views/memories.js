// The list of memories: each can be corrected, pinned, deleted, and shows what it said before.

import { asking, get, patch, path, remove } from "../script/api.js";
import { button, day, h, many, tell } from "../script/dom.js";
import { corrector, dates, readable, twice } from "../script/parts.js";
import { fire } from "../script/state.js";
import { marked, shared } from "../script/words.js";

export const KINDS = { fact: "Stated", turn: "Said", post: "Written", interaction: "Done", preference: "Preferred" };

/** The memories that are asked for, as nodes. total(n): told how many there are; again(): shows the list anew. */
export async function memories(user, asked, { total, again }) {
  const { query, kind, limit, asOf } = asked;
  const where = path("users", user, "memories");
  const found = await get(asking(where, { query, kind, limit, as_of: asOf }));
  const held = found.total ?? found.results.length;
  const some = query || kind || asOf;
  total(some ? (await get(asking(where, { limit: 1 }))).total : held);
  const then = asOf ? ` on ${day(asOf)}` : "";
  if (!found.results.length) {
    return h(
      "p",
      { class: "quiet", role: "status" },
      `Nothing is known${then}${query || kind ? " that matches" : ""}.`,
    );
  }
  const shown = found.results.length;
  const count = query ? many(shown, "match", "matches") : `${shown.toLocaleString()} of ${held.toLocaleString()}`;
  const more = button("Show more", () => {
    asked.limit += asked.step;
    return again();
  });
  more.classList.add("edge");
  const rows = found.results.map((memory) => entry(user, memory, asked, again));
  return [
    h("p", { class: "quiet", role: "status" }, count + then),
    h("ul", { class: "memories" }, rows),
    !query && shown < held && more,
  ];
}

function entry(user, memory, asked, again) {
  const where = path("users", user, "memories", memory.id);
  const text = marked(readable(memory.memory), shared(memory.memory, asked.query));
  const tag = memory.pinned && h("span", { class: "tag" }, "pinned");
  const place = h("div", { class: "place" });
  if (!asked.asOf) place.append(...actions(user, memory, { where, place, again }));
  return h("li", {}, h("p", { class: "text" }, tag, text), h("p", { class: "quiet" }, under(user, memory)), place);
}

function under(user, memory) {
  const by = [null, undefined, "", "user", user].includes(memory.asserted_by) ? "" : `by ${memory.asserted_by}`;
  const kind = (KINDS[memory.kind] ?? memory.kind).toLowerCase();
  return [kind, dates(memory), by, memory.updated_at && "corrected"].filter(Boolean).join(" · ");
}

function actions(user, memory, { where, place, again }) {
  const named = (text) => ({ class: "plain small", "aria-label": `${text}: ${memory.memory}` });
  const calm = () => {
    place.replaceChildren(...all);
    fix.focus();
  };
  const correct = () => place.replaceChildren(corrector(user, memory, calm, calm));
  const pin = async () => {
    await patch(where, { pinned: !memory.pinned });
    tell(memory.pinned ? "No longer pinned." : "Pinned: it is always shown to the model.");
    await again();
  };
  const drop = async () => {
    await remove(where);
    tell("Deleted, with its history.");
    fire("known");
  };
  const past = async () => place.replaceChildren(...all.filter((node) => node !== before), await history(where));
  const fix = button("Correct", correct, named("Correct"));
  const before = memory.updated_at && button("History", past, named("History"));
  const sure = "Delete it for good, with its history?";
  const all = [
    fix,
    button(memory.pinned ? "Unpin" : "Pin", pin, named(memory.pinned ? "Unpin" : "Pin")),
    before,
    twice("Delete", sure, drop, `Delete: ${memory.memory}`),
  ].filter(Boolean);
  return all;
}

async function history(where) {
  const { history: versions = [] } = await get(where);
  const when = (version) => (version.to ? `${day(version.from)} to ${day(version.to)}` : `since ${day(version.from)}`);
  const rows = versions.map((version) =>
    h("li", {}, version.memory, " ", h("span", { class: "quiet" }, when(version))),
  );
  return h("ol", { class: "history" }, rows);
}
