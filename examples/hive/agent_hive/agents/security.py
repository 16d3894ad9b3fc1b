"""The security agent: secrets left in the source, and calls that hand control to data."""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator

import hivesight_sdk as hs
from agent_hive.agents.parser import Parsed
from agent_hive.work import Opinion

_SECRETS = {
    "AWS access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "private key": re.compile(r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
    "GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "Slack token": re.compile(r"\bxox[abpr]-[0-9A-Za-z-]{10,72}\b"),
    "password in a URL": re.compile(r"\b[a-z]{2,10}://[^\s:/@'\"]{1,64}:[^\s:/@'\"]{3,64}@[\w.-]{1,80}"),
}
_SECRET_NAME = re.compile(r"(?:passw(?:or)?d|secret|token|api_?key)$", re.IGNORECASE)
_RANDOM_BITS = 3.5
_RANDOM_CHARS = 16
_DANGEROUS = frozenset({"eval", "exec", "os.system", "os.popen", "pickle.loads", "pickle.load", "marshal.loads"})
_NOTES = 5


def review(parsed: Parsed) -> Opinion:
    """Score 1 without findings; a secret weighs three times a dangerous call."""
    secrets = list(_secrets(parsed))
    calls = list(_calls(parsed.tree))
    weight = 3 * len(secrets) + len(calls)
    facts = {"secrets": float(len(secrets)), "dangerous_calls": float(len(calls))}
    return Opinion("security", 1 / (1 + weight / 4), facts, tuple([*secrets, *calls][:_NOTES]))


def entropy(text: str) -> float:
    """Shannon entropy in bits per character; 0 for the empty string."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values())


@hs.tool("scan_secrets")
def _secrets(parsed: Parsed) -> Iterator[str]:
    yield from _patterns(parsed.text)
    yield from _assigned(parsed.tree)


def _patterns(text: str) -> Iterator[str]:
    for kind, pattern in _SECRETS.items():
        for match in pattern.finditer(text):
            yield f"{kind} on line {text.count(chr(10), 0, match.start()) + 1}"


def _assigned(tree: ast.Module) -> Iterator[str]:
    """A long string that looks random, bound to a name such as `password` or `api_key`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
            continue
        value = node.value.value
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if (
            isinstance(value, str)
            and len(value) >= _RANDOM_CHARS
            and any(_SECRET_NAME.search(name) for name in names)
            and entropy(value) >= _RANDOM_BITS
        ):
            yield f"{names[0]} holds what looks like a secret on line {node.lineno}"


@hs.tool("scan_calls")
def _calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        if name in _DANGEROUS:
            yield f"{name}() on line {node.lineno}"
        elif any(keyword.arg == "shell" and _is_true(keyword.value) for keyword in node.keywords):
            yield f"{name or 'call'}(shell=True) on line {node.lineno}"


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
