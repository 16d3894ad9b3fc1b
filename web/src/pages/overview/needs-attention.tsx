import { IconCircleCheck } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useStatus } from "../../api/queries";
import { timeOf } from "../../app/time-range";
import type { Attention } from "../../lib/attention";
import { humanDuration } from "../../lib/time";
import { EmptyNote } from "../../ui/empty-note";
import { ErrorNote, StaleNote } from "../../ui/error-note";
import { useNow } from "../../ui/now";
import { Panel } from "../../ui/panel";
import { Severity } from "../../ui/severity";
import { Skeleton } from "../../ui/skeleton";

interface Props {
  items: readonly Attention[] | undefined;
  rules: number;
  query: UseQueryResult<unknown>;
}

const MOST = 8;

export function NeedsAttention({ items, rules, query }: Props) {
  const demo = useStatus().data?.demo;
  return (
    <Panel title="Needs attention" note={items && items.length > 0 ? `${items.length}, worst first` : ""}>
      {items ? (
        <>
          {items.length === 0 && (
            <EmptyNote
              icon={<IconCircleCheck size={26} stroke={1.6} />}
              title={rules > 0 ? "Nothing needs you" : "No alerting rules are loaded"}
            >
              {rules > 0 ? (
                <>
                  <p>All targets answer, and none of {rules} alerting rules is pending or firing.</p>
                  {demo && (
                    <p className="try">
                      Break something to see it here: <code>{demo.command} kill event-streaming</code>
                    </p>
                  )}
                </>
              ) : (
                <>
                  Name rule files under <code>rule_files</code> of the Prometheus configuration file.
                </>
              )}
            </EmptyNote>
          )}
          <ol className="attention">
            {items.slice(0, MOST).map((item) => (
              <AttentionRow key={item.key} item={item} />
            ))}
          </ol>
          {items.length > MOST && (
            <Link to="/alerts" className="more-link">
              and {items.length - MOST} more
            </Link>
          )}
          <StaleNote error={query.error} />
        </>
      ) : query.isError ? (
        <ErrorNote title="Alerts are not available" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={36} lines={4} />
      )}
    </Panel>
  );
}

function AttentionRow({ item }: { item: Attention }) {
  const now = useNow();
  const { kind, severity, title, detail, sinceMs, count, next } = item;
  const level = kind === "pending" ? "pending" : kind === "down" || kind === "rule" ? kind : "firing";
  const words = { firing: "", pending: "pending", down: "down", rule: "rule" }[kind];
  const content = (
    <>
      {kind === "firing" ? (
        <Severity severity={severity} />
      ) : (
        <span className="severity" data-level={level}>
          {words}
        </span>
      )}
      <span className="attention-text">
        <span className="attention-title">{title}</span>
        {count > 1 && <span className="attention-count">×{count}</span>}
        <span className="attention-detail" title={detail}>
          {detail}
        </span>
      </span>
      <span className="attention-age">{sinceMs === null ? "" : humanDuration(now - sinceMs)}</span>
    </>
  );
  return (
    <li>
      {next.page === "metrics" ? (
        <Link to="/explore" search={(before) => ({ ...timeOf(before), expr: next.expr })} className="attention-row">
          {content}
        </Link>
      ) : (
        <Link
          to="/alerts"
          search={(before) => ({ ...timeOf(before), q: next.q, ...(next.page === "rules" ? { view: "rules" } : {}) })}
          className="attention-row"
        >
          {content}
        </Link>
      )}
    </li>
  );
}
