import { publishNats } from "@sense-alerts/test-kit";

const atOnce = 20_000;
const payload = "x".repeat(300);

/**
 * Puts so many messages into the stream of the events, and makes the durable consumer behind them: they are there, and
 * nobody takes them.
 */
export async function fillStream(port: number, messages: number): Promise<void> {
  for (let left = messages; left > 0; left -= atOnce) {
    const batch = { subject: "sense.task.distributed", payload };
    await publishNats(port, Array<typeof batch>(Math.min(left, atOnce)).fill(batch));
  }
  const config = {
    ...{ durable_name: "mqtt-alerter", deliver_policy: "new", ack_policy: "explicit" },
    ...{ ack_wait: 30e9, max_deliver: -1, max_ack_pending: 10_000 },
  };
  const request = JSON.stringify({ stream_name: "SENSE_EVENTS", config });
  await publishNats(port, [{ subject: "$JS.API.CONSUMER.DURABLE.CREATE.SENSE_EVENTS.mqtt-alerter", payload: request }]);
}
