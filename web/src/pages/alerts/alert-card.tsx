/** All alerts of one rule: its expression once, then each alert with its labels, age and deliveries. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { AlertHistory } from "../../api/queries";
import { timeOf } from "../../app/time-range";
import { StateStrip } from "../../charts/state-strip";
import { alignMatrix, runs } from "../../lib/aligned-data";
import { type AlertCard, severityLevel } from "../../lib/alerts";
import { plural } from "../../lib/format";
import { humanDuration } from "../../lib/time";
import { Severity } from "../../ui/severity";
import { AlertRow } from "./alert-row";

interface Props {
  card: AlertCard;
  history: AlertHistory | null;
}

const FIRST_ROWS = 8;

export function AlertCardView({ card, history }: Props) {
  const { rule } = card;
  const [all, setAll] = useState(false);
  const counts = (["firing", "pending", "resolved"] as const)
    .map((state) => ({ state, count: card.items.filter((item) => item.state === state).length }))
    .filter(({ count }) => count > 0);
  return (
    <section
      className="panel alert-card"
      data-state={card.state}
      data-level={severityLevel(card.severity)}
      aria-label={card.name}
    >
      <header className="alert-head">
        <Severity severity={card.severity} />
        <h2>{card.name}</h2>
        <span className="alert-counts">
          {counts.map(({ state, count }) => (
            <span key={state} className="state-tag" data-state={state}>
              {count} {state}
            </span>
          ))}
        </span>
        <FiringStrip name={card.name} severity={card.severity} history={history} />
      </header>
      <ul className="alert-rows">
        {card.items.slice(0, all ? undefined : FIRST_ROWS).map((item) => (
          <AlertRow key={`${item.state} ${item.key}`} item={item} />
        ))}
      </ul>
      {!all && card.items.length > FIRST_ROWS && (
        <button type="button" className="text-button show-all" onClick={() => setAll(true)}>
          Show all {card.items.length}
        </button>
      )}
      {rule && (
        <footer className="alert-foot">
          <code title={rule.query}>{rule.query}</code>
          <span>
            {rule.duration ? `for ${humanDuration(rule.duration * 1000)}` : "without waiting"}
            {rule.keepFiringFor ? `, keeps firing for ${humanDuration(rule.keepFiringFor * 1000)}` : ""}
          </span>
          <Link to="/explore" search={(before) => ({ ...timeOf(before), expr: rule.query })}>
            Graph
          </Link>
          <Link to="/alerts" search={(before) => ({ ...before, state: undefined, view: "rules", q: rule.name })}>
            Rule
          </Link>
        </footer>
      )}
    </section>
  );
}

/** How many alerts of this name fired, over the time range. */
function FiringStrip({ name, severity, history }: { name: string; severity: string; history: AlertHistory | null }) {
  if (!history) return null;
  const grid = alignMatrix(
    history.series.filter((series) => series.metric.alertname === name),
    history.from,
    history.end,
    history.step,
  );
  const firing = grid.times.map((_, at) => {
    const count = grid.columns.filter((column) => column[at] !== null).length;
    return count > 0 ? 1 : null;
  });
  const spans = runs(grid.times, firing, history.step);
  const level = severityLevel(severity);
  const times = spans.filter((span) => span.value !== null).length;
  return (
    <div className="alert-strip">
      <StateStrip
        spans={spans}
        stateOf={(value) => (value === null ? "none" : level === "none" ? "idle" : level)}
        label={`${name} fired ${plural(times, "time")} in the time range`}
      />
    </div>
  );
}
