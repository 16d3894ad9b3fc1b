"""Questions on a clock: recording rules that become series, alerting rules that become alerts. Enter: Prometheus rule
files, a function that answers PromQL, a sink for samples, a callable that takes alerts. Called by app and the API."""

from hivesight.rules.alerts import AlertState
from hivesight.rules.config import RuleSource, read_rule_file, read_rules
from hivesight.rules.evidence import Evidence, Period, Window, Witness
from hivesight.rules.expansion import UNEXPANDED, Surroundings
from hivesight.rules.group import Outside, RuleOptions
from hivesight.rules.manager import RuleManager
from hivesight.rules.ports import History, QueryFunc, SampleSink, SendFunc
from hivesight.rules.restoring import Restoration
from hivesight.rules.rule import Health
from hivesight.rules.sections import GroupConfig, RuleConfig, RuleFile
from hivesight.rules.snapshot import AlertSnapshot, GroupSnapshot, RuleSnapshot, RulesSnapshot

__all__ = [
    "UNEXPANDED",
    "AlertSnapshot",
    "AlertState",
    "Evidence",
    "GroupConfig",
    "GroupSnapshot",
    "Health",
    "History",
    "Outside",
    "Period",
    "QueryFunc",
    "Restoration",
    "RuleConfig",
    "RuleFile",
    "RuleManager",
    "RuleOptions",
    "RuleSnapshot",
    "RuleSource",
    "RulesSnapshot",
    "SampleSink",
    "SendFunc",
    "Surroundings",
    "Window",
    "Witness",
    "read_rule_file",
    "read_rules",
]
