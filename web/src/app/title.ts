import { useEffect } from "react";
import { useRules } from "../api/queries";
import { needsAction, presentAlerts } from "../lib/alerts";

/** The tab's title, with the number of firing alerts in front, so that it is seen from another tab. */
export function useTitle(page: string): void {
  const rules = useRules();
  const firing = presentAlerts({ groups: rules.data ?? [], managed: [], notifications: [] }).filter(
    (item) => item.state === "firing" && needsAction(item),
  ).length;
  useEffect(() => {
    document.title = `${firing > 0 ? `(${firing}) ` : ""}${page} · Hivesight`;
  }, [firing, page]);
}
