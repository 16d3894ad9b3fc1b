/** Why an alert was told, or was not: its rule, the routes, what holds it back, who was told and who will be. */
import type { ReactNode } from "react";
import type { ExplainedGroup, ExplainedRule, Explanation, Fate, Prospect } from "../../api/explain";
import { useExplanation } from "../../api/queries";
import { fateText, heldBy, routeLines } from "../../lib/explanation";
import type { Labels } from "../../lib/labels";
import { clockWithDay, humanDuration, parseRfc3339 } from "../../lib/time";
import { ErrorNote } from "../../ui/error-note";
import { Skeleton } from "../../ui/skeleton";

const MOST_FATES = 12;

export function ExplanationView({ labels }: { labels: Labels }) {
  const asked = useExplanation(labels);
  if (asked.isPending) return <Skeleton height={60} />;
  if (asked.isError) return <ErrorNote title="No explanation" error={asked.error} onRetry={() => asked.refetch()} />;
  if (asked.data === null) return <p className="delivery-none">Nothing is known of this alert any more.</p>;
  return <Story explanation={asked.data} />;
}

function Story({ explanation }: { explanation: Explanation }) {
  const { rules, route, groups, history } = explanation;
  const fires = explanation.state === "firing";
  return (
    <div className="story">
      <Part title="Rule">
        {rules.length === 0 && <p>None of this server's: it came over the API.</p>}
        {rules.map((rule) => (
          <RuleLines key={`${rule.file} ${rule.group} ${rule.query}`} rule={rule} />
        ))}
      </Part>
      <Part title="Routes">
        <ul className="story-routes">
          {routeLines(route).map((line) => (
            <li key={line.id} data-taken={line.taken} style={{ paddingLeft: line.depth * 16 }}>
              <code>{line.matchers}</code> to {line.receiver} <span>{line.verdict}</span>
            </li>
          ))}
        </ul>
      </Part>
      <Part title="Groups">
        {groups.map((group) => (
          <GroupLines key={group.key + group.receiver} group={group} fires={fires} />
        ))}
      </Part>
      <Part title="So far">
        {history.length === 0 && <p>Nobody was to be told of it yet.</p>}
        <ol className="story-fates">
          {history.slice(-MOST_FATES).map((fate, at) => (
            <FateLine key={`${fate.from} ${fate.receiver} ${fate.integration} ${at}`} fate={fate} />
          ))}
        </ol>
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="story-part">
      <h3>{title}</h3>
      <div>{children}</div>
    </section>
  );
}

function RuleLines({ rule }: { rule: ExplainedRule }) {
  return (
    <>
      <p>
        {rule.name} in group {rule.group} of {rule.file}
      </p>
      {rule.last_error && <p className="story-bad">It fails: {rule.last_error}</p>}
      <ul>
        {rule.periods.map((period) => (
          <li key={period.from}>
            {at(period.from)} {period.over ? `to ${at(period.to)}` : "and still"}: {period.state}
            {period.value !== null && `, value ${values(period.value, period.last_value)}`}
          </li>
        ))}
      </ul>
      {rule.fires_at && <p>It fires at {at(rule.fires_at)} if its condition goes on to hold.</p>}
    </>
  );
}

function GroupLines({ group, fires }: { group: ExplainedGroup; fires: boolean }) {
  const labels = Object.entries(group.labels).map(([name, value]) => `${name}=${value}`);
  return (
    <div className="story-group">
      <p>
        <strong>{group.receiver}</strong>, alerts with the same {labels.join(", ") || "route"}: {standing(group)}
      </p>
      {group.holds.map((hold) => (
        <p key={hold.what + hold.why} className="story-held">
          Held back: {heldBy(hold)}
          {hold.until && `, until ${at(hold.until)}`}
        </p>
      ))}
      {group.integrations.length === 0 && <p>Nobody is told: {group.receiver} has no integrations.</p>}
      <ul>
        {(group.waiting || fires) &&
          group.integrations.map((each) => (
            <li key={each.name + each.index}>
              {each.name}: {prospect(each, group.holds.length > 0)}
            </li>
          ))}
      </ul>
    </div>
  );
}

function standing(group: ExplainedGroup): string {
  if (group.telling) return "being told now";
  if (group.waiting || group.alerts > 1) return `looked at next at ${at(group.next_flush)}`;
  return `looked at ${humanDuration(group.group_wait * 1000)} after it fires`;
}

function prospect(each: Prospect, held: boolean): string {
  const told = each.told_at ? `told of the group at ${at(each.told_at)}` : "not told of the group yet";
  const unknown = each.told_at && !each.told_of_this_alert ? ", not of this alert" : "";
  const next = each.next_at ? `next at ${at(each.next_at)} (${each.next_reason})` : held ? "not while held back" : each.next_reason;
  return `${told}${unknown}; ${next}`;
}

function FateLine({ fate }: { fate: Fate }) {
  const often = fate.flushes > 1 ? ` to ${at(fate.to)}` : "";
  return (
    <li data-what={fate.what}>
      <time dateTime={fate.from}>
        {at(fate.from)}
        {often}
      </time>{" "}
      {fate.integration ? `${fate.receiver}/${fate.integration}` : fate.receiver} {fateText(fate)}
      {fate.answer && <span className="story-answer">{fate.answer}</span>}
    </li>
  );
}

function at(text: string): string {
  const ms = parseRfc3339(text);
  return ms === null ? text : clockWithDay(ms);
}

function values(first: string, last: string | null): string {
  return last === null || last === first ? first : `${first} to ${last}`;
}
