"""OTLP metrics as series: names, labels, every type of data point, deltas, bounds."""

import json

import numpy as np
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from hivesight.ingest.otlp import BadRequest, OtlpLimits, TooLarge
from hivesight.ingest.otlp.naming import Kind, label_name, metric_name
from hivesight.ingest.otlp.values import text_of
from hivesight.model.batch import Verdict
from hivesight.model.errors import StorageError
from hivesight.model.series import is_stale
from ingest.otlp_store import NS, T0, Clock, MemoryStore, at, attributes, receiver, request

JOB = 'job="shop/api"'
DELTA, CUMULATIVE = 1, 2


def gauge(name="load", value=1.5, **point):
    return {"name": name, "gauge": {"data_points": [{"time_unix_nano": at(), "as_double": value, **point}]}}


def counter(value, seconds=0, temporality=CUMULATIVE, name="hits", **point):
    data = {"time_unix_nano": at(seconds), "start_time_unix_nano": at(-60), "as_int": value, **point}
    return {"name": name, "sum": {"is_monotonic": True, "aggregation_temporality": temporality, "data_points": [data]}}


def exponential(temporality=CUMULATIVE, seconds=0, **point):
    data = {"time_unix_nano": at(seconds), "count": 6, "sum": 9.0, "zero_count": 1, **point}
    return {"name": "wait", "exponential_histogram": {"aggregation_temporality": temporality, "data_points": [data]}}


def sent(*metrics, **options):
    store = MemoryStore()
    found, _ = receiver(store, **options)
    outcome = found.export(request(*metrics).SerializeToString())
    return store, outcome


@pytest.mark.parametrize(
    ("name", "unit", "kind", "wanted"),
    [
        ("http.server.duration", "s", Kind.HISTOGRAM, "http_server_duration_seconds"),
        ("requests", "1", Kind.COUNTER, "requests_total"),
        ("requests.total.count", "", Kind.COUNTER, "requests_count_total"),
        ("use", "1", Kind.GAUGE, "use_ratio"),
        ("use", "1", Kind.UP_DOWN, "use"),
        ("disk.io", "By/s", Kind.GAUGE, "disk_io_bytes_per_second"),
        ("agents", "{agent}", Kind.GAUGE, "agents"),
        ("agents", "{agent}/m", Kind.GAUGE, "agents_per_minute"),
        ("time.seconds", "s", Kind.GAUGE, "time_seconds"),
        ("2xx", "", Kind.GAUGE, "_2xx"),
        ("a  b__c", "", Kind.GAUGE, "a_b_c"),
        ("käse", "", Kind.GAUGE, "k_se"),
        ("...", "", Kind.GAUGE, ""),
    ],
)
def test_metric_names(name, unit, kind, wanted):
    assert metric_name(name, unit, kind, escapes=True, suffixes=True) == wanted


@pytest.mark.parametrize(
    ("escapes", "suffixes", "wanted"),
    [(True, False, "disk_io"), (False, True, "disk.io_bytes_total"), (False, False, "disk.io")],
)
def test_strategies(escapes, suffixes, wanted):
    assert metric_name("disk.io", "By", Kind.COUNTER, escapes=escapes, suffixes=suffixes) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("http.method", "http_method"), ("1st", "key_1st"), ("_x", "key_x"), ("__x__", "__x__"), ("é", "key_"), ("", "")],
)
def test_label_names(name, wanted):
    assert label_name(name, escapes=True) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (AnyValue(bool_value=True), "true"),
        (AnyValue(double_value=1.0), "1"),
        (AnyValue(double_value=1e-9), "1e-9"),
        (AnyValue(bytes_value=b"a"), "YQ=="),
        (AnyValue(), ""),
        (AnyValue(array_value={"values": [{"int_value": 1}, {"string_value": "<"}]}), '[1,"\\u003c"]'),
        (AnyValue(kvlist_value={"values": [{"key": "b", "value": {"double_value": 2.0}}]}), '{"b":2}'),
    ],
)
def test_texts_of_values(value, wanted):
    assert text_of(value) == wanted


def test_numbers():
    store, outcome = sent(
        gauge(attributes=attributes(core=3)),
        counter(7),
        {"name": "queue", "sum": {"aggregation_temporality": 2, "data_points": [{"as_int": -2}]}},
    )
    assert outcome.rejected == 0
    assert store.shown() == {f'load{{core="3", {JOB}}}': 1.5, f"hits_total{{{JOB}}}": 7.0, f"queue{{{JOB}}}": -2.0}
    assert [start for labels, _, _, start in store.samples if labels.name == "hits_total"] == [T0 - 60_000]
    assert store.metadata["hits_total"].type == "counter"
    assert store.metadata["queue"].type == "gauge"


def test_names_that_become_one_are_joined():
    pairs = [
        KeyValue(key="a.b", value=AnyValue(string_value="1")),
        KeyValue(key="a_b", value=AnyValue(string_value="2")),
    ]
    store, _ = sent(gauge(attributes=pairs))
    assert list(store.shown()) == [f'load{{a_b="1;2", {JOB}}}']


def test_target_info_covers_the_time_of_the_points():
    store = MemoryStore()
    found, _ = receiver(store, promote_resource_attributes=("region",))
    resource = attributes(service__name="api", service__instance__id="i1", region="eu")
    points = [{"time_unix_nano": at(seconds), "as_int": 1} for seconds in (0, 400)]
    found.export(request({"name": "g", "gauge": {"data_points": points}}, resource=resource).SerializeToString())
    info = 'target_info{instance="i1", job="api", region="eu"}'
    assert [time for labels, time, _, _ in store.samples if str(labels) == info] == [0, 150_000, 300_000, 400_000]
    assert 'g{instance="i1", job="api", region="eu"}' in store.shown()


def test_scopes_and_identity_where_the_configuration_wants_them():
    store = MemoryStore()
    found, _ = receiver(store, promote_scope_metadata=True, keep_identifying_resource_attributes=True)
    resource = attributes(service__name="api", os="linux")
    found.export(request(gauge(), resource=resource).SerializeToString())
    assert list(store.shown()) == [
        'load{job="api", otel_scope_name="lib", otel_scope_version="1"}',
        'target_info{job="api", os="linux", service_name="api"}',
    ]


def histogram(temporality=CUMULATIVE, seconds=0, **point):
    data = {"time_unix_nano": at(seconds), "count": 6, "sum": 9.5, "bucket_counts": [1, 2, 3], **point}
    data = {"explicit_bounds": [0.5, 10], **data}
    return {"name": "lat", "unit": "s", "histogram": {"aggregation_temporality": temporality, "data_points": [data]}}


def test_classic_histograms():
    exemplar = {"as_double": 3.0, "time_unix_nano": at(), "trace_id": bytes(15) + b"\x01", "span_id": b"\x02" * 8}
    store, _ = sent(histogram(exemplars=[exemplar]))
    assert store.shown() == {
        f"lat_seconds_sum{{{JOB}}}": 9.5,
        f"lat_seconds_count{{{JOB}}}": 6.0,
        f'lat_seconds_bucket{{{JOB}, le="0.5"}}': 1.0,
        f'lat_seconds_bucket{{{JOB}, le="10"}}': 3.0,
        f'lat_seconds_bucket{{{JOB}, le="+Inf"}}': 6.0,
    }
    (kept,) = store.exemplars
    assert kept.series["le"] == "10"
    assert dict(kept.labels) == {"trace_id": "0" * 31 + "1", "span_id": "02" * 8}


def test_histograms_without_sum_or_buckets():
    data = {"time_unix_nano": at(), "count": 2}
    store, _ = sent({"name": "lat", "histogram": {"aggregation_temporality": 2, "data_points": [data]}})
    assert store.shown() == {f"lat_count{{{JOB}}}": 2.0, f'lat_bucket{{{JOB}, le="+Inf"}}': 2.0}


def test_summaries():
    data = {"time_unix_nano": at(), "count": 2, "sum": 3.0, "quantile_values": [{"quantile": 0.99, "value": 2.5}]}
    store, _ = sent({"name": "s", "summary": {"data_points": [data]}})
    assert store.shown() == {f"s_sum{{{JOB}}}": 3.0, f"s_count{{{JOB}}}": 2.0, f's{{{JOB}, quantile="0.99"}}': 2.5}


def test_exponential_histograms():
    store, _ = sent(exponential(scale=9, positive={"offset": -1, "bucket_counts": [1, 2, 1, 1]}))
    (found,) = store.shown().values()
    assert (found.scale.schema, found.scale.zero_threshold) == (8, 1e-128)
    assert (found.count, found.sum, found.zero) == (6.0, 9.0, 1.0)
    assert found.positive == {0: 1.0, 1: 3.0, 2: 1.0}
    _, refused = sent(exponential(scale=-5))
    assert (refused.rejected, "scale" in refused.message) == (1, True)


def test_explicit_bounds_as_native_histograms():
    store, _ = sent(histogram(), convert_histograms_to_nhcb=True)
    (found,) = store.shown().values()
    assert (found.scale.bounds, found.positive) == ((0.5, 10.0), {0: 1.0, 1: 2.0, 2: 3.0})


def test_no_recorded_value_is_a_staleness_marker():
    store, _ = sent(gauge(flags=1), exponential(flags=1))
    assert is_stale(np.array([value for _, _, value, _ in store.samples])).tolist() == [True, True]


def test_deltas_are_summed_up():
    store, clock = MemoryStore(), Clock()
    found, registry = receiver(store, clock=clock)

    def send(*metrics):
        return found.export(request(*metrics).SerializeToString()).rejected

    positive = {"offset": 0, "bucket_counts": [2, 3]}
    for seconds in (0, 10):
        metrics = (
            counter(5, seconds, DELTA),
            histogram(DELTA, seconds),
            exponential(DELTA, seconds, scale=1 - seconds // 10, positive=positive),
        )
        assert send(*metrics) == 0
        assert send(*metrics) == 0  # sent again, counted once
    shown = store.shown()
    assert shown[f"hits_total{{{JOB}}}"] == 10.0
    assert shown[f'lat_seconds_bucket{{{JOB}, le="10"}}'] == 6.0
    wait = shown[f"wait{{{JOB}}}"]
    assert (wait.scale.schema, wait.count, wait.positive) == (0, 12.0, {1: 7.0, 2: 3.0})
    assert send(counter(5, 5, DELTA)) == 1
    assert registry.get_sample_value("hivesight_otlp_points_rejected_total", {"reason": "delta_order"}) == 1
    clock.ms += 300_001
    assert send(counter(5, 400, DELTA)) == 0
    assert store.shown()[f"hits_total{{{JOB}}}"] == 5.0


def test_series_with_deltas_are_bounded():
    _, outcome = sent(counter(1, 0, DELTA, "a"), counter(1, 0, DELTA, "b"), limits=OtlpLimits(delta_series=1))
    assert outcome.rejected == 1


@pytest.mark.parametrize(
    ("metric", "limits", "reason"),
    [
        (counter(1, temporality=0), {}, "temporality"),
        (gauge("..."), {}, "name"),
        (gauge(attributes=attributes(a=1, b=2)), {"attributes": 1}, "attributes"),
        (gauge(attributes=attributes(a="x" * 99)), {"attribute_bytes": 99}, "attributes"),
        (histogram(), {"buckets": 2}, "buckets"),
        (histogram(), {"new_labels": 14}, "new_series"),
    ],
)
def test_points_that_are_rejected(metric, limits, reason):
    options = {"attributes": 8, **limits}
    store = MemoryStore()
    found, registry = receiver(store, limits=OtlpLimits(**options))
    outcome = found.export(request(metric, gauge("ok"), resource=attributes(service__name="a")).SerializeToString())
    assert outcome.rejected == 1
    assert registry.get_sample_value("hivesight_otlp_points_rejected_total", {"reason": reason}) == 1
    assert list(store.shown()) == ['ok{job="a"}']


def test_what_the_store_refuses_is_told():
    store = MemoryStore()
    store.verdict = Verdict.OUT_OF_ORDER
    outcome = receiver(store)[0].export(request(histogram(), gauge()).SerializeToString())
    assert outcome.rejected == 2
    assert "out_of_order" in outcome.message


def test_series_that_the_store_forgot_are_registered_again():
    store = MemoryStore()
    store.forgetful = True
    assert receiver(store)[0].export(request(gauge(), counter(1)).SerializeToString()).rejected == 0
    assert store.registered == 4
    assert len(store.samples) == 2


def test_series_are_registered_once_and_deltas_survive_a_full_disk():
    store = MemoryStore()
    found, _ = receiver(store)
    store.failing = True
    with pytest.raises(StorageError):
        found.export(request(counter(5, 0, DELTA)).SerializeToString())
    store.failing = False
    for _ in range(3):
        found.export(request(counter(5, 0, DELTA)).SerializeToString())
    assert store.shown() == {f"hits_total{{{JOB}}}": 5.0}
    assert store.registered == 1


def test_bodies_that_are_no_requests():
    found, _ = receiver(MemoryStore(), limits=OtlpLimits(points=3, body_bytes=1000))
    nested = {"intValue": 1}
    for _ in range(200):
        nested = {"arrayValue": {"values": [nested]}}
    deep = {"resourceMetrics": [{"resource": {"attributes": [{"key": "a", "value": nested}]}}]}
    for body, as_json in ((b"\xff", False), (b"[]", True), (b"{", True), (b'{"resourceMetrics":3}', True)):
        with pytest.raises(BadRequest):
            found.export(body, json=as_json)
    with pytest.raises(BadRequest):
        receiver(MemoryStore())[0].export(json.dumps(deep).encode(), json=True)
    many = gauge()
    many["gauge"]["data_points"] *= 4
    for body in (request(many).SerializeToString(), request(gauge(), gauge()).SerializeToString(), bytes(1001)):
        with pytest.raises(TooLarge):
            found.export(body)


def test_what_surrounds_points_is_bounded_too():
    found, _ = receiver(MemoryStore(), limits=OtlpLimits(points=3))
    for body, as_json in ((b"\x0a\x00" * 4, False), (b'{"resourceMetrics":[{},{},{},{}]}', True)):
        with pytest.raises(TooLarge, match="resources"):
            found.export(body, json=as_json)


def test_json():
    point = {
        "timeUnixNano": str(T0 * NS),
        "asInt": "7",
        "unknown": [1],
        "attributes": [{"key": "a", "value": {"stringValue": "x"}}],
        "exemplars": [{"asDouble": 1, "timeUnixNano": str(T0 * NS), "traceId": "0A" * 16, "spanId": "0b" * 8}],
    }
    metric = {"name": "hits", "sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": [point]}}
    store = MemoryStore()
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()
    assert receiver(store)[0].export(body, json=True).rejected == 0
    assert store.shown() == {'hits_total{a="x"}': 7.0}
    assert store.exemplars[0].labels["trace_id"] == "0a" * 16
