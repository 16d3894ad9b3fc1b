"""Reading a request's parameters, from the query string and from a form body alike, with Prometheus' words for what
is wrong with them (`web/api/v1`: parseTime, parseDuration, parseLimitParam, parseMatchersParam)."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from hivesight.api.body import BodyTooLarge, body_of
from hivesight.api.prometheus.envelope import BadParameter, invalid
from hivesight.model.duration import parse_duration
from hivesight.model.errors import BadQuery
from hivesight.model.matcher import Matcher
from hivesight.query.promql.literals import quote
from hivesight.query.promql.selector_syntax import parse_selector, starts_selector
from hivesight.query.promql.tokens import Tokens

MAX_FORM_BYTES: Final = 1 << 20
MIN_TIME_MS: Final = -(1 << 60)
MAX_TIME_MS: Final = 1 << 60
_LARGEST_MS: Final = 1 << 53
_MOST_SELECTORS: Final = 1000
_LONGEST_SELECTOR: Final = 131_072
_FARTHEST: Final = {
    "-292273086-05-16T16:47:06Z": MIN_TIME_MS,
    "292277025-08-18T07:12:54.999999999Z": MAX_TIME_MS,
}
"""How clients in Go write the first and the last time they know."""
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d{1,9})?(Z|[+-]\d\d:\d\d)")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_LONGEST_INTEGER: Final = 20
_BOOLEANS: Final[Mapping[str, bool]] = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}
_NO_MATCHER: Final = "vector selector must contain at least one non-empty matcher"


class Params:
    """The parameters by name, in the order they were sent."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Every value sent under the name."""
        return [value for key, value in self._pairs if key == name]

    def text(self, name: str, default: str = "") -> str:
        """The first value, or the default where it is empty or was not sent."""
        return next((value for key, value in self._pairs if key == name and value), default)

    def time_ms(self, name: str, default: int | None = None) -> int:
        """A time: seconds since the epoch, or RFC 3339. Milliseconds leave. Without a default it must be sent."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            return _time_ms(text)
        except (ValueError, OverflowError):
            # Prometheus says the name twice where the parameter may be left out.
            optional = f"Invalid time value for '{name}': " if default is not None else ""
            reason = f"{optional}cannot parse {quote(_shown(text))} to a valid timestamp"
            raise invalid(name, reason) from None

    def span_ms(self) -> tuple[int, int]:
        """`start` and `end`; all of time where they were not sent."""
        return self.time_ms("start", MIN_TIME_MS), self.time_ms("end", MAX_TIME_MS)

    def duration_ms(self, name: str) -> int:
        """A duration: seconds as a number, or Prometheus' way of writing it. Milliseconds leave."""
        try:
            return duration_ms(self.text(name))
        except ValueError as error:
            raise invalid(name, error) from None

    def limit(self) -> int | None:
        """The most entries that are wanted; None for all."""
        text = self.text("limit")
        if not text:
            return None
        try:
            number = integer(text)
        except ValueError as error:
            raise invalid("limit", error) from None
        if number < 0:
            raise invalid("limit", "limit must be non-negative")
        return number or None

    def count(self, name: str) -> int:
        """A number of entries; -1 for all where it was not sent."""
        try:
            return integer(self.text(name, "-1"))
        except ValueError:
            raise BadParameter(f"{name} must be a number") from None

    def flag(self, name: str) -> bool:
        """A truth value; false where it was not sent."""
        text = self.text(name).lower()
        if text and text not in _BOOLEANS:
            reason = f"error converting {name}: strconv.ParseBool: parsing {quote(_shown(text))}: invalid syntax"
            raise invalid(name, reason)
        return _BOOLEANS.get(text, False)

    def selectors(self, name: str = "match[]") -> list[Sequence[Matcher]]:
        """Every series selector sent under the name. Raises BadQuery."""
        texts = self.all(name)
        if len(texts) > _MOST_SELECTORS:
            raise BadParameter(f"more than {_MOST_SELECTORS} {name} parameters: ask several times")
        return [metric_selector(text) for text in texts]


async def params_of(request: Request) -> Params:
    """The parameters of a GET or of a POSTed form; a form larger than 1 MiB is refused before it is read."""
    pairs = list(request.query_params.multi_items())
    if request.method == "POST":
        try:
            body = await body_of(request, MAX_FORM_BYTES)
            # What the form says goes before what the address says.
            pairs = [
                *parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000),
                *pairs,
            ]
        except (BodyTooLarge, ValueError) as error:
            raise BadParameter(f"error parsing form values: {error}") from error
    return Params(pairs)


def duration_ms(text: str) -> int:
    """Seconds as a number, or a Prometheus duration, to milliseconds. Raises ValueError in Prometheus' words."""
    if _NUMBER.fullmatch(text):
        seconds = float(text)
        if not math.isfinite(seconds) or abs(seconds) * 1000 > _LARGEST_MS:
            raise ValueError(f"cannot parse {quote(_shown(text))} to a valid duration. It overflows int64")
        return round(seconds * 1000)
    try:
        return parse_duration(text)
    except ValueError:
        raise ValueError(f"cannot parse {quote(_shown(text))} to a valid duration") from None


def integer(text: str, *, bits: int = 64, function: str = "Atoi") -> int:
    """A whole number of so many bits. Raises ValueError as Go's strconv function of that name words it."""
    shown = quote(_shown(text))
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"strconv.{function}: parsing {shown}: invalid syntax")
    if len(text) > _LONGEST_INTEGER or not -(1 << bits - 1) <= int(text) < 1 << bits - 1:
        raise ValueError(f"strconv.{function}: parsing {shown}: value out of range")
    return int(text)


def metric_selector(text: str) -> Sequence[Matcher]:
    """The conditions of a series selector, which has no modifiers here. Raises BadQuery."""
    if len(text) > _LONGEST_SELECTOR:
        raise BadQuery(f"the selector has {len(text)} characters, more than {_LONGEST_SELECTOR}")
    tokens = Tokens(text)
    if tokens.finished:
        tokens.fail("unexpected end of input", 0, 0)
    if not starts_selector(tokens.next):
        tokens.unexpected("", "")
    try:
        selector = parse_selector(tokens)
    except BadQuery as error:
        if str(error).endswith(_NO_MATCHER):
            raise BadQuery("match[] must contain at least one non-empty matcher") from None
        raise
    if not tokens.finished:
        tokens.unexpected("", "")
    return selector.matchers


def _time_ms(text: str) -> int:
    if _NUMBER.fullmatch(text):
        seconds = float(text)
        if not math.isfinite(seconds) or abs(seconds) * 1000 > _LARGEST_MS:
            raise OverflowError
        return round(seconds * 1000)
    if text in _FARTHEST:
        return _FARTHEST[text]
    if not _RFC3339.fullmatch(text):
        raise ValueError("no time")
    moment = datetime.fromisoformat(text.replace(",", "."))
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def _shown(text: str) -> str:
    return text if len(text) <= 64 else text[:61] + "..."
