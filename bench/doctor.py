"""How long `hivesight check` takes for a thousand rules: the command from outside, and the examination alone.

python bench/doctor.py [rules]
"""

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from hivesight.doctor import check_paths

RULES_PER_GROUP = 10
GROUPS_PER_FILE = 5
TARGET_SECONDS = 3.0

EXPRESSIONS = (
    'sum by (job) (rate(service{n}_requests_total{{code=~"5.."}}[5m]))\n'
    "/\nsum by (job) (rate(service{n}_requests_total[5m])) > 0.05",
    "histogram_quantile(0.99, sum by (job, le) (rate(service{n}_duration_seconds_bucket[5m]))) > 2.5",
    'max_over_time(service{n}_up{{job="service{n}"}}[5m]) == 0',
    "(free{n}_bytes / size{n}_bytes * 100 < 15 and predict_linear(free{n}_bytes[6h], 4 * 3600) < 0)",
    'absent(up{{job="service{n}"}} == 1)',
)
RULE = """    - alert: Alert{n}
      expr: |
        {expr}
      for: 15m
      labels: {{severity: warning, team: agents}}
      annotations:
        summary: '{{{{ $labels.job }}}} is at {{{{ $value | humanize }}}}'
        runbook_url: https://runbooks.example/alert{n}
"""


def write(folder: Path, count: int) -> None:
    """Rule files with `count` rules, and a Prometheus file beside them."""
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 15s}\nrule_files: ['*.rules.yml']\n")
    numbers = iter(range(count))
    for file in range(-(-count // (RULES_PER_GROUP * GROUPS_PER_FILE))):
        lines = ["groups:\n"]
        for group in range(GROUPS_PER_FILE):
            lines.append(f"  - name: group{group}\n    rules:\n")
            for n in (next(numbers) for _ in range(RULES_PER_GROUP)):
                expr = EXPRESSIONS[n % len(EXPRESSIONS)].format(n=n).replace("\n", "\n        ")
                lines.append(RULE.format(n=n, expr=expr))
        (folder / f"{file}.rules.yml").write_text("".join(lines))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, count)
        began, used = time.perf_counter(), time.process_time()
        examination = check_paths([folder])
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        print(f"examination: {count} rules, {len(examination.findings)} findings: {wall:.2f} s wall, {cpu:.2f} s CPU")
        began = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [Path(sys.executable).with_name("hivesight"), "check", folder], stdout=subprocess.DEVNULL, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = time.perf_counter() - began
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"command: {wall:.2f} s wall, {cpu:.2f} s CPU (target: {TARGET_SECONDS} s)")


if __name__ == "__main__":
    main()
