/** Names of the QRS enums, as Qlik's documentation has them; a number that is not known yet is kept as its text. */
export type TaskType = "Reload" | "ExternalProgram" | "UserSync" | "Distribute" | "Preload" | `${number}`;
export type ExecutionStatus =
  | "NeverStarted"
  | "Triggered"
  | "Started"
  | "Queued"
  | "AbortInitiated"
  | "Aborting"
  | "Aborted"
  | "FinishedSuccess"
  | "FinishedFail"
  | "Skipped"
  | "Retry"
  | "Error"
  | "Reset"
  | "DistributionQueue"
  | "DistributionRunning"
  | `${number}`;

export type CustomProperty = { readonly name: string; readonly value: string };

/** A task as QRS has it now. */
export type Task = {
  readonly id: string;
  readonly name: string;
  readonly type: TaskType;
  /** Undefined for a task without an app. */
  readonly app: { readonly id: string; readonly name: string } | undefined;
  readonly tags: readonly string[];
  readonly customProperties: readonly CustomProperty[];
  /** The whole task/full object. */
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** An app as QRS has it now. */
export type App = {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly customProperties: readonly CustomProperty[];
  /** The whole app/full object. */
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** One run of a task. Times are ISO 8601 UTC; undefined where QRS has its "not set", the year 1753. */
export type Execution = {
  readonly id: string;
  readonly executingNodeName: string;
  readonly status: ExecutionStatus;
  readonly startTime: string | undefined;
  readonly stopTime: string | undefined;
  readonly durationMs: number;
  /** In the order of their dates. */
  readonly details: readonly { readonly message: string; readonly date: string }[];
  /** Undefined = there is none. */
  readonly fileReferenceId: string | undefined;
  readonly scriptLogAvailable: boolean;
};

export type ExecutionQuestion = {
  readonly taskId: string;
  /** Undefined where the datagram had none. */
  readonly executionId: string | undefined;
  /** When the event was received, in milliseconds since 1970: a last result of another run does not fit it. */
  readonly receivedAtMs: number;
};

/** The Qlik Repository Service. Every call rejects with a RepositoryError, within the time-out of the settings. */
export type Repository = {
  /** Undefined = there is no such task. */
  task(taskId: string): Promise<Task | undefined>;
  app(appId: string): Promise<App | undefined>;
  /** By the execution id; by the task's last result only when its times fit the event. Undefined = not (yet) there. */
  execution(question: ExecutionQuestion): Promise<Execution | undefined>;
  /** The last lines of the script log of a reload task's run; undefined = none is to be had. */
  scriptLogTail(taskId: string, execution: Execution, lines: number): Promise<readonly string[] | undefined>;
  /** Resolves to the session id (the execution id of the run), once the task was started. */
  startTask(taskId: string): Promise<string>;
  /** Ends what is under way, and its connections. */
  close(): Promise<void>;
};
