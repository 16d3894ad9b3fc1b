"""What a batch job pushes at its end, and a service at every interval, can be asked for at the server."""

import os
import subprocess
import sys
from pathlib import Path

from e2e.running import eventually, serving

JOB = """
import sys
import hivesight_sdk as sdk
from prometheus_client import Counter

rows = Counter("imported_rows", "Rows imported", ["table"])
with sdk.job("nightly-import", endpoint=sys.argv[1]), sdk.track_task("importer"):
    rows.labels("users").inc(12)
    if len(sys.argv) > 2:
        sys.exit(int(sys.argv[2]))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", JOB, *arguments], capture_output=True, text=True, timeout=30)


def test_a_job_pushes_its_metrics(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        done = run(server.url)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        rows = eventually(lambda: server.query('imported_rows_total{table="users"}'), 15, "the job's own metric")
        assert rows[0]["value"][1] == "12"
        assert rows[0]["metric"]["job"] == "nightly-import"
        name = '{job_name="nightly-import"}'
        success = server.value(f"agent_hive_job_last_success_timestamp_seconds{name}")
        assert success
        assert server.value(f"agent_hive_job_duration_seconds{name} >= 0") is not None
        assert server.value('agent_hive_job_last_status{job_name="nightly-import", status="completed"}') == 1
        assert server.value('agent_hive_task_duration_seconds_bucket{agent_type="importer", le="+Inf"}') == 1

        assert run(server.url, "3").returncode == 3
        failed = 'agent_hive_job_last_status{job_name="nightly-import", status="error"} == 1'
        assert eventually(lambda: server.query(failed), 15, "the run that failed")
        assert server.value(f"max_over_time(agent_hive_job_last_success_timestamp_seconds{name}[1h])") == success

    assert run(server.url, "4").returncode == 4, "the server is gone"


SERVICE = """
import sys
import hivesight_sdk as sdk

with sdk.configure("orders", endpoint=sys.argv[1], traces=False, resources=False, export_metrics=True):
    sdk.record_retry("buyer")
    sys.stdin.read()
"""


def test_a_service_exports_its_metrics(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        command = [sys.executable, "-c", SERVICE, server.url]
        environ = {**os.environ, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
        ) as process:
            retries = 'agent_hive_task_retries_total{agent_type="buyer", job="orders", instance!=""}'
            found = eventually(lambda: server.query(retries), 30, "the service's own metric")
            assert found[0]["value"][1] == "1"
            sent = eventually(
                lambda: server.query('agent_hive_sdk_exported_total{signal="metrics"} > 0'), 30, "a count"
            )
            assert sent[0]["metric"]["instance"] == found[0]["metric"]["instance"]
            _, errors = process.communicate("")
            assert (process.returncode, errors) == (0, "")
