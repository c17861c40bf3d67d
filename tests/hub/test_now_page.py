"""The class at this moment and the learner's switch, on the real pages service."""

import asyncio
import contextlib
import json
import re
import threading
import time
from types import SimpleNamespace

import pytest
import requests
from bs4 import BeautifulSoup

from tests.hub.conftest import COURSE
from tests.hub.pages import running
from xraydojo import language, progress
from xraydojo.hub.now_page import ago
from xraydojo.hub.sharing import FILE, Sharing, moment, written
from xraydojo.hub.sharing_server import Sharer

UNIT = "02_perceptron"
EVIL = "<script>document.title = 'owned'</script>"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    course = COURSE.replace("jiro]", f'{{name: jiro, full_name: "{EVIL}"}}]').replace(
        "open: 2099-01-01", "open: 2020-01-01"
    )
    with running(tmp_path_factory.mktemp("now"), course) as service:
        yield service


@pytest.fixture(autouse=True)
def nobody_shares(service):
    yield
    for name in ("hanako", "taro", "jiro"):
        share(service, name, "no")


def share(service, name, answer="yes"):
    return service.press(name, "share", share=answer)


def report(service, name, *mistakes, exercise="predict", unit=UNIT, passed=False):
    """Report failures of just now with these mistakes, one a second, as the server of a learner does."""
    now = time.time()
    times = [moment(now - len(mistakes) + number) for number in range(len(mistakes))]
    mark = {"last": moment(now), "failed": dict(zip(times, mistakes))}
    if passed:
        mark["passed"] = moment(now)
    while (
        answer := service.as_server(name, "sharing", data=written({unit: {exercise: mark}}))
    ).status_code == 429:
        time.sleep(0.2)
    return answer


def now(service, query=""):
    answer = service.as_browser("sensei", f"class/now{query}")
    assert answer.ok, answer.text
    return BeautifulSoup(answer.text, "html.parser")


def row(page, exercise="predict"):
    """Return how many have solved an exercise, are at work on it, and are stuck."""
    return tuple(
        int(page.select_one(f"#row-{exercise} td.{kind}").text) for kind in ("solved", "working", "stuck")
    )


@pytest.mark.parametrize(
    "seconds, en, ja",
    [
        (0, "just now", "たった今"), (59.9, "just now", "たった今"), (60, "1 min ago", "1 分前"),
        (3599, "59 min ago", "59 分前"), (3600, "1 h ago", "1 時間前"),
    ],
)  # fmt: skip
def test_times_are_told_by_the_minute_in_both_languages(seconds, en, ja):
    for lang, said in (("en", en), ("ja", ja)):
        with language.speaking(lang):
            assert ago(seconds) == said


def test_the_switch_is_off_until_a_learner_switches_it_on_and_says_what_whom_and_how_long(service):
    page = BeautifulSoup(service.as_browser("hanako").text, "html.parser").select_one("#sharing")
    assert page.select_one("[role=switch]")["aria-checked"] == "false"
    for said in ("書いたコード、答え、得点は送りません", "sensei", "24 時間", "成績には関係ありません"):
        assert said in page.text
    assert share(service, "hanako").status_code == 303
    page = BeautifulSoup(service.as_browser("hanako").text, "html.parser")
    assert page.select_one("#sharing [role=switch]")["aria-checked"] == "true"


def test_an_instructor_has_no_switch(service):
    assert 'role="switch"' not in service.as_browser("sensei").text
    assert share(service, "sensei").status_code == 403


def test_the_token_of_a_server_moves_no_switch(service):
    assert service.as_server("hanako", "share", "POST", data={"share": "yes"}).status_code == 403
    assert service.as_server("hanako", "sharing", "GET").json() == {"since": None}


def test_nobody_who_has_not_agreed_is_seen(service):
    assert report(service, "hanako", "bias_forgotten").status_code == 403
    assert "まだありません" in now(service).text


def test_the_instructor_sees_who_is_where_and_what_goes_wrong_in_words(service):
    for name in ("hanako", "taro"):
        share(service, name)
        assert report(service, name, "bias_forgotten").status_code == 204
    page = now(service)
    assert "02" in page.h1.text
    assert row(page) == (0, 2, 0)
    (mistake,) = page.select(".mistakes li")
    assert mistake["id"] == "mistake-predict-bias_forgotten"
    assert "2 人" in mistake.text and "境界線はいつも原点を通る" in mistake.text
    assert "hanako" in mistake.text and "山田 太郎" in mistake.text
    assert "取り組み中 2 人" in page.select_one("#row-predict svg")["aria-label"]
    report(service, "taro", "bias_forgotten", "", "sum_returned")
    assert row(now(service)) == (0, 1, 1)
    report(service, "taro", "sum_returned", passed=True)
    page = now(service)
    assert row(page) == (1, 1, 0) and row(page, "update") == (0, 1, 0)


def test_a_learner_who_takes_it_back_is_gone_from_the_page(service):
    share(service, "hanako")
    report(service, "hanako", "bias_forgotten")
    assert "bias_forgotten" in now(service).text
    share(service, "hanako", "no")
    page = now(service)
    assert "bias_forgotten" not in page.text and "hanako" not in page.text
    for path in service.site.class_folder.glob(f"{FILE}*"):
        assert b"bias_forgotten" not in path.read_bytes()


def test_the_screen_shows_no_names_and_no_mistake_of_one_alone(service):
    for name, *mistakes in (
        ("hanako", "bias_forgotten"),
        ("taro", "bias_forgotten", "", "sum_returned"),
        ("jiro", "plus_and_minus_one"),
    ):
        share(service, name)
        report(service, name, *mistakes)
    page = now(service, "?screen=1")
    assert row(page) == (0, 2, 1)
    assert [each["id"] for each in page.select(".mistakes li")] == ["mistake-predict-bias_forgotten"]
    for name in ("hanako", "taro", "jiro", "山田", "owned", "sensei"):
        assert name not in str(page)


def test_a_name_cannot_become_a_script(service):
    share(service, "jiro")
    report(service, "jiro", "bias_forgotten")
    page = now(service)
    assert EVIL in page.select_one(".people").text
    assert [script.get("src") for script in page.select("script")] == ["/services/dojo/now.js"]


def test_only_the_pages_own_script_runs_and_only_on_this_page(service):
    policies = [
        service.as_browser("sensei", path).headers["Content-Security-Policy"]
        for path in ("class/now", "class/now", "")
    ]
    allowed = [re.findall(r"script-src ([^;]*)", policy) for policy in policies]
    assert allowed[0] != allowed[1] and allowed[2] == []
    for (sources,) in allowed[:2]:
        assert re.fullmatch(r"'nonce-[\w-]{20,}'", sources)
    assert all("default-src 'none'" in each and "frame-ancestors 'none'" in each for each in policies)


def test_learners_do_not_see_the_class(service):
    share(service, "taro")
    report(service, "taro", "bias_forgotten")
    for query in ("", "?screen=1", f"?unit={UNIT}"):
        assert service.as_browser("hanako", f"class/now{query}").status_code == 403
        assert service.as_server("hanako", f"class/now{query}", "GET").status_code == 403


@pytest.mark.parametrize("unit", ["99_none", "../class", "<script>", "07_evaluation"])
def test_a_unit_that_the_class_does_not_have_is_not_there(service, unit):
    assert service.as_browser("sensei", "class/now", params={"unit": unit}).status_code == 404


def test_the_unit_is_that_of_most_and_another_can_be_chosen(service):
    for name, unit, exercise in (
        ("hanako", UNIT, "predict"), ("taro", "01_images", "window"), ("jiro", "01_images", "window"),
    ):  # fmt: skip
        share(service, name)
        report(service, name, "", unit=unit, exercise=exercise)
    assert "01" in now(service).h1.text
    page = now(service, f"?unit={UNIT}")
    assert "02" in page.h1.text and row(page) == (0, 1, 0)
    assert "山田 太郎 01 window" in " ".join(page.text.split())


def test_a_learner_who_is_removed_is_forgotten(service):
    service.press("sensei", "class/roster/add", name="saburo")
    assert share(service, "hanako").status_code == 303
    Sharing(service.site.class_folder / FILE).agree("saburo")
    service.press("sensei", "class/roster/remove", name="saburo")
    assert set(Sharing(service.site.class_folder / FILE).all()) == {"hanako"}


def test_a_kill_while_records_come_in_leaves_the_page_right(service, tmp_path):
    share(service, "hanako")
    sending = threading.Event()

    def send() -> None:
        while not sending.is_set():
            with contextlib.suppress(requests.ConnectionError):
                service.as_server("hanako", "sharing", data=written({}))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    time.sleep(0.5)
    service.kill()
    sending.set()
    for sender in senders:
        sender.join()

    # checks go on while the service is away
    stamp = moment(time.time())
    held = {UNIT: {"predict": {"last": stamp, "failed": {stamp: "bias_forgotten"}}}}
    progress.write(tmp_path, held)
    sharer = Sharer(tmp_path, f"{service.address}sharing", "token-of-hanako")

    with looking(sharer):
        time.sleep(1)
        service.start()
        end = time.monotonic() + 20
        while not row_is(now(service), (0, 1, 0)):
            assert time.monotonic() < end, now(service).text
            time.sleep(0.1)
    assert "原点" in now(service).select_one(".mistakes").text
    assert json.loads((tmp_path / progress.FILE).read_bytes())["units"] == held


@contextlib.contextmanager
def looking(sharer):
    """Let a learner's server look after the record for a while."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    watching = asyncio.run_coroutine_threadsafe(sharer.watch(SimpleNamespace(debug=lambda *said: None)), loop)
    try:
        yield
    finally:
        watching.cancel()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def row_is(page, expected) -> bool:
    return page.select_one("#row-predict") is not None and row(page) == expected
