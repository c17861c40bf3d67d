"""Widgets: sliders in a browser, the figure once where nbgrader runs the notebook."""

import subprocess
import sys

import pytest

CODE = """
import xraydojo
xraydojo.begin("02_perceptron", "en")
from ipywidgets import Dropdown, FloatSlider, interact
calls = []

@interact(problem=Dropdown(options=["AND", "OR"], value="OR"), w=FloatSlider(0.5, min=-1, max=1))
def play(problem, w):
    calls.append((problem, w))

interact(lambda n: calls.append(n), n=FloatSlider(2, max=3))
print(calls, callable(play), interact.__module__)
"""


@pytest.mark.parametrize(("value", "module"), [("autograde", "xraydojo.widgets"), (None, "ipywidgets")])
def test_interact_calls_its_function_once_with_the_values_at_the_start(monkeypatch, value, module):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if value:
        monkeypatch.setenv("NBGRADER_EXECUTION", value)
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    last = done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr
    if value:
        assert last == f"[('OR', 0.5), 2.0] True {module}"
    else:
        assert module not in ("xraydojo.widgets",) and "ipywidgets" in last
