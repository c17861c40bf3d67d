"""Chest films and the objects they are stored in."""

from xraydojo.data.films import Films, FilmsError, load_films
from xraydojo.data.hannover import load_hannover
from xraydojo.data.minijsrt import (
    load_age,
    load_autoencoder,
    load_denoise,
    load_directions,
    load_nodules,
    load_segmentation,
    load_sex,
    load_super_resolution,
)
from xraydojo.data.sets import FilmSet, Nodule, Split

__all__ = [
    "FilmSet",
    "Films",
    "FilmsError",
    "Nodule",
    "Split",
    "load_age",
    "load_autoencoder",
    "load_denoise",
    "load_directions",
    "load_films",
    "load_hannover",
    "load_nodules",
    "load_segmentation",
    "load_sex",
    "load_super_resolution",
]
