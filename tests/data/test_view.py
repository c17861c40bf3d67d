"""`dojo data view`: a film as a picture and a table, and one line for what cannot be shown."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.test_cli import dojo


@pytest.fixture
def film(tmp_path):
    """A small CR-like object of pydicom's own test files."""
    path = tmp_path / "胸部 1.dcm"
    pydicom.dcmread(get_testdata_file("CT_small.dcm")).save_as(path)
    return path


def test_a_film_is_told_and_written_as_a_picture(film, tmp_path):
    out = tmp_path / "film.png"
    done = dojo("data", "view", film, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "128" in done.stdout and "MONOCHROME2" in done.stdout
    picture = np.asarray(Image.open(out))
    assert picture.shape == (128, 128) and picture.dtype == np.uint8
    assert picture.min() == 0 and picture.max() == 255


def test_a_patients_name_is_not_told(film):
    dataset = pydicom.dcmread(film)
    assert str(dataset.PatientName) not in dojo("data", "view", film).stdout


def cut(path):
    path.write_bytes(path.read_bytes()[:-5000])


def cut_compressed(path):
    content = Path(get_testdata_file("MR_small_RLE.dcm", download=False)).read_bytes()
    path.write_bytes(content[:-2500])


def without_pixels(path):
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)


def text(path):
    path.write_text("not DICOM")


def unknown_codec(path):
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
    dataset.PixelData = pydicom.encaps.encapsulate([dataset.PixelData])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)


@pytest.mark.parametrize("spoil", [cut, cut_compressed, without_pixels, text, unknown_codec])
def test_a_film_that_cannot_be_shown_ends_in_one_line_and_nothing_is_written(film, tmp_path, spoil):
    spoil(film)
    done = dojo("data", "view", film, "--out", tmp_path / "film.png")
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert film.name in line
    assert not (tmp_path / "film.png").exists()
