"""Reading `prometheus.yml`: the file becomes a `PrometheusFile` whose every value counts (defaults of `global` filled
in, paths joined to the file's folder, the jobs of `scrape_config_files` among its own), or diagnostics that say what
is wrong with it. What is valid but does nothing here is a warning."""

import dataclasses
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from hivesight.http_client.folder import in_folder
from hivesight.ingest.protocol import DEFAULT_PROTOCOLS, NATIVE_PROTOCOLS, ScrapeProtocol
from hivesight.model.diagnostics import Diagnostic, Severity, worst
from hivesight.model.labels import Labels
from hivesight.schema import Loaded, joined, load_file
from hivesight.schema.loading import load
from hivesight.sources.config import (
    AlertingConfig,
    GlobalConfig,
    PrometheusFile,
    ScrapeConfig,
    ScrapeConfigFile,
)
from hivesight.sources.discovery_reading import check_discovery, discovery_in_folder
from hivesight.sources.paths import matching
from hivesight.sources.remote_write import check_remote_write

DEFAULT_INTERVAL_MS: Final = 60_000
DEFAULT_TIMEOUT_MS: Final = 10_000
DEFAULT_BODY_SIZE_LIMIT: Final = 64 << 20
"""Bytes of an uncompressed body where nobody says; Prometheus has no limit there."""

_GLOBAL_WITHOUT_EFFECT: Final = {
    "query_log_file": "not supported yet: no query log is written",
}
_FILE_WITHOUT_EFFECT: Final = {
    "runtime": "settings of Go's runtime have no effect here",
    "remote_read": "not supported yet: only samples of this server are read",
    "storage": "not supported yet: the server's own storage settings count",
    "tracing": "not supported yet: no traces of the server are sent",
}
_PATTERN: Final = re.compile(r"[^*]*(\*[^/]*)?")
_VARIABLE: Final = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


def read(path: Path, environ: Mapping[str, str] = os.environ) -> Loaded[PrometheusFile]:
    """The file at `path`; `environ` is for the `${...}` in external_labels."""
    return completed(load_file(path, PrometheusFile), path.parent, environ)


def read_text(text: str, path: Path, environ: Mapping[str, str] = os.environ) -> Loaded[PrometheusFile]:
    """The same of a text that stands, or could stand, at `path`."""
    return completed(load(text, str(path), PrometheusFile), path.parent, environ)


def completed(loaded: Loaded[PrometheusFile], folder: Path, environ: Mapping[str, str]) -> Loaded[PrometheusFile]:
    """The same of a file in `folder` that was read already."""
    file = loaded.value
    if file is None:
        return loaded
    found = [*loaded.diagnostics, *_check_file(loaded, file)]
    global_ = _global(file.global_, environ, folder)
    jobs: list[ScrapeConfig] = []
    names: dict[str, str] = {}
    found += _take(jobs, names, loaded, file.scrape_configs, global_, folder)
    for path in _included(folder, file.scrape_config_files):
        more = load_file(path, ScrapeConfigFile)
        found += more.diagnostics
        if more.value is not None:
            found += _take(jobs, names, more, more.value.scrape_configs, global_, path.parent)
    value = dataclasses.replace(
        file,
        global_=global_,
        scrape_configs=tuple(jobs),
        rule_files=tuple(joined(folder, each) for each in file.rule_files),
        alerting=_alerting(file.alerting, folder),
        remote_write=tuple(in_folder(each, folder) for each in file.remote_write),
    )
    failed = worst(found) is Severity.ERROR
    return dataclasses.replace(loaded, value=None if failed else value, diagnostics=tuple(found))


def _alerting(config: AlertingConfig, folder: Path) -> AlertingConfig:
    sets = tuple(discovery_in_folder(each, folder) for each in config.alertmanagers)
    return dataclasses.replace(config, alertmanagers=sets)


def _check_file(loaded: Loaded[PrometheusFile], file: PrometheusFile) -> Iterable[Diagnostic]:
    yield from _without_effect(loaded, (), file, PrometheusFile(), _FILE_WITHOUT_EFFECT)
    yield from _without_effect(loaded, ("global",), file.global_, GlobalConfig(), _GLOBAL_WITHOUT_EFFECT)
    for index, each in enumerate(file.alerting.alertmanagers):
        yield from check_discovery(loaded, ("alerting", "alertmanagers", index), each)
    yield from check_remote_write(loaded, file.remote_write)
    interval = file.global_.scrape_interval_ms or DEFAULT_INTERVAL_MS
    if file.global_.scrape_timeout_ms > interval:
        yield loaded.at(
            ("global", "scrape_timeout"), "config/value", "global scrape timeout greater than scrape interval"
        )
    for name, paths in (("rule_files", file.rule_files), ("scrape_config_files", file.scrape_config_files)):
        for index, each in enumerate(paths):
            if not _PATTERN.fullmatch(each):
                yield loaded.at((name, index), "config/value", f"invalid path {each!r}: only the last part may hold *")


def _global(config: GlobalConfig, environ: Mapping[str, str], folder: Path) -> GlobalConfig:
    def variable(match: re.Match[str]) -> str:
        name: str | None = match[1] or match[2]
        return "$" if name is None else environ.get(name, "")

    interval = config.scrape_interval_ms or DEFAULT_INTERVAL_MS
    return dataclasses.replace(
        config,
        scrape_interval_ms=interval,
        scrape_timeout_ms=config.scrape_timeout_ms or min(DEFAULT_TIMEOUT_MS, interval),
        evaluation_interval_ms=config.evaluation_interval_ms or DEFAULT_INTERVAL_MS,
        external_labels=Labels((name, _VARIABLE.sub(variable, value)) for name, value in config.external_labels.pairs),
        scrape_failure_log_file=joined(folder, config.scrape_failure_log_file),
        body_size_limit=config.body_size_limit or DEFAULT_BODY_SIZE_LIMIT,
        metric_name_validation_scheme=config.metric_name_validation_scheme or "utf8",
        metric_name_escaping_scheme=config.metric_name_escaping_scheme
        or ("underscores" if config.metric_name_validation_scheme == "legacy" else "allow-utf-8"),
    )


def _take(
    jobs: list[ScrapeConfig],
    names: dict[str, str],
    loaded: Loaded[Any],
    configs: tuple[ScrapeConfig, ...],
    global_: GlobalConfig,
    folder: Path,
) -> Iterable[Diagnostic]:
    """Adds the jobs of one file to `jobs`; what is wrong with them."""
    for index, config in enumerate(configs):
        at = ("scrape_configs", index)
        if config.job_name in names:
            first = f", first found in {names[config.job_name]}" if names[config.job_name] != loaded.path else ""
            message = f'found multiple scrape configs with job name "{config.job_name}"{first}'
            yield loaded.at((*at, "job_name"), "config/value", message)
        names[config.job_name] = loaded.path
        yield from check_discovery(loaded, at, config)
        yield from _check_targets(loaded, at, config)
        job = _job(config, global_, folder)
        if config.scrape_timeout_ms > job.scrape_interval_ms:
            reason = f'scrape timeout greater than scrape interval for scrape config with job name "{config.job_name}"'
            yield loaded.at((*at, "scrape_timeout"), "config/value", reason)
        if config.scrape_native_histograms and ScrapeProtocol.PROTO not in (job.scrape_protocols or ()):
            reason = "only PrometheusProto carries native histograms, and scrape_protocols leaves it out"
            keys = {"scrape_native_histograms": reason}
            yield from _without_effect(loaded, at, config, ScrapeConfig(job_name="x"), keys)
        jobs.append(job)


def _job(config: ScrapeConfig, global_: GlobalConfig, folder: Path) -> ScrapeConfig:
    interval = config.scrape_interval_ms or global_.scrape_interval_ms
    inherited = {
        name: getattr(config, name) or getattr(global_, name)
        for name in (
            "body_size_limit",
            "sample_limit",
            "target_limit",
            "label_limit",
            "label_name_length_limit",
            "label_value_length_limit",
            "keep_dropped_targets",
            "metric_name_validation_scheme",
        )
    }
    switches = {
        name: getattr(global_ if getattr(config, name) is None else config, name)
        for name in (
            "scrape_native_histograms",
            "always_scrape_classic_histograms",
            "convert_classic_histograms_to_nhcb",
            "extra_scrape_metrics",
        )
    }
    default = NATIVE_PROTOCOLS if switches["scrape_native_histograms"] else DEFAULT_PROTOCOLS
    protocols = config.scrape_protocols or global_.scrape_protocols or default
    escaping = "underscores" if config.metric_name_validation_scheme == "legacy" else ""
    return discovery_in_folder(
        dataclasses.replace(
            config,
            scrape_interval_ms=interval,
            scrape_timeout_ms=config.scrape_timeout_ms or min(global_.scrape_timeout_ms, interval),
            scrape_protocols=protocols,
            metric_name_escaping_scheme=config.metric_name_escaping_scheme
            or escaping
            or global_.metric_name_escaping_scheme,
            scrape_failure_log_file=joined(folder, config.scrape_failure_log_file) or global_.scrape_failure_log_file,
            **inherited,
            **switches,
        ),
        folder,
    )


def _check_targets(loaded: Loaded[Any], at: tuple[str | int, ...], config: ScrapeConfig) -> Iterable[Diagnostic]:
    if config.relabel_configs:
        return
    for group, static in enumerate(config.static_configs):
        for index, target in enumerate(static.targets):
            if "/" in target:
                reason = f'"{target}" is not a valid hostname: write host:port, the path goes to metrics_path'
                yield loaded.at((*at, "static_configs", group, "targets", index), "config/value", reason)


def _without_effect(
    loaded: Loaded[Any], at: tuple[str | int, ...], value: object, default: object, keys: Mapping[str, str]
) -> Iterable[Diagnostic]:
    """A warning for each of the keys that says something and does nothing here."""
    for name, reason in keys.items():
        if getattr(value, name) not in (getattr(default, name), None, False):
            yield loaded.at(
                (*at, name), "config/unsupported", f"{name}: {reason}", severity=Severity.WARNING, on_key=True
            )


def _included(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in matching(joined(folder, pattern))]
