"""Who would have been told, as text."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.backtest.report.tables import moment, table
from hivesight.doctor.backtest.telling import Told
from hivesight.doctor.rehearsal import Delivery, Held

MOST_DELIVERIES: Final = 5
"""Of each receiver."""
_HEAD: Final = ("RECEIVER", "NOTIFICATIONS", "WITH FIRING", "ALL RESOLVED", "FAILED", "BY")


def notification_lines(told: Told) -> Iterator[str]:
    """A table of the receivers, the first notifications of each, and what was kept back."""
    if not told.deliveries:
        yield "nobody would have been told"
    else:
        by_receiver: dict[str, list[Delivery]] = {}
        for each in told.deliveries:
            by_receiver.setdefault(each.receiver, []).append(each)
        yield from table(_HEAD, [_row(name, found) for name, found in by_receiver.items()])
        for name, found in by_receiver.items():
            yield from ("", name)
            yield from (f"  {_delivery(each)}" for each in found[:MOST_DELIVERIES])
            if len(found) > MOST_DELIVERIES:
                yield f"  and {len(found) - MOST_DELIVERIES} more"
    if told.held:
        yield from ("", *_held(told.held))


def _row(receiver: str, deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    return (
        receiver,
        str(len(deliveries)),
        str(sum(bool(each.firing) for each in deliveries)),
        str(sum(not each.firing for each in deliveries)),
        str(sum(not each.arrived for each in deliveries)),
        ", ".join(sorted({each.integration for each in deliveries})),
    )


def _delivery(delivery: Delivery) -> str:
    counts = ((len(delivery.firing), "firing"), (len(delivery.resolved), "resolved"))
    said = ", ".join(f"{count} {state}" for count, state in counts if count)
    title = f"failed: {delivery.error}" if delivery.error else next((each.title for each in delivery.messages), "")
    return f"{moment(delivery.at_ms)}  {delivery.integration}  {said}  {delivery.group_labels}  {title}".rstrip()


def _held(held: Sequence[Held]) -> Iterator[str]:
    by_means: dict[str, list[Held]] = {}
    for each in held:
        by_means.setdefault(each.what.value, []).append(each)
    yield "held back"
    for what, found in by_means.items():
        names = ", ".join(sorted({each.labels.value("alertname") for each in found}))
        first = found[0]
        yield f"  by {what}: {len(found)} ({names}), first at {moment(first.first_ms)}: {first.why}"
