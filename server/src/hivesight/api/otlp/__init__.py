"""OTLP's two doors, HTTP and gRPC, before one receiver."""

from hivesight.api.otlp.doors import Doors, otlp_doors
from hivesight.api.otlp.grpc import OtlpGrpcServer
from hivesight.api.otlp.http import PATH, PROMETHEUS_PATH, otlp_routes
from hivesight.api.otlp.onward import Onward

__all__ = ["PATH", "PROMETHEUS_PATH", "Doors", "Onward", "OtlpGrpcServer", "otlp_doors", "otlp_routes"]
