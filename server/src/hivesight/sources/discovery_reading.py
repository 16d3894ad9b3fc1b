"""Sections that say where targets are found, as part of reading `prometheus.yml`: what is wrong with them, and their
paths joined to the file's folder. Jobs and sets of Alertmanagers have them."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from hivesight.http_client.folder import in_folder
from hivesight.http_client.unsupported import references_without_effect
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import Loaded, joined
from hivesight.sources.config import DiscoveryConfigs
from hivesight.sources.kubernetes.config import KubernetesSdConfig
from hivesight.sources.sd_config import FileSdConfig

T = TypeVar("T", bound=DiscoveryConfigs)

_KINDS: Final = ("static_configs", "file_sd_configs", "http_sd_configs", "dns_sd_configs", "kubernetes_sd_configs")
_UNKNOWN_KINDS: Final = tuple(
    each.name
    for each in dataclasses.fields(DiscoveryConfigs)
    if each.name.endswith("_sd_configs") and each.name not in _KINDS
)


def check_discovery(loaded: Loaded[Any], at: tuple[str | int, ...], config: DiscoveryConfigs) -> Iterable[Diagnostic]:
    """An error for each kind of discovery that Prometheus has and this server has not: without its targets the section
    is not what was asked for. And for each credential that stands where it cannot be read."""
    for name in _UNKNOWN_KINDS:
        if getattr(config, name) is not None:
            reason = (
                f"{name} is not supported: {', '.join(_KINDS)} are; bridge its targets with a tool of your "
                "own: write them to a file for file_sd_configs, or serve them to http_sd_configs"
            )
            yield loaded.at((*at, name), "config/unsupported", reason, on_key=True)
    yield from references_without_effect(loaded, at, config, Severity.ERROR)
    for kind in ("http_sd_configs", "kubernetes_sd_configs"):
        for position, each in enumerate(getattr(config, kind)):
            yield from references_without_effect(loaded, (*at, kind, position), each, Severity.ERROR)


def discovery_in_folder(config: T, folder: Path) -> T:
    """The section with the paths of its files joined to the folder."""
    return in_folder(
        dataclasses.replace(
            config,
            file_sd_configs=tuple(_file_sd(each, folder) for each in config.file_sd_configs),
            http_sd_configs=tuple(in_folder(each, folder) for each in config.http_sd_configs),
            kubernetes_sd_configs=tuple(_kubernetes_sd(each, folder) for each in config.kubernetes_sd_configs),
        ),
        folder,
    )


def _file_sd(config: FileSdConfig, folder: Path) -> FileSdConfig:
    return dataclasses.replace(config, files=tuple(joined(folder, each) for each in config.files))


def _kubernetes_sd(config: KubernetesSdConfig, folder: Path) -> KubernetesSdConfig:
    return in_folder(dataclasses.replace(config, kubeconfig_file=joined(folder, config.kubeconfig_file)), folder)
