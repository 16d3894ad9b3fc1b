"""Security: what was denied, to whom, which secrets turned up, and what agents do with their tools."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, LogQuery, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, LOGS
from hivesight_sdk import semconv as m

_SUSPECT: Final = 'message:(denied OR forbidden OR unauthorized OR injection OR "permission")'

DASHBOARD: Final = Dashboard(
    "security",
    "Security",
    "Denials, credentials that are refused, secrets in logs and the use of tools. Signs, not verdicts.",
    (*HIVE, LOGS),
    (
        Row(
            "Refused",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Denied",
                    "Errors a second that mean that something was not allowed, by component.",
                    (Query(q.rate(m.ERRORS, "component", where='kind="denied"'), "{{component}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Credentials refused",
                    "Requests to services outside that were answered with 401 or 403: a key that "
                    "expired, or is used where it "
                    "should not be.",
                    (Query(q.some(m.EXTERNAL_API_REQUESTS, 'status_code=~"401|403"', "service"), "{{service}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Secrets in logs",
                    "Secrets a second that the SDK took out of log records, by the rule that found "
                    "them. Find who logs them.",
                    (Query(q.rate(m.LOG_REDACTIONS, "job", "kind"), "{{job}} {{kind}}"),),
                    units.PER_SECOND,
                ),
            ),
        ),
        Row(
            "Behaviour",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Tools",
                    "Calls of tools a second, by tool. A tool that was never used before deserves a look.",
                    (Query(q.rate(m.TOOL_CALLS, "tool"), "{{tool}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Tools that fail",
                    "Share of the calls of each tool that did not succeed: an agent may be trying doors.",
                    (Query(q.share(m.TOOL_CALLS, 'outcome!="success"', "tool"), "{{tool}}"),),
                    units.RATIO,
                    maximum=1,
                ),
                Panel(
                    Kind.TABLE,
                    "Services outside",
                    "Requests of the time that is shown, by service. One that you do not know deserves a look.",
                    (Query(q.increase(m.EXTERNAL_API_REQUESTS, "service")),),
                ),
            ),
        ),
        Row(
            "Records",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Suspect records",
                    "Log records that speak of denial or injection, by service.",
                    (LogQuery(_SUSPECT, "service"),),
                    width=8,
                    height=12,
                ),
                Panel(
                    Kind.LOGS,
                    "Latest suspect records",
                    "The latest of them.",
                    (LogQuery(_SUSPECT),),
                    width=16,
                    height=12,
                ),
            ),
        ),
    ),
)
