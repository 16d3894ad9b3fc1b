"""Secrets as the configuration gives them: in the file itself, or in a file of their own that is read when the secret
is used, so that it can be changed without a reload."""

from pathlib import Path
from typing import Final

from hivesight.http_client.errors import SettingError
from hivesight.model.secret import Secret

MAX_SECRET_BYTES: Final = 64 << 10


def read_secret(inline: Secret | None, file: str, key: str) -> str:
    """The secret, or an empty text where none is configured. `key` is the setting that names the file. Blocks for one
    read. Raises SettingError."""
    if inline:
        return inline.reveal()
    return read_text(file, key) if file else ""


def read_text(path: str, key: str) -> str:
    """A small file's text without white space around it. Blocks. Raises SettingError."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_SECRET_BYTES + 1)
        if len(raw) > MAX_SECRET_BYTES:
            raise SettingError(f"{path} is too large for a secret", key=key, lasting=True)
        return raw.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        # The file may be being replaced: not lasting.
        raise SettingError(f"cannot read {path}: {reason}", key=key) from error
