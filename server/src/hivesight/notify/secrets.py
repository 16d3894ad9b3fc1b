"""Secrets as the configuration gives them: in the file itself, or in a file of their own that is read when the secret
is used, so that it can be changed without a reload."""

from pathlib import Path
from typing import Final

from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError

MAX_BYTES: Final = 64 * 1024


def read_secret(inline: Secret | None, file: str, directory: Path, what: str) -> str:
    """The secret, or an empty text where none is configured; `file` may be relative to `directory`. Blocks for one
    read. Raises NotifyError naming the file when that cannot be read."""
    if inline:
        return inline.reveal()
    return read_text(file, directory, what) if file else ""


def read_text(file: str, directory: Path, what: str) -> str:
    """A small file's text without white space around it. Raises NotifyError."""
    path = directory / file
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise NotifyError(FailureReason.CONFIG, f"{what}: {path} is too large for a secret", retry=False)
        return raw.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        # The file may be being replaced: worth another try.
        raise NotifyError(FailureReason.CONFIG, f"{what}: cannot read {path}: {reason}", retry=True) from error
