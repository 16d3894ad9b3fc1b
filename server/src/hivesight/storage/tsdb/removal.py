"""Samples that somebody deletes: matchers and an interval in; what readers see and what a restart brings lacks them."""

import threading
from collections.abc import Sequence

import numpy as np

from hivesight.model.matcher import Matcher
from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.side_codec import Deletion, encode_deletion
from hivesight.storage.tsdb.verdicts import Verdicts
from hivesight.storage.tsdb.writer import Writer


def delete(
    writer: Writer,
    blocks: Blocks,
    verdicts: Verdicts,
    publishing: threading.Lock,
    matchers: Sequence[Matcher],
    start_ms: int,
    end_ms: int,
) -> None:
    """Deletes the samples in the closed interval of the series that meet all matchers. The caller lets no block be
    written meanwhile. Raises StorageError and OSError."""
    with writer.writing:
        for group in list(writer.head.groups.values()):
            columns = group.columns
            bounds = columns.bounds_ms
            if group.id is None or bounds is None or bounds[0] > end_ms or bounds[1] < start_ms:
                continue
            mask = np.ones(columns.rows, dtype=bool)
            for matcher in matchers:
                mask &= verdicts.mask(matcher, columns.column(matcher.name))
            positions = np.flatnonzero(mask)
            if not len(positions):
                continue
            low, high = max(start_ms, bounds[0]), min(end_ms, bounds[1])
            writer.log(encode_deletion(Deletion(group.id, columns.numbers()[positions], low, high)))
            with publishing:
                columns.delete(positions, low, high)
    blocks.delete(matchers, start_ms, end_ms)
