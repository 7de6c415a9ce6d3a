// The frame: who is looked at, which view is shown, and what to do where the door is shut.

import { arrive, enter, speaker } from "./api.js";
import { ask } from "../views/ask.js";
import { connect } from "../views/connect.js";
import { h, svg, tell } from "./dom.js";
import { knows } from "../views/knows.js";
import { operator } from "../views/operator.js";
import { say } from "../views/say.js";
import { called, changes, choose, refresh, state } from "./state.js";
import { welcome } from "../views/welcome.js";

const VIEWS = { ask, knows, say, operator, connect };
const ABOUT_SOMEBODY = new Set(["ask", "knows", "say"]);
const NEW = "\u0000new";
const made = new Map();
const main = document.getElementById("main");
let focusing = false;

function name() {
  const found = /^#\/(\w+)/.exec(location.hash)?.[1];
  return found in VIEWS ? found : "ask";
}

/** Views stay as they were left, one for each person, so that going back loses nothing. */
function view(which, user) {
  const key = ABOUT_SOMEBODY.has(which) ? `${which} ${user}` : which;
  if (!made.has(key)) made.set(key, VIEWS[which](user));
  return made.get(key);
}

function show() {
  const may = state.session.scopes?.includes("admin");
  document.querySelector('#views a[href="#/operator"]').hidden = !may;
  const which = name();
  for (const link of document.querySelectorAll("#views a")) {
    if (link.hash === `#/${which}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const empty = state.user === null && ABOUT_SOMEBODY.has(which);
  const shown = empty ? { element: welcome(come) } : view(which, state.user);
  main.replaceChildren(shown.element);
  document.title = `${document.querySelector(`#views a[href="#/${which}"]`).textContent} · idiolect`;
  shown.shown?.();
  if (focusing) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function come(id) {
  await refresh(id);
  people();
  show();
}

/** The list of people in the header; one alone is only named. */
function people() {
  const users = state.session.users ?? [];
  const place = document.getElementById("person");
  const may = !state.session.user && (state.session.scopes ?? []).includes("users:create");
  if (state.user === null || (users.length < 2 && !may)) {
    place.replaceChildren(state.user === null ? "" : h("span", { class: "only" }, called()));
    return;
  }
  const select = h(
    "select",
    { id: "whose", onchange: () => pick(select) },
    users.map((user) =>
      h(
        "option",
        { value: user.id, selected: user.id === state.user },
        called(user.id),
        user.invented && " (invented)",
      ),
    ),
    may && h("option", { value: NEW }, "Somebody new …"),
  );
  place.replaceChildren(h("label", { for: "whose", class: "hidden" }, "Whose page this is"), select);
}

function pick(select) {
  if (select.value !== NEW) {
    choose(select.value);
    return;
  }
  select.value = state.user;
  main.replaceChildren(welcome(come, { back: show }));
  main.focus();
}

/** Asks for the token that the service printed. */
function door(message) {
  const field = h("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const form = h(
    "form",
    { class: "card narrow" },
    h("h1", {}, "Who is there?"),
    h(
      "p",
      {},
      "This door opens with the token that ",
      h("code", {}, "idiolect serve"),
      " printed when it started, or with a login link.",
    ),
    h("label", { for: "token" }, "Token"),
    field,
    h("button", { class: "main" }, "Enter"),
    h("p", { class: "bad", role: "alert" }, message),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    enter(field.value);
    open();
  });
  main.replaceChildren(form);
  field.focus();
}

async function open() {
  try {
    await refresh();
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      door(speaker.token ? error.message : "");
      return;
    }
    const again = h("button", { type: "button", class: "main", onclick: open }, "Try again");
    main.replaceChildren(
      h("div", { class: "card narrow" }, h("h1", {}, "Nobody answers"), h("p", {}, error.message), again),
    );
    return;
  }
  people();
  show();
  focusing = true;
}

function face() {
  const button = document.getElementById("theme");
  button.append(
    svg(
      "svg",
      { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" },
      svg("circle", { cx: 10, cy: 10, r: 7, fill: "none", stroke: "currentColor", "stroke-width": 1.6 }),
      svg("path", { d: "M10 3a7 7 0 0 1 0 14z", fill: "currentColor" }),
    ),
  );
}

changes.addEventListener("user", show);
changes.addEventListener("gone", async () => {
  made.clear();
  try {
    await come(null);
  } catch (error) {
    tell(error.message, "bad");
  }
});
addEventListener("hashchange", () => state.session && show());
arrive();
face();
open();
