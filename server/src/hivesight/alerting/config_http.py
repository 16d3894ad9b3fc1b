"""How a receiver's HTTP endpoint is reached: `http_config` and `tls_config` of Prometheus' common library."""

from dataclasses import field
from urllib.parse import urlsplit

from hivesight.schema import HttpUrl, SecretText, Text, section


def check_url(text: str) -> None:
    """Raises ValueError, without the text, which may hold a token, unless it is an absolute http or https URL."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError("not a URL: write http://... or https://...") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {parts.scheme!r} for a URL: write http://... or https://...")
    if not parts.hostname:
        raise ValueError("missing host in the URL")


@section
class TlsConfig:
    """Whom to trust and as whom to appear. Files are PEM; the `ca`, `cert` and `key` are PEM texts."""

    ca: Text = ""
    cert: Text = ""
    key: SecretText | None = None
    ca_file: Text = ""
    cert_file: Text = ""
    key_file: Text = ""
    server_name: Text = ""
    insecure_skip_verify: bool = False
    min_version: Text = ""
    max_version: Text = ""


@section
class BasicAuth:
    username: Text = ""
    username_file: Text = ""
    password: SecretText | None = None
    password_file: Text = ""


@section
class Authorization:
    type: Text = "Bearer"
    credentials: SecretText | None = None
    credentials_file: Text = ""


@section
class OAuth2:
    """A token by the client-credentials grant (RFC 6749 section 4.4)."""

    client_id: Text
    token_url: HttpUrl
    client_secret: SecretText | None = None
    client_secret_file: Text = ""
    scopes: tuple[Text, ...] = ()
    endpoint_params: dict[str, Text] = field(default_factory=dict[str, str])
    tls_config: TlsConfig | None = None
    proxy_url: HttpUrl | None = None
    no_proxy: Text = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, tuple[SecretText, ...]] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]


@section
class HeaderValues:
    """The values of one header, in the order plain, secret, from files."""

    values: tuple[Text, ...] = ()
    secrets: tuple[SecretText, ...] = ()
    files: tuple[Text, ...] = ()


@section
class HttpConfig:
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: SecretText | None = None
    bearer_token_file: Text = ""
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    proxy_url: HttpUrl | None = None
    no_proxy: Text = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, tuple[SecretText, ...]] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]
    http_headers: dict[str, HeaderValues] = field(default_factory=dict[str, HeaderValues])
