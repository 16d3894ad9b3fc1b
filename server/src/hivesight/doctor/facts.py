"""What the files say together: which intervals hold, which metrics are histograms, which rules there are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hivesight.doctor.live import Live
from hivesight.doctor.promql.counters import no_counter
from hivesight.doctor.promql.examine import is_too_deep
from hivesight.doctor.promql.flaw import Facts, Scrapes
from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, of_the_hive
from hivesight.doctor.promql.trees import Trees
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.duration import parse_duration
from hivesight.model.errors import BadQuery
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.walk import selectors
from hivesight.rules.sections import GroupConfig, RuleConfig, RuleFile
from hivesight.schema import Loaded, Plain, load_node

_CUSTOM_RESOURCE: Final = "spec"
_USUAL_MS: Final = 60_000  # of Prometheus, where its file says nothing


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its place: `location` leads to it from the root of `source`. expr: None where it does not parse, or
    is too deeply nested."""

    source: Loaded[RuleFile]
    location: tuple[str | int, ...]
    group: GroupConfig
    config: RuleConfig
    expr: Expr | None
    too_deep: bool = False


@dataclass(frozen=True, slots=True)
class SetFacts:
    """expressions: what checks of PromQL need. trees: the expressions that were read. live: what a server has, None
    where none was asked. sources: the rule files, those with errors too. rules: of those without.
    evaluation_interval_ms: the shortest; None where no file of Prometheus says one."""

    expressions: Facts
    trees: Trees
    sources: tuple[Loaded[RuleFile], ...]
    rules: tuple[Rule, ...]
    evaluation_interval_ms: int | None
    live: Live | None = None

    @property
    def alerts(self) -> Iterator[Rule]:
        return (rule for rule in self.rules if rule.config.alert)


def gather(workspace: Workspace, surveyed: Callable[[frozenset[str]], Live] | None = None) -> SetFacts:
    """The facts of a set of files. surveyed: asks a server for the metrics that these name."""
    trees = Trees()
    sources = tuple(_rule_file(each) for each in workspace.of(FileKind.RULES))
    rules = tuple(rule for source in sources for rule in _rules(source, trees))
    asked = {each.name for rule in rules if rule.expr is not None for each in selectors(rule.expr)}
    histograms = frozenset(name.removesuffix(BUCKET_SUFFIX) for name in asked if name.endswith(BUCKET_SUFFIX))
    files = [each.loaded.value for each in workspace.of(FileKind.PROMETHEUS)]
    evaluation = min((_of_global(file, "evaluation_interval") for file in files), default=None)
    recorded = frozenset(rule.config.record for rule in rules if rule.config.record)
    grows = {rule.config.record for rule in rules if rule.expr is None or no_counter(rule.expr) is None}
    metrics = replace(of_the_hive(), histograms=histograms - {""}, recorded=recorded, levels=recorded - grows)
    live = surveyed(frozenset(asked)) if surveyed is not None else None
    if live is not None:
        native = live.names & metrics.histograms
        metrics = replace(metrics, kinds={**metrics.kinds, **live.kinds}, histograms=metrics.histograms - native)
    return SetFacts(Facts(metrics, _scrapes(files)), trees, sources, rules, evaluation, live)


def _rule_file(document: Document) -> Loaded[RuleFile]:
    """The rules of a file, or those of an object of the Prometheus operator."""
    root = document.loaded.root
    if root.items is not None and _CUSTOM_RESOURCE in root.items:
        _, root = root.find((_CUSTOM_RESOURCE,))
    return load_node(root, document.text, str(document.path), RuleFile)


def _rules(source: Loaded[RuleFile], trees: Trees) -> Iterator[Rule]:
    for number, group in enumerate(source.value.groups if source.value is not None else ()):
        for index, config in enumerate(group.rules):
            expr = _tree(config.expr, trees)
            too_deep = expr is not None and is_too_deep(expr)
            place = ("groups", number, "rules", index)
            yield Rule(source, place, group, config, None if too_deep else expr, too_deep)


def _tree(text: str, trees: Trees) -> Expr | None:
    try:
        return trees.parse(text)
    except BadQuery:
        return None


# These read the tree and not the sections, as a file with an error elsewhere still has its intervals.


def _scrapes(files: Sequence[Plain]) -> Scrapes:
    found: dict[str, int] = {}
    for file in files:
        usual = _of_global(file, "scrape_interval")
        jobs = file.get("scrape_configs") if isinstance(file, dict) else None
        for job in jobs if isinstance(jobs, list) else ():
            name = job.get("job_name") if isinstance(job, dict) else None
            if isinstance(name, str):
                interval = _interval(job, "scrape_interval") or usual
                found[name] = min(interval, found.get(name, interval))
    return Scrapes(found)


def _of_global(file: Plain, key: str) -> int:
    section = file.get("global") if isinstance(file, dict) else None
    return _interval(section, key) or _USUAL_MS


def _interval(section: Plain, key: str) -> int | None:
    text = section.get(key) if isinstance(section, dict) else None
    try:
        return parse_duration(text) if isinstance(text, str) else None
    except ValueError:  # its reader reports it
        return None
