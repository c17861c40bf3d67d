"""The glossary: whole, in order, and true to the lessons."""

import re
from functools import cache

import pytest

from xraydojo.glossary import Finder, Term, groups, read_glossary, sound
from xraydojo.language import LANGUAGES
from xraydojo.lesson import LessonError, read_syllabus, read_unit

GLOSSARY = read_glossary()
UNITS = [entry.id for entry in read_syllabus()]
# the words on which the course agreed before it was written: English, Japanese
AGREED = [
    ("pixel value", "画素値"), ("bit depth", "量子化ビット数"), ("optical density", "濃度"), ("side marker", "左右マーカー"),
    ("lung field", "肺野"), ("mediastinum", "縦隔"), ("hilum", "肺門"), ("costophrenic angle", "肋骨横隔膜角"),
    ("cardiothoracic ratio", "心胸郭比"), ("nodule", "結節影"), ("mass", "腫瘤影"), ("unsharp masking", "ボケマスク処理"),
    ("sex", "性別"), ("weight", "重み"), ("bias", "バイアス"), ("activation function", "活性化関数"), ("loss function", "損失関数"),
    ("backpropagation", "誤差逆伝播法"), ("learning rate", "学習率"), ("vanishing gradient", "勾配消失"), ("over-fitting", "過学習"),
    ("generalisation", "汎化"), ("data augmentation", "データ拡張"), ("cross-correlation", "相互相関"), ("receptive field", "受容野"),
    ("feature map", "特徴マップ"), ("skip connection", "スキップ接続"), ("accuracy", "正解率"), ("precision", "適合率"),
    ("sensitivity", "感度"), ("recall", "再現率"), ("specificity", "特異度"), ("prevalence", "有病率"), ("confusion matrix", "混同行列"),
    ("area under the ROC curve", "ROC 曲線下面積"), ("transfer learning", "転移学習"), ("segmentation", "領域抽出"),
    ("super-resolution", "超解像"), ("bounding box", "矩形領域"), ("technologist", "診療放射線技師"), ("granularity", "粒状性"),
    ("collimation", "照射野限定"), ("MTF", "変調伝達関数"), ("Wiener spectrum", "ウィナースペクトル"), ("sharpness", "鮮鋭性"),
]  # fmt: skip


@cache
def prose(unit: str, language: str) -> str:
    """Return a unit's prose without code and formulas, Japanese lines joined."""
    text = "\n".join(cell.sources[language] for cell in read_unit(unit).cells if cell.kind == "prose")
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$", " ", text, flags=re.S)
    return re.sub(r"(?<=[^\x00-\x7f])\n(?=[^\x00-\x7f])", "", text)


def uses(term: Term, unit: str, language: str) -> bool:
    return any(True for _ in Finder([term], language).find(prose(unit, language)))


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.anchor)
def test_a_term_occurs_in_the_unit_that_it_names_in_both_languages(term):
    assert term.unit in UNITS
    for language in LANGUAGES:
        assert uses(term, term.unit, language), term.name(language)


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.anchor)
def test_a_definition_is_one_sentence_in_each_language(term):
    assert term.definition["en"].endswith(".") and len(term.definition["en"]) < 260
    assert term.definition["ja"].endswith("。") and len(term.definition["ja"]) < 130
    assert re.fullmatch(r"[ぁ-んー]+", term.reading), "a reading is in hiragana"


@pytest.mark.parametrize(("en", "ja"), AGREED)
def test_an_agreed_word_that_the_course_uses_is_there(en, ja):
    pair = Term(en, ja, "", "", {}, {})
    if any(uses(pair, unit, "en") and uses(pair, unit, "ja") for unit in UNITS):
        assert any(en in term.names("en") and ja in term.names("ja") for term in GLOSSARY)


def test_names_are_no_two_terms_at_once():
    for language in LANGUAGES:
        names = [name for term in GLOSSARY for name in term.names(language)]
        assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_japanese_is_sorted_by_reading():
    rows = groups(GLOSSARY, "ja")
    assert list("".join(rows)) == [head for head in "あかさたなはまやらわ" if head in rows]
    ordered = [term for row in rows.values() for term in row]
    assert len(ordered) == len(GLOSSARY)
    readings = [sound(term.reading) for term in ordered]
    assert readings == sorted(readings)


def test_small_and_voiced_sounds_stand_with_the_plain_ones_and_a_long_mark_with_its_vowel():
    # as in a Japanese dictionary: カーネル (kaaneru) before 拡張 (kakuchou), がそ (gaso) before かそう (kasou)
    words = ["かくちょう", "かーねる", "がくしゅうりつ", "かっせいか", "がそち", "がそ"]
    assert sorted(words, key=sound) == [
        "かーねる",
        "がくしゅうりつ",
        "かくちょう",
        "がそ",
        "がそち",
        "かっせいか",
    ]


def term(en, ja, **more):
    return Term(en, ja, "", "", {}, more)


def found(text, language, *terms):
    return [(text[first:last], term.en) for first, last, term in Finder(terms, language).find(text)]


def test_the_longest_term_is_found_whatever_its_capitals_plural_and_line_break():
    rate, learning = term("learning rate", "学習率"), term("learning", "学習")
    assert found("Learning\nrates of learning", "en", learning, rate) == [
        ("Learning\nrates", "learning rate"),
        ("learning", "learning"),
    ]
    assert found("学習率と学習", "ja", learning, rate) == [("学習率", "learning rate"), ("学習", "learning")]


def test_a_part_of_another_word_is_not_found():
    assert found("a cat scattered pa", "en", term("cat", "猫"), term("PA", "PA")) == [("cat", "cat")]
    assert found("高感度の感度", "ja", term("sensitivity", "感度")) == [("感度", "sensitivity")]
    assert found("サブカーネルのカーネル", "ja", term("kernel", "カーネル")) == [("カーネル", "kernel")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- en: a\n  ja: [", r"glossary\.yml:\d+: not YAML"),
        ("- {en: a, ja: b}", r"glossary\.yml:1: a term needs en, ja, reading, unit and definition"),
        (
            "- {en: a, ja: b, reading: c, unit: d, definition: {en: e}}",
            r"the definition of a needs both languages",
        ),
        (
            "- &t {en: a, ja: b, reading: c, unit: d, definition: {en: e, ja: f}}\n- *t",
            r"two terms have the anchor term-a",
        ),
    ],
)
def test_a_malformed_glossary_is_refused_naming_the_file(tmp_path, text, said):
    (tmp_path / "glossary.yml").write_text(text, encoding="utf-8")
    with pytest.raises(LessonError, match=said):
        read_glossary(tmp_path)
