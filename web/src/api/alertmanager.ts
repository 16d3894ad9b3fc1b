/** Alertmanager API v2: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml */
import type { Labels } from "../lib/labels";
import { getJson } from "./client";

export interface ManagedAlert {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  generatorURL?: string;
  receivers: { name: string }[];
  status: {
    state: "active" | "suppressed" | "unprocessed";
    silencedBy: string[];
    inhibitedBy: string[];
    mutedBy?: string[];
  };
}

export async function fetchManagedAlerts(signal?: AbortSignal): Promise<ManagedAlert[]> {
  return (await getJson("/api/v2/alerts", {}, signal)) as ManagedAlert[];
}
