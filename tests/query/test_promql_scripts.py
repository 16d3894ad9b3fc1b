"""The engine against scripts of our own (`cases/*.test`)."""

from pathlib import Path

import pytest

from hivesight.model.errors import QueryError
from hivesight.query.promql import Answer, Engine, Matrix, Scalar, String, Vector
from query.promql_corpus import close
from query.promql_script import Question, read_script
from query.promql_store import MemoryStore

CASES = [
    pytest.param(question, id=f"{path.stem}:{question.line}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.test"))
    for question in read_script(path)
]


def ask(question: Question, *, shared: bool) -> Answer:
    store = MemoryStore(shared=shared)
    for labels, points in question.load.items():
        store.add(labels, points)
    engine = Engine(store)
    if question.step_ms:
        return engine.range(question.query, question.start_ms, question.end_ms, question.step_ms)
    return engine.instant(question.query, question.start_ms)


@pytest.mark.parametrize("shared", [False, True], ids=["block-per-timestamps", "blocks-with-gaps"])
@pytest.mark.parametrize("question", CASES)
def test_script(question: Question, shared: bool) -> None:
    if question.fails is not None:
        with pytest.raises(QueryError) as caught:
            ask(question, shared=shared)
        assert str(caught.value) == question.fails
        return
    answer = ask(question, shared=shared)
    assert answer.warnings == question.warnings
    assert answer.infos == question.infos
    match answer.value:
        case Scalar(value=value):
            assert question.scalar is not None
            assert close(question.scalar, value), value
            return
        case String():
            pytest.fail("scripts have no strings")
        case Vector() as vector:
            found = {labels: [(vector.at_ms, value)] for labels, value in vector.rows()}
        case Matrix() as matrix:
            found = {row: list(zip(at.tolist(), of.tolist(), strict=True)) for row, at, of in matrix.rows()}
    assert found.keys() == question.series.keys()
    if question.ordered:
        assert list(found) == list(question.series)
    for labels, points in question.series.items():
        assert [at for at, _ in found[labels]] == [at for at, _ in points], labels
        for (at, want), (_, got) in zip(points, found[labels], strict=True):
            assert close(want, got), f"{labels} at {at}: {got} instead of {want}"
