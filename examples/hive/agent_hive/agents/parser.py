"""The parser agent: bytes of a file in, its text and syntax tree out."""

import ast
import io
import tokenize
from dataclasses import dataclass

import hivesight_sdk as hs
from agent_hive.work import Unparsable


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that is Python: its name, its decoded text and its tree."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n") + 1


@hs.tool("parse")
def parse(name: str, source: bytes) -> Parsed:
    """Decode by the file's own coding line (PEP 263) and parse; raise Unparsable with the line at fault."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
        return Parsed(name, text, ast.parse(text, filename=name))
    except SyntaxError as error:
        raise Unparsable(error.msg, error.lineno or 1) from error
    except UnicodeDecodeError as error:
        raise Unparsable(f"not valid {error.encoding}", source.count(b"\n", 0, error.start) + 1) from error
    except ValueError as error:  # a NUL byte
        raise Unparsable(str(error), 1) from error
    except (RecursionError, MemoryError) as error:
        raise Unparsable("nested too deeply for the parser", 1) from error
