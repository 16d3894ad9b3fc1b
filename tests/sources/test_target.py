"""From what discovery found to what is scraped."""

import pytest

from hivesight.ingest.relabel import RelabelConfig, relabelling
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.target import PoolTargets, TargetGroup, pool_targets


def found(
    *rules: RelabelConfig, addresses: tuple[str, ...] = ("a:1",), labels: Labels = NO_LABELS, **settings: object
) -> PoolTargets:
    config = ScrapeConfig(
        **{
            "job_name": "j",
            "scrape_interval_ms": 15_000,
            "scrape_timeout_ms": 10_000,
            "relabel_configs": rules,
            **settings,
        }
    )
    return pool_targets(config, relabelling(rules), [TargetGroup(addresses, labels, "the file")])


def put(target: str, value: str) -> RelabelConfig:
    return RelabelConfig(target_label=target, replacement=value)


# rules, settings, labels, url
CASES = [
    ((), {}, {"job": "j", "instance": "a:1"}, "http://a:1/metrics"),
    ((), {"scheme": "https", "metrics_path": "/x y"}, {"job": "j", "instance": "a:1"}, "https://a:1/x%20y"),
    ((), {"metrics_path": "m"}, {"job": "j", "instance": "a:1"}, "http://a:1/m"),
    (
        (),
        {"params": {"q": ("1", "2"), "a": ("x&y",)}},
        {"job": "j", "instance": "a:1"},
        "http://a:1/metrics?a=x%26y&q=1&q=2",
    ),
    (
        (),
        {"labels": Labels({"job": "k", "env": "x"})},
        {"job": "k", "env": "x", "instance": "a:1"},
        "http://a:1/metrics",
    ),
    ((put("instance", "me"),), {}, {"job": "j", "instance": "me"}, "http://a:1/metrics"),
    ((put("__address__", "b:2"),), {}, {"job": "j", "instance": "b:2"}, "http://b:2/metrics"),
    ((put("__scheme__", "https"),), {}, {"job": "j", "instance": "a:1"}, "https://a:1/metrics"),
    ((put("__metrics_path__", "/probe"),), {}, {"job": "j", "instance": "a:1"}, "http://a:1/probe"),
    ((put("__param_target", "x"),), {}, {"job": "j", "instance": "a:1"}, "http://a:1/metrics?target=x"),
    (
        (put("__param_q", "9"),),
        {"params": {"q": ("1", "2")}},
        {"job": "j", "instance": "a:1"},
        "http://a:1/metrics?q=9&q=2",
    ),
    (
        (put("__tmp_x", "y"),),
        {"labels": Labels({"__meta_z": "1"})},
        {"job": "j", "instance": "a:1"},
        "http://a:1/metrics",
    ),
]


@pytest.mark.parametrize(("rules", "settings", "labels", "url"), CASES)
def test_targets(
    rules: tuple[RelabelConfig, ...], settings: dict[str, object], labels: dict[str, str], url: str
) -> None:
    (target,) = found(*rules, **settings).active
    assert (target.labels, target.url, target.pool) == (labels, url, "j")


def test_discovered_labels_are_those_before_relabelling() -> None:
    (target,) = found(put("job", "other"), labels=Labels({"__meta_x": "1"})).active
    assert target.discovered == {
        "__address__": "a:1",
        "__meta_x": "1",
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "__scrape_interval__": "15s",
        "__scrape_timeout__": "10s",
        "job": "j",
    }


def test_interval_and_timeout_can_be_relabelled() -> None:
    (target,) = found(put("__scrape_interval__", "1m"), put("__scrape_timeout__", "30s")).active
    assert (target.interval_ms, target.timeout_ms) == (60_000, 30_000)


FAULTS = [
    (put("__address__", ""), "no address"),
    (put("__address__", "http://a/"), "not a valid hostname"),
    (put("__scheme__", "ftp"), "unsupported scheme"),
    (put("__scrape_interval__", "soon"), "error parsing scrape interval"),
    (put("__scrape_interval__", "0s"), "scrape interval cannot be 0"),
    (put("__scrape_timeout__", "1m"), "cannot be greater than scrape interval"),
]


@pytest.mark.parametrize(("rule", "message"), FAULTS)
def test_faults(rule: RelabelConfig, message: str) -> None:
    targets = found(rule)
    assert targets.active == ()
    assert message in targets.faults[0] and "the file, target 1" in targets.faults[0]


def test_dropped_targets_are_kept_up_to_a_number() -> None:
    drop = RelabelConfig(action="drop", source_labels=("__address__",), regex="b.*")
    targets = found(drop, addresses=("a:1", "b:1", "b:2", "b:3"), keep_dropped_targets=2)
    assert len(targets.active) == 1
    assert [each.discovered["__address__"] for each in targets.dropped] == ["b:1", "b:2"]
    assert targets.dropped_count == 3


def test_equal_targets_are_one() -> None:
    assert len(found(addresses=("a:1", "a:1", "b:1")).active) == 2


def test_too_many_targets() -> None:
    targets = found(addresses=("a:1", "b:1"), target_limit=1)
    assert targets.over_limit == "target_limit exceeded (number of targets: 2, limit: 1)"
