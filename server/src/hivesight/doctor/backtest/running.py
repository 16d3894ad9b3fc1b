"""The back-test itself: rules and a source of samples in, what would have happened out."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hivesight.doctor.backtest.asking import Asked, Piece, Source, pieces
from hivesight.doctor.backtest.members import Member, members_of
from hivesight.doctor.backtest.order import Task, tasks
from hivesight.doctor.backtest.recorded import Overlay, Recorded, Room
from hivesight.doctor.backtest.replaying import AlertingReplay, Failures, RecordingReplay
from hivesight.doctor.backtest.verdict import AlertingResult, RecordingResult, Results
from hivesight.model.errors import QueryError
from hivesight.model.series import Times
from hivesight.query.promql import Engine, Matrix
from hivesight.query.promql.types import Answer
from hivesight.rules import RuleFile, RuleOptions
from hivesight.rules.alerting import AlertingRule

LOOKBACK_MS = 300_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked. since_ms to until_ms, both included. step_ms: evaluate every so often, instead of at every group's
    interval. aligned: at the slots that the server gives a group; otherwise from `since_ms` on."""

    files: Sequence[tuple[str, RuleFile]]
    since_ms: int
    until_ms: int
    options: RuleOptions = field(default_factory=RuleOptions)
    step_ms: int | None = None
    aligned: bool = True
    lookback_ms: int = LOOKBACK_MS


@dataclass(frozen=True, slots=True)
class Progress:
    """rule: which is evaluated; done, all: evaluations of all rules."""

    rule: str
    done: int
    all: int


def backtest(plan: Plan, source: Source, tell: Callable[[Progress], None] = lambda _: None) -> Results:
    """When each alerting rule would have been pending and have fired. Raises BadQuery where the plan asks for too much,
    and HivesightError where the source cannot be reached; what is wrong with a single rule is in its result."""
    origin = None if plan.aligned else plan.since_ms
    members = members_of(plan.files, plan.options, plan.lookback_ms, plan.step_ms, origin)
    return _Run(plan, source, tell).all(tasks(members, plan.since_ms))


Replay = RecordingReplay | AlertingReplay


class _Run:
    def __init__(self, plan: Plan, source: Source, tell: Callable[[Progress], None]) -> None:
        self._plan = plan
        self._source = source
        self._tell = tell
        self._made: dict[Member, Recorded] = {}
        self._engine = Engine(
            Overlay(source, self._made), lookback_ms=plan.lookback_ms, default_step_ms=plan.options.interval_ms
        )
        self._room = Room()
        self._times: dict[Member, Times] = {}
        self._replays: dict[Member, Replay] = {}
        self._failures: dict[Member, Failures] = {}
        self._broken: dict[Member, str] = {}
        self._done = 0

    def all(self, work: Sequence[Task]) -> Results:
        members = [member for task in work for member in task.members]
        for task in work:
            for member in task.members:
                self._times[member] = member.times(task.from_ms[member], self._plan.until_ms)
        total = sum(map(len, self._times.values()))
        for task in work:
            for member, piece in self._knot(task) if task.knot else self._alone(task):
                self._done += piece.end - piece.first
                self._tell(Progress(member.name, self._done, total))
        members.sort(key=lambda each: (each.group, each.index))
        return Results(
            self._plan.since_ms,
            self._plan.until_ms,
            [
                self._alerting(each, replay)
                for each in members
                if isinstance(replay := self._replays[each], AlertingReplay)
            ],
            [self._recording(each) for each in members if isinstance(self._replays[each], RecordingReplay)],
        )

    def _alone(self, task: Task) -> Iterator[tuple[Member, Piece]]:
        (member,) = task.members
        replay = self._begin(task, member)
        times = self._times[member] - member.query_offset_ms
        try:
            for piece in pieces(self._asked(task, member), times, member.interval_ms):
                replay.take(piece)
                yield member, piece
        except QueryError as error:
            self._broken[member] = str(error)

    def _knot(self, task: Task) -> Iterator[tuple[Member, Piece]]:
        """Rules that read each other: all of them at one time before any at the next."""
        replays = {member: self._begin(task, member) for member in task.members}
        turns = heapq.merge(*(self._turns(number, member) for number, member in enumerate(task.members)))
        for _, number, place in turns:
            member = task.members[number]
            if member in self._broken:
                continue
            at_ms = int(self._times[member][place]) - member.query_offset_ms
            try:
                answer, failure = self._asked(task, member)(at_ms, at_ms, member.interval_ms), ""
            except QueryError as error:
                answer, failure = None, str(error)
            piece = Piece(place, place + 1, answer, failure)
            try:
                replays[member].take(piece)
            except QueryError as error:
                self._broken[member] = str(error)
            yield member, piece

    def _turns(self, number: int, member: Member) -> Iterator[tuple[int, int, int]]:
        return ((at_ms, number, place) for place, at_ms in enumerate(self._times[member].tolist()))

    def _begin(self, task: Task, member: Member) -> Replay:
        times = self._times[member]
        recorded = None
        if member in task.read:
            recorded = self._made[member] = Recorded(times - member.query_offset_ms, self._room)
        failures = self._failures[member] = Failures(self._plan.since_ms)
        replay: Replay
        if isinstance(member.rule, AlertingRule):
            surroundings = self._plan.options.surroundings
            replay = AlertingReplay(member, member.rule, times, recorded, failures, self._instant, surroundings)
        else:
            assert recorded is not None, "only recording rules that are read are evaluated"
            replay = RecordingReplay(member, times, recorded, failures)
        self._replays[member] = replay
        return replay

    def _asked(self, task: Task, member: Member) -> Asked:
        """Who answers for the rule's expression: the source itself wherever it can."""
        query = member.rule.query
        if member in task.dependent:
            return lambda start_ms, end_ms, step_ms: _matrix(self._engine.range(query, start_ms, end_ms, step_ms))
        return lambda start_ms, end_ms, step_ms: self._source.range(query, start_ms, end_ms, step_ms)

    def _instant(self, query: str, at_ms: int) -> Answer:
        asked = self._engine if self._made else self._source
        return asked.instant(query, at_ms)

    def _alerting(self, member: Member, replay: AlertingReplay) -> AlertingResult:
        since = self._plan.since_ms
        episodes = [each for each in replay.course.episodes if each.over_at_ms is None or each.over_at_ms > since]
        return AlertingResult(
            member,
            self._evaluations(member),
            self._failures[member],
            self._broken.get(member, ""),
            episodes,
            replay.annotations,
        )

    def _recording(self, member: Member) -> RecordingResult:
        return RecordingResult(member, self._evaluations(member), self._failures[member], self._broken.get(member, ""))

    def _evaluations(self, member: Member) -> int:
        return int((self._times[member] >= self._plan.since_ms).sum())


def _matrix(answer: Answer) -> Matrix:
    assert isinstance(answer.value, Matrix), "the answer over a course of time"
    return answer.value
