// What the bench holds ours against, a plain relay on MQTT.js: one process, datagrams in, a basic and a full message out at QoS 1, nothing kept.
//   node relay.js PORT_OF_BROKER        prints the UDP port once it is ready
import { createSocket } from "node:dgram";
import { connect } from "mqtt";

const client = connect(`mqtt://127.0.0.1:${process.argv[2]}`);
const socket = createSocket({ type: "udp4", recvBufferSize: 8 * 1024 * 1024 });

socket.on("message", (bytes) => {
  const [, hostName, taskName = "", appName, user, taskId, appId, logTimeStamp, logLevel, executionId, ...message] =
    bytes.toString().split(";");
  const logMessage = message.join(";");
  const full = { hostName, user, taskName, taskId, appName, appId, logTimeStamp, logLevel, executionId, logMessage };
  client.publish("qliksense/task_failure", taskName, { qos: 1 });
  client.publish("qliksense/task_failure_full", JSON.stringify(full), { qos: 1 });
});
client.once("connect", () => {
  socket.bind(0, "127.0.0.1", () => process.stdout.write(`${socket.address().port}\n`));
});
