"""Receivers for the whole server's tests."""

from collections.abc import Iterator

import pytest

from e2e.running import MailServer, WebhookListener


@pytest.fixture
def webhook() -> Iterator[WebhookListener]:
    listener = WebhookListener()
    yield listener
    listener.close()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()
