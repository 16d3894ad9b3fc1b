"""Immutable blocks of the metrics store: closed periods as directories of compressed, checksummed files."""
