"""All dashboards of the pack."""

from typing import Final

from hivesight.pack.dashboards import (
    agent,
    agents,
    decisions,
    external_apis,
    hivesight_itself,
    infrastructure,
    log_records,
    model_cost,
    overview,
    security,
    slos,
    tasks,
    trace_search,
)
from hivesight.pack.dashboards.spec import Dashboard

DASHBOARDS: Final[tuple[Dashboard, ...]] = (
    overview.DASHBOARD,
    agents.DASHBOARD,
    agent.DASHBOARD,
    tasks.DASHBOARD,
    decisions.DASHBOARD,
    external_apis.DASHBOARD,
    model_cost.DASHBOARD,
    infrastructure.DASHBOARD,
    log_records.DASHBOARD,
    trace_search.DASHBOARD,
    security.DASHBOARD,
    slos.DASHBOARD,
    hivesight_itself.DASHBOARD,
)
