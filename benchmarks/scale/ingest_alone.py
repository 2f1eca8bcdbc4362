"""Vitrine's ingest alone, in this process: python -m benchmarks.scale.ingest_alone CAMPAIGN [--plan-only]

Lists the addresses, downloads, sums and keeps every picture and plans the night; then, unless ``--plan-only``, decodes
each one and writes its row: what `vitrine run` does before it needs a model. Prints how many pictures are there."""

from __future__ import annotations

import sys
from collections import Counter

from editcore.campaign import load_campaign
from flows.tonight import begin
from tasks import ingest


def main() -> None:
    night = begin(load_campaign(sys.argv[1]), None, None, None, lambda _: None)
    counts = Counter[str]()
    if "--plan-only" in sys.argv:
        from editcore.sources.contents import remembered

        counts.update("ok" if row["sha256"] else row["code"] for row in remembered(night.path))
    else:
        for shard in night.shards:
            done = ingest.run(night.path, shard)
            counts.update({name: done[name] for name in ("ok", "bad_input", "retryable") if name in done})
    print(dict(counts))


if __name__ == "__main__":
    main()
