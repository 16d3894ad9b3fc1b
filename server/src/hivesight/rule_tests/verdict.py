"""What a test found: values that name what was expected and what came, for whoever prints them."""

from dataclasses import dataclass

ABSENT = "none"
"""What stands where one side has nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected. subject: an alert, a sample, a label or an annotation."""

    subject: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Failure:
    """line: of the test file. what: what was judged and when, such as `alert Down at 5m`. reason: where it could not be
    judged; differences: where it could."""

    line: int
    what: str
    reason: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test of a file. seconds: how long it took."""

    name: str
    line: int
    seconds: float
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file. fault: why none of its tests ran (diagnostics as text), empty where they did. warnings: likewise as
    text."""

    path: str
    tests: tuple[TestResult, ...] = ()
    fault: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """How many of its tests failed."""
        return sum(bool(each.failures) for each in self.tests)
