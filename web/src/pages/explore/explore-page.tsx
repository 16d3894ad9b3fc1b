/** `/explore?expr=`: one PromQL expression, as a graph over the time range and as a table of its present values. */
import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { useInstant, useMetricNames } from "../../api/queries";
import { useTitle } from "../../app/title";
import { PromChart } from "../../panels/prom-panel";
import { formatNumber, plural } from "../../lib/format";
import { seriesName } from "../../lib/labels";
import { EmptyNote } from "../../ui/empty-note";
import { ErrorNote, PartialNote } from "../../ui/error-note";
import { Panel } from "../../ui/panel";
import { Skeleton } from "../../ui/skeleton";

export function ExplorePage() {
  useTitle("Metrics");
  const { expr = "" } = useSearch({ from: "/explore" });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Metrics</h1>
      </div>
      <ExpressionForm key={expr} expr={expr} />
      {expr ? (
        <>
          <Panel title="Graph">
            <PromChart
              title="Graph"
              expressions={[{ expr }]}
              unit="count"
              height={320}
              empty="The expression is right, and no series answers it here. Look at a longer time range, or at the label values."
            />
          </Panel>
          <PresentValues expr={expr} />
        </>
      ) : (
        <Examples />
      )}
    </div>
  );
}

function ExpressionForm({ expr }: { expr: string }) {
  const navigate = useNavigate({ from: "/explore" });
  const [text, setText] = useState(expr);
  const input = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const names = useMetricNames(true).data ?? [];
  const word = /[a-zA-Z_:][\w:]*$/.exec(text)?.[0] ?? "";
  const found = word.length > 1 && !names.includes(word) ? names.filter((name) => name.includes(word)).slice(0, 8) : [];

  useEffect(() => {
    if (!expr) input.current?.focus();
  }, [expr]);

  const run = (event?: FormEvent): void => {
    event?.preventDefault();
    void navigate({ search: (before) => ({ ...before, expr: text.trim() || undefined }) });
  };
  const onKey = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key === "Enter" && !event.shiftKey) run(event);
    if (event.key === "Escape") event.currentTarget.blur();
  };
  return (
    <form className="expression" onSubmit={run}>
      <textarea
        ref={input}
        data-page-search
        aria-label="PromQL expression"
        aria-describedby={list}
        placeholder="rate(agent_hive_tasks_completed_total[5m])"
        value={text}
        rows={Math.min(8, Math.max(1, text.split("\n").length, Math.ceil(text.length / 130)))}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKey}
      />
      <Button type="submit" size="sm">
        Run
      </Button>
      <div className="expression-names" id={list}>
        {found.map((name) => (
          <button
            type="button"
            key={name}
            onClick={() => {
              setText(text.slice(0, text.length - word.length) + name);
              input.current?.focus();
            }}
          >
            {name}
          </button>
        ))}
        {found.length === 0 && <span>Enter runs, Shift Enter breaks the line.</span>}
      </div>
    </form>
  );
}

const MOST_ROWS = 200;

function PresentValues({ expr }: { expr: string }) {
  const query = useInstant(expr);
  const samples = query.data?.data ?? [];
  // The graph above has said already what is wrong with the expression.
  if (query.error instanceof ApiError && query.error.status === 400) return null;
  return (
    <Panel title="Values" note={query.data ? `${plural(samples.length, "series", "series")} at the end of the range` : ""}>
      {query.data ? (
        <>
          {samples.length === 0 && <EmptyNote title="No series" />}
          <div className="table-scroll">
            <table className="table">
              <tbody>
                {samples.slice(0, MOST_ROWS).map((sample) => {
                  const name = seriesName(sample.metric);
                  const value = Number(sample.value?.[1]);
                  return (
                    <tr key={name}>
                      <td>
                        <code>{name}</code>
                      </td>
                      <td className="number" title={sample.value?.[1]}>
                        {Number.isFinite(value) ? formatNumber(value) : (sample.value?.[1] ?? "histogram")}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
          {samples.length > MOST_ROWS && (
            <PartialNote>{`${samples.length - MOST_ROWS} more series are not listed.`}</PartialNote>
          )}
        </>
      ) : query.isError ? (
        <ErrorNote title="The query failed" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={26} lines={3} />
      )}
    </Panel>
  );
}

const EXAMPLES: readonly [string, string][] = [
  ["Which targets answer", "up"],
  ["Tasks per second by status", "sum by (status) (rate(agent_hive_tasks_completed_total[1m]))"],
  ["Coordination p95", "histogram_quantile(0.95, sum by (le) (rate(agent_hive_coordination_latency_seconds_bucket[5m])))"],
  ["CPU by mode", 'avg by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))'],
];

function Examples() {
  const navigate = useNavigate({ from: "/explore" });
  return (
    <Panel title="Start from one of these">
      <ul className="examples">
        {EXAMPLES.map(([name, expr]) => (
          <li key={expr}>
            <button type="button" onClick={() => void navigate({ search: (before) => ({ ...before, expr }) })}>
              <span>{name}</span>
              <code>{expr}</code>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
