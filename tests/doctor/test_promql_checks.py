"""Each check of expressions: where it fires, and that it is silent about what its author meant."""

import pytest

from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.promql.examine import MAX_DEPTH, flaws
from hivesight.doctor.promql.flaw import Facts, Scrapes
from hivesight.doctor.promql.metrics import Kind, Metrics, of_the_hive

METRICS = Metrics(
    {**of_the_hive().kinds, "temperature": Kind.GAUGE, "depth_total": Kind.GAUGE},
    histograms=frozenset({"latency_seconds"}),
    recorded=frozenset({"recorded", "speed"}),
    levels=frozenset({"speed"}),
    bounds={**of_the_hive().bounds, "latency_seconds": 10.0},
    units={**of_the_hive().units, "share": "ratio"},
)
FACTS = Facts(METRICS, Scrapes({"slow": 60_000, "quick": 5_000}))

# check, expression with «the faulty text», what to write instead
TABLE = (
    (
        "promql/quantile-without-buckets",
        "histogram_quantile(0.9, «latency»)",
        "histogram_quantile(0.9, rate(latency[5m]))",
    ),
    (
        "promql/quantile-without-buckets",
        "«histogram_quantile(0.9, sum by (job) (rate(a_bucket[5m])))» > 1",
        "histogram_quantile(0.9, sum by (job, le) (rate(a_bucket[5m]))) > 1",
    ),
    ("promql/quantile-without-buckets", "histogram_quantile(0.9, rate(«temperature»[5m]))", None),
    (
        "promql/quantile-of-raw-buckets",
        "histogram_quantile(0.9, «a_bucket»)",
        "histogram_quantile(0.9, a:b_bucket)",
    ),
    (
        "promql/quantile-without-buckets",
        "histogram_quantile(0.9, sum by (le) (rate(«a_sum»[5m])))",
        "histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))",
    ),
    ("promql/lifetime-mean", "«a_sum / a_count» > 1", "rate(a_sum[5m]) / rate(a_count[5m]) > 1"),
    ("promql/lifetime-mean", "«sum by (job) (a_sum) / sum by (job) (a_count)» > 1", "a:b_sum / a:b_count > 1"),
    ("promql/contradiction", "«x > 10 and x < 5»", "x < 10 and x > 5"),
    ("promql/contradiction", "«(sum by (a) (x) >= 10) and sum by (a) (x) < 10»", "x >= 10 and x <= 10"),
    ("promql/contradiction", "«x == 1 and x == 2»", "x == 1 and on (job) x == 2"),
    ("promql/unit", "x_avail_bytes / x_size_bytes < «10»", "x_avail_bytes / x_size_bytes * 100 < 10"),
    ("promql/unit", "1 - sum(x_MemFree_bytes) / sum(x_MemTotal_bytes) > «80»", "1 - y_bytes / x_MemTotal_bytes > 0.8"),
    ("promql/unit", "(x_max - x_used) / x_max < «5»", "(x_max - x_used) / x_max < 2"),
    ("promql/unit", "x_used / x_limit > «90»", "100 * x_used / x_limit > 90"),
    ("promql/literal-regex", 'x{«code="5.."»}', 'x{code="500"}'),
    ("promql/literal-regex", 'x{«job!="a|b"»}', 'x{job!~"a|b"}'),
    ("promql/literal-regex", 'x{«instance="web.*"»}', 'x{instance="web.example"}'),
    ("promql/literal-regex", 'x{«le=".+"»}', 'x{route="/users/.+"}'),
    ("promql/lost-label", "«sum by (pod) (sum by (node) (x))»", "sum by (node) (sum by (node, pod) (x))"),
    ("promql/impossible-label", '«x{a="1"} / sum by (b) (y)»', 'sum by (b) (x{a="1"}) / sum by (b) (y)'),
    ("promql/impossible-label", '«sum by (a) (x{a="1"}) and on (a) sum(y)»', 'x{a="1"} and on () sum(y)'),
    (
        "promql/one-sided-match",
        "«sum by (a, b) (x) / sum by (a) (y)»",
        "sum by (a, b) (x) / on (a) group_left sum by (a) (y)",
    ),
    ("promql/one-sided-match", "«sum(x) * on (instance) y»", "sum by (instance) (x) * on (instance) y"),
    ("promql/one-sided-match", "«x / sum(y)»", "x / on () group_left sum(y)"),
    ("promql/one-sided-match", "«rate(x[5m]) * 2 > sum by (job) (y)»", "recorded > sum by (job) (y)"),
    ("promql/one-sided-match", "«sum(x) - y»", "sum(x) - fill_left (0) y"),
    (
        "promql/pairs-with-itself",
        '«rate(a_total{code="5"}[5m]) / rate(a_total[5m])» > 0.1',
        'sum(rate(a_total{code="5"}[5m])) / sum(rate(a_total[5m])) > 0.1',
    ),
    (
        "promql/pairs-with-itself",
        '«sum by (code) (a{code="5"}) / sum by (code) (a)»',
        'a{code="5"} / ignoring (code) a',
    ),
    (
        "promql/pairs-with-itself",
        '«100 * rate(a_total{code="5"}[5m]) / rate(a_total[5m])» > 10',
        '100 * sum(rate(a_total{code="5"}[5m])) / sum(rate(a_total[5m])) > 10',
    ),
    ("promql/pairs-with-itself", "«a / a»", "a / a offset 1h"),
    ("promql/constant-comparison", "«count(up) == 0»", "(count(up) or vector(0)) == 0"),
    ("promql/constant-comparison", "«up > 1»", "up < 1"),
    (
        "promql/constant-comparison",
        '«sum(rate(a_total{code="5"}[5m])) / sum(rate(a_total[5m])) > 5»',
        '100 * sum(rate(a_total{code="5"}[5m])) / sum(rate(a_total[5m])) > 5',
    ),
    (
        "promql/constant-comparison",
        "«histogram_quantile(0.9, rate(latency_seconds_bucket[5m])) > 10»",
        "histogram_quantile(0.9, rate(latency_seconds_bucket[5m])) > 9",
    ),
    ("promql/constant-comparison", "«hour() > 24»", "hour() > 22"),
    ("promql/constant-comparison", "«share > 1»", "share <= +Inf"),
    ("promql/constant-comparison", "«abs(x) < 0»", "x < 0"),
    ("promql/constant-comparison", "«clamp_max(x, 1) > bool 1»", "clamp_max(x, 2) > bool 1"),
    ("promql/idle-comparison", "«count(x) > 0»", "count(x) > 1"),
    ("promql/idle-comparison", "«absent(x) == 1»", "absent(x)"),
    ("promql/absent-compared", "«sum(absent(x)) == 0»", "absent(x)"),
    ("promql/absent-of-always", "«absent(sum(x) or vector(0))»", "absent(sum(x))"),
    ("promql/rate-of-gauge", "«rate(temperature[5m])»", "deriv(temperature[5m])"),
    ("promql/rate-of-gauge", "«increase(depth_total[5m])»", "increase(a_total[5m])"),
    ("promql/rate-of-gauge", "«rate(node_memory_Active_bytes[5m])»", "rate(go_memstats_alloc_bytes_total[5m])"),
    ("promql/rate-of-seeming-gauge", "«rate(x_percent[5m])»", "rate(x_percent_seconds[5m])"),
    ("promql/rate-of-rate", "«rate(job:a:rate5m[5m])»", "rate(job:a:max[5m])"),
    ("promql/rate-of-rate", "«rate(speed[5m])»", "rate(recorded[5m])"),
    ("promql/rate-of-rate", "«rate(sum(x)[5m:1m])»", "rate(max without (replica) (x)[5m:1m])"),
    ("promql/delta-of-counter", "«delta(a_total[5m])»", "delta(depth_total[5m])"),
    ("promql/counter-as-gauge", "«a_total > 5»", "depth_total > 5"),
    ("promql/counter-as-gauge", "«5 < sum(a_total)»", "5 > sum(a_total)"),
    ("promql/fraction-of-increase", "«sum(increase(a_total[5m])) > 0.05»", "increase(cpu_seconds_total[5m]) > 0.05"),
    ("promql/histogram-family", "avg(«latency_seconds») > 1", "rate(latency_seconds[5m])"),
    ("promql/short-range", 'rate(«a_total{job="slow"}[1m]»)', 'rate(a_total{job="quick"}[1m])'),
    ("promql/unit", "x_ratio > «50»", "x_ratio > 2"),
    ("promql/unit", "share > «1.5»", "sum(share) > 1.5"),
    ("promql/unit", "max_over_time(x_percent[5m]) > «0.9»", "x_percent > 90"),
    (
        "promql/unit",
        "histogram_quantile(0.9, rate(a_seconds_bucket[5m])) > «500»",
        "histogram_quantile(0.9, a_seconds_bucket) > 300",
    ),
    (
        "promql/unit",
        "sum(rate(a_seconds_sum[5m])) / sum(rate(a_seconds_count[5m])) > «500»",
        "sum(rate(a_seconds_sum[5m])) / sum(rate(b_seconds_count[5m])) > 500",
    ),
    ("promql/unit", "«0.9» < x_percent", "90 < x_percent"),
    ("promql/unit", "x_bytes < «100»", "x_bytes < 100e6"),
    (
        "promql/aggregated-quantile",
        "«avg(histogram_quantile(0.9, rate(a_bucket[5m])))»",
        "max(histogram_quantile(0.9, rate(a_bucket[5m])))",
    ),
    ("promql/aggregated-quantile", '«avg by (job) (x{quantile="0.9"})»', 'max(x{quantile="0.9"})'),
    ("promql/choice-of-one", "«topk(3, sum(x))»", "topk(3, sum by (job) (x))"),
    ("promql/precedence", "a or «b and c»", "a or (b and c)"),
    ("promql/precedence", "«-a ^ 2»", "(-a) ^ 2"),
    ("promql/precedence", "«a == b == c»", "a > 0.9 < 1"),
    ("promql/regex-without-effect", 'x{«a=~"b"»}', 'x{a=~"b.*"}'),
    ("promql/regex-without-effect", 'x{«a=~"^b.*$"»}', 'x{a=~"^b|c$"}'),
    ("promql/empty-matcher", 'x{«a=~"b|"»}', 'x{a=~"b|c"}'),
)


def found(text: str) -> set[tuple[str, str]]:
    return {(flaw.check, text[flaw.start : flaw.end]) for flaw in flaws(text, FACTS)}


@pytest.mark.parametrize(("check", "marked", "better"), TABLE)
def test_fires_there_and_is_silent_on_the_better(check: str, marked: str, better: str | None) -> None:
    before, _, rest = marked.partition("«")
    faulty, _, after = rest.partition("»")
    assert (check, faulty) in found(before + faulty + after)
    assert better is None or check not in {each for each, _ in found(better)}


def test_every_check_of_expressions_is_tried() -> None:
    elsewhere = {"promql/all-states", "promql/unknown-job"}  # they need other files, and have tests of their own
    assert {code for code in CHECKS if code.startswith("promql/")} - elsewhere == {check for check, _, _ in TABLE}


def test_edits_say_what_they_replace() -> None:
    (flaw,) = flaws("a or b and c", FACTS)
    assert flaw.replacement == "(b and c)"


@pytest.mark.parametrize(
    "text",
    (
        # As well-kept rules have it.
        'up{job="a"} == 0',
        'absent(up{job="a"} == 1)',
        "(a / b) <= +Inf",
        "(a / b >= 0) or vector(0)",
        'sum by (job) (rate(a_total{code=~"5.."}[5m])) / sum by (job) (rate(a_total[5m])) * 100 > 5',
        'r{type="used"} / ignoring (type) (r{type="hard"} > 0) > 0.9 < 1',
        "max_over_time(m[5m]) < on (ns) group_left count by (ns) (max_over_time(m[5m]))",
        "max by (pod) (p) * on (pod) group_left (kind) topk by (pod) (1, max by (pod, kind) (o))",
        'count(count_values("hash", h)) > 1',
        "(sum by (c) (rate(a_total[1d])) or vector(0)) + sum by (c) (rate(b_total[1d]))",
        "time() - max by (job) (start_seconds) > 3600",
        "predict_linear(free_bytes[6h], 4 * 3600) < 0",
        "sum(up) without (instance) < (count(up) without (instance) + 1) / 2",
        "histogram_quantile(0.9, sum by (job) (rate(native_seconds[5m]))) > 1",
        "vector(1)",
        "1 < bool 2",
    ),
)
def test_silent_on(text: str) -> None:
    assert not found(text)


def test_deep_and_broken_expressions_are_left_alone() -> None:
    assert not found("sum(")
    assert not found(" or ".join(["count(x) == 0"] * (MAX_DEPTH + 2)))
