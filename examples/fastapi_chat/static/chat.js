// The page: it receives messages from Centrifugo through the official client, and sends new ones to the application.

const at = (id) => document.getElementById(id);

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children); // as text nodes, so messages cannot contain HTML
  return made;
}

// --- The application

class Refused extends Error {
  constructor(status, detail) {
    super(typeof detail === "string" ? detail : "The request is invalid.");
    this.status = status;
  }
}

async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, content.detail ?? "The server has an error.");
  return content;
}

// --- Centrifugo

let user;
let rooms = [];
let room; // the open room
let centrifuge;
let subscription;

function connect(address) {
  const url = new URL(address);
  // The session's cookie belongs to the host name of this page, and "localhost" is another name for this machine.
  if (url.hostname === "127.0.0.1") url.hostname = location.hostname;
  centrifuge = new Centrifuge(url.href);
  centrifuge.on("connected", () => showLink("live"));
  centrifuge.on("connecting", () => showLink("connecting"));
  centrifuge.on("disconnected", ({ reason }) => showLink("offline", reason)); // the client does not come back
  // The application subscribes the connection to the user's own channel, which announces new rooms.
  centrifuge.on("publication", ({ data }) => addRoom(data));
  centrifuge.connect();
}

function enter(next) {
  if (subscription) {
    subscription.unsubscribe();
    centrifuge.removeSubscription(subscription);
  }
  room = next;
  showRoom();
  const entered = centrifuge.newSubscription(room.channel);
  subscription = entered;
  entered.on("publication", ({ data }) => showMessage(data));
  entered.on("join", showPeople);
  entered.on("leave", showPeople);
  entered.on("subscribed", async ({ recovered }) => {
    showPeople();
    if (recovered) return; // missed messages arrive as publications
    const { publications } = await entered.history({ limit: 50, reverse: true });
    if (subscription === entered) for (const { data } of publications.reverse()) showMessage(data);
  });
  entered.on("unsubscribed", ({ code, reason }) => {
    if (subscription === entered && code !== 0) showRefusal(reason); // of the application, or of Centrifugo
  });
  entered.subscribe();
}

// Requested after each join or leave, which is fine for rooms of a few dozen users, but not for thousands.
async function showPeople() {
  const asked = subscription;
  const { clients } = await asked.presence();
  if (subscription !== asked) return;
  const here = [...new Set(Object.values(clients).map((client) => client.user))].sort();
  at("people").replaceChildren(...here.map((name) => element("li", { className: "person" }, face(name), name)));
  at("count").textContent = here.length;
}

// --- Display

const face = (name) => {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  const made = element("span", { className: "face", ariaHidden: "true" }, name[0].toUpperCase());
  made.style.setProperty("--hue", hue);
  return made;
};

function showLink(state, why) {
  document.body.dataset.link = state;
  at("link").textContent = { live: "live", connecting: "connecting …", offline: `offline: ${why}` }[state];
}

function showRooms() {
  at("rooms").replaceChildren(
    ...rooms.map((each) => {
      const link = element("a", { href: `#${each.id}`, className: each.private ? "private" : "" }, each.title);
      if (each.id === room?.id) link.setAttribute("aria-current", "true");
      return element("li", {}, link);
    }),
  );
}

function addRoom(added) {
  if (!rooms.some((each) => each.id === added.id)) rooms.push(added);
  showRooms();
}

function showRoom() {
  showRooms();
  at("title").textContent = room.title;
  at("refused").hidden = true;
  at("write").hidden = false;
  at("messages").replaceChildren();
  at("people").replaceChildren();
  at("count").textContent = "";
  at("text").focus();
}

function showRefusal(why) {
  at("refused").textContent = why;
  at("refused").hidden = false;
  at("write").hidden = true;
}

// A message with a known id, sent by this page or read from the history, replaces the displayed message.
function showMessage({ id, from, text, at: when }, state = "") {
  const time = element("time", { dateTime: when }, new Date(when).toLocaleTimeString([], { timeStyle: "short" }));
  const head = element("span", { className: "head" }, element("b", {}, from), time);
  const item = element("li", {}, face(from), element("div", {}, head, element("p", {}, text)));
  item.dataset.id = id;
  item.className = `${from === user ? "mine" : ""} ${state}`;
  const there = at("messages").querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (there) there.replaceWith(item);
  else at("messages").append(item);
  at("messages").scrollTop = at("messages").scrollHeight;
  return item;
}

// --- User actions

// A message with an unknown outcome can be sent again: the server uses its id to drop duplicates.
async function send(message, to) {
  const shown = showMessage(message, "waiting");
  try {
    await ask("POST", `/rooms/${encodeURIComponent(to.id)}/messages`, { id: message.id, text: message.text });
  } catch (error) {
    if (!shown.isConnected) return; // the message was published despite the error
    const again = element("button", { type: "button", className: "plain" }, "Send again");
    again.addEventListener("click", () => send(message, to));
    const failed = showMessage(message, "failed");
    failed.querySelector("div").append(element("p", { className: "problem" }, `${error.message} `, again));
  }
}

// Run *action* when the form is submitted, and show its error.
function onSubmit(form, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector(".problem");
    if (problem) problem.textContent = "";
    try {
      await action();
    } catch (error) {
      if (problem) problem.textContent = error.message;
    }
  });
}

// Pages without TLS have crypto.randomUUID only on localhost.
function newId() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

onSubmit(at("write"), () => {
  const text = at("text").value.trim();
  at("text").value = "";
  if (text) send({ id: newId(), from: user, text, at: new Date().toISOString() }, room);
});

onSubmit(at("login"), async () => {
  await ask("POST", "/session", { name: at("name").value });
  await begin();
});

onSubmit(at("open"), async () => {
  const { title, members } = at("open").elements;
  const names = members.value.split(",").map((name) => name.trim()).filter(Boolean);
  const opened = await ask("POST", "/rooms", { title: title.value, members: names });
  at("open").reset();
  at("opener").open = false;
  addRoom(opened);
  location.hash = opened.id;
});

at("leave").addEventListener("click", async () => {
  await ask("DELETE", "/session");
  location.reload();
});

function follow() {
  const id = decodeURIComponent(location.hash.slice(1)) || rooms[0].id;
  // An unknown room is tried, too: the application decides whether the user may enter.
  enter(rooms.find((each) => each.id === id) ?? { id, channel: `room:${id}`, title: id });
}

async function begin() {
  let answer;
  try {
    answer = await ask("GET", "/me");
  } catch {
    at("login").hidden = false;
    return;
  }
  ({ user, rooms } = answer);
  at("login").hidden = true;
  at("chat").hidden = false;
  at("me").replaceChildren(face(user), user);
  connect(answer.websocket);
  follow();
  window.addEventListener("hashchange", follow);
}

begin();
