"""Sealed Parquet files: readable by anybody, and no flipped bit makes other rows."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editcore import seals

TABLE = pa.table(
    {"row_id": [f"{n:016x}" for n in range(20)], "route": ["publish", "review"] * 10, "score": [0.5] * 20}
).replace_schema_metadata({b"vitrine": b'{"rows": 20}'})


def test_the_same_table_gives_the_same_bytes_which_anybody_reads() -> None:
    data = seals.encode(TABLE)
    assert data == seals.encode(TABLE)
    assert pq.read_table(io.BytesIO(data)).equals(TABLE, check_metadata=True)
    assert seals.open_sealed(data).read().equals(TABLE)
    assert seals.open_sealed(data).schema_arrow.metadata[b"vitrine"] == b'{"rows": 20}'


def test_every_flipped_bit_is_noticed_or_changes_nothing() -> None:
    data, chance = seals.encode(TABLE), random.Random(0)
    harmless = 0
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        try:
            got = seals.open_sealed(bytes(flipped)).read()
        except (pa.ArrowException, OSError, ValueError):
            continue
        harmless += 1
        assert got.equals(TABLE), f"byte {place}"
    assert harmless <= len(seals.KEY) + len(seals.BLANK)  # in the seal itself, and without its key it is none


def test_files_from_before_there_were_seals_are_read() -> None:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, write_page_checksum=True)
    assert seals.open_sealed(sink.getvalue()).read().equals(TABLE)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"vitrine.sha256" + b"0" * 64, b"<html>" * 50])
def test_what_is_no_file_is_said(data: bytes) -> None:
    with pytest.raises((pa.ArrowException, ValueError)):
        seals.open_sealed(data)
