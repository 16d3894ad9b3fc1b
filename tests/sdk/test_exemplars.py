"""The current trace beside the duration, where there is an OpenTelemetry span; a library of that shape stands in."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.exemplars import with_exemplar
from hivesight_sdk.exposition import render

TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7


def _trace_module(*, is_valid: bool = True, sampled: bool = True) -> Any:
    flags = SimpleNamespace(sampled=sampled)
    context = SimpleNamespace(is_valid=is_valid, trace_id=TRACE, span_id=SPAN, trace_flags=flags)
    return SimpleNamespace(get_current_span=lambda: SimpleNamespace(get_span_context=lambda: context))


def test_durations_carry_the_current_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", _trace_module())
    with sdk.tool("traced"):
        pass
    body = render(sdk.REGISTRY, "application/openmetrics-text").body.decode()
    (line,) = re.findall(r'^agent_hive_tool_call_duration_seconds_bucket\{.*tool="traced".*\} .* # .*$', body, re.M)
    assert '{span_id="00f067aa0ba902b7",trace_id="4bf92f3577b34da6a3ce929d0e0e4736"}' in line
    assert "trace_id" not in render(sdk.REGISTRY).body.decode(), "the older text format has no exemplars"


@pytest.mark.parametrize(
    "module",
    [
        None,
        _trace_module(is_valid=False),
        _trace_module(sampled=False),
        SimpleNamespace(),
        SimpleNamespace(get_current_span=5),
    ],
    ids=["not loaded", "no span", "not sampled", "half imported", "of another shape"],
)
def test_no_exemplar_without_a_sampled_span(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if module is None:
        monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "opentelemetry.trace", module)
    assert with_exemplar(1.5) == 1.5
