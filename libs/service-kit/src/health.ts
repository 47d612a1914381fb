/** How a link fares at this moment. Further facts are shown as they are, to anyone: nothing secret among them. */
export interface LinkState {
  readonly up: boolean;
  /** One line for a person: what it is waiting for, why it is down. */
  readonly detail?: string | undefined;
  readonly [fact: string]: string | number | boolean | null | undefined;
}

export interface LinkOptions {
  /** The service is not ready while a required link is down. */
  readonly required: boolean;
  /** Asked at each report; quick, and without a wait. */
  readonly state: () => LinkState;
}

export interface LinkReport extends LinkState {
  readonly required: boolean;
}

export interface HealthReport {
  /** Started, not stopping, and every required link is up. */
  readonly ready: boolean;
  readonly starting: boolean;
  readonly stopping: boolean;
  readonly links: Readonly<Record<string, LinkReport>>;
}

/** Where the parts of a service tell how they fare. */
export interface Health {
  /** Registers a link (`nats`, `broker`, `socket`). A name that is taken throws. */
  link(name: string, options: LinkOptions): void;
  /** Until this is called the service is starting, and not ready. */
  markStarted(): void;
  /** From here on the service is stopping, and not ready any more. */
  markStopping(): void;
  /** Never throws: a link whose state does is down. */
  report(): HealthReport;
}

export function createHealth(): Health {
  const links = new Map<string, LinkOptions>();
  let phase: "starting" | "running" | "stopping" = "starting";
  return {
    link(name, options) {
      if (links.has(name)) throw new TypeError(`there is a link named ${name} already`);
      links.set(name, options);
    },
    markStarted() {
      if (phase === "starting") phase = "running";
    },
    markStopping() {
      phase = "stopping";
    },
    report() {
      const reports = [...links].map(([name, link]) => [name, reportOf(link)] as const);
      const linksUp = reports.every(([, { required, up }]) => up || !required);
      return {
        ready: phase === "running" && linksUp,
        starting: phase === "starting",
        stopping: phase === "stopping",
        links: Object.fromEntries(reports),
      };
    },
  };
}

function reportOf({ required, state }: LinkOptions): LinkReport {
  try {
    return { required, ...state() };
  } catch (error) {
    return { required, up: false, detail: `its state cannot be read: ${String(error)}` };
  }
}
