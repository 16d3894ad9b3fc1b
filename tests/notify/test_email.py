"""E-mail against a real SMTP server, in the clear and over TLS."""

import asyncio
import email
import email.policy
import hmac
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_receivers import EmailConfig, Threading
from hivesight.alerting.config_types import HostPort
from hivesight.http_client.config import TlsConfig
from hivesight.model.secret import Secret
from hivesight.notify.email import EmailNotifier
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import load_templates
from notify.helpers import HERE, down, notices, notification

PLAIN = GlobalConfig(smtp_from="Hive <hive@example.org>", smtp_require_tls=False)


@dataclass
class Mailbox:
    port: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[tuple[str, Any]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    hellos: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        self.hellos.append(str(session.host_name))
        return self.data_answer

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((mechanism, data))
        return AuthResult(success=data.password == b"right", handled=False)

    def message(self) -> EmailMessage:
        (envelope,) = self.envelopes
        found = email.message_from_bytes(cast("bytes", envelope.content), policy=email.policy.default)
        return cast("EmailMessage", found)


@contextmanager
def mailbox(box: Mailbox | None = None, **options: Any) -> Iterator[Mailbox]:
    """A mail server on a free port of the loopback."""
    box = box or Mailbox()

    class OnAFreePort(Controller):
        def _trigger_server(self) -> None:
            # The controller knocks at the port that it was asked for; this one was asked for any.
            assert self.server is not None
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    controller = OnAFreePort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def send(
    box: Mailbox,
    told: Notification | None = None,
    shared: GlobalConfig = PLAIN,
    directory: Path = HERE,
    port: int = 0,
    **config: Any,
) -> Notification:
    told = told or notification()

    async def go() -> None:
        settings = {"to": "ops@example.org", "smarthost": HostPort("127.0.0.1", port or box.port)} | config
        notifier = EmailNotifier(EmailConfig(**settings), shared, load_templates((), directory), directory)
        await notifier.notify(told)
        await notifier.close()

    asyncio.run(go())
    return told


def test_the_default_message() -> None:
    alert = down(runbook_url="http://runbook", description="CPU < 5 & <b>more</b>")
    with mailbox() as box:
        send(box, notification(notices(alert)), to="Ops <ops@example.org>, cto@example.org")
    (envelope,) = box.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hive@example.org", ["ops@example.org", "cto@example.org"])
    message = box.message()
    subject = "[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical)"
    assert message["Subject"] == subject
    assert message["From"] == "Hive <hive@example.org>"
    assert message["To"] == "Ops <ops@example.org>, cto@example.org"
    assert message["Date"] == "Thu, 09 Oct 2025 08:53:20 +0000"
    assert message["Message-Id"].startswith("<1760000000000.")
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for part in (
        subject,
        "FIRING: The service is down",
        "How bad:   critical",
        "When:      firing since 2025-10-09 08:53:20 UTC",
        "Graph:     http://hive/graph",
        "Runbook:   http://runbook",
        "CPU < 5 & <b>more</b>",
        "All alerts: http://hive.example/alerts?receiver=team",
    ):
        assert part in text.get_content()
    body = html.get_content()
    assert 'href="http://runbook">Runbook</a>' in body
    assert "CPU &lt; 5 &amp; &lt;b&gt;more&lt;/b&gt;" in body and "<b>more</b>" not in body


def test_a_resolved_message_does_not_read_as_firing() -> None:
    with mailbox() as box:
        send(box, notification(notices(resolved=(down(),))))
    message = box.message()
    assert message["Subject"].startswith("[RESOLVED] AgentHiveDown")
    text, html = (part.get_content() for part in message.iter_parts())
    for body in (text, html):
        assert "firing" not in body.lower() and "RESOLVED" in body and "resolved at" in body


def test_ones_own_words_and_headers() -> None:
    headers = {"subject": "Alert: {{ .GroupLabels.alertname }} 🐝", "X-Team": "{{ .Receiver }}", "Reply-To": "a@b.org"}
    with mailbox() as box:
        send(box, headers=headers, text="plain {{ .Status }}", html="", hello="hive.example")
    message = box.message()
    wanted = ("Alert: AgentHiveDown 🐝", "team", "a@b.org")
    assert (message["Subject"], message["X-Team"], message["Reply-To"]) == wanted
    assert (message.get_content_type(), message.get_content().strip()) == ("text/plain", "plain firing")
    assert box.hellos == ["hive.example"]


def test_labels_cannot_break_out_of_a_header() -> None:
    told = notification(group={"alertname": "X\r\nBcc: evil@example.org\r\n\r\nbody", "job": "y\x00\u2028z"})
    with mailbox() as box:
        send(box, told, headers={"Subject": "{{ .GroupLabels.alertname }} {{ .GroupLabels.job }}"})
    message = box.message()
    assert message["Subject"] == "X Bcc: evil@example.org body y z"
    assert message["Bcc"] is None and box.envelopes[0].rcpt_tos == ["ops@example.org"]


def test_messages_of_a_group_form_a_thread() -> None:
    with mailbox() as box:
        send(box, threading=Threading(enabled=True, thread_by_date="daily"))
    message = box.message()
    assert message["References"] == message["In-Reply-To"]
    assert message["References"].startswith("<alert-") and message["References"].endswith("-2025-10-09@alertmanager>")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("mail.example.org", "127.0.0.1").configure_cert(context)
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return context, str(path)


def test_starttls_is_the_default_and_the_server_is_checked(authority: tuple[ssl.SSLContext, str]) -> None:
    context, ca = authority
    shared = GlobalConfig(smtp_from="hive@example.org", smtp_tls_config=TlsConfig(ca_file=ca))
    with mailbox(tls_context=context) as box:
        send(box, shared=shared)
        send(box, shared=shared, tls_config=TlsConfig(ca_file=ca, server_name="mail.example.org"))
        send(box, shared=shared, tls_config=TlsConfig(insecure_skip_verify=True))
        assert box.encrypted == [True] * 3
        for tls in (TlsConfig(), TlsConfig(ca_file=ca, server_name="other.example.org")):
            with pytest.raises(NotifyError, match=r"(?i)certificate.verify.failed") as raised:
                send(box, shared=shared, tls_config=tls)
            assert raised.value.reason is FailureReason.CONNECTION
    with mailbox() as box, pytest.raises(NotifyError, match="does not offer STARTTLS"):
        send(box, shared=shared)


def test_tls_from_the_first_byte(authority: tuple[ssl.SSLContext, str]) -> None:
    context, ca = authority
    with mailbox(ssl_context=context) as box:
        send(box, force_implicit_tls=True, tls_config=TlsConfig(ca_file=ca))
        named = TlsConfig(ca_file=ca, server_name="mail.example.org")
        send(box, force_implicit_tls=True, tls_config=named, require_tls=True)
        with pytest.raises(NotifyError, match=r"(?i)certificate.verify.failed"):
            send(box, force_implicit_tls=True)
    assert len(box.envelopes) == 2


AUTH = [
    (["CRAM-MD5", "LOGIN"], {"auth_password": Secret("right")}, "PLAIN"),
    (["CRAM-MD5", "PLAIN"], {"auth_password": Secret("right")}, "LOGIN"),
    (["CRAM-MD5", "PLAIN"], {"auth_password_file": "password"}, "LOGIN"),
]


@pytest.mark.parametrize(("without", "config", "mechanism"), AUTH)
def test_passwords(without: list[str], config: dict[str, Any], mechanism: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right\n", encoding="utf-8")
    box = Mailbox()
    options = {"auth_exclude_mechanism": without, "authenticator": box.authenticate, "auth_require_tls": False}
    with mailbox(box, **options):
        send(box, directory=tmp_path, auth_username="ann", **config)
    ((used, data),) = box.logins
    assert (used, data.login, data.password) == (mechanism, b"ann", b"right")


class CramMd5(SMTP):
    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:
        answer = await self.challenge_auth("<1896.697170952@postoffice.example.net>")
        # RFC 2195, section 2, has this secret and this digest.
        assert isinstance(answer, bytes)
        good = answer == b"tim " + _digest(b"tanstaaftanstaaf", b"<1896.697170952@postoffice.example.net>")
        return AuthResult(success=good)


def _digest(secret: bytes, challenge: bytes) -> bytes:
    return hmac.new(secret, challenge, "md5").hexdigest().encode()


def test_cram_md5_by_the_secret() -> None:
    class WithCram(Mailbox):
        pass

    box = WithCram()

    class Cram(Controller):
        def factory(self) -> SMTP:
            return CramMd5(self.handler, auth_require_tls=False, authenticator=box.authenticate)

        def _trigger_server(self) -> None:
            assert self.server is not None
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    controller = Cram(box, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        send(box, port=controller.port, auth_username="tim", auth_secret=Secret("tanstaaftanstaaf"))
    finally:
        controller.stop()
    assert len(box.envelopes) == 1 and box.logins == []


def test_a_wrong_password_is_not_tried_again() -> None:
    box = Mailbox()
    with (
        mailbox(box, authenticator=box.authenticate, auth_require_tls=False),
        pytest.raises(NotifyError) as raised,
    ):
        send(box, auth_username="ann", auth_password=Secret("wrong"))
    assert (raised.value.reason, raised.value.retry) == (FailureReason.AUTH, False)


def test_one_refused_recipient_does_not_keep_the_others_from_hearing() -> None:
    with mailbox(Mailbox(refuse={"gone@example.org": "550 no such user"})) as box:
        told = send(box, to="gone@example.org, ops@example.org")
    assert box.envelopes[0].rcpt_tos == ["ops@example.org"]
    assert told.remarks == ["gone@example.org was refused: 550 no such user"]


FAILURES = [
    (Mailbox(refuse={"ops@example.org": "550 no such user"}), FailureReason.CLIENT_ERROR, False, "550 no such user"),
    (Mailbox(refuse={"ops@example.org": "451 later"}), FailureReason.SERVER_ERROR, True, "451 later"),
    (Mailbox(data_answer="554 spam"), FailureReason.CLIENT_ERROR, False, "554 spam"),
    (Mailbox(data_answer="452 full"), FailureReason.SERVER_ERROR, True, "452 full"),
]


@pytest.mark.parametrize(("box", "reason", "again", "text"), FAILURES)
def test_what_the_server_refuses(box: Mailbox, reason: FailureReason, again: bool, text: str) -> None:
    with mailbox(box), pytest.raises(NotifyError, match=text) as raised:
        send(box)
    assert (raised.value.reason, raised.value.retry) == (reason, again)


def test_nobody_there() -> None:
    with pytest.raises(NotifyError) as raised:
        send(Mailbox(), port=1)
    assert (raised.value.reason, raised.value.retry) == (FailureReason.CONNECTION, True)


BAD_ADDRESSES = ["", "nobody", "a@", "@b", "Ops <>", "{{ .Status }}", "("]


@pytest.mark.parametrize("to", BAD_ADDRESSES)
def test_addresses_that_are_none(to: str) -> None:
    with pytest.raises(NotifyError, match="not an address") as raised:
        send(Mailbox(), port=1, to=to)
    assert (raised.value.reason, raised.value.retry) == (FailureReason.CONFIG, False)


def test_a_server_that_says_nothing_is_given_up_when_the_time_is() -> None:
    async def go() -> None:
        released = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.read() == b""
            writer.close()
            released.set()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = EmailConfig(to="a@b.org", smarthost=HostPort("127.0.0.1", port))
        notifier = EmailNotifier(config, PLAIN, load_templates((), HERE), HERE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await notifier.notify(notification())
        async with asyncio.timeout(5):
            await released.wait()
        server.close()
        await server.wait_closed()

    asyncio.run(go())
