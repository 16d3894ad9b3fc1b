"""E-mail through an SMTP server (Alertmanager, "email_config")."""

import asyncio
import ssl
from pathlib import Path
from typing import Final

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_receivers import EmailConfig
from hivesight.http_client.config import TlsConfig
from hivesight.http_client.errors import SettingError
from hivesight.http_client.folder import tls_in_folder
from hivesight.http_client.threads import in_own_thread
from hivesight.http_client.tls import ssl_context
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.mail_message import addresses, as_bytes, mail_message, standard_headers
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import Templates
from hivesight.notify.secrets import read_secret, unusable
from hivesight.notify.smtp import Accepted, SmtpAccount, SmtpServer, SmtpSession

DEFAULT_SUBJECT: Final = '{{ template "email.default.subject" . }}'
DEFAULT_TEXT: Final = '{{ template "email.default.text" . }}'
MOST_SESSIONS: Final = 4
TIMEOUT_SECONDS: Final = 30.0
_SMTPS: Final = 465


class EmailNotifier:
    def __init__(self, config: EmailConfig, shared: GlobalConfig, templates: Templates, directory: Path) -> None:
        self._config = config
        self._shared = shared
        self._templates = templates
        self._directory = directory
        self._free = asyncio.Semaphore(MOST_SESSIONS)

    async def notify(self, notification: Notification) -> str:
        sender, recipients, message = await asyncio.to_thread(self._message, notification)
        async with self._free:
            accepted = await self._send(sender, recipients, message)
        notification.remarks.extend(accepted.remarks)
        taken = len(recipients) - len(accepted.remarks)
        return f"{accepted.answer}, for {taken} of {len(recipients)} recipients"

    def _message(self, notification: Notification) -> tuple[str, list[str], bytes]:
        """The sender, the recipients and the message. Raises NotifyError."""
        config, render = self._config, self._templates.render
        sender = addresses(render(config.from_address or self._shared.smtp_from, notification), "from")
        if len(sender) != 1:
            raise NotifyError(FailureReason.CONFIG, "from must be exactly one address", retry=False)
        recipients = addresses(render(config.to, notification), "to")
        message = mail_message(
            self._headers(notification),
            render(config.text or DEFAULT_TEXT, notification),
            render(config.html, notification, html=True),
        )
        return sender[0], recipients, as_bytes(message)

    async def close(self) -> None:
        """A conversation under way ends with the task that waits for it."""

    def _headers(self, notification: Notification) -> dict[str, str]:
        config = self._config
        own = {name.title(): value for name, value in config.headers.items()}
        wanted = {
            "Subject": DEFAULT_SUBJECT,
            "To": config.to,
            "From": config.from_address or self._shared.smtp_from,
            **own,
        }
        filled = {name: self._templates.render(value, notification) for name, value in wanted.items()}
        flush = notification.flush
        return {**standard_headers(flush.now_ms, config.threading, flush.group_key, filled["To"]), **filled}

    async def _send(self, sender: str, recipients: list[str], message: bytes) -> Accepted:
        """The conversation in a thread that does not hold up the end of the process."""
        session: list[SmtpSession] = []

        def work() -> Accepted:
            session.append(self._session())
            return session[0].send(sender, recipients, message)

        try:
            return await in_own_thread(work, "smtp")
        except asyncio.CancelledError:
            for each in session:
                each.abort()
            raise

    def _session(self) -> SmtpSession:
        """What the file says at this moment: secrets may have changed. Blocks. Raises NotifyError."""
        config, shared, directory = self._config, self._shared, self._directory
        address = config.smarthost or shared.smtp_smarthost
        if address is None:
            raise NotifyError(FailureReason.CONFIG, "no smarthost", retry=False)
        password, password_file = config.auth_password, config.auth_password_file
        if not password and not password_file:
            password, password_file = shared.smtp_auth_password, shared.smtp_auth_password_file
        secret, secret_file = config.auth_secret, config.auth_secret_file
        if not secret and not secret_file:
            secret, secret_file = shared.smtp_auth_secret, shared.smtp_auth_secret_file
        account = SmtpAccount(
            config.auth_username or shared.smtp_auth_username,
            read_secret(password, password_file, directory, "auth_password_file"),
            read_secret(secret, secret_file, directory, "auth_secret_file"),
            config.auth_identity or shared.smtp_auth_identity,
        )
        forced = shared.smtp_force_implicit_tls if config.force_implicit_tls is None else config.force_implicit_tls
        implicit = address.port == _SMTPS if forced is None else forced
        starttls = shared.smtp_require_tls if config.require_tls is None else config.require_tls
        tls = shared.smtp_tls_config if config.tls_config is None else config.tls_config
        server = SmtpServer(
            address=address,
            hello=config.hello or shared.smtp_hello,
            implicit_tls=implicit,
            starttls=starttls,
            tls=_context(tls, directory) if implicit or starttls else None,
            server_name=tls.server_name,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        return SmtpSession(server, account)


def _context(config: TlsConfig, directory: Path) -> ssl.SSLContext:
    try:
        return ssl_context(tls_in_folder(config, directory))
    except SettingError as error:
        raise unusable(error) from error
