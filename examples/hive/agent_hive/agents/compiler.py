"""The compiler agent: does the file compile, and to how much code."""

from types import CodeType

import hivesight_sdk as hs
from agent_hive.agents.parser import Parsed
from agent_hive.work import Opinion


def review(parsed: Parsed) -> Opinion:
    """Score 1 if the tree compiles, else 0: some faults, such as `return` outside a function, show only here."""
    try:
        code = _compile(parsed)
    except SyntaxError as error:
        return Opinion("compiler", 0.0, {"compiles": 0.0}, (f"line {error.lineno or 1}: {error.msg}",))
    except (ValueError, RecursionError, MemoryError) as error:
        return Opinion("compiler", 0.0, {"compiles": 0.0}, (str(error) or type(error).__name__,))
    objects, size = 0, 0
    pending = [code]
    while pending:
        current = pending.pop()
        objects += 1
        size += len(current.co_code)
        pending.extend(constant for constant in current.co_consts if isinstance(constant, CodeType))
    return Opinion("compiler", 1.0, {"compiles": 1.0, "code_objects": float(objects), "code_bytes": float(size)})


@hs.tool("compile")
def _compile(parsed: Parsed) -> CodeType:
    return compile(parsed.tree, parsed.name, "exec", dont_inherit=True)
