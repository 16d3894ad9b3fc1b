"""Telemetry out of the process, as OTLP over HTTP in JSON, which needs neither protobuf nor a library for HTTP.

`destination` says where to, `resource` who sends, `values` and `metrics_json` encode, `delivery` posts, and `shipper`
queues and repeats. Source: OTLP specification 1.x.
"""
