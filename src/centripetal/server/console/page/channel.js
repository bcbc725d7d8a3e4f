// Renders the chosen channel: its subscribers and its history.
import { command } from "./commands.js";
import { copyButton, copyGroup } from "./copying.js";
import { $, make, milliseconds, plural, pretty, prose, sync, time } from "./dom.js";
import { button, person } from "./views.js";

const LONGEST = 2000; // characters of a publication in the list; the button copies all of it

export function showChannel(state, chosen, act) {
  const channel = state.channel;
  $("channel-detail").hidden = !channel;
  $("channel-empty").hidden = Boolean(channel);
  $("channel-copy").hidden = !channel;
  $("channel-title").textContent = channel ? chosen : "Channel";
  $("channel-title").classList.toggle("mono", Boolean(channel));
  $("channel-count").textContent = channel ? plural(channel.subscribers, "subscriber") : "";
  if (!channel) return;
  showMembers(channel, chosen, act);
  showHistory(channel, chosen, state.generation);
  $("channel-advice").hidden = !channel.advice;
  $("channel-advice").replaceChildren(...prose(channel.advice));
}

function showMembers(channel, chosen, act) {
  tag($("presence-tag"), channel.presence, "presence on", "presence off");
  $("members-empty").hidden = channel.members.length > 0;
  sync(
    $("member-list"),
    channel.members,
    (member) => `${chosen} ${member.client}`,
    (member) =>
      person(member, [
        button("Unsubscribe", `Unsubscribe user ${member.user} from ${chosen}`, () => act.unsubscribe(chosen, member.user)),
        button("Disconnect", `Close all connections of user ${member.user}`, () => act.disconnect(member.user)),
      ]),
    (element, member) => {
      element.querySelector(".info").textContent = member.info;
      element.querySelector(".info").title = member.info;
    },
    { context: chosen, newAt: "end" },
  );
}

function showHistory(channel, chosen, generation) {
  const kept = channel.history ?? [];
  tag($("history-tag"), channel.history !== null, `${channel.stored.toLocaleString("en")} stored`, "history off");
  $("history-empty").hidden = kept.length > 0;
  $("history-empty").textContent = channel.history === null ? "This channel keeps no history." : "The history is empty.";
  sync(
    $("history-list"),
    kept,
    // Another channel, or a restarted server, can have a different publication with the same id.
    (publication) => JSON.stringify([chosen, publication.epoch, publication.id, publication.time]),
    (publication) => row(publication, chosen, generation),
    undefined,
    { context: chosen, newAt: "start" },
  );
}

function row(publication, channel, generation) {
  const { data, user, tags, id, offset, epoch } = publication;
  const whole = new TextEncoder().encode(data).length >= publication.size;
  const at = make("time", { title: new Date(publication.time * 1000).toLocaleString() }, time(publication.time), milliseconds(publication.time));
  const facts = offset ? [`offset ${offset.toLocaleString("en")}`, epoch && `epoch ${epoch}`] : [`id ${id}`];
  const labels = Object.entries(tags).map(([name, value]) => `${name}=${value}`).join(", ");
  facts.push(user && `by ${user}`, labels);
  const lines = () => command(generation, "publish", { channel, data, tags });
  const copies = [copyButton("data", "the data", () => data)];
  if (whole) {
    copies.push(
      copyButton("Python", "the publish call for Python", () => lines().python),
      copyButton("CLI", "the publish command for the shell", () => lines().shell),
    );
  }
  const text = data.length < 60 ? data : pretty(data);
  const cut = whole && text.length <= LONGEST ? "" : `\n… of ${publication.size.toLocaleString("en")} bytes`;
  return make(
    "li",
    {},
    copyGroup(...copies),
    make("pre", { class: "mono" }, text.slice(0, LONGEST) + cut),
    make(
      "div",
      { class: "facts" },
      at,
      ...facts.filter(Boolean).map((fact) => make("span", { title: fact }, fact)),
    ),
  );
}

function tag(element, on, yes, no) {
  element.textContent = on ? yes : no;
  element.classList.toggle("off", !on);
}
