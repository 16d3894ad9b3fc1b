/** Names, colours and last values under a chart. A click shows one series alone, a second click all again. */
import { formatValue, type Unit } from "../lib/format";

export interface LegendItem {
  name: string;
  color: string;
  last: number | null;
}

interface Props {
  items: readonly LegendItem[];
  hidden: ReadonlySet<number>;
  unit: Unit;
  onPick: (index: number) => void;
}

export function Legend({ items, hidden, unit, onPick }: Props) {
  return (
    <ul className="chart-legend">
      {items.map((item, index) => (
        <li key={`${index}-${item.name}`}>
          <button
            type="button"
            aria-pressed={!hidden.has(index)}
            title={`Show only ${item.name}`}
            onClick={() => onPick(index)}
          >
            <span className="chart-swatch" style={{ background: item.color }} />
            <span className="chart-legend-name">{item.name}</span>
            <span className="chart-legend-value">{formatValue(item.last, unit)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
