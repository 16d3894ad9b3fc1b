"""What the doctor has to say about a rule."""

from itertools import pairwise
from pathlib import Path

from hivesight.doctor.drill.subject import Subject
from hivesight.doctor.examination import check_paths
from hivesight.model.diagnostics import Severity
from hivesight.rules import RuleFile
from hivesight.schema import load_file


def findings_about(subject: Subject, at_least: Severity) -> list[str]:
    """Its findings of this severity and graver in the lines of the rule, each with its check."""
    path = Path(subject.path)
    loaded = load_file(path, RuleFile)
    places = [
        (loaded.root.find(("groups", number, "rules", index))[1].place.line, rule)
        for number, group in enumerate(loaded.value.groups if loaded.value is not None else ())
        for index, rule in enumerate(group.rules)
    ]
    spans = [(first, last) for (first, rule), (last, _) in pairwise([*places, (1 << 31, None)]) if rule == subject.rule]
    found = [each.diagnostic for each in check_paths([path]).findings if each.severity >= at_least]
    return [
        f"{each.message} [{each.code}]" for each in found if any(first <= each.line < last for first, last in spans)
    ]
