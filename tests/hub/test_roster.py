"""The roster: `course.yaml` changes where its learners stand, and nowhere else."""

from functools import partial

import pytest
from typer.testing import CliRunner

from tests.hub.test_course import GOOD, written
from xraydojo import DojoError
from xraydojo.hub.cli import hub
from xraydojo.hub.course import Learner, read_course
from xraydojo.hub.roster import add, import_csv, remove

COMMENTED = GOOD.replace("units:", "# keep this\n\nunits:  # and this")


def test_a_learner_is_added_and_everything_else_stays_as_it_is(tmp_path):
    path = written(tmp_path, COMMENTED)
    path.chmod(0o600)
    course = add(path, "jiro", "鈴木 次郎", "jiro@example.ac.jp")
    assert course.learner("jiro") == Learner("jiro", "鈴木 次郎", "jiro@example.ac.jp")
    assert read_course(path) == course
    text = path.read_text(encoding="utf-8")
    assert text.replace('  - {name: jiro, full_name: "鈴木 次郎", email: "jiro@example.ac.jp"}\n', "") == (
        COMMENTED.replace(
            "{name: taro, full_name: 山田 太郎, email: taro@example.ac.jp}",
            '{name: taro, full_name: "山田 太郎", email: "taro@example.ac.jp"}',
        )
    )
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_learner_is_removed(tmp_path):
    path = written(tmp_path, COMMENTED)
    assert [learner.name for learner in remove(path, ["hanako"]).learners] == ["taro"]
    assert remove(path, ["taro"]).learners == ()
    assert "learners: []" in path.read_text(encoding="utf-8") and "# keep this" in path.read_text(
        encoding="utf-8"
    )
    assert [learner.name for learner in add(path, "jiro").learners] == ["jiro"]


@pytest.mark.parametrize("learners", ["learners: []\n", "learners:\n", "", "learners: [hanako, taro]\n"])
def test_a_learner_is_added_however_the_list_is_written(tmp_path, learners):
    begin, _, rest = GOOD.partition("learners:")
    end = rest[rest.index("units:") :]
    path = written(tmp_path, begin + learners + end)
    before = read_course(path)
    after = add(path, "jiro")
    assert after.learners == (*before.learners, Learner("jiro"))
    assert after.units == before.units and after.profiles == before.profiles


def test_names_from_a_form_cannot_become_anything_but_text(tmp_path):
    path = written(tmp_path, GOOD)
    evil = 'x", instructors: ["taro'
    assert add(path, "jiro", evil).learner("jiro").full_name == evil
    assert add(path, "saburo", "a\n- root: {b}").learner("saburo").full_name == "a - root: {b}"
    assert read_course(path).instructors == ("sensei",)


@pytest.mark.parametrize("name", ["Jiro", "", "../jiro", "jiro\n", "root\nsensei", "a" * 33, "sensei"])
def test_a_name_that_cannot_be_one_is_refused_and_the_file_stays(tmp_path, name):
    path = written(tmp_path, GOOD)
    with pytest.raises(DojoError):
        add(path, name)
    assert path.read_text(encoding="utf-8") == GOOD and list(tmp_path.iterdir()) == [path]


def test_removing_who_is_not_there_is_said(tmp_path):
    with pytest.raises(DojoError, match="jiro is not in the class"):
        remove(written(tmp_path, GOOD), ["hanako", "jiro"])
    assert read_course(tmp_path / "course.yaml").learner("hanako")


def test_a_table_from_a_spreadsheet_is_imported_and_nobody_is_removed(tmp_path):
    path, table = written(tmp_path, GOOD), tmp_path / "class.csv"
    table.write_text("name,full_name\nhanako,山田 花子\njiro,鈴木 次郎\n", encoding="utf-8-sig")
    course = import_csv(path, table)
    assert [learner.name for learner in course.learners] == ["hanako", "taro", "jiro"]
    assert course.learner("hanako").full_name == "山田 花子"
    assert course.learner("taro").email == "taro@example.ac.jp"


@pytest.mark.parametrize(
    "text, said",
    [
        ("account\nhanako\n", ":1: the first line names the columns"),
        ("name,grade\nhanako,5\n", ":1: the first line names the columns"),
        ("name\nhanako\nJiro\n", ":3: 'Jiro' cannot be a name"),
        ("name,email\nhanako,nowhere\n", ":2: 'nowhere' is no mail address"),
        ("", ":1: the first line names the columns"),
        ("name;email\nhanako;a@b\n", "with commas between; found: name;email"),
        ("name\nhanako\nhanako\n", ":3: hanako is there twice"),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_line(tmp_path, text, said):
    table = tmp_path / "class.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(DojoError) as refused:
        import_csv(written(tmp_path, GOOD), table)
    assert str(refused.value).startswith(str(table)) and said in str(refused.value)
    assert (tmp_path / "course.yaml").read_text(encoding="utf-8") == GOOD


def test_all_that_is_wrong_in_a_table_is_named_at_once(tmp_path):
    table = tmp_path / "class.csv"
    table.write_text(
        "name,email\nHanako,\ntaro,taro@example.ac.jp\n,\njiro,jiro＠example.ac.jp\n", encoding="utf-8"
    )
    with pytest.raises(DojoError) as refused:
        import_csv(written(tmp_path, GOOD), table)
    assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [f"{table}:2", f"{table}:5"]


def test_a_table_as_excel_in_japanese_writes_it_is_imported(tmp_path):
    table = tmp_path / "class.csv"
    table.write_bytes("name,full_name\r\nshinichi,髙橋 慎一\r\n,\r\n".encode("cp932"))
    course = import_csv(written(tmp_path, GOOD.replace("language: en", "language: ja")), table)
    assert course.learner("shinichi").full_name == "髙橋 慎一"


def test_an_english_class_takes_nothing_for_japanese(tmp_path):
    table = tmp_path / "class.csv"
    table.write_bytes("name,full_name\nzoe,Zoé Müller\n".encode("cp1252"))
    with pytest.raises(DojoError, match="is not UTF-8; save it as CSV UTF-8"):
        import_csv(written(tmp_path, GOOD.replace("language: ja", "language: en")), table)


def test_the_command_says_who_came_and_what_a_demo_needs(tmp_path, capsys):
    (tmp_path / "class").mkdir()
    path, table = written(tmp_path / "class", GOOD), tmp_path / "class.csv"
    table.write_text("name,full_name\nhanako,山田 花子\njiro,鈴木 次郎\n", encoding="utf-8")
    invoke = partial(CliRunner().invoke, hub, ["roster", "import", str(table), "--folder", str(tmp_path)])
    before = path.read_text(encoding="utf-8")
    assert (
        invoke().output
        == "1 added, 0 removed: the class has 3 learners. They can log in now, no restart is needed.\n"
    )
    path.write_text(before, encoding="utf-8")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "passwords.json").write_text("{}")
    assert "start it again, and it shows their passwords" in invoke().output
