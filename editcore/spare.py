"""What an output holds that nobody needs any more: insides of old nights, copies of pictures from the web.

Needed are the latest finished nights, as many as wanted, what was planned after them, every night whose pictures those
carry (``carried_from``), and the copies that all these were made from."""

from __future__ import annotations

from collections.abc import Iterator

from editcore import manifest, storage
from editcore.night import Night, nights


def spare_nights(output: str, keep: int) -> list[str]:
    """Names of folders in ``runs/`` that may go: old nights, and plannings that were killed."""
    needed = {night.name for night in needed_nights(output, keep)}
    return [name for name in storage.listing(storage.join(output, "runs")) if name not in needed]


def needed_nights(output: str, keep: int) -> list[Night]:
    """The nights to keep, oldest first; ``keep``, at least 1, is how many finished ones."""
    if keep < 1:
        raise ValueError(f"found {keep} nights to keep, expected at least 1")
    known = nights(output)
    finished = [place for place, night in enumerate(known) if night.finished]
    kept = known[finished[-keep] :] if len(finished) > keep else known
    makers = {maker for night in kept for maker in _makers(night)}
    return [night for night in known if night in kept or night.name in makers]


def spare_copies(output: str, keep: int) -> Iterator[str]:
    """Paths of files in ``downloads/`` that none of the needed nights was made from."""
    needed = {
        sha256
        for night in needed_nights(output, keep)
        for name in ("source_sha256", "given_mask_sha256")
        for sha256 in _column(night, name)
    }
    for entry in storage.walk(storage.join(output, "downloads")):
        folder, _, name = entry["inner"].rpartition("/")
        if folder == name[:2] and name not in needed:  # a body; the index and what was kept of it are none
            yield entry["path"]


def remove_night(output: str, name: str) -> None:
    """Remove a night's folder; killed in between, it is no night any more and goes with the next call."""
    folder = storage.join(output, "runs", name)
    storage.remove(storage.join(folder, "run.json"))
    storage.remove(folder)


def _makers(night: Night) -> set[str]:
    """Nights whose pictures a night shows as its own."""
    rows = manifest.merged(night.path, {"carried_from", "image_path"})
    return set(rows["carried_from"].filter(rows["image_path"].is_valid()).drop_null().to_pylist())


def _column(night: Night, name: str) -> set[str]:
    return set(manifest.read_step(night.path, "plan", [name])[name].drop_null().to_pylist())
