"""Collector files: each fault at its place, and nothing of it where it is mended."""

from pathlib import Path

import pytest

from doctor.marked import Case, check_case, examine, of
from hivesight.doctor import CHECKS

GOOD = """receivers:
  otlp: {protocols: {grpc: {endpoint: "localhost:4317"}}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80}
  batch:
exporters:
  otlp: {endpoint: "jaeger:4317", headers: {authorization: "Bearer ${env:TOKEN}"}}
extensions:
  health_check: {endpoint: "0.0.0.0:13133"}
service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlp]
"""


def faulty(code: str, right: str, wrong: str) -> Case:
    """The good file with one thing wrong."""
    assert right in GOOD
    bare = wrong.replace("⟦", "").replace("⟧", "")
    return Case(code, {"otel.yml": GOOD.replace(right, wrong, 1)}, ((bare, right),))


CASES = [
    faulty("collector/undefined", "receivers: [otlp]\n", "receivers: [otlp, ⟦zipkin⟧]\n"),
    faulty("collector/undefined", "extensions: [health_check]", "extensions: [health_check, ⟦pprof⟧]"),
    faulty("collector/unused", "  batch:\nexp", "  batch:\n  ⟦filter/noise⟧: {}\nexp"),
    faulty("collector/unused", "extensions:\n  health", "connectors:\n  ⟦forward⟧:\nextensions:\n  health"),
    faulty("collector/unknown-signal", "    traces:", "    ⟦spans⟧:"),
    faulty("collector/no-end", "    traces:\n      receivers: [otlp]\n", "    ⟦traces⟧:\n"),
    faulty(
        "collector/half-connector",
        "      exporters: [otlp]\n",
        "      exporters: [otlp, spanmetrics]\nconnectors:\n  ⟦spanmetrics⟧:\n",
    ),
    faulty(
        "collector/no-memory-limiter",
        "    traces:\n      receivers: [otlp]\n      processors: [memory_limiter, batch]",
        "    ⟦traces⟧:\n      receivers: [otlp]\n      processors: [batch]",
    ),
    faulty("collector/memory-limiter-not-first", "[memory_limiter, batch]", "[filter, ⟦memory_limiter⟧, batch]"),
    faulty("collector/late-memory-limiter", "[memory_limiter, batch]", "[batch, ⟦memory_limiter⟧]"),
    faulty(
        "collector/no-batch",
        "    traces:\n      receivers: [otlp]\n      processors: [memory_limiter, batch]",
        "    ⟦traces⟧:\n      receivers: [otlp]\n      processors: [memory_limiter]",
    ),
    faulty("collector/early-batch", "[memory_limiter, batch]", "[memory_limiter, ⟦batch⟧, filter/noise]"),
    faulty("collector/open-endpoint", '"localhost:4317"', '⟦"0.0.0.0:4317"⟧'.replace('⟦"', '"⟦').replace('"⟧', '⟧"')),
    faulty("collector/literal-secret", '"Bearer ${env:TOKEN}"', '⟦"Bearer abc"⟧'),
    faulty("collector/literal-secret", '"jaeger:4317"', '"http://me:⟦secret⟧@jaeger:4317"'),
    faulty("collector/unverified", '"jaeger:4317",', '"jaeger:4317", tls: {⟦insecure_skip_verify⟧: true},'),
    faulty("collector/silent", "service:\n", "service:\n  telemetry: {metrics: {level: ⟦none⟧}}\n"),
    faulty("collector/old-telemetry", "service:\n", "service:\n  telemetry: {metrics: {⟦address⟧: ':8888'}}\n"),
    faulty(
        "collector/no-health-check",
        'extensions:\n  health_check: {endpoint: "0.0.0.0:13133"}\nservice:\n  extensions: [health_check]\n',
        "⟦service⟧:\n",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_shown_at_its_place_and_gone_when_mended(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_every_check_of_the_collector_has_a_case() -> None:
    tested = {case.code for case in CASES} | {"collector/removed"}
    assert {code for code in CHECKS if code.startswith("collector/")} <= tested


def test_a_careful_file_gets_no_finding(tmp_path: Path) -> None:
    assert examine(tmp_path, {"otel.yml": GOOD}) == []


def test_batches_may_be_made_in_the_queue_of_an_exporter(tmp_path: Path) -> None:
    text = GOOD.replace("memory_limiter, batch", "memory_limiter").replace(
        '"jaeger:4317"', '"j:1", sending_queue: {batch: }'
    )
    assert not list(of("collector/no-batch", examine(tmp_path, {"otel.yml": text})))


def test_removed_exporters_are_shown_where_they_are_defined_and_used(tmp_path: Path) -> None:
    text = GOOD.replace('  otlp: {endpoint: "j', '  logging/all:\n  otlp: {endpoint: "j').replace(
        "exporters: [otlp]", "exporters: [otlp, logging/all]"
    )
    found = [each for each in examine(tmp_path, {"otel.yml": text}) if each.code == "collector/removed"]
    assert [(each.diagnostic.line, each.edit and each.edit.replacement) for each in found] == [
        (7, "debug/all"),
        (17, "debug/all"),
    ]


def test_files_beside_each_other_may_be_one_configuration(tmp_path: Path) -> None:
    files = {
        "otel.yml": GOOD,
        "otel-extras.yml": "exporters: {zipkin: }\nservice: {pipelines: {traces: {exporters: [otlp, zipkin]}}}\n",
    }
    found = examine(tmp_path, files)
    assert not [*of("collector/undefined", found), *of("collector/no-end", found)]


@pytest.mark.parametrize(
    "text",
    [
        "receivers: {otlp: 3}\nservice: 3\n",
        "exporters: {logging: [1]}\nservice: {pipelines: {x: [1]}, extensions: {a: 1}}\n",
    ],
)
def test_odd_files_are_examined_all_the_same(text: str, tmp_path: Path) -> None:
    assert examine(tmp_path, {"otel.yml": text})


OPEN = """receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}}}}
exporters: {debug: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
"""
MOUNTED = "services:\n  otel:\n    image: otel/opentelemetry-collector:0.130.0\n    volumes: [{}]\n{}"
MOUNTS = (
    ("'./conf/otel.yaml:/etc/otel.yaml:ro'", "", False),
    ("'../here/conf:/etc/otelcol'", "", False),
    (
        "'./conf/otel.yaml:/etc/otel.yaml'",
        "  watch:\n    image: a:1\n    network_mode: host\n    volumes: ['/:/host']\n",
        False,
    ),
    ("'${PWD}/conf/otel.yaml:/etc/otel.yaml'", "", False),
    ("'./conf/otel.yaml:/etc/otel.yaml'", "    ports: ['127.0.0.1:4317:4317', '4318:4318']\n", False),
    ("'./conf/otel.yaml:/etc/otel.yaml'", "    ports: ['4317:4317']\n", True),
    ("'./conf/otel.yaml:/etc/otel.yaml'", "    ports: ['14300-14400:4300-4400']\n", True),
    ("'./conf/otel.yaml:/etc/otel.yaml'", "    network_mode: host\n", True),
    ("'./other.yaml:/etc/otel.yaml'", "", True),
    ("data:/data", "    configs: [otel]\nconfigs: {otel: {file: ./conf/otel.yaml}}\nvolumes: {data: }\n", False),
)


@pytest.mark.parametrize(("mount", "rest", "is_open"), MOUNTS)
def test_every_address_of_a_container(mount: str, rest: str, is_open: bool, tmp_path: Path) -> None:
    found = examine(tmp_path / "here", {"conf/otel.yaml": OPEN, "compose.yaml": MOUNTED.format(mount, rest)})
    assert bool(list(of("collector/open-endpoint", found))) is is_open


def test_every_address_of_a_pod(tmp_path: Path) -> None:
    inside = "".join(f"    {line}\n" for line in OPEN.splitlines())
    text = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  relay.yaml: |\n{inside}"
    assert list(of("collector/open-endpoint", examine(tmp_path, {"map.yaml": text}))) == []
