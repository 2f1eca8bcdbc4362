"""What each panel sees, and that what is kept is what would be computed anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from editcore.editors.transfer.attention import Seen
from editcore.editors.transfer.model import TransferModel, Words
from editcore.editors.transfer.panels import pack, places, unpack
from editcore.editors.transfer.sample import Clean, paint, times

from .conftest import SIDE, TEXT, latents, said, small

BATCH, STEPS = 3, 4


def anew(model: TransferModel, clean: Clean, noise: Tensor, steps: int, words: Words | None = None) -> Tensor:
    """``paint`` without keeping anything: every panel of every picture at every step, one picture at a time."""
    pictures = []
    for n in range(len(noise)):
        latent = noise[n : n + 1]
        told = words and Words(words.states_BLD[n : n + 1], words.pooled_BD[n : n + 1])
        for t, after in zip(times(steps), times(steps)[1:], strict=False):
            pairs = [model.pair(pack(b), pack(a)) for b, a in clean.pairs]
            seen = model.query(pack(clean.query_BChw[n : n + 1]), pairs)
            velocity = model.velocity(pack(latent), torch.tensor([t]), seen, told)
            latent = latent + (after - t) * unpack(velocity, SIDE, SIDE)
        pictures.append(latent)
    return torch.cat(pictures)


@pytest.mark.parametrize("layout", ["grid", "stack"])
@pytest.mark.parametrize("pairs", [1, 2])
@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("doubled", [False, True])
@torch.no_grad()
def test_kept_equals_computed_anew(layout, pairs, words, doubled) -> None:
    model = small(layout, doubled=doubled)
    shown = [(latents(1, 10 + n), latents(1, 20 + n)) for n in range(pairs)]
    clean = Clean(shown, latents(BATCH, 1))
    told = said(BATCH, 3) if words else None
    kept = paint(model, clean, latents(BATCH, 2), STEPS, told)
    torch.testing.assert_close(kept, anew(model, clean, latents(BATCH, 2), STEPS, told), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_picture_is_the_same_alone_and_in_a_batch(model) -> None:
    pair, queries, noise = (latents(1, 5), latents(1, 6)), latents(BATCH, 1), latents(BATCH, 2)
    together = paint(model, Clean([pair], queries), noise, STEPS)
    alone = paint(model, Clean([pair], queries[1:2]), noise[1:2], STEPS)
    torch.testing.assert_close(together[1:2], alone, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_order_of_pairs_does_not_matter(model) -> None:
    a, b = (latents(1, 5), latents(1, 6)), (latents(1, 7), latents(1, 8))
    one = paint(model, Clean([a, b], latents(1, 1)), latents(1, 2), STEPS)
    other = paint(model, Clean([b, a], latents(1, 1)), latents(1, 2), STEPS)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_all_clean_panels_and_the_words_reach_the_target(model) -> None:
    def painted(before=5, after=6, query=1, words=None):
        return paint(
            model,
            Clean([(latents(1, before), latents(1, after))], latents(1, query)),
            latents(1, 2),
            2,
            words,
        )

    plain = painted()
    changed = [painted(before=50), painted(after=50), painted(query=50), painted(words=said(1, 3))]
    assert all((other - plain).abs().max() > 1e-4 for other in changed)


@torch.no_grad()
def test_a_pair_stands_before_and_after_apart(model) -> None:
    a, b = pack(latents(1, 5)), pack(latents(1, 6))
    there, back = model.pair(a, b), model.pair(b, a)
    n = a.shape[1]
    (forth_key, _), (back_key, _) = there.layers[0], back.layers[0]
    assert not torch.allclose(forth_key[:, :n], back_key[:, n:], atol=1e-4)


@torch.no_grad()
def test_time_and_noise_do_not_reach_clean_panels_but_do_with_full_attention() -> None:
    """Why nothing can be kept with the published attention."""
    model = small("grid", "full")
    inside: list[Tensor] = []
    model.transformer.single_transformer_blocks[0].register_forward_hook(
        lambda _m, _i, out: inside.append(out[1][:, : 3 * SIDE * SIDE // 4])
    )
    panels = [pack(latents(1, n)) for n in range(3)]
    for t in (0.2, 0.9):
        model.velocity_in_full(pack(latents(1, 9)), torch.tensor([t]), panels)
    assert (inside[0] - inside[1]).abs().max() > 1e-3


def test_gradients_reach_every_weight_but_the_words_own(model) -> None:
    pair = model.pair(pack(latents(2, 1)), pack(latents(2, 2))).repeat(2)
    seen = model.query(pack(latents(4, 3)), [pair])
    model.velocity(pack(latents(4, 4)), torch.rand(4), seen, said(4, 5)).square().sum().backward()
    without = {name for name, p in model.named_parameters() if p.grad is None}
    assert all("context" in name or "add" in name for name in without), without


def test_packing_goes_both_ways_and_places_tell_panels_apart() -> None:
    latent = latents(2, 1)
    assert torch.equal(unpack(pack(latent), SIDE, SIDE), latent)
    for layout in ("grid", "stack"):
        found = torch.cat([places(panel, 4, 4, layout) for panel in ("before", "after", "query", "target")])
        assert len(found.unique(dim=0)) == 16
    with pytest.raises(ValueError, match="even"):
        pack(torch.zeros(1, 4, 3, 4))


def test_guided_checkpoints_get_their_guidance() -> None:
    model = small("grid", "full", guided=True)
    assert isinstance(model.transformer, nn.Module)
    panels = [pack(latents(1, n)) for n in range(3)]
    assert model.velocity_in_full(pack(latents(1, 9)), torch.tensor([0.5]), panels).shape == (1, 4, 16)


def test_full_attention_has_room_for_one_pair() -> None:
    model = small("grid", "full")
    pair = (latents(1, 1), latents(1, 2))
    with pytest.raises(ValueError, match="one"):
        paint(model, Clean([pair, pair], latents(1, 3)), latents(1, 4), 2)


@torch.no_grad()
def test_a_doubled_transformer_that_says_nothing_copies_the_query(model) -> None:
    for part in (model.transformer.proj_out.weight, model.transformer.proj_out.bias):
        part.zero_()
    painted = paint(
        model, Clean([(latents(1, 5), latents(1, 6))], latents(BATCH, 1)), latents(BATCH, 2), STEPS
    )
    torch.testing.assert_close(painted, latents(BATCH, 1), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_pair_reaches_the_target_through_its_gist_too(model) -> None:
    pair = model.pair(pack(latents(1, 5)), pack(latents(1, 6)))
    assert pair.gist_BD.shape == (1, TEXT)
    twice = Seen.together([pair, pair]).gist_BD
    torch.testing.assert_close(twice, 2 * pair.gist_BD)
    seen = model.query(pack(latents(1, 1)), [pair])
    noise, time = pack(latents(1, 2)), torch.ones(1)
    said = model.velocity(noise, time, seen)
    assert (said - model.velocity(noise, time, replace(seen, gist_BD=None))).abs().max() > 1e-4
