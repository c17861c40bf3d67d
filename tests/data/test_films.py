"""Loading films: from a folder with an index, in any PNG, with clear words for a damaged one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xraydojo import language
from xraydojo.data import FilmsError, load_films
from xraydojo.data.films import FOLDER_VARIABLE

REAL_FILMS = Path(__file__).parents[3] / "shared" / "realdata"


@pytest.fixture(autouse=True)
def english_and_no_folder_from_outside(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    language.use("en")
    yield
    language.use(None)


def ramp(rows, columns):
    """Grey values that rise from 0 at the left to 200 at the right."""
    return np.tile(np.linspace(0, 200, columns), (rows, 1)).round().astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two films, a portrait and a landscape one, with masks of their left halves."""
    for name in ("films", "lung_masks"):
        (tmp_path / name).mkdir()
    for name, shape in (("a.png", (60, 40)), ("b.png", (30, 50))):
        Image.fromarray(ramp(*shape)).save(tmp_path / "films" / name)
        mask = np.zeros(shape, np.uint8)
        mask[:, : shape[1] // 2] = 255
        Image.fromarray(mask).save(tmp_path / "lung_masks" / name)
    (tmp_path / "index.csv").write_text("file,sex,age,license\na.png,F,61,CC BY 4.0\nb.png,,?,CC BY 4.0\n")
    return tmp_path


def refusal(folder):
    """Return what `load_films` says of a folder: one line, in English and in Japanese."""
    said = []
    for name in ("en", "ja"):
        language.use(name)
        with pytest.raises(FilmsError) as caught:
            load_films(folder)
        said.append(str(caught.value))
    assert all("\n" not in text for text in said)
    assert said[0].isascii() and not said[1].isascii()
    return said


def test_without_a_folder_there_are_sixty_films_of_the_phantom():
    films = load_films(size=(48, 40))
    assert len(films) == 60
    assert films.images.shape == films.lungs.shape == (60, 48, 40)
    assert films.images.dtype == np.float32 and films.lungs.dtype == bool
    assert 0 <= films.images.min() and films.images.max() <= 1
    assert "phantom" in films.source
    assert set(films.sex) == {"F", "M"} and films.age.min() >= 16 and films.age.max() <= 89


def test_the_environment_variable_names_the_folder(folder, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    assert load_films().names == ("a.png", "b.png")


def test_a_folder_given_as_argument_goes_before_the_environment_variable(folder, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, "/nowhere")
    assert len(load_films(folder)) == 2


def test_the_index_tells_sex_age_and_license_and_what_is_unknown_stays_so(folder):
    films = load_films(folder, size=(32, 32))
    assert films.sex == ("F", None)
    assert films.age[0] == 61 and np.isnan(films.age[1])
    assert "2 films" in films.source and "CC BY 4.0" in films.source


def test_a_film_of_another_aspect_is_padded_with_black_and_nothing_is_cut_off(folder):
    portrait, landscape = load_films(folder, size=(60, 60)).images
    assert np.all(portrait[:, :9] == 0) and np.all(portrait[:, 51:] == 0)
    assert np.allclose(portrait[:, 10:50], ramp(60, 40) / 255, atol=1e-6)
    assert np.all(landscape[:10] == 0) and np.all(landscape[50:] == 0)
    assert abs(landscape[30, -1] - 200 / 255) < 0.02


def test_masks_are_padded_and_resized_with_their_films(folder):
    lungs = load_films(folder, size=(60, 60)).lungs
    assert lungs[0, :, 10:30].all() and not lungs[0, :, :10].any() and not lungs[0, :, 30:].any()
    assert lungs[1, 15:45, :28].all() and not lungs[1, :, 32:].any()


def test_resizing_averages_fine_lines_instead_of_skipping_them(folder):
    lines = np.zeros((400, 400), np.uint8)
    lines[:, ::4] = 200
    Image.fromarray(lines).save(folder / "films" / "a.png")
    Image.fromarray(lines).save(folder / "lung_masks" / "a.png")
    small = load_films(folder, size=(50, 50)).images[0]
    assert np.allclose(small[5:-5, 5:-5], 50 / 255, atol=0.02)


def test_a_colour_png_becomes_its_luminance(folder):
    color = np.zeros((60, 40, 3), np.uint8)
    color[...] = (200, 100, 50)
    Image.fromarray(color).save(folder / "films" / "a.png")
    # ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B
    expected = (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255
    assert np.allclose(load_films(folder, size=(60, 40)).images[0], expected, atol=1 / 255)


def test_a_16_bit_png_of_12_bits_is_as_bright_as_its_8_bit_copy(folder):
    deep = (ramp(60, 40).astype(np.uint16) * 16) + 15
    Image.fromarray(deep).save(folder / "films" / "a.png")
    assert np.allclose(load_films(folder, size=(60, 40)).images[0], deep / 4095, atol=1e-5)


def test_without_masks_lungs_are_none(folder):
    shutil.rmtree(folder / "lung_masks")
    assert load_films(folder).lungs is None


def test_an_absent_folder_is_named_with_the_remedy(tmp_path):
    for text in refusal(tmp_path / "nowhere"):
        assert str(tmp_path / "nowhere") in text and "index.csv" in text


def test_a_missing_index_is_named(folder):
    (folder / "index.csv").unlink()
    for text in refusal(folder):
        assert str(folder / "index.csv") in text


@pytest.mark.parametrize("content", ["", "file,sex,age\n"])
def test_an_empty_index_is_refused(folder, content):
    (folder / "index.csv").write_text(content)
    assert "lists no film" in refusal(folder)[0]


def test_an_index_in_another_encoding_is_refused(folder):
    (folder / "index.csv").write_bytes("file,finding\na.png,結節影\n".encode("shift_jis"))
    assert "UTF-8" in refusal(folder)[0]


def test_an_index_with_a_byte_order_mark_is_read(folder):
    (folder / "index.csv").write_bytes(b"\xef\xbb\xbffile\r\na.png\r\n")
    assert load_films(folder).names == ("a.png",)


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", ""])
def test_an_index_that_leaves_its_folder_is_refused_by_line(folder, name):
    (folder / "index.csv").write_text(f"file,sex\na.png,F\n{name},F\n")
    assert "line 3" in refusal(folder)[0]


def test_an_index_without_the_column_file_is_refused(folder):
    (folder / "index.csv").write_text("image,sex\na.png,F\n")
    assert "column file" in refusal(folder)[0]


def test_a_film_that_the_index_names_but_is_not_there_is_named(folder):
    (folder / "films" / "b.png").unlink()
    for text in refusal(folder):
        assert str(folder / "films" / "b.png") in text


def test_a_mask_that_is_not_there_is_named(folder):
    (folder / "lung_masks" / "b.png").unlink()
    for text in refusal(folder):
        assert str(folder / "lung_masks" / "b.png") in text


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9])
def test_a_truncated_png_names_the_file(folder, share):
    path = folder / "films" / "b.png"
    noise = np.random.default_rng(0).integers(0, 256, (30, 50), np.uint8)
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    for text in refusal(folder):
        assert str(path) in text


def test_a_png_with_a_flipped_byte_names_the_file(folder):
    path = folder / "films" / "b.png"
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(b"IDAT") + 6] ^= 0xFF
    path.write_bytes(damaged)
    assert str(path) in refusal(folder)[0]


def test_a_jpeg_called_png_names_the_file(folder):
    path = folder / "films" / "b.png"
    Image.fromarray(ramp(30, 50)).save(path, format="JPEG")
    assert str(path) in refusal(folder)[0]


def test_a_mask_of_another_size_names_the_file_and_both_sizes(folder):
    path = folder / "lung_masks" / "b.png"
    Image.fromarray(np.zeros((50, 30), np.uint8)).save(path)
    for text in refusal(folder):
        assert str(path) in text and "50 x 30" in text and "30 x 50" in text


@pytest.mark.skipif(not REAL_FILMS.is_dir(), reason="the 39 real films are not here")
def test_the_39_real_films_are_read_with_their_masks():
    films = load_films(REAL_FILMS, size=(128, 128))
    assert films.images.shape == films.lungs.shape == (39, 128, 128)
    assert films.sex.count("F") + films.sex.count("M") == 39
    # lungs are darker than the rest of the body between them in every film
    dark = [
        image[lungs].mean() < image[40:90, 56:72].mean() for image, lungs in zip(films.images, films.lungs)
    ]
    assert np.mean(dark) > 0.95
    assert 0.30 < films.lungs.mean() < 0.40
