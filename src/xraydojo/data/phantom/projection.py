"""From solids to lengths: what the beam meets on its way to each pixel of the film.

Lengths are in millimetres. x runs to image right (the patient's left), y down, z from the patient's back to the detector in front of the
chest (PA); the origin is the middle of the chest. Beams come from a focal spot 1.8 m before the detector: what lies farther from the
detector is magnified more. Within one solid they count as parallel, so that its chord has a closed form.
"""

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import find_objects, gaussian_filter

from xraydojo.data.phantom.population import Position

FILM_SIZE = 358.4  # mm: 2048 pixels of 0.175 mm (J. Shiraishi et al., AJR 174, 71-74, 2000)
SOURCE_IMAGE_DISTANCE = 1800.0
DETECTOR = 140.0  # z of the detector
EVERYWHERE = np.s_[:, :]  # a window that holds the whole film


class Ellipsoid(NamedTuple):
    """An ellipsoid: centre, semi-axes, and its turn in the image plane in radians."""

    x: float
    y: float
    z: float
    a: float
    b: float
    c: float
    turn: float = 0.0

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, upper and lower edge of a square around it."""
        reach = max(self.a, self.b)
        return self.x - reach, self.x + reach, self.y - reach, self.y + reach


class Column:
    """A solid given level by level: its cross-section at height y is a superellipse of half-width a and half-depth b.

    Parameters
    ----------
    y : array of float, rising
        The levels that are given; in between a smooth curve without overshoot (PCHIP) is laid.
    x, a, b : arrays of float, or float
        Middle, half-width and half-depth at each level.
    z : float
        Depth of the middle.
    power : float
        2 an ellipse; more and the section becomes square.
    """

    def __init__(self, y, x, a, b, z=0.0, power=2.0):
        self.levels = np.linspace(y[0], y[-1], 4096)
        curves = [np.broadcast_to(np.asarray(values, float), len(y)) for values in (x, a, b)]
        self.x, self.a, self.b = [PchipInterpolator(y, curve)(self.levels) for curve in curves]
        self.z, self.power = z, power

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, upper and lower edge of a rectangle around it."""
        return (self.x - self.a).min(), (self.x + self.a).max(), self.levels[0], self.levels[-1]


class Strand(NamedTuple):
    """Matter given as points: arrays of x, y, z and of the volume in mm^3 that each stands for."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    volume: np.ndarray


class Interval(NamedTuple):
    """Where the beam enters and leaves a solid: z for each pixel, (H, W); equal where it misses."""

    near: np.ndarray
    far: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """The chord, (H, W)."""
        return self.far - self.near


@dataclass(frozen=True)
class View:
    """A film's pixels, and where the patient stands before it.

    Parameters
    ----------
    position : Position
        How the patient stands.
    size : (rows, columns)
        Of the film; its rows are 358.4 mm high together.
    """

    position: Position
    size: tuple[int, int]

    @property
    def pixel(self) -> float:
        """The side of a pixel, in mm on the film."""
        return FILM_SIZE / self.size[0]

    def magnification(self, z):
        """Return how much larger than life what lies at depth z is on the film."""
        return SOURCE_IMAGE_DISTANCE / (SOURCE_IMAGE_DISTANCE - DETECTOR + z)

    def plane(self, z: float, window: tuple[slice, slice] = EVERYWHERE) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y, (H, W), of the patient's points at depth z that the pixels of a window of the film see."""
        down, right = (
            ((np.arange(n, dtype=np.float32)[part] - (n - 1) / 2) * self.pixel - shift)
            / self.magnification(z)
            for n, part, shift in zip(self.size, window, (self.position.down, self.position.right))
        )
        down, right = down[:, None], right[None, :]
        sine, cosine = np.sin(self.position.tilt), np.cos(self.position.tilt)
        aside = z * np.float32(np.sin(self.position.rotation))
        return (right * cosine - aside) + down * sine, down * cosine - right * sine

    def pixels(self, x, y, z) -> tuple[np.ndarray, np.ndarray]:
        """Return row and column, as fractions, at which points of the patient appear; the inverse of `plane`."""
        x = x + z * np.sin(self.position.rotation)
        sine, cosine = np.sin(self.position.tilt), np.cos(self.position.tilt)
        scale = self.magnification(z) / self.pixel
        column = (x * cosine - y * sine) * scale + self.position.right / self.pixel + (self.size[1] - 1) / 2
        row = (y * cosine + x * sine) * scale + self.position.down / self.pixel + (self.size[0] - 1) / 2
        return row, column

    def interval(self, solid: Ellipsoid | Column) -> Interval:
        """Return where each beam enters and leaves a solid."""
        half, window = np.zeros(self.size, np.float32), self._window(solid)
        half_of = _half_column if isinstance(solid, Column) else _half_ellipsoid
        half[window] = half_of(solid, *self.plane(solid.z, window))
        z = np.float32(solid.z)
        return Interval(z - half, z + half)

    def _window(self, solid: Ellipsoid | Column) -> tuple[slice, slice]:
        """Return the rows and the columns outside which no beam meets a solid."""
        left, right, upper, lower = solid.extent
        corners = np.array([left, right, left, right]), np.array([upper, upper, lower, lower])
        edges = zip(self.pixels(*corners, solid.z), self.size)
        return tuple(
            slice(*np.clip([np.floor(at.min()), np.ceil(at.max()) + 1], 0, n).astype(int)) for at, n in edges
        )

    def length(self, *solids) -> np.ndarray:
        """Return the length (H, W) of each beam inside at least one of the solids."""
        return union_length([self.interval(solid) for solid in solids])

    def thickness(self, strands: list[Strand]) -> np.ndarray:
        """Return the thickness (H, W) of matter given as points, each shared by the four pixels around it."""
        x, y, z, volume = (np.concatenate([np.ravel(strand[i]) for strand in strands]) for i in range(4))
        row, column = self.pixels(x, y, z)
        volume = volume * (self.magnification(z) / self.pixel) ** 2
        rows, columns = self.size
        top, left = np.floor(row).astype(int), np.floor(column).astype(int)
        near = (-1 <= top) & (top < rows) & (-1 <= left) & (left < columns)
        row, column, top, left, volume = (each[near] for each in (row, column, top, left, volume))
        below, aside = row - top, column - left
        wide = columns + 2  # the film with a margin of one pixel, which takes what lies beyond
        corner, heap = (top + 1) * wide + left + 1, np.zeros((rows + 2) * wide)
        for part, start in (((1 - below) * volume, corner), (below * volume, corner + wide)):
            heap += np.bincount(start, part * (1 - aside), heap.size)
            heap += np.bincount(start + 1, part * aside, heap.size)
        film = heap.reshape(rows + 2, wide)[1:-1, 1:-1]
        return gaussian_filter(film, 0.6).astype(np.float32)


def _half_ellipsoid(solid: Ellipsoid, x, y) -> np.ndarray:
    x, y = x - np.float32(solid.x), y - np.float32(solid.y)
    sine, cosine = np.float32(np.sin(solid.turn)), np.float32(np.cos(solid.turn))
    left = 1 - ((x * cosine + y * sine) / solid.a) ** 2 - ((y * cosine - x * sine) / solid.b) ** 2
    return solid.c * np.sqrt(np.maximum(left, 0))


def _half_column(solid: Column, x, y) -> np.ndarray:
    step = solid.levels[1] - solid.levels[0]
    level = np.round((y - solid.levels[0]) / step).astype(np.intp)
    inside = (0 <= level) & (level < len(solid.levels))
    level = np.clip(level, 0, len(solid.levels) - 1)
    middle, a, b = (values.astype(np.float32)[level] for values in (solid.x, solid.a, solid.b))
    left = 1 - np.abs((x - middle) / np.maximum(a, 1e-3)) ** solid.power
    return b * np.sqrt(np.maximum(left, 0)) * inside


def union_length(intervals: list[Interval]) -> np.ndarray:
    """Return the length (H, W) that lies in at least one of the intervals."""
    near, far = (_sorted(np.stack(ends)) for ends in zip(*intervals))
    # the beam is outside from the i-th end to the (i + 1)-th beginning, wherever that comes later
    return far[0] - near[0] + np.sum(far[1:] - np.maximum(near[1:], far[:-1]), axis=0)


def _sorted(layers: np.ndarray) -> np.ndarray:
    """Return layers (N, H, W) sorted at each pixel: in place, by whole layers, which for a few is faster than `numpy.sort`."""
    for last in range(len(layers) - 1, 0, -1):
        for below, above in zip(layers[:last], layers[1:]):
            low = np.minimum(below, above)
            np.maximum(below, above, out=above)
            below[:] = low
    return layers


def clip(interval: Interval, within: Interval) -> Interval:
    """Return the part of an interval that lies within another one."""
    near, far = np.maximum(interval.near, within.near), np.minimum(interval.far, within.far)
    return Interval(near, np.maximum(near, far))


def outside(interval: Interval, others: list[Interval]) -> np.ndarray:
    """Return the length (H, W) of an interval that lies in none of the others."""
    left = interval.length
    for window in find_objects((left > 0).astype(np.uint8)):
        here, *there = (Interval(near[window], far[window]) for near, far in (interval, *others))
        left[window] -= union_length([clip(other, here) for other in there])
    return left


def band(x, y, z, height: float, depth: float, across: int) -> Strand:
    """Return the points of a flat bone along a curve: sparse marrow between dense rims.

    Parameters
    ----------
    x, y, z : arrays, shape (N,)
        The curve of its middle.
    height, depth : float
        Of its section, in mm.
    across : int
        Points over its height.
    """
    offset = np.linspace(-1, 1, across)[:, None]
    step = np.sqrt(reduce(np.add, (np.gradient(line) ** 2 for line in (x, y, z))))
    volume = (0.4 + 0.9 * np.abs(offset) ** 5) * step * depth * height / across
    zero = np.zeros_like(volume)
    return Strand(x + zero, y + offset * height / 2, z + zero, volume)
