"""From lengths to the numbers on the film: each stage of a radiograph's making is a function of its own.

Exposures are relative to what reaches the detector without a patient; fields of view are arrays (H, W), lengths in mm, frequencies in cycles/mm.
"""

import numpy as np
from scipy.fft import dct, dctn, idctn
from scipy.ndimage import gaussian_filter1d

SCATTER_FRACTION = 0.22  # behind a grid, mean over the patient (L. T. Niklason et al., Med. Phys. 8, 677-681, 1981: lung less, mediastinum more)
SCATTER_SPREAD = 38.0  # mm, standard deviation
FOCAL_SPOT = 1.2  # mm, nominal
PHOTONS = 2.5e5  # per mm^2 that the detector counts where nothing is in the way
HALF_FREQUENCY = 1.5  # cycles/mm at which a storage-phosphor plate's MTF has fallen to one half
ELECTRONIC_NOISE = 2e-4  # standard deviation per mm^2 of detector, relative exposure
WHITE = 4095  # 12 bits


def primary(line_integral: np.ndarray) -> np.ndarray:
    """Return what passes: Beer and Lambert's law, exp(-integral of the attenuation coefficient)."""
    return np.exp(-line_integral)


def scatter(
    exposure: np.ndarray, pixel: float, body: np.ndarray, fraction: float = SCATTER_FRACTION
) -> np.ndarray:
    """Return the exposure with scattered radiation added, a smooth veil that comes from the patient.

    Parameters
    ----------
    exposure : ndarray, shape (H, W)
        Primary radiation.
    pixel : float
        Side of a pixel.
    body : ndarray of bool, shape (H, W)
        Where there is a patient.
    fraction : float
        Scattered over all radiation behind the patient, on the average.
    """
    veil = _spread(exposure * body, SCATTER_SPREAD / pixel)
    inside = exposure[body].sum()
    wanted = inside * fraction / (1 - fraction)
    return exposure + veil * (wanted / max(veil[body].sum(), 1e-9))


def _spread(exposure: np.ndarray, spread: float) -> np.ndarray:
    """Return the exposure under a wide Gaussian filter; the cosine transform mirrors the edges as `gaussian_filter1d` does."""
    spectrum = dctn(exposure)
    for axis, length in enumerate(exposure.shape):
        spike = np.eye(1, length)[0]
        answer = dct(gaussian_filter1d(spike, spread, truncate=2.5)) / dct(spike)
        spectrum *= answer if axis else answer[:, None]
    return idctn(spectrum)


def frequencies(shape: tuple[int, int], pixel: float) -> np.ndarray:
    """Return the radial frequency of each coefficient of `numpy.fft.rfft2`."""
    return np.hypot(np.fft.fftfreq(shape[0], pixel)[:, None], np.fft.rfftfreq(shape[1], pixel)[None, :])


def focal_spot_mtf(frequency: np.ndarray, magnification: float) -> np.ndarray:
    """Return the MTF of a Gaussian focal spot as seen in the detector's plane (width FOCAL_SPOT x (magnification - 1))."""
    width = FOCAL_SPOT * (magnification - 1) / 2.355
    return np.exp(-2 * (np.pi * width * frequency) ** 2)


def detector_mtf(frequency: np.ndarray) -> np.ndarray:
    """Return the detector's MTF, 1 / (1 + (f / f_half)^2): light spreads exponentially in the phosphor."""
    return 1 / (1 + (np.asarray(frequency) / HALF_FREQUENCY) ** 2)


def blur(exposure: np.ndarray, pixel: float, mtf) -> np.ndarray:
    """Return the exposure with each frequency multiplied by ``mtf(frequency)``; beyond its edges the image is mirrored."""
    rows, columns = exposure.shape
    margin = min(16, rows - 1, columns - 1)
    padded = np.pad(exposure, margin, mode="symmetric")
    spectrum = np.fft.rfft2(padded) * mtf(frequencies(padded.shape, pixel))
    return np.fft.irfft2(spectrum, s=padded.shape)[margin : margin + rows, margin : margin + columns]


def quantum_noise(
    exposure: np.ndarray, pixel: float, rng: np.random.Generator, photons: float = PHOTONS
) -> np.ndarray:
    """Return the exposure as counted: variance = mean in photons (the normal limit of Poisson's law)."""
    count = photons * pixel**2
    return exposure + rng.standard_normal(exposure.shape) * np.sqrt(np.maximum(exposure, 0) / count)


def electronic_noise(exposure: np.ndarray, pixel: float, rng: np.random.Generator) -> np.ndarray:
    """Return the exposure with the electronics' white noise added."""
    return exposure + rng.standard_normal(exposure.shape) * ELECTRONIC_NOISE / pixel


def wiener_spectrum(frequency: np.ndarray, exposure: float, photons: float = PHOTONS) -> np.ndarray:
    """Return the noise power spectrum that `detect` puts into a flat exposure.

    Quantum noise is white, exposure / photons, until the detector's MTF colours it; the electronics' noise stays white.

    Returns
    -------
    ndarray
        Relative exposure squared times mm^2, in the shape of ``frequency``.
    """
    return exposure / photons * detector_mtf(frequency) ** 2 + ELECTRONIC_NOISE**2


def detect(
    exposure: np.ndarray, pixel: float, rng: np.random.Generator, photons: float = PHOTONS
) -> np.ndarray:
    """Return what the detector reads of an exposure: counted, blurred, and read out with noise."""
    counted = quantum_noise(exposure, pixel, rng, photons)
    return electronic_noise(blur(counted, pixel, detector_mtf), pixel, rng)


def logarithm(exposure: np.ndarray) -> np.ndarray:
    """Return the attenuation, -ln(exposure): the film's or the plate's answer, bones high."""
    return -np.log(np.maximum(exposure, 1e-6))


def digitise(
    attenuation: np.ndarray, body: np.ndarray, black: float, white: float, bend: float
) -> np.ndarray:
    """Return 12-bit pixel values in the polarity of the JSRT data base: much exposure, such as air, is high.

    Parameters
    ----------
    attenuation : ndarray, shape (H, W)
        As `logarithm` returns it.
    body : ndarray of bool, shape (H, W)
        Where there is a patient; of it the console looks at the middle for the range (its exposure data recognition).
    black, white : float
        Grey levels, 0 to 1 on the display, at which the thinnest and the thickest hundredth shall lie.
    bend : float
        Above 0; the more, the more of the grey scale goes to the thin parts, the lungs, and the less to mediastinum and abdomen, as on
        film, which is exposed for the lungs.

    Returns
    -------
    ndarray of uint16, shape (H, W)
        0 to 4095; on a display 1 - value / 4095.
    """
    rows, columns = attenuation.shape
    middle = np.zeros_like(body)
    middle[rows // 8 : -rows // 8, columns // 7 : -columns // 7] = True
    low, high = np.percentile(attenuation[body & middle], [1, 99])
    curve = (1 - np.exp(-bend * (attenuation - low) / (high - low))) / (1 - np.exp(-bend))
    grey = np.clip(black + (white - black) * curve, 0, 1)
    return np.round(WHITE * (1 - grey)).astype(np.uint16)
