// What all views share: who is looked at, what runs, how strongly answers are personalised.

import { get, speaker } from "./api.js";

/** session: as GET /v1/session gave it. user: whose page this is; null while there is nobody. strength: 0 to 1. */
export const state = { session: null, user: null, strength: 1 };

/** Fires "user" when somebody else is looked at, "known" when what is known of him may have changed. */
export const changes = new EventTarget();

export const fire = (name) => changes.dispatchEvent(new Event(name));

/** Reads the session anew and stays with the same person where he is still there. */
export async function refresh(wanted = state.user) {
  speaker.space = null; // which space there is to see is for the service to say
  const session = await get("session");
  speaker.space = session.space;
  speaker.csrf = session.csrf;
  const ids = (session.users ?? []).map((user) => user.id);
  if (session.user && !ids.includes(session.user)) ids.push(session.user);
  state.session = session;
  state.user = session.user ?? (ids.includes(wanted) ? wanted : (ids[0] ?? null));
  return session;
}

/** Looks at somebody else. */
export function choose(id) {
  if (id === state.user) return;
  state.user = id;
  fire("user");
}

/** The entry of the one looked at: {id, memories, invented, questions}. */
export const person = () =>
  state.session?.users?.find((user) => user.id === state.user) ?? { id: state.user, memories: 0, questions: [] };

/** How he is called on the page: an id that is one lower-case word is written as a name. */
export const called = (id = state.user) => (/^[a-z]+$/.test(id ?? "") ? id[0].toUpperCase() + id.slice(1) : id);
