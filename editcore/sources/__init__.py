"""Where catalogue pictures come from: a folder or bucket prefix, a table, a list of web addresses. Nothing here opens
a picture.

``list_items`` gives one ``Item`` per picture, in a stable order, with an ``item_id`` that is safe as a file
name whatever the SKU holds."""

from __future__ import annotations

import difflib
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from editcore import storage, tables
from editcore.campaign import CampaignError, Recipe, Source

HIDDEN = (".", "_")
"""Files and folders whose names start so are not pictures: ``.DS_Store``, ``_SUCCESS``, ``__MACOSX``."""
TABLES = (".csv", ".parquet", ".json", ".txt", ".md", ".yaml", ".yml", ".html")
"""Files beside the pictures that are no attempt at one; a text file *named* .jpg is a bad picture, not
skipped."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of the catalogue."""

    item_id: str
    sku: str
    uri: str
    words: str | None = None
    mask_uri: str | None = None
    size: int | None = None
    """Bytes, and what the store calls this version of the file, where the listing says so."""
    version: str = ""
    caption: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    """Every column a recipe can select by, as JSON values."""
    extra: dict[str, Any] = field(default_factory=dict)
    """The customer's own columns, passed through to the manifest."""


def list_items(source: Source, recipes: Iterable[Recipe] = ()) -> list[Item]:
    """The catalogue, sorted by item; ``CampaignError`` if the source is not there or a selection names no
    column."""
    if source.folder:
        items = _from_folder(source.folder)
    else:
        items = _from_list(source.urls) if source.urls else _from_table(source)
    _check_selections(items, recipes)
    return items


def files_of(folder: str) -> list[dict[str, Any]]:
    """Entries of ``storage.walk`` that are taken for pictures; ``CampaignError`` if the folder is not there."""
    if not storage.exists(folder):
        raise CampaignError(f"source.folder: found no folder {folder}; check the path")
    return [entry for entry in storage.walk(folder) if _like_a_picture(entry["inner"])]


def addresses_of(source: Source) -> list[str]:
    """Addresses of a table's pictures and masks, each once; ``CampaignError`` if the table cannot be read."""
    table, roles = str(source.table), [source.columns.image, source.columns.mask]
    frame = _read_frame(table, [name for name in roles if name])
    found: dict[str, None] = {}
    for name in frame:
        given = (_text(_plain(value)) for value in frame[name].unique())
        addresses = (beside(text, _base(table)) for text in given if text or name == source.columns.image)
        found |= dict.fromkeys(addresses)
    return list(found)


def _from_folder(folder: str) -> list[Item]:
    found = []
    for entry in files_of(folder):
        inner = entry["inner"]
        sku = inner.rsplit(".", 1)[0] if "." in storage.name_of(inner) else inner
        about = {"size": entry["size"], "version": entry["version"]}
        found.append({"sku": sku, "uri": entry["path"], "columns": {"sku": sku, "path": inner}, **about})
    return _named(found)


def _from_list(file: str) -> list[Item]:
    """One address a line; blank lines and lines that begin with # are left out, an address twice counts once."""
    try:
        lines = storage.read_bytes(file).decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise CampaignError(f"source.urls: found no file {file}; check the path") from None
    except UnicodeDecodeError:
        raise CampaignError(f"source.urls: {file} is not a text file in UTF-8") from None
    found = []
    for line in dict.fromkeys(line.strip() for line in lines):
        if line and not line.startswith("#"):
            uri = line if "://" in line else f"http://{line}"
            sku = _file_of(uri).rsplit(".", 1)[0] or line
            found.append({"sku": sku, "uri": uri, "columns": {"sku": sku, "url": uri}})
    return _named(found)


def _from_table(source: Source) -> list[Item]:
    table = str(source.table)
    rows, names = _read_table(table)
    wanted = {k: v for k, v in source.columns.model_dump().items() if v is not None}
    for role, name in wanted.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            advice = f"did you mean {near[0]}?" if near else f"set source.columns.{role}"
            raise CampaignError(
                f"source.columns.{role}: found no column {name!r} in {table}, which has {names}; {advice}"
            )
    base = _base(table)
    found = []
    for row in rows:
        given = {role: _text(row[name]) for role, name in wanted.items()}
        sku, uri = given["sku"] or "", given["image"] or ""
        found.append(
            {
                "sku": sku,
                "uri": beside(uri, base),
                "mask_uri": beside(given["mask"], base) if given.get("mask") else None,
                "caption": given.get("caption"),
                "words": given.get("words"),
                "columns": {**row, "sku": sku},
                "extra": {name: value for name, value in row.items() if name not in wanted.values()},
            }
        )
    return _named(found)


def _read_table(table: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows as JSON values and the column names."""
    frame = _read_frame(table)
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")], [
        str(c) for c in frame
    ]


def _read_frame(table: str, columns: list[str] | None = None) -> Any:
    """A table, or those of ``columns`` that it has; absent cells are None. CSV cells stay text: an SKU ``00123`` keeps
    its zeros."""
    import pandas as pd

    wanted = {"usecols": lambda name: columns is None or name in columns}
    try:
        data = storage.read_bytes(table)
    except FileNotFoundError:
        raise CampaignError(f"source.table: found no file {table}; check the path") from None
    try:
        if table.lower().endswith(".csv"):
            plain = {"dtype": str, "keep_default_na": False, "na_values": [""], "encoding": "utf-8-sig"}
            frame = pd.read_csv(io.BytesIO(data), **plain, **wanted)
        else:
            there = tables.decode(data)
            frame = there.select(
                [n for n in there.column_names if columns is None or n in columns]
            ).to_pandas()
    except (ValueError, OSError) as error:
        raise CampaignError(
            f"source.table: {table} cannot be read as a table: {' '.join(str(error).split())}"
        ) from None
    return frame.astype(object).where(frame.notna(), None)


def _base(table: str) -> str:
    return table.rsplit("/", 1)[0]


def _like_a_picture(inner: str) -> bool:
    hidden = inner.startswith(HIDDEN) or any(part.startswith(HIDDEN) for part in inner.split("/"))
    return not hidden and not inner.lower().endswith(TABLES)


def _named(found: list[dict[str, Any]]) -> list[Item]:
    """Give every picture an ``item_id``: the safe SKU, then its slot for further pictures of the same SKU."""
    from editcore.delivery.names import safe_name

    slots: dict[str, int] = {}
    taken: set[str] = set()
    items = []
    for entry in sorted(found, key=lambda entry: (entry["sku"], entry["uri"])):
        slots[entry["sku"]] = slot = slots.get(entry["sku"], 0) + 1
        name = safe_name(entry["sku"]) + (f"-{slot}" if slot > 1 else "")
        if name.casefold() in taken:  # 'a.jpg' and 'A.jpg', or an SKU that looks like another's slot
            name = f"{name}-{hashlib.sha256(entry['uri'].encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
        taken.add(name.casefold())
        items.append(Item(item_id=name, **entry))
    return items


def _file_of(uri: str) -> str:
    """The file name in a web address, if there is one."""
    try:
        return storage.name_of(unquote(urlsplit(uri).path))
    except ValueError:  # the download will say what is wrong with it
        return ""


def _check_selections(items: list[Item], recipes: Iterable[Recipe]) -> None:
    known = sorted(items[0].columns) if items else []
    for number, recipe in enumerate(recipes):
        for name in recipe.where if items else ():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                advice = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
                raise CampaignError(
                    f"recipes[{number}].where: found no column {name!r} in the source; {advice}"
                )


def beside(uri: str | None, base: str) -> str:
    """A path of the table: URLs and absolute paths as they are, the others from the table's folder."""
    uri = uri or ""
    if "://" in uri or (uri.startswith("/") and "://" not in base):
        return uri
    return storage.join(base, uri) if "://" in base else storage.absolute(uri, base)


def _text(value: Any) -> str | None:
    return None if value is None or str(value).strip() == "" else str(value).strip()


def _plain(value: Any) -> Any:
    """A table's cell as a JSON value."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.item() if hasattr(value, "item") else str(value)
