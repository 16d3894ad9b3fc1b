"""The grammar of promtool's files of unit tests (`promtool test rules`, Prometheus 3.9)."""

from dataclasses import field
from datetime import UTC, datetime
from typing import Annotated

from hivesight.model.labels import NO_LABELS
from hivesight.schema import DurationMs, LabelSet, Text, key, parsed, section

_FARTHEST_MS = 2**52


def _number(text: str) -> float:
    """A number as YAML writes it: `.inf` and `.nan` among them."""
    plain = text.lower()
    try:
        return float(plain.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        raise ValueError(f"expected a number, not {text!r}") from None


def _moment(text: str) -> int:
    """Seconds since the epoch or RFC 3339, as milliseconds."""
    try:
        ms = round(float(text) * 1000)
    except (ValueError, OverflowError):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"no time: {text!r} (write 1767323045 or 2026-01-02T03:04:05Z)") from None
        ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    if abs(ms) > _FARTHEST_MS:
        raise ValueError(f"the time {text} is too far away")
    return ms


@section
class SeriesInput:
    """values: what it has every `interval`, in series notation."""

    series: Text
    values: Text = ""


@section
class ExpectedAlert:
    """exp_labels: all of the alert's but `alertname`."""

    exp_labels: dict[str, Text] = field(default_factory=dict[str, str])
    exp_annotations: dict[str, Text] = field(default_factory=dict[str, str])


@section
class AlertTest:
    """What of an alert fires at a time, over all rules of that name: these and no others."""

    eval_time_ms: Annotated[DurationMs, key("eval_time")] = 0
    alertname: Text = ""
    exp_alerts: tuple[ExpectedAlert, ...] = ()


@section
class ExpectedSample:
    """histogram: in series notation; in its place stands `value`."""

    labels: Text = ""
    value: Annotated[float, parsed(_number)] = 0.0
    histogram: Text = ""


@section
class ExprTest:
    """What an expression answers at a time, in any order."""

    expr: Text = ""
    eval_time_ms: Annotated[DurationMs, key("eval_time")] = 0
    exp_samples: tuple[ExpectedSample, ...] = ()


@section
class TestGroup:
    """Input and what is expected of it. interval_ms: 0 means the evaluation interval. start_ms: the time at which the
    input begins and from which all `eval_time` count."""

    name: Text = ""
    interval_ms: Annotated[DurationMs, key("interval")] = 0
    start_ms: Annotated[int, key("start_timestamp"), parsed(_moment)] = 0
    input_series: tuple[SeriesInput, ...] = ()
    alert_rule_test: tuple[AlertTest, ...] = ()
    promql_expr_test: tuple[ExprTest, ...] = ()
    external_labels: LabelSet = NO_LABELS
    external_url: Text = ""

    @property
    def last_ms(self) -> int:
        """The last time that is looked at, counted from the start."""
        times = [each.eval_time_ms for each in (*self.alert_rule_test, *self.promql_expr_test)]
        return max(times, default=0)


@section
class TestFile:
    """One file. evaluation_interval_ms: how often all groups are evaluated, whatever interval of their own they have.
    group_eval_order: groups that come in this order, after those that are not named."""

    rule_files: tuple[Text, ...] = ()
    evaluation_interval_ms: Annotated[DurationMs, key("evaluation_interval")] = 0
    group_eval_order: tuple[Text, ...] = ()
    fuzzy_compare: bool = False
    tests: tuple[TestGroup, ...] = ()
