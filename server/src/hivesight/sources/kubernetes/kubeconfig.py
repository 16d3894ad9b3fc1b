"""A kubeconfig file (Kubernetes reference, `kubeconfig (v1)`): the cluster and the user of its current context."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Any

from hivesight.http_client.config import Authorization, BasicAuth, HttpConfig, TlsConfig
from hivesight.http_client.errors import SettingError
from hivesight.model.secret import Secret
from hivesight.schema import HttpUrl, SecretText, Text, joined, key, load_file, section


@section
class Cluster:
    server: HttpUrl
    certificate_authority: Annotated[Text, key("certificate-authority")] = ""
    certificate_authority_data: Annotated[Text, key("certificate-authority-data")] = ""
    insecure_skip_tls_verify: Annotated[bool, key("insecure-skip-tls-verify")] = False
    tls_server_name: Annotated[Text, key("tls-server-name")] = ""
    proxy_url: Annotated[HttpUrl, key("proxy-url")] = ""
    disable_compression: Annotated[bool, key("disable-compression")] = False
    extensions: Any = None


@section
class User:
    token: SecretText | None = None
    token_file: Annotated[Text, key("tokenFile")] = ""
    client_certificate: Annotated[Text, key("client-certificate")] = ""
    client_certificate_data: Annotated[Text, key("client-certificate-data")] = ""
    client_key: Annotated[Text, key("client-key")] = ""
    client_key_data: Annotated[SecretText | None, key("client-key-data")] = None
    username: Text = ""
    password: SecretText | None = None
    exec: Any = None
    auth_provider: Annotated[Any, key("auth-provider")] = None
    impersonate: Annotated[Text, key("as")] = ""
    impersonate_uid: Annotated[Text, key("as-uid")] = ""
    impersonate_groups: Annotated[Any, key("as-groups")] = None
    impersonate_extra: Annotated[Any, key("as-user-extra")] = None
    extensions: Any = None


@section
class Context:
    cluster: Text
    user: Text = ""
    namespace: Text = ""
    extensions: Any = None


@section
class NamedCluster:
    name: Text
    cluster: Cluster


@section
class NamedUser:
    name: Text
    user: User = User()


@section
class NamedContext:
    name: Text
    context: Context


@section
class Kubeconfig:
    api_version: Annotated[Text, key("apiVersion")] = ""
    kind: Text = ""
    preferences: Any = None
    clusters: tuple[NamedCluster, ...] = ()
    users: tuple[NamedUser, ...] = ()
    contexts: tuple[NamedContext, ...] = ()
    current_context: Annotated[Text, key("current-context")] = ""
    extensions: Any = None


_NOT_SUPPORTED = {
    "exec": "exec",
    "auth_provider": "auth-provider",
    "impersonate": "as",
    "impersonate_uid": "as-uid",
    "impersonate_groups": "as-groups",
    "impersonate_extra": "as-user-extra",
}


def read_kubeconfig(path: Path) -> tuple[str, HttpConfig]:
    """The server's address and the way to it. Blocks. Raises SettingError."""
    loaded = load_file(path, Kubeconfig)
    if loaded.value is None:
        first = loaded.diagnostics[0]
        raise SettingError(f"{first.path}:{first.line}:{first.col}: {first.message}", key="kubeconfig_file")
    file = loaded.value
    context = next((each.context for each in file.contexts if each.name == file.current_context), None)
    if context is None:
        raise SettingError(f"{path}: no context is called {file.current_context!r}", key="kubeconfig_file")
    cluster = next((each.cluster for each in file.clusters if each.name == context.cluster), None)
    if cluster is None:
        raise SettingError(f"{path}: no cluster is called {context.cluster!r}", key="kubeconfig_file")
    user = next((each.user for each in file.users if each.name == context.user), None)
    if user is None and context.user:
        raise SettingError(f"{path}: no user is called {context.user!r}", key="kubeconfig_file")
    try:
        return cluster.server, _http(cluster, user or User(), path)
    except ValueError as error:
        raise SettingError(f"{path}: {error}", key="kubeconfig_file") from error


def _http(cluster: Cluster, user: User, path: Path) -> HttpConfig:
    folder = path.parent
    for field, name in _NOT_SUPPORTED.items():
        if getattr(user, field):
            raise ValueError(f"the user's {name} is not supported: give it a token, a tokenFile or a certificate")
    # A file goes before a token that stands beside it, as its content may be newer.
    token_file = joined(folder, user.token_file)
    token = None if token_file else user.token
    bearer = Authorization(credentials=token, credentials_file=token_file) if token or token_file else None
    ca, cert = _pem(cluster.certificate_authority_data), _pem(user.client_certificate_data)
    private = Secret(_pem(user.client_key_data.reveal())) if user.client_key_data else None
    return HttpConfig(
        authorization=bearer,
        basic_auth=BasicAuth(username=user.username, password=user.password)
        if user.username and bearer is None
        else None,
        proxy_url=cluster.proxy_url,
        tls_config=TlsConfig(
            ca=ca,
            ca_file="" if ca else joined(folder, cluster.certificate_authority),
            cert=cert,
            cert_file="" if cert else joined(folder, user.client_certificate),
            key_pem=private,
            key_file="" if private else joined(folder, user.client_key),
            server_name=cluster.tls_server_name,
            insecure_skip_verify=cluster.insecure_skip_tls_verify,
        ),
    )


def _pem(data: str) -> str:
    """Certificates and keys stand in base64. Raises ValueError."""
    try:
        return base64.b64decode(data, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("a certificate or a key is not PEM text in base64") from None
