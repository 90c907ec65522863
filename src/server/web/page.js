// What all pages share: language, header, elements, times. No page's own content.
import { texts } from "./texts.js";

const asked = new URLSearchParams(location.search).get("lang");
const kept = (() => { try { return localStorage.getItem("xuefen.lang"); } catch { return null; } })();
const guess = (asked ?? kept ?? navigator.language ?? "en").toLowerCase();
/** The reader's language: "zh" or "en". */
export let lang = guess.startsWith("zh") ? "zh" : "en";

/** A text of the page, with {names} filled. */
export function t(key, values = {}) {
  const text = texts[key]?.[lang === "zh" ? 1 : 0] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Of {en, zh}, the reader's. */
export const say = (both) => (both ? both[lang] : "");

/** Text of others as it can be shown: what would steer, hide or turn round the text beside it is named instead. */
export const shown = (text) => String(text).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
  (it) => `[U+${it.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);

/** An element. Attributes by name; "on…" are listeners; children are elements or text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "rect", "line", "text", "g", "circle", "title", "polyline", "polygon"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child != null && child !== false).map((child) => (child instanceof Node ? child : shown(child))));
  return element;
}

/** Puts children in place of what is there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child != null && child !== false));
}

/** Unix seconds in the ledger's own days, UTC+8. */
export function moment(seconds) {
  const local = new Date((Number(seconds) + 8 * 3600) * 1000);
  return `${local.toISOString().slice(0, 16).replace("T", " ")} (UTC+8)`;
}

/** How long ago, in one unit. */
export function ago(seconds) {
  const format = new Intl.RelativeTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { numeric: "auto" });
  const gone = Math.max(0, Math.round(seconds));
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (gone >= length) return format.format(-Math.floor(gone / length), unit);
  }
  return format.format(-gone, "second");
}

export const count = (number) => new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en-GB").format(number);

/** Marks that differ in shape as well as in colour. */
export function mark(result) {
  const shapes = {
    pass: ["M5 12.5l4.5 4.5L19 7.5"],
    fail: ["M6 6l12 12", "M18 6L6 18"],
    "could-not-check": ["M9 9.2a3 3 0 1 1 4.2 2.8c-.9.4-1.2 1-1.2 2", "M12 17.6v.1"],
    "not-asked": ["M7 12h10"],
  };
  const circle = h("circle", { cx: 12, cy: 12, r: 10.5 });
  return h("svg", { class: "mark", viewBox: "0 0 24 24", "aria-hidden": "true" }, circle, shapes[result].map((d) => h("path", { d })));
}

const listeners = [];
/** Called whenever the language changes; the page then says everything again. */
export const onLanguage = (listener) => listeners.push(listener);

function speak() {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en-GB";
  document.title = `${t(document.body.dataset.title)} · Xuefen 学分`;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  const link = (href, key) => h("a", { href, "aria-current": location.pathname === href ? "page" : null }, t(key));
  const other = h("button", { type: "button", id: "language", lang: lang === "zh" ? "en" : "zh-CN", onclick: swap }, lang === "zh" ? "English" : "中文");
  const nav = h("nav", { "aria-label": t("nav") }, link("/verify", "nav_verify"), link("/log", "nav_log"));
  fill(document.getElementById("header"), h("div", { class: "bar" }, h("a", { class: "name", href: "/" }, "Xuefen 学分"), nav, other));
  for (const listener of listeners) listener();
}

function swap() {
  lang = lang === "zh" ? "en" : "zh";
  try { localStorage.setItem("xuefen.lang", lang); } catch { /* private windows keep nothing */ }
  speak();
  document.getElementById("language").focus();
}

speak();
