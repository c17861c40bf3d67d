"""The course's terms, English and Japanese: `course/glossary.yml`, read, sorted and found in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from xraydojo.language import LANGUAGES
from xraydojo.lesson import COURSE, LessonError

# the rows of the Japanese syllabary, by their first sound; a voiced sound stands in the row of its voiceless one
_ROWS = {"あ": "あいうえお", "か": "かきくけこ", "さ": "さしすせそ", "た": "たちつてと", "な": "なにぬねの",
         "は": "はひふへほ", "ま": "まみむめも", "や": "やゆよ", "ら": "らりるれろ", "わ": "わをん"}  # fmt: skip
_PLAIN = str.maketrans(
    "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽぁぃぅぇぉっゃゅょゎ",
    "かきくけこさしすせそたちつてとはひふへほはひふへほあいうえおつやゆよわ",
)
_VOWELS = {sound: vowel for vowel, sounds in zip("あいうえお", (
    "あかさたなはまやらわ", "いきしちにひみり", "うくすつぬふむゆる", "えけせてねへめれ", "おこそとのほもよろを"))
    for sound in sounds}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A technical term.

    Attributes
    ----------
    en, ja : str
        The term.
    reading : str
        The Japanese term in hiragana (Latin letters as they are read), by which it is sorted.
    unit : str
        The id of the unit in which it is first used.
    definition : dict
        One sentence by language.
    also : dict
        Other spellings and forms by language; in English a plural in -s or -es need not be named.
    """

    en: str
    ja: str
    reading: str
    unit: str
    definition: dict[str, str]
    also: dict[str, list[str]]

    @property
    def anchor(self) -> str:
        """The term's id on the glossary's page, the same in both languages."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.en.lower()).strip("-")

    def name(self, language: str) -> str:
        """Return the term in a language."""
        return {"en": self.en, "ja": self.ja}[language]

    def names(self, language: str) -> list[str]:
        """Return all that the term is called in a language."""
        return [self.name(language), *self.also.get(language, [])]


class Finder:
    """Finds terms in a text of one language: of two that begin at the same place, the longer one.

    Parameters
    ----------
    terms : iterable of Term
    language : {"en", "ja"}
    """

    def __init__(self, terms, language: str):
        self.language = language
        self._terms = {_key(name): term for term in terms for name in term.names(language)}
        self._names = sorted(
            {name for term in terms for name in term.names(language)}, key=lambda name: (-len(name), name)
        )

    @cached_property
    def _pattern(self) -> re.Pattern:
        one = _english if self.language == "en" else _japanese
        return re.compile("|".join(f"(?:{one(name)})" for name in self._names) or r"(?!)")

    def find(self, text: str) -> Iterator[tuple[int, int, Term]]:
        """Yield start, end and term of what is found, from left to right."""
        for match in self._pattern.finditer(text):
            if term := self._term(match[0]):
                yield match.start(), match.end(), term

    def _term(self, found: str) -> Term | None:
        plain = re.sub(r"[\s-]+", " ", found)
        keys = [key.removesuffix(ending) for key in (plain, plain.lower()) for ending in ("", "s", "es")]
        return next((self._terms[key] for key in keys if key in self._terms), None)


def _key(name: str) -> str:
    """Return what all spellings of a name share: small letters (but in an acronym), and spaces for hyphens and line breaks."""
    plain = re.sub(r"[\s-]+", " ", name)
    return plain if _is_acronym(name) else plain.lower()


def _is_acronym(name: str) -> bool:
    return sum(letter.isupper() for letter in name) > 1


def _english(name: str) -> str:
    words = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", name))
    spelled = words if _is_acronym(name) else f"(?i:{words})"
    return rf"(?<![\w-]){spelled}(?:s|es)?(?![\w-])"


def _japanese(name: str) -> str:
    """Return the pattern of a Japanese name; one that ends in kanji is not part of a longer compound, and so for katakana and letters."""
    scripts = ("\u3400-\u9fff\u3005", "\u30a1-\u30fa\u30fc", "A-Za-z0-9")
    before = next((signs for signs in scripts if re.match(f"[{signs}]", name[0])), None)
    after = next((signs for signs in scripts if re.match(f"[{signs}]", name[-1])), None)
    return (f"(?<![{before}])" if before else "") + re.escape(name) + (f"(?![{after}])" if after else "")


def read_glossary(course: Path = COURSE) -> list[Term]:
    """Return the terms, in the order of their English names.

    Raises
    ------
    LessonError
        If the file is not YAML, or a term lacks a field or a language, or is there twice.
    """
    path = course / "glossary.yml"
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise LessonError(path, error.problem_mark.line + 1, f"not YAML: {error.problem}") from None
    try:
        terms = [Term(**{"also": {}} | entry) for entry in entries]
    except TypeError as error:
        raise LessonError(path, 1, f"a term needs en, ja, reading, unit and definition: {error}") from None
    for term in terms:
        if set(term.definition) != set(LANGUAGES):
            raise LessonError(path, 1, f"the definition of {term.en} needs both languages, en and ja")
    anchors = [term.anchor for term in terms]
    for anchor in anchors:
        if anchors.count(anchor) > 1:
            raise LessonError(path, 1, f"two terms have the anchor {anchor}")
    return sorted(terms, key=lambda term: term.en.lower())


def groups(terms: list[Term], language: str) -> dict[str, list[Term]]:
    """Return the terms in a language's own order, under the heads of its index: letters, or the rows of the syllabary."""
    if language == "en":
        found: dict[str, list[Term]] = {}
        for term in sorted(terms, key=lambda term: term.en.lower()):
            found.setdefault(term.en[0].upper(), []).append(term)
        return found
    ordered = sorted(terms, key=lambda term: sound(term.reading))
    rows = {head: [t for t in ordered if sound(t.reading)[0][0] in sounds] for head, sounds in _ROWS.items()}
    return {head: row for head, row in rows.items() if row}


def sound(reading: str) -> tuple[str, str]:
    """Return by what a Japanese reading is sorted: its sounds (small and voiced ones like the plain, a long mark like its vowel), then itself."""
    plain = ""
    for sign in reading.translate(_PLAIN):
        plain += _VOWELS.get(plain[-1], "") if sign == "ー" and plain else sign
    return plain, reading
