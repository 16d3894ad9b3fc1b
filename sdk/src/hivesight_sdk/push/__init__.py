"""Metrics of processes that end before anyone scrapes them: collected once, encoded, and pushed in a bounded time.

`jobs` measures the run, `pushing` collects and gives up in time, `otlp_json` encodes, `destination` says where to,
`delivery` sends.
"""

from hivesight_sdk.push.jobs import JobRun, job
from hivesight_sdk.push.pushing import push_metrics

__all__ = ["JobRun", "job", "push_metrics"]
