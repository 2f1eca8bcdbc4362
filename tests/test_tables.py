from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from editcore.tables import decode, encode

TABLE = pa.table({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
READS_AND_ENDS = "import sys; from editcore.tables import decode; decode(open(sys.argv[1], 'rb').read())"


def test_tables_come_back_whole_or_by_columns() -> None:
    assert decode(encode(TABLE)).equals(TABLE)
    assert decode(encode(TABLE), ["c", "a"]).column_names == ["c", "a"]
    with pytest.raises(KeyError, match="d"):
        decode(encode(TABLE), ["a", "d"])
    for data in (b"", b"PAR1", encode(TABLE)[:-9]):
        with pytest.raises(pa.ArrowInvalid):
            decode(data)


def test_a_process_that_ends_right_after_reading_ends_well(tmp_path: object) -> None:
    """With a Python file in the place of Arrow's buffer one in four of these dies by SIGABRT."""
    file = f"{tmp_path}/wide.parquet"
    wide = pa.table({f"c{i}": [f"{row}-{i}" for row in range(2000)] for i in range(10)})
    with open(file, "wb") as stream:
        stream.write(encode(wide))
    ends = [subprocess.run([sys.executable, "-c", READS_AND_ENDS, file]).returncode for _ in range(8)]
    assert ends == [0] * 8
