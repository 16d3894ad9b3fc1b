/** The server's state as React Query hooks. All of them follow the page's refresh interval. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useRefresh, useTimeRange } from "../app/time-range";
import { type Aligned, alignMatrix } from "../lib/aligned-data";
import { type AlertItem, needsAction, presentAlerts } from "../lib/alerts";
import { type Labels, legendName } from "../lib/labels";
import { alignToStep, isLive, resolveRange, stepSeconds } from "../lib/time";
import { fetchManagedAlerts } from "./alertmanager";
import { fetchExplanation } from "./explain";
import { fetchNotifications, fetchStatus } from "./hive";
import { fetchMetricNames, fetchRules, fetchTargets, queryInstant, queryRange } from "./prom";

export interface Expression {
  expr: string;
  /** `{{label}}` is filled in; absent, the series is named as PromQL writes it. */
  legend?: string;
}

export interface RangeResult {
  data: Aligned;
  names: string[];
  step: number;
  warnings: string[];
}

/** All expressions over the page's time range, on one grid. */
export function useRange(expressions: readonly Expression[], maxPoints = 240) {
  const range = useTimeRange();
  const refetchInterval = useRefresh();
  return useQuery({
    queryKey: ["range", expressions, range.from, range.to, maxPoints],
    refetchInterval: isLive(range) ? refetchInterval : false,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<RangeResult> => {
      const resolved = resolveRange(range, Date.now());
      const step = stepSeconds(resolved, maxPoints);
      const { start, end } = alignToStep(resolved, step);
      const answers = await Promise.all(expressions.map(({ expr }) => queryRange(expr, { start, end, step }, signal)));
      const matrix = answers.flatMap((answer) => answer.data);
      const names = answers.flatMap((answer, at) =>
        answer.data.map((series) => legendName(series.metric, expressions[at]?.legend)),
      );
      const data = alignMatrix(matrix, start, end, step);
      return {
        data,
        names: names.slice(0, data.columns.length),
        step,
        warnings: answers.flatMap((answer) => answer.warnings),
      };
    },
  });
}

/** One expression at the end of the page's time range. */
export function useInstant(expr: string) {
  const range = useTimeRange();
  const refetchInterval = useRefresh();
  return useQuery({
    queryKey: ["instant", expr, range.to],
    refetchInterval: isLive(range) ? refetchInterval : false,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => queryInstant(expr, isLive(range) ? null : resolveRange(range, Date.now()).toMs, signal),
  });
}

export function useTargets() {
  const refetchInterval = useRefresh();
  return useQuery({ queryKey: ["targets"], refetchInterval, queryFn: ({ signal }) => fetchTargets(signal) });
}

export function useRules() {
  const refetchInterval = useRefresh();
  return useQuery({ queryKey: ["rules"], refetchInterval, queryFn: ({ signal }) => fetchRules(signal) });
}

export function useManagedAlerts() {
  const refetchInterval = useRefresh();
  return useQuery({ queryKey: ["managed"], refetchInterval, queryFn: ({ signal }) => fetchManagedAlerts(signal) });
}

/** Alerts that need somebody and fire now: what the badge and the title count. */
export function useFiring(): AlertItem[] {
  const rules = useRules().data;
  const managed = useManagedAlerts().data;
  return useMemo(
    () =>
      presentAlerts({ groups: rules ?? [], managed: managed ?? [], notifications: [] }).filter(
        (item) => item.state === "firing" && needsAction(item) && item.muted === null,
      ),
    [rules, managed],
  );
}

export function useNotifications() {
  const refetchInterval = useRefresh();
  return useQuery({ queryKey: ["notifications"], refetchInterval, queryFn: ({ signal }) => fetchNotifications(signal) });
}

/** The story of one alert, as long as somebody looks at it. */
export function useExplanation(labels: Labels) {
  const refetchInterval = useRefresh();
  return useQuery({
    queryKey: ["explanation", labels],
    refetchInterval,
    queryFn: ({ signal }) => fetchExplanation(labels, signal),
  });
}

export function useStatus() {
  const refetchInterval = useRefresh();
  return useQuery({ queryKey: ["status"], refetchInterval, queryFn: ({ signal }) => fetchStatus(signal) });
}

export function useMetricNames(enabled: boolean) {
  return useQuery({
    queryKey: ["metric-names"],
    enabled,
    staleTime: 60_000,
    queryFn: ({ signal }) => fetchMetricNames(signal),
  });
}

const RECENT_MS = 3_600_000;

/**
 * When each alert fired within the page's time range, and at least within the last hour where the range is live:
 * what was resolved a quarter of an hour ago is asked for also by who looks at five minutes. `from` is where the
 * chosen range begins, on the grid.
 */
export function useAlertHistory() {
  const range = useTimeRange();
  const refetchInterval = useRefresh();
  return useQuery({
    queryKey: ["alert-history", range.from, range.to],
    refetchInterval: isLive(range) ? refetchInterval : false,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const resolved = resolveRange(range, Date.now());
      const fromMs = isLive(range) ? Math.min(resolved.fromMs, resolved.toMs - RECENT_MS) : resolved.fromMs;
      const step = stepSeconds({ ...resolved, fromMs }, 720);
      const grid = { ...alignToStep({ ...resolved, fromMs }, step), step, from: alignToStep(resolved, step).start };
      // Over the whole step: an alert that fired between two points of the grid has fired too.
      const expr = `last_over_time(ALERTS{alertstate="firing"}[${step}s])`;
      const answer = await queryRange(expr, grid, signal);
      return { series: answer.data, ...grid };
    },
  });
}

export type AlertHistory = NonNullable<ReturnType<typeof useAlertHistory>["data"]>;
