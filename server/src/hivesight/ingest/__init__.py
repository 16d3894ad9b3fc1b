"""BYTES -> COLUMNS: what came over a wire becomes arrays. One module per format, and relabelling."""
