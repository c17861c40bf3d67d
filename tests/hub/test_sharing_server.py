"""A learner's server and the pages: nothing is sent before the learner agrees, and what the service misses comes later."""

import asyncio
import contextlib
import json
import time
from types import SimpleNamespace

import pytest
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.testing import bind_unused_port

from tests.hub.conftest import COURSE
from xraydojo import progress
from xraydojo.hub import sharing_server
from xraydojo.hub.course import read_course
from xraydojo.hub.sharing import FILE, LARGEST, Sharing, moment
from xraydojo.hub.sharing_handler import Shared
from xraydojo.hub.sharing_server import Sharer

UNIT = "02_perceptron"


class SharedOfWhomTheTokenNames(Shared):
    """The handler, with the hub's answer to whose a token is; it notes what it is asked."""

    def get_current_user(self):
        name = self.request.headers.get("Authorization", "").removeprefix("token ")
        return {"name": name} if name else None

    def prepare(self):
        super().prepare()
        self.settings["asked"].append(self.request.method)


class World:
    """The service, what it keeps, and hanako's server with her folder."""

    def __init__(self, tmp_path):
        (tmp_path / "course.yaml").write_text(COURSE, encoding="utf-8")
        (tmp_path / "home").mkdir()
        self.folder = tmp_path / "home"
        self.sharing = Sharing(tmp_path / FILE)
        course = read_course(tmp_path / "course.yaml")
        self.asked = []
        self._application = web.Application(
            [("/sharing", SharedOfWhomTheTokenNames)],
            the_class=SimpleNamespace(course=course, sharing=self.sharing),
            asked=self.asked,
        )
        self._socket, self._port = bind_unused_port()
        self.address = f"http://127.0.0.1:{self._port}/sharing"
        self.sharer = Sharer(self.folder, self.address, "hanako")

    @contextlib.asynccontextmanager
    async def open(self):
        """Let the service answer; then no more, until it is opened again."""
        service = HTTPServer(self._application)
        if self._socket is None:
            (self._socket,) = bind_sockets(self._port, "127.0.0.1")
        service.add_socket(self._socket)
        try:
            yield
        finally:
            service.stop()
            await service.close_all_connections()
            self._socket = None

    def run_check(self, exercise="predict", mistake="bias_forgotten"):
        """Record a failed check, as hanako's notebook does; return what the file then holds of today."""
        now = moment(time.time())
        progress.write(self.folder, {UNIT: {exercise: {"last": now, "failed": {now: mistake}}}})
        return progress.read(self.folder)

    async def send(self, body, name="hanako", method="PUT"):
        """Send anything as a server; return the status."""
        headers = {"Authorization": f"token {name}"} if name else {}
        try:
            answer = await AsyncHTTPClient().fetch(
                self.address, method=method, headers=headers, body=body, request_timeout=5
            )
        except HTTPClientError as error:
            return error.code
        return answer.code


@pytest.fixture
def world(tmp_path, monkeypatch):
    # every look may ask
    monkeypatch.setattr(sharing_server, "ASK", 0)
    monkeypatch.setattr("xraydojo.hub.sharing.PAUSE", 0)
    return World(tmp_path)


def test_before_a_learner_agrees_the_server_asks_and_sends_nothing(world):
    async def day():
        async with world.open():
            world.run_check()
            for _ in range(3):
                await world.sharer.look()

    asyncio.run(day())
    assert world.asked == ["GET"] * 3 and world.sharing.all() == {}


def test_after_it_each_check_is_sent_once(world):
    async def day():
        async with world.open():
            held = world.run_check()
            world.sharing.agree("hanako")
            for _ in range(3):
                await world.sharer.look()
            assert world.sharing.all() == {"hanako": held}
            held = world.run_check("update", "")
            await world.sharer.look()
            assert world.sharing.all() == {"hanako": held}

    asyncio.run(day())
    assert world.asked.count("PUT") == 2


def test_a_learner_who_takes_it_back_and_agrees_again_is_seen_again(world):
    async def day():
        async with world.open():
            held = world.run_check()
            world.sharing.agree("hanako")
            await world.sharer.look()
            world.sharing.take_back("hanako")
            world.run_check("update")
            await world.sharer.look()
            assert world.sharing.all() == {}
            world.sharing.agree("hanako")
            await world.sharer.look()
            assert set(world.sharing.all()["hanako"][UNIT]) == {"predict", "update"}
            assert held[UNIT]["predict"] == world.sharing.all()["hanako"][UNIT]["predict"]

    asyncio.run(day())


def test_while_nothing_is_new_the_service_is_asked_now_and_then_only(world, monkeypatch):
    monkeypatch.setattr(sharing_server, "ASK", 3600)

    async def day():
        async with world.open():
            world.run_check()
            for _ in range(5):
                await world.sharer.look()
            world.run_check("update")
            await world.sharer.look()

    asyncio.run(day())
    assert world.asked == ["GET", "GET"]


def test_what_happened_while_the_service_was_away_comes_when_it_is_back(world, monkeypatch):
    monkeypatch.setattr(sharing_server, "BETWEEN", 0.05)
    monkeypatch.setattr(sharing_server, "ASK", 3600)
    world.sharing.agree("hanako")

    async def day():
        quiet = SimpleNamespace(debug=lambda *said: None)
        async with world.open():
            watching = asyncio.create_task(world.sharer.watch(quiet))
            world.run_check()
            await until(lambda: world.sharing.all()["hanako"])
        held = world.run_check("update", "")
        await asyncio.sleep(0.3)
        async with world.open():
            await until(lambda: world.sharing.all()["hanako"] == held)
            watching.cancel()

    asyncio.run(day())


async def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)


def test_a_record_is_its_senders_whatever_it_says(world):
    world.sharing.agree("hanako")
    world.sharing.agree("taro")
    held = world.run_check()

    async def day():
        async with world.open():
            assert await world.send(json.dumps({"learner": "taro", "units": held}).encode()) == 204

    asyncio.run(day())
    assert world.sharing.all() == {"hanako": held, "taro": {}}


REFUSED = {
    "without a token": (403, {"name": ""}),
    "of nobody in the class": (403, {"name": "mallory"}),
    "of a learner who does not share": (403, {"name": "taro"}),
    "of an instructor": (403, {"name": "sensei"}),
    "no record": (400, {"body": b"[]"}),
    "too large": (413, {"body": b" " * (LARGEST + 1)}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_may_send_is_refused_and_nothing_kept(case, world):
    status, wrong = REFUSED[case]
    world.sharing.agree("hanako")

    async def day():
        async with world.open():
            assert await world.send(**{"body": b'{"units": {}}'} | wrong) == status

    asyncio.run(day())
    assert world.sharing.all() == {"hanako": {}}


def test_who_sends_too_often_is_told_so(world, monkeypatch):
    monkeypatch.setattr("xraydojo.hub.sharing.PAUSE", 60)
    world.sharing.agree("hanako")

    async def day():
        async with world.open():
            return [await world.send(b'{"units": {}}') for _ in range(3)]

    assert asyncio.run(day()) == [204, 429, 429]


def test_a_server_cannot_switch_its_learners_sharing_on(world):
    async def day():
        async with world.open():
            return [await world.send(b"{}", method=method) for method in ("POST", "PATCH")]

    assert asyncio.run(day()) == [405, 405] and world.sharing.all() == {}
