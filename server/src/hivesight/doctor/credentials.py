"""Passwords, tokens and addresses that carry one, where they stand in the file; and texts that stand for them still."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hivesight.doctor.finding import Finding
from hivesight.doctor.manifests import SECRET
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_ALERTMANAGER: Final = frozenset(
    (
        "smtp_auth_password",
        "smtp_auth_secret",
        "auth_password",
        "auth_secret",
        "slack_api_url",
        "slack_app_token",
        "app_token",
        "opsgenie_api_key",
        "api_key",
        "telegram_bot_token",
        "bot_token",
        "victorops_api_key",
        "wechat_api_secret",
        "api_secret",
        "rocketchat_token",
        "rocketchat_token_id",
        "token",
        "token_id",
        "user_key",
        "mattermost_webhook_url",
        "webhook_url",
        "routing_key",
        "service_key",
    )
)
_ADDRESS_IN: Final = frozenset(("slack_configs", "mattermost_configs"))
"""Integrations whose `api_url` is a secret; others send to a public address with a key of its own."""
_OF_HTTP: Final = frozenset(("password", "bearer_token", "credentials", "client_secret"))
_FILE_OF: Final[Mapping[str, str]] = {"bearer_token": "authorization: {credentials_file: ...}"}
_ADDRESSES: Final = frozenset(("url", "api_url", "webhook_url", "slack_api_url", "smarthost", "smtp_smarthost"))
_TOKEN_IN_URL: Final = re.compile(
    r"https?://(hooks\.slack(-gov)?\.com/services/|(\w+\.)?discord(app)?\.com/api/webhooks/|[^/@\s]+:[^/@\s]+@)"
)
_REFERENCE: Final = re.compile(r"\$\{?\w+\}?|\$\(.*\)|.*\{\{.*|%\w+%|<secret>|vault:.*|ENC\[.*", re.DOTALL)
"""What another tool replaces before the file is read."""
_PLACEHOLDER: Final = re.compile(
    r".*(\byour[-_/ ]|_your_|change[-_ ]?me|replace[-_ ]?me|replace with|x{6,}|\btodo\b|\bfixme\b|insert[-_ ]).*"
    r"|.*<[a-z][^<>]*>.*|\.\.\.|password|secret|dummy|placeholder",
    re.IGNORECASE | re.DOTALL,
)
_EXAMPLE_HOST: Final = re.compile(
    r"(?:\w+://)?(?:[^/@\s]*@)?(?:[\w-]+\.)*example\.(?:com|net|org)(?:[:/].*)?", re.IGNORECASE
)


def in_alertmanager(document: Document) -> Iterator[Finding]:
    """Of an Alertmanager file."""
    yield from _below(document, (), document.loaded.root, _ALERTMANAGER | _OF_HTTP)


def in_prometheus(document: Document) -> Iterator[Finding]:
    """Of a Prometheus file."""
    yield from _below(document, (), document.loaded.root, _OF_HTTP)


def _below(document: Document, location: Location, node: Node, secret: frozenset[str]) -> Iterator[Finding]:
    for key, (_, child) in (node.items or {}).items():
        where = (*location, key)
        if child.items is not None:
            yield from _below(document, where, child, secret)
        elif child.value and isinstance(key, str):
            yield from _judged(document, where, key, child.value, secret)


def _judged(document: Document, where: Location, key: str, text: str, secret: frozenset[str]) -> Iterator[Finding]:
    if _REFERENCE.fullmatch(text):
        return
    is_secret = key in secret or (key == "api_url" and bool(_ADDRESS_IN.intersection(map(str, where))))
    carries_one = is_secret or (key in _ADDRESSES and _TOKEN_IN_URL.match(text) is not None)
    own_file = f"a file of its own that only the server reads: {_FILE_OF.get(key, key + '_file: ...')}"
    is_example = key in _ADDRESSES and _EXAMPLE_HOST.fullmatch(text)
    if is_example or ((is_secret or key in _ADDRESSES) and _PLACEHOLDER.fullmatch(text)):
        message = f"{key} still says what an example said: {text[:60]!r}"
        remedy = f"write the real value into {own_file}" if carries_one else "write the real value"
        yield at(document.loaded, where, "secrets/placeholder", message, remedy)
    elif carries_one and document.holder != SECRET:
        message = f"{key} is a secret, and everyone who can read this file, or its history, has it"
        yield at(document.loaded, where, "secrets/in-file", message, f"put it into {own_file}")
