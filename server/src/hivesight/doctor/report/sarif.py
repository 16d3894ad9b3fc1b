"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read."""

from importlib.metadata import version
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

import orjson

from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.examination import Examination
from hivesight.doctor.finding import Finding
from hivesight.model.diagnostics import Severity

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(examination: Examination) -> str:
    """One run with its rules and results; suppressed findings are among them and say so."""
    codes = sorted({each.code for each in (*examination.findings, *examination.suppressed)})
    driver = {
        "name": "hivesight check",
        "version": version("hivesight"),
        "rules": [_rule(code) for code in codes],
    }
    results = [_result(each, codes) for each in examination.findings]
    results += [{**_result(each, codes), "suppressions": [{"kind": "inSource"}]} for each in examination.suppressed]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _rule(code: str) -> dict[str, Any]:
    check = CHECKS.get(code)
    if check is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.why},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _result(finding: Finding, codes: list[str]) -> dict[str, Any]:
    place = finding.diagnostic
    told = f"{place.message}. {finding.remedy}" if finding.remedy else place.message
    line, col = max(1, place.line), max(1, place.col)
    region = {"startLine": line, "startColumn": col, "endColumn": col + place.length}
    location = {"artifactLocation": {"uri": quote(PurePath(place.path).as_posix())}, "region": region}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[place.severity],
        "message": {"text": told},
        "locations": [{"physicalLocation": location}],
    }
