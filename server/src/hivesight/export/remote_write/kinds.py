"""What is sent, and why something is not, in the words of Prometheus' figures."""

from enum import StrEnum


class Kind(StrEnum):
    """What a receiver gets."""

    SAMPLES = "samples"
    HISTOGRAMS = "histograms"
    EXEMPLARS = "exemplars"
    METADATA = "metadata"


class Dropped(StrEnum):
    """Why something that the log holds is not sent."""

    RELABELLED = "dropped_series"
    UNKNOWN = "unintentionally_dropped_series"
    TOO_OLD = "too_old"
    CUSTOM_BOUNDS = "nhcb_in_rw1_not_supported"
