"""Submissions, queue, confidence and the online model."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_hive import learning
from agent_hive.agents import REVIEWERS
from agent_hive.confidence import WEIGHTS, decide
from agent_hive.taskqueue import QueueFull, TaskQueue
from agent_hive.work import MAX_CODE_BYTES, BadRequest, Opinion, Priority, Submission, Task, parse_submission

ALL = [*REVIEWERS, "reviewer"]

BAD_SUBMISSIONS = [
    ([], "JSON object"),
    ({}, "either path"),
    ({"path": "a.py", "code": "x"}, "either path"),
    ({"path": 1}, "path must be a string"),
    ({"path": "a" * 400 + ".py"}, "longer than"),
    ({"path": "../a.py"}, "below the standard library"),
    ({"path": "a\ud800.py"}, "below the standard library"),
    ({"path": "a\0.py"}, "below the standard library"),
    ({"code": 1}, "code must be a string"),
    ({"code": "x\ud800"}, "half a surrogate pair at character 1"),
    ({"code": "x" * (MAX_CODE_BYTES + 1)}, "longer than"),
    ({"code": "x", "priority": "urgent"}, "critical, high, medium, low"),
    ({"code": "x", "prio": "high"}, "unknown field 'prio'"),
]


@pytest.mark.parametrize(("body", "message"), BAD_SUBMISSIONS)
def test_bad_submissions_are_told_why(body: object, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse_submission(body)


def test_good_submissions() -> None:
    assert parse_submission({"path": "json/decoder.py"}) == Submission("medium", path="json/decoder.py")
    assert parse_submission({"code": "x", "priority": "low"}) == Submission("low", code="x")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_a_submission_or_a_bad_request(body: object) -> None:
    try:
        parse_submission(body)
    except BadRequest as error:
        assert str(error)


def _task(name: str, priority: Priority, submitted: float = 0.0) -> Task:
    return Task(name, Submission(priority, code="x"), submitted)


def test_queue_gives_the_most_urgent_first_and_is_bounded() -> None:
    async def scenario() -> None:
        now = [10.0]
        queue = TaskQueue(4, lambda: now[0])
        for name, priority, submitted in (
            ("a", "low", 1.0),
            ("b", "high", 2.0),
            ("c", "high", 3.0),
            ("d", "critical", 4.0),
        ):
            await queue.put(_task(name, priority, submitted))
        assert queue.oldest_seconds() == 9.0
        with pytest.raises(QueueFull):
            await queue.put(_task("e", "critical"))
        assert [(await queue.get()).id for _ in range(4)] == ["d", "b", "c", "a"]
        assert (len(queue), queue.oldest_seconds()) == (0, 0.0)

    asyncio.run(scenario())


def test_queue_wakes_whoever_waits() -> None:
    async def scenario() -> None:
        queue = TaskQueue(1, lambda: 0.0)
        getter = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        await queue.put(_task("a", "low"))
        assert (await getter).id == "a"

    asyncio.run(scenario())


def _opinions(**scores: float) -> list[Opinion]:
    return [Opinion(agent, score) for agent, score in scores.items()]


FINE = {"complexity": 1.0, "documentation": 1.0, "security": 1.0, "compiler": 1.0, "reviewer": 0.9}
DECISIONS = [
    # scores, expected agents, verdict, least and greatest confidence
    (FINE, ALL, "approve", 0.95, 1.0),
    ({k: v for k, v in FINE.items() if k != "reviewer"}, ALL, "approve", 0.6, 0.7),
    ({k: v for k, v in FINE.items() if k != "reviewer"}, list(REVIEWERS), "approve", 0.95, 1.0),
    ({**FINE, "reviewer": 0.1}, ALL, "request_changes", 0.4, 0.6),
    ({**FINE, "complexity": 0.2, "security": 0.2, "reviewer": 0.5}, ALL, "request_changes", 0.4, 0.8),
    (dict.fromkeys(FINE, 0.1) | {"compiler": 0.2}, ALL, "reject", 0.9, 1.0),
    ({**FINE, "compiler": 0.0}, ALL, "reject", 1.0, 1.0),
    ({}, ALL, "reject", 0.0, 0.0),
]


@pytest.mark.parametrize(("scores", "expected", "verdict", "least", "greatest"), DECISIONS)
def test_decisions(scores: dict[str, float], expected: list[str], verdict: str, least: float, greatest: float) -> None:
    decision = decide(_opinions(**scores), expected)
    assert decision.verdict == verdict
    assert least - 1e-9 <= decision.confidence <= greatest + 1e-9


@given(st.dictionaries(st.sampled_from(ALL), st.floats(0, 1)))
def test_confidence_is_a_share_and_falls_with_what_is_missing(scores: dict[str, float]) -> None:
    decision = decide(_opinions(**scores), ALL)
    assert 0 <= decision.confidence <= decision.coverage + 1e-9 <= 1 + 1e-6
    assert decision.coverage == pytest.approx(sum(WEIGHTS[agent] for agent in scores))


def _sources(count: int) -> list[tuple[bytes, int]]:
    rng = random.Random(7)
    branches = [rng.choice((3, 10, 40, 70, 150, 300)) for _ in range(count)]
    # Prose full of branch words: the model's rule of thumb is wrong here, so it has something to learn.
    return [
        (b"def f(x):\n" + b"    if x: pass  # and or if for while\n" * n, learning.complexity_class(n))
        for n in branches
    ]


def test_online_model_learns_what_can_be_learned() -> None:
    model = learning.OnlineClassifier()
    right: list[bool] = []
    for source, actual in _sources(400):
        x = learning.features(source)
        guess = model.predict(x)
        model.learn(x, guess, actual)
        right.append(guess == actual)
    assert sum(right[-100:]) > 90 > sum(right[:50]) * 2
    assert model.accuracy_percent == pytest.approx(100 * sum(right[-learning.WINDOW :]) / learning.WINDOW)


def test_online_model_says_nothing_before_it_knows() -> None:
    model = learning.OnlineClassifier()
    for _ in range(learning.ENOUGH - 1):
        model.learn(learning.features(b""), 0, 0)
    assert model.accuracy_percent is None
    model.learn(learning.features(b""), 1, 0)
    assert model.accuracy_percent == pytest.approx(100 * (learning.ENOUGH - 1) / learning.ENOUGH)


def test_online_model_survives_a_restart(tmp_path) -> None:
    model = learning.OnlineClassifier()
    for source, actual in _sources(100):
        model.learn(learning.features(source), actual, actual)
    model.save(tmp_path / "learner.json")
    again = learning.OnlineClassifier()
    assert again.load(tmp_path / "learner.json")
    assert (again.seen, again.accuracy_percent) == (100, 100.0)
    assert [again.predict(learning.features(s)) for s, _ in _sources(20)] == [
        model.predict(learning.features(s)) for s, _ in _sources(20)
    ]


BAD_STATES = [
    "",
    "[]",
    "{}",
    '{"format": 2}',
    '{"format": 1, "seen": 1, "outcomes": [], "weights": [[1]]}',
    '{"format": 1, "seen": 1, "outcomes": [], "weights": [[NaN,0,0,0,0],[0,0,0,0,0],[0,0,0,0,0]]}',
]


@pytest.mark.parametrize("text", BAD_STATES)
def test_online_model_starts_afresh_from_a_broken_file(tmp_path, text: str) -> None:
    (tmp_path / "learner.json").write_text(text)
    model = learning.OnlineClassifier()
    assert not model.load(tmp_path / "learner.json")
    assert not model.load(tmp_path / "absent.json")
    assert model.seen == 0
