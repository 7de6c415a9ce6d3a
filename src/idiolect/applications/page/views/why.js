// Why an answer came out as it did: the records that were shown, how much each weighed, and what to do about them.

import { get, path, remove } from "../script/api.js";
import { busy, button, fresh, h, many, tell } from "../script/dom.js";
import { bar, corrector, dates, readable, twice } from "../script/parts.js";
import { fire } from "../script/state.js";
import { marked, shared } from "../script/words.js";

const KINDS = { fact: "stated", turn: "said", post: "wrote", interaction: "did", preference: "preferred" };
const OPEN = 3; // answers whose reasons stand open, until the reader knows where they are
let opened = 0;

/** What stands below a personal answer. */
export function why(user, turn) {
  const { meta } = turn.own;
  const sources = meta.sources ?? [];
  const foot = [h("p", { class: "quiet figures" }, figures(meta)), degraded(meta)];
  if (!sources.length) {
    const text = meta.strength === 0 ? "At 0 % nothing of what is known is used." : "Nothing that is known was used.";
    return h("div", { class: "why" }, h("p", { class: "quiet" }, text), foot);
  }
  const list = h("ul", { class: "sources" });
  const draw = (rows, weight) => list.replaceChildren(...rows.map((row) => source(user, turn, row, weight(row))));
  draw(sources, (row) => bar(row.weight ?? 0));
  const basis = h("p", { class: "quiet basis" });
  const measure = button("Measure how much each mattered", () => explain(user, meta, draw, { basis, measure }), {
    class: "plain small",
  });
  return h(
    "details",
    { class: "why", open: opened++ < OPEN },
    h("summary", {}, `Why: ${many(sources.length, "record")} used`),
    list,
    h("div", { class: "row" }, meta.answer_id && measure, basis),
    foot,
  );
}

/** One record. Words that the answer took up are marked, words of the question underlined. */
function source(user, turn, row, weight) {
  const words = () => {
    const { question, own } = turn;
    return marked(readable(row.text), shared(row.text, own.said, question), shared(row.text, question));
  };
  const text = h("p", { class: "text" }, words());
  const under = h("div", { class: "under" });
  const said = h("span", { class: "quiet" }, [KINDS[row.kind] ?? row.kind, dates(row)].filter(Boolean).join(" · "));
  const calm = () => under.replaceChildren(said, fix, drop);
  const corrected = (now) => {
    row.text = now.memory;
    text.replaceChildren(...words());
    calm();
  };
  const leave = () => {
    calm();
    fix.focus();
  };
  const fix = h("button", { type: "button", class: "plain small", "aria-label": `Correct: ${row.text}` }, "Correct");
  fix.addEventListener("click", () => under.replaceChildren(said, corrector(user, row, corrected, leave)));
  const erase = async () => {
    await remove(path("users", user, "memories", row.id));
    item.remove();
    tell("Deleted, with its history.");
    fire("known");
  };
  const drop = twice("Delete", "Delete it for good, with its history?", erase, `Delete: ${row.text}`);
  calm();
  const item = h("li", {}, weight, h("div", {}, text, under));
  return item;
}

/** Has the service leave out each record in turn, and shows by how much the answer then becomes less likely. */
async function explain(user, meta, draw, { basis, measure }) {
  const found = await get(path("users", user, "answers", meta.answer_id, "explain"));
  measure.remove();
  if (!found.explained) {
    basis.textContent = "A record that was used has been erased since, and the explanation with it.";
  } else if (found.basis !== "mattered") {
    basis.textContent = "This model gives no probabilities: the records were used, how much each mattered is unknown.";
  } else {
    const shown = new Map((meta.sources ?? []).map((row) => [row.id, row]));
    const rows = found.sources.map((row) => ({ ...shown.get(row.id), ...row }));
    const most = Math.max(...rows.map((row) => row.importance), 0.01);
    draw(rows, (row) => bar(row.importance / most, signed(row.importance)));
    basis.textContent = "In nats: by how much less likely the answer is without that record.";
  }
}

/** "+4.1", "-0.3", "0.0". */
function signed(value) {
  const size = Math.abs(value).toFixed(1);
  if (size === "0.0") return size;
  return (value < 0 ? "\u2212" : "+") + size;
}

function figures(meta) {
  const { tokens = {}, milliseconds = {} } = meta;
  return [
    (meta.methods ?? []).join(" | ") || "no method",
    meta.strength < 1 && `at ${Math.round(100 * meta.strength)} %`,
    Number.isFinite(tokens.personal) && `${many(tokens.personal, "token")} of context`,
    Number.isFinite(milliseconds.total) && `${Math.round(milliseconds.total).toLocaleString()} ms`,
    meta.remembered > 0 && many(meta.remembered, "new memory", "new memories"),
  ]
    .filter(Boolean)
    .join(" · ");
}

const degraded = (meta) =>
  (meta.degraded ?? []).map((one) => h("p", { class: "bad" }, `${one.method} did not run: ${one.why}.`));

/** Says that this answer is the better one, or what it should have been. choose: null where both say the same. */
export function better(said, { choose, edit }) {
  const text = h("textarea", { rows: 2, required: true, value: said, id: fresh("edited") });
  const save = h("button", { class: "main" }, "Save");
  const leave = h("button", { type: "button", class: "plain" }, "Leave it");
  const buttons = h("div", { class: "row" }, save, leave);
  const form = h(
    "form",
    { class: "corrector" },
    h("label", { for: text.id }, "What should it have said?"),
    text,
    buttons,
  );
  const write = h("button", { type: "button", class: "plain small" }, "Put it right");
  const place = h("div", { class: "better" });
  const row = h(
    "div",
    { class: "row" },
    choose && button("This one is better", choose, { class: "plain small" }),
    edit && write,
  );
  const calm = () => place.replaceChildren(row);
  leave.addEventListener("click", () => {
    calm();
    write.focus();
  });
  write.addEventListener("click", () => {
    place.replaceChildren(form);
    text.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, async () => {
      await edit(text.value.trim());
      calm();
    });
  });
  calm();
  return place;
}
