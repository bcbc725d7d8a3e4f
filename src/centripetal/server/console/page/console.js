// The console: fetches the state, listens to the event stream, and handles buttons and keys.
import { showChannel } from "./channel.js";
import { command } from "./commands.js";
import { copy } from "./copying.js";
import { $, literal, prose, roving, say } from "./dom.js";
import { Stream } from "./stream.js";
import { explainTokens } from "./tokens.js";
import { Rate, showChannels, showConnections, showFigures, showProblems, showUptime, sortChannels } from "./views.js";

const stream = new Stream();
const rate = new Rate();
let state = null;
let received = 0; // time of the last state, by this page's clock
let chosen = "";

// ---- the server

async function ask() {
  const query = new URLSearchParams({ filter: $("filter").value.trim() });
  if (chosen) query.set("channel", chosen);
  const response = await fetch(`state?${query}`, { cache: "no-store" });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

let asking = false;
let again = false;

/** Update everything except the stream. Calls during a refresh result in one more refresh after it. */
async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const found = await ask();
    if (state && state.run !== found.run) {
      stream.clear();
      say("The server was restarted.");
    }
    if (state?.run !== found.run) stream.since = found.now;
    stream.generation = found.generation;
    state = found;
    received = performance.now();
    rate.note(state.published, state.now);
    if (!lost) warn("");
    show();
  } catch (error) {
    if (!(error instanceof TypeError)) warn(error.message); // a TypeError means a lost connection, which the event stream reports
  } finally {
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

let due = null;

/** Refresh after `delay` milliseconds; further calls until then have no effect. */
function refreshSoon(delay = 150) {
  due ??= setTimeout(() => {
    due = null;
    refresh();
  }, delay);
}

function post(path, body) {
  const headers = { "Content-Type": "application/json", "X-Console-Token": state?.token ?? "" };
  return fetch(path, { method: "POST", headers, body });
}

async function change(what, body, done) {
  try {
    const response = await post(what, body);
    if (response.ok) {
      if (done) say(done);
      refreshSoon(0);
      return null;
    }
    const text = await response.text();
    if (response.status !== 400) return text.trim();
    const { error, fix } = JSON.parse(text);
    return fix ? `${error} ${fix}` : error;
  } catch {
    return "The server cannot be reached.";
  }
}

const act = {
  async disconnect(user) {
    const error = await change("disconnect", JSON.stringify({ user }), `Disconnected user ${literal(user)}.`);
    if (error) say(error, true);
  },
  async unsubscribe(channel, user) {
    const error = await change("unsubscribe", JSON.stringify({ channel, user }), `Unsubscribed user ${literal(user)} from ${literal(channel)}.`);
    if (error) say(error, true);
  },
};

// ---- the event stream

let lost = false;

function listen() {
  const source = new EventSource("events");
  source.addEventListener("open", () => {
    setLink("live", "live");
    warn("");
    if (lost) say("Reconnected.");
    lost = false;
    refresh();
  });
  source.addEventListener("events", (message) => {
    const { events, missed } = JSON.parse(message.data);
    stream.add(events, missed);
    refreshSoon(events.some((event) => event.kind !== "published" && event.kind !== "command") ? 100 : 700);
  });
  const broken = () => {
    lost = true;
    setLink("lost", "no connection");
    warn("The server has stopped or cannot be reached. This page shows its last known state and reconnects automatically when the server is back.");
    // EventSource reconnects after a network failure, but not after a refused request.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
  source.addEventListener("bye", broken);
  source.addEventListener("error", broken);
}

// ---- display

function show() {
  showFigures(state);
  showChannels(state, chosen, $("filter").value.trim(), choose);
  showConnections(state, act);
  showChannel(state, chosen, act);
  showProblems(state.problems, serverNow());
  document.title = state.problems.length ? `(${state.problems.length}) centripetal console` : "centripetal console";
}

const serverNow = () => state.now + (performance.now() - received) / 1000;

function choose(channel) {
  chosen = channel;
  $("publish-channel").value = channel;
  stream.choose(channel);
  goTo("channel");
  refresh();
}

function goTo(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function setLink(kind, text) {
  document.body.dataset.link = kind;
  if ($("link-text").textContent !== text) $("link-text").textContent = text;
}

function warn(text) {
  $("banner").hidden = !text;
  if ($("banner").textContent !== text) $("banner").textContent = text;
}

// ---- publishing

function note(text, kind = "") {
  $("publish-note").replaceChildren(...prose(text));
  $("publish-note").className = `note ${kind}`;
}

/** Return what is wrong with the data in the form, or "". */
function flaw() {
  try {
    JSON.parse($("publish-data").value);
    return "";
  } catch (error) {
    return $("publish-data").value.trim() ? `Invalid JSON: ${literal(error.message)}` : "Enter a JSON value.";
  }
}

function check() {
  const wrong = flaw();
  $("publish-data").setAttribute("aria-invalid", String(Boolean(wrong)));
  note(wrong, wrong ? "bad" : "");
}

/** Return the channel and the data of the form. If they are incomplete, say why and return null. */
function message() {
  // A channel from the list is exact; only typed names are trimmed.
  const typed = $("publish-channel").value;
  const channel = typed === chosen ? typed : typed.trim();
  if (!channel) {
    note("Enter a channel first.", "bad");
    $("publish-channel").focus();
    return null;
  }
  if (flaw()) {
    check();
    $("publish-data").focus();
    return null;
  }
  return { channel, data: $("publish-data").value };
}

async function publish(event) {
  event?.preventDefault();
  const whole = message();
  if (!whole) return;
  const { channel, data } = whole;
  // Send the text unchanged, because parsing it would round large numbers.
  const body = `{"channel": ${JSON.stringify(channel)}, "data": ${data}}`;
  const error = await change("publish", body);
  note(error ?? `Published to ${literal(channel)}.`, error ? "bad" : "good");
}

$("publish").addEventListener("submit", publish);
$("publish-data").addEventListener("input", check);
$("publish").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) publish(event);
});

for (const [id, form, what] of [
  ["publish-python", "python", "the publish call for Python"],
  ["publish-shell", "shell", "the publish command for the shell"],
]) {
  $(id).addEventListener("click", () => {
    const whole = message();
    if (whole) copy(command(state?.generation ?? "6", "publish", whole)[form], what);
  });
}
$("channel-copy").addEventListener("click", () => copy(chosen, "the channel"));

explainTokens(
  async (body) => {
    const response = await post("explain", body);
    if (response.ok) return response.json();
    const text = await response.text();
    throw new Error(response.status === 400 ? JSON.parse(text).error : text.trim());
  },
  () => state?.generation ?? "6",
);

// ---- the rest of the page

let typing = null;
$("filter").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(refresh, 120);
});
$("filter").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown") return;
  event.preventDefault();
  $("channel-list").querySelector("button")?.focus();
});
$("forget").addEventListener("click", async () => {
  const error = await change("forget", "{}");
  if (error) say(error, true);
});
for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => goTo(tab.dataset.view));
roving($("channel-list"), "button");
$("channels-sort").addEventListener("click", () => {
  sortChannels();
  refresh();
});

const THEMES = { auto: "system", light: "light", dark: "dark" };

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme[0].toUpperCase() + theme.slice(1);
  $("theme").setAttribute("aria-label", `Colours: ${THEMES[theme]}`);
  try {
    localStorage.setItem("console-theme", theme);
  } catch {} // without storage, the theme lasts until the page is closed
}

function storedTheme() {
  try {
    const theme = localStorage.getItem("console-theme");
    return theme in THEMES ? theme : "auto";
  } catch {
    return "auto";
  }
}

$("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length]);
});
$("help-open").addEventListener("click", () => $("help").showModal());

const SHORTCUTS = {
  "/": () => (goTo("channels"), $("filter").focus()),
  p: () => (goTo("channel"), $("publish-data").focus()),
  " ": () => stream.pause(),
  "?": () => $("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (target.matches("input, textarea")) {
    if (event.key === "Escape" && !target.closest("dialog")) target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === " " && target.matches("button, a, [role=button]")) return; // Space presses a focused button
  const shortcut = SHORTCUTS[event.key];
  if (!shortcut) return;
  event.preventDefault();
  shortcut();
});

setInterval(() => {
  if (!state) return;
  showProblems(state.problems, serverNow());
  if (lost) return;
  showUptime(state, serverNow() - state.started);
  if (rate.tick() || serverNow() - state.now > 10) refresh();
}, 1000);

setTheme(storedTheme());
listen();
