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

/** Copy `text` and tell the user. `what` names it in the message, and `note` is added to the message. */
export async function copy(text, what, note = "") {
  try {
    await write(text);
    say(`Copied ${what}. ${note}`.trim());
  } catch (error) {
    say(`Cannot copy: ${error.message}.`, true);
  }
}

/** Create a button that copies the result of `text()`. For the other arguments see `copy`. */
export function copyButton(label, what, text, note) {
  const act = () => copy(text(), what, note);
  return make("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, title: `Copy ${what}`, on: { click: act } }, label);
}

/** Create a group of copy buttons with a label. */
export function copyGroup(...buttons) {
  return make("span", { class: "copies", role: "group", "aria-label": "Copy" }, make("span", { class: "copy-icon", "aria-hidden": "true" }), ...buttons);
}
