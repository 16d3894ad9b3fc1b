"""Secrets of notification, from the file itself or from a file of their own that is read when they are used. What
cannot be used is a NotifyError."""

from pathlib import Path

from hivesight.http_client import secrets
from hivesight.http_client.errors import SettingError
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.schema import check_http_url, joined


def read_secret(inline: Secret | None, file: str, directory: Path, what: str) -> str:
    """The secret, or an empty text where none is configured; `file` may be relative to `directory`. Blocks for one
    read. Raises NotifyError naming the file when that cannot be read."""
    try:
        return secrets.read_secret(inline, joined(directory, file), what)
    except SettingError as error:
        raise unusable(error) from error


def read_address(inline: Secret | None, file: str, directory: Path, key: str) -> str:
    """The http or https address that the setting `key`, or the file that `key`_file names, holds. Blocks for one read.
    Raises NotifyError without the address: who knows it can write there."""
    address = read_secret(inline, file, directory, f"{key}_file")
    try:
        check_http_url(address)
    except ValueError as error:
        raise NotifyError(FailureReason.CONFIG, f"{key}: {error}", retry=bool(file)) from error
    return address


def unusable(error: SettingError) -> NotifyError:
    """The NotifyError that a setting which cannot be used stands for."""
    message = f"{error.key}: {error}" if error.key else str(error)
    return NotifyError(FailureReason.CONFIG, message, retry=not error.lasting)
