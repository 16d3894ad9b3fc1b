"""`kubernetes_sd_configs` as it stands in `prometheus.yml`."""

import dataclasses
from typing import Annotated, Final

from hivesight.http_client.config import HttpConfig
from hivesight.schema import HttpUrl, Text, section
from hivesight.sources.sd_config import one_of

ROLES: Final = ("node", "pod", "service", "endpoints", "endpointslice", "ingress")
MAX_NAMESPACES: Final = 500

Role = Annotated[str, one_of(*ROLES)]

_SELECTABLE: Final = {
    "endpoints": ("pod", "service", "endpoints"),
    "endpointslice": ("pod", "service", "endpointslice"),
}


@section
class Namespaces:
    """Where to look; all of them where nothing is said."""

    own_namespace: bool = False
    names: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if len(self.names) > MAX_NAMESPACES:
            raise ValueError(f"more than {MAX_NAMESPACES} namespaces: leave them out and select with relabel_configs")
        for each in self.names:
            if not each or "/" in each:
                raise ValueError(f"{each!r} is not the name of a namespace")


@section
class Selector:
    """What the API is asked to give of the objects of a role."""

    role: Role
    label: Text = ""
    field: Text = ""


@section
class AttachMetadata:
    node: bool = False


@section
class KubernetesSdConfig(HttpConfig):
    """api_server: its address; where neither it nor kubeconfig_file stands, the service account of the pod that this
    process runs in counts."""

    role: Role
    api_server: HttpUrl = ""
    kubeconfig_file: Text = ""
    namespaces: Namespaces = Namespaces()
    selectors: tuple[Selector, ...] = ()
    attach_metadata: AttachMetadata = AttachMetadata()

    def __post_init__(self) -> None:
        HttpConfig.__post_init__(self)
        if self.api_server and self.kubeconfig_file:
            raise ValueError("cannot use kubeconfig_file and api_server simultaneously")
        if self._has_http_settings():
            if self.kubeconfig_file:
                raise ValueError("cannot use a custom HTTP client configuration together with kubeconfig_file")
            if not self.api_server:
                raise ValueError("to use custom HTTP client configuration please provide the api_server URL explicitly")
        if self.namespaces.own_namespace and (self.api_server or self.kubeconfig_file):
            other = "api_server" if self.api_server else "kubeconfig_file"
            raise ValueError(f"cannot use {other} and namespaces.own_namespace simultaneously")
        self._check_selectors()

    def selector(self, role: str) -> Selector | None:
        """The one for the objects of a role."""
        return next((each for each in self.selectors if each.role == role), None)

    def _check_selectors(self) -> None:
        allowed = _SELECTABLE.get(self.role, (self.role,))
        if self.role == "pod" and self.attach_metadata.node:
            allowed = ("pod", "node")
        found: set[str] = set()
        for each in self.selectors:
            if each.role in found:
                raise ValueError(f"duplicated selector role: {each.role}")
            found.add(each.role)
            if each.role not in allowed:
                raise ValueError(f"{self.role} role supports only {', '.join(allowed)} selectors")

    def _has_http_settings(self) -> bool:
        plain = HttpConfig()
        return any(getattr(self, each.name) != getattr(plain, each.name) for each in dataclasses.fields(HttpConfig))
