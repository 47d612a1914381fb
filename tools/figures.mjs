// @ts-check
import { existsSync, readFileSync } from "node:fs";

/**
 * Prints what the drills have measured, a line for each and its other figures below. A drill that failed before it had
 * figures is only in the summary of the tests.
 * @param {string} file the lines that report() of e2e/src/drill.ts has written
 */
export function printFigures(file) {
  if (!existsSync(file)) return;
  console.log("\n     sent  delivered  repeats  drill");
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    const { drill, sent, delivered, repeats, ...others } = JSON.parse(line);
    const columns = [String(sent).padStart(9), String(delivered).padStart(11), String(repeats).padStart(9)];
    console.log(`${columns.join("")}  ${drill}`);
    const rest = Object.entries(others).map(([name, value]) => `${name} ${value}`);
    if (rest.length > 0) console.log(`${" ".repeat(31)}${rest.join(", ")}`);
  }
}
