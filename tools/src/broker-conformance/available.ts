import { findProgram } from "@sense-alerts/test-kit";
import type { BrokerSource, MissingBroker } from "./broker-source.js";
import { dockerAnswers, dockerBroker } from "./docker.js";
import { brokerImages } from "./docker-images.js";
import { installedMosquitto } from "./installed-mosquitto.js";
import { launcherBrokers } from "./launcher.js";

export interface Available {
  readonly sources: readonly BrokerSource[];
  readonly missing: readonly MissingBroker[];
}

/**
 * The brokers that can be started here: those of the launcher that BROKER_LAUNCHER names, then public images where a
 * Docker engine answers, then Mosquitto as an installed program. `names` limits them.
 */
export async function availableBrokers(names: readonly string[], launcher: string | undefined): Promise<Available> {
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const sources = launcher === undefined ? [] : (await launcherBrokers(launcher)).filter(({ name }) => isWanted(name));
  const missing: MissingBroker[] = [];
  const isMissing = (name: string) => isWanted(name) && !sources.some((source) => source.name === name);

  const images = brokerImages.filter(({ name }) => isMissing(name));
  const hasDocker = images.length > 0 && (await dockerAnswers());
  for (const image of images) {
    const source = hasDocker ? await dockerBroker(image) : "no Docker engine answers";
    if (typeof source !== "string") sources.push(source);
    else missing.push({ name: image.name, howToGetIt: `${source}: docker pull ${image.image}` });
  }
  if (isMissing("mosquitto")) {
    if (isInstalled("mosquitto")) sources.unshift(installedMosquitto);
    else missing.push({ name: "mosquitto", howToGetIt: "node tools/prepare.mjs --servers" });
  }
  const known = [...sources, ...missing].map(({ name }) => name);
  for (const name of names.filter((name) => !known.includes(name))) {
    missing.push({ name, howToGetIt: "no launcher offers it: set BROKER_LAUNCHER (docs/brokers.md)" });
  }
  return { sources, missing };
}

function isInstalled(program: string): boolean {
  try {
    findProgram(program);
    return true;
  } catch {
    return false;
  }
}
