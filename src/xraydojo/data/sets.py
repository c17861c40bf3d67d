"""Films to learn from: images with their targets, and parts for training, validation and test that share no patient."""

from dataclasses import dataclass

import numpy as np

from xraydojo.data.films import FilmsError
from xraydojo.language import L

HELD_OUT = 0.2  # of the patients, where a data set does not say
SEED = 0


@dataclass(frozen=True)
class Nodule:
    """A nodule, or a mass, on a film.

    Attributes
    ----------
    x, y : float
        The centre in pixels of the film at hand, from its left and its upper edge: pixel j covers [j, j + 1).
    diameter : float
        In pixels of the film at hand.
    subtlety : int
        5 obvious, 4 relatively obvious, 3 subtle, 2 very subtle, 1 extremely subtle.
    malignant : bool
        Whether it is, as far as the data set knows.
    """

    x: float
    y: float
    diameter: float
    subtlety: int
    malignant: bool


@dataclass(frozen=True, eq=False)
class FilmSet:
    """Films with their targets, one entry a film.

    Attributes
    ----------
    images : ndarray, shape (N, H, W), float32
        From 0 (black) to 1 (white); bones are bright.
    targets : ndarray
        Classes: shape (N,), int64, indices into `classes`. Ages: shape (N,), float, in years, nan where unknown. Masks:
        shape (N, H, W), uint8, indices into `classes`. Images to be restored: shape (N, H', W'), float32.
    patients : tuple of str
        Who is on the film; all films of one patient say the same.
    names : tuple of str
        The films' files, relative to the data set's folder.
    classes : tuple of str
        Their names; empty where the target is a number or an image.
    nodules : tuple of tuple of Nodule
        Those of each film; empty for a data set that does not tell.
    """

    images: np.ndarray
    targets: np.ndarray
    patients: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    nodules: tuple[tuple[Nodule, ...], ...] = ()

    def __post_init__(self):
        counts = {field: len(getattr(self, field)) for field in ("images", "targets", "patients", "names")}
        if len(set(counts.values()) | ({len(self.nodules)} if self.nodules else set())) > 1:
            raise ValueError(f"one entry a film is expected, not {counts} and {len(self.nodules)} nodules")

    def __len__(self):
        return len(self.images)

    def take(self, indices) -> "FilmSet":
        """Return some of the films, in the order given.

        Parameters
        ----------
        indices : ints, bools or slice
            What would pick from an array of length N.
        """
        chosen = np.arange(len(self))[indices].reshape(-1)
        return FilmSet(
            images=self.images[chosen],
            targets=self.targets[chosen],
            patients=tuple(self.patients[index] for index in chosen),
            names=tuple(self.names[index] for index in chosen),
            classes=self.classes,
            nodules=tuple(self.nodules[index] for index in chosen) if self.nodules else (),
        )

    def boxes(self) -> list[np.ndarray]:
        """Return the boxes around the nodules of each film.

        Returns
        -------
        list of ndarray, shape (M, 4)
            (x1, y1, x2, y2) in pixels, edges: pixel j covers [j, j + 1). Not cut at the film's border.
        """
        return [
            np.array(
                [(n.x, n.y, n.x, n.y) + n.diameter / 2 * np.array([-1, -1, 1, 1]) for n in nodules]
            ).reshape(-1, 4)
            for nodules in self.nodules or ((),) * len(self)
        ]


@dataclass(frozen=True, eq=False)
class Split:
    """The three parts of a data set. No patient is in two of them.

    Attributes
    ----------
    train, validation, test : FilmSet
        What is learned from, what is tuned on, and what is looked at once.
    source : str
        What these films are, for captions, in the learner's language.
    citation : str
        What a publication must cite; empty for the embedded films.
    note : str
        What was left out, and why, in the learner's language; empty where nothing was.
    """

    train: FilmSet
    validation: FilmSet
    test: FilmSet
    source: str
    citation: str
    note: str = ""

    def __post_init__(self):
        parts = [set(part.patients) for part in (self.train, self.validation, self.test)]
        if sum(map(len, parts)) != len(set.union(*parts)):
            raise ValueError("a patient is in two parts of the split")


def draw_patients(patients, fraction: float = HELD_OUT, seed: int = SEED) -> np.ndarray:
    """Draw some patients, and say which films are theirs.

    Parameters
    ----------
    patients : sequence of str, length N
        One id a film.
    fraction : float
        Of the patients, in (0, 1); at least one is drawn and at least one stays.
    seed : int
        The same seed draws the same patients.

    Returns
    -------
    ndarray, shape (N,), bool
        Whether a film is of a patient who was drawn.

    Raises
    ------
    FilmsError
        If there are fewer than two patients.
    """
    known = np.unique(patients)
    if len(known) < 2:
        raise FilmsError(
            L(
                f"patients to learn from: {len(known)}; at least 2 are needed, so that one can be checked on another; see "
                "that the data set is whole",
                f"学習に使える患者が {len(known)} 名です。学習と検証を別の患者で行うには 2 名以上が必要です。データセットが揃っているか確認してください",
            )
        )
    count = min(max(1, round(fraction * len(known))), len(known) - 1)
    return np.isin(patients, np.random.default_rng(seed).choice(known, count, replace=False))


def split_by_patient(films: FilmSet, test, source: str, citation: str) -> Split:
    """Keep the test films, leave their patients out of training, and take a fifth of the others for validation.

    Parameters
    ----------
    films : FilmSet
        All films.
    test : bools, shape (N,)
        Which of them are for the test.
    source, citation : str
        See `Split`.

    Returns
    -------
    Split
        With a note of how many films were left out.

    Raises
    ------
    FilmsError
        If fewer than two patients are left to learn from.
    """
    patients, test = np.array(films.patients), np.asarray(test, bool)
    leaked = ~test & np.isin(patients, patients[test])
    train = ~test & ~leaked
    validation = np.zeros(len(films), bool)
    validation[train] = draw_patients(patients[train])
    note = L(
        f"films left out of training, as their patients are in the test set: {leaked.sum()}",
        f"テスト用と同じ患者のため、学習用から除いた画像：{leaked.sum()} 枚",
    )
    return Split(
        films.take(train & ~validation),
        films.take(validation),
        films.take(test),
        source,
        citation,
        note if leaked.any() else "",
    )


def one_id_per_patient(patients, films) -> tuple[str, ...]:
    """Give patients who share a film one id: that of the first of them.

    Parameters
    ----------
    patients : sequence of str
        One id a film.
    films : sequence of hashable
        What tells a film; equal for equal films.
    """
    known_as = {}

    def current(patient):
        while patient in known_as:
            patient = known_as[patient]
        return patient

    first = {}
    for patient, film in zip(patients, films):
        earlier, later = current(first.setdefault(film, patient)), current(patient)
        if earlier != later:
            known_as[later] = earlier
    return tuple(map(current, patients))
