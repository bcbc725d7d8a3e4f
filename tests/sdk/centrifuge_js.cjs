// The official JavaScript client of Centrifugo 1.x, unmodified, as a program that reads commands from stdin and writes
// events to stdout, one JSON value per line. argv: the folder of the npm packages, the client's options, the address
// of the application's endpoint for private channels.
const readline = require("node:readline");
const [packages, options, authEndpoint] = process.argv.slice(2);
const load = require("node:module").createRequire(`${packages}/`);

globalThis.WebSocket = load("ws"); // browsers have this class built in
const Centrifuge = load("centrifuge");

const tell = (event, details = {}) => console.log(JSON.stringify({ event, ...details }));

async function authorize({ data }, callback) {
  const response = await fetch(authEndpoint, { method: "POST", body: JSON.stringify(data) });
  callback(!response.ok, await response.json());
}

const client = new Centrifuge({ ...JSON.parse(options), onPrivateChannelAuth: authorize });
for (const event of ["connect", "disconnect", "error"]) client.on(event, (details) => tell(event, { details }));

const subscriptions = {};
const orders = {
  connect: () => client.connect(),
  publish: ({ channel, data }) => subscriptions[channel].publish(data).then(() => tell("published", { channel })),
  presence: ({ channel }) => subscriptions[channel].presence().then(({ data }) => tell("presence", { channel, data })),
  subscribe: ({ channel }) => {
    subscriptions[channel] = client.subscribe(channel, {
      message: ({ data }) => tell("message", { channel, data }),
      join: ({ data }) => tell("join", { channel, data }),
      leave: ({ data }) => tell("leave", { channel, data }),
      subscribe: ({ isResubscribe, recovered }) => tell("subscribe", { channel, isResubscribe, recovered }),
      unsubscribe: () => tell("unsubscribe", { channel }),
      error: ({ error }) => tell("refused", { channel, error }),
    });
  },
};

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    orders[order.order](order);
  })
  .on("close", () => process.exit(0));
