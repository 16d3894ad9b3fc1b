"""Columns at rest: the metrics store (`tsdb`) and small durable state (`state`)."""
