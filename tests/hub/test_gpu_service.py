"""The leases on the real pages service, with a stand-in for NVIDIA's tool."""

import re

import pytest
import requests

from tests.hub.conftest import COURSE
from tests.hub.pages import running


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The pages of a class with two slots on one card."""
    folder = tmp_path_factory.mktemp("gpu")
    (folder / "bin").mkdir()
    tool = folder / "bin" / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU-7c1f, Card A, 16384'\n")
    tool.chmod(0o755)
    course = COURSE.replace("language: ja", "language: en") + "profiles:\n  gpu: {memory: 8G, slots: 2}\n"
    with running(folder, course, folder / "bin") as service:
        yield service


def ask(service, name, method="PUT", **asked):
    """Ask for a lease as a learner's server does."""
    return service.as_server(name, "gpu", method, json={"kernel": f"kernel-of-{name}"} | asked)


@pytest.fixture(autouse=True)
def nobody_has_a_lease(service):
    yield
    for name in ("hanako", "taro", "sensei"):
        assert ask(service, name, "DELETE").ok


def test_the_token_of_a_learners_server_leases_a_slot(service):
    said = ask(service, "hanako").json()
    assert re.fullmatch(r"\d\d:\d\d", said.pop("until"))
    # half of 16 GiB, less what a process takes besides
    assert said == {"state": "granted", "slot": 0, "device": "GPU-7c1f", "name": "Card A",
                    "memory": 8 * 2**30 - 700_000_000, "total": 16 * 2**30}  # fmt: skip
    assert ask(service, "taro").json()["slot"] == 1
    assert ask(service, "sensei").json() == {"state": "waiting", "place": 1}


def test_nobody_gives_back_what_is_another_learners(service):
    ask(service, "hanako")
    assert ask(service, "taro", "DELETE", kernel="kernel-of-hanako").ok
    assert ask(service, "hanako", kernel="another").json()["state"] == "elsewhere"


def test_who_is_not_in_the_class_and_who_has_no_token_is_refused(service):
    assert ask(service, "mallory").status_code == 403
    assert ask(service, "nobody").status_code == 403
    assert requests.put(f"{service.address}gpu", json={"kernel": "k"}).status_code == 403
    # it is not a page
    assert ask(service, "hanako", "GET").status_code in (403, 405)


def test_the_token_of_a_learners_server_opens_none_of_the_pages(service):
    for page in ("", "class", "class/now", "class/export/csv"):
        assert service.as_server("hanako", page, "GET").status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"kernel": ""},
        {"kernel": 1},
        {"kernel": "k" * 65},
        {"idle": -1},
        {"idle": "x"},
        {"slot": "0"},
        {"slot": 1.5},
    ],
)
def test_what_cannot_be_meant_is_refused(service, asked):
    assert ask(service, "hanako", **asked).status_code == 400


def test_a_kill_of_the_service_loses_no_lease_and_no_place(service):
    before = [ask(service, name).json() for name in ("hanako", "taro", "sensei")]
    service.kill()
    service.start()
    assert [ask(service, name).json() for name in ("sensei", "taro", "hanako")] == before[::-1]


def test_the_class_page_shows_who_has_a_slot(service):
    for name in ("hanako", "taro", "sensei"):
        ask(service, name)
    answer = service.as_browser("sensei", "class")
    assert answer.ok, answer.text
    (said,) = re.findall(r'<p id="gpu">(.*?)</p>', answer.text, re.S)
    moment = r"since \d\d:\d\d"
    assert re.fullmatch(
        rf"GPU: 2 of 2 slots in use: hanako \(Card A, {moment}\), taro \(Card A, {moment}\), sensei \(waits\)",
        said,
    )
