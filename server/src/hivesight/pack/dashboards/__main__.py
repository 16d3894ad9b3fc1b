"""`python -m hivesight.pack.dashboards DIR`: writes the dashboards, as `hivesight dashboards DIR` does."""

import sys
from pathlib import Path

from hivesight.pack.dashboards.generator import write

if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
    sys.exit("usage: python -m hivesight.pack.dashboards DIR, for example /etc/grafana/dashboards")
for path in write(Path(sys.argv[1])):
    print(path)
