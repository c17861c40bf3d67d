"""Chest films and the objects they are stored in."""

from xraydojo.data.films import Films, FilmsError, load_films

__all__ = ["Films", "FilmsError", "load_films"]
