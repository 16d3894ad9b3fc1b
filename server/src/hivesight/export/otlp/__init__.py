"""OTLP requests on their way to Collectors, which `forward.otlp` of `hivesight.yml` names: bytes as they came. Called
by api's doors."""

from hivesight.export.otlp.config import ForwardConfig
from hivesight.export.otlp.manager import OtlpForward
from hivesight.export.otlp.metrics import OtlpForwardMetrics

__all__ = ["ForwardConfig", "OtlpForward", "OtlpForwardMetrics"]
