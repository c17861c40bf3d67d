"""One film of the phantom: the chest of a person, radiographed."""

from dataclasses import dataclass

import numpy as np

from xraydojo.data.phantom import exposure
from xraydojo.data.phantom.anatomy import Anatomy, anatomy, spine_rhythm
from xraydojo.data.phantom.console import Console, collimated, console, lead
from xraydojo.data.phantom.materials import EFFECTIVE_ENERGY, attenuation
from xraydojo.data.phantom.nodules import Nodule, nodule
from xraydojo.data.phantom.population import Person, person, position
from xraydojo.data.phantom.projection import View, outside, union_length

VERSION = 1  # the same seed and version give the same film; raise it with every change that is seen
SEEN = 12.0  # mm of an organ in the beam from which on its outline is drawn


@dataclass(frozen=True)
class Film:
    """A radiograph and everything that is true of it.

    Attributes
    ----------
    pixels : ndarray of uint16, shape (H, W)
        12 bits in JSRT's polarity: air is high. `display` turns it.
    person : Person
        Sex, age and the rest.
    lungs : ndarray of uint8, shape (H, W)
        1 right lung (image left), 2 left lung, 0 else: without heart, aorta, mediastinum and below the domes, as miniJSRT and SCR outline them.
    lungs_behind_heart : ndarray of uint8, shape (H, W)
        The same with the lung behind the heart.
    heart, body, ribs, clavicles : ndarray of bool, shape (H, W)
        Where each is seen.
    air, soft, fat, bone : ndarray of float32, shape (H, W)
        Thickness in mm along the beam.
    nodules : tuple of Nodule
        None in a healthy person.
    boxes : ndarray, shape (number of nodules, 4)
        (x1, y1, x2, y2) in pixels.
    marker : str
        ``"R"`` or ``"L"``.
    """

    pixels: np.ndarray
    person: Person
    lungs: np.ndarray
    lungs_behind_heart: np.ndarray
    heart: np.ndarray
    body: np.ndarray
    ribs: np.ndarray
    clavicles: np.ndarray
    air: np.ndarray
    soft: np.ndarray
    fat: np.ndarray
    bone: np.ndarray
    nodules: tuple[Nodule, ...]
    boxes: np.ndarray
    marker: str

    @property
    def display(self) -> np.ndarray:
        """The film as it is looked at, float32 (H, W): 0 black, 1 white, bones bright."""
        return (1 - self.pixels / np.float32(exposure.WHITE)).astype(np.float32)


def film(
    seed: int,
    size: tuple[int, int] = (256, 256),
    sex: str | None = None,
    nodules: int = 0,
    subtlety: int | None = None,
    energy: float = EFFECTIVE_ENERGY,
) -> Film:
    """Radiograph a person drawn from a seed.

    Parameters
    ----------
    seed : int
        The same seed gives the same film, on every machine, as long as `VERSION` is the same.
    size : (rows, columns)
        The rows are 358.4 mm high together.
    sex : {"F", "M"}, optional
        Drawn when not given.
    nodules : int
        How many.
    subtlety : {1, 2, 3, 4, 5}, optional
        Of every nodule; drawn as in JSRT when not given.
    energy : float
        Effective energy of the beam in keV, 40 to 100.
    """
    who, where, inside, chance = (np.random.default_rng([VERSION, seed, part]) for part in range(4))
    patient, stance, settings = person(who, sex), position(where), console(where)
    view = View(stance, size)
    chest = anatomy(patient, stance, inside, max(96, min(size[0], 1024)))
    lesions = tuple(nodule(chest, inside, subtlety) for _ in range(nodules))
    matter = _project(chest, patient, lesions, view, np.random.default_rng([VERSION, seed, 4]))
    pixels = _expose(matter, settings, view, energy, chance)
    outlines = _outline(chest, view, matter["body"])
    return Film(
        pixels=pixels,
        person=patient,
        **outlines,
        body=matter["body"] > 5,
        ribs=matter["ribs"] > 1.2,
        clavicles=matter["clavicles"] > 1.2,
        **{name: matter[name].astype(np.float32) for name in ("air", "soft", "fat", "bone")},
        nodules=lesions,
        boxes=np.array([lesion.box(view) for lesion in lesions]).reshape(-1, 4),
        marker=settings.marker,
    )


def _project(chest: Anatomy, patient: Person, lesions, view: View, rng) -> dict[str, np.ndarray]:
    """Return the thickness of each kind of matter, (H, W) in mm; ``lung`` is inflated lung."""
    body = view.length(*chest.body)
    obstacles = [*chest.domes, *chest.heart, *chest.aorta, *chest.mediastinum, *chest.hila]
    blocked = [view.interval(solid) for solid in obstacles]
    lung = sum(outside(view.interval(solid), blocked) for solid in chest.lungs)
    lung = np.minimum(lung, body)
    full = lung / (lung + 8)  # vessels and nodules end where the lung does
    vessels = np.minimum(view.thickness(chest.vessels) * full, lung)
    swelling = sum((view.length(lesion.solid) * lesion.density for lesion in lesions), np.zeros(view.size))
    lung = np.maximum(lung - vessels - np.minimum(swelling, lung), 0)
    lung = lung * (1 + _texture(view, rng))
    gas = view.length(*chest.gas) + view.thickness(chest.bronchi)
    ribs, clavicles = view.thickness(chest.ribs), view.thickness(chest.clavicles)
    bone = ribs + clavicles + view.thickness([*chest.shoulder_blades, *chest.calcium])
    bone = (bone + _spine(chest, patient, view) + sum(view.length(s) * share * patient.mineral for s, share in chest.plates)) * (body > 0)  # fmt: skip
    tissue = np.maximum(body - lung - gas - bone, 0)
    fat = np.clip(0.12 + 0.025 * (patient.body_mass_index - 22), 0.03, 0.5) * tissue
    return {
        "body": body, "lung": lung, "air": np.minimum(gas, body) + 0.75 * lung, "bone": bone, "fat": fat, "soft": tissue - fat,
        "ribs": ribs, "clavicles": clavicles,
    }  # fmt: skip


def _spine(chest: Anatomy, patient: Person, view: View) -> np.ndarray:
    x, y = view.plane(chest.spine.z)
    bend = np.interp(y, chest.spine.levels, chest.spine.x)
    share, arches = spine_rhythm(x - bend, y)
    return (view.length(chest.spine) * share + arches) * patient.mineral


def _texture(view: View, rng) -> np.ndarray:
    """Return the fine structure of the lung, relative, of standard deviation 0.03: noise whose power falls with frequency."""
    shape = view.size
    frequency = exposure.frequencies(shape, view.pixel)
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) / (0.03 + frequency) ** 1.3
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=shape)
    return 0.03 * field / field.std()


def _expose(matter, settings: Console, view: View, energy: float, rng) -> np.ndarray:
    integral = sum(attenuation(name, energy) * matter[name] for name in ("soft", "fat", "bone", "lung"))
    body = matter["body"] > 5
    letters = lead(settings, view.size, view.pixel)
    seen = exposure.primary(integral)
    seen = exposure.scatter(seen, view.pixel, body)
    seen = seen * (1 - 0.998 * letters)
    magnification = view.magnification(0)
    seen = exposure.blur(seen, view.pixel, lambda f: exposure.focal_spot_mtf(f, magnification))
    seen = exposure.detect(seen, view.pixel, rng)
    closed = collimated(settings, view.size, view.pixel)
    pixels = exposure.digitise(
        exposure.logarithm(seen),
        body & ~closed & (letters < 0.1),
        settings.black,
        settings.white,
        settings.bend,
    )
    pixels[closed] = exposure.WHITE if settings.shutter else 0
    return pixels


def _outline(chest: Anatomy, view: View, body) -> dict[str, np.ndarray]:
    """Return the masks that a reader would draw."""
    heart = union_length([view.interval(solid) for solid in chest.heart]) > SEEN
    aorta = view.length(*chest.aorta[:2]) > SEEN
    middle = view.length(*chest.mediastinum) > SEEN
    fields, whole = np.zeros(view.size, np.uint8), np.zeros(view.size, np.uint8)
    for label, (solid, dome) in enumerate(zip(chest.lungs, chest.domes), 1):
        lung, under = view.interval(solid), view.interval(dome)
        covered = lung.length - outside(lung, [under])
        seen = (lung.length > SEEN) & (covered < SEEN) & ~middle & (body > 5)
        whole[seen & ~aorta] = label
        fields[seen & ~aorta & ~heart] = label
    return {"lungs": fields, "lungs_behind_heart": whole, "heart": heart & (body > 5)}
