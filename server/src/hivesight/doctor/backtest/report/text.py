"""Results for people: a table of the rules, what is to be known of those that did something, and who was told."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.backtest.report.notifications import notification_lines
from hivesight.doctor.backtest.report.tables import moment, table
from hivesight.doctor.backtest.telling import Told
from hivesight.doctor.backtest.verdict import RETURN_MS, AlertingResult, Figures, RecordingResult, Results
from hivesight.model.duration import format_duration

MOST_FIRINGS: Final = 5
_HEAD: Final = ("RULE", "FIRED", "ALERTS", "TOTAL", "LONGEST", "WAITED", "CAME BACK", "AT THE END")


def lines(results: Results, told: Told | None) -> Iterator[str]:
    """told: None where nobody asked who would have been told."""
    length = format_duration(round((results.until_ms - results.since_ms) / 1000) * 1000)
    yield f"{length}, from {moment(results.since_ms)} to {moment(results.until_ms)} UTC"
    if results.recording:
        names = sorted({each.member.name for each in results.recording})
        yield f"recorded anew, since these rules read it: {', '.join(names)}"
    yield ""
    figures = [results.figures(each) for each in results.alerting]
    yield from table(_HEAD, [_row(*each) for each in zip(results.alerting, figures, strict=True)])
    for result, each in zip(results.alerting, figures, strict=True):
        yield from _details(results, result, each)
    for recording in results.recording:
        troubles = list(_troubles(recording))
        if troubles:
            yield from ("", _name(recording), *troubles)
    if told is not None:
        yield from ("", *notification_lines(told))


def _row(result: AlertingResult, figures: Figures) -> tuple[str, ...]:
    if result.broken:
        return (result.member.name, "?", "?", "?", "?", "?", "?", "given up")
    fires = figures.firings > 0
    end = [f"{count} {state}" for count, state in ((figures.firing, "firing"), (figures.pending, "pending")) if count]
    return (
        result.member.name,
        str(figures.firings),
        str(figures.alerts),
        _length(figures.total_ms) if fires else "-",
        _length(figures.longest_ms) if fires else "-",
        str(figures.waits),
        f"{figures.returns}, flaps" if figures.flapping else str(figures.returns),
        ", ".join(end) or "quiet",
    )


def _details(results: Results, result: AlertingResult, figures: Figures) -> Iterator[str]:
    troubles = list(_troubles(result))
    if not (figures.firings or figures.waits or troubles):
        return
    yield ""
    yield _name(result)
    yield from troubles
    firings = result.firings
    for each in firings[:MOST_FIRINGS]:
        begins, ends = results.span(each)
        before = "before " if each.fired_at_ms is not None and each.fired_at_ms < results.since_ms else ""
        after = "" if each.over_at_ms is not None else ", still at the end"
        labels = each.labels.without("alertname")
        yield f"  {before}{moment(begins)}  for {_length(ends - begins)}{after}  value {each.value:.6g}  {labels}"
    if len(firings) > MOST_FIRINGS:
        yield f"  and {len(firings) - MOST_FIRINGS} more"
    if figures.alerts > 1 and figures.busy_ms:
        share = 100 * figures.busy_ms / max(1, results.until_ms - results.since_ms)
        yield f"  at least one alert fired for {_length(figures.busy_ms)}, {share:.1f} % of the time"
    if figures.waits:
        waited = _length(figures.longest_wait_ms)
        wait = format_duration(result.member.rule.config.for_ms)
        yield f"  pending that never fired: {figures.waits}, the longest for {waited} of {wait}"
    if figures.flapping:
        yield from _flapping(figures)


def _flapping(figures: Figures) -> Iterator[str]:
    shown = ", ".join(str(each.without("alertname")) or "the alert" for each in figures.flapping[:MOST_FIRINGS])
    more = f" and {len(figures.flapping) - MOST_FIRINGS} more" if len(figures.flapping) > MOST_FIRINGS else ""
    soon, gap = format_duration(RETURN_MS), _length(figures.longest_gap_ms)
    yield f"  flaps: fired again within {soon} of its end, more than once: {shown}{more}"
    yield f"  it was over for {gap} at most: keep_firing_for longer than that would have made one of each such series"


def _troubles(result: AlertingResult | RecordingResult) -> Iterator[str]:
    if result.broken:
        yield f"  given up: {result.broken}"
    failures = result.failures
    if failures.count:
        first = f"first at {moment(failures.first_at_ms)}: {failures.first}"
        yield f"  could not be evaluated {failures.count} of {result.evaluations} times, {first}"


def _name(result: AlertingResult | RecordingResult) -> str:
    member = result.member
    config = member.rule.config
    said = [f"every {format_duration(member.interval_ms)}"]
    said += [f"for {format_duration(config.for_ms)}"] if config.for_ms else []
    said += [f"keeps firing for {format_duration(config.keep_firing_for_ms)}"] if config.keep_firing_for_ms else []
    return f"{member.name}  ({member.file}, {member.group_name}: {', '.join(said)})"


def _length(ms: int) -> str:
    return format_duration(round(ms / 1000) * 1000)
