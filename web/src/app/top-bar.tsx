import { ActionIcon, Tooltip, useMantineColorScheme } from "@mantine/core";
import { IconHelp, IconMoon, IconRefresh, IconSearch, IconSun } from "@tabler/icons-react";
import { useIsFetching } from "@tanstack/react-query";
import { DEFAULT_RANGE, isLive, REFRESH_CHOICES } from "../lib/time";
import { useScheme } from "./theme";
import { TimePicker } from "./time-picker";
import { useRefreshText, useSetRange, useSetRefresh, useTimeRange } from "./time-range";

interface Props {
  onSearch: () => void;
  onHelp: () => void;
  onRefresh: () => void;
  picker: boolean;
  onPicker: (open: boolean) => void;
}

const MOD = navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl";

export function TopBar({ onSearch, onHelp, onRefresh, picker, onPicker }: Props) {
  const scheme = useScheme();
  const { setColorScheme } = useMantineColorScheme();
  const range = useTimeRange();
  const setRange = useSetRange();
  const refresh = useRefreshText();
  const setRefresh = useSetRefresh();
  const fetching = useIsFetching() > 0;
  const choices = REFRESH_CHOICES.includes(refresh as (typeof REFRESH_CHOICES)[number])
    ? REFRESH_CHOICES
    : [refresh, ...REFRESH_CHOICES];

  return (
    <header className="topbar">
      <button type="button" className="search-button" onClick={onSearch}>
        <IconSearch size={15} aria-hidden />
        <span className="search-text">Search or go to…</span>
        <kbd>{MOD} K</kbd>
      </button>
      <div className="topbar-space" />
      {!isLive(range) && (
        <button type="button" className="now-button" onClick={() => setRange(DEFAULT_RANGE)}>
          Back to now
        </button>
      )}
      <TimePicker open={picker} onOpen={onPicker} />
      <div className="refresh">
        <Tooltip label="Refresh now (r)" openDelay={300}>
          <button type="button" className="refresh-now" onClick={onRefresh} aria-label="Refresh now">
            <IconRefresh size={16} data-busy={fetching} aria-hidden />
          </button>
        </Tooltip>
        <select aria-label="Refresh interval" value={refresh} onChange={(event) => setRefresh(event.currentTarget.value)}>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice === "off" ? "Off" : choice}
            </option>
          ))}
        </select>
      </div>
      <Tooltip label={scheme === "dark" ? "Light theme" : "Dark theme"} openDelay={300}>
        <ActionIcon
          variant="default"
          size={32}
          aria-label={scheme === "dark" ? "Switch to light theme" : "Switch to dark theme"}
          onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
        >
          {scheme === "dark" ? <IconSun size={16} /> : <IconMoon size={16} />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Keys (?)" openDelay={300}>
        <ActionIcon variant="default" size={32} aria-label="Keyboard help" onClick={onHelp}>
          <IconHelp size={16} />
        </ActionIcon>
      </Tooltip>
    </header>
  );
}
