"""Passwords and tokens that stand in the file, and how databases are reached with them."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.compose.services import Service, Setting, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at

_NAMES_SECRET: Final = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|PASS|SECRET|SECRET_KEY|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS)",
    re.IGNORECASE,
)
_IN_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-zA-Z][\w+.-]*)://(?P<user>[^:/@\s$]*):(?P<password>[^/@\s]+)@|"
    r"\b(?P<kind>[\w.-]+):(?P<word>[^/@\s$:]+)@(?:tcp|\()"
)
_IN_FLAG: Final = re.compile(
    r"--?(?:[\w.-]*(?:password|passwd|secret|token|api-key)|requirepass)(?:=|\s+)(?P<value>[^\s$-][^\s$]*)",
    re.IGNORECASE,
)
_NO_SECRET: Final = frozenset(("true", "false", "yes", "no", "0", "1", "none", "null", "disabled", "enabled"))
_SUPERUSERS: Final = frozenset(("postgres", "root", "sa", "admin"))
_DATABASES: Final = frozenset(("postgres", "postgresql", "mysql", "mariadb", "sqlserver", "mongodb"))
_NO_TLS: Final = re.compile(r"\bsslmode=disable\b")
_MAX: Final = 20_000


def findings(stack: Stack, service: Service) -> Iterator[Finding]:
    """Of what one service gets."""
    for each in service.environment():
        told = _NAMES_SECRET.fullmatch(each.key) and _is_literal(each.value)
        if told:
            yield _secret(stack, each, 0, len(each.value), f"{each.key} is a secret")
        yield from _addresses(stack, each, told=bool(told))
    for each in service.arguments():
        for match in _IN_FLAG.finditer(each.value[:_MAX]):
            if _is_literal(match["value"]):
                yield _secret(stack, each, *match.span("value"), "the value of this flag is a secret")
        yield from _addresses(stack, each)


def _is_literal(value: str) -> bool:
    return bool(value) and "$" not in value and not value.startswith("/") and value.lower() not in _NO_SECRET


def _addresses(stack: Stack, setting: Setting, told: bool = False) -> Iterator[Finding]:
    for match in _IN_ADDRESS.finditer(setting.value[:_MAX]):
        group = "password" if match["password"] else "word"
        if not told and "$" not in match[group]:
            yield _secret(stack, setting, *match.span(group), "the address has a password in it")
        if match["scheme"] in _DATABASES and match["user"] in _SUPERUSERS:
            message = f"{match['user']} may do anything in the database: whoever has this file may too"
            remedy = "a user of its own with the few rights it needs (pg_monitor for an exporter of Postgres)"
            yield _access(stack, setting, *match.span("user"), message, remedy)
    for match in _NO_TLS.finditer(setting.value[:_MAX]):
        message = "the password and all data cross the network in the clear"
        yield _access(stack, setting, *match.span(), message, "sslmode=verify-full, or a network of their own")


def _secret(stack: Stack, setting: Setting, start: int, end: int, what: str) -> Finding:
    message = f"{what}, and everyone who can read this file, or its history, has it"
    file = f"{setting.key}_FILE: /run/secrets/..." if setting.key else "a file under /run/secrets"
    remedy = f"secrets: with a file, and {file} where the image knows it; else ${{{setting.key or 'NAME'}}} from .env"
    offset, length = setting.start + start, end - start
    return at(
        stack.document.loaded,
        setting.location,
        "compose/literal-secret",
        message,
        remedy,
        offset=offset,
        length=length,
    )


def _access(stack: Stack, setting: Setting, start: int, end: int, message: str, remedy: str) -> Finding:
    return at(
        stack.document.loaded,
        setting.location,
        "compose/database-access",
        message,
        remedy,
        offset=setting.start + start,
        length=end - start,
    )
