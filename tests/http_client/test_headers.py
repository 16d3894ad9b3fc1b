"""Credentials and headers of one's own, in the configuration and in files."""

from pathlib import Path

import pytest

from hivesight.http_client.config import Authorization, BasicAuth, HttpConfig, HttpHeader
from hivesight.http_client.errors import SettingError
from hivesight.http_client.folder import in_folder
from hivesight.http_client.headers import configured_headers, reads_files
from hivesight.http_client.secrets import MAX_SECRET_BYTES, read_text
from hivesight.model.secret import Secret

AUTHORIZATION = [
    (HttpConfig(), ""),
    (HttpConfig(basic_auth=BasicAuth(username="u", password=Secret("p"))), "Basic dTpw"),
    (HttpConfig(basic_auth=BasicAuth(username="u", password_file="secret")), "Basic dTpoaWRkZW4="),
    (HttpConfig(basic_auth=BasicAuth(username_file="secret", password=Secret("p"))), "Basic aGlkZGVuOnA="),
    (HttpConfig(basic_auth=BasicAuth(username="ü")), "Basic w7w6"),
    (HttpConfig(authorization=Authorization(credentials=Secret("t"))), "Bearer t"),
    (HttpConfig(authorization=Authorization(type=" ", credentials=Secret("t"))), "Bearer t"),
    (HttpConfig(authorization=Authorization(type="Token", credentials_file="secret")), "Token hidden"),
    (HttpConfig(authorization=Authorization(credentials=Secret(""), credentials_file="secret")), "Bearer hidden"),
    (HttpConfig(bearer_token=Secret("t")), "Bearer t"),
    (HttpConfig(bearer_token=Secret("")), ""),
    (HttpConfig(bearer_token_file="secret"), "Bearer hidden"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(" hidden\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("config", "expected"), AUTHORIZATION)
def test_authorization(config: HttpConfig, expected: str, folder: Path) -> None:
    found = configured_headers(in_folder(config, folder))
    assert (found.authorization, found.own) == (expected, ())
    assert not expected or expected not in repr(found)


def test_headers_of_ones_own_have_a_pair_for_each_value(folder: Path) -> None:
    header = HttpHeader(values=("a", "b"), secrets=(Secret("s"),), files=("secret",))
    config = HttpConfig(http_headers={"X-A": header, "X-B": HttpHeader(values=("c",))})
    found = configured_headers(in_folder(config, folder)).own
    assert found == (("X-A", "a"), ("X-A", "b"), ("X-A", "s"), ("X-A", "hidden"), ("X-B", "c"))


def test_who_reads_files() -> None:
    assert not reads_files(HttpConfig())
    assert not reads_files(HttpConfig(basic_auth=BasicAuth(username="u", password=Secret("p"))))
    assert reads_files(HttpConfig(basic_auth=BasicAuth(username_file="u")))
    assert reads_files(HttpConfig(authorization=Authorization(credentials_file="c")))
    assert reads_files(HttpConfig(bearer_token_file="b"))
    assert reads_files(HttpConfig(http_headers={"X": HttpHeader(files=("f",))}))


UNSENDABLE = [
    HttpConfig(bearer_token=Secret("to\nken")),
    HttpConfig(bearer_token=Secret("tøken")),
    HttpConfig(http_headers={"X-Own": HttpHeader(secrets=(Secret("to\r\nken"),))}),
]


@pytest.mark.parametrize("config", UNSENDABLE)
def test_a_value_that_no_header_can_hold_is_not_shown(config: HttpConfig) -> None:
    with pytest.raises(SettingError, match=r"the header (Authorization|X-Own) holds a line break") as raised:
        configured_headers(config)
    assert "ken" not in str(raised.value).replace("broken", "")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (MAX_SECRET_BYTES + 1))
    (tmp_path / "most").write_bytes(b"x" * MAX_SECRET_BYTES)
    (tmp_path / "binary").write_bytes(b"\xff")
    assert len(read_text(str(tmp_path / "most"), "k")) == MAX_SECRET_BYTES
    for name, message, lasting in (
        ("none", "cannot read .*none: No such file or directory", False),
        ("binary", "cannot read .*binary: not UTF-8 text", False),
        ("large", "large is too large for a secret", True),
    ):
        with pytest.raises(SettingError, match=message) as raised:
            configured_headers(in_folder(HttpConfig(bearer_token_file=name), tmp_path))
        assert (raised.value.key, raised.value.lasting) == ("bearer_token_file", lasting)
