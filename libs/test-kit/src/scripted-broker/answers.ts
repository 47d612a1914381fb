import { generate, type IPublishPacket } from "mqtt-packet";
import type { Announcement } from "./behaviour.js";

export function connackBytes(code: number, protocolVersion: number, announces: Announcement = {}): Buffer {
  const isMqtt5 = protocolVersion === 5;
  return generate(
    {
      cmd: "connack",
      sessionPresent: false,
      ...(isMqtt5 ? { reasonCode: code } : { returnCode: returnCodeFor(code) }),
      ...(isMqtt5 && Object.keys(announces).length > 0 && { properties: { ...announces } }),
    },
    { protocolVersion },
  );
}

/** The return code of MQTT 3.1.1 (3.2.2.3) nearest to a reason code of MQTT 5. */
function returnCodeFor(reasonCode: number): number {
  if (reasonCode < 0x80) return reasonCode;
  const nearest = new Map([
    [0x84, 1], // unacceptable protocol version
    [0x85, 2], // identifier rejected
    [0x86, 4], // bad user name or password
    [0x87, 5], // not authorized
  ]);
  return nearest.get(reasonCode) ?? 3; // server unavailable
}

export function pubackBytes(packetId: number, reasonCode: number, protocolVersion: number): Buffer {
  return generate({ cmd: "puback", messageId: packetId, reasonCode }, { protocolVersion });
}

/** What mochi 2.7 answers to an MQTT 5 PUBLISH with user properties: reason 0x01, and the properties sent back. */
export function malformedPubackBytes({ messageId = 0, properties }: IPublishPacket, protocolVersion: number): Buffer {
  if (protocolVersion !== 5) return pubackBytes(messageId, 0, protocolVersion);
  const userProperties = properties?.userProperties ?? {};
  return generate({ cmd: "puback", messageId, reasonCode: 0x01, properties: { userProperties } }, { protocolVersion });
}

/** Empty for MQTT 3.1.1, where only the client sends DISCONNECT. */
export function disconnectBytes(reasonCode: number, protocolVersion: number): Buffer {
  return protocolVersion === 5 ? generate({ cmd: "disconnect", reasonCode }, { protocolVersion }) : Buffer.alloc(0);
}
