/** A thin bar of states over time: up and down, firing and not. */
import type { Span } from "../lib/aligned-data";
import { clock } from "../lib/time";

export type StripState = "ok" | "bad" | "warn" | "info" | "idle" | "none";

interface Props {
  spans: readonly Span[];
  stateOf: (value: number | null) => StripState;
  label: string;
}

export function StateStrip({ spans, stateOf, label }: Props) {
  const from = spans[0]?.fromSeconds ?? 0;
  const length = (spans.at(-1)?.toSeconds ?? 1) - from;
  return (
    <div className="strip" role="img" aria-label={label}>
      {spans.map((span) => (
        <span
          key={span.fromSeconds}
          className="strip-span"
          data-state={stateOf(span.value)}
          title={`${clock(span.fromSeconds * 1000)} – ${clock(span.toSeconds * 1000)}`}
          style={{ width: `${((span.toSeconds - span.fromSeconds) / length) * 100}%` }}
        />
      ))}
    </div>
  );
}
