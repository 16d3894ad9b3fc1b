/** One horizontal bar per row, divided by colour: how many of each kind. */
export interface SegmentRow {
  name: string;
  parts: { name: string; value: number; color: string }[];
}

export function SegmentBars({ rows, unit }: { rows: readonly SegmentRow[]; unit: string }) {
  const total = (row: SegmentRow): number => row.parts.reduce((sum, part) => sum + part.value, 0);
  const most = Math.max(1, ...rows.map(total));
  return (
    <div className="segments">
      {rows.map((row) => (
        <div className="segments-row" key={row.name}>
          <span className="segments-name" title={row.name}>
            {row.name}
          </span>
          <div
            className="segments-bar"
            role="img"
            aria-label={`${row.name}: ${row.parts.map((part) => `${part.value} ${part.name}`).join(", ")}`}
          >
            {row.parts
              .filter((part) => part.value > 0)
              .map((part) => (
                <span
                  key={part.name}
                  className="segments-part"
                  title={`${part.value} ${part.name}`}
                  style={{ width: `${(part.value / most) * 100}%`, background: part.color }}
                />
              ))}
          </div>
          <span className="segments-total">
            {total(row)} {unit}
          </span>
        </div>
      ))}
    </div>
  );
}
