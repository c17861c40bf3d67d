"""The embedded data: the sets of miniJSRT with films of the phantom in them, in the same folders under the same names.

They are made on first use, in the cache, by processes of their own. What is made stays: after a kill the next call goes on, and two that start at
once share the work. All sets show the same 247 patients as each other, as the real ones do; patients 1 to 154 have one nodule each.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from rich.progress import Progress, track

from xraydojo import DojoError
from xraydojo.data import phantom
from xraydojo.data.cache import cache
from xraydojo.data.phantom.nodules import GRADES
from xraydojo.data.phantom.projection import FILM_SIZE
from xraydojo.language import L

PATIENTS, WITH_NODULE = 247, 154
WOMEN = {True: 86, False: 42}  # of the patients with and without a nodule
UNKNOWN_AGE = (105, 116)  # JPCLN106 and JPCLN117
SIDE = 256  # pixels
FIRST_SEED = 1000
MADE = ".made"  # holds a file for each patient that is finished

Files = dict[str, bytes]


class EmbeddedError(DojoError, OSError):
    """The embedded data cannot be made here; the message says why and what to do."""


class Recipe(NamedTuple):
    """How a set is made.

    Attributes
    ----------
    patients : range
        Who is in it.
    files : callable
        Patient -> the files of this patient, name -> content.
    lists : callable
        Folder -> the files that describe all patients.
    """

    patients: range
    files: Callable[[int], Files]
    lists: Callable[[Path], Files] = lambda folder: {}


def folder(name: str) -> Path:
    """Return the folder of an embedded set; it is made first when it is not there.

    Parameters
    ----------
    name : str
        As miniJSRT calls it, such as ``"Directions01"``; `RECIPES` lists all.

    Raises
    ------
    EmbeddedError
        If the disk is full or the cache cannot be written.
    """
    recipe = RECIPES[name]
    place = cache() / f"embedded-{phantom.VERSION}"
    done, partial = place / name, place / f"{name}.partial"
    if not done.exists():
        try:
            _make(name, recipe, partial)
            _write(partial, recipe.lists(partial))
            shutil.rmtree(partial / MADE)
            partial.rename(done)
        except OSError:
            if not done.exists():  # else another process was faster
                raise
            shutil.rmtree(partial, ignore_errors=True)
    return done


def name_of(patient: int) -> str:
    """Return the name of a patient's film, as in the JSRT data base: JPCLN with a nodule, JPCNN without."""
    nodule = patient < WITH_NODULE
    return f"JPC{'LN' if nodule else 'NN'}{patient + 1 if nodule else patient + 1 - WITH_NODULE:03d}"


def film(patient: int, side: int = SIDE) -> phantom.Film:
    """Return a patient's film.

    Parameters
    ----------
    patient : int
        0 to 246.
    side : int
        Rows and columns.
    """
    nodule = patient < WITH_NODULE
    return phantom.film(
        FIRST_SEED + patient,
        (side, side),
        sex=_sex(patient),
        nodules=int(nodule),
        subtlety=_grade(patient) if nodule else None,
    )


def _sex(patient: int) -> str:
    nodule = patient < WITH_NODULE
    number, count = (patient, WITH_NODULE) if nodule else (patient - WITH_NODULE, PATIENTS - WITH_NODULE)
    order = np.random.default_rng(int(nodule)).permutation(count)
    return "F" if order[number] < WOMEN[nodule] else "M"


def _grade(patient: int) -> int:
    """Return the subtlety of a patient's nodule: 12, 38, 50, 29 and 25 films of the grades 5 to 1, obvious ones first."""
    return int(np.repeat(list(GRADES), list(GRADES.values()))[patient])


def _make(name: str, recipe: Recipe, partial: Path) -> None:
    """Let one process a core make the films that are missing, with a progress bar."""
    made = partial / MADE
    made.mkdir(parents=True, exist_ok=True)
    cores = min(8, _cores())
    command = [sys.executable, "-m", __name__, name, str(partial)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    words = L(f"Making the films of {name}, once", f"{name} の画像を作成中（初回のみ）")
    with Progress(transient=True) as progress, tempfile.TemporaryFile() as said:
        bar = progress.add_task(words, total=len(recipe.patients))
        workers = [
            subprocess.Popen([*command, str(core), str(cores)], env=environment, stderr=said)
            for core in range(cores)
        ]
        try:
            while any(worker.poll() is None for worker in workers):
                progress.update(bar, completed=len(os.listdir(made)) if made.exists() else 0)
                time.sleep(0.1)
        finally:
            for worker in workers:
                worker.kill()
        if any(worker.wait() for worker in workers):
            said.seek(0)
            raise _failed(partial, said.read().decode(errors="replace"))


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _failed(partial: Path, said: str) -> EmbeddedError:
    reason = (said.strip().splitlines() or ["killed"])[-1]
    return EmbeddedError(
        L(
            f"the films could not be made in {partial} ({reason}); make room there, or set XRAYDOJO_DATA to another "
            "folder, and try again: what is made is kept",
            f"{partial} に画像を作成できませんでした（{reason}）。空き容量を増やすか、XRAYDOJO_DATA に別のフォルダーを指定して、"
            "もう一度実行してください。できた分は残っています",
        )
    )


def _work(name: str, partial: Path, core: int, cores: int) -> None:
    """Make what is missing of a set: first this core's share, then whatever another one has left."""
    recipe, made = RECIPES[name], partial / MADE
    ours = list(recipe.patients)[core::cores]
    for patient in [*ours, *reversed(recipe.patients)]:
        if not made.exists():
            return  # another process has finished the set
        if not (made / str(patient)).exists():
            _write(partial, recipe.files(patient))
            (made / str(patient)).touch()


def _write(place: Path, files: Files) -> None:
    """Write each file whole or not at all."""
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(content)
        beside.replace(path)


def _encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return buffer.getvalue()


def _eight_bits(image: np.ndarray) -> np.ndarray:
    return np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _resized(image: np.ndarray, side: int) -> np.ndarray:
    resized = Image.fromarray(image.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(resized)


TURNS = {"up": 0, "left": 1, "down": 2, "right": 3}


def _directions(patient: int) -> Files:
    upright = _eight_bits(_resized(film(patient).display, 128))
    part, number = ("train", patient) if patient < 237 else ("test", patient - 236)
    return {f"{part}/{way}/{number}.png": _encoded(np.rot90(upright, turn)) for way, turn in TURNS.items()}


def _directions_lists(place: Path) -> Files:
    lines = {
        part: "".join(
            f".\\{part}\\{way}\\{number}.png,{way}\r\n" for way in sorted(TURNS) for number in numbers
        )
        for part, numbers in (("train", range(237)), ("test", range(1, 11)))
    }
    return {
        "list_train.txt": lines["train"].encode("ascii"),
        "list_test.txt": lines["test"].encode("utf-16"),  # with its byte-order mark, as in the original
    }


def _gender(patient: int) -> Files:
    part = "train" if patient < WITH_NODULE else "test"
    word = {"F": "female", "M": "male"}[_sex(patient)]
    return {f"{part}/{word}/{name_of(patient)}.png": _encoded(_eight_bits(film(patient).display))}


def _gender_lists(place: Path) -> Files:
    files = {}
    for part, coding in (("train", "ascii"), ("test", "utf-16")):
        found = sorted((place / part).glob("*/*.png"))
        lines = [f".\\{part}\\{path.parent.name}\\{path.name},{path.parent.name}\r\n" for path in found]
        files[f"list_{part}.txt"] = "".join(lines).encode(coding)
    return files


def _ages(patient: int) -> Files:
    grey = _eight_bits(film(patient).display)
    if patient in UNKNOWN_AGE:
        return {}
    return {f"XP/JPGs/{name_of(patient)}.jpg": _encoded(np.stack([grey] * 3, -1), "JPEG")}


def _ages_lists(place: Path) -> Files:
    known = [patient for patient in range(PATIENTS) if patient not in UNKNOWN_AGE]
    known = np.random.default_rng(0).permutation(known)
    files = {}
    for part, patients in (("training", known[:80]), ("test", known[80:])):
        rows = [
            f"{name_of(patient)}.jpg,{film(int(patient), 16).person.age}\r\n" for patient in sorted(patients)
        ]
        files[f"XP/{part}data.csv"] = ("filenames,age\r\n" + "".join(rows)).encode("ascii")
    return files


def _two_classes(patient: int) -> Files:
    part, number = ("train", patient + 1) if patient < 50 else ("test", patient - 50)
    seen = film(patient)
    return {
        f"{part}/org/{number}.png": _encoded(_eight_bits(seen.display)),
        f"{part}/label/{number}.png": _encoded(np.where(seen.lungs > 0, 255, 0).astype(np.uint8)),
    }


def _two_classes_lists(place: Path) -> Files:
    return {
        f"list_{part}.txt": "".join(
            f".\\{part}\\org\\{number}.png,.\\{part}\\label\\{number}.png\r\n" for number in numbers
        ).encode(coding)
        for part, numbers, coding in (("train", range(1, 51), "ascii"), ("test", range(10), "utf-16"))
    }


def _four_classes(patient: int) -> Files:
    part = "train" if patient < 199 else "test"
    seen = film(patient)
    label = np.select([seen.lungs > 0, seen.heart, seen.body], [255, 85, 170], 0).astype(np.uint8)
    base, name = "segmentation", f"case{patient + 1:03d}"
    return {
        f"{base}/org_{part}/{name}.bmp": _encoded(_eight_bits(seen.display), "BMP"),
        f"{base}/label_{part}/{name}_label.png": _encoded(label),
    }


def _super_resolution(patient: int) -> Files:
    image = film(patient).display
    low = _resized(_resized(image, len(image) // 2), len(image))
    return {
        f"org/{patient:03d}.png": _encoded(_eight_bits(image)),
        f"low/{patient:03d}.png": _encoded(_eight_bits(low)),
    }


def _denoise(patient: int) -> Files:
    image = film(patient).display
    noise = np.random.default_rng([FIRST_SEED, patient]).normal(0, 0.06, image.shape)
    return {
        f"org/{patient:03d}.png": _encoded(_eight_bits(image)),
        f"noise/{patient:03d}.png": _encoded(_eight_bits(image + noise)),
    }


def _autoencoder(patient: int) -> Files:
    """Return a film, and of every twentieth patient the mirrored film, which looks like a situs inversus."""
    grey = _eight_bits(film(patient).display)
    files = {f"normal/{patient:03d}.png": _encoded(grey)}
    if patient % 20 == 0:
        files[f"flip/{patient:03d}.png"] = _encoded(grey[:, ::-1])
    return files


NODULE_SIDE = 512


def _nodules(patient: int) -> Files:
    """Return a film of 12 bits in 16, air high, 512 x 512: a sixteenth of the original's pixels."""
    seen = film(patient, NODULE_SIDE)
    return {
        f"{name_of(patient)}.png": _encoded(seen.pixels),
        f"{MADE}/{patient}": _row(patient, seen).encode(),
    }


def _row(patient: int, seen: phantom.Film) -> str:
    """Return a film's line in CLNDAT_EN.txt or CNNDAT_EN.TXT; places are those of the 2048 x 2048 original."""
    name, sex = f"{name_of(patient)}.IMG", {"F": "Female", "M": "Male"}[seen.person.sex]
    age = "?" if patient in UNKNOWN_AGE else seen.person.age
    if not seen.nodules:
        return f"{name}\t{age}\t{sex}\tnon-nodule\r\n"
    (nodule,), (box,) = seen.nodules, seen.boxes
    x, y = (round((box[axis] + box[axis + 2]) / 2 * 2048 / NODULE_SIDE) for axis in (0, 1))
    seen_size = (box[2] - box[0]) * FILM_SIZE / NODULE_SIDE  # on the film, as the database gives it
    kind = "malignant" if nodule.malignant else "benign"
    third = ("upper", "middle", "lower")[int(np.clip((nodule.solid.y + 134) // 80, 0, 2))]
    side = "r" if nodule.solid.x < 0 else "l"
    return "\t".join(
        [name, str(nodule.subtlety), f"{seen_size:.0f}", str(age), sex, str(x), str(y), kind, f"{side}.{third} lung field", "phantom\r\n"]
    )  # fmt: skip


def _nodules_lists(place: Path) -> Files:
    rows = [(place / MADE / str(patient)).read_bytes() for patient in range(PATIENTS)]
    return {
        "CLNDAT_EN.txt": b"".join(rows[:WITH_NODULE]),
        "CNNDAT_EN.TXT": b"".join(rows[WITH_NODULE:]),
    }


def _film_and_lungs(seen: phantom.Film, name: str) -> Files:
    """Return a film and its lungs, those behind the heart included, in the layout of `load_films`."""
    return {
        f"films/{name}": _encoded(_eight_bits(seen.display)),
        f"lung_masks/{name}": _encoded(np.where(seen.lungs_behind_heart > 0, 255, 0).astype(np.uint8)),
    }


def write_films(place: Path, count: int, side: int, seed: int) -> None:
    """Write films of the phantom into a new folder: PNG and lung masks as `load_films` reads them, and DICOM.

    Parameters
    ----------
    place : Path
        Must be empty or not there.
    count : int
        How many films.
    side : int
        Rows and columns.
    seed : int
        Of the first film.

    Raises
    ------
    EmbeddedError
        If there is something in the folder already.
    """
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise EmbeddedError(
            L(f"{place} is not empty; name a new folder", f"{place} は空ではありません。新しいフォルダーを指定してください")
        )  # fmt: skip
    rows = ["file,sex,age\n"]
    for number in track(range(seed, seed + count), L("Making films", "画像を作成中"), transient=True):
        seen, name = phantom.film(number, (side, side)), f"phantom{number:05d}"
        _write(place, _film_and_lungs(seen, f"{name}.png") | {f"dicom/{name}.dcm": _object(seen, name)})
        rows.append(f"{name}.png,{seen.person.sex},{seen.person.age}\n")
    _write(place, {"index.csv": "".join(rows).encode()})


def _object(seen: phantom.Film, name: str) -> bytes:
    from xraydojo.data.dicom import radiograph

    buffer = io.BytesIO()
    radiograph(seen, name).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _films(patient: int) -> Files:
    """Return a healthy patient's film and lungs."""
    seen, name = film(patient), f"phantom{patient - WITH_NODULE:03d}.png"
    row = f"{name},{seen.person.sex},{seen.person.age}\n"
    return _film_and_lungs(seen, name) | {f"{MADE}/{patient}": row.encode()}


def _films_lists(place: Path) -> Files:
    rows = [(place / MADE / str(patient)).read_bytes() for patient in RECIPES["films"].patients]
    return {"index.csv": b"file,sex,age\n" + b"".join(rows)}


PRACTICE = [*range(5), *range(WITH_NODULE, WITH_NODULE + 5)]


def _practice_images(number: int) -> Files:
    grey, name = _eight_bits(film(PRACTICE[number], 2048).display), name_of(PRACTICE[number])
    return {
        f"chestimage_PNG/{name}.png": _encoded(grey),
        f"chestimage_JPG/{name}.jpg": _encoded(grey, "JPEG"),
    }


def _practice_dicom(number: int) -> Files:
    name = name_of(PRACTICE[number])
    return {f"chestimages_DICOM/{name}.dcm": _object(film(PRACTICE[number], 2048), name)}


RECIPES = {
    "films": Recipe(range(WITH_NODULE, WITH_NODULE + 60), _films, _films_lists),
    "Directions01": Recipe(range(PATIENTS), _directions, _directions_lists),
    "Gender01": Recipe(range(PATIENTS), _gender, _gender_lists),
    "XPAge01_RGB": Recipe(range(PATIENTS), _ages, _ages_lists),
    "Segmentation01": Recipe(range(60), _two_classes, _two_classes_lists),
    "Segmentation02": Recipe(range(PATIENTS), _four_classes),
    "SuperResolution": Recipe(range(PATIENTS), _super_resolution),
    "Denoise": Recipe(range(PATIENTS), _denoise),
    "autoencoder_img": Recipe(range(PATIENTS), _autoencoder),
    "JSRT": Recipe(range(PATIENTS), _nodules, _nodules_lists),
    "Practice_PNGandJPG": Recipe(range(10), _practice_images),
    "Practice_DICOM": Recipe(range(10), _practice_dicom),
}

if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
