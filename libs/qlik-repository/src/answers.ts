import { z } from "zod";
import type { Answer } from "./exchange.js";
import { isGuid } from "./guid.js";
import { RepositoryError } from "./repository-error.js";

const guid = z.string().refine(isGuid);
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);
const tags = listOf(z.looseObject({ name: z.string() }));
const customProperties = listOf(z.looseObject({ value: z.string(), definition: z.looseObject({ name: z.string() }) }));

/** What an execution result and its condensed form in a task have in common. */
const executionResult = z.looseObject({
  id: guid,
  executingNodeName: z.string().nullish(),
  status: z.int(),
  startTime: z.string().nullish(),
  stopTime: z.string().nullish(),
  duration: z.number().nullish(),
  fileReferenceID: guid.nullish(),
  scriptLogAvailable: z.boolean().nullish(),
  details: listOf(z.looseObject({ message: z.string().nullish(), detailCreatedDate: z.string() })),
});
export type ExecutionResult = z.infer<typeof executionResult>;

const task = z.looseObject({
  id: guid,
  name: z.string(),
  taskType: z.int(),
  app: z.looseObject({ id: guid, name: z.string() }).nullish(),
  tags,
  customProperties,
});

const app = z.looseObject({ id: guid, name: z.string(), tags, customProperties });

export const taskAnswer = z.array(task);
export const appAnswer = z.array(app);
export const executionAnswer = z.array(executionResult);
/** Of a task/full, the run that it remembers. */
export const lastExecutionAnswer = z.array(
  z.looseObject({
    operational: z.looseObject({ lastExecutionResult: executionResult.nullish() }).nullish(),
  }),
);
/** A GUID in an object, as QRS gives it, or bare. */
export const guidAnswer = z.union([guid, z.looseObject({ value: guid }).transform(({ value }) => value)]);

/** The JSON text. Throws a RepositoryError (`invalid-answer`) when it is none. */
export function jsonOf(answer: Answer, what: string): unknown {
  const text = answer.body.toString("utf8").replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = /^\s*</.test(text) ? "a web page, such as the login page of the proxy," : "no JSON";
    const hint = "does QRS_URL lead to the Repository Service (4242) rather than to the proxy (443)?";
    throw invalid(`the answer about ${what} is ${found} and not one of QRS: ${hint}`, answer, error);
  }
}

/** What the JSON text says. Throws a RepositoryError (`invalid-answer`) when a field is missing or of another type. */
export function readAnswer<T extends z.ZodType>(schema: T, answer: Answer, what: string): z.infer<T> {
  const result = schema.safeParse(jsonOf(answer, what));
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path }) => path.join(".") || "the whole").join(", ");
  throw invalid(`the answer about ${what} is not what QRS promises (${fields})`, answer, result.error);
}

function invalid(message: string, { status }: Answer, cause: unknown): RepositoryError {
  return new RepositoryError("invalid-answer", message, { status, cause });
}
