"""Template variables that dashboards share."""

from typing import Final

from hivesight.pack.dashboards.spec import Variable, VariableKind
from hivesight_sdk.semconv import MetricFamily

DATASOURCE: Final = Variable(VariableKind.DATASOURCE, "datasource", "Metrics", "prometheus")
LOGS: Final = Variable(VariableKind.DATASOURCE, "logs", "Logs", "elasticsearch")
TRACES: Final = Variable(VariableKind.DATASOURCE, "traces", "Traces", "jaeger")
HIVESIGHT: Final = Variable(VariableKind.TEXT, "hivesight", "Hivesight at", "http://localhost:9640")
"""Where panels' links to their alerts lead; a dashboard with such links has it without asking."""


def label(
    name: str, title: str, selector: str | MetricFamily, *, scoped: bool = True, many: bool = True, key: str = ""
) -> Variable:
    """The values of a label; `key` is the label where the variable has another name. scoped: within the jobs and
    instances that are chosen."""
    metric = selector if isinstance(selector, str) else selector.name
    if scoped:
        metric += '{job=~"$job", instance=~"$instance"}'
    return Variable(VariableKind.QUERY, name, title, f"label_values({metric}, {key or name})", many=many)


def scope(of: str) -> tuple[Variable, ...]:
    """Data source, job and instance, for dashboards of what this selector finds."""
    inside = of[:-1] + ", " if of.endswith("}") else of + "{"
    return (
        DATASOURCE,
        label("job", "Job", of, scoped=False),
        label("instance", "Instance", f'{inside}job=~"$job"}}', scoped=False),
    )


HIVE: Final = scope('{__name__=~"agent_hive_.+"}')
