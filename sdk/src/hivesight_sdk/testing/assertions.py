"""Assertions on a captured block, whose messages tell what is there instead."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivesight_sdk.testing.captured_spans import CapturedSpan
    from hivesight_sdk.testing.capturing import Capture


def assert_span(
    seen: Capture,
    name: str,
    attributes: Mapping[str, object] | None = None,
    *,
    parent: str | None = None,
    error: str | None = None,
) -> CapturedSpan:
    """There is a span of this name (or pattern: `"chat *"`) with these attributes, right below one called `parent`, and
    with `error` in the text of its error. Returns the first."""
    __tracebackhide__ = True
    spans = seen.spans
    named = spans.find(name)
    if not named:
        raise AssertionError(f"no span {name!r} among:\n{spans.shown()}")
    wanted = attributes or {}
    found = [span for span in named if span.has(wanted)]
    if not found:
        carried = [{key: span.attributes[key] for key in wanted if key in span.attributes} for span in named]
        lines = "\n".join(f"{span.name}  {values}" for span, values in zip(named, carried, strict=True))
        raise AssertionError(f"no span {name!r} with {dict(wanted)}, but:\n{lines}")
    if parent is not None:
        above = [spans.parent(span) for span in found]
        found = [span for span, up in zip(found, above, strict=True) if up is not None and up.name == parent]
        if not found:
            raise AssertionError(f"no span {name!r} is right below {parent!r}:\n{spans.shown()}")
    if error is not None:
        failed = [span for span in found if span.error is not None and error in span.error]
        if not failed:
            raise AssertionError(f"no span {name!r} failed with {error!r}:\n{spans.shown()}")
        found = failed
    return found[0]


def assert_metric(seen: Capture, name: str, expected: float, /, **labels: str) -> None:
    """The metric grew by `expected` within the block; see `Capture.metric`."""
    __tracebackhide__ = True
    grown = seen.metric(name, **labels)
    if not isclose(grown, expected, rel_tol=1e-9, abs_tol=1e-9):
        wanted = ",".join(f'{label}="{value}"' for label, value in labels.items())
        raise AssertionError(f"{name}{{{wanted}}} is {grown:g}, not {expected:g}; what grew:\n{_shown(seen.grown())}")


def assert_no_errors(seen: Capture) -> None:
    """No span failed, no error was counted, nothing of level error was logged, and the SDK dropped nothing."""
    __tracebackhide__ = True
    complaints = [f"span {span.name}: {span.error}" for span in seen.spans if span.error is not None]
    complaints += [f"{name} grew by {by:g}" for name, by in seen.grown().items() if name.startswith(_ERROR_COUNTERS)]
    complaints += [f"logged: {log.message}" for log in seen.logs if log.level in ("error", "critical")]
    if complaints:
        raise AssertionError("\n".join(["there are errors:", *complaints]))


_ERROR_COUNTERS = ("agent_hive_errors_total", "agent_hive_sdk_dropped_total")


def _shown(grown: Mapping[str, float]) -> str:
    return "\n".join(f"{name} {by:g}" for name, by in sorted(grown.items())) or "(nothing)"
