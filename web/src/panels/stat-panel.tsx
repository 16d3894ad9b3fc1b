/** One number with the shape of its last minutes. */
import { useRange } from "../api/queries";
import { useScheme } from "../app/theme";
import { Sparkline } from "../charts/sparkline";
import { lastValue } from "../lib/aligned-data";
import { meaningColor, seriesColors } from "../lib/color";
import { formatValue, type Unit } from "../lib/format";
import { Skeleton } from "../ui/skeleton";
import { MetricsLink } from "./metrics-link";

interface Props {
  title: string;
  note: string;
  expr: string;
  unit: Unit;
  /** Judges the number; without it, it is only a number. */
  judge?: (value: number) => "good" | "caution" | "bad";
}

const MAX_POINTS = 90;

export function StatPanel({ title, note, expr, unit, judge }: Props) {
  const query = useRange([{ expr }], MAX_POINTS);
  const scheme = useScheme();
  const column = query.data?.data.columns[0] ?? [];
  const value = lastValue(column);
  const verdict = judge && value !== null ? judge(value) : null;
  const color =
    verdict && verdict !== "good" ? meaningColor(verdict, scheme) : (seriesColors([title], scheme)[0] ?? "#888888");
  const [figure, ...unitText] = formatValue(value, unit).split(" ");
  return (
    <section className="panel stat" aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        <span className="panel-note">{note}</span>
        <div className="panel-aside">
          <MetricsLink title={title} expr={expr} />
        </div>
      </header>
      {query.isPending && !query.data ? (
        <Skeleton height={54} />
      ) : (
        <>
          <p className="stat-value" data-verdict={verdict ?? "none"}>
            {figure}
            {unitText.length > 0 && <small> {unitText.join(" ")}</small>}
          </p>
          {query.isError && !query.data ? (
            <p className="stat-error" role="alert">
              {query.error.message}{" "}
              <button type="button" className="text-button" onClick={() => void query.refetch()}>
                Retry
              </button>
            </p>
          ) : (
            <Sparkline column={column} color={color} label={`${title} over the time range`} />
          )}
        </>
      )}
    </section>
  );
}
