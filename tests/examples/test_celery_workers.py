"""Celery with workers that are processes of their own (prefork), a broker on disk, and spans that are shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hivesight_sdk.testing import OtlpReceiver

from .conftest import needs

APPLICATION = """
import sys
from pathlib import Path

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown

import hivesight_sdk as sdk

sdk.instrument("celery")

here = Path(__file__).parent
folders = {"data_folder_in": str(here / "queue"), "data_folder_out": str(here / "queue")}
app = Celery("hive", broker="filesystem://", backend=f"file://{here}/results")
app.conf.broker_transport_options = folders | {"control_folder": str(here / "control")}
app.conf.worker_hijack_root_logger = False


@worker_process_init.connect
def start(**_):
    sdk.configure("worker", resources=False)


@app.task(name="review")
@sdk.track_task("reviewer")
def review(source):
    with sdk.tool("parse"):
        return source.upper()


if __name__ == "__main__":
    with sdk.configure("sender", resources=False), sdk.log_context(conversation="c-1"), sdk.workflow("review"):
        print(review.delay("a").get(timeout=30))
"""


def test_a_trace_goes_through_the_broker_into_a_forked_worker(tmp_path: Path) -> None:
    needs("celery's prefork pool", "celery", "opentelemetry.instrumentation.celery")
    program = tmp_path / "hive_tasks.py"
    program.write_text(APPLICATION, encoding="utf-8")
    for folder in ("queue", "control", "results"):
        (tmp_path / folder).mkdir()
    with OtlpReceiver() as receiver:
        environment = {"HIVESIGHT_ENDPOINT": receiver.url, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "hive_tasks",
            "worker",
            "-P",
            "prefork",
            "-c",
            "1",
            "-l",
            "INFO",
        ]
        options = {"cwd": tmp_path, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        worker = subprocess.Popen([*command, "--without-gossip", "--without-mingle"], **options, text=True)
        try:
            sender = subprocess.run([sys.executable, str(program)], **options, text=True, timeout=60)
            assert sender.stdout == "A\n", sender.stdout
            receiver.wait_for(lambda it: len(it.spans) >= 5, timeout_seconds=30)
        finally:
            worker.terminate()
            output, _ = worker.communicate(timeout=60)
        spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {
        "invoke_workflow review",
        "apply_async/review",
        "run/review",
        "task reviewer",
        "execute_tool parse",
    }, output
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["run/review"].parent_id == spans["apply_async/review"].span_id
    assert spans["task reviewer"].parent_id == spans["run/review"].span_id
    assert spans["task reviewer"].attributes["gen_ai.conversation.id"] == "c-1"
    services = {name: span.resource["service.name"] for name, span in spans.items()}
    assert (services["apply_async/review"], services["run/review"]) == ("sender", "worker")
