"""What the doctor has to say about a rule that does not fire."""

from itertools import pairwise
from pathlib import Path

from hivesight.doctor.drill.subject import Subject
from hivesight.doctor.examination import check_paths
from hivesight.model.diagnostics import Severity
from hivesight.rules import RuleFile
from hivesight.schema import load_file


def findings_about(subject: Subject) -> list[str]:
    """Its findings in the lines of the rule, each with its check; those that are no more than information left out."""
    path = Path(subject.path)
    loaded = load_file(path, RuleFile)
    places = [
        (loaded.root.find(("groups", number, "rules", index))[1].place.line, rule)
        for number, group in enumerate(loaded.value.groups if loaded.value is not None else ())
        for index, rule in enumerate(group.rules)
    ]
    spans = [(first, last) for (first, rule), (last, _) in pairwise([*places, (1 << 31, None)]) if rule == subject.rule]
    found = [each.diagnostic for each in check_paths([path]).findings if each.severity >= Severity.WARNING]
    return [
        f"{each.message} [{each.code}]" for each in found if any(first <= each.line < last for first, last in spans)
    ]
