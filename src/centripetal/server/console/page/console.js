// The console: asks for the state, listens to the stream, does what its buttons say.
import { $, roving } from "./dom.js";
import { Stream } from "./stream.js";
import { Rate, showChannel, showChannels, showConnections, showFigures, showProblems, showUptime } from "./views.js";

const stream = new Stream();
const rate = new Rate();
let state = null;
let received = 0; // when the state came, by this page's clock
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

/** Bring everything but the stream up to date; while one is under way, only one more is made after it. */
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
      say("The server was started anew.");
    }
    state = found;
    received = performance.now();
    rate.note(state.published, state.now);
    if (!lost) warn("");
    show();
  } catch (error) {
    if (!(error instanceof TypeError)) warn(error.message); // a TypeError: no connection, which the stream notices
  } finally {
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

let due = null;

/** Refresh before long, however often this is called. */
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
    const error = await change("unsubscribe", JSON.stringify({ channel, user }), `Took user ${user} out of ${channel}.`);
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
    if (lost) say("Connected again.");
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
    warn("The server has stopped, or cannot be reached. What you see is how it was; this page goes on by itself when the server is back.");
    // A server that refuses ends the source for good; one that is not there doesn't.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
  source.addEventListener("bye", broken);
  source.addEventListener("error", broken);
}

// ---- what is shown

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

/** What is wrong with the message that is written; "" if nothing is. */
function flaw() {
  try {
    JSON.parse($("publish-data").value);
    return "";
  } catch (error) {
    return $("publish-data").value.trim() ? `Not JSON yet: ${error.message}` : "Write a JSON value.";
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
    note("Name the channel first.", "bad");
    $("publish-channel").focus();
    return;
  }
  if (flaw()) {
    check();
    $("publish-data").focus();
    return;
  }
  // The text goes as it is: its numbers are not for this page to round.
  const body = `{"channel": ${JSON.stringify(channel)}, "data": ${$("publish-data").value}}`;
  const error = await change("publish", body);
  note(error ?? `Published into ${channel}.`, error ? "bad" : "good");
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

const THEMES = { auto: "as the system", light: "light", dark: "dark" };

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme[0].toUpperCase() + theme.slice(1);
  $("theme").setAttribute("aria-label", `Colours: ${THEMES[theme]}`);
  try {
    localStorage.setItem("console-theme", theme);
  } catch {} // it lasts until the page is closed, then
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
  if (event.key === " " && target.matches("button, a, [role=button]")) return; // that presses it
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
