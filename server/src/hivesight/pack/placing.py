"""Texts -> files in a directory that belongs to somebody: nothing that differs is overwritten unless that is wanted,
and secrets that exist are never touched."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.pack.kubernetes import MADE, made

SECRETS: Final = "secrets"
_GENERATED: Final = (
    "grafana_password",
    "elastic_password",
    "elastic_writer_password",
    "elastic_reader_password",
    "kibana_password",
    "postgres_password",
)


@dataclass(frozen=True, slots=True)
class Placed:
    """Which files were written, overwritten, or stood there just so; paths below the directory."""

    written: tuple[str, ...]
    overwritten: tuple[str, ...]
    same: tuple[str, ...]


def differing(directory: Path, files: Mapping[str, str]) -> list[str]:
    """Which of the files stand in the directory with other content, or are no files there."""
    return [name for name, text in files.items() if _other(directory / name, text)]


def place(directory: Path, files: Mapping[str, str]) -> Placed:
    """Writes the files, over those that differ; a directory that it makes is its owner's alone. Raises OSError."""
    if not directory.exists():
        directory.mkdir(parents=True)
        directory.chmod(0o700)
    overwritten = differing(directory, files)
    same = [name for name in files if name not in overwritten and (directory / name).is_file()]
    for name, text in files.items():
        if name not in same:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    written = [name for name in files if name not in overwritten and name not in same]
    return Placed(tuple(written), tuple(overwritten), tuple(same))


def remake(directory: Path) -> Placed:
    """Writes kubernetes/made of the rules and routes as they stand in the directory, and takes away what it made of
    rule files that are gone. Raises OSError."""
    (directory / MADE).resolve(strict=True)
    paths = [*sorted((directory / "prometheus/rules").glob("*.yml")), directory / "alertmanager/alertmanager.yml"]
    files = made({path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8") for path in paths})
    for stale in {path.relative_to(directory).as_posix() for path in (directory / MADE).glob("*.yaml")} - files.keys():
        (directory / stale).unlink()
    return place(directory, files)


def place_secrets(directory: Path, password: Callable[[], str]) -> list[str]:
    """Makes the passwords of the stack that are not there yet; says which. Only the owner may enter their folder; the
    files themselves can be read, since Compose hands them to containers under other users. Raises OSError."""
    folder = directory / SECRETS
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (directory / "alertmanager" / SECRETS).mkdir(parents=True, exist_ok=True)
    texts = {name: password() for name in _GENERATED} | {"redis_passwords": json.dumps({"redis://redis:6379": ""})}
    made = [name for name in texts if not (folder / name).exists()]
    for name in made:
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
            file.write(texts[name])
    return [f"{SECRETS}/{name}" for name in made]


def _other(path: Path, text: str) -> bool:
    if not path.exists():
        return False
    return not path.is_file() or path.read_bytes() != text.encode()
