import { Panel } from "../../ui/panel";

const SCRAPE = `scrape_configs:
  - job_name: agent-hive-orchestrator
    static_configs:
      - targets: ["127.0.0.1:8081"]`;

/** Nobody reports as a hive: says how one comes here. */
export function NoHive() {
  return (
    <Panel title="No hive reports here yet" className="no-hive">
      <div className="no-hive-ways">
        <div>
          <h3>See one at work</h3>
          <p>Start the server with the reference hive: four services whose agents review real code.</p>
          <pre>hivesight up --demo</pre>
        </div>
        <div>
          <h3>Or bring your own</h3>
          <p>
            Count with <code>hivesight_sdk</code>, serve <code>/metrics</code>, and name the service in the Prometheus
            configuration file. Jobs that begin with <code>agent-hive-</code> are shown as services.
          </p>
          <pre>{SCRAPE}</pre>
        </div>
      </div>
    </Panel>
  );
}
