import { severityRank } from "../lib/alerts";

/** The word of the rule's author, coloured by how bad it is. */
export function Severity({ severity }: { severity: string }) {
  const rank = severityRank(severity);
  const level = rank < 2 ? "bad" : rank === 2 ? "warn" : rank === 4 ? "info" : "none";
  return (
    <span className="severity" data-level={level}>
      {severity || "no severity"}
    </span>
  );
}

export function StateTag({ state }: { state: string }) {
  return (
    <span className="state-tag" data-state={state}>
      {state}
    </span>
  );
}
