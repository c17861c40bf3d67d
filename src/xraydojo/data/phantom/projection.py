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
from scipy.ndimage import gaussian_filter

from xraydojo.data.phantom.population import Position

FILM_SIZE = 358.4  # mm: 2048 pixels of 0.175 mm (J. Shiraishi et al., AJR 174, 71-74, 2000)
SOURCE_IMAGE_DISTANCE = 1800.0
DETECTOR = 140.0  # z of the detector


class Ellipsoid(NamedTuple):
    """An ellipsoid: centre, semi-axes, and its turn in the image plane in radians."""

    x: float
    y: float
    z: float
    a: float
    b: float
    c: float
    turn: float = 0.0


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

    def plane(self, z: float) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y, (H, W), of the patient's points at depth z that the film's pixels see."""
        down, right = (
            ((np.arange(n, dtype=np.float32) - (n - 1) / 2) * self.pixel - shift) / self.magnification(z)
            for n, shift in zip(self.size, (self.position.down, self.position.right))
        )
        down, right = down[:, None], right[None, :]
        sine, cosine = np.sin(self.position.tilt), np.cos(self.position.tilt)
        x = right * cosine + down * sine
        return x - z * np.float32(np.sin(self.position.rotation)), down * cosine - right * sine

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
        x, y = self.plane(solid.z)
        half = _half_column(solid, x, y) if isinstance(solid, Column) else _half_ellipsoid(solid, x, y)
        return Interval(solid.z - half, solid.z + half)

    def length(self, *solids) -> np.ndarray:
        """Return the length (H, W) of each beam inside at least one of the solids."""
        return union_length([self.interval(solid) for solid in solids])

    def thickness(self, strands: list[Strand]) -> np.ndarray:
        """Return the thickness (H, W) of matter given as points, each shared by the four pixels around it."""
        x, y, z, volume = (np.concatenate([np.ravel(strand[i]) for strand in strands]) for i in range(4))
        row, column = self.pixels(x, y, z)
        volume = volume * (self.magnification(z) / self.pixel) ** 2
        rows, columns = self.size
        heap = np.zeros(rows * columns)
        top, left = np.floor(row).astype(int), np.floor(column).astype(int)
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = np.abs(1 - i - (row - top)) * np.abs(1 - j - (column - left)) * volume
            inside = (0 <= top + i) & (top + i < rows) & (0 <= left + j) & (left + j < columns)
            heap += np.bincount(
                ((top + i) * columns + left + j)[inside], share[inside], minlength=rows * columns
            )
        return gaussian_filter(heap.reshape(self.size), 0.6).astype(np.float32)


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
    near = np.stack([interval.near for interval in intervals])
    far = np.stack([interval.far for interval in intervals])
    order = np.argsort(near, axis=0)
    near, far = np.take_along_axis(near, order, 0), np.take_along_axis(far, order, 0)
    total, reached = far[0] - near[0], far[0]
    for start, end in zip(near[1:], far[1:]):
        total = total + np.maximum(end - np.maximum(start, reached), 0)
        reached = np.maximum(reached, end)
    return total


def clip(interval: Interval, within: Interval) -> Interval:
    """Return the part of an interval that lies within another one."""
    near, far = np.maximum(interval.near, within.near), np.minimum(interval.far, within.far)
    return Interval(near, np.maximum(near, far))


def outside(interval: Interval, others: list[Interval]) -> np.ndarray:
    """Return the length (H, W) of an interval that lies in none of the others."""
    return interval.length - union_length([clip(other, interval) for other in others])


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
