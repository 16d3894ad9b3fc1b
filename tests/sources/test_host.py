"""This machine's own figures, against node_exporter where it is installed."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hivesight.ingest.exposition import parse
from hivesight.ingest.series_cache import SeriesCache
from hivesight.model.clock import SystemClock
from hivesight.sources import host_filesystems, host_linux
from hivesight.sources.host import Host

Families = dict[str, tuple[str, set[tuple[str, ...]], dict[tuple[str, frozenset[tuple[str, str]]], float]]]


def families(text: str) -> Families:
    """By name: type, sets of label names, values by series."""
    return {
        family.name: (
            family.type,
            {tuple(sorted(each.labels)) for each in family.samples},
            {(each.name, frozenset(each.labels.items())): each.value for each in family.samples},
        )
        for family in text_string_to_metric_families(text)
        if family.samples and family.name.startswith("node_")
    }


@pytest.fixture(scope="module")
def ours() -> Families:
    return families(Host(SystemClock()).render().decode())


def test_the_text_is_ours_to_parse() -> None:
    body = Host(SystemClock()).render()
    cache = SeriesCache()
    parsed = parse(cache, body)
    assert len(parsed.ids) > 30
    names = {each["__name__"] for each in cache.fresh.values()}
    assert {"node_cpu_seconds_total", "node_time_seconds", "node_load1", "node_memory_MemTotal_bytes"} <= names


def test_the_figures_are_this_machines(ours: Families) -> None:
    def value(name: str, **labels: str) -> float:
        found = ours[name.removesuffix("_total")][2]
        return found[(name, frozenset(labels.items()))]

    assert value("node_memory_MemTotal_bytes") == psutil.virtual_memory().total
    assert abs(value("node_time_seconds") - time.time()) < 60
    assert value("node_boot_time_seconds") == pytest.approx(psutil.boot_time(), abs=2)
    cpus = {dict(labels)["cpu"] for _, labels in ours["node_cpu_seconds"][2]}
    assert len(cpus) == psutil.cpu_count()
    assert value("node_cpu_seconds_total", cpu="0", mode="idle") > 0
    (root,) = [
        each for (_, labels), each in ours["node_filesystem_size_bytes"][2].items() if ("mountpoint", "/") in labels
    ]
    assert root == shutil.disk_usage("/").total
    assert not [labels for _, labels in ours["node_filesystem_size_bytes"][2] if ("fstype", "proc") in labels]


def test_as_node_exporter_says_it(ours: Families) -> None:
    exporter = shutil.which("prometheus-node-exporter")
    if exporter is None or not sys.platform.startswith("linux"):
        pytest.skip("needs the Debian package prometheus-node-exporter")
    theirs = families(ask(exporter))
    missing = {"node_filesystem_device_error"} | {each for each in ours if each.startswith("node_pressure")}
    for name, (kind, labels, values) in ours.items():
        if name in missing and name not in theirs:
            continue
        assert name in theirs, f"node_exporter knows no {name}"
        assert theirs[name][0] == kind, name
        assert theirs[name][1] == labels, name
        for series, value in values.items():
            other = theirs[name][2].get(series)
            # Sizes do not change; the rest moves on between the two readings.
            if other is not None and name.endswith(("MemTotal_bytes", "filesystem_size_bytes", "uname_info")):
                assert other == value
            elif other is not None and kind == "counter":
                assert other >= value * 0.999, series
    for name in (
        "node_cpu_seconds",
        "node_disk_read_bytes",
        "node_network_receive_bytes",
        "node_filesystem_avail_bytes",
    ):
        if name in theirs:
            # Later versions than Debian's leave compressed RAM disks out, as we do.
            known = {each for each in theirs[name][2] if not dict(each[1]).get("device", "").startswith("zram")}
            assert known <= ours[name][2].keys(), name


def ask(exporter: str) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [exporter, f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                time.sleep(0.05)
        raise AssertionError("node_exporter does not answer")
    finally:
        process.terminate()
        process.wait()


def test_a_file_system_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server_is_back, asked, real = threading.Event(), list[str](), os.statvfs

    def statvfs(path: str) -> os.statvfs_result:
        asked.append(path)
        if path == "/net":
            server_is_back.wait(30)
        return real("/")

    mounts = [("disk", "/", "ext4", "rw"), ("server:/", "/net", "nfs4", "ro"), ("proc", "/proc", "proc", "rw")]
    monkeypatch.setattr(host_linux, "mounts", lambda: mounts)
    monkeypatch.setattr(os, "statvfs", statvfs)
    monkeypatch.setattr(host_filesystems, "_PATIENCE_SECONDS", 0.02)
    systems = host_filesystems.FileSystems()

    def errors() -> dict[str, float]:
        (family,) = [each for each in systems.families() if each.name == "node_filesystem_device_error"]
        return {each.labels["mountpoint"]: each.value for each in family.samples}

    assert errors() == {"/": 0.0, "/net": 1.0}
    assert errors() == {"/": 0.0, "/net": 1.0}
    assert asked.count("/net") == 1 and "/proc" not in asked
    server_is_back.set()
    monkeypatch.setattr(host_filesystems, "_PATIENCE_SECONDS", 10.0)
    assert errors() == {"/": 0.0, "/net": 0.0}
