"""Reading, showing and de-identifying DICOM radiographs."""

import copy
import io
import os
import shutil
import subprocess
from types import SimpleNamespace

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless, generate_uid

from xraydojo import language
from xraydojo.data import dicom, phantom


def saved(dataset, path):
    dataset.save_as(path, enforce_file_format=True)
    return path


def refused(path):
    """Return the one line with which a file is refused; it names the file in both languages."""
    lines = []
    for lang in ("en", "ja"):
        language.use(lang)
        with pytest.raises(dicom.DicomError) as error:
            dicom.read(path)
        lines.append(str(error.value))
        assert str(path) in lines[-1] and "\n" not in lines[-1]
    assert lines[0] != lines[1]
    return lines[0]


def test_the_example_is_read_back_as_it_was_written(tmp_path):
    film = dicom.example()
    again = dicom.read(saved(film, tmp_path / "film.dcm"))
    assert np.array_equal(again.pixel_array, film.pixel_array)
    assert again.pixel_array.shape == (320, 288) and again.pixel_array.max() < 4096


def test_the_example_is_the_same_for_a_seed_and_another_for_another():
    assert dicom.example(4) == dicom.example(4)
    assert dicom.example(4) != dicom.example(5)


def test_the_standards_checker_finds_no_fault_with_a_film_of_the_phantom(tmp_path):
    """David Clunie's dciodvfy, from Debian's package dicom3tools, checks an object against PS3.3."""
    checker = shutil.which("dciodvfy")
    if checker is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no dciodvfy on PATH: apt install dicom3tools")
    for number, size in ((1, (320, 288)), (2, (96, 128))):
        film = dicom.radiograph(phantom.film(number, size), f"PHANTOM-{number}")
        path = saved(film, tmp_path / f"{number}.dcm")
        done = subprocess.run([checker, path], capture_output=True, text=True)
        assert done.stderr.split() == ["CRImage"], done.stderr
        assert done.returncode == 0


def test_the_example_has_what_the_cr_object_requires():
    # PS3.3 A.2 and its modules: the attributes of type 1 and 2 that a single film needs
    film = dicom.example()
    for (
        keyword
    ) in """SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality PatientName PatientID
        PatientBirthDate PatientSex StudyDate StudyTime ReferringPhysicianName StudyID AccessionNumber SeriesNumber
        Manufacturer InstanceNumber PatientOrientation BodyPartExamined ViewPosition SamplesPerPixel
        PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation""".split():
        assert keyword in film, keyword
    assert film.SOPClassUID == "1.2.840.10008.5.1.4.1.1.1"
    assert film.HighBit == film.BitsStored - 1
    assert film.file_meta.MediaStorageSOPInstanceUID == film.SOPInstanceUID


def test_a_file_without_preamble_is_read(tmp_path):
    stream = io.BytesIO()
    old = dicom.example()
    del old.file_meta
    pydicom.dcmwrite(stream, old, implicit_vr=True, little_endian=True)
    path = tmp_path / "old.dcm"
    path.write_bytes(stream.getvalue())
    assert path.read_bytes()[128:132] != b"DICM"
    assert np.array_equal(dicom.read(path).pixel_array, dicom.example().pixel_array)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    refused(tmp_path / "nothing.dcm")
    refused(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", "肺野\n".encode() * 50, bytes(4096), b"\x89PNG\r\n\x1a\n" + bytes(99)]
)
def test_what_is_no_dicom_is_told_so(tmp_path, content):
    path = tmp_path / "some file.dcm"
    path.write_bytes(content)
    assert "not a DICOM file" in refused(path)


@pytest.mark.parametrize("left", [0.3, 0.7, 0.99])
def test_a_truncated_film_is_told_so(tmp_path, left):
    path = saved(dicom.example(), tmp_path / "cut.dcm")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])
    assert "cut off" in refused(path)


def test_a_truncated_compressed_film_is_told_so(tmp_path):
    path = tmp_path / "cut.dcm"
    content = open(get_testdata_file("MR_small_RLE.dcm", download=False), "rb").read()
    path.write_bytes(content[:-2500])
    assert "cut off" in refused(path)


def test_an_object_without_pixels_is_told_so(tmp_path):
    film = dicom.example()
    del film.PixelData
    assert "no pixels" in refused(saved(film, tmp_path / "report.dcm"))


def test_colour_and_several_frames_are_refused(tmp_path):
    color = dicom.example()
    color.SamplesPerPixel, color.PhotometricInterpretation, color.PlanarConfiguration = 3, "RGB", 0
    assert "RGB" in refused(saved(color, tmp_path / "color.dcm"))
    movie = dicom.example()
    movie.NumberOfFrames, movie.PixelData = 2, movie.PixelData * 2
    assert "2 frames" in refused(saved(movie, tmp_path / "movie.dcm"))


@pytest.mark.parametrize(
    "stored", ["RLE", "bigendian", "implicit", "jp2klossless", "jpeg_ls_lossless", "expb", "padded"]
)
def test_one_image_in_all_the_ways_of_storing_it_is_read_as_the_same(stored):
    plain, other = (dicom.read(get_testdata_file(f"MR_small{end}.dcm")) for end in ("", f"_{stored}"))
    assert np.array_equal(plain.pixel_array, other.pixel_array)


@pytest.mark.parametrize("coding", ["JPEGLosslessProcess14_1", "JPEGLosslessProcess14"])
def test_a_film_in_the_lossless_jpeg_of_most_archives_is_read(tmp_path, coding):
    film = dicom.example(3, (64, 48))
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(saved(film, tmp_path / "plain.dcm")))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, coding)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(tmp_path / "small.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    again = dicom.read(tmp_path / "small.dcm")
    assert again.file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(again.pixel_array, film.pixel_array)


def test_a_codec_that_is_not_installed_is_named_with_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(dicom, "get_decoder", lambda syntax: SimpleNamespace(is_available=False))
    film = dicom.example()
    film.file_meta.TransferSyntaxUID = JPEGLSLossless
    film.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    film["PixelData"].is_undefined_length = True
    line = refused(saved(film, tmp_path / "jpegls.dcm"))
    assert "JPEG-LS" in line and "pip install python-gdcm" in line


def test_no_voi_spreads_from_the_smallest_to_the_largest_value():
    film = dicom.example()
    del film.WindowCenter, film.WindowWidth
    shown = dicom.display(film)
    assert shown.min() == 0 and shown.max() == 1
    film.PixelData = np.full((film.Rows, film.Columns), 7, "<u2").tobytes()
    assert dicom.display(film).max() == 0
    film.PhotometricInterpretation = "MONOCHROME1"
    assert dicom.display(film).min() == 1


def test_deidentification_removes_empties_and_replaces_as_the_table_says():
    film = dicom.example()
    film.InstitutionName, film.OperatorsName, film.PatientAge = "Phantom Hospital", "Nemo^T", "054Y"
    film.add_new((0x0009, 0x0010), "LO", "MAKER")
    film.add_new((0x0009, 0x1001), "LO", "Phantom^Taro")
    source = pydicom.Dataset()
    source.ReferencedSOPInstanceUID = film.SOPInstanceUID
    source.ReferencedSOPClassUID = film.SOPClassUID
    source.PatientName = "Phantom^Taro"
    film.SourceImageSequence = [source]
    before = copy.deepcopy(film)
    clean = dicom.deidentify(film)
    assert film == before
    # PS3.15 table E.1-1: X, Z and U
    for keyword in ("InstitutionName", "OperatorsName", "PatientAge"):
        assert keyword not in clean
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "AccessionNumber",
    ):
        assert clean[keyword].is_empty
    assert clean.SOPInstanceUID not in ("", film.SOPInstanceUID)
    assert clean.file_meta.MediaStorageSOPInstanceUID == clean.SOPInstanceUID
    assert clean.SourceImageSequence[0].ReferencedSOPInstanceUID == clean.SOPInstanceUID
    assert clean.SourceImageSequence[0].ReferencedSOPClassUID == film.SOPClassUID
    assert "Phantom^Taro" not in str(clean) and "Nemo" not in str(clean)
    assert (clean.Rows, clean.ViewPosition, clean.PatientIdentityRemoved) == (320, "PA", "YES")
    assert np.array_equal(clean.pixel_array, film.pixel_array)


def test_two_films_of_a_study_stay_together():
    first, second = dicom.example(1), dicom.example(2)
    first.StudyInstanceUID = second.StudyInstanceUID = generate_uid()
    a, b = dicom.deidentify(first), dicom.deidentify(second)
    assert a.StudyInstanceUID == b.StudyInstanceUID != first.StudyInstanceUID
    assert a.SOPInstanceUID != b.SOPInstanceUID


def test_every_name_in_the_profile_is_an_attribute_of_dicom():
    for keyword, action in dicom.BASIC_PROFILE.items():
        assert pydicom.datadict.tag_for_keyword(keyword) is not None, keyword
        assert action in "XZU"
