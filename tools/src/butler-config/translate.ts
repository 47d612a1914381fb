import { type ButlerFile, isSection, type Key } from "./butler-file.js";
import { problemsWith } from "./check.js";
import { quoted } from "./quoted.js";
import type { Rule, Variables, Verdict } from "./rule.js";
import { rules } from "./rules.js";
import { withoutCounterpart } from "./without-counterpart.js";

export type Outcome = "carried-over" | "no-counterpart" | "decide";

/** What became of some keys of Butler's; what lies below one of them went with it. */
export type Entry = {
  readonly keys: readonly Key[];
  readonly outcome: Outcome;
  /** One or more sentences; empty for what is carried over as it is. */
  readonly why: string;
  /** Variables that are set in the .env. */
  readonly written: Variables;
  /** Variables that are in it as comments. */
  readonly suggested: Variables;
};

/**
 * What becomes of each key of the file, in its order. All that is written is what both services accept together: what
 * their settings refuse is to be decided, for the reason that they give.
 */
export function translate(file: ButlerFile): readonly Entry[] {
  let written: Variables = {};
  const entries = allRules.flatMap((rule) => {
    const keys = [...file.values()].filter(({ path }) => rule.keys.includes(path));
    if (keys.length === 0) return [];
    const entry = settled(keys, judged(rule, file), written);
    written = { ...written, ...entry.written };
    return [entry];
  });
  const order = [...file.keys()];
  const place = ({ keys: [first] }: Entry) => order.indexOf(first?.path ?? "");
  return [...entries, ...unknownIn(file)].sort((one, other) => place(one) - place(other));
}

const allRules: readonly Rule[] = [
  ...rules,
  ...Object.entries(withoutCounterpart).map(([key, why]): Rule => {
    return { keys: [key], judge: (file) => ({ outcome: "none", why: `${inUse(file, key)}${why}` }) };
  }),
];

const ruledKeys = allRules.flatMap(({ keys }) => keys);

function inUse(file: ButlerFile, key: string): string {
  return file.get(`${key}.enable`)?.value === true ? "In use in Butler. " : "";
}

function judged(rule: Rule, file: ButlerFile): Verdict {
  try {
    return rule.judge(file);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { outcome: "decide", why: `${error.message}.` };
  }
}

function settled(keys: readonly Key[], verdict: Verdict, before: Variables): Entry {
  if (verdict.outcome === "none") {
    return { keys, outcome: "no-counterpart", why: verdict.why, written: {}, suggested: {} };
  }
  const { suggested = {} } = verdict;
  if (verdict.outcome === "decide") return { keys, outcome: "decide", why: verdict.why, written: {}, suggested };

  const { variables, doubt } = verdict;
  const unwritable = Object.entries(variables).filter(([, value]) => quoted(value) === undefined);
  if (unwritable.length > 0) {
    const why = `${unwritable.map(([name]) => name).join(", ")} would hold a quote that no .env can: write it another way.`;
    return { keys, outcome: "decide", why, written: {}, suggested: {} };
  }
  const problems = problemsWith({ ...before, ...variables });
  if (problems.length > 0) {
    const why = `Not set, since the services would refuse it: ${problems.join(" ")}`;
    return { keys, outcome: "decide", why, written: {}, suggested: variables };
  }
  return {
    keys,
    outcome: doubt === undefined ? "carried-over" : "decide",
    why: doubt ?? "",
    written: variables,
    suggested,
  };
}

/** The keys that no rule is about, a section of them as one. */
function unknownIn(file: ButlerFile): readonly Entry[] {
  const accounted = [...ruledKeys];
  const entries: Entry[] = [];
  for (const key of file.values()) {
    const isAbove = ruledKeys.some((path) => path.startsWith(`${key.path}.`));
    const hasKeys = isSection(key.value) && Object.keys(key.value).length > 0;
    const isAccounted = accounted.some((path) => key.path === path || key.path.startsWith(`${path}.`));
    if (isAccounted || (isAbove && hasKeys)) continue;
    accounted.push(key.path);
    const why = isAbove
      ? "It must be a section with keys below it, and has none."
      : "It is no key of Butler that is known here, and is not carried over: see whether you need what it does.";
    entries.push({ keys: [key], outcome: "decide", why, written: {}, suggested: {} });
  }
  return entries;
}
