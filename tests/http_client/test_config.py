"""`http_config` and `tls_config` as they stand in a file: what is refused and where, what does nothing."""

from pathlib import Path

import pytest

from hivesight.http_client.config import HttpConfig
from hivesight.http_client.folder import in_folder
from hivesight.http_client.unsupported import references_without_effect
from hivesight.model.diagnostics import Severity
from hivesight.schema import Loaded, load, section


@section
class File:
    http_config: HttpConfig = HttpConfig()


def read(text: str) -> Loaded[File]:
    return load(f"http_config:\n  {text}\n", "f.yml", File)


def good(text: str) -> HttpConfig:
    loaded = read(text)
    assert loaded.value is not None, loaded.diagnostics
    return loaded.value.http_config


OAUTH2 = "client_id: a, token_url: 'http://x/'"
FAULTS = [
    ("basic_auth: {username: u, username_file: f}", 2, 15, "at most one of basic_auth username, username_file"),
    ("basic_auth: {password: u, password_file: f}", 2, 15, "at most one of basic_auth password, password_file"),
    ("basic_auth: {password_file: u, password_ref: f}", 2, 15, "at most one of basic_auth password"),
    ("basic_auth: {user: u}", 2, 16, "unknown key 'user'; did you mean 'username'?"),
    ("authorization: {type: ' bAsic'}", 2, 18, 'use "basic_auth" instead'),
    ("authorization: {credentials: a, credentials_file: b}", 2, 18, "at most one of authorization credentials"),
    ("authorization: {}\n  bearer_token: b", 2, 3, "authorization is not compatible with bearer_token"),
    ("bearer_token: a\n  bearer_token_file: b", 2, 3, "at most one of bearer_token & bearer_token_file must"),
    ("basic_auth: {}\n  bearer_token: b", 2, 3, "at most one of basic_auth, oauth2, authorization & bearer_token"),
    ("basic_auth: {}\n  authorization: {}", 2, 3, "at most one of basic_auth, oauth2, authorization"),
    (f"basic_auth: {{}}\n  oauth2: {{{OAUTH2}}}", 2, 3, "at most one of basic_auth, oauth2, authorization"),
    ("oauth2: {client_id: a}", 2, 11, "the key 'token_url' is missing"),
    ("oauth2: {client_id: '', token_url: 'http://x/'}", 2, 11, "client_id must be configured"),
    ("oauth2: {client_id: a, token_url: x}", 2, 37, "unsupported scheme"),
    (f"oauth2: {{{OAUTH2}, client_secret: a, client_secret_file: b}}", 2, 11, "at most one of oauth2 client_secret"),
    (f"oauth2: {{{OAUTH2}, no_proxy: b}}", 2, 11, "proxy_url must also be configured"),
    ("tls_config: {ca: a, ca_file: b}", 2, 15, "at most one of ca, ca_file & ca_ref must"),
    ("tls_config: {cert: a, cert_file: b}", 2, 15, "at most one of cert, cert_file & cert_ref must"),
    ("tls_config: {key: a, key_file: b}", 2, 15, "at most one of key, key_file & key_ref must"),
    ("tls_config: {cert_file: a}", 2, 15, "needs both cert"),
    ("tls_config: {key: a}", 2, 15, "needs both cert"),
    ("tls_config: {min_version: TLS9}", 2, 29, "unknown TLS version 'TLS9'; known: TLS10"),
    ("tls_config: {min_version: TLS13, max_version: TLS12}", 2, 15, "max_version must not be lower"),
    ("proxy_url: localhost:3128", 2, 14, "unsupported scheme"),
    ("proxy_url: 'http://[::1'", 2, 14, "not a URL"),
    ("no_proxy: x", 2, 3, "if no_proxy is configured, proxy_url must also be configured"),
    ("proxy_connect_header: {A: [b]}", 2, 3, "proxy_url or proxy_from_environment must also"),
    ("proxy_from_environment: true\n  proxy_url: http://x/", 2, 3, "proxy_url must not be configured"),
    ("proxy_from_environment: true\n  no_proxy: x", 2, 3, "no_proxy must not be configured"),
    ("http_headers: {Authorization: {values: [b]}}", 2, 3, "http_headers: Authorization is set by other means"),
    ("http_headers: {X-A: {value: [b]}}", 2, 24, "did you mean 'values'?"),
]


@pytest.mark.parametrize(("text", "line", "col", "message"), FAULTS)
def test_faults(text: str, line: int, col: int, message: str) -> None:
    loaded = read(text)
    fault = loaded.diagnostics[0]
    assert loaded.value is None
    assert message in fault.message
    assert (fault.severity, fault.line, fault.col) == (Severity.ERROR, line, col)


def test_a_certificate_may_stand_partly_in_a_file() -> None:
    tls = good("tls_config: {cert: a, key_file: b}").tls_config
    assert (tls.cert, tls.key_file) == ("a", "b")


REFERENCES = [
    ("basic_auth: {username_ref: x}", 16, "username_ref: not supported yet", "username_file"),
    ("basic_auth: {username: u, password_ref: x}", 29, "password_ref: not supported yet", "password_file"),
    ("authorization: {credentials_ref: x}", 19, "credentials_ref: not supported yet", "credentials_file"),
    (f"oauth2: {{{OAUTH2}, client_secret_ref: x}}", 50, "client_secret_ref: not", "client_secret_file"),
    (f"oauth2: {{{OAUTH2}, tls_config: {{ca_ref: x}}}}", 63, "ca_ref: not supported yet", "ca_file"),
    ("tls_config: {ca_ref: x}", 16, "ca_ref: not supported yet", "ca_file"),
    ("tls_config: {cert_ref: x, key_file: y}", 16, "cert_ref: not supported yet", "cert_file"),
    ("tls_config: {cert_file: x, key_ref: y}", 30, "key_ref: not supported yet", "key_file"),
]


@pytest.mark.parametrize(("text", "col", "message", "instead"), REFERENCES)
def test_references_to_a_secret_manager_are_told_to_do_nothing(text: str, col: int, message: str, instead: str) -> None:
    loaded = read(text)
    assert loaded.value is not None, loaded.diagnostics
    (warning,) = references_without_effect(loaded, ("http_config",), loaded.value.http_config)
    assert (warning.severity, warning.code) == (Severity.WARNING, "config/unsupported")
    assert (warning.line, warning.col) == (2, col)
    assert message in warning.message and warning.message.endswith(f"write {instead}")


def test_what_has_an_effect_is_not_told_of() -> None:
    loaded = read("basic_auth: {username: u, password_file: x}\n  tls_config: {ca_file: a}\n  proxy_url: http://x/")
    assert loaded.value is not None
    assert list(references_without_effect(loaded, ("http_config",), loaded.value.http_config)) == []


def test_secrets_are_not_shown() -> None:
    shown = repr(
        [
            good("basic_auth: {username: u, password: hush}"),
            good("authorization: {credentials: hush}"),
            good("bearer_token: hush"),
            good("http_headers: {X: {secrets: [hush]}}"),
            good("tls_config: {cert: c, key: hush}"),
            good("proxy_url: http://x/\n  proxy_connect_header: {X: [hush]}"),
            good(f"oauth2: {{{OAUTH2}, client_secret: hush}}"),
        ]
    )
    assert "hush" not in shown


def test_paths_are_relative_to_a_folder() -> None:
    tls = "tls_config: {ca_file: a, cert_file: /abs/c, key_file: k}"
    config = in_folder(good(f"oauth2: {{{OAUTH2}, client_secret_file: s, {tls}}}\n  {tls}"), Path("/etc/x"))
    assert config.oauth2 is not None
    assert config.oauth2.client_secret_file == "/etc/x/s"
    for each in (config.tls_config, config.oauth2.tls_config):
        assert (each.ca_file, each.cert_file, each.key_file) == ("/etc/x/a", "/abs/c", "/etc/x/k")
    config = in_folder(good("basic_auth: {username_file: u, password_file: p}"), Path("/etc/x"))
    assert config.basic_auth is not None
    assert (config.basic_auth.username_file, config.basic_auth.password_file) == ("/etc/x/u", "/etc/x/p")
    config = in_folder(good("authorization: {credentials_file: c}"), Path("/etc/x"))
    assert config.authorization is not None and config.authorization.credentials_file == "/etc/x/c"
    config = in_folder(good("bearer_token_file: t\n  http_headers: {X-A: {files: [h, /abs/i]}}"), Path("/etc/x"))
    assert config.bearer_token_file == "/etc/x/t"
    assert config.http_headers["X-A"].files == ("/etc/x/h", "/abs/i")
    assert in_folder(HttpConfig(), Path("/etc/x")) == HttpConfig()
