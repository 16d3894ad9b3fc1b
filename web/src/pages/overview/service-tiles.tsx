/** One tile per service of the hive, with its state over the time range; everything else scraped in one line each. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { timeOf } from "../../app/time-range";
import { StateStrip } from "../../charts/state-strip";
import { runs } from "../../lib/aligned-data";
import { formatSeconds } from "../../lib/format";
import { isHive, type Service, shortError, shortJob, upOf } from "../../lib/services";
import { humanDuration } from "../../lib/time";
import { EmptyNote } from "../../ui/empty-note";
import { ErrorNote, StaleNote } from "../../ui/error-note";
import { useNow } from "../../ui/now";
import { Panel } from "../../ui/panel";
import { Skeleton } from "../../ui/skeleton";

interface Props {
  services: readonly Service[] | undefined;
  /** The grid that the strips are drawn on. */
  times: readonly number[];
  step: number;
  query: UseQueryResult<unknown>;
}

export function ServiceTiles({ services, times, step, query }: Props) {
  const hive = services?.filter(isHive) ?? [];
  const others = services?.filter((service) => !isHive(service)) ?? [];
  return (
    <Panel
      title="Services"
      note={services ? `${services.filter((s) => s.health === "up").length}/${services.length} targets up` : ""}
    >
      {services ? (
        <>
          {services.length === 0 && (
            <EmptyNote title="Nothing is scraped yet">
              Add a job under <code>scrape_configs</code> of the Prometheus configuration file.
            </EmptyNote>
          )}
          <ul className="tiles">
            {hive.map((service) => (
              <Tile key={service.key} service={service} times={times} step={step} />
            ))}
          </ul>
          {others.length > 0 && (
            <ul className="tiles tiles-small" aria-label="Other targets">
              {others.map((service) => (
                <Tile key={service.key} service={service} times={times} step={step} />
              ))}
            </ul>
          )}
          <StaleNote error={query.error} />
        </>
      ) : query.isError ? (
        <ErrorNote title="Targets are not available" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={64} lines={3} />
      )}
    </Panel>
  );
}

function Tile({ service, times, step }: { service: Service; times: readonly number[]; step: number }) {
  const now = useNow();
  const { health, sinceMs, atLeast, lastScrapeMs } = service;
  // Up since before the range began is the normal case and needs no words.
  const silent = sinceMs === null || (atLeast && health === "up");
  const lasting = silent ? "" : ` ${atLeast ? "over " : ""}${humanDuration(now - sinceMs)}`;
  return (
    <li className="tile" data-health={health}>
      <div className="tile-head">
        <span className="tile-dot" aria-hidden />
        <Link
          to="/explore"
          search={(before) => ({ ...timeOf(before), expr: upOf(service) })}
          className="tile-name"
          title={service.job}
        >
          {shortJob(service.job)}
        </Link>
        <span className="tile-state">
          {health}
          {lasting}
        </span>
      </div>
      <StateStrip
        spans={runs(times, service.column, step)}
        stateOf={(value) => (value === null ? "none" : value > 0 ? "ok" : "bad")}
        label={`${service.job} over the time range`}
      />
      {health === "down" ? (
        <p className="tile-error" title={service.lastError}>
          {service.lastError ? shortError(service.lastError) : "no answer"}
        </p>
      ) : (
        <p className="tile-facts">
          <span>{service.instance}</span>
          <span>
            {lastScrapeMs === null
              ? "not scraped yet"
              : `${formatSeconds(service.scrapeSeconds)} · ${humanDuration(now - lastScrapeMs)} ago`}
          </span>
        </p>
      )}
    </li>
  );
}
