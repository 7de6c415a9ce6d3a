// Carrying everything away, seeing who looked, and being forgotten with a receipt.

import { get, path, remove, request } from "../script/api.js";
import { busy, button, h, keep, labelled, tell } from "../script/dom.js";
import { filling } from "../script/parts.js";
import { grid } from "../script/plot.js";
import { called, fire } from "../script/state.js";

const SHOWN = 100; // lines of the trail

/** A button that gives all of him as one file. */
export function exporting(user) {
  const act = async () => {
    const zip = { accept: "application/zip" };
    const response = await request("GET", path("users", user, "export"), undefined, { more: zip });
    keep(await response.blob(), `${user.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.zip`);
    tell("Exported.");
  };
  const what = "Everything that is kept, with its history and what was learnt from it, in an open format.";
  return h("div", {}, h("p", {}, what), button("Export", act, { class: "edge" }));
}

/** The audit trail, once it is asked for. */
export function looked(user) {
  const place = h("div", {});
  const rows = async () => {
    const found = await get(path("users", user, "audit"));
    const lines = (found.results ?? found.audit ?? found).slice(0, SHOWN);
    const cells = lines.map((line) => {
      const time = new Date(line.time).toLocaleString();
      return [time, line.actor, line.action, line.purpose || "", String(line.count ?? "")];
    });
    return grid(["When", "Who", "What", "For", "Memories"], cells);
  };
  const show = button("Show the trail", () => filling(place, rows), { class: "edge" });
  return h("div", {}, h("p", {}, "Every read and change, without what was read."), show, place);
}

/** Erasure: his name has to be written first. */
export function leaving(user) {
  const word = h("input", { type: "text", required: true, autocomplete: "off", spellcheck: "false" });
  const press = h("button", { class: "danger" }, "Erase everything");
  const sure = `Write “${user}” to be sure`;
  const form = h("form", { class: "line" }, labelled(sure, word), press);
  const place = h("div", {}, form);
  const erase = async () => {
    const receipt = await remove(path("users", user));
    place.replaceChildren(proof(receipt, user));
    place.firstChild.focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (word.value.trim() === user) busy(press, erase);
    else tell(`${sure}.`, "bad");
  });
  const what =
    "All memories, their vectors and whatever was learnt from them alone are erased, and a search for what may be " +
    "left is made. The receipt names nobody.";
  return h("div", {}, h("p", {}, what), place);
}

function proof(receipt, user) {
  const rows = [
    ["Memories erased", receipt.records],
    ["Bytes erased", receipt.bytes],
    ["Bytes searched for traces", receipt.searched],
    ["Traces left", receipt.residue],
    ["Status", receipt.status],
    ["Began", stamp(receipt.began)],
    ["Closed", stamp(receipt.closed)],
    ["Unit", receipt.unit],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  const written = (value) => (typeof value === "number" ? value.toLocaleString() : String(value));
  const lines = rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, written(value))));
  const file = () => keep(new Blob([JSON.stringify(receipt, null, 1)], { type: "application/json" }), "receipt.json");
  const buttons = [
    button("Keep the receipt", file, { class: "edge" }),
    button("Done", () => fire("gone"), { class: "main" }),
  ];
  return h(
    "div",
    { class: "card receipt", tabindex: "-1", role: "status" },
    h("h3", {}, "Receipt"),
    h("p", {}, `Nothing of ${called(user)} is kept any more.`),
    h("dl", {}, lines),
    h("div", { class: "row" }, buttons),
  );
}

/** POSIX seconds or an ISO time, as the reader writes times. */
function stamp(value) {
  if (value === null || value === undefined) return null;
  const time = new Date(typeof value === "number" ? 1000 * value : value);
  return Number.isNaN(time.getTime()) ? String(value) : time.toLocaleString();
}
