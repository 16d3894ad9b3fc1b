/** A chart of PromQL expressions over the page's time range, in its four states. */
import type { ReactNode } from "react";
import { type Expression, useRange } from "../api/queries";
import { useScheme } from "../app/theme";
import { useZoom } from "../app/time-range";
import { TimeSeries } from "../charts/time-series";
import type { Unit } from "../lib/format";
import { EmptyNote } from "../ui/empty-note";
import { ErrorNote, PartialNote, StaleNote } from "../ui/error-note";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { MetricsLink } from "./metrics-link";

interface Props {
  title: string;
  note?: string;
  expressions: readonly Expression[];
  unit: Unit;
  /** Says which configuration produces these series. */
  empty: ReactNode;
  stacked?: boolean;
  most?: number;
  height?: number;
  /** Shortens the names of series. */
  rename?: (name: string) => string;
  className?: string;
}

export function PromPanel({ title, note, className, ...chart }: Props) {
  // Of several expressions the last one: of quantiles it is the highest.
  const expr = chart.expressions.at(-1)?.expr ?? "";
  return (
    <Panel
      title={title}
      aside={<MetricsLink title={title} expr={expr} />}
      {...(note ? { note } : {})}
      {...(className ? { className } : {})}
    >
      <PromChart title={title} {...chart} />
    </Panel>
  );
}

export function PromChart({
  title,
  expressions,
  unit,
  empty,
  stacked,
  most,
  height = 170,
  rename,
}: Omit<Props, "note" | "className">) {
  const query = useRange(expressions);
  const scheme = useScheme();
  const zoom = useZoom();
  if (query.data) {
    const { data, warnings } = query.data;
    const names = rename ? query.data.names.map(rename) : query.data.names;
    if (names.length === 0) return <EmptyNote title="No samples in this time range">{empty}</EmptyNote>;
    return (
      <>
        <TimeSeries
          data={data}
          names={names}
          unit={unit}
          scheme={scheme}
          label={`${title}: ${names.join(", ")}`}
          height={height}
          stacked={stacked ?? false}
          onZoom={zoom}
          {...(most === undefined ? {} : { most })}
        />
        {data.cut > 0 && <PartialNote>{`${data.cut} more series are not drawn. Aggregate, or select fewer.`}</PartialNote>}
        {warnings.map((warning) => (
          <PartialNote key={warning}>{warning}</PartialNote>
        ))}
        <StaleNote error={query.error} />
      </>
    );
  }
  if (query.isError) return <ErrorNote title="The query failed" error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton height={height + 24} />;
}
