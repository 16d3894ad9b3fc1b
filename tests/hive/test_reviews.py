"""What each agent says of small files."""

import pytest

from agent_hive import corpus
from agent_hive.agents import REVIEWERS, compiler, complexity, documentation, parser, reviewer, security
from agent_hive.work import BadRequest, Opinion, Unparsable

BRANCHES = "def f(x):\n" + "".join(f"    if x == {n}:\n        return {n}\n" for n in range(30))

UNPARSABLE = [
    (b"def f(:\n", 1, "invalid syntax"),
    (b"x = 1\ny = (\n", 2, "never closed"),
    (b"# coding: no-such-codec\nx = 1\n", 1, "unknown encoding"),
    (b"x = 1\ny = '\xff'\n", 2, "utf-8"),
    (b"x = 1\0\n", 1, "null bytes"),
    (b"(" * 5000, 1, "nested"),
]


@pytest.mark.parametrize(("source", "line", "reason"), UNPARSABLE)
def test_parser_names_the_line_at_fault(source: bytes, line: int, reason: str) -> None:
    with pytest.raises(Unparsable) as caught:
        parser.parse("x.py", source)
    assert caught.value.line == line
    assert reason in str(caught.value)


def test_parser_obeys_the_coding_line() -> None:
    assert parser.parse("x.py", b"# coding: latin-1\nx = '\xe9'\n").text.endswith("x = 'é'\n")


COMPLEXITY = [
    ("", 0, 1, 1.0),
    ("def f():\n    pass\n", 1, 1, 1.0),
    ("def f(x):\n    return 1 if x and x > 1 or x < 0 else 2\n", 1, 4, 1.0),
    ("def f(x):\n    return [y for y in x if y if y > 1]\n", 1, 4, 1.0),
    ("def f(x):\n    def g(y):\n        if y:\n            return 1\n    return g\n", 2, 2, 1.0),
    ("async def f(x):\n    async for y in x:\n        assert y\n", 1, 3, 1.0),
    ("def f(x):\n    match x:\n        case 1:\n            pass\n        case _:\n            pass\n", 1, 3, 1.0),
    ("def f():\n    try:\n        pass\n    except OSError:\n        pass\n", 1, 2, 1.0),
    (BRANCHES, 1, 31, 0.19),
]


@pytest.mark.parametrize(("source", "functions", "worst", "score"), COMPLEXITY)
def test_complexity(source: str, functions: int, worst: int, score: float) -> None:
    opinion = complexity.review(parser.parse("x.py", source.encode()))
    assert (opinion.facts["functions"], opinion.facts["worst"]) == (functions, worst)
    assert opinion.score == pytest.approx(score)


DOCUMENTATION = [
    ('"""Doc."""\n', 1.0),
    ("x = 1\n", 0.0),
    ('"""Doc."""\ndef f():\n    pass\n', 0.5),
    ('"""Doc."""\ndef _f():\n    pass\n', 1.0),
    ('"""Doc."""\nclass C:\n    """Doc."""\n    def m(self):\n        pass\n    def _p(self):\n        pass\n', 2 / 3),
]


@pytest.mark.parametrize(("source", "coverage"), DOCUMENTATION)
def test_documentation(source: str, coverage: float) -> None:
    assert documentation.review(parser.parse("x.py", source.encode())).score == pytest.approx(coverage)


SECURITY = [
    ("x = 1\n", 0, 0),
    ("k = 'AKIAABCDEFGHIJKLMNOP'\n", 1, 0),
    ("api_key = 'q8Zr1LmX0vTn5WbC7yPd'\n", 1, 0),
    ("api_key = 'aaaaaaaaaaaaaaaaaaaaaaaa'\n", 0, 0),
    ("colour = 'q8Zr1LmX0vTn5WbC7yPd'\n", 0, 0),
    ("u = 'postgres://app:hunter22@db.example/x'\n", 1, 0),
    ("# -----BEGIN RSA PRIVATE KEY-----\n", 1, 0),
    ("eval('1')\n", 0, 1),
    ("import os\nos.system('ls')\n", 0, 1),
    ("import subprocess\nsubprocess.run('ls', shell=True)\n", 0, 1),
    ("import subprocess\nsubprocess.run('ls', shell=False)\n", 0, 0),
]


@pytest.mark.parametrize(("source", "secrets", "calls"), SECURITY)
def test_security(source: str, secrets: int, calls: int) -> None:
    opinion = security.review(parser.parse("x.py", source.encode()))
    assert (opinion.facts["secrets"], opinion.facts["dangerous_calls"]) == (secrets, calls)
    assert (opinion.score == 1) == (secrets == calls == 0)


COMPILER = [
    ("x = 1\n", 1.0),
    ("return 1\n", 0.0),
    ("x = 1\nfrom __future__ import annotations\n", 0.0),
    ("def f():\n    return lambda: [x for x in ()]\n", 1.0),
]


@pytest.mark.parametrize(("source", "score"), COMPILER)
def test_compiler(source: str, score: float) -> None:
    assert compiler.review(parser.parse("x.py", source.encode())).score == score


ANSWERS = [
    ("All well.\nVERDICT: approve", 0.9),
    ("verdict: reject because VERDICT: request_changes", 0.5),
    ("VERDICT: REJECT", 0.1),
    ("I would approve this.", None),
    ("", None),
]


@pytest.mark.parametrize(("answer", "score"), ANSWERS)
def test_reviewer_reads_the_last_verdict(answer: str, score: float | None) -> None:
    opinion = reviewer.opinion(answer)
    assert (opinion.score if opinion else None) == score


def test_prompt_holds_facts_and_no_source() -> None:
    words = reviewer.prompt("a.py", 3, [Opinion("security", 1.0, {"secrets": 2.0}, ("AKIA...",))])
    assert words == "file=a.py\nlines=3\nsecurity.secrets=2"


def test_every_agent_has_an_opinion_of_a_real_module() -> None:
    parsed = parser.parse("json/decoder.py", corpus.read("json/decoder.py"))
    opinions = [review(parsed) for review in REVIEWERS.values()]
    assert [o.agent for o in opinions] == list(REVIEWERS)
    assert all(0 <= o.score <= 1 for o in opinions)


@pytest.mark.parametrize(
    "path", ["../x.py", "/etc/x.py", "json/../../x.py", "json\\x.py", "json/decoder.txt", "", ".py/.."]
)
def test_corpus_does_not_leave_its_root(path: str) -> None:
    with pytest.raises(BadRequest):
        corpus.read(path)


def test_corpus_follows_no_link_out_of_its_root(tmp_path) -> None:
    (tmp_path / "secret.py").write_text("x = 1\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.py").symlink_to(tmp_path / "secret.py")
    with pytest.raises(BadRequest, match="leads out"):
        corpus.read("link.py", root)


def test_corpus_offers_files_that_can_be_read() -> None:
    files = corpus.good_files()
    assert "json/decoder.py" in files
    assert len(files) > 100
    for path in corpus.bad_files():
        assert corpus.read(path)
