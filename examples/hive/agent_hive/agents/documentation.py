"""The documentation agent: which public modules, classes and functions carry a docstring."""

import ast
from collections.abc import Iterator

import hivesight_sdk as hs
from agent_hive.agents.parser import Parsed
from agent_hive.work import Opinion

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def review(parsed: Parsed) -> Opinion:
    """Score: the documented share of the public definitions, the module itself counted among them."""
    public = list(_documented(parsed.tree))
    bare = [name for name, documented in public if not documented]
    coverage = 1 - len(bare) / len(public)
    notes = (f"{len(bare)} of {len(public)} public names have no docstring, first {bare[0]}",) if bare else ()
    facts = {"public": float(len(public)), "documented": float(len(public) - len(bare)), "coverage": coverage}
    return Opinion("documentation", coverage, facts, notes)


@hs.tool("read_docstrings")
def _documented(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    for name, node in (("module", tree), *_public(tree)):
        yield name, ast.get_docstring(node, clean=False) is not None


def _public(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """Public classes and functions of the module, and public methods of public classes."""
    pending: list[ast.Module | ast.ClassDef] = [tree]
    while pending:
        for node in pending.pop().body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                yield node.name, node
                if isinstance(node, ast.ClassDef):
                    pending.append(node)
