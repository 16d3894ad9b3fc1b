"""The complexity agent: McCabe's cyclomatic complexity of every function (T. J. McCabe, 1976)."""

import ast
from collections.abc import Iterator

import hivesight_sdk as hs
from agent_hive.agents.parser import Parsed
from agent_hive.work import Opinion

GOOD = 10
"""McCabe's own limit: above it a function is worth splitting."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_ONE = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.Assert, ast.match_case)


def review(parsed: Parsed) -> Opinion:
    """Score 1 when every function is within McCabe's limit, falling with the share beyond and with the worst."""
    found = list(functions(parsed.tree))
    total = 1 + sum(complexity for _, complexity in found)
    worst_name, worst = max(found, key=lambda item: item[1], default=("", 1))
    beyond = sum(1 for _, complexity in found if complexity > GOOD)
    share = beyond / len(found) if found else 0.0
    depth = min(max(worst - GOOD, 0) / 40, 1.0)
    facts = {"functions": float(len(found)), "total": float(total), "worst": float(worst), "beyond": float(beyond)}
    notes = (f"{worst_name} has complexity {worst}",) if worst > GOOD else ()
    return Opinion("complexity", 1 - 0.6 * min(share * 4, 1.0) - 0.4 * depth, facts, notes)


@hs.tool("measure_complexity")
def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every function with its complexity; a nested function counts for itself, not for its parent."""
    pending = [tree]
    while pending:
        node = pending.pop()
        inner = list(ast.iter_child_nodes(node))
        pending.extend(inner)
        if isinstance(node, Function):
            yield node.name, _complexity(node)


def _complexity(function: Function) -> int:
    decisions = 1
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        if isinstance(node, Function | ast.ClassDef):
            continue
        if isinstance(node, _ONE):
            decisions += 1
        elif isinstance(node, ast.BoolOp):
            decisions += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            decisions += 1 + len(node.ifs)
        pending.extend(ast.iter_child_nodes(node))
    return decisions
