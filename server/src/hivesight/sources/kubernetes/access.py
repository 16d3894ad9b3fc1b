"""How the API server is reached: by its address, by a kubeconfig, or by the service account of the pod that this
process runs in."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.http_client.config import Authorization, HttpConfig, TlsConfig
from hivesight.http_client.errors import SettingError
from hivesight.http_client.secrets import read_text
from hivesight.sources.kubernetes.config import KubernetesSdConfig
from hivesight.sources.kubernetes.kubeconfig import read_kubeconfig

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Access:
    """base: the server's address. namespaces: where to look; an empty name means all."""

    base: str
    http: HttpConfig
    namespaces: tuple[str, ...]


def access_of(config: KubernetesSdConfig, environ: Mapping[str, str], account: Path) -> Access:
    """account: the folder of the service account's files. Blocks for files. Raises SettingError."""
    names = config.namespaces.names
    if config.namespaces.own_namespace:
        own = read_text(str(account / "namespace"), "own_namespace")
        names = tuple(dict.fromkeys((own, *names)))
    namespaces = names or ("",)
    if config.api_server:
        plain = {each.name: getattr(config, each.name) for each in dataclasses.fields(HttpConfig)}
        return Access(config.api_server, HttpConfig(**plain), namespaces)
    if config.kubeconfig_file:
        base, http = read_kubeconfig(Path(config.kubeconfig_file))
        return Access(base, http, namespaces)
    return Access(_in_cluster(environ), _account(account), namespaces)


def _in_cluster(environ: Mapping[str, str]) -> str:
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise SettingError(
            "this process does not run in a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set): "
            "write api_server or kubeconfig_file",
            key="kubernetes_sd_configs",
        )
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _account(folder: Path) -> HttpConfig:
    """The token is read at every request: the cluster replaces it every hour or so."""
    ca = folder / "ca.crt"
    return HttpConfig(
        authorization=Authorization(credentials_file=str(folder / "token")),
        tls_config=TlsConfig(ca_file=str(ca) if ca.exists() else ""),
    )
