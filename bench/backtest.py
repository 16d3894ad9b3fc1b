"""How long `hivesight backtest` takes for forty rules over a week at 15 s, on a store of ours: the command from
outside, with its memory, and the time of the same evaluations one after the other, as a server makes them (by a sample
of them).

python bench/backtest.py [days] [rules]
"""

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hivesight.doctor.backtest.store import opened
from hivesight.model.batch import Samples
from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.rules import read_rule_file
from hivesight.storage.tsdb.backfill.backfill import Backfill

STEP_MS = 15_000
TARGETS = 30
SAMPLED = 200

EXPRESSIONS = (
    ("up{{job='agents'}} == {n} % 2", "for: 5m"),
    (
        "sum by (job) (rate(requests_total{{code='500'}}[5m])) / sum by (job) (rate(requests_total[5m])) > 0.0{n}",
        "for: 10m",
    ),
    ("histogram_quantile(0.9, sum by (job, le) (rate(duration_seconds_bucket[5m]))) > {n}", "for: 2m"),
    ("queue > {n} and max_over_time(queue[10m]) > 2 * {n}", "keep_firing_for: 5m"),
    ("job:errors:ratio > 0.0{n} and job:errors:ratio offset 10m > 0.01", "for: 1m"),
)


def write_rules(path: Path, count: int) -> None:
    lines = ["groups:\n", "- name: records\n  interval: 15s\n  rules:\n"]
    ratio = "sum by (job) (rate(requests_total{code='500'}[5m])) / sum by (job) (rate(requests_total[5m]))"
    lines.append(f'  - {{record: "job:errors:ratio", expr: "{ratio}"}}\n')
    lines.append("- name: alerts\n  interval: 15s\n  rules:\n")
    for n in range(count):
        expr, wait = EXPRESSIONS[n % len(EXPRESSIONS)]
        lines.append(f'  - {{alert: Rule{n}, expr: "{expr.format(n=n // 5 + 1)}", {wait}}}\n')
    path.write_text("".join(lines))


def write_store(data: Path, start_ms: int, count: int) -> int:
    """A scrape of each target every 15 s; how many series."""
    random = np.random.default_rng(1)
    times = start_ms + STEP_MS * np.arange(count, dtype=np.int64)
    made = 0
    with Backfill(data / "metrics", {}) as backfill:
        for target in range(TARGETS):
            base = {"job": "agents", "instance": f"10.0.0.{target}:9000"}
            steps = {
                **{
                    ("requests_total", "code", code): random.poisson(rate, count)
                    for code, rate in (("200", 90), ("500", 2))
                },
                **{
                    ("duration_seconds_bucket", "le", le): random.poisson(10 * (n + 1), count)
                    for n, le in enumerate("12345")
                },
            }
            series = {key: np.cumsum(values).astype(np.float64) for key, values in steps.items()}
            series["queue", "", ""] = np.abs(np.cumsum(random.normal(0, 0.3, count)) % 24 - 12)
            series["up", "", ""] = (random.random(count // 40 + 1) > 0.02).repeat(40)[:count].astype(np.float64)
            labels = [
                Labels({"__name__": name, label: text, **base}) if label else Labels({"__name__": name, **base})
                for name, label, text in series
            ]
            refs = [backfill.series.register(each) for each in labels]
            made += len(refs)
            for ref, values in zip(refs, series.values(), strict=True):
                backfill.take(Samples(np.full(count, ref, dtype=np.int32), times, values))
        backfill.finish(lambda done, every: None)
    return made


def main() -> None:
    days = float(sys.argv[1]) if len(sys.argv) > 1 else 7
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    steps = int(days * 86_400_000 / STEP_MS)
    with TemporaryDirectory() as name:
        data, rules = Path(name, "data"), Path(name, "rules.yml")
        write_rules(rules, count)
        end_ms = int(time.time() * 1000) // STEP_MS * STEP_MS
        series = write_store(data, end_ms - steps * STEP_MS, steps)
        print(f"{series} series, {series * steps:,} samples; {count} rules, {count * steps:,} evaluations")
        began = time.perf_counter()
        span = ("--since", f"{days:g}d", "--until", str(end_ms / 1000))
        command = [sys.executable, "-m", "hivesight", "backtest", str(rules), "--data", str(data), *span]
        done = subprocess.run(command, capture_output=True, text=True)
        wall = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        megabytes = used.ru_maxrss / 1024
        print(f"hivesight backtest: {wall:.1f} s wall, {used.ru_utime + used.ru_stime:.1f} s CPU, {megabytes:.0f} MB")
        print("\n".join(done.stdout.splitlines()[:8]), done.stderr[-500:])
        source = read_rule_file(rules)
        assert source.file is not None
        with opened(data, SystemClock(), lookback_ms=300_000, default_step_ms=60_000) as store:
            began = time.perf_counter()
            for nth in range(SAMPLED):
                rule = source.file.groups[1].rules[nth % count]
                store.instant(rule.expr, end_ms - nth * 3_000_000 % (steps * STEP_MS))
            each = (time.perf_counter() - began) / SAMPLED
        print(f"one after the other: {1000 * each:.2f} ms an evaluation, {each * count * steps:.0f} s for all")


if __name__ == "__main__":
    main()
