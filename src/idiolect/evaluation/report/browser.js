// Searches the answers that stand in the page. Texts of users and models only ever become text nodes.
const { total, cells } = JSON.parse(document.getElementById("answers").textContent);
const form = document.querySelector("#browse form");
const found = document.querySelector("#browse .found");
const said = document.querySelector("#browse [role=status]");
const [back, next] = document.querySelectorAll("#browse button[data-step]");
const NAMES = { own: "own data", base: "no method", swapped: "somebody else's data", pooled: "trained on everybody", copy: "copied",
  cousin: "cheaper cousin", shuffled: "shuffled history", group: "people like him", everybody: "everybody's data",
  across: "without records on the task" };
const PAGE = 10;
let page = 0;

const score = (cell, name) => cell.a.find((x) => x.n === name)?.s;
const ahead = (cell, name) => (score(cell, "own") - score(cell, name)) * (cell.up ? 1 : -1);
const TESTS = {
  "": () => true,
  gained: (c) => ahead(c, "base") > 0,
  lost: (c) => ahead(c, "base") < 0,
  personal: (c) => ahead(c, "swapped") > 0,
  same: (c) => c.a.find((x) => x.n === "swapped")?.p === c.a[0].p,
};

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function answer(a, up) {
  const full = up ? a.s >= 0.999 : a.s === 0;
  const made = element("div", "", `answer ${a.n}${full ? " full" : ""}`);
  made.append(element("p", `${NAMES[a.n] ?? a.n}${a.d ? `, ${a.d}` : ""} · ${a.s.toFixed(2)}`, "who"), element("p", a.p || "(nothing)"));
  if (a.r) {
    const list = element("ul");
    for (const line of a.r) list.append(element("li", line));
    if (a.c > a.r.length) list.append(element("li", `and ${a.c - a.r.length} more records`));
    made.append(list);
  }
  return made;
}

function card(cell) {
  const made = element("article", "", "card");
  made.append(element("p", `${cell.m} · ${cell.t}${cell.k ? ` · ${cell.k}` : ""} · ${cell.u}`, "quiet"), element("h3", cell.q));
  const side = element("div", "", "answers");
  const wanted = element("div", "", "answer");
  wanted.append(element("p", "wanted", "who"), element("p", cell.w));
  side.append(...cell.a.map((a) => answer(a, cell.up)), wanted);
  made.append(side);
  return made;
}

function show() {
  const { method, task, user, which, words } = Object.fromEntries(new FormData(form));
  const needle = words.toLowerCase();
  const kept = cells.filter((c) => (!method || c.m === method) && (!task || c.t === task) && (!user || c.u === user) && TESTS[which](c)
    && (!needle || [c.q, c.w, ...c.a.map((a) => a.p)].some((t) => t.toLowerCase().includes(needle))));
  const last = Math.max(0, Math.ceil(kept.length / PAGE) - 1);
  page = Math.min(Math.max(page, 0), last);
  found.replaceChildren(...kept.slice(page * PAGE, (page + 1) * PAGE).map(card));
  const from = cells.length < total ? ` (of ${total} in examples.jsonl)` : "";
  said.textContent = kept.length ? `${page * PAGE + 1} to ${Math.min((page + 1) * PAGE, kept.length)} of ${kept.length} questions${from}`
    : "No question is like that.";
  back.disabled = page === 0;
  next.disabled = page === last;
}

for (const [name, key] of [["method", "m"], ["task", "t"], ["user", "u"]]) {
  for (const value of [...new Set(cells.map((c) => c[key]))].sort()) form.elements[name].append(element("option", value));
}
form.addEventListener("input", () => { page = 0; show(); });
form.addEventListener("submit", (event) => event.preventDefault());
for (const button of [back, next]) button.addEventListener("click", () => { page += Number(button.dataset.step); show(); });
show();
