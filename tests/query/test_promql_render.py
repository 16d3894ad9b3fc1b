"""Answers in the JSON of the HTTP API."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.labels import Labels
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql import Matrix, Scalar, String, Vector
from hivesight.query.promql.literals import format_api
from hivesight.query.promql.render import number_texts, render, seconds

NUMBERS = [
    (0.0, "0"),
    (-0.0, "-0"),
    (1.0, "1"),
    (1e6, "1000000"),
    (0.1, "0.1"),
    (1e-6, "0.000001"),
    (1.5e-7, "1.5e-07"),
    (1e16, "10000000000000000"),
    (123456789012345680000.0, "123456789012345680000"),
    (1e21, "1e+21"),
    (-2.5e22, "-2.5e+22"),
    (math.nan, "NaN"),
    (math.inf, "+Inf"),
    (-math.inf, "-Inf"),
]


def test_numbers() -> None:
    values, texts = zip(*NUMBERS, strict=True)
    assert number_texts(np.array(values)) == list(texts)
    for value, text in NUMBERS:
        assert number_texts(np.array([value])) == [text]


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=1))
def test_number_texts_are_those_of_single_numbers(values: list[float]) -> None:
    assert number_texts(np.array(values)) == [format_api(value) for value in values]


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0"), (1000, "1"), (1500, "1.500"), (1_700_000_000_001, "1700000000.001"), (-1500, "-1.500")]
)
def test_seconds(ms: int, text: str) -> None:
    assert seconds(ms) == text


def test_scalar_and_string() -> None:
    assert render(Scalar(1500, 0.5)) == b'{"resultType":"scalar","result":[1.500,"0.5"]}'
    assert render(String(0, 'a"b\n')) == b'{"resultType":"string","result":[0,"a\\"b\\n"]}'
    assert json.loads(render(String(0, "x\udcff")))["result"][1] == "x\ufffd"


def test_vector() -> None:
    labels = label_table([Labels({"__name__": "up", "job": 'a"b'}), Labels()], Symbols())
    data = json.loads(render(Vector(2500, labels, np.array([1.0, math.nan]))))
    assert data == {
        "resultType": "vector",
        "result": [
            {"metric": {"__name__": "up", "job": 'a"b'}, "value": [2.5, "1"]},
            {"metric": {}, "value": [2.5, "NaN"]},
        ],
    }
    nothing = Vector(0, label_table([], Symbols()), np.zeros(0))
    assert render(nothing) == b'{"resultType":"vector","result":[]}'


def test_matrix_with_gaps() -> None:
    labels = label_table([Labels({"i": str(row)}) for row in range(3)], Symbols())
    values = np.arange(9, dtype=np.float64).reshape(3, 3)
    present = np.array([[True] * 3, [True, False, True], [True, False, True]])
    times = np.array([0, 500, 1000])
    series = json.loads(render(Matrix(labels, times, values, present)))["result"]
    assert series[0]["values"] == [[0, "0"], [0.5, "1"], [1, "2"]]
    assert series[1] == {"metric": {"i": "1"}, "values": [[0, "3"], [1, "5"]]}
    assert series[2]["values"] == [[0, "6"], [1, "8"]]
    own = Matrix(labels, np.stack([times, times + 1, times + 2]), values, present)
    assert json.loads(render(own))["result"][2]["values"] == [[0.002, "6"], [1.002, "8"]]
