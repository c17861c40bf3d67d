"""Chords and points: against hand calculations, Monte-Carlo integration and each other."""

import numpy as np
import pytest
from scipy import integrate

from xraydojo.data.phantom.population import Position
from xraydojo.data.phantom.projection import (
    DETECTOR,
    FILM_SIZE,
    SOURCE_IMAGE_DISTANCE,
    Column,
    Ellipsoid,
    Interval,
    Strand,
    View,
    band,
    outside,
    union_length,
)

STRAIGHT = Position(inspiration=1, right=0, down=0, tilt=0, rotation=0, shoulders=1)
CROOKED = Position(inspiration=1, right=7, down=-5, tilt=0.06, rotation=-0.05, shoulders=1)
SIZE = (128, 112)


def volume(view, thickness, z):
    """The volume of what lies at depth z, from its thickness on the film."""
    return thickness.sum() * (view.pixel / view.magnification(z)) ** 2


def test_magnification_is_that_of_similar_triangles():
    view = View(STRAIGHT, SIZE)
    assert view.magnification(DETECTOR) == 1
    assert view.magnification(0) == pytest.approx(SOURCE_IMAGE_DISTANCE / (SOURCE_IMAGE_DISTANCE - DETECTOR))
    assert view.pixel == FILM_SIZE / 128


@pytest.mark.parametrize("position", [STRAIGHT, CROOKED], ids=["straight", "crooked"])
def test_a_ball_has_its_diameter_in_the_middle_and_its_volume_in_all(position):
    view = View(position, SIZE)
    ball = Ellipsoid(12, -20, 30, 25, 25, 25)
    chord = view.length(ball)
    assert chord.max() == pytest.approx(50, abs=0.1)
    assert volume(view, chord, ball.z) == pytest.approx(4 / 3 * np.pi * 25**3, rel=0.006)


def test_a_turned_ellipsoid_keeps_its_volume_and_leans_to_its_side():
    view = View(STRAIGHT, SIZE)
    lean = view.length(Ellipsoid(0, 0, 0, 60, 15, 20, 0.5))
    assert volume(view, lean, 0) == pytest.approx(4 / 3 * np.pi * 60 * 15 * 20, rel=0.002)
    rows, columns = np.nonzero(lean > 1)
    assert np.corrcoef(rows, columns)[0, 1] > 0.5  # down to the right: x and y both grow


def test_a_column_has_the_volume_of_its_sections():
    view = View(STRAIGHT, SIZE)
    column = Column(np.array([-80.0, 0, 90]), 5.0, np.array([20.0, 40, 30]), 25.0, z=10, power=3)
    share, _ = integrate.quad(lambda u: np.sqrt(1 - u**3), 0, 1)  # of a section's bounding rectangle
    sections = integrate.trapezoid(4 * column.a * column.b * share, column.levels)
    assert volume(view, view.length(column), 10) == pytest.approx(sections, rel=0.01)


def test_where_the_beam_misses_the_length_is_zero():
    view = View(STRAIGHT, SIZE)
    far = view.interval(Ellipsoid(0, 900, 0, 10, 10, 10))
    assert (far.length == 0).all()


@pytest.mark.parametrize("position", [STRAIGHT, CROOKED], ids=["straight", "crooked"])
@pytest.mark.parametrize(
    "solid",
    [
        Ellipsoid(-150, 20, -60, 70, 20, 30, 0.7),
        Ellipsoid(0, 250, 90, 30, 150, 30, -0.3),
        Column(np.array([-300.0, 40]), np.array([120.0, 170]), 45.0, 20.0, z=50),
    ],
)
def test_a_solid_over_the_films_edge_is_seen_as_on_a_wider_film(position, solid):
    narrow, wide = (View(position, size).interval(solid) for size in (SIZE, (SIZE[0], 3 * SIZE[1])))
    assert narrow.length.any()
    assert np.array_equal(narrow.length, wide.length[:, SIZE[1] : -SIZE[1]])


@pytest.mark.parametrize("position", [STRAIGHT, CROOKED], ids=["straight", "crooked"])
@pytest.mark.parametrize("z", [-80.0, 0.0, 95.0])
def test_pixels_is_the_inverse_of_plane(position, z):
    view = View(position, SIZE)
    row, column = view.pixels(*view.plane(z), z)
    rows, columns = np.indices(SIZE)
    assert np.abs(row - rows).max() < 1e-3 and np.abs(column - columns).max() < 1e-3


def test_the_lengths_of_unions_and_differences_are_those_of_intervals_on_paper():
    def at(near, far):
        return Interval(np.array([[near]], float), np.array([[far]], float))

    assert union_length([at(0, 4), at(2, 6), at(9, 10)]) == 7
    assert union_length([at(2, 3), at(0, 10)]) == 10
    assert union_length([at(5, 5), at(0, 1)]) == 1  # a beam that misses the first
    assert outside(at(0, 10), [at(-3, 2), at(1, 4), at(9, 20)]) == 5
    assert outside(at(0, 10), [at(20, 30)]) == 10


def test_unions_agree_with_counting_points():
    rng = np.random.default_rng(0)
    near = rng.uniform(0, 10, (6, 5, 4))
    intervals = [
        Interval(start, start + length) for start, length in zip(near, rng.uniform(0, 4, near.shape))
    ]
    z = np.linspace(-1, 15, 160_001)[:, None, None]
    counted = np.any([(z >= i.near) & (z < i.far) for i in intervals], axis=0).sum(axis=0) * (16 / 160_000)
    assert union_length(intervals) == pytest.approx(counted, abs=2e-3)


@pytest.mark.parametrize("position", [STRAIGHT, CROOKED], ids=["straight", "crooked"])
def test_points_keep_their_volume_and_fall_where_they_are(position):
    view = View(position, SIZE)
    rng = np.random.default_rng(1)
    cloud = Strand(rng.normal(20, 4, 500), rng.normal(-30, 4, 500), np.full(500, 40.0), np.full(500, 2.0))
    seen = view.thickness([cloud])
    assert volume(view, seen, 40.0) == pytest.approx(1000, rel=1e-3)
    row, column = view.pixels(20.0, -30.0, 40.0)
    weights = seen / seen.sum()
    assert (weights.sum(axis=1) @ np.arange(SIZE[0])) == pytest.approx(row, abs=0.5)
    assert (weights.sum(axis=0) @ np.arange(SIZE[1])) == pytest.approx(column, abs=0.5)


def test_points_outside_the_film_are_left_out():
    view = View(STRAIGHT, SIZE)
    away = Strand(np.array([5000.0]), np.array([0.0]), np.array([0.0]), np.array([9.0]))
    assert (view.thickness([away]) == 0).all()


def test_a_bone_is_denser_at_its_rims_than_in_its_middle():
    line = np.linspace(-60, 60, 400)
    bone = View(STRAIGHT, SIZE).thickness([band(line, 0 * line, 0 * line, 30, 8, 60)])
    profile = bone[:, 56]
    middle, rim = profile[63:65].mean(), profile.max()
    assert rim > 1.5 * middle > 0
