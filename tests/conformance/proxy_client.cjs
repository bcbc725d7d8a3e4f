// The official JavaScript client, which prints the outcome of each answer of the application, one a line.
// argv: the folder of the npm packages, the address.
// Attempts run at once, and are long, so that a busy machine finishes them.
const [packages, url] = process.argv.slice(2);
const load = require("node:module").createRequire(`${packages}/`);
const { Centrifuge } = load("centrifuge5");
const WebSocket = load("ws");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const short = (value) => JSON.stringify(value);
const transport = (cookie) => class extends WebSocket {
  constructor(address, protocols) { super(address, protocols, cookie ? { headers: { Cookie: cookie } } : {}); }
};
const make = (data, headers = {}, cookie = "") =>
  new Centrifuge(url, { data, headers, minReconnectDelay: 200, maxReconnectDelay: 200, websocket: transport(cookie) });

async function attempt(user) {
  const client = make({ user }), seen = [];
  for (const event of ["connecting", "connected", "disconnected", "error"])
    client.on(event, (ctx) => seen.push(`${event}:${short(ctx.error ? [ctx.type, ctx.error.code, ctx.error.message] : [ctx.code, ctx.reason, ctx.data])}`));
  client.connect();
  await pause(5000);
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

  async function subscribe(channel, ms = 5000) {
    const subscription = client.newSubscription(channel, { data: { why: 1 }, minResubscribeDelay: 100, maxResubscribeDelay: 100 }), seen = [];
    for (const event of ["subscribing", "subscribed", "unsubscribed", "error"])
      subscription.on(event, (ctx) => seen.push(`${event}:${short(ctx.error ? [ctx.error.code, ctx.error.message] : [ctx.code, ctx.reason, ctx.data])}`));
    subscription.subscribe();
    await pause(ms);
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
    ...["ann", "busy", "nobody", "banned", "bounce", "bug", "none", "slow", "expiring"].map(attempt),
    subscribe("ref:a"),
    ...[1, 13, 14, 16, 17, "x"].map((room) => subscribe(`sub:${room}`).then((each) => each.unsubscribe())),
    publish(),
  ]);
  client.on("disconnected", (ctx) => console.log("disconnected", short(ctx)));
  await subscribe("sub:15", 500);
  await pause(200);
  process.exit(0);
}

main();
