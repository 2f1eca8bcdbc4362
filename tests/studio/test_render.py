"""The tracer: what it promises to everything that is painted over its G-buffers."""

from __future__ import annotations

import pytest
import torch

from editcore.studio.framing import Pose, sample_camera, sample_light, sample_pose
from editcore.studio.gbuffer import GBuffer
from editcore.studio.kinds import KINDS, Shape, sample_shape
from editcore.studio.render import photograph_catalogue, render


def photograph(
    shapes: list[Shape], poses: list[Pose] | None = None, size: int = 64, supersample: int = 1
) -> GBuffer:
    """The shapes (versions of one specimen) under one camera and light."""
    poses = poses or [sample_pose(shapes[0].kind, shapes[0].seed)] * len(shapes)
    seeds = [3] * len(shapes)
    camera = sample_camera([shapes[0]] * len(shapes), [poses[0]] * len(shapes), seeds)
    return render(shapes, poses, camera, sample_light(seeds), size, supersample)


@pytest.fixture(scope="module")
def catalogue() -> GBuffer:
    kinds = [kind for kind in KINDS for _ in range(2)]
    return photograph_catalogue(kinds, [11, 12] * len(KINDS), size=64)


def test_catalogue_is_large_and_its_parts_fit() -> None:
    assert len(KINDS) >= 22
    for kind in KINDS.values():
        assert kind.nouns[0] == kind.name
        for part, slot in kind.optional.items():
            assert kind.parts[slot] == part and slot > 0, f"{kind.name}: {part}"


def test_same_seed_same_picture_and_other_seed_another() -> None:
    first, again, other = (
        photograph_catalogue(["mug", "shoe"], seeds, 48) for seeds in ([1, 2], [1, 2], [5, 6])
    )
    assert torch.equal(first.normal_B3HW, again.normal_B3HW) and torch.equal(
        first.ground_B1HW, again.ground_B1HW
    )
    assert (first.coverage_B1HW - other.coverage_B1HW).abs().mean() > 0.01


def test_every_kind_is_in_the_frame_at_a_sensible_size(catalogue: GBuffer) -> None:
    for i, kind in enumerate(catalogue.kinds):
        coverage = catalogue.coverage_B1HW[i, 0]
        edge = torch.cat([coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]])
        assert edge.max() == 0, f"{kind} is cut off"
        assert 0.04 < coverage.mean() < 0.75, f"{kind} covers {coverage.mean():.2f}"
        rows, columns = (coverage > 0.5).any(1).sum() / 64, (coverage > 0.5).any(0).sum() / 64
        assert 0.42 < max(rows, columns) < 0.97, f"{kind} spans {rows:.2f} x {columns:.2f}"


def test_values_are_in_range_and_parts_sum_to_coverage(catalogue: GBuffer) -> None:
    on = catalogue.coverage_B1HW > 0
    for name in ("coverage_B1HW", "parts_BPHW", "light_B1HW", "ground_B1HW"):
        values = getattr(catalogue, name)
        assert values.isfinite().all() and values.min() >= 0 and values.max() <= 1 + 1e-5, name
    torch.testing.assert_close(catalogue.parts_BPHW.sum(1, keepdim=True), catalogue.coverage_B1HW)
    length = catalogue.normal_B3HW.norm(dim=1, keepdim=True)
    assert (length[on] - 1).abs().max() < 0.05 and length[~on].max() == 0
    towards = catalogue.normal_B3HW[:, 2:][catalogue.coverage_B1HW > 0.99]
    assert (towards > -0.1).float().mean() > 0.995, "surfaces face the camera"


@pytest.mark.parametrize("kind", sorted(k.name for k in KINDS.values() if k.optional))
def test_removing_a_part_changes_the_picture_only_around_it(kind: str) -> None:
    whole = sample_shape(kind, 4).complete()
    versions = [whole, *(whole.without_part(part) for part in KINDS[kind].optional)]
    facing = Pose(yaw=0.5)
    pictures = photograph(versions, [facing] * len(versions))
    for i, (part, slot) in enumerate(KINDS[kind].optional.items(), start=1):
        assert pictures.parts_BPHW[i, slot].max() == 0
        was = pictures.parts_BPHW[0, slot : slot + 1]
        near = torch.nn.functional.max_pool2d(was[None], 5, stride=1, padding=2)[0, 0] > 0
        change = (pictures.coverage_B1HW[i, 0] - pictures.coverage_B1HW[0, 0]).abs()
        assert change[~near].max() < 0.35, f"{kind} without {part} changes elsewhere"
        assert (pictures.coverage_B1HW[i] - pictures.coverage_B1HW[0]).max() < 0.5
        assert (was > 0.5).any(), f"{part} of {kind} cannot be seen"


def test_geometry_is_the_same_at_any_size() -> None:
    shape = [sample_shape("teapot", 2)]
    small, large = photograph(shape, size=64), photograph(shape, size=256).shrink(4)
    assert (small.coverage_B1HW - large.coverage_B1HW).abs().mean() < 0.006
    assert abs(float(small.coverage_B1HW.mean() / large.coverage_B1HW.mean()) - 1) < 0.02, (
        "rims are not biased"
    )
    assert (small.ground_B1HW - large.ground_B1HW).abs().mean() < 0.01
    fine = photograph(shape, size=32, supersample=2)
    torch.testing.assert_close(fine.parts_BPHW, photograph(shape, size=64).shrink(2).parts_BPHW)


def test_shadow_lies_opposite_the_light_and_scales_with_the_object() -> None:
    shape, poses = sample_shape("ball", 1), [Pose(scale=1.0), Pose(scale=0.5)]
    camera = sample_camera([shape, shape], poses[:1] * 2, [1, 1])
    both = render([shape, shape], poses, camera, torch.tensor([1.2, 1.2]), 64)
    dark = 1 - both.ground_B1HW[:, 0]
    assert dark[0, :, :32].sum() > 1.5 * dark[0, :, 32:].sum(), (
        "lit from the right, the shadow falls to the left"
    )
    assert 0.15 < dark[1].sum() / dark[0].sum() < 0.35, "half the size, about a quarter of the shadow"


def test_mismatched_batch_is_refused() -> None:
    shape = sample_shape("mug", 1)
    camera = sample_camera([shape], [Pose()], [1])
    with pytest.raises(ValueError, match="2 shapes, 1 poses"):
        render([shape, shape], [Pose()], camera, torch.zeros(1), 32)
    with pytest.raises(ValueError, match="unknown kind"):
        sample_shape("mugg", 1)
    with pytest.raises(ValueError, match="no removable part"):
        shape.without_part("body")
