"""Decides what becomes of each file: the Prometheus configuration and what it names, the Alertmanager configuration and
what it names, dashboards, and the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hivesight.alerting.config_check import read_config
from hivesight.doctor.adoption.adoption import Adoption, Change, Copy, Left
from hivesight.doctor.adoption.blocks import without_block
from hivesight.doctor.adoption.mending import mended
from hivesight.doctor.adoption.references import named, secrets_of, targets_of, texts
from hivesight.doctor.workspace import MAX_BYTES, Document, FileKind, Workspace
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.rules import read_rules
from hivesight.schema import Plain, joined
from hivesight.schema.loading import load_tree
from hivesight.sources.paths import matching
from hivesight.sources.reading import read_text

_WITHOUT_EFFECT: Final = frozenset(("config/unsupported", "alertmanager/unused"))
_UNREADABLE: Final = f"no text in UTF-8 of up to {MAX_BYTES >> 20} MiB that can be read"
_LEFT: Final = {
    FileKind.COMPOSE: "Hivesight is one process, and started with `hivesight up`",
    FileKind.COLLECTOR: "it goes on as it is: send its metrics to Hivesight by OTLP or remote write",
}


def adopt(workspace: Workspace, root: Path) -> Adoption:
    """What becomes of the files. root: the folder that they lie below, from which their new paths are taken."""
    return _Adopting(workspace, root).all()


class _Adopting:
    def __init__(self, workspace: Workspace, root: Path) -> None:
        self._workspace = workspace
        self._root = root
        self._adoption = Adoption()
        self._taken: set[Path] = set()

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
            self._adoption.advice.append(
                "No Alertmanager configuration carries over: alerts are grouped and shown, and nobody is told."
            )
        for document in self._workspace.of(FileKind.DASHBOARD):
            self._copy(document.path, document.text, "dashboard")
        if any(each.what == "dashboard" for each in self._adoption.copies):
            self._adoption.advice.append(
                "Dashboards go on in Grafana: give it Hivesight's address as a data source of the type Prometheus."
            )
        self._rest()
        self._adoption.made["hivesight.yml"] = "\n".join([*lines, ""])
        return self._adoption

    def _first(self, kind: FileKind) -> Document | None:
        """The configuration of that kind that lies highest; others are left."""
        found = sorted(self._workspace.of(kind), key=lambda each: (len(each.path.parts), str(each.path)))
        for each in found[1:]:
            self._leave(each.path, kind, f"{found[0].path} is taken; import this one by itself, into another directory")
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
            paths = named(pattern, document.path.parent, self._root)
            if not paths:
                self._adoption.advice.append(f"{document.path}: rule_files names {pattern}, where no file is.")
            rules += [target for path in paths if (target := self._rule_file(path))]
        text, more = self._renamed(document, text, "rule_files", asked, rules)
        for pattern in targets_of(document.loaded.value or {}):
            for path in named(pattern, document.path.parent, self._root):
                self._plain(path, "targets or jobs")
        self._secrets(document)
        if (_part(document, "alerting") or {}) != {}:
            self._adoption.advice.append(
                "Alerts go on to the Alertmanagers under `alerting` too: take that section out once Hivesight tells "
                "everybody itself, or people are told twice."
            )
        jobs = len(_list(_part(document, "scrape_configs")))
        what = f"Prometheus configuration; jobs: {jobs}, rule files: {len(rules)}"
        return self._copy(document.path, text, what, [*changes, *more], found)

    def _rule_file(self, path: Path) -> str | None:
        text = _text(path)
        source = read_rules(text or "", str(path))
        errors = [each for each in source.diagnostics if each.severity is Severity.ERROR]
        if text is None or source.file is None or errors:
            why = _UNREADABLE if text is None else _said(errors)
            self._taken.add(path.resolve())
            self._adoption.left.append(Left(path, "rules", why))
            return None
        count = sum(len(group.rules) for group in source.file.groups)
        return self._copy(path, text, f"rules: {count}")

    def _rules_alone(self) -> list[str]:
        """Without a Prometheus configuration, one that has the rules of the folder."""
        found = [target for each in self._workspace.of(FileKind.RULES) if (target := self._rule_file(each.path))]
        if not found:
            return []
        lines = ["# Made by `hivesight import`: there were rules and no prometheus.yml.", "rule_files:"]
        self._adoption.made["prometheus.yml"] = "\n".join([*lines, *(f"  - {each}" for each in found), ""])
        self._adoption.advice.append("No prometheus.yml was found: prometheus.yml is new and scrapes nothing yet.")
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
            paths = named(pattern, document.path.parent, self._root)
            if not paths:
                self._adoption.advice.append(f"{document.path}: templates names {pattern}, where no file is.")
            templates += [target for path in paths if (target := self._plain(path, "templates"))]
        text, more = self._renamed(document, text, "templates", asked, templates)
        self._secrets(document)
        what = f"Alertmanager configuration; receivers: {len(_list(_part(document, 'receivers')))}"
        return self._copy(document.path, text, what, [*changes, *more], found)

    def _renamed(
        self, document: Document, text: str, key: str, asked: Sequence[str], targets: Sequence[str]
    ) -> tuple[str, list[Change]]:
        """The text with a list of files that names the copies, where it would not find them as it is."""
        if all(self._stays(each, document.path.parent, targets) for each in asked):
            return text, []
        here = Path(self._target(document.path)).parent
        wanted = [_below(each, here) for each in targets]
        place, _ = load_tree(text, str(document.path)).root.find((key,))
        instead = (f"{key}:", *(f"  - {each}" for each in wanted)) if wanted else (f"{key}: []",)
        changed = without_block(text, place.line, place.col, instead)
        if changed is None:
            self._adoption.advice.append(f"{document.path}: {key} is to name {', '.join(wanted) or 'nothing'}.")
            return text, []
        why = "what it named is not there from the new directory, or does not carry over"
        original, _ = document.loaded.root.find((key,))
        return changed, [Change(original.line, f"{key} names the copies: {', '.join(wanted) or 'none'}", why)]

    def _stays(self, pattern: str, folder: Path, targets: Sequence[str]) -> bool:
        """Whether a pattern finds the copies of what it names, and nothing else, from the new directory."""
        found = [each for each in matching(joined(folder, pattern)) if each.is_file()]
        if not found:
            return "*" in pattern and not named(pattern, folder, self._root)
        return not Path(pattern).is_absolute() and all(self._target(each) in targets for each in found)

    def _copy(
        self, path: Path, text: str, what: str, changes: Sequence[Change] = (), found: Sequence[Diagnostic] = ()
    ) -> str:
        target = self._target(path)
        if path.resolve() not in self._taken:
            self._taken.add(path.resolve())
            if target in self._adoption.files:
                self._adoption.left.append(Left(path, what, f"another file goes to {target}: rename one of them"))
                return target
            notes = [Change(each.line, each.message, "") for each in found if each.code in _WITHOUT_EFFECT]
            self._adoption.copies.append(Copy(path, target, text, what, tuple(changes), tuple(notes)))
        return target

    def _plain(self, path: Path, what: str) -> str | None:
        """A file that is copied unread."""
        text = _text(path)
        if text is None:
            self._taken.add(path.resolve())
            self._adoption.left.append(Left(path, what, _UNREADABLE))
            return None
        return self._copy(path, text, what)

    def _refuse(self, document: Document, errors: Sequence[Diagnostic]) -> None:
        self._leave(document.path, document.kind, _said(errors))

    def _leave(self, path: Path, kind: FileKind, why: str) -> None:
        self._taken.add(path.resolve())
        self._adoption.left.append(Left(path, kind.value, why))

    def _secrets(self, document: Document) -> None:
        for path in secrets_of(document.loaded.value or {}):
            where = path if Path(path).is_absolute() else str(Path(self._target(document.path)).parent / path)
            self._adoption.secrets[where] = f"named in {document.path}"

    def _rest(self) -> None:
        for document in self._workspace.documents:
            if document.path.resolve() in self._taken:
                continue
            if document.kind is FileKind.RULE_TESTS:
                self._copy(document.path, document.text, "unit tests of rules, for `hivesight test`")
            elif document.kind is FileKind.RULES:
                self._leave(document.path, document.kind, "no rule_files of the Prometheus configuration names it")
            else:
                self._leave(document.path, document.kind, _LEFT.get(document.kind, "no file that Hivesight runs on"))

    def _target(self, path: Path) -> str:
        """Where a file goes: as it lies below the root; what lies elsewhere goes beside the configuration."""
        full, root = path.resolve(), self._root.resolve()
        return str(full.relative_to(root)) if full.is_relative_to(root) else f"{path.parent.name}/{path.name}"


def _below(target: str, folder: Path) -> str:
    """A path below the new directory as a file in `folder` names it."""
    return str(Path(target).relative_to(folder)) if Path(target).is_relative_to(folder) else _up(target, folder)


def _up(target: str, folder: Path) -> str:
    return str(Path(*([".."] * len(folder.parts)), target))


def _part(document: Document, key: str) -> Plain:
    value = document.loaded.value
    return value.get(key) if isinstance(value, dict) else None


def _list(value: Plain) -> Sequence[Plain]:
    return value if isinstance(value, list) else ()


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _said(errors: Sequence[Diagnostic]) -> str:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"line {first.line}: {first.message}{more}"
