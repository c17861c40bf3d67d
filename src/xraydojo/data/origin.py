"""A data set on the disk: find its folders and files, read them, and say in one line what is wrong with them."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from xraydojo.data.films import FilmsError
from xraydojo.data.sets import FilmSet, Split, one_id_per_patient, split_by_patient
from xraydojo.language import L

EIGHT_BITS = 255


@dataclass(frozen=True)
class Found:
    """A film that was found: its file, the part that it belongs to, its patient, and its target or the target's file."""

    path: Path
    part: str
    patient: str
    target: object


class Origin:
    """Where a data set comes from: the learner's folder or zip, the one chosen before, or the embedded films."""

    def __init__(self, name: str, folder: Path | str | None):
        from xraydojo.data import cards

        self.name = name
        folder = folder or cards.chosen(name)
        self.embedded = folder is None
        self.folder = _embedded(name) if folder is None else Path(folder).expanduser()
        if self.folder.is_file():
            from xraydojo.data.archive import unpacked

            self.folder = unpacked(self.folder)
        if not self.folder.is_dir():
            raise FilmsError(
                L(
                    f"there is no folder or zip {self.folder}; give the folder or zip of {name}",
                    f"フォルダーまたは zip {self.folder} がありません。{name} のフォルダーか zip を指定してください",
                )
            )

    def has(self, *wanted: tuple[str, ...]) -> bool:
        """Return whether some folder in it holds all the paths that are wanted."""
        return any(all(find(home, *steps) for steps in wanted) for home in self._homes())

    def home(self, *wanted: tuple[str, ...]) -> Path:
        """Return the outermost folder that holds all the paths that are wanted, upper case or lower."""
        best, fewest = self.folder, list(wanted)
        for home in self._homes():
            missing = [steps for steps in wanted if not find(home, *steps)]
            if len(missing) < len(fewest):
                best, fewest = home, missing
            if not missing:
                break
        if fewest:
            raise self.lacks(best, ", ".join("/".join(steps) for steps in fewest))
        return best

    def _homes(self) -> Iterator[Path]:
        # a zip's own folder, one that the unpacking has put around it, and one more
        level = [self.folder]
        for _ in range(4):
            yield from level
            level = [child for parent in level for child in children(parent) if child.is_dir()]

    def lacks(self, place: Path, missing: str) -> FilmsError:
        """Return the error that something of the set is not there."""
        return FilmsError(
            L(
                f"{place} does not hold {missing}, which belongs to {self.name}; unpack the zip again, or give the folder "
                "or zip of this set",
                f"{place} に {self.name} の {missing} がありません。zip を展開し直すか、このデータセットのフォルダーか zip を指定してください",
            )
        )

    def split(self, films: FilmSet, test) -> Split:
        """Part the films by patient, and say where they come from."""
        from xraydojo.data import cards

        if self.embedded:
            source = L(
                f"{len(films)} computed films of a phantom, arranged as {self.name}; no real patient",
                f"{self.name} と同じ構成の、ファントムから計算した画像 {len(films)} 枚（実在の患者ではありません）",
            )
            return split_by_patient(films, test, source, citation="")
        card = cards.card(self.name)
        source = L(
            f"{len(films)} films of {self.name} ({card.title['en']})",
            f"{self.name}（{card.title['ja']}）の画像 {len(films)} 枚",
        )
        return split_by_patient(films, test, source, " ".join(card.citation))


def _embedded(name: str) -> Path:
    # the phantom is needed by nobody who has the films
    from xraydojo.data import embedded

    if name not in embedded.RECIPES:
        raise FilmsError(
            L(
                f"{name} is not here; run: ./dojo data fetch {name}, or give its folder or zip",
                f"{name} がありません。./dojo data fetch {name} を実行するか、フォルダーか zip を指定してください",
            )
        )
    return embedded.folder(name)


def film_set(home: Path, found: list[Found], size, targets: np.ndarray, classes=()) -> FilmSet:
    """Read the films; those that are the same, however turned or mirrored, become one patient's."""
    paths = [film.path for film in found]
    stored = [read_pixels(path) for path in paths]
    return FilmSet(
        images=stack([resized(pixels / EIGHT_BITS, size) for pixels in stored], paths),
        targets=targets,
        patients=one_id_per_patient([film.patient for film in found], map(_fingerprint, stored)),
        names=tuple(path.relative_to(home).as_posix() for path in paths),
        classes=tuple(classes),
    )


def are_test(found: list[Found]) -> list[bool]:
    """Return whether each film belongs to the test part of the data set."""
    return [film.part == "test" for film in found]


def _fingerprint(pixels: np.ndarray) -> bytes:
    """Return what is equal for equal films, in any of the eight ways that a film can be laid down."""
    turned = [np.rot90(side, turns) for side in (pixels, pixels.T) for turns in range(4)]
    return min(hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest() for image in turned)


def read_pixels(path: Path, white: int = EIGHT_BITS) -> np.ndarray:
    """Return the grey values of an image file as stored, integers (H, W) from 0 to ``white``; colour becomes luminance."""
    try:
        with Image.open(path, formats=["PNG", "JPEG", "BMP"]) as image:
            pixels = np.array(image if image.mode.startswith("I") else image.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FilmsError(
            L(
                f"{path} is not a whole PNG, JPEG or BMP ({one_line(error)}); copy or download this file again",
                f"{path} は PNG、JPEG、BMP として最後まで読めません（{one_line(error)}）。このファイルをもう一度コピーかダウンロードしてください",
            )
        ) from None
    refuse_brighter(path, pixels, white)
    return pixels


def refuse_brighter(path: Path, pixels: np.ndarray, white: int) -> None:
    """Refuse a film whose pixel values do not fit its data set."""
    if pixels.max() > white:
        raise FilmsError(
            L(
                f"{path} has grey values up to {pixels.max():.0f}, but {white} is the highest in this data set; use the "
                "original file",
                f"{path} の画素値の最大は {pixels.max():.0f} ですが、このデータセットでは {white} が上限です。元のファイルを使ってください",
            )
        )


def resized(image: np.ndarray, size) -> np.ndarray:
    """Return a film (H, W) as float32, antialiased to (rows, columns); None leaves its size."""
    image = image.astype(np.float32)
    if size is None:
        return image
    # Pillow widens the filter when it makes an image smaller, which is the antialiasing
    return np.clip(Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC), 0, 1)


def stack(images: list[np.ndarray], paths: list[Path]) -> np.ndarray:
    """Return films as one array (N, H, W); all must have the size of the first."""
    for image, path in zip(images, paths):
        if image.shape != images[0].shape:
            raise FilmsError(
                L(
                    f"{path} has {image.shape[0]} x {image.shape[1]} pixels, but {paths[0].name} has {images[0].shape[0]} x "
                    f"{images[0].shape[1]}; give a size, such as size=(256, 256)",
                    f"{path} は {image.shape[0]} x {image.shape[1]} 画素ですが、{paths[0].name} は {images[0].shape[0]} x "
                    f"{images[0].shape[1]} 画素です。size=(256, 256) のようにサイズを指定してください",
                )
            )
    return np.stack(images)


def children(folder: Path) -> list[Path]:
    """Return what is in a folder, 2 before 10, without what macOS adds."""
    found = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    return sorted(
        found,
        key=lambda path: [
            part.zfill(9) if part.isdigit() else part for part in re.split(r"(\d+)", path.name.casefold())
        ],
    )


def walk(folder: Path) -> Iterator[Path]:
    """Return all files below a folder."""
    for child in children(folder):
        yield from walk(child) if child.is_dir() else [child]


def find(folder: Path, *steps: str) -> Path | None:
    """Return the file or folder at the end of the steps, in upper case or lower; None where there is none."""
    for step in steps:
        inside = folder.iterdir() if folder.is_dir() else ()
        folder = next((path for path in inside if path.name.casefold() == step.casefold()), None)
        if folder is None:
            return None
    return folder


def image_files(folder: Path) -> list[Path]:
    """Return the image files of a folder, 2.png before 10.png; at least one."""
    found = [path for path in children(folder) if path.suffix.casefold() in (".png", ".jpg", ".jpeg", ".bmp")]
    if not found:
        raise FilmsError(
            L(
                f"{folder} holds no PNG, JPEG or BMP; unpack the zip again",
                f"{folder} に PNG、JPEG、BMP が一枚もありません。zip を展開し直してください",
            )
        )
    return found


def pairs(films: Path, targets: Path) -> list[tuple[Path, Path]]:
    """Return each film with the target of the same name, which may end in ``_label``."""
    inputs, outputs = (
        {path.stem.casefold().removesuffix("_label"): path for path in image_files(folder)}
        for folder in (films, targets)
    )
    if alone := sorted(set(inputs) ^ set(outputs)):
        path, other = (inputs[alone[0]], targets) if alone[0] in inputs else (outputs[alone[0]], films)
        raise FilmsError(
            L(
                f"{path} has no partner in {other}; unpack the zip again, or delete the file",
                f"{path} に対応するファイルが {other} にありません。zip を展開し直すか、このファイルを削除してください",
            )
        )
    return [(path, outputs[stem]) for stem, path in inputs.items()]


def line_error(table: Path, number: int, found: str, wanted: str) -> FilmsError:
    """Return the error that a line of a table is not as expected."""
    found = " ".join(found.split())[:80]
    return FilmsError(
        L(
            f"{table}, line {number}: {found!r} found, but expected: {wanted}; use the original file, or mend the line",
            f"{table} の {number} 行目：{found!r} ではなく、次の内容が必要です：{wanted}。元のファイルを使うか、その行を直してください",
        )
    )


def read_text(path: Path) -> str:
    """Return a text, in UTF-16 where it begins with that mark (list_test.txt), else in UTF-8 or Japanese Windows' cp932."""
    stored = path.read_bytes()
    marked = stored.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp932"]:
        try:
            return stored.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FilmsError(
        L(
            f"{path} is not text in UTF-8, UTF-16 or cp932; copy or download this file again",
            f"{path} は UTF-8、UTF-16、cp932 のテキストとして読めません。このファイルをもう一度コピーかダウンロードしてください",
        )
    )


def one_line(error: Exception) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split())
