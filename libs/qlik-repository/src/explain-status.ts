import { RepositoryError } from "./repository-error.js";

/** An answer that is no success, in words that say what to do. What QRS writes in it is not repeated. */
export function explainStatus(status: number, host: string): RepositoryError {
  const facts = { status };
  if (status === 401 || status === 403) {
    return new RepositoryError(
      "not-authorised",
      `${host} does not authorise the question (${status}): check QRS_USER, its rights, and that QRS_CERT_FILE was exported from this site`,
      facts,
    );
  }
  if (status === 404) return new RepositoryError("not-found", `${host} has no such entity (404)`, facts);
  if (status === 408) return new RepositoryError("timeout", `${host} gave up the question (408)`, facts);
  if (status === 429 || status >= 500) {
    return new RepositoryError("busy", `${host} cannot answer now (${status}): is it starting, or overloaded?`, facts);
  }
  if (status >= 400) return new RepositoryError("refused", `${host} refuses the question (${status})`, facts);
  return new RepositoryError(
    "invalid-answer",
    `${host} does not answer as QRS does (${status}): does QRS_URL lead to the proxy (443) rather than to the Repository Service (4242)?`,
    facts,
  );
}
