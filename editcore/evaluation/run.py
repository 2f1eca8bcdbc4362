"""All rows x kinds x seeds, each part kept as it is finished."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from editcore import images, storage
from editcore.evaluation import results
from editcore.evaluation.cases import Case, CaseSet
from editcore.evaluation.measures import Measures
from editcore.evaluation.methods import Edited, Method
from editcore.evaluation.rows import Row

Say = Callable[[str], None]


class NothingMade(RuntimeError):  # noqa: N818 - says what is the matter
    """A row failed on every case of a kind: the engine is broken, not the pictures."""


@dataclass(frozen=True)
class _Place:
    """Where a part goes."""

    output: str
    path: str
    """The part without suffix."""
    sources: str
    """Folder for source pictures, relative to the output; "" keeps no pictures."""

    def keep(self, case: Case, edit: Edited) -> dict[str, str]:
        """Write the case's pictures, lossless; gives their columns, relative to the output."""
        places = {"source_picture": storage.join(self.sources, case.kind, f"{case.case_id}.png")}
        if not storage.exists(full := storage.join(self.output, places["source_picture"])):
            storage.put(full, images.encode(case.image, "PNG"))
        if edit.image is not None:
            full = storage.join(self.path, f"{case.case_id}.png")
            storage.put(full, images.encode(edit.image, "PNG"))
            places["picture"] = full.removeprefix(self.output).strip("/")
        return places


def evaluate(
    rows: Sequence[Row], cases: CaseSet, measures: Measures, output: str, seeds: int = 3, say: Say = print
) -> pd.DataFrame:
    """Measure every row; one line per row, seed and case, with the columns of ``results.schema``.

    Rows that know no seed are measured once. Parts that are there already are read, not made. Raises ``NothingMade``
    when a row fails on every case of a kind, ValueError for more seeds than a row has trained models.
    """
    parts: list[pd.DataFrame] = []
    for row in rows:
        for one, numbers in row.trainings(seeds):
            parts += _parts(one, numbers, cases, measures, output, say)
    everything = pd.concat(parts, ignore_index=True)
    return results.put_table(storage.join(output, "results.parquet"), everything)


def _parts(
    row: Row, seeds: Sequence[int], cases: CaseSet, measures: Measures, output: str, say: Say
) -> list[pd.DataFrame]:
    parts: list[pd.DataFrame] = []
    method: Method | None = None  # loaded when the first missing part is reached
    sources = storage.join("sources", results.fingerprint(cases.identity))
    print_ = results.fingerprint(row.identity(), cases.identity, measures.networks)
    for kind in cases.kinds:
        for seed in seeds:
            path = results.part_path(output, row.name, kind, seed, print_)
            table = results.get_table(f"{path}.parquet")
            if table is None:
                place = _Place(output, path, sources if seed == 0 else "")
                method = method or row.method()
                table = _make(method, cases.load(kind), measures, place, seed)
                say(f"{row.name}, {kind}, seed {seed}: {len(table)} cases")
            parts.append(table)
    return parts


def _make(method: Method, cases: list[Case], measures: Measures, place: _Place, seed: int) -> pd.DataFrame:
    lines = []
    for batch in _batches(cases, method.batch_size):
        edits = method.edit(batch, seed)
        for case, edit, values in zip(batch, edits, measures.measure(batch, edits), strict=True):
            kept = place.keep(case, edit) if place.sources else {}
            lines.append(
                {
                    "row": method.name, "kind": case.kind, "seed": seed, "case_id": case.case_id,
                    "words": case.words, "failure": edit.failure, "seconds": edit.seconds,
                    "warnings_json": json.dumps(list(edit.warnings), ensure_ascii=False),
                    "picture": None, "source_picture": None, **kept, **values,
                }
            )  # fmt: skip
    if lines and all(line["failure"] for line in lines) and method.seeded:
        raise NothingMade(
            f"row {method.name} made nothing of the {len(lines)} cases of kind {cases[0].kind}; "
            f"the first: {lines[0]['failure']}"
        )
    return results.put_table(f"{place.path}.parquet", pd.DataFrame(lines, columns=results.schema().names))


def _batches(cases: list[Case], size: int) -> Iterator[list[Case]]:
    for start in range(0, len(cases), size):
        yield cases[start : start + size]
