"""Unit 01 against the standard's formulas and pydicom, on real objects and on pydicom's own test files."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_modality_lut, apply_voi_lut, apply_windowing

import xraydojo
from xraydojo.data import dicom
from xraydojo.lesson import REPOSITORY, read_unit
from xraydojo.library import images as library

REAL = REPOSITORY.parent / "shared" / "realdata" / "dicom"
FILES = {
    "a real film of 10 bits, without a preamble": REAL / "CR-MONO1-10-chest.dcm",
    "a real film of 15 bits, in JPEG 2000": REAL / "RG1_J2KI.dcm",
    "pydicom's CT": "CT_small.dcm",
    "pydicom's MR": "MR_small.dcm",
    "pydicom's MR in RLE": "MR_small_RLE.dcm",
    "pydicom's MR in big endian": "MR_small_bigendian.dcm",
}


@pytest.fixture(scope="module")
def solution():
    """The names that setup and solved exercises define."""
    unit, names = read_unit("01_images"), {"__name__": "__main__"}
    xraydojo.begin(unit.id, "en")
    for cell in unit.cells:
        if cell.kind in ("setup", "exercise"):
            exec(cell.sources["en"], names)
    return names


@pytest.fixture(params=["solution", "library"])
def functions(request, solution):
    if request.param == "solution":
        return solution
    return {name: getattr(library, name) for name in ("window", "histogram", "pixel_size_mm", "to_display")}


@pytest.fixture(params=FILES, ids=str)
def film(request):
    name = FILES[request.param]
    path = name if isinstance(name, Path) else get_testdata_file(name, download=False)
    if path is None or not Path(path).exists():
        pytest.skip(f"{request.param} is not here")
    return dicom.read(path)


def standard(x, center, width):
    """PS3.3 C.11.2.1.2.1, value by value, as its pseudo-code has it."""
    if x <= center - 0.5 - (width - 1) / 2:
        return 0.0
    if x > center - 0.5 + (width - 1) / 2:
        return 1.0
    return (x - (center - 0.5)) / (width - 1) + 0.5


def test_the_window_of_the_text_is_the_standards(functions):
    shown = functions["window"](np.arange(97, 103), 100, 5)
    assert np.allclose(shown, [0, 0.125, 0.375, 0.625, 0.875, 1])
    assert np.allclose(shown, [standard(x, 100, 5) for x in range(97, 103)])


def test_the_window_is_the_standards_and_pydicoms_on_every_film(functions, film):
    values = apply_modality_lut(film.pixel_array, film)
    center, width = float(np.median(values)), float(np.ptp(values)) / 3 + 1
    shown = np.asarray(functions["window"](values, center, width))
    rows = slice(None, None, 29)
    assert np.allclose(
        shown[rows, rows], np.vectorize(standard)(values[rows, rows].astype(float), center, width)
    )
    asked = pydicom.Dataset()
    asked.PhotometricInterpretation, asked.BitsStored, asked.PixelRepresentation = "MONOCHROME2", 16, 0
    asked.WindowCenter, asked.WindowWidth = center, width
    assert np.allclose(shown, apply_windowing(values.astype(float), asked) / 65535)


def test_to_display_is_pydicoms_voi_lut_in_its_own_range(functions, film):
    shown = np.asarray(functions["to_display"](film))
    values = apply_modality_lut(film.pixel_array, film)
    if "WindowWidth" in film:
        by_pydicom = apply_voi_lut(values, film).astype(float)
        low, high = 0, 2**film.BitsStored - 1
        if film.PixelRepresentation:
            low, high = -(2 ** (film.BitsStored - 1)), 2 ** (film.BitsStored - 1) - 1
        slope, intercept = film.get("RescaleSlope", 1), film.get("RescaleIntercept", 0)
        expected = (by_pydicom - (low * slope + intercept)) / ((high - low) * slope)
    else:
        expected = (values - values.min()) / np.ptp(values)
    if film.PhotometricInterpretation == "MONOCHROME1":
        expected = 1 - expected
    assert np.allclose(shown, expected, atol=1e-9)
    assert shown.min() >= 0 and shown.max() <= 1


@pytest.mark.parametrize(
    ("name", "spine", "lung"),
    [
        ("CR-MONO1-10-chest.dcm", np.s_[300:340, 190:220], np.s_[150:300, 80:130]),
        ("RG1_J2KI.dcm", np.s_[1100:1300, 850:950], np.s_[500:600, 420:520]),
    ],
)
def test_bones_are_bright_on_the_real_monochrome1_films(functions, name, spine, lung):
    if not REAL.is_dir():
        pytest.skip("the real films are not here")
    film = dicom.read(REAL / name)
    assert film.PhotometricInterpretation == "MONOCHROME1"
    shown = np.asarray(functions["to_display"](film))
    assert shown[spine].mean() > shown[lung].mean() + 0.1


def test_a_real_header_that_says_zero_millimetres_gives_no_size(functions):
    path = REAL / "RG1_J2KI.dcm"
    if not path.exists():
        pytest.skip("the real films are not here")
    film = dicom.read(path)
    assert [float(v) for v in film.PixelSpacing] == [0, 0]
    assert functions["pixel_size_mm"](film) is None


def test_the_histogram_is_numpys(functions):
    image = np.random.default_rng(3).integers(0, 4096, (31, 17)).astype("uint16")
    counts, edges = functions["histogram"](image, 9)
    expected = np.histogram(image, 9)
    assert np.array_equal(counts, expected[0]) and np.allclose(edges, expected[1])
    assert sum(counts) == image.size
