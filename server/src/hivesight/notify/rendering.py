"""Templates of notifications: our own defaults, the files of the configuration over them, and single settings."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final

from hivesight.alerting.config import ConfigFile
from hivesight.gotmpl import (
    ALERTMANAGER_FUNCTIONS,
    DEFAULT_LIMITS,
    Record,
    Template,
    TemplateError,
    TemplateSet,
    alertmanager_functions,
)
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.errors import ConfigError
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

MAX_FILE_BYTES: Final = 1 << 20
MAX_FILES: Final = 200
STEPS_PER_ALERT: Final = 300
MOST_COUNTED: Final = 20_000
_NO_TEMPLATES: Final = frozenset(
    (
        "http_config",
        "tls_config",
        "auth_password",
        "auth_secret",
        "api_url",
        "api_key",
        "app_token",
        "bot_token",
        "webhook_url",
        "avatar_url",
        "smarthost",
    )
)


class Templates:
    """The set of templates that the settings of one configuration may call."""

    def __init__(self, templates: TemplateSet, own: frozenset[str] = frozenset()) -> None:
        """own: the names that the files of the configuration define."""
        self.own = own
        self._set = templates
        self._parsed: dict[tuple[str, bool], Template] = {}

    def check(self, text: str) -> None:
        """Raises TemplateError, with a place in `text`, where a setting is no template."""
        self._set.template("setting", text)

    def render(self, text: str, notification: Notification, *, html: bool = False, data: Record | None = None) -> str:
        """A setting filled in, with the notification's data or those given. Raises NotifyError, which no other try
        will mend."""
        if "{{" not in text:
            return text
        now_ms = notification.flush.now_ms
        alerts = min(len(notification.notices), MOST_COUNTED)
        try:
            template = self._parsed.get((text, html))
            if template is None:
                # Settings come from one configuration: there are only so many.
                template = self._parsed.setdefault((text, html), self._set.template("setting", text, html=html))
            return template.execute(
                notification.data if data is None else data,
                functions=alertmanager_functions(now_ms=lambda: now_ms),
                limits=replace(DEFAULT_LIMITS, steps=DEFAULT_LIMITS.steps + STEPS_PER_ALERT * alerts),
            )
        except TemplateError as error:
            raise NotifyError(FailureReason.TEMPLATE, str(error), retry=False) from error


def check_settings(file: ConfigFile, templates: Templates) -> list[Diagnostic]:
    """What is wrong with the templates in the settings of the receivers, with the place in the file."""
    _, receivers = file.loaded.root.find(("receivers",))
    return list(_faults(file, templates, ("receivers",), receivers))


def _faults(file: ConfigFile, templates: Templates, at: Location, node: Node) -> Iterator[Diagnostic]:
    for name, (_, child) in (node.items or {}).items():
        if name in _NO_TEMPLATES:
            continue
        yield from _faults(file, templates, (*at, name), child)
        text = child.value or ""
        if "{{" not in text:
            continue
        try:
            templates.check(text)
        except TemplateError as error:
            offset = sum(len(line) for line in text.splitlines(keepends=True)[: error.line - 1]) + error.col - 1
            yield file.loaded.at((*at, name), "alertmanager/template", error.reason, offset=offset)


def load_templates(patterns: tuple[str, ...], directory: Path) -> Templates:
    """Our defaults with the files that `patterns` name over them, in order; relative names start from `directory`; a
    pattern that fits no file is no error, as in Alertmanager. Raises ConfigError with the place in the file."""
    files: list[tuple[str, str]] = []
    for path in _paths(patterns, directory):
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise _unusable(path, f"cannot read the template file: {error.strerror}") from error
        if len(raw) > MAX_FILE_BYTES:
            raise _unusable(path, f"a template file of more than {MAX_FILE_BYTES >> 20} MiB; split it")
        try:
            files.append((str(path), raw.decode("utf-8")))
        except UnicodeDecodeError as error:
            raise _unusable(path, f"not UTF-8 text (byte {error.start})") from error
    default = resources.files("hivesight.notify").joinpath("templates", "default.tmpl").read_text(encoding="utf-8")
    try:
        ours = TemplateSet.parse([("default.tmpl", default)], ALERTMANAGER_FUNCTIONS)
        own = TemplateSet.parse(files, ALERTMANAGER_FUNCTIONS).names()
        return Templates(ours.extended(files), own)
    except TemplateError as error:
        fault = Diagnostic(error.name, error.line, error.col, 1, Severity.ERROR, "alertmanager/template", error.reason)
        raise ConfigError([fault]) from error


def _paths(patterns: tuple[str, ...], directory: Path) -> list[Path]:
    found: list[Path] = []
    for pattern in patterns:
        whole = directory / pattern
        if any(mark in pattern for mark in "*?["):
            anchor = Path(whole.anchor) if whole.is_absolute() else Path()
            found += sorted(anchor.glob(str(whole.relative_to(anchor))))
        elif whole.is_file():
            found.append(whole)
    if len(found) > MAX_FILES:
        raise _unusable(directory, f"templates name more than {MAX_FILES} files")
    return found


def _unusable(path: Path, reason: str) -> ConfigError:
    return ConfigError([Diagnostic(str(path), 0, 0, 1, Severity.ERROR, "alertmanager/template", reason)])
