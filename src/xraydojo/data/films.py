"""Read chest films: from a folder with an index, or those of the phantom, which need no download."""

import csv
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from xraydojo import DojoError
from xraydojo.language import L

FOLDER_VARIABLE = "XRAYDOJO_FILMS"


class FilmsError(DojoError, ValueError):
    """Films that cannot be read; the message names the file and the remedy."""


@dataclass(frozen=True)
class Films:
    """Chest films and what is known of them, one entry a film.

    Attributes
    ----------
    images : ndarray, shape (N, H, W), float32
        From 0 (black) to 1 (white); bones are bright.
    lungs : ndarray, shape (N, H, W), bool, or None
        The lung fields, where the set has masks.
    names : tuple of str
        The films' file names, or the phantom's.
    sex : tuple of str or None
        ``"F"``, ``"M"``, or None where unknown.
    age : ndarray, shape (N,), float
        In years; nan where unknown.
    source : str
        What these films are, for captions, in the learner's language.
    """

    images: np.ndarray
    lungs: np.ndarray | None
    names: tuple[str, ...]
    sex: tuple[str | None, ...]
    age: np.ndarray
    source: str

    def __len__(self):
        return len(self.images)


def load_films(folder: Path | str | None = None, size: tuple[int, int] = (256, 256)) -> Films:
    """Load PA chest films, all of one size.

    Parameters
    ----------
    folder : path, optional
        A folder with ``index.csv`` (columns ``file``, and ``sex``, ``age``, ``license`` where known), ``films/`` and,
        where there are masks, ``lung_masks/`` with the same file names. Default: the folder named by the environment
        variable ``XRAYDOJO_FILMS``; without it, 60 films of the phantom (see `xraydojo.data.phantom`).
    size : (rows, columns), optional
        A film of another aspect is padded with black on both sides, so that nothing of the chest is cut off, and
        then resized with antialiasing.

    Raises
    ------
    FilmsError
        If the folder, its index, a film or a mask is missing or damaged, or a mask has another size than its film.
    """
    folder = folder or os.environ.get(FOLDER_VARIABLE)
    return _read_folder(Path(folder).expanduser(), size) if folder else _phantom(size)


def _phantom(size) -> Films:
    from xraydojo.data import embedded  # SciPy takes a second to import

    films = _read_folder(embedded.folder("films"), size)
    source = L(
        f"{len(films)} films of a phantom, computed from anatomy and physics; no real patient",
        f"解剖と物理から計算した模擬胸部画像 {len(films)} 枚（実在の患者ではありません）",
    )
    return replace(films, source=source)


def _read_folder(folder: Path, size) -> Films:
    rows = _read_index(folder)
    has_masks = (folder / "lung_masks").is_dir()
    images, lungs = [], []
    for row in rows:
        film = _read_png(folder / "films" / row["file"])
        images.append(_fit(film, size))
        if has_masks:
            lungs.append(_fit(_read_mask(folder / "lung_masks" / row["file"], film.shape), size) >= 0.5)
    licenses = ", ".join(sorted({row["license"] for row in rows if row.get("license")}))
    return Films(
        images=np.stack(images),
        lungs=np.stack(lungs) if has_masks else None,
        names=tuple(row["file"] for row in rows),
        sex=tuple(row.get("sex") if row.get("sex") in ("F", "M") else None for row in rows),
        age=np.array([_age(row.get("age")) for row in rows]),
        source=L(
            f"{len(rows)} films of the folder {folder.name}",
            f"フォルダー {folder.name} の画像 {len(rows)} 枚",
        )
        + (f" ({licenses})" if licenses else ""),
    )


def _read_index(folder: Path) -> list[dict[str, str]]:
    """Return the rows of ``index.csv``, each with a plain file name."""
    index = folder / "index.csv"
    if not folder.is_dir():
        raise FilmsError(
            L(
                f"there is no folder {folder}; give load_films (or {FOLDER_VARIABLE}) the folder that holds index.csv",
                f"フォルダー {folder} がありません。load_films か {FOLDER_VARIABLE} に、index.csv のあるフォルダーを指定してください",
            )
        )
    try:
        with index.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise FilmsError(
            L(
                f"{index} is missing; a folder of films holds index.csv, with a column file, beside films/",
                f"{index} がありません。画像のフォルダーでは、films/ と同じ場所に、file 列のある index.csv が必要です",
            )
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FilmsError(
            L(
                f"{index} cannot be read ({_one_line(error)}); save it as CSV in UTF-8",
                f"{index} を読み込めません（{_one_line(error)}）。UTF-8 の CSV として保存し直してください",
            )
        ) from None
    if not rows:
        raise FilmsError(
            L(
                f"{index} lists no film; write one line for each PNG under films/",
                f"{index} に画像が一枚も書かれていません。films/ の PNG 一枚につき一行を書いてください",
            )
        )
    for number, row in enumerate(rows, 2):
        name = row.get("file") or ""
        if not name or Path(name).name != name:
            raise FilmsError(
                L(
                    f"{index}, line {number}: the column file holds {name!r}; it must be the name of a PNG under films/",
                    f"{index} の {number} 行目：file 列が {name!r} です。films/ の中の PNG の名前を書いてください",
                )
            )
    return rows


def _read_png(path: Path) -> np.ndarray:
    """Return a PNG as grey values, float32 (H, W) in [0, 1]; colour becomes luminance."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            deep = image.mode.startswith("I")
            pixels = np.asarray(image if deep else image.convert("L"), np.float32)
    except FileNotFoundError:
        raise FilmsError(
            L(
                f"{path} is missing although index.csv names it; put the file there or delete its line in index.csv",
                f"index.csv にある {path} がありません。ファイルを置くか、index.csv からその行を削除してください",
            )
        ) from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FilmsError(
            L(
                f"{path} is not a whole PNG ({_one_line(error)}); copy or download this file again",
                f"{path} は PNG として最後まで読めません（{_one_line(error)}）。このファイルをもう一度コピーかダウンロードしてください",
            )
        ) from None
    # a 16-bit PNG may hold 10, 12 or 14 bits: white is the largest number of the bits that the film uses
    bits = max(8, int(pixels.max()).bit_length()) if deep else 8
    return pixels / (2**bits - 1)


def _read_mask(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Return a mask as 0 and 1, float32 (H, W); anything but black is lung."""
    mask = _read_png(path)
    if mask.shape != shape:
        raise FilmsError(
            L(
                f"{path} has {mask.shape[0]} x {mask.shape[1]} pixels, but its film has {shape[0]} x {shape[1]}; "
                "export the mask again at the size of the film",
                f"{path} は {mask.shape[0]} x {mask.shape[1]} 画素ですが、画像は {shape[0]} x {shape[1]} 画素です。"
                "画像と同じ大きさのマスクを書き出し直してください",
            )
        )
    return (mask > 0).astype(np.float32)


def _fit(image: np.ndarray, size) -> np.ndarray:
    """Pad with black to the aspect of ``size``, centred, and resize with antialiasing; float32 in [0, 1]."""
    rows, columns = image.shape
    high = max(rows, round(columns * size[0] / size[1]))
    wide = max(columns, round(rows * size[1] / size[0]))
    top, left = (high - rows) // 2, (wide - columns) // 2
    padded = np.pad(image, [(top, high - rows - top), (left, wide - columns - left)])
    # Pillow widens the filter when it makes an image smaller, which is the antialiasing
    resized = Image.fromarray(padded).resize(size[::-1], Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized), 0, 1)


def _age(text: str | None) -> float:
    """Return an age in years, nan where it is not a number (JSRT writes ``?``)."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
