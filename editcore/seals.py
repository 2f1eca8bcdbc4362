"""Parquet files that carry the sha256 of their own bytes, so that a bit that flips anywhere in one is noticed.

Parquet's own checksums cover pages; the footer, which says what the pages mean and is most of a small file, has none.
The sum stands in the footer as ``vitrine.sha256`` and is taken with 64 zeros in its own place. Any reader reads such a
file; this one also checks it."""

from __future__ import annotations

import hashlib
import io
import re

import pyarrow as pa
import pyarrow.parquet as pq

KEY = "vitrine.sha256"
BLANK = b"0" * 64
_SEAL = re.compile(re.escape(KEY.encode()) + rb".{0,16}?([0-9a-f]{64})", re.DOTALL)
"""Between the key and its value lie some bytes of Thrift's."""


def encode(table: pa.Table) -> bytes:
    """``table`` as a sealed file, compressed with zstd; the same table gives the same bytes."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, compression="zstd", write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({KEY: BLANK.decode()})
    data = bytearray(sink.getvalue())
    start = _place(data)
    data[start : start + len(BLANK)] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


def open_sealed(data: bytes) -> pq.ParquetFile:
    """The file in ``data``, its bytes checked; of one without a seal (from before there were any), its pages when they
    are read. ``ValueError`` if they are not what was written, ``pa.ArrowInvalid`` if this is no Parquet file."""
    start = _place(data)
    if start >= 0:
        view, summed = memoryview(data), hashlib.sha256()
        for piece in (view[:start], BLANK, view[start + len(BLANK) :]):
            summed.update(piece)
        if summed.hexdigest().encode() != data[start : start + len(BLANK)]:
            raise ValueError("its bytes are not those that its checksum was made of")
    return pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=start < 0)


def _place(data: bytes | bytearray) -> int:
    """Where the sum stands; -1 where there is none."""
    key = data.rfind(KEY.encode())
    found = _SEAL.match(data, key) if key >= 0 else None
    return found.start(1) if found else -1
