"""Downloads from a real server in a thread: honest, breaking off, lying, redirecting; and what the learner is told."""

import functools
import hashlib
import io
import random
import shutil
import socket
import threading
import types
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from xraydojo import cli, language
from xraydojo.data import cards, download
from xraydojo.data.archive import ArchiveError
from xraydojo.data.cache import cache
from xraydojo.data.cards import Card, CardError, chosen, fetch
from xraydojo.data.download import DownloadError


def archive(seed=0):
    """Return a zip of one film as bytes, about 1 MB."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        opened.writestr("Small/film.png", random.Random(seed).randbytes(1_000_000))
    return content.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Serve the test's file as its plan says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server.plan
        server.asked.append(dict(self.headers))
        if server.answer:
            server.answer(self)
        else:
            self.whole_or_rest()
        self.close_connection = True

    def whole_or_rest(self, cut=None):
        plan = self.server.plan
        start = 0
        asked = self.headers.get("Range")
        if asked and plan.ranges and self.headers.get("If-Range") in (None, plan.tag):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(plan.content):
            return self.reply(416, {}, b"")
        headers = {"Content-Length": len(plan.content) - start}
        if plan.tag:
            headers["ETag"] = plan.tag
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(plan.content) - 1}/{len(plan.content)}"
        self.reply(206 if start else 200, headers, plan.content[start : start + cut if cut else None])

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in ({"Connection": "close"} | headers).items():
            self.send_header(name, str(value))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # the client has heard enough


@pytest.fixture
def server():
    """Serve one file on 127.0.0.1; the plan says what, how, and what was asked."""
    plan = types.SimpleNamespace(content=archive(), tag='"one"', ranges=True, answer=None, asked=[])
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.plan = plan
    plan.url = f"http://127.0.0.1:{running.server_port}/small.zip"
    thread = threading.Thread(target=functools.partial(running.serve_forever, poll_interval=0.01))
    thread.start()
    yield plan
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Give every test a cache of its own, and no proxy."""
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def small(server):
    return Card(
        name="Small",
        title={"en": "A small set", "ja": "小さなデータ"},
        description={"en": "One film.", "ja": "画像 1 枚。"},
        page="https://example.org/small/",
        url=server.url,
        sha256=hashlib.sha256(server.content).hexdigest(),
        licence={"en": "Only for tests.", "ja": "テスト専用です。"},
        licence_url="https://example.org/licence",
        citation=["Nobody N. Nothing. 2000."],
        layout=None,
        labels=None,
        loader=None,
        embedded=False,
    )


def changed(card, **fields):
    return Card(**{**vars(card), **fields})


def get(card):
    return fetch(card, lambda _: True, loopback=True)


def kept():
    """Return what lies in the folder of downloads."""
    return sorted(path.name for path in (cache() / "downloads").iterdir())


def fails(card, *words, error=DownloadError):
    """Assert that a download ends in one line, in both languages, and changes nothing that was chosen."""
    before = chosen(card.name)
    for spoken in ("ja", "en"):
        language.use(spoken)
        with pytest.raises(error) as caught:
            get(card)
        message = str(caught.value)
        assert "\n" not in message and card.name in message
        if error is DownloadError:
            assert "dojo data use Small --from" in message and card.page in message
    for word in words:
        assert word in message
    assert chosen(card.name) == before


# ---- honest servers


def test_a_set_is_fetched_unpacked_and_chosen(small, server):
    folder = get(small)
    assert folder == chosen("Small")
    assert hashlib.sha256((folder / "Small/film.png").read_bytes()).digest() == (
        hashlib.sha256(random.Random(0).randbytes(1_000_000)).digest()
    )
    assert kept() == ["Small.zip"]


def test_a_set_that_is_here_is_not_downloaded_again(small, server):
    assert get(small) == get(small)
    assert len(server.asked) == 1


def test_a_server_that_says_no_length_is_served_too(small, server):
    server.answer = lambda handler: handler.reply(200, {}, server.content)
    assert (get(small) / "Small/film.png").exists()


def test_nothing_is_asked_of_the_server_before_the_licence_is_accepted(small, server):
    shown = []
    with pytest.raises(CardError, match="licence is not accepted"):
        fetch(small, lambda card: bool(shown.append(card)), loopback=True)
    assert shown == [small] and server.asked == []


def test_a_set_without_a_known_address_says_how_to_get_it(small):
    fails(changed(small, url=None), "example.org/small", "dojo data use Small --from", error=CardError)


# ---- going on after a break


def breaking(server, after):
    server.answer = lambda handler: handler.whole_or_rest(cut=after)


def test_a_broken_download_goes_on_where_it_broke(small, server):
    breaking(server, 600_000)
    with pytest.raises(DownloadError, match="broke after 0.. MB; the same command goes on"):
        get(small)
    part = (cache() / "downloads/Small.part").stat().st_size
    assert 0 < part <= 600_000
    server.answer = None
    assert (get(small) / "Small/film.png").exists()
    assert server.asked[1]["Range"] == f"bytes={part}-" and server.asked[1]["If-Range"] == '"one"'
    assert kept() == ["Small.zip"]


def test_a_file_that_changed_meanwhile_is_downloaded_anew(small, server):
    breaking(server, 600_000)
    with pytest.raises(DownloadError):
        get(small)
    server.answer, server.tag, server.content = None, '"two"', archive(1)
    new = changed(small, sha256=hashlib.sha256(server.content).hexdigest())
    assert (get(new) / "Small/film.png").read_bytes() == random.Random(1).randbytes(1_000_000)


def test_a_server_without_ranges_starts_anew(small, server):
    server.ranges = False
    breaking(server, 600_000)
    with pytest.raises(DownloadError):
        get(small)
    server.answer = None
    assert (get(small) / "Small/film.png").exists()


@pytest.mark.parametrize("tag", [None, 'W/"weak"'])
def test_a_part_of_an_unnamed_version_is_not_kept(small, server, tag):
    server.tag = tag
    breaking(server, 600_000)
    fails(small, "broke off")
    assert kept() == []


def test_a_whole_part_that_was_left_is_no_obstacle(small, server):
    breaking(server, 600_000)
    with pytest.raises(DownloadError):
        get(small)
    (cache() / "downloads/Small.part").write_bytes(server.content)
    server.answer = None
    assert (get(small) / "Small/film.png").exists()


def test_a_busy_server_does_not_cost_the_part(small, server):
    breaking(server, 600_000)
    with pytest.raises(DownloadError):
        get(small)
    server.answer = lambda handler: handler.reply(503, {"Content-Length": 0}, b"")
    fails(small, "503")
    assert kept() == ["Small.part", "Small.version"]


# ---- checksums


def test_another_file_than_the_known_one_is_refused_and_not_kept(small, server):
    server.content = archive(1)
    fails(small, "SHA-256")
    assert kept() == []


def test_the_first_download_of_an_unknown_file_binds_the_later_ones(small, server):
    small = changed(small, sha256=None)
    folder = get(small)
    (cache() / "downloads/Small.zip").unlink()
    assert get(small) == folder
    (cache() / "downloads/Small.zip").unlink()
    server.content = archive(1)
    fails(small, "SHA-256")


def test_a_log_in_page_is_neither_kept_nor_recorded(small, server):
    small = changed(small, sha256=None)
    page, server.content = server.content, b"<html>log in</html>"
    fails(small, "whole zip", error=ArchiveError)
    assert kept() == []
    server.content = page
    assert (get(small) / "Small/film.png").exists()


# ---- hostile and broken servers


def test_plain_http_is_never_spoken(small, server):
    with pytest.raises(DownloadError, match="no https|cannot be reached"):
        fetch(small, lambda _: True)
    assert server.asked == []


@pytest.mark.parametrize(
    "target, word",
    [
        ("http://localhost:{port}/x.zip", "without https"),
        ("ftp://127.0.0.1/x.zip", "adapter"),
        ("file:///etc/passwd", "adapter"),
    ],
)
def test_a_redirect_away_from_https_is_refused(small, server, target, word):
    address = target.format(port=server.url.split(":")[2].split("/")[0])

    def lead(handler):
        if handler.path == "/small.zip":
            handler.reply(302, {"Location": address, "Content-Length": 0}, b"")
        else:
            handler.whole_or_rest()

    server.answer = lead
    fails(small, word)
    assert kept() == []


def test_a_redirect_in_circles_ends(small, server):
    server.answer = lambda handler: handler.reply(302, {"Location": server.url, "Content-Length": 0}, b"")
    fails(small, "circles")


@pytest.mark.parametrize("status", [204, 403, 404, 500])
def test_a_refusal_of_the_server_is_told(small, server, status):
    server.answer = lambda handler: handler.reply(status, {}, b"")
    fails(small, "contradicts" if status == 204 else str(status))


@pytest.mark.parametrize(
    "said",
    [
        {"Content-Length": "nonsense"},
        {"Content-Encoding": "gzip", "Content-Length": 1000},
        {"Content-Length": -5},
    ],
)
def test_nonsense_in_the_headers_is_told(small, server, said):
    server.answer = lambda handler: handler.reply(200, said, server.content)
    fails(small)
    assert "Small.zip" not in kept()


@pytest.mark.parametrize(
    "extent", ["bytes 5-{last}/{all}", "bytes {start}-{last}/*", "nonsense", "bytes {start}-{last}/9"]
)
def test_a_rest_that_does_not_fit_is_refused_and_the_part_forgotten(small, server, extent):
    breaking(server, 600_000)
    with pytest.raises(DownloadError):
        get(small)

    def misfit(handler):
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        rest = server.content[start:]
        said = extent.format(start=start, last=len(server.content) - 1, all=len(server.content))
        handler.reply(206, {"Content-Range": said, "Content-Length": len(rest)}, rest)

    server.answer = misfit
    with pytest.raises(DownloadError, match="contradicts"):
        get(small)
    assert kept() == []


def test_a_body_that_is_longer_than_said_is_cut_and_then_refused(small, server):
    server.answer = lambda handler: handler.reply(200, {"Content-Length": 500_000}, server.content)
    fails(small, "SHA-256")
    assert kept() == []


def test_an_endless_body_is_stopped(small, server, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 300_000)
    server.answer = lambda handler: handler.reply(200, {}, server.content)
    fails(small, "contradicts")
    assert kept() == []


def test_a_server_that_falls_silent_is_left(small, server, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", (0.3, 0.3))
    quiet = threading.Event()
    server.answer = lambda handler: quiet.wait(3)
    fails(small, "in time")
    quiet.set()


def test_a_server_that_is_not_there_is_told(small):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fails(changed(small, url=f"http://127.0.0.1:{port}/small.zip"), "cannot be reached")


def test_a_disk_without_room_is_told_before_the_download(small, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_500_000))
    fails(small, "2 MB are needed", "2 MB are free")
    assert kept() == []


def test_what_was_chosen_stays_when_a_later_download_fails(small, server):
    folder = get(small)
    (cache() / "downloads/Small.zip").unlink()
    breaking(server, 10_000)
    fails(small)
    assert chosen("Small") == folder and (folder / "Small/film.png").exists()


# ---- the command


@pytest.fixture
def command(small, monkeypatch):
    monkeypatch.setattr(cards, "card", lambda _: small)
    monkeypatch.setattr(cards, "fetch", functools.partial(fetch, loopback=True))
    return lambda *options, say=None: CliRunner().invoke(
        cli.app, ["data", "fetch", "Small", *options], input=say
    )


def test_the_command_shows_the_licence_asks_and_prints_the_citation_after(command):
    shown = command(say="y\n")
    assert shown.exit_code == 0
    order = ["Only for tests.", "accept the licence", str(chosen("Small")), "cite", "Nothing. 2000."]
    places = [shown.stdout.rindex(text) for text in order]
    assert places == sorted(places)


def test_the_command_with_yes_still_shows_the_licence(command):
    shown = command("--yes")
    assert shown.exit_code == 0 and "Only for tests." in shown.stdout


def test_the_command_downloads_nothing_without_acceptance(command, server):
    for say in ("n\n", "", None):
        shown = command(say=say)
        assert shown.exit_code == 1 and "Only for tests." in shown.stdout
    assert server.asked == [] and chosen("Small") is None
