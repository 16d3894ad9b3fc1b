"""What is said of an expression without data, held against the engine on random small data."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hivesight.doctor.promql.aggregations import is_never_empty
from hivesight.doctor.promql.comparisons import decided
from hivesight.doctor.promql.flaw import Facts
from hivesight.doctor.promql.interval import verdict
from hivesight.doctor.promql.labels import dropped
from hivesight.doctor.promql.metrics import Metrics
from hivesight.doctor.promql.narrowing import is_share
from hivesight.doctor.promql.shape import shape_of
from hivesight.doctor.promql.values import operands, range_of
from hivesight.model.errors import BadQuery, QueryError
from hivesight.model.labels import METRIC_NAME
from hivesight.query.promql import Engine, Vector
from hivesight.query.promql.ast import COMPARISONS, Binary, Expr
from hivesight.query.promql.parser import parse
from hivesight.query.promql.walk import walk
from query.promql_store import MemoryStore

LABELS = ("a", "b", "le", "job")
AT_MS = 300_000
ROUNDING = 1e-9
FACTS = Facts(Metrics())

labels = st.sampled_from(LABELS)
numbers = st.sampled_from(("0", "1", "-1", "0.5", "2", "100", "Inf", "-Inf", "NaN"))
groupings = st.lists(labels, max_size=3, unique=True).map(", ".join)
matchers = st.lists(
    st.tuples(
        labels, st.sampled_from(("=", "!=", "=~", "!~")), st.sampled_from(("", "1", "2", "1|2", "0.5", ".+"))
    ).map(lambda each: f'{each[0]}{each[1]}"{each[2]}"'),
    max_size=2,
).map(lambda each: ",".join(each))
modifiers = st.sampled_from(("", "", "", " offset 1m", " @ 200", " @ end()"))
plain = st.tuples(st.sampled_from(("gauge", "up", "x_total", "x_bucket")), matchers, modifiers).map(
    lambda each: f"{each[0]}{{{each[1]}}}{each[2]}"
)
counters = st.tuples(st.sampled_from(("x_total", "x_bucket")), matchers).map(lambda each: f"{each[0]}{{{each[1]}}}")
rated = st.tuples(st.sampled_from(("rate", "increase", "irate", "resets", "changes")), counters).map(
    lambda each: f"{each[0]}({each[1]}[5m])"
)
over_time = st.tuples(
    st.sampled_from(("avg", "min", "max", "sum", "count", "last", "stddev", "present", "absent")),
    plain,
    st.sampled_from(("[5m]", "[5m:1m]")),
).map(lambda each: f"{each[0]}_over_time({each[1].partition(' ')[0]}{each[2]})")
dates = st.sampled_from(("hour()", "month()", "day_of_week()", "vector(time())", "vector(1)", "vector(0)"))
shares = st.tuples(st.sampled_from(("sum", "count")), groupings, matchers, matchers).map(
    lambda each: (
        f"sum by ({each[1]}) (rate(x_total{{{each[2]}}}[5m])) / sum by ({each[1]}) (rate(x_total[5m]))"
        if each[0] == "sum"
        else f"count by ({each[1]}) (gauge{{{each[2]}}}) / count by ({each[1]}) (gauge)"
    )
)


def grown(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    by = st.tuples(st.sampled_from(("", " by", " without")), groupings).map(
        lambda each: f"{each[0]} ({each[1]})" if each[0] else ""
    )
    folded = st.tuples(st.sampled_from(("sum", "avg", "min", "max", "count", "group", "stddev")), by, vectors).map(
        lambda each: f"{each[0]}{each[1]} ({each[2]})"
    )
    chosen = st.tuples(
        st.sampled_from(("topk", "bottomk", "limitk", "quantile", 'count_values "v"', 'count_values "a"')),
        by,
        st.sampled_from(("1", "2", "0.5", "-1")),
        vectors,
    ).map(
        lambda each: (
            f"count_values{each[1]} ({each[0].split()[1]}, {each[3]})"
            if " " in each[0]
            else f"{each[0]}{each[1]} ({each[2]}, {each[3]})"
        )
    )
    called = st.tuples(
        st.sampled_from(
            (
                *("abs({})", "ceil({})", "floor({})", "sgn({})", "exp({})", "sqrt({})", "-({})", "round({})"),
                *("clamp_min({}, 1)", "clamp_max({}, 1)", "clamp({}, 0, 1)", "vector(scalar({}))", "absent({})"),
                *('label_replace({}, "b", "$1", "a", "(.*)")', 'label_replace({}, "n", "x", "a", "1")'),
                *('label_join({}, "n", "-", "a", "b")', "histogram_quantile(0.9, {})", "timestamp({})", "sort({})"),
                *("max_over_time(({})[3m:1m])", "sum_over_time(({})[3m:1m])", "quantile_over_time(2, ({})[3m:1m])"),
            )
        ),
        vectors,
    ).map(lambda each: each[0].format(each[1]))
    matching = st.one_of(
        st.just(""),
        st.tuples(st.sampled_from(("on", "ignoring")), groupings).map(lambda each: f" {each[0]} ({each[1]})"),
        st.tuples(st.sampled_from(("on", "ignoring")), groupings, st.sampled_from(("left", "right")), groupings).map(
            lambda each: f" {each[0]} ({each[1]}) group_{each[2]} ({each[3]})"
        ),
    )
    operators = st.sampled_from(("+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "> bool"))
    fills = st.sampled_from(("", "", " fill (0)", " fill_left (-5)", " fill_right (7)"))
    joined = st.tuples(vectors, operators, matching, fills, vectors).map(
        lambda each: f"({each[0]}) {each[1]}{each[2]}{each[3]} ({each[4]})"
    )
    sets = st.tuples(
        vectors,
        st.sampled_from(("and", "or", "unless")),
        st.one_of(
            st.just(""), st.tuples(st.sampled_from(("on", "ignoring")), groupings).map(lambda e: f" {e[0]} ({e[1]})")
        ),
        vectors,
    ).map(lambda each: f"({each[0]}) {each[1]}{each[2]} ({each[3]})")
    with_number = st.tuples(vectors, operators, numbers, st.booleans()).map(
        lambda each: f"({each[0]}) {each[1]} {each[2]}" if each[3] else f"{each[2]} {each[1]} ({each[0]})"
    )
    return st.one_of(folded, chosen, called, joined, sets, with_number)


expressions = st.recursive(st.one_of(plain, plain, rated, over_time, dates, shares), grown, max_leaves=5)

series = st.tuples(
    st.sampled_from(("gauge", "up", "x_total", "x_bucket")),
    st.dictionaries(labels, st.sampled_from(("1", "2", "0.5", "+Inf")), max_size=3),
    st.lists(st.integers(-20, 20).map(lambda each: each / 4), min_size=1, max_size=6),
)
data = st.lists(series, max_size=10)


def filled(given: list[tuple[str, dict[str, str], list[float]]]) -> MemoryStore:
    """The series in a store, with values as a metric of that name has."""
    store = MemoryStore()
    for name, rest, values in given:
        if name == "up":
            values = [float(each > 0) for each in values]
        elif name != "gauge":
            values = [abs(each) for each in values]
        points = [(AT_MS - 60_000 * index, value) for index, value in enumerate(values)]
        store.add({METRIC_NAME: name, **rest}, points)
    return store


def answer(store: MemoryStore, text: str) -> list[tuple[dict[str, str], float]] | None:
    try:
        found = Engine(store).instant(text, AT_MS).value
    except (BadQuery, QueryError):
        return None
    return [(dict(row), value) for row, value in found.rows()] if isinstance(found, Vector) else None


def tree_of(text: str) -> Expr | None:
    try:
        return parse(text)
    except BadQuery:
        return None


many = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@many
@given(expressions, data)
def test_no_impossible_label_and_no_value_outside(
    text: str, given: list[tuple[str, dict[str, str], list[float]]]
) -> None:
    tree, rows = tree_of(text), answer(filled(given), text)
    if tree is None or rows is None:
        return
    shape, reach = shape_of(tree), range_of(tree, FACTS.metrics)
    for row, value in rows:
        carried = {name for name, text in row.items() if text and name != METRIC_NAME}
        assert all(shape.can_have(name) for name in carried), (text, row, shape)
        assert shape.always <= carried, (text, row, shape)
        if math.isnan(value):
            assert reach.nan, (text, row, reach)
        else:
            assert reach.low - ROUNDING <= value <= reach.high + ROUNDING, (text, row, value, reach)
    if is_never_empty(tree):
        assert rows, text


@many
@given(st.tuples(expressions, st.sampled_from(sorted(COMPARISONS)), st.one_of(numbers, expressions)), data)
def test_a_decided_comparison_is_decided(
    parts: tuple[str, str, str], given: list[tuple[str, dict[str, str], list[float]]]
) -> None:
    text = f"({parts[0]}) {parts[1]} ({parts[2]})"
    tree = tree_of(text)
    if not isinstance(tree, Binary):
        return
    outcome = verdict(tree.op, *operands(tree, FACTS.metrics))
    if outcome is None:
        return
    rows = answer(filled(given), f"({parts[0]}) {parts[1]} bool ({parts[2]})")
    assert {value for _, value in rows or ()} <= {float(outcome)}, (text, rows)


@many
@given(expressions, data)
def test_what_cannot_match_does_not(text: str, given: list[tuple[str, dict[str, str], list[float]]]) -> None:
    tree = tree_of(text)
    if tree is None:
        return
    store = filled(given)
    places = {(flaw.start, flaw.end) for flaw in dropped(text, tree, FACTS) if "nothing matches" in flaw.message}
    for node in walk(tree):
        if isinstance(node, Binary) and (node.start, node.end) in places and node.op != "unless":
            assert not answer(store, text[node.start : node.end]), text


@many
@given(shares, data)
def test_a_share_is_a_share(text: str, given: list[tuple[str, dict[str, str], list[float]]]) -> None:
    tree = tree_of(text)
    assert isinstance(tree, Binary)
    assert is_share(tree)
    for _, value in answer(filled(given), text) or ():
        assert math.isnan(value) or -ROUNDING <= value <= 1 + ROUNDING
    assert not list(decided(text, tree, FACTS))
