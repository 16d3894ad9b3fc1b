"""The committed dashboards, and what their panels ask as a data source hears it: without Grafana's variables."""

import json
import re
from collections.abc import Iterator
from typing import Any

from hivesight import pack

Document = dict[str, Any]
FILES = sorted((pack.FILES / "grafana" / "dashboards").glob("*.json"))


def read(name: str) -> Document:
    return json.loads((pack.FILES / "grafana" / "dashboards" / f"{name}.json").read_text())


def panels(document: Document) -> list[Document]:
    """All but rows."""
    return [each for each in document["panels"] if each["type"] != "row"]


def expressions(document: Document) -> Iterator[tuple[str, str]]:
    """PromQL with the title of its panel."""
    for panel in panels(document):
        for target in panel["targets"]:
            if "expr" in target:
                yield panel["title"], target["expr"]


def substituted(expr: str, rate: str = "1m", span: str = "1h", **values: str) -> str:
    """The expression with every variable replaced: by what it is here, or by what matches everything."""
    known = {"__rate_interval": rate, "__range": span, "objective": "0.99", "window": "7d", **values}
    return re.sub(r"\$(\w+)", lambda match: known.get(match[1], ".*"), expr)
