"""OpenMetrics text with timestamps, read a piece at a time."""

import io

import pytest

from hivesight.ingest.openmetrics_file import OpenMetricsFile
from hivesight.ingest.parsed import ExpositionError

Rows = list[tuple[int, int, float]]


def read(text: bytes, known: list[dict[str, str]] | None = None) -> Rows:
    labels = [] if known is None else known

    def register(each: dict[str, str]) -> int:
        if each not in labels:
            labels.append(each)
        return labels.index(each)

    found: Rows = []
    for columns in OpenMetricsFile(register).read(io.BytesIO(text), "f.om"):
        found += zip(columns.refs.tolist(), columns.times.tolist(), columns.values.tolist(), strict=True)
    return found


def test_samples_in_every_spelling() -> None:
    known: list[dict[str, str]] = []
    text = (
        b"# TYPE a counter\n# HELP a text\n# UNIT a s\n"
        b'a_total{x="1 2 3"} 1 1.5\n'
        b'a_total{x="1 2 3"} 2 2.5\n'
        b'a_total{x="1 2 3"}  3  3.5\n'
        b'a_total{x="1 2 3"} 4 4.5 # {trace_id="#"} 1 2\n'
        b"b +Inf -1\n"
        b'{"a.b",x="\\"#\\""} 1e3 1e3\n'
        b"# EOF"
    )
    assert read(text, known) == [
        (0, 1500, 1.0), (0, 2500, 2.0), (0, 3500, 3.0), (0, 4500, 4.0), (1, -1000, float("inf")), (2, 1_000_000, 1e3),
    ]  # fmt: skip
    assert known == [{"__name__": "a_total", "x": "1 2 3"}, {"__name__": "b"}, {"__name__": "a.b", "x": '"#"'}]


def test_lines_meet_the_ends_of_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"".join(b"a%d %d %d\n" % (each % 7, each, each) for each in range(500)) + b"# EOF\n"
    whole = read(text)
    assert len(whole) == 500
    monkeypatch.setattr("hivesight.ingest.openmetrics_file._READ_BYTES", 13)
    assert read(text) == whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "f.om:0: the text does not end with # EOF"),
        (b"a 1 1\na 1 2\n", "f.om:2: the text does not end with # EOF"),
        (b"a 1 1\na 1\n# EOF\n", "f.om:2: the sample has no timestamp"),
        (b"a 1 1\na x 2\na 1 3\n# EOF\n", 'f.om:2: not a number: "x"'),
        (b"a 1 1\na 1 x\n# EOF\n", 'f.om:2: not a number: "x"'),
        (b"a 1 1\na 1_0 2\n# EOF\n", 'f.om:2: not a number: "1_0"'),
        (b"a 1 1\na 1 1_0\n# EOF\n", 'f.om:2: not a number: "1_0"'),
        (b"a 1 1\na 1 nan\n# EOF\n", 'f.om:2: invalid timestamp "nan"'),
        (b"a 1 1\na 1 1e300\n# EOF\n", 'f.om:2: invalid timestamp "1e300"'),
        (b"a 1 1\na 1e999 2\n# EOF\n", "f.om:2: value out of range"),
        (b"a 1 1\n\n# EOF\n", "f.om:2: OpenMetrics allows no empty line"),
        (b"# EOF\na 1 1\n", "f.om:2: unexpected text after # EOF"),
        (b"# TYPE a wrong\n# EOF\n", "f.om:1: invalid metric type"),
        (b'a{x="1} 1 1\n# EOF\n', "f.om:1: the labels do not end"),
        (b'a{x="\xff"} 1 1\n# EOF\n', "f.om:1: invalid UTF-8"),
        (b"a 1 1\n# " + b"x" * (6 << 20) + b"\n# EOF\n", "f.om:2: longer than 1048576 bytes"),
    ],
)
def test_faults_name_file_and_line(text: bytes, said: str) -> None:
    with pytest.raises(ExpositionError) as caught:
        read(text)
    assert said in str(caught.value)


def test_names_of_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivesight.ingest.openmetrics_file.MAX_SPELLING_BYTES", 5)
    with pytest.raises(ExpositionError, match=r"f\.om:3: .*import the file in parts"):
        read(b"aaa 1 1\naaa 1 2\nbbb 1 3\n# EOF\n")
