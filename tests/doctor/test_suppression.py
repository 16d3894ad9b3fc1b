"""Comments that disable checks, many of them."""

from hivesight.doctor.finding import Finding
from hivesight.doctor.suppression import heard
from hivesight.model.diagnostics import Diagnostic, Severity

CODES = ("promql/unit", "rules/short-for")


def at(line: int, code: str = CODES[0]) -> Finding:
    return Finding(Diagnostic("a.yml", line, 1, 1, Severity.INFO, code, ""))


def test_blocks_in_blocks_and_single_lines() -> None:
    text = """a: 1
# hivesight: ignore promql/unit because the outer says so
b:
  # hivesight: ignore promql/unit, rules/short-for because the inner does too
  c:
    d: 1
  e: 1
f: 1  # hivesight: ignore rules/short-for because of this line
g: 1
"""
    lines = range(1, 10)
    kept, suppressed = heard([at(line, code) for line in lines for code in CODES], {"a.yml": text})
    assert [each.diagnostic.line for each in suppressed if each.code == CODES[0]] == [2, 3, 4, 5, 6, 7]
    assert [each.diagnostic.line for each in suppressed if each.code == CODES[1]] == [4, 5, 6, 8]
    assert len(kept) + len(suppressed) == 18


def test_as_many_comments_as_findings() -> None:
    count = 50_000
    text = f"a: 1  # hivesight: ignore {CODES[0]} because\n" * count
    texts = {"a.yml": text.replace("because", "because it is so")}
    kept, suppressed = heard([at(line) for line in range(1, count + 1)], texts)
    assert (len(kept), len(suppressed)) == (0, count)
