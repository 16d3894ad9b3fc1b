"""Secrets in logs: what is taken out, what stays, and that hostile text costs no more than its length."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.logs.rules import EMAIL, RULES

Growth = Callable[..., Callable[[], float]]
R = "[redacted]"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAbc=\n-----END RSA PRIVATE KEY-----"

KEYS = [
    *(
        "password",
        "db_password",
        "DB_PASSWORD",
        "userPassword",
        "passwd",
        "secret",
        "clientSecret",
        "api_key",
        "apiKey",
    ),
    *("X-Api-Key", "OPENAI_API_KEY", "Authorization", "cookie", "Set-Cookie", "access_token", "accessToken", "jwt"),
    *("refreshToken", "private_key", "aws_secret_access_key", "session_id", "credentials", "passphrase"),
]
HARMLESS = ["author", "monkey", "keyboard", "tokenizer", "input_tokens", "compass", "secretary", "path", "key", "id"]

TEXTS = [
    ("Authorization: Bearer abcdef", f"Authorization: {R}"),
    ('{"authorization": "Basic dXNlcjpw"}', f'{{"authorization": "{R}"}}'),
    ("sent Bearer abcdefghijklmnop1234", f"sent Bearer {R}"),
    ("key sk-proj-abcdefghijklmnop_123 used", f"key {R} used"),
    ("ghp_" + "a" * 36, R),
    ("AKIAIOSFODNN7EXAMPLE", R),
    (f"got {JWT}!", f"got {R}!"),
    (PEM + " after", R + " after"),
    (PEM[:40], R),
    ("postgres://hive:hunter2@db:5432/x", f"postgres://{R}@db:5432/x"),
    ("password=hunter2 user=ann", f"password={R} user=ann"),
    ("DB_PASSWORD: hunter2", f"DB_PASSWORD: {R}"),
    ("Config(password='hunter2', n=1)", f"Config(password='{R}', n=1)"),
    ("/path?api_key=abc&x=1", f"/path?api_key={R}&x=1"),
    ("?access_token=123&x=1", f"?access_token={R}&x=1"),
    ("token=abc", f"token={R}"),
    ("password=\"two words\" x='y'", f"password=\"{R}\" x='y'"),
    ("{'password': 'two words', 'n': 1}", f"{{'password': '{R}', 'n': 1}}"),
    (r"{\"password\": \"two words\"}", r"{\"password\": \"" + R + '"}'),
    ("Set-Cookie: a=b; Path=/\nnext", f"Set-Cookie: {R}\nnext"),
]
UNCHANGED = [
    "max_token=500 used",
    "tokens: 12",
    "the bearer of bad news",
    "see https://example.org/a:b@c",
    "a task-sk-1 and risk-averse-planning-of-things",
    "ann@example.org wrote",
    "the password is not told",
    "a cookie was set",
    "ratio 3:4, key: value",
]


@pytest.mark.parametrize("key", KEYS)
def test_values_of_telling_keys(key: str) -> None:
    assert sdk.Redactor().secret_value(key, "x") == R


@pytest.mark.parametrize("key", HARMLESS)
def test_values_of_other_keys_stay(key: str) -> None:
    assert sdk.Redactor().secret_value(key, "x") is None


def test_numbers_of_tokens_stay() -> None:
    redactor = sdk.Redactor()
    assert redactor.secret_value("token_count", 12) is None
    assert redactor.secret_value("password", None) is None
    assert redactor.secret_value("pwd", 1234) == R


@pytest.mark.parametrize(("text", "shown"), TEXTS, ids=[text[:25] for text, _ in TEXTS])
def test_texts(text: str, shown: str) -> None:
    assert sdk.Redactor().text(text) == shown


@pytest.mark.parametrize("text", UNCHANGED)
def test_texts_without_secrets_stay(text: str) -> None:
    assert sdk.Redactor().text(text) == text


def test_rules_of_the_user() -> None:
    redactor = sdk.Redactor(keys=["Tenant_PIN"], patterns={"badge": r"E-\d{6}", "broken": "("}, emails=True)
    assert redactor.secret_value("tenant_pin", 1) == R
    assert sdk.Redactor(keys=7, patterns=[1]).text("x") == "x"  # type: ignore[arg-type]
    assert redactor.text("E-123456 of ann.b@example.org") == f"{R} of [e-mail]"


def test_what_is_taken_out_is_counted(growth: Growth) -> None:
    kinds = {kind: growth("agent_hive_log_redactions_total", kind=kind) for kind in ("key", "jwt", "badge")}
    formatter = sdk.JsonFormatter("hive", redactor=sdk.Redactor(patterns={"badge": r"E-\d{6}"}))
    record = logging.makeLogRecord({"msg": f"{JWT} {JWT} E-123456", "password": "x", "nested": {"token": "y"}})
    found = json.loads(formatter.format(record))
    assert found["message"] == f"{R} {R} {R}"
    assert found["fields"] == {"password": R, "nested": {"token": R}}
    assert {kind: grown() for kind, grown in kinds.items()} == {"key": 2, "jwt": 2, "badge": 1}


def test_exceptions_are_redacted_too() -> None:
    try:
        raise ConnectionError("cannot reach redis://:hunter2@cache:6379")
    except ConnectionError as error:
        record = logging.makeLogRecord({"msg": "m", "exc_info": (type(error), error, error.__traceback__)})
    line = sdk.JsonFormatter("hive").format(record)
    assert "hunter2@" not in line.replace('raise ConnectionError("cannot reach redis://:hunter2@', "")
    assert json.loads(line)["exception"]["message"] == f"cannot reach redis://{R}@cache:6379"


def test_a_secret_at_the_cut_is_not_shown_by_half() -> None:
    limits = sdk.LogLimits(message_characters=100)
    record = logging.makeLogRecord({"msg": "x " * 45 + "sk-abcdefghijklmnopqrstuvwxyz0123456789"})
    assert "sk-" not in json.loads(sdk.JsonFormatter("hive", limits=limits).format(record))["message"]


HOSTILE = [
    *("eyJ", "eyJa.", "sk-", "sk-a", "bearer ", "://", "://a:", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "token="),
    *(
        "cookie:",
        'cookie="',
        'password=\\"',
        "password='",
        "authorization:",
        "AKIA",
        "a@",
        "password",
        "api_key=",
        "gh",
        "-",
        " ",
        'token="',
        "authorization: a ",
    ),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_matched_in_linear_time(piece: str) -> None:
    # No clock: where matching were quadratic, this length would take many minutes.
    text = piece * (400_000 // len(piece))
    assert isinstance(sdk.Redactor(emails=True).text(text), str)


def test_every_rule_has_hints_that_its_matches_contain() -> None:
    for rule in (*RULES, EMAIL):
        assert rule.hints == tuple(hint.lower() for hint in rule.hints)
        assert isinstance(rule.pattern, re.Pattern)
