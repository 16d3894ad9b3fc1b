"""One SMTP conversation, blocking: connect, TLS, authenticate, hand over. Called in a thread of its own."""

import hashlib
import hmac
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

from hivesight.alerting.config_types import HostPort
from hivesight.notify.errors import FailureReason, NotifyError, judge_smtp, shown

_READY: Final = 220
_DONE: Final = 250
_FORWARDED: Final = 251


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """Who sends. An empty username: nobody in particular, without authentication."""

    username: str = ""
    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    identity: str = ""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to. implicit_tls: TLS from the first byte. starttls: required before anything is said."""

    address: HostPort
    hello: str
    implicit_tls: bool
    starttls: bool
    tls: ssl.SSLContext | None
    server_name: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """answer: the server's, when it had the message. remarks: one for each recipient that it refused while it took
    others."""

    answer: str
    remarks: tuple[str, ...]


class _Plain(smtplib.SMTP):
    def shows(self, name: str) -> None:
        """The name that the server's certificate must have."""
        self._host = name


class _Encrypted(smtplib.SMTP_SSL):
    def shows(self, name: str) -> None:
        """The name that the server's certificate must have."""
        self._host = name


def _handed_over(smtp: smtplib.SMTP, sender: str, recipients: list[str], message: bytes) -> Accepted:
    """What `SMTP.sendmail` does, which keeps the server's last answer, and with it the message's number there, for
    itself (RFC 5321 section 3.3)."""
    code, text = smtp.mail(sender, [f"size={len(message)}"] if smtp.has_extn("size") else [])
    if code != _DONE:
        raise smtplib.SMTPSenderRefused(code, text, sender)
    refused: dict[str, tuple[int, bytes]] = {}
    for each in recipients:
        code, text = smtp.rcpt(each)
        if code not in (_DONE, _FORWARDED):
            refused[each] = (code, text)
    if len(refused) == len(recipients):
        raise smtplib.SMTPRecipientsRefused(refused)
    code, text = smtp.data(message)
    if code != _DONE:
        raise smtplib.SMTPDataError(code, text)
    remarks = (f"{who} was refused: {code} {text.decode(errors='replace')}" for who, (code, text) in refused.items())
    return Accepted(f"{code} {shown(text)}", tuple(remarks))


class SmtpSession:
    """One message to one server. `abort`, from another thread, ends a conversation that takes too long."""

    def __init__(self, server: SmtpServer, account: SmtpAccount) -> None:
        self._server = server
        self._account = account
        self._smtp: smtplib.SMTP | None = None
        self._aborted = False

    def send(self, sender: str, recipients: list[str], message: bytes) -> Accepted:
        """Hand the message over. Raises NotifyError."""
        address = self._server.address
        try:
            with self._client() as smtp:
                # Known before it connects: a server that never greets can be aborted.
                self._smtp = smtp
                code, text = smtp.connect(address.host, address.port)
                if code != _READY:
                    raise smtplib.SMTPConnectError(code, text)
                if self._aborted:
                    raise NotifyError(FailureReason.TIMEOUT, "given up", retry=True)
                return self._converse(smtp, sender, recipients, message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise judge_smtp(code, text, f"{address} refused every recipient") from error
        except smtplib.SMTPResponseException as error:
            raise judge_smtp(error.smtp_code, error.smtp_error, str(address)) from error
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise NotifyError(FailureReason.TIMEOUT, f"{address}: no answer in time", retry=True) from error
            raise NotifyError(FailureReason.CONNECTION, f"{address}: {error}", retry=True) from error
        except smtplib.SMTPException as error:
            raise NotifyError(FailureReason.OTHER, f"{address}: {error}", retry=True) from error
        except TimeoutError as error:
            raise NotifyError(FailureReason.TIMEOUT, f"{address}: no answer in time", retry=True) from error
        except OSError as error:
            raise NotifyError(FailureReason.CONNECTION, f"{address}: {error.strerror or error}", retry=True) from error

    def abort(self) -> None:
        """Cut the connection."""
        self._aborted = True
        smtp = self._smtp
        sock = None if smtp is None else smtp.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _client(self) -> smtplib.SMTP:
        server = self._server
        if server.implicit_tls:
            client = _Encrypted(local_hostname=server.hello, timeout=server.timeout_seconds, context=server.tls)
        else:
            client = _Plain(local_hostname=server.hello, timeout=server.timeout_seconds)
        client.shows(server.server_name or server.address.host)
        return client

    def _converse(self, smtp: smtplib.SMTP, sender: str, recipients: list[str], message: bytes) -> Accepted:
        smtp.ehlo_or_helo_if_needed()
        encrypted = self._server.implicit_tls
        if self._server.starttls and not encrypted:
            if not smtp.has_extn("starttls"):
                text = f"require_tls is true (the default), but {self._server.address} does not offer STARTTLS"
                raise NotifyError(FailureReason.CONFIG, text, retry=True)
            smtp.starttls(context=self._server.tls)
            smtp.ehlo()
            encrypted = True
        self._authenticate(smtp, encrypted)
        return _handed_over(smtp, sender, recipients, message)

    def _authenticate(self, smtp: smtplib.SMTP, encrypted: bool) -> None:
        """By the first mechanism that the server offers and for which there is a password (as Alertmanager does)."""
        account = self._account
        offered = smtp.esmtp_features.get("auth", "").split()
        if not account.username or not offered:
            return
        for mechanism in offered:
            if mechanism == "CRAM-MD5" and account.secret:
                smtp.auth(mechanism, self._cram_md5, initial_response_ok=False)
                return
            if mechanism == "PLAIN" and account.password:
                if not encrypted and self._server.address.host not in ("localhost", "127.0.0.1", "::1"):
                    text = "the password would go unencrypted: set require_tls, or use CRAM-MD5"
                    raise NotifyError(FailureReason.AUTH, text, retry=False)
                smtp.auth(mechanism, self._plain)
                return
            if mechanism == "LOGIN" and account.password:
                smtp.user, smtp.password = account.username, account.password
                smtp.auth(mechanism, smtp.auth_login)
                return
        text = f"no auth_password or auth_secret for any of what the server offers: {' '.join(offered)[:100]}"
        raise NotifyError(FailureReason.AUTH, text, retry=False)

    def _plain(self, challenge: bytes | None = None) -> str:
        """RFC 4616."""
        return f"{self._account.identity}\0{self._account.username}\0{self._account.password}"

    def _cram_md5(self, challenge: bytes | None = None) -> str:
        """RFC 2195."""
        digest = hmac.new(self._account.secret.encode(), challenge or b"", hashlib.md5).hexdigest()
        return f"{self._account.username} {digest}"
