"""A whole film: the anatomy is on the side where it belongs, and the truth is true."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from xraydojo.data import phantom
from xraydojo.data.phantom import population
from xraydojo.data.phantom.anatomy import anatomy
from xraydojo.data.phantom.console import console, lead
from xraydojo.data.phantom.nodules import GRADES

SIZE = (160, 160)


@pytest.fixture(scope="module")
def films():
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda seed: phantom.film(seed, SIZE), range(40)))


def centre(mask):
    return np.argwhere(mask).mean(axis=0)


def test_the_same_seed_gives_the_same_film_and_another_another():
    first, again, other = phantom.film(5, (64, 48)), phantom.film(5, (64, 48)), phantom.film(6, (64, 48))
    assert np.array_equal(first.pixels, again.pixels) and first.person == again.person
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.shape == (64, 48) and first.pixels.dtype == np.uint16 and first.pixels.max() <= 4095


def test_a_larger_film_shows_the_same_person():
    small, large = phantom.film(8, (96, 96)), phantom.film(8, (192, 192))
    halved = large.display.reshape(96, 2, 96, 2).mean(axis=(1, 3))
    inside = small.body
    assert np.corrcoef(small.display[inside], halved[inside])[0, 1] > 0.97
    assert (small.lungs > 0).mean() == pytest.approx((large.lungs > 0).mean(), abs=0.005)


def test_apex_of_the_heart_arch_and_stomach_lie_toward_image_right(films):
    for film in films:
        assert centre(film.heart)[1] > centre(film.lungs > 0)[1]
    for seed in range(40):
        rng = np.random.default_rng(seed)
        who, where = population.person(rng), population.position(rng)
        chest = anatomy(who, where, rng, 96)
        bubble, left_dome = chest.gas[1], chest.domes[1]
        assert (
            bubble.x > 20
            and abs(bubble.x - left_dome.x) < left_dome.a
            and bubble.y > left_dome.y - left_dome.b
        )
        assert chest.aorta[1].x > 10  # the arch
        assert chest.hila[0].y > chest.hila[1].y - 12


def test_the_right_dome_stands_higher_than_the_left_one_in_most_people(films):
    def floor(film, label):
        rows, columns = np.nonzero(film.lungs == label)
        middle = np.abs(columns - np.median(columns)) < 6
        return rows[middle].max()

    assert np.mean([floor(film, 1) < floor(film, 2) for film in films]) > 0.85


def test_label_1_is_the_right_lung_which_is_image_left(films):
    for film in films:
        assert centre(film.lungs == 1)[1] < centre(film.lungs == 2)[1]
        assert np.count_nonzero(film.lungs == 1) > np.count_nonzero(film.lungs == 2)


def test_the_areas_are_those_of_jsrt(films):
    """Lungs 30.5 % of the image; heart 9 to 12 %; with the lung behind the heart 35.4 % in the 39 real films."""
    assert np.mean([(film.lungs > 0).mean() for film in films]) == pytest.approx(0.305, abs=0.02)
    assert 0.09 <= np.mean([film.heart.mean() for film in films]) <= 0.12
    assert np.mean([(film.lungs_behind_heart > 0).mean() for film in films]) == pytest.approx(0.354, abs=0.02)


def test_the_two_definitions_of_the_lungs_differ_by_lung_behind_the_heart_only(films):
    for film in films:
        more = (film.lungs_behind_heart > 0) & (film.lungs == 0)
        assert more.any() and film.heart[more].all()
        assert (film.lungs_behind_heart[film.lungs > 0] == film.lungs[film.lungs > 0]).all()


def test_lungs_are_dark_bones_bright_and_the_abdomen_white(films):
    for film in films:
        inside, below = film.display[film.lungs > 0].mean(), film.display[140:150, 60:100].mean()
        assert inside + 0.15 < film.display[film.heart].mean() < below + 0.1
    ribs = np.mean(
        [f.display[f.ribs & (f.lungs > 0)].mean() - f.display[~f.ribs & (f.lungs > 0)].mean() for f in films]
    )
    assert ribs > 0.02


def test_matter_adds_up_to_the_body(films):
    for film in films[:5]:
        inside = film.body & (film.lungs == 0) & (film.air < 1)
        total = film.soft + film.fat + film.bone
        assert total[inside].min() > 0
        assert total[film.lungs > 0].mean() < total[film.heart].mean()


def test_the_marker_stands_on_its_side_outside_the_lungs(films):
    for seed, film in enumerate(films):
        rng = np.random.default_rng([phantom.VERSION, seed, 1])
        population.position(rng)  # drawn before it
        settings = console(rng)
        letter = lead(settings, SIZE, 358.4 / SIZE[0]) > 0.5
        assert settings.marker == film.marker and 4 <= letter.sum() <= 100
        assert (centre(letter)[1] < SIZE[1] / 2) == (film.marker == "R")
        assert np.median(film.display[letter]) > 0.7  # lead is white
        assert not letter[film.lungs_behind_heart > 0].any()


def test_the_marker_tells_nothing_about_the_person():
    from scipy.stats import fisher_exact

    people = [phantom.film(seed, (16, 16)) for seed in range(300)]
    table = [[sum(f.marker == m and f.person.sex == s for f in people) for s in "FM"] for m in "LR"]
    assert fisher_exact(table).pvalue > 0.01


def test_a_nodule_changes_the_film_in_its_box_and_hardly_elsewhere():
    for seed in range(6):
        with_it, without = phantom.film(seed, SIZE, nodules=1, subtlety=5), phantom.film(seed, SIZE)
        ((x1, y1, x2, y2),) = with_it.boxes
        change = np.abs(with_it.display - without.display)
        rows, columns = np.indices(SIZE) + 0.5
        inside = (x1 < columns) & (columns < x2) & (y1 < rows) & (rows < y2)
        far = (np.hypot(columns - (x1 + x2) / 2, rows - (y1 + y2) / 2) > (x2 - x1) * 1.5) & with_it.body
        assert change[inside].mean() > 5 * change[far].mean()


def test_nodules_have_jsrts_sizes_and_are_seen_less_from_grade_to_grade():
    contrast = {}
    for grade in GRADES:
        found = []
        for seed in range(12):
            film, plain = (phantom.film(900 + seed, SIZE, nodules=n, subtlety=grade) for n in (1, 0))
            (nodule,), ((x1, y1, x2, y2),) = film.nodules, film.boxes
            assert 5 <= nodule.diameter <= 60 and nodule.subtlety == grade
            rows, columns = np.indices(SIZE) + 0.5
            away = np.hypot(columns - (x1 + x2) / 2, rows - (y1 + y2) / 2) / ((x2 - x1) / 2)
            signal = (film.display - plain.display)[away < 0.8]
            background = plain.display[(away > 1.2) & (away < 2.5)]
            found.append(signal.mean() / background.std() if signal.size else np.nan)
        contrast[grade] = np.nanmean(found)
    assert contrast[5] > contrast[4] > contrast[3] > contrast[2] > contrast[1] > 0


def test_bone_stands_out_more_at_a_low_energy():
    low, high = phantom.film(3, SIZE, energy=50), phantom.film(3, SIZE, energy=90)
    ribs, gaps = low.ribs & (low.lungs > 0), ~low.ribs & (low.lungs > 0)
    steps = [film.display[ribs].mean() - film.display[gaps].mean() for film in (low, high)]
    assert steps[0] > steps[1]


def test_people_are_adults_of_both_sexes_and_all_ages(films):
    ages = [film.person.age for film in films]
    assert 16 <= min(ages) < 35 and 75 < max(ages) <= 89
    assert {film.person.sex for film in films} == {"F", "M"}
    assert all(15 < film.person.body_mass_index < 37 for film in films)
