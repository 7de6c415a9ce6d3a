// Elements without a template language. Text only ever enters as text nodes, so nothing that a user or a model wrote
// can become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in { value: 1, checked: 1, disabled: 1, indeterminate: 1 }) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An element: h("p", {class: "quiet", onclick: f}, "text", other). Null attributes and children are left out. */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same for a piece of SVG. */
export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** A button that cannot be pressed again while what it does is under way; what goes wrong is told. */
export function button(text, act, attributes = {}) {
  const node = h("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", () => busy(node, act));
  return node;
}

/** Runs `act` with the node disabled; tells an error and gives undefined for it. */
export async function busy(node, act) {
  if (node.disabled) return undefined;
  const focused = document.activeElement === node;
  node.disabled = true;
  node.setAttribute("aria-busy", "true");
  try {
    return await act();
  } catch (error) {
    tell(error.message, "bad");
    return undefined;
  } finally {
    node.disabled = false;
    node.removeAttribute("aria-busy");
    if (focused && node.isConnected && document.activeElement === document.body) node.focus();
  }
}

let fading = 0;

/** One sentence at the foot of the page, also read out. kind: "" or "bad". */
export function tell(text, kind = "") {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.dataset.kind = kind;
  toast.classList.add("on");
  clearTimeout(fading);
  fading = setTimeout(() => toast.classList.remove("on"), kind ? 9000 : 4000);
}

let count = 0;

/** An id that no other element has. */
export const fresh = (name) => `${name}-${++count}`;

/** A form control with its label. */
export function labelled(text, control, attributes = {}) {
  control.id ||= fresh("field");
  return h("div", { class: "field", ...attributes }, h("label", { for: control.id }, text), control);
}

/** Calls `act` once nothing more has happened for a while. milliseconds: how long. */
export function settled(act, milliseconds = 250) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), milliseconds);
  };
}

const DAY = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });

/** "3 May 2024", or "" for null. */
export const day = (iso) => (iso ? DAY.format(new Date(iso)) : "");

/** "1 memory", "24 memories". */
export const many = (n, one, more = `${one}s`) => `${n.toLocaleString()} ${n === 1 ? one : more}`;

/** A file for the user to keep. */
export function keep(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
