"""The order in which Alertmanager lists alerts and groups: in notifications, in templates and in its API."""

from functools import lru_cache
from typing import Final

from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

LabelOrder = tuple[int, tuple[tuple[bytes, str], ...]]
_INVERTED: Final = bytes(range(255, -1, -1))


def label_order(labels: Labels) -> LabelOrder:
    """A sort key: fewer labels go first; of as many, the set that lacks the first name in which two differ, then the
    lesser value (prometheus/common, `LabelSet.Before`)."""
    return len(labels), tuple([(_later_first(name), value) for name, value in labels.pairs])


def alert_order(alert: Alert) -> tuple[bool, str, bool, str, LabelOrder]:
    """A sort key: by job, by instance, then by all labels."""
    job, instance = alert.labels.value("job"), alert.labels.value("instance")
    return (not job, job, not instance, instance, label_order(alert.labels))


@lru_cache(maxsize=4096)
def _later_first(name: str) -> bytes:
    """A text that sorts the other way round than the name: of two sets the one whose next name is later lacks the
    other's."""
    return name.encode(errors="surrogatepass").translate(_INVERTED) + b"\xff"
