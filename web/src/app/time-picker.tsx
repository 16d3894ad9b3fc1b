import { Button, Popover } from "@mantine/core";
import { IconCalendarTime, IconCheck, IconLink } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { isLive, localInput, parseTime, QUICK_RANGES, rangeLabel, resolveRange } from "../lib/time";
import { useNow } from "../ui/now";
import { copyText, viewLink } from "./links";
import { useSetRange, useTimeRange } from "./time-range";

interface Props {
  open: boolean;
  onOpen: (open: boolean) => void;
}

export function TimePicker({ open, onOpen }: Props) {
  const range = useTimeRange();
  const label = rangeLabel(range, useNow());
  return (
    <Popover opened={open} onChange={onOpen} position="bottom-end" shadow="md" width={440} trapFocus withRoles returnFocus>
      <Popover.Target>
        <button type="button" className="time-button" onClick={() => onOpen(!open)} aria-label={`Time range: ${label}`}>
          <IconCalendarTime size={16} aria-hidden />
          <span>{label}</span>
          {isLive(range) && <span className="live-dot" title="Follows the present" />}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <TimeChoices key={`${range.from}|${range.to}`} onDone={() => onOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function TimeChoices({ onDone }: { onDone: () => void }) {
  const range = useTimeRange();
  const setRange = useSetRange();
  const asText = (text: string): string => (/^\d+$/.test(text) ? localInput(Number(text)) : text);
  const [from, setFrom] = useState(asText(range.from));
  const [to, setTo] = useState(asText(range.to));
  const [error, setError] = useState("");
  const [copied, setCopied] = useState("");
  const [opened] = useState(() => Date.now());

  const apply = (event: FormEvent): void => {
    event.preventDefault();
    const now = Date.now();
    const fromMs = parseTime(from, now);
    const toMs = parseTime(to, now);
    if (fromMs === null || toMs === null) return setError("Write now-15m, 2026-11-23T14:00, or epoch milliseconds.");
    if (fromMs >= toMs) return setError("The start has to be before the end.");
    const keep = (text: string, ms: number): string => (text.trim().startsWith("now") ? text.trim() : String(ms));
    setRange({ from: keep(from, fromMs), to: keep(to, toMs) });
    onDone();
  };
  const copy = async (frozen: boolean): Promise<void> => {
    const link = viewLink(range, frozen, Date.now());
    setCopied((await copyText(link)) ? (frozen ? "frozen" : "relative") : link);
  };
  const { fromMs, toMs } = resolveRange(range, opened);

  return (
    <div className="time-choices">
      <ul className="time-quick" aria-label="Quick ranges">
        {QUICK_RANGES.map((text) => {
          const choice = { from: `now-${text}`, to: "now" };
          const current = range.from === choice.from && isLive(range);
          return (
            <li key={text}>
              <button
                type="button"
                aria-current={current}
                data-autofocus={current || undefined}
                onClick={() => {
                  setRange(choice);
                  onDone();
                }}
              >
                {rangeLabel(choice, 0)}
                {current && <IconCheck size={14} aria-hidden />}
              </button>
            </li>
          );
        })}
      </ul>
      <form className="time-custom" onSubmit={apply}>
        <label>
          From
          <input value={from} onChange={(event) => setFrom(event.currentTarget.value)} spellCheck={false} />
        </label>
        <label>
          To
          <input value={to} onChange={(event) => setTo(event.currentTarget.value)} spellCheck={false} />
        </label>
        {error && <p role="alert">{error}</p>}
        <Button type="submit" size="xs">
          Apply
        </Button>
        <p className="time-hint">
          Shows {rangeLabel({ from: String(fromMs), to: String(toMs) }, 0)}. Times are this browser's. Drag over a chart to
          zoom, Back undoes it.
        </p>
        <div className="time-copy">
          <Button variant="default" size="xs" leftSection={<IconLink size={14} />} onClick={() => void copy(false)}>
            {copied === "relative" ? "Copied" : "Copy link"}
          </Button>
          <Button variant="default" size="xs" onClick={() => void copy(true)}>
            {copied === "frozen" ? "Copied" : "With frozen time"}
          </Button>
        </div>
        {copied.startsWith("http") && (
          <input readOnly value={copied} aria-label="Link" onFocus={(event) => event.currentTarget.select()} />
        )}
      </form>
    </div>
  );
}
