"""The engine against a corpus of PromQL cases that lies beside the repository, where it does."""

from pathlib import Path

import pytest

from query.promql_corpus import Corpus, failure

CORPUS = Path(__file__).parents[3] / "shared" / "promql" / "corpus-dev.jsonl"
EXPECTED = {"classic_float": 579, "native_histogram": 529, "experimental": 262}
"""How many cases of a class must pass."""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    if not CORPUS.exists():
        pytest.skip("the PromQL corpus (../shared/promql/corpus-dev.jsonl beside the repository) is not there")
    return Corpus.read(CORPUS)


@pytest.mark.parametrize("shared", [False, True], ids=["block-per-timestamps", "blocks-with-gaps"])
@pytest.mark.parametrize("kind", EXPECTED)
def test_corpus(corpus: Corpus, kind: str, shared: bool) -> None:
    cases = [case for case in corpus.cases if case["class"] == kind]
    failures = {}
    for case in cases:
        reason = failure(case, corpus.store(case["state"], shared=shared))
        if reason is not None:
            failures[case["id"]] = f"{case['query']}: {reason}"
    passed = len(cases) - len(failures)
    assert passed >= EXPECTED[kind], "\n".join(f"{name}: {reason}" for name, reason in failures.items())
