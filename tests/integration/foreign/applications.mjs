// The applications of applications.py by MQTT.js: the modes are the qualities of service 0, 1 and 2.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import mqtt from "mqtt";

const [host, port, caFile] = process.argv.slice(2);
const senders = new Map();

function connect(clientId, clean) {
  const login = { username: process.env.APPLICATION_USER, password: process.env.APPLICATION_PASSWORD };
  return mqtt.connectAsync({ protocol: "mqtts", host, port, ca: readFileSync(caFile), clientId, clean, ...login });
}

const topicOf = (destination) => destination.replace("topic:", "").replaceAll(".", "/");

async function receive(name, mode, destination, options) {
  const client = await connect(name, !options.durable);
  // MQTT.js acknowledges when this calls back.
  client.handleMessage = (packet, acknowledge) => {
    console.log(`got ${name} ${packet.payload}`);
    if (options.keep) return;
    console.log(`done ${name} ${packet.payload}`);
    acknowledge();
  };
  await client.subscribeAsync(topicOf(destination), { qos: Number(mode) });
  console.log(`receiving ${name}`);
}

async function send(name, destination, body, options) {
  if (!senders.has(name)) senders.set(name, await connect(name, true));
  const qos = Number(options.qos ?? 1);
  await senders.get(name).publishAsync(topicOf(destination), body, { qos, retain: Boolean(options.retain) });
  console.log(`sent ${name} ${body}`);
}

let last = Promise.resolve();
createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, name, first, second, ...more] = line.split(" ");
  const options = Object.fromEntries(more.map((word) => word.split("=")));
  last = last.then(() => (command === "receive" ? receive : send)(name, first, second, options));
});
