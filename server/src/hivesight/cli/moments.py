"""Times as they are written on the command line, and as they are shown."""

from datetime import UTC, datetime

import click

from hivesight.model.duration import parse_duration


def seconds(option: str, text: str | None, now: float) -> str:
    """A time as the API takes it, now where there is none. Raises click.BadParameter, which names the option."""
    if text is None:
        return f"{now:.3f}"
    if text.startswith("-"):
        try:
            return f"{now - parse_duration(text[1:]) / 1000:.3f}"
        except ValueError:
            pass
    try:
        return f"{_moment(text):.3f}"
    except ValueError as error:
        reason = f"{text!r} is no time: write 1767323045, 2026-01-02T03:04:05Z or -90m"
        raise click.BadParameter(reason, param_hint=option) from error


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
