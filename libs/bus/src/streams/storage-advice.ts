import type { ApiError, JetStreamManager } from "nats";

const mebibyte = 1024 ** 2;
/** Three streams of this size fit into a store of 100 MiB. */
const safeBytes = 32 * mebibyte;
/** Events, rejected datagrams, dead letters and requests: none is larger than NATS_STREAM_MAX_BYTES. */
const mostStreams = 4;

const accountLimit = 10002;
const noPeers = 10005;
const storageExceeded = 10047;
const aboveStreamLimit = 10122;

/**
 * What to do when JetStream has no room for a stream, to be put behind its own words; empty for any other error. NATS
 * reserves the whole of `max_bytes` when a stream is created, within three quarters of the disk that is free at its
 * start, or within `max_file_store`, and tells nobody how much is left; only a limit of the account can be asked for.
 */
export async function storageAdvice(manager: JetStreamManager, error: ApiError, wantedBytes: number): Promise<string> {
  const isNoPeerForSize = error.err_code === noPeers && /storage|resource/.test(error.description);
  if (![accountLimit, storageExceeded, aboveStreamLimit].includes(error.err_code ?? 0) && !isNoPeerForSize) return "";
  const bytes = fittingBytes(await unreservedBytes(manager), wantedBytes);
  const smaller = bytes === undefined ? "" : `, or set NATS_STREAM_MAX_BYTES=${bytes}`;
  return (
    `; NATS has no room for NATS_STREAM_MAX_BYTES=${wantedBytes}: ` +
    `give it more (disk space, max_file_store, the limits of the account)${smaller}`
  );
}

/** In whole mebibytes: a quarter of what the account has left, or a size that nearly every disk has room for. */
function fittingBytes(unreserved: number | undefined, wantedBytes: number): number | undefined {
  const isAccountFull = unreserved !== undefined && unreserved < wantedBytes;
  const most = isAccountFull ? unreserved / mostStreams : Math.min(safeBytes, wantedBytes / 4);
  return most < mebibyte ? undefined : Math.floor(most / mebibyte) * mebibyte;
}

/** What the account has left for new streams; undefined when it has no limit, or may not be asked. */
async function unreservedBytes(manager: JetStreamManager): Promise<number | undefined> {
  try {
    const account = await manager.getAccountInfo();
    const tiers = Object.values(account.tiers ?? {});
    const free = [account, ...tiers].flatMap(({ limits, ...used }) => {
      // Servers before 2.10 do not say what is reserved.
      const reserved = "reserved_storage" in used ? Number(used.reserved_storage) : used.storage;
      return limits?.max_storage > 0 ? [Math.max(0, limits.max_storage - reserved)] : [];
    });
    return free.length > 0 ? Math.min(...free) : undefined;
  } catch {
    return undefined;
  }
}
