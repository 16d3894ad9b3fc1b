import { IconChartDots3 } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { timeOf } from "../app/time-range";

/** Opens an expression on the Metrics page, at the same time. */
export function MetricsLink({ title, expr }: { title: string; expr: string }) {
  return (
    <Link
      to="/explore"
      search={(before) => ({ ...timeOf(before), expr })}
      className="panel-link"
      aria-label={`Open ${title} in Metrics`}
      title="Open in Metrics"
    >
      <IconChartDots3 size={15} aria-hidden />
    </Link>
  );
}
