"""Data cards: what a data set is, where it comes from and on what terms, and which folder of it the learner has chosen."""

import difflib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import yaml

from xraydojo import DojoError
from xraydojo.data.archive import digest, unpacked
from xraydojo.data.cache import cache
from xraydojo.data.download import DownloadError, download
from xraydojo.language import LANGUAGES, L
from xraydojo.lesson import REPOSITORY

DATASETS = REPOSITORY / "datasets"


class CardError(DojoError, ValueError):
    """A malformed card, an unknown or unavailable data set; the message says what to do."""


@dataclass(frozen=True)
class Card:
    """What is known of one data set; None where it is not known.

    Attributes
    ----------
    name : str
        The name of the set and of its file.
    title, description : dict
        What it is, by language.
    page : str
        Where people read about it and download it by hand.
    url : str or None
        Where the zip is.
    sha256 : str or None
        The zip's checksum.
    licence : dict or None
        The terms in short, by language.
    licence_url : str or None
        The terms in full.
    citation : list of str
        What a publication must cite.
    layout : str or None
        Folders and files.
    labels : dict or None
        What the labels are, by language.
    loader : str or None
        Module and function in `xraydojo.data` that loads it, such as ``"minijsrt.load_directions"``.
    embedded : bool
        Whether the course's own computed films stand in for it, so that nothing need be downloaded.
    """

    name: str
    title: dict[str, str]
    description: dict[str, str]
    page: str
    url: str | None
    sha256: str | None
    licence: dict[str, str] | None
    licence_url: str | None
    citation: list[str]
    layout: str | None
    labels: dict[str, str] | None
    loader: str | None
    embedded: bool


def _is_text(value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_bilingual(value) -> bool:
    return isinstance(value, dict) and set(value) == set(LANGUAGES) and all(map(_is_text, value.values()))


def _is_like(pattern: str) -> Callable:
    return lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value))


def _or_null(valid: Callable) -> Callable:
    return lambda value: value is None or valid(value)


_is_url = _is_like(r"https?://[^\s/]+/\S*")
VALID = {
    "name": _is_like(r"[\w-]+"),
    "title": _is_bilingual,
    "description": _is_bilingual,
    "page": _is_url,
    "url": _or_null(_is_url),
    "sha256": _or_null(_is_like(r"[0-9a-f]{64}")),
    "licence": _or_null(_is_bilingual),
    "licence_url": _or_null(_is_url),
    "citation": lambda value: isinstance(value, list) and bool(value) and all(map(_is_text, value)),
    "layout": _or_null(_is_text),
    "labels": _or_null(_is_bilingual),
    "loader": _or_null(_is_like(r"[a-z]\w*\.load_\w+")),
    "embedded": lambda value: isinstance(value, bool),
}


def cards(folder: Path = DATASETS) -> list[Card]:
    """Return all cards, by name.

    Raises
    ------
    CardError
        If one is malformed; the message names file and field.
    """
    return [_read(path) for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem.casefold())]


def card(name: str) -> Card:
    """Return the card of a data set; capitals and small letters are the same.

    Raises
    ------
    CardError
        If there is none of this name; the message lists the nearest.
    """
    known = {found.name.casefold(): found for found in cards()}
    if name.casefold() in known:
        return known[name.casefold()]
    nearest = difflib.get_close_matches(name.casefold(), known, cutoff=0.5) or list(known)
    names = ", ".join(known[key].name for key in nearest)
    raise CardError(
        L(
            f"there is no data set {name!r}; there is {names}",
            f"データセット {name!r} はありません。候補：{names}",
        )
    )


def fetch(card: Card, accept: Callable[[Card], bool], loopback: bool = False) -> Path:
    """Download a data set, unpack it and choose it.

    Parameters
    ----------
    card : Card
        The data set.
    accept : callable
        Called with the card before anything is downloaded; shows its licence and returns whether it is accepted.
    loopback : bool
        Whether plain http to 127.0.0.1 is allowed, for tests.

    Returns
    -------
    Path
        The folder. Where the card has no checksum, that of the first download is recorded, and later ones must equal it.

    Raises
    ------
    CardError
        If the address is not known or the licence is not accepted.
    DownloadError
        If the download fails; the message says how to go on by browser.
    DojoError
        If what came cannot be unpacked or loaded.
    """
    by_hand = L(
        f"download it by browser from {card.page} and then run: dojo data use {card.name} --from FILE",
        f"ブラウザーで {card.page} からダウンロードし、次を実行してください：dojo data use {card.name} --from ファイル",
    )
    if card.url is None:
        raise CardError(
            L(
                f"the address of {card.name} is not known; {by_hand}",
                f"{card.name} のアドレスが分かりません。{by_hand}",
            )
        )
    if not accept(card):
        raise CardError(
            L(
                f"{card.name} is not downloaded, as its licence is not accepted",
                f"ライセンスに同意していないため、{card.name} をダウンロードしません",
            )
        )
    known = card.sha256 or _choices().get(card.name, {}).get("sha256")
    archive = cache() / "downloads" / f"{card.name}.zip"
    archive.parent.mkdir(exist_ok=True)
    try:
        download(card.url, archive, known, loopback)
    except DownloadError as error:
        raise DownloadError(
            L(
                f"{card.name} could not be downloaded: {error}. Else {by_hand}",
                f"{card.name} をダウンロードできません：{error}。または、{by_hand}",
            )
        ) from None
    try:
        folder = use(card, archive)
    except DojoError:
        if known is None:
            # a log-in page, for one: the next try must not take it for the set
            archive.unlink()
        raise
    _record(card, sha256=digest(archive))
    return folder


def use(card: Card, path: Path | str) -> Path:
    """Choose a zip or folder of the learner's as a data set, once it has been loaded as such.

    Parameters
    ----------
    card : Card
        The data set.
    path : path
        A zip, which is unpacked into the cache, or a folder, which stays where it is.

    Returns
    -------
    Path
        The folder that `chosen` returns from now on.

    Raises
    ------
    DojoError
        If it cannot be unpacked, or the card's loader refuses it. What was chosen before stays.
    """
    path = Path(path).expanduser().resolve()
    folder = path if path.is_dir() else unpacked(path)
    _load(card, folder)
    _record(card, folder=str(folder))
    return folder


def chosen(name: str) -> Path | None:
    """Return the folder of a data set that the learner has fetched or chosen, or None."""
    folder = _choices().get(name, {}).get("folder")
    return None if folder is None else Path(folder)


def verify(card: Card) -> Path:
    """Load a data set that was chosen, and return its folder.

    Raises
    ------
    DojoError
        If none was chosen, or it is damaged.
    """
    folder = chosen(card.name)
    if folder is None:
        raise CardError(
            L(
                f"{card.name} is not here yet; run: dojo data fetch {card.name}, or: "
                f"dojo data use {card.name} --from FILE",
                f"{card.name} はまだありません。次のどちらかを実行してください：dojo data fetch {card.name}、"
                f"dojo data use {card.name} --from ファイル",
            )
        )
    _load(card, folder)
    return folder


def _load(card: Card, folder: Path) -> None:
    """Load the set; without a loader, only see that there is something."""
    if card.loader:
        module, function = card.loader.split(".")
        getattr(import_module(f"xraydojo.data.{module}"), function)(folder)
    elif not any(found.is_file() for found in folder.rglob("*")):
        raise CardError(
            L(
                f"{folder} holds no file; choose the folder or zip of {card.name}",
                f"{folder} にファイルがありません。{card.name} のフォルダーか zip を指定してください",
            )
        )


def _read(path: Path) -> Card:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise CardError(
            L(
                f"{path} is not YAML ({reason}); mend it",
                f"{path} は YAML ではありません（{reason}）。直してください",
            )
        ) from None
    if not isinstance(read, dict):
        raise CardError(
            L(f"{path} must hold the fields {', '.join(VALID)}", f"{path} には {', '.join(VALID)} が必要です")
        )
    for field in [*VALID, *read]:
        if field not in VALID or field not in read or not VALID[field](read[field]):
            raise _malformed(path, field, repr(read[field]) if field in read else L("nothing", "なし"))
    if read["name"] != path.stem:
        raise _malformed(path, "name", repr(read["name"]))
    return Card(**read)


def _malformed(path: Path, field, found: str) -> CardError:
    found = found if len(found) < 80 else found[:77] + "..."
    return CardError(
        L(
            f"{path}: the field {field} cannot be {found}; see another card",
            f"{path}：フィールド {field} の値（{found}）が正しくありません。他のカードを参照してください",
        )
    )


def _choices() -> dict[str, dict[str, str]]:
    """Return what was recorded: for each set the folder, and the checksum of the first download."""
    path = cache() / "choices.json"
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(fact, str) for facts in read.values() for fact in facts.values()):
            raise ValueError
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        raise CardError(
            L(
                f"{path} is damaged; delete it and choose your data sets again",
                f"{path} が壊れています。削除して、データセットを選び直してください",
            )
        ) from None
    return read


def _record(card: Card, **facts: str) -> None:
    choices = _choices()
    choices[card.name] = choices.get(card.name, {}) | facts
    new = cache() / f"choices.{os.getpid()}.json"
    new.write_text(json.dumps(choices, ensure_ascii=False, indent=2), encoding="utf-8")
    new.replace(cache() / "choices.json")
