"""Control group limits, read from a directory made to look like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivesight_sdk import cgroup


class Groups:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "cgroup"
        self.membership = folder / "membership"
        self.root.mkdir()
        (self.root / "cgroup.controllers").write_text("cpu memory\n")

    def member_of(self, path: str) -> None:
        self.membership.write_text(f"1:name=systemd:/old\n0::{path}\n")

    def write(self, group: str, **files: str) -> None:
        folder = self.root / group
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("_", ".", 1)).write_text(text)

    def memory(self) -> cgroup.MemoryUse | None:
        return cgroup.memory_use(self.root, self.membership)

    def cpu(self) -> list[cgroup.CpuUse]:
        return cgroup.cpu_uses(self.root, self.membership)


@pytest.fixture
def groups(tmp_path: Path) -> Groups:
    made = Groups(tmp_path)
    made.member_of("/")
    return made


def test_no_limits(groups: Groups) -> None:
    groups.write("", memory_max="max\n", memory_current="5\n", cpu_max="max 100000\n", cpu_stat="usage_usec 5\n")
    assert groups.memory() is None
    assert groups.cpu() == []


def test_memory_limit_counts_what_cannot_be_reclaimed(groups: Groups) -> None:
    groups.write("", memory_max="1000\n", memory_current="700\n", memory_stat="anon 1\ninactive_file 200\n")
    use = groups.memory()
    assert use == cgroup.MemoryUse(used_bytes=500, limit_bytes=1000)
    assert use.percent == 50.0


def test_the_limit_nearest_to_being_reached_counts(groups: Groups) -> None:
    groups.member_of("/pod/agent")
    groups.write("pod", memory_max="1000\n", memory_current="900\n")
    groups.write("pod/agent", memory_max="500\n", memory_current="100\n")
    assert groups.memory() == cgroup.MemoryUse(900, 1000)


def test_cpu_share_of_the_limit(groups: Groups) -> None:
    groups.write("", cpu_max="50000 100000\n", cpu_stat="usage_usec 1000000\nuser_usec 5\n")
    before = groups.cpu()
    assert before == [cgroup.CpuUse(groups.root, 1.0, 0.5)]
    groups.write("", cpu_stat="usage_usec 3000000\n")
    assert cgroup.cpu_percent(before, groups.cpu(), elapsed_seconds=8.0) == 50.0


@pytest.mark.parametrize("elapsed", [0.0, -1.0])
def test_cpu_share_needs_time_to_have_passed(groups: Groups, elapsed: float) -> None:
    groups.write("", cpu_max="50000 100000\n", cpu_stat="usage_usec 1\n")
    assert cgroup.cpu_percent(groups.cpu(), groups.cpu(), elapsed) is None
    assert cgroup.cpu_percent([], groups.cpu(), 1.0) is None


@pytest.mark.parametrize(
    "files",
    [
        {"memory_max": "", "cpu_max": ""},
        {"memory_max": "-1", "memory_current": "5", "cpu_max": "-5 100000"},
        {"memory_max": "0", "memory_current": "5", "cpu_max": "0 0", "cpu_stat": "usage_usec 1"},
        {"memory_max": "10", "memory_current": "junk", "cpu_max": "10", "cpu_stat": "usage_usec 1"},
        {"memory_max": "10", "cpu_max": "10 10", "cpu_stat": "usage_usec x\nusage_usec\n"},
    ],
)
def test_files_that_say_nothing_useful(groups: Groups, files: dict[str, str]) -> None:
    groups.write("", **files)
    assert groups.memory() is None
    assert groups.cpu() == []


def test_version_1_and_nothing_at_all(groups: Groups, tmp_path: Path) -> None:
    groups.write("", memory_max="1000", memory_current="1")
    (groups.root / "cgroup.controllers").unlink()
    assert groups.memory() is None
    assert cgroup.memory_use(tmp_path / "none", tmp_path / "none") is None
    assert cgroup.cpu_uses(tmp_path / "none", tmp_path / "none") == []


def test_a_membership_outside_of_the_namespace(groups: Groups) -> None:
    groups.member_of("/../../other")
    groups.write("", memory_max="1000", memory_current="100")
    assert groups.memory() == cgroup.MemoryUse(100, 1000)
