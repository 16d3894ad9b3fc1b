"""From the labels that a target exposes to those that its series are stored under: the target's labels, metric
relabelling, limits. Called once per new series."""

import re
from collections.abc import Mapping
from typing import Final

from hivesight.ingest.relabel import Relabelling, relabelling
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.fetch import Outcome, ScrapeError

_LEGACY_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LEGACY_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class SampleLabels:
    """The rules of one target."""

    def __init__(self, config: ScrapeConfig, target: Labels) -> None:
        self._config = config
        self._target = target
        self._rules: Relabelling | None = (
            relabelling(config.metric_relabel_configs) if config.metric_relabel_configs else None
        )

    def final(self, exposed: Mapping[str, str]) -> Labels | None:
        """The label set of a series, or None where metric relabelling drops it. Raises ScrapeError for a label limit
        that is exceeded, a metric without a name, or a name that is not valid."""
        merged = self._merged(exposed)
        labels = self._rules.apply(merged) if self._rules is not None else Labels(merged)
        if not labels:
            return None
        if not labels.name:
            raise ScrapeError(Outcome.SYNTAX, f"no metric name is left after relabelling of {Labels(exposed)!s:.200}")
        self._check(labels)
        return labels

    def report(self, name: str) -> Labels:
        """The label set of a series that tells of the scrape itself, such as `up`."""
        return Labels({**self._target, METRIC_NAME: name})

    def _merged(self, exposed: Mapping[str, str]) -> dict[str, str]:
        if self._config.honor_labels:
            # A label that is exposed as empty keeps the target's away (the Pushgateway relies on it).
            return {**self._target, **exposed}
        merged = {name: value for name, value in exposed.items() if value}
        conflicts = [(name, merged[name]) for name, _ in self._target.pairs if name in merged]
        merged.update(self._target.pairs)
        for name, value in sorted(conflicts, key=lambda each: len(each[0])):
            renamed = f"exported_{name}"
            while renamed in merged:
                renamed = f"exported_{renamed}"
            merged[renamed] = value
        return merged

    def _check(self, labels: Labels) -> None:
        config, metric = self._config, labels.name[:50]
        if 0 < config.label_limit < len(labels):
            raise ScrapeError(
                Outcome.LABEL_LIMIT,
                f"label_limit exceeded (metric: {metric}, number of labels: {len(labels)}, "
                f"limit: {config.label_limit})",
            )
        for kind, limit, position in (
            ("name", config.label_name_length_limit, 0),
            ("value", config.label_value_length_limit, 1),
        ):
            for pair in labels.pairs if limit else ():
                length = len(pair[position].encode())
                if length > limit:
                    raise ScrapeError(
                        Outcome.LABEL_LIMIT,
                        f"label_{kind}_length_limit exceeded (metric: {metric}, label name: {pair[0][:50]}, "
                        f"length: {length}, limit: {limit})",
                    )
        if config.metric_name_validation_scheme == "legacy":
            self._check_legacy(labels)

    def _check_legacy(self, labels: Labels) -> None:
        names = [name for name, _ in labels.pairs if not _LEGACY_LABEL.fullmatch(name)]
        if names or not _LEGACY_METRIC.fullmatch(labels.name):
            fault = f"label name {names[0][:50]!r}" if names else f"metric name {labels.name[:50]!r}"
            raise ScrapeError(Outcome.SYNTAX, f"invalid {fault}: metric_name_validation_scheme is legacy")
