// The official JavaScript client of Centrifugo 3 to 6, unmodified, as a program that reads commands from stdin and
// writes events to stdout, one JSON value per line. argv: the folder of the npm packages, the address, the client's
// options. When the client asks for a token, the token comes with a command.
const readline = require("node:readline");
const [packages, address, options] = process.argv.slice(2);
const load = require("node:module").createRequire(`${packages}/`);
const { Centrifuge } = load("centrifuge5");

const tell = (event, details = {}) => console.log(JSON.stringify({ event, ...details }));

const wanted = [];
const getToken = () => new Promise((resolve) => { wanted.push(resolve); tell("token wanted"); });

const client = new Centrifuge(address, {
  websocket: load("ws"), // browsers have this class built in
  getToken,
  minReconnectDelay: 20,
  maxReconnectDelay: 100,
  ...JSON.parse(options),
});
for (const event of ["connected", "connecting", "disconnected", "error"]) client.on(event, (details) => tell(event, details));
// Events of server-side subscriptions.
for (const event of ["subscribed", "unsubscribed", "publication", "join", "leave"])
  client.on(event, (details) => tell(`server ${event}`, details));

const ask = (name, promise) => promise.then(
  (result) => tell(name, { result }),
  (error) => tell(name, { code: error.code, message: error.message }),
);
const subscriptions = {};
const orders = {
  connect: () => client.connect(),
  disconnect: () => client.disconnect(),
  token: ({ token }) => wanted.shift()(token),
  publish: ({ channel, data }) => ask("published", client.publish(channel, data)),
  presence: ({ channel }) => ask("presence", client.presence(channel)),
  presenceStats: ({ channel }) => ask("presenceStats", client.presenceStats(channel)),
  history: ({ channel, limit }) => ask("history", client.history(channel, { limit })),
  rpc: ({ method, data }) => ask("rpc", client.rpc(method, data)),
  subscribe: ({ channel, options }) => {
    const subscription = (subscriptions[channel] = client.newSubscription(channel, options));
    for (const event of ["subscribed", "subscribing", "unsubscribed", "publication", "join", "leave", "error"])
      subscription.on(event, (details) => tell(event, details));
    subscription.subscribe();
  },
  unsubscribe: ({ channel }) => subscriptions[channel].unsubscribe(),
};

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    orders[order.order](order);
  })
  .on("close", () => process.exit(0));
