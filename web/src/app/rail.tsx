import { Tooltip } from "@mantine/core";
import { IconChevronsLeft, IconChevronsRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useFiring, useStatus } from "../api/queries";
import { severityLevel } from "../lib/alerts";
import { PAGES, type Page } from "./nav";

const WIDTH_KEY = "hivesight-rail";

function storedNarrow(): boolean {
  try {
    return localStorage.getItem(WIDTH_KEY) === "icons";
  } catch {
    return false;
  }
}

export function Rail() {
  const [narrow, setNarrow] = useState(storedNarrow);
  const status = useStatus();
  const firing = useFiring();
  const critical = firing.some((item) => severityLevel(item.severity) === "bad");

  useEffect(() => {
    try {
      localStorage.setItem(WIDTH_KEY, narrow ? "icons" : "full");
    } catch {
      // Storage is off: the width lasts as long as the page.
    }
  }, [narrow]);

  const groups = [...new Set(PAGES.map((page) => page.group))];
  return (
    <nav className="rail" aria-label="Pages" data-narrow={narrow}>
      <div className="rail-brand">
        <BrandMark />
        <span className="rail-text">Hivesight</span>
      </div>
      {groups.map((group) => (
        <div className="rail-group" key={group}>
          <div className="rail-group-name rail-text">{group}</div>
          {PAGES.filter((page) => page.group === group).map((page) => (
            <RailLink
              key={page.path}
              page={page}
              narrow={narrow}
              badge={page.path === "/alerts" ? firing.length : 0}
              critical={critical}
            />
          ))}
        </div>
      ))}
      <div className="rail-foot">
        {status.data && <span className="rail-text rail-version">v{status.data.version}</span>}
        <button
          type="button"
          className="rail-fold"
          onClick={() => setNarrow(!narrow)}
          aria-label={narrow ? "Widen navigation" : "Narrow navigation"}
        >
          {narrow ? <IconChevronsRight size={16} /> : <IconChevronsLeft size={16} />}
        </button>
      </div>
    </nav>
  );
}

function RailLink({ page, narrow, badge, critical }: { page: Page; narrow: boolean; badge: number; critical: boolean }) {
  return (
    <Tooltip label={page.title} position="right" disabled={!narrow} openDelay={200}>
      <Link to={page.path} className="rail-link" activeOptions={{ exact: page.path === "/", includeSearch: false }}>
        <page.Icon size={18} stroke={1.7} aria-hidden />
        <span className="rail-title">{page.title}</span>
        {badge > 0 ? (
          <span className="rail-badge" data-critical={critical}>
            {badge > 99 ? "99+" : badge}
            <span className="for-readers"> firing</span>
          </span>
        ) : (
          <span className="rail-text rail-key" aria-hidden>
            g {page.key}
          </span>
        )}
      </Link>
    </Tooltip>
  );
}

function BrandMark() {
  return (
    <svg width="22" height="22" viewBox="0 0 24 24" fill="none" aria-hidden>
      <path d="M12 1.8 20.8 6.9v10.2L12 22.2 3.2 17.1V6.9z" fill="var(--honey)" />
      <circle cx="12" cy="12" r="4.6" fill="var(--rail)" />
      <circle cx="12" cy="12" r="1.9" fill="var(--honey)" />
    </svg>
  );
}
