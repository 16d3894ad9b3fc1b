"""The functions of PromQL by name: what they take and give (Prometheus' `promql/parser/functions.go`)."""

from dataclasses import dataclass
from typing import Final

from hivesight.query.promql.ast import ValueType

_S, _V, _M, _T = ValueType.SCALAR, ValueType.VECTOR, ValueType.MATRIX, ValueType.STRING


@dataclass(frozen=True, slots=True)
class Signature:
    """args: the types of the arguments; optional: how many of the last may be left out; repeats: the last may be
    given any number of times, or, when it is also optional, not at all."""

    args: tuple[ValueType, ...]
    returns: ValueType = ValueType.VECTOR
    optional: int = 0
    repeats: bool = False

    @property
    def fewest(self) -> int:
        return len(self.args) - self.optional


def _each(names: str, signature: Signature) -> dict[str, Signature]:
    return dict.fromkeys(names.split(), signature)


SIGNATURES: Final[dict[str, Signature]] = {
    **_each(
        "abs ceil floor exp ln log2 log10 sqrt sgn sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad"
        " absent sort sort_desc timestamp"
        " histogram_count histogram_sum histogram_avg histogram_stddev histogram_stdvar",
        Signature((_V,)),
    ),
    **_each(
        "rate increase delta irate idelta deriv changes resets avg_over_time min_over_time max_over_time sum_over_time"
        " count_over_time stddev_over_time stdvar_over_time last_over_time first_over_time present_over_time"
        " absent_over_time mad_over_time ts_of_min_over_time ts_of_max_over_time ts_of_last_over_time"
        " ts_of_first_over_time",
        Signature((_M,)),
    ),
    **_each("minute hour day_of_week day_of_month day_of_year days_in_month month year", Signature((_V,), optional=1)),
    **_each("sort_by_label sort_by_label_desc", Signature((_V, _T), repeats=True, optional=1)),
    "round": Signature((_V, _S), optional=1),
    "clamp": Signature((_V, _S, _S)),
    "clamp_min": Signature((_V, _S)),
    "clamp_max": Signature((_V, _S)),
    "pi": Signature((), _S),
    "time": Signature((), _S),
    "scalar": Signature((_V,), _S),
    "vector": Signature((_S,)),
    "quantile_over_time": Signature((_S, _M)),
    "predict_linear": Signature((_M, _S)),
    "double_exponential_smoothing": Signature((_M, _S, _S)),
    "info": Signature((_V, _V), optional=1),
    "start_timestamp": Signature((_V,)),
    "histogram_quantile": Signature((_S, _V)),
    "histogram_fraction": Signature((_S, _S, _V)),
    "histogram_quantiles": Signature((_V, _T, _S), repeats=True),
    "start": Signature((), _S),
    "end": Signature((), _S),
    "range": Signature((), _S),
    "step": Signature((), _S),
    "max_of": Signature((_S, _S), _S),
    "min_of": Signature((_S, _S), _S),
    "label_replace": Signature((_V, _T, _T, _T, _T)),
    "label_join": Signature((_V, _T, _T, _T), repeats=True, optional=1),
}

TIME_DEPENDENT: Final = frozenset(
    {"time", "timestamp", "predict_linear", "minute", "hour", "day_of_week", "day_of_month", "day_of_year"}
    | {"days_in_month", "month", "year", "start", "end", "range", "step"}
)
"""Functions whose value depends on the step even where their arguments do not."""
