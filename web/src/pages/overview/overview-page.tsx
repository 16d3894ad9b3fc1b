/** `/`: is the hive healthy, and what needs attention? */
import { useInstant, useManagedAlerts, useRange, useRules, useTargets } from "../../api/queries";
import { useTimeRange } from "../../app/time-range";
import { useTitle } from "../../app/title";
import { PromPanel } from "../../panels/prom-panel";
import { StatPanel } from "../../panels/stat-panel";
import { presentAlerts } from "../../lib/alerts";
import { attentionList } from "../../lib/attention";
import { isHive, servicesOf, shortJob } from "../../lib/services";
import { isLive } from "../../lib/time";
import { PartialNote } from "../../ui/error-note";
import { AgentsPanel } from "./agents-panel";
import { DiskPanel } from "./disk-panel";
import * as promql from "./expressions";
import { NeedsAttention } from "./needs-attention";
import { NoHive } from "./no-hive";
import { ServerPanel } from "./server-panel";
import { ServiceTiles } from "./service-tiles";
import { Verdict } from "./verdict";

export function OverviewPage() {
  useTitle("Overview");
  const range = useTimeRange();
  const targets = useTargets();
  const rules = useRules();
  const managed = useManagedAlerts();
  const up = useRange(promql.UP);
  const present = useInstant(promql.HIVE_PRESENT);

  const grid = up.data?.data;
  const services = targets.data ? servicesOf(targets.data, grid ?? null) : undefined;
  const alerts = rules.data ? presentAlerts({ groups: rules.data, managed: managed.data ?? [], notifications: [] }) : undefined;
  const allRules = rules.data?.flatMap((group) => group.rules) ?? [];
  const broken = allRules.filter((rule) => rule.health === "err").map((rule) => ({ name: rule.name, error: rule.lastError ?? "" }));
  const attention = services && alerts ? attentionList(alerts, services, broken) : undefined;
  const noHive = services !== undefined && present.data !== undefined && !services.some(isHive) && present.data.data.length === 0;

  return (
    <div className="page">
      <Verdict services={services} alerts={alerts} failed={targets.isError || rules.isError} />
      {!isLive(range) && <PartialNote>Charts and figures show the chosen time. Services and alerts are those of now.</PartialNote>}
      <div className="grid">
        <div className="span-7">
          <ServiceTiles services={services} times={grid?.times ?? []} step={up.data?.step ?? 1} query={targets} />
        </div>
        <div className="span-5">
          <NeedsAttention items={attention} rules={allRules.filter((rule) => rule.type === "alerting").length} query={rules.isError ? rules : targets} />
        </div>
      </div>
      {noHive ? <NoHive /> : <HiveSection />}
      <h2 className="section-title">This machine</h2>
      <div className="grid">
        <PromPanel className="span-5" title="CPU" note="share of all cores, by mode" expressions={promql.CPU} unit="percent" stacked most={1} height={150} empty={HOST_EMPTY} />
        <PromPanel className="span-4" title="Memory" expressions={promql.MEMORY} unit="bytes" height={150} empty={HOST_EMPTY} />
        <div className="span-3">
          <DiskPanel />
        </div>
      </div>
      <h2 className="section-title">Monitoring itself</h2>
      <div className="grid">
        <PromPanel className="span-5" title="Scrape duration" note="slowest target of each job" expressions={promql.SCRAPE_TIME} unit="seconds" height={130} rename={shortJob} empty={SCRAPE_EMPTY} />
        <PromPanel className="span-4" title="Samples per scrape" expressions={promql.SAMPLES} unit="count" stacked height={130} rename={shortJob} empty={SCRAPE_EMPTY} />
        <div className="span-3">
          <ServerPanel />
        </div>
      </div>
    </div>
  );
}

const HOST_EMPTY = (
  <>
    Hivesight watches its own host unless that is switched off; other hosts need a node_exporter in <code>scrape_configs</code>.
  </>
);

const SCRAPE_EMPTY = (
  <>
    Every job under <code>scrape_configs</code> reports these by itself.
  </>
);

function HiveSection() {
  return (
    <>
      <h2 className="section-title">The hive</h2>
      <div className="grid">
        <StatPanel title="Active agents" note="now" expr={promql.ACTIVE_AGENTS} unit="count" />
        <StatPanel title="Task rate" note="1 m" expr={promql.TASK_RATE} unit="per-second" />
        <StatPanel title="Success" note="of tasks, 5 m" expr={promql.SUCCESS_SHARE} unit="percent" judge={(share) => (share < 0.9 ? "bad" : share < 0.95 ? "caution" : "good")} />
        <StatPanel title="Coordination p95" note="2 m" expr={promql.LATENCY_P95} unit="seconds" judge={(seconds) => (seconds > 1 ? "bad" : seconds > 0.5 ? "caution" : "good")} />
        <div className="span-4">
          <AgentsPanel />
        </div>
        <PromPanel className="span-4" title="Tasks" note="per second, by status" expressions={promql.TASKS_BY_STATUS} unit="per-second" stacked empty={<>Agents count finished work in <code>agent_hive_tasks_completed_total</code>.</>} />
        <PromPanel className="span-4" title="Coordination latency" expressions={promql.COORDINATION} unit="seconds" empty={<>The orchestrator observes <code>agent_hive_coordination_latency_seconds</code>.</>} />
        <PromPanel className="span-4" title="External API calls" note="per second, and those that failed" expressions={promql.API_RATE} unit="per-second" empty={<>Calls are counted in <code>agent_hive_external_api_requests_total</code>.</>} />
        <PromPanel className="span-4" title="External API latency" expressions={promql.API_LATENCY} unit="seconds" empty={<>Calls are timed in <code>agent_hive_external_api_duration_seconds</code>.</>} />
        <PromPanel className="span-4" title="Decision confidence" note="0 to 1" expressions={promql.CONFIDENCE} unit="score" most={1} empty={<>Agents observe <code>agent_hive_decision_confidence_score</code> with each decision.</>} />
      </div>
    </>
  );
}
