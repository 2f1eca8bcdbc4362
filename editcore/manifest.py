"""The night's tables: part files, and what counts as done. What is in them stands in ``columns``.

One row is one picture x one recipe. Each step writes one Parquet *part* per shard,
``<run>/<step>/part-00042.parquet``, with the key columns, the outcome columns and its own; a part being there
is what "done" means. Until then the step's finished batches lie beside it as
``part-00042.kept/000007.arrow`` (Arrow IPC: a batch of a few rows is written in a thirtieth of Parquet's time), so
that a kill costs the batch in flight.

Covered: kills and power cuts at any moment (each file arrives whole or not at all), torn or foreign files
among the kept batches (ignored, the batch is done again), committed parts damaged afterwards (each carries the sum of
its bytes, ``seals``; ``Damaged`` says what to do). Not covered: somebody writing committed parts by hand."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from editcore import seals, storage
from editcore.columns import STEPS, Row, columns_of, own_columns, schema
from editcore.outcomes import FAILED, Outcome

FACTS = frozenset({"rows", "seconds", "figures"})
"""What a part's footer says besides the outcomes."""
READERS = 8
"""Threads that read a step's parts: an object store answers each request after a while."""


class Damaged(OSError):  # noqa: N818 - reads as what it says
    """A file of a night is not what was written: the disk or somebody changed it. The text says what to do."""

    @classmethod
    def at(cls, path: str, error: Exception, cure: str) -> Damaged:
        """What ``error`` said about the file at ``path``, in one line."""
        return cls(f"found {path} damaged ({' '.join(str(error).split())}); {cure}")


def part_path(run: str, step: str, shard: int) -> str:
    """Where a committed part lies."""
    return storage.join(run, step, f"part-{shard:05d}.parquet")


def is_committed(run: str, step: str, shard: int) -> bool:
    """Whether a step has finished a shard."""
    return storage.exists(part_path(run, step, shard))


def committed(run: str, step: str) -> set[int]:
    """Numbers of the shards a step has finished; a listing of them all, so not for one shard's sake."""
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
    with _reading(run, step, shard) as file:
        return dict(json.loads((file.schema_arrow.metadata or {}).get(b"vitrine", b"{}")))


def read_part(run: str, step: str, shard: int) -> list[Row]:
    """Rows of a committed part, in order."""
    return _read(run, step, shard).to_pylist()


def read_step(run: str, step: str, columns: Collection[str] | None = None) -> pa.Table:
    """All rows of a step, by shard; only ``columns`` of them, in that order, when given."""

    with ThreadPoolExecutor(READERS) as pool:
        tables = list(pool.map(lambda shard: _read(run, step, shard, columns), sorted(committed(run, step))))
    empty = schema(step).remove_metadata().empty_table()
    return pa.concat_tables(tables) if tables else empty.select(columns) if columns else empty


def rows_with(run: str, step: str, outcomes: Iterable[str], columns: Iterable[str]) -> list[Row]:
    """``columns``, the outcome among them, of the rows of a step that ended in one of ``outcomes``, by shard."""
    table = read_step(run, step, [*columns])
    wanted = pa.array([str(outcome) for outcome in outcomes])
    return list(table.filter(pc.is_in(table["outcome"], wanted)).to_pylist())


def keep(run: str, step: str, shard: int, batch: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep a finished batch of an unfinished shard."""
    table = _table(step, rows).replace_schema_metadata(None)
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    storage.put(storage.join(_kept_folder(run, step, shard), f"{batch:06d}.arrow"), sink.getvalue())


def kept(run: str, step: str, shard: int) -> list[Row]:
    """Rows an earlier process finished in a shard it did not; files that cannot be read count as not
    there."""
    folder, rows = _kept_folder(run, step, shard), []
    for name in storage.listing(folder, ".arrow"):
        try:
            table = pa.ipc.open_file(storage.read_bytes(storage.join(folder, name))).read_all()
            rows += table.cast(schema(step)).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError):
            continue
    return rows


def merged(run: str, columns: Collection[str] | None = None) -> pa.Table:
    """One row per planned row with the columns of every step, for reports and delivery; only ``columns`` when given.

    ``outcome``, ``code``, ``message`` and ``attempts`` are those of the first step that was not ok;
    ``failed_step`` names it (empty when all went well). What a step did not say is null, or what the plan knows."""
    wanted = merged_schema()
    if columns is not None:
        wanted = pa.schema([field for field in wanted if field.name in columns])
    plan = read_step(run, "plan")
    told: dict[str, Any] = {name: plan[name] for name in plan.column_names if name in wanted.names}
    verdict: dict[str, Any] = {"outcome": "ok", "code": "", "message": "", "attempts": 1}
    failed_step: Any = ""
    sound: Any = pa.repeat(True, plan.num_rows)
    for step in STEPS:
        own = [name for name in own_columns(step) if name in wanted.names]
        found = _in_order_of(plan["row_id"], read_step(run, step, ["row_id", *verdict, *own]))
        there = {name: found[name] for name in own if name in found.column_names}
        told |= {
            name: pc.coalesce(value, told[name]) if name in told else value for name, value in there.items()
        }
        failed = pc.and_(sound, pc.fill_null(pc.not_equal(found["outcome"], Outcome.OK), False))
        for name, so_far in verdict.items():
            verdict[name] = pc.if_else(failed, found[name], so_far)
        failed_step = pc.if_else(failed, step, failed_step)
        sound = pc.and_not(sound, failed)
    told |= verdict | {"failed_step": failed_step}
    nothing = pa.nulls(plan.num_rows)
    return pa.table([told.get(name, nothing) for name in wanted.names], names=wanted.names).cast(wanted)


def _in_order_of(ids: pa.ChunkedArray, table: pa.Table) -> pa.Table:
    """The rows of ``table`` whose row_id is each of ``ids``; nulls where there is none."""
    return table if table["row_id"].equals(ids) else table.take(pc.index_in(ids, table["row_id"]))


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
    rows = merged(run, {"row_id", "outcome", "code", "route", "carried_from", "image_path"})
    planned, complete = rows.num_rows, pa.repeat(True, rows.num_rows)
    for step in STEPS:
        seen = pc.value_counts(read_step(run, step, ["row_id"])["row_id"])
        once = seen.field("values").filter(pc.equal(seen.field("counts"), 1))
        complete = pc.and_(complete, pc.is_in(rows["row_id"], once))
    rows = rows.filter(complete)
    tally = _tally(rows["outcome"])
    made, before = rows["image_path"].is_valid(), rows["carried_from"].is_valid()
    lost = rows.filter(pc.not_equal(rows["outcome"], Outcome.OK))
    return Account(
        planned=planned,
        ok=tally[Outcome.OK],
        skipped=tally[Outcome.SKIPPED],
        failed=sum(tally[outcome] for outcome in FAILED),
        carried=pc.sum(before).as_py() or 0,
        edited=pc.sum(pc.and_not(made, before)).as_py() or 0,
        codes=dict(_tally(pc.binary_join_element_wise(lost["outcome"], lost["code"], "/"))),
        routes=dict(_tally(rows["route"])),
    )


def _tally(column: pa.ChunkedArray) -> Counter[str]:
    """How often each value is there; nulls and empty texts are not counted."""
    return Counter({c["values"]: c["counts"] for c in pc.value_counts(column).to_pylist() if c["values"]})


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
    return pa.Table.from_pylist(rows, schema=wanted)


def _encode(table: pa.Table, facts: Mapping[str, Any]) -> bytes:
    metadata = {**(table.schema.metadata or {}), b"vitrine": json.dumps(dict(facts)).encode()}
    return seals.encode(table.replace_schema_metadata(metadata))


def _read(run: str, step: str, shard: int, columns: Collection[str] | None = None) -> pa.Table:
    """A part's rows; of ``columns``, in that order, those it has (parts of older nights lack newer ones)."""
    with _reading(run, step, shard) as file:
        there = file.schema_arrow.names
        chosen = there if columns is None else [name for name in columns if name in there]
        return file.read(chosen, use_threads=False).select(chosen).replace_schema_metadata(None)


@contextlib.contextmanager
def _reading(run: str, step: str, shard: int) -> Iterator[pq.ParquetFile]:
    path = part_path(run, step, shard)
    data = storage.read_bytes(path)
    try:
        yield seals.open_sealed(data)
    except (pa.ArrowException, OSError, ValueError) as error:
        cure = (
            "`vitrine run CAMPAIGN --night` with a new name plans again and takes over what this night has"
            if step == "plan"
            else f"`vitrine rerun OUTPUT --shards {shard}` makes it anew"
        )
        raise Damaged.at(path, error, cure) from error
