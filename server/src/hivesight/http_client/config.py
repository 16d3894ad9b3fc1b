"""`http_config` as it stands in the field's files, and `tls_config` where it stands alone (prometheus/common,
`config.HTTPClientConfig` and `config.TLSConfig`, with their `Validate`). The `*_ref` keys name entries of a secret
manager: they are read, and told of as without effect by `unsupported`."""

from dataclasses import field
from typing import Annotated, Final

from hivesight.model.secret import Secret
from hivesight.schema import HttpUrl, SecretText, Text, key, parsed, section

TLS_VERSIONS: Final = ("TLS10", "TLS11", "TLS12", "TLS13")


def _tls_version(text: str) -> str:
    if text not in TLS_VERSIONS:
        raise ValueError(f"unknown TLS version {text!r}; known: {', '.join(TLS_VERSIONS)}")
    return text


TlsVersion = Annotated[str, parsed(_tls_version)]


def _at_most_one(where: str, **given: object) -> None:
    """Raises ValueError if more than one of these says something."""
    if sum(map(bool, given.values())) > 1:
        *names, last = given
        raise ValueError(f"at most one of {where}{', '.join(names)} & {last} must be configured")


@section
class BasicAuth:
    username: Text = ""
    username_file: Text = ""
    username_ref: Text = ""
    password: SecretText | None = None
    password_file: Text = ""
    password_ref: Text = ""

    def __post_init__(self) -> None:
        _at_most_one(
            "basic_auth ", username=self.username, username_file=self.username_file, username_ref=self.username_ref
        )
        _at_most_one(
            "basic_auth ", password=self.password, password_file=self.password_file, password_ref=self.password_ref
        )


@section
class Authorization:
    type: Text = "Bearer"
    credentials: SecretText | None = None
    credentials_file: Text = ""
    credentials_ref: Text = ""

    def __post_init__(self) -> None:
        _at_most_one(
            "authorization ",
            credentials=self.credentials,
            credentials_file=self.credentials_file,
            credentials_ref=self.credentials_ref,
        )
        if self.type.strip().lower() == "basic":
            raise ValueError('authorization type cannot be set to "basic", use "basic_auth" instead')


@section
class TlsConfig:
    """Whom to trust and as whom to appear; certificates as PEM text or as files. Empty: the system's."""

    ca: Text = ""
    ca_file: Text = ""
    ca_ref: Text = ""
    cert: Text = ""
    cert_file: Text = ""
    cert_ref: Text = ""
    key_pem: Annotated[SecretText | None, key("key")] = None
    key_file: Text = ""
    key_ref: Text = ""
    server_name: Text = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion = ""
    max_version: TlsVersion = ""

    def __post_init__(self) -> None:
        _at_most_one("", ca=self.ca, ca_file=self.ca_file, ca_ref=self.ca_ref)
        _at_most_one("", cert=self.cert, cert_file=self.cert_file, cert_ref=self.cert_ref)
        _at_most_one("", key=self.key_pem, key_file=self.key_file, key_ref=self.key_ref)
        if bool(self.cert or self.cert_file or self.cert_ref) != bool(self.key_pem or self.key_file or self.key_ref):
            raise ValueError("a client certificate needs both cert (or cert_file) and key (or key_file)")
        if self.min_version and self.max_version and self.max_version < self.min_version:
            raise ValueError("tls_config max_version must not be lower than min_version")


@section
class ProxyConfig:
    """Inherited by what has these keys inline."""

    proxy_url: HttpUrl = ""
    no_proxy: Text = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, tuple[SecretText, ...]] = field(default_factory=dict[str, tuple[Secret, ...]])

    def __post_init__(self) -> None:
        if self.proxy_connect_header and not self.proxy_from_environment and not self.proxy_url:
            raise ValueError(
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured"
            )
        if self.proxy_from_environment and self.proxy_url:
            raise ValueError("if proxy_from_environment is configured, proxy_url must not be configured")
        if self.proxy_from_environment and self.no_proxy:
            raise ValueError("if proxy_from_environment is configured, no_proxy must not be configured")
        if self.no_proxy and not self.proxy_url:
            raise ValueError("if no_proxy is configured, proxy_url must also be configured")


@section
class OAuth2(ProxyConfig):
    """A token by the client-credentials grant (RFC 6749 section 4.4). TLS and proxy are those of the way to
    `token_url`."""

    client_id: Text
    token_url: HttpUrl
    client_secret: SecretText | None = None
    client_secret_file: Text = ""
    client_secret_ref: Text = ""
    scopes: tuple[Text, ...] = ()
    endpoint_params: dict[str, Text] = field(default_factory=dict[str, str])
    tls_config: TlsConfig = TlsConfig()

    def __post_init__(self) -> None:
        ProxyConfig.__post_init__(self)
        if not self.client_id:
            raise ValueError("oauth2 client_id must be configured")
        _at_most_one(
            "oauth2 ",
            client_secret=self.client_secret,
            client_secret_file=self.client_secret_file,
            client_secret_ref=self.client_secret_ref,
        )


_RESERVED_HEADERS: Final = frozenset(
    (
        *("authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection"),
        *("keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding"),
        *("x-prometheus-remote-write-version", "x-prometheus-remote-read-version"),
        *("x-prometheus-scrape-timeout-seconds", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    )
)
"""Those of prometheus/common, in small letters."""


@section
class HttpHeader:
    """The values of one header, in the order plain, secret, from files."""

    values: tuple[Text, ...] = ()
    secrets: tuple[SecretText, ...] = ()
    files: tuple[Text, ...] = ()


@section
class HttpConfig(ProxyConfig):
    """A section of its own, and inherited by what has these keys inline."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: SecretText | None = None
    bearer_token_file: Text = ""
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: dict[str, HttpHeader] = field(default_factory=dict[str, HttpHeader])

    def __post_init__(self) -> None:
        ProxyConfig.__post_init__(self)
        for name in self.http_headers:
            if name.lower() in _RESERVED_HEADERS:
                raise ValueError(f"http_headers: {name} is set by other means and cannot be set here")
        bearer = bool(self.bearer_token or self.bearer_token_file)
        ways = (self.basic_auth is not None) + (self.authorization is not None) + (self.oauth2 is not None)
        _at_most_one("", bearer_token=self.bearer_token, bearer_token_file=self.bearer_token_file)
        if bearer and self.authorization is not None:
            raise ValueError("authorization is not compatible with bearer_token & bearer_token_file")
        if ways + bearer > 1:
            raise ValueError("at most one of basic_auth, oauth2, authorization & bearer_token must be configured")
