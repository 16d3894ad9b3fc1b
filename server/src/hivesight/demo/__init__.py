"""The demo: the reference hive as a child process, watched with the pack's own files."""

from typing import Final

FAULTS: Final = ("kill", "slow", "errors", "stuck", "heal")
"""What can be made to happen to a service of the hive."""
