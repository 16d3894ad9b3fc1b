"""The metrics store: a head of scrape groups in memory behind a write-ahead log."""

from hivesight.storage.tsdb.group import Appended, Group
from hivesight.storage.tsdb.limits import Limits, WalOptions
from hivesight.storage.tsdb.stats import Refusal, ReplayStats, TsdbStats
from hivesight.storage.tsdb.tsdb import Tsdb

__all__ = ["Appended", "Group", "Limits", "Refusal", "ReplayStats", "Tsdb", "TsdbStats", "WalOptions"]
