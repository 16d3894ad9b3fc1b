"""Decides what becomes of each file: the Prometheus configuration and what it names, the Alertmanager configuration and
what it names, dashboards, and the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hivesight.alerting.config_check import read_config
from hivesight.doctor.adoption.adoption import Adoption
from hivesight.doctor.adoption.ledger import UNREADABLE, Ledger, text_of
from hivesight.doctor.adoption.mending import mended
from hivesight.doctor.adoption.references import named, targets_of, texts
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.rules import read_rules
from hivesight.schema import Plain
from hivesight.sources.reading import read_text

_LEFT: Final = {
    FileKind.RULES: "no rule_files of the Prometheus configuration names it",
    FileKind.COMPOSE: "Hivesight is one process, and started with `hivesight up`",
    FileKind.COLLECTOR: "it goes on as it is: send its metrics to Hivesight by OTLP or remote write",
}


def adopt(workspace: Workspace, root: Path) -> Adoption:
    """What becomes of the files. root: the folder that they lie below, from which their new paths are taken."""
    return _Adopting(workspace, root).all()


class _Adopting:
    def __init__(self, workspace: Workspace, root: Path) -> None:
        self._workspace = workspace
        self._ledger = Ledger(root)

    def all(self) -> Adoption:
        lines = ["# The configuration of `hivesight up`; its files lie beside it."]
        prometheus = self._first(FileKind.PROMETHEUS)
        if prometheus is None:
            lines += self._rules_alone()
        elif target := self._prometheus(prometheus):
            lines.append(f"prometheus_config: {target}")
        alertmanager = self._first(FileKind.ALERTMANAGER)
        if alertmanager is not None and (target := self._alertmanager(alertmanager)):
            lines.append(f"alertmanager_config: {target}")
        else:
            self._advise(
                "No Alertmanager configuration carries over: alerts are grouped and shown, and nobody is told."
            )
        for document in self._workspace.of(FileKind.DASHBOARD):
            self._ledger.copy(document.path, document.text, "dashboard")
        if any(each.what == "dashboard" for each in self._ledger.adoption.copies):
            self._advise(
                "Dashboards go on in Grafana: give it Hivesight's address as a data source of the type Prometheus."
            )
        self._rest()
        self._ledger.adoption.made["hivesight.yml"] = "\n".join([*lines, ""])
        return self._ledger.adoption

    def _first(self, kind: FileKind) -> Document | None:
        """The configuration of that kind that lies highest; others are left."""
        found = sorted(self._workspace.of(kind), key=lambda each: (len(each.path.parts), str(each.path)))
        for each in found[1:]:
            self._ledger.leave(
                each.path, kind.value, f"{found[0].path} is taken; import this one by itself, into another directory"
            )
        return found[0] if found else None

    def _prometheus(self, document: Document) -> str | None:
        def judge(text: str) -> Sequence[Diagnostic]:
            return [each for each in read_text(text, document.path).diagnostics if each.path == str(document.path)]

        text, changes, errors = mended(document.text, judge)
        if errors:
            return self._refuse(document, errors)
        # Comments in place leave every line its number.
        found = judge(text)
        rules: list[str] = []
        asked = texts(_part(document, "rule_files"))
        for pattern in asked:
            paths = named(pattern, document.path.parent, self._ledger.root)
            if not paths:
                self._advise(f"{document.path}: rule_files names {pattern}, where no file is.")
            rules += [target for path in paths if (target := self._rule_file(path))]
        text, more = self._ledger.renamed(document, text, "rule_files", asked, rules)
        for pattern in targets_of(document.loaded.value or {}):
            for path in named(pattern, document.path.parent, self._ledger.root):
                self._ledger.copy_unread(path, "targets or jobs")
        self._ledger.name_secrets(document)
        if (_part(document, "alerting") or {}) != {}:
            self._advise(
                "Alerts go on to the Alertmanagers under `alerting` too: say other_alertmanagers: false in "
                "hivesight.yml once Hivesight tells everybody itself, or people are told twice."
            )
        jobs = len(_list(_part(document, "scrape_configs")))
        what = f"Prometheus configuration; jobs: {jobs}, rule files: {len(rules)}"
        return self._ledger.copy(document.path, text, what, [*changes, *more], found)

    def _rule_file(self, path: Path) -> str | None:
        text = text_of(path)
        source = read_rules(text or "", str(path))
        errors = [each for each in source.diagnostics if each.severity is Severity.ERROR]
        if text is None or source.file is None or errors:
            why = UNREADABLE if text is None else _said(errors)
            self._ledger.leave(path, "rules", why)
            return None
        count = sum(len(group.rules) for group in source.file.groups)
        return self._ledger.copy(path, text, f"rules: {count}")

    def _rules_alone(self) -> list[str]:
        """Without a Prometheus configuration, one that has the rules of the folder."""
        found = [target for each in self._workspace.of(FileKind.RULES) if (target := self._rule_file(each.path))]
        if not found:
            return []
        lines = ["# Made by `hivesight import`: there were rules and no prometheus.yml.", "rule_files:"]
        self._ledger.adoption.made["prometheus.yml"] = "\n".join([*lines, *(f"  - {each}" for each in found), ""])
        self._advise("No prometheus.yml was found: prometheus.yml is new and scrapes nothing yet.")
        return ["prometheus_config: prometheus.yml"]

    def _alertmanager(self, document: Document) -> str | None:
        def judge(text: str) -> Sequence[Diagnostic]:
            return read_config(document.path, text).diagnostics

        text, changes, errors = mended(document.text, judge)
        if errors:
            return self._refuse(document, errors)
        # Comments in place leave every line its number.
        found = judge(text)
        templates: list[str] = []
        asked = texts(_part(document, "templates"))
        for pattern in asked:
            paths = named(pattern, document.path.parent, self._ledger.root)
            if not paths:
                self._advise(f"{document.path}: templates names {pattern}, where no file is.")
            templates += [target for path in paths if (target := self._ledger.copy_unread(path, "templates"))]
        text, more = self._ledger.renamed(document, text, "templates", asked, templates)
        self._ledger.name_secrets(document)
        what = f"Alertmanager configuration; receivers: {len(_list(_part(document, 'receivers')))}"
        return self._ledger.copy(document.path, text, what, [*changes, *more], found)

    def _refuse(self, document: Document, errors: Sequence[Diagnostic]) -> None:
        self._ledger.leave(document.path, document.kind.value, _said(errors))

    def _advise(self, what: str) -> None:
        self._ledger.adoption.advice.append(what)

    def _rest(self) -> None:
        for document in self._workspace.documents:
            if document.path.resolve() in self._ledger.taken:
                continue
            if document.kind is FileKind.RULE_TESTS:
                self._ledger.copy(document.path, document.text, "unit tests of rules, for `hivesight test`")
            elif document.kind is FileKind.RULES:
                self._ledger.leave(
                    document.path, document.kind.value, "no rule_files of the Prometheus configuration names it"
                )
            else:
                self._ledger.leave(
                    document.path, document.kind.value, _LEFT.get(document.kind, "no file that Hivesight runs on")
                )


def _part(document: Document, key: str) -> Plain:
    value = document.loaded.value
    return value.get(key) if isinstance(value, dict) else None


def _list(value: Plain) -> Sequence[Plain]:
    return value if isinstance(value, list) else ()


def _said(errors: Sequence[Diagnostic]) -> str:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"line {first.line}: {first.message}{more}"
