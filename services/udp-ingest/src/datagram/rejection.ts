/** Every reason why a datagram is rejected. Each is also a metric label and goes out with the raw bytes. */
export const rejections = [
  /** Nothing in it but blanks, control characters or a byte order mark. */
  "empty",
  /** Longer than this service takes. */
  "too-large",
  /** The sender is not on the list of allowed sources. */
  "source-not-allowed",
  /** The sender sends more than its share (UDP_SOURCE_RATE_PER_SECOND). */
  "source-rate-exceeded",
  /** A session, connection or log datagram of Sense that is not about a task, or four fields of another product. */
  "not-a-task-event",
  /** The first field is a tag, but none of ours. */
  "unknown-tag",
  /** No tag, and not one of the layouts that had none. */
  "unknown-layout",
  /** The tag is known, but there are fewer fields than its layout has. */
  "too-short",
  /** The tag is known and there are fields enough, but no ids, time and level where they must be. */
  "no-guids",
] as const;

export type Rejection = (typeof rejections)[number];
