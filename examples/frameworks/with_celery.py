"""Celery: tasks that go through a queue and stay in the trace of who sent them.

    python examples/frameworks/with_celery.py

Broker and worker live in this process here. With a real broker only its address changes; workers call `sdk.configure`
in `worker_process_init`, as each of them is a process of its own.
"""

from celery import Celery
from celery.contrib.testing.worker import start_worker

import hivesight_sdk as sdk

sdk.instrument("celery")  # puts the trace, and the ids of `log_context`, into the headers of messages

app = Celery("hive", broker="memory://", backend="cache+memory://")
app.conf.worker_hijack_root_logger = False  # leave logging to the program: to `sdk.configure_logging`, say


@sdk.tool("parse")
def parse(source: str) -> list[str]:
    if "(" in source and ")" not in source:
        raise ValueError("a bracket is open")
    return source.split()


@sdk.model_call("local", "tiny-1")
def ask(prompt: str) -> dict[str, object]:
    usage = {"prompt_tokens": len(prompt), "completion_tokens": 1}
    return {"choices": [{"message": {"content": "good"}, "finish_reason": "stop"}], "usage": usage}


@app.task(name="review")
@sdk.track_task("reviewer", priority="high")
@sdk.agent("reviewer")
def review(source: str) -> str:
    names = parse(source)
    ask(f"Review {names}")
    return f"{len(names)} names: good"


def send(sources: list[str]) -> list[str]:
    with sdk.log_context(conversation="c-1"), sdk.workflow("review"):
        sent = [review.delay(source) for source in sources]
        return [str(result.get(timeout=30, propagate=False)) for result in sent]


def main() -> list[str]:
    with sdk.configure("hive-celery"), start_worker(app, pool="solo", perform_ping_check=False):
        return send(["a b c", "f(x"])


if __name__ == "__main__":
    print("\n".join(main()))
