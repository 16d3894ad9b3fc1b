import { Modal } from "@mantine/core";
import { PAGES } from "./nav";

const KEYS: readonly [string, string][] = [
  ["Ctrl K or ⌘ K", "Find a page, service, alert or metric"],
  ["/", "Search in this page"],
  ["t", "Choose the time range"],
  ["[ and ]", "Move the time range back and forward"],
  ["+ and -", "Zoom in and out"],
  ["r", "Refresh now"],
  ["?", "This list"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const rows = [...PAGES.map((page): [string, string] => [`g ${page.key}`, `Go to ${page.title}`]), ...KEYS];
  return (
    <Modal opened onClose={onClose} title="Keys" size="sm" closeButtonProps={{ "aria-label": "Close" }}>
      <dl className="help-keys">
        {rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys
                .split(" ")
                .map((part) =>
                  part === "or" || part === "and" ? <span key={part}> {part} </span> : <kbd key={part}>{part}</kbd>,
                )}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
