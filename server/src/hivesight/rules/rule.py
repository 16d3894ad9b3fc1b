"""What recording and alerting rules have in common: what an evaluation is given and what it leaves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hivesight.gotmpl import TemplateError
from hivesight.model.alert import Alert
from hivesight.rules.expansion import Surroundings
from hivesight.rules.ports import Element, QueryFunc


class RuleFailed(Exception):
    """A rule cannot be evaluated this time; nothing of it is written or sent. The message is its last error."""


class Health(StrEnum):
    UNKNOWN = "unknown"
    OK = "ok"
    BAD = "err"


@dataclass(frozen=True, slots=True)
class Moment:
    """One evaluation. at_ms: its time. data_ms: the time whose data are asked and whose samples are written
    (`query_offset` earlier). interval_ms: the group's. limit: the most alerts or series, 0 for no bound."""

    at_ms: int
    data_ms: int
    interval_ms: int
    limit: int
    resend_delay_ms: int
    query: QueryFunc
    surroundings: Surroundings
    template_failed: Callable[[TemplateError], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation leaves: samples to write, no two with equal labels, and alerts to send."""

    samples: Sequence[Element]
    alerts: Sequence[Alert] = ()
