"""OTLP's two doors, HTTP and gRPC, before one receiver."""

from hivesight.api.otlp.grpc import OtlpGrpcServer
from hivesight.api.otlp.http import PATH, PROMETHEUS_PATH, otlp_routes

__all__ = ["PATH", "PROMETHEUS_PATH", "OtlpGrpcServer", "otlp_routes"]
