"""Commands run inside of the tests' process."""

import pytest


@pytest.fixture(autouse=True)
def log_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command sets up the log of its process for good, and this one goes on to other tests."""
    monkeypatch.setattr("hivesight.telemetry.log.configure", lambda *_: None)
