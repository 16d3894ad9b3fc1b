"""Templates: files that are not there, names that nothing defines, texts that do not parse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hivesight.alerting.config import ConfigFile
from hivesight.doctor.alertmanager.sections import RECEIVERS
from hivesight.doctor.file_patterns import is_pattern
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document
from hivesight.gotmpl import ALERTMANAGER_FUNCTIONS, TemplateError
from hivesight.gotmpl.nodes import Body, Call, If, Range, With
from hivesight.gotmpl.parser import parse
from hivesight.model.errors import ConfigError
from hivesight.notify.rendering import check_settings, load_templates
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

TEMPLATES: Final = "templates"
_OF_ALERTMANAGER: Final = ".default."
"""In the names of the templates that Alertmanager brings, such as `slack.default.title`."""
_INNER: Final = "__"
"""How the names of those begin that its own templates call."""


def findings(document: Document, file: ConfigFile) -> Iterator[Finding]:
    """What is wrong with the templates of a file and with the calls of them. file: as its reader made it."""
    missing = list(_missing(document))
    yield from missing
    paths = _paths(document)
    try:
        templates = load_templates(tuple(map(str, paths or ())), Path(document.path).parent)
    except ConfigError as error:
        yield from (Finding(each) for each in error.diagnostics)
        return
    yield from (Finding(each) for each in check_settings(file, templates))
    if paths is not None and not missing:
        _, receivers = document.loaded.root.find((RECEIVERS,))
        yield from _undefined(document, (RECEIVERS,), receivers, templates.own)


def _patterns(document: Document) -> Iterator[tuple[Location, str]]:
    found = (document.loaded.root.items or {}).get(TEMPLATES)
    for index, (_, node) in ((found[1].items or {}) if found is not None and found[1].is_list else {}).items():
        if node.value:
            yield (TEMPLATES, index), node.value


def _missing(document: Document) -> Iterator[Finding]:
    for location, pattern in _patterns(document):
        if not is_pattern(pattern) and document.named_files(pattern) == []:
            message = f"{pattern!r} is not there: Alertmanager starts without a word, and its messages fail"
            remedy = "relative paths begin in the folder of this file"
            yield at(document.loaded, location, "alertmanager/no-template-file", message, remedy)


def _paths(document: Document) -> list[Path] | None:
    """All files of templates; None where some cannot be seen from here."""
    paths: list[Path] = []
    for _, pattern in _patterns(document):
        found = document.named_files(pattern)
        if found is None:
            return None
        paths += found
    return [path.absolute() for path in paths]


def _undefined(document: Document, location: Location, node: Node, defined: frozenset[str]) -> Iterator[Finding]:
    for key, (_, child) in (node.items or {}).items():
        yield from _undefined(document, (*location, key), child, defined)
    text = node.value or ""
    if "{{" not in text:
        return
    try:
        definitions = parse("setting", text, ALERTMANAGER_FUNCTIONS)
    except TemplateError:  # told of by check_settings
        return
    for call in (call for each in definitions.values() for call in _calls(each.body)):
        known = call.name in defined or call.name in definitions or _OF_ALERTMANAGER in call.name
        if not known and not call.name.startswith(_INNER):
            message = f"nothing defines the template {call.name!r}: the message cannot be made, and is not sent"
            remedy = "name the file that defines it in templates"
            yield at(
                document.loaded,
                location,
                "alertmanager/undefined-template",
                message,
                remedy,
                offset=call.offset,
                length=len("template"),
            )


def _calls(body: Body) -> Iterator[Call]:
    for node in body:
        match node:
            case Call():
                yield node
            case If(body=inner, orelse=other) | With(body=inner, orelse=other) | Range(body=inner, orelse=other):
                yield from _calls(inner)
                yield from _calls(other)
            case _:
                pass
