"""What alerting rules would have done over a time that is past. Enter: rule files and a source of samples (a store of
ours, or a server with Prometheus' API). Leave: when each would have been pending and have fired. Called by the command
line.

`members` and `order` say what is evaluated and in which order, `asking` asks the source piece by piece, `replaying`
and `course` follow the rules, `recorded` holds the series that rules make, `verdict` the figures, `report` shows them.
"""

from hivesight.doctor.backtest.asking import Source
from hivesight.doctor.backtest.running import LOOKBACK_MS, Plan, Progress, backtest
from hivesight.doctor.backtest.verdict import AlertingResult, Figures, Results

__all__ = ["LOOKBACK_MS", "AlertingResult", "Figures", "Plan", "Progress", "Results", "Source", "backtest"]
