"""The functions of unit 01, by pydicom and NumPy."""

import numpy as np
from pydicom import Dataset
from pydicom.pixels import apply_windowing

from xraydojo.data import dicom


def window(pixels, center, width):
    """Return grey values in [0, 1] through a window, by pydicom (DICOM PS3.3 C.11.2.1.2.1).

    Parameters
    ----------
    pixels : array_like
        Values of any shape.
    center, width : float
        The window; the width is at least 1.

    Returns
    -------
    ndarray of float, the shape of ``pixels``

    Raises
    ------
    ValueError
        If the width is less than 1.
    """
    shown = Dataset()
    shown.PhotometricInterpretation, shown.BitsStored, shown.PixelRepresentation = "MONOCHROME2", 8, 0
    shown.WindowCenter, shown.WindowWidth = float(center), float(width)
    return apply_windowing(np.asarray(pixels, float), shown) / 255


def histogram(image, bins):
    """Return how many pixels lie in each of ``bins`` equal bins from the smallest to the largest value, by NumPy.

    Parameters
    ----------
    image : array_like
    bins : int

    Returns
    -------
    counts : ndarray of int, shape (bins,)
    edges : ndarray of float, shape (bins + 1,)
        The last bin includes its upper edge.
    """
    return np.histogram(image, bins)


def pixel_size_mm(dataset):
    """Return height and width of a pixel in millimetres.

    Parameters
    ----------
    dataset : pydicom.Dataset

    Returns
    -------
    (row spacing, column spacing), or None
        The first of PixelSpacing, ImagerPixelSpacing and NominalScannedPixelSpacing whose values are both greater than 0. At the
        detector, that is: the patient, nearer to the focal spot, is magnified (PS3.3 10.7.1.3).
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(keyword)
        if spacing and min(spacing) > 0:
            return float(spacing[0]), float(spacing[1])
    return None


def to_display(dataset):
    """Return a radiograph as it should look on a display; see `xraydojo.data.dicom.display`.

    Parameters
    ----------
    dataset : pydicom.Dataset
        One grey frame.

    Returns
    -------
    ndarray of float, shape (H, W)
        In [0, 1].
    """
    return dicom.display(dataset)
