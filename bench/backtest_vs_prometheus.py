"""Whether a back-test tells of alerts what a Prometheus server, which evaluated the same rules at the time, has written
as `ALERTS`: every alert at every evaluation. The server must have run for some minutes, with rules that fire and end,
and with `rule_query_offset` of a scrape or more, so that it saw the samples that are there now.

python bench/backtest_vs_prometheus.py http://127.0.0.1:9090 rules.yml [seconds to leave out at the beginning]
"""

import sys
import time
from collections import Counter
from pathlib import Path

import httpx2

from hivesight.doctor.backtest import Plan, Results, backtest
from hivesight.doctor.backtest.remote import Remote
from hivesight.http_client.config import HttpConfig
from hivesight.model.duration import parse_duration
from hivesight.model.labels import Labels
from hivesight.rules import RuleFile, RuleOptions, read_rule_file

Points = set[tuple[Labels, int]]


def told(url: str, until_ms: int) -> Points:
    """Every sample of `ALERTS`, by labels and time."""
    form = {"query": "ALERTS[1d]", "time": f"{until_ms / 1000:.3f}"}
    answer = httpx2.post(f"{url}/api/v1/query", data=form, timeout=60).json()
    return {
        (Labels(each["metric"]).without("__name__"), round(float(at) * 1000))
        for each in answer["data"]["result"]
        for at, _ in each["values"]
    }


def found(results: Results, since_ms: int) -> Points:
    """The same, of the episodes."""
    points: Points = set()
    for result in results.alerting:
        member = result.member
        for at_ms in member.times(results.since_ms, results.until_ms).tolist():
            for each in result.episodes:
                if each.active_at_ms <= at_ms and (each.over_at_ms is None or at_ms < each.over_at_ms):
                    fires = each.fired_at_ms is not None and each.fired_at_ms <= at_ms
                    state = {"alertstate": "firing" if fires else "pending"}
                    points.add((each.labels.merged(state), at_ms - member.query_offset_ms))
    return {point for point in points if point[1] >= since_ms}


def main() -> None:
    url, path = sys.argv[1], Path(sys.argv[2])
    skipped_ms = 1000 * int(sys.argv[3] if len(sys.argv) > 3 else 60)
    until_ms = int(time.time() * 1000) - 5_000
    truth = told(url, until_ms)
    config = httpx2.get(f"{url}/api/v1/status/config").json()["data"]["yaml"]
    offset_ms = next(
        (parse_duration(line.split()[1]) for line in config.splitlines() if "rule_query_offset" in line), 0
    )
    source = read_rule_file(path)
    assert source.file is not None, source.diagnostics
    wrong = 0
    for group in source.file.groups:
        names = {rule.alert for rule in group.rules}
        own = {point for point in truth if point[0]["alertname"] in names}
        back = offset_ms if group.query_offset_ms is None else group.query_offset_ms
        slot = Counter((at_ms + back) % group.interval_ms for _, at_ms in own).most_common(1)[0][0]
        first = min(at_ms for _, at_ms in own) + back + skipped_ms
        since_ms = first - (first - slot) % group.interval_ms
        options = RuleOptions(query_offset_ms=offset_ms)
        plan = Plan([(str(path), RuleFile(groups=(group,)))], since_ms, until_ms, options, aligned=False)
        with Remote(url, HttpConfig()) as remote:
            results = backtest(plan, remote)
        here = {point for point in own if since_ms - back <= point[1] <= until_ms - back}
        ours = {point for point in found(results, since_ms - back) if point[1] <= until_ms - back}
        failures = {each.member.name: each.failures.count for each in results.alerting if each.failures.count}
        broken = [each.broken for each in results.alerting if each.broken]
        # An evaluation that fails writes nothing; its alerts are what they were.
        differ = Counter(labels["alertname"] for labels, _ in here ^ ours if labels["alertname"] not in failures)
        wrong += sum(differ.values()) + len(broken)
        print(
            f"group {group.name}: {len(here)} samples of ALERTS, {len(here & ours)} the same, differing: {dict(differ)}"
        )
        print(f"  evaluations that failed: {failures} {broken}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
