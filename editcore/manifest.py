"""The night's tables: every column, part files, and what counts as done.

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
from editcore.outcomes import FAILED, Outcome

STEPS = ("ingest", "segment", "edit", "score", "route")
"""Steps that write parts, in order; ``plan`` comes before them, ``publish`` after."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column: ``step`` writes it (``key`` and ``outcome``: every step)."""

    name: str
    type: pa.DataType
    step: str
    about: str
    """Meaning, with unit and range; for scores also which direction is better."""


_TEXT, _INT, _REAL = pa.string(), pa.int64(), pa.float64()

COLUMNS: tuple[Column, ...] = (
    Column(
        "row_id", _TEXT, "key", "identity of the row: 16 hex digits of sha256 over item, picture and recipe"
    ),
    Column(
        "item_id",
        _TEXT,
        "key",
        "the SKU made safe as a file name, with a slot number or short hash if needed",
    ),
    Column("recipe_id", _TEXT, "key", "id of the recipe in the campaign file"),
    Column("shard", _INT, "key", "number of the shard the row belongs to, from 0"),
    Column(
        "outcome", _TEXT, "outcome", "ok, skipped, retryable, bad_input or model_error (editcore.outcomes)"
    ),
    Column(
        "code",
        _TEXT,
        "outcome",
        "short reason for counting, empty when ok; a skipped row keeps the first code",
    ),
    Column("message", _TEXT, "outcome", "the reason as a sentence, empty when ok"),
    Column("attempts", _INT, "outcome", "how often the step tried the row; 0 when it was skipped"),
    Column(
        "sku", _TEXT, "ingest", "the customer's SKU exactly as given (folder source: path without suffix)"
    ),
    Column("source_uri", _TEXT, "ingest", "absolute path or URL of the source picture"),
    Column(
        "source_sha256", _TEXT, "ingest", "sha256 of the source's bytes, hex; empty if it could not be read"
    ),
    Column("target", _TEXT, "ingest", "product, background or region"),
    Column("words", _TEXT, "ingest", "the instruction as written; empty for a pair alone"),
    Column(
        "pair",
        _TEXT,
        "ingest",
        "keys of the before/after pairs to follow, with blanks; empty for words alone",
    ),
    Column("region", _TEXT, "ingest", "name of the region for target region, else empty"),
    Column("strength", _REAL, "ingest", "how far to go, (0, 1]"),
    Column("given_mask_uri", _TEXT, "ingest", "customer's mask for this picture; null if none"),
    Column(
        "given_mask_sha256",
        _TEXT,
        "ingest",
        "sha256 of that mask's bytes, hex; empty if unread, null if none",
    ),
    Column("caption", _TEXT, "ingest", "customer's words about the picture; null if none"),
    Column("extra_json", _TEXT, "ingest", "the customer's other columns, a JSON object"),
    Column(
        "carried_from",
        _TEXT,
        "ingest",
        "night that made the row's result, when it was not this one; else null",
    ),
    Column("width", _INT, "ingest", "pixels, after EXIF orientation"),
    Column("height", _INT, "ingest", "pixels, after EXIF orientation"),
    Column("source_format", _TEXT, "ingest", "format found in the file, e.g. JPEG"),
    Column(
        "mask_path", _TEXT, "segment", "soft matte, grey PNG of the source's size, 255 = product or region"
    ),
    Column("mask_source", _TEXT, "segment", "given, or the model that made it"),
    Column("mask_area", _REAL, "segment", "share of the picture inside the mask, 0..1"),
    Column("mask_border_share", _REAL, "segment", "share of the picture's border touched by the mask, 0..1"),
    Column("mask_components", _INT, "segment", "number of large separate pieces; 1 is expected"),
    Column(
        "mask_soft_share", _REAL, "segment", "in-between pixels over mask area, 0..1; higher is more doubtful"
    ),
    Column(
        "mask_ragged",
        _REAL,
        "segment",
        "outline over smoothed outline; 1 = smooth; grass and fur above 1.1; 1 for a mask from people",
    ),
    Column(
        "mask_disagreement",
        _REAL,
        "segment",
        "share of the mask that most of the network's looks contest, 0..1; lower is better; 0 without a network",
    ),
    Column("mask_doubt", _TEXT, "segment", "why a person should check the mask; empty if fine"),
    Column("image_path", _TEXT, "edit", "edited picture, lossless PNG of the source's size"),
    Column(
        "region_path",
        _TEXT,
        "edit",
        "where pixels were allowed to change, grey PNG, 0 = bit-identical to source",
    ),
    Column("raw_path", _TEXT, "edit", "the model's own output for the crop, PNG; null unless keep_raw"),
    Column("seed", _INT, "edit", "seed of the row's noise, from row_id"),
    Column("steps", _INT, "edit", "sampling steps; null if the engine has none"),
    Column("engine", _TEXT, "edit", "name of the engine that made the picture"),
    Column("warnings_json", _TEXT, "edit", "sentences for the user, a JSON list"),
    Column("notes_json", _TEXT, "edit", "the engine's own figures, a JSON object"),
    Column("edit_seconds", _REAL, "edit", "seconds of the batch over its rows (timing)"),
    Column("kept_psnr", _REAL, "score", "PSNR outside the region, dB, 100 = identical; higher is better"),
    Column("kept_ssim", _REAL, "score", "SSIM of luma outside the region, -1..1; higher is better"),
    Column(
        "kept_max_diff", _INT, "score", "largest change of a channel outside the region, 0..255; 0 expected"
    ),
    Column(
        "kept_changed", _REAL, "score", "share of pixels outside the region that differ, 0..1; 0 expected"
    ),
    Column("region_change", _REAL, "score", "mean CIEDE2000 inside the region; 0 = nothing happened"),
    Column("lpips", _REAL, "score", "LPIPS between before and after, whole picture; size of the edit"),
    Column("lpips_kept", _REAL, "score", "LPIPS with the region put back: damage elsewhere; lower is better"),
    Column("lpips_model", _TEXT, "score", "which LPIPS weights made the figures; two do not compare"),
    Column("clip_text", _REAL, "score", "CLIP cosine of the result and the words, -1..1; higher is better"),
    Column(
        "clip_direction",
        _REAL,
        "score",
        "CLIP cosine of picture's and words' change, -1..1; higher is better",
    ),
    Column("clip_image", _REAL, "score", "CLIP cosine of before and after, -1..1; higher is more alike"),
    Column("clip_model", _TEXT, "score", "which CLIP model made the figures; two do not compare"),
    Column(
        "chroma_error",
        _REAL,
        "score",
        "CIELAB a*b* distance to the colour asked for; lower; null without one",
    ),
    Column("delta_e", _REAL, "score", "CIEDE2000 to the colour asked for; lower is better; null without one"),
    Column("background_l", _REAL, "score", "median CIELAB L of the result's background, 0..100"),
    Column("background_a", _REAL, "score", "median CIELAB a of the result's background"),
    Column("background_b", _REAL, "score", "median CIELAB b of the result's background"),
    Column("product_share", _REAL, "score", "share of the result that the product takes, 0..1"),
    Column(
        "shadow_angle",
        _REAL,
        "score",
        "direction of the shadow from the product, degrees, 0 = right, 90 = down; null without one",
    ),
    Column("score_seconds", _REAL, "score", "seconds spent on this row's scores (timing)"),
    Column(
        "range_delta_e",
        _REAL,
        "route",
        "CIEDE2000 of the background to the median of the recipe's rows; null below 5 rows",
    ),
    Column(
        "range_scale", _REAL, "route", "product_share over the median of the recipe's rows; 1 = as the others"
    ),
    Column(
        "range_shadow", _REAL, "route", "angle of the shadow to the recipe's mean direction, degrees, 0..180"
    ),
    Column("range_doubt", _TEXT, "route", "what stands out from the recipe's other rows; empty if nothing"),
    Column("route", _TEXT, "route", "publish, review or rework; empty for a row that failed"),
    Column("reason", _TEXT, "route", "why, in words"),
)

FACTS = frozenset({"rows", "seconds", "figures"})
"""What a part's footer says besides the outcomes."""
TIMINGS = frozenset({"edit_seconds", "score_seconds"})
"""Columns that differ between two equal nights."""


def _columns(*steps: str) -> list[Column]:
    return [column for step in steps for column in COLUMNS if column.step == step]


def schema(step: str) -> pa.Schema:
    """Arrow schema of a step's part: keys, outcome, own columns (``plan``: keys and what ingest passes
    on)."""
    if step == "plan":
        chosen = [c for c in _columns("key", "ingest") if c.name not in ("width", "height", "source_format")]
    else:
        chosen = _columns("key", "outcome", step)
    return pa.schema(
        [pa.field(c.name, c.type, metadata={"about": c.about, "written_by": c.step}) for c in chosen]
    )


def keys_of(row: Mapping[str, Any]) -> Row:
    """The key columns of a row."""
    return {column.name: row[column.name] for column in _columns("key")}


def own_columns(step: str) -> list[str]:
    """Names of the columns that ``step`` writes itself."""
    return [column.name for column in _columns(step)]


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
    fields = [pa.field(c.name, c.type) for c in _columns("key", "outcome")] + [pa.field("failed_step", _TEXT)]
    return pa.schema(fields + [pa.field(c.name, c.type) for c in _columns(*STEPS)])


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
