import { IconExternalLink, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useStatus } from "../../api/queries";
import type { AlertState } from "../../lib/alerts";
import { safeLink } from "../../lib/labels";

export type StateFilter = AlertState | "all";
export type Counts = Record<StateFilter, number>;

interface Props {
  view: "alerts" | "rules";
  counts: Counts | null;
  /** Something fires that is not only a heartbeat. */
  alarming: boolean;
  text: string;
  onText: (text: string) => void;
}

const STATES: readonly { state: StateFilter; name: string }[] = [
  { state: "all", name: "All" },
  { state: "firing", name: "Firing" },
  { state: "pending", name: "Pending" },
  { state: "resolved", name: "Resolved" },
];

// A link is the current one when the address has exactly its state and view, also where it has none.
const EXACT = { includeSearch: true, explicitUndefined: true } as const;

export function AlertFilters({ view, counts, alarming, text, onText }: Props) {
  const inbox = safeLink(useStatus().data?.demo?.inbox_url);
  return (
    <div className="page-head">
      <h1>Alerts</h1>
      <nav className="tabs" aria-label="Views of alerts">
        <Link to="/alerts" search={(before) => ({ ...before, view: undefined })} activeOptions={EXACT}>
          Alerts
        </Link>
        <Link to="/alerts" search={(before) => ({ ...before, view: "rules", state: undefined })} activeOptions={EXACT}>
          Rules
        </Link>
      </nav>
      {inbox && (
        <a href={inbox} target="_blank" rel="noreferrer" className="inbox-link">
          Demo inbox <IconExternalLink size={14} aria-hidden />
        </a>
      )}
      <div className="topbar-space" />
      {view === "alerts" && (
        <nav className="state-filter" aria-label="State">
          {STATES.map((choice) => (
            <Link
              key={choice.state}
              to="/alerts"
              search={(before) => ({ ...before, state: choice.state === "all" ? undefined : choice.state })}
              data-state={choice.state}
              activeOptions={EXACT}
            >
              {choice.name}
              {counts && (
                <span className="count" data-calm={counts[choice.state] === 0 || (choice.state === "firing" && !alarming)}>
                  {counts[choice.state]}
                </span>
              )}
            </Link>
          ))}
        </nav>
      )}
      <label className="filter-text">
        <IconSearch size={15} aria-hidden />
        <input
          data-page-search
          value={text}
          placeholder={view === "alerts" ? "Filter by name, label or text" : "Filter rules"}
          aria-label={view === "alerts" ? "Filter alerts" : "Filter rules"}
          onChange={(event) => onText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          spellCheck={false}
        />
        <kbd>/</kbd>
      </label>
    </div>
  );
}
