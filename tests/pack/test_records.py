"""The files of logs and traces: parsed, and agreed with each other about names."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import yaml

from hivesight import pack
from hivesight.pack.stack import GUIDE_SERVICES, Stack, render

FILES = render(Stack(GUIDE_SERVICES, frozenset({"email"}), log_retention="7d"))
COLLECTORS = ("otel-collector/config.yaml", "jaeger/config.yaml")
JSON_FILES = [name for name in FILES if name.startswith("elasticsearch/") and name.endswith(".json")]
SECRETS = (
    "sk-abcdefghijklmnopqrstuv",
    "AKIAABCDEFGHIJKLMNOP",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "xoxb-1234567890-abc",
)


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_pipeline_names_what_there_is_and_guards_memory_first(name: str) -> None:
    config = yaml.safe_load(FILES[name])
    assert set(config["service"]["extensions"]) == config["extensions"].keys()
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter" and pipeline["processors"][-1] == "batch"
        for kind, names in used.items():
            names.update(pipeline[kind])
    assert all(names == config[kind].keys() for kind, names in used.items())


def test_logs_and_traces_are_redacted_in_the_collector() -> None:
    config = yaml.safe_load(FILES["otel-collector/config.yaml"])
    pipelines = config["service"]["pipelines"]
    assert all("redaction" in pipelines[signal]["processors"] for signal in ("traces", "logs"))
    patterns = config["processors"]["redaction"]["blocked_values"]
    for secret in SECRETS:
        assert any(re.search(pattern, f"key {secret} here") for pattern in patterns), secret
    keys = config["processors"]["redaction"]["blocked_key_patterns"]
    hidden = [key for key in ("db.password", "x_api_key", "access_token") if any(re.match(each, key) for each in keys)]
    assert len(hidden) == 3
    assert not any(re.match(each, "gen_ai.usage.input_tokens") for each in keys)


@pytest.mark.parametrize("name", JSON_FILES)
def test_json_is_json(name: str) -> None:
    assert isinstance(json.loads(FILES[name]), dict)


def test_elasticsearch_and_who_writes_to_it_agree() -> None:
    template = json.loads(FILES["elasticsearch/index_templates/logs.json"])
    assert template["index_patterns"] == ["logs-agent_hive-*"]
    stream = "logs-agent_hive-default"
    collector = yaml.safe_load(FILES["otel-collector/config.yaml"])
    assert collector["exporters"]["elasticsearch"]["logs_index"] == stream
    assert f"index_name {stream}" in FILES["fluentd/fluent.conf"]
    setup = FILES["elasticsearch/setup.sh"]
    settings = template["template"]["settings"]
    assert f"_ilm/policy/{settings['index.lifecycle.name']} " in setup
    assert f"_ingest/pipeline/{settings['index.default_pipeline']} " in setup
    named = re.findall(r'"?\$here/([a-z_$/.]+)"', setup)
    assert named and all(
        name.replace("$role", "hive_writer") in {f.removeprefix("elasticsearch/") for f in FILES} for name in named
    )


@pytest.mark.parametrize("name", ["logs", "traces"])
def test_records_go_when_they_were_said_to(name: str) -> None:
    phases = json.loads(FILES[f"elasticsearch/ilm/{name}.json"])["policy"]["phases"]
    assert phases["delete"]["min_age"] == "7d"


def test_the_setup_is_a_program() -> None:
    if shutil.which("bash") is None:
        pytest.skip("needs bash of the Debian package bash")
    subprocess.run(["bash", "-n", str(pack.FILES / "elasticsearch" / "setup.sh")], check=True, timeout=20)


def test_fluentd_closes_what_it_opens_and_buffers_on_disk() -> None:
    text = FILES["fluentd/fluent.conf"]
    opened: list[str] = []
    for line in text.splitlines():
        if found := re.match(r"\s*<(/?)([a-z]+)", line):
            if found[1]:
                assert opened.pop() == found[2]
            else:
                opened.append(found[2])
    assert not opened
    buffer = text.partition("<buffer>")[2].partition("</buffer>")[0]
    assert "@type file" in buffer and "total_limit_size" in buffer and "overflow_action block" in buffer


def test_kibana_has_data_views_before_what_refers_to_them() -> None:
    objects = [json.loads(line) for line in FILES["elasticsearch/kibana.ndjson"].splitlines()]
    known = {(each["type"], each["id"]) for each in objects}
    assert len(known) == len(objects)
    assert all((to["type"], to["id"]) in known for each in objects for to in each["references"])


def test_kibana_panels_have_room_and_ask_for_fields_that_are_mapped() -> None:
    objects = [json.loads(line) for line in FILES["elasticsearch/kibana.ndjson"].splitlines()]
    (dashboard,) = (each for each in objects if each["type"] == "dashboard")
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    names = {each["name"] for each in dashboard["references"]}
    assert {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels} == names
    taken = [
        (x, y)
        for grid in (panel["gridData"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(set(taken)) == len(taken) and max(x for x, _ in taken) == 47
    mapped = set(_fields(json.loads(FILES["elasticsearch/index_templates/logs.json"])["template"]["mappings"]))
    for lens in (each["attributes"]["state"] for each in objects if each["type"] == "lens"):
        for layer in lens["datasourceStates"]["formBased"]["layers"].values():
            assert layer["columnOrder"] == list(layer["columns"])
            assert {each["sourceField"] for each in layer["columns"].values()} - {"___records___"} <= mapped


def _fields(mapping: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, each in mapping.get("properties", {}).items():
        yield f"{path}{name}"
        yield from _fields(each, f"{path}{name}.")


def test_grafana_links_lead_to_data_sources() -> None:
    sources = yaml.safe_load(FILES["grafana/provisioning/datasources/datasources.yaml"])["datasources"]
    uids = {each["uid"] for each in sources}
    assert len(uids) == len(sources)
    links = re.findall(r"datasourceUid: (\S+)", FILES["grafana/provisioning/datasources/datasources.yaml"])
    assert len(links) == 3 and set(links) <= uids
    (provider,) = yaml.safe_load(FILES["grafana/provisioning/dashboards/dashboards.yaml"])["providers"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in FILES["docker-compose.monitoring.yml"]


def test_lifecycle_phases_follow_each_other() -> None:
    phases = json.loads(FILES["elasticsearch/ilm/logs.json"])["policy"]["phases"]
    ages = [int(phases[name].get("min_age", "0d").removesuffix("d")) for name in ("hot", "warm", "delete")]
    assert all(before <= after for before, after in pairwise(ages))
