"""Runbooks: Markdown of docs/runbooks -> the pages that `runbook_url` of the alerts leads to. Making them needs
markdown-it-py; the pages are committed, so nobody who installs Hivesight does."""

from hivesight.pack.runbooks.pages import INDEX, pages, write

__all__ = ["INDEX", "pages", "write"]
