/** uPlot in React: one chart per `options` object, data handed over without a rebuild, width from the box around it. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface Props {
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  height: number;
  label: string;
}

export function UPlotChart({ options, data, height, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(data);

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const made = new uPlot({ ...options, width: Math.max(50, parent.clientWidth), height }, latest.current, parent);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      const width = Math.max(50, parent.clientWidth);
      if (width !== made.width) made.setSize({ width, height });
    });
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [options, height]);

  useEffect(() => {
    if (latest.current === data) return;
    latest.current = data;
    chart.current?.setData(data);
  }, [data]);

  return <div ref={box} className="chart" style={{ minHeight: height }} role="img" aria-label={label} />;
}
