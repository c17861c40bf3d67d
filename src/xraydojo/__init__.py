"""XrayDojo: learn deep learning for medical images by doing, on chest radiographs."""

import os

__version__ = "0.1.0"


class DojoError(Exception):
    """An error that the person at the keyboard can mend; its message, one line, says how."""


def begin(unit: str, language: str) -> None:
    """Begin a notebook: the build puts this call on top of its first setup cell.

    Parameters
    ----------
    unit : str
        The unit's id, such as ``"02_perceptron"``; its wrong answers become hints.
    language : {"en", "ja"}
        The language of messages and figures.
    """
    from xraydojo import check, crash, figures
    from xraydojo import language as words

    if "NBGRADER_EXECUTION" in os.environ:  # set by nbgrader's autograde and validate
        from xraydojo import widgets

        widgets.hold_still()
    words.use(language)
    check.begin(unit)
    figures.style()
    crash.install(unit)
