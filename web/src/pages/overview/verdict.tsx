/** The first answer: is it healthy? One sentence, from targets and alerts. */
import {
  IconAlertOctagonFilled,
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
} from "@tabler/icons-react";
import { type AlertItem, needsAction, severityRank } from "../../lib/alerts";
import { plural } from "../../lib/format";
import { isHive, type Service } from "../../lib/services";

interface Props {
  services: readonly Service[] | undefined;
  alerts: readonly AlertItem[] | undefined;
  /** Neither is there, and the server said why. */
  failed: boolean;
}

const ICONS = {
  bad: IconAlertOctagonFilled,
  warn: IconAlertTriangleFilled,
  ok: IconCircleCheckFilled,
  none: IconCircleDashed,
};
const WORDS = { bad: "Needs action now", warn: "Degraded", ok: "Healthy", none: "Waiting for data" };

export function Verdict({ services, alerts, failed }: Props) {
  const down = services?.filter((service) => service.health === "down") ?? [];
  const firing = alerts?.filter((alert) => alert.state === "firing" && needsAction(alert)) ?? [];
  const pending = alerts?.filter((alert) => alert.state === "pending" && needsAction(alert)) ?? [];
  const critical = firing.filter((alert) => severityRank(alert.severity) < 2);
  const level =
    !services || !alerts
      ? "none"
      : critical.length > 0
        ? "bad"
        : firing.length > 0 || down.length > 0
          ? "warn"
          : services.length > 0 && services.every((service) => service.health === "up")
            ? "ok"
            : "none";
  const Icon = ICONS[level];
  const hive = services?.filter(isHive) ?? [];
  const counted = hive.length > 0 ? hive : (services ?? []);
  const up = counted.filter((service) => service.health === "up").length;
  const facts = [
    counted.length > 0 ? `${up} of ${plural(counted.length, hive.length > 0 ? "service" : "target")} up` : "",
    critical.length > 0 ? `${critical.length} critical` : "",
    firing.length > critical.length ? `${plural(firing.length - critical.length, "other alert")} firing` : "",
    firing.length === 0 && alerts ? "no alert firing" : "",
    pending.length > 0 ? `${pending.length} pending` : "",
  ].filter(Boolean);
  return (
    <div className="verdict" data-level={level} role="status">
      <Icon size={22} aria-hidden />
      <h1>{level === "none" && failed ? "State not known" : WORDS[level]}</h1>
      <p>{facts.join(" · ")}</p>
    </div>
  );
}
