"""What the supervisor leaves in its directory for others: target files, hive.json, and where alerts should go."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from agent_hive.catalog import Service


class AlreadyRunning(Exception):
    """Another supervisor works in this directory."""


class HiveFiles:
    """DIR/hive.json, targets/<job>.yml, secrets/*, logs/, state/. Every file is written aside and renamed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = root / "logs"
        self.state = root / "state"
        self._lock: BinaryIO | None = None

    def claim(self) -> None:
        """Make the directories and take the directory's lock; AlreadyRunning when somebody else holds it."""
        for folder in (self.root, self.logs, self.state, self.root / "targets"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.root / "secrets").mkdir(mode=0o700, exist_ok=True)
        lock = (self.root / "hive.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyRunning(f"a hive runs in {self.root} already; stop it or choose another --dir") from None
        self._lock = lock

    def write_target(self, service: Service, port: int) -> None:
        """One target for Prometheus' file discovery (`file_sd_configs`)."""
        # No label `service` here: in the families of external APIs it names the API that is called.
        text = f"- targets: ['127.0.0.1:{port}']\n"
        _replace(self.root / "targets" / f"{service.name}.yml", text)

    def write_secrets(self, secrets: Mapping[str, str]) -> None:
        """One file per secret, for settings such as `webhook_configs.url_file`."""
        for name, value in secrets.items():
            _replace(self.root / "secrets" / name, value, mode=0o600)

    def write_hive(self, hive: Mapping[str, object]) -> None:
        """DIR/hive.json: where everything is."""
        _replace(self.root / "hive.json", json.dumps(hive, indent=2) + "\n")

    def release(self) -> None:
        """Say that no hive runs here any more. The targets stay: what is gone should be seen as down."""
        (self.root / "hive.json").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _replace(path: Path, text: str, mode: int = 0o644) -> None:
    draft = path.with_name(f".{path.name}.tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    draft.replace(path)
