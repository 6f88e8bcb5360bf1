// Extracts what the Go formatter needs to know about each language from the
// CLDR data inside Node's Intl (Node must be built with full ICU, which is the
// default), and the answers that Intl itself gives, against which the formatter
// is tested.
//
//   node app/locale/cldr.mjs
//
// writes cldr.json and testdata/intl.json beside this file.
import { mkdirSync, writeFileSync } from "node:fs";

const tags = ["en", "ar", "fa", "ja", "ru", "de", "fr", "es"];
const here = (name) => new URL(name, import.meta.url);

// French writes the first of the month as an ordinal. CLDR's patterns cannot say so.
const firstDay = { fr: "1er" };

const latin = (s) =>
  [...s].map((c) => {
    const k = c.codePointAt(0);
    for (const zero of [0x660, 0x6f0]) if (k >= zero && k < zero + 10) return String(k - zero);
    return c;
  }).join("");

const value = (parts, type) => parts.find((p) => p.type === type)?.value;

// V8's format() puts a plain space before AM and PM, to spare old parsers. CLDR's own is in the parts.
const written = (format, at) => format.formatToParts(at).map((p) => p.value).join("");

// ---- numbers and money

// shape turns formatted parts into a pattern: # for the number, ¤ for the symbol.
function shape(parts) {
  let out = "";
  let seen = false;
  for (const p of parts) {
    if (["integer", "group", "decimal", "fraction"].includes(p.type)) {
      if (!seen) out += "#";
      seen = true;
    } else if (p.type === "currency") out += "¤";
    else out += p.value;
  }
  return out;
}

function numbers(tag) {
  const f = new Intl.NumberFormat(tag, { minimumFractionDigits: 1 });
  const parts = f.formatToParts(1234567.5);
  const digits = new Intl.NumberFormat(tag, { useGrouping: false }).format(9876543210);
  return {
    digits: [...digits].reverse().join(""),
    group: value(parts, "group"),
    decimal: value(parts, "decimal"),
    min_grouping: new Intl.NumberFormat(tag).format(1234).length === 4 ? 2 : 1,
    negative: shape(f.formatToParts(-1.5)),
    percent: shape(new Intl.NumberFormat(tag, { style: "percent" }).formatToParts(0.5)),
    percent_negative: shape(new Intl.NumberFormat(tag, { style: "percent" }).formatToParts(-0.5)),
  };
}

// ZZZ is nobody's currency: it shows how one without a symbol is written.
const currencies = [...new Set([...Intl.supportedValuesOf("currency"), "ZZZ"])].sort();

function money(tag) {
  const patterns = [];
  const symbols = {};
  for (const currency of currencies) {
    const f = new Intl.NumberFormat(tag, { style: "currency", currency });
    const plus = f.formatToParts(1.5);
    const pair = [shape(plus), shape(f.formatToParts(-1.5))];
    let at = patterns.findIndex((p) => p[0] === pair[0] && p[1] === pair[1]);
    if (at < 0) at = patterns.push(pair) - 1;
    symbols[currency] = [value(plus, "currency"), at];
  }
  return { patterns, symbols };
}

function currencyDigits() {
  const out = {};
  for (const currency of currencies) {
    const n = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
    if (n !== 2) out[currency] = n;
  }
  return out;
}

// ---- dates

const utc = { timeZone: "UTC" };
const styles = {
  long: { dateStyle: "long" },
  short: { dateStyle: "medium" },
  day: { weekday: "long", day: "numeric", month: "long" },
  moment: { dateStyle: "long", timeStyle: "short" },
  time: { timeStyle: "short" },
};

function pattern(tag, style) {
  const f = new Intl.DateTimeFormat(tag, { ...utc, ...styles[style] });
  const h12 = ["h11", "h12"].includes(f.resolvedOptions().hourCycle);
  const cal = f.resolvedOptions().calendar;
  const number = (at, field) =>
    new Intl.DateTimeFormat(`en-u-ca-${cal}-nu-latn`, { ...utc, [field]: "numeric" }).formatToParts(at).find((p) => p.type === field).value;
  // A moment whose day, month and hour have one digit each.
  let at = new Date("2027-01-01T09:04:00Z");
  while (number(at, "day").length > 1 || number(at, "month").length > 1) at = new Date(+at + 864e5);
  return f.formatToParts(at).map((p) => {
    const two = latin(p.value).length === 2;
    switch (p.type) {
      case "literal": return p.value;
      case "day": return two ? "{dd}" : "{d}";
      case "month": return /^\d+$/.test(latin(p.value)) ? (two ? "{mm}" : "{m}") : style === "short" ? "{mon}" : "{month}";
      case "year": return "{y}";
      case "weekday": return "{weekday}";
      case "hour": return (h12 ? "{h" : "{H") + (two ? "2}" : "}");
      case "minute": return "{min}";
      case "dayPeriod": return "{a}";
      default: throw new Error(`${tag} ${style}: what is a ${p.type}?`);
    }
  }).join("");
}

function dates(tag) {
  const cal = new Intl.DateTimeFormat(tag).resolvedOptions().calendar;
  const index = new Intl.DateTimeFormat(`en-u-ca-${cal}-nu-latn`, { ...utc, month: "numeric" });
  const named = (style) => {
    const names = [];
    const f = new Intl.DateTimeFormat(tag, { ...utc, ...styles[style] });
    for (let d = 0; d < 366; d++) {
      const at = new Date(Date.UTC(2026, 0, 1 + d));
      const n = Number(index.formatToParts(at).find((p) => p.type === "month").value);
      names[n - 1] = value(f.formatToParts(at), "month");
    }
    return names;
  };
  const weekday = new Intl.DateTimeFormat(tag, { ...utc, ...styles.day });
  const time = new Intl.DateTimeFormat(tag, { ...utc, timeStyle: "short" });
  const period = (hour) => value(time.formatToParts(new Date(Date.UTC(2027, 0, 3, hour))), "dayPeriod") ?? "";
  return {
    calendar: cal,
    ...Object.fromEntries(Object.keys(styles).map((s) => [s, pattern(tag, s)])),
    months: named("long"),
    months_short: named("short"),
    weekdays: [...Array(7).keys()].map((d) => value(weekday.formatToParts(new Date(Date.UTC(2027, 0, 3 + d))), "weekday")),
    periods: [period(9), period(21)],
    first_day: firstDay[tag] ?? "",
  };
}

function lists(tag) {
  const between = (...items) =>
    new Intl.ListFormat(tag).formatToParts(items).filter((p) => p.type === "literal").map((p) => p.value);
  const [start, middle, end] = between("α", "β", "γ", "δ");
  if (start !== middle) throw new Error(`${tag}: a list that starts unlike it goes on`);
  return { middle, end, two: between("α", "β")[0] };
}

// Countries, by the codes that are in use; ZZ and its like are none.
const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const none = new Set(["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"]);
const codes = letters.flatMap((a) => letters.map((b) => a + b)).filter((code) =>
  !none.has(code) && new Intl.Locale(`und-${code}`).region === code &&
  new Intl.DisplayNames("en", { type: "region", fallback: "none" }).of(code));

function countries(tag) {
  const names = new Intl.DisplayNames(tag, { type: "region" });
  return Object.fromEntries(codes.map((code) => [code, names.of(code)]));
}

// ---- what Intl answers

const exponent = { JPY: 0, KRW: 0, CLP: 0, VND: 0, KWD: 3, TND: 3, IQD: 3 }; // of package money; else 2
const moneyCases = (() => {
  const minors = [0, 1, -1, 5, 99, 100, -100, 1230, 99900, 123456, -123456, 1000000, 123456789, -9007199254740993n, 922337203685477580n];
  const all = ["USD", "EUR", "GBP", "JPY", "KWD", "IRR", "SAR", "AED", "RUB", "CHF", "CAD", "KRW", "TWD", "IQD", "CLP", "MXN", "ZZZ"];
  return all.flatMap((currency) => minors.map((minor) => [BigInt(minor), currency]));
})();

function decimal(minor, e) {
  const sign = minor < 0n ? "-" : "";
  const s = String(minor < 0n ? -minor : minor).padStart(e + 1, "0");
  return sign + (e ? `${s.slice(0, -e)}.${s.slice(-e)}` : s);
}

function answers(tag) {
  const days = ["2027-01-05", "2026-11-21", "2026-12-31", "2027-01-01", "2027-03-20", "2027-03-21", "2028-02-29", "2028-03-19",
    "2028-03-20", "2024-03-20", "2025-03-20", "2025-03-21", "2026-05-01", "2026-06-30", "2026-07-09", "2026-08-14", "2026-09-23", "2026-10-10", "2026-04-08", "1999-02-28", "2099-12-01"];
  const zones = ["UTC", "America/New_York", "Asia/Tehran", "Asia/Tokyo", "Europe/Berlin", "Asia/Kathmandu"];
  const moments = ["2027-01-05T15:04:05Z", "2026-11-21T00:00:00Z", "2026-07-01T12:00:00Z", "2026-12-31T23:59:59Z", "2026-03-08T07:30:00Z"];
  const date = (style, day) => written(new Intl.DateTimeFormat(tag, { ...utc, ...styles[style] }), new Date(day));
  const first = (s) => (firstDay[tag] ? s.replace(/(^| )1 (?=\p{L})/u, `$1${firstDay[tag]} `) : s);
  const words = [[], ["α"], ["α", "β"], ["α", "β", "γ"], ["α", "β", "γ", "δ"], ["padre", "hijo"], ["agua", "hielo"], ["Ana", "Inés"], ["a", "y"], ["uno", "dos", "iglesia"]];
  return {
    money: moneyCases.map(([minor, currency]) => {
      const e = exponent[currency] ?? 2;
      const shown = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
      // What CLDR would cut off is shown when it is not zero.
      const n = shown < e && minor % 10n ** BigInt(e - shown) === 0n ? shown : e;
      const f = new Intl.NumberFormat(tag, { style: "currency", currency, minimumFractionDigits: n, maximumFractionDigits: n });
      return { minor: String(minor), currency, want: f.format(decimal(minor, e)) };
    }),
    number: [0, 1, -1, 12, 999, 1000, -1000, 9999, 10000, 123456, 1234567, -987654321, 9007199254740991].map((n) => ({ n, want: new Intl.NumberFormat(tag).format(n) })),
    percent: [0, 1, 100, 250, 1000, 1250, 1999, 10000, -500, 123400, 1234567].map((n) => ({
      n, want: new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 2 }).format(n / 10000) })),
    date: days.map((day) => ({ day, long: first(date("long", day)), short: first(date("short", day)), weekday: first(date("day", day)) })),
    moment: moments.flatMap((at) => zones.map((zone) => ({
      at, zone,
      moment: first(written(new Intl.DateTimeFormat(tag, { timeZone: zone, ...styles.moment }), new Date(at))),
      time: written(new Intl.DateTimeFormat(tag, { timeZone: zone, ...styles.time }), new Date(at)),
    }))),
    list: words.map((items) => ({ items, want: new Intl.ListFormat(tag).format(items) })),
  };
}

// The days on which Persian years begin: the calendar's own arithmetic is tested against them.
function newYears() {
  const f = new Intl.DateTimeFormat("en-u-ca-persian-nu-latn", { ...utc, year: "numeric", month: "numeric", day: "numeric" });
  const out = {};
  for (let y = 1900; y <= 2120; y++)
    for (let d = 18; d <= 24; d++) {
      const at = new Date(Date.UTC(y, 2, d));
      const parts = f.formatToParts(at);
      if (value(parts, "month") === "1" && value(parts, "day") === "1") out[value(parts, "year")] = at.toISOString().slice(0, 10);
    }
  return out;
}

// Invisible characters are written as escapes, so that a reviewer sees them.
const visible = (data) =>
  JSON.stringify(data, null, 1).replace(/[\u007f-\u00a0\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`) + "\n";
// One array or small object a line is enough.
const dense = (s) => s.replace(/[[{]\n\s+[^[\]{}]*?\n\s*[\]}]/g, (m) => m.replace(/\n\s*/g, (_, i) => (i ? " " : "")).replace(/^([[{]) | ([\]}])$/g, "$1$2"));

const source = { icu: process.versions.icu, cldr: process.versions.cldr };
const data = { source, currency_digits: currencyDigits(), tags: {} };
const golden = { source, persian_new_years: newYears(), tags: {} };
for (const tag of tags) {
  data.tags[tag] = { number: numbers(tag), money: money(tag), date: dates(tag), list: lists(tag), countries: countries(tag) };
  golden.tags[tag] = answers(tag);
}
mkdirSync(here("testdata/"), { recursive: true });
writeFileSync(here("cldr.json"), dense(visible(data)));
writeFileSync(here("testdata/intl.json"), dense(visible(golden)));
