"""Forked children: recordings work, the sampler goes on, the parent's port is left to the parent.

Each case is a program of its own, since a fork of the test process would copy every thread of every other test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PRELUDE = """
import os, sys, threading, time, traceback
import hivesight_sdk as sdk
from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk import recording, resources

def in_child(check):
    pid = os.fork()
    if pid == 0:
        try:
            check()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
"""


def run(program: str) -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PRELUDE + program]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            _, errors = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # a child that hangs would outlive its parent
            raise
    assert process.returncode == 0, errors


def test_the_sampler_goes_on_in_the_child() -> None:
    run("""
configured = sdk.configure("parent", metrics_port=0, resource_interval_seconds=3600)
parents_thread = configured.sampler._thread

def check():
    assert configured.sampler.running
    assert configured.sampler._thread is not parents_thread
    assert configured.metrics_port is None, "the port stays with the parent"
    assert configured.inherited
    with sdk.configure("child", metrics_port=0, resource_interval_seconds=3600) as mine:
        assert mine is not configured
        assert mine.service_name == "child"
        assert mine.metrics_port and mine.metrics_port != port
        assert not configured.sampler.running

port = configured.metrics_port
in_child(check)
assert configured.sampler.running and configured.metrics_port == port
configured.close()
""")


def test_the_child_does_not_keep_the_parents_port_open() -> None:
    run("""
import socket
server = sdk.serve_metrics(port=0)
port = server.port
reading, writing = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(writing)
    os.read(reading, 1)
    os._exit(0)
os.close(reading)
server.close()
try:
    socket.create_connection(("127.0.0.1", port), timeout=5)
except ConnectionRefusedError:
    refused = True
else:
    refused = False
os.close(writing)
os.waitpid(pid, 0)
assert refused
""")


def test_a_fork_waits_for_recordings_so_that_no_lock_is_copied_locked() -> None:
    run("""
inside, leave = threading.Event(), threading.Event()

def slow():
    with sdk.TASKS_COMPLETED._lock:
        inside.set()
        leave.wait(0.2)

thread = threading.Thread(target=lambda: recording.record(slow))
thread.start()
inside.wait()

def check():
    with sdk.track_task("child"):
        pass
    labels = {"agent_type": "child", "status": "completed", "priority": "medium"}
    assert REGISTRY.get_sample_value("agent_hive_tasks_completed_total", labels) == 1

in_child(check)
thread.join()
with sdk.track_task("parent"):
    pass
""")


def test_a_fork_does_not_hang_on_a_collector_that_hangs() -> None:
    run("""
recording._FORK_WAIT_SECONDS = 0.05
inside, leave = threading.Event(), threading.Event()

def hang():
    inside.set()
    leave.wait()

thread = threading.Thread(target=lambda: recording.collect_exclusively(hang), daemon=True)
thread.start()
inside.wait()

def check():
    from hivesight_sdk.exposition import render
    sdk.record_retry("child")
    assert render(REGISTRY).status == 200

in_child(check)
leave.set()
thread.join()
""")


def test_many_forks_while_other_threads_record() -> None:
    run("""
stop = threading.Event()

def work():
    while not stop.is_set():
        with sdk.track_task("busy"):
            pass

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()

def check():
    for _ in range(5):
        with sdk.track_task("busy"):
            pass
        sdk.record_queue("waiting", 1)

for _ in range(10):
    in_child(check)
stop.set()
for thread in threads:
    thread.join()
""")


def test_what_waits_at_a_fork_is_counted_once_on_each_side() -> None:
    run("""
from hivesight_sdk import batches

def calls():
    return REGISTRY.get_sample_value("agent_hive_tool_calls_total", {"tool": "t", "outcome": "success"})

def check():
    assert calls() == 2, "what a child begins with is what its parent had"
    sdk.tool("t")(int)()
    assert calls() == 3

sdk.tool("t")(int)()
sdk.tool("t")(int)()
assert batches._waiting
in_child(check)
assert calls() == 2
""")


def test_multiprocessing_by_fork() -> None:
    run("""
import multiprocessing

def square(x):
    with sdk.track_task("worker"):
        return x * x

configured = sdk.configure("pool", metrics_port=0, resource_interval_seconds=3600)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(square, range(10)) == [x * x for x in range(10)]
configured.close()
""")


def test_the_performance_monitor_goes_on_in_the_child_and_leaves_the_history_file_to_the_parent() -> None:
    run("""
import collections, tempfile
called = collections.defaultdict(threading.Event)
history = os.path.join(tempfile.mkdtemp(), "history.db")
options = {"collection_interval": 3600, "providers": {"called": lambda: called[os.getpid()].set()}}
monitor = sdk.PerformanceMonitor(history_path=history, **options)
stopped = sdk.PerformanceMonitor(**options)
stopped.start()
stopped.stop()
called.clear()
monitor.start()
parents_thread = monitor._thread
assert called[os.getpid()].wait(20)

def check():
    assert monitor.running and not stopped.running
    assert monitor._thread is not parents_thread
    assert called[os.getpid()].wait(20)
    monitor.stop(20)
    assert monitor.metrics_history
    assert monitor._history._file is None

in_child(check)
assert monitor.running and monitor._thread is parents_thread
monitor.stop(20)
os.remove(history)
""")
