"""OTLP metrics -> samples, as Prometheus' OTLP receiver translates them."""

from hivesight.ingest.otlp.config import OtlpConfig
from hivesight.ingest.otlp.limits import BadRequest, OtlpLimits, TooLarge
from hivesight.ingest.otlp.metrics import OtlpMetrics
from hivesight.ingest.otlp.receiver import OtlpReceiver, Outcome

__all__ = ["BadRequest", "OtlpConfig", "OtlpLimits", "OtlpMetrics", "OtlpReceiver", "Outcome", "TooLarge"]
