"""What lands in the output folder: the right pictures, byte for byte, and books that balance."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest

from editcore import images, storage
from editcore.delivery.names import delivery_names, safe_name
from editcore.delivery.publish import deliver


def run_of(night) -> str:
    return f"runs/{night.run.name}"


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] != "runs"
    }


def pictures(root: Path, folder: str) -> list[str]:
    return sorted(path.name for path in (root / folder).glob("*.[pjw]*") if "manifest" not in path.name)


def test_pictures_go_where_they_were_routed(night, expected):
    success = deliver(str(night.root), run_of(night))
    assert pictures(night.root, "publish") == [
        "item-0__mug-blue.png",
        "item-1__warm-studio.png",
        "item-2__mug-blue.png",
    ]
    assert pictures(night.root, "review") == ["item-3__mug-blue.png", "item-4__warm-studio.png"]
    assert success["counts"] == vars(expected)
    assert success["complete"] is False


def test_every_untouched_pixel_of_the_delivered_file_is_untouched(night):
    deliver(str(night.root), run_of(night))
    for row in night.rows[:3]:
        name = f"{row['item_id']}__{row['recipe_id']}.png"
        source = images.load(row["source_uri"]).rgb
        delivered = images.load(night.root / "publish" / name).rgb
        kept = images.load(night.run / row["region_path"]).rgb[..., 0] == 0
        assert kept.any()
        assert (delivered[kept] == source[kept]).all()
        assert (delivered[~kept] != source[~kept]).any()


def test_manifests_list_all_rows_at_the_top_and_their_own_in_each_folder(night):
    deliver(str(night.root), run_of(night))
    top = pd.read_parquet(night.root / "manifest.parquet").set_index("sku")
    assert len(top) == 9
    assert top.loc["MUG-6", "route"] == "rework"
    assert pd.isna(top.loc["MUG-6", "delivered_path"])
    assert top.loc["BAD-1", "code"] == "truncated"
    assert top.loc["BAD-3", "failed_step"] == "edit"
    assert top.loc["MUG-1", "delivered_lossless"]
    assert list(pd.read_csv(night.root / "review/manifest.csv")["route"]) == ["review", "review"]
    assert len(pd.read_parquet(night.root / "publish/manifest.parquet")) == 3


def test_checksums_hold_for_every_file(night):
    success = deliver(str(night.root), run_of(night))
    listing = (night.root / "checksums.sha256").read_bytes()
    assert hashlib.sha256(listing).hexdigest() == success["checksums_sha256"]
    lines = [line.split("  ", 1) for line in listing.decode().splitlines()]
    assert len(lines) == success["files"] == 5 + 6 + 2  # pictures, manifests, report and deleted.csv
    for digest, name in lines:
        assert hashlib.sha256((night.root / name).read_bytes()).hexdigest() == digest
    assert json.loads((night.root / "_SUCCESS").read_text()) == success


def test_delivering_twice_gives_the_same_bytes(night):
    deliver(str(night.root), run_of(night))
    first = tree(night.root)
    deliver(str(night.root), run_of(night))
    assert tree(night.root) == first


def test_rerouting_moves_pictures_and_leaves_what_people_put_there(night):
    deliver(str(night.root), run_of(night))
    (night.root / "publish" / "notes from Ana.txt").write_text("keep me")
    (night.root / "publish" / "logo.png").write_bytes(b"hers")
    night.rows[0]["route"] = "review"
    night.rows[2]["route"] = "rework"
    night.commit()
    deliver(str(night.root), run_of(night))
    assert pictures(night.root, "publish") == ["item-1__warm-studio.png", "logo.png"]
    assert "item-0__mug-blue.png" in pictures(night.root, "review")
    assert (night.root / "publish" / "notes from Ana.txt").exists()


def test_success_is_gone_while_a_delivery_is_not_finished(night, monkeypatch):
    deliver(str(night.root), run_of(night))

    def kill(*args: object) -> str:
        assert not (night.root / "_SUCCESS").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("editcore.delivery.publish.render_report", kill)
    with pytest.raises(KeyboardInterrupt):
        deliver(str(night.root), run_of(night))
    assert not (night.root / "_SUCCESS").exists()
    monkeypatch.undo()
    deliver(str(night.root), run_of(night))
    assert (night.root / "_SUCCESS").exists()


@pytest.mark.parametrize("damage", ["remove", "truncate", "flip"])
def test_a_picture_lost_after_the_edit_is_a_row_not_an_exception(night, damage, expected):
    path = night.run / night.rows[0]["image_path"]
    data = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    elif damage == "truncate":
        path.write_bytes(data[:200])
    else:
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    counts = deliver(str(night.root), run_of(night))["counts"]
    assert counts == vars(expected) | {"ok": 5, "failed": 4, "publish": 2}
    row = pd.read_parquet(night.root / "manifest.parquet").set_index("sku").loc["MUG-1"]
    assert (row["outcome"], row["failed_step"]) == ("retryable", "publish")
    assert not (night.root / "publish/item-0__mug-blue.png").exists()


@pytest.mark.parametrize("format, suffix", [("jpeg", ".jpg"), ("webp", ".webp")])
def test_lossy_formats_say_how_far_they_are_off(night, format, suffix):
    success = deliver(str(night.root), run_of(night), {"format": format, "quality": 90})
    assert success["lossless"] is False
    rows = pd.read_parquet(night.root / "publish/manifest.parquet")
    assert all(path.endswith(suffix) for path in rows["delivered_path"])
    assert not rows["delivered_lossless"].any()
    for row in rows.itertuples():
        run_picture = images.load(night.run / row.image_path).rgb.astype(int)
        off = np.abs(run_picture - images.load(night.root / row.delivered_path).rgb).max()
        assert row.delivered_max_diff == off > 0


def test_changing_the_format_leaves_one_file_a_row(night):
    deliver(str(night.root), run_of(night))
    deliver(str(night.root), run_of(night), {"format": "jpeg"})
    assert [name[-4:] for name in pictures(night.root, "publish")] == [".jpg"] * 3


def test_csv_cannot_run_formulas(new_night):
    night = new_night()
    night.add("=HYPERLINK(evil)", reason="@SUM(A1)")
    night.commit()
    deliver(str(night.root), run_of(night))
    row = pd.read_csv(night.root / "manifest.csv").iloc[0]
    assert row["sku"] == "'=HYPERLINK(evil)"
    assert row["reason"] == "'@SUM(A1)"
    assert pd.read_parquet(night.root / "manifest.parquet").iloc[0]["sku"] == "=HYPERLINK(evil)"


def test_an_unfinished_night_is_refused_and_an_unreached_row_is_counted(night):
    (night.run / "route" / "part-00001.parquet").unlink()
    counts = deliver(str(night.root), run_of(night))["counts"]
    assert counts["planned"] == counts["ok"] + counts["failed"] == 9
    assert set(pd.read_parquet(night.root / "manifest.parquet").query("shard == 1")["outcome"]) <= {
        "retryable", "bad_input", "model_error",
    }  # fmt: skip
    (night.run / "route" / "part-00000.parquet").unlink()
    with pytest.raises(ValueError, match="Finish the night first"):
        deliver(str(night.root), run_of(night))


def test_a_bucket_gets_the_same_files_as_a_folder(night):
    deliver(str(night.root), run_of(night))
    store = fsspec.filesystem("memory")
    store.put(str(night.run), "/bucket/runs/night", recursive=True)
    for row in night.rows:  # sources stay where they are; everything else is read from the bucket
        assert Path(row["source_uri"]).exists()
    success = deliver("memory://bucket", "memory://bucket/runs/night")
    assert success["counts"] == json.loads((night.root / "_SUCCESS").read_text())["counts"]
    here = {name: data for name, data in tree(night.root).items() if name.startswith(("publish/", "review/"))}
    assert here == {name: store.cat(f"/bucket/{name}") for name in here}
    store.rm("/bucket", recursive=True)


def test_a_bad_setting_is_refused_before_anything_is_touched(night):
    deliver(str(night.root), run_of(night))
    with pytest.raises(ValueError, match="expected one of png, webp, jpeg"):
        deliver(str(night.root), run_of(night), {"format": "gif"})
    assert (night.root / "_SUCCESS").exists()


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "a/b",
        "a:b",
        "",
        ".",
        "..",
        "emoji 🧦",
        "x" * 300,
        "nul\0l",
        "Größe",
        "日本",
        "-rf",
    ],
)
def test_safe_names_are_one_harmless_path_part(text):
    name = safe_name(text)
    assert name.isascii() and 0 < len(name) <= 87
    assert name[0].isalnum() and not set(name) & set('/\\:*?"<>| \0')


def test_safe_names_keep_what_is_safe_and_keep_different_things_apart():
    assert safe_name("SKU_12.b-3") == "SKU_12.b-3"
    assert safe_name("a/b") != safe_name("a:b")
    names = delivery_names(
        ["mug", "MUG", "mug", "cup"], ["r", "r", "r", "r"], ["1" * 16, "2" * 16, "3" * 16, "4" * 16]
    )
    assert len({name.casefold() for name in names}) == 4
    assert names[3] == "cup__r"


def test_what_lies_there_is_not_copied_again_unless_it_was_tampered_with(night, monkeypatch):
    deliver(str(night.root), run_of(night))
    first = tree(night.root)
    name = pictures(night.root, "publish")[0]
    (night.root / "publish" / name).write_bytes(b"somebody's")
    put, written = storage.put, []
    monkeypatch.setattr(storage, "put", lambda path, data: (written.append(path), put(path, data))[1])
    deliver(str(night.root), run_of(night))
    assert [path.rsplit("/", 1)[1] for path in written if path.endswith(".png")] == [name]
    assert tree(night.root) == first
    (night.root / "_SUCCESS").unlink()
    written.clear()
    deliver(str(night.root), run_of(night))
    assert len([path for path in written if path.endswith(".png")]) == 5
