"""Load the data sets of miniJSRT and the full JSRT database, or the embedded films in the same layout.

Each loader takes the folder or the zip as the society gives it: http://imgcom.jsrt.or.jp/minijsrtdb/ (J. Shiraishi et al., AJR 174, 71-74, 2000).
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import numpy as np
from PIL import Image

from xraydojo.data.films import FilmsError
from xraydojo.data.origin import (
    EIGHT_BITS,
    Found,
    Origin,
    are_test,
    children,
    film_set,
    find,
    image_files,
    line_error,
    pairs,
    read_pixels,
    read_text,
    refuse_brighter,
    resized,
    stack,
    walk,
)
from xraydojo.data.sets import FilmSet, Nodule, Split, draw_patients
from xraydojo.language import L

TWELVE_BITS = 4095
PARTS = ("train", "test")
# the database's name of a patient, which miniJSRT keeps in some sets
JSRT_NAME = re.compile(r"JPC(LN|NN)\d{3}", re.IGNORECASE)
JSRT_SIDE = 2048  # pixels, of 0.175 mm
JSRT_PIXEL = 0.175
NODULE_TABLES = ("CLNDAT_EN.txt", "CNNDAT_EN.TXT")
NODULE_COLUMNS = "file, subtlety, size in mm, age, sex, x, y, malignant or benign"
DIRECTIONS = ("up", "down", "left", "right")
SEXES = ("female", "male")
# the grey levels of the masks, in the order of the classes
LUNG_LEVELS, ORGAN_LEVELS = (0, 255), (0, 85, 170, 255)
ORGANS = ("outside", "heart", "body", "lung")


def load_directions(folder: Path | str | None = None, size: tuple[int, int] | None = None) -> Split:
    """Load Directions01: which way is up.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the set. Default: the one that the learner has chosen, else the embedded films.
    size : (rows, columns), optional
        To resize to, with antialiasing. Default: as the set has them, 128 x 128.

    Returns
    -------
    Split
        With `targets` as indices into the classes up, down, left, right: up turned anticlockwise by 180, 90 and 270
        degrees. The four directions of a film are one patient, and so are films that are repeated (24 and 25, 30 and
        31, 166 and 167).

    Raises
    ------
    FilmsError
        If the folder, a list or a film is missing, damaged or not as expected.
    """
    # a number counts within its part, over the four directions
    return _load_classes("Directions01", DIRECTIONS, folder, size, lambda part, _, stem: f"{part}/{stem}")


def load_sex(folder: Path | str | None = None, size: tuple[int, int] | None = None) -> Split:
    """Load Gender01: female or male.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the set. Default: the one that the learner has chosen, else the embedded films.
    size : (rows, columns), optional
        To resize to, with antialiasing. Default: as the set has them, 256 x 256.

    Returns
    -------
    Split
        With `targets` as indices into the classes female, male. Each file is a patient.

    Raises
    ------
    FilmsError
        If the folder, a list or a film is missing, damaged or not as expected.
    """
    return _load_classes("Gender01", SEXES, folder, size, lambda part, sex, stem: f"{part}/{sex}/{stem}")


def _load_classes(name, classes, folder, size, patient) -> Split:
    origin = Origin(name, folder)
    home = origin.home(*[(part, label) for part in PARTS for label in classes])
    found = [
        Found(path, part, _jsrt_name(path) or patient(part, label, path.stem), index)
        for part in PARTS
        for index, label in enumerate(classes)
        for path in image_files(find(home, part, label))
    ]
    for part in PARTS:
        _check_list(home, part, [film.path for film in found if film.part == part])
    targets = np.array([film.target for film in found], np.int64)
    return origin.split(film_set(home, found, size, targets, classes), are_test(found))


def load_age(folder: Path | str | None = None, size: tuple[int, int] | None = None) -> Split:
    """Load XPAge01_RGB: the age.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the set. Default: the one that the learner has chosen, else the embedded films.
    size : (rows, columns), optional
        To resize to, with antialiasing. Default: as the set has them.

    Returns
    -------
    Split
        With `targets` in years, nan where the table says ``?`` or nothing.

    Raises
    ------
    FilmsError
        If the folder, a table or a film is missing, damaged or not as expected.
    """
    origin = Origin("XPAge01_RGB", folder)
    home = origin.home(("trainingdata.csv",), ("testdata.csv",), ("JPGs",))
    films = {path.name.casefold(): path for path in image_files(find(home, "JPGs"))}
    found = [
        Found(path, part, _jsrt_name(path) or path.stem, age)
        for part, table in zip(PARTS, ("trainingdata.csv", "testdata.csv"))
        for path, age in _ages(find(home, table), films)
    ]
    ages = np.array([film.target for film in found], float)
    return origin.split(film_set(home, found, size, ages), are_test(found))


def load_segmentation(
    folder: Path | str | None = None, size: tuple[int, int] | None = None, classes: int = 2
) -> Split:
    """Load Segmentation01 or Segmentation02: the lungs, or lungs, heart and body.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of either set. Default: the one that the learner has chosen, else the embedded films:
        Segmentation01 for two classes, Segmentation02 for four.
    size : (rows, columns), optional
        To resize to; films with antialiasing, masks by the nearest pixel. Default: as the sets have them, 256 x 256.
    classes : {2, 4}
        2: background, lung, from either set. 4: outside, heart, body, lung, from Segmentation02.

    Returns
    -------
    Split
        With `targets` as masks of indices into the classes.

    Raises
    ------
    FilmsError
        If the folder, a list, a film or a mask is missing, damaged or not as expected.
    ValueError
        If `classes` is neither 2 nor 4.
    """
    if classes not in (2, 4):
        raise ValueError(f"classes must be 2 or 4, not {classes}")
    origin = Origin("Segmentation02" if classes == 4 else "Segmentation01", folder)
    if classes == 4 or origin.has(("org_train",)):
        origin.name = "Segmentation02"
        home = origin.home(*[(f"{kind}_{part}",) for part in PARTS for kind in ("org", "label")])
        folders = {part: (find(home, f"org_{part}"), find(home, f"label_{part}")) for part in PARTS}
        levels = ORGAN_LEVELS
    else:
        home = origin.home(*[(part, kind) for part in PARTS for kind in ("org", "label")])
        folders = {part: (find(home, part, "org"), find(home, part, "label")) for part in PARTS}
        levels = LUNG_LEVELS
    found = [
        Found(film, part, _jsrt_name(film) or f"{part}/{film.stem}", mask)
        for part, pair in folders.items()
        for film, mask in pairs(*pair)
    ]
    for part in PARTS:
        files = [path for film in found if film.part == part for path in (film.path, film.target)]
        _check_list(home, part, files)
    masks = stack([_mask(film, levels, size) for film in found], [film.target for film in found])
    if classes == 4:
        return origin.split(film_set(home, found, size, masks, ORGANS), are_test(found))
    lungs = (masks == len(levels) - 1).astype(np.uint8)
    return origin.split(film_set(home, found, size, lungs, ("background", "lung")), are_test(found))


def load_super_resolution(folder: Path | str | None = None, size: tuple[int, int] | None = None) -> Split:
    """Load SuperResolution: films of low resolution, to be restored.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the set: ``org/`` and one more folder with the same files degraded. Default: the one that
        the learner has chosen, else the embedded films.
    size : (rows, columns), optional
        To resize the originals to, with antialiasing; the degraded films by the same factor. Default: as the set has
        them, 256 x 256.

    Returns
    -------
    Split
        With the degraded films as `images` and the originals as `targets`. A fifth of the patients, drawn, is the test.

    Raises
    ------
    FilmsError
        If the folder or a film is missing, damaged or not as expected.
    """
    return _load_restoration("SuperResolution", folder, size)


def load_denoise(folder: Path | str | None = None, size: tuple[int, int] | None = None) -> Split:
    """Load Denoise: noisy films, to be restored.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the set: ``org/`` and one more folder with the same files degraded. Default: the one that
        the learner has chosen, else the embedded films.
    size : (rows, columns), optional
        To resize to, with antialiasing, which takes away noise too. Default: as the set has them, 256 x 256.

    Returns
    -------
    Split
        With the noisy films as `images` and the originals as `targets`. A fifth of the patients, drawn, is the test.

    Raises
    ------
    FilmsError
        If the folder or a film is missing, damaged or not as expected.
    """
    return _load_restoration("Denoise", folder, size)


def _load_restoration(name, folder, size) -> Split:
    origin = Origin(name, folder)
    parts = [(part,) for part in PARTS] if origin.has(*[(part, "org") for part in PARTS]) else [()]
    home = origin.home(*[(*part, "org") for part in parts])
    # the originals tell who is on the film: noise makes every film another one
    found = [
        Found(film, "".join(part), _jsrt_name(film) or "/".join([*part, film.stem]), degraded)
        for part in parts
        for film, degraded in pairs(*_original_and_degraded(find(home, *part, "org")))
    ]
    degraded = stack([_degraded(film, size) for film in found], [film.target for film in found])
    swapped = film_set(home, found, size, degraded)
    films = replace(swapped, images=swapped.targets, targets=swapped.images)
    return origin.split(films, are_test(found) if len(parts) > 1 else draw_patients(films.patients))


def _original_and_degraded(original: Path) -> tuple[Path, Path]:
    """Return both folders: what the society calls the degraded one is not known, so it is the only other one."""
    others = [folder for folder in children(original.parent) if folder.is_dir() and folder != original]
    if len(others) != 1:
        names = ", ".join(folder.name for folder in others) or L("none", "なし")
        raise FilmsError(
            L(
                f"{original.parent} should hold org and one folder with the same films degraded, but beside org it holds: "
                f"{names}; unpack the zip again, into a new folder",
                f"{original.parent} には org と、同じ画像を劣化させたフォルダーが一つ必要ですが、org 以外のフォルダー：{names}。"
                "zip を新しいフォルダーに展開し直してください",
            )
        )
    return original, others[0]


def _degraded(film: Found, size) -> np.ndarray:
    """Return the degraded film, resized by the factor that takes the original to ``size``."""
    pixels = read_pixels(film.target)
    if size is not None:
        rows, columns = np.round(np.multiply(pixels.shape, size) / read_pixels(film.path).shape).astype(int)
        size = max(1, int(rows)), max(1, int(columns))
    return resized(pixels / EIGHT_BITS, size)


def load_autoencoder(folder: Path | str | None = None, size: tuple[int, int] | None = None) -> Split:
    """Load autoencoder_img: normal films to learn from, and flipped ones to find.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the set. Default: the one that the learner has chosen, else the embedded films.
    size : (rows, columns), optional
        To resize to, with antialiasing. Default: as the set has them.

    Returns
    -------
    Split
        With `targets` as indices into the classes normal, flip. All flipped films are in the test, with the other films
        of their patients and those of a fifth of the other patients, drawn; `train` and `validation` are normal.

    Raises
    ------
    FilmsError
        If the folder or a film is missing, damaged or not as expected.
    """
    origin = Origin("autoencoder_img", folder)
    home = origin.home(("normal",), ("flip",))
    found = [
        # normal/3 and flip/3 count as one patient, in case they are
        Found(path, "", _jsrt_name(path) or path.stem, index)
        for index, label in enumerate(("normal", "flip"))
        for path in image_files(find(home, label))
    ]
    targets = np.array([film.target for film in found], np.int64)
    films = film_set(home, found, size, targets, ("normal", "flip"))
    patients = np.array(films.patients)
    test = np.isin(patients, patients[targets == 1])
    test[~test] = draw_patients(patients[~test])
    return origin.split(films, test)


def load_nodules(folder: Path | str | None = None, size: tuple[int, int] | None = (512, 512)) -> Split:
    """Load the JSRT database: films with one nodule, and films without.

    Parameters
    ----------
    folder : path, optional
        The folder or zip of the database: ``CLNDAT_EN.txt``, ``CNNDAT_EN.TXT``, and for each of their lines the film, raw
        (``.IMG``, 2048 x 2048, big-endian words of 16 bits that hold 12) or as PNG of 12 bits, smaller. Default: the one
        that the learner has chosen, else the embedded films of 512 x 512.
    size : (rows, columns), optional
        A square to resize to, with antialiasing. None: as the films are; the 247 raw ones take 4 GB.

    Returns
    -------
    Split
        With `nodules`, whose places and diameters are in pixels of these images, and `targets` as indices into the
        classes non-nodule, nodule. A fifth of the patients, drawn, is the test.

    Raises
    ------
    FilmsError
        If the folder, a table or a film is missing, damaged or not as expected, or ``size`` is not a square.

    Notes
    -----
    In the tables a place is in pixels of 2048 x 2048, and a size in mm, of 0.175 mm a pixel.
    """
    if size is not None and size[0] != size[1]:
        raise FilmsError(
            L(
                f"the size {size} would make round nodules oval; give a square, such as (512, 512)",
                f"サイズ {size} では円形の結節が楕円になります。(512, 512) のように正方形にしてください",
            )
        )
    origin = Origin("JSRT", folder)
    files = {path.name.casefold(): path for path in sorted(walk(origin.folder), reverse=True)}
    nodules = _nodules(origin, files)
    paths = [_nodule_film(origin, files, name) for name in nodules]
    images = stack([resized(1 - _twelve_bits(path) / TWELVE_BITS, size) for path in paths], paths)
    scale = images.shape[1] / JSRT_SIDE
    films = FilmSet(
        images=images,
        targets=np.array([bool(there) for there in nodules.values()], np.int64),
        patients=tuple(nodules),
        names=tuple(path.relative_to(origin.folder).as_posix() for path in paths),
        classes=("non-nodule", "nodule"),
        nodules=tuple(tuple(_scaled(nodule, scale) for nodule in there) for there in nodules.values()),
    )
    return origin.split(films, draw_patients(films.patients))


def _nodules(origin, files) -> dict[str, tuple[Nodule, ...]]:
    """Return the nodules of each patient in the tables, in pixels of the original."""
    tables = [files.get(name.casefold()) for name in NODULE_TABLES]
    if None in tables:
        raise origin.lacks(origin.folder, NODULE_TABLES[tables.index(None)])
    with_nodule, without = tables
    known = {}
    for number, cells in _rows(with_nodule, NODULE_COLUMNS):
        name = JSRT_NAME.match(cells[0])[0].upper()
        try:
            known[name] = (*known.get(name, ()), _nodule(cells))
        except (ValueError, KeyError):
            raise line_error(with_nodule, number, "\t".join(cells[:8]), NODULE_COLUMNS) from None
    for _, cells in _rows(without, "file"):
        known.setdefault(JSRT_NAME.match(cells[0])[0].upper(), ())
    return known


def _nodule(cells: list[str]) -> Nodule:
    """Return the nodule of a line in CLNDAT_EN.txt; ValueError or KeyError where none can be meant."""
    subtlety, size, x, y = int(cells[1]), *(float(cells[column]) for column in (2, 5, 6))
    malignant = {"malignant": True, "benign": False}[cells[7].casefold()]
    if not (1 <= subtlety <= 5 and size > 0 and 0 <= x < JSRT_SIDE and 0 <= y < JSRT_SIDE):
        raise ValueError
    return Nodule(x, y, size / JSRT_PIXEL, subtlety, malignant)


def _nodule_film(origin, files, name: str) -> Path:
    found = files.get(f"{name}.img".casefold()) or files.get(f"{name}.png".casefold())
    if found is None:
        raise origin.lacks(origin.folder, f"{name}.IMG")
    return found


def _scaled(nodule: Nodule, scale: float) -> Nodule:
    return replace(nodule, x=nodule.x * scale, y=nodule.y * scale, diameter=nodule.diameter * scale)


def _twelve_bits(path: Path) -> np.ndarray:
    """Return the pixels of a film of JSRT, float32 (H, W) from 0 to 4095; air is high."""
    if path.suffix.casefold() != ".img":
        return read_pixels(path, TWELVE_BITS).astype(np.float32)
    stored = path.read_bytes()
    if len(stored) != 2 * JSRT_SIDE**2:
        raise FilmsError(
            L(
                f"{path} has {len(stored)} bytes instead of {2 * JSRT_SIDE**2} (2048 x 2048 words of 16 bits); copy or "
                "download this file again",
                f"{path} は {len(stored)} バイトですが、{2 * JSRT_SIDE**2} バイト（2048 x 2048、16 ビット）のはずです。"
                "このファイルをもう一度コピーかダウンロードしてください",
            )
        )
    pixels = np.frombuffer(stored, ">u2").reshape(JSRT_SIDE, JSRT_SIDE).astype(np.float32)
    refuse_brighter(path, pixels, TWELVE_BITS)
    return pixels


def _jsrt_name(path: Path) -> str | None:
    """Return the patient's name in the database, which is the same in every set, where the file keeps it."""
    name = JSRT_NAME.match(path.stem)
    return name and name[0].upper()


def _mask(film: Found, levels: tuple[int, ...], size) -> np.ndarray:
    """Return a mask as indices into its grey levels, uint8 (H, W)."""
    path, mask, shape = film.target, read_pixels(film.target), read_pixels(film.path).shape
    if mask.shape != shape:
        raise FilmsError(
            L(
                f"{path} has {mask.shape[0]} x {mask.shape[1]} pixels, but its film has {shape[0]} x {shape[1]}; unpack the "
                "zip again, or export the mask at the size of the film",
                f"{path} は {mask.shape[0]} x {mask.shape[1]} 画素ですが、画像は {shape[0]} x {shape[1]} 画素です。"
                "zip を展開し直すか、画像と同じ大きさのマスクを書き出してください",
            )
        )
    if unknown := set(np.unique(mask).tolist()) - set(levels):
        allowed = ", ".join(map(str, levels))
        raise FilmsError(
            L(
                f"{path} holds the value {min(unknown)}, but a mask of this set holds only {allowed}; use the original "
                "file (JPEG and smooth resizing change values)",
                f"{path} に値 {min(unknown)} がありますが、このデータセットのマスクの値は {allowed} だけです。"
                "元のファイルを使ってください（JPEG や補間を伴う拡大縮小では値が変わります）",
            )
        )
    indices = Image.fromarray(np.searchsorted(levels, mask).astype(np.uint8))
    return np.array(indices if size is None else indices.resize(size[::-1], Image.Resampling.NEAREST))


def _check_list(home: Path, part: str, paths: list[Path]) -> None:
    """See that the files that a list names are there, with its labels; what is on the disk is what is loaded.

    A line is ``.\\train\\down\\0.png,down``, or a film and its mask.
    """
    table = find(home, f"list_{part}.txt")
    if table is None:
        return
    there = {_last_two(str(path)) for path in paths}
    for number, line in enumerate(read_text(table).splitlines(), 1):
        if not line.strip():
            continue
        film, _, label = map(str.strip, line.partition(","))
        named = [film, label] if PureWindowsPath(label).suffix else [film]
        for path in named:
            if _last_two(path) not in there:
                raise FilmsError(
                    L(
                        f"{table}, line {number}: {path} is listed but not there; unpack the zip again, or delete the line",
                        f"{table} の {number} 行目にある {path} が見つかりません。zip を展開し直すか、その行を削除してください",
                    )
                )
        if label and named == [film] and label.casefold() != PureWindowsPath(film).parent.name.casefold():
            raise line_error(table, number, line, L("a film and its folder", "画像とそのフォルダー名"))


def _last_two(path: str) -> tuple[str, ...]:
    return PureWindowsPath(path.casefold()).parts[-2:]


def _ages(table: Path, films: dict[str, Path]) -> Iterator[tuple[Path, float]]:
    """Return each film that a table names, with the age in years, nan where it is not known."""
    rows = csv.DictReader(io.StringIO(read_text(table), newline=""), restval="")
    rows.fieldnames = [(name or "").strip().casefold() for name in rows.fieldnames or ()]
    if not {"filenames", "age"} <= set(rows.fieldnames):
        raise line_error(table, 1, ",".join(rows.fieldnames), "filenames,age")
    for row in rows:
        name, age = row["filenames"].strip(), row["age"].strip()
        if not name and not age:
            continue
        film = films.get(PureWindowsPath(name).name.casefold())
        if film is None:
            raise FilmsError(
                L(
                    f"{table}, line {rows.line_num}: the film {name!r} is not in JPGs; unpack the zip again, or delete "
                    "the line",
                    f"{table} の {rows.line_num} 行目の画像 {name!r} が JPGs にありません。zip を展開し直すか、その行を削除してください",
                )
            )
        try:
            yield film, float("nan" if age in ("", "?") else age)
        except ValueError:
            raise line_error(table, rows.line_num, f"{name},{age}", "filenames,age") from None


def _rows(table: Path, columns: str) -> Iterator[tuple[int, list[str]]]:
    """Return the lines of a table of JSRT, with their numbers; a place may run over several columns at the end."""
    for number, line in enumerate(read_text(table).splitlines(), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not any(cells):
            continue
        if len(cells) < len(columns.split(", ")) or not JSRT_NAME.match(cells[0]):
            raise line_error(table, number, line, columns)
        yield number, cells
