import type { ServiceContext } from "@sense-alerts/service-kit";
import type { AlertTopics } from "../alerts/alert-messages.js";
import type { MqttAlerterSettings } from "../settings.js";
import { type AlertJournal, createAlertJournal } from "./alert-journal.js";
import { createAlerterStatus, type StatusLinks } from "./alerter-status.js";

export type AlerterStatus = Pick<AlertJournal, "published" | "deadLetter"> & {
  /** From here on the page shows the lanes and the broker. */
  show(links: StatusLinks): void;
};

const nothing: AlerterStatus = { published: () => {}, deadLetter: () => {}, show: () => {} };

/** Notes what the status page shows; nothing where there is none. */
export function startStatus(
  { statusPage: page, settings }: Pick<ServiceContext<MqttAlerterSettings>, "statusPage" | "settings">,
  topics: AlertTopics,
): AlerterStatus {
  if (page === undefined) return nothing;
  const journal = createAlertJournal();
  return {
    published: journal.published,
    deadLetter: journal.deadLetter,
    show: (links) =>
      page.show(
        createAlerterStatus({
          detail: page.detail,
          qos: settings.MQTT_QOS,
          topics,
          journal,
          links,
        }),
      ),
  };
}
