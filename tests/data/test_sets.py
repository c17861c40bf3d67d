"""Parts for training, validation and test: no patient is in two of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.model_selection import GroupShuffleSplit

from xraydojo import language
from xraydojo.data import FilmsError
from xraydojo.data.sets import FilmSet, Nodule, Split, draw_patients, one_id_per_patient, split_by_patient


@pytest.fixture(autouse=True)
def english():
    language.use("en")
    yield
    language.use(None)


def films_of(patients, **others):
    """Films of 2 x 3 that hold their own number, with that number as target."""
    count = len(patients)
    return FilmSet(
        images=np.full((count, 2, 3), np.arange(count)[:, None, None], np.float32),
        targets=np.arange(count),
        patients=tuple(patients),
        names=tuple(f"{number}.png" for number in range(count)),
        **others,
    )


NODULE = Nodule(x=10, y=20, diameter=6, subtlety=3, malignant=True)


def test_taking_films_takes_everything_that_belongs_to_them():
    films = films_of("abcd", classes=("no", "yes"), nodules=((), (NODULE,), (), (NODULE, NODULE)))
    two = films.take([3, 1])
    assert len(two) == 2
    assert two.images[:, 0, 0].tolist() == two.targets.tolist() == [3, 1]
    assert two.patients == ("d", "b") and two.names == ("3.png", "1.png")
    assert [len(nodules) for nodules in two.nodules] == [2, 1]
    assert two.classes == ("no", "yes")


@pytest.mark.parametrize("indices", [np.array([False, True, True, False]), slice(1, 3), [1, 2], [-3, -2]])
def test_films_are_taken_by_number_by_truth_and_by_slice(indices):
    assert films_of("abcd").take(indices).names == ("1.png", "2.png")


def test_no_film_can_be_taken():
    assert len(films_of("abcd").take(np.zeros(4, bool))) == 0


def test_a_set_with_fewer_targets_than_films_is_refused():
    with pytest.raises(ValueError, match="one entry a film"):
        FilmSet(np.zeros((3, 2, 2), np.float32), np.zeros(2), ("a", "b", "c"), ("1", "2", "3"))


def test_a_box_is_as_wide_as_its_nodule_and_around_its_centre():
    with_one, without = films_of("ab", nodules=((NODULE,), ())).boxes()
    assert with_one.tolist() == [[7, 17, 13, 23]]
    assert without.shape == (0, 4)


def test_where_nodules_are_not_told_there_are_no_boxes():
    assert [box.shape for box in films_of("abc").boxes()] == [(0, 4)] * 3


@given(some.lists(some.sampled_from("abcdefghij"), min_size=1, max_size=40), some.data())
def test_no_patient_is_in_two_parts_and_only_films_of_test_patients_are_lost(patients, data):
    test = np.array(data.draw(some.lists(some.booleans(), min_size=len(patients), max_size=len(patients))))
    left = set(patients) - {patient for patient, is_test in zip(patients, test) if is_test}
    if len(left) < 2:
        with pytest.raises(FilmsError, match="at least 2"):
            split_by_patient(films_of(patients), test, "", "")
        return
    split = split_by_patient(films_of(patients), test, "", "")
    parts = [set(part.patients) for part in (split.train, split.validation, split.test)]
    assert parts[0].isdisjoint(parts[1]) and (parts[0] | parts[1]).isdisjoint(parts[2])
    assert parts[0] and parts[1] and parts[0] | parts[1] == left
    kept = {*split.train.names, *split.validation.names}
    assert kept == {f"{number}.png" for number, patient in enumerate(patients) if patient in left}
    assert set(split.test.names) == {f"{number}.png" for number in np.flatnonzero(test)}


def test_films_left_out_of_training_are_counted_in_a_note_in_both_languages():
    films = films_of("aabbcdd")
    test = [False] * 6 + [True]
    assert split_by_patient(films, test, "", "").note.endswith("test set: 1")
    language.use("ja")
    assert "1 枚" in split_by_patient(films, test, "", "").note


def test_without_a_leak_there_is_no_note():
    assert split_by_patient(films_of("abc"), [False, False, True], "", "").note == ""


@pytest.mark.parametrize("count", [2, 3, 7, 10, 50, 237])
def test_a_fifth_of_the_patients_is_drawn_as_scikit_learn_would(count):
    patients = [f"{number:03d}" for number in range(count)] * 3
    drawn = draw_patients(patients)
    assert drawn.reshape(3, count).all(axis=0).sum() == drawn.sum() / 3
    ours = drawn.sum() / 3
    _, theirs = next(GroupShuffleSplit(1, test_size=0.2, random_state=0).split(patients, groups=patients))
    # scikit-learn rounds up
    assert len(theirs) / 3 - 1 <= ours <= len(theirs) / 3 and ours >= 1


def test_the_same_seed_draws_the_same_patients_and_another_seed_others():
    patients = [str(number) for number in range(100)]
    assert np.array_equal(draw_patients(patients, seed=1), draw_patients(patients, seed=1))
    assert not np.array_equal(draw_patients(patients, seed=1), draw_patients(patients, seed=2))


def test_one_patient_cannot_be_split():
    with pytest.raises(FilmsError, match="learn from: 1"):
        draw_patients(["a", "a"])
    language.use("ja")
    with pytest.raises(FilmsError, match="1 名"):
        draw_patients(["a", "a"])


def test_a_split_that_shares_a_patient_cannot_be_made():
    with pytest.raises(ValueError, match="two parts"):
        Split(films_of("ab"), films_of("c"), films_of("da"), "", "")


def test_patients_who_share_a_film_become_one_even_through_a_third():
    patients = ["a", "b", "b", "c", "d"]
    films = ["x", "y", "z", "z", "w"]
    assert one_id_per_patient(patients, films) == ("a", "b", "b", "b", "d")
    # a and b share x, b and c share z: all three are a
    assert one_id_per_patient(["a", "b", "c", "b", "d"], ["x", "z", "z", "x", "w"]) == (
        "a",
        "a",
        "a",
        "a",
        "d",
    )
