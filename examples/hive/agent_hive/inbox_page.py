"""The inbox as a page to read: plain HTML without scripts, every word from outside escaped."""

import time
from collections.abc import Sequence
from html import escape
from typing import Protocol

_SHOWN = 100
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1b1e; background: #fff; }
article { border: 1px solid #ced4da; border-left: 5px solid #868e96; border-radius: 6px; padding: .6rem 1rem;
          margin: 0 0 1rem; }
article.firing { border-left-color: #e03131; } article.resolved { border-left-color: #2f9e44; }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; } p { margin: .2rem 0; color: #495057; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 20rem; overflow: auto; margin: .4rem 0 0;
      font-size: 13px; }
@media (prefers-color-scheme: dark) { body { color: #c9c9c9; background: #1a1b1e; }
  article { border-color: #424242; } p { color: #909296; } }
"""


class Shown(Protocol):
    """What the page needs of a message."""

    @property
    def received(self) -> float: ...
    @property
    def channel(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...


def page(messages: Sequence[Shown], received: int) -> str:
    """The newest messages as HTML that reloads itself; `messages` newest first."""
    body = "".join(map(_article, messages[:_SHOWN])) or "<p>Nothing has arrived yet. Break something and wait.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        '<meta name="viewport" content="width=device-width"><title>Inbox of the demo</title>'
        f"<style>{_STYLE}</style></head><body><h1>Inbox of the demo</h1>"
        f"<p>{received} messages since the start. Webhook, Slack and e-mail notifications end up here.</p>"
        f"{body}</body></html>"
    )


def _article(message: Shown) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(message.received))
    subject = message.subject.lower()
    state = "firing" if "firing" in subject else "resolved" if "resolved" in subject else ""
    return (
        f'<article class="{state}"><h2>{escape(message.subject or "(no subject)")}</h2>'
        f"<p><time>{when}</time> by {escape(message.channel)} to {escape(message.to)}"
        f"{' from ' + escape(message.sender) if message.sender else ''}</p>"
        f"<pre>{escape(message.text)}</pre></article>"
    )
