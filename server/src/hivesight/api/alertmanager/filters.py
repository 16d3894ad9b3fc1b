"""The questions' parameters: which alerts, groups and silences are wanted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.datastructures import QueryParams

from hivesight.alerting.index import meets
from hivesight.alerting.matchers import parse_matcher
from hivesight.alerting.silence import Silence, SilenceState
from hivesight.alerting.view import AlertFilter, AlertState, AlertView, LabelFilter, ReceiverFilter
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, all_match, compile_regex

MAX_MATCHERS: Final = 100
_TRUE: Final = frozenset(("true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"))
"""What go-openapi takes for true; everything else is false."""
_STATES: Final = (SilenceState.ACTIVE, SilenceState.PENDING, SilenceState.EXPIRED)


def said(query: QueryParams, name: str) -> bool:
    """A parameter that is true where it is left out."""
    text = query.get(name)
    return not text or text.lower() in _TRUE


def alert_filter(query: QueryParams) -> AlertFilter:
    """By `active`, `silenced` and `inhibited`."""
    active, silenced, inhibited = (said(query, name) for name in ("active", "silenced", "inhibited"))

    def wanted(view: AlertView) -> bool:
        return (
            (active or view.state is not AlertState.ACTIVE)
            and (silenced or not view.silenced_by)
            and (inhibited or not view.inhibited_by)
        )

    return wanted


def label_filter(query: QueryParams) -> LabelFilter:
    """By `filter`. Raises ValueError."""
    return meets(matchers_of(query.getlist("filter")))


def receiver_filter(query: QueryParams, receivers: Mapping[str, Labels], *, by_name: bool = True) -> ReceiverFilter:
    """Which receivers are meant by `receiver`, an anchored regular expression (where by_name), and by
    `receiver_matchers` of their labels. Raises ValueError."""
    matchers = matchers_of(query.getlist("receiver_matchers"))
    meant = {name for name, labels in receivers.items() if all_match(matchers, labels)}
    pattern = query.get("receiver")
    if by_name and pattern:
        regex = compile_regex(pattern, groups=False)
        meant = {name for name in meant if regex.fullmatch(name) is not None}
    return meant.__contains__


def silence_filter(query: QueryParams) -> Callable[[Silence], bool]:
    """By `filter`: the silence has each of these very matchers. Raises ValueError."""
    matchers = matchers_of(query.getlist("filter"))
    return lambda silence: all(matcher in silence.matchers for matcher in matchers)


def silence_order(silence: Silence, now_ms: int) -> tuple[int, int]:
    """A sort key: active ones by their end, then pending ones by their start, then the one that ended last."""
    state = silence.state(now_ms)
    at_ms = silence.starts_at_ms if state is SilenceState.PENDING else silence.ends_at_ms
    return _STATES.index(state), -at_ms if state is SilenceState.EXPIRED else at_ms


def matchers_of(texts: Sequence[str]) -> list[Matcher]:
    """One matcher of each text. Raises ValueError."""
    if len(texts) > MAX_MATCHERS:
        raise ValueError(f"more than {MAX_MATCHERS} filters")
    return [parse_matcher(text) for text in texts]
