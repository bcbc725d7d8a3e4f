// The stream: events, newest first. Filters hide lines and keep them in the list.
import { command, reads } from "./commands.js";
import { copyButton, copyGroup } from "./copying.js";
import { $, make, mark, milliseconds, plural, pretty, roving, short, time } from "./dom.js";
import { tokenView } from "./tokens.js";

const KEPT = 400; // lines

const who = (event) => event.user || (event.client ? "anonymous" : "");

// Reasons of disconnects by the back end or a server shutdown. These, and codes of 4000 or more, are not errors.
const ASKED_FOR = ["disconnect", "shutting down", "force disconnect", "force reconnect", "shutdown"];

// The line for each type of event: its filter, label, channel, text, and outcome.
const LINES = {
  published: (event) => ({
    kind: "message",
    label: "message",
    channel: event.channel,
    text: event.text,
    mono: true,
    by: event.by_client ? who(event) : "",
    outcome: `→ ${event.receivers}`,
    hint: `pushed to ${plural(event.receivers, "connection")}`,
  }),
  command: (event) => ({
    kind: event.error ? "error" : "call",
    label: event.method,
    channel: (event.channels ?? []).join(", "),
    text: event.error || (event.user ? `user ${event.user}` : ""),
    outcome: event.error ? "refused" : "ok",
  }),
  token: ({ check, ...event }) => ({
    kind: check.accepted ? "client" : "error",
    label: "token",
    channel: event.channel,
    text: check.accepted ? `${check.kind} token` : (check.reasons[0]?.what ?? check.said).replaceAll("`", ""),
    outcome: check.accepted ? "ok" : "refused",
  }),
  request_refused: (event) => ({ kind: "error", label: "request", text: event.reason, outcome: String(event.status) }),
  command_refused: (event) => ({
    kind: "error",
    label: event.method,
    channel: event.channel,
    text: event.error,
    by: who(event),
    outcome: "refused",
  }),
  application_asked: (event) => ({
    kind: event.problem ? "error" : "call",
    label: event.event,
    channel: event.channel || event.method,
    text: event.meaning,
    by: who(event),
    outcome: `${event.status || "no answer"} · ${Math.round(event.seconds * 1000)} ms`,
    hint: `asked ${event.endpoint}`,
  }),
  connected: (event) => ({ kind: "client", label: "connect", text: `${who(event)} · ${short(event.client)}` }),
  disconnected: (event) => ({
    kind: event.reason && event.code < 4000 && !ASKED_FOR.includes(event.reason) ? "error" : "client",
    label: "disconnect",
    text: `${who(event)} · ${short(event.client)}`,
    outcome: event.reason || "left",
  }),
  joined: (event) => ({ kind: "client", label: "join", channel: event.channel, text: who(event) }),
  left: (event) => ({ kind: "client", label: "leave", channel: event.channel, text: who(event) }),
};

export class Stream {
  #log = $("log");
  #waiting = [];
  #missed = 0;
  #paused = false;
  #channel = "";
  #unseen = 0;

  /** The server's clock when the page was opened: later events are marked as new. */
  since = Infinity;

  /** The generation of the server, for copied commands. */
  generation = "6";

  constructor() {
    roving(this.#log, "li:not([hidden]) .line");
    this.#log.addEventListener("click", (event) => this.#toggle(event.target.closest(".line")));
    this.#log.addEventListener("scroll", () => this.#log.scrollTop < 4 && this.#showUnseen(0));
    $("log-new").addEventListener("click", () => {
      this.#log.scrollTop = 0;
      this.#log.querySelector("li:not([hidden]) .line")?.focus();
    });
    this.#log.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      if (!event.target.matches(".line")) return;
      event.preventDefault();
      this.#toggle(event.target);
    });
    for (const chip of document.querySelectorAll(".chip[data-kind]")) {
      chip.addEventListener("click", () => {
        press(chip, !pressed(chip));
        this.#filter();
      });
    }
    $("only").addEventListener("click", () => {
      press($("only"), !pressed($("only")));
      this.#filter();
    });
    $("pause").addEventListener("click", () => this.pause());
    $("clear").addEventListener("click", () => this.clear());
    this.#showEmpty();
  }

  /** Add events, oldest first. `missed` is the number of events that the server skipped before them. */
  add(events, missed) {
    if (this.#paused) {
      this.#missed += missed;
      this.#waiting.push(...events);
      this.#missed += Math.max(0, this.#waiting.length - KEPT);
      this.#waiting = this.#waiting.slice(-KEPT);
      $("pause").textContent = `Continue (${this.#waiting.length})`;
      return;
    }
    const top = this.#log.scrollTop;
    if (missed) this.#log.prepend(gap(missed));
    const lines = events.filter((event) => event.kind in LINES).map((event) => this.#line(event));
    const height = this.#log.scrollHeight;
    // Lines stay in their places while the user reads: after scrolling down, in an opened line, or with the keyboard.
    const reading = top > 0 || this.#log.querySelector(".line[aria-expanded=true], .line:focus") !== null;
    for (const line of lines) if (line.event.at > this.since) mark(line);
    this.#log.prepend(...lines.reverse());
    this.#showEmpty();
    if (reading) {
      this.#log.scrollTop = top + this.#log.scrollHeight - height;
      this.#showUnseen(this.#unseen + lines.filter((line) => !line.hidden).length);
    }
    while (this.#log.children.length > KEPT) this.#log.lastElementChild.remove();
  }

  pause() {
    this.#paused = !this.#paused;
    press($("pause"), this.#paused);
    $("pause").textContent = this.#paused ? "Continue" : "Pause";
    document.body.toggleAttribute("data-paused", this.#paused);
    if (!this.#paused) {
      const [events, missed] = [this.#waiting, this.#missed];
      [this.#waiting, this.#missed] = [[], 0];
      this.add(events, missed);
    }
  }

  clear() {
    [this.#waiting, this.#missed] = [[], 0];
    if (this.#paused) $("pause").textContent = "Continue";
    this.#log.replaceChildren();
    this.#showUnseen(0);
    this.#showEmpty();
  }

  #showUnseen(count) {
    this.#unseen = count;
    $("log-new").hidden = !count;
    $("log-new").textContent = `↑ ${count.toLocaleString("en")} new`;
  }

  /** Offer a filter for the events of `channel`. */
  choose(channel) {
    this.#channel = channel;
    $("only").hidden = !channel;
    $("only-channel").textContent = channel;
    this.#filter();
  }

  #line(event) {
    const line = LINES[event.kind](event);
    const at = make("time", { title: new Date(event.at * 1000).toLocaleString() }, time(event.at));
    at.append(make("span", {}, milliseconds(event.at)));
    const text = make("span", { class: line.mono ? "text mono" : "text" }, line.text ?? "");
    if (line.by) text.append(make("span", { class: "by" }, ` by ${line.by}`));
    const row = make(
      "div",
      { class: "line", role: "button", tabindex: "-1", "aria-expanded": "false" },
      at,
      make("span", { class: "label" }, line.label),
      make("span", { class: "body" }, line.channel ? make("span", { class: "channel mono" }, line.channel) : null, text),
      make("span", { class: "outcome", title: line.hint }, line.outcome ?? ""),
    );
    const element = make("li", { class: line.kind }, row);
    element.dataset.kind = line.kind;
    element.event = event;
    element.hidden = !this.#shows(element);
    return element;
  }

  #toggle(row) {
    if (!row) return; // a click between the lines or into opened details
    const element = row.parentElement;
    const open = element.querySelector(".details");
    row.setAttribute("aria-expanded", String(!open));
    if (open) open.remove();
    else element.append(this.#details(element.event));
  }

  #details(event) {
    if (event.kind === "token") return make("div", { class: "details" }, tokenView(event.check));
    const copies = [];
    const names = event.channel ? [event.channel] : (event.channels ?? []);
    if (names.length === 1) copies.push(copyButton("channel", "the channel", () => names[0]));
    if (event.text !== undefined) copies.push(copyButton("data", "the data", () => event.text));
    const shown = commandOf(event, names);
    if (shown) {
      const lines = () => command(this.generation, ...shown);
      copies.push(
        copyButton("Python", "the call for Python", () => lines().python, reads(this.generation)),
        copyButton("CLI", "the command for the shell", () => lines().shell, reads(this.generation)),
      );
    }
    return make("div", { class: "details" }, make("pre", { class: "mono" }, details(event)), copies.length ? copyGroup(...copies) : null);
  }

  #shows(element) {
    if (!element.event) return true;
    const chip = document.querySelector(`.chip[data-kind="${element.dataset.kind}"]`);
    if (!pressed(chip)) return false;
    if (!this.#channel || !pressed($("only"))) return true;
    const { channel, channels = [] } = element.event;
    return channel === this.#channel || channels.includes(this.#channel);
  }

  #filter() {
    for (const element of this.#log.children) element.hidden = !this.#shows(element);
    this.#showEmpty();
  }

  #showEmpty() {
    const none = ![...this.#log.children].some((element) => !element.hidden);
    $("log-empty").hidden = !none;
    this.#log.hidden = none;
    $("log-empty").textContent = this.#log.children.length
      ? "No events match these filters."
      : "No events yet. Publish a message or connect a client.";
  }
}

const pressed = (button) => button.getAttribute("aria-pressed") === "true";
const press = (button, on) => button.setAttribute("aria-pressed", String(on));

function gap(missed) {
  return make("li", { class: "gap" }, `${plural(missed, "event")} skipped because they arrived too fast`);
}

const READS = { presence: 1, presence_stats: 1, history: 1, channels: 0, info: 0, stats: 0 }; // with the number of channels

/** Return the arguments of `command` that repeat an event, or null if the event does not contain the whole command. */
function commandOf({ kind, method, text: data, size, tags, channel }, names) {
  if (kind === "published") return tags || new TextEncoder().encode(data).length < size ? null : ["publish", { channel, data }];
  if (kind !== "command" || READS[method] !== names.length) return null;
  return [method, names.length ? { channel: names[0] } : {}];
}

/** Return all fields of an event as text. */
function details(event) {
  if (event.kind === "application_asked") {
    const { question, answer, status, meaning, problem, endpoint } = event;
    const why = problem && problem !== answer ? `\nuseless: ${problem}` : "";
    return `${endpoint}\n\nquestion:\n${pretty(question)}\n\nanswer ${status || ""}:\n${pretty(answer)}${why}\n\nmeaning: ${meaning}`;
  }
  const { kind, at, text, size, ...rest } = event;
  const known = Object.entries(rest)
    .filter(([, value]) => value !== "" && value !== false && value !== 0 && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${name.replace("_", " ")}: ${Array.isArray(value) ? value.join(", ") : value}`);
  if (text === undefined) return known.join("\n");
  const cut = new TextEncoder().encode(text).length < size ? `\n… of ${size.toLocaleString("en")} bytes` : "";
  return `${pretty(text)}${cut}\n\n${known.join("\n")}`;
}
