"""The order in which Alertmanager lists alerts and groups: in notifications, in templates and in its API."""

from typing import Any, Final

from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

SortKey = tuple[Any, ...]
"""Names and values of the labels by turns, so that what is compared is always of one kind."""
MOST_NAMES: Final = 4096
_INVERTED: Final = bytes(range(255, -1, -1))


class _LaterFirst(dict[str, bytes]):
    """By name a text that sorts the other way round: of two sets the one whose next name is later lacks the other's.
    Names are few and are asked for at every flush, so those of late are kept."""

    def __missing__(self, name: str) -> bytes:
        if len(self) >= MOST_NAMES:
            self.clear()
        made = self[name] = name.encode(errors="surrogatepass").translate(_INVERTED) + b"\xff"
        return made


_later_first: Final = _LaterFirst()


def label_order(labels: Labels) -> SortKey:
    """Fewer labels go first; of as many, the set that lacks the first name in which two differ, then the lesser value
    (prometheus/common, `LabelSet.Before`). Flat, which takes a third of the time of pairs."""
    return (len(labels), *[each for name, value in labels.pairs for each in (_later_first[name], value)])


def alert_order(alert: Alert) -> SortKey:
    """By job, by instance, then by all labels."""
    labels = alert.labels
    job, instance = labels.value("job"), labels.value("instance")
    return (not job, job, not instance, instance, *label_order(labels))
