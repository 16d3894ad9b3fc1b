import { Link } from "@tanstack/react-router";
import type { Rule, RuleGroup } from "../../api/prom";
import { timeOf } from "../../app/time-range";
import { formatSeconds, plural } from "../../lib/format";
import { humanDuration, parseRfc3339 } from "../../lib/time";
import { EmptyNote } from "../../ui/empty-note";
import { useNow } from "../../ui/now";
import { Panel } from "../../ui/panel";
import { Severity, StateTag } from "../../ui/severity";

interface Props {
  groups: readonly RuleGroup[];
  text: string;
}

/** Every rule of every group, with how its last evaluation went. */
export function RulesTable({ groups, text }: Props) {
  const words = text.toLowerCase();
  const shown = groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => `${group.name} ${rule.name} ${rule.query}`.toLowerCase().includes(words)),
    }))
    .filter((group) => group.rules.length > 0);
  if (shown.length === 0) {
    return text ? (
      <EmptyNote title={`No rule contains “${text}”`} />
    ) : (
      <EmptyNote title="No rules are loaded">
        Name rule files under <code>rule_files</code> of the Prometheus configuration file, then reload the server.
      </EmptyNote>
    );
  }
  return shown.map((group) => (
    <Panel
      key={`${group.file} ${group.name}`}
      title={group.name}
      note={`${plural(group.rules.length, "rule")}, every ${humanDuration(group.interval * 1000)}`}
      aside={<span className="panel-note">{group.file}</span>}
    >
      <div className="table-scroll">
        <table className="table rules">
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col">State</th>
              <th scope="col">Expression</th>
              <th scope="col" className="number">
                For
              </th>
              <th scope="col" className="number">
                Took
              </th>
              <th scope="col" className="number">
                Evaluated
              </th>
            </tr>
          </thead>
          <tbody>
            {group.rules.map((rule, index) => (
              <RuleRow key={`${index} ${rule.name}`} rule={rule} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  ));
}

function RuleRow({ rule }: { rule: Rule }) {
  const now = useNow();
  const last = parseRfc3339(rule.lastEvaluation);
  const broken = rule.health === "err";
  const alerts = rule.alerts?.length ?? 0;
  return (
    <tr data-broken={broken}>
      <td className="rule-name">
        {rule.type === "alerting" && rule.state !== "inactive" ? (
          <Link to="/alerts" search={(before) => ({ ...before, view: undefined, q: rule.name })}>
            {rule.name}
          </Link>
        ) : (
          rule.name
        )}
        {rule.labels?.severity && <Severity severity={rule.labels.severity} />}
      </td>
      <td>
        {broken ? (
          <StateTag state="error" />
        ) : (
          <StateTag state={rule.type === "recording" ? "recording" : (rule.state ?? rule.health)} />
        )}
        {alerts > 1 && <span className="rule-count"> {alerts}</span>}
      </td>
      <td className="rule-query">
        <Link to="/explore" search={(before) => ({ ...timeOf(before), expr: rule.query })} title={rule.query}>
          <code>{rule.query}</code>
        </Link>
        {rule.lastError && <p className="rule-error">{rule.lastError}</p>}
      </td>
      <td className="number">{rule.duration ? humanDuration(rule.duration * 1000) : "–"}</td>
      <td className="number">{rule.evaluationTime === undefined ? "–" : formatSeconds(rule.evaluationTime)}</td>
      <td className="number">{last === null ? "not yet" : `${humanDuration(now - last)} ago`}</td>
    </tr>
  );
}
