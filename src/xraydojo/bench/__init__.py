"""Measurements, as ``dojo bench`` prints them: of the phantom against real films, and of the course's own speed."""
