import { useInstant } from "../../api/queries";
import { Meter } from "../../charts/meter";
import { formatBytes } from "../../lib/format";
import { labelsKey } from "../../lib/labels";
import { EmptyNote } from "../../ui/empty-note";
import { ErrorNote, PartialNote } from "../../ui/error-note";
import { Panel } from "../../ui/panel";
import { Skeleton } from "../../ui/skeleton";
import { DISK_FREE, DISK_SIZE } from "./expressions";

const MOST = 6;

/** File systems by how full they are. A device mounted more than once is shown once. */
export function DiskPanel() {
  const size = useInstant(DISK_SIZE);
  const free = useInstant(DISK_FREE);
  const query = size.isError ? size : free;
  const available = new Map((free.data?.data ?? []).map((sample) => [labelsKey(sample.metric), Number(sample.value?.[1])]));
  const disks = new Map<string, { name: string; used: number; total: number }>();
  for (const { metric, value } of size.data?.data ?? []) {
    const total = Number(value?.[1]);
    const left = available.get(labelsKey(metric));
    if (left === undefined || !(total > 0)) continue;
    const key = `${metric.instance} ${metric.device}`;
    const name = metric.mountpoint ?? "";
    const known = disks.get(key);
    if (!known || name.length < known.name.length) disks.set(key, { name, used: total - left, total });
  }
  const shown = [...disks].sort(([, a], [, b]) => b.used / b.total - a.used / a.total);
  return (
    <Panel title="Disk" note="used of size">
      {size.data && free.data ? (
        <>
          {shown.length === 0 && (
            <EmptyNote title="No file systems reported">
              Scrape the host, or a node_exporter, for <code>node_filesystem_size_bytes</code>.
            </EmptyNote>
          )}
          {shown.slice(0, MOST).map(([key, { name, used, total }]) => {
            const share = used / total;
            const level = share > 0.95 ? "bad" : share > 0.85 ? "warn" : "ok";
            return (
              <Meter
                key={key}
                name={name}
                share={share}
                detail={`${formatBytes(used)} of ${formatBytes(total)}`}
                level={level}
              />
            );
          })}
          {shown.length > MOST && <PartialNote>{`${shown.length - MOST} less full ones are not shown.`}</PartialNote>}
        </>
      ) : query.isError ? (
        <ErrorNote title="The query failed" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={30} lines={3} />
      )}
    </Panel>
  );
}
