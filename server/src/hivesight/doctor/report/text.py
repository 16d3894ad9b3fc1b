"""Findings for a terminal: the place, the line with a caret, what is wrong and what to do."""

from collections import Counter

from hivesight.doctor.examination import Examination
from hivesight.model.diagnostics import Severity


def text(examination: Examination) -> str:
    """All findings and a last line that counts them."""
    blocks: list[str] = []
    for finding in examination.findings:
        shown = finding.diagnostic.render(examination.texts.get(finding.diagnostic.path, ""))
        blocks.append(f"{shown}\n      = {finding.remedy}" if finding.remedy else shown)
    return "\n".join([*blocks, summary(examination)])


def summary(examination: Examination) -> str:
    """How many findings of which severity in how many files."""
    counts = Counter(each.severity for each in examination.findings)
    files = len(examination.texts)
    examined = f"{files} file{'s' if files != 1 else ''} examined"
    if not counts:
        return f"{examined}: nothing found"
    told = [
        f"{counts[each]} {each.name.lower()}{'s' if counts[each] != 1 and each is not Severity.INFO else ''}"
        for each in reversed(Severity)
        if counts[each]
    ]
    return f"{examined}: {', '.join(told)}"
