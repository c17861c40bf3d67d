"""A day of a class in a real browser: a learner solves and submits, another cheats, the instructor marks and exports."""

import contextlib
import csv
import io
import json
import time

import nbformat
import psutil
import pytest
from playwright.sync_api import Error, expect

from tests.e2e.browser import SLOW, await_kernel, cells, picture, run_above, write
from tests.hub.running import logged_in, running
from xraydojo import progress
from xraydojo.build import notebook_path
from xraydojo.hub.queue import Queue
from xraydojo.lesson import read_unit
from xraydojo.start import AUTOSAVE

UNIT = "02_perceptron"
ROW = f"tr[id='{UNIT}']"
RIGHT = "def predict(X, w, b):\n    return (X @ w + b >= 0).astype(int)"
HALF_WRITTEN = "def update(w, b, x, t, lr):\n    y = predict(x[None], w, b)[0]"
BIAS_FORGOTTEN = "def predict(X, w, b):\n    return (X @ w >= 0).astype(int)"
HOSTILE = """
import os, sys, sqlite3, builtins
from IPython.display import HTML, display
display(HTML("<script>document.title = 'owned'</script><img src=x onerror=\\"document.title = 'owned'\\">"))
print("POINTS 10/10")
class Always:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
predict = update = fit = xor_two_layers = Always()
for folder in ("SITE",):
    try:
        base = sqlite3.connect(folder + "/class/gradebook.db")
        base.execute("UPDATE grade SET manual_score = 10")
        base.commit()
        print("WROTE")
    except Exception as error:
        print("NOT WRITTEN")
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The demo hub."""
    with running(tmp_path_factory.mktemp("hub") / "demo") as hub:
        yield hub
    assert hub.process.returncode == 0
    left = [process for process in psutil.process_iter(["environ", "cmdline"]) if _is_of(process, hub)]
    assert left == []


def _is_of(process, hub) -> bool:
    # what this user may not read is not of this hub
    return str(hub.site.folder) in f"{process.info['environ'] or ''}{process.info['cmdline'] or ''}"


@pytest.fixture
def open_page(chromium):
    """Return a function that opens a page of the hub as a person."""
    contexts = []

    def open_page(hub, name, path="", browser=chromium):
        context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="ja-JP")
        contexts.append(context)
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.on("response", lambda said: said.status < 400 or page.broken.append((said.status, said.url)))
        page.goto(hub.address + path)
        page.fill("#username_input", name)
        page.fill("#password_input", hub.passwords[name])
        page.click("#login_submit")
        return page

    yield open_page
    for context in contexts:
        with contextlib.suppress(Error):  # of a browser that was killed
            context.close()


def test_a_learner_solves_a_unit_in_japanese_submits_and_reads_the_feedback(hub, open_page):
    page = open_page(hub, "hanako")
    expect(page.locator(".jp-RenderedMarkdown h1")).to_contain_text("XrayDojo へようこそ", timeout=SLOW)
    page.get_by_role("link", name="02 パーセプトロン").first.click()
    run_above(page, cells(page, "predict")[0], "ja")
    for exercise, source in _solution().items():
        answer, check = cells(page, exercise)
        write(page, answer, source)
        page.keyboard.press("Shift+Enter")
        expect(check.locator(".xraydojo-check")).to_contain_text("正解です", timeout=SLOW)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=SLOW)
    assert page.broken == []

    page.goto(f"{hub.address}services/dojo/")
    expect(page.locator(f"{ROW} .state")).to_contain_text("未提出")
    page.locator(ROW).get_by_role("button", name="提出する").click()
    expect(page.locator(f"{ROW} .state")).to_contain_text("採点済み", timeout=SLOW)
    expect(page.locator(f"{ROW} .points")).to_have_text("10 / 10")
    page.locator(ROW).get_by_role("link", name="フィードバック").click()
    expect(page.locator(".tests li.passed")).to_have_count(4)
    assert page.broken == []


def test_hostile_code_gets_nothing_and_reaches_nothing(hub, open_page):
    page = open_page(hub, "taro")
    expect(page.locator(".jp-RenderedMarkdown h1")).to_be_visible(timeout=SLOW)
    notebook = nbformat.read(notebook_path("exercises", UNIT, "ja"), as_version=4)
    solution = next(cell for cell in notebook.cells if cell.id == "predict")
    solution.source = HOSTILE.replace("SITE", str(hub.site.folder))
    nbformat.write(notebook, hub.site.homes / "taro" / "XrayDojo" / "ja" / UNIT / f"{UNIT}.ipynb")

    page.goto(f"{hub.address}services/dojo/")
    page.locator(ROW).get_by_role("button", name="提出する").click()
    expect(page.locator(f"{ROW} .state")).to_contain_text("採点済み", timeout=SLOW)
    expect(page.locator(f"{ROW} .points")).to_have_text("0 / 10")
    page.locator(ROW).get_by_role("link", name="フィードバック").click()
    expect(page.locator("body")).to_contain_text("NOT WRITTEN")
    assert page.title() != "owned"


def test_the_instructor_sees_both_in_the_formgrader_changes_a_mark_and_exports(hub, open_page, screenshots):
    page = open_page(hub, "sensei", "services/dojo/class")
    for learner, points in (("hanako", "10"), ("taro", "0")):
        expect(page.locator(f"#{learner} td.points", has_text=points)).to_have_count(1)
    page.locator("tfoot a[href$='02_perceptron']").click()
    expect(page.locator("h1")).to_contain_text("パーセプトロン", timeout=SLOW)
    expect(page.locator("figure img")).not_to_have_count(0)
    assert page.broken == []
    page.go_back()
    page.get_by_role("navigation").get_by_role("link", name="手動採点").click()
    expect(page.locator("tr", has_text=UNIT)).to_contain_text("2", timeout=SLOW)
    picture(page, screenshots / "hub_formgrader.png")

    page.goto(f"{hub.address}services/demo/formgrader/gradebook/{UNIT}/{UNIT}")
    expect(page.locator("tbody tr")).to_have_count(2, timeout=SLOW)
    submissions = {
        name: page.locator("a.name-shown", has_text=name).first.get_attribute("href")
        for name in ("hanako", "taro")
    }
    for name, earned in (("taro", "0"), ("hanako", "2")):  # for the first exercise
        page.goto(hub.address + submissions[name].lstrip("/"))
        score = page.locator("input.score").first
        expect(score).to_have_attribute("placeholder", earned, timeout=SLOW)
        page.wait_for_timeout(1000)  # for what a learner's output would do to the page
        assert page.title() != "owned"
    picture(page, screenshots / "hub_marking.png")
    score.fill("1.5")
    with page.expect_response(lambda said: said.request.method == "PUT" and said.ok):
        score.press("Tab")

    session = logged_in(hub, "sensei")
    session.get(f"{hub.address}services/dojo/class")
    marks = session.get(f"{hub.address}services/dojo/class/export/csv")
    rows = csv.DictReader(io.StringIO(marks.content.decode("utf-8-sig")))
    final = {row["learner"]: float(row["final"]) for row in rows if row["unit"] == UNIT and row["final"]}
    assert final == {"hanako": 9.5, "taro": 0}


def test_a_mistake_is_on_the_instructors_open_page_within_seconds_and_gone_when_it_is_taken_back(
    hub, open_page
):
    now = open_page(hub, "sensei", "services/dojo/class/now")
    expect(now.locator("#now")).to_contain_text("まだありません")
    now.evaluate("window.isTheSame = true")
    learner = open_page(hub, "hanako", "services/dojo/")
    learner.get_by_role("switch").click()
    expect(learner.get_by_role("switch")).to_be_checked()

    notebook = learner.context.new_page()
    notebook.goto(f"{hub.address}user/hanako/lab/tree/{UNIT}/{UNIT}.ipynb")
    answer, check = cells(notebook, "predict")
    # her kernel has run on since she handed in
    await_kernel(notebook)
    write(notebook, answer, BIAS_FORGOTTEN)
    notebook.keyboard.press("Shift+Enter")
    expect(check.locator(".xraydojo-check")).to_contain_text("まだ正解ではありません", timeout=SLOW)
    mistake = now.locator("#mistake-predict-bias_forgotten")
    expect(mistake).to_contain_text("境界線はいつも原点を通る", timeout=10_000)
    expect(mistake).to_contain_text("山田 花子")
    screen = now.locator(".button", has_text="スクリーン用")
    screen.focus()

    learner.get_by_role("switch").click()
    expect(learner.get_by_role("switch")).not_to_be_checked()
    expect(mistake).to_have_count(0, timeout=10_000)
    expect(screen).to_be_focused()
    assert now.evaluate("window.isTheSame") and now.broken == learner.broken == []


NOTEBOOK = f"hub/user-redirect/lab/tree/{UNIT}/{UNIT}.ipynb"


def test_a_killed_browser_takes_nothing_that_was_run_and_seconds_of_what_was_typed(hub, launch, open_page):
    before = set(psutil.Process().children(recursive=True))
    doomed = launch()
    processes = set(psutil.Process().children(recursive=True)) - before
    page = open_page(hub, "jiro", NOTEBOOK, doomed)
    answer, check = cells(page, "predict")
    run_above(page, answer, "ja")
    write(page, answer, RIGHT)
    page.keyboard.press("Shift+Enter")
    expect(check.locator(".xraydojo-check")).to_contain_text("正解です", timeout=SLOW)
    _await(lambda: RIGHT in _saved(hub, "jiro"), 5)
    cells(page, "update")[0].locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(HALF_WRITTEN)
    _await(lambda: HALF_WRITTEN in _saved(hub, "jiro"), AUTOSAVE + 5)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()

    page = open_page(hub, "jiro", NOTEBOOK)
    answer, check = cells(page, "predict")
    expect(answer.locator(".cm-content")).to_contain_text("X @ w + b >= 0", timeout=SLOW)
    expect(cells(page, "update")[0].locator(".cm-content")).to_contain_text("predict(x[None]")
    # the kernel has run on, with what was defined in it
    _run_check(page, check)
    expect(check.locator(".xraydojo-check")).to_contain_text("正解です", timeout=SLOW)


def test_after_a_killed_kernel_the_learner_is_told_what_to_run_and_goes_on(hub, open_page):
    page = open_page(hub, "jiro", NOTEBOOK)
    answer, check = cells(page, "predict")
    answer.wait_for(timeout=SLOW)
    await_kernel(page)
    (kernel,) = _processes_of(hub, "jiro", "ipykernel_launcher")
    kernel.kill()
    page.locator(".jp-Dialog .jp-mod-accept").click(timeout=SLOW)
    _run_check(page, check)
    expect(check.locator(".xraydojo-crash")).to_contain_text("先頭から実行しましょう", timeout=SLOW)
    run_above(page, check, "ja")
    _run_check(page, check)
    expect(check.locator(".xraydojo-check")).to_contain_text("正解です", timeout=SLOW)


def test_after_a_killed_server_the_same_address_brings_a_new_one_with_all_that_was_saved(hub, open_page):
    page = open_page(hub, "jiro", NOTEBOOK)
    cells(page, "predict")[0].wait_for(timeout=SLOW)
    done = progress.read(hub.site.homes / "jiro" / "XrayDojo")
    (server,) = _processes_of(hub, "jiro", "xraydojo.hub.learner")
    server.kill()
    # the hub, whose child it is, has not noticed yet
    _await(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, 10)
    page.goto(f"{hub.address}user/jiro/lab/tree/{UNIT}/{UNIT}.ipynb")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(cells(page, "predict")[0].locator(".cm-content")).to_contain_text("X @ w + b >= 0", timeout=SLOW)
    expect(cells(page, "update")[0].locator(".cm-content")).to_contain_text("predict(x[None]")
    assert "passed" in done[UNIT]["predict"] and progress.read(hub.site.homes / "jiro" / "XrayDojo") == done


def test_a_wrong_password_is_told_in_the_classs_language(hub, chromium):
    page = chromium.new_page()
    page.goto(hub.address)
    page.fill("#username_input", "jiro")
    page.fill("#password_input", "ｊｉｒｏ")
    page.click("#login_submit")
    expect(page.get_by_role("alert")).to_contain_text("ユーザー名かパスワードが違います")
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        "services/demo/formgrader",
        "services/demo/api/contents/gradebook.db",
        "services/demo/lab",
        "services/dojo/class",
        "services/dojo/class/now",
        "services/dojo/class/export/csv",
        f"services/dojo/class/feedback/hanako/{UNIT}",
        f"services/dojo/class/report/{UNIT}",
        "user/hanako/api/contents/",
        "hub/api/users",
        "hub/api/users/hanako",
        "hub/admin",
    ],
)
def test_a_learner_is_shown_nothing_of_others(hub, path):
    session = logged_in(hub, "taro")
    answer = session.get(hub.address + path)
    assert answer.status_code in (403, 404), answer.url
    assert "hanako" not in answer.text.replace(path, "")


@pytest.mark.parametrize("action", ["start", "regrade", "roster/add", "roster/remove"])
def test_a_learner_changes_nothing_of_the_class(hub, action):
    session = logged_in(hub, "taro")
    session.get(f"{hub.address}services/dojo/")
    xsrf = next(
        cookie.value
        for cookie in session.cookies
        if cookie.path == "/services/dojo/" and cookie.name == "_xsrf"
    )
    data = {"_xsrf": xsrf, "name": "saburo", "unit": UNIT}
    assert session.post(f"{hub.address}services/dojo/class/{action}", data=data).status_code == 403
    assert "saburo" not in hub.site.course_file.read_text(encoding="utf-8")


def test_another_page_cannot_submit_or_share_for_a_learner(hub):
    session = logged_in(hub, "jiro")
    session.get(f"{hub.address}services/dojo/")
    data = {"unit": UNIT, "key": "0" * 32, "share": "yes"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for path in ("submit", "share"):
            answer = session.post(f"{hub.address}services/dojo/{path}", data=data, headers=headers)
            assert answer.status_code == 403
    assert Queue(hub.site.class_folder).last("jiro") == {}


def test_the_pages_are_in_no_frame_and_run_nothing(hub):
    policy = logged_in(hub, "jiro").get(f"{hub.address}services/dojo/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy


def test_a_learner_who_is_removed_is_let_in_no_more_and_one_who_is_added_is(hub):
    session = logged_in(hub, "sensei")
    page = f"{hub.address}services/dojo/"
    session.get(f"{page}class")
    xsrf = next(
        cookie.value
        for cookie in session.cookies
        if cookie.path == "/services/dojo/" and cookie.name == "_xsrf"
    )
    answer = session.post(f"{page}class/roster/add", data={"_xsrf": xsrf, "name": "saburo"})
    assert "saburo" in answer.text
    passwords = json.loads((hub.site.state / "passwords.json").read_bytes()) | {"saburo": "known"}
    (hub.site.state / "passwords.json").write_text(json.dumps(passwords))
    hub.passwords["saburo"] = "known"
    newcomer = logged_in(hub, "saburo")
    assert newcomer.get(page).status_code == 200
    session.post(f"{page}class/roster/remove", data={"_xsrf": xsrf, "name": "saburo"})
    assert newcomer.get(page).status_code == 403
    with pytest.raises(AssertionError):
        logged_in(hub, "saburo")


def _run_check(page, check) -> None:
    """Run a check once its kernel has nothing else to do."""
    await_kernel(page)
    check.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


def _saved(hub, name) -> list[str]:
    """Return what the cells of a learner's notebook say on the disk."""
    notebook = hub.site.homes / name / "XrayDojo" / "ja" / UNIT / f"{UNIT}.ipynb"
    with contextlib.suppress(nbformat.reader.NotJSONError):  # it is just being written
        return [cell.source for cell in nbformat.read(notebook, as_version=4).cells]
    return []


def _processes_of(hub, name, command) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["environ", "cmdline"])
        if str(hub.site.homes / name) in str(process.info["environ"])
        and command in str(process.info["cmdline"])
    ]


def _await(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)


def _solution() -> dict[str, str]:
    solved = nbformat.read(notebook_path("solutions", UNIT, "ja"), as_version=4)
    sources = {cell.id: cell.source for cell in solved.cells}
    return {cell.exercise: sources[cell.id.replace("_", "-")] for cell in read_unit(UNIT).exercises}
