// @ts-check
// A reporter for node:test: one line for each test file, with its tests and seconds, instead of a line for each test. Failures,
// what the files print and the summary are those of the spec reporter. The lines come in the order of the files, because the
// runner reports the tests of a file only when all files before it are finished.
import { relative } from "node:path";
import { spec } from "node:test/reporters";

const shownInFull = ["test:fail", "test:diagnostic", "test:stdout", "test:stderr"];

/** @typedef {{ tests: number, failed: number, skipped: number, seconds?: number, passed?: boolean }} Result */

/** @returns {Result} */
const nothing = () => ({ tests: 0, failed: 0, skipped: 0 });

// biome-ignore lint/style/noDefaultExport: node:test takes the default export of the module that --test-reporter names
export default async function* fileReporter(/** @type {AsyncIterable<{ type: string, data: any }>} */ events) {
  const details = /** @type {import("node:stream").Transform} */ (new /** @type {any} */ (spec)());
  /** @type {Map<string, Result>} */
  const files = new Map(); // those without a line yet, in the order in which the runner reports them
  let counts = nothing(); // since the last test at the top level of a file

  for await (const event of events) {
    const { type, data } = event;
    if (shownInFull.includes(type)) {
      details.write(event);
      yield String(details.read() ?? "");
    }
    const isFile = data.nesting === 0 && data.name?.endsWith(".js") && data.file?.endsWith(data.name);
    if (isFile && type === "test:enqueue") {
      files.set(data.file, nothing());
    } else if (isFile && type === "test:complete") {
      const result = files.get(data.file);
      if (result === undefined) continue;
      Object.assign(result, { seconds: data.details.duration_ms / 1_000, passed: data.details.passed });
      const [first] = files.keys();
      // A file that ended while an earlier one still ran is complete before its tests are reported.
      if (first === data.file && result.tests > 0) yield line(data.file, files);
    } else if (!isFile && (type === "test:pass" || type === "test:fail")) {
      if (data.details.type !== "suite") {
        counts.tests++;
        if (type === "test:fail") counts.failed++;
        if (data.skip !== undefined) counts.skipped++;
      }
      // The file of a subtest may be a module that several test files share.
      const result = data.nesting === 0 ? files.get(data.file) : undefined;
      if (result === undefined) continue;
      for (const file of files.keys()) {
        if (file === data.file) break;
        yield line(file, files);
      }
      result.tests += counts.tests;
      result.failed += counts.failed;
      result.skipped += counts.skipped;
      counts = nothing();
    } else if (type === "test:plan" && data.file === undefined) {
      for (const file of files.keys()) yield line(file, files); // the last test is reported; the summary follows
    }
  }
  details.end();
  for await (const chunk of details) yield String(chunk);
}

/**
 * The line of a file, which it takes out of those that wait for theirs.
 * @param {string} file
 * @param {Map<string, Result>} files
 */
function line(file, files) {
  const { tests, failed, skipped, seconds = 0, passed = false } = files.get(file) ?? nothing();
  files.delete(file);
  const name = relative(process.cwd(), file).replace("/dist/", "/").replace(/\.js$/, ".ts");
  const counts = [
    `${tests} ${tests === 1 ? "test" : "tests"}`,
    failed > 0 && `${failed} failed`,
    skipped > 0 && `${skipped} skipped`,
  ];
  return `${passed ? "✔" : "✖"} ${name}: ${counts.filter(Boolean).join(", ")}, ${seconds.toFixed(1)} s\n`;
}
