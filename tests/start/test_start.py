"""What a learner finds after `dojo start`: own copies that no update overwrites, a start page, a quiet JupyterLab."""

import base64
import json
import os
import re
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_server.services.contents.fileio import path_to_intermediate
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.start.running import running
from xraydojo import DojoError, language, progress
from xraydojo import start as module
from xraydojo.lesson import REPOSITORY, read_syllabus
from xraydojo.outline import outline
from xraydojo.start import configure, refresh, renew, start, write_start_page

UNIT = "02_line"


def write_notebook(path, *sources):
    """Write a notebook of these code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), path)


def sources(path):
    return [cell.source for cell in nbformat.read(path, 4).cells]


class Learner:
    """A released unit, and the learner's folder."""

    def __init__(self, folder):
        self.released = folder / "exercises"
        self.home = folder / "home"
        self.unit = self.home / UNIT
        self.copy = self.unit / f"{UNIT}.ipynb"
        self.release("first")

    def release(self, *cells):
        write_notebook(self.released / UNIT / f"{UNIT}.ipynb", *cells)

    def renew(self):
        return renew(self.released, self.home)

    def files(self):
        return sorted(path.name for path in self.unit.iterdir())


@pytest.fixture
def learner(tmp_path):
    """A learner who has started the course once."""
    learner = Learner(tmp_path)
    assert learner.renew() == []
    return learner


def test_every_released_notebook_is_copied_byte_for_byte(learner):
    assert learner.copy.read_bytes() == (learner.released / UNIT / f"{UNIT}.ipynb").read_bytes()


def test_an_untouched_copy_is_renewed_without_a_word(learner):
    learner.release("second")
    assert learner.renew() == []
    assert sources(learner.copy) == ["second"]
    assert learner.files() == [f"{UNIT}.ipynb"]


def test_a_copy_that_was_opened_and_run_but_not_changed_counts_as_untouched(learner):
    notebook = nbformat.read(learner.copy, 4)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    notebook.cells[0].outputs = [new_output("stream", text="1")]
    notebook.cells[0].execution_count = 1
    nbformat.write(notebook, learner.copy)
    learner.release("second")
    assert learner.renew() == []
    assert sources(learner.copy) == ["second"]


def test_work_is_never_overwritten_and_the_new_release_is_laid_beside_it_once(learner):
    write_notebook(learner.copy, "my answer")
    learner.release("second")
    (news,) = learner.renew()
    assert f"{UNIT}_updated.ipynb" in news
    assert sources(learner.copy) == ["my answer"]
    assert sources(learner.unit / f"{UNIT}_updated.ipynb") == ["second"]
    assert learner.renew() == []


def test_a_notebook_that_was_cut_off_while_it_was_saved_is_taken_back(learner):
    write_notebook(learner.copy, "my answer")
    # as Jupyter Server saves: a copy aside, the file emptied and written, the copy removed
    aside = Path(path_to_intermediate(str(learner.copy)))
    aside.write_bytes(learner.copy.read_bytes())
    learner.copy.write_bytes(b"")
    assert learner.renew() == []
    assert sources(learner.copy) == ["my answer"]
    assert learner.files() == [f"{UNIT}.ipynb"]


def test_a_notebook_that_was_saved_whole_is_not_taken_back(learner):
    write_notebook(learner.copy, "my answer")
    Path(path_to_intermediate(str(learner.copy))).write_bytes(b"older")
    learner.renew()
    assert sources(learner.copy) == ["my answer"] and learner.files() == [f"{UNIT}.ipynb"]


def test_work_in_the_new_release_is_not_overwritten_either(learner):
    write_notebook(learner.copy, "my answer")
    learner.release("second")
    learner.renew()
    write_notebook(learner.unit / f"{UNIT}_updated.ipynb", "my second answer")
    learner.release("third")
    (news,) = learner.renew()
    assert f"{UNIT}_updated2.ipynb" in news
    assert sources(learner.copy) == ["my answer"]
    assert sources(learner.unit / f"{UNIT}_updated.ipynb") == ["my second answer"]
    assert sources(learner.unit / f"{UNIT}_updated2.ipynb") == ["third"]


def test_an_untouched_new_release_is_renewed_where_it_lies(learner):
    write_notebook(learner.copy, "my answer")
    for text in ("second", "third"):
        learner.release(text)
        learner.renew()
    assert learner.files() == [f"{UNIT}.ipynb", f"{UNIT}_updated.ipynb"]
    assert sources(learner.unit / f"{UNIT}_updated.ipynb") == ["third"]


def test_a_new_release_that_the_learner_threw_away_does_not_come_back(learner):
    write_notebook(learner.copy, "my answer")
    learner.release("second")
    learner.renew()
    (learner.unit / f"{UNIT}_updated.ipynb").unlink()
    assert learner.renew() == []
    assert learner.files() == [f"{UNIT}.ipynb"]


def test_a_deleted_copy_is_made_again(learner):
    learner.copy.unlink()
    assert learner.renew() == []
    assert sources(learner.copy) == ["first"]


def test_a_release_that_changes_no_cell_but_its_points_reaches_an_untouched_copy(learner):
    source = learner.released / UNIT / f"{UNIT}.ipynb"
    notebook = nbformat.read(source, 4)
    notebook.cells[0].metadata["nbgrader"] = {"points": 3}
    nbformat.write(notebook, source)
    learner.renew()
    assert nbformat.read(learner.copy, 4).cells[0].metadata["nbgrader"] == {"points": 3}


@pytest.mark.parametrize("damage", [None, "{", "[]", '{"02_line": 1}'])
def test_without_a_sound_record_work_is_kept_and_an_untouched_copy_is_still_known(learner, damage):
    record = learner.home / ".xraydojo.json"
    record.write_text(damage) if damage else record.unlink()
    assert learner.renew() == []
    learner.release("second")
    learner.renew()
    assert sources(learner.copy) == ["second"]
    write_notebook(learner.copy, "my answer")
    record.write_text(damage) if damage else record.unlink()
    learner.renew()
    assert sources(learner.copy) == ["my answer"]


def test_a_copy_that_is_no_notebook_any_more_is_kept(learner):
    learner.copy.write_text("half of a note")
    learner.release("second")
    learner.renew()
    assert learner.copy.read_text() == "half of a note"


def test_a_markdown_cell_that_the_learner_wrote_is_work(learner):
    notebook = nbformat.read(learner.copy, 4)
    notebook.cells.append(new_markdown_cell("my note", id="note"))
    nbformat.write(notebook, learner.copy)
    learner.release("second")
    learner.renew()
    assert sources(learner.copy) == ["first", "my note"]


def test_without_a_built_notebook_the_learner_is_told_how_to_build(tmp_path):
    with pytest.raises(DojoError, match="dojo build"):
        renew(tmp_path / "exercises", tmp_path / "home")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_start_page_links_the_units_in_order_with_their_minutes(tmp_path, lang):
    language.use(lang)
    entries = read_syllabus()
    for entry in (entries[0], entries[-1]):
        (tmp_path / entry.id).mkdir()
    text = write_start_page(tmp_path).read_text(encoding="utf-8")
    links = re.findall(r"^\| \[\d\d (.+)\]\((.+?)/(.+)\.ipynb\) \| (\d+) \| (\d+) \|$", text, re.M)
    assert links == [
        (e.title[lang], e.id, e.id, str(e.reading_minutes), str(e.exercise_minutes))
        for e in (entries[0], entries[-1])
    ]
    (written,) = re.findall(r"^.* grade (.*) --feedback feedback$", text, re.M)
    assert written == f"{tmp_path}/{entries[0].id}/{entries[0].id}.ipynb"
    (docs,) = re.findall(r"`([^`]*docs[^`]*)`", text)
    assert REPOSITORY.joinpath(docs).exists()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_start_page_shows_the_road_and_where_to_go_on(tmp_path, lang):
    language.use(lang)
    home = laid_out(tmp_path, lang)
    text = write_start_page(home).read_text(encoding="utf-8")
    first = read_syllabus()[0]
    begin = {"en": "**▶ Begin here:**", "ja": "**▶ ここから始めましょう：**"}[lang]
    link = f"({first.id}/{first.id}.ipynb)"
    assert f"{begin} [00 {first.title[lang]}]{link}" in text
    marks = {"00_first_steps": {e.id: TIMES for e in outline("00_first_steps", lang).exercises}}
    progress.write(tmp_path, marks | {"01_images": {"histogram": TIMES}})
    refresh(tmp_path)
    text = next(home.glob("*.md")).read_text(encoding="utf-8")
    assert {"en": "**▶ Go on here:** [01 Images are numbers]", "ja": "**▶ ここから続けましょう：** [01 画像は数値でできている]"}[lang] in text  # fmt: skip
    assert "`window`" in text and {"en": "Units done: 1 of 12", "ja": "12 のうち 1"}[lang] in text
    assert {"en": "00 done, 01 1 of 4 exercises, 02 open", "ja": "00 修了、01 演習 4 のうち 1、02 これから"}[lang] in text  # fmt: skip


def test_the_road_is_a_picture_with_words_and_shapes_for_every_unit(tmp_path):
    home = laid_out(tmp_path, "en")
    text = write_start_page(home).read_text(encoding="utf-8")
    (drawn,) = re.findall(r"!\[[^]]+\]\(data:image/svg\+xml;base64,([^)]+)\)", text)
    svg = xml.etree.ElementTree.fromstring(base64.b64decode(drawn))
    words = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {entry.id[:2] for entry in read_syllabus()} <= set(words)
    assert {"done", "under way", "open", "begin here", "after 05, 07"} <= set(words)
    assert svg.find("{http://www.w3.org/2000/svg}title").text.startswith("The road")


def test_both_languages_share_the_progress(tmp_path):
    pages = []
    for lang in ("en", "ja"):
        language.use(lang)
        pages.append(write_start_page(laid_out(tmp_path, lang)))
    progress.write(tmp_path, {"02_perceptron": {"predict": TIMES}})
    refresh(tmp_path)
    assert all("`update`" in page.read_text(encoding="utf-8") for page in pages)
    assert language.current() == "ja"


def test_what_the_learner_wrote_on_the_page_stays_when_the_road_is_renewed(tmp_path):
    page = write_start_page(laid_out(tmp_path, "en"))
    page.write_text("My note\n\n" + page.read_text(encoding="utf-8"), encoding="utf-8")
    progress.write(tmp_path, {"02_perceptron": {"predict": TIMES}})
    refresh(tmp_path)
    assert page.read_text(encoding="utf-8").startswith("My note") and "`update`" in page.read_text(
        encoding="utf-8"
    )
    page.write_text("Mine alone", encoding="utf-8")
    refresh(tmp_path)
    assert page.read_text(encoding="utf-8") == "Mine alone"


def test_when_everything_is_solved_the_page_links_the_record_of_completion(tmp_path):
    home = laid_out(tmp_path, "en")
    page = write_start_page(home)
    assert (
        "record_of" not in page.read_text(encoding="utf-8")
        and not (home / "record_of_completion.html").exists()
    )
    progress.write(tmp_path, {entry.id: {e.id: TIMES for e in outline(entry.id, "en").exercises} for entry in read_syllabus()})  # fmt: skip
    refresh(tmp_path)
    assert "](record_of_completion.html)" in page.read_text(encoding="utf-8")
    assert "Record of completion" in (home / "record_of_completion.html").read_text(encoding="utf-8")


TIMES = {"passed": "2026-11-21T10:00:00Z", "last": "2026-11-21T10:00:00Z"}


def laid_out(folder, lang):
    """Give a learner a copy of every unit; return the folder of the language."""
    for entry in read_syllabus():
        write_notebook(folder / lang / entry.id / f"{entry.id}.ipynb", "1")
    return folder / lang


def test_the_settings_that_the_learner_changed_stay(tmp_path):
    configure(tmp_path, "ja")
    (file,) = tmp_path.rglob("translation-extension/plugin.jupyterlab-settings")
    assert json.loads(file.read_text()) == {"locale": "ja_JP"}
    file.write_text('{"locale": "fr_FR"}')
    configure(tmp_path, "ja")
    assert json.loads(file.read_text()) == {"locale": "fr_FR"}


def test_an_unknown_language_is_refused(tmp_path):
    with pytest.raises(DojoError, match="'fr'"):
        start("fr", tmp_path)


@pytest.mark.parametrize("port", [70000, None])
def test_a_port_that_cannot_be_had_is_named_before_anything_is_done(tmp_path, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = port or other.getsockname()[1]
        with pytest.raises(DojoError, match=f"port {port} "):
            start("en", tmp_path / "home", browser=False, port=port)
    assert not (tmp_path / "home").exists()


def test_a_jupyterlab_that_dies_is_told_in_one_line_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(
        module, "_jupyterlab", lambda *_: [module.sys.executable, "-c", "raise SystemExit('no luck')"]
    )
    monkeypatch.setattr(
        module.signal, "signal", lambda *_: None
    )  # the handlers of the tests' own process stay
    with pytest.raises(DojoError, match=r"no luck.*jupyterlab\.log"):
        start("en", tmp_path, browser=False)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The course, opened on a machine on which another project has left its settings, and closed by Ctrl+C."""
    folder = tmp_path_factory.mktemp("learner")
    other = tmp_path_factory.mktemp("other")
    (other / "jupyter").mkdir()
    (other / "jupyter" / "jupyter_server_config.json").write_text(
        '{"ServerApp": {"ip": "0.0.0.0", "port": 1}}'
    )
    (other / "numpy.py").write_text("raise ImportError('the wrong numpy')")
    foreign = {
        "PYTHONPATH": str(other),
        "JUPYTER_CONFIG_DIR": str(other / "jupyter"),
        "http_proxy": "http://127.0.0.1:9",
    }
    with running(folder, "--lang", "ja", **foreign) as process:
        process.folder = folder
        process.children = psutil.Process(process.pid).children(recursive=True)
        process.commands = [word for child in process.children for word in child.cmdline()]
        process.page = ask(process.address)
        process.extensions = json.loads(
            re.search(r'id="jupyter-config-data"[^>]*>\s*({.*?})\s*</script>', process.page)[1]
        )
        process.refused = status_without_token(process.address)
    return process


def ask(address):
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
    )
    with opener.open(address) as answer:
        return answer.read().decode()


def status_without_token(address):
    url = address.partition("?")[0] + "api/contents"
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url).status
    except urllib.error.HTTPError as error:
        return error.code


def test_what_renews_the_start_page_is_loaded_with_jupyterlab(opened):
    assert "xraydojo" in [extension["name"] for extension in opened.extensions["federated_extensions"]]


def test_jupyterlab_answers_at_the_address_that_is_printed(opened):
    assert "<title>JupyterLab</title>" in opened.page
    assert urllib.parse.urlsplit(opened.address).hostname == "127.0.0.1"
    assert str(opened.folder / "ja") in opened.said


def test_without_the_token_nobody_reads_the_learners_folder(opened):
    assert opened.refused == 403


def test_no_token_stands_where_other_users_of_the_machine_read_it(opened):
    token = opened.address.partition("token=")[2]
    assert opened.commands and token not in " ".join(opened.commands)
    assert token not in (opened.folder / ".lab" / "ja" / "jupyterlab.log").read_text()


def test_the_instructors_extensions_and_the_news_are_off(opened):
    off = opened.extensions["disabledExtensions"]
    assert {"@jupyter/nbgrader", "@jupyterlab/apputils-extension:announcements"} <= set(off)
    assert "nbgrader" not in (opened.folder / ".lab" / "ja" / "jupyterlab.log").read_text()


def test_ctrl_c_stops_without_a_question_or_a_traceback_and_leaves_no_process(opened):
    assert opened.returncode == 0
    assert opened.said.splitlines()[-1] == "JupyterLab を終了しました。"
    assert "Traceback" not in opened.said and "y/[n]" not in opened.said
    assert opened.children and not [child for child in opened.children if child.is_running()]


def test_a_closed_terminal_stops_it_too(tmp_path):
    with running(tmp_path) as process:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGHUP if hasattr(signal, "SIGHUP") else signal.SIGTERM)
        process.wait(20)
    assert process.returncode == 0
    assert children and not [child for child in children if child.is_running()]


def test_the_next_free_port_is_taken(tmp_path):
    with running(tmp_path / "one") as first, running(tmp_path / "two") as second:
        assert first.address.partition("?")[0] != second.address.partition("?")[0]
        assert ask(second.address)


def test_the_learners_folder_keeps_work_between_languages_apart(tmp_path):
    with running(tmp_path, "--lang", "en"):
        pass
    assert sorted(os.listdir(tmp_path)) == [".lab", "en"]
