"""What a sender says of a metric."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a metric beside its samples. type: `unknown` where nobody says."""

    type: str = "unknown"
    help: str = ""
    unit: str = ""
