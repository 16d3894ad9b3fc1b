"""Files of targets."""

import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from hivesight.sources.discovery import FileDiscovery, FileFault, read_groups
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.sd_config import FileSdConfig


def write(path: Path, text: str) -> None:
    """As a careful writer does it: a new file in the place of the old."""
    temporary = path.with_name("writing")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


GOOD = [
    ("t.yml", "- targets: [a:1, b:2]\n  labels: {env: x}\n", ["a:1", "b:2"]),
    ("t.json", '[{"targets": ["a:1"], "labels": {"env": "x"}}]', ["a:1"]),
    ("t.json", '[\n\t{"targets":["a:1"],"labels":{"env":"x"}}\n]', ["a:1"]),
    ("t.json", "[]", []),
    ("t.yml", "", []),
    ("t.yml", "# none yet\n\n", []),
    ("t.yml", "[]", []),
]


@pytest.mark.parametrize(("name", "text", "addresses"), GOOD)
def test_files_that_are_read(tmp_path: Path, name: str, text: str, addresses: list[str]) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    groups = read_groups(path)
    assert [address for group in groups for address in group.addresses] == addresses
    for group in groups:
        assert group.labels == {"env": "x", "__meta_filepath": str(path)}


BAD = [
    ("t.json", "", "the file is empty"),
    ("t.json", '[{"targets": ["a:1"]', "t.json:2:1: while parsing"),
    ("t.yml", "targets: [a]\n", "t.yml:1:1: expected a list"),
    ("t.yml", "- target: [a]\n", "t.yml:1:3: unknown key 'target'; did you mean 'targets'?"),
    ("t.yml", "- targets: [[a]]\n", "expected a text"),
    ("t.yml", "- targets: {a: b}\n", "expected a list"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_files_that_are_broken(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FileFault) as caught:
        read_groups(tmp_path / name)
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot read"):
        read_groups(tmp_path / "none.yml")
    (tmp_path / "t.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(FileFault, match="not UTF-8"):
        read_groups(tmp_path / "t.yml")
    with (tmp_path / "big.yml").open("wb") as file:
        file.truncate(9 << 20)
    with pytest.raises(FileFault, match="larger than 8 MiB"):
        read_groups(tmp_path / "big.yml")


class Watched:
    def __init__(self, folder: Path, *patterns: str) -> None:
        self.registry = CollectorRegistry()
        files = tuple(str(folder / each) for each in patterns)
        self.discovery = FileDiscovery(FileSdConfig(files=files), ScrapeMetrics(self.registry))

    def addresses(self) -> list[str]:
        return [address for group in self.discovery.groups() for address in group.addresses]

    def errors(self) -> float:
        value = self.registry.get_sample_value("hivesight_sd_file_read_errors_total")
        assert value is not None
        return value


def test_new_targets_appear_with_the_next_look(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "*.yml", "one.json")
    assert not watched.discovery.poll(0.0) and watched.addresses() == []
    write(tmp_path / "a.yml", "- targets: [a:1]\n")
    assert watched.discovery.poll(1.0) and watched.addresses() == ["a:1"]
    assert not watched.discovery.poll(2.0)
    write(tmp_path / "one.json", '[{"targets": ["b:1"]}]')
    assert watched.discovery.poll(3.0) and watched.addresses() == ["a:1", "b:1"]
    write(tmp_path / "a.yml", "- targets: [a:2]\n")
    assert watched.discovery.poll(4.0) and watched.addresses() == ["a:2", "b:1"]
    (tmp_path / "a.yml").unlink()
    assert watched.discovery.poll(5.0) and watched.addresses() == ["b:1"]


def test_a_broken_file_keeps_its_last_good_targets(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "a.yml")
    write(tmp_path / "a.yml", "- targets: [a:1]\n")
    watched.discovery.poll(0.0)
    write(tmp_path / "a.yml", "- targets: [a:1, b:\n")
    assert not watched.discovery.poll(1.0)
    assert watched.addresses() == ["a:1"] and watched.errors() == 1
    assert not watched.discovery.poll(2.0) and watched.errors() == 1
    write(tmp_path / "a.yml", "- targets: [a:1, b:1]\n")
    assert watched.discovery.poll(3.0) and watched.addresses() == ["a:1", "b:1"]


def test_every_file_is_read_again_after_the_refresh_interval(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    watched = Watched(tmp_path, "a.yml")
    path.write_text("- targets: [a:1]\n", encoding="utf-8")
    watched.discovery.poll(0.0)
    status = path.stat()
    # A change that leaves no trace in what the file system tells.
    path.write_text("- targets: [b:1]\n", encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not watched.discovery.poll(299.0)
    assert watched.discovery.poll(300.0) and watched.addresses() == ["b:1"]
