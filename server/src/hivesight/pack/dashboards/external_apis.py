"""External APIs: what the hive asks of others, how fast they answer, what fails, and which breakers are open."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, label
from hivesight_sdk import semconv as m

_SERVICE: Final = 'service=~"$service"'
MODEL: Final = "model"
"""Value of `service` for models, which answer in tens of seconds and have limits of their own."""
FAILED: Final = 'status_code=~"5..|429|error|timeout"'
"""What counts as failed, as in ExternalAPIHighErrorRate."""

_HALF_OPEN: Final = 'state="half_open"'
_OPEN: Final = 'state="open"'


def _slow(service: str) -> str:
    return q.quantile(0.95, m.EXTERNAL_API_DURATION, "service", where=f"{_SERVICE}, {service}")


DASHBOARD: Final = Dashboard(
    "external-apis",
    "Hive / External APIs",
    "Requests to services outside the hive: rate, duration, failures, rate limits, circuit breakers.",
    (*HIVE, label("service", "Service", m.EXTERNAL_API_REQUESTS)),
    (
        Row(
            "Requests",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Requests",
                    "Requests a second, by service and method.",
                    (
                        Query(
                            q.rate(m.EXTERNAL_API_REQUESTS, "service", "method", where=_SERVICE),
                            "{{service}} {{method}}",
                        ),
                    ),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Share that fails",
                    "Server errors, rate limits, timeouts and broken connections, of all requests. "
                    "The alert is silent below 20 "
                    "requests in 5 minutes.",
                    (Query(q.share(m.EXTERNAL_API_REQUESTS, FAILED, "service", where=_SERVICE), "{{service}}"),),
                    units.RATIO,
                    alerts=("ExternalAPIHighErrorRate",),
                ),
                Panel(
                    Kind.TABLE,
                    "Answers",
                    "Requests of the time that is shown, by service and status; error, timeout and "
                    "cancelled have no HTTP status.",
                    (Query(q.top(q.increase(m.EXTERNAL_API_REQUESTS, "service", "status_code", where=_SERVICE), 30)),),
                ),
            ),
        ),
        Row(
            "Duration",
            (
                Panel(
                    Kind.TIMESERIES,
                    "How long services take (p95)",
                    "95th percentile of each service but for models; exemplars lead to traces.",
                    (Query(_slow(f'service!="{MODEL}"'), "{{service}}"),),
                    units.SECONDS,
                    alerts=("ExternalAPIHighLatency",),
                    of=(("service", "other"),),
                ),
                Panel(
                    Kind.TIMESERIES,
                    "How long models take (p95)",
                    "95th percentile of the requests to models, which have a limit of their own.",
                    (Query(_slow(f'service="{MODEL}"'), "{{service}}"),),
                    units.SECONDS,
                    alerts=("ExternalAPIHighLatency",),
                    of=(("service", MODEL),),
                ),
                Panel(
                    Kind.HEATMAP,
                    "Durations",
                    "How many requests took how long.",
                    (Query(q.buckets(m.EXTERNAL_API_DURATION, where=_SERVICE), "{{le}}"),),
                    units.SECONDS,
                ),
            ),
        ),
        Row(
            "Limits and breakers",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Rate limits",
                    "Requests a second that were answered with 429: the service's quota is spent.",
                    (
                        Query(
                            q.rate(m.EXTERNAL_API_REQUESTS, "service", where=f'{_SERVICE}, status_code="429"'),
                            "{{service}}",
                        ),
                    ),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.STATE_TIMELINE,
                    "Circuit breakers",
                    "Closed: requests pass. Open: none do. Half-open: one may try.",
                    (
                        Query(
                            f"{q.of('max', m.CIRCUIT_BREAKER_STATE, 'breaker', where=_HALF_OPEN)} + "
                            f"2 * {q.of('max', m.CIRCUIT_BREAKER_STATE, 'breaker', where=_OPEN)}",
                            "{{breaker}}",
                        ),
                    ),
                    values=((0, "closed", "green"), (1, "half-open", "orange"), (2, "open", "red")),
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Breakers that open",
                    "How often a second breakers went from one state to another.",
                    (
                        Query(
                            q.rate(m.CIRCUIT_BREAKER_TRANSITIONS, "breaker", "from_state", "to_state"),
                            "{{breaker}}: {{from_state}} to {{to_state}}",
                        ),
                    ),
                    units.PER_SECOND,
                ),
            ),
        ),
    ),
)
