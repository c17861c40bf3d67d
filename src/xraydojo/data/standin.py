"""A stand-in for chest films: simple solids in three dimensions, projected as a PA radiograph.

Lengths are in millimetres. x runs to image right (the patient's left), y down, z toward the detector; the origin is the
middle of the film. Bones are bright: a pixel value grows with attenuation.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

FILM_HEIGHT = 360.0
# linear attenuation in 1/mm near 70 keV (NIST XCOM): water 0.0193; inflated lung has about a quarter of its density
SOFT, LUNG, BONE = 0.019, 0.005, 0.045
SCATTER = 0.3  # scattered over primary radiation behind a grid
PHOTONS = 2e6  # per square millimetre, before the patient
LUNG_DEPTH = 25.0  # this much lung along the beam counts as lung field, as a reader sees it


class Solid(NamedTuple):
    """An ellipsoid: its centre, semi-axes and turn in the image plane (radians)."""

    x: float
    y: float
    z: float
    a: float
    b: float
    c: float
    turn: float = 0.0


class View:
    """Where each pixel of the film lies in the patient: centring, tilt and rotation errors included."""

    def __init__(self, rng, size):
        self.pixel = FILM_HEIGHT / size[0]
        self.shift, self.size = rng.normal(0, [5, 6]), size
        self.tilt, self.rotation = rng.normal(0, 0.02), rng.normal(0, 0.04)
        rows, columns = np.indices(size)
        right = (columns - (size[1] - 1) / 2) * self.pixel - self.shift[0]
        down = (rows - (size[0] - 1) / 2) * self.pixel - self.shift[1]
        self.x = right * np.cos(self.tilt) + down * np.sin(self.tilt)
        self.y = down * np.cos(self.tilt) - right * np.sin(self.tilt)

    def chord(self, solid):
        """Return where the beam enters and leaves a solid: two (H, W) arrays of z, equal where it misses."""
        x, y = self.x - solid.x - solid.z * self.rotation, self.y - solid.y
        u = x * np.cos(solid.turn) + y * np.sin(solid.turn)
        v = y * np.cos(solid.turn) - x * np.sin(solid.turn)
        half = solid.c * np.sqrt(np.clip(1 - (u / solid.a) ** 2 - (v / solid.b) ** 2, 0, None))
        return solid.z - half, solid.z + half

    def length(self, *solids):
        """Return the length of the beam inside the union of solids that lie one beside the other in depth."""
        return np.max([np.subtract(*self.chord(solid)[::-1]) for solid in solids], axis=0)

    def deposit(self, x, y, z, volume):
        """Return the thickness (H, W) of matter that is given as points with a volume (mm^3) each."""
        x = x + z * self.rotation
        right = x * np.cos(self.tilt) - y * np.sin(self.tilt) + self.shift[0]
        down = y * np.cos(self.tilt) + x * np.sin(self.tilt) + self.shift[1]
        edges = [(np.arange(n + 1) - n / 2) * self.pixel for n in self.size]
        heap, _, _ = np.histogram2d(down.ravel(), right.ravel(), edges, weights=volume.ravel())
        return gaussian_filter(heap, 0.8) / self.pixel**2


def film(seed, size=(256, 256), bits=12):
    """Return a chest film: uint16 (rows, columns), from 0 (air) to ``2**bits - 1``; the same for the same seed."""
    return _expose(seed, size, bits)[0]


def films(count, seed=0, size=(256, 256), bits=12):
    """Return ``count`` films, uint16 (N, H, W), and their lung fields, bool (N, H, W), of the seeds from ``seed`` on.

    The lung fields go on behind the heart and end at the domes.
    """
    pairs = [_expose(seed + index, size, bits) for index in range(count)]
    return np.stack([image for image, _ in pairs]), np.stack([lungs for _, lungs in pairs])


def _expose(seed, size, bits):
    """Return one film and its lung fields: Beer and Lambert's law, scatter, noise, blur, logarithm, digits."""
    rng = np.random.default_rng(seed)
    path, lungs = _attenuation(View(rng, size), rng)
    primary = np.exp(-path)
    scatter = SCATTER * gaussian_filter(primary, size[0] / 10, truncate=2.5)
    signal = primary + scatter * (path > 0)
    noise = rng.standard_normal(size) / np.sqrt(PHOTONS * (FILM_HEIGHT / size[0]) ** 2 * signal)
    density = -np.log(np.clip(gaussian_filter(signal * (1 + noise), 0.6), 1e-6, None))
    low, high = np.percentile(density[path > 0], [0.5, 99.5])
    grey = np.clip(0.08 + 0.84 * (density - low) / (high - low), 0, 1)
    return np.round(grey * (2**bits - 1)).astype(np.uint16), lungs


def _attenuation(view, rng):
    """Return the line integral of the attenuation and the lung fields of a person drawn from ``rng``, each (H, W)."""
    wide, tall, heart = rng.normal(1, [0.05, 0.04, 0.09])
    dome = rng.normal(92, 9)
    lungs = [Solid(side * 72 * wide, 38, 0, 63 * wide, 170 * tall, 88 * wide) for side in (-1, 1)]
    domes = [
        Solid(-74 * wide, dome + 100, 8, 92 * wide, 100, 90 * wide),
        Solid(76 * wide, dome + 112, 8, 92 * wide, 100, 90 * wide),
    ]
    middle = [
        Solid(26, 50, 30, 64 * heart, 46 * heart, 48 * heart, 0.6),  # ventricles
        Solid(-6, 42, 20, 30 * heart, 46 * heart, 42 * heart),  # right atrium
        Solid(20, -50, 0, 18, 20, 40),  # aortic knob
        Solid(0, -40, 0, 27, 170, 70),  # great vessels, oesophagus
    ]
    air, fields = 0, False
    for lung in lungs:
        inside = view.length(lung)
        below = sum(_overlap(view, lung, other) for other in domes)
        air += np.clip(inside - below - sum(_overlap(view, lung, other) for other in middle), 0, None)
        fields |= (inside > LUNG_DEPTH) & (inside - below > 0.55 * inside)
    body = view.length(
        Solid(0, 130, 0, 168 * wide, 400, 112 * wide),
        *(Solid(s * 108 * wide, -128, 0, 105 * wide, 52, 62, 0.22 * s) for s in (-1, 1)),
        Solid(0, -215, 0, 56, 110, 58),  # neck
    )
    vessels = _vessels(view, rng, wide) * (air > 0)
    windpipe = view.length(Solid(2, -130, 0, 8.5, 95, 8))
    bubble = view.length(Solid(66 * wide, dome + 36, 10, rng.uniform(12, 30), rng.uniform(6, 15), 26, 0.1))
    path = SOFT * body - (SOFT - LUNG) * (air - vessels) - SOFT * (windpipe + bubble)
    return np.clip(path, 0, None) + (BONE - SOFT) * _bones(view, wide) * (body > 0), fields


def _overlap(view, solid, other):
    """Return the length (H, W) of the beam inside both solids."""
    (near, far), (nearer, farther) = view.chord(solid), view.chord(other)
    return np.clip(np.minimum(far, farther) - np.maximum(near, nearer), 0, None)


def _bones(view, wide):
    """Return the thickness (H, W) of bone: spine, ribs, clavicles, shoulder joints."""
    height = np.cos(2 * np.pi * (view.y + 4) / 24)  # a vertebra and its disc take 24 mm
    spine = view.length(Solid(0, 60, -60, 17, 900, 14)) * (0.75 + 0.25 * np.tanh(4 * height + 2))
    pedicles = sum(
        np.exp(-(((view.x - s * 11 + 60 * view.rotation) / 3) ** 2) - 6 * (1 - height)) for s in (-1, 1)
    )
    joints = view.length(*(Solid(s * 172 * wide, -118, 0, 24, 26, 18) for s in (-1, 1)))
    return spine + 3 * pedicles + joints + _ribs(view, wide) + _clavicles(view, wide)


def _band(view, x, y, z, height, thickness):
    """Return the thickness (H, W) of flat bone, ``height`` tall, along a curve; its rim (cortex) is denser."""
    across = np.linspace(-1, 1, max(9, int(2 * height / view.pixel)))
    density = 0.6 + 0.9 * np.abs(across) ** 4
    step = np.sqrt(np.gradient(x) ** 2 + np.gradient(y) ** 2 + np.gradient(z) ** 2)
    volume = np.outer(density * height * thickness / len(across), step)
    return view.deposit(x + 0 * volume, y + np.outer(across * height / 2, np.ones_like(x)), z, volume)


def _ribs(view, wide):
    """Return the thickness (H, W) of ten pairs of ribs: from the spine out, round the side, forward and down."""
    bone, turn = 0, np.radians(np.linspace(10, 128, int(1.6 * view.size[0])))
    for rib in range(10):
        y = -124 + 23 * rib + (34 + 3 * rib) * (1 - np.cos(turn)) - 7 * np.sin(2 * turn)
        reach = 143 * wide * np.sqrt(np.clip(1 - ((y - 60) / 212) ** 2, 0.05, None))
        for side in (-1, 1):
            bone += _band(view, side * reach * np.sin(turn), y, -85 * np.cos(turn), 12.0, 4.0)
    return bone


def _clavicles(view, wide):
    """Return the thickness (H, W) of the two clavicles, S-shaped, in front of the first ribs."""
    along = np.linspace(0, 1, view.size[0])
    x, y = 16 + 138 * wide * along, -98 - 42 * along + 7 * np.sin(2 * np.pi * along)
    return sum(_band(view, side * x, y, 70 - 60 * along, 12.0, 8.0) for side in (-1, 1))


def _vessels(view, rng, wide):
    """Return the thickness (H, W) of the lung's vessels: curves that leave each hilum and taper."""
    along, across = np.linspace(0, 1, view.size[0] // 2), np.linspace(-1, 1, 5)[:, None]
    blood = 0
    for side in (-1, 1):
        for angle in np.linspace(-1.3, 1.25, 22) + rng.normal(0, 0.12, 22):
            reach, bend = rng.uniform(50, 105), rng.normal(0, 0.35)
            radius = 0.6 + rng.uniform(1.2, 3.8) * (1 - along)
            x = side * wide * (30 + reach * along * np.cos(angle + bend * along))
            y = side * -4 + 1.15 * reach * along * np.sin(angle + bend * along) + across * radius
            volume = np.pi * radius**2 * 1.3 * reach / len(along) / 5
            blood += view.deposit(x + 0 * y, y, rng.normal(0, 30), volume + 0 * y)
    return blood
