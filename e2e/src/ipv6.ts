import { networkInterfaces } from "node:os";

const addresses = Object.values(networkInterfaces()).flatMap((ofOne) => ofOne ?? []);

/** Why a test that sends to ::1 is to be skipped, as node:test wants it: many containers have no IPv6. */
export const noIpv6 = addresses.some(({ family }) => family === "IPv6") ? false : "this machine has no IPv6";
