"""Findings as a JSON document: one object with a list."""

import orjson

from hivesight.doctor.examination import Examination
from hivesight.doctor.finding import Finding


def json(examination: Examination) -> str:
    """`{"findings": [...], "suppressed": N, "files": N}`; each finding with its place, check, message and remedy."""
    document = {
        "findings": [_object(each) for each in examination.findings],
        "suppressed": len(examination.suppressed),
        "files": len(examination.texts),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _object(finding: Finding) -> dict[str, object]:
    place = finding.diagnostic
    return {
        "check": finding.code,
        "severity": place.severity.name.lower(),
        "path": place.path,
        "line": place.line,
        "column": place.col,
        "length": place.length,
        "message": place.message,
        "remedy": finding.remedy,
        "fixable": finding.edit is not None,
    }
