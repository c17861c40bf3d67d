"""The chest of a person in three dimensions: solids, and bones and vessels as points.

Coordinates are those of `projection`: the patient's left is at positive x, which is image right. Proportions follow H. Gray, Anatomy of the Human
Body, and what a PA film shows: apex of the heart and stomach to the left, right dome higher, left hilum higher, hila that branch. The exact numbers are ours.
"""

from dataclasses import dataclass, field

import numpy as np

from xraydojo.data.phantom.population import Person, Position
from xraydojo.data.phantom.projection import Column, Ellipsoid, Strand, band

SIDES = (-1, 1)  # the patient's right, which is image left, and left
RIBS = 12


@dataclass(frozen=True)
class Anatomy:
    """Solids by what they are made of; a list holds solids that may overlap.

    Attributes
    ----------
    body : list
        Soft tissue and fat: trunk, neck, shoulders, breasts.
    lungs : list
        The right one and the left one, before anything is cut out.
    domes : list
        Diaphragm with liver and spleen under it, right and left.
    heart : list
        Chambers and the trunk of the pulmonary artery.
    aorta : list
        Ascending part, arch, descending part.
    mediastinum : list
        What lies between the lungs but heart and aorta.
    hila : list
        Pulmonary arteries and veins where they enter.
    gas : list
        Windpipe, stomach bubble, bowel.
    spine : Column
        Vertebral bodies without their rhythm; `spine_rhythm` has it.
    plates : list
        Other bones as solids, with their share of dense bone.
    ribs, clavicles, shoulder_blades, calcium, vessels, bronchi : list of Strand
        As points.
    """

    body: list
    lungs: list
    domes: list
    heart: list
    aorta: list
    mediastinum: list
    hila: list
    gas: list
    spine: Column
    plates: list
    ribs: list = field(default_factory=list)
    clavicles: list = field(default_factory=list)
    shoulder_blades: list = field(default_factory=list)
    calcium: list = field(default_factory=list)
    vessels: list = field(default_factory=list)
    bronchi: list = field(default_factory=list)


VERTEBRA = 23.0  # mm from one to the next, with the disc
T1 = -158.0  # y of the first thoracic vertebra
APEX = -134.0  # y of the apices of the lungs


def anatomy(person: Person, position: Position, rng: np.random.Generator, fineness: int) -> Anatomy:
    """Return the chest of a person in a position.

    Parameters
    ----------
    person, position : Person, Position
        Who, and how they stand.
    rng : numpy.random.Generator
        For what differs between people of the same measures: vessels, gas, the run of the ribs.
    fineness : int
        Points along a rib; about the number of the film's rows.
    """
    dome = APEX + person.lung * (0.72 + 0.28 * position.inspiration)
    lungs = [_lung(person, side) for side in SIDES]
    heart_width = 2 * person.thorax * person.heart * (1 + 0.15 * (1 - position.inspiration))
    return Anatomy(
        body=_body(person),
        lungs=lungs,
        domes=_domes(person, dome, rng),
        heart=_heart(heart_width, dome, rng),
        aorta=_aorta(person, rng),
        mediastinum=_mediastinum(person, rng),
        hila=_hila(person, rng),
        gas=_gas(person, dome, rng),
        spine=_spine(person),
        plates=_plates(person, position),
        ribs=_ribs(person, lungs, rng, fineness),
        clavicles=_clavicles(person, position, rng, fineness),
        shoulder_blades=_shoulder_blades(person, position, fineness),
        calcium=_calcium(person, rng),
        vessels=_vessels(person, rng, fineness),
        bronchi=_bronchi(fineness),
    )


def _lung(person: Person, side: int) -> Column:
    """Return a lung: narrow apex, widest low down, its base far below the dome behind it."""
    level = np.array([0, 0.02, 0.06, 0.13, 0.24, 0.38, 0.56, 0.76, 0.92, 1.05, 1.3])
    lateral = np.array([0.32, 0.44, 0.545, 0.64, 0.755, 0.85, 0.925, 0.98, 1.0, 1.0, 0.97]) * person.thorax
    medial = np.array([0.32, 0.22, 0.15, 0.11, 0.08, 0.06, 0.05, 0.05, 0.05, 0.06, 0.1]) * person.thorax
    depth = np.array([0, 0.3, 0.46, 0.6, 0.76, 0.9, 1.0, 1.02, 1.0, 0.94, 0.8]) * 0.68 * person.thorax
    y = APEX + (3 if side > 0 else 0) + level * person.lung
    return Column(y, side * (lateral + medial) / 2, (lateral - medial) / 2, depth, z=-4.0, power=2.5)


def _domes(person: Person, dome: float, rng) -> list:
    wide, lower = person.thorax, rng.normal(13, 5)
    flat = rng.normal(1, 0.12)
    return [
        Ellipsoid(-0.44 * wide, dome + 105 * flat, 10, 0.70 * wide, 105 * flat, 0.66 * wide),
        Ellipsoid(0.47 * wide, dome + lower + 105 * flat, 8, 0.68 * wide, 105 * flat, 0.66 * wide),
    ]


def _heart(width: float, dome: float, rng) -> list:
    """Return left and right ventricle, right atrium, left atrium with the trunk of the pulmonary artery."""
    lift = rng.normal(0, 4)
    return [
        Ellipsoid(0.22 * width, dome - 26 + lift, 34, 0.50 * width, 0.33 * width, 0.36 * width, 0.55 + rng.normal(0, 0.08)),
        Ellipsoid(-0.09 * width, dome - 36 + lift, 20, 0.24 * width, 0.38 * width, 0.32 * width),
        Ellipsoid(0.07 * width, dome - 78 + lift, 0, 0.26 * width, 0.30 * width, 0.30 * width),
    ]  # fmt: skip


def _aorta(person: Person, rng) -> list:
    long = person.elongation
    arch = -62 - 6 * long
    y = np.array([arch - 8, arch + 25, arch + 80, arch + 150, arch + 230])
    bow = np.array([16 + 4 * long, 18 + 9 * long, 15 + 12 * long, 9 + 5 * long, 4.0])
    return [
        Ellipsoid(-9 - 7 * long, -22, 24, 17 + 3 * long, 58, 18),
        Ellipsoid(17 + 8 * long + rng.normal(0, 2), arch, -4, 17 + 3 * long, 17 + 4 * long, 34),
        Column(y, bow, 12.5 + 2.5 * long, 12.5 + 2.5 * long, z=-48.0),
    ]


def _mediastinum(person: Person, rng) -> list:
    """Return the great veins and arteries of the neck with windpipe and gullet, and the tissue before and behind them."""
    wide = 1 + 0.012 * (person.body_mass_index - 22.5) + rng.normal(0, 0.08)
    y = np.array([-220, -150, -110, -70, -35, 10, 60, 140, 260])
    half = np.array([40, 33, 30, 27, 25, 21, 22, 26, 34]) * wide
    return [Column(y, -1.0, half, np.array([60, 56, 62, 70, 66, 60, 60, 66, 70]), z=-6.0)]


def _hila(person: Person, rng) -> list:
    size = person.vessels
    return [
        Ellipsoid(-37, -6 + rng.normal(0, 4), -2, 11 * size, 25 * size, 13, -0.25),
        Ellipsoid(38, -19 + rng.normal(0, 4), -6, 11 * size, 21 * size, 13, 0.3),
    ]


def _body(person: Person) -> list:
    wide, thick = person.thorax, 1.5 * (person.body_mass_index - 22.5)
    y = np.array([-190, -150, -110, -60, 0, 60, 130, 210, 330])
    half = wide + np.array([-62, -22, 6, 17, 19, 18, 16, 17, 22]) + thick
    depth = 0.68 * wide + np.array([-30, -14, 2, 12, 17, 19, 22, 24, 24]) + 0.9 * thick
    trunk = Column(y, 0.0, half, depth, power=2.7)
    neck = Column(
        np.array([-330, -220, -180, -140]), 0.0, np.array([56, 57, 68, 90]) + 0.5 * thick, 58.0, z=-12.0
    )
    shoulders = [
        Ellipsoid(side * (0.82 * wide), -98, -8, 0.78 * wide + thick, 62 + 0.5 * thick, 62, 0.34 * side)
        for side in SIDES
    ]
    arms = [
        Ellipsoid(side * (1.75 * wide + thick), -30, -12, 40 + 0.6 * thick, 120, 46, -0.62 * side)
        for side in SIDES
    ]
    return [trunk, neck, *shoulders, *arms, *_breasts(person, thick)]


def _breasts(person: Person, thick: float) -> list:
    """Return two solids a side: a shallow one from the collar down, and the fuller one below with the edge that a film shows."""
    wide, size = person.thorax, person.breast
    if size < 0.05:
        return []
    front = 0.66 * wide + thick
    breasts = []
    for side in SIDES:
        out, low = side * 0.60 * wide, 52 + 14 * size
        breasts += [
            Ellipsoid(out, low - 32, front, 0.40 * wide * size**0.3, 78 * size**0.3, 16 + 11 * size),
            Ellipsoid(out * 1.04, low + 8, front, 0.36 * wide * size**0.3, 42 * size**0.4, 14 + 24 * size),
        ]
    return breasts


def _gas(person: Person, dome: float, rng) -> list:
    """Return windpipe, stomach bubble under the left dome, and gas in the bowel."""
    windpipe = Column(
        np.array([-330.0, -150, -90, -44]), np.array([0, 0, -1.5, -3.0]), 8.5, 9.5, z=-14.0, power=2.0
    )
    bubble = Ellipsoid(
        0.46 * person.thorax + rng.normal(0, 8),
        dome + rng.normal(38, 6),
        14,
        rng.uniform(10, 30),
        rng.uniform(6, 15),
        rng.uniform(18, 34),
        rng.normal(0, 0.15),
    )
    # gas in the colon lies in a string of pouches, most often at its left bend
    bowel = []
    for _ in range(rng.poisson(1.6)):
        x, y = rng.uniform(-0.85, 0.95) * person.thorax, dome + rng.uniform(62, 150)
        for _ in range(1 + rng.poisson(3)):
            pouch = rng.uniform(7, 19)
            bowel.append(
                Ellipsoid(x, y, rng.uniform(0, 50), pouch, pouch * rng.uniform(0.7, 1), rng.uniform(8, 24))
            )
            x, y = x + rng.normal(0, 1.3) * pouch, y + rng.normal(0.3, 0.8) * pouch
    return [windpipe, bubble, *bowel]


def _spine(person: Person) -> Column:
    y = np.array([-330.0, -180, -60, 80, 200, 330])
    bend = person.scoliosis * np.sin((y + 200) / 150)
    return Column(y, bend, np.array([12, 15.5, 16, 18, 21, 23]), 15.0, z=-58.0, power=3.0)


def spine_rhythm(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the spine adds level by level.

    Parameters
    ----------
    x, y : ndarray, shape (H, W)
        Points at the spine's depth, x from its middle.

    Returns
    -------
    share : ndarray
        Of bone in the vertebral column: 1 in the end plates, little in the discs.
    arches : ndarray
        Thickness of dense bone in pedicles, spinous and transverse processes, in mm.
    """
    level = (y - T1) / VERTEBRA
    height = (level - np.floor(level) - 0.5) * VERTEBRA  # from the middle of the vertebra
    share = 0.5 * (np.tanh((9.3 - np.abs(height)) / 0.9) + 1)
    plates = np.exp(-(((np.abs(height) - 8.3) / 1.0) ** 2))

    def blob(middle, down, a, b, depth):
        return depth * np.sqrt(np.maximum(1 - ((x - middle) / a) ** 2 - ((height - down) / b) ** 2, 0))

    pedicles = blob(-10.5, -3, 3.6, 5, 9) + blob(10.5, -3, 3.6, 5, 9) - blob(-10.5, -3, 1.9, 3.2, 6) - blob(10.5, -3, 1.9, 3.2, 6)  # fmt: skip
    processes = blob(0, 5, 2.6, 5.5, 12) + blob(-24, -5, 14, 3.6, 3.5) + blob(24, -5, 14, 3.6, 3.5)
    return 0.22 * share + 0.2 * plates, np.maximum(pedicles, 0) + processes


def _plates(person: Person, position: Position) -> list:
    """Return pairs of a solid and its share of dense bone: breast bone, humeral heads and shafts, blades."""
    wide = person.thorax
    out = wide * (0.98 + 0.12 * position.shoulders)
    pairs = [(Ellipsoid(0, -20, 0.62 * wide, 17, 82, 5), 0.15)]
    for side in SIDES:
        pairs += [
            (Ellipsoid(side * (out + 26), -118, -4, 23, 25, 21), 0.3),
            (Ellipsoid(side * (out + 88), -40, -8, 11, 105, 11, -0.62 * side), 0.45),
            (Ellipsoid(side * (out - 6), -66, -62, 24, 66, 3.0, 0.2 * side), 0.8),
            (Ellipsoid(side * (out + 6), -112, -30, 12, 14, 10), 0.3),
        ]
    return pairs


def _ribs(person: Person, lungs: list, rng, fineness: int) -> list:
    """Return twelve pairs: from the spine out, round the side on the lung's outline, forward and down."""
    along = np.linspace(0, 1, fineness)
    slope, lift = rng.normal(1, 0.08), rng.normal(0, 2)
    ribs = []
    for side, lung in zip(SIDES, lungs):
        for rib in range(RIBS):
            end = np.radians((88, 112, 126, 134, 138, 138, 136, 132, 126, 118, 92, 66)[rib])
            turn = np.radians(6) + along * (end - np.radians(6))
            drop = (42, 62, 78, 88, 94, 98, 100, 102, 104, 104, 100, 96)[rib] * slope * (person.lung / 225)
            y = T1 + 12 + lift + VERTEBRA * 1.02 * rib * (person.lung / 225) ** 0.5
            y = y + drop * (1 - np.cos(turn)) / 2 - 7 * np.sin(2 * turn) + 3 * np.sin(turn * 3 + rib) * 0.4
            reach = np.interp(y, lung.levels, np.abs(lung.x) + lung.a, left=0.33 * person.thorax) + 3.5
            back = np.interp(y, lung.levels, lung.b, left=10) + 4
            x = side * np.maximum(reach * np.sin(turn), 20 * np.cos(turn))
            height = 9.5 if rib < 1 else 11.5
            across = max(7, round(fineness / 24))
            fade = 1 - 0.35 * along
            strand = band(
                x, y, -4 - np.maximum(back, 40) * np.cos(turn), height, 9.0 * person.mineral, across
            )
            ribs.append(strand._replace(volume=strand.volume * fade))
    return ribs


def _clavicles(person: Person, position: Position, rng, fineness: int) -> list:
    along = np.linspace(0, 1, fineness)
    lift = rng.normal(0, 7)
    across = max(7, round(fineness / 24))
    clavicles = []
    for side in SIDES:
        x = side * (14 + (0.98 * person.thorax + 6) * along)
        y = -88 + lift - (30 + 8 * position.shoulders) * along + 7 * np.sin(2 * np.pi * along)
        z = 0.62 * person.thorax - (48 - 18 * position.shoulders) * along
        clavicles.append(
            band(x, y, z, 12 + 2 * np.cos(2 * np.pi * along).mean(), 11 * person.mineral, across)
        )
    return clavicles


def _shoulder_blades(person: Person, position: Position, fineness: int) -> list:
    """Return the dense borders of the blades: the lateral border and the spine of the blade."""
    along = np.linspace(0, 1, fineness // 2)
    across = max(7, round(fineness / 24))
    out = person.thorax * (0.98 + 0.12 * position.shoulders)
    borders = []
    for side in SIDES:
        lateral = (
            side * (out + 10 - 22 * along),
            -96 + 96 * along + 6 * np.sin(np.pi * along),
            -58 + 0 * along,
        )
        spine = (side * (out - 26 + 50 * along), -82 - 34 * along, -66 + 30 * along)
        borders += [
            band(*lateral, 7, 10 * person.mineral, across),
            band(*spine, 8, 8 * person.mineral, across),
        ]
    return borders


def _calcium(person: Person, rng) -> list:
    """Return flecks in the wall of the aortic arch and in the cartilage of the ribs."""
    strands = [Strand(*np.zeros((4, 1)))]
    if person.calcium > 0.45:
        turn = rng.uniform(-2.2, 0.9, int(260 * person.calcium))
        radius = 16 + 3 * person.elongation
        x, y = (
            17 + 8 * person.elongation + radius * np.cos(turn),
            -62 - 6 * person.elongation + radius * np.sin(turn),
        )
        strands.append(Strand(x, y, rng.uniform(-30, 20, turn.size), np.full(turn.size, 1.3)))
    for side in SIDES:
        for rib in range(0, 8):
            count = int(150 * max(person.calcium - 0.25, 0) * rng.uniform(0.2, 1))
            along = rng.beta(1.2, 2.5, count)
            start = person.thorax * (0.42 + 0.02 * rib)
            x = side * (start - (start - 22) * along) + rng.normal(0, 1.5, count)
            y = -68 + 24.5 * rib - (6 + 3 * rib) * along + rng.normal(0, 3.2, count)
            strands.append(Strand(x, y, np.full(count, 0.6 * person.thorax), np.full(count, 2.6)))
    return strands


def _bronchi(fineness: int) -> list:
    """Return the main bronchi, filled with air: the right one steeper."""
    along = np.linspace(0, 1, fineness // 4)
    tubes = []
    for end_x, end_y, radius in ((-34, -12, 6.5), (40, -14, 5.5)):
        x, y = -3 + (end_x + 3) * along, -44 + (end_y + 44) * along
        tubes.append(
            _tube(
                x[None], y[None], -14 + 0 * x[None], np.full((1, along.size), radius), max(9, fineness // 20)
            )
        )
    return tubes


def _vessels(person: Person, rng, fineness: int) -> list:
    """Return the trees of vessels: each branch splits in two that share its section (C. D. Murray, PNAS 12, 207, 1926)."""
    trees, across = [], max(5, fineness // 32)
    for side in SIDES:
        count = 13
        angle = np.linspace(-1.5, 1.4, count) + rng.normal(0, 0.2, count)
        x = side * (33 + rng.normal(0, 4, count))
        y = (-6 if side < 0 else -17) + 17 * np.sin(angle) + rng.normal(0, 4, count)
        z = rng.normal(-4, 9, count)
        radius = person.vessels * rng.uniform(3.5, 7.0, count)
        away = rng.normal(0, 0.4, count)
        for generation in range(6):
            long = rng.uniform(14, 40, radius.size) * 0.93**generation * (person.thorax / 130)
            steps = np.linspace(0, 1, max(6, fineness // (8 + 2 * generation)))
            heading = angle[:, None] + rng.normal(0, 0.22, radius.size)[:, None] * steps
            sideways = np.cumsum(np.cos(heading), axis=1) * (long / steps.size)[:, None]
            down = np.cumsum(np.sin(heading), axis=1) * (long / steps.size)[:, None]
            path_x, path_y = x[:, None] + side * sideways, y[:, None] + 1.15 * down
            path_z = z[:, None] + (long * np.sin(away))[:, None] * steps
            smaller = radius[:, None] * (1 - 0.12 * steps)
            trees.append(_tube(path_x, path_y, path_z, smaller, across))
            share = rng.uniform(0.35, 0.65, radius.size)
            x, y, z = (np.repeat(path[:, -1], 2) for path in (path_x, path_y, path_z))
            radius = np.stack([radius * share ** (1 / 3), radius * (1 - share) ** (1 / 3)], 1).ravel() * 0.95
            spread = rng.uniform(0.25, 0.6, radius.size) * np.tile([-1, 1], radius.size // 2)
            angle = np.repeat(heading[:, -1], 2) + spread
            away = np.repeat(away, 2) + rng.normal(0, 0.5, radius.size)
            keep = (radius > 0.35) & (rng.random(radius.size) < 0.9)
            x, y, z, radius, angle, away = (values[keep] for values in (x, y, z, radius, angle, away))
    return trees


def _tube(x, y, z, radius, across: int) -> Strand:
    """Return the points of tubes, one a row: arrays (tubes, steps); sections are round."""
    offset = np.linspace(-0.9, 0.9, across)[:, None, None]
    chord = 2 * np.sqrt(1 - offset**2)
    chord = chord * (np.pi / (chord.mean() * 1.8))
    dx, dy, dz = (np.gradient(along, axis=1) for along in (x, y, z))
    step, length = np.sqrt(dx**2 + dy**2 + dz**2), np.sqrt(dx**2 + dy**2) + 1e-6
    aside_x, aside_y = -dy / length, dx / length
    volume = chord * (1.8 / across) * radius**2 * step
    zero = np.zeros_like(volume)
    return Strand(x + offset * radius * aside_x, y + offset * radius * aside_y, z + zero, volume)
