/** Every PromQL expression of the Overview, in one place. */
import type { Expression } from "../../api/queries";

const tasks = "agent_hive_tasks_completed_total";
const latency = "agent_hive_coordination_latency_seconds_bucket";
const confidence = "agent_hive_decision_confidence_score";
const requests = "agent_hive_external_api_requests_total";
const durations = "agent_hive_external_api_duration_seconds_bucket";

const quantile = (q: number, bucket: string, window: string, by = "le"): string =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${bucket}[${window}])))`;

/** Has a sample when any hive reports here. */
export const HIVE_PRESENT = `count(${tasks}) or count(agent_hive_active_agents_total)`;

export const ACTIVE_AGENTS = 'sum(agent_hive_active_agents_total{status="active"})';
export const TASK_RATE = `sum(rate(${tasks}[1m]))`;
export const SUCCESS_SHARE = `sum(rate(${tasks}{status=~"completed|success"}[5m])) / sum(rate(${tasks}[5m]))`;
export const LATENCY_P95 = quantile(0.95, latency, "2m");

export const AGENTS = "sum by (agent_type, status) (agent_hive_active_agents_total)";

export const TASKS_BY_STATUS: Expression[] = [{ expr: `sum by (status) (rate(${tasks}[1m]))`, legend: "{{status}}" }];

export const COORDINATION: Expression[] = [
  { expr: quantile(0.5, latency, "2m"), legend: "p50" },
  { expr: quantile(0.95, latency, "2m"), legend: "p95" },
];

export const CONFIDENCE: Expression[] = [
  { expr: `sum(rate(${confidence}_sum[2m])) / sum(rate(${confidence}_count[2m]))`, legend: "mean" },
  { expr: quantile(0.1, `${confidence}_bucket`, "2m"), legend: "lowest tenth" },
];

export const API_RATE: Expression[] = [
  { expr: `sum by (service) (rate(${requests}[2m]))`, legend: "{{service}}" },
  { expr: `sum(rate(${requests}{status_code!~"[123].."}[2m]))`, legend: "failed" },
];

export const API_LATENCY: Expression[] = [
  { expr: quantile(0.95, durations, "2m", "le, service"), legend: "{{service}} p95" },
];

export const CPU: Expression[] = [
  { expr: 'avg by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))', legend: "{{mode}}" },
];

export const MEMORY: Expression[] = [
  { expr: "sum(node_memory_MemTotal_bytes) - sum(node_memory_MemAvailable_bytes)", legend: "used" },
  { expr: "sum(node_memory_MemTotal_bytes)", legend: "total" },
];

export const DISK_SIZE =
  'max by (instance, device, mountpoint) (node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"})';
export const DISK_FREE =
  'max by (instance, device, mountpoint) (node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"})';

export const UP: Expression[] = [{ expr: "up" }];

export const SCRAPE_TIME: Expression[] = [{ expr: "max by (job) (scrape_duration_seconds)", legend: "{{job}}" }];
export const SAMPLES: Expression[] = [{ expr: "sum by (job) (scrape_samples_scraped)", legend: "{{job}}" }];
