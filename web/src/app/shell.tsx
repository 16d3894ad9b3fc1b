/** What every page stands in: rail, top bar, keys, and the line that says when the server is gone. */
import { Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { shiftRange, zoomRange } from "../lib/time";
import { ConnectionBanner } from "./connection-banner";
import { HelpDialog } from "./help";
import { useKeys } from "./hotkeys";
import { PAGES } from "./nav";
import { Palette } from "./palette";
import { Rail } from "./rail";
import { useSetRange, useTimeRange } from "./time-range";
import { TopBar } from "./top-bar";

export function Shell() {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [picker, setPicker] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const range = useTimeRange();
  const setRange = useSetRange();
  const router = useRouter();
  const refresh = useCallback(() => void queries.invalidateQueries(), [queries]);

  // Every page is fetched while the server is there: it has to open also when the server has gone.
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const page of PAGES) void router.preloadRoute({ to: page.path });
    }, 1000);
    return () => clearTimeout(timer);
  }, [router]);

  useKeys({
    "Mod k": () => setPalette((open) => !open),
    "?": () => setHelp(true),
    t: () => setPicker(true),
    r: refresh,
    "/": () => {
      const search = document.querySelector<HTMLInputElement>("[data-page-search]");
      if (search) search.focus();
      else setPalette(true);
    },
    "[": () => setRange(shiftRange(range, -1, Date.now())),
    "]": () => setRange(shiftRange(range, 1, Date.now())),
    "+": () => setRange(zoomRange(range, 0.5, Date.now())),
    "-": () => setRange(zoomRange(range, 2, Date.now())),
    ...Object.fromEntries(PAGES.map((page) => [`g ${page.key}`, () => void navigate({ to: page.path })])),
  });

  return (
    <div className="app">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <Rail />
      <TopBar
        onSearch={() => setPalette(true)}
        onHelp={() => setHelp(true)}
        onRefresh={refresh}
        picker={picker}
        onPicker={setPicker}
      />
      <main id="main" className="main" tabIndex={-1}>
        <ConnectionBanner onRetry={refresh} />
        <Outlet />
      </main>
      {palette && <Palette onClose={() => setPalette(false)} onRefresh={refresh} onHelp={() => setHelp(true)} />}
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
