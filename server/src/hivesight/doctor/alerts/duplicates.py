"""The same rule in two groups that one server evaluates; within a group the reader tells of it."""

from collections.abc import Iterator

from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.prometheus.rule_paths import names, patterns
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document, FileKind, Workspace

Key = tuple[object, ...]


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """Of all rules of a set."""
    together = _together(workspace)
    seen: dict[Key, Rule] = {}
    for rule in facts.rules:
        labels = {**rule.group.labels, **rule.config.labels}
        expression = "".join(rule.config.expr.split())
        kind = bool(rule.config.alert)
        server = together.get(rule.source.path, rule.source.path)
        key = (server, kind, rule.config.name, expression, tuple(sorted(labels.items())))
        first = seen.setdefault(key, rule)
        if first is rule or (first.source is rule.source and first.location[:2] == rule.location[:2]):
            continue
        where = first.source.at((*first.location, "alert" if kind else "record"), "", "")
        place = f"line {where.line}" if first.source is rule.source else f"{where.path}:{where.line}"
        what = "it fires" if kind else "it is recorded"
        message = f"{rule.config.name} stands in {place} already, with the same expression and labels: {what} twice"
        location = (*rule.location, "alert" if kind else "record")
        yield at(rule.source, location, "rules/duplicate-across-groups", message, "take one of the two out")


def _together(workspace: Workspace) -> dict[str, str]:
    """The Prometheus file that loads a rule file, by the rule file's path: of its own folder or of one above."""
    found: dict[str, str] = {}
    for prometheus in workspace.of(FileKind.PROMETHEUS):
        named = [pattern for _, pattern in patterns(prometheus)]
        for rules in workspace.of(FileKind.RULES):
            if _beside(prometheus, rules) and any(names(pattern, rules) for pattern in named):
                found.setdefault(str(rules.path), str(prometheus.path))
    return found


def _beside(prometheus: Document, rules: Document) -> bool:
    return prometheus.path.parent in rules.path.parents
