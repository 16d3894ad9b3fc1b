"""Secrets taken out where a record is made, before any other process can see them: values of telling keys, and
patterns in texts. What was taken out is counted in `agent_hive_log_redactions_total` by kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hivesight_sdk import metrics
from hivesight_sdk.logs.rules import EMAIL, REDACTED, RULES, Rule
from hivesight_sdk.recording import drop, series
from hivesight_sdk.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_USERRULES: Final = 64

_SECRET_WORDS: Final = frozenset(
    {
        *("password", "passwd", "pwd", "passphrase", "passcode", "otp", "secret", "secrets", "token", "bearer", "jwt"),
        *("apikey", "privatekey", "accesskey", "authorization", "cookie", "cookies", "credential", "credentials"),
    }
)
_SECRET_ENDINGS: Final = ("password", "passwd", "secret", "token", "apikey", "privatekey", "accesskey")
_SECRET_PAIRS: Final = frozenset(
    {
        ("api", "key"),
        ("access", "key"),
        ("account", "key"),
        ("encryption", "key"),
        ("master", "key"),
        ("private", "key"),
        ("signing", "key"),
        ("session", "id"),
        ("connection", "string"),
    }
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"[a-z0-9]+")


def _report(kind: str, count: int) -> None:
    series(metrics.LOG_REDACTIONS, kind).inc(count)


_tally: Final = Tally(_report)


@lru_cache(maxsize=1_024)
def _tells_a_secret(key: str) -> bool:
    words = _WORD.findall(_HUMP.sub("_", key).lower())
    return any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words) or any(
        pair in _SECRET_PAIRS for pair in pairwise(words)
    )


class Redactor:
    """Takes secrets out of values by their keys and out of texts by patterns.

    `keys` are further telling keys (compared without case), `patterns` further regular expressions by the kind they
    are counted as; with `emails`, addresses go too. A text of a few thousand characters is all that a pattern ever
    sees, but one of your own with nested repetitions can still be slow. One that cannot be compiled is dropped and
    counted. Never raises.
    """

    def __init__(
        self, *, keys: Iterable[str] = (), patterns: Mapping[str, str] | None = None, emails: bool = False
    ) -> None:
        self._keys: frozenset[str] = frozenset()
        self._rules: tuple[Rule, ...] = (*RULES, EMAIL) if emails else RULES
        self._user_rules: list[Rule] = []
        # Most texts have no hint, and one look at them is cheaper than one for each.
        self._hint = re.compile("|".join(re.escape(hint) for rule in self._rules for hint in rule.hints))
        try:
            self._keys = frozenset(str(key).lower() for key in keys)
            self._user_rules = _user_rules(dict(patterns or {}))
        except (TypeError, ValueError) as error:
            drop("invalid_value", f"a Redactor takes an iterable of keys and a mapping of patterns: {error}")

    def secret_value(self, key: str, value: object) -> str | None:
        """What to show instead of `value` where `key` says that it is a secret; None where it is none.

        Numbers under a key like `token_count` are none.
        """
        if value is None or isinstance(value, bool):
            return None
        if not (key.lower() in self._keys or _tells_a_secret(key)):
            return None
        if isinstance(value, int | float) and "token" in key.lower():
            return None
        _tally.add("key")
        return REDACTED

    def text(self, text: str) -> str:
        """`text` without what the patterns find."""
        lower = text.lower()
        if self._hint.search(lower) is not None:
            for rule in self._rules:
                if any(hint in lower for hint in rule.hints):
                    text = rule.pattern.sub(_counting(rule), text)
        for rule in self._user_rules:
            text = rule.pattern.sub(_counting(rule), text)
        return text


def _counting(rule: Rule) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        _tally.add(rule.kind)
        return match.expand(rule.replacement) if "\\" in rule.replacement else rule.replacement

    return replace


def _user_rules(patterns: Mapping[str, str]) -> list[Rule]:
    rules: list[Rule] = []
    for kind, pattern in patterns.items():
        if len(rules) >= _MAX_USERRULES:
            drop("invalid_value", f"a Redactor takes {_MAX_USERRULES} patterns; the others are ignored")
            break
        try:
            rules.append(Rule(str(kind), re.compile(pattern)))
        except (re.error, TypeError, OverflowError, RecursionError) as error:
            drop(
                "invalid_value", f"the redaction pattern {str(kind)[:40]!r} cannot be compiled and is ignored: {error}"
            )
    return rules
