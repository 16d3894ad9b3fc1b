"""Parser and printer: Prometheus' wording and places, canonical text, and trees that survive printing."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.errors import BadQuery
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql import format, metric_names, parse, selectors
from hivesight.query.promql.ast import (
    Aggregate,
    At,
    Binary,
    Call,
    Card,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from hivesight.query.promql.check import type_of
from hivesight.query.promql.literals import format_api, format_number, quote, unquote

FAULTS = [
    ("", "1:1: parse error: no expression found in input"),
    ("1 +", "1:4: parse error: unexpected end of input"),
    ("foo{", "1:5: parse error: unexpected end of input inside braces"),
    ("*1", "1:1: parse error: unexpected <op:*>"),
    ("(1))", "1:4: parse error: unexpected right parenthesis ')'"),
    ("((1)", "1:5: parse error: unclosed left parenthesis"),
    ("foo[5m", "1:7: parse error: unclosed left bracket"),
    ("foo]", "1:4: parse error: unexpected right bracket ']'"),
    ("1 and 1", '1:1: parse error: set operator "and" not allowed in binary scalar expression'),
    ("1 == 1", "1:1: parse error: comparisons between scalars must use BOOL modifier"),
    ("foo or bool bar", "1:5: parse error: bool modifier can only be used on comparison operators"),
    ("foo + on(x) 1", "1:1: parse error: vector matching only allowed between instant vectors"),
    ("a - on(b) ignoring(c) d", "1:11: parse error: unexpected <ignoring>"),
    ("a and on(b) group_left c", '1:13: parse error: no grouping allowed for "and" operation'),
    ("a * on(b) group_left(b) c", '1:5: parse error: label "b" must not occur in ON and GROUP clause at once'),
    ("foo{a=}", '1:7: parse error: unexpected "}" in label matching, expected string'),
    ("foo{a}", '1:6: parse error: unexpected "}" in label matching, expected label matching operator'),
    ('foo{a="x" b="y"}', '1:11: parse error: unexpected identifier "b" in label matching, expected "," or "}"'),
    ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
    ('{a=~".*"}', "1:1: parse error: vector selector must contain at least one non-empty matcher"),
    ('foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'),
    ("rate(foo)", '1:6: parse error: expected type range vector in call to function "rate", got instant vector'),
    ("floor(1)", '1:7: parse error: expected type instant vector in call to function "floor", got scalar'),
    ("floor(foo, 1)", '1:1: parse error: expected 1 argument(s) in call to "floor", got 2'),
    ("round()", '1:1: parse error: expected at least 1 argument(s) in call to "round", got 0'),
    ("round(a, 1, 2)", '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'),
    ("nosuch(foo)", '1:1: parse error: unknown function with name "nosuch"'),
    ("sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar"),
    ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
    ("topk(foo)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"),
    ("sum by (1) (foo)", '1:9: parse error: unexpected number "1" in grouping opts, expected label'),
    ("foo[0m]", "1:5: parse error: duration must be greater than 0"),
    ("foo[5m-5m]", "1:5: parse error: duration must be greater than 0"),
    ("foo[5m/0]", "1:5: parse error: division by zero"),
    ("foo[5m*]", '1:8: parse error: unexpected "]" in subquery or range selector, expected duration'),
    ("1[5m]", "1:1: parse error: ranges only allowed for vector selectors"),
    ("1[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"),
    ("foo offset 5m[5m]", "1:1: parse error: no offset modifiers allowed before range"),
    ("foo offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"),
    ("foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
    ("foo @ x", '1:7: parse error: unexpected identifier "x" in @, expected timestamp'),
    ("foo @ 1e99", "1:7: parse error: timestamp out of bounds for @ modifier: " + f"{1e99:f}"),
    ("1 offset 5m", "1:1: parse error: offset modifier must be preceded by an instant vector selector"
     " or range vector selector or a subquery"),
    ('"a" + 1', "1:1: parse error: binary expression must contain only scalar and instant vector types"),
    ("-foo[5m]", "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector,"
     ' got "range vector"'),
    ("5mm", '1:1: parse error: bad number or duration syntax: "5mm"'),
    ('"abc', "1:1: parse error: unterminated quoted string"),
    ("sum(foo,)", "1:8: parse error: trailing commas not allowed in aggregation"),
    ("foo ! bar", "1:5: parse error: unexpected character after '!': ' '"),
    ("foo $ bar", "1:5: parse error: unexpected character: '$'"),
    ("foo\n  + ü", "2:5: parse error: unexpected character: 'ü'"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "message"), FAULTS)
def test_fault(query: str, message: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(query)
    assert str(caught.value) == message
    assert 0 <= caught.value.start <= caught.value.end <= max(len(query), 1)


def test_bad_regex_is_a_fault_at_its_matcher() -> None:
    with pytest.raises(BadQuery, match=r"^1:5: parse error: bad regular expression '\('"):
        parse('foo{a=~"("}')


CANONICAL = [
    ("1e6", "1e+06"),
    ("0x1F", "31"),
    ("017", "15"),
    ("1_000.5", "1000.5"),
    (".5", "0.5"),
    ("-inf", "-Inf"),
    ("nAn", "NaN"),
    ("5m30s", "5m30s"),
    ("'it\\'s'", '"it\'s"'),
    ("`raw\\n`", '"raw\\\\n"'),
    ('"\\u00e9\\x41\\101"', '"éAA"'),
    ("foo { a = 'b' , }", 'foo{a="b"}'),
    ('{"my.metric",a!~"b"}', '{"my.metric",a!~"b"}'),
    ('{"plain"}', "plain"),
    ('{__name__="foo"}', '{__name__="foo"}'),
    ('foo{"utf-8"="x"}', 'foo{"utf-8"="x"}'),
    ("foo[300] offset -90", "foo[5m] offset -1m30s"),
    ("foo OFFSET 1w @ 1.5", "foo @ 1.500 offset 1w"),
    ("foo @ end()", "foo @ end()"),
    ("rate(foo[1m])[1h:] @ start() offset 5m", "rate(foo[1m])[1h:] @ start() offset 5m"),
    ("foo[1h:30s]", "foo[1h:30s]"),
    ("SUM(foo) BY (a, b)", "sum by (a, b) (foo)"),
    ("sum without() (foo)", "sum without () (foo)"),
    ('sum by ("a.b", on) (foo)', 'sum by ("a.b", on) (foo)'),
    ("topk(3, foo)", "topk(3, foo)"),
    ("a+b*c", "a + b * c"),
    ("a == bool on ( x ) group_left(y) b", "a == bool on (x) group_left (y) b"),
    ("a / ignoring() group_right b", "a / ignoring () group_right () b"),
    ("a and on() b", "a and on () b"),
    ("2^3^2", "2 ^ 3 ^ 2"),
    ("-(1+2)", "-(1 + 2)"),
    ("- foo ^ 2", "-foo ^ 2"),
    ("sum", "sum"),
    ("bottomk + by", "bottomk + by"),
    ("a # comment\n + b", "a + b"),
    ("time()", "time()"),
    ("a[5m+5m]", "a[5m + 5m]"),
    ("a[2*(step()+1)] offset -(1h - range())", "a[2 * (step() + 1)] offset -(1h - range())"),
    ("a[1h:max_of(step(), 15s)] offset step()", "a[1h:max_of(step(), 15s)] offset step()"),
    ("a offset 5m * 2", "a offset 5m * 2"),
    ("rate(a[5m] ANCHORED offset 1m)", "rate(a[5m] anchored offset 1m)"),
    ("a + fill(0) b", "a + fill (0) b"),
    ("a + on(x) group_left fill_right(-1) b", "a + on (x) group_left () fill_right (-1) b"),
    ("a + fill_left(1) fill_right(2) fill", "a + fill_left (1) fill_right (2) fill"),
]


@pytest.mark.parametrize(("query", "text"), CANONICAL)
def test_canonical_text(query: str, text: str) -> None:
    assert format(parse(query)) == text
    assert parse(text) == parse(query)


def test_precedence() -> None:
    tree = parse("a or b and c == d + e * f ^ g")
    operators = []
    while isinstance(tree, Binary):
        operators.append(tree.op)
        tree = tree.rhs
    assert operators == ["or", "and", "==", "+", "*", "^"]
    assert isinstance(tree, VectorSelector)


def test_positions() -> None:
    tree = parse("sum(rate(foo[5m])) / 2")
    assert isinstance(tree, Binary)
    assert isinstance(tree.lhs, Aggregate)
    assert (tree.start, tree.end) == (0, 22)
    assert (tree.lhs.expr.start, tree.lhs.expr.end) == (4, 17)
    assert (tree.rhs.start, tree.rhs.end) == (21, 22)


def test_names_and_selectors() -> None:
    tree = parse('sum(rate(a[5m])) / on() b{c="d"} or {__name__=~"x.*"} or {__name__="e"}')
    assert metric_names(tree) == {"a", "b", "e"}
    assert [selector.name for selector in selectors(tree)] == ["a", "b", "", ""]


HOSTILE = {
    "parentheses": "(" * 100_000,
    "minus": "-" * 100_000 + "1",
    "power": "1" + "^1" * 50_000,
    "calls": "abs(" * 30_000,
    "long": "x" * 10_000_000,
    "long duration": "a[" + "5m+" * 40_000 + "5m]",
    "nested duration": "a[" + "(" * 60_000,
    "signs of an offset": "a offset " + "-" * 60_000,
    "powers of a step": "a[5m:" + "1m^" * 40_000,
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_queries_are_refused(query: str) -> None:
    before = time.process_time()
    with pytest.raises(BadQuery):
        parse(query)
    assert time.process_time() - before < 10


def test_long_chains_are_welcome() -> None:
    query = " or ".join(f'm{{i="{i}"}}' for i in range(3000))
    assert format(parse(query)) == query


def test_depth_within_bounds() -> None:
    assert format(parse("(" * 90 + "a" + ")" * 90)).count("(") == 90


NUMBERS = [
    (0.0, "0"),
    (-0.0, "-0"),
    (1e6, "1e+06"),
    (123456.0, "123456"),
    (1e-5, "1e-05"),
    (0.0001, "0.0001"),
    (1e21, "1e+21"),
    (1.5, "1.5"),
    (math.inf, "+Inf"),
    (-math.inf, "-Inf"),
    (math.nan, "NaN"),
]


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_numbers(value: float, text: str) -> None:
    assert format_number(value) == text


@settings(deadline=None)
@given(st.floats())
def test_numbers_read_back(value: float) -> None:
    for text in (format_number(value), format_api(value)):
        assert math.isnan(value) if text == "NaN" else float(text) == value


@settings(deadline=None)
@given(st.text())
def test_strings_read_back(text: str) -> None:
    assert unquote(quote(text)) == text


# Trees that are well typed, built from the leaves up.
names = st.sampled_from(["foo", "bar:baz", "sum", "by", "my.metric", "é", "x y"])
label_names = st.sampled_from(["a", "b", "on", "le", "utf-8.name"])
durations = st.integers(1, 10**9)
offsets = st.one_of(st.just(0), st.integers(-(10**9), 10**9))
ats = st.one_of(
    st.none(),
    st.builds(lambda ms: At(ms=ms), st.integers(-(10**12), 10**12)),
    st.builds(lambda edge: At(edge=edge), st.sampled_from(["start", "end"])),
)
matchers = st.builds(Matcher, label_names, st.sampled_from([MatchType.EQUAL, MatchType.NOT_EQUAL]), st.text(max_size=5))
numbers = st.floats(min_value=0, allow_infinity=True).map(lambda value: NumberLiteral(value=value))
strings = st.text(max_size=8).map(lambda value: StringLiteral(value=value))


def _selector(name: str, conditions: list[Matcher], at: At | None, offset_ms: int) -> VectorSelector:
    named = Matcher(METRIC_NAME, MatchType.EQUAL, name)
    return VectorSelector(name=name, matchers=(*conditions, named), at=at, offset_ms=offset_ms)


vectors_plain = st.builds(_selector, names, st.lists(matchers, max_size=3), ats, offsets)
bare = st.builds(_selector, names, st.lists(matchers, max_size=3), ats, offsets)
matrices = st.builds(lambda vector, range_ms: MatrixSelector(vector=vector, range_ms=range_ms), bare, durations)


def _grow(vectors: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    subqueries = st.builds(
        lambda expr, range_ms, step_ms, at, offset_ms: Subquery(
            expr=Paren(expr=expr), range_ms=range_ms, step_ms=step_ms, at=at, offset_ms=offset_ms
        ),
        vectors,
        durations,
        st.one_of(st.none(), durations),
        ats,
        offsets,
    )
    return st.one_of(
        st.builds(lambda expr: Paren(expr=expr), vectors),
        st.builds(lambda expr: Unary(op="-", expr=Paren(expr=expr)), vectors),
        st.builds(lambda arg: Call(func="rate", args=(arg,)), st.one_of(matrices, subqueries)),
        st.builds(lambda arg, text: Call(func="label_join", args=(arg, text, text)), vectors, strings),
        st.builds(
            lambda op, expr, labels, without: Aggregate(op=op, expr=expr, grouping=tuple(labels), without=without),
            st.sampled_from(["sum", "max", "stddev"]),
            vectors,
            st.lists(label_names, max_size=3),
            st.booleans(),
        ),
        st.builds(lambda k, expr: Aggregate(op="topk", param=k, expr=expr), numbers, vectors),
        st.builds(_joined, st.sampled_from(["+", "^", "==", ">="]), vectors, vectors, st.booleans(), st.booleans()),
        st.builds(
            lambda op, number, expr: Binary(
                op=op, lhs=number, rhs=Paren(expr=expr), returns=ValueType.VECTOR, matching=None
            ),
            st.sampled_from(["-", "*", "<"]),
            numbers,
            vectors,
        ),
    )


def _joined(op: str, left: Expr, right: Expr, flag: bool, grouped: bool) -> Expr:
    matching = Matching(
        card=Card.MANY_TO_ONE if grouped else Card.ONE_TO_ONE,
        on=grouped,
        labels=("a",) if grouped else (),
        include=("b",) if grouped and flag else (),
    )
    return Binary(
        op=op,
        lhs=Paren(expr=left),
        rhs=Paren(expr=right),
        returns=ValueType.VECTOR,
        returns_bool=flag and op in ("==", ">="),
        matching=matching,
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(vectors_plain, _grow, max_leaves=12))
def test_printed_trees_parse_to_themselves(tree: Expr) -> None:
    text = format(tree)
    again = parse(text)
    assert again == tree, text
    assert format(again) == text
    assert type_of(again) is ValueType.VECTOR


@settings(deadline=None)
@given(st.text(alphabet="foo{}[]()=~\"'`,:@+-*/^%<>!5ms \n#\\", max_size=40))
def test_any_text_parses_or_is_a_fault(text: str) -> None:
    try:
        tree = parse(text)
    except BadQuery as error:
        assert ": parse error: " in str(error)
    else:
        assert parse(format(tree)) == tree
