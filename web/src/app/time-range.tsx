/** Time range and refresh of the page, read from and written to the query string. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useStatus } from "../api/queries";
import { pick } from "../lib/search-params";
import {
  DEFAULT_RANGE,
  DEFAULT_REFRESH,
  parseRfc3339,
  type RangeText,
  readRange,
  refreshMs,
  YOUNG_MS,
  YOUNG_RANGE,
} from "../lib/time";

/** The part of a query string that links to another page take along. */
export function timeOf(search: { from?: string; to?: string; refresh?: string }): {
  from?: string;
  to?: string;
  refresh?: string;
} {
  return pick({ ...search }, ["from", "to", "refresh"]);
}

export function useTimeRange(): RangeText {
  const { from, to } = useSearch({ from: "__root__" });
  const status = useStatus().data;
  const started = parseRfc3339(status?.started_at);
  const young = status !== undefined && started !== null && status.now_ms - started < YOUNG_MS;
  return useMemo(() => readRange(from, to, young ? YOUNG_RANGE : DEFAULT_RANGE), [from, to, young]);
}

/** Milliseconds between refreshes, or false. */
export function useRefresh(): number | false {
  return refreshMs(useRefreshText());
}

export function useRefreshText(): string {
  return useSearch({ from: "__root__" }).refresh ?? DEFAULT_REFRESH;
}

/** Pushes history, so that Back undoes a zoom. */
export function useSetRange(): (range: RangeText) => void {
  const navigate = useNavigate();
  return useCallback(
    (range) => void navigate({ to: ".", search: (before) => ({ ...before, from: range.from, to: range.to }) }),
    [navigate],
  );
}

export function useZoom(): (fromMs: number, toMs: number) => void {
  const setRange = useSetRange();
  return useCallback(
    (fromMs, toMs) => setRange({ from: String(Math.round(fromMs)), to: String(Math.round(toMs)) }),
    [setRange],
  );
}

export function useSetRefresh(): (refresh: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (refresh) => void navigate({ to: ".", replace: true, search: (before) => ({ ...before, refresh }) }),
    [navigate],
  );
}
