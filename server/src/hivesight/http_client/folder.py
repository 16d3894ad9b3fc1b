"""The file names of a configuration, relative to the folder that its file stands in, as paths that can be opened."""

import dataclasses
from pathlib import Path
from typing import TypeVar

from hivesight.http_client.config import Authorization, BasicAuth, HttpConfig, OAuth2, TlsConfig
from hivesight.schema import joined

T = TypeVar("T", bound=HttpConfig)


def in_folder(config: T, folder: Path) -> T:
    """The same `http_config` (or what inherits one) with every path joined to the folder of its file."""
    basic, authorization, oauth2 = config.basic_auth, config.authorization, config.oauth2
    return dataclasses.replace(
        config,
        basic_auth=None if basic is None else _basic(basic, folder),
        authorization=None if authorization is None else _authorization(authorization, folder),
        oauth2=None if oauth2 is None else _oauth2(oauth2, folder),
        bearer_token_file=joined(folder, config.bearer_token_file),
        tls_config=tls_in_folder(config.tls_config, folder),
        http_headers={
            name: dataclasses.replace(each, files=tuple(joined(folder, file) for file in each.files))
            for name, each in config.http_headers.items()
        },
    )


def tls_in_folder(config: TlsConfig, folder: Path) -> TlsConfig:
    """The same `tls_config` with every path joined to the folder of its file."""
    return dataclasses.replace(
        config,
        ca_file=joined(folder, config.ca_file),
        cert_file=joined(folder, config.cert_file),
        key_file=joined(folder, config.key_file),
    )


def _basic(config: BasicAuth, folder: Path) -> BasicAuth:
    return dataclasses.replace(
        config,
        username_file=joined(folder, config.username_file),
        password_file=joined(folder, config.password_file),
    )


def _authorization(config: Authorization, folder: Path) -> Authorization:
    return dataclasses.replace(config, credentials_file=joined(folder, config.credentials_file))


def _oauth2(config: OAuth2, folder: Path) -> OAuth2:
    return dataclasses.replace(
        config,
        client_secret_file=joined(folder, config.client_secret_file),
        tls_config=tls_in_folder(config.tls_config, folder),
    )
