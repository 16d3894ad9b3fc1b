"""All files together: what is taken, what goes before what, what is refused."""

import dataclasses
import re
from pathlib import Path

import pytest

from hivesight import pack
from hivesight.config import Options, address, load, read_settings
from hivesight.config.settings import Settings
from hivesight.http_client.config import HttpConfig
from hivesight.model.errors import ConfigError

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_nothing_is_required() -> None:
    config = load(Options())
    assert config.settings == Settings()
    assert [path for path, _ in config.rules] == [str(path) for path in pack.GENERAL_RULES]
    assert config.alertmanager.config is not None and not config.warnings


def test_flags_go_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hivesight.yml"
    file.write_text("listen: 127.0.0.1:1\ndata: d\nprometheus_config: p/prometheus.yml\n")
    settings = read_settings(Options(config=file, listen="127.0.0.1:2"))
    assert settings.listen == "127.0.0.1:2"
    assert settings.data == str(tmp_path / "d")
    assert settings.prometheus_config == str(tmp_path / "p" / "prometheus.yml")


def test_the_pack_can_be_used_as_it_is(tmp_path: Path) -> None:
    pack.write(tmp_path)
    files = Options(prometheus_config=tmp_path / "prometheus.yml", alertmanager_config=tmp_path / "alertmanager.yml")
    config = load(files)
    assert len(config.prometheus.scrape_configs) == 16 and len(config.rules) == 5
    assert not config.warnings


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("rule_files: [r.yml, none.yml]\n")
    (tmp_path / "r.yml").write_text("groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]\n")
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: x}\n")
    with pytest.raises(ConfigError) as caught:
        load(Options(prometheus_config=tmp_path / "prometheus.yml", alertmanager_config=tmp_path / "alertmanager.yml"))
    assert {Path(each.path).name for each in caught.value.diagnostics} == {"r.yml", "none.yml", "alertmanager.yml"}


def test_what_prometheus_knows_and_we_do_not_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("remote_read: [{url: 'http://x/'}]\n")
    config = load(Options(prometheus_config=tmp_path / "prometheus.yml"))
    assert "remote_read" in config.warnings[0].message


@pytest.mark.parametrize(("text", "parts"), [("127.0.0.1:9640", ("127.0.0.1", 9640)), ("[::1]:0", ("::1", 0))])
def test_addresses(text: str, parts: tuple[str, int]) -> None:
    assert address(text) == parts


@pytest.mark.parametrize("text", ["9640", "host", "host:", "host:99999", "::1:80", ""])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        address(text)


def keys(kind: type, before: str = "") -> set[str]:
    """Every key of a section as the documentation writes it."""
    found: set[str] = set()
    for each in dataclasses.fields(kind):
        name = re.sub(r"_(ms|bytes)$", "", each.name)
        if isinstance(each.default_factory, type) and each.default_factory is not HttpConfig:
            found |= keys(each.default_factory, f"{before}{name}.")
        else:
            found.add(before + name)
    return found


def test_every_key_is_documented_and_nothing_else() -> None:
    table = DOCS.read_text().partition("## `hivesight.yml`")[2]
    assert set(re.findall(r"^\| `([a-z_.]+)`", table, re.MULTILINE)) == keys(Settings)
