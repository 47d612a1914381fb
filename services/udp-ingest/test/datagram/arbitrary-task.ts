import fc from "fast-check";
import { anchors, loggedAt, otherGuid } from "./examples.js";

/** Texts that a reader could mistake for something else than text. */
const snippets = [
  ...["Reload of Sales", "Sales", "(null)", "INFO", "ERROR", " ", "\t", "\r\n", "\u0000", "\u0085", "\u00a0", "\ufeff"],
  ...[otherGuid, loggedAt, "20211109T193744.331+0100", `INFO${otherGuid}`, "/scheduler-task-success//", "å日🤪", "\\"],
];
export const snippet = fc.constantFrom(...snippets);
const character = fc.string({ unit: "binary", maxLength: 8 });
const pieces = fc.array(fc.oneof(snippet, character), { maxLength: 6 });
export const text = pieces.map((all) => all.join("").replaceAll(";", ""));
const separator = fc.constantFrom(";", ";;", "; ");
export const name = fc.array(fc.oneof(text, separator), { maxLength: 6 }).map((all) => all.join(""));
export const message = fc
  .array(fc.oneof(text, separator, fc.constant(`;${anchors}`), fc.constant(`;;;${loggedAt};INFO;;`)), { maxLength: 6 })
  .map((all) => all.join(""));

export const guid = fc.uuid().chain((lower) => fc.constantFrom(lower, lower.toUpperCase()));
const absent = fc.constantFrom("", "(null)", " ", "\t");
export const id = fc.oneof({ weight: 3, arbitrary: guid }, absent);
export const level = fc.constantFrom("INFO", "WARN", "ERROR", "Fatal", "Hinweis");
export const time = fc
  .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2099-12-31T00:00:00Z"), noInvalidDate: true })
  .chain((date) => {
    const iso = date.toISOString();
    const log4net = iso.replace("T", " ").replace(".", ",").slice(0, -1);
    return fc.constantFrom(
      log4net,
      log4net,
      log4net.replace(",", "."),
      iso,
      `${iso.slice(0, -1)}+02:00`,
      iso.slice(0, 19),
    );
  });

export const task = fc.record({
  host: text,
  taskName: name,
  appName: name,
  user: text,
  taskId: id,
  appId: id,
  time,
  level,
  id,
  message,
});
export type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;

export function datagramOf(tag: string, sent: Task): string {
  const before = [sent.host, sent.taskName, sent.appName, sent.user];
  return [
    ...(tag === "" ? [] : [tag]),
    ...before,
    sent.taskId,
    sent.appId,
    sent.time,
    sent.level,
    sent.id,
    sent.message,
  ].join(";");
}

export const tags = [
  ["/scheduler-task-failed/", "S1"],
  ["/scheduler-task-aborted/", "S2"],
  ["/scheduler-task-success//", "S3"],
  ["/scheduler-distribute/", "S5"],
] as const;
