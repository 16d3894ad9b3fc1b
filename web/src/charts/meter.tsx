/** A labelled bar for a share of a whole, with the two figures it comes from. */
interface Props {
  name: string;
  share: number;
  detail: string;
  level: "ok" | "warn" | "bad";
}

export function Meter({ name, share, detail, level }: Props) {
  const percent = Math.min(100, Math.max(0, share * 100));
  return (
    <div className="meter">
      <div className="meter-head">
        <span className="meter-name" title={name}>
          {name}
        </span>
        <span className="meter-detail">{detail}</span>
        <span className="meter-share">{percent.toFixed(percent < 10 ? 1 : 0)} %</span>
      </div>
      <div
        className="meter-track"
        role="meter"
        aria-label={name}
        aria-valuenow={Math.round(percent)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className="meter-fill" data-level={level} style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
