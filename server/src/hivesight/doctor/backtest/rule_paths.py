"""The rule files that are named, and those in the folders that are."""

from collections.abc import Sequence
from pathlib import Path

from hivesight.doctor.opening import open_workspace
from hivesight.doctor.workspace import FileKind
from hivesight.model.diagnostics import Severity
from hivesight.model.errors import ConfigError, HivesightError
from hivesight.rules import RuleFile, read_rule_file


def read_rule_paths(paths: Sequence[Path]) -> list[tuple[str, RuleFile]]:
    """Each file under its path. Raises ConfigError with all that is wrong in them, and HivesightError where there is no
    rule."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [each.path for each in open_workspace([path]).of(FileKind.RULES)]
        else:
            found.append(path)
    sources = [read_rule_file(path) for path in dict.fromkeys(found)]
    errors = [each for source in sources for each in source.diagnostics if each.severity is Severity.ERROR]
    if errors:
        raise ConfigError(errors)
    files = [(source.path, source.file) for source in sources if source.file is not None]
    if not any(group.rules for _, file in files for group in file.groups):
        raise HivesightError(f"no rules in {', '.join(map(str, paths))}: name rule files, or a folder with some")
    return files
