import type { Dispatcher } from "undici";

export type Exchange = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends it at once. */
  readonly closed: AbortSignal;
  /** An answer beyond it is an error, or loses its beginning when `keepEnd` is set. */
  readonly maxBytes: number;
  readonly keepEnd: boolean;
};

export type Answer = {
  readonly status: number;
  readonly body: Buffer;
  /** The body is the end of a longer one. */
  readonly cut: boolean;
};

/** Why there is no answer. `sent` is false when the request has surely not left this process. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly reason: "timeout" | "too-large" | "closed" | "failed";
  readonly sent: boolean;

  constructor(reason: ExchangeError["reason"], sent: boolean, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
    this.sent = sent;
  }
}

/**
 * One request and its answer, whatever its status. Rejects with an ExchangeError alone, at the time-out at the latest.
 */
export function exchange(dispatcher: Dispatcher, request: Exchange): Promise<Answer> {
  const { method, path, headers, maxBytes, keepEnd, closed } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let failure: ExchangeError | undefined;
    let status = 0;
    let chunks: Buffer[] = [];
    let bytes = 0;
    let cut = false;

    const timer = setTimeout(() => give("timeout"), request.timeoutMs);
    const onClosed = () => give("closed");
    closed.addEventListener("abort", onClosed, { once: true });

    function settle(): void {
      clearTimeout(timer);
      closed.removeEventListener("abort", onClosed);
    }

    function give(reason: ExchangeError["reason"], cause?: unknown): void {
      if (failure !== undefined) return;
      failure = new ExchangeError(reason, controller !== undefined, cause);
      settle();
      reject(failure);
      // Without it the connection would be taken by the rest of an answer that nobody waits for.
      controller?.abort(failure);
    }

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        if (failure === undefined) controller = started;
        else started.abort(failure); // given up while it waited for a connection
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= maxBytes) return;
        if (!keepEnd) give("too-large");
        else if (bytes > 2 * maxBytes) shorten();
      },
      onResponseEnd() {
        if (failure !== undefined) return;
        if (bytes > maxBytes) shorten();
        settle();
        resolve({ status, body: Buffer.concat(chunks), cut });
      },
      onResponseError(_controller, error) {
        give("failed", error);
      },
    };

    function shorten(): void {
      chunks = [Buffer.concat(chunks).subarray(-maxBytes)];
      bytes = maxBytes;
      cut = true;
    }

    if (closed.aborted) return give("closed");
    dispatcher.dispatch({ method, path, headers: { ...headers }, body: null }, handler);
  });
}
