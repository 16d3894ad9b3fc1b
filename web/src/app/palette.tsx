/** Ctrl-K: pages, services, alerts, metrics and actions in one list, found by words. */
import { Modal, useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { useMetricNames, useRules, useTargets } from "../api/queries";
import { alertingRules } from "../lib/alerts";
import { type Entry, findEntries } from "../lib/palette-search";
import { QUICK_RANGES, rangeLabel } from "../lib/time";
import { copyText, viewLink } from "./links";
import { PAGES } from "./nav";
import { useScheme } from "./theme";
import { useSetRange, useTimeRange } from "./time-range";

interface Props {
  onClose: () => void;
  onRefresh: () => void;
  onHelp: () => void;
}

export function Palette({ onClose, onRefresh, onHelp }: Props) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const shown = findEntries(useEntries(onRefresh, onHelp), text);
  const active = Math.min(at, shown.length - 1);

  useEffect(() => {
    document.getElementById(`${list}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [list, active]);

  const choose = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) {
      event.preventDefault();
      setAt((active + move + shown.length) % Math.max(1, shown.length));
    } else if (event.key === "Enter") choose(shown[active]);
  };

  return (
    <Modal.Root opened onClose={onClose} size={600} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content className="palette" aria-label="Command palette">
        <input
          data-autofocus
          value={text}
          placeholder="Where to? A page, service, alert, metric or action"
          role="combobox"
          aria-expanded
          aria-controls={list}
          aria-activedescendant={shown.length > 0 ? `${list}-${active}` : undefined}
          aria-label="Search"
          spellCheck={false}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <div className="palette-list" id={list} role="listbox" aria-label="Results">
          {shown.map((entry, index) => (
            <div
              key={entry.id}
              id={`${list}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              className="palette-entry"
              onMouseMove={() => setAt(index)}
              onClick={() => choose(entry)}
              onKeyDown={onKey}
            >
              <span className="palette-kind">{entry.kind}</span>
              <span className="palette-title">{entry.title}</span>
              {entry.hint && <span className="palette-hint">{entry.hint}</span>}
            </div>
          ))}
          {shown.length === 0 && <div className="palette-none">Nothing has these words in its name.</div>}
        </div>
      </Modal.Content>
    </Modal.Root>
  );
}

function useEntries(onRefresh: () => void, onHelp: () => void): Entry[] {
  const navigate = useNavigate();
  const setRange = useSetRange();
  const range = useTimeRange();
  const scheme = useScheme();
  const { setColorScheme } = useMantineColorScheme();
  const rules = alertingRules(useRules().data ?? []);
  const targets = useTargets().data ?? [];
  const metrics = useMetricNames(true).data ?? [];
  const jobs = [...new Set(targets.map((target) => target.labels.job ?? target.scrapePool))];
  const other = scheme === "dark" ? "light" : "dark";
  const explore = (expr: string) => () => void navigate({ to: "/explore", search: (before) => ({ ...before, expr }) });

  return [
    ...PAGES.map((page): Entry => ({
      id: page.path,
      kind: "Page",
      title: page.title,
      hint: `g ${page.key}`,
      run: () => void navigate({ to: page.path }),
    })),
    ...jobs.map((job): Entry => ({
      id: `job ${job}`,
      kind: "Service",
      title: job,
      hint: "up over time",
      run: explore(`up{job=${JSON.stringify(job)}}`),
    })),
    ...rules.map((rule): Entry => ({
      id: `rule ${rule.name}`,
      kind: "Alert",
      title: rule.name,
      hint: rule.state ?? "",
      run: () =>
        void navigate({
          to: "/alerts",
          search: (before) => ({ ...before, q: rule.name, view: rule.state === "inactive" ? "rules" : undefined }),
        }),
    })),
    ...QUICK_RANGES.map((text): Entry => ({
      id: `range ${text}`,
      kind: "Time",
      title: rangeLabel({ from: `now-${text}`, to: "now" }, 0),
      run: () => setRange({ from: `now-${text}`, to: "now" }),
    })),
    { id: "refresh", kind: "Action", title: "Refresh now", hint: "r", run: onRefresh },
    { id: "theme", kind: "Action", title: `Switch to the ${other} theme`, run: () => setColorScheme(other) },
    {
      id: "copy",
      kind: "Action",
      title: "Copy link to this view",
      run: () => void copyText(viewLink(range, false, Date.now())),
    },
    {
      id: "copy frozen",
      kind: "Action",
      title: "Copy link with frozen time",
      run: () => void copyText(viewLink(range, true, Date.now())),
    },
    { id: "help", kind: "Action", title: "Show keys", hint: "?", run: onHelp },
    ...metrics.map((name): Entry => ({ id: `metric ${name}`, kind: "Metric", title: name, run: explore(name) })),
  ];
}
