// Explanations of tokens, next to the token; and the form that explains a pasted token.
import { $, make, prose } from "./dom.js";

/** Create the view of a token check: the token, and next to it the verdict, the reasons and the content. */
export function tokenView(check, { reasons = check.reasons } = {}) {
  const rows = check.content.map(([name, value, meaning]) =>
    make("div", {}, make("dt", { class: "mono" }, name), make("dd", {}, make("span", { class: "mono" }, value), make("small", {}, meaning))),
  );
  return make(
    "div",
    { class: "token" },
    make("div", { class: "token-text" }, make("span", { class: "token-kind" }, `${check.kind} token`), make("code", {}, check.token)),
    make(
      "div",
      { class: "token-why" },
      make("p", { class: check.accepted ? "verdict good" : "verdict bad" }, `${check.accepted ? "Accepted" : "Refused"}: ${check.said}.`),
      ...reasons.map(({ what, fix }) => make("p", {}, ...prose(what), " ", make("span", { class: "soft" }, ...prose(fix)))),
      ...check.notes.map((note) => make("p", { class: "soft" }, ...prose(note))),
      rows.length ? make("dl", {}, ...rows) : null,
    ),
  );
}

/** Make the form explain the token in its field. `ask(body)` returns the check, or throws an error for the user. */
export function explainTokens(ask, generation) {
  $("explain-open").addEventListener("click", () => {
    if (generation() !== "6") $("explain-hint").textContent = "What a client sends to connect, as JSON with user, timestamp, info and token";
    $("explain-dialog").showModal();
  });
  $("explain-close").addEventListener("click", () => $("explain-dialog").close());
  const show = (...children) => $("explain-answer").replaceChildren(...children);
  $("explain").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("explain-token").value.trim();
    if (!text) {
      show(make("p", { class: "note bad" }, "Paste a token first."));
      $("explain-token").focus();
      return;
    }
    try {
      show(tokenView(await ask(JSON.stringify(question(text, generation())))));
    } catch (error) {
      show(make("p", { class: "note bad" }, error.message));
    }
  });
}

/** Return the request about `text`. In 1.x a token is explained with the values that it signs: the client's JSON. */
function question(text, generation) {
  if (generation === "6") return { token: text };
  try {
    const { user = "", timestamp = "", info = "", token = "" } = JSON.parse(text);
    return { token: String(token), signed: { user: String(user), timestamp: String(timestamp), info: String(info) } };
  } catch {
    return { token: text };
  }
}
