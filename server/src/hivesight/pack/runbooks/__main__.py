"""`python -m hivesight.pack.runbooks DIR`: makes the pack's pages of the Markdown in DIR, which is docs/runbooks."""

import sys
from pathlib import Path

from hivesight import pack
from hivesight.pack.runbooks import write

if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
    sys.exit("usage: python -m hivesight.pack.runbooks DIR, for example docs/runbooks")
for path in write(Path(sys.argv[1]), pack.RUNBOOKS):
    print(path)
