/** A small area without axes, for the shape of a number's last minutes. */
import { extent } from "../lib/aligned-data";

interface Props {
  column: readonly (number | null)[];
  color: string;
  label: string;
}

const WIDTH = 200;
const HEIGHT = 40;

/** SVG path data of every unbroken run of values, scaled into `WIDTH` x `HEIGHT`; area runs are closed at the bottom. */
export function sparkPaths(column: readonly (number | null)[]): { line: string; area: string } {
  const range = extent(column);
  if (!range || column.length < 2) return { line: "", area: "" };
  const low = Math.min(0, range[0]);
  const high = range[1] > low ? range[1] : low + 1;
  const x = (index: number): string => ((index / (column.length - 1)) * WIDTH).toFixed(1);
  const y = (value: number): string => (HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 6)).toFixed(1);
  let line = "";
  let area = "";
  let first: number | null = null;
  column.forEach((value, index) => {
    if (value !== null) {
      line += `${first === null ? "M" : "L"}${x(index)},${y(value)}`;
      area += first === null ? `M${x(index)},${HEIGHT}L${x(index)},${y(value)}` : `L${x(index)},${y(value)}`;
      first ??= index;
    }
    const ends = first !== null && (value === null || index === column.length - 1);
    if (ends) {
      area += `L${x(value === null ? index - 1 : index)},${HEIGHT}Z`;
      first = null;
    }
  });
  return { line, area };
}

export function Sparkline({ column, color, label }: Props) {
  const { line, area } = sparkPaths(column);
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={area} fill={color} opacity={0.14} />
      <path d={line} fill="none" stroke={color} strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
