"""Jobs that rules ask for and no file scrapes, and jobs that no alert watches."""

from collections.abc import Iterator, Sequence, Set
from typing import Final

from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.prometheus.jobs import Job
from hivesight.doctor.promql.flaw import about
from hivesight.doctor.promql.metrics import has_recorded_name
from hivesight.doctor.rule_files import at, of_flaw
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import VectorSelector
from hivesight.query.promql.walk import selectors

_UP: Final = "up"
_OF_ALERTS: Final = frozenset(("ALERTS", "ALERTS_FOR_STATE"))
_ASKS: Final = (MatchType.EQUAL, MatchType.REGEX)
_OF_THIS_SERVER: Final[frozenset[str]] = frozenset(("hivesight", "node-exporter"))
"""Jobs that the embedded server has without any configuration: itself and its host."""
_MOST_SHOWN: Final = 8


def unknown_jobs(jobs: Sequence[Job], facts: SetFacts, named: Set[str]) -> Iterator[Finding]:
    """Selectors of jobs that are nowhere. jobs: all from which series can come. named: the paths of the rule files that
    are evaluated where these jobs are; others lie beside them, and may be another server's."""
    known = set[str](_OF_THIS_SERVER)
    for job in jobs:
        values = job.values_of_job()
        if values is None:
            return
        known |= values
    recorded = {rule.config.record for rule in facts.rules}
    for rule in facts.rules:
        if rule.source.path not in named:
            continue
        for selector in selectors(rule.expr) if rule.expr is not None else ():
            if selector.name in _OF_ALERTS or selector.name in recorded or has_recorded_name(selector.name):
                continue
            for matcher in _of_job(selector):
                if not matcher.matches("") and not any(map(matcher.matches, known)):
                    yield _unknown(rule, selector, matcher, known)


def _of_job(selector: VectorSelector) -> list[Matcher]:
    return [each for each in selector.matchers if each.name == "job" and each.type in _ASKS]


def _unknown(rule: Rule, selector: VectorSelector, matcher: Matcher, known: set[str]) -> Finding:
    known = known - _OF_THIS_SERVER
    shown = ", ".join(sorted(known)[:_MOST_SHOWN]) + (", ..." if len(known) > _MOST_SHOWN else "")
    flaw = about(selector, "promql/unknown-job", f"no job is called {matcher.value}", f"jobs are: {shown}")
    return of_flaw(rule.source, (*rule.location, "expr"), flaw)


def unwatched_jobs(jobs: Sequence[Job], facts: SetFacts) -> Iterator[Finding]:
    """Jobs of one file whose targets can all go down without an alert."""
    alerts = [rule for rule in facts.alerts if rule.expr is not None]
    watching = [each for rule in alerts if rule.expr is not None for each in selectors(rule.expr) if each.name == _UP]
    for job in jobs if alerts else ():
        values = job.values_of_job() or frozenset((job.name,))
        if job.name and not any(_watches(each, value) for each in watching for value in values):
            message = f"no alert asks for up of the job {job.name!r}: its targets go down unseen"
            remedy = f'an alert on up{{job="{job.name}"}} == 0, or on up == 0 of all jobs'
            yield at(job.document.loaded, (*job.location, "job_name"), "prometheus/unwatched-job", message, remedy)


def _watches(selector: VectorSelector, job: str) -> bool:
    return all(each.matches(job) for each in selector.matchers if each.name == "job")
