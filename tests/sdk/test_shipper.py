"""The queue and thread that deliver telemetry: what arrives, what is counted, and that nobody waits for a server."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hivesight_sdk import recording
from hivesight_sdk.otlp import sender as module
from hivesight_sdk.otlp.destination import Destination
from hivesight_sdk.otlp.lifecycle import close_all
from hivesight_sdk.otlp.shipper import Shipper
from sdk.otlp_server import Receiver, Rude, until

Growth = Callable[..., Callable[[], float]]
Make = Callable[..., "Shipper[int]"]


def encode(items: Sequence[int]) -> bytes:
    return json.dumps(list(items)).encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    it = Receiver()
    yield it
    it.close()


@pytest.fixture
def make(receiver: Receiver) -> Iterator[Make]:
    made: list[Shipper[int]] = []

    def shipper(url: str = receiver.url, encode: Callable[[Sequence[int]], bytes] = encode, **options: Any) -> Any:
        to = Destination(url, options.pop("headers", {}), options.pop("timeout_seconds", 5.0))
        made.append(Shipper("traces", encode, to, **{"interval_seconds": 0.01, **options}))
        return made[-1]

    yield shipper
    close_all(made, 0.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)


def numbers(receiver: Receiver) -> list[int]:
    return [number for document in receiver.documents() for number in document]


def test_what_is_offered_arrives_once_in_order_over_one_connection(
    receiver: Receiver, make: Make, growth: Growth
) -> None:
    exported = growth("agent_hive_sdk_exported_total", signal="traces")
    shipper = make(batch=10, headers={"X-Tenant": "t"})
    for number in range(95):
        shipper.offer(number)
    assert shipper.flush(20)
    shipper.offer(95)
    assert until(lambda: len(numbers(receiver)) == 96)
    assert numbers(receiver) == list(range(96))
    assert max(map(len, receiver.documents())) <= 10
    assert receiver.connections == 1
    path, headers, _ = receiver.requests[0]
    assert (path, headers["Content-Type"], headers["X-Tenant"]) == ("/", "application/json", "t")
    assert shipper.close(20)
    assert exported() == 96


def test_items_wait_for_a_batch_or_the_interval(receiver: Receiver, make: Make) -> None:
    shipper = make(batch=3, interval_seconds=3_600)
    shipper.offer(1)
    shipper.offer(2)
    assert not until(lambda: receiver.requests, 0.05)
    shipper.offer(3)
    assert until(lambda: receiver.documents() == [[1, 2, 3]])


def test_large_bodies_are_compressed_and_small_ones_are_not(receiver: Receiver, make: Make) -> None:
    shipper = make(encode=lambda items: encode(items) + b" " * 2_000 * (items[0] > 1))
    for number in (1, 2):
        shipper.offer(number)
        assert shipper.flush(20)
    assert ["Content-Encoding" in headers for _, headers, _ in receiver.requests] == [False, True]
    assert numbers(receiver) == [1, 2]


def test_a_batch_that_is_too_large_goes_in_halves(
    receiver: Receiver, make: Make, monkeypatch: pytest.MonkeyPatch, growth: Growth
) -> None:
    lost = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 9)
    shipper = make(interval_seconds=3_600)
    for number in (1, 2, 3, 10**12, 4, 5, 6, 7):
        shipper.offer(number)
    assert not shipper.flush(20)
    assert numbers(receiver) == [1, 2, 3, 4, 5, 6, 7]
    assert lost() == 1


def test_a_full_queue_drops_and_counts(receiver: Receiver, make: Make, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="queue_full")
    shipper = make(max_items=5, batch=5, interval_seconds=3_600, url="http://127.0.0.1:9")
    for number in range(30):
        shipper.offer(number)
    assert until(lambda: dropped() >= 20)
    assert until(lambda: dropped() + shipper.waiting == 30)


ANSWERS: list[tuple[int, bytes, int]] = [
    (200, b"", 0),
    (202, b"garbage", 0),
    (204, b"", 0),
    (200, b'{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "no"}}', 2),
    (200, b'{"partialSuccess": {"rejectedLogRecords": 9}}', 3),
    (200, b'{"partialSuccess": [1]}', 0),
    (302, b"", 3),
    (400, b"\xff bad", 3),
    (404, b"", 3),
    (413, b"", 3),
    (500, b"", 3),
]


@pytest.mark.parametrize(("status", "answer", "lost"), ANSWERS)
def test_answers(status: int, answer: bytes, lost: int, receiver: Receiver, make: Make, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    exported = growth("agent_hive_sdk_exported_total", signal="traces")
    receiver.status, receiver.answer, receiver.headers = status, answer, {"Location": receiver.url}
    shipper = make(batch=3, interval_seconds=3_600)
    for number in range(3):
        shipper.offer(number)
    assert until(lambda: (dropped(), exported()) == (lost, 3 - lost))
    assert shipper.flush(20)
    assert len(receiver.requests) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_a_server_cannot_take_now_is_sent_again(status: int, receiver: Receiver, make: Make) -> None:
    receiver.status = status
    shipper = make(batch=2)
    shipper.offer(1)
    assert until(lambda: len(receiver.requests) > 2)
    receiver.status = 200
    shipper.offer(2)
    assert until(lambda: shipper.waiting == 0)
    sent = numbers(receiver)
    assert (sent[0], sent[-1]) == (1, 2)


def test_retry_after_is_kept_to_within_bounds(receiver: Receiver, make: Make) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": "999999999"}
    shipper = make()
    shipper.offer(1)
    assert until(lambda: shipper._sender.not_before > 0)
    assert 200 < shipper._sender.not_before - time.monotonic() <= 300
    assert not until(lambda: len(receiver.requests) > 1, 0.05)
    assert not shipper.close(0.05)
    assert len(receiver.requests) == 2  # whoever ends does not wait, but tries


@pytest.mark.usefixtures("quick")
def test_what_stays_untaken_is_given_up(
    receiver: Receiver, make: Make, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GIVE_UP_SECONDS", 0.0)
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    receiver.status = 503
    make().offer(1)
    assert until(lambda: dropped() == 1)


def test_an_address_that_is_not_there_is_left_alone(receiver: Receiver, make: Make, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    receiver.status = 404
    shipper = make(batch=1, max_items=4)
    shipper.offer(1)
    assert until(lambda: dropped() == 1)
    for number in range(4):
        shipper.offer(number)
    assert not shipper.flush(20)
    assert len(receiver.requests) == 1
    assert not shipper.close(20)
    assert dropped() == 5


RUDE: list[tuple[dict[str, Any], int]] = [
    ({"answer": b"SSH-2.0-OpenSSH_9.2\r\n"}, 1),
    ({"answer": b"\0\xff" * 100_000}, 1),
    ({"answer": b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"}, 0),
    ({"answer": b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}, 1),
    ({"answer": b""}, 0),
    ({"answer": b"", "reset": True}, 0),
    ({"answer": b"HTTP/1.1 503 Half\r\nContent-Le"}, 0),
]


@pytest.mark.parametrize(("manners", "lost"), RUDE)
def test_a_server_without_manners(manners: dict[str, Any], lost: int, make: Make, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    rude = Rude(**manners)
    try:
        shipper = make(rude.url)
        shipper.offer(1)
        assert until(lambda: rude.asked)
        assert until(lambda: shipper._sender.settled or shipper._sender._failures)
        assert until(lambda: dropped() == lost)
        shipper.close(0.05)
    finally:
        rude.close()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-"])
def test_flush_and_close_keep_their_deadline_when_the_server_hangs(said: bytes, make: Make, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    rude = Rude(said, hang=True)
    try:
        shipper = make(rude.url, timeout_seconds=600.0, batch=2)
        for number in range(5):
            shipper.offer(number)
        assert until(lambda: rude.asked)
        started = time.monotonic()
        assert not shipper.flush(0.05)
        assert not shipper.close(0.05)
        assert time.monotonic() - started < 10
        assert shipper._thread is not None
        shipper._thread.join(20)
        assert not shipper._thread.is_alive()
        assert dropped() == 5
        shipper.offer(6)
        shipper.close(600)
        assert dropped() == 6
    finally:
        rude.close()


def test_a_name_that_is_not_resolved_in_time_holds_nobody_up(
    make: Make, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    leave = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: leave.wait(60))
    shipper = make("http://hangs.invalid")
    shipper.offer(1)
    assert not shipper.close(0.05)
    assert dropped() == 1
    leave.set()


def test_nobody_there_is_told_once_at_info_and_nothing_is_lost(
    make: Make, growth: Growth, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)
    caplog.set_level(logging.INFO, "hivesight_sdk")
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    shipper = make("http://127.0.0.1:9")
    shipper.offer(1)
    assert until(lambda: shipper._sender._failures > 3)
    assert dropped() == 0
    assert [record.levelname for record in caplog.records] == ["INFO"]
    started = time.monotonic()
    assert not shipper.close(600)  # nobody's exit waits for a server that is not there
    assert time.monotonic() - started < 60
    assert dropped() == 1
    assert "WARNING" not in [record.levelname for record in caplog.records]


def test_an_encoder_that_raises_and_a_log_handler_that_raises(receiver: Receiver, make: Make, growth: Growth) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("no")

    def picky(items: Sequence[int]) -> bytes:
        if 1 in items:
            raise ValueError(f"not {items}")
        return encode(items)

    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    broken = Broken()
    logging.getLogger("hivesight_sdk").addHandler(broken)
    try:
        shipper = make(encode=picky, batch=1)
        shipper.offer(1)
        assert until(lambda: dropped() == 1)
        shipper.offer(2)
        assert shipper.flush(20)
    finally:
        logging.getLogger("hivesight_sdk").removeHandler(broken)
    assert numbers(receiver) == [2]


def test_a_kept_connection_that_the_server_has_closed_is_opened_again(receiver: Receiver, make: Make) -> None:
    shipper = make()
    shipper.offer(1)
    assert shipper.flush(20)
    http = shipper._sender._connection._http
    assert http is not None
    http.sock.shutdown(socket.SHUT_RDWR)
    shipper.offer(2)
    assert shipper.flush(20)
    assert numbers(receiver) == [1, 2]
    assert receiver.connections == 2


def test_many_threads_lose_nothing(receiver: Receiver, make: Make) -> None:
    shipper = make(max_items=10_000, batch=64, interval_seconds=0.001)

    def work(first: int) -> None:
        for number in range(first, first + 1_000):
            shipper.offer(number)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 8_000, 1_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shipper.flush(20)
    assert sorted(numbers(receiver)) == list(range(8_000))


def test_a_flush_is_heard_while_there_is_always_more_to_send(receiver: Receiver, make: Make) -> None:
    shipper = make(batch=1, max_items=10)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            shipper.offer(0)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert until(lambda: shipper.waiting > 5)
        assert shipper.flush(60)
    finally:
        stop.set()
        thread.join()
    assert receiver.requests


def test_offers_of_finalisers_inside_of_a_recording(receiver: Receiver, make: Make) -> None:
    shipper = make(max_items=1)
    recording.record(lambda: [shipper.offer(number) for number in range(3)])
    assert until(lambda: numbers(receiver) == [0])


def test_without_items_nothing_is_started(make: Make) -> None:
    shipper = make()
    assert shipper.flush(600)
    assert shipper._thread is None
    assert shipper.close(float("nan"))


def test_the_length_of_the_queue_is_a_metric(receiver: Receiver, make: Make, value: Callable[..., float]) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": "100"}
    shipper = make(batch=2)
    for number in range(3):
        shipper.offer(number)
    assert until(lambda: value("agent_hive_sdk_export_queue_length", signal="traces") == 3)


# ---- processes of their own: fork, and the exit of the interpreter ----

PRELUDE = """
import json, os, sys, threading, time
sys.path.insert(0, {tests!r})
from otlp_server import until
from hivesight_sdk.otlp.shipper import Shipper
from hivesight_sdk.otlp.destination import Destination
encode = lambda items: json.dumps(list(items)).encode()
shipper = Shipper("traces", encode, Destination({url!r}, timeout_seconds=600.0), interval_seconds={interval})
"""


def run(program: str, url: str, interval: float = 3_600.0) -> subprocess.CompletedProcess[str]:
    prelude = PRELUDE.format(tests=str(Path(__file__).parent), url=url, interval=interval)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", prelude + program]
    it = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (it.returncode, it.stderr) == (0, ""), it.stderr
    return it


def test_the_exit_of_the_interpreter_delivers(receiver: Receiver) -> None:
    run("shipper.offer(1)", receiver.url)
    run("import atexit; atexit.register(shipper.offer, 2)", receiver.url)
    run("threading.Thread(target=lambda: (time.sleep(0.1), shipper.offer(3))).start()", receiver.url)
    assert numbers(receiver) == [1, 2, 3]


def test_the_exit_of_the_interpreter_has_a_deadline() -> None:
    rude = Rude(b"HTTP/1.1 200 OK\r\nConten", hang=True)
    try:
        started = time.monotonic()
        run("from hivesight_sdk.otlp import lifecycle as s; s.EXIT_SECONDS = 0.2; shipper.offer(1)", rude.url)
        assert time.monotonic() - started < 30
        assert rude.asked == 1
    finally:
        rude.close()
    run("shipper.offer(1)", "http://127.0.0.1:9")


def test_where_no_thread_can_be_started_whoever_flushes_sends(
    receiver: Receiver, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def no_more(*arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    def none_of_ours(thread: threading.Thread) -> None:
        (no_more if thread.name.startswith("hivesight") else start)(thread)

    shipper = make()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_of_ours)
        shipper.offer(1)
        assert shipper.flush(20)
        patched.setattr("_thread.start_new_thread", no_more)
        shipper.offer(2)
        assert shipper.flush(20)
    shipper.offer(3)
    assert until(lambda: numbers(receiver) == [1, 2, 3])
    assert shipper._thread is not None


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@needs_fork
def test_a_forked_child_sends_its_own_and_the_parent_its_own(receiver: Receiver) -> None:
    run(
        """
shipper.offer(1)
pid = os.fork()
shipper.offer(2 if pid else 3)
if not pid:
    assert shipper.flush(20)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert shipper.flush(20)
pid = os.fork()
shipper.offer(4 if pid else 5)
assert shipper.flush(20)
if pid:
    assert os.waitpid(pid, 0)[1] == 0
""",
        receiver.url,
    )
    assert sorted(numbers(receiver)) == [1, 2, 3, 4, 5]


@needs_fork
def test_forks_in_the_middle_of_everything(receiver: Receiver) -> None:
    run(
        """
stop = threading.Event()
def work():
    while not stop.is_set():
        shipper.offer(0)
        time.sleep(0.0002)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(1, 21):
    pid = os.fork()
    if not pid:
        shipper.offer(number)
        os._exit(0 if shipper.flush(20) else 1)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
""",
        receiver.url,
        interval=0.001,
    )
    assert sorted(number for number in numbers(receiver) if number) == list(range(1, 21))


@needs_fork
def test_children_of_multiprocessing_deliver(receiver: Receiver) -> None:
    run(
        """
import multiprocessing
processes = [multiprocessing.get_context("fork").Process(target=shipper.offer, args=(n,)) for n in (1, 2)]
for process in processes:
    process.start()
for process in processes:
    process.join()
""",
        receiver.url,
    )
    assert sorted(numbers(receiver)) == [1, 2]
