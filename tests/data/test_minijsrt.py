"""Loading miniJSRT and JSRT: folders in the layout of the real ones, and what is found wrong in such folders."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xraydojo import DojoError, language
from xraydojo.data import (
    FilmsError,
    cards,
    embedded,
    load_age,
    load_autoencoder,
    load_denoise,
    load_directions,
    load_nodules,
    load_segmentation,
    load_sex,
    load_super_resolution,
)

DIRECTIONS = ("up", "down", "left", "right")
# degrees anticlockwise from up, in quarter turns
TURNS = {"up": 0, "left": 1, "down": 2, "right": 3}


@pytest.fixture(autouse=True)
def english_and_an_empty_cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path_factory.mktemp("cache")))
    language.use("en")
    yield
    language.use(None)


def noise(seed, shape=(12, 12)):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_list(path, lines):
    """Write a list as the real ones are: the one of the test films in UTF-16LE with a mark, both with CRLF."""
    text = "".join(line + "\r\n" for line in lines)
    stored = b"\xff\xfe" + text.encode("utf-16-le") if path.name == "list_test.txt" else text.encode("ascii")
    path.write_bytes(stored)


def everyone(split):
    """Return patient by film name, over the three parts."""
    return {
        name: patient
        for part in (split.train, split.validation, split.test)
        for name, patient in zip(part.names, part.patients)
    }


def refusal(load, folder, **options):
    """Return what a loader says of a folder: one line, in English and in Japanese."""
    said = []
    for name in ("en", "ja"):
        language.use(name)
        with pytest.raises(FilmsError) as caught:
            load(folder, **options)
        said.append(str(caught.value))
    language.use("en")
    assert all("\n" not in text for text in said)
    assert said[0].isascii() and not said[1].isascii()
    return said


@pytest.fixture
def directions(tmp_path):
    """Directions01 with 33 films a class for training, from 0, and 4 for testing, from 1; 25 = 24 and 31 = 30."""
    home = tmp_path / "Directions01"
    for part, numbers in (("train", range(33)), ("test", range(1, 5))):
        for number in numbers:
            seed = {25: 24, 31: 30}.get(number, number) + 100 * (part == "test")
            for way, turns in TURNS.items():
                save(home / part / way / f"{number}.png", np.rot90(noise(seed), turns))
        lines = [f".\\{part}\\{way}\\{number}.png,{way}" for way in DIRECTIONS for number in numbers]
        write_list(home / f"list_{part}.txt", lines)
    return home


@pytest.fixture
def sexes(tmp_path):
    """Gender01 with 10 films for training and 4 for testing."""
    home = tmp_path / "Gender01"
    for part, kind, count in (("train", "LN", 10), ("test", "NN", 4)):
        names = [
            (("female", "male")[number % 2], f"JPC{kind}{number:03d}.png") for number in range(1, count + 1)
        ]
        for number, (sex, name) in enumerate(names):
            save(home / part / sex / name, noise(number + 100 * (part == "test")))
        write_list(home / f"list_{part}.txt", [f".\\{part}\\{sex}\\{name},{sex}" for sex, name in names])
    return home


@pytest.fixture
def ages(tmp_path):
    """XPAge01_RGB with 6 films for training and 3 for testing."""
    home = tmp_path / "XPAge01_RGB" / "XP"
    for part, kind, ages in (("training", "LN", "53 78 63 ? 44 61"), ("test", "NN", "16 89 60")):
        rows = [(f"JPC{kind}{number:03d}.jpg", age) for number, age in enumerate(ages.split(), 1)]
        for number, (name, _) in enumerate(rows):
            (home / "JPGs").mkdir(parents=True, exist_ok=True)
            save(home / "JPGs" / name, np.stack([noise(number + 100 * (part == "test"))] * 3, -1))
        lines = ["filenames,age", *(f"{name},{age}" for name, age in rows)]
        (home / f"{part}data.csv").write_bytes("".join(line + "\r\n" for line in lines).encode())
    return home


@pytest.fixture
def lungs(tmp_path):
    """Segmentation01 with 5 films for training, from 1, and 2 for testing, from 0; the lungs are the left half."""
    home = tmp_path / "Segmentation01"
    mask = np.zeros((12, 12), np.uint8)
    mask[:, :6] = 255
    for part, numbers in (("train", range(1, 6)), ("test", range(2))):
        for number in numbers:
            save(home / part / "org" / f"{number}.png", noise(number + 100 * (part == "test")))
            save(home / part / "label" / f"{number}.png", mask)
        lines = [f".\\{part}\\org\\{number}.png,.\\{part}\\label\\{number}.png" for number in numbers]
        write_list(home / f"list_{part}.txt", lines)
    return home


@pytest.fixture
def organs(tmp_path):
    """Segmentation02 with 5 films for training and 2 for testing; a column each of outside, body, heart and lung."""
    home = tmp_path / "segmentation02" / "segmentation"
    mask = np.repeat(np.array([[0, 170, 85, 255]], np.uint8), 4, axis=0)
    for part, numbers in (("train", range(1, 6)), ("test", range(6, 8))):
        for number in numbers:
            save(home / f"org_{part}" / f"case{number:03d}.bmp", noise(number, (4, 4)))
            save(home / f"label_{part}" / f"case{number:03d}_label.png", mask)
    return home


@pytest.fixture
def pairs(tmp_path):
    """SuperResolution with 10 films of 12 x 12 and their copies of half the size."""
    home = tmp_path / "SuperResolution"
    for number in range(10):
        film = noise(number)
        save(home / "org" / f"{number}.png", film)
        save(home / "low" / f"{number}.png", film[::2, ::2])
    return home


@pytest.fixture
def anomalies(tmp_path):
    """autoencoder_img with 20 normal films, two of them flipped too, and a flipped one of nobody else."""
    home = tmp_path / "autoencoder_img"
    for number in range(20):
        save(home / "normal" / f"{number}.png", noise(number))
    for number, film in {3: 3, 8: 8, 77: 777}.items():
        save(home / "flip" / f"{number}.png", noise(film)[:, ::-1])
    return home


# the first lines of the real table are like these: a place may spill over several tabs
NODULES = (
    "JPCLN001.IMG\t5\t15\t53\tFemale\t1634\t692\tmalignant\tl.upper lobe(S1+2)\tlung cancer",
    "JPCLN002.IMG\t3\t35\t?\tMale\t512\t1024\tbenign\tr.lower lobe\t(S8)\t\ttuberculoma",
)
NO_NODULES = tuple(f"JPCNN{number:03d}.IMG\t60\tFemale\tnon-nodule" for number in (1, 2, 3))


@pytest.fixture
def small_jsrt(tmp_path):
    """The JSRT database as the course embeds it: 2 films with a nodule, 3 without, as PNG of 12 bits, here 64 x 64."""
    home = tmp_path / "JSRT"
    home.mkdir()
    for name, lines in (("CLNDAT_EN.txt", NODULES), ("CNNDAT_EN.TXT", NO_NODULES)):
        (home / name).write_bytes("".join(line + "\r\n" for line in lines).encode())
    for number, line in enumerate((*NODULES, *NO_NODULES)):
        pixels = np.random.default_rng(number).integers(0, 4096, (64, 64)).astype(np.uint16)
        save(home / f"{line[:8]}.png", pixels)
    return home


def film_of(split, ending):
    """Return the set and the index of the film whose name ends so."""
    (found,) = [
        (part, index)
        for part in (split.train, split.validation, split.test)
        for index, name in enumerate(part.names)
        if name.endswith(ending)
    ]
    return found


# what is read


def test_directions_keep_their_parts_and_the_folder_is_the_class(directions):
    split = load_directions(directions)
    assert len(split.test) == 16 and len(split.train) + len(split.validation) == 4 * 33
    for part in (split.train, split.validation, split.test):
        assert part.classes == DIRECTIONS
        assert part.targets.dtype == np.int64 and part.images.dtype == np.float32
        assert [DIRECTIONS[index] for index in part.targets] == [name.split("/")[1] for name in part.names]


def test_pixels_are_what_the_file_holds_from_black_to_white(directions):
    split = load_directions(directions)
    part, index = film_of(split, "train/up/7.png")
    assert np.array_equal(part.images[index], (noise(7) / 255).astype(np.float32))
    part, index = film_of(split, "train/left/7.png")
    assert np.array_equal(part.images[index], np.rot90((noise(7) / 255).astype(np.float32), 1))


def test_the_same_patient_in_all_four_directions_is_in_one_part(directions):
    patients = everyone(load_directions(directions))
    for part, number in (("train", 0), ("train", 32), ("test", 1)):
        assert len({patients[f"{part}/{way}/{number}.png"] for way in DIRECTIONS}) == 1
    assert patients["train/up/1.png"] != patients["test/up/1.png"]


def test_the_repeated_films_25_and_24_and_31_and_30_share_one_patient(directions):
    patients = everyone(load_directions(directions))
    assert patients["train/up/25.png"] == patients["train/down/24.png"]
    assert patients["train/left/31.png"] == patients["train/right/30.png"]
    assert len({patient for name, patient in patients.items() if name.startswith("train")}) == 31


def test_a_training_film_that_is_also_a_test_film_is_left_out_in_all_directions_and_noted(directions):
    save(directions / "train" / "up" / "5.png", noise(102))
    split = load_directions(directions)
    names = everyone(split)
    assert "test/up/2.png" in names
    assert not [name for name in names if name.startswith("train/") and name.endswith("/5.png")]
    assert split.note == "films left out of training, as their patients are in the test set: 4"


@pytest.mark.parametrize(
    "turned", [np.rot90, np.fliplr, np.flipud, np.transpose, lambda film: np.rot90(film, 2)]
)
def test_a_test_film_is_known_in_training_however_it_is_turned_or_mirrored(sexes, turned):
    save(sexes / "train" / "male" / "JPCLN005.png", turned(noise(102)))
    split = load_sex(sexes)
    assert "train/male/JPCLN005.png" not in everyone(split) and split.note.endswith(": 1")


def test_validation_is_a_fifth_of_the_patients_and_the_same_each_time(directions):
    one, two = load_directions(directions), load_directions(directions)
    assert len(set(one.validation.patients)) == 6  # of 31
    assert one.validation.names == two.validation.names


def test_each_file_of_gender01_is_a_patient(sexes):
    split = load_sex(sexes)
    assert split.train.classes == ("female", "male")
    assert len(split.train) == 8 and len(split.validation) == 2 and len(split.test) == 4
    patients = everyone(split)
    assert patients["train/male/JPCLN001.png"] == "JPCLN001" and len(set(patients.values())) == 14
    for part in (split.train, split.validation, split.test):
        assert [("female", "male")[index] for index in part.targets] == [n.split("/")[1] for n in part.names]


def test_bare_numbers_in_gender01_are_other_patients_in_each_folder(tmp_path):
    for number in range(6):
        for index, place in enumerate(("train/female", "train/male", "test/female", "test/male")):
            save(tmp_path / place / f"{number}.png", noise(number + 10 * index))
    assert len(set(everyone(load_sex(tmp_path)).values())) == 24


def test_a_patient_of_jsrt_who_is_in_both_parts_is_left_out_of_training(sexes):
    save(sexes / "train" / "female" / "JPCNN002.png", noise(999))
    split = load_sex(sexes)
    assert "train/female/JPCNN002.png" not in everyone(split)
    assert "test/female/JPCNN002.png" in split.test.names
    assert split.note.endswith(": 1")


def test_ages_come_from_the_tables_and_are_nan_where_a_question_mark_stands(ages):
    split = load_age(ages)
    assert sorted(split.test.targets) == [16, 60, 89]
    known = [*split.train.targets, *split.validation.targets]
    assert sorted(age for age in known if not np.isnan(age)) == [44, 53, 61, 63, 78]
    part, index = film_of(split, "JPCLN004.jpg")
    assert np.isnan(part.targets[index]) and part.classes == ()


def test_an_age_that_is_empty_is_nan_and_an_empty_line_is_nothing(ages):
    table = ages / "testdata.csv"
    table.write_bytes(b"filenames,age\r\nJPCNN001.jpg,\r\n\r\n,\r\nJPCNN002.jpg,89\r\n")
    split = load_age(ages)
    assert len(split.test) == 2 and np.isnan(split.test.targets[0]) and split.test.targets[1] == 89


def test_a_colour_jpeg_of_a_grey_film_is_that_film(ages):
    smooth = np.tile(np.linspace(0, 255, 12).round().astype(np.uint8), (12, 1))
    save(ages / "JPGs" / "JPCLN001.jpg", np.stack([smooth] * 3, -1))
    part, index = film_of(load_age(ages), "JPCLN001.jpg")
    assert np.allclose(part.images[index], smooth / 255, atol=0.05)


def test_lungs_are_1_and_training_numbers_start_at_1_and_test_numbers_at_0(lungs):
    split = load_segmentation(lungs)
    assert split.test.names == ("test/org/0.png", "test/org/1.png")
    assert sorted([*split.train.names, *split.validation.names]) == [
        f"train/org/{n}.png" for n in range(1, 6)
    ]
    masks = split.train.targets
    assert masks.dtype == np.uint8 and split.train.classes == ("background", "lung")
    assert (masks[:, :, :6] == 1).all() and (masks[:, :, 6:] == 0).all()


def test_numbers_that_are_in_both_parts_of_segmentation01_are_not_the_same_patient(lungs):
    split = load_segmentation(lungs)
    assert split.note == "" and len(split.train) + len(split.validation) == 5


def test_outside_heart_body_and_lung_are_the_four_classes(organs):
    split = load_segmentation(organs, classes=4)
    names = np.array(split.test.classes)
    assert names[split.test.targets[0, 0]].tolist() == ["outside", "body", "heart", "lung"]
    assert split.test.names == ("org_test/case006.bmp", "org_test/case007.bmp")


def test_the_organs_set_gives_lungs_alone_too(organs):
    split = load_segmentation(organs)
    assert split.train.classes == ("background", "lung")
    assert split.train.targets[0, 0].tolist() == [0, 0, 0, 1]
    assert "Segmentation02" in split.source


def test_three_classes_are_refused(lungs):
    with pytest.raises(ValueError, match="2 or 4"):
        load_segmentation(lungs, classes=3)


def test_the_degraded_film_is_the_input_and_the_original_the_target(pairs):
    split = load_super_resolution(pairs)
    assert split.train.images.shape[1:] == (6, 6) and split.train.targets.shape[1:] == (12, 12)
    assert np.array_equal(split.train.images, split.train.targets[:, ::2, ::2])
    assert len(split.test) == 2 and len(split.validation) == 2 and len(split.train) == 6


def test_originals_are_resized_to_the_size_and_degraded_films_by_the_same_factor(pairs):
    split = load_super_resolution(pairs, size=(24, 24))
    assert split.train.images.shape[1:] == (12, 12) and split.train.targets.shape[1:] == (24, 24)


def test_noisy_films_with_parts_keep_them(tmp_path):
    for part, count in (("train", 5), ("test", 2)):
        for number in range(count):
            film = noise(number + 100 * (part == "test")) // 2
            save(tmp_path / "Denoise" / part / "org" / f"{number}.png", film)
            save(tmp_path / "Denoise" / part / "noisy" / f"{number}.png", film + noise(number) // 4)
    split = load_denoise(tmp_path)
    assert split.test.names == ("test/org/0.png", "test/org/1.png") and split.note == ""
    assert (split.test.images >= split.test.targets).all()


def test_one_film_with_two_kinds_of_noise_is_one_patient(tmp_path):
    for number in range(10):
        save(tmp_path / "org" / f"{number}.png", noise(4 if number == 7 else number))
        save(tmp_path / "noisy" / f"{number}.png", noise(100 + number))
    patients = everyone(load_denoise(tmp_path))
    assert patients["org/4.png"] == patients["org/7.png"]


def test_flipped_films_and_their_patients_are_in_the_test_only(anomalies):
    split = load_autoencoder(anomalies)
    assert split.test.classes == ("normal", "flip")
    assert split.test.targets.sum() == 3
    assert not split.train.targets.any() and not split.validation.targets.any()
    assert {"normal/3.png", "normal/8.png", "flip/77.png"} < set(split.test.names)
    # of the 18 other patients a fifth is drawn, and a fifth of the rest validates
    assert len(split.test) == 3 + 2 + 4 and len(split.validation) == 3 and len(split.train) == 11


# the full database


def test_a_nodule_is_where_the_table_says_in_pixels_of_the_image_at_hand(small_jsrt):
    split = load_nodules(small_jsrt, size=None)
    part, index = film_of(split, "JPCLN002.png")
    (nodule,) = part.nodules[index]
    # 64 of 2048 pixels; 35 mm of 0.175 mm are 200 pixels
    assert (nodule.x, nodule.y) == (512 / 32, 1024 / 32)
    assert nodule.diameter == pytest.approx(200 / 32)
    assert nodule.subtlety == 3 and not nodule.malignant
    part, index = film_of(split, "JPCLN001.png")
    assert part.nodules[index][0].malignant and part.nodules[index][0].subtlety == 5
    assert part.targets[index] == 1 and part.classes == ("non-nodule", "nodule")
    part, index = film_of(split, "JPCNN003.png")
    assert part.nodules[index] == () and part.targets[index] == 0


def test_a_resized_film_has_its_nodule_at_the_same_place(small_jsrt):
    part, index = film_of(load_nodules(small_jsrt, size=(32, 32)), "JPCLN002.png")
    assert part.images.shape[1:] == (32, 32)
    assert part.boxes()[index][0] == pytest.approx([8 - 1.5625, 16 - 1.5625, 8 + 1.5625, 16 + 1.5625])


def test_a_high_value_is_air_and_air_is_dark(small_jsrt):
    pixels = np.zeros((64, 64), np.uint16)
    pixels[:, 32:] = 4095
    save(small_jsrt / "JPCLN001.png", pixels)
    part, index = film_of(load_nodules(small_jsrt, size=None), "JPCLN001.png")
    assert (part.images[index][:, :32] == 1).all() and (part.images[index][:, 32:] == 0).all()


def test_a_raw_film_is_read_as_big_endian_words_of_12_bits(small_jsrt):
    rows, columns = np.divmod(np.arange(2048 * 2048), 2048)
    raw = b"".join(bytes([value >> 8, value & 255]) for value in (columns[:2048] * 2).clip(max=4095).tolist())
    for path in small_jsrt.glob("*.png"):
        path.unlink()
        (small_jsrt / "Images").mkdir(exist_ok=True)
        (small_jsrt / "Images" / f"{path.stem}.IMG").write_bytes(raw * 2048)
    split = load_nodules(small_jsrt, size=(128, 128))
    part, index = film_of(split, "JPCLN001.IMG")
    # column 16 j + 7.5 is the middle of pixel j
    expected = 1 - 2 * (16 * np.arange(128) + 7.5) / 4095
    assert np.allclose(part.images[index], expected[None], atol=2e-3)
    assert part.nodules[index][0].x == 1634 / 16
    assert part.images.shape == (len(part), 128, 128)


def test_a_raw_film_that_was_cut_short_names_the_file_and_both_lengths(small_jsrt):
    path = small_jsrt / "JPCLN001.IMG"
    path.write_bytes(b"\0" * 1000)
    for text in refusal(load_nodules, small_jsrt):
        assert str(path) in text and "1000" in text and "8388608" in text


def test_a_raw_film_in_the_other_byte_order_is_refused(small_jsrt):
    path = small_jsrt / "JPCLN001.IMG"
    path.write_bytes(np.full(2048 * 2048, 0x0102, "<u2").tobytes())
    assert load_nodules(small_jsrt).test  # 0x0201 is still 12 bits
    path.write_bytes(np.full(2048 * 2048, 0x01FF, "<u2").tobytes())
    for text in refusal(load_nodules, small_jsrt):
        assert str(path) in text and "65281" in text and "4095" in text


def test_a_png_of_16_bits_in_jsrt_is_refused(small_jsrt):
    save(small_jsrt / "JPCLN001.png", np.full((64, 64), 40000, np.uint16))
    for text in refusal(load_nodules, small_jsrt):
        assert "JPCLN001.png" in text and "40000" in text


@pytest.mark.parametrize(
    "line",
    [
        "JPCLN001.IMG\t5\t15\t53\tFemale",  # too few columns
        "JPCLN001.IMG 5 15 53 Female 1634 692 malignant",  # spaces for tabs
        "JPCLN001.IMG\t6\t15\t53\tFemale\t1634\t692\tmalignant",  # no such subtlety
        "JPCLN001.IMG\t5\t15\t53\tFemale\t1634\t2048\tmalignant",  # below the film
        "JPCLN001.IMG\t5\t15\t53\tFemale\tl.\t692\tmalignant",  # no number
        "JPCLN001.IMG\t5\tnan\t53\tFemale\t1634\t692\tmalignant",
        "JPCLN001.IMG\t5\t15\t53\tFemale\t1634\t692\tl.upper lobe",  # neither malignant nor benign
        "film.IMG\t5\t15\t53\tFemale\t1634\t692\tmalignant",  # no name of the database
    ],
)
def test_a_line_of_the_table_that_cannot_be_meant_is_named(small_jsrt, line):
    table = small_jsrt / "CLNDAT_EN.txt"
    table.write_text(f"{NODULES[1]}\n\n{line}\n")
    for text in refusal(load_nodules, small_jsrt):
        assert str(table) in text and ("line 3" in text or "3 行目" in text) and "malignant or benign" in text


def test_a_film_that_the_table_names_but_is_not_there_is_named(small_jsrt):
    (small_jsrt / "JPCNN002.png").unlink()
    for text in refusal(load_nodules, small_jsrt):
        assert "JPCNN002.IMG" in text and str(small_jsrt) in text


@pytest.mark.parametrize("name", ["CLNDAT_EN.txt", "CNNDAT_EN.TXT"])
def test_a_missing_table_is_named(small_jsrt, name):
    (small_jsrt / name).unlink()
    for text in refusal(load_nodules, small_jsrt):
        assert name in text


def test_films_with_nodules_are_not_stretched(small_jsrt):
    for text in refusal(load_nodules, small_jsrt, size=(64, 48)):
        assert "(64, 48)" in text


# sizes


def test_films_are_resized_with_antialiasing(directions):
    lines = np.zeros((128, 128), np.uint8)
    lines[:, ::4] = 200
    save(directions / "train" / "up" / "0.png", lines)
    part, index = film_of(load_directions(directions, size=(16, 16)), "train/up/0.png")
    # a quarter of the columns is 200
    assert np.allclose(part.images[index][2:-2, 2:-2], 50 / 255, atol=0.02)


def test_masks_are_resized_to_the_nearest_pixel_so_that_no_class_is_made_up(organs):
    split = load_segmentation(organs, size=(6, 10), classes=4)
    assert split.train.images.shape[1:] == split.train.targets.shape[1:] == (6, 10)
    columns = split.train.targets[0, 0].tolist()
    # outside, body, heart, lung: no heart (1) between outside (0) and body (2)
    assert columns == sorted(columns, key=[0, 2, 1, 3].index)
    assert set(columns) == {0, 1, 2, 3}


def test_films_of_two_sizes_need_a_size(directions):
    save(directions / "test" / "up" / "3.png", noise(0, (20, 30)))
    for text in refusal(load_directions, directions):
        assert "3.png" in text and "20 x 30" in text and "12 x 12" in text
    assert load_directions(directions, size=(8, 8)).test.images.shape == (16, 8, 8)


def test_films_and_masks_of_two_sizes_need_a_size(organs):
    save(organs / "org_test" / "case007.bmp", noise(0, (6, 6)))
    save(organs / "label_test" / "case007_label.png", np.zeros((6, 6), np.uint8))
    for text in refusal(load_segmentation, organs):
        assert "case007_label.png" in text and "6 x 6" in text and "4 x 4" in text
    assert load_segmentation(organs, size=(8, 8)).test.targets.shape == (2, 8, 8)


# the common variants


LOADERS = {
    "directions": load_directions,
    "sexes": load_sex,
    "ages": load_age,
    "lungs": load_segmentation,
    "organs": load_segmentation,
    "pairs": load_super_resolution,
    "anomalies": load_autoencoder,
    "small_jsrt": load_nodules,
}


@pytest.fixture(params=LOADERS)
def any_set(request, tmp_path):
    """Return a loader, its folder, and the number of films that it finds."""
    request.getfixturevalue(request.param)
    (folder,) = tmp_path.iterdir()
    load = LOADERS[request.param]
    return load, folder, len(everyone(load(folder)))


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_upper_and_lower_case_of_folders_and_endings_do_not_matter(any_set, change):
    load, folder, count = any_set
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rename(path.with_name(change(path.name)))
    assert len(everyone(load(folder))) == count


def test_an_extra_folder_around_it_and_what_macos_adds_do_not_matter(any_set):
    load, folder, count = any_set
    outer = folder.parent / "outer"
    (outer / "download").mkdir(parents=True)
    (outer / "__MACOSX").mkdir()
    folder.rename(outer / "download" / folder.name)
    for inner in [path for path in outer.rglob("*") if path.is_dir()]:
        (inner / ".DS_Store").write_bytes(b"x")
        (inner / "._0.png").write_bytes(b"x")
    assert len(everyone(load(outer))) == count


def test_the_innermost_folder_may_be_given(organs, ages):
    assert len(load_segmentation(organs).test) == 2
    assert len(load_age(ages).test) == 3


def test_a_zip_is_read_as_its_folder(any_set):
    load, folder, count = any_set
    zipped = folder.with_suffix(".zip")
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder.parent))
    assert len(everyone(load(zipped))) == count


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "Directions01.zip").write_text("<html>Please log in</html>")
    with pytest.raises(DojoError, match="Directions01.zip"):
        load_directions(tmp_path / "Directions01.zip")


def test_lists_may_be_absent(directions, sexes, lungs):
    for home in (directions, sexes, lungs):
        for table in home.glob("list_*.txt"):
            table.unlink()
    assert len(load_directions(directions).test) == 16
    assert len(load_sex(sexes).test) == 4 and len(load_segmentation(lungs).test) == 2


def test_files_come_in_the_order_of_their_numbers(directions):
    names = load_directions(directions).train.names
    up = [int(Path(name).stem) for name in names if "/up/" in name]
    assert up == sorted(up)


# what is not there or damaged


def test_a_film_that_the_utf_16_list_names_but_is_not_there_is_named(directions):
    (directions / "test" / "left" / "3.png").unlink()
    for text in refusal(load_directions, directions):
        assert str(directions / "list_test.txt") in text and ".\\test\\left\\3.png" in text
        # up and down come first, four films each
        assert "line 11" in text or "11 行目" in text


def test_a_mask_that_the_list_names_but_is_not_there_is_named(lungs):
    (lungs / "train" / "org" / "4.png").unlink()
    (lungs / "train" / "label" / "4.png").unlink()
    for text in refusal(load_segmentation, lungs):
        assert "list_train.txt" in text and ".\\train\\org\\4.png" in text


def test_a_list_with_another_label_than_the_folder_is_refused(directions):
    table = directions / "list_train.txt"
    table.write_bytes(table.read_bytes().replace(b"down\\0.png,down", b"down\\0.png,up"))
    for text in refusal(load_directions, directions):
        assert str(table) in text and "0.png,up" in text


def test_a_list_that_is_no_text_is_refused(directions):
    table = directions / "list_test.txt"
    table.write_bytes(table.read_bytes()[:-1])
    for text in refusal(load_directions, directions):
        assert str(table) in text


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9])
@pytest.mark.parametrize(
    "name", ["directions/train/up/0.png", "organs/org_test/case006.bmp", "ages/JPGs/JPCLN002.jpg"]
)
def test_a_truncated_film_names_the_file(request, name, share):
    which, name = name.split("/", 1)
    home = request.getfixturevalue(which)
    path = home / name
    save(path, noise(0, (40, 40)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    for text in refusal(LOADERS[which], home, size=(8, 8)):
        assert str(path) in text


def test_a_film_of_16_bits_is_refused_where_8_are_expected(directions):
    save(directions / "train" / "up" / "0.png", np.full((12, 12), 4000, np.uint16))
    for text in refusal(load_directions, directions):
        assert "0.png" in text and "4000" in text and "255" in text


def test_a_mask_of_another_size_names_the_file_and_both_sizes(lungs):
    path = lungs / "train" / "label" / "2.png"
    save(path, np.zeros((12, 10), np.uint8))
    for text in refusal(load_segmentation, lungs):
        assert str(path) in text and "12 x 10" in text and "12 x 12" in text


def test_an_unknown_value_in_a_mask_is_named_with_those_allowed(lungs, organs):
    path = organs / "label_train" / "case003_label.png"
    save(path, np.repeat(np.array([[0, 170, 84, 255]], np.uint8), 4, axis=0))
    for text in refusal(load_segmentation, organs, classes=4):
        assert str(path) in text and " 84" in text and "0, 85, 170, 255" in text
    path = lungs / "test" / "label" / "0.png"
    save(path, np.full((12, 12), 85, np.uint8))
    for text in refusal(load_segmentation, lungs):
        assert str(path) in text and " 85" in text and "0, 255" in text


def test_a_film_without_a_mask_and_a_mask_without_a_film_are_named(lungs, organs):
    (lungs / "list_train.txt").unlink()
    (lungs / "train" / "label" / "2.png").unlink()
    for text in refusal(load_segmentation, lungs):
        assert str(lungs / "train" / "org" / "2.png") in text
    (organs / "org_test" / "case007.bmp").unlink()
    for text in refusal(load_segmentation, organs):
        assert "case007_label.png" in text


@pytest.mark.parametrize("leave", ["nothing", "Thumbs.db"])
def test_an_empty_class_folder_is_named(directions, leave):
    place = directions / "train" / "down"
    shutil.rmtree(place)
    place.mkdir()
    if leave != "nothing":
        (place / leave).write_bytes(b"x")
    for text in refusal(load_directions, directions):
        assert str(place) in text


def test_a_half_unpacked_set_names_what_is_missing(directions, organs):
    shutil.rmtree(directions / "test" / "right")
    for text in refusal(load_directions, directions.parent):
        assert str(directions) in text and "test/right" in text and "test/left" not in text
    shutil.rmtree(organs / "label_test")
    for text in refusal(load_segmentation, organs.parent):
        assert "label_test" in text and "org_test" not in text


def test_a_folder_of_another_set_is_refused_with_the_name_of_the_right_one(lungs, ages):
    for text in refusal(load_directions, lungs):
        assert "Directions01" in text and str(lungs) in text
    for text in refusal(load_segmentation, lungs, classes=4):
        assert "Segmentation02" in text
    for text in refusal(load_super_resolution, ages):
        assert "SuperResolution" in text and "org" in text


def test_an_absent_folder_is_named(tmp_path):
    for text in refusal(load_sex, tmp_path / "nowhere"):
        assert str(tmp_path / "nowhere") in text and "Gender01" in text


def test_two_degraded_folders_leave_open_which_is_meant(pairs):
    save(pairs / "other" / "0.png", noise(0))
    for text in refusal(load_super_resolution, pairs):
        assert str(pairs) in text and "low, other" in text


@pytest.mark.parametrize("header", ["filename,age", "filenames;age", "JPCLN001.jpg,53", ""])
def test_a_table_of_ages_without_its_columns_is_refused(ages, header):
    table = ages / "trainingdata.csv"
    table.write_text(f"{header}\nJPCLN001.jpg,53\n")
    for text in refusal(load_age, ages):
        assert str(table) in text and "filenames,age" in text


def test_an_age_that_is_no_number_is_named_by_line(ages):
    table = ages / "testdata.csv"
    table.write_text("filenames,age\nJPCNN001.jpg,16\nJPCNN002.jpg,89Y\n")
    for text in refusal(load_age, ages):
        assert str(table) in text and "89Y" in text and ("line 3" in text or "3 行目" in text)


def test_a_film_that_the_table_of_ages_names_but_is_not_there_is_named(ages):
    (ages / "JPGs" / "JPCLN003.jpg").unlink()
    for text in refusal(load_age, ages):
        assert str(ages / "trainingdata.csv") in text and "JPCLN003.jpg" in text


def test_a_table_saved_by_japanese_excel_is_read(ages):
    (ages / "testdata.csv").write_bytes(
        'filenames,age,備考\r\nJPCNN001.jpg,16,"結節なし,\r\n再確認"\r\n'.encode("cp932")
    )
    assert load_age(ages).test.targets.tolist() == [16]


# which folder it is


def test_the_set_that_was_chosen_is_loaded_with_its_source_and_citation(directions):
    cards.use(cards.card("Directions01"), directions)
    split = load_directions()
    assert len(split.test) == 16
    assert "148 films of Directions01" in split.source and "Shiraishi" in split.citation
    language.use("ja")
    assert "画像 148 枚" in load_directions().source


def test_without_a_choice_the_embedded_films_are_loaded_and_say_so(directions, monkeypatch):
    monkeypatch.setattr(embedded, "folder", {"Directions01": directions}.get)
    split = load_directions()
    assert len(split.test) == 16
    assert "phantom" in split.source and "no real patient" in split.source and split.citation == ""


@pytest.mark.parametrize("classes, name", [(2, "Segmentation01"), (4, "Segmentation02")])
def test_the_number_of_classes_says_which_embedded_set_is_meant(lungs, organs, monkeypatch, classes, name):
    monkeypatch.setattr(embedded, "folder", {"Segmentation01": lungs, "Segmentation02": organs.parent}.get)
    assert name in load_segmentation(classes=classes).source
    assert len(load_segmentation(classes=classes).train.classes) == classes
