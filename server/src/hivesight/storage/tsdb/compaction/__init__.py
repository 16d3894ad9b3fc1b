"""Joining of old blocks: which, and how."""
