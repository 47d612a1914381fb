import { BusError } from "@sense-alerts/bus";
import { backoff, delay, withDeadline } from "@sense-alerts/link-kit";
import { waitAtMostMs } from "./carry-out.js";
import { type StartLog, sameRequestMs } from "./start-log.js";
import type { IncomingRequest } from "./start-request.js";
import { type Identified, identify, type StoredRequest } from "./stored-request.js";

type IntakeRefusal = "not-stored" | "too-many-waiting";

export type IntakeOptions = {
  readonly log: Pick<StartLog, "store">;
  /** Stored; `repeated` when another replica, or an earlier copy, was quicker. */
  readonly onTaken: (request: StoredRequest, repeated: boolean) => void;
  /** A retained message, which is from before. */
  readonly onIgnored: (incoming: IncomingRequest) => void;
  readonly onRetry: (request: StoredRequest, error: unknown) => void;
  /** Answers a request that is not stored, while `signal` is not aborted. */
  readonly refuse: (request: StoredRequest, code: IntakeRefusal, signal: AbortSignal) => Promise<void>;
  /** How long a request waits for NATS, and how long its PUBACK waits for that, at most. */
  readonly timing?: { readonly keepMs: number; readonly pubackMs: number };
};

export type RequestIntake = {
  /**
   * Resolves soon, when the PUBACK may be sent; never rejects. `lateMs`: how long other replicas may have had the
   * message before. As a rule the request is stored then. While NATS stores nothing it waits in this process.
   */
  take(incoming: IncomingRequest, lateMs: number): Promise<void>;
  /** Requests that wait for NATS. */
  waiting(): number;
  /** Tries once more to store what waits, and refuses the rest, until `hurry` aborts. */
  close(hurry: AbortSignal): Promise<void>;
};

type Waiting = { readonly identified: Identified; readonly lateMs: number; readonly takenMs: number };

/** Ten kilobytes each at most. */
const mostWaiting = 1_000;
const defaultTiming = { keepMs: waitAtMostMs, pubackMs: 2_000 };
/** A request that waited less is recognised by the stream's own duplicate window. */
const shortWaitMs = 1_000;

/**
 * Takes requests off the receive path of the MQTT client, which reads no PINGRESP while a message waits for its PUBACK,
 * and stores them in NATS one after the other. Each is stored, or answered as refused.
 */
export function createRequestIntake(options: IntakeOptions): RequestIntake {
  const { keepMs, pubackMs } = options.timing ?? defaultTiming;
  /** By id, in the order they came. */
  const waiting = new Map<string, Waiting>();
  /** Ids of refused requests with the time of the refusal: a copy of one is not answered again. */
  const refused = new Map<string, number>();
  const refusing = new Set<Promise<void>>();
  const [closing, over] = [new AbortController(), new AbortController()];
  let storing: Promise<void> = Promise.resolve();
  /** The last attempt to store a request failed or hangs. */
  let isFailing = false;

  function refuse({ id, request }: Identified, code: IntakeRefusal): Promise<void> {
    refused.set(id, performance.now());
    const [oldest] = refused.keys();
    if (refused.size > mostWaiting && oldest !== undefined) refused.delete(oldest);
    const answered = options.refuse(request, code, over.signal).finally(() => refusing.delete(answered));
    refusing.add(answered);
    return answered;
  }

  async function store({ identified, lateMs, takenMs }: Waiting): Promise<void> {
    const retry = backoff({ minMs: 100, maxMs: 2_000 });
    for (;;) {
      const waitedMs = performance.now() - takenMs;
      try {
        const isNew = await options.log.store(identified, lateMs + (waitedMs < shortWaitMs ? 0 : waitedMs));
        isFailing = false;
        return options.onTaken(identified.request, !isNew);
      } catch (error) {
        isFailing = true;
        options.onRetry(identified.request, error);
        const mayPass = error instanceof BusError && error.code !== "too-large";
        if (!mayPass || waitedMs >= keepMs || closing.signal.aborted) return void refuse(identified, "not-stored");
        await delay(retry.next(), closing.signal).catch(() => undefined);
      }
    }
  }

  function isCopy(id: string): boolean {
    return waiting.has(id) || performance.now() - (refused.get(id) ?? Number.NEGATIVE_INFINITY) < sameRequestMs;
  }

  /** Waits for the work, and for no longer than a PUBACK may wait. */
  async function soon(work: Promise<void>): Promise<void> {
    await withDeadline(work, pubackMs, "the intake").catch(() => {
      isFailing = true;
    });
  }

  return {
    take: async (incoming, lateMs) => {
      if (incoming.retained) return options.onIgnored(incoming);
      const identified = identify(incoming, new Date());
      const { id, request } = identified;
      if (isCopy(id)) return options.onTaken(request, true);
      if (waiting.size >= mostWaiting) return soon(refuse(identified, "too-many-waiting"));
      const entry = { identified, lateMs, takenMs: performance.now() };
      waiting.set(id, entry);
      const stored = storing.then(() => store(entry)).finally(() => waiting.delete(id));
      storing = stored;
      // Until NATS has it the broker keeps it, so that a crash loses nothing; but not while NATS stores nothing.
      if (!isFailing) await soon(stored);
    },
    waiting: () => waiting.size,
    close: async (hurry) => {
      closing.abort();
      if (hurry.aborted) over.abort();
      hurry.addEventListener("abort", () => over.abort(), { once: true });
      const aborted = new Promise<void>((resolve) => {
        over.signal.addEventListener("abort", () => resolve(), { once: true });
        if (over.signal.aborted) resolve();
      });
      await Promise.race([storing.then(() => Promise.all(refusing)), aborted]);
    },
  };
}
