import { severityLevel } from "../lib/alerts";

/** The word of the rule's author, coloured by how bad it is. */
export function Severity({ severity }: { severity: string }) {
  return (
    <span className="severity" data-level={severityLevel(severity)}>
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
