"""Nodules and masses, with the truth about each.

Sizes follow the JSRT data base: 5 to 60 mm, five grades of subtlety, from 5 (obvious) to 1 (extremely subtle), and so many of each grade as there
(J. Shiraishi et al., AJR 174, 71-74, 2000, table 1).
"""

from dataclasses import dataclass

import numpy as np

from xraydojo.data.phantom.anatomy import Anatomy
from xraydojo.data.phantom.projection import Ellipsoid, View

GRADES = {5: 12, 4: 38, 3: 50, 2: 29, 1: 25}  # films of each subtlety among JSRT's 154
# median diameter in mm, and density relative to soft tissue, by grade: ours
DIAMETER = {5: 31, 4: 22, 3: 17, 2: 14, 1: 11}
DENSITY = {5: 1.25, 4: 1.1, 3: 0.95, 2: 0.75, 1: 0.5}
MASS = 30.0  # mm; a mass is larger than a nodule


@dataclass(frozen=True)
class Nodule:
    """One nodule (up to 30 mm) or mass.

    Attributes
    ----------
    solid : Ellipsoid
        Its shape, in the patient.
    density : float
        Of its tissue, relative to soft tissue.
    diameter : float
        In mm, in the patient.
    subtlety : int
        5 obvious, 4 relatively obvious, 3 subtle, 2 very subtle, 1 extremely subtle.
    malignant : bool
        As drawn; it makes the outline rougher and nothing else.
    """

    solid: Ellipsoid
    density: float
    diameter: float
    subtlety: int
    malignant: bool

    def box(self, view: View) -> tuple[float, float, float, float]:
        """Return (x1, y1, x2, y2) on the film, edges in pixels, half-open."""
        row, column = view.pixels(*(np.array(value) for value in self.solid[:3]))
        reach = self.diameter / 2 * view.magnification(self.solid.z) / view.pixel
        return (
            float(column + 0.5 - reach),
            float(row + 0.5 - reach),
            float(column + 0.5 + reach),
            float(row + 0.5 + reach),
        )


def nodule(anatomy: Anatomy, rng: np.random.Generator, subtlety: int | None = None) -> Nodule:
    """Draw a nodule somewhere in a lung: behind the heart and below the dome as well.

    Parameters
    ----------
    anatomy : Anatomy
        The chest.
    rng : numpy.random.Generator
        The source of chance.
    subtlety : int, optional
        1 to 5; drawn as in JSRT when not given.
    """
    if subtlety is None:
        subtlety = int(rng.choice(list(GRADES), p=np.array(list(GRADES.values())) / sum(GRADES.values())))
    diameter = float(np.clip(DIAMETER[subtlety] * rng.lognormal(0, 0.25), 5, 60))
    while True:
        lung = anatomy.lungs[rng.integers(2)]
        y = rng.uniform(lung.levels[0], lung.levels[-1])
        x = rng.uniform(lung.levels.min() - 60, 160)
        z = rng.uniform(-90, 80)
        if _in_lung(lung, anatomy, x, y, z, diameter / 2):
            break
    squeeze = rng.uniform(0.85, 1.0)
    solid = Ellipsoid(
        x, y, z, diameter / 2, diameter / 2 * squeeze, diameter / 2 * squeeze, rng.uniform(0, 3)
    )
    return Nodule(
        solid, DENSITY[subtlety] * rng.normal(1, 0.05), diameter, subtlety, bool(rng.random() < 100 / 154)
    )


def _in_lung(lung, anatomy: Anatomy, x: float, y: float, z: float, radius: float) -> bool:
    """Return whether a ball of this radius lies in the air of a lung, or nearly so."""
    index = np.clip(np.searchsorted(lung.levels, y), 0, len(lung.levels) - 1)
    middle, a, b = lung.x[index], lung.a[index] - 0.7 * radius, lung.b[index] - 0.7 * radius
    if min(a, b) <= 0 or abs((x - middle) / a) ** lung.power + ((z - lung.z) / b) ** 2 > 1:
        return False
    solids = [*anatomy.domes, *anatomy.heart, *anatomy.aorta[:2], *anatomy.hila]
    column = anatomy.mediastinum[0]
    level = np.clip(np.searchsorted(column.levels, y), 0, len(column.levels) - 1)
    if abs(x - column.x[level]) < column.a[level] + 0.7 * radius and abs(z - column.z) < column.b[level]:
        return False
    return all(
        ((x - s.x) / (s.a + radius)) ** 2
        + ((y - s.y) / (s.b + radius)) ** 2
        + ((z - s.z) / (s.c + radius)) ** 2
        > 1
        for s in solids
    )
