"""Silences: matchers that mute alerts for a time. Created, replaced and expired by people; persisted; read at every
flush."""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from hivesight.alerting.silence_matches import SilenceMatches
from hivesight.alerting.table import Table, load_documents
from hivesight.model.errors import HivesightError, LimitExceeded
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType

RETENTION_MS: Final = 120 * 3_600_000
MAX_SILENCES: Final = 20_000
MAX_MATCHERS: Final = 100


class SilenceState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class BadSilence(HivesightError):
    """A silence cannot be made as it was asked for; the message says why."""


class NoSuchSilence(HivesightError):
    """There is no silence with this id."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Times in ms since the epoch."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at_ms: int
    ends_at_ms: int
    updated_at_ms: int
    created_by: str
    comment: str
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])

    def state(self, now_ms: int) -> SilenceState:
        if now_ms < self.starts_at_ms:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now_ms < self.ends_at_ms else SilenceState.EXPIRED

    def __str__(self) -> str:
        by = f" by {self.created_by}" if self.created_by else ""
        return f"silence {self.id}{by}" + (f": {self.comment}" if self.comment else "")


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """A silence that somebody wants. id: of the one that it replaces, or empty."""

    matchers: tuple[Matcher, ...]
    starts_at_ms: int
    ends_at_ms: int
    created_by: str
    comment: str
    id: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])


def new_id() -> str:
    return str(uuid.uuid4())


class Silences:
    """Every silence that has not been over for longer than the retention. Thread-safe; a change is durable when it
    returns, and nobody who reads waits for the disk meanwhile."""

    def __init__(self, table: Table, now_ms: int, ids: Callable[[], str] = new_id) -> None:
        self._changing = threading.RLock()
        self._lock = threading.Lock()
        self._table = table
        self._ids = ids
        self._silences = load_documents(table, _decode)
        self._matches = _matches_of(self._silences.values())
        self.sweep(now_ms)

    def __iter__(self) -> Iterator[Silence]:
        with self._lock:
            return iter(list(self._silences.values()))

    def __len__(self) -> int:
        return len(self._silences)

    def get(self, id_: str) -> Silence:
        """Raises NoSuchSilence."""
        found = self._silences.get(id_)
        if found is None:
            raise NoSuchSilence(f"no silence with the id {id_!r}")
        return found

    def muting(self, labels: Labels, now_ms: int) -> list[Silence]:
        """The active silences that mute an alert with these labels."""
        with self._lock:
            matching = [self._silences[id_] for id_ in self._matches.of(labels)]
        return [each for each in matching if each.state(now_ms) is SilenceState.ACTIVE]

    def set(self, request: SilenceRequest, now_ms: int) -> Silence:
        """Create a silence, or change one: in place where only its times and words change so that nothing of it is
        rewritten that has happened, else the old one is expired and a new one made (Alertmanager, `Silences.Set`).
        Raises BadSilence, NoSuchSilence, LimitExceeded."""
        _check(request, now_ms)
        with self._changing:
            return self._set(request, now_ms)

    def _set(self, request: SilenceRequest, now_ms: int) -> Silence:
        old = self.get(request.id) if request.id else None
        wanted = Silence(
            request.id,
            request.matchers,
            request.starts_at_ms,
            request.ends_at_ms,
            now_ms,
            request.created_by,
            request.comment,
            request.annotations,
        )
        if old is not None and _can_change(old, wanted, now_ms):
            self._store(wanted)
            return wanted
        if len(self._silences) >= MAX_SILENCES:
            raise LimitExceeded(f"there are {MAX_SILENCES} silences; expire some, they are forgotten after five days")
        if old is not None and old.state(now_ms) is not SilenceState.EXPIRED:
            self.expire(old.id, now_ms)
        made = replace(wanted, id=self._ids(), starts_at_ms=max(wanted.starts_at_ms, now_ms))
        self._store(made)
        return made

    def expire(self, id_: str, now_ms: int) -> Silence:
        """End a silence now; one that is over already stays as it is. Raises NoSuchSilence."""
        with self._changing:
            old = self.get(id_)
            if old.state(now_ms) is SilenceState.EXPIRED:
                return old
            starts_at = min(old.starts_at_ms, now_ms)
            ended = replace(old, starts_at_ms=starts_at, ends_at_ms=now_ms, updated_at_ms=now_ms)
            self._store(ended)
            return ended

    def sweep(self, now_ms: int, alerts: int = 0) -> None:
        """Forget silences that have been over for longer than the retention, and what was found for alerts that are
        gone. alerts: how many there are."""
        with self._changing:
            old = {each.id for each in self._silences.values() if each.ends_at_ms + RETENTION_MS <= now_ms}
            if old:
                self._table.delete(old)
                kept = {id_: each for id_, each in self._silences.items() if id_ not in old}
                matches = _matches_of(kept.values())
                with self._lock:
                    self._silences, self._matches = kept, matches
        with self._lock:
            self._matches.forget(2 * alerts)

    def _store(self, silence: Silence) -> None:
        self._table.put({silence.id: _encode(silence)})
        with self._lock:
            if silence.id not in self._silences:
                self._matches.add(silence.matchers, silence.id)
            self._silences[silence.id] = silence


def _matches_of(silences: Iterable[Silence]) -> SilenceMatches:
    found = SilenceMatches()
    for each in silences:
        found.add(each.matchers, each.id)
    return found


def _check(request: SilenceRequest, now_ms: int) -> None:
    if not 0 < len(request.matchers) <= MAX_MATCHERS:
        raise BadSilence(f"a silence needs at least one matcher and at most {MAX_MATCHERS}")
    # A negative matcher counts as one that does not, whatever its value (`silence.matchesEmpty`).
    if all(each.type in (MatchType.EQUAL, MatchType.REGEX) and each.matches("") for each in request.matchers):
        raise BadSilence("at least one matcher must not match the empty value: this silence would mute everything")
    if request.ends_at_ms <= request.starts_at_ms:
        raise BadSilence("the end must be after the start")
    if request.ends_at_ms <= now_ms:
        raise BadSilence("the end cannot be in the past")


def _can_change(old: Silence, new: Silence, now_ms: int) -> bool:
    if old.matchers != new.matchers:
        return False
    match old.state(now_ms):
        case SilenceState.ACTIVE:
            return old.starts_at_ms // 1000 == new.starts_at_ms // 1000
        case SilenceState.PENDING:
            return new.starts_at_ms >= now_ms
        case SilenceState.EXPIRED:
            return False


def _encode(silence: Silence) -> bytes:
    return orjson.dumps(
        {
            "id": silence.id,
            "matchers": [[each.name, each.type, each.value] for each in silence.matchers],
            "starts_at_ms": silence.starts_at_ms,
            "ends_at_ms": silence.ends_at_ms,
            "updated_at_ms": silence.updated_at_ms,
            "created_by": silence.created_by,
            "comment": silence.comment,
            "annotations": dict(silence.annotations),
        }
    )


def _decode(document: dict[str, Any]) -> Silence:
    return Silence(
        id=str(document["id"]),
        matchers=tuple(Matcher(name, MatchType(type_), value) for name, type_, value in document["matchers"]),
        starts_at_ms=int(document["starts_at_ms"]),
        ends_at_ms=int(document["ends_at_ms"]),
        updated_at_ms=int(document["updated_at_ms"]),
        created_by=str(document["created_by"]),
        comment=str(document["comment"]),
        annotations=dict(document["annotations"]),
    )
