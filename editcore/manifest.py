"""The night's tables: part files, and what counts as done. What is in them stands in ``columns``.

One row is one picture x one recipe. Each step writes one Parquet *part* per shard,
``<run>/<step>/part-00042.parquet``, with the key columns, the outcome columns and its own; a part being there
is what "done" means. Until then the step's finished batches lie beside it as
``part-00042.kept/000007.parquet``, so that a kill costs the batch in flight.

Covered: kills and power cuts at any moment (each file arrives whole or not at all), torn or foreign files
among the kept batches (ignored, the batch is done again). Not covered: somebody editing committed parts by
hand."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from editcore import storage
from editcore.columns import STEPS, Row, columns_of, own_columns, schema
from editcore.outcomes import FAILED, Outcome

FACTS = frozenset({"rows", "seconds", "figures"})
"""What a part's footer says besides the outcomes."""


def part_path(run: str, step: str, shard: int) -> str:
    """Where a committed part lies."""
    return storage.join(run, step, f"part-{shard:05d}.parquet")


def committed(run: str, step: str) -> set[int]:
    """Numbers of the shards a step has finished."""
    names = storage.listing(storage.join(run, step), ".parquet")
    return {int(name[5:-8]) for name in names if name.startswith("part-") and name[5:-8].isdigit()}


def commit(
    run: str,
    step: str,
    shard: int,
    rows: Iterable[Mapping[str, Any]],
    seconds: float = 0.0,
    figures: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Put a finished part in place in one move, then drop its kept batches; returns ``counts`` of it.

    ``seconds`` of work and ``figures`` of it go into the part's footer, where ``footer`` reads them without the
    rows. A part that another process committed meanwhile stays, and its counts are returned: a committed part never
    changes.
    """
    table = _table(step, rows)
    tally = Counter(table["outcome"].to_pylist() if step != "plan" else [])
    facts = {"rows": table.num_rows, "seconds": round(seconds, 3), **{str(k): v for k, v in tally.items()}}
    facts |= {"figures": dict(figures)} if figures else {}
    if not storage.put_if_absent(part_path(run, step, shard), _encode(table, facts)):
        facts = footer(run, step, shard)
    storage.remove(_kept_folder(run, step, shard))
    return facts


def amend_plan(run: str, shard: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put other planned rows of a shard in place of the first, in one move."""
    table = _table("plan", rows)
    storage.put(part_path(run, "plan", shard), _encode(table, {"rows": table.num_rows, "seconds": 0.0}))


def forget(run: str, step: str, shard: int) -> None:
    """Remove what a step made of a shard, committed or kept."""
    storage.remove(part_path(run, step, shard))
    storage.remove(_kept_folder(run, step, shard))


def tidy(run: str) -> None:
    """Remove kept batches beside committed parts: what a kill between the two leaves."""
    for step in STEPS:
        done = {f"part-{shard:05d}.kept" for shard in committed(run, step)}
        for name in done.intersection(storage.listing(storage.join(run, step))):
            storage.remove(storage.join(run, step, name))


def footer(run: str, step: str, shard: int) -> dict[str, Any]:
    """Rows, outcomes and seconds of a committed part, from its footer alone."""
    metadata = pq.read_schema(io.BytesIO(storage.read_bytes(part_path(run, step, shard)))).metadata or {}
    return dict(json.loads(metadata.get(b"vitrine", b"{}")))


def read_part(run: str, step: str, shard: int) -> list[Row]:
    """Rows of a committed part, in order."""
    return _decode(storage.read_bytes(part_path(run, step, shard))).to_pylist()


def read_step(run: str, step: str, columns: list[str] | None = None) -> pa.Table:
    """All rows of a step, by shard; only ``columns`` of them, in that order, when given."""
    paths = [part_path(run, step, n) for n in sorted(committed(run, step))]
    tables = [_decode(storage.read_bytes(path), columns) for path in paths]
    empty = schema(step).empty_table()
    return pa.concat_tables(tables) if tables else empty.select(columns) if columns else empty


def keep(run: str, step: str, shard: int, batch: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep a finished batch of an unfinished shard."""
    storage.put(
        storage.join(_kept_folder(run, step, shard), f"{batch:06d}.parquet"), _encode(_table(step, rows), {})
    )


def kept(run: str, step: str, shard: int) -> list[Row]:
    """Rows an earlier process finished in a shard it did not; files that cannot be read count as not
    there."""
    folder, rows = _kept_folder(run, step, shard), []
    for name in storage.listing(folder, ".parquet"):
        try:
            rows += _decode(storage.read_bytes(storage.join(folder, name))).cast(schema(step)).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError):
            continue
    return rows


def merged(run: str) -> pa.Table:
    """One row per planned row with the columns of every step, for reports and delivery.

    ``outcome``, ``code``, ``message`` and ``attempts`` are those of the first step that was not ok;
    ``failed_step`` names it (empty when all went well). Steps not yet run leave nulls."""
    plan = read_step(run, "plan")
    rows = {
        row["row_id"]: row | {"outcome": "ok", "code": "", "message": "", "attempts": 1}
        for row in plan.to_pylist()
    }
    for row in rows.values():
        row["failed_step"] = ""
    for step in STEPS:
        own = own_columns(step)
        for record in read_step(run, step).to_pylist():
            row = rows[record["row_id"]]
            row |= {name: record.get(name) for name in own}  # parts of older nights lack newer columns
            if record["outcome"] != Outcome.OK and not row["failed_step"]:
                row |= {name: record[name] for name in ("outcome", "code", "message", "attempts")}
                row["failed_step"] = step
    return pa.Table.from_pylist(list(rows.values()), schema=merged_schema())


def merged_schema() -> pa.Schema:
    """Schema of ``merged``: keys, outcome, ``failed_step``, then each step's columns."""
    fields = [pa.field(c.name, c.type) for c in columns_of("key", "outcome")] + [
        pa.field("failed_step", pa.string())
    ]
    return pa.schema(fields + [pa.field(c.name, c.type) for c in columns_of(*STEPS)])


@dataclass(frozen=True)
class Account:
    """The night's books."""

    planned: int
    ok: int
    skipped: int
    failed: int
    carried: int
    """Rows whose result an earlier night made."""
    edited: int
    """Rows with a picture that this night made."""
    codes: dict[str, int]
    """Failed and skipped rows by ``outcome/code``."""
    routes: dict[str, int]

    @property
    def balanced(self) -> bool:
        """Whether every planned row is accounted for, exactly once."""
        return self.planned == self.ok + self.skipped + self.failed


def account(run: str) -> Account:
    """Count a night whose steps are all committed. A row that some step lost or wrote twice unbalances the
    books."""
    plan = read_step(run, "plan").column("row_id").to_pylist()
    complete = set(plan)
    for step in STEPS:
        seen = Counter(read_step(run, step).column("row_id").to_pylist())
        complete &= {row for row, times in seen.items() if times == 1}
    rows = [row for row in merged(run).to_pylist() if row["row_id"] in complete]
    tally = Counter(row["outcome"] for row in rows)
    return Account(
        planned=len(plan),
        ok=tally[Outcome.OK],
        skipped=tally[Outcome.SKIPPED],
        failed=sum(tally[outcome] for outcome in FAILED),
        carried=sum(bool(row["carried_from"]) for row in rows),
        edited=sum(bool(row["image_path"] and not row["carried_from"]) for row in rows),
        codes=dict(Counter(f"{r['outcome']}/{r['code']}" for r in rows if r["outcome"] != Outcome.OK)),
        routes=dict(Counter(row["route"] for row in rows if row["route"])),
    )


def _kept_folder(run: str, step: str, shard: int) -> str:
    return storage.join(run, step, f"part-{shard:05d}.kept")


def _table(step: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    wanted = schema(step)
    known = set(wanted.names)
    rows = list(rows)
    for row in rows:
        if unknown := set(row) - known:
            raise ValueError(
                f"step {step} wrote columns {sorted(unknown)}, which manifest.COLUMNS lacks: add them"
            )
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in wanted.names} for row in rows], schema=wanted
    )


def _encode(table: pa.Table, facts: Mapping[str, Any]) -> bytes:
    sink = io.BytesIO()
    metadata = {**(table.schema.metadata or {}), b"vitrine": json.dumps(dict(facts)).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd")
    return sink.getvalue()


def _decode(data: bytes, columns: list[str] | None = None) -> pa.Table:
    return pq.read_table(io.BytesIO(data), columns=columns).replace_schema_metadata(None)
