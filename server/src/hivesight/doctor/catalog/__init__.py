"""Every check by its code: how grave what it finds is, and why that matters; a module for each kind of file. The docs
page is printed from it."""

from typing import Final

from hivesight.doctor.catalog import (
    alertmanager,
    alerts,
    collector,
    compose,
    dashboards,
    expressions,
    kubernetes,
    live,
    prometheus,
    rule_files,
    secrets,
)
from hivesight.doctor.catalog.check import Check

CHECKS: Final[dict[str, Check]] = {
    check.code: check
    for module in (
        expressions,
        live,
        rule_files,
        alerts,
        prometheus,
        alertmanager,
        secrets,
        dashboards,
        compose,
        collector,
        kubernetes,
    )
    for check in module.CHECKS
}
"""All checks, by code, in the order of the page."""

__all__ = ["CHECKS", "Check"]
