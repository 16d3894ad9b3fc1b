"""Reading a request's parameters, from the query string and from a form body alike."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from hivesight.api.body import BodyTooLarge, body_of
from hivesight.api.prometheus.envelope import BadParameter
from hivesight.model.duration import parse_duration
from hivesight.model.errors import BadQuery
from hivesight.model.matcher import Matcher
from hivesight.query.promql import parse
from hivesight.query.promql.ast import VectorSelector

MAX_FORM_BYTES: Final = 1 << 20
_LARGEST_MS: Final = 1 << 53


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
        """A time: seconds since the epoch, or RFC 3339. Milliseconds leave."""
        text = self.text(name)
        if not text:
            if default is None:
                raise BadParameter(f'invalid parameter "{name}": cannot parse "" to a valid timestamp')
            return default
        try:
            return _time_ms(text)
        except (ValueError, OverflowError):
            raise BadParameter(
                f'invalid parameter "{name}": cannot parse "{_shown(text)}" to a valid timestamp'
            ) from None

    def duration_ms(self, name: str, default: int | None = None) -> int:
        """A duration: seconds as a number, or Prometheus' way of writing it. Milliseconds leave."""
        text = self.text(name)
        if not text:
            if default is None:
                raise BadParameter(f'invalid parameter "{name}": cannot parse "" to a valid duration')
            return default
        try:
            return _checked_ms(float(text))
        except (ValueError, OverflowError):
            pass
        try:
            return parse_duration(text)
        except ValueError:
            raise BadParameter(
                f'invalid parameter "{name}": cannot parse "{_shown(text)}" to a valid duration'
            ) from None

    def limit(self) -> int | None:
        """The most entries that are wanted; None for all."""
        text = self.text("limit", "0")
        if not text.isdecimal() or len(text) > 12:
            raise BadParameter('invalid parameter "limit": not a number that is zero or more')
        return int(text) or None

    def selectors(self, name: str = "match[]") -> list[Sequence[Matcher]]:
        """Every series selector sent under the name."""
        try:
            return [_matchers(text) for text in self.all(name)]
        except BadQuery as error:
            raise BadParameter(f'invalid parameter "{name}": {error}') from error


async def params_of(request: Request) -> Params:
    """The parameters of a GET or of a POSTed form; a form larger than 1 MiB is refused before it is read."""
    pairs = list(request.query_params.multi_items())
    if request.method == "POST":
        try:
            body = await body_of(request, MAX_FORM_BYTES)
            pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
        except (BodyTooLarge, ValueError) as error:
            raise BadParameter(str(error)) from error
    return Params(pairs)


def _matchers(text: str) -> Sequence[Matcher]:
    expr = parse(text)
    if not isinstance(expr, VectorSelector):
        raise BadQuery('expected a series selector such as up{job="node"}')
    return expr.matchers


def _time_ms(text: str) -> int:
    try:
        return _checked_ms(float(text))
    except ValueError:
        moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def _checked_ms(seconds: float) -> int:
    if not math.isfinite(seconds) or abs(seconds) * 1000 > _LARGEST_MS:
        raise OverflowError
    return round(seconds * 1000)


def _shown(text: str) -> str:
    return text if len(text) <= 64 else text[:61] + "..."
