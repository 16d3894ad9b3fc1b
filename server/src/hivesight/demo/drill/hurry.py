"""A configuration with every wait cut to seconds. Thresholds and everything else stay as they are."""

from dataclasses import replace
from typing import Final

from hivesight.alerting.config import RouteConfig
from hivesight.alerting.route import RouteOptions
from hivesight.config import Config
from hivesight.query.promql import parse
from hivesight.query.promql.ast import Expr, MatrixSelector
from hivesight.query.promql.printer import format
from hivesight.query.promql.rebuild import rebuilt
from hivesight.rules import RuleConfig, RuleFile
from hivesight.sources.config import PrometheusFile

INTERVAL_MS: Final = 1_000
FOR_MS: Final = 4_000
RANGE_MS: Final = 20_000
"""Long enough for twenty of what the hive does, as rules about shares ask for."""
REPEAT_MS: Final = 60_000


def hurried(config: Config) -> Config:
    """Scrapes and evaluations each second; `for`, `keep_firing_for`, `group_wait`, `group_interval` and
    `repeat_interval` in seconds; no range of a rule longer than RANGE_MS."""
    alertmanager = config.alertmanager.config
    assert alertmanager is not None and alertmanager.route is not None, "a checked file"
    routes = replace(alertmanager, route=_route(_said(alertmanager.route)))
    return replace(
        config,
        prometheus=_scraping(config.prometheus),
        rules=tuple((path, _rules(file)) for path, file in config.rules),
        alertmanager=replace(config.alertmanager, config=routes),
    )


def _scraping(file: PrometheusFile) -> PrometheusFile:
    often = {"scrape_interval_ms": INTERVAL_MS, "scrape_timeout_ms": INTERVAL_MS}
    jobs = tuple(replace(each, **often) for each in file.scrape_configs)
    return replace(
        file, global_=replace(file.global_, evaluation_interval_ms=INTERVAL_MS, **often), scrape_configs=jobs
    )


def _rules(file: RuleFile) -> RuleFile:
    return RuleFile(
        groups=tuple(
            replace(each, interval_ms=INTERVAL_MS, rules=tuple(map(_rule, each.rules))) for each in file.groups
        )
    )


def _rule(rule: RuleConfig) -> RuleConfig:
    return replace(
        rule,
        expr=format(rebuilt(parse(rule.expr), _shortened)),
        for_ms=min(rule.for_ms, FOR_MS),
        keep_firing_for_ms=min(rule.keep_firing_for_ms, FOR_MS),
    )


def _shortened(node: Expr) -> Expr:
    if isinstance(node, MatrixSelector) and node.range_ms > RANGE_MS:
        return replace(node, range_ms=RANGE_MS, range=None)
    return node


def _said(root: RouteConfig) -> RouteConfig:
    """The root with the waits that hold where it says none."""
    usual = RouteOptions()
    return replace(
        root,
        group_wait=usual.group_wait_ms if root.group_wait is None else root.group_wait,
        group_interval=root.group_interval or usual.group_interval_ms,
        repeat_interval=root.repeat_interval or usual.repeat_interval_ms,
    )


def _route(route: RouteConfig) -> RouteConfig:
    def at_most(ms: int | None, most_ms: int) -> int | None:
        return None if ms is None else min(ms, most_ms)

    return replace(
        route,
        group_wait=at_most(route.group_wait, INTERVAL_MS),
        group_interval=at_most(route.group_interval, INTERVAL_MS),
        repeat_interval=at_most(route.repeat_interval, REPEAT_MS),
        routes=tuple(map(_route, route.routes)),
    )
