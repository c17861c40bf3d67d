"""The instructors' page of the class, on the real pages service: what it says of each learner, and after each button."""

import pytest
from bs4 import BeautifulSoup

from tests.hub.pages import running
from xraydojo.hub.queue import Queue

UNIT = "02_perceptron"
REASON = "ノートブックではありません"
SAID = "main > .said:not([hidden])"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The pages of a class in which taro has handed in what is no notebook."""
    with running(tmp_path_factory.mktemp("class")) as service:
        queue = Queue(service.site.class_folder)
        queue.hand_in("taro", UNIT, b"{", "0" * 32)
        queue.end(queue.next(), "refused", REASON)
        yield service


def page(service, path="class"):
    return BeautifulSoup(service.as_browser("sensei", path).text, "html.parser")


def pressed(service, button, **fields):
    """Press a button, follow where it leads, and return what the page says."""
    answer = service.press("sensei", f"class/{button}", **fields)
    assert answer.status_code == 303
    return page(service, answer.headers["Location"].removeprefix("/services/dojo/")).select_one(SAID).text


def test_why_a_submission_could_not_be_graded_can_be_read_and_not_only_pointed_at(service):
    (said,) = page(service).select("#now .said.bad")
    assert "山田 太郎" in said.text and REASON in said.text


def test_only_units_that_somebody_has_handed_in_have_a_report(service):
    links = [link["href"] for link in page(service).select("tfoot a")]
    assert links == [f"/services/dojo/class/report/{UNIT}"]
    assert [each["value"] for each in page(service).select("tfoot input[name=unit]")] == [UNIT]


def test_what_is_run_for_all_leads_back_to_the_page_that_stays_new(service):
    assert "起動しています" in pressed(service, "start")
    assert UNIT in pressed(service, "regrade", unit=UNIT)
    answer = service.as_browser("sensei", "class")
    nonce = BeautifulSoup(answer.text, "html.parser").script["nonce"]
    assert f"script-src 'nonce-{nonce}';" in answer.headers["Content-Security-Policy"]


def test_who_was_added_or_removed_is_said(service):
    assert "高橋 三郎 (saburo)" in pressed(service, "roster/add", name="saburo", full_name="高橋 三郎")
    said = pressed(service, "roster/remove", name="saburo")
    assert said.startswith("saburo を外しました") and "点は残っている" in said
    wrong = service.press("sensei", "class/roster/add", name="Shin Ichi")
    assert (
        wrong.status_code == 409
        and "<script" not in wrong.text
        and "「Shin Ichi」はアカウント名に使えません" in wrong.text
    )


def test_an_address_says_nothing_that_is_not_so(service):
    for query in ("added=nobody", "removed=taro", "removed=%3Cb%3E", "regraded=99_none"):
        assert page(service, f"class?{query}").select(SAID) == []
