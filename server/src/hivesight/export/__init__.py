"""What leaves this server for others of its kind: samples by remote write, OTLP as it came."""
