/** Hivesight's own API, under /hive/api/v1. */
import type { Labels } from "../lib/labels";
import { getJson } from "./client";

export interface ServerStatus {
  version: string;
  started_at: string;
  now_ms: number;
  storage: { series: number; samples_appended_total: number };
  demo: { inbox_url: string; command: string } | null;
}

export interface Notification {
  at: string;
  receiver: string;
  integration: string;
  index: number;
  group_key: string;
  group_labels: Labels;
  status: "firing" | "resolved";
  alerts: { fingerprint: string; status: "firing" | "resolved"; labels: Labels }[];
  outcome: "sent" | "failed";
  reason: string;
  attempts: number;
}

export async function fetchStatus(signal?: AbortSignal): Promise<ServerStatus> {
  return (await getJson("/hive/api/v1/status", {}, signal)) as ServerStatus;
}

/** Newest first. */
export async function fetchNotifications(signal?: AbortSignal): Promise<Notification[]> {
  const body = (await getJson("/hive/api/v1/notifications", { limit: "200" }, signal)) as { notifications?: Notification[] };
  return body.notifications ?? [];
}
