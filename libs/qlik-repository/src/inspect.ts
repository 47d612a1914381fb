import { z } from "zod";
import { readAnswer } from "./answers.js";
import { createClient } from "./client.js";
import { deadlineIn } from "./deadline.js";
import type { Answer } from "./exchange.js";
import type { RepositoryOptions } from "./options.js";

export type InspectedEntity = "task" | "app" | "executionresult";

/**
 * Harmless questions for whoever sets the connection up. Every call rejects with a RepositoryError, within the
 * time-out.
 */
export type Inspection = {
  /** The build of the Sense site, as QRS tells it. */
  version(): Promise<string>;
  /** How many of them the user may see. */
  count(entity: InspectedEntity): Promise<number>;
  close(): Promise<void>;
};

const about = z.looseObject({ buildVersion: z.string() });
const counted = z.looseObject({ value: z.int().nonnegative() });

export function inspectRepository(options: RepositoryOptions): Inspection {
  const client = createClient(options);
  const closing = new AbortController();
  const deadline = () => deadlineIn(options.timeoutMs, closing.signal);
  return {
    async version() {
      const read = (answer: Answer) => readAnswer(about, answer, "the site").buildVersion;
      return client.ask({ question: "inspection", path: "about", read }, deadline());
    },
    async count(entity) {
      const read = (answer: Answer) => readAnswer(counted, answer, "a count").value;
      return client.ask({ question: "inspection", path: `${entity}/count`, read }, deadline());
    },
    async close() {
      closing.abort();
      await client.close();
    },
  };
}
