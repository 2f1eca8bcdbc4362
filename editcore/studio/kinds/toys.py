"""Toys and sports: ball, car, plush bear."""

from __future__ import annotations

import numpy as np

from editcore.studio import sdf
from editcore.studio.kinds.base import Dice, Field, Present, kind
from editcore.studio.sdf import Array, Points


@kind("ball", "toy ball", parts=("body", "band", "cap"), optional=("band",))
def ball(dice: Dice) -> Field:
    radius, wide, tilt, turn = dice(0.45, 0.55), dice(0.07, 0.15), dice(0.1, 0.9), dice(-3, 3)
    seam = dice.chance(0.5)

    def field(p: Points, present: Present) -> dict[str, Array]:
        q = p.moved(y=radius).about_y(turn).about_z(tilt)
        body = sdf.sphere(q, radius)
        parts = {"body": body, "cap": np.maximum(body - 0.004, radius * 0.82 - q.y)}
        if "band" in present:
            height = q.y + (0.0 if not seam else 0.12 * np.cos(2 * np.arctan2(q.x, q.z)))
            parts["band"] = np.maximum(body - 0.005, (abs(height) - wide) * 0.7)
        return parts

    return field


@kind(
    "toy car",
    "car",
    parts=("body", "windows", "wheels", "roof rack"),
    optional=("roof rack",),
    facing=1.0,
    two_sided=True,
)
def toy_car(dice: Dice) -> Field:
    long, wide, wheel = dice(0.72, 0.85), dice(0.3, 0.36), dice(0.13, 0.17)
    low, cab, cab_long, cab_at = dice(0.16, 0.2), dice(0.15, 0.2), dice(0.36, 0.46), dice(-0.16, 0.02)

    def field(p: Points, present: Present) -> dict[str, Array]:
        deck = wheel + low
        shell = sdf.box(p.moved(y=deck), long, low, wide, 0.11)
        c = p.moved(cab_at, deck + low + cab * 0.8)
        taper = 1 + c.y * 0.6
        cabin = (
            sdf.box(Points(c.x * taper, c.y, c.z * (1 + c.y * 0.3)), cab_long, cab, wide * 0.9, 0.08) * 0.75
        )
        m = p.mirrored(x=True, z=True)
        arch = sdf.disc(m.moved(long * 0.6, wheel, wide), wheel * 1.2, 0.16)
        parts = {"body": sdf.smooth_cut(sdf.smooth_union(shell, cabin, 0.06), arch, 0.02)}
        sides = Points(c.x * taper, c.y + 0.01, c.z)
        glass = sdf.box(sides, cab_long * 1.2, cab * 0.6, wide * 0.62, 0.03)
        pane = sdf.box(
            Points(abs(c.x) * taper - cab_long * 0.46, c.y, c.z), cab_long * 0.36, cab * 0.6, wide, 0.03
        )
        parts["windows"] = np.maximum(np.minimum(glass, pane), cabin - 0.006) * 0.8
        tyre = sdf.disc(m.moved(long * 0.6, wheel, wide - 0.05), wheel, 0.075, 0.03)
        parts["wheels"] = sdf.smooth_cut(
            tyre, sdf.disc(m.moved(long * 0.6, wheel, wide + 0.03), wheel * 0.5, 0.02), 0.02
        )
        if "roof rack" in present:
            top = c.moved(y=cab + 0.05)
            rails = sdf.capsule(
                top.mirrored(z=True), (-cab_long * 0.6, 0, wide * 0.5), (cab_long * 0.6, 0, wide * 0.5), 0.022
            )
            bar = sdf.capsule(
                top.mirrored(x=True),
                (cab_long * 0.4, -0.02, -wide * 0.6),
                (cab_long * 0.4, -0.02, wide * 0.6),
                0.02,
            )
            parts["roof rack"] = np.minimum(rails, bar)
        return parts

    return field


@kind(
    "teddy bear", "bear", "plush bear", parts=("body", "muzzle", "eyes", "bow"), optional=("bow",), facing=0.8
)
def teddy_bear(dice: Dice) -> Field:
    belly, head = dice(0.33, 0.39), dice(0.26, 0.31)
    ear, arm, leg, wave = dice(0.09, 0.13), dice(0.1, 0.13), dice(0.12, 0.15), dice(-0.1, 0.45)

    def field(p: Points, present: Present) -> dict[str, Array]:
        m = p.mirrored(x=True)
        neck = belly * 1.85
        top = neck + head * 0.75
        h = p.moved(y=top, z=0.03)
        trunk = sdf.ellipsoid(p.moved(y=belly), belly * 0.95, belly * 1.02, belly * 0.85)
        limbs = sdf.capsule(
            m, (belly * 0.75, belly * 1.45, 0.0), (belly * 1.35, belly * (0.9 + wave), 0.22), arm
        )
        legs = sdf.capsule(m, (belly * 0.55, leg, 0.1), (belly * 0.95, leg, 0.52), leg)
        body = sdf.smooth_union(trunk, limbs, 0.07)
        body = sdf.smooth_union(body, legs, 0.07)
        body = sdf.smooth_union(body, sdf.ellipsoid(h, head * 1.08, head, head * 0.95), 0.05)
        ears = sdf.ellipsoid(m.moved(head * 0.8, top + head * 0.75), ear, ear, ear * 0.55)
        parts = {"body": sdf.smooth_union(body, ears, 0.04)}
        snout = sdf.ellipsoid(h.moved(y=-head * 0.28, z=head * 0.82), head * 0.42, head * 0.33, head * 0.3)
        soles = sdf.ellipsoid(m.moved(belly * 0.97, leg, 0.56 + leg * 0.62), leg * 0.68, leg * 0.7, 0.05)
        parts["muzzle"] = np.minimum(snout, soles)
        eyes = sdf.sphere(h.mirrored(x=True).moved(head * 0.36, head * 0.16, head * 0.86), 0.038)
        nose = sdf.ellipsoid(h.moved(y=-head * 0.16, z=head * 1.08), 0.06, 0.042, 0.045)
        parts["eyes"] = np.minimum(eyes, nose)
        if "bow" in present:
            b = m.moved(0.0, neck * 0.98, belly * 0.72)
            wings = sdf.ellipsoid(b.moved(0.11).about_z(0.2), 0.1, 0.075, 0.05)
            parts["bow"] = sdf.smooth_union(wings, sdf.sphere(b, 0.05), 0.02)
        return parts

    return field
