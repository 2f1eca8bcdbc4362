"""The engine of pairs, on a random transformer of the bundled model's sizes: the contract holds whatever it paints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import FluxTransformer2DModel

from editcore.editors import load_transfer
from editcore.editors.base import EditRequest, Exemplar
from editcore.editors.bundled import BUNDLED
from editcore.editors.recolour import colour_shown
from editcore.editors.transfer.change import change_of
from editcore.editors.transfer.compact import load_compact, save_compact
from editcore.editors.transfer.engine import NOTHING, TransferEditor
from editcore.editors.transfer.load import save_model
from editcore.editors.transfer.memory import PairMemory
from editcore.editors.transfer.model import TransferModel
from editcore.editors.transfer.pick import along_the_pairs, nearest_to_all
from editcore.editors.transfer.region import changed_region
from editcore.editors.transfer.words import TextEncoder
from editcore.profiles import Profile
from editcore.training.autoencoder import LATENT_CHANNELS

SIDE = 96


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    encoder = TextEncoder(BUNDLED)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=4 * LATENT_CHANNELS, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=encoder.width, pooled_projection_dim=encoder.width,
        guidance_embeds=False, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    place = tmp_path_factory.mktemp("transfer")
    save_model(TransferModel(transformer, encoder.silence, 16), place)
    return place


@pytest.fixture
def engine(folder) -> TransferEditor:
    return TransferEditor(folder, steps=2)


def disc(x: int = 48, radius: int = 20) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.where((rows - 48) ** 2 + (columns - x) ** 2 < radius**2, 255, 0).astype(np.uint8)


def bar() -> np.ndarray:
    """Another shape than a disc's."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.where((abs(rows - 48) < 8) & (abs(columns - 48) < 38), 255, 0).astype(np.uint8)


def photo(product, wall, alpha) -> np.ndarray:
    shade = np.linspace(0.8, 1.0, SIDE)[:, None, None]
    colours = np.where(alpha[..., None] > 0, np.array(product), np.array(wall))
    return (colours * shade).astype(np.uint8)


GREY, RED, BLUE, GREEN = (190, 190, 190), (200, 30, 30), (30, 50, 200), (40, 160, 60)


def pair(product=(RED, BLUE), wall=(GREY, GREY), alphas=None, key="p") -> Exemplar:
    was, now = alphas or (disc(), disc())
    return Exemplar(photo(product[0], wall[0], was), photo(product[1], wall[1], now), was, now, key)


def request(name="r", seed=1, exemplars=(), words="") -> EditRequest:
    alpha = disc(44, 24)
    return EditRequest(
        name, photo(GREEN, (220, 210, 200), alpha), alpha, words, "product", seed, 1.0, exemplars
    )


@pytest.mark.parametrize(
    ("exemplar", "kind"),
    [
        (pair(), "recolour"),
        (pair(product=(RED, RED), wall=(GREY, GREEN)), "background"),
        (pair(product=(RED, RED), alphas=(disc(40), disc(60))), "stance"),
        (pair(product=(RED, RED), alphas=(disc(), bar())), "other"),
        (pair(product=(RED, BLUE), wall=(GREY, GREEN)), "other"),
    ],
)  # fmt: skip
def test_what_changes_in_a_pair(exemplar, kind) -> None:
    change = change_of(exemplar)
    assert change.kind == kind
    assert change.share > 0.05
    assert change.mean_delta_e > 6


def test_a_pair_that_changes_nothing_says_so() -> None:
    change = change_of(pair(product=(RED, RED)))
    assert (change.share, change.mean_delta_e, change.region.any()) == (0, 0, False)


def test_a_pair_of_two_sizes_is_refused() -> None:
    one = pair()
    with pytest.raises(ValueError, match="96 x 96 and 96 x 90"):
        change_of(replace(one, after=one.after[:90]))


@pytest.mark.parametrize(
    "exemplars",
    [
        (pair(),),
        (pair(product=(RED, RED), wall=(GREY, GREEN), key="b"),),
        (pair(product=(RED, RED), alphas=(disc(), bar()), key="m"),),
        (pair(), pair(product=(RED, RED), wall=(GREY, GREEN), key="b")),
    ],
)
def test_outside_the_region_every_pixel_is_the_sources(engine, exemplars) -> None:
    asked = request(exemplars=exemplars)
    (result,) = engine.edit([asked])
    outside = result.region == 0
    assert result.image.shape == asked.image.shape
    assert np.array_equal(result.image[outside], asked.image[outside])
    if "+" not in str(result.notes["change"]) and result.notes["change"] == "recolour":
        assert outside[disc(44, 30) == 0].all()
    assert result.raw is not None


def test_a_part_that_is_left_alone_has_no_say_in_the_new_colour() -> None:
    one = pair()
    most = np.arange(SIDE)[:, None, None] < 54
    shown = colour_shown(one.before, one.before_alpha, np.where(most, one.before, one.after))
    assert np.abs(np.subtract(shown, np.array(BLUE) * 0.9)).max() < 12


def test_a_recolour_takes_its_colour_from_the_pair_whatever_the_model_paints(engine) -> None:
    one = pair()
    shown = colour_shown(one.before, one.before_alpha, one.after)
    assert np.abs(np.subtract(shown, np.array(BLUE) * 0.9)).max() < 8  # under typical light
    (result,) = engine.edit([request(exemplars=(one,))])
    typical = np.median(result.image[disc(44, 18) > 0], axis=0)
    assert np.abs(typical - shown).max() < 40
    assert result.notes["anchored"] == "the pair's colour"
    (result,) = engine.edit([request(exemplars=(one, pair(product=(RED, GREEN), key="q")))])
    assert result.notes["anchored"] == "model"  # two pairs say two colours


def test_pairs_are_computed_once_for_a_night_and_results_do_not_depend_on_the_batch(engine, folder) -> None:
    one, other = pair(), pair(product=(RED, GREEN), key="q")
    asked = [request(f"r{n}", n, (pick,)) for n, pick in enumerate([one, other, one, other])]
    together = engine.edit(asked)
    assert engine.figures["pairs_computed"] == 2
    alone = [TransferEditor(folder, steps=2).edit([r])[0] for r in asked]
    for a, b in zip(together, alone, strict=True):
        assert np.abs(a.image.astype(int) - b.image.astype(int)).max() <= 1
    engine.edit(asked)
    assert engine.figures["pairs_computed"] == 2
    assert engine.figures["pairs_reused"] == 2


def test_memory_is_bounded_and_counted(folder) -> None:
    small = TransferEditor(folder, steps=1, memory_mb=0)
    small.edit([request(exemplars=(pair(),))])
    small.edit([request(exemplars=(pair(),))])
    assert small.figures == {"pairs_computed": 2, "pairs_reused": 0, "pairs_dropped": 2, "pair_bytes": 0}


def test_the_oldest_pair_goes_first(engine) -> None:
    seen = engine.painter.model.pair(torch.zeros(1, 64, 64), torch.zeros(1, 64, 64))
    memory = PairMemory(2 * seen.bytes)
    for key in ("a", "b", "a", "c", "a"):
        memory.get(key, lambda: seen)
    assert memory.counts.computed == 3
    memory.get("b", lambda: seen)
    assert memory.counts.computed == 4


def test_several_seeds_differ_and_the_most_agreed_one_is_kept(folder) -> None:
    samples = torch.stack([torch.full((2, 2, 2), float(value)) for value in (9, 1, 1.1, 0)])
    assert nearest_to_all(torch.stack([samples, samples.flip(0)])).tolist() == [2, 1]
    one = TransferEditor(folder, steps=1).edit([request(exemplars=(pair(),))])[0]
    best = TransferEditor(folder, steps=1, seeds=4).edit([request(exemplars=(pair(),))])[0]
    assert one.raw is not None and best.raw is not None
    assert one.raw.shape == best.raw.shape


class Brightness:
    """Embeds a picture by its three mean channels."""

    @staticmethod
    def images(pictures) -> np.ndarray:
        return np.array([picture.mean(axis=(0, 1)) / 255 for picture in pictures])


def test_the_judge_takes_the_sample_that_moves_as_the_pair_does() -> None:
    def flat(*colour: float) -> torch.Tensor:
        return torch.tensor(colour).view(3, 1, 1).expand(3, 8, 8)

    queries, pair = (
        torch.stack([flat(0.5, 0.5, 0.5), flat(0.2, 0.6, 0.5)]),
        (flat(0.1, 0.1, 0.1), flat(0.4, 0.1, 0.1)),
    )
    back, along, nowhere = (torch.stack([flat(step, 0, 0)] * 2) + queries for step in (-0.2, 0.2, 0))
    pick = along_the_pairs(Brightness.images, lambda latents: latents, [pair], queries)
    assert pick(torch.stack([back, along, nowhere], dim=1)).tolist() == [1, 1]


def test_a_profile_may_let_the_scorer_pick_among_the_seeds(folder) -> None:
    made = Profile(
        name="p", licence="-", transfer_options={"folder": folder, "steps": 1, "seeds": 3, "pick": "scorer"}
    )
    engine = load_transfer(made)
    result = engine.edit([request(exemplars=(pair(),))])[0]
    assert result.raw is not None and engine.judge.__self__.name == "open_clip:scorer"
    for options, scorer in (({"pick": "best"}, {}), ({"pick": "scorer"}, {"clip": None})):
        bad = Profile(name="p", licence="-", transfer_options=options, scorer_options=scorer)
        with pytest.raises(ValueError, match="expected agreement, or scorer with a scorer that has a CLIP"):
            load_transfer(bad)


def test_a_request_without_a_pair_is_refused(engine) -> None:
    with pytest.raises(ValueError, match="without a before/after pair"):
        engine.edit([request()])


def test_the_region_is_where_the_pictures_differ() -> None:
    before = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.02 + 0.5
    after = before.clone()
    assert not changed_region(before, after).any()
    after[:, 20:40, 20:40] = torch.tensor([0.9, 0.2, 0.2])[:, None, None]
    after[:, 60, 60] = 0  # a speck
    region = changed_region(before, after)
    assert region[25:35, 25:35].min() == 255
    assert region[:15].max() == region[58:, 58:].max() == 0


def test_a_model_that_changes_nothing_returns_the_source(engine, monkeypatch) -> None:
    monkeypatch.setattr(engine.painter, "paint", lambda pairs, query, *rest: query)
    asked = request(exemplars=(pair(product=(RED, RED), alphas=(disc(), bar()), key="m"),))
    (result,) = engine.edit([asked])
    assert np.array_equal(result.image, asked.image)
    assert result.warnings == (NOTHING,)


def test_no_model_says_what_makes_one(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="vitrine train stage transfer"):
        TransferEditor(tmp_path)


def test_compact_weights_are_a_byte_each_and_nearly_the_same(engine, folder, tmp_path) -> None:
    torch.manual_seed(1)
    state = {"large": torch.randn(128, 256) * torch.logspace(-3, 0, 128)[:, None], "bias": torch.randn(7)}
    save_compact(state, tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 1.1 * 128 * 256
    back = load_compact(tmp_path)
    error = (back["large"] - state["large"]).square().mean(dim=1).sqrt() / state["large"].std(dim=1)
    assert error.max() < 0.02  # of every row, however small its weights
    assert torch.allclose(back["bias"], state["bias"], atol=1e-3)
    save_model(engine.painter.model, tmp_path, compact=True)
    asked = [request(exemplars=(pair(),))]
    one, other = (TransferEditor(place, steps=2).edit(asked)[0] for place in (folder, tmp_path))
    assert one.raw is not None and other.raw is not None
    assert np.abs(one.raw.astype(int) - other.raw.astype(int)).mean() < 2


def test_a_plain_new_background_takes_its_colour_from_the_pair_and_has_no_blotches(engine) -> None:
    one = pair(product=(RED, RED), wall=(GREY, GREEN), key="b")
    (result,) = engine.edit([request(exemplars=(one,))])
    around = result.image[:, :16].reshape(-1, 3).astype(int)
    assert np.abs(np.median(around, axis=0) - np.array(GREEN) * 0.9).max() < 25
    assert np.std(around, axis=0).max() < 12
    assert result.notes["anchored"] == "the pair's colour"
