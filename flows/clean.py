"""`vitrine clean`: removes from an output what nobody needs any more, while nobody works on it."""

from __future__ import annotations

from editcore import storage
from editcore.lease import lease
from editcore.spare import needed_nights, remove_night, spare_copies, spare_nights


def clean(output: str, keep: int, dry: bool) -> list[str]:
    """Remove all but the last ``keep`` finished nights and what they need (``dry``: only say it); what was done.

    Raises ``LeaseHeld`` while a night runs."""
    with lease(output):
        old, copies = spare_nights(output, keep), list(spare_copies(output, keep))
        kept = [night.name for night in needed_nights(output, keep)]
        if not dry:
            for name in old:
                remove_night(output, name)
            for path in copies:
                storage.remove(path)
    would = "would remove" if dry else "removed"
    return [
        f"{would} {len(old)} nights: {', '.join(old) or 'none'}",
        f"{would} {len(copies)} downloaded pictures that no kept night was made from",
        f"kept {len(kept)} nights: {', '.join(kept) or 'none'}",
    ]
