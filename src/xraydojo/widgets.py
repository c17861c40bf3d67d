"""Widgets without a browser."""

import ipywidgets


def hold_still() -> None:
    """Let `ipywidgets.interact` call its function once, with the values at which its controls start, and show no controls.

    nbclient, with which nbgrader runs notebooks, now and then waits for ever at a widget that gathers output (nbclient issue 312: a message
    that it sends to the kernel hides the kernel's answer).
    """
    ipywidgets.interact = _once


def _once(function=None, /, **controls):
    if function is None:
        return lambda function: _once(function, **controls)
    function(**{name: getattr(control, "value", control) for name, control in controls.items()})
    return function
