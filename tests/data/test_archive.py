"""Unpacking zips: honest ones of every make come out whole, hostile and damaged ones leave nothing behind."""

import os
import random
import stat
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest

from xraydojo import language
from xraydojo.data import archive as module
from xraydojo.data.archive import ArchiveError, digest, unpack, unpacked
from xraydojo.data.cache import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Give every test a cache of its own."""
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path / "cache"))


def make(path, entries, compression=zipfile.ZIP_DEFLATED):
    """Write a zip of (name or ZipInfo, content) pairs."""
    with zipfile.ZipFile(path, "w", compression) as opened:
        for name, content in entries:
            opened.writestr(name, content)
    return path


def rename(path, old, new):
    """Change a name of the same length, everywhere in the bytes: writers refuse what readers must expect."""
    assert len(old) == len(new)
    content = path.read_bytes()
    assert content.count(old) == 2
    path.write_bytes(content.replace(old, new))


def tree(folder):
    return {
        found.relative_to(folder).as_posix(): found.read_bytes()
        for found in folder.rglob("*")
        if found.is_file()
    }


def refused(path, tmp_path, *words):
    """Assert that a zip is refused in one line with its name, and that nothing is left behind."""
    before = sorted(tmp_path.rglob("*"))
    for spoken in ("ja", "en"):
        language.use(spoken)
        with pytest.raises(ArchiveError) as caught:
            unpack(path, tmp_path / "out")
        message = str(caught.value)
        assert "\n" not in message and path.name in message
    for word in words:
        assert word in message
    assert sorted(tmp_path.rglob("*")) == before


# ---- honest archives


def test_an_archive_comes_out_whole(tmp_path):
    noise = random.Random(0).randbytes(3_000_000)
    path = make(tmp_path / "a.zip", [("set/train/1.png", noise), ("set/list.txt", b""), ("set/empty/", b"")])
    unpack(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {"set/train/1.png": noise, "set/list.txt": b""}
    assert (tmp_path / "out/set/empty").is_dir()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.zip", "out"]


def test_a_japanese_zip_without_the_utf8_flag_keeps_its_names(tmp_path):
    # the second byte of 表 and ソ in cp932 is a backslash
    name = "胸部表ソ/画像.png".encode("cp932")
    assert b"\\" in name
    path = make(tmp_path / "a.zip", [("x" * len(name), b"film")])
    rename(path, b"x" * len(name), name)
    unpack(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {"胸部表ソ/画像.png": b"film"}


def test_utf8_names_are_kept_with_and_without_the_flag(tmp_path):
    name = "胸部/画像.png"
    unpack(make(tmp_path / "a.zip", [(name, b"film")]), tmp_path / "flagged")
    plain = make(tmp_path / "b.zip", [("x" * len(name.encode()), b"film")])
    rename(plain, b"x" * len(name.encode()), name.encode())
    unpack(plain, tmp_path / "plain")
    assert tree(tmp_path / "flagged") == tree(tmp_path / "plain") == {name: b"film"}


def test_backslashes_of_windows_zips_part_folders(tmp_path):
    path = make(tmp_path / "a.zip", [("set/train/", b""), ("set/train/1.png", b"film")])
    rename(path, b"set/train/1.png", b"set\\train\\1.png")
    unpack(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {"set/train/1.png": b"film"}


def test_a_macs_resource_forks_are_left_out(tmp_path):
    path = make(tmp_path / "a.zip", [("set/1.png", b"film"), ("__MACOSX/set/._1.png", b"fork")])
    unpack(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {"set/1.png": b"film"}


def test_a_few_very_empty_masks_are_no_bomb(tmp_path):
    path = make(tmp_path / "a.zip", [("mask.bmp", bytes(10_000_000))])
    assert path.stat().st_size < 10_000_000 / module.MOST_RATIO
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out/mask.bmp").stat().st_size == 10_000_000


# ---- hostile archives


@pytest.mark.parametrize(
    "name",
    [
        "../x.png",
        "a/../../x.png",
        "/etc/x.png",
        "C:/x.png",
        "C:x.png",
        "..\\x.png",
        "a\\..\\..\\x",
        "\\\\host\\x",
    ],
)
def test_a_name_that_climbs_is_refused(tmp_path, name):
    path = make(tmp_path / "a.zip", [("good.png", b"film"), ("n" * len(name), b"evil")])
    rename(path, b"n" * len(name), name.encode())
    refused(path, tmp_path, "outside")


@pytest.mark.parametrize(
    "name",
    [
        "NUL",
        "a/con.png",
        "COM1.txt",
        "film:stream",
        "a\x01b",
        "a\x00b",
        "trail. ",
        "a./b",
        "what?",
        "./",
        " /b",
    ],
)
def test_a_name_that_is_special_on_some_system_is_refused(tmp_path, name):
    path = make(tmp_path / "a.zip", [("good.png", b"film"), ("n" * len(name), b"evil")])
    rename(path, b"n" * len(name), name.encode())
    refused(path, tmp_path, "file name")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_a_device_is_refused(tmp_path, kind):
    entry = zipfile.ZipInfo("link")
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    refused(make(tmp_path / "a.zip", [(entry, "/etc/passwd")]), tmp_path, "link")


@pytest.mark.parametrize(
    "names",
    [("1.png", "1.png"), ("a/B.png", "A/b.png"), ("ガ.png", "ガ.png"), ("a", "a/b"), ("x/y/z", "x/y")],
)
def test_names_that_some_system_takes_for_one_are_refused(tmp_path, names):
    with pytest.warns(UserWarning) if names[0] == names[1] else open(os.devnull):
        path = make(tmp_path / "a.zip", [(name, b"film") for name in names])
    refused(path, tmp_path, "twice")


def test_an_encrypted_archive_says_so(tmp_path):
    path = make(tmp_path / "a.zip", [("1.png", b"film")])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    refused(path, tmp_path, "encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_whose_memory_is_unbounded_are_refused(tmp_path, method):
    refused(make(tmp_path / "a.zip", [("1.png", b"film")], method), tmp_path, "method")


def test_a_bomb_is_stopped_while_it_is_written(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{n}.raw", bytes(30 * 2**20)) for n in range(5)])
    refused(path, tmp_path, "too much")


def test_a_bomb_that_lies_about_its_size_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "HARMLESS_BYTES", 1000)
    path = make(tmp_path / "a.zip", [("1.raw", bytes(50_000_000))])
    content = path.read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 500))
    path.write_bytes(content)
    refused(path, tmp_path)


@pytest.mark.parametrize("said", [1233, 1235, 9999])
def test_a_file_of_another_size_than_its_header_says_is_refused(tmp_path, said):
    path = make(tmp_path / "a.zip", [("1.raw", bytes(1234))])
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 1234), struct.pack("<I", said)))
    refused(path, tmp_path, "whole zip")


def test_entries_that_overlap_are_refused(tmp_path, monkeypatch):
    """As in Fifield's zip bomb: every name of the directory points at the same compressed bytes."""
    monkeypatch.setattr(module, "HARMLESS_BYTES", 10_000_000)
    path = tmp_path / "a.zip"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(1_000_000)
    packed = packer.compress(plain) + packer.flush()
    fields = (20, 0, 8, 0, 0, zlib.crc32(plain), len(packed), len(plain), 1, 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + b"a" + packed
    names = [bytes([65 + n]) for n in range(26)]
    central = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + name for name in names
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 26, 26, len(central), len(local), 0)
    path.write_bytes(local + central + end)
    assert len(zipfile.ZipFile(path).infolist()) == 26
    refused(path, tmp_path)


def test_a_flood_of_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 20)
    refused(make(tmp_path / "a.zip", [(f"{n}.png", b"") for n in range(21)]), tmp_path, "21 files")


# ---- damaged archives


def test_every_truncation_is_refused(tmp_path):
    path = make(tmp_path / "a.zip", [("1.png", random.Random(0).randbytes(300)), ("2.txt", b"word " * 50)])
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refused(path, tmp_path, "whole zip")


def test_whatever_byte_is_damaged_the_films_are_whole_or_the_archive_is_refused(tmp_path):
    entries = [("1.png", random.Random(0).randbytes(200)), ("2.txt", b"word " * 50)]
    path = make(tmp_path / "a.zip", entries)
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        folder = tmp_path / f"out{place}"
        try:
            unpack(path, folder)
        except ArchiveError as error:
            assert not folder.exists() and "\n" not in str(error)
        else:
            # only a name or a date can have changed
            assert sorted(tree(folder).values()) == sorted(content for _, content in entries)
    assert not [found for found in tmp_path.iterdir() if found.name.startswith("tmp")]


def test_a_checksum_error_is_refused(tmp_path):
    path = make(tmp_path / "a.zip", [("1.png", b"film" * 100)], zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"filmfilm", b"filmfilt", 1))
    refused(path, tmp_path, "CRC")


def test_other_files_are_no_zip(tmp_path):
    path = tmp_path / "login.zip"
    path.write_bytes(b"<html>please log in</html>")
    refused(path, tmp_path, "whole zip")


def test_an_empty_archive_says_so(tmp_path):
    refused(make(tmp_path / "a.zip", []), tmp_path, "no file")


def test_a_missing_archive_and_a_full_disk_are_named_in_one_line(tmp_path, monkeypatch):
    refused(tmp_path / "gone.zip", tmp_path, "No such file")
    path = make(tmp_path / "a.zip", [("1.png", b"film")])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write", full)
    refused(path, tmp_path, "No space left")


def test_what_was_there_stays(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(ArchiveError, match="there already"):
        unpack(make(tmp_path / "a.zip", [("1.png", b"film")]), tmp_path / "out")
    assert tree(tmp_path / "out") == {"mine.txt": b"mine"}


# ---- the cache


def test_the_cache_is_where_the_variable_says_and_else_the_users(tmp_path, monkeypatch):
    assert cache() == (tmp_path / "cache").resolve() and cache().is_dir()
    monkeypatch.delenv("XRAYDOJO_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert "xraydojo" in cache().parts and cache().is_dir()


def test_an_archive_is_unpacked_once_for_its_content(tmp_path):
    one = make(tmp_path / "a.zip", [("1.png", b"film")])
    two = tmp_path / "b.zip"
    two.write_bytes(one.read_bytes())
    folder = unpacked(one)
    assert tree(folder) == {"1.png": b"film"}
    (folder / "1.png").write_bytes(b"kept")
    assert unpacked(two) == folder
    assert tree(folder) == {"1.png": b"kept"}
    make(two, [("1.png", b"another")])
    assert tree(unpacked(two)) == {"1.png": b"another"}


def test_processes_that_start_at_once_get_the_same_whole_folder(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{n}.png", bytes(1000)) for n in range(300)])
    code = (
        "import sys; from xraydojo.data.archive import unpacked; folder = unpacked(sys.argv[1]);"
        "print(folder, len(list(folder.iterdir())))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = {process.communicate()[0] for process in started}
    assert len(said) == 1 and said.pop().split()[1] == "300"
    assert [found.name for found in (cache() / "unpacked").iterdir()] == [digest(path)[:32]]
