"""What an `http_config` may say and does nothing here: the references to a secret manager."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from hivesight.http_client.config import HttpConfig, OAuth2, TlsConfig
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import Loaded
from hivesight.schema.loading import Location


def without_effect(loaded: Loaded[Any], at: Location, config: HttpConfig) -> Iterator[Diagnostic]:
    """A warning for each such key of the section that stands at `at`."""
    yield from _references(loaded, (*at, "basic_auth"), config.basic_auth)
    yield from _references(loaded, (*at, "authorization"), config.authorization)
    yield from tls_without_effect(loaded, (*at, "tls_config"), config.tls_config)
    if isinstance(config.oauth2, OAuth2):
        yield from _references(loaded, (*at, "oauth2"), config.oauth2)
        yield from tls_without_effect(loaded, (*at, "oauth2", "tls_config"), config.oauth2.tls_config)


def tls_without_effect(loaded: Loaded[Any], at: Location, config: TlsConfig) -> Iterator[Diagnostic]:
    """The same of a `tls_config` that stands alone."""
    yield from _references(loaded, at, config)


def _references(loaded: Loaded[Any], at: Location, config: Any) -> Iterator[Diagnostic]:
    if config is None:
        return
    for name in (each.name for each in dataclasses.fields(config)):
        if name.endswith("_ref") and getattr(config, name):
            reason = f"{name}: not supported yet: no secret manager is asked; write {name.removesuffix('_ref')}_file"
            yield loaded.at((*at, name), "config/unsupported", reason, severity=Severity.WARNING, on_key=True)
