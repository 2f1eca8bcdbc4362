"""From a finished run to folders a merchandiser can take: pictures, manifests, report and ``_SUCCESS``.

The promise of the product is that every untouched pixel is untouched, and it must hold for the file that is
delivered. The run's own pictures are lossless PNG, so the default format ``png`` copies their bytes: nothing
is encoded again, nothing can change. ``jpeg`` (4:4:4) and ``webp`` are for channels that insist on small
files; they move every pixel a little, and the manifest says so row by row (``delivered_lossless``,
``delivered_max_diff``). Measured on nine product photos of 1280 x 1280: PNG 1.9 MB a picture, JPEG at quality
95 0.6 MB, WebP at quality 80 0.2 MB.

What people decided (``decisions``) beats the routes of the night: approved pictures lie in ``publish/``, rejected ones
in neither folder. The folders show one night, the last one delivered; ``runs/`` keeps them all. A lossless file that
the last complete delivery put where it belongs stays as it is. Order of writing: the old
``_SUCCESS`` goes first, then pictures, manifests, report and checksums are put in place, ``_SUCCESS`` comes
last. A delivery that is killed leaves no ``_SUCCESS`` and is simply run again; the same run gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image

from editcore import images, storage, tables
from editcore.decisions.journal import Journal
from editcore.decisions.table import audit, decided
from editcore.delivery.names import delivery_names, safe_name
from editcore.delivery.night import count_rows, load_rows, load_run
from editcore.delivery.pictures import locate
from editcore.delivery.previous import Delivered, delivered_before
from editcore.delivery.report import render_report
from editcore.night import picture_of
from editcore.outcomes import PICTURE_LOST, Outcome, judge
from editcore.sources.contents import remembered
from editcore.threads import spread

__all__ = ["DeliverySettings", "deliver", "safe_name"]

FOLDERS = ("publish", "review")
DECISIONS = "decisions/decisions.parquet"
FORMATS: dict[str, images.Delivery] = {"png": "PNG", "webp": "WEBP", "jpeg": "JPEG"}
SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}
DELIVERED = {
    "delivered_path": "str",
    "delivered_format": "str",
    "delivered_lossless": "boolean",
    "delivered_max_diff": "Int64",
    "delivered_bytes": "Int64",
    "delivered_sha256": "str",
}
"""Columns that delivery adds: path under the output, format, whether every pixel is the run's own, largest
difference if not (0 to 255), size in bytes, sha256 of the file."""
FORMULA = r"^([=+\-@\t\r])"
"""How text begins that a spreadsheet would run."""
CSV_ROWS = 20_000
"""Rows that are made text at once: a million would take two gigabytes more."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class DeliverySettings:
    """What the campaign says about its deliverables."""

    format: Literal["png", "webp", "jpeg"] = "png"
    """File format of the pictures; only ``png`` is lossless."""
    quality: int = 95
    """Quality of JPEG and WebP, 1 to 100; PNG ignores it."""
    title: str = ""
    """Heading of the report; the run's name when empty."""
    report_rows: int = 60
    """Rows the report shows with all four pictures; the others stand in its table. About 110 kB a row."""
    workers: int = 4
    """Threads that copy pictures; raise it for buckets."""

    def __post_init__(self) -> None:
        if self.format not in SUFFIXES:
            raise ValueError(f"delivery format is {self.format!r}, expected one of {', '.join(SUFFIXES)}")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"delivery quality is {self.quality}, expected 1 to 100")

    @property
    def lossless(self) -> bool:
        return self.format == "png"


def deliver(store_root: str, run_path: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the deliverables of the finished run under ``store_root``; returns what ``_SUCCESS`` says.

    ``run_path`` is absolute, a URL, or relative to ``store_root``; ``settings`` are fields of
    ``DeliverySettings``. A picture that is missing or unreadable makes its row ``retryable`` with a code; the
    delivery goes on and ``complete`` in ``_SUCCESS`` is false. Raises ``ValueError`` for a night that is not
    finished (see ``night.load_rows``), before anything is touched.
    """
    chosen = DeliverySettings(**(settings or {}))
    run_path = run_path.rstrip("/")
    run = run_path if run_path.startswith("/") or "://" in run_path else storage.join(store_root, run_path)
    journal = Journal.read(store_root)
    rows, run_info = decided(load_rows(run), storage.name_of(run), journal.book), load_run(run)
    there = delivered_before(store_root, FOLDERS) if chosen.lossless else {}
    storage.remove(storage.join(store_root, "_SUCCESS"))
    rows["delivered_path"] = _plan_paths(rows, chosen)
    _remove_stale(store_root, set(rows["delivered_path"].dropna()))
    rows = _deliver_pictures(rows, store_root, run, chosen, there)
    put = rows[rows["delivered_path"].notna()]
    checksums = dict(zip(put["delivered_path"], put["delivered_sha256"], strict=True))
    checksums |= _write_manifests(rows, store_root)
    checksums["deleted.csv"] = _put(storage.join(store_root, "deleted.csv"), _deleted(run))
    if journal.book.entries:
        checksums[DECISIONS] = _put(storage.join(store_root, DECISIONS), tables.encode(audit(journal.book)))
    html = render_report(rows, run_info, chosen.__dict__, run, store_root).encode()
    checksums["report.html"] = _put(storage.join(store_root, "report.html"), html)
    listing = "".join(f"{digest}  {path}\n" for path, digest in sorted(checksums.items()))
    counts = count_rows(rows)
    success = {
        "run": run.rsplit("/", 1)[-1],
        "counts": counts,
        "decided": rows["decision"].value_counts().sort_index().to_dict(),
        "decisions": journal.book.last,
        "complete": counts["failed"] == 0,
        "format": chosen.format,
        "lossless": chosen.lossless,
        "files": len(checksums),
        "checksums_sha256": _put(storage.join(store_root, "checksums.sha256"), listing.encode()),
    }
    storage.put(storage.join(store_root, "_SUCCESS"), (json.dumps(success, indent=2) + "\n").encode())
    return success


def _plan_paths(rows: pd.DataFrame, settings: DeliverySettings) -> list[str | None]:
    """Where each row's picture goes, relative to the output; None for rows that are not delivered."""
    names = delivery_names(rows["item_id"].tolist(), rows["recipe_id"].tolist(), rows["row_id"].tolist())
    suffix = SUFFIXES[settings.format]
    return [
        f"{route}/{name}{suffix}" if outcome == "ok" and route in FOLDERS else None
        for name, outcome, route in zip(names, rows["outcome"], rows["route"], strict=True)
    ]


def _remove_stale(root: str, wanted: set[str]) -> None:
    """Remove pictures of an earlier routing, by our own pattern of names: what people put there stays."""
    for folder in FOLDERS:
        for name in storage.listing(storage.join(root, folder)):
            ours = "__" in name and name.endswith(tuple(SUFFIXES.values()))
            if ours and f"{folder}/{name}" not in wanted:
                storage.remove(storage.join(root, folder, name))


def _deliver_pictures(
    rows: pd.DataFrame, root: str, run: str, settings: DeliverySettings, there: dict[str, Delivered]
) -> pd.DataFrame:
    """Put every planned picture in place; add the ``delivered_*`` columns and mark the rows that failed."""
    planned = rows.loc[rows["delivered_path"].notna(), ["image_path", "delivered_path"]]
    records = planned.to_dict("records")
    done = list(spread(lambda row: _deliver_row(row, root, run, settings, there), records, settings.workers))
    own = pd.DataFrame(done, index=planned.index, dtype=object)
    columns = {
        name: own.get(name, pd.Series(dtype=object)).reindex(rows.index).astype(kind)
        for name, kind in DELIVERED.items()
    }
    rows = rows.drop(columns="delivered_path").assign(**columns)
    for index, lost in zip(planned.index, done, strict=True):
        if "outcome" in lost:
            rows.loc[index, list(lost)] = list(lost.values())
    return rows


def _deliver_row(
    row: dict[Hashable, Any],
    root: str,
    run: str,
    settings: DeliverySettings,
    there: dict[str, Delivered],
) -> dict[str, Any]:
    """Copy or encode one picture, unless it lies there; the columns of the delivered file, or of the failure."""
    path = row["delivered_path"]
    if (old := there.get(path)) and old.made == picture_of(storage.name_of(run), row["image_path"]):
        return dict(zip(DELIVERED, (path, settings.format, True, 0, old.size, old.sha256), strict=True))
    try:
        place = locate(row["image_path"], run, root)
        if place is None:
            raise FileNotFoundError(f"There is no edited picture at {row['image_path']} in the run.")
        data, max_diff = _encode(storage.read_bytes(place), settings)
    except (OSError, ValueError, SyntaxError) as error:  # SyntaxError: Pillow's word for a broken PNG
        verdict = judge(error)
        return {
            "outcome": Outcome.RETRYABLE.value,
            "code": PICTURE_LOST,
            "message": f"The edited picture cannot be delivered: {verdict.message}",
            "failed_step": "publish",
            "route": "",
        }
    digest = _put(storage.join(root, path), data)
    values = (path, settings.format, max_diff == 0, max_diff, len(data), digest)
    return dict(zip(DELIVERED, values, strict=True))


def _encode(data: bytes, settings: DeliverySettings) -> tuple[bytes, int]:
    """The file to deliver, and the largest difference (0 to 255) of its pixels from the run's picture."""
    if settings.format == "png" and data.startswith(PNG_SIGNATURE):
        Image.open(io.BytesIO(data), formats=["PNG"]).verify()  # its checksums: no damaged file is delivered
        return data, 0
    picture_HW3 = images.load(data, min_side=1).rgb
    out = images.encode(picture_HW3, FORMATS[settings.format], settings.quality)
    difference_HW3 = images.load(out, min_side=1).rgb.astype(np.int16) - picture_HW3
    return out, int(np.abs(difference_HW3).max())


def _write_manifests(rows: pd.DataFrame, root: str) -> dict[str, str]:
    """The manifest of everything at the top and each folder's own beside its pictures; path -> sha256."""
    selections = {"": rows} | {
        f"{name}/": rows[(rows["outcome"] == "ok") & (rows["route"] == name)] for name in FOLDERS
    }
    written = {}
    for prefix, selected in selections.items():
        for name, data in (("manifest.parquet", _parquet(selected)), ("manifest.csv", _csv(selected))):
            written[prefix + name] = _put(storage.join(root, prefix + name), data)
    return written


def _deleted(run: str) -> bytes:
    """CSV of the pictures that the night before had and the source lists no more."""
    gone = [row for row in remembered(run) if row.get("role") == "deleted"]
    return _csv(pd.DataFrame(gone, columns=["sku", "item_id", "uri"]))


def _parquet(rows: pd.DataFrame) -> bytes:
    return tables.encode(pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None))


def _csv(rows: pd.DataFrame) -> bytes:
    """CSV for spreadsheets. Text a spreadsheet would run as a formula gets a leading apostrophe."""
    sink = io.BytesIO()
    for start in range(0, max(len(rows), 1), CSV_ROWS):
        piece = rows.iloc[start : start + CSV_ROWS]
        texts = piece.select_dtypes(["str", "object"])
        harmless = {name: column.str.replace(FORMULA, r"'\1", regex=True) for name, column in texts.items()}
        text = piece.assign(**harmless).to_csv(index=False, header=start == 0, lineterminator="\n")
        sink.write(text.encode("utf-8" if start else "utf-8-sig"))
    return sink.getvalue()


def _put(path: str, data: bytes) -> str:
    storage.put(path, data)
    return hashlib.sha256(data).hexdigest()
