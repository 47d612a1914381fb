import { BusError, busOptionsOf, openParkedStreams } from "@sense-alerts/bus";
import {
  checkNatsSettings,
  type Environment,
  loadSettings,
  natsSettings,
  SettingsError,
} from "@sense-alerts/service-kit";
import { createRereader } from "@sense-alerts/udp-ingest/reread";
import { udpIngestSettings } from "@sense-alerts/udp-ingest/settings";
import { type Command, help, readArguments } from "./dead-letters/arguments.js";
import { drop } from "./dead-letters/drop.js";
import { list } from "./dead-letters/list.js";
import { replay } from "./dead-letters/replay.js";
import { report } from "./dead-letters/report.js";
import { show } from "./dead-letters/show.js";
import { UsageError } from "./usage.js";

const { UDP_MAX_DATAGRAM_BYTES, UDP_FALLBACK_ENCODING, SENSE_TIMEZONE } = udpIngestSettings;
const spec = { ...natsSettings, UDP_MAX_DATAGRAM_BYTES, UDP_FALLBACK_ENCODING, SENSE_TIMEZONE };

/** Does what the arguments say; resolves to the exit code. */
async function run(command: Exclude<Command, { name: "help" }>, env: Environment): Promise<number> {
  const settings = loadSettings(spec, env, checkNatsSettings);
  const prefix = settings.NATS_SUBJECT_PREFIX;
  const reread = createRereader({
    subjectPrefix: prefix,
    maxDatagramBytes: settings.UDP_MAX_DATAGRAM_BYTES,
    fallbackEncoding: settings.UDP_FALLBACK_ENCODING,
    senseTimezone: settings.SENSE_TIMEZONE,
  });
  const streams = await openParkedStreams(busOptionsOf(settings, "dead-letters"));
  try {
    switch (command.name) {
      case "list":
        return await list(streams, prefix, command);
      case "show":
        return await show(streams, command.addresses, { prefix, reread });
      case "replay":
        return await replay(streams, command.selection, { prefix, reread });
      case "drop":
        return await drop(streams, { prefix, ...command });
    }
  } finally {
    await streams.close();
  }
}

/** The exit code for what went wrong, after saying it; anything that is not foreseen is thrown on. */
function explained(error: unknown): number {
  if (error instanceof UsageError) {
    report.problem(`dead-letters: ${error.message}`);
    console.error(`\n${help}`);
    return 64;
  }
  if (error instanceof SettingsError) {
    for (const line of error.message.split("\n")) report.problem(line);
    return 78;
  }
  if (!(error instanceof BusError)) throw error;
  report.problem(`dead-letters: ${error.message}`);
  return 1;
}

async function main(args: readonly string[], env: Environment): Promise<number> {
  try {
    const command = readArguments(args);
    if (command.name !== "help") return await run(command, env);
    console.log(help);
    return 0;
  } catch (error) {
    return explained(error);
  }
}

// Whoever reads the output may have had enough, as `head` has.
process.stdout.on("error", () => process.exit(0));
const code = await main(process.argv.slice(2), process.env);
// The socket of a dial that NATS never answered would keep the process for ever.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
