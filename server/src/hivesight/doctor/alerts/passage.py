"""What happens to the labels of an alert between its rule and Alertmanager: external labels, alert relabelling."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.alerts.label_value import ANY, LabelValue
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.ingest.relabel import RelabelConfig
from hivesight.schema import Plain, load_node
from hivesight.schema.tree import Node

_RELABEL: Final = "alert_relabel_configs"
_HARMLESS: Final = frozenset(("keep", "drop", "keepequal", "dropequal"))
_SETS_TARGET: Final = frozenset(("replace", "hashmod", "lowercase", "uppercase"))
_VARIABLE: Final = "$"
_NAMES: Final = re.compile(r"\w+(\|\w+)*")


@dataclass(frozen=True, slots=True)
class Passage:
    """externals: the external labels of each Prometheus file; none where no such file is in the set, so that they can
    be anything. rewritten: the labels that relabelling may change, None for any."""

    externals: tuple[Mapping[str, str], ...] = ()
    rewritten: frozenset[str] | None = frozenset()

    def rewrites(self, label: str) -> bool:
        return self.rewritten is None or label in self.rewritten

    def external(self, label: str) -> LabelValue:
        """What a label becomes that the alert itself has not."""
        found = {each.get(label, "") for each in self.externals}
        if len(found) != 1 or any(_VARIABLE in value for value in found):
            return ANY
        return LabelValue(found.pop())


def passage_of(workspace: Workspace) -> Passage:
    """What the Prometheus files of a set say."""
    documents = tuple(workspace.of(FileKind.PROMETHEUS))
    rewritten: frozenset[str] | None = frozenset()
    for document in documents:
        for node in _relabelling(document):
            changed = _changed(node, document)
            rewritten = None if rewritten is None or changed is None else rewritten | changed
    return Passage(tuple(_externals(each.loaded.value) for each in documents), rewritten)


def _externals(file: Plain) -> Mapping[str, str]:
    section = file.get("global") if isinstance(file, dict) else None
    labels = section.get("external_labels") if isinstance(section, dict) else None
    return {name: value for name, value in labels.items() if isinstance(value, str)} if isinstance(labels, dict) else {}


def _relabelling(document: Document) -> Iterator[Node]:
    """The relabel rules of alerts, those of each set of Alertmanagers too."""
    root = document.loaded.root
    _, managers = root.find(("alerting", "alertmanagers"))
    places = [("alerting", _RELABEL)]
    places += [("alerting", "alertmanagers", index, _RELABEL) for index in (managers.items or {})]
    for place in places:
        _, node = root.find(place[:-1])
        rules = (node.items or {}).get(_RELABEL)
        if rules is not None:
            yield from (rule for _, rule in (rules[1].items or {}).values())


def _changed(node: Node, document: Document) -> frozenset[str] | None:
    """The labels that one rule may change, None where nobody knows."""
    rule = load_node(node, document.text, str(document.path), RelabelConfig).value
    if rule is not None and rule.action in _HARMLESS:
        return frozenset()
    if rule is not None and rule.action in _SETS_TARGET and "$" not in rule.target_label:
        return frozenset((rule.target_label,))
    if rule is not None and rule.action == "labeldrop" and _NAMES.fullmatch(rule.regex):
        return frozenset(rule.regex.split("|"))
    return None
