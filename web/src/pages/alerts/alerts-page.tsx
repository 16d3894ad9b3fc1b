/** `/alerts?state=&q=&view=`: what fires, since when, who was told; and the rules behind it. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useAlertHistory, useManagedAlerts, useNotifications, useRules } from "../../api/queries";
import { useTitle } from "../../app/title";
import { cardsOf, matchesText, needsAction, presentAlerts, resolvedAlerts } from "../../lib/alerts";
import { EmptyNote } from "../../ui/empty-note";
import { ErrorNote, PartialNote, StaleNote } from "../../ui/error-note";
import { Skeleton } from "../../ui/skeleton";
import { AlertCardView } from "./alert-card";
import { AlertFilters, type Counts, type StateFilter } from "./alert-filters";
import { RulesTable } from "./rules-table";

const MOST_CARDS = 100;

export function AlertsPage() {
  useTitle("Alerts");
  const { view } = useSearch({ from: "/alerts" });
  return <div className="page">{view === "rules" ? <RulesView /> : <AlertsView />}</div>;
}

function useAlertSearch() {
  const { state = "all", q = "" } = useSearch({ from: "/alerts" });
  const navigate = useNavigate({ from: "/alerts" });
  return {
    state: (["firing", "pending", "resolved"].includes(state) ? state : "all") as StateFilter,
    text: q,
    setText: (text: string) => void navigate({ replace: true, search: (before) => ({ ...before, q: text || undefined }) }),
  };
}

function AlertsView() {
  const { state, text, setText } = useAlertSearch();
  const rules = useRules();
  const managed = useManagedAlerts();
  const notifications = useNotifications();
  const history = useAlertHistory();

  const sources = { groups: rules.data ?? [], managed: managed.data ?? [], notifications: notifications.data ?? [] };
  const present = presentAlerts(sources);
  const past = history.data ? resolvedAlerts(history.data.series, history.data, sources) : [];
  const all = [...present, ...past].filter((item) => matchesText(item, text));
  const counts: Counts = {
    all: all.length,
    firing: all.filter((item) => item.state === "firing").length,
    pending: all.filter((item) => item.state === "pending").length,
    resolved: all.filter((item) => item.state === "resolved").length,
  };
  const alarming = all.some((item) => item.state === "firing" && needsAction(item));
  const cards = cardsOf(state === "all" ? all : all.filter((item) => item.state === state));
  const missing = [
    managed.isError && !managed.data ? `Whether alerts are silenced is not known: ${managed.error.message}.` : "",
    notifications.isError && !notifications.data ? `Who was notified is not known: ${notifications.error.message}.` : "",
    history.isError && !history.data ? `Resolved alerts are not known: ${history.error.message}.` : "",
  ].filter(Boolean);

  return (
    <>
      <AlertFilters view="alerts" counts={rules.data ? counts : null} alarming={alarming} text={text} onText={setText} />
      {missing.map((words) => (
        <PartialNote key={words}>{words}</PartialNote>
      ))}
      {rules.data ? (
        <>
          {cards.slice(0, MOST_CARDS).map((card) => (
            <AlertCardView key={card.name} card={card} history={history.data ?? null} />
          ))}
          {cards.length > MOST_CARDS && (
            <PartialNote>{`${cards.length - MOST_CARDS} more kinds of alert are not shown. Filter by state or text.`}</PartialNote>
          )}
          {cards.length === 0 && (
            <NoAlerts rules={rules.data.flatMap((group) => group.rules).length} state={state} text={text} />
          )}
        </>
      ) : rules.isError ? (
        <ErrorNote title="Alerts are not available" error={rules.error} onRetry={() => void rules.refetch()} />
      ) : (
        <Skeleton height={120} lines={3} />
      )}
    </>
  );
}

function NoAlerts({ rules, state, text }: { rules: number; state: StateFilter; text: string }) {
  if (text)
    return (
      <EmptyNote title={`No alert contains “${text}”`}>The filter looks at names, label values and annotations.</EmptyNote>
    );
  if (rules === 0) {
    return (
      <EmptyNote title="No alerting rules are loaded">
        Name rule files under <code>rule_files</code> of the Prometheus configuration file, then reload the server.
      </EmptyNote>
    );
  }
  const words = state === "all" ? "No alert is firing or pending, and none was resolved lately" : `No alert is ${state}`;
  return (
    <EmptyNote title={words}>
      {state === "resolved"
        ? "Looked for in the chosen time range, and at least in the last hour."
        : "The rules tab shows every rule and when it was last evaluated."}
    </EmptyNote>
  );
}

function RulesView() {
  const { text, setText } = useAlertSearch();
  const rules = useRules();
  return (
    <>
      <AlertFilters view="rules" counts={null} alarming={false} text={text} onText={setText} />
      {rules.data ? (
        <>
          <RulesTable groups={rules.data} text={text} />
          <StaleNote error={rules.error} />
        </>
      ) : rules.isError ? (
        <ErrorNote title="Rules are not available" error={rules.error} onRetry={() => void rules.refetch()} />
      ) : (
        <Skeleton height={34} lines={8} />
      )}
    </>
  );
}
