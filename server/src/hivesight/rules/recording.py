"""Recording rules: an expression's answer becomes series of its own."""

from collections.abc import Mapping

from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.query.promql.parser import parse
from hivesight.query.promql.printer import format as canonical
from hivesight.rules.ports import elements_of
from hivesight.rules.rule import Moment, Outcome, RuleFailed
from hivesight.rules.sections import RuleConfig


class RecordingRule:
    """`record: name`. Holds no state between evaluations."""

    def __init__(self, config: RuleConfig, group_labels: Mapping[str, str]) -> None:
        """Raises BadQuery for an expression that does not parse."""
        self.config = config
        self.query = canonical(parse(config.expr))
        self._over = {**group_labels, **config.labels, METRIC_NAME: config.record}
        self.labels = Labels({**group_labels, **config.labels})

    def evaluate(self, moment: Moment) -> Outcome:
        """The answer under the rule's name and labels. Raises RuleFailed for equal label sets or past the limit, and
        QueryError, StorageError."""
        samples = [
            (labels.merged(self._over), value)
            for labels, value in elements_of(moment.query(self.query, moment.data_ms))
        ]
        if len({labels for labels, _ in samples}) < len(samples):
            raise RuleFailed("vector contains metrics with the same labelset after applying rule labels")
        if moment.limit and len(samples) > moment.limit:
            raise RuleFailed(f"exceeded limit of {moment.limit} with {len(samples)} series")
        return Outcome(samples)
