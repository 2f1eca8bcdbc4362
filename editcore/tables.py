"""Parquet files as bytes, for stores that know nothing else.

They are read from Arrow's own buffer, in the thread that asks. Given a Python file, Arrow's threads call back into the
interpreter, and a process that ends soon after reading dies by SIGABRT instead (15 of 60 times, pyarrow 26.0.1).
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def decode(data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """The table in ``data``; only ``columns``, in that order, when given. ``KeyError`` for one that is not there,
    ``pa.ArrowInvalid`` where ``data`` is no Parquet file."""
    table = pq.ParquetFile(pa.BufferReader(data)).read(columns, use_threads=False)
    return table if columns is None else table.select(columns)


def names(data: bytes) -> list[str]:
    """Columns of the table in ``data``."""
    return list(pq.ParquetFile(pa.BufferReader(data)).schema_arrow.names)


def encode(table: pa.Table) -> bytes:
    """``table`` as a Parquet file, compressed with zstd."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
