"""The protobuf exposition format: `MetricFamily` messages, each after its length, become what text becomes."""
