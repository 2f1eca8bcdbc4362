"""The delivered night, as far as people are asked about it: rows sent to them, spot checks, and what they decided."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from editcore import storage, tables
from editcore.delivery.cards import SCORES
from editcore.delivery.previous import success_of
from editcore.delivery.ranking import RISKS, rank_rows
from editcore.night import find_night, picture_of

SPOT_CHECKS = 0.03
"""Share of the pictures that went out without a person and are looked at all the same: they show what the thresholds
let through. Which ones is settled by the row's id, so a picture is asked about once, not every night anew."""
PLACES = ("image_path", "region_path", "mask_path", "raw_path", "source_uri", "source_sha256")
TOLD = (
    *(
        "row_id",
        "item_id",
        "sku",
        "recipe_id",
        "words",
        "pair",
        "attempt",
        "outcome",
        "routed",
        "routed_because",
        "reason",
    ),
    *("width", "height", "warnings_json", "mask_doubt", "kept_max_diff", "kept_psnr"),
    *PLACES,
)
WANTED = tuple(dict.fromkeys([*TOLD, *(score[0] for score in SCORES), *RISKS]))
BEFORE = {"routed": "route"}
"""Where nights say it that were delivered before anybody could decide."""
ADDED = ("picture", "searched")


class Shown:
    """Rows of one delivery; index = place in the order of risk, most doubtful first."""

    def __init__(self, output: str, success: dict[str, Any], decided: Collection[str]) -> None:
        self.output, self.success = output, success
        self.night = str(success.get("run", ""))
        self.rows = (
            self._read(decided) if self.night else pd.DataFrame(columns=[*WANTED, *ADDED], dtype=object)
        )
        self.index = {row_id: place for place, row_id in enumerate(self.rows["row_id"])}

    @property
    def run(self) -> str:
        return storage.join(self.output, "runs", self.night)

    @property
    def applied(self) -> int:
        """Number of the last journal entry that the folders show."""
        return int(self.success.get("decisions", 0))

    @cached_property
    def title(self) -> str:
        return str(find_night(self.output, self.night).info["campaign"]) if self.night else "Review"

    def row(self, row_id: str) -> dict[str, Any] | None:
        """One row by its id; None for one that people are not asked about."""
        place = self.index.get(row_id)
        return None if place is None else {str(k): v for k, v in self.rows.loc[place].to_dict().items()}

    def _read(self, decided: Collection[str]) -> pd.DataFrame:
        rows = rows_for_people(self.output, decided, WANTED)
        because = rows["routed_because"] if "routed_because" in rows else rows["reason"]
        rows["routed_because"] = because.fillna(rows["reason"])
        rows["picture"] = [picture_of(self.night, place) for place in rows["image_path"]]
        searched = [rows[name].fillna("").str.lower() for name in ("sku", "words", "routed_because")]
        rows["searched"] = searched[0].str.cat(searched[1:], sep="\n")
        order = rank_rows(rows.assign(route=rows["routed"]))
        return rows.loc[order].reset_index(drop=True)


def rows_for_people(output: str, decided: Collection[str], columns: Sequence[str]) -> pd.DataFrame:
    """Rows of the delivered manifest that people are asked about, or have ``decided`` on (row ids); those of
    ``columns`` that are there. ``columns`` need row_id, outcome, routed and attempt."""
    data = storage.read_bytes(storage.join(output, "manifest.parquet"))
    there = tables.names(data)
    names = {name: name if name in there else BEFORE.get(name, "") for name in columns}
    names = {name: found for name, found in names.items() if found in there}
    table = tables.decode(data, list(names.values())).rename_columns(list(names))
    ok = pc.equal(table["outcome"], "ok")
    people = pc.is_in(table["routed"], pa.array(["review", "rework"]))
    limit = f"{round(SPOT_CHECKS * 0x10000):04x}"
    sampled = pc.less(pc.utf8_slice_codeunits(table["row_id"], 0, 4), limit)
    known = pc.is_in(table["row_id"], pa.array(list(decided), pa.string()))
    rows = table.filter(pc.and_(ok, pc.or_(people, pc.or_(sampled, known)))).to_pandas()
    rows["attempt"] = rows["attempt"].fillna(1).astype(int) if "attempt" in rows else 1
    return rows


class Showing:
    """The delivery that an output shows now, read again when there is another one."""

    def __init__(self, output: str) -> None:
        self.output = output
        self._now = Shown(output, {}, ())
        self._lock = threading.Lock()

    def last(self) -> Shown:
        """What ``now`` gave last."""
        return self._now

    def now(self, decided: Collection[str]) -> Shown:
        """While a delivery is being made there is no ``_SUCCESS``: then what was shown before."""
        success = success_of(self.output)
        with self._lock:
            if success and success != self._now.success:
                self._now = Shown(self.output, success, decided)
            return self._now
