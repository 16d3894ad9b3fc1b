"""The queued handler: it never waits, drops and counts, flushes at exit within a deadline, and survives fork."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import hivesight_sdk as sdk

Growth = Callable[..., Callable[[], float]]


class Held(io.StringIO):
    """A stream that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.go.wait(20)
        return super().write(text)


def run(program: str, **options: object) -> subprocess.CompletedProcess[str]:
    prelude = "import logging, os, sys, threading, time\nimport hivesight_sdk as sdk\n"
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", prelude + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, **options)  # type: ignore[call-overload]


def test_lines_come_in_order_and_close_writes_what_is_queued() -> None:
    output = io.StringIO()
    with sdk.configure_logging("hive", stream=output, queued=True) as handle:
        for number in range(1_000):
            logging.getLogger("x").warning("%d", number)
        handle.flush()
        assert len(output.getvalue().splitlines()) == 1_000
        logging.getLogger("x").warning("last")
    messages = [json.loads(line)["message"] for line in output.getvalue().splitlines()]
    assert messages == [*map(str, range(1_000)), "last"]


def test_a_stream_that_hangs_holds_up_nobody(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="log_queue_full")
    stream = Held()
    with sdk.configure_logging("hive", stream=stream, queued=True, queue_lines=10, flush_seconds=0.01) as handle:
        logging.getLogger("x").warning("first")
        assert stream.reached.wait(20)
        for number in range(30):
            logging.getLogger("x").warning("%d", number)
        handle.flush()
        stream.go.set()
        assert dropped() >= 20


def test_the_rest_is_written_at_exit() -> None:
    done = run("sdk.configure_logging('x', queued=True)\nfor n in range(500): logging.warning('%d', n)")
    assert done.returncode == 0
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == [str(n) for n in range(500)]


def test_a_pipe_that_nobody_reads_does_not_keep_the_process_from_ending() -> None:
    reading, writing = os.pipe()
    program = """
sdk.configure_logging('x', queued=True, flush_seconds=0.2)
for n in range(2_000): logging.warning('%s', 'x' * 200)
print('ended')
"""
    prelude = "import logging\nimport hivesight_sdk as sdk\n"
    with subprocess.Popen(
        [sys.executable, "-c", prelude + program], stdout=subprocess.PIPE, stderr=writing, text=True
    ) as process:
        os.close(writing)
        try:
            out, _ = process.communicate(timeout=30)
        finally:
            process.kill()
            os.close(reading)
    assert (process.returncode, out) == (0, "ended\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_logs_with_a_thread_of_its_own_and_repeats_nothing() -> None:
    done = run("""
handle = sdk.configure_logging('x', queued=True)
stop = threading.Event()
def chatter():
    while not stop.is_set():
        logging.getLogger('chatter').warning('...')
        time.sleep(0.001)
threads = [threading.Thread(target=chatter) for _ in range(2)]
for thread in threads: thread.start()
for n in range(10):
    pid = os.fork()
    if pid == 0:
        logging.warning('child %d', n)
        logging.shutdown()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
for thread in threads: thread.join()
logging.warning('parent')
""")
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert sorted(message for message in messages if message != "...") == [*(f"child {n}" for n in range(10)), "parent"]


def test_a_closed_handler_takes_no_harm() -> None:
    handle = sdk.configure_logging("hive", stream=io.StringIO(), queued=True)
    handle.close()
    handle.close()
    handle.flush()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_multiprocessing_writes_all_it_logged() -> None:
    done = run("""
import multiprocessing
def work():
    for n in range(100): logging.warning('%d', n)
sdk.configure_logging('x', queued=True)
child = multiprocessing.get_context('fork').Process(target=work)
child.start()
child.join()
sys.exit(child.exitcode)
""")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == [str(n) for n in range(100)]


@pytest.mark.parametrize("queued", [False, True])
def test_logging_inside_of_recordings_and_of_scrapes_hangs_nobody(queued: bool) -> None:
    done = run(f"""
from hivesight_sdk import recording
from hivesight_sdk.exposition import render
from hivesight_sdk.metrics import REGISTRY
sdk.configure_logging('x', stream=open(os.devnull, 'w'), queued={queued}, queue_lines=8)
def log(): logging.warning('password=%s', 'hunter2', extra={{'api_key': 'x'}})
class Collector:
    def collect(self):
        log()
        return []
REGISTRY.register(Collector())
def repeat(action):
    for n in range(300): action()
actions = [log, log, lambda: recording.record(log), lambda: render(REGISTRY)]
threads = [threading.Thread(target=repeat, args=(action,)) for action in actions]
for thread in threads: thread.start()
for thread in threads: thread.join()
recording.record(lambda: None)
taken = REGISTRY.get_sample_value('agent_hive_log_redactions_total', {{'kind': 'key'}})
assert taken >= 4 * 300, taken
""")
    assert done.returncode == 0, done.stderr


def test_wrong_arguments_raise_nothing() -> None:
    wrong: dict[str, object] = {"queued": True, "queue_lines": "many", "level": object()}
    with sdk.configure_logging("hive", **wrong) as handle:  # type: ignore[arg-type]
        assert handle.handler in logging.getLogger().handlers
    assert sdk.JsonFormatter(limits=7).format(logging.makeLogRecord({})).startswith("{")  # type: ignore[arg-type]
