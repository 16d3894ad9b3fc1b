"""How large a log record may become, whatever the host logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIN_LINE_BYTES: Final = 8_192
"""The smallest `LogLimits.line_bytes` that is kept to: the ids and names of a record have room in it."""

NAME_CHARACTERS: Final = 128
"""Of a logger's, service's or field's name, and of an id."""


@dataclass(frozen=True, slots=True)
class LogLimits:
    """message_characters, text_characters, stack_characters: of the message, of any other text, of a traceback (its
    end is kept). fields: entries of the record's fields and of each object or array in them. depth: of objects in
    one another. values: all of a record. line_bytes: the whole line in UTF-8, without its newline."""

    message_characters: int = 8_192
    text_characters: int = 2_048
    stack_characters: int = 8_192
    fields: int = 64
    depth: int = 6
    values: int = 512
    line_bytes: int = 32_768
