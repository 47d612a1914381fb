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
