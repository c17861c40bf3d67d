"""Data cards: those of the course are well-formed, malformed ones are refused, and what the learner chose is kept."""

import dataclasses
import importlib
import sys
import types
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from xraydojo import DojoError, cli, language
from xraydojo.data import cards as module
from xraydojo.data.cache import cache
from xraydojo.data.cards import Card, CardError, card, cards, chosen, use, verify

GOOD = {
    "name": "Small",
    "title": {"en": "A small set", "ja": "小さなデータ"},
    "description": {"en": "Two films.", "ja": "画像 2 枚。"},
    "page": "https://example.org/small/",
    "url": None,
    "sha256": None,
    "licence": {"en": "CC BY 4.0", "ja": "CC BY 4.0"},
    "licence_url": None,
    "citation": ["Nobody N. Nothing. 2000."],
    "layout": None,
    "labels": None,
    "loader": None,
    "embedded": False,
}


class Refused(DojoError):
    """What a loader raises."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Give every test a cache of its own."""
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path / "cache"))


@pytest.fixture
def loaded(monkeypatch):
    """Put a loader in place that wants a file film.png; return the folders that it was given."""
    folders = []

    def load_small(folder):
        folders.append(folder)
        if not list(folder.rglob("film.png")):
            raise Refused(f"{folder} has no film.png")

    fake = types.ModuleType("fake")
    fake.load_small = load_small
    monkeypatch.setitem(sys.modules, "xraydojo.data.fake", fake)
    return folders


@pytest.fixture
def small():
    return Card(**GOOD)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that the loader takes."""
    (tmp_path / "films").mkdir()
    (tmp_path / "films/film.png").write_bytes(b"film")
    return tmp_path / "films"


def write(folder, **changes):
    fields = {key: value for key, value in (GOOD | changes).items() if value != "missing"}
    (folder / "Small.yaml").write_text(yaml.safe_dump(fields, allow_unicode=True), encoding="utf-8")
    return folder


# ---- the cards of the course


def test_there_is_a_card_for_every_set_of_the_course():
    assert {found.name for found in cards()} == {
        *("Directions01", "Gender01", "XPAge01_RGB", "Segmentation01", "Segmentation02", "autoencoder_img"),
        *("SuperResolution", "Denoise", "Practice_PNGandJPG", "Practice_DICOM", "JSRT", "Hannover"),
        *("TCIA", "ChestX-ray8", "SCR", "Montgomery", "Shenzhen", "Backbone"),
    }


@pytest.mark.parametrize(
    "name, paper",
    [
        ("JSRT", "174:71-74, 2000"),
        ("Directions01", "174:71-74, 2000"),
        ("SCR", "Medical Image Analysis 10:19-40, 2006"),
        ("Montgomery", "Quantitative Imaging in Medicine and Surgery 4:475-477, 2014"),
        ("Shenzhen", "Quantitative Imaging in Medicine and Surgery 4:475-477, 2014"),
        ("ChestX-ray8", "2017"),
        ("TCIA", "Digital Imaging 26:1045-1057, 2013"),
        ("Hannover", "10.6084/m9.figshare.12275009"),
    ],
)
def test_each_set_is_cited_by_its_paper(name, paper):
    assert paper in " ".join(card(name).citation)


def test_each_field_of_a_card_is_checked():
    assert list(module.VALID) == [field.name for field in dataclasses.fields(Card)]


def test_the_loaders_that_the_cards_name_are_there():
    for found in cards():
        if found.loader:
            name, function = found.loader.split(".")
            assert callable(getattr(importlib.import_module(f"xraydojo.data.{name}"), function))


def test_a_card_is_found_whatever_its_capitals_and_an_unknown_name_brings_the_nearest():
    assert card("directions01").name == "Directions01"
    with pytest.raises(CardError, match="there is Gender01") as caught:
        card("Gendr01")
    assert "Montgomery" not in str(caught.value)
    with pytest.raises(CardError, match="Montgomery.*XPAge01_RGB"):
        card("qqqqqqqq")


# ---- malformed cards


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", "Other"),
        ("name", "../evil"),
        ("title", "English only"),
        ("title", {"en": "A set", "ja": " "}),
        ("description", "missing"),
        ("page", None),
        ("url", "ftp://example.org/x.zip"),
        ("sha256", "ABCDEF"),
        ("licence", {"en": "free"}),
        ("citation", []),
        ("citation", "a text"),
        ("loader", "os.system"),
        ("loader", "load_directions"),
        ("embedded", "yes"),
        ("colour", "blue"),
    ],
)
def test_a_malformed_card_is_refused_by_file_and_field(tmp_path, field, value):
    for spoken in ("ja", "en"):
        language.use(spoken)
        with pytest.raises(CardError) as caught:
            cards(write(tmp_path, **{field: value}))
        message = str(caught.value)
        assert "Small.yaml" in message and field in message and "\n" not in message


@pytest.mark.parametrize("text", ["a: [", "", "- a list", "\x00"])
def test_a_card_that_is_no_yaml_mapping_is_refused(tmp_path, text):
    (tmp_path / "Small.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CardError, match="Small.yaml") as caught:
        cards(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_well_formed_card_is_read(tmp_path, small):
    assert cards(write(tmp_path)) == [small]


# ---- what the learner chooses


def test_nothing_is_chosen_at_first(small):
    assert chosen("Small") is None
    with pytest.raises(CardError, match="dojo data fetch Small"):
        verify(small)


def test_a_folder_of_the_learners_is_used_where_it_lies(small, folder):
    assert use(small, folder) == folder == chosen("Small") == verify(small)


def test_a_zip_of_the_learners_is_unpacked_into_the_cache(small, tmp_path):
    with zipfile.ZipFile(tmp_path / "small.zip", "w") as opened:
        opened.writestr("Small/film.png", "film")
    found = use(small, tmp_path / "small.zip")
    assert found == chosen("Small") and cache() in found.parents
    assert (found / "Small/film.png").read_text() == "film"


def test_what_is_used_has_been_loaded_by_the_cards_loader(small, loaded, folder, tmp_path):
    small = dataclasses.replace(small, loader="fake.load_small")
    use(small, folder)
    (tmp_path / "other").mkdir()
    with pytest.raises(Refused):
        use(small, tmp_path / "other")
    assert loaded == [folder, tmp_path / "other"]
    assert chosen("Small") == folder, "what was chosen before stays"
    (folder / "film.png").unlink()
    with pytest.raises(Refused):
        verify(small)


def test_an_empty_a_missing_and_a_wrong_source_are_refused_in_one_line(small, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    for name in ("empty", "gone", "text.zip"):
        with pytest.raises(DojoError, match=name) as caught:
            use(small, tmp_path / name)
        assert "\n" not in str(caught.value)
    assert chosen("Small") is None


def test_choices_of_several_sets_stand_side_by_side(small, folder, tmp_path):
    use(small, folder)
    use(dataclasses.replace(small, name="Other"), folder.parent)
    assert (chosen("Small"), chosen("Other")) == (folder, folder.parent)
    assert [found.name for found in cache().iterdir()] == ["choices.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Small": "x"}', '{"Small": {"folder": 1}}', "\udcff"])
def test_a_damaged_record_of_choices_says_so(small, folder, text):
    (cache() / "choices.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    for act in (lambda: chosen("Small"), lambda: use(small, folder)):
        with pytest.raises(CardError, match="choices.json is damaged; delete it"):
            act()


def test_a_full_disk_leaves_the_record_as_it_was(small, folder, monkeypatch):
    use(small, folder)

    def half(path, text, encoding):
        path.write_bytes(text.encode()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError):
        use(small, folder.parent)
    assert chosen("Small") == folder


# ---- the command


def run(*arguments):
    return CliRunner().invoke(cli.app, ["data", *map(str, arguments)], env={"COLUMNS": "120"})


def test_the_list_names_every_set_and_the_learners_folder(folder):
    use(card("SCR"), folder)
    shown = run("list")
    assert shown.exit_code == 0
    assert all(found.name in shown.stdout for found in cards())
    assert "films" in shown.stdout


@pytest.mark.parametrize("spoken, unknown", [("en", "unknown"), ("ja", "不明")])
def test_every_card_is_shown_in_both_languages_and_what_is_not_known_as_unknown(spoken, unknown):
    language.use(spoken)
    for found in cards():
        shown = run("show", found.name)
        assert shown.exit_code == 0
        assert found.name in shown.stdout and "…" not in shown.stdout
        facts = (found.url, found.sha256, found.licence, found.layout, found.labels)
        assert (unknown in shown.stdout) == (None in facts)
        joined = "".join(shown.stdout.replace("│", "").split())
        if found.licence:
            assert "".join(found.licence[spoken].split()) in joined


def test_use_and_verify_say_the_folder(folder):
    shown = run("use", "SCR", "--from", folder)
    assert shown.exit_code == 0 and str(folder) in shown.stdout
    shown = run("verify", "scr")
    assert shown.exit_code == 0 and str(folder) in shown.stdout


def test_an_unknown_set_is_an_error():
    assert isinstance(run("show", "nothing").exception, CardError)
    assert run("use", "SCR").exit_code == 2
