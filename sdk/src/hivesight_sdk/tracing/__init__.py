"""Traces: spans of what is tracked, on OpenTelemetry's SDK, shipped as OTLP; context and ids across processes.

Nothing here is imported before `configure` turns tracing on, or a name of this package is used.
"""
