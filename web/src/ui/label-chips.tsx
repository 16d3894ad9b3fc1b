import type { Labels } from "../lib/labels";

interface Props {
  labels: Labels;
  without?: readonly string[];
}

/** Labels as they are: text, never markup. */
export function LabelChips({ labels, without = [] }: Props) {
  const shown = Object.entries(labels).filter(([name, value]) => !without.includes(name) && value !== "");
  if (shown.length === 0) return null;
  return (
    <ul className="chips" aria-label="Labels">
      {shown.map(([name, value]) => (
        <li className="chip" key={name} title={`${name}="${value}"`}>
          <span className="chip-name">{name}</span>
          <span className="chip-value">{value}</span>
        </li>
      ))}
    </ul>
  );
}
