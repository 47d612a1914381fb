import { type InspectedEntity, type Inspection, RepositoryError } from "@sense-alerts/qlik-repository";
import { bad, type Finding, good } from "./step.js";

const entities = {
  task: { plural: "tasks", noneIsBad: true },
  app: { plural: "apps", noneIsBad: true },
  executionresult: { plural: "execution results", noneIsBad: false },
} as const;

/** One harmless question: certificate, xrfkey and user have to be right for an answer. */
export async function askVersion(inspection: Inspection, user: string): Promise<Finding> {
  try {
    return good(`Sense ${await inspection.version()} answers to ${user}`);
  } catch (error) {
    const { code, status, message } = asRepositoryError(error);
    if (code === "tls") {
      return bad(
        `the server does not take the client certificate: ${message}`,
        "export the certificates of this site from the QMC, in PEM format without a password, and set QRS_CERT_FILE and QRS_KEY_FILE to client.pem and client_key.pem",
      );
    }
    if (code === "not-authorised") {
      return bad(
        `the server takes the certificate, and not the user or the xrfkey (${status})`,
        "set QRS_USER to a user of the site, such as UserDirectory=Internal;UserId=sa_repository; see whether a proxy in between drops headers",
      );
    }
    if (code === "refused") {
      return bad(
        `the server refuses the question (${status})`,
        "see whether a proxy in between changes the query or drops the header X-Qlik-Xrfkey",
      );
    }
    return bad(message, toDoFor(code));
  }
}

export async function askRight(inspection: Inspection, entity: InspectedEntity): Promise<Finding> {
  const { plural, noneIsBad } = entities[entity];
  try {
    const count = await inspection.count(entity);
    const toDo = `give the user the right to read ${plural} (QMC, Security rules), unless the site has none`;
    return count === 0 && noneIsBad
      ? bad(`the user sees no ${plural}`, toDo)
      : good(`${plural} that the user sees: ${count}`);
  } catch (error) {
    const { code, message } = asRepositoryError(error);
    const toDo =
      code === "not-authorised" ? `give the user the right to read ${plural} (QMC, Security rules)` : toDoFor(code);
    return bad(message, toDo);
  }
}

function toDoFor(code: RepositoryError["code"]): string {
  switch (code) {
    case "busy":
    case "timeout":
    case "suspended":
      return "see whether the Repository Service is starting or overloaded, and try again; QRS_TIMEOUT_SECONDS says how long it may take";
    case "unreachable":
      return "see whether the Repository Service is stopping or starting, and try again";
    default:
      return "set QRS_URL to the Repository Service (port 4242), not to the proxy (443)";
  }
}

function asRepositoryError(error: unknown): RepositoryError {
  if (error instanceof RepositoryError) return error;
  throw error;
}
