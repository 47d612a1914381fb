import type { ExecutionStatus, TaskType } from "./repository.js";

// In the order of their numbers; Qlik's "about" API tells them.
const taskTypes = ["Reload", "ExternalProgram", "UserSync", "Distribute", "Preload"] as const;
const statuses = [
  "NeverStarted",
  "Triggered",
  "Started",
  "Queued",
  "AbortInitiated",
  "Aborting",
  "Aborted",
  "FinishedSuccess",
  "FinishedFail",
  "Skipped",
  "Retry",
  "Error",
  "Reset",
  "DistributionQueue",
  "DistributionRunning",
] as const;

export function taskTypeOf(number: number): TaskType {
  return taskTypes[number] ?? `${number}`;
}

export function executionStatusOf(number: number): ExecutionStatus {
  return statuses[number] ?? `${number}`;
}
