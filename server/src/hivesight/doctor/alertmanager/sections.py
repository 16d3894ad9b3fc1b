"""The parts of an Alertmanager file, each read by itself, so that a fault in one hides nothing of another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hivesight.alerting.config import InhibitRuleConfig, RouteConfig
from hivesight.alerting.inhibit import InhibitRule, build_rules
from hivesight.doctor.alertmanager.tree import PlacedRoute, tree_of
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.workspace import Document
from hivesight.schema import load_node
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

RECEIVERS: Final = "receivers"
INHIBIT_RULES: Final = "inhibit_rules"
_INTEGRATIONS: Final = "_configs"


@dataclass(frozen=True, slots=True)
class Integration:
    """One way in which a receiver is told. kind: the key without `_configs`, such as `slack`. keys: what it says."""

    kind: str
    location: Location
    node: Node

    def text(self, key: str) -> str | None:
        """What a key says; None where it is not there, or no text."""
        found = (self.node.items or {}).get(key)
        return None if found is None else found[1].value

    def says(self, key: str) -> bool:
        return key in (self.node.items or {})


@dataclass(frozen=True, slots=True)
class ReceiverSection:
    name: str
    location: Location
    integrations: tuple[Integration, ...]


@dataclass(frozen=True, slots=True)
class InhibitSection:
    location: Location
    rule: InhibitRule


@dataclass(frozen=True, slots=True)
class AlertmanagerSections:
    """A file as the checks see it. tree: None where the routes have errors. alerts: those of the set that can come,
    none where the set has no rules."""

    document: Document
    tree: PlacedRoute | None
    receivers: tuple[ReceiverSection, ...]
    inhibitions: tuple[InhibitSection, ...]
    alerts: AlertIndex

    def users(self) -> Mapping[str, list[PlacedRoute]]:
        """The routes that name or inherit each receiver."""
        found: dict[str, list[PlacedRoute]] = {}
        for node in self.tree.walk() if self.tree is not None else ():
            found.setdefault(node.route.options.receiver, []).append(node)
        return found


def sections_of(document: Document, alerts: AlertIndex, route: RouteConfig | None = None) -> AlertmanagerSections:
    """The sections of one file. route: as it was read already, where it was."""
    receivers, inhibitions = tuple(_receivers(document)), tuple(_inhibitions(document))
    return AlertmanagerSections(document, tree_of(document, route), receivers, inhibitions, alerts)


def _listed(document: Document, key: str) -> Iterator[tuple[int, Node]]:
    found = (document.loaded.root.items or {}).get(key)
    if found is not None and found[1].is_list:
        yield from enumerate(node for _, node in (found[1].items or {}).values())


def _receivers(document: Document) -> Iterator[ReceiverSection]:
    for index, node in _listed(document, RECEIVERS):
        at: Location = (RECEIVERS, index)
        name = (node.items or {}).get("name")
        integrations = tuple(
            Integration(str(key).removesuffix(_INTEGRATIONS), (*at, key, number), each)
            for key, (_, listed) in (node.items or {}).items()
            if str(key).endswith(_INTEGRATIONS) and listed.is_list
            for number, (_, each) in enumerate((listed.items or {}).values())
        )
        yield ReceiverSection((name[1].value or "") if name is not None else "", at, integrations)


def _inhibitions(document: Document) -> Iterator[InhibitSection]:
    for index, node in _listed(document, INHIBIT_RULES):
        config = load_node(node, document.text, str(document.path), InhibitRuleConfig).value
        if config is not None:
            yield InhibitSection((INHIBIT_RULES, index), build_rules([config])[0])
