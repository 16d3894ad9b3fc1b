"""How a scrape speaks HTTP: the options that Prometheus' configuration has in every place with an HTTP client
(prometheus/common `config.HTTPClientConfig`)."""

import dataclasses
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from hivesight.schema import HttpUrl, SecretText, Text, key, parsed, section
from hivesight.sources.paths import joined

T = TypeVar("T")

TLS_VERSIONS: Final = ("TLS10", "TLS11", "TLS12", "TLS13")


def _tls_version(text: str) -> str:
    if text not in TLS_VERSIONS:
        raise ValueError(f"unknown TLS version {text!r}; known: {', '.join(TLS_VERSIONS)}")
    return text


TlsVersion = Annotated[str, parsed(_tls_version)]


@section
class BasicAuth:
    username: Text = ""
    username_file: Text = ""
    password: SecretText | None = None
    password_file: Text = ""

    def __post_init__(self) -> None:
        if self.username and self.username_file:
            raise ValueError("at most one of basic_auth username & username_file must be configured")
        if self.password and self.password_file:
            raise ValueError("at most one of basic_auth password & password_file must be configured")


@section
class Authorization:
    type: Text = "Bearer"
    credentials: SecretText | None = None
    credentials_file: Text = ""

    def __post_init__(self) -> None:
        if self.credentials and self.credentials_file:
            raise ValueError("at most one of authorization credentials & credentials_file must be configured")
        if self.type.strip().lower() == "basic":
            raise ValueError('authorization type cannot be set to "basic", use "basic_auth" instead')


@section
class TlsConfig:
    """Certificates as PEM text or as files. Empty: the system's."""

    ca: Text = ""
    cert: Text = ""
    key_pem: Annotated[SecretText | None, key("key")] = None
    ca_file: Text = ""
    cert_file: Text = ""
    key_file: Text = ""
    server_name: Text = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion = ""
    max_version: TlsVersion = ""

    def __post_init__(self) -> None:
        for inline, file, name in (
            (self.ca, self.ca_file, "ca"),
            (self.cert, self.cert_file, "cert"),
            (self.key_pem, self.key_file, "key"),
        ):
            if inline and file:
                raise ValueError(f"at most one of {name} & {name}_file must be configured")
        if bool(self.cert or self.cert_file) != bool(self.key_pem or self.key_file):
            raise ValueError("a client certificate needs both cert (or cert_file) and key (or key_file)")


@section
class HttpHeader:
    values: tuple[Text, ...] = ()
    secrets: tuple[SecretText, ...] = ()
    files: tuple[Text, ...] = ()


@section
class HttpOptions:
    """Inherited by what has these keys inline. Keys that are only named here (`oauth2` and the like) are told of by
    `sources.config` as not supported yet."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: Any = None
    bearer_token: SecretText | None = None
    bearer_token_file: Text = ""
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: dict[str, HttpHeader] = field(default_factory=dict[str, HttpHeader])
    proxy_url: HttpUrl = ""
    no_proxy: Text = ""
    proxy_from_environment: bool = False
    proxy_connect_header: Any = None

    def __post_init__(self) -> None:
        bearer = bool(self.bearer_token or self.bearer_token_file)
        ways = (self.basic_auth is not None) + (self.authorization is not None) + (self.oauth2 is not None)
        if self.bearer_token and self.bearer_token_file:
            raise ValueError("at most one of bearer_token & bearer_token_file must be configured")
        if bearer and self.authorization is not None:
            raise ValueError("authorization is not compatible with bearer_token & bearer_token_file")
        if ways + bearer > 1:
            raise ValueError("at most one of basic_auth, oauth2, authorization & bearer_token must be configured")
        if self.proxy_from_environment and self.proxy_url:
            raise ValueError("if proxy_from_environment is configured, proxy_url must not be configured")
        if self.proxy_from_environment and self.no_proxy:
            raise ValueError("if proxy_from_environment is configured, no_proxy must not be configured")
        if self.no_proxy and not self.proxy_url:
            raise ValueError("if no_proxy is configured, proxy_url must also be configured")


def with_folder(options: T, folder: Path) -> T:
    """The same options (a kind of HttpOptions) with every path joined to the folder of their file."""
    assert isinstance(options, HttpOptions)
    basic, authorization, tls = options.basic_auth, options.authorization, options.tls_config
    if basic is not None:
        basic = dataclasses.replace(
            basic,
            username_file=joined(folder, basic.username_file),
            password_file=joined(folder, basic.password_file),
        )
    if authorization is not None:
        authorization = dataclasses.replace(
            authorization, credentials_file=joined(folder, authorization.credentials_file)
        )
    return dataclasses.replace(
        options,
        basic_auth=basic,
        authorization=authorization,
        bearer_token_file=joined(folder, options.bearer_token_file),
        tls_config=dataclasses.replace(
            tls,
            ca_file=joined(folder, tls.ca_file),
            cert_file=joined(folder, tls.cert_file),
            key_file=joined(folder, tls.key_file),
        ),
        http_headers={
            name: dataclasses.replace(each, files=tuple(joined(folder, file) for file in each.files))
            for name, each in options.http_headers.items()
        },
    )
