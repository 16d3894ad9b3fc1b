"""Reads every file that the server runs on, and judges them together: all of it can be used, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hivesight import pack
from hivesight.alerting.config import ConfigFile
from hivesight.alerting.config_check import read_config
from hivesight.config.settings import Settings
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.errors import ConfigError
from hivesight.notify.heartbeat import HeartbeatConfig
from hivesight.rules import RuleFile, read_rule_file
from hivesight.schema import Loaded, load_file
from hivesight.sources.config import PrometheusFile
from hivesight.sources.paths import matching
from hivesight.sources.reading import read, read_text

_BUILT_IN: Final = Path("built-in")

# Without a prometheus.yml: this host and the server itself, and the rules that need nothing else.
_NO_PROMETHEUS_FILE: Final = f"""
global: {{scrape_interval: 15s, evaluation_interval: 15s}}
rule_files: {[str(path) for path in pack.GENERAL_RULES]}
"""
# Without an alertmanager.yml: alerts are grouped and shown, and nobody is told.
_NO_ALERTMANAGER_FILE: Final = """
route: {receiver: nobody, group_by: [alertname]}
receivers: [{name: nobody}]
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line and the environment say; None where they say nothing."""

    config: Path | None = None
    listen: str | None = None
    data: Path | None = None
    prometheus_config: Path | None = None
    alertmanager_config: Path | None = None
    otlp_http: str | None = None
    otlp_grpc: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All that the server runs on. rules: each rule file under its path. warnings: what was said and has no effect,
    or should be looked at."""

    settings: Settings
    data: Path
    prometheus: PrometheusFile
    rules: tuple[tuple[str, RuleFile], ...]
    alertmanager: ConfigFile
    warnings: tuple[Diagnostic, ...]


def read_settings(options: Options) -> Settings:
    """`hivesight.yml` with what the options say over it; paths in the file are joined to its folder. Raises
    ConfigError."""
    settings = Settings()
    if options.config is not None:
        loaded = load_file(options.config, Settings)
        if loaded.value is None:
            raise ConfigError(loaded.diagnostics)
        settings = _with_folder(loaded.value, options.config.parent)
    said = {
        "listen": options.listen,
        "data": options.data,
        "prometheus_config": options.prometheus_config,
        "alertmanager_config": options.alertmanager_config,
    }
    doors = {"http": options.otlp_http, "grpc": options.otlp_grpc}
    otlp = replace(settings.otlp, **{name: value for name, value in doors.items() if value is not None})
    return replace(settings, otlp=otlp, **{name: str(value) for name, value in said.items() if value is not None})


def load(options: Options) -> Config:
    """Everything read and checked. Raises ConfigError with all that is wrong in any of the files."""
    settings = read_settings(options)
    found: list[Diagnostic] = []
    prometheus = _prometheus(settings)
    found += prometheus.diagnostics
    rules: list[tuple[str, RuleFile]] = []
    for pattern in prometheus.value.rule_files if prometheus.value else ():
        for path in matching(pattern):
            source = read_rule_file(path)
            found += source.diagnostics
            if source.file is not None:
                rules.append((source.path, source.file))
    alertmanager = _alertmanager(settings)
    found += alertmanager.diagnostics
    found += _heartbeat(settings, options, rules)
    if prometheus.value is None or any(each.severity is Severity.ERROR for each in found):
        raise ConfigError([each for each in found if each.severity is Severity.ERROR])
    return Config(settings, Path(settings.data), prometheus.value, tuple(rules), alertmanager, tuple(found))


def _heartbeat(settings: Settings, options: Options, rules: Sequence[tuple[str, RuleFile]]) -> list[Diagnostic]:
    """A heartbeat that no rule of ours keeps going; who posts alerts from outside may do so."""
    heartbeat = settings.heartbeat
    made = {rule.alert for _, file in rules for group in file.groups for rule in group.rules}
    if options.config is None or not heartbeat.on or heartbeat.alert in made:
        return []
    message = (
        f"no rule makes the alert {heartbeat.alert!r}, without which no heartbeat is sent: add a rule with "
        "`expr: vector(1)`, or name one that always fires in heartbeat.alert"
    )
    loaded = load_file(options.config, Settings)
    place = ("heartbeat", "alert") if heartbeat.alert != HeartbeatConfig().alert else ("heartbeat",)
    return [loaded.at(place, "heartbeat/no-rule", message, severity=Severity.WARNING, on_key=True)]


def _prometheus(settings: Settings) -> Loaded[PrometheusFile]:
    if settings.prometheus_config is None:
        return read_text(_NO_PROMETHEUS_FILE, _BUILT_IN)
    return read(Path(settings.prometheus_config))


def _alertmanager(settings: Settings) -> ConfigFile:
    if settings.alertmanager_config is None:
        return read_config(_BUILT_IN, _NO_ALERTMANAGER_FILE)
    return read_config(Path(settings.alertmanager_config))


def _with_folder(settings: Settings, folder: Path) -> Settings:
    paths: Mapping[str, str | None] = {
        "data": settings.data,
        "prometheus_config": settings.prometheus_config,
        "alertmanager_config": settings.alertmanager_config,
    }
    return replace(settings, **{name: str(folder / path) for name, path in paths.items() if path is not None})
