"""Checks for secrets, in any file."""

from typing import Final

from hivesight.doctor.catalog.check import WARNING, Check

CHECKS: Final = (
    Check(
        "secrets/in-file",
        WARNING,
        "a secret in the file",
        "Everyone who can read the file, its history or a backup has it, and it cannot be changed without a "
        "change of the file.",
    ),
    Check(
        "secrets/placeholder",
        WARNING,
        "a text of an example in the place of a value",
        "What needs it fails, or goes to somebody else.",
    ),
)
