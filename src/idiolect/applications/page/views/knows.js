// What is known of somebody: what is stated, since when it holds, and every memory; all of it his to correct.

import { get, path, post } from "../script/api.js";
import { busy, h, labelled, many, settled, tell } from "../script/dom.js";
import { filling } from "../script/parts.js";
import { called, changes, fire, state } from "../script/state.js";
import { KINDS, memories } from "./memories.js";
import { timeline } from "./timeline.js";

const PAGE = 30; // memories that are shown at first, and more each time

/** The view of one person. */
export function knows(user) {
  const asked = { query: "", kind: "", limit: PAGE, step: PAGE, asOf: "" };
  const place = {
    profile: h("div"),
    time: h("div"),
    list: h("div", { class: "list" }),
    total: h("p", { class: "lead" }),
  };
  const list = () => filling(place.list, () => memories(user, asked, { total, again: list }));
  const total = (n) => {
    place.total.textContent = `${many(n, "memory", "memories")}. All of it is ${called(user)}’s to correct or delete.`;
  };
  const box = search(asked, list);
  const turned = (more) => {
    Object.assign(asked, more, { limit: PAGE });
    box.show();
    return list();
  };
  const all = () => {
    filling(place.profile, () => profile(user));
    filling(place.time, () => timeline(user, { asOf: (asOf) => turned({ asOf }), find: (query) => turned({ query }) }));
    return list();
  };
  let stale = true;
  const shown = () => {
    if (!stale) return;
    stale = false;
    all();
  };
  const element = h(
    "section",
    { class: "knows" },
    h("h1", {}, `What it knows of ${called(user)}`),
    place.total,
    place.profile,
    place.time,
    h("h2", {}, "Memories"),
    adder(user),
    box.element,
    place.list,
  );
  changes.addEventListener("known", () => {
    stale = true;
    if (element.isConnected && state.user === user) shown();
  });
  return { element, shown };
}

async function profile(user) {
  const found = await get(path("users", user, "profile"));
  const pairs = (group) =>
    Object.entries(found[group] ?? {}).map(([name, values]) => {
      return h("div", {}, h("dt", {}, name), h("dd", {}, values.join(", ")));
    });
  const wishes = Object.keys(found.wishes ?? {}).map((name) => h("li", {}, name));
  const [about, people] = [pairs("attributes"), pairs("relations")];
  const cards = [
    about.length > 0 && card("About", h("dl", {}, about)),
    people.length > 0 && card("People", h("dl", {}, people)),
    wishes.length > 0 && card("Wishes", h("ul", { class: "wishes" }, wishes)),
  ].filter(Boolean);
  return cards.length ? [h("h2", { class: "hidden" }, "Profile"), h("div", { class: "cards" }, cards)] : [];
}

const card = (title, inside) => h("section", { class: "card" }, h("h3", {}, title), inside);

function search(asked, act) {
  const field = h("input", { type: "search", autocomplete: "off", placeholder: "By words or meaning" });
  const all = h("option", { value: "" }, "All");
  const kind = h(
    "select",
    {},
    all,
    Object.entries(KINDS).map(([value, text]) => h("option", { value }, text)),
  );
  const change = () => {
    Object.assign(asked, { query: field.value.trim(), kind: kind.value, limit: asked.step });
    act();
  };
  field.addEventListener("input", settled(change));
  kind.addEventListener("change", change);
  const fields = [labelled("Search", field), labelled("Kind", kind, { class: "field short" })];
  const element = h("form", { class: "line search", role: "search" }, fields);
  element.addEventListener("submit", (event) => event.preventDefault());
  const show = () => {
    field.value = asked.query;
    kind.value = asked.kind;
  };
  return { element, show };
}

function adder(user) {
  const field = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    placeholder: "My sister lives in Kyoto",
  });
  const save = h("button", { class: "main" }, "Add");
  const form = h("form", { class: "line" }, labelled("Tell it something", field), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, async () => {
      const { results } = await post(path("users", user, "memories"), { text: field.value.trim() });
      tell(results.length ? "It is remembered." : "Nothing was kept: this person is not to be remembered.");
      field.value = "";
      if (form.contains(document.activeElement) || document.activeElement === document.body) field.focus();
      fire("known");
    });
  });
  return form;
}
