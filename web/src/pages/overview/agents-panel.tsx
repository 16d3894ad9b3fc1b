import { useInstant } from "../../api/queries";
import { useScheme } from "../../app/theme";
import { SegmentBars, type SegmentRow } from "../../charts/segments";
import { seriesColors } from "../../lib/color";
import { formatNumber } from "../../lib/format";
import { EmptyNote } from "../../ui/empty-note";
import { ErrorNote, StaleNote } from "../../ui/error-note";
import { Panel } from "../../ui/panel";
import { Skeleton } from "../../ui/skeleton";
import { AGENTS } from "./expressions";

/** Agents by type, each bar divided by status. */
export function AgentsPanel() {
  const query = useInstant(AGENTS);
  const scheme = useScheme();
  const samples = query.data?.data ?? [];
  const statuses = [...new Set(samples.map((sample) => sample.metric.status ?? ""))].sort();
  const types = [...new Set(samples.map((sample) => sample.metric.agent_type ?? ""))].sort();
  const colors = seriesColors(statuses, scheme);
  const count = (type: string | null, status: string): number =>
    samples
      .filter(({ metric }) => (type === null || (metric.agent_type ?? "") === type) && (metric.status ?? "") === status)
      .reduce((sum, sample) => sum + (Number(sample.value?.[1]) || 0), 0);
  const rows: SegmentRow[] = types.map((type) => ({
    name: type || "(no type)",
    parts: statuses.map((status, at) => ({
      name: status || "(no status)",
      value: count(type, status),
      color: colors[at] ?? "#888888",
    })),
  }));
  return (
    <Panel title="Agents" note="by type and status">
      {query.data ? (
        rows.length === 0 ? (
          <EmptyNote title="No agents reported">
            The gauge <code>agent_hive_active_agents_total</code> has no samples. The orchestrator sets it for every agent
            type and status.
          </EmptyNote>
        ) : (
          <>
            <SegmentBars rows={rows} unit="" />
            <ul className="segments-legend">
              {statuses.map((status, at) => (
                <li key={status}>
                  <span className="chart-swatch" style={{ background: colors[at] }} /> {status || "(no status)"}
                  <strong>{formatNumber(count(null, status))}</strong>
                </li>
              ))}
            </ul>
            <StaleNote error={query.error} />
          </>
        )
      ) : query.isError ? (
        <ErrorNote title="The query failed" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={20} lines={6} />
      )}
    </Panel>
  );
}
