"""The training loop's ``log.csv`` as a picture: one panel for each figure that was logged."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, EDGE = 480, 160, 24
INK, LINE, GRID = "#222222", "#1f6feb", "#dddddd"

Curve = list[tuple[float, float]]


def read_curves(log: Path) -> dict[str, Curve]:
    """(step, value) points of every figure in a ``log.csv`` of ``training.loop``; rows that are no numbers are left
    out, such as the ends of a log that was cut off."""
    curves: dict[str, Curve] = defaultdict(list)
    with log.open(newline="") as file:
        for row in csv.DictReader(file):
            figures = dict(part.split("=", 1) for part in (row.get("figures") or "").split() if "=" in part)
            for name, text in {"loss": row.get("loss"), **figures}.items():
                try:
                    point = float(row["step"]), float(text or "nan")
                except (TypeError, ValueError):
                    continue
                if math.isfinite(point[1]):
                    curves[name].append(point)
    return dict(curves)


def draw_curves(log: Path, file: Path) -> None:
    """Write the panels below each other; the last step is the same for all."""
    curves = read_curves(log)
    last = max((curve[-1][0] for curve in curves.values()), default=1.0)
    picture = Image.new("RGB", (WIDTH, HEIGHT * max(1, len(curves))), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(11)
    for number, (name, curve) in enumerate(curves.items()):
        values = [value for _, value in curve]
        low, high = min(values), max(values)
        left, right = EDGE, WIDTH - EDGE
        top, bottom = number * HEIGHT + EDGE, (number + 1) * HEIGHT - EDGE
        pen.rectangle((left, top, right, bottom), outline=GRID)
        at = [
            (
                left + (right - left) * step / max(last, 1.0),
                bottom - (bottom - top) * (value - low) / ((high - low) or 1.0),
            )
            for step, value in curve
        ]
        pen.line(at, fill=LINE, width=2)
        for x, y in at:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=LINE)
        pen.text((left, top - 16), f"{name}   last {values[-1]:.4g}", fill=INK, font=font)
        pen.text((left + 3, top + 2), f"{high:.4g}", fill=INK, font=font)
        pen.text((left + 3, bottom - 14), f"{low:.4g}", fill=INK, font=font)
        pen.text((right - 60, bottom + 4), f"step {last:.0f}", fill=INK, font=font)
    picture.save(file)
