import { IconBellOff, IconBook, IconExternalLink } from "@tabler/icons-react";
import { useState } from "react";
import type { AlertItem } from "../../lib/alerts";
import { formatNumber } from "../../lib/format";
import { safeLink } from "../../lib/labels";
import { clockWithDay, humanDuration } from "../../lib/time";
import { LabelChips } from "../../ui/label-chips";
import { useNow } from "../../ui/now";
import { StateTag } from "../../ui/severity";
import { DeliveryList } from "./delivery-list";
import { ExplanationView } from "./explanation";

const SHOWN_ELSEWHERE = ["alertname", "severity"];

export function AlertRow({ item }: { item: AlertItem }) {
  const now = useNow();
  const [why, setWhy] = useState(false);
  const { annotations, deliveries, muted } = item;
  const title = annotations.summary ?? annotations.title ?? "";
  const runbook = annotations.runbook_url ?? annotations.runbook;
  const others = Object.entries(annotations).filter(
    ([name]) => !["summary", "title", "description", "runbook_url", "runbook", "dashboard_url"].includes(name),
  );
  return (
    <li className="alert-row" data-state={item.state}>
      <div className="alert-when">
        <StateTag state={item.state} />
        <span className="alert-age" title={item.sinceMs === null ? "" : `since ${clockWithDay(item.sinceMs)}`}>
          {age(item, now)}
        </span>
        {item.endedMs !== null && item.sinceMs !== null && (
          <span className="alert-value">lasted {humanDuration(item.endedMs - item.sinceMs)}</span>
        )}
        {item.value !== null && <span className="alert-value">value {shortValue(item.value)}</span>}
      </div>
      <div className="alert-what">
        {title && <p className="alert-summary">{title}</p>}
        {annotations.description && <p className="alert-description">{annotations.description}</p>}
        {others.map(([name, text]) => (
          <p className="alert-description" key={name}>
            {name}: {text}
          </p>
        ))}
        <LabelChips labels={item.labels} without={SHOWN_ELSEWHERE} />
        <p className="alert-links">
          <OutLink text={runbook} name="Runbook" />
          <OutLink text={annotations.dashboard_url} name="Dashboard" />
          <OutLink text={item.generatorUrl ?? undefined} name="Source" />
        </p>
      </div>
      <div className="alert-delivery">
        {muted && (
          <p className="muted-note">
            <IconBellOff size={14} aria-hidden />
            <span title={muted.names.join(", ")}>
              Muted by {muted.by}{" "}
              {muted.by === "silence" ? muted.names.map((id) => id.slice(0, 8)).join(", ") : muted.names.join(", ")}
            </span>
          </p>
        )}
        <DeliveryList deliveries={deliveries} now={now} />
        {deliveries.length === 0 && !muted && (
          <p className="delivery-none">
            {item.state === "pending" ? "Told to nobody while pending" : "No notification is known"}
          </p>
        )}
        <button type="button" className="text-button" aria-expanded={why} onClick={() => setWhy(!why)}>
          {why ? "Hide why" : "Why?"}
        </button>
      </div>
      {why && <ExplanationView labels={item.labels} />}
    </li>
  );
}

function age(item: AlertItem, now: number): string {
  if (item.endedMs !== null) return `${humanDuration(now - item.endedMs)} ago`;
  if (item.sinceMs === null) return "";
  const wait = item.state === "pending" && item.rule?.duration ? ` of ${humanDuration(item.rule.duration * 1000)}` : "";
  return `for ${humanDuration(now - item.sinceMs)}${wait}`;
}

function shortValue(text: string): string {
  const value = Number(text);
  return Number.isFinite(value) ? formatNumber(value) : text;
}

/** A link only for http and https; what else a stranger wrote there is shown as text. */
function OutLink({ text, name }: { text: string | undefined; name: string }) {
  if (!text) return null;
  const href = safeLink(text);
  const Icon = name === "Runbook" ? IconBook : IconExternalLink;
  return href ? (
    <a href={href} target="_blank" rel="noreferrer noopener">
      <Icon size={14} aria-hidden /> {name}
    </a>
  ) : (
    <span>
      {name}: {text}
    </span>
  );
}
