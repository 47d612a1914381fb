import { randomInt } from "node:crypto";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** 16 letters and digits, which QRS wants to see in the query and in a header of every request. */
export function newXrfkey(): string {
  return Array.from({ length: 16 }, () => letters[randomInt(letters.length)]).join("");
}
