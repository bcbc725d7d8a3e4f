// The official JavaScript client, which prints the outcome of each answer of the application, one a line.
// argv: the folder of the npm packages, the address.
// Attempts run at once. Each waits for its events, for 20 s at most, so that a busy machine sees the same ones.
const [packages, url] = process.argv.slice(2);
const load = require("node:module").createRequire(`${packages}/`);
const { Centrifuge } = load("centrifuge5");
const WebSocket = load("ws");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(seen, count) {
  for (const end = Date.now() + 20_000; seen.length < count && Date.now() < end; ) await pause(20);
  await pause(300); // more events would be a difference
}
const short = (value) => JSON.stringify(value);
const transport = (cookie) => class extends WebSocket {
  constructor(address, protocols) { super(address, protocols, cookie ? { headers: { Cookie: cookie } } : {}); }
};
const make = (data, headers = {}, cookie = "") =>
  new Centrifuge(url, { data, headers, timeout: 20_000, minReconnectDelay: 200, maxReconnectDelay: 200, websocket: transport(cookie) });

async function attempt(user, count) {
  const client = make({ user }), seen = [];
  for (const event of ["connecting", "connected", "disconnected", "error"])
    client.on(event, (ctx) => seen.push(`${event}:${short(ctx.error ? [ctx.type, ctx.error.code, ctx.error.message] : [ctx.code, ctx.reason, ctx.data])}`));
  client.connect();
  await until(seen, count);
  console.log("connect", user, "|", seen.slice(0, 6).join(" "), seen.length > 6 ? "…" : "", "| state", client.state);
  client.disconnect();
}

async function main() {
  const client = make({}, { Authorization: "Bearer t" }, "sid=bob");
  client.on("subscribed", (ctx) => console.log("server-side", ctx.channel));
  client.connect();
  await client.ready();
  const calls = [["add", { a: 1, b: 2 }], ["add", { a: 1, b: "x" }], ["add", null], ["whoami", {}], ["bug", {}], ["nothing", {}], ["nope", {}]];
  for (const [method, data] of calls)
    await client.rpc(method, data).then((result) => console.log("rpc", method, short(result)), (error) => console.log("rpc", method, "ERROR", short(error)));

  async function subscribe(channel, count) {
    const subscription = client.newSubscription(channel, { data: { why: 1 }, minResubscribeDelay: 100, maxResubscribeDelay: 100 }), seen = [];
    for (const event of ["subscribing", "subscribed", "unsubscribed", "error"])
      subscription.on(event, (ctx) => seen.push(`${event}:${short(ctx.error ? [ctx.error.code, ctx.error.message] : [ctx.code, ctx.reason, ctx.data])}`));
    subscription.subscribe();
    await until(seen, count);
    console.log("sub", channel, "|", seen.slice(0, 5).join(" "), seen.length > 5 ? "…" : "", "|", subscription.state);
    return subscription;
  }
  async function publish() {
    const subscription = client.newSubscription("pub:tea");
    subscription.on("publication", (ctx) => console.log("publication", short([ctx.data, ctx.tags, ctx.info && ctx.info.user])));
    subscription.subscribe();
    await subscription.ready();
    for (const data of ["hi", "bad word"])
      await subscription.publish(data).then((result) => console.log("publish", short(result)), (error) => console.log("publish ERROR", short(error)));
  }
  await Promise.all([
    ...Object.entries({ ann: 2, busy: 3, nobody: 2, banned: 2, bounce: 3, bug: 3, none: 3, slow: 2, expiring: 4 }).map(
      ([user, count]) => attempt(user, count),
    ),
    subscribe("ref:a", 4),
    ...Object.entries({ 1: 2, 13: 2, 14: 3, 16: 3, 17: 3, x: 2 }).map(([room, count]) =>
      subscribe(`sub:${room}`, count).then((each) => each.unsubscribe()),
    ),
    publish(),
  ]);
  const disconnected = new Promise((resolve) => client.on("disconnected", resolve));
  await subscribe("sub:15", 1);
  console.log("disconnected", short(await disconnected));
  process.exit(0);
}

main();
