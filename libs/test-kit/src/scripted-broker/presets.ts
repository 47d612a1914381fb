import {
  type BrokerBehaviour,
  firstOf,
  type PublishRule,
  refuseLargerThan,
  refuseRetained,
  refuseTopics,
} from "./behaviour.js";

/** Topics that the access rules of a preset forbid; none if left out. */
export interface PresetOptions {
  readonly forbidden?: RegExp;
}

const notAuthorized = 0x87;
const kib = 1_024;
const noTopic = /(?!)/;

/**
 * AWS IoT Core, by "AWS IoT Core message broker and protocol limits and quotas" and "MQTT" in its developer guide:
 * - "Topic size": 256 bytes of UTF-8; "Maximum number of slashes in topic and topic filter": 7, so 8 levels
 * - "Publish payload size": 128 KiB; a larger one is rejected
 * - "Maximum inbound unacknowledged messages": 100
 * - a publish that the policy does not allow: the connection is closed A publish beyond a limit closes the connection
 *   too; the documentation leaves open whether a DISCONNECT comes first, so here none does: that is the harder case.
 */
export function awsIotCore({ forbidden = noTopic }: PresetOptions = {}): BrokerBehaviour {
  return {
    announces: { receiveMaximum: 100 },
    onPublish: firstOf(
      refuseLongerTopics(256, 8),
      ({ payload }) => (payload.length > 128 * kib ? "close" : undefined),
      refuseTopics(forbidden, "close"),
    ),
  };
}

/**
 * Azure Event Grid's MQTT broker, by "MQTT features supported by Azure Event Grid's MQTT broker" and "Quotas and
 * limits":
 * - "Maximum Packet Size is 512 KiB"
 * - "Shared Subscriptions aren't supported yet"
 * - "Retain flag isn't supported yet"; "a publish request with a retain flag … fails and closes the connection" (since
 *   2025 a
 *   namespace may have retained messages; this is one without)
 * - "Topic size" 256 bytes; "Segments per topic/topic filter" 15 (8 until May 2025)
 * - negative acknowledgements for MQTT 5: a topic that no permission binding allows is answered with 0x87
 */
export function azureEventGrid({ forbidden = noTopic }: PresetOptions = {}): BrokerBehaviour {
  return {
    announces: { maximumPacketSize: 512 * kib, retainAvailable: false, sharedSubscriptionAvailable: false },
    onConnect: ({ will, protocolVersion }) =>
      will !== undefined && protocolVersion === 5 ? { connack: 0x9a } : undefined, // 3.2.2.3.5: the will is retained
    onPublish: firstOf(
      refuseRetained({ disconnect: 0x9a }),
      refuseLongerTopics(256, 15),
      refuseLargerThan(512 * kib, { disconnect: 0x95 }),
      refuseTopics(forbidden, { puback: notAuthorized }),
    ),
    onSubscribe: (filter, qos) => (filter.startsWith("$share/") ? 0x9e : qos),
  };
}

/**
 * EMQX with `authorization.deny_action = disconnect`: "disconnect: the client is disconnected" on a forbidden publish.
 */
export function emqxDenyDisconnect({ forbidden = noTopic }: PresetOptions = {}): BrokerBehaviour {
  return {
    announces: { receiveMaximum: 32, maximumPacketSize: 1_024 * kib }, // mqtt.max_inflight, mqtt.max_packet_size
    onPublish: refuseTopics(forbidden, { disconnect: notAuthorized }),
  };
}

/**
 * VerneMQ 2, by vmq_mqtt_fsm.erl and vmq_mqtt5_fsm.erl: a forbidden publish ends a 3.1.1 session
 * (`publish_not_authorized_3_1_1`) and is answered with 0x87 in MQTT 5. A topic deeper than `topic_max_depth` (10)
 * counts as forbidden. `max_message_size` is not announced; a larger message closes the connection.
 */
export function verneMq({ forbidden = noTopic }: PresetOptions = {}): BrokerBehaviour {
  return {
    announces: { receiveMaximum: 20 }, // max_inflight_messages
    onPublish({ topic, protocolVersion }) {
      if (!forbidden.test(topic) && topic.split("/").length <= 10) return undefined;
      return protocolVersion === 5 ? { puback: notAuthorized } : "close";
    },
  };
}

function refuseLongerTopics(maxBytes: number, maxLevels: number): PublishRule {
  return ({ topic }) =>
    Buffer.byteLength(topic) > maxBytes || topic.split("/").length > maxLevels ? "close" : undefined;
}
