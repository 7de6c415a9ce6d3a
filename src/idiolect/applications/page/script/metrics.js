// What the service counts, from the text that Prometheus reads.

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:\\.|[^"\\])*)"/g;

/** [{name, labels, value}] of the text at /metrics. */
export function parsed(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const [, name, inside, value] = LINE.exec(line) ?? [];
    if (!name) continue;
    const labels = Object.fromEntries([...(inside ?? "").matchAll(LABEL)].map(([, key, said]) => [key, said]));
    found.push({ name, labels, value: Number(value.replace("Inf", "Infinity")) });
  }
  return found;
}

/** The sum of all series of a name that bear these labels. */
export function total(samples, name, labels = {}) {
  const fits = (sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  return samples.filter((s) => s.name === name && fits(s)).reduce((sum, s) => sum + s.value, 0);
}

/** A name's values by one of its labels, the largest first. */
export function by(samples, name, label) {
  const sums = new Map();
  for (const s of samples) if (s.name === name) sums.set(s.labels[label], (sums.get(s.labels[label]) ?? 0) + s.value);
  return [...sums].sort(([, a], [, b]) => b - a);
}

/** [[upper bound, how many in between]] of a histogram. */
export function buckets(samples, name, labels = {}) {
  const bounds = new Set(samples.filter((s) => s.name === `${name}_bucket`).map((s) => s.labels.le));
  const sums = [...bounds].map((le) => [le, total(samples, `${name}_bucket`, { ...labels, le })]);
  const sorted = sums.map(([le, n]) => [Number(le.replace("+Inf", "Infinity")), n]).sort(([a], [b]) => a - b);
  return sorted.map(([bound, n], i) => [bound, n - (sorted[i - 1]?.[1] ?? 0)]);
}

/** The bound within which a share of a histogram lies, between bounds by proportion. */
export function quantile(found, share) {
  const wanted = share * found.reduce((sum, [, n]) => sum + n, 0);
  let [before, low] = [0, 0];
  for (const [bound, n] of found) {
    if (n && before + n >= wanted) return bound === Infinity ? low : low + ((bound - low) * (wanted - before)) / n;
    before += n;
    low = bound;
  }
  return low;
}
