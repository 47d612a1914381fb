import type { ConnectionEnd } from "./connection.js";
import type { BrokerAddress, MqttOptions, ProtocolVersion } from "./mqtt-options.js";

/** How one attempt to connect is made. */
export type Attempt = {
  readonly broker: BrokerAddress;
  readonly protocolVersion: ProtocolVersion;
  /** Undefined = without a last will. */
  readonly will: { readonly qos: 0 | 1; readonly retain: boolean } | undefined;
};

/** What is tried after what: the brokers in turn, MQTT 5 before 3.1.1, with the last will before without it. */
export type Attempts = {
  next(): Attempt;
  /** True when another form of the same attempt is worth trying at once. */
  failed(attempt: Attempt, end: ConnectionEnd): boolean;
  accepted(attempt: Attempt): void;
  /** A message with properties was acknowledged: the broker's MQTT 5 is sound. */
  proven(): void;
};

type Known = {
  /** The one that had a successful CONNACK; no other is tried again. */
  version?: ProtocolVersion;
  /** The broker has accepted a last will, so it does not close the connection because of one. */
  will?: boolean;
  isSound?: boolean;
  invalidPackets?: number;
};

const retainNotSupported = 0x9a;
const qosNotSupported = 0x9b;
/** What may be about the last will: not authorized (MQTT 5, 3.1.1), topic name invalid, and what gives no reason. */
const maybeTheWill: readonly unknown[] = [0x87, 5, 0x90, 0x80, 0x83, 0x99];
const wrongVersion: readonly unknown[] = [0x84, 1];
const mostInvalidPackets = 2;

export function createAttempts(
  { brokers, protocolVersion: wanted }: Pick<MqttOptions, "brokers" | "protocolVersion">,
  /** Whether an attempt should have a last will at first. */
  wantsWill: () => boolean,
): Attempts {
  let place = 0;
  let version: ProtocolVersion | undefined;
  let will: Attempt["will"] | "unset" = "unset";
  const known = new Map<BrokerAddress, Known>();

  function broker(): BrokerAddress {
    return brokers[place % brokers.length] ?? brokers[0];
  }

  function knownOf(address: BrokerAddress): Known {
    const found = known.get(address) ?? {};
    known.set(address, found);
    return found;
  }

  function first(): ProtocolVersion {
    return wanted === "auto" ? (knownOf(broker()).version ?? 5) : wanted;
  }

  return {
    next: () => {
      const fullWill = wantsWill() ? ({ qos: 1, retain: true } as const) : undefined;
      return { broker: broker(), protocolVersion: version ?? first(), will: will === "unset" ? fullWill : will };
    },
    failed: (attempt, end) => {
      const facts = knownOf(attempt.broker);
      const { cause, code, accepted } = end;
      const isAuto = wanted === "auto" && attempt.protocolVersion === 5;
      if (accepted) {
        // Some brokers accept MQTT 5 and then send what is no MQTT 5, such as a PUBACK that repeats the user
        // properties.
        if (cause !== "invalid-packet" || !isAuto || facts.isSound) return false;
        facts.invalidPackets = (facts.invalidPackets ?? 0) + 1;
        if (facts.invalidPackets >= mostInvalidPackets) facts.version = 4;
        return true;
      }
      const isSilent = cause === "closed" || cause === "no-connack" || cause === "invalid-packet";
      if (isAuto && facts.version === undefined && (isSilent || (cause === "connack" && wrongVersion.includes(code)))) {
        version = 4;
        return true;
      }
      if (attempt.will !== undefined && cause === "connack") {
        if (code === retainNotSupported && attempt.will.retain) will = { ...attempt.will, retain: false };
        else if (code === qosNotSupported && attempt.will.qos === 1) will = { ...attempt.will, qos: 0 };
        else if ([retainNotSupported, qosNotSupported, ...maybeTheWill].includes(code)) will = undefined;
        if (will !== "unset") return true;
      }
      if (attempt.will !== undefined && cause === "closed" && !facts.will) {
        will = undefined;
        version = undefined;
        return true;
      }
      place++;
      version = undefined;
      will = "unset";
      return false;
    },
    accepted: ({ broker: address, protocolVersion, will: tried }) => {
      const facts = knownOf(address);
      facts.version = protocolVersion;
      facts.will ||= tried !== undefined;
      version = undefined;
      if (tried === undefined) will = "unset";
    },
    proven: () => {
      knownOf(broker()).isSound = true;
    },
  };
}
