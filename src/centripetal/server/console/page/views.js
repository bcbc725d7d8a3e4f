// Renders the server's state: channels, connections, problems and statistics.
import { $, ago, duration, make, plural, prose, short, sync } from "./dom.js";
import { tokenView } from "./tokens.js";

const shown = (count, total) => (count < total ? `${count} of ${total.toLocaleString("en")}` : total.toLocaleString("en"));

let sorted = 0;

/** Sort the channels again at the next refresh, by their present number of subscribers. */
export const sortChannels = () => void (sorted += 1);

export function showChannels(state, chosen, filter, choose) {
  $("channels-count").textContent = shown(state.channels.length, filter ? state.channels_found : state.channels_total);
  sync(
    $("channel-list"),
    state.channels,
    ([name]) => name,
    ([name]) => {
      const button = make("button", { type: "button", on: { click: () => choose(name) } });
      button.append(make("span", { class: "name mono", title: name }, name), make("span", { class: "stored" }), make("span", { class: "size" }));
      return make("li", {}, button);
    },
    (element, [name, size, stored]) => {
      const button = element.firstElementChild;
      button.setAttribute("aria-current", String(name === chosen));
      button.lastElementChild.textContent = size.toLocaleString("en");
      button.lastElementChild.title = plural(size, "subscriber");
      button.lastElementChild.classList.toggle("zero", !size);
      const kept = button.querySelector(".stored");
      kept.textContent = stored && !size ? `${stored.toLocaleString("en")} stored` : "";
    },
    { context: `${state.run} ${filter} ${sorted}`, newAt: "end" },
  );
  // The list is one tab stop: the chosen channel, or else the first channel.
  const buttons = [...$("channel-list").querySelectorAll("button")];
  const stop = buttons.find((button) => button.getAttribute("aria-current") === "true") ?? buttons[0];
  for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
  showNoChannels(state, filter);
}

function showNoChannels(state, filter) {
  const empty = $("channels-empty");
  empty.hidden = state.channels.length > 0;
  if (empty.hidden) return;
  if (state.channels_total) {
    empty.replaceChildren(make("p", {}, `No channel name contains “${filter}”.`));
    return;
  }
  const origin = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
  const address = origin + state.websocket_path;
  if (empty.dataset.address === address && empty.querySelector("code")) return; // a user may be copying the address
  empty.dataset.address = address;
  empty.replaceChildren(
    make("p", {}, "No channel has subscribers or history yet. Connect a client to"),
    make("code", { class: "address" }, origin, make("wbr"), state.websocket_path),
    make("p", {}, "and subscribe to a channel."),
  );
}

/** Render a connection with buttons for its user. The API cannot address an anonymous connection: no buttons. */
export function person(member, buttons) {
  const name = member.user
    ? make("span", { class: "user" }, member.user)
    : make("span", { class: "user none" }, "anonymous");
  const info = make("span", { class: "info mono" });
  const actions = make("span", { class: "actions" });
  if (member.user) actions.append(...buttons);
  const id = make("span", { class: "id mono", title: member.client }, short(member.client));
  return make("li", {}, make("span", { class: "who" }, name, make("small", {}, id, info)), actions);
}

export const button = (label, title, act) => make("button", { type: "button", class: "small", title, on: { click: act } }, label);

export function showConnections(state, act) {
  $("connections-count").textContent = shown(state.connections.length, state.connections_total);
  $("connections-empty").hidden = state.connections.length > 0;
  sync(
    $("connection-list"),
    state.connections,
    (member) => member.client,
    (member) =>
      person(member, [
        button("Disconnect", `Close all connections of user ${member.user}`, () => act.disconnect(member.user)),
      ]),
    undefined,
    { context: state.run, newAt: "end" },
  );
}

/** Create the view of a refused token without its first reason, which is the problem's text. */
const problemToken = ({ token }) => tokenView(token, { reasons: token.reasons.slice(1) });

export function showProblems(problems, now) {
  const total = problems.reduce((sum, problem) => sum + problem.count, 0);
  $("problems-count").textContent = total ? total.toLocaleString("en") : "";
  $("problems-badge").textContent = total > 99 ? "99+" : String(total);
  $("problems-badge").hidden = !total;
  $("problems-empty").hidden = total > 0;
  $("problem-list").hidden = !total;
  $("forget").hidden = !total;
  sync(
    $("problem-list"),
    problems,
    (problem) => JSON.stringify([problem.reason, problem.where, problem.what]),
    (problem) =>
      make(
        "li",
        {},
        make("p", { class: "what" }, ...prose(problem.what)),
        make("p", { class: "fix" }, ...prose(problem.fix)),
        problem.token && problemToken(problem),
        make(
          "p",
          { class: "meta" },
          make("span", { class: "times" }),
          make("span", {}, problem.where),
          make("span", { class: "mono" }, problem.reason),
          make("span", { class: "last" }),
        ),
      ),
    (element, problem) => {
      element.querySelector(".times").textContent = `× ${problem.count.toLocaleString("en")}`;
      element.querySelector(".last").textContent = ago(now - problem.at);
      // The same problem can happen again with another token.
      if (problem.token && element.dataset.at !== String(problem.at)) element.querySelector(".token").replaceWith(problemToken(problem));
      element.dataset.at = problem.at;
    },
    { context: "problems", newAt: "start" },
  );
}

export function showFigures(state) {
  $("server-name").textContent = state.server;
  $("server-url").textContent = location.host;
  $("stat-connections").textContent = state.connections_total.toLocaleString("en");
  $("stat-connections").title = plural(state.users_total, "user");
  $("stat-channels").textContent = state.channels_total.toLocaleString("en");
}

/** Messages per second, now and during the last minute. */
export class Rate {
  #seconds = Array(60).fill(0);
  #last = null;
  #pending = 0;
  #passed = 0;

  /** Record that `published` messages had been published at the time `now`. */
  note(published, now) {
    const before = this.#last;
    this.#last = { published, now };
    if (!before || published < before.published) return;
    this.#pending += published - before.published;
    this.#passed += now - before.now;
  }

  /** Update the display once a second. Return whether messages are being published. */
  tick() {
    this.#seconds.shift();
    // Without a new state, repeat the last value until the next state arrives.
    this.#seconds.push(this.#passed ? this.#pending / Math.max(this.#passed, 1) : this.#seconds.at(-1));
    this.#pending = this.#passed = 0;
    const latest = this.#seconds.at(-1);
    $("stat-rate").textContent = latest >= 10 ? Math.round(latest).toLocaleString("en") : latest.toFixed(1).replace(".0", "");
    const top = Math.max(1, ...this.#seconds);
    const points = this.#seconds.map((value, index) => `${(index * 60) / 59},${(19 - (value / top) * 18).toFixed(1)}`);
    $("spark").firstElementChild.setAttribute("points", points.join(" "));
    return latest > 0;
  }
}

export function showUptime(state, seconds) {
  $("stat-uptime").textContent = duration(seconds);
  $("stat-uptime").title = `since ${new Date(state.started * 1000).toLocaleString()}`;
}
