"""The refined matte on pictures with a known edge."""

from __future__ import annotations

import cv2
import numpy as np

from editcore.segmentation.refine import refine


def scene(size=640, noise=6.0):
    """A disc on a textured ground: picture, true alpha in [0, 1], coarse 80 px mask."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    truth = np.clip(size * 0.3 - np.hypot(y - size * 0.5, x - size * 0.52) + 0.5, 0, 1)
    rng = np.random.default_rng(0)
    ground = np.array((110, 120, 105)) + rng.normal(0, noise, (size, size, 1))
    picture = truth[..., None] * np.array((210, 60, 50)) + (1 - truth[..., None]) * ground
    coarse = cv2.GaussianBlur(cv2.resize(truth, (160, 160), interpolation=cv2.INTER_AREA), (0, 0), 1.5)
    return np.clip(picture, 0, 255).astype(np.uint8), truth, coarse


def test_refinement_is_closer_to_the_truth_than_stretching():
    picture, truth, coarse = scene()
    alpha = refine(picture, coarse) / 255
    stretched = cv2.resize(coarse, truth.shape[::-1])
    assert np.abs(alpha - truth).mean() < 0.25 * np.abs(stretched - truth).mean()


def test_far_from_the_edge_the_small_mask_decides():
    picture, _, coarse = scene()
    alpha = refine(picture, coarse)
    y, x = np.mgrid[0:640, 0:640]
    distance = np.hypot(y - 320, x - 333)
    assert (alpha[distance < 170] == 255).all() and (alpha[distance > 214] == 0).all()


def test_texture_leaves_no_specks_outside():
    picture, _, coarse = scene(noise=40)
    alpha = refine(picture, coarse)
    count = cv2.connectedComponents((alpha > 60).astype(np.uint8))[0]
    assert count == 2, f"{count - 2} specks beside the product"


def test_empty_full_and_tiny_masks_come_back_sane():
    picture = np.full((50, 30, 3), 90, np.uint8)
    assert refine(picture, np.zeros((32, 32))).max() == 0
    assert refine(picture, np.ones((32, 32))).min() == 255
    assert refine(picture[:2, :1], np.ones((4, 4))).shape == (2, 1)
