"""Rule files that a Prometheus file names and that are not there, and those that are there and nobody names."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Final

from hivesight.doctor.file_patterns import is_pattern
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.schema.loading import Location

RULE_FILES: Final = "rule_files"


def findings(workspace: Workspace) -> Iterator[Finding]:
    """Of all Prometheus files of a set."""
    rules = list(workspace.of(FileKind.RULES))
    files = list(workspace.of(FileKind.PROMETHEUS))
    for document in files:
        for location, pattern in patterns(document):
            yield from _missing(document, location, pattern, rules)
    if files:
        for each in rules:
            yield from _unnamed(each, files)


def patterns(document: Document) -> Iterator[tuple[Location, str]]:
    """What `rule_files` names, with the places."""
    found = (document.loaded.root.items or {}).get(RULE_FILES)
    for index, (_, node) in ((found[1].items or {}) if found is not None and found[1].is_list else {}).items():
        if node.value:
            yield (RULE_FILES, index), node.value


def named(workspace: Workspace) -> frozenset[str]:
    """The paths of the rule files that the Prometheus files of a set name."""
    known = [each for document in workspace.of(FileKind.PROMETHEUS) for _, each in patterns(document)]
    rules = workspace.of(FileKind.RULES)
    return frozenset(each.loaded.path for each in rules if any(names(pattern, each) for pattern in known))


def names(pattern: str, rules: Document) -> bool:
    """Whether a pattern may mean this file; the folder is not asked for, as it may be mounted elsewhere."""
    return fnmatchcase(rules.name, PurePath(pattern).name)


def _missing(document: Document, location: Location, pattern: str, rules: list[Document]) -> Iterator[Finding]:
    if document.named_files(pattern) != [] or any(names(pattern, each) for each in rules):
        return
    if is_pattern(pattern):
        message = f"no file is there that {pattern!r} names: no rule comes from it"
        remedy = "relative paths begin in the folder of this file"
        yield at(document.loaded, location, "prometheus/empty-pattern", message, remedy)
    else:
        message = f"{pattern!r} is not there: Prometheus starts without a word, and none of its rules is evaluated"
        remedy = "write the file, or take it out; promtool check config refuses this file as it is"
        yield at(document.loaded, location, "prometheus/no-rule-file", message, remedy)


def _unnamed(rules: Document, files: list[Document]) -> Iterator[Finding]:
    """Objects of the operator are found by their labels, and named by nobody."""
    if "spec" in (rules.loaded.root.items or {}) or any(
        names(each, rules) for file in files for _, each in patterns(file)
    ):
        return
    message = f"no rule_files of {', '.join(sorted({file.name for file in files}))} names this file"
    yield at(rules.loaded, ("groups",), "prometheus/rules-not-loaded", message, "add it to rule_files", on_key=True)
