"""Whether both give the same answers: every question of PromQL, as a range and as an instant query, on the same data.

Values agree within 1e-9 of their size, NaN agrees with NaN, and an error agrees with an error. Exits with 1 where
something differs. --against-itself compares the Prometheus with a second one, which shows that the comparison is sound.
"""

import argparse
import contextlib
import json
import math
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Final

import numpy as np

from hivebench.fleet import Span, last_minute_ms, load
from hivebench.questions import QUESTIONS
from hivebench.remote_write import Sender, labels_of, request
from hivebench.report import write_json
from hivebench.servers import Server, both, find_prometheus, prometheus

SERIES: Final = 200
SAMPLES: Final = 361
STEP_SECONDS: Final = 30
TOLERANCE: Final = 1e-9
NEAR_ZERO: Final = 1e-12
"""Where large numbers cancel out, what is left is noise."""
_EDGES: Final = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-300, 1e300, 0.1)


def ask(server: Server, path: str, wanted: dict[str, Any]) -> Any:
    """The data of the answer, or nothing where it is an error."""
    body = urllib.parse.urlencode(wanted).encode()
    try:
        with urllib.request.urlopen(f"{server.url}{path}", body, timeout=60) as answer:
            return json.loads(answer.read())["data"]
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= 500:
            return f"status {error.code}"
        return None


def difference(ours: Any, theirs: Any, ordered: bool) -> str | None:
    """What is not the same in two answers."""
    if isinstance(ours, str) or isinstance(theirs, str) or ours is None or theirs is None:
        return None if ours == theirs else f"{_kind(ours)} and {_kind(theirs)}"
    if ours["resultType"] != theirs["resultType"]:
        return f"a {ours['resultType']} and a {theirs['resultType']}"
    if ours["resultType"] in ("scalar", "string"):
        return _samples([ours["result"]], [theirs["result"]])
    left, right = (_by_labels(each["result"]) for each in (ours, theirs))
    if left.keys() != right.keys():
        return f"series only in one: {sorted(left.keys() ^ right.keys())[:2]}"
    if ordered and [*left] != [*right]:
        return "another order"
    for labels, samples in left.items():
        if found := _samples(samples, right[labels]):
            return f"{labels}: {found}"
    return None


def _kind(answer: Any) -> str:
    return "an error" if answer is None else answer if isinstance(answer, str) else "an answer"


def _by_labels(result: list[Any]) -> dict[str, list[Any]]:
    return {
        json.dumps(each["metric"], sort_keys=True): each["values"] if "values" in each else [each["value"]]
        for each in result
    }


def _samples(ours: list[Any], theirs: list[Any]) -> str | None:
    if [each[0] for each in ours] != [each[0] for each in theirs]:
        return f"{len(ours)} and {len(theirs)} samples, or at other times"
    for (at, left), (_, right) in zip(ours, theirs, strict=True):
        if not _same(float(left), float(right)):
            return f"{left} and {right} at {at}"
    return None


def _same(ours: float, theirs: float) -> bool:
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=NEAR_ZERO)


def fill(servers: list[Server], span: Span) -> list[Server]:
    """The fleet, and series of values that are not plain numbers."""
    taken = load(servers, SERIES, span)
    names = [labels_of([("__name__", "bench_edge"), ("edge", str(number))]) for number in range(len(_EDGES))]
    values = np.tile(np.array(_EDGES)[:, None], (1, span.samples))
    body = request(names, span.times(0, span.samples)[-200:], values[:, -200:])
    for server in taken:
        sender = Sender(server.url)
        sender.send(body)
        sender.close()
    return taken


def compare(ours: Server, theirs: Server, span: Span) -> list[dict[str, str]]:
    """All questions whose answers differ, with what does."""
    # The first minutes are left to windows and offsets, the last to what looks ahead.
    start, end = span.start_ms // 1000 + 1800, span.end_ms // 1000 - 600
    found: list[dict[str, str]] = []
    for query in QUESTIONS:
        at_once = {"query": query, "time": end}
        over_time = {"query": query, "start": start, "end": end, "step": STEP_SECONDS}
        for path, wanted in (("/api/v1/query", at_once), ("/api/v1/query_range", over_time)):
            ordered = path == "/api/v1/query" and query.startswith("sort")
            said = difference(ask(ours, path, wanted), ask(theirs, path, wanted), ordered)
            if said:
                found.append({"query": query, "path": path, "difference": said})
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", help="the binary to compare with; otherwise that of the environment or of PATH")
    parser.add_argument("--against-itself", action="store_true", help="compare the Prometheus with itself")
    parser.add_argument("--json", type=Path, help="write the differences to this file too")
    options = parser.parse_args()
    binary = find_prometheus(options.prometheus)
    if binary is None:
        print("no prometheus to compare with")
        return 2
    with contextlib.ExitStack() as stack:
        if options.against_itself:
            servers = [stack.enter_context(prometheus(binary, name=name)) for name in ("one", "other")]
        else:
            servers = stack.enter_context(both(binary))
        span = Span(last_minute_ms(), SAMPLES)
        if len(ready := fill(servers, span)) < 2:
            return 2
        found = compare(ready[0], ready[1], span)
    for each in found:
        print(f"{each['path']}  {each['query']}\n    {each['difference']}")
    print(f"{2 * len(QUESTIONS) - len(found)} of {2 * len(QUESTIONS)} answers are the same")
    write_json(options.json, found)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
