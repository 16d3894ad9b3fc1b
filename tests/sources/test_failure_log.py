"""`scrape_failure_log_file`."""

import json
from pathlib import Path

from prometheus_client import CollectorRegistry

from hivesight.sources import failure_log
from hivesight.sources.failure_log import FailureLog
from hivesight.sources.metrics import ScrapeMetrics
from sources.recording import START_MS


def lines(path: Path) -> list[str]:
    return [json.loads(line)["msg"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_when_what_and_why(tmp_path: Path) -> None:
    path = tmp_path / "failures.log"
    log = FailureLog(str(path), ScrapeMetrics(CollectorRegistry()))
    log.write(START_MS + 5, "j", "http://a:1/metrics", 'a "quoted"\nreason')
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.005Z",
        "level": "ERROR",
        "msg": 'a "quoted"\nreason',
        "job_name": "j",
        "target": "http://a:1/metrics",
    }


def test_a_file_that_is_full_is_put_aside(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(failure_log, "MAX_BYTES", 200)
    path = tmp_path / "failures.log"
    log = FailureLog(str(path), ScrapeMetrics(CollectorRegistry()))
    for number in range(7):
        log.write(START_MS, "j", "http://a:1/", str(number))
    assert lines(tmp_path / "failures.log.1") == ["3", "4", "5"] and lines(path) == ["6"]


def test_a_file_that_cannot_be_written_is_counted(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    path = tmp_path / "none" / "failures.log"
    log = FailureLog(str(path), ScrapeMetrics(registry))
    log.write(START_MS, "j", "http://a:1/", "1")
    assert registry.get_sample_value("hivesight_scrape_failure_log_errors_total") == 1
    path.parent.mkdir()
    log.write(START_MS, "j", "http://a:1/", "2")
    assert lines(path) == ["2"]
