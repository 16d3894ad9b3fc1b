/** Routes: which page an address shows, and which parts of the query string belong to it. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from "@tanstack/react-router";
import { parseSearch, pick, stringifySearch } from "../lib/search-params";
import { ErrorNote } from "../ui/error-note";
import { NotFound } from "./not-found";
import { Shell } from "./shell";

interface RootSearch {
  from?: string;
  to?: string;
  refresh?: string;
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search: Record<string, unknown>): RootSearch => pick(search, ["from", "to", "refresh"]),
  search: { middlewares: [retainSearchParams(["from", "to", "refresh"])] },
});

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  // Notifications link to the Alertmanager's own pages, which live behind a `#`.
  beforeLoad: ({ location }) => {
    if (/^\/(alerts|silences)/.test(location.hash)) throw redirect({ to: "/alerts", hash: "" });
  },
  component: lazyRouteComponent(() => import("../pages/overview/overview-page"), "OverviewPage"),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  validateSearch: (search: Record<string, unknown>): { state?: string; view?: string; q?: string } =>
    pick(search, ["state", "view", "q"]),
  component: lazyRouteComponent(() => import("../pages/alerts/alerts-page"), "AlertsPage"),
});

const explore = createRoute({
  getParentRoute: () => root,
  path: "/explore",
  validateSearch: (search: Record<string, unknown>): { expr?: string } => pick(search, ["expr"]),
  component: lazyRouteComponent(() => import("../pages/explore/explore-page"), "ExplorePage"),
});

/** Where alerts and notifications link to for their expression, as Prometheus has it. */
const graph = createRoute({
  getParentRoute: () => root,
  path: "/graph",
  validateSearch: (search: Record<string, unknown>): { "g0.expr"?: string } => pick(search, ["g0.expr"]),
  beforeLoad: ({ search }) => {
    const { "g0.expr": expr, ...time } = search;
    throw redirect({ to: "/explore", search: { ...time, ...(expr ? { expr } : {}) } });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([overview, alerts, explore, graph]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <ErrorNote title="This page has failed" error={error} onRetry={reset} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
