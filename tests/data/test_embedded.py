"""The embedded data: in miniJSRT's layout, made once, whatever happens meanwhile, and read by the loaders of the real sets."""

import functools
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pydicom
import pytest
from PIL import Image

from xraydojo import data
from xraydojo.data import embedded, phantom

MAKE = "from xraydojo.data import embedded; print(embedded.folder('Segmentation01'))"


def start(place, code=MAKE):
    """Make a set in a process of its own, with its cache in a folder."""
    environment = os.environ | {"XRAYDOJO_DATA": str(place)}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def digests(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A cache in which a process and its workers were killed in the middle, and what was made by then."""
    place = tmp_path_factory.mktemp("killed")
    process = start(place)
    partial = place / f"embedded-{phantom.VERSION}" / "Segmentation01.partial"
    end = time.monotonic() + 60
    while len(list(partial.glob(".made/*"))) < 12:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    made = {path: path.stat().st_mtime_ns for path in partial.glob("*/*/*.png")}
    return place, made


def test_after_a_kill_the_rest_is_made_and_nothing_twice(killed):
    place, made = killed
    assert 12 <= len(made) < 120
    out, error = start(place).communicate(timeout=120)
    folder = place / f"embedded-{phantom.VERSION}" / "Segmentation01"
    assert out.strip() == str(folder), error
    kept = [
        path
        for path, when in made.items()
        if (folder / path.relative_to(folder.with_suffix(".partial"))).stat().st_mtime_ns == when
    ]
    assert len(kept) >= len(made) - 4  # those that were being made when the kill came are made again
    assert not folder.with_suffix(".partial").exists()
    assert not list(folder.rglob(".*"))


def test_two_that_start_at_once_make_one_set_with_the_same_films(killed, tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        out, error = process.communicate(timeout=180)
        assert process.returncode == 0, error
    folder = tmp_path / f"embedded-{phantom.VERSION}" / "Segmentation01"
    assert [path.name for path in folder.parent.iterdir()] == ["Segmentation01"]
    found = digests(folder)
    assert len(found) == 122
    first = killed[0] / f"embedded-{phantom.VERSION}" / "Segmentation01"
    if first.exists():
        assert digests(first) == found


def test_where_nothing_can_be_written_one_line_says_what_to_do(tmp_path):
    (tmp_path / f"embedded-{phantom.VERSION}").write_text("in the way")
    code = """
from xraydojo import DojoError
from xraydojo.data import embedded
try:
    embedded.folder("Segmentation01")
except (DojoError, OSError) as error:
    print(error)
"""
    out, error = start(tmp_path, code).communicate(timeout=60)
    assert len(out.strip().splitlines()) == 1 and "embedded" in out, error


@pytest.fixture(scope="module")
def small_films():
    """The patients' films, small, so that all sets are made quickly."""
    real = embedded.film
    return functools.cache(lambda patient, side=256: real(patient, 64))


@pytest.fixture
def sets(small_films, monkeypatch, tmp_path):
    """Return a function that makes a whole set from small films and returns its folder."""
    monkeypatch.setattr(embedded, "film", small_films)

    def make(name):
        place, recipe = tmp_path / name, embedded.RECIPES[name]
        for patient in recipe.patients:
            embedded._write(place, recipe.files(patient))
        embedded._write(place, recipe.lists(place))
        return place

    return make


def test_directions_are_turned_as_in_the_original_and_split_alike(sets):
    place = sets("Directions01")
    counts = Counter((path.parts[-3], path.parts[-2]) for path in place.glob("*/*/*.png"))
    assert counts == {
        (part, way): n
        for part, n in (("train", 237), ("test", 10))
        for way in ("up", "down", "left", "right")
    }
    up, down, left, right = (
        np.asarray(Image.open(place / "train" / way / "17.png")) for way in ("up", "down", "left", "right")
    )
    assert up.shape == (128, 128) and up.dtype == np.uint8
    assert np.array_equal(down, up[::-1, ::-1])
    assert np.array_equal(left, np.rot90(up, 1)) and np.array_equal(right, np.rot90(up, 3))
    assert (place / "list_train.txt").read_bytes().startswith(b".\\train\\down\\0.png,down\r\n")
    listed = (place / "list_test.txt").read_bytes()
    assert listed[:2] == b"\xff\xfe" and ".\\test\\up\\10.png,up\r\n" in listed.decode("utf-16")
    split = data.load_directions(place)
    assert len(split.test) == 40 and len(split.train) + len(split.validation) == 948


def test_sexes_are_as_many_as_in_the_original(sets):
    place = sets("Gender01")
    found = Counter((path.parts[-3], path.parts[-2]) for path in place.glob("*/*/*.png"))
    assert found == {
        ("train", "female"): 86,
        ("train", "male"): 68,
        ("test", "female"): 42,
        ("test", "male"): 51,
    }
    split = data.load_sex(place)
    assert np.bincount(split.test.targets).tolist() == [42, 51]


def test_ages_are_those_of_the_people_and_two_are_missing(sets, small_films):
    place = sets("XPAge01_RGB")
    split = data.load_age(place)
    assert len(split.train) + len(split.validation) == 80 and len(split.test) == 165
    everyone = {
        name: age
        for part in (split.train, split.validation, split.test)
        for name, age in zip(part.names, part.targets)
    }
    for patient in (0, 100, 200):
        (age,) = (age for name, age in everyone.items() if embedded.name_of(patient) in name)
        assert age == small_films(patient).person.age


def test_lungs_are_white_in_the_masks_and_the_numbers_start_as_in_the_original(sets, small_films):
    place = sets("Segmentation01")
    assert (place / "train/org/1.png").exists() and not (place / "train/org/0.png").exists()
    assert (place / "test/label/0.png").exists()
    split = data.load_segmentation(place)
    assert len(split.train) + len(split.validation) == 50 and len(split.test) == 10
    assert np.array_equal(split.test.targets[0] > 0, small_films(50).lungs > 0)


def test_the_four_classes_are_lung_heart_body_and_outside(sets, small_films):
    place = sets("Segmentation02")
    label = np.asarray(Image.open(place / "segmentation/label_train/case001_label.png"))
    assert set(np.unique(label)) <= {0, 85, 170, 255}
    assert np.array_equal(label == 255, small_films(0).lungs > 0)
    assert len(list(place.glob("segmentation/org_train/*.bmp"))) == 199
    split = data.load_segmentation(place, classes=4)
    assert len(split.test) == 48 and split.test.classes == ("outside", "heart", "body", "lung")


@pytest.mark.parametrize(
    ("name", "load"), [("SuperResolution", data.load_super_resolution), ("Denoise", data.load_denoise)]
)
def test_degraded_films_pair_with_their_originals(sets, name, load):
    split = load(sets(name))
    assert len(split.train) + len(split.validation) + len(split.test) == 247
    error = np.abs(split.test.images - split.test.targets).mean()
    others = np.abs(split.test.images - split.test.targets[::-1]).mean()
    assert 0 < error < 0.5 * others


def test_the_flipped_films_are_mirror_images_of_normal_ones(sets):
    place = sets("autoencoder_img")
    flipped = sorted((place / "flip").iterdir())
    assert len(flipped) == 13 and len(list((place / "normal").iterdir())) == 247
    for path in flipped:
        pair = [np.asarray(Image.open(place / kind / path.name)) for kind in ("flip", "normal")]
        assert np.array_equal(pair[0][:, ::-1], pair[1])
    assert data.load_autoencoder(place).test.targets.sum() == 13


def test_nodules_are_where_the_table_says(sets, small_films):
    place = sets("JSRT")
    split = data.load_nodules(place, size=None)
    films = {}
    for part in (split.train, split.validation, split.test):
        films |= dict(zip(part.patients, part.nodules))
    assert len(films) == 247 and sum(map(bool, films.values())) == 154
    grades = Counter(nodule.subtlety for (nodule,) in filter(None, films.values()))
    assert grades == {5: 12, 4: 38, 3: 50, 2: 29, 1: 25}
    rows = (place / "CLNDAT_EN.txt").read_text().splitlines()
    assert rows[0].startswith("JPCLN001.IMG\t5\t") and len(rows) == 154
    assert rows[105].split("\t")[3] == "?"  # JPCLN106


def test_places_of_nodules_come_back_to_a_pixel(small_films):
    """The table gives whole pixels of 2048 x 2048 and whole mm."""
    for patient in (0, 60, 150):
        film = embedded.film(patient, embedded.NODULE_SIDE)
        (box,) = film.boxes
        cells = embedded._row(patient, film).split("\t")
        x, y, size = int(cells[5]) / 4, int(cells[6]) / 4, int(cells[2]) / 0.7
        wanted = [x - size / 2, y - size / 2, x + size / 2, y + size / 2]
        assert np.abs(box - wanted).max() < 1.0


def test_practice_films_are_2048_wide_and_dicom_is_readable(sets, tmp_path):
    images = sets("Practice_PNGandJPG")
    assert (
        len(list(images.glob("chestimage_PNG/*.png"))) == len(list(images.glob("chestimage_JPG/*.jpg"))) == 10
    )
    objects = sorted(sets("Practice_DICOM").glob("chestimages_DICOM/*.dcm"))
    assert [path.stem for path in objects[:2]] == ["JPCLN001", "JPCLN002"] and len(objects) == 10
    assert pydicom.dcmread(objects[0]).PatientID == "JPCLN001"


def test_a_folder_of_films_is_written_once_and_read_back(tmp_path):
    place = tmp_path / "films"
    embedded.write_films(place, 2, 48, 7)
    films = data.load_films(place, size=(48, 48))
    assert films.names == ("phantom00007.png", "phantom00008.png")
    assert np.abs(films.images[0] - phantom.film(7, (48, 48)).display).max() <= 0.5 / 255 + 1e-6
    assert data.dicom.read(place / "dicom/phantom00007.dcm").Rows == 48
    with pytest.raises(embedded.EmbeddedError, match="not empty"):
        embedded.write_films(place, 1, 48, 0)
