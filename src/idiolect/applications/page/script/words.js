// Which words of a source an answer took up. It only marks what can be seen; what mattered is measured by the service.

import { h } from "./dom.js";

const SMALL = new Set(
  (
    "a an the is are was were be been am i you he she it we they my your his her its our their me him us them mine to of in on at " +
    "for and or but not no do does did have has had what which who whom whose where when how why that this these those with as by " +
    "from into than then so if will would can could should there here about say said tell told know known something"
  ).split(" "),
);

const words = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

function* pieces(text) {
  if (words) {
    for (const { segment, isWordLike } of words.segment(text)) yield [segment, isWordLike];
  } else {
    for (const segment of text.split(/([\p{L}\p{N}'’]+)/u)) if (segment) yield [segment, /[\p{L}\p{N}]/u.test(segment)];
  }
}

/** A word as it is compared: small letters, without accents and the commonest endings. */
function plain(word) {
  const bare = word
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/['’]s?$/, "");
  return bare.length > 4 ? bare.replace(/(?:ing|ed|es|s)$/, "").replace(/e$/, "") : bare.replace(/e$/, "");
}

/** The words that carry meaning, as they are compared. */
export function carrying(text) {
  const found = new Set();
  for (const [piece, isWord] of pieces(text)) if (isWord && !SMALL.has(piece.toLowerCase())) found.add(plain(piece));
  return found;
}

/** The words of `a` that are in `b` and not in `without`. */
export function shared(a, b, without = "") {
  const [left, right, out] = [carrying(a), carrying(b), carrying(without)];
  return new Set([...left].filter((word) => right.has(word) && !out.has(word)));
}

/** The text as nodes; words among `strong` are marked, those among `weak` underlined. */
export function marked(text, strong, weak = new Set()) {
  const nodes = [];
  for (const [piece, isWord] of pieces(text)) {
    const word = isWord ? plain(piece) : "";
    if (isWord && strong.has(word)) nodes.push(h("mark", {}, piece));
    else if (isWord && weak.has(word)) nodes.push(h("span", { class: "asked" }, piece));
    else nodes.push(piece);
  }
  return nodes;
}
