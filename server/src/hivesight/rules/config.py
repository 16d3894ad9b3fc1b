"""Rule files: reading one, with all that is wrong with it and where."""

from dataclasses import dataclass
from pathlib import Path

from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.rules.check import check
from hivesight.rules.sections import RuleFile
from hivesight.schema import Loaded, load, load_file


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A file of rules that was read. file: its rules, or None where the file has errors. diagnostics: errors and
    warnings, in the order of the file."""

    path: str
    file: RuleFile | None
    diagnostics: tuple[Diagnostic, ...]


def read_rules(text: str, path: str) -> RuleSource:
    """A rule file from its text; `path` names it in diagnostics and in the API."""
    return _checked(load(text, path, RuleFile))


def read_rule_file(path: Path) -> RuleSource:
    """A rule file from disk; one that cannot be read is a diagnostic too."""
    return _checked(load_file(path, RuleFile))


def _checked(loaded: Loaded[RuleFile]) -> RuleSource:
    diagnostics = (*loaded.diagnostics, *check(loaded))
    good = all(each.severity is not Severity.ERROR for each in diagnostics)
    return RuleSource(loaded.path, loaded.value if good else None, diagnostics)
