"""What only this room can judge about a rule file: expressions, templates, names, and what does not go together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hivesight.gotmpl import TemplateError
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.errors import BadQuery
from hivesight.query.promql.parser import parse
from hivesight.rules.expansion import offset_of, parse_template
from hivesight.rules.sections import GroupConfig, RuleConfig, RuleFile
from hivesight.schema import Loaded

Location = tuple[str | int, ...]
Names = Mapping[str, str]

_REASON: Final = "parse error: "


def check(loaded: Loaded[RuleFile], parsed: Callable[[str], object] = parse) -> list[Diagnostic]:
    """Everything that is wrong with a file that was read, in the order of the file. parsed: reads an expression or
    raises BadQuery; for whoever has read them already."""
    if loaded.value is None:
        return []
    return list(_File(loaded, parsed).faults(loaded.value))


@dataclass(frozen=True, slots=True)
class _File:
    loaded: Loaded[RuleFile]
    parsed: Callable[[str], object]

    def faults(self, file: RuleFile) -> Iterator[Diagnostic]:
        seen: set[str] = set()
        for index, group in enumerate(file.groups):
            here: Location = ("groups", index)
            if not group.name:
                yield self._at((*here, "name"), "rules/group-name", "a group needs a name")
            elif group.name in seen:
                message = f"the group name {group.name!r} is repeated in this file; rename one of the groups"
                yield self._at((*here, "name"), "rules/duplicate-group", message)
            seen.add(group.name)
            yield from self._names((*here, "labels"), group.labels, "label")
            yield from self._rules(here, group)

    def _rules(self, here: Location, group: GroupConfig) -> Iterator[Diagnostic]:
        known: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], set[str]] = {}
        for index, rule in enumerate(group.rules):
            place: Location = (*here, "rules", index)
            yield from self._rule(place, rule)
            same = (rule.record, rule.alert, rule.expr if rule.alert else "", tuple(sorted(rule.labels.items())))
            if rule.name and same in known:
                where = (*place, "alert" if rule.alert else "record")
                if rule.expr in known[same]:
                    message = f"another rule of this group has the same name and labels as {rule.name!r}: remove one"
                    yield self._at(where, "rules/duplicate-rule", message, severity=Severity.WARNING)
                else:  # which is right where each finds series of its own
                    message = f"another rule of this group records {rule.name!r} too: no series may come from both"
                    yield self._at(where, "rules/recorded-twice", message, severity=Severity.INFO)
            known.setdefault(same, set()).add(rule.expr)

    def _rule(self, here: Location, rule: RuleConfig) -> Iterator[Diagnostic]:
        if rule.record and rule.alert:
            message = "a rule has either 'record' or 'alert', not both: make two rules of it"
            yield self._at((*here, "alert"), "rules/record-and-alert", message, on_key=True)
        elif not rule.name:
            yield self._at(here, "rules/no-name", "one of 'record' and 'alert' must be set")
        if rule.record and not rule.alert:
            yield from self._recording(here, rule)
        yield from self._expression(here, rule)
        yield from self._names((*here, "labels"), rule.labels, "label")
        yield from self._names((*here, "annotations"), rule.annotations, "annotation")
        if rule.alert:
            for kind, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
                for name, text in texts.items():
                    yield from self._template((*here, kind, name), rule.alert, text)

    def _recording(self, here: Location, rule: RuleConfig) -> Iterator[Diagnostic]:
        if set(rule.record) & set("{}"):
            message = f"{rule.record!r} is not a metric name: labels belong under 'labels'"
            yield self._at((*here, "record"), "rules/metric-name", message)
        given = {"for": rule.for_ms, "keep_firing_for": rule.keep_firing_for_ms, "annotations": rule.annotations}
        for key, value in given.items():
            if value:
                yield self._at((*here, key), "rules/recording-field", f"a recording rule has no '{key}'", on_key=True)

    def _expression(self, here: Location, rule: RuleConfig) -> Iterator[Diagnostic]:
        if not rule.expr.strip():
            yield self._at((*here, "expr"), "rules/no-expr", "the field 'expr' must be set in a rule")
            return
        try:
            self.parsed(rule.expr)
        except BadQuery as error:
            message = str(error).partition(_REASON)[2] or str(error)
            length = max(1, error.end - error.start)
            yield self._at((*here, "expr"), "promql/syntax", message, offset=error.start, length=length)

    def _template(self, here: Location, alert: str, text: str) -> Iterator[Diagnostic]:
        if "{{" not in text:
            return
        try:
            parse_template(alert, text)
        except TemplateError as error:
            offset = offset_of(text, error)
            yield self._at(here, "template/syntax", error.reason, offset=offset)

    def _names(self, here: Location, texts: Names, kind: str) -> Iterator[Diagnostic]:
        """Any UTF-8 name is valid since Prometheus 3, but for the empty one and the metric's name."""
        for name in texts:
            if not name or (kind == "label" and name == "__name__"):
                yield self._at((*here, name), "rules/label-name", f"{name!r} is not a valid {kind} name", on_key=True)

    @property
    def _at(self) -> "Callable[..., Diagnostic]":
        return self.loaded.at
