"""What comes in from outside: signed pushes, the gateway's refusals, and the inbox with real mail and HTTP."""

import asyncio
import email.message
import email.policy
import json
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import BaseRoute

from agent_hive import catalog, service
from agent_hive.bounded_log import BoundedLog
from agent_hive.faults import Faults
from agent_hive.gateway import Gateway
from agent_hive.hive_files import AlreadyRunning, HiveFiles
from agent_hive.inbox import read_mail, read_slack, read_webhook
from agent_hive.webhooks import SIGNATURE_HEADER, Webhooks, changed_files, sign
from agent_hive.work import BadRequest

COMMIT = {"added": ["a.py"], "modified": ["b/c.py", "README.md", 7], "removed": ["d.py"]}
PUSHES = [
    ({"commits": []}, []),
    ({"commits": [COMMIT, {"modified": ["a.py"]}]}, ["a.py", "b/c.py"]),
    ({"commits": [{}]}, []),
]
BAD_PUSHES = [
    ({}, "commits must be a list"),
    ({"commits": [1]}, "JSON object"),
    ({"commits": [{"added": "a.py"}]}, "added must be a list"),
    ({"commits": [{"added": ["../a.py"]}]}, "below the standard library"),
    ({"commits": [{}] * 51}, "at most 50"),
    ({"commits": [{"added": [f"{n}a{m}.py" for m in range(90)]} for n in range(2)]}, "180 Python files"),
]


@pytest.mark.parametrize(("push", "files"), PUSHES)
def test_pushes(push: dict[str, object], files: list[str]) -> None:
    assert changed_files(push) == files


@pytest.mark.parametrize(("push", "message"), BAD_PUSHES)
def test_bad_pushes(push: dict[str, object], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        changed_files(push)


def test_signature_is_githubs() -> None:
    # The example of GitHub's documentation, "Validating webhook deliveries".
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"It's a Secret to Everybody", b"Hello, World!") == expected


def _refusals(
    behaviour: service.Behaviour, requests: list[tuple[str, bytes, Mapping[Any, Any]]]
) -> list[tuple[int, str]]:
    async def scenario() -> list[tuple[int, str]]:
        app = service.build(behaviour, Faults(), guarded=True)
        transport = httpx2.ASGITransport(app=app)
        async with behaviour.running(), httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            answers = [await client.post(path, content=body, headers=headers) for path, body, headers in requests]
        return [(answer.status_code, str(answer.json().get("error"))) for answer in answers]

    return asyncio.run(scenario())


JSON = {"Content-Type": "application/json"}


def test_gateway_refuses_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv(catalog.ORCHESTRATOR.url_variable, nobody)
    answers = _refusals(
        Gateway(),
        [
            ("/tasks", b'{"code": "x"}', {}),
            ("/tasks", b"{", JSON),
            ("/tasks", b"x" * 200_000, JSON),
            ("/tasks", b'{"path": "/etc/passwd"}', JSON),
            ("/tasks", b'{"code": "x"}', JSON),
            ("/nowhere", b"", JSON),
        ],
    )
    assert [status for status, _ in answers] == [415, 400, 413, 400, 503, 404]
    assert all(error for _, error in answers)
    assert answers[4][1] == "the orchestrator cannot be reached"


def test_webhook_server_takes_only_what_is_signed() -> None:
    body = b'{"commits": []}'
    good = {SIGNATURE_HEADER: sign(b"secret", body)}
    answers = _refusals(
        Webhooks(b"secret"),
        [
            ("/hooks/push", body, good),
            ("/hooks/push", body + b" ", good),
            ("/hooks/push", body, {}),
            ("/hooks/push", body, {SIGNATURE_HEADER.encode(): b"sha256=\xe9"}),
            ("/hooks/push", b"{", {SIGNATURE_HEADER: sign(b"secret", b"{")}),
        ],
    )
    assert [status for status, _ in answers] == [202, 401, 401, 401, 400]


def test_every_process_answers_for_its_health_and_its_faults() -> None:
    class Quiet(Gateway):
        def routes(self) -> list[BaseRoute]:
            return []

    async def scenario() -> None:
        app = service.build(Quiet(), Faults(), guarded=True)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://x") as client:
            for body, status in (
                ({"fault": "errors"}, 200),
                ({"fault": "x"}, 400),
                ({"fault": "slow", "seconds": 99}, 400),
            ):
                assert (await client.post("/fault", json=body)).status_code == status
            assert (await client.get("/healthz")).json()["fault"] == "errors"
            assert (await client.get("/metrics")).status_code == 200
            statuses = [(await client.get("/nowhere")).status_code for _ in range(100)]
            assert 40 <= statuses.count(500) <= 80
            await client.post("/fault", json={"fault": "heal"})
            assert (await client.get("/nowhere")).status_code == 404

    asyncio.run(scenario())


class Inbox:
    """A running inbox and where it listens."""

    def __init__(self) -> None:
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        self.smtp_port = int(sockets[1].getsockname()[1])
        fds = [sock.fileno() for sock in sockets]
        command = [sys.executable, "-m", "agent_hive.inbox", "--fd", str(fds[0]), "--smtp-fd", str(fds[1])]
        self.process = subprocess.Popen(command, pass_fds=fds, stderr=subprocess.DEVNULL)
        for sock in sockets:
            sock.close()


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    running = Inbox()
    try:
        yield running
    finally:
        running.process.terminate()
        assert running.process.wait(5) == 0


ALERT = {"status": "firing", "alerts": [{"labels": {"alertname": "AgentHiveDown"}, "status": "firing"}]}


def test_inbox_keeps_and_shows_what_arrives(inbox: Inbox) -> None:
    with httpx2.Client(base_url=inbox.url, trust_env=False, timeout=10) as client:
        assert client.post("/webhook/critical", json=ALERT).status_code == 200
        assert client.post("/slack", json={"attachments": [{"title": "[FIRING:1]", "text": "down"}]}).text == "ok"
        letter = email.message.EmailMessage()
        letter["Subject"] = "[FIRING:1] <script>alert(1)</script> ünïcode"
        letter["From"] = "hivesight@example.org"
        letter["To"] = "oncall@example.org"
        letter.set_content("it is down – now\n")
        letter.add_alternative("<p>it is down</p>", subtype="html")
        with smtplib.SMTP("127.0.0.1", inbox.smtp_port, timeout=10) as smtp:
            smtp.send_message(letter)
        messages = client.get("/messages").json()["messages"]
        assert [(m["channel"], m["to"], m["subject"][:16]) for m in messages] == [
            ("email", "oncall@example.org", "[FIRING:1] <scri"),
            ("slack", "slack", "[FIRING:1]"),
            ("webhook", "critical", "[firing] AgentHi"),
        ]
        assert messages[0]["text"] == "it is down – now\n"
        page = client.get("/").text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert 'http-equiv="refresh"' in page


def test_inbox_is_bounded_and_refuses_what_is_too_large(inbox: Inbox) -> None:
    with httpx2.Client(base_url=inbox.url, trust_env=False, timeout=30) as client:
        assert client.post("/webhook/x", content=b"x" * 300_000).status_code == 413
        assert client.post("/webhook/x", content=b"{").status_code == 400
        assert client.post("/slack", content=b"[]").status_code == 400
        assert client.post("/slack", content=b'{"text": "half a pair: \\ud800"}').status_code == 200
        assert client.get("/messages").json()["messages"][0]["text"] == "half a pair: ?"
        with smtplib.SMTP("127.0.0.1", inbox.smtp_port, timeout=10) as smtp, pytest.raises(smtplib.SMTPSenderRefused):
            smtp.sendmail("a@x", ["b@x"], "Subject: x\n\n" + "x" * 60 + ("\n" + "x" * 60) * 6000)
        for number in range(510):
            client.post("/webhook/x", json={"status": str(number)})
        messages = client.get("/messages").json()["messages"]
        assert (len(messages), messages[0]["subject"].strip()) == (500, "[509]")


def test_inbox_fails_on_request_and_stays_readable(inbox: Inbox) -> None:
    with httpx2.Client(base_url=inbox.url, trust_env=False, timeout=10) as client:
        client.post("/fault", json={"fault": "errors"})
        statuses = {client.post("/webhook/x", json=ALERT).status_code for _ in range(30)}
        refused = 0
        for _ in range(10):
            with smtplib.SMTP("127.0.0.1", inbox.smtp_port, timeout=10) as smtp:
                try:
                    smtp.sendmail("a@x", ["b@x"], "Subject: x\n\nx")
                except smtplib.SMTPDataError as error:
                    refused += error.smtp_code == 451
        assert client.get("/").status_code == 200
        client.post("/fault", json={"fault": "heal"})
        assert statuses == {200, 500}
        assert refused > 0


DEEP: list[object] = []
for _ in range(400):
    DEEP = [DEEP]

READ = [
    (read_webhook, ALERT, "[firing] AgentHiveDown"),
    (read_webhook, {"x": 1}, "[webhook] "),
    (read_webhook, {"alerts": [1, {"labels": 1}, {"labels": {}}]}, "[webhook] ?"),
    (read_webhook, [1], "webhook"),
    (read_slack, {"text": "hello"}, "hello"),
    (read_slack, {"attachments": [{"fallback": "f"}, 1]}, "f"),
    (read_slack, {}, "Slack message"),
    (read_webhook, {"status": "x", "deep": DEEP}, "[x] "),
]


@pytest.mark.parametrize(("read", "payload", "subject"), READ)
def test_inbox_titles(read, payload: object, subject: str) -> None:
    assert read(json.dumps(payload).encode())[0] == subject


BAD_MAIL = [b"", b"\xff\xfe", b"Content-Type: text/plain; charset=nope\n\nx", b"Content-Type: multipart/mixed\n\nx"]


@pytest.mark.parametrize("raw", BAD_MAIL)
def test_inbox_reads_any_mail(raw: bytes) -> None:
    subject, text = read_mail(raw)
    assert isinstance(subject, str) and isinstance(text, str)


def test_service_names() -> None:
    assert catalog.find("event-streaming") is catalog.find("agent-hive-event-streaming") is catalog.STREAMING
    assert catalog.find("model") is catalog.find("scripted-model-server")
    with pytest.raises(
        catalog.UnknownService, match="orchestrator, api-gateway, event-streaming, webhook-server, model"
    ):
        catalog.find("nope")


def test_logs_are_bounded(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "x.log", max_bytes=100)
    for number in range(100):
        log.write(b"%09d\n" % number)
    log.close()
    assert (tmp_path / "x.log").read_bytes().endswith(b"000000099\n")
    assert [(tmp_path / name).stat().st_size <= 100 for name in ("x.log", "x.log.1")] == [True, True]
    assert len(list(tmp_path.iterdir())) == 2


def test_one_hive_per_directory(tmp_path: Path) -> None:
    files, others = HiveFiles(tmp_path / "hive"), HiveFiles(tmp_path / "hive")
    files.claim()
    with pytest.raises(AlreadyRunning, match="choose another --dir"):
        others.claim()
    files.release()
    others.claim()
    others.release()


def test_busy_port_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit, match="choose another with --port"):
        service.listener(taken.getsockname()[1], None)
