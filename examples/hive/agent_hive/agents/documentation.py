"""The documentation agent: which public modules, classes and functions carry a docstring."""

import ast
from collections.abc import Iterator

from agent_hive.agents.parser import Parsed
from agent_hive.work import Opinion

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def review(parsed: Parsed) -> Opinion:
    """Score: the documented share of the public definitions, the module itself counted among them."""
    public = [("module", parsed.tree), *_public(parsed.tree)]
    bare = [name for name, node in public if ast.get_docstring(node, clean=False) is None]
    coverage = 1 - len(bare) / len(public)
    notes = (f"{len(bare)} of {len(public)} public names have no docstring, first {bare[0]}",) if bare else ()
    facts = {"public": float(len(public)), "documented": float(len(public) - len(bare)), "coverage": coverage}
    return Opinion("documentation", coverage, facts, notes)


def _public(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """Public classes and functions of the module, and public methods of public classes."""
    pending: list[ast.Module | ast.ClassDef] = [tree]
    while pending:
        for node in pending.pop().body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                yield node.name, node
                if isinstance(node, ast.ClassDef):
                    pending.append(node)
