export { repositoryUrl } from "./client.js";
export { createRepository } from "./create-repository.js";
export { type InspectedEntity, type Inspection, inspectRepository } from "./inspect.js";
export type { BreakerOptions, Question, RepositoryOptions, RequestReport } from "./options.js";
export type {
  App,
  CustomProperty,
  Execution,
  ExecutionQuestion,
  ExecutionStatus,
  Repository,
  Task,
  TaskType,
} from "./repository.js";
export { RepositoryError, type RepositoryErrorCode } from "./repository-error.js";
