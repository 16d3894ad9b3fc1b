"""What the files say together: which intervals hold, which metrics are histograms, which rules there are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from hivesight.doctor.promql.flaw import Facts
from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, of_the_hive
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.duration import parse_duration
from hivesight.model.errors import BadQuery
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.parser import parse
from hivesight.query.promql.walk import selectors
from hivesight.rules.sections import GroupConfig, RuleConfig, RuleFile
from hivesight.schema import Loaded, Plain, load_node

_CUSTOM_RESOURCE: Final = "spec"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its place: `location` leads to it from the root of `source`. expr: None where it does not parse."""

    source: Loaded[RuleFile]
    location: tuple[str | int, ...]
    group: GroupConfig
    config: RuleConfig
    expr: Expr | None


@dataclass(frozen=True, slots=True)
class SetFacts:
    """expressions: what checks of PromQL need. sources: the rule files, those with errors too. rules: of those without.
    scrape_interval_ms, evaluation_interval_ms: the longest; None where no file of Prometheus says one."""

    expressions: Facts
    sources: tuple[Loaded[RuleFile], ...]
    rules: tuple[Rule, ...]
    scrape_interval_ms: int | None
    evaluation_interval_ms: int | None

    @property
    def alerts(self) -> Iterator[Rule]:
        return (rule for rule in self.rules if rule.config.alert)


def gather(workspace: Workspace) -> SetFacts:
    """The facts of a set of files."""
    sources = tuple(_rule_file(each) for each in workspace.of(FileKind.RULES))
    rules = tuple(rule for source in sources for rule in _rules(source))
    asked = {each.name for rule in rules if rule.expr is not None for each in selectors(rule.expr)}
    histograms = frozenset(name.removesuffix(BUCKET_SUFFIX) for name in asked if name.endswith(BUCKET_SUFFIX))
    files = [each.loaded.value for each in workspace.of(FileKind.PROMETHEUS)]
    scrape = max((ms for file in files for ms in _scrape_intervals(file)), default=None)
    evaluation = max((ms for file in files for ms in _of_global(file, "evaluation_interval")), default=None)
    metrics = replace(of_the_hive(), histograms=histograms - {""})
    return SetFacts(Facts(metrics, scrape), sources, rules, scrape, evaluation)


def _rule_file(document: Document) -> Loaded[RuleFile]:
    """The rules of a file, or those of an object of the Prometheus operator."""
    root = document.loaded.root
    if root.items is not None and _CUSTOM_RESOURCE in root.items:
        _, root = root.find((_CUSTOM_RESOURCE,))
    return load_node(root, document.text, str(document.path), RuleFile)


def _rules(source: Loaded[RuleFile]) -> Iterator[Rule]:
    for number, group in enumerate(source.value.groups if source.value is not None else ()):
        for index, config in enumerate(group.rules):
            yield Rule(source, ("groups", number, "rules", index), group, config, _tree(config.expr))


def _tree(text: str) -> Expr | None:
    try:
        return parse(text)
    except BadQuery:
        return None


# These read the tree and not the sections, as a file with an error elsewhere still has its intervals.


def _scrape_intervals(file: Plain) -> Iterator[int]:
    yield from _of_global(file, "scrape_interval")
    jobs = file.get("scrape_configs") if isinstance(file, dict) else None
    for job in jobs if isinstance(jobs, list) else ():
        yield from _interval(job, "scrape_interval")


def _of_global(file: Plain, key: str) -> Iterator[int]:
    section = file.get("global") if isinstance(file, dict) else None
    found = list(_interval(section, key))
    yield from found or [60_000]  # Prometheus' own, where the file does not say it


def _interval(section: Plain, key: str) -> Iterator[int]:
    text = section.get(key) if isinstance(section, dict) else None
    if isinstance(text, str):
        try:
            yield parse_duration(text)
        except ValueError:  # its reader reports it
            return
