"""The physics: each stage against its law, and the noise's spectrum against the one put in."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from xraydojo.data.phantom import exposure

PIXEL = 0.175
FLAT = np.full((512, 512), 0.4)


def measured_wiener_spectrum(image, pixel, edges):
    """Return the mean noise power in radial bands, by the periodogram (IEC 62220-1-1 without its overlap)."""
    spectrum = np.abs(np.fft.fft2(image - image.mean())) ** 2 * pixel**2 / image.size
    radius = np.hypot(
        *np.meshgrid(np.fft.fftfreq(image.shape[0], pixel), np.fft.fftfreq(image.shape[1], pixel))
    )
    band = np.digitize(radius, edges)
    return np.array([spectrum[band == number].mean() for number in range(1, len(edges))]), [
        radius[band == number] for number in range(1, len(edges))
    ]


def test_what_passes_ten_centimetres_of_water_is_a_seventh():
    assert exposure.primary(np.array([0.0, 0.0193 * 100])) == pytest.approx([1, np.exp(-1.93)])


def test_scatter_has_the_fraction_asked_for_and_is_smooth():
    seen = np.ones((120, 100)) * 0.1
    seen[40:80, 30:60] = 0.5
    body = np.ones(seen.shape, bool)
    whole = exposure.scatter(seen, 1.4, body, 0.3)
    veil = whole - seen
    assert veil.sum() / whole.sum() == pytest.approx(0.3, rel=1e-6)
    assert np.abs(np.diff(veil, axis=0)).max() < 0.02 * np.abs(np.diff(seen, axis=0)).max()


def test_the_veil_is_a_gaussian_filters():
    seen = np.random.default_rng(0).random((90, 61))
    body = np.arange(61) > 20 + np.zeros((90, 1))
    veil = exposure.scatter(seen, 1.4, body) - seen
    wanted = gaussian_filter(seen * body, exposure.SCATTER_SPREAD / 1.4, truncate=2.5)
    assert veil / veil.max() == pytest.approx(wanted / wanted.max(), rel=1e-9)


def test_without_a_patient_nothing_is_scattered():
    seen = np.ones((20, 20))
    assert np.array_equal(exposure.scatter(seen, 1.4, np.zeros((20, 20), bool)), seen)


def test_the_count_of_photons_has_the_variance_of_its_mean():
    noisy = exposure.quantum_noise(FLAT, PIXEL, np.random.default_rng(0), photons=1e5)
    counts = noisy * 1e5 * PIXEL**2
    assert counts.mean() == pytest.approx(0.4 * 1e5 * PIXEL**2, rel=1e-3)
    assert counts.var() == pytest.approx(counts.mean(), rel=0.02)


def test_the_mtf_is_one_at_zero_and_a_half_at_its_half_frequency():
    assert exposure.detector_mtf(np.array([0, exposure.HALF_FREQUENCY])) == pytest.approx([1, 0.5])
    assert (np.diff(exposure.detector_mtf(np.linspace(0, 5, 50))) < 0).all()


def test_a_sine_comes_out_with_the_contrast_that_the_mtf_says():
    x = np.arange(400) * PIXEL
    frequency = 14 / (400 * PIXEL)
    wave = np.tile(1 + 0.2 * np.sin(2 * np.pi * frequency * x), (60, 1))
    seen = exposure.blur(wave, PIXEL, exposure.detector_mtf)[:, 50:-50]
    assert np.ptp(seen) / 0.4 == pytest.approx(exposure.detector_mtf(frequency), rel=0.01)


def test_blurring_changes_neither_a_flat_field_nor_the_mean():
    assert exposure.blur(FLAT, PIXEL, exposure.detector_mtf) == pytest.approx(FLAT)


@pytest.mark.parametrize("photons", [2e4, 2e5], ids=["low dose", "high dose"])
def test_the_wiener_spectrum_of_a_flat_exposure_is_the_one_put_in_within_5_per_cent_per_band(photons):
    edges = np.linspace(0.05, 0.5 / PIXEL, 9)
    total = 0
    for seed in range(4):
        read = exposure.detect(FLAT, PIXEL, np.random.default_rng(seed), photons)
        measured, radii = measured_wiener_spectrum(read, PIXEL, edges)
        total = total + measured / 4
    put_in = [exposure.wiener_spectrum(radius, 0.4, photons).mean() for radius in radii]
    assert total == pytest.approx(put_in, rel=0.05)


def test_ten_times_the_dose_has_a_tenth_of_the_quantum_noise():
    low, high = (
        exposure.wiener_spectrum(np.array([0.1]), 0.4, photons) - exposure.ELECTRONIC_NOISE**2
        for photons in (1e4, 1e5)
    )
    assert low / high == pytest.approx(10)


def test_the_digital_film_has_12_bits_and_air_is_high_as_in_jsrt():
    attenuation = np.tile(np.linspace(0.5, 5, 64), (64, 1))
    pixels = exposure.digitise(attenuation, np.ones((64, 64), bool), 0.1, 0.9, 1.5)
    assert pixels.dtype == np.uint16 and pixels.max() <= 4095
    assert (np.diff(pixels[0].astype(int)) <= 0).all()


def test_the_grey_scale_puts_the_ends_where_the_console_says_and_bends_toward_the_lungs():
    attenuation = np.tile(np.linspace(0, 1, 200), (200, 1))
    body = np.ones((200, 200), bool)
    for bend in (0.01, 2.0):
        shown = 1 - exposure.digitise(attenuation, body, 0.1, 0.9, bend) / 4095
        low, high = np.percentile(attenuation[25:-25, 28:-28], [1, 99])
        assert np.interp(low, attenuation[0], shown[0]) == pytest.approx(0.1, abs=0.01)
        assert np.interp(high, attenuation[0], shown[0]) == pytest.approx(0.9, abs=0.01)
        middle = np.interp((low + high) / 2, attenuation[0], shown[0])
        assert middle == pytest.approx(0.5, abs=0.01) if bend < 1 else middle > 0.65
