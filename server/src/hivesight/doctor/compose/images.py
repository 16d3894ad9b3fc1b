"""Images that change under one's hands, and registries that are no longer filled."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hivesight.doctor.compose.services import Service, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child
from hivesight.doctor.rule_files import at

_TAG: Final = re.compile(r":(?P<tag>[\w.-]+)$")
_STALE: Final[Mapping[str, tuple[str, str]]] = {
    "gcr.io/cadvisor/": ("newer versions are not put there", "ghcr.io/google/cadvisor, from v0.54 on"),
    "google/cadvisor": ("newer versions are not put there", "ghcr.io/google/cadvisor"),
    "gcr.io/google-containers/": ("it is frozen", "registry.k8s.io"),
    "k8s.gcr.io/": ("it is frozen", "registry.k8s.io"),
    "bitnami/": ("its versions have moved to bitnamilegacy/, and get no updates there", "the project's own image"),
    "docker.io/bitnami/": (
        "its versions have moved to bitnamilegacy/, and get no updates there",
        "the project's own image",
    ),
}


def findings(stack: Stack, service: Service) -> Iterator[Finding]:
    """Of the image of one service."""
    image, where = service.image, (*service.location, "image")
    if not image:
        return
    tag = _TAG.search(image)
    built = child(service.node, "build") is not None
    if not built and "@sha256:" not in image and "$" not in image and (tag is None or tag["tag"] == "latest"):
        message = f"{image} is another image after each pull: what runs cannot be told, nor had again"
        bare = image.removesuffix(":latest")
        yield at(
            stack.document.loaded,
            where,
            "compose/unpinned-image",
            message,
            f"the version that was tested: {bare}:<version>",
        )
    for prefix, (why, better) in _STALE.items():
        if image.startswith(prefix):
            message = f"{prefix.rstrip('/')} is an old home of this image: {why}"
            span = len(prefix.rstrip("/"))
            yield at(stack.document.loaded, where, "compose/stale-registry", message, better, offset=0, length=span)
            return
