"""The headers that an `http_config` asks for, with the secrets in them read at this moment."""

import base64
from dataclasses import dataclass, field

from hivesight.http_client.config import HttpConfig
from hivesight.http_client.errors import SettingError
from hivesight.http_client.secrets import read_secret, read_text


@dataclass(frozen=True, slots=True)
class ConfiguredHeaders:
    """authorization: the value of that header, or an empty text. own: `http_headers`, a pair for each value."""

    authorization: str = field(repr=False)
    own: tuple[tuple[str, str], ...] = field(repr=False)


def configured_headers(config: HttpConfig) -> ConfiguredHeaders:
    """All but an OAuth 2 token. Blocks where `reads_files`. Raises SettingError."""
    own: list[tuple[str, str]] = []
    for name, header in config.http_headers.items():
        values = [*header.values, *(each.reveal() for each in header.secrets)]
        values += [read_text(file, f"http_headers {name}") for file in header.files]
        own += [(name, sendable(value, name)) for value in values]
    return ConfiguredHeaders(sendable(_authorization(config), "Authorization"), tuple(own))


def reads_files(config: HttpConfig) -> bool:
    """Whether a part of the headers stands in a file."""
    basic, given = config.basic_auth, config.authorization
    return any(
        (
            basic is not None and (basic.username_file or basic.password_file),
            given is not None and given.credentials_file,
            config.bearer_token_file,
            *(header.files for header in config.http_headers.values()),
        )
    )


def sendable(value: str, name: str) -> str:
    """The value of the header `name`. Raises SettingError, without the value, which may be a secret, for one that HTTP
    cannot carry (RFC 9110 section 5.5)."""
    if not value.isascii() or not value.replace("\t", " ").isprintable():
        raise SettingError(
            f"the value of the header {name} holds a line break or another character that is not ASCII text"
        )
    return value


def _authorization(config: HttpConfig) -> str:
    if config.basic_auth is not None:
        basic = config.basic_auth
        user = basic.username or (read_text(basic.username_file, "username_file") if basic.username_file else "")
        password = read_secret(basic.password, basic.password_file, "password_file")
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if config.authorization is not None:
        given = config.authorization
        credentials = read_secret(given.credentials, given.credentials_file, "credentials_file")
        return f"{given.type.strip() or 'Bearer'} {credentials}"
    if config.bearer_token or config.bearer_token_file:
        return f"Bearer {read_secret(config.bearer_token, config.bearer_token_file, 'bearer_token_file')}"
    return ""
