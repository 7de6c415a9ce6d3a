// The service's routes, as docs/service.md states them. Who is speaking is kept here and nowhere else.

const base = new URL("v1/", document.baseURI);
const KEPT = "idiolect-token";

/** token: what the server printed at start, "" where a cookie speaks. space, csrf: as /v1/session gave them. */
export const speaker = { token: "", space: null, csrf: null };

/** An answer that is no answer. status: of HTTP, 0 where nobody answered. */
export class Refused extends Error {
  constructor(message, { status = 0, code = null, retry = 0 } = {}) {
    super(message);
    Object.assign(this, { status, code, retry });
  }
}

/** Takes the token out of the address, where the printed link put it, and keeps it while this tab is open. */
export function arrive() {
  const given = new URLSearchParams(location.hash.replace(/^#\/?/, "")).get("token");
  if (given) history.replaceState(null, "", `${location.pathname}${location.search}#/ask`);
  try {
    speaker.token = given || sessionStorage.getItem(KEPT) || "";
  } catch {
    speaker.token = given || "";
  }
  enter(speaker.token);
}

/** Speaks with this token from now on. */
export function enter(token) {
  speaker.token = token.trim();
  try {
    if (speaker.token) sessionStorage.setItem(KEPT, speaker.token);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // storage is switched off: the token holds until the page is closed
  }
}

function headers(method, body, more) {
  const found = { accept: "application/json", ...more };
  if (body !== undefined || method !== "GET") found["content-type"] = "application/json";
  if (speaker.token) found.authorization = `Bearer ${speaker.token}`;
  if (speaker.space) found["x-idiolect-space"] = speaker.space;
  if (speaker.csrf && method !== "GET") found["x-csrf-token"] = speaker.csrf;
  return found;
}

/** One request. Throws Refused; gives the Response. */
export async function request(method, path, body, { signal, more = {} } = {}) {
  let response;
  try {
    response = await fetch(new URL(path, base), {
      method,
      signal,
      headers: headers(method, body, more),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The service does not answer. Is `idiolect serve` still running?");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const retry = Number(response.headers.get("retry-after")) || 0;
  const wait = response.status === 429 ? ` Try again in ${retry || "a few"} seconds.` : "";
  const what = said.error?.message || `The service answered ${response.status}.`;
  throw new Refused(what + wait, { status: response.status, code: said.error?.code, retry });
}

const json = async (method, path, body, options) => (await request(method, path, body, options)).json();
export const get = (path, options) => json("GET", path, undefined, options);
export const post = (path, body, options) => json("POST", path, body, options);
export const put = (path, body) => json("PUT", path, body);
export const patch = (path, body) => json("PATCH", path, body);
export const remove = (path) => json("DELETE", path);

/** "users/ann%20b/memories": the parts as one path, each encoded. */
export const path = (...parts) => parts.map(encodeURIComponent).join("/");

/** A path with what is asked; empty values are left out. */
export function asking(where, values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `${where}?${new URLSearchParams(given)}` : where;
}

/** The chunks of a streamed answer, as objects. Leaving the loop early cancels the request. */
export async function* stream(where, body, { signal, more } = {}) {
  const ours = new AbortController();
  signal?.addEventListener("abort", () => ours.abort());
  const response = await request("POST", where, { ...body, stream: true }, { signal: ours.signal, more });
  try {
    for await (const data of events(response.body)) {
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Refused(chunk.error.message, { code: chunk.error.code });
      yield chunk;
    }
  } finally {
    ours.abort();
  }
}

/** The data of each server-sent event; the browser's own reader of them cannot POST. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split(/\r\n|\n|\r(?!$)/);
    rest = done ? "" : lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      else if (line === "" && data.length) {
        yield data.join("\n");
        data = [];
      }
    }
    if (done) return;
  }
}
