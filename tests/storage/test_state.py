"""Small durable state: documents survive SIGKILL, damage costs the file and nothing else."""

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hivesight.model.errors import StartError, StorageError
from hivesight.storage.state import State


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.db"


def test_documents(path: Path) -> None:
    state = State.open(path)
    table, other = state.table("alerts"), state.table("other")
    table.put({"b": b"2", "a": b"1", "": b"", "ключ": bytes(range(256))})
    table.put({"a": b"new"})
    table.put({})
    other.put({"a": b"mine"})
    table.delete(["b", "never"])
    table.delete([])
    state.close()
    state.close()
    state = State.open(path)
    assert state.table("alerts").load() == [("", b""), ("a", b"new"), ("ключ", bytes(range(256)))]
    assert state.table("other").load() == [("a", b"mine")]
    state.close()


def test_a_transaction_is_whole_or_not_at_all(path: Path) -> None:
    state = State.open(path)
    table = state.table("t")
    table.put({"kept": b"1"})
    with pytest.raises(StorageError, match="cannot write the state file"):
        table.put({"a": b"1", "b": object()})  # type: ignore[dict-item]
    assert table.load() == [("kept", b"1")]
    table.put({"after": b"1"})
    assert len(table.load()) == 2
    state.close()


def test_a_closed_state_says_so(path: Path) -> None:
    state = State.open(path)
    state.close()
    for act in (state.table("t").load, lambda: state.table("t").put({"a": b""})):
        with pytest.raises(StorageError, match="closed"):
            act()


WRITER = """
import sys
from pathlib import Path
from hivesight.storage.state import State
table = State.open(Path(sys.argv[1])).table("t")
number = len(table.load())
while True:
    table.put({f"{number:06d}": b"x" * 500, "last": str(number).encode()})
    print(number, flush=True)
    number += 1
"""


def test_sigkill_loses_nothing(path: Path) -> None:
    said = 0
    for count in (50, 80):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                for _ in range(count):
                    said = int(next(process.stdout))
            finally:
                process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                said = int(line) if line.endswith(b"\n") else said
    state = State.open(path)
    documents = dict(state.table("t").load())
    last = int(documents["last"])
    assert last - said in (0, 1)
    assert f"{last:06d}" in documents
    state.close()


@pytest.mark.parametrize("damage", ["not a database", "pages", "short"])
def test_a_damaged_file_is_set_aside(path: Path, damage: str) -> None:
    state = State.open(path)
    state.table("t").put({f"{n:04d}": bytes(1000) for n in range(50)})
    state.close()
    raw = bytearray(path.read_bytes())
    match damage:
        case "not a database":
            raw[:16] = b"something else.."
        case "pages":
            raw[4096:12288] = b"\xff" * 8192
        case _:
            del raw[6000:]
    path.write_bytes(raw)
    with capture_logs() as lines:
        state = State.open(path)
    (line,) = lines
    assert "set aside" in line["event"]
    assert Path(line["aside"]).read_bytes() == bytes(raw)
    assert state.table("t").load() == []
    state.table("t").put({"fresh": b"1"})
    state.close()
    state = State.open(path)
    assert state.table("t").load() == [("fresh", b"1")]
    state.close()


def test_a_newer_file_is_a_start_error(path: Path) -> None:
    State.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StartError, match="has version 9"):
        State.open(path)


def test_a_path_that_cannot_be_a_file_is_a_start_error(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot open the state file"):
        State.open(tmp_path)


def test_threads_share_a_state(path: Path) -> None:
    state = State.open(path)

    def write(name: str) -> None:
        table = state.table(name)
        for number in range(20):
            table.put({str(number): name.encode()})
            table.load()

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(state.table(f"t{n}").load()) == 20 for n in range(4))
    state.close()
