/** The box beside the cursor: one row per series. Names come from strangers, so every text is a text node. */
import type uPlot from "uplot";
import { clockWithDay } from "../lib/time";

export interface TooltipRow {
  name: string;
  color: string;
  value: number | null;
}

export const MAX_ROWS = 12;

/** The rows to show, greatest first, and how many were left out. */
export function tooltipRows(rows: readonly TooltipRow[]): { shown: TooltipRow[]; left: number } {
  const present = rows.filter((row) => row.value !== null).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  return { shown: present.slice(0, MAX_ROWS), left: Math.max(0, present.length - MAX_ROWS) };
}

function element(className: string, text?: string): HTMLElement {
  const made = document.createElement("div");
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** `rowsAt` gives the raw values of a point. Only the chart under the mouse shows the box, not those synced to it. */
export function tooltipPlugin(rowsAt: (index: number) => TooltipRow[], format: (value: number) => string): uPlot.Plugin {
  const box = element("chart-tooltip");
  let inside = false;
  const hide = (): void => {
    box.hidden = true;
  };
  return {
    hooks: {
      init: (chart) => {
        hide();
        chart.root.append(box);
        chart.over.addEventListener("mouseenter", () => {
          inside = true;
        });
        chart.over.addEventListener("mouseleave", () => {
          inside = false;
          hide();
        });
      },
      setCursor: (chart) => {
        const index = chart.cursor.idx;
        const left = chart.cursor.left ?? -1;
        if (!inside || index === null || index === undefined || left < 0) return hide();
        const { shown, left: leftOut } = tooltipRows(rowsAt(index));
        if (shown.length === 0) return hide();
        box.replaceChildren(element("chart-tooltip-time", clockWithDay((chart.data[0][index] ?? 0) * 1000)));
        for (const row of shown) {
          const line = element("chart-tooltip-row");
          const swatch = element("chart-swatch");
          swatch.style.background = row.color;
          line.append(
            swatch,
            element("chart-tooltip-name", row.name),
            element("chart-tooltip-value", format(row.value ?? 0)),
          );
          box.append(line);
        }
        if (leftOut > 0) box.append(element("chart-tooltip-time", `and ${leftOut} more`));
        box.hidden = false;
        const origin = chart.over.offsetLeft;
        const width = box.offsetWidth;
        const fitsRight = origin + left + 14 + width <= chart.root.clientWidth;
        box.style.left = `${fitsRight ? origin + left + 14 : Math.max(0, origin + left - 14 - width)}px`;
        box.style.top = "4px";
      },
    },
  };
}
