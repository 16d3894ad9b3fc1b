"""Figures as a table for people and as JSON for everything else."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows in columns; the first column stands left, figures stand right."""
    cells = [list(heads), *([_cell(each) for each in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def write_json(path: Path | None, figures: Mapping[str, Any] | Sequence[Any]) -> None:
    """The figures as a file, where one is wanted."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
