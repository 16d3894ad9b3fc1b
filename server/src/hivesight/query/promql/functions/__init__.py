"""The functions of PromQL: one module a family, each with a table of its own. Adding a function touches its family
and `signatures.py`."""

from typing import Final

from hivesight.query.promql.functions import (
    counters,
    dates,
    elementwise,
    histograms,
    info,
    labels,
    native,
    over_time,
    presence,
    regression,
    sorting,
)
from hivesight.query.promql.functions.kind import Function

FUNCTIONS: Final[dict[str, Function]] = {
    **elementwise.FUNCTIONS,
    **dates.FUNCTIONS,
    **presence.FUNCTIONS,
    **labels.FUNCTIONS,
    **sorting.FUNCTIONS,
    **counters.FUNCTIONS,
    **over_time.FUNCTIONS,
    **regression.FUNCTIONS,
    **histograms.FUNCTIONS,
    **native.FUNCTIONS,
    **info.FUNCTIONS,
}
