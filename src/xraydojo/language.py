"""Words in the learner's language: English and Japanese stand side by side in the source."""

import locale
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LANGUAGES = ("en", "ja")
# a line's end, and the next one's indent, between signs that stand without a space: kana, kanji, full-width punctuation
LINE_END = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60])\n *(?=[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60])"
)
_current = None
_spoken = threading.local()


def L(en: str, ja: str) -> str:
    """Choose between two texts that say the same.

    Parameters
    ----------
    en, ja : str
        The English and the Japanese text.

    Returns
    -------
    str
        The one in the current language (see `use`).
    """
    return ja if current() == "ja" else en


def use(language: str | None) -> None:
    """Set the language of this process; ``None`` returns to the locale's.

    Raises
    ------
    ValueError
        If the language is not one of `LANGUAGES`.
    """
    global _current
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    _current = language


def current() -> str:
    """Return the language in use, ``"en"`` or ``"ja"``: as set, else as the locale says."""
    return getattr(_spoken, "language", None) or _current or of_locale()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while, in this thread only."""
    before = getattr(_spoken, "language", None)
    _spoken.language = language
    try:
        yield
    finally:
        _spoken.language = before


def of_locale() -> str:
    """Return the language of the user's locale: ``"ja"`` for Japanese, ``"en"`` for any other."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if name := os.environ.get(variable):
            return "ja" if name.lower().startswith("ja") else "en"
    name = locale.getlocale()[0] or ""
    return "ja" if name.lower().startswith("ja") else "en"
