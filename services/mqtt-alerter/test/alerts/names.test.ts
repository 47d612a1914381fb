import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf } from "../../src/alerts/names.js";
import { taskEvent } from "../fixtures/events.js";

const plain = taskEvent().data;
const { data: ambiguous } = taskEvent({
  data: { taskName: "Load A; then B", appName: "Sales", ambiguousNames: true, rawNames: "Load A; then B;Sales; EMEA" },
});

test("keeps names that are exact, whatever QRS calls the task by now", () => {
  const names = namesOf(plain, { name: "Renamed" }, { name: "Renamed too" });
  assert.deepEqual(names, { taskName: plain.taskName, appName: plain.appName, ambiguous: false });
});

test("keeps the best reading, and says so, when QRS does not know the task", () => {
  assert.deepEqual(namesOf(ambiguous), { taskName: "Load A; then B", appName: "Sales", ambiguous: true });
});

test("takes the names that QRS has", () => {
  const names = namesOf(ambiguous, { name: "Load A; then B;Sales" }, { name: " EMEA" });
  assert.deepEqual(names, { taskName: "Load A; then B;Sales", appName: " EMEA", ambiguous: false });
});

test("takes what follows the task's name for the app's when the app is not known", () => {
  const names = namesOf(ambiguous, { name: "Load A; then B" });
  assert.deepEqual(names, { taskName: "Load A; then B", appName: "Sales; EMEA", ambiguous: false });
  assert.equal(namesOf(ambiguous, { name: "Renamed" }).appName, "Sales");
});
