"""Cells of a lesson, run outside a notebook."""

import contextlib
import importlib.util
import io
import os
import subprocess
import sys

import pytest


def run(unit, names, until="", kinds=("setup", "exercise", "demo", "explore"), language="en"):
    """Run cells of some kinds, up to the first that holds a text; return what was printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in unit.cells:
            if until and until in cell.sources[language]:
                break
            if cell.kind in kinds:
                exec(cell.sources[language], names)
    return said.getvalue()


def run_on(backend, code, folder):
    """Run Python code in a process of its own, for Keras takes its backend once; it must end by printing the backend's name."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install -r .ci/backends.lock")
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=600,
    )
    assert ran.stdout.strip().endswith(f"trained with {backend}"), ran.stderr[-2000:]
