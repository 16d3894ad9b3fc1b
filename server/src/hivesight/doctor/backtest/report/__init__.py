"""What a back-test found, as text or JSON."""

from hivesight.doctor.backtest.report.json import document
from hivesight.doctor.backtest.report.text import lines

__all__ = ["document", "lines"]
