import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { cleanUpAfter, type Scope } from "@sense-alerts/test-kit";

/** A network namespace beside this one, as a pod has on its node. */
interface Pod {
  readonly namespace: string;
  readonly address: string;
  /** The node's address, as the pod sees it. */
  readonly nodeAddress: string;
  remove(): void;
}

export interface Pods {
  /** An address that every pod has and that the node routes to one of them: a Service without address translation. */
  readonly serviceAddress: string;
  add(): Pod;
  /** From here on the node sends to this pod. */
  routeTo(pod: Pod): void;
}

/** Why there can be none here, or false: it takes root and iproute2. */
export const noNamespaces: string | false = reasonAgainst();

/** Pods on this machine, removed when the scope ends. */
export function createPods(t: Scope): Pods {
  const network = `10.${randomInt(200, 250)}.${randomInt(1, 250)}`;
  const serviceAddress = `${network}.254`;
  let pods = 0;
  return {
    serviceAddress,
    add: () => {
      const n = pods++;
      const id = `sa${process.pid}x${n}`;
      const [nodeAddress, address] = [`${network}.${n * 4 + 1}`, `${network}.${n * 4 + 2}`];
      ip("netns", "add", id);
      ip("link", "add", id, "type", "veth", "peer", "name", "eth0", "netns", id);
      ip("address", "add", `${nodeAddress}/30`, "dev", id);
      ip("link", "set", id, "up");
      for (const [at, device] of [
        [`${address}/30`, "eth0"],
        [`${serviceAddress}/32`, "lo"],
      ] as const) {
        ip("-n", id, "address", "add", at, "dev", device);
        ip("-n", id, "link", "set", device, "up");
      }
      ip("-n", id, "route", "add", "default", "via", nodeAddress);
      let removed = false;
      const remove = () => {
        if (!removed) ip("netns", "del", id);
        removed = true;
      };
      cleanUpAfter(t, remove);
      return { namespace: id, address, nodeAddress, remove };
    },
    routeTo: ({ address }) => ip("route", "replace", serviceAddress, "via", address),
  };
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

function reasonAgainst(): string | false {
  const name = `sa${process.pid}`;
  try {
    ip("netns", "add", name);
    ip("netns", "del", name);
    return false;
  } catch (error) {
    return `needs network namespaces: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
  }
}
