"""An alert as it crosses from the rules to the people."""

from dataclasses import dataclass

from hivesight.model.labels import NO_LABELS, Labels


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that holds, or held, for one label set (Alertmanager's `types.Alert`). All times in ms since the
    epoch.

    labels: its identity, `alertname` among them. annotations: what is said of it.
    starts_at_ms: when it began to fire. ends_at_ms: when it is over unless it is said again before; in the past for
    an alert that is resolved. generator_url: where its expression can be looked at."""

    labels: Labels
    starts_at_ms: int
    ends_at_ms: int
    annotations: Labels = NO_LABELS
    generator_url: str = ""
    updated_at_ms: int = 0

    @property
    def name(self) -> str:
        return self.labels.value("alertname")

    @property
    def fingerprint(self) -> str:
        """The identity as 16 hexadecimal digits."""
        return self.labels.fingerprint()

    def resolved_at(self, now_ms: int) -> bool:
        """Whether it is over at this time."""
        return self.ends_at_ms <= now_ms
