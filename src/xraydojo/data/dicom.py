"""Chest radiographs as DICOM objects: read them, show them as the standard asks, take the patient's identity out."""

import copy
import logging
import os
import secrets
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_modality_lut, apply_voi_lut, get_decoder
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from xraydojo import DojoError
from xraydojo.data import phantom
from xraydojo.data.phantom.projection import FILM_SIZE
from xraydojo.language import L

# What the basic profile does to what a radiograph carries: PS3.15, annex E, table E.1-1. X: remove; Z: empty; U: another
# UID, the same for the same. Where the table offers a choice by the attribute's type, the one that fits the CR IOD.
BASIC_PROFILE = {
    "AccessionNumber": "Z", "AcquisitionDate": "X", "AcquisitionDateTime": "X", "AcquisitionTime": "X",
    "AdditionalPatientHistory": "X", "AdmittingDiagnosesDescription": "X", "ContentDate": "X", "ContentTime": "X",
    "DetectorID": "X", "DeviceSerialNumber": "X", "EthnicGroup": "X", "FrameOfReferenceUID": "U",
    "ImageComments": "X", "InstanceCreationDate": "X", "InstanceCreationTime": "X", "InstitutionAddress": "X",
    "InstitutionName": "X", "InstitutionalDepartmentName": "X", "IssuerOfPatientID": "X",
    "MediaStorageSOPInstanceUID": "U", "MedicalAlerts": "X", "NameOfPhysiciansReadingStudy": "X",
    "OperatorsName": "X", "OtherPatientIDs": "X", "OtherPatientIDsSequence": "X", "OtherPatientNames": "X",
    "PatientAddress": "X", "PatientAge": "X", "PatientBirthDate": "Z", "PatientBirthName": "X", "PatientBirthTime": "X",
    "PatientComments": "X", "PatientID": "Z", "PatientName": "Z", "PatientSex": "Z", "PatientSize": "X",
    "PatientTelephoneNumbers": "X", "PatientWeight": "X", "PerformedProcedureStepDescription": "X",
    "PerformedProcedureStepID": "X", "PerformedProcedureStepStartDate": "X", "PerformedProcedureStepStartTime": "X",
    "PerformingPhysicianName": "X", "PhysiciansOfRecord": "X", "PlateID": "X", "ProtocolName": "X",
    "ReferencedPatientSequence": "X", "ReferencedSOPInstanceUID": "U", "ReferencedStudySequence": "X",
    "ReferringPhysicianAddress": "X", "ReferringPhysicianName": "Z", "ReferringPhysicianTelephoneNumbers": "X",
    "RequestAttributesSequence": "X", "RequestedProcedureDescription": "X", "RequestingPhysician": "X",
    "RequestingService": "X", "SOPInstanceUID": "U", "SeriesDate": "X", "SeriesDescription": "X",
    "SeriesInstanceUID": "U", "SeriesTime": "X", "StationName": "X", "StudyComments": "X", "StudyDate": "Z",
    "StudyDescription": "X", "StudyID": "Z", "StudyInstanceUID": "U", "StudyTime": "Z",
}  # fmt: skip
FACTS = (
    "Modality", "ViewPosition", "Rows", "Columns", "BitsStored", "PhotometricInterpretation", "PixelSpacing",
    "ImagerPixelSpacing", "WindowCenter", "WindowWidth", "VOILUTFunction", "RescaleSlope", "RescaleIntercept",
)  # fmt: skip
_SECRET = secrets.token_hex(16)


class DicomError(DojoError, ValueError):
    """A DICOM file that cannot be used; the message names the file and the remedy."""

    def __init__(self, path, en: str, ja: str):
        super().__init__(f"{path}: {L(en, ja)}")


def read(path: Path | str) -> pydicom.Dataset:
    """Read one grey radiograph; its pixels are decoded when this returns.

    Old files without the preamble of PS3.10 section 7.1 are read as well.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    pydicom.Dataset
        With ``pixel_array`` of shape (Rows, Columns), the stored values.

    Raises
    ------
    DicomError
        If the file is missing, no DICOM, truncated, without pixels, in colour, of several frames, or compressed by a
        codec that is not installed.
    """
    path = Path(path)
    dataset = _parse(path)
    _refuse_other_than_one_grey_frame(path, dataset)
    _refuse_unknown_codec(path, dataset)
    _refuse_truncated(path, dataset)
    try:
        with _quiet():
            dataset.pixel_array  # noqa: B018 (decodes, and keeps the result)
    except Exception as error:
        raise _damaged(path, str(error)) from None
    return dataset


def _parse(path: Path) -> pydicom.Dataset:
    try:
        with _quiet():
            dataset = pydicom.dcmread(path, force=True)
        complete = any(keyword in dataset for keyword in ("SOPClassUID", "Rows", "PatientID"))
    except OSError as error:
        raise DicomError(
            path,
            f"the file cannot be read ({error.strerror or error}); check its name and permissions",
            f"ファイルを読めません（{error.strerror or error}）。名前とアクセス権を確かめてください",
        ) from None
    except EOFError:
        raise _damaged(path, "end of file") from None
    except (
        InvalidDicomError,
        ValueError,
        KeyError,
        AttributeError,
        NotImplementedError,
        TypeError,
        OverflowError,
    ):
        complete = False
    if not complete and _has_preamble(path):
        # of an object that ends too early pydicom may return nothing at all
        raise _damaged(path, "end of file")
    if not complete:
        raise DicomError(
            path,
            "this is not a DICOM file; name an image exported as DICOM",
            "DICOM ファイルではありません。DICOM 形式で書き出した画像を指定してください",
        )
    return dataset


@contextmanager
def _quiet():
    """Keep to ourselves what pydicom says of a file that may be no DICOM at all; what matters is said in one line."""
    log = logging.getLogger("pydicom")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _has_preamble(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _refuse_other_than_one_grey_frame(path: Path, dataset: pydicom.Dataset) -> None:
    if (
        "PixelData" not in dataset
        or not dataset.PixelData
        or "Rows" not in dataset
        or "Columns" not in dataset
    ):
        raise DicomError(
            path,
            "the object holds no pixels (a report, or a header only); export the image itself",
            "画素データがありません（レポートやヘッダーだけのファイルです）。画像そのものを書き出してください",
        )
    photometric, frames = str(dataset.get("PhotometricInterpretation", "")), dataset.get("NumberOfFrames", 1)
    if photometric not in ("MONOCHROME1", "MONOCHROME2") or dataset.get("SamplesPerPixel", 1) != 1:
        raise DicomError(
            path,
            f"the image is not grey ({photometric or '?'}); a radiograph is MONOCHROME1 or MONOCHROME2",
            f"グレースケール画像ではありません（{photometric or '?'}）。X線画像は MONOCHROME1 か MONOCHROME2 です",
        )
    if int(frames or 1) > 1:
        raise DicomError(
            path,
            f"the object holds {frames} frames; export a single one",
            f"{frames} 枚の画像（フレーム）が入っています。一枚だけを書き出してください",
        )


def _refuse_unknown_codec(path: Path, dataset: pydicom.Dataset) -> None:
    syntax = _syntax(dataset)
    if not syntax.is_compressed:
        return
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise DicomError(
            path,
            f"compressed by {syntax.name}, for which no codec is installed; run: {sys.executable} -m pip install python-gdcm",
            f"{syntax.name} で圧縮されていますが、その展開プログラムがありません。次を実行してください：{sys.executable} -m pip install python-gdcm",
        )


def _refuse_truncated(path: Path, dataset: pydicom.Dataset) -> None:
    if _syntax(dataset).is_compressed:
        return
    expected = (int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("BitsAllocated", 16)) + 7) // 8
    if len(dataset.PixelData) < expected:
        raise _damaged(path, f"{len(dataset.PixelData)} / {expected} bytes")


def _syntax(dataset: pydicom.Dataset) -> pydicom.uid.UID:
    """Return the transfer syntax; without file meta information it is the default one, which is not compressed."""
    meta = getattr(dataset, "file_meta", None)
    if meta is None or "TransferSyntaxUID" not in meta:
        dataset.file_meta = meta = meta or FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    return meta.TransferSyntaxUID


def _damaged(path: Path, found: str) -> DicomError:
    found = " ".join(found.split())
    return DicomError(
        path,
        f"the file is damaged or was cut off ({found}); copy or export it again",
        f"ファイルが壊れているか、途中で切れています（{found}）。もう一度コピーするか、書き出し直してください",
    )


def display(dataset: pydicom.Dataset) -> np.ndarray:
    """Return a radiograph as it should look on a grey display: 0 black, 1 white.

    Modality LUT, then VOI LUT (a LUT before a window, the first item of either), then MONOCHROME1 inverted once: PS3.3
    sections C.11.1, C.11.2 and C.7.6.3.1.2, by pydicom. Without any VOI, the smallest value is black and the largest white.

    Parameters
    ----------
    dataset : pydicom.Dataset
        One grey frame, as `read` returns it.

    Returns
    -------
    ndarray of float, shape (H, W)
        In [0, 1].
    """
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if dataset.get("VOILUTSequence"):
        bits = dataset.VOILUTSequence[0].LUTDescriptor[2]
        shown = apply_voi_lut(values, dataset, index=0, prefer_lut=True) / (2**bits - 1)
    elif dataset.get("WindowWidth") is not None:
        shown = _windowed(values, dataset)
    else:
        low, high = float(values.min()), float(values.max())
        shown = (values.astype(float) - low) / (high - low) if high > low else np.zeros(values.shape)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown


def _windowed(values: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """Apply the first window. pydicom answers in the range of the stored bits: two far values tell its ends."""
    with np.errstate(over="ignore"):
        extended = np.append(values.astype(float).ravel(), [-1e9, 1e9])
        shown = apply_voi_lut(extended, dataset, index=0, prefer_lut=False)
    low, high = shown[-2:]
    return ((shown[:-2] - low) / (high - low)).reshape(values.shape)


def facts(dataset: pydicom.Dataset) -> list[tuple[str, str]]:
    """Return what an image is, as pairs of attribute and value; nothing of them names the patient."""
    pairs = [(keyword, str(dataset.get(keyword))) for keyword in FACTS if dataset.get(keyword) is not None]
    return [("TransferSyntax", _syntax(dataset).name), *pairs]


def write_png(dataset: pydicom.Dataset, path: Path) -> None:
    """Write the film as `display` shows it, with 8 bits, whole or not at all."""
    image = Image.fromarray(np.round(255 * display(dataset)).astype(np.uint8))
    with tempfile.NamedTemporaryFile(dir=Path(path).resolve().parent, suffix=".tmp", delete=False) as file:
        image.save(file, format="PNG")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def deidentify(dataset: pydicom.Dataset) -> pydicom.Dataset:
    """Return a copy without the patient's identity, by the basic profile of PS3.15 annex E.

    `BASIC_PROFILE` holds the attributes that a radiograph usually carries, in sequences as well; private attributes and overlays
    go, too. UIDs are replaced, the same one by the same one as long as this process runs. Text burnt into the image stays: look at
    it.

    Parameters
    ----------
    dataset : pydicom.Dataset
        It is not changed.
    """
    clean = copy.deepcopy(dataset)
    clean.remove_private_tags()
    _apply_profile(clean)
    if getattr(clean, "file_meta", None) is not None:
        _apply_profile(clean.file_meta)
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = "DICOM PS3.15 Basic Profile"
    return clean


def _apply_profile(dataset: pydicom.Dataset) -> None:
    for element in list(dataset):
        action = BASIC_PROFILE.get(element.keyword)
        if action == "X" or element.tag.group & 0xFF00 == 0x6000:
            del dataset[element.tag]
        elif action == "Z":
            element.value = ""
        elif action == "U":
            element.value = generate_uid(entropy_srcs=[_SECRET, str(element.value)])
        elif element.VR == "SQ":
            for item in element.value:
                _apply_profile(item)


def radiograph(film: phantom.Film, name: str = "PHANTOM-0001") -> pydicom.Dataset:
    """Return a film of the phantom as a CR object of 12 bits: PS3.3 section A.2, with the modules of its table A.2-1.

    Parameters
    ----------
    film : phantom.Film
        Its rows are 358.4 mm high together.
    name : str
        The patient's ID; the UIDs are made from it, the same for the same.
    """
    rows, columns = film.pixels.shape
    dataset = pydicom.Dataset()
    dataset.file_meta = _meta(name)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = (_uid(name, level) for level in ("study", "series"))
    dataset.StudyDate, dataset.StudyTime = "20240401", "090000"
    dataset.AccessionNumber, dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = (
        "A0001",
        "1",
        "1",
        "1",
    )
    dataset.Modality, dataset.Manufacturer = "CR", "XrayDojo"
    dataset.InstitutionName, dataset.ReferringPhysicianName = "Phantom Hospital", "Nemo^Doctor"
    dataset.PatientName, dataset.PatientID = (
        "Phantom^Taro" if film.person.sex == "M" else "Phantom^Hanako",
        name,
    )
    dataset.PatientSex, dataset.PatientAge = film.person.sex, f"{film.person.age:03d}Y"
    dataset.PatientBirthDate = f"{2024 - film.person.age}0101"
    dataset.BodyPartExamined, dataset.ViewPosition, dataset.PatientOrientation = "CHEST", "PA", ["L", "F"]
    dataset.KVP, dataset.PlateID = "120", ""
    dataset.ImagerPixelSpacing = [round(FILM_SIZE / rows, 6)] * 2
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.WindowCenter, dataset.WindowWidth = [2048, 1100], [4096, 1400]
    dataset.WindowCenterWidthExplanation = ["WHOLE", "LUNG"]
    dataset.PixelData = (4095 - film.pixels).astype("<u2").tobytes()
    return dataset


def example(seed: int = 41, size: tuple[int, int] = (320, 288)) -> pydicom.Dataset:
    """Return a chest film of nobody as a CR object of 12 bits.

    Parameters
    ----------
    seed : int, optional
        The same seed gives the same film.
    size : (rows, columns), optional
        The film is 358.4 mm high.
    """
    return radiograph(phantom.film(seed, size), f"PHANTOM-{seed:04d}")


def _meta(name: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(name, "image")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return meta


def _uid(name: str, level: str) -> pydicom.uid.UID:
    return generate_uid(entropy_srcs=["xraydojo phantom", str(phantom.VERSION), name, level])
