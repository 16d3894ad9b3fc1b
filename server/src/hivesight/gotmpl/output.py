"""What a template has written so far: bounded, and escaped where it is HTML."""

import re
from typing import Final

from hivesight.gotmpl.builtin import escape_html
from hivesight.gotmpl.errors import TooLarge
from hivesight.gotmpl.gofmt import show
from hivesight.gotmpl.values import SafeHtml

_URL_ATTRIBUTE: Final = re.compile(
    r"(?i)\b(?:href|src|action|formaction|background|cite|poster)\s{0,9}=\s{0,9}[\"']?\s{0,9}$"
)
_SAFE_SCHEME: Final = re.compile(r"(?i)(?:https?|mailto):|[^:]*$|[^:/?#]*[/?#]")
_BAD_URL: Final = "#unsafe-url"
_TAIL: Final = 80


class Output:
    """A text that grows up to a number of characters."""

    def __init__(self, most: int, *, html: bool) -> None:
        self._parts: list[str] = []
        self._left = most
        self._most = most
        self._html = html

    def text(self, text: str) -> None:
        """Write as it is. Raises TooLarge past the bound."""
        self._left -= len(text)
        if self._left < 0:
            raise TooLarge(f"the output has more than {self._most} characters")
        self._parts.append(text)

    def value(self, value: object) -> None:
        """Write a value as Go prints it. In HTML it is escaped, and one that stands as an address must be one that is
        safe to follow."""
        text = "<no value>" if value is None else show(value)
        if self._html and not isinstance(value, SafeHtml):
            before = "".join(part[-_TAIL:] for part in self._parts[-2:])
            if _URL_ATTRIBUTE.search(before[-_TAIL:]) and not _SAFE_SCHEME.match(text.strip()):
                text = _BAD_URL
            text = escape_html(text)
        self.text(text)

    def mark(self) -> int:
        """A place to cut at."""
        return len(self._parts)

    def cut(self, mark: int) -> str:
        """Take back what was written since the mark."""
        taken = "".join(self._parts[mark:])
        del self._parts[mark:]
        self._left += len(taken)
        return taken
