"""Models and tools: calls, tokens, dollars, and what a task costs."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, label
from hivesight_sdk import semconv as m

_MODEL: Final = 'provider=~"$provider", model=~"$model"'
_COST: Final = q.increase(m.MODEL_COST, where=_MODEL)
_CACHED: Final = f'{_MODEL}, type="cache_read"'
_DONE: Final = 'status="completed"'
_INPUT: Final = f'{_MODEL}, type="input"'

DASHBOARD: Final = Dashboard(
    "model-cost",
    "Hive / Model cost",
    "What models cost, by provider and model: dollars, tokens, cache, speed, failures; and the tools beside them.",
    (*HIVE, label("provider", "Provider", m.MODEL_CALLS), label("model", "Model", m.MODEL_CALLS)),
    (
        Row(
            "Dollars",
            (
                Panel(
                    Kind.STAT,
                    "Cost",
                    "US dollars of the time that is shown.",
                    (Query(_COST, "dollars"),),
                    units.DOLLARS,
                    width=4,
                ),
                Panel(
                    Kind.STAT,
                    "Cost of a completed task",
                    "US dollars of the time that is shown, by the tasks that were completed in it.",
                    (Query(f"{_COST} / {q.increase(m.TASKS_COMPLETED, where=_DONE)}", "dollars"),),
                    units.DOLLARS,
                    width=4,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Dollars an hour",
                    "At the rate of the moment, by model.",
                    (
                        Query(
                            f"3600 * {q.rate(m.MODEL_COST, 'provider', 'model', where=_MODEL)}",
                            "{{provider}} {{model}}",
                        ),
                    ),
                    units.DOLLARS,
                    stacked=True,
                ),
                Panel(
                    Kind.BAR_GAUGE,
                    "Cost by model",
                    "US dollars of the time that is shown, the dearest ten.",
                    (Query(q.top(q.increase(m.MODEL_COST, "model", where=_MODEL)), "{{model}}"),),
                    units.DOLLARS,
                ),
            ),
        ),
        Row(
            "Tokens",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Tokens",
                    "Tokens a second, by type. Cached ones are part of input, reasoning ones of output.",
                    (Query(q.rate(m.MODEL_TOKENS, "type", where=_MODEL), "{{type}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Input from the cache",
                    "Share of the input tokens that the provider read from its cache, which is cheaper.",
                    (
                        Query(
                            f"{q.rate(m.MODEL_TOKENS, 'model', where=_CACHED)} / "
                            f"{q.rate(m.MODEL_TOKENS, 'model', where=_INPUT)}",
                            "{{model}}",
                        ),
                    ),
                    units.RATIO,
                    maximum=1,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Tokens of a call",
                    "Mean input of a call, by model: it grows where contexts grow.",
                    (
                        Query(
                            f"{q.rate(m.MODEL_TOKENS, 'model', where=_INPUT)} / "
                            f"{q.rate(m.MODEL_CALLS, 'model', where=_MODEL)}",
                            "{{model}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Calls",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Calls by outcome",
                    "Calls of models a second, by how they ended.",
                    (Query(q.rate(m.MODEL_CALLS, "model", "outcome", where=_MODEL), "{{model}} {{outcome}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "How long calls take (p95)",
                    "95th percentile, by model; exemplars lead to traces.",
                    (Query(q.quantile(0.95, m.MODEL_CALL_DURATION, "model", where=_MODEL), "{{model}}"),),
                    units.SECONDS,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Time to the first part (p95)",
                    "95th percentile of the time to the first part of an answer, for calls that stream.",
                    (Query(q.quantile(0.95, m.MODEL_TIME_TO_FIRST_CHUNK, "model", where=_MODEL), "{{model}}"),),
                    units.SECONDS,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Why answers ended",
                    "Answers a second by reason; `length` means that they were cut off.",
                    (Query(q.rate(m.MODEL_FINISHES, "model", "reason", where=_MODEL), "{{model}} {{reason}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Calls of tools",
                    "Calls of tools a second, by tool and outcome.",
                    (Query(q.rate(m.TOOL_CALLS, "tool", "outcome"), "{{tool}} {{outcome}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "How long tools take (p95)",
                    "95th percentile, by tool.",
                    (Query(q.quantile(0.95, m.TOOL_CALL_DURATION, "tool"), "{{tool}}"),),
                    units.SECONDS,
                ),
            ),
        ),
    ),
)
