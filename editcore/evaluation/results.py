"""Where results lie, so that a killed evaluation goes on and figures of different weights never mix.

    output/parts/<row>/<kind>/seed-0.<fingerprint>.parquet     one table of cases, put in place in one move
    output/parts/<row>/<kind>/seed-0.<fingerprint>/<case>.png  pictures of the first seed, for people
    output/results.parquet, summary.csv, agreement.csv         everything of the last run

The fingerprint covers the row's weights and settings, the cases and the measuring networks: whatever changes, the
part is made anew beside the old one.
"""

from __future__ import annotations

import hashlib
import json
import re

import pandas as pd
import pyarrow as pa

from editcore import storage, tables
from editcore.evaluation.columns import all_columns

VERSION = "1"
"""Raised when a column's definition changes."""
TEXTS = ("row", "kind", "case_id", "words", "failure", "warnings_json", "picture", "source_picture")


def schema() -> pa.Schema:
    """One row per case and seed."""
    fields = [pa.field(name, pa.string()) for name in TEXTS]
    fields += [pa.field("seed", pa.int64()), pa.field("seconds", pa.float64())]
    return pa.schema(fields + [pa.field(name, pa.float64()) for name in all_columns()])


def fingerprint(*facts: dict[str, str]) -> str:
    """Twelve hex digits over everything that settles a part."""
    return hashlib.sha256(json.dumps([VERSION, *facts], sort_keys=True).encode()).hexdigest()[:12]


def part_path(output: str, row: str, kind: str, seed: int, print_: str) -> str:
    """Path of a part without its suffix: ``.parquet`` for the table, a folder for its pictures."""
    return storage.join(output, "parts", slug(row), kind, f"seed-{seed}.{print_}")


def slug(name: str) -> str:
    """A row's name as a folder's; names that would collide keep apart by a short hash."""
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def put_table(path: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Write rows in one move; gives them back as ``get_table`` would."""
    table = pa.Table.from_pandas(rows, schema=schema(), preserve_index=False)
    storage.put(path, tables.encode(table))
    return table.to_pandas()


def get_table(path: str) -> pd.DataFrame | None:
    """A finished part; None if it is not there or cannot be read (then it is made again)."""
    if not storage.exists(path):
        return None
    try:
        table = tables.decode(storage.read_bytes(path))
    except pa.ArrowInvalid:
        return None
    return table.to_pandas() if table.schema.equals(schema()) else None
