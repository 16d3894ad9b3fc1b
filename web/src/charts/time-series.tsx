/** Lines or a stack over time, with axis units, a legend with last values, a shared cursor, and drag to zoom. */
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { type Aligned, lastValue } from "../lib/aligned-data";
import { type Scheme, seriesColors, withAlpha } from "../lib/color";
import { formatValue, type Unit } from "../lib/format";
import { timeAxes, valueRange } from "./axes";
import { Legend } from "./legend";
import { stackBands, stackColumns } from "./stack";
import { tooltipPlugin } from "./tooltip";
import { UPlotChart } from "./uplot";

interface Props {
  data: Aligned;
  names: readonly string[];
  unit: Unit;
  scheme: Scheme;
  label: string;
  height?: number;
  stacked?: boolean;
  /** A value that the y-axis always reaches, as 1 for a share of a whole. */
  most?: number;
  onZoom?: (fromMs: number, toMs: number) => void;
}

const NONE: ReadonlySet<number> = new Set();

export function TimeSeries({ data, names, unit, scheme, label, height = 170, stacked = false, most, onZoom }: Props) {
  const [alone, setAlone] = useState<string | null>(null);
  const identity = names.join("\u0000");
  const colors = useMemo(() => seriesColors(identity.split("\u0000"), scheme), [identity, scheme]);
  const picked = alone === null ? -1 : names.indexOf(alone);
  const hidden = useMemo(
    () =>
      picked < 0
        ? NONE
        : new Set(
            identity
              .split("\u0000")
              .map((_, index) => index)
              .filter((index) => index !== picked),
          ),
    [identity, picked],
  );

  // Read by the chart's callbacks, which live longer than one set of data. A layout effect, because the chart
  // takes the data in an effect of its own and asks for the range while it does.
  const live = useRef({ data, names, colors, hidden, onZoom });
  useLayoutEffect(() => {
    live.current = { data, names, colors, hidden, onZoom };
  });

  const drawn = useMemo<uPlot.AlignedData>(() => {
    const columns = stacked
      ? stackColumns(data.columns, hidden)
      : data.columns.map((column, index) => (hidden.has(index) ? column.map(() => null) : column));
    return [data.times, ...columns];
  }, [data, hidden, stacked]);

  const options = useMemo<Omit<uPlot.Options, "width" | "height">>(() => {
    const shownNames = identity.split("\u0000");
    return {
      legend: { show: false },
      padding: [10, 12, 0, 0],
      cursor: {
        y: false,
        sync: { key: "time" },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7, width: 1 },
        focus: { prox: -1 },
      },
      scales: {
        x: {
          time: true,
          range: () => [live.current.data.times[0] ?? 0, live.current.data.times.at(-1) ?? 1],
        },
        y: { range: (_, low, high) => valueRange(low, high, most) },
      },
      axes: timeAxes(unit, scheme),
      series: [
        {},
        ...shownNames.map((name, index) => ({
          label: name,
          stroke: colors[index] ?? "#888888",
          width: 1.5,
          spanGaps: false,
          points: { show: false },
          ...(stacked || shownNames.length === 1
            ? { fill: withAlpha(colors[index] ?? "#888888", stacked ? 0.28 : 0.1) }
            : {}),
        })),
      ],
      bands: stacked
        ? stackBands(shownNames.length, hidden).map((band, place) => ({
            ...band,
            fill: withAlpha(colors[band.series[0] - 1] ?? colors[place] ?? "#888888", 0.28),
          }))
        : [],
      plugins: [
        tooltipPlugin(
          // oxlint-disable-next-line react/refs -- called by the chart when the mouse moves, never while rendering
          (at) =>
            live.current.names.map((name, index) => ({
              name,
              color: live.current.colors[index] ?? "#888888",
              value: live.current.hidden.has(index) ? null : (live.current.data.columns[index]?.[at] ?? null),
            })),
          (value) => formatValue(value, unit),
        ),
      ],
      hooks: {
        setSelect: [
          (chart) => {
            const { left, width } = chart.select;
            if (width < 6) return;
            live.current.onZoom?.(chart.posToVal(left, "x") * 1000, chart.posToVal(left + width, "x") * 1000);
            chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    };
  }, [identity, colors, hidden, unit, scheme, stacked, most]);

  const items = names.map((name, index) => ({
    name,
    color: colors[index] ?? "#888888",
    last: lastValue(data.columns[index] ?? []),
  }));

  return (
    <>
      <UPlotChart options={options} data={drawn} height={height} label={label} />
      <Legend
        items={items}
        hidden={hidden}
        unit={unit}
        onPick={(at) => setAlone(alone === names[at] ? null : (names[at] ?? null))}
      />
    </>
  );
}
