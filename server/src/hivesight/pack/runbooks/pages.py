"""Markdown -> a page that stands alone: its style is inside, it runs no script and asks for nothing, so that it looks
alike from Prometheus' `/user/`, from the embedded server, and from Grafana's proxy, which puts it into a sandbox."""

import html
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

INDEX: Final = "index.html"
_CONTENTS: Final = "README.md"
_STYLE: Final = files("hivesight.pack.runbooks").joinpath("style.css").read_text(encoding="utf-8")
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<nav><a href="{index}">All runbooks</a></nav>
<main>
{body}</main>
</body>
</html>
"""


def pages(directory: Path) -> dict[str, str]:
    """The Markdown files of a directory as HTML, by the name of the page; README.md is the index."""
    return {_address(path.name): _page(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.md"))}


def write(directory: Path, target: Path) -> list[Path]:
    """Writes the pages into `target` and takes away those that have no Markdown any more; says which it wrote."""
    target.mkdir(parents=True, exist_ok=True)
    made = pages(directory)
    for path in target.glob("*.html"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (target / name).write_text(text, encoding="utf-8")
    return [target / name for name in made]


def _page(text: str) -> str:
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrSet("href", _address(str(inner.attrGet("href"))))
    body = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return _PAGE.format(title=html.escape(_title(tokens)), style=_STYLE, index=INDEX, body=body)


def _address(link: str) -> str:
    """Where a page stands that Markdown names by its file."""
    return INDEX if link == _CONTENTS else link.removesuffix(".md") + ".html" if link.endswith(".md") else link


def _title(tokens: Sequence[Token]) -> str:
    headings = (after.content for token, after in pairwise(tokens) if token.type == "heading_open")
    return next(headings, "Runbook")
