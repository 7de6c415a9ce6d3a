// For whom runs the service: the queue, how long answers take, which methods run and what they bring. No content.

import { get, request } from "../script/api.js";
import { h } from "../script/dom.js";
import { buckets, by, parsed, quantile, total } from "../script/metrics.js";
import { filling } from "../script/parts.js";
import { duration, gains, grid, histogram } from "../script/plot.js";

const EVERY = 5000; // milliseconds between looks, while somebody looks
const ANSWERS = { route: "/v1/chat/completions" };

/** The view; the same for everybody. */
export function operator() {
  const place = h("div");
  const measured = h("div");
  const element = h(
    "section",
    { class: "operator" },
    h("h1", {}, "Operator"),
    h("p", { class: "lead" }, "How the service does. Nothing here shows what anybody said."),
    place,
    h("h2", {}, "What methods bring"),
    measured,
  );
  const look = () => element.isConnected && !document.hidden && filling(place, figures);
  setInterval(look, EVERY);
  const shown = () => {
    filling(measured, results);
    return look();
  };
  return { element, shown };
}

async function figures() {
  const [response, { users }] = await Promise.all([request("GET", "../metrics"), get("users")]);
  const samples = parsed(await response.text());
  const given = total(samples, "idiolect_requests_total", { ...ANSWERS, status: "200" });
  const times = buckets(samples, "idiolect_request_seconds", ANSWERS);
  const tiles = [
    ["people", users.length],
    ["answers", given],
    ["being written", total(samples, "idiolect_queue_running")],
    ["waiting", total(samples, "idiolect_queue_waiting")],
  ].map(([name, value]) => h("div", { class: "card" }, h("strong", {}, value.toLocaleString()), h("span", {}, name)));
  return [
    h("div", { class: "tiles" }, tiles),
    h("h2", {}, "Until the first word"),
    latency(times),
    h("h2", {}, "Methods in use"),
    methods(samples),
    h("h2", {}, "People"),
    people(users),
  ];
}

function latency(times) {
  const count = times.reduce((sum, [, n]) => sum + n, 0);
  if (!count) return h("p", { class: "quiet" }, "Nothing was asked yet.");
  const [half, most] = [0.5, 0.95].map((share) => duration(quantile(times, share)));
  return histogram(times, `${count.toLocaleString()} answers: half began within ${half}, 95 % within ${most}.`);
}

function methods(samples) {
  const out = new Map(by(samples, "idiolect_degraded_total", "method"));
  const ran = new Map(by(samples, "idiolect_methods_total", "method"));
  const names = [...new Set([...ran.keys(), ...out.keys()])];
  if (!names.length) return h("p", { class: "quiet" }, "None ran yet.");
  return grid(
    ["Method", "Answers", "Left out"],
    names.map((name) => [name, String(ran.get(name) ?? 0), String(out.get(name) ?? 0)]),
  );
}

function people(users) {
  if (!users.length) return h("p", { class: "quiet" }, "Nobody yet.");
  const rows = users.map((user) => [user.invented ? `${user.id} (invented)` : user.id, String(user.memories ?? "")]);
  return grid(["Who", "Memories"], rows);
}

async function results() {
  const { rows } = await get("results").catch((error) => {
    if (error.status === 404) return { rows: [] };
    throw error;
  });
  if (rows.length) return gains(rows);
  return h("p", { class: "quiet" }, "Nothing was measured here yet: ", h("code", {}, "make study"), " does.");
}
