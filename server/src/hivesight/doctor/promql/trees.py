"""Expressions, each parsed once however often it is asked for."""

from hivesight.model.errors import BadQuery
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.parser import parse


class Trees:
    """The syntax trees of the texts that were asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Expr | BadQuery] = {}

    def parse(self, text: str) -> Expr:
        """The tree of `text`. Raises BadQuery."""
        found = self._known.get(text)
        if found is None:
            try:
                found = parse(text)
            except BadQuery as error:
                found = error
            self._known[text] = found
        if isinstance(found, BadQuery):
            raise found
        return found
