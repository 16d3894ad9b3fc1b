"""An e-mail's text from a notification: headers that cannot be broken out of, plain and HTML alternatives."""

import hashlib
import re
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, cast

from hivesight.alerting.config_receivers import Threading
from hivesight.notify.errors import FailureReason, NotifyError

MOST_HEADER: Final = 2000
MOST_BODY: Final = 8 << 20
_UNFOLDED: Final = SMTP.clone(max_line_length=900)
"""Headers on one line where RFC 5322's limit of 998 allows it: some readers keep the space of a fold."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_OURS: Final = frozenset(("content-type", "content-transfer-encoding", "mime-version"))


def mail_message(headers: Mapping[str, str], text: str, html: str) -> EmailMessage:
    """The message with these headers; control characters in them become spaces. An empty body is left out. Raises
    NotifyError for what cannot be a message."""
    message = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        if name.lower() in _OURS:
            continue
        try:
            message[name] = one_line(value)
        except (ValueError, IndexError, AttributeError) as error:
            # The standard library's address parser fails in several ways on texts that are no addresses.
            text = f"the header {name} cannot be {value[:80]!r}"
            raise NotifyError(FailureReason.CONFIG, text, retry=False) from error
    if text or not html:
        message.set_content(text[:MOST_BODY], cte="quoted-printable")
    if html and text:
        message.add_alternative(html[:MOST_BODY], subtype="html", cte="quoted-printable")
    elif html:
        message.set_content(html[:MOST_BODY], subtype="html", cte="quoted-printable")
    return message


def as_bytes(message: EmailMessage) -> bytes:
    """The message as it goes over the wire."""
    return message.as_bytes(policy=_UNFOLDED)


def one_line(text: str) -> str:
    """The text without line breaks and control characters, so that it ends where its header ends."""
    return _CONTROL.sub(" ", text).strip()[:MOST_HEADER]


def addresses(text: str, what: str) -> list[str]:
    """The bare addresses of a list such as `Ops <ops@example.org>, cto@example.org`. Raises NotifyError."""
    holder = EmailMessage(policy=SMTP)
    try:
        holder["To"] = one_line(text)
        header = cast("AddressHeader", holder["To"])
        found = header.addresses
        bare = [each.addr_spec for each in found]
    except (ValueError, IndexError, AttributeError) as error:
        raise NotifyError(FailureReason.CONFIG, f"{what}: not an address: {text[:80]!r}", retry=False) from error
    if not bare or any(not each.domain or not each.username for each in found):
        raise NotifyError(FailureReason.CONFIG, f"{what}: not an address: {text[:80]!r}", retry=False)
    return bare


def standard_headers(at_ms: int, threading: Threading, group_key: str, to: str) -> dict[str, str]:
    """Date; Message-Id, the same for every try of one message, so that readers see it once; and, where messages of
    one group are to form a thread, what ties them together: a root that was never sent (Alertmanager,
    "threading")."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    host = one_line(socket.gethostname()) or "localhost"
    message = hashlib.sha256(f"{group_key}\0{to}".encode()).hexdigest()[:16]
    headers = {
        "Date": format_datetime(at),
        "Message-Id": f"<{at_ms}.{message}@{host}>",
    }
    if threading.enabled:
        day = "" if threading.thread_by_date == "none" else at.strftime("%Y-%m-%d")
        digest = hashlib.sha256(group_key.encode()).hexdigest()[:16]
        root = f"<alert-{digest}-{day}@alertmanager>"
        headers |= {"References": root, "In-Reply-To": root}
    return headers
