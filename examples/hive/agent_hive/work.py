"""The nouns of the hive: what is asked for, what one agent says of it, and what is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

Priority = Literal["critical", "high", "medium", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)

AgentType = Literal["parser", "complexity", "documentation", "security", "compiler", "reviewer"]
AGENT_TYPES: tuple[AgentType, ...] = get_args(AgentType)
ORCHESTRATOR_AGENT = "orchestrator"
"""The agent type under which a task counts as a whole; those above have a step of it each."""

Verdict = Literal["approve", "request_changes", "reject"]

MAX_PATH_CHARS = 300
MAX_CODE_BYTES = 64 * 1024
MAX_FILE_BYTES = 256 * 1024


class BadRequest(ValueError):
    """The caller asked for something the hive does not do; the text says what to send instead."""


class Unavailable(Exception):
    """Something an agent needs did not answer as it should: worth another attempt. `status_code` is HTTP's, if any."""

    def __init__(self, reason: str, status_code: int | None = None) -> None:
        super().__init__(reason)
        self.status_code = status_code


class Unparsable(ValueError):
    """The file is not Python: a fact about the input, so trying again cannot help."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client asks for: a review of a file of the standard library, or of code it sends along."""

    priority: Priority
    path: str | None = None
    code: str | None = None

    @property
    def name(self) -> str:
        return self.path if self.path is not None else "<code>"


@dataclass(frozen=True, slots=True)
class Task:
    """A submission the orchestrator has taken; `submitted` is monotonic seconds.

    `headers` say in whose trace and conversation that was, for whoever takes it out of the queue.
    """

    id: str
    submission: Submission
    submitted: float
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one agent says: `score` from 0 (bad) to 1 (good), and the facts it rests on."""

    agent: str
    score: float
    facts: Mapping[str, float] = field(default_factory=dict[str, float])
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the hive decided, and how sure it is (0 to 1)."""

    verdict: Verdict
    score: float
    confidence: float
    agreement: float
    coverage: float


def parse_submission(body: object) -> Submission:
    """Check a JSON body `{"path": str | "code": str, "priority": str}`; raise BadRequest that names the fault."""
    if not isinstance(body, dict):
        raise BadRequest('send a JSON object such as {"path": "json/decoder.py", "priority": "medium"}')
    fields = cast("Mapping[str, object]", body)
    if unknown := sorted(set(fields) - {"path", "code", "priority"}):
        raise BadRequest(f"unknown field {unknown[0]!r}; the fields are path, code and priority")
    path, code = fields.get("path"), fields.get("code")
    if (path is None) == (code is None):
        raise BadRequest("send either path (a file of the standard library) or code, not both and not neither")
    if code is not None and not isinstance(code, str):
        raise BadRequest("code must be a string")
    if code is not None:
        _check_code(code)
    if path is not None:
        path = check_path(path)
    return Submission(priority=parse_priority(fields.get("priority", "medium")), path=path, code=code)


def _check_code(code: str) -> None:
    try:
        size = len(code.encode())
    except UnicodeEncodeError as error:
        raise BadRequest(f"code holds half a surrogate pair at character {error.start}") from error
    if size > MAX_CODE_BYTES:
        raise BadRequest(f"code is longer than {MAX_CODE_BYTES} bytes; send a smaller piece")


def parse_priority(value: object) -> Priority:
    """One of PRIORITIES, or BadRequest."""
    for priority in PRIORITIES:
        if value == priority:
            return priority
    raise BadRequest(f"priority must be one of {', '.join(PRIORITIES)}")


def check_path(path: object) -> str:
    """A relative POSIX path of a Python file that cannot climb out of its root, or BadRequest."""
    if not isinstance(path, str):
        raise BadRequest("path must be a string")
    if len(path) > MAX_PATH_CHARS:
        raise BadRequest(f"path is longer than {MAX_PATH_CHARS} characters")
    climbs = "\\" in path or any(part in ("", ".", "..") for part in path.split("/"))
    if climbs or not path.endswith(".py") or not path.isprintable():
        raise BadRequest("path must name a .py file below the standard library, such as json/decoder.py")
    return path
