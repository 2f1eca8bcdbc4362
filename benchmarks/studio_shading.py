"""CPU time to paint, shade and compose a picture: ``python benchmarks/studio_shading.py [size] [batch]``."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import random
import sys
import time

import cv2
import torch

from editcore.studio.framing import sample_camera, sample_light, sample_pose
from editcore.studio.gbuffer import GBuffer
from editcore.studio.kinds import KINDS, sample_shape
from editcore.studio.looks import mean_rgb, sample_look, shade
from editcore.studio.render import render
from editcore.studio.scenes import compose, paint, sample_scene

ROUNDS = 6


def photographed(count: int, size: int) -> GBuffer:
    """G-buffers of ``count`` objects of all kinds."""
    kinds, seeds = [list(KINDS)[i % len(KINDS)] for i in range(count)], range(count)
    shapes = [sample_shape(kind, i) for i, kind in enumerate(kinds)]
    poses = [sample_pose(kind, i) for i, kind in enumerate(kinds)]
    camera = sample_camera(shapes, poses, list(seeds))
    return render(shapes, poses, camera, sample_light(list(seeds)), size)


def main(size: int = 128, batch: int = 16) -> None:
    """Print CPU milliseconds per picture of each step, tiles painted beforehand."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    gbuffer, totals = photographed(batch, size), {"paint": 0.0, "shade": 0.0, "compose": 0.0}
    for number in range(-1, ROUNDS):  # round -1 paints the tiles of all rounds
        for seed in range(ROUNDS) if number < 0 else [number]:
            rng = random.Random(seed)
            looks = [sample_look(kind, rng) for kind in gbuffer.kinds]
            scenes = [sample_scene(rng) for _ in range(batch)]
            started = [time.process_time()]
            background = paint(scenes, gbuffer.camera, size)
            started.append(time.process_time())
            colours = shade(gbuffer, looks, mean_rgb(background))
            started.append(time.process_time())
            compose(gbuffer, colours, background, scenes)
            started.append(time.process_time())
            if number >= 0:
                for step, begin, end in zip(totals, started, started[1:], strict=False):
                    totals[step] += (end - begin) * 1e3 / (batch * ROUNDS)
    steps = ", ".join(f"{step} {spent:.2f} ms" for step, spent in totals.items())
    print(f"{size} px, batch {batch}: {sum(totals.values()):.2f} CPU ms a picture ({steps})")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
