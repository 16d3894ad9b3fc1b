"""Ports that are open to all, secrets in the file, and connections that trust anyone."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.collector.containers import Containers
from hivesight.doctor.collector.pipelines import Collector, type_of
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_ALL: Final = re.compile(r"(?:\w+://)?(?P<host>0\.0\.0\.0|\[::\]|::):\d+|(?P<bare>):\d+")
_LISTENERS: Final = ("receivers", "extensions")
_FOR_PROBES: Final = frozenset(("health_check", "healthcheckv2"))
_SECRET: Final = re.compile(
    r"(?:.*[_-])?(?:password|passwd|token|secret|api[_-]?key|access[_-]?key|authorization|client_secret|x-honeycomb-team)",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?:/|[A-Za-z]:\\).*")
_CREDENTIALS_IN_URL: Final = re.compile(r"\w+://[^:/@\s$]*:(?P<password>[^/@\s$]+)@")


def findings(collector: Collector, containers: Containers) -> Iterator[Finding]:
    """Of one file."""
    for kind in ("receivers", "processors", "exporters", "connectors", "extensions"):
        for name, node in collector.defined[kind].items():
            for location, key, value in _texts((kind, name), node):
                if kind in _LISTENERS and key == "endpoint" and type_of(name) not in _FOR_PROBES:
                    yield from _open(collector, containers, location, value)
                yield from _secrets(collector, location, key, value)
                if key == "insecure_skip_verify" and value == "true":
                    message = "whoever answers at this address gets the data: its certificate is not looked at"
                    remedy = "tls: {ca_file: ...} with the authority that signed it"
                    yield at(collector.document.loaded, location, "collector/unverified", message, remedy, on_key=True)


def _texts(location: Location, node: Node) -> Iterator[tuple[Location, str, str]]:
    """Every text below, with its way and its key."""
    stack = [(location, node)]
    while stack:
        here, current = stack.pop()
        for key, (_, each) in (current.items or {}).items():
            if each.items is not None:
                stack.append(((*here, key), each))
            elif each.value and isinstance(key, str):
                yield (*here, key), key, each.value


def _open(collector: Collector, containers: Containers, location: Location, value: str) -> Iterator[Finding]:
    match = _ALL.fullmatch(value)
    if match is None or containers.hides(collector.document, value.rpartition(":")[2]):
        return
    message = "listens on every address: whoever reaches the host can send data, and fill it"
    remedy = "localhost, or in a container ${env:POD_IP} on a network of its own, or an auth extension"
    yield at(
        collector.document.loaded,
        location,
        "collector/open-endpoint",
        message,
        remedy,
        offset=0,
        length=len(value),
    )


def _secrets(collector: Collector, location: Location, key: str, value: str) -> Iterator[Finding]:
    where = collector.document.loaded
    remedy = "${env:NAME}, or ${file:/run/secrets/name}"
    if _SECRET.fullmatch(key) and "$" not in value and not _PATH.fullmatch(value) and value not in ("true", "false"):
        message = f"{key} is a secret, and everyone who can read this file, or its history, has it"
        yield at(where, location, "collector/literal-secret", message, remedy)
    elif match := _CREDENTIALS_IN_URL.search(value):
        start, end = match.span("password")
        message = "the address has a password in it, and everyone who can read this file, or its history, has it"
        yield at(where, location, "collector/literal-secret", message, remedy, offset=start, length=end - start)
