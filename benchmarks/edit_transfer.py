"""What keeping clean panels saves: the published loop against ours, the same weights, in one run.

    python benchmarks/edit_transfer.py                          # the bundled model, one thread
    python benchmarks/edit_transfer.py --model folder --batch 16 --cases cases/

Four ways to paint the same pictures. **published**: all four panels at every step, all see all, clean ones put back
after each (here they are simply given anew). **uncached**: our attention, nothing kept: every panel at every step.
**kept per picture**: clean panels once a picture. **kept per night**: the pair once, the query once a picture, as the
engine does. The last three make the same pictures; the first is another model's way on these weights, so its error
only means something with weights trained for it (--reference).

The limit is arithmetic: floating-point operations of uncached over those of kept, counted by torch on the same calls.
Error: root mean square to the right answer in latents, as a share of copying's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from editcore.editors.bundled import BUNDLED as TEXT
from editcore.editors.transfer.attention import Seen
from editcore.editors.transfer.bundled import load_painter
from editcore.editors.transfer.engine import BUNDLED
from editcore.editors.transfer.model import TransferModel
from editcore.editors.transfer.panels import pack, unpack
from editcore.editors.transfer.sample import Clean, integrate, paint, times
from editcore.evaluation.exemplars.cases import ExemplarCase, load_cases

STEPS = (4, 8, 35)
COLUMNS = ("ms", "GFLOP", "faster", "limit", "share", "error", "in all")
"""Milliseconds and operations a picture; times faster than uncached, the limit of that and the share reached; error;
and times faster than the published loop at most steps."""
HEAD = f"{'steps':>5} {'way':18} " + " ".join(f"{name:>9}" for name in COLUMNS)
Latents = tuple[Tensor, Tensor, Tensor, Tensor]
"""before, after (1, C, h, w), queries and right answers (B, C, h, w) of one pair."""


def published(model: TransferModel, given: Latents, noise: Tensor, steps: int) -> Tensor:
    """Every panel at every step, one time for all, all see all."""
    before, after, query, _ = given
    panels = [pack(before).expand(len(query), -1, -1), pack(after).expand(len(query), -1, -1), pack(query)]
    latent = pack(noise)
    for t, then in zip(times(steps), times(steps)[1:], strict=False):
        now = latent.new_full((len(latent),), t)
        latent = latent + (then - t) * model.velocity_in_full(latent, now, panels)
    return unpack(latent, *noise.shape[2:])


def uncached(model: TransferModel, given: Latents, noise: Tensor, steps: int) -> Tensor:
    """Our attention, every panel of every picture at every step."""
    before, after, query, _ = given
    shown = [pack(panel).expand(len(query), -1, -1) for panel in (before, after)]
    latent = pack(noise)
    for t, then in zip(times(steps), times(steps)[1:], strict=False):
        seen = model.query(pack(query), [model.pair(*shown)])
        latent = latent + (then - t) * model.velocity(latent, latent.new_full((len(latent),), t), seen)
    return unpack(latent, *noise.shape[2:])


def kept_per_picture(model: TransferModel, given: Latents, noise: Tensor, steps: int) -> Tensor:
    """Clean panels once a picture, the pair's too."""
    before, after, query, _ = given
    shown = (before.expand(len(query), -1, -1, -1), after.expand(len(query), -1, -1, -1))
    return paint(model, Clean([shown], query), noise, steps)


def kept_per_night(pair: Seen) -> Callable[[TransferModel, Latents, Tensor, int], Tensor]:
    """The pair is known already."""

    def way(model: TransferModel, given: Latents, noise: Tensor, steps: int) -> Tensor:
        query = given[2]
        return integrate(model, noise, steps, model.query(pack(query), [pair.expand(len(query))]))

    return way


def measured(run: Callable[[], Tensor], repeats: int) -> tuple[Tensor, float, int]:
    """The result, median seconds and floating-point operations."""
    with FlopCounterMode(display=False) as counter:
        made = run()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return made, statistics.median(seconds), counter.get_total_flops()


@torch.no_grad()
def compare(
    model: TransferModel, reference: TransferModel | None, given: list[Latents], repeats: int
) -> None:
    """Print one line a way and a number of steps; errors are means over the pairs, times those of the first."""
    noise = [torch.randn(g[2].shape, generator=torch.Generator().manual_seed(n)) for n, g in enumerate(given)]
    copied = statistics.mean(float((g[2] - g[3]).square().mean().sqrt()) for g in given)
    count, first = len(given[0][2]), given[0]
    pair = model.pair(pack(first[0]), pack(first[1]))
    slowest = 0.0
    print(HEAD)
    for steps in sorted(STEPS, reverse=True):
        ways = {
            "published": (reference or model, published), "uncached": (model, uncached),
            "kept per picture": (model, kept_per_picture), "kept per night": (model, kept_per_night(pair)),
        }  # fmt: skip
        base: tuple[float, int] | None = None
        for name, (by, way) in ways.items():
            _, seconds, flops = measured(lambda: way(by, first, noise[0], steps), repeats)  # noqa: B023
            base = (seconds, flops) if name == "uncached" else base
            slowest = slowest or seconds
            faster, limit = (base[0] / seconds, base[1] / flops) if base else (1.0, 1.0)
            each = ways["kept per picture"][1] if name == "kept per night" else way
            error = statistics.mean(
                float((each(by, g, z, steps) - g[3]).square().mean().sqrt())
                for g, z in zip(given, noise, strict=True)
            )
            numbers = (1000 * seconds / count, flops / count / 1e9, faster, limit, faster / limit)
            cells = " ".join(f"{number:9.2f}" for number in numbers)
            print(f"{steps:5} {name:18} {cells} {error / copied:9.3f} {slowest / seconds:9.1f}", flush=True)
    print(f"tokens: {pair.tokens} of the pair, {first[2].shape[-1] ** 2 // 4} each of query and target; "
          f"{pair.bytes / 1e6:.2f} MB kept a pair")  # fmt: skip


def latents_of(cases: list[ExemplarCase], encode: Callable[[Tensor], Tensor], batch: int) -> list[Latents]:
    """Known kinds by pair, ``batch`` queries each (repeated where a pair has fewer, so that batches are equal)."""
    by_pair: dict[str, list[ExemplarCase]] = {}
    for case in cases:
        if case.setting == "known kind":
            by_pair.setdefault(case.case_id[:5], []).append(case)
    unit = lambda pictures: encode(torch.from_numpy(np.stack(pictures)).float() / 255)  # noqa: E731
    made = []
    for group in by_pair.values():
        rows = (group * batch)[:batch]
        before, after = group[0].pairs[0]
        queries, truths = (unit([getattr(c, name) for c in rows]) for name in ("query", "truth"))
        made.append((unit([before]), unit([after]), queries, truths))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=BUNDLED)
    parser.add_argument(
        "--reference", type=Path, help="weights trained with full attention, for the published loop"
    )
    parser.add_argument("--batch", type=int, default=8, help="pictures at once")
    parser.add_argument("--pairs", type=int, default=12, help="pairs over which errors are means")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--cases", type=Path, default=Path("evaluation-exemplars"), help="photographed here if absent"
    )
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    painter = load_painter(given.model, TEXT)
    reference = load_painter(given.reference, TEXT).model if given.reference else None
    with torch.no_grad():
        latents = latents_of(load_cases(given.cases, 120), painter.encode, given.batch)[: given.pairs]
    compare(painter.model, reference, latents, given.repeats)


if __name__ == "__main__":
    main()
