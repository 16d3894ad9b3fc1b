"""Faults in a query as Prometheus words them: `1:5: parse error: unexpected end of input`."""

from hivesight.model.errors import BadQuery


def place(query: str, offset: int) -> str:
    """`line:column`, both from 1, of a character offset."""
    before = query[:offset]
    line = before.count("\n")
    return f"{line + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def parse_fault(query: str, message: str, start: int, end: int | None = None) -> BadQuery:
    """The error to raise for a fault between two character offsets."""
    stop = min(start + 1 if end is None else end, len(query))
    return BadQuery(f"{place(query, start)}: parse error: {message}", start, max(start, stop))
