"""Findings as people and machines read them: one module a format."""

from collections.abc import Callable
from typing import Final

from hivesight.doctor.examination import Examination
from hivesight.doctor.report.github import github
from hivesight.doctor.report.json import json
from hivesight.doctor.report.sarif import sarif
from hivesight.doctor.report.text import text

FORMATS: Final[dict[str, Callable[[Examination], str]]] = {
    "text": text,
    "json": json,
    "sarif": sarif,
    "github": github,
}
"""By the name that `--format` takes."""
