/** The charts of the Overview: the hive, this machine, and the monitoring itself. */
import { PromPanel } from "../../panels/prom-panel";
import { StatPanel } from "../../panels/stat-panel";
import { shortJob } from "../../lib/services";
import { AgentsPanel } from "./agents-panel";
import { DiskPanel } from "./disk-panel";
import * as promql from "./expressions";
import { ServerPanel } from "./server-panel";

export function HiveSection() {
  return (
    <>
      <h2 className="section-title">The hive</h2>
      <div className="grid">
        <StatPanel title="Active agents" note="of all types" expr={promql.ACTIVE_AGENTS} unit="count" />
        <StatPanel title="Task rate" note="all agents, 1 m" expr={promql.TASK_RATE} unit="per-second" />
        <StatPanel
          title="Success"
          note="of tasks, 5 m"
          expr={promql.SUCCESS_SHARE}
          unit="percent"
          judge={(share) => (share < 0.9 ? "bad" : share < 0.95 ? "caution" : "good")}
        />
        <StatPanel
          title="Coordination p95"
          note="2 m"
          expr={promql.LATENCY_P95}
          unit="seconds"
          judge={(seconds) => (seconds > 1 ? "bad" : seconds > 0.5 ? "caution" : "good")}
        />
        <div className="span-4">
          <AgentsPanel />
        </div>
        <PromPanel
          className="span-4"
          title="Agent tasks"
          note="per second, by status"
          expressions={promql.TASKS_BY_STATUS}
          unit="per-second"
          stacked
          empty={
            <>
              Agents count finished work in <code>agent_hive_tasks_completed_total</code>.
            </>
          }
        />
        <PromPanel
          className="span-4"
          title="Coordination latency"
          expressions={promql.COORDINATION}
          unit="seconds"
          empty={
            <>
              The orchestrator observes <code>agent_hive_coordination_latency_seconds</code>.
            </>
          }
        />
        <PromPanel
          className="span-4"
          title="External API calls"
          note="per second, and those that failed"
          expressions={promql.API_RATE}
          unit="per-second"
          empty={
            <>
              Calls are counted in <code>agent_hive_external_api_requests_total</code>.
            </>
          }
        />
        <PromPanel
          className="span-4"
          title="External API latency"
          expressions={promql.API_LATENCY}
          unit="seconds"
          empty={
            <>
              Calls are timed in <code>agent_hive_external_api_duration_seconds</code>.
            </>
          }
        />
        <PromPanel
          className="span-4"
          title="Decision confidence"
          note="0 to 1"
          expressions={promql.CONFIDENCE}
          unit="score"
          most={1}
          empty={
            <>
              Agents observe <code>agent_hive_decision_confidence_score</code> with each decision.
            </>
          }
        />
      </div>
    </>
  );
}

const HOST_EMPTY = (
  <>
    Hivesight watches its own host unless that is switched off; other hosts need a node_exporter in{" "}
    <code>scrape_configs</code>.
  </>
);

export function MachineSection() {
  return (
    <>
      <h2 className="section-title">This machine</h2>
      <div className="grid">
        <PromPanel
          className="span-5"
          title="CPU"
          note="share of all cores, by mode"
          expressions={promql.CPU}
          unit="percent"
          stacked
          most={1}
          height={150}
          empty={HOST_EMPTY}
        />
        <PromPanel
          className="span-4"
          title="Memory"
          expressions={promql.MEMORY}
          unit="bytes"
          height={150}
          empty={HOST_EMPTY}
        />
        <div className="span-3">
          <DiskPanel />
        </div>
      </div>
    </>
  );
}

const SCRAPE_EMPTY = (
  <>
    Every job under <code>scrape_configs</code> reports these by itself.
  </>
);

export function SelfSection() {
  return (
    <>
      <h2 className="section-title">Monitoring itself</h2>
      <div className="grid">
        <PromPanel
          className="span-5"
          title="Scrape duration"
          note="slowest target of each job"
          expressions={promql.SCRAPE_TIME}
          unit="seconds"
          height={130}
          rename={shortJob}
          empty={SCRAPE_EMPTY}
        />
        <PromPanel
          className="span-4"
          title="Samples per scrape"
          expressions={promql.SAMPLES}
          unit="count"
          stacked
          height={130}
          rename={shortJob}
          empty={SCRAPE_EMPTY}
        />
        <div className="span-3">
          <ServerPanel />
        </div>
      </div>
    </>
  );
}
