/** Explanations as the page shows them. */
import type { Fate, Hold, RouteNode } from "../api/explain";

export interface RouteLine {
  id: string;
  depth: number;
  matchers: string;
  receiver: string;
  taken: boolean;
  verdict: string;
}

const MOST_LINES = 200;

/** The routing tree from its root downwards, a line for each route. */
export function routeLines(root: RouteNode, depth = 0): RouteLine[] {
  const line: RouteLine = {
    id: root.id,
    depth,
    matchers: root.matchers.join(", ") || (depth === 0 ? "root" : "any"),
    receiver: root.receiver,
    taken: root.outcome === "taken",
    verdict: verdict(root),
  };
  return [line, ...root.routes.flatMap((route) => routeLines(route, depth + 1))].slice(0, MOST_LINES);
}

function verdict(route: RouteNode): string {
  switch (route.outcome) {
    case "taken":
      return route.continue ? "takes it, and lets it go on" : "takes it";
    case "child took it":
      return "matches, a route below takes it";
    case "a matcher failed":
      return `no: ${route.value ? `it has ${JSON.stringify(route.value)}, not` : "it lacks"} ${route.failed}`;
    case "an earlier sibling matched without continue":
      return "not asked: a route before it took it";
    default:
      return "not asked";
  }
}

const HELD_BY: Record<Hold["what"], string> = {
  silence: "",
  inhibition: "inhibited: ",
  time_interval: "time interval ",
};

/** What keeps an alert back, in words. */
export function heldBy(hold: Pick<Hold, "what" | "why">): string {
  return `${HELD_BY[hold.what]}${hold.why}`;
}

/** What became of the alert at a flush, in words. */
export function fateText(fate: Fate): string {
  const tries = fate.attempts > 1 ? `, ${fate.attempts} attempts` : "";
  switch (fate.what) {
    case "told":
      return `told${fate.status === "resolved" ? " that it is over" : ""} (${fate.why}${tries})`;
    case "failed":
      return `not told: ${fate.why}${tries}`;
    case "unchanged":
      return `not said again: ${fate.why}`;
    case "unwanted":
      return `not told that it is over: ${fate.why}`;
    default:
      return `held back: ${heldBy({ what: fate.what, why: fate.why })}`;
  }
}
