"""The labels that every role gives to its targets."""

import re
from typing import Final

from hivesight.sources.kubernetes.objects import Meta

PREFIX: Final = "__meta_kubernetes_"

_NOT_IN_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")


def sanitized(name: str) -> str:
    """The name with `_` for each character that a label's name has not (`strutil.SanitizeLabelName`)."""
    return _NOT_IN_A_NAME.sub("_", name)


def meta_labels(meta: Meta, role: str) -> dict[str, str]:
    """Name, labels and annotations of an object under the names of `role`."""
    labels = {f"{PREFIX}{role}_name": meta.name}
    for kind, pairs in (("label", meta.labels), ("annotation", meta.annotations)):
        for name, value in pairs:
            labels[f"{PREFIX}{role}_{kind}_{sanitized(name)}"] = value
            labels[f"{PREFIX}{role}_{kind}present_{sanitized(name)}"] = "true"
    return labels
