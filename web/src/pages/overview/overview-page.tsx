/** `/`: is the hive healthy, and what needs attention? */
import { useInstant, useManagedAlerts, useRange, useRules, useTargets } from "../../api/queries";
import { useTimeRange } from "../../app/time-range";
import { useTitle } from "../../app/title";
import { presentAlerts } from "../../lib/alerts";
import { attentionList } from "../../lib/attention";
import { isHive, servicesOf } from "../../lib/services";
import { isLive } from "../../lib/time";
import { PartialNote } from "../../ui/error-note";
import * as promql from "./expressions";
import { NeedsAttention } from "./needs-attention";
import { NoHive } from "./no-hive";
import { HiveSection, MachineSection, SelfSection } from "./sections";
import { ServiceTiles } from "./service-tiles";
import { Verdict } from "./verdict";

export function OverviewPage() {
  useTitle("Overview");
  const range = useTimeRange();
  const targets = useTargets();
  const rules = useRules();
  const managed = useManagedAlerts();
  const up = useRange(promql.UP);
  const present = useInstant(promql.HIVE_PRESENT);

  const grid = up.data?.data;
  const services = targets.data ? servicesOf(targets.data, grid ?? null) : undefined;
  const alerts = rules.data
    ? presentAlerts({ groups: rules.data, managed: managed.data ?? [], notifications: [] })
    : undefined;
  const allRules = rules.data?.flatMap((group) => group.rules) ?? [];
  const broken = allRules
    .filter((rule) => rule.health === "err")
    .map((rule) => ({ name: rule.name, error: rule.lastError ?? "" }));
  const attention = services && alerts ? attentionList(alerts, services, broken) : undefined;
  const noHive =
    services !== undefined && present.data !== undefined && !services.some(isHive) && present.data.data.length === 0;

  return (
    <div className="page">
      <Verdict services={services} alerts={alerts} failed={targets.isError || rules.isError} />
      {!isLive(range) && (
        <PartialNote>Charts and figures show the chosen time. Services and alerts are those of now.</PartialNote>
      )}
      <div className="grid">
        <div className="span-7">
          <ServiceTiles services={services} times={grid?.times ?? []} step={up.data?.step ?? 1} query={targets} />
        </div>
        <div className="span-5">
          <NeedsAttention
            items={attention}
            rules={allRules.filter((rule) => rule.type === "alerting").length}
            query={rules.isError ? rules : targets}
          />
        </div>
      </div>
      {noHive ? <NoHive /> : <HiveSection />}
      <MachineSection />
      <SelfSection />
    </div>
  );
}
