import { createRequire } from "node:module";

/** Of the package that MQTT.js writes and reads packets with. */
type MqttPacket = { readonly writeToStream: { cacheNumbers: boolean } };
type Constants = { readonly MQTT5_PUBACK_PUBREC_CODES?: Record<number, string> };

const errors = { first: 0x80, last: 0xa2 };

/**
 * Has MQTT.js take every reason code of an error in a PUBACK or PUBREC. MQTT 5 lists few for these (2.4), and MQTT.js hangs
 * up over any other, with all that is under way; but mosquitto refuses a message above its `message_size_limit` with 0x95.
 * And has it make no buffer for each of the 65,536 packet identifiers at the first packet: they take 7 MB and 20 ms.
 */
export function setUpMqttPacket(): void {
  const requireOfMqtt = createRequire(createRequire(import.meta.url).resolve("mqtt"));
  const { MQTT5_PUBACK_PUBREC_CODES: known = {} } = requireOfMqtt("mqtt-packet/constants") as Constants;
  for (let code = errors.first; code <= errors.last; code++) known[code] ??= "an error that is not in the list";
  const { writeToStream } = requireOfMqtt("mqtt-packet") as MqttPacket;
  writeToStream.cacheNumbers = false;
}
