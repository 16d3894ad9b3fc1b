/** Who was told of an alert, from the log of notifications (newest first). */
import type { Notification } from "../api/hive";
import { includesLabels, type Labels } from "./labels";
import { parseRfc3339 } from "./time";

export interface Delivery {
  receiver: string;
  integration: string;
  index: number;
  status: "firing" | "resolved";
  atMs: number | null;
  ok: boolean;
  reason: string;
  attempts: number;
}

/** The newest notification of every receiver's integration about these labels. */
export function deliveriesOf(labels: Labels, notifications: readonly Notification[]): Delivery[] {
  const newest = new Map<string, Delivery>();
  for (const sent of notifications) {
    const about = sent.alerts.find((alert) => includesLabels(alert.labels, labels));
    if (about && !newest.has(channelOf(sent))) newest.set(channelOf(sent), deliveryOf(sent, about.status));
  }
  return [...newest.values()];
}

/** The same by fingerprint, for every alert at once. */
export function deliveriesByFingerprint(notifications: readonly Notification[]): Map<string, Delivery[]> {
  const seen = new Set<string>();
  const found = new Map<string, Delivery[]>();
  for (const sent of notifications) {
    for (const { fingerprint, status } of sent.alerts) {
      const key = `${fingerprint}\u0000${channelOf(sent)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      found.set(fingerprint, [...(found.get(fingerprint) ?? []), deliveryOf(sent, status)]);
    }
  }
  return found;
}

function channelOf(sent: Notification): string {
  return `${sent.receiver}\u0000${sent.integration}\u0000${sent.index}`;
}

function deliveryOf(sent: Notification, status: Delivery["status"]): Delivery {
  const { receiver, integration, index, reason, attempts } = sent;
  return {
    receiver,
    integration,
    index,
    status,
    atMs: parseRfc3339(sent.at),
    ok: sent.outcome === "sent",
    reason,
    attempts,
  };
}
