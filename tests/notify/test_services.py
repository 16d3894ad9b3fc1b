"""What holds for every service: none waits for another, waits are those that were asked for, no secret is shown."""

import asyncio
import re
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry

from alerting.fakes import START, ManualClock, memory_tables
from hivesight.alerting import Alerting, AlertingMetrics, read_config
from hivesight.alerting.config import Config
from hivesight.notify import History, NotifyMetrics, Pipeline, build_pipeline
from hivesight.notify.history import DeliveryOutcome
from hivesight.notify.retry import Patience
from hivesight.schema.dump import to_yaml
from notify.helpers import Receiver, Reply, notification, receiver

SECTIONS = {
    "webhook": "{url: URL/webhook}",
    "slack": "{api_url: URL/slack}",
    "pagerduty": "{routing_key: s3cret, url: URL/pagerduty}",
    "opsgenie": "{api_key: s3cret, api_url: URL/opsgenie}",
    "msteams": "{webhook_url: URL/s3cret}",
    "msteamsv2": "{webhook_url: URL/s3cret-v2}",
    "discord": "{webhook_url: URL/discord-s3cret}",
    "telegram": "{bot_token: s3cret, chat_id: 1, api_url: URL/telegram}",
}


def config(url: str, **sections: str) -> str:
    kinds = "".join(f"  {kind}_configs: [{text.replace('URL', url)}]\n" for kind, text in sections.items())
    return f"route: {{receiver: team}}\nreceivers:\n- name: team\n{kinds}"


def pipeline(text: str, history: History, patience: Patience, clock: ManualClock) -> Pipeline:
    tables, registry = memory_tables(), CollectorRegistry()
    room = Alerting(tables, clock, AlertingMetrics(registry))
    return build_pipeline(
        read_config(Path("am.yml"), text),
        muter=room,
        log=room.log,
        journal=room.journal,
        history=history,
        metrics=NotifyMetrics(registry),
        clock=clock,
        external_url="http://hive.example",
        patience=patience,
    )


def test_a_service_that_hangs_delays_only_itself() -> None:
    history = History(memory_tables().deliveries)
    others = {kind: text for kind, text in SECTIONS.items() if kind != "discord"}

    async def go(text: str) -> None:
        telling = pipeline(text, history, Patience(), ManualClock())
        task = asyncio.create_task(telling(notification().flush))
        while len(history.recent()) < len(others):
            assert not task.done()
            await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await telling.close()

    with receiver(Reply(hang=True)) as stuck, receiver(Reply(200, b"ok")) as there:
        text = config(there.url, **others) + f"  discord_configs: [{{webhook_url: {stuck.url}}}]\n"
        asyncio.run(asyncio.wait_for(go(text), 30))
        assert len(stuck.requests) == 1
    assert {each.integration for each in history.recent()} == set(others)
    assert {each.outcome for each in history.recent()} == {DeliveryOutcome.SENT}


def refusing(there: Receiver, kind: str) -> list[float]:
    """The waits of one service's notifier until it is through."""
    clock, waits = ManualClock(), list[float]()

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        clock.ms += int(seconds * 1000)

    async def go() -> None:
        history = History(memory_tables().deliveries)
        telling = pipeline(config(there.url, **{kind: SECTIONS[kind]}), history, Patience(wait, lambda: 0.5), clock)
        assert await telling(notification().flush)
        await telling.close()
        assert [each.attempts for each in history.recent()] == [3]

    asyncio.run(go())
    return waits


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_service_is_left_alone_for_as_long_as_it_asks(kind: str) -> None:
    with receiver(Reply(429, headers={"Retry-After": "7"}), Reply(0), Reply(200, b"ok")) as there:
        assert refusing(there, kind) == [7.0, 0.75]
    first, *others = (orjson.loads(each.body) for each in there.requests)
    assert others == [first, first]


def test_secrets_are_not_shown() -> None:
    shared = "opsgenie_api_key: s3cret, telegram_bot_token: s3cret, slack_api_url: 'http://x/s3cret'"
    file = read_config(Path("am.yml"), f"global: {{{shared}}}\n" + config("http://x", **SECTIONS))
    assert isinstance(file.config, Config)
    written = to_yaml(file.config)
    assert len(re.findall("<secret>", written)) == 11 and "chat_id: 1" in written
    assert "s3cret" not in written and "s3cret" not in repr(file.config)


def test_a_deadline_ends_what_a_service_asks_for() -> None:
    clock, history = ManualClock(), History(memory_tables().deliveries)

    async def go(text: str) -> None:
        telling = pipeline(text, history, Patience(), clock)
        assert not await telling(notification().flush)
        await telling.close()

    with receiver(Reply(429, headers={"Retry-After": "3600"})) as there:
        asyncio.run(go(config(there.url, pagerduty=SECTIONS["pagerduty"])))
    (delivery,) = history.recent()
    assert (delivery.attempts, delivery.reason, delivery.at_ms) == (1, "rate_limited", START)
