// Buttons that copy text to the clipboard.
import { make, say } from "./dom.js";

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Pages without TLS on other addresses than loopback have no clipboard object.
  const field = make("textarea", { class: "hidden", "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  if (!copied) throw new Error("the browser refused");
}

/** Copy `text` and tell the user. `what` names it in the message. */
export async function copy(text, what) {
  try {
    await write(text);
    say(`Copied ${what}.`);
  } catch (error) {
    say(`Cannot copy: ${error.message}.`, true);
  }
}

/** Create a button that copies the result of `text()`, if that is not null. */
export function copyButton(label, what, text) {
  const act = (event) => {
    event.stopPropagation();
    const found = text();
    if (found !== null) copy(found, what);
  };
  return make("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, title: `Copy ${what}`, on: { click: act } }, label);
}

/** Create a group of copy buttons with a label. */
export function copyGroup(...buttons) {
  return make("span", { class: "copies", role: "group", "aria-label": "Copy" }, make("span", { class: "copy-icon", "aria-hidden": "true" }), ...buttons);
}
