"""A stand-in for chest films: simple solids in three dimensions, projected as a PA radiograph.

Lengths are in millimetres. x runs to image right (the patient's left), y down, z toward the detector; the origin
is the middle of the film. Bones are bright: a pixel value grows with attenuation.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

FILM_HEIGHT = 360.0
# linear attenuation in 1/mm near 70 keV (NIST XCOM: water 0.0193); inflated lung: a quarter of water's
SOFT, LUNG, BONE = 0.019, 0.005, 0.045
SCATTER = 0.35  # scattered over primary radiation behind a grid
PHOTONS = 2e6  # per square millimetre, before the patient


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
        self.pixel, self.size = FILM_HEIGHT * rng.normal(1, 0.04) / size[0], size
        self.shift = rng.normal(0, [6, 9])
        self.tilt, self.rotation = rng.normal(0, 0.02), rng.normal(0, 0.04)
        down, right = [((np.arange(n) - (n - 1) / 2) * self.pixel) for n in size]
        down, right = down[:, None] - self.shift[1], right - self.shift[0]
        self.x = right * np.cos(self.tilt) + down * np.sin(self.tilt)
        self.y = down * np.cos(self.tilt) - right * np.sin(self.tilt)

    def chord(self, solid):
        """Return where the beam enters and leaves a solid: two (H, W) arrays of z, equal where it misses."""
        x, y, sine, cosine = self.x - solid.x, self.y - solid.y, np.sin(solid.turn), np.cos(solid.turn)
        x = x - solid.z * self.rotation
        miss = ((x * cosine + y * sine) / solid.a) ** 2 + ((y * cosine - x * sine) / solid.b) ** 2
        half = solid.c * np.sqrt(np.maximum(1 - miss, 0))
        return solid.z - half, solid.z + half

    def length(self, *solids):
        """Return the beam's length (H, W) in the longest of its chords through the solids."""
        return np.max([far - near for near, far in map(self.chord, solids)], axis=0)

    def overlap(self, chord, solids):
        """Return the length (H, W) of a chord that lies inside solids, those side by side added up."""
        chords = map(self.chord, solids)
        inside = [np.minimum(chord[1], far) - np.maximum(chord[0], near) for near, far in chords]
        return np.minimum(np.maximum(inside, 0).sum(axis=0), chord[1] - chord[0])

    def thickness(self, bands):
        """Return the thickness (H, W) of matter given as points: a list of arrays x, y, z, volume (mm^3)."""
        x, y, z, volume = [np.concatenate([np.ravel(band[i]) for band in bands]) for i in range(4)]
        x = x + z * self.rotation
        right = x * np.cos(self.tilt) - y * np.sin(self.tilt) + self.shift[0]
        down = y * np.cos(self.tilt) + x * np.sin(self.tilt) + self.shift[1]
        edges = [(np.arange(n + 1) - n / 2) * self.pixel for n in self.size]
        heap, _, _ = np.histogram2d(down, right, edges, weights=volume)
        return gaussian_filter(heap, 0.9) / self.pixel**2


def film(seed, size=(256, 256), bits=12):
    """Return a chest film, uint16 (rows, columns) up to ``2**bits - 1``; the same seed gives the same film."""
    return _expose(seed, size, bits)[0]


def films(count, seed=0, size=(256, 256), bits=12):
    """Return films of ``count`` seeds from ``seed`` on, uint16 (N, H, W), and their lung fields, bool (N, H, W).

    The lung fields go on behind the heart and end at the domes of the diaphragm.
    """
    images, lungs = zip(*[_expose(seed + index, size, bits) for index in range(count)])
    return np.stack(images), np.stack(lungs)


def _expose(seed, size, bits):
    """Return a film and its lung fields: Beer and Lambert's law, scatter, noise, blur, logarithm, digits."""
    rng = np.random.default_rng(seed)
    path, lungs = _patient(View(rng, size), rng)
    primary = np.exp(-path)
    signal = primary + SCATTER * gaussian_filter(primary, size[0] / 12, truncate=2) * (path > 0)
    photons = PHOTONS * (FILM_HEIGHT / size[0]) ** 2 * signal
    signal = gaussian_filter(signal * (1 + rng.standard_normal(size) / np.sqrt(photons)), 0.6)
    density = -np.log(np.maximum(signal, 1e-6))
    low, high = np.percentile(density[path > 0.3], [1, 99])
    black, white = rng.uniform([0.06, 0.62], [0.2, 0.92])  # every console sets its own grey scale
    grey = np.clip(black + (white - black) * (density - low) / (high - low), 0, 1)
    return np.round(grey * (2**bits - 1)).astype(np.uint16), lungs


def _patient(view, rng):
    """Return the line integral of attenuation and the lung fields (H, W) of a person drawn from ``rng``."""
    wide, tall, big = rng.normal(1, [0.05, 0.04, 0.09])
    dome = rng.normal(90, 9)  # the right dome; the left one stands lower
    domes = [
        Solid(-62 * wide, dome + 100, 8, 92 * wide, 100, 92),
        Solid(68 * wide, dome + 112, 8, 90 * wide, 100, 92),
    ]
    middle = [
        Solid(28, dome - 26, 30, 68 * big, 48 * big, 46 * big, 0.6),  # ventricles
        Solid(-8, dome - 36, 15, 32 * big, 48 * big, 40 * big),  # right atrium
        Solid(21, -50, -5, 19, 20, 36),  # aortic knob
        Solid(14, 20, -45, 15, 90, 13),  # descending aorta
        Solid(0, -40, 5, 29, 150, 45),  # great vessels
    ]
    air, fields = 0, False
    for side in (-1, 1):
        lung = view.chord(Solid(side * 71 * wide, 36, 0, 59 * wide, 166 * tall, 86 * wide, -0.04 * side))
        inside, below = lung[1] - lung[0], view.overlap(lung, domes)
        air += inside - view.overlap(lung, domes + middle)
        fields |= (inside > 30) & (below < 0.45 * inside)
    body = view.length(
        Solid(0, 110, 0, 166 * wide, 310, 112 * wide),
        *(Solid(side * 108 * wide, -78, 0, 118 * wide, 84, 62, 0.3 * side) for side in (-1, 1)),  # shoulders
        Solid(0, -205, 0, 58, 120, 66),  # neck
    )
    bubble = Solid(66 * wide, dome + 34, 10, rng.uniform(12, 28), rng.uniform(6, 14), 26, 0.1)
    gas = view.length(Solid(2, -130, 0, 9, 95, 9)) + view.length(bubble)  # windpipe, stomach
    vessels = _vessels(view, rng, wide) * (air > 0)
    soft = SOFT * np.maximum(body - gas, 0) - (SOFT - LUNG) * (air - vessels)
    return np.maximum(soft, 0) + (BONE - SOFT) * _bones(view, wide) * (body > 0), fields


def _bones(view, wide):
    """Return the thickness (H, W) of bone: spine, shoulders, ten pairs of ribs, clavicles."""
    vertebra = np.cos(2 * np.pi * (view.y + 4) / 24)  # a vertebra and its disc take 24 mm
    spine = view.length(Solid(0, 60, -60, 17, 700, 8)) * (0.8 + 0.2 * np.tanh(4 * vertebra + 2))
    joints = view.length(*(Solid(side * 165 * wide, -108, 0, 23, 27, 12) for side in (-1, 1)))
    blades = view.length(*(Solid(side * 138 * wide, -62, -60, 27, 66, 2.5, 0.16 * side) for side in (-1, 1)))
    turn, along = np.radians(np.linspace(8, 132, 2 * view.size[0])), np.linspace(0, 1, view.size[0])
    bands = []
    for side in (-1, 1):
        for rib in range(10):  # from the spine out, round the side, forward and down
            y = -122 + 22.5 * rib + (32 + 3 * rib) * (1 - np.cos(turn)) - 8 * np.sin(2 * turn)
            reach = 137 * wide * np.sqrt(np.maximum(1 - ((y - 60) / 215) ** 2, 0.05))
            bands.append(_band(view, side * reach * np.sin(turn), y, -85 * np.cos(turn), 11, 6.5))
        clavicle = -92 - 34 * along + 7 * np.sin(2 * np.pi * along)
        bands.append(_band(view, side * (15 + 138 * wide * along), clavicle, 70 - 60 * along, 12, 8))
    return spine + joints + blades + view.thickness(bands)


def _band(view, x, y, z, height, depth):
    """Return the points of a flat bone along a curve: thin marrow between dense rims (cortex)."""
    across = np.linspace(-1, 1, max(9, int(2 * height / view.pixel)))[:, None]
    step = np.sqrt(np.gradient(x) ** 2 + np.gradient(y) ** 2 + np.gradient(z) ** 2)
    volume = (0.55 + np.abs(across) ** 4) * step * depth * height / len(across)
    return x + 0 * volume, y + across * height / 2, z + 0 * volume, volume


def _vessels(view, rng, wide):
    """Return the thickness (H, W) of the lung's vessels: curves that leave each hilum and taper."""
    along, across, branches = np.linspace(0, 1, view.size[0] // 2), np.linspace(-1, 1, 5)[:, None], []
    for side in (-1, 1):
        for angle in np.linspace(-1.35, 1.3, 26):
            reach, bend, depth = rng.uniform(45, 100), rng.normal(0, 0.5), rng.normal(0, 30)
            radius = 0.9 + rng.uniform(1.2, 4.2) * (1 - along) ** 1.5
            heading = angle + rng.normal(0, 0.12) + bend * along
            x = side * wide * (26 + rng.normal(0, 4) + reach * along * np.cos(heading))
            y = rng.normal(-4 * side, 9) + 1.2 * reach * along * np.sin(heading) + across * radius
            volume = np.pi * radius**2 * 1.2 * reach / len(along) / len(across) + 0 * y
            branches.append((x + 0 * y, y, depth + 0 * y, volume))
    return view.thickness(branches)
