"""Who is radiographed, and how: people and positions drawn at random.

Heights and body mass are near those of Japanese adults (National Health and Nutrition Survey 2019: men 168 cm, women 154 cm). The relations to
sex and age follow the textbooks in direction (men's chests are wider and longer; with age the heart widens, the aorta grows long and
calcifies, bone loses mineral); their sizes are our choice, made so that no single number decides: ``dojo bench data`` measures what comes out.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Person:
    """A patient, as far as a chest film shows one.

    Attributes
    ----------
    sex : str
        ``"F"`` or ``"M"``.
    age : int
        16 to 89 years.
    height, weight : float
        In cm and kg.
    thorax : float
        Half of the inner width of the chest at its widest, in mm.
    lung : float
        Height of the right lung from apex to dome in full inspiration, in mm.
    heart : float
        Transverse diameter of the heart over the inner width of the chest.
    elongation : float
        Of the aorta: 0 young, 1 old.
    calcium : float
        Of aorta and costal cartilage: 0 none, 1 plain to see.
    mineral : float
        Bone mineral density relative to a young adult's.
    breast : float
        Size of the breasts: 0 flat, 1 average in women.
    vessels : float
        Calibre of the lung's vessels relative to the average.
    scoliosis : float
        Sideways bend of the spine, in mm.
    """

    sex: str
    age: int
    height: float
    weight: float
    thorax: float
    lung: float
    heart: float
    elongation: float
    calcium: float
    mineral: float
    breast: float
    vessels: float
    scoliosis: float

    @property
    def body_mass_index(self) -> float:
        """In kg/m^2."""
        return self.weight / (self.height / 100) ** 2


@dataclass(frozen=True)
class Position:
    """How the patient stands: all the small errors of a real examination.

    Attributes
    ----------
    inspiration : float
        1 full; less and the domes stand higher and the heart lies broader.
    right, down : float
        Centring error, mm on the film.
    tilt, rotation : float
        Of the body in the film's plane and about the vertical axis, in radians.
    shoulders : float
        1 rolled well forward, so that the shoulder blades leave the lungs; 0 not at all.
    """

    inspiration: float
    right: float
    down: float
    tilt: float
    rotation: float
    shoulders: float


def person(rng: np.random.Generator, sex: str | None = None) -> Person:
    """Draw a person; ``sex`` is drawn as well when not given."""
    sex = sex or ("F", "M")[rng.integers(2)]
    man = sex == "M"
    age = int(np.clip(round(rng.normal(57, 17)), 16, 89))
    years = age - 57
    height = rng.normal(168 if man else 155, 6.5) - 0.08 * years
    mass_index = np.clip(rng.normal(23.7 if man else 22.5, 3.2), 16, 36)
    stature = height / 162
    thorax = (134.5 if man else 131.5) * stature**0.5 * rng.normal(1, 0.045) + 0.5 * (mass_index - 23)
    bone_loss = 0.006 * years + (0.003 * max(age - 50, 0) if not man else 0)
    if man:
        breast = max(0.0, rng.normal(0.05 * (mass_index - 23), 0.15))
    else:
        breast = rng.lognormal(-1.0, 0.8) * (mass_index / 22.5) ** 1.5
    return Person(
        sex=sex,
        age=age,
        height=height,
        weight=mass_index * (height / 100) ** 2,
        thorax=thorax,
        lung=(215 if man else 211) * stature**0.7 * rng.normal(1, 0.05),
        heart=float(np.clip(rng.normal(0.45 + 0.0018 * years + 0.003 * (mass_index - 23), 0.03), 0.34, 0.62)),
        elongation=float(np.clip((age - 20) / 60 + rng.normal(0, 0.11), 0, 1.3)),
        calcium=float(np.clip((age - 42) / 40 + rng.normal(0, 0.3), 0, 1.3)),
        mineral=float(np.clip(1 - bone_loss + rng.normal(0, 0.09), 0.45, 1.4)),
        breast=float(min(breast, 1.8)),
        vessels=rng.normal(1, 0.1) + 0.002 * years,
        scoliosis=rng.normal(0, 3 + 0.04 * max(years, 0)),
    )


def position(rng: np.random.Generator) -> Position:
    """Draw how the patient stands."""
    return Position(
        inspiration=float(np.clip(rng.normal(0.92, 0.1), 0.55, 1.05)),
        right=rng.normal(0, 6),
        down=rng.normal(-1, 9),
        tilt=rng.normal(0, 0.02),
        rotation=rng.normal(0, 0.035),
        shoulders=float(np.clip(rng.normal(0.7, 0.25), 0, 1)),
    )
