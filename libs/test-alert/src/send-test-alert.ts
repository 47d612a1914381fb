import { type Defaults, helpOf, type Request, readArguments, UsageError } from "./arguments.js";
import type { TestAlert } from "./test-alert.js";
import { type AlertWatch, walk } from "./walk.js";

export type Program = {
  /** How it was called, for the help. */
  readonly command: string;
  readonly defaults: Defaults;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Gives what waits at the broker that the arguments name; left out where there is no MQTT client. */
  readonly watchAt?: (broker: string, topic: string) => (alert: TestAlert) => Promise<AlertWatch>;
};

const noClient =
  "--broker goes with `npm run send-test-alert`, in a clone of the repository; here --alerter tells whether the broker has acknowledged the alert. Example: --alerter http://mqtt-alerter:8080";

/** Does what the arguments say; resolves to the exit code. Rejects with what `watchAt` throws, if anything. */
export async function sendTestAlert(args: readonly string[], program: Program): Promise<number> {
  try {
    const request: Request | undefined = readArguments(args, program.defaults);
    if (request === undefined) {
      program.print(helpOf(program.command, program.defaults, program.watchAt !== undefined));
      return 0;
    }
    const { broker, topic } = request;
    if (broker !== undefined && program.watchAt === undefined) throw new UsageError(noClient);
    const watch = broker === undefined ? undefined : program.watchAt?.(broker, topic);
    return (await walk(request, { print: program.print, watch })) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    program.printError(`send-test-alert: ${error.message}`);
    return 64;
  }
}
