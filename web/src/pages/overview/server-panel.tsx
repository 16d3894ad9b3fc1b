import { useStatus } from "../../api/queries";
import { formatNumber } from "../../lib/format";
import { safeLink } from "../../lib/labels";
import { humanDuration, parseRfc3339 } from "../../lib/time";
import { ErrorNote } from "../../ui/error-note";
import { useNow } from "../../ui/now";
import { Panel } from "../../ui/panel";
import { Skeleton } from "../../ui/skeleton";

/** This server about itself. */
export function ServerPanel() {
  const query = useStatus();
  const now = useNow();
  const status = query.data;
  const started = parseRfc3339(status?.started_at);
  const inbox = safeLink(status?.demo?.inbox_url);
  return (
    <Panel title="Hivesight itself">
      {status ? (
        <dl className="facts">
          <div>
            <dt>Series in the head</dt>
            <dd>{formatNumber(status.storage.series)}</dd>
          </div>
          <div>
            <dt>Samples taken in since start</dt>
            <dd>{formatNumber(status.storage.samples_appended_total)}</dd>
          </div>
          <div>
            <dt>Running for</dt>
            <dd>{started === null ? "–" : humanDuration(now - started)}</dd>
          </div>
          <div>
            <dt>Version</dt>
            <dd>{status.version}</dd>
          </div>
          {inbox && (
            <div>
              <dt>Notifications arrive in</dt>
              <dd>
                <a href={inbox} target="_blank" rel="noreferrer">
                  the demo inbox
                </a>
              </dd>
            </div>
          )}
        </dl>
      ) : query.isError ? (
        <ErrorNote title="The server's state is not available" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={22} lines={4} />
      )}
    </Panel>
  );
}
