"""Samples of the past, from a file, as blocks in the store of a stopped server."""
