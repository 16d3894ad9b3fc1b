"""Metrics of processes that end before anyone scrapes them: collected once, encoded, and pushed in a bounded time.

`jobs` measures the run, `target` says where to, `pushing` sends and gives up in time.
"""

from hivesight_sdk.push.jobs import JobRun, job
from hivesight_sdk.push.pushing import push_metrics

__all__ = ["JobRun", "job", "push_metrics"]
