"""Receivers for the whole server's tests."""

from collections.abc import Iterator

import pytest

from e2e.running import Counting, MailServer, WebhookListener


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


@pytest.fixture
def target() -> Iterator[Counting]:
    counting = Counting()
    yield counting
    counting.close()
