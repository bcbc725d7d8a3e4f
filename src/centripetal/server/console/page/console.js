// The console: fetches the state, listens to the event stream, and handles buttons and keys.
import { $, roving } from "./dom.js";
import { Stream } from "./stream.js";
import { Rate, showChannel, showChannels, showConnections, showFigures, showProblems, showUptime } from "./views.js";

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

async function change(what, body, done) {
  try {
    const response = await fetch(what, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Console-Token": state?.token ?? "" },
      body,
    });
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
    const error = await change("disconnect", JSON.stringify({ user }), `Disconnected user ${user}.`);
    if (error) say(error, true);
  },
  async unsubscribe(channel, user) {
    const error = await change("unsubscribe", JSON.stringify({ channel, user }), `Unsubscribed user ${user} from ${channel}.`);
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

let fading = null;

function say(text, bad = false) {
  clearTimeout(fading);
  $("toast").textContent = text;
  $("toast").classList.toggle("bad", bad);
  $("toast").classList.add("shown");
  fading = setTimeout(() => $("toast").classList.remove("shown"), bad ? 8000 : 3000);
}

// ---- publishing

function note(text, kind = "") {
  $("publish-note").textContent = text;
  $("publish-note").className = `note ${kind}`;
}

/** Return what is wrong with the data in the form, or "". */
function flaw() {
  try {
    JSON.parse($("publish-data").value);
    return "";
  } catch (error) {
    return $("publish-data").value.trim() ? `Invalid JSON: ${error.message}` : "Enter a JSON value.";
  }
}

function check() {
  const wrong = flaw();
  $("publish-data").setAttribute("aria-invalid", String(Boolean(wrong)));
  note(wrong, wrong ? "bad" : "");
}

async function publish(event) {
  event?.preventDefault();
  const channel = $("publish-channel").value.trim();
  if (!channel) {
    note("Enter a channel first.", "bad");
    $("publish-channel").focus();
    return;
  }
  if (flaw()) {
    check();
    $("publish-data").focus();
    return;
  }
  // Send the text unchanged, because parsing it would round large numbers.
  const body = `{"channel": ${JSON.stringify(channel)}, "data": ${$("publish-data").value}}`;
  const error = await change("publish", body);
  note(error ?? `Published to ${channel}.`, error ? "bad" : "good");
}

$("publish").addEventListener("submit", publish);
$("publish-data").addEventListener("input", check);
$("publish").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) publish(event);
});

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
    if (event.key === "Escape") target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
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
