"""The demo: a small catalogue, a campaign over it, and the night that `vitrine run` would run.

Every part that is there already is left as it is, so that a second run goes on or finds nothing to do, and an
edited campaign file stays edited."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editcore import storage
from editcore.campaign import Campaign, CampaignError, Source, load_campaign
from editcore.sources import list_items
from flows import demo_campaign
from flows.start import start

if TYPE_CHECKING:
    from editcore.studio.catalogue import Product

SIZE = 768
"""Side of the studio's photographs, pixels."""
SUPERSAMPLE = 2
"""Drawn at twice the size and averaged: about 2.5 s of one core each."""
PHOTOS = 40
"""How many of somebody's own photos a demo takes, unless told."""

Row = dict[str, str]


def demo(
    output: Path, catalogue: Path | None = None, profile: str | None = None, photos: int = PHOTOS
) -> dict[str, Any]:
    """Make (or go on with) the demo in ``output``; the fields of ``flows.night.Report``.

    Without ``catalogue`` the studio photographs a shop first; with it, the first ``photos`` pictures of that
    folder are restyled. Raises what ``flows.night.run_night`` raises, and ``CampaignError``.
    """
    file = prepare_own(output, catalogue, photos) if catalogue else prepare_shop(output)
    return start(file, _check(file, "photos.csv" if catalogue else "catalogue.csv"), profile=profile)


def closing_lines(output: Path, report: dict[str, Any]) -> list[str]:
    """Where everything is and how to go on."""
    results, routes = output / "results", report["summary"].get("routes", {})
    taken = f"{routes.get('publish', 0)} to take, {routes.get('review', 0)} to look at"
    return [
        "",
        f"open       {results / 'report.html'}",
        f"pictures   {results / 'publish'} and {results / 'review'}: {taken}",
        f"decide     vitrine review {results}",
        f"your turn  edit {output / 'campaign.yaml'}, then: vitrine run {output / 'campaign.yaml'}",
        "your own   make demo CATALOGUE=folder-of-photos",
    ]


def prepare_shop(
    output: Path, size: int = SIZE, supersample: int = SUPERSAMPLE, count: int | None = None
) -> Path:
    """Photograph what is missing of the shop (its first ``count`` products), add the real photo of a cup,
    write table and campaign; the campaign file."""
    from editcore.studio.catalogue import shop

    folder = output / "catalogue"
    products = shop()[:count]
    missing = [product for product in products if not (folder / _file(product.sku)).exists()]
    if missing:
        print(f"photographing {len(missing)} products at {size} x {size} pixels", flush=True)
        _photograph_all(missing, folder, size, supersample)
    rows = [
        {"sku": p.sku, "image": _file(p.sku), "category": p.category, "description": p.description}
        for p in products
    ]
    _write_table(folder / "catalogue.csv", [*rows, _coffee(folder)])
    return _write_campaign(output, demo_campaign.shop_campaign())


def prepare_own(output: Path, catalogue: Path, photos: int = PHOTOS) -> Path:
    """Write table and campaign over the first ``photos`` pictures of a folder; the campaign file."""
    inside = storage.absolute(str(output)) + "/"
    listed = list_items(Source(folder=storage.absolute(str(catalogue))))
    items = [item for item in listed if not item.uri.startswith(inside)]
    if not items:
        raise CampaignError(f"found no pictures in {catalogue}; give a folder of photos: --catalogue photos/")
    if len(items) > photos:
        print(f"taking the first {photos} of {len(items)} pictures (--photos {len(items)} takes them all)")
    rows = [
        {"sku": item.sku, "image": item.uri, **demo_campaign.turn(number)}
        for number, item in enumerate(items[:photos])
    ]
    _write_table(output / "photos.csv", rows)
    return _write_campaign(output, demo_campaign.own_campaign())


def _photograph_all(products: Sequence[Product], folder: Path, size: int, supersample: int) -> None:
    """In two fresh processes (torch does not survive a fork), or here if there is little to do."""
    jobs = [(product, folder / _file(product.sku), size, supersample) for product in products]
    processes = min(2, os.cpu_count() or 1)
    if processes == 1 or len(jobs) < 4:
        for job in jobs:
            _photograph_one(job)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_one_thread) as pool:
        list(pool.map(_photograph_one, jobs))


def _photograph_one(job: tuple[Product, Path, int, int]) -> None:
    from PIL import Image

    from editcore.studio.photograph import photograph

    product, file, size, supersample = job
    rgb_3HW = photograph([product.setup], size, supersample).rgb_B3HW[0]
    picture = Image.fromarray((rgb_3HW * 255).round().byte().permute(1, 2, 0).numpy())
    _save_jpeg(picture, file)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _coffee(folder: Path) -> Row:
    """The real one: a photo by Rachel Michetti in the public domain (CC0), shipped with scikit-image."""
    sku = "COFFEE-25"
    if not (folder / _file(sku)).exists():
        from PIL import Image
        from skimage.data import coffee

        _save_jpeg(Image.fromarray(coffee()), folder / _file(sku))
    words = "a white cup of coffee on a wooden table"
    return {"sku": sku, "image": _file(sku), "category": "drinkware", "description": words}


def _file(sku: str) -> str:
    return f"{sku.lower()}.jpg"


def _save_jpeg(picture: Any, file: Path) -> None:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=95, subsampling=0)
    storage.put(str(file), data.getvalue())


def _write_table(file: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    storage.put(str(file), text.getvalue().encode())


def _write_campaign(output: Path, text: str) -> Path:
    file = output / "campaign.yaml"
    if not file.exists():  # it may have been edited since
        storage.put(str(file), text.encode())
    return file


def _check(file: Path, table: str) -> Campaign:
    campaign = load_campaign(file)
    if storage.name_of(campaign.source.table or "") != table:
        raise CampaignError(
            f"found {file} over another catalogue; give this demo another --output (make: DEMO=folder), "
            f"or run the file as it is: vitrine run {file}"
        )
    return campaign
