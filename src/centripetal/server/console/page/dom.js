// DOM helpers. Text from the server is always inserted as text nodes: no function here accepts HTML.

export const $ = (id) => document.getElementById(id);

/** Create an element with attributes and children. Children that are not nodes become text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/**
 * Return nodes for `text`, with a code element for each part in backquotes. The server replaces the backquotes of names
 * by a placeholder (problems.py). Text with a lone backquote comes from a token, and is shown as it is.
 */
export function prose(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) return [text];
  return parts.map((part) => part.replaceAll("\ufdd0", "`")).map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** Return `text` of a client for a text with code in backquotes. */
export const literal = (text) => text.replaceAll("`", "\ufdd0");

let fading = null;

/** Show a message for a few seconds. It may contain code in backquotes. */
export function say(text, bad = false) {
  clearTimeout(fading);
  $("toast").replaceChildren(...prose(text));
  $("toast").classList.toggle("bad", bad);
  $("toast").classList.add("shown");
  fading = setTimeout(() => $("toast").classList.remove("shown"), bad ? 8000 : 3000);
}

const FRESH = 6000; // milliseconds for which a new row is marked

export function mark(element) {
  element.classList.add("fresh");
  setTimeout(() => element.classList.remove("fresh"), FRESH);
}

/**
 * Make `parent` show `items`. An element is kept while its key exists, so that it keeps focus and scrolling.
 * `create(item)` returns a new element; `update(element, item)` updates its content. While `context` is the same, rows
 * stay in their places, and new rows are marked and added at the end or the start (`newAt`). In a new context, the rows
 * have the order of `items`.
 */
export function sync(parent, items, key, create, update = () => {}, { context = "", newAt = "end" } = {}) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const same = parent.dataset.context === context;
  parent.dataset.context = context;
  const rows = items.map((item) => [key(item), item]);
  let place = parent.firstElementChild;
  for (const [name, item] of same ? inPlace(rows, before, newAt) : rows) {
    let element = before.get(name);
    before.delete(name);
    if (!element) {
      element = create(item);
      element.dataset.key = name;
      if (same) mark(element);
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const element of before.values()) element.remove();
}

/** Return `rows` with known rows in their present order, and new rows at one end. */
function inPlace(rows, before, newAt) {
  const items = new Map(rows);
  const known = [...before.keys()].filter((name) => items.has(name)).map((name) => [name, items.get(name)]);
  const fresh = rows.filter(([name]) => !before.has(name));
  return newAt === "start" ? [...fresh, ...known] : [...known, ...fresh];
}

/** Let arrow keys move the focus within a list that is one tab stop. `selector` finds the focusable elements. */
export function roving(list, selector) {
  const stops = () => [...list.querySelectorAll(selector)];
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = stops();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function time(seconds) {
  return clock.format(new Date(seconds * 1000));
}

export function milliseconds(seconds) {
  return `.${String(Math.floor((seconds % 1) * 1000)).padStart(3, "0")}`;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

export function ago(seconds) {
  return seconds < 2 ? "just now" : `${duration(seconds).split(" ").slice(0, 2).join(" ")} ago`;
}

export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export const short = (id) => (id.length > 8 ? `${id.slice(0, 8)}…` : id);

/** Return `{ value }` if JavaScript can hold the JSON without a change, such as of a large number; otherwise null. */
export function exact(text) {
  try {
    const value = JSON.parse(text);
    const compact = text.replace(/("(?:\\.|[^"\\])*")|\s+/g, "$1");
    return JSON.stringify(value) === compact ? { value } : null;
  } catch {
    return null;
  }
}

/** Indent JSON. Text that is cut, or whose values would change, is returned unchanged. */
export function pretty(text) {
  const parsed = exact(text);
  return parsed ? JSON.stringify(parsed.value, null, 2) : text;
}
