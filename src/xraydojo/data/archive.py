"""Unpack zips from anywhere: one that climbs, swells, lies or is cut short is refused, and leaves nothing behind."""

import hashlib
import re
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from xraydojo import DojoError
from xraydojo.data.cache import cache
from xraydojo.language import L

# the full JSRT database with its masks has 1,500 files; the Shenzhen and Montgomery films not many more
MOST_FILES = 50_000
# JSRT is 2 GB of raw pixels, ChestX-ray8's largest part 4 GB
MOST_BYTES = 20 * 2**30
# films shrink to a half, empty masks to a 650th: a ratio tells only over a whole archive, and only where it would hurt
MOST_RATIO = 100
HARMLESS_BYTES = 100 * 2**20

CHUNK = 2**20
ENCRYPTED = 0x41  # ordinary and strong encryption, APPNOTE 4.4.4 bits 0 and 6
UTF8_NAME = 0x800
# Windows keeps these names for devices, with any ending
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
# forbidden on Windows; the colon would also open another stream of a file
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
# a Mac's resource forks, which no loader knows
MAC_EXTRAS = "__MACOSX"


# what zipfile raises for bytes that are no zip
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)


class ArchiveError(DojoError, ValueError):
    """An archive that is not safe or not whole; the message names it, what was found and the remedy."""


def unpack(archive: Path | str, folder: Path | str) -> None:
    """Unpack a zip into a new folder, all of it or nothing.

    Parameters
    ----------
    archive : path
        The zip. Names without the UTF-8 flag are read as UTF-8 or else as cp932, the encoding of Japanese Windows.
    folder : path
        The folder to make; it must not be there yet.

    Raises
    ------
    ArchiveError
        If the folder is there already, or the archive is no zip or not whole, is encrypted, has a link, a doubled or
        unsafe name, or unpacks to more than a data set of films can be. Nothing is left behind.
    """
    archive, folder = Path(archive), Path(folder)
    if folder.exists():
        raise ArchiveError(
            L(
                f"the folder {folder} is there already; move it away, or choose another to unpack {archive.name} into",
                f"フォルダー {folder} は既にあります。移動するか、{archive.name} の展開先に別のフォルダーを選んでください",
            )
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as partial:
            whole = Path(partial) / folder.name
            whole.mkdir()
            _extract(archive, whole)
            whole.rename(folder)
    except OSError as error:
        raise ArchiveError(
            L(
                f"{archive} cannot be unpacked into {folder} ({_one_line(error)}); check the path, the permissions and "
                "the free space",
                f"{archive} を {folder} に展開できません（{_one_line(error)}）。パス、アクセス権、空き容量を確認してください",
            )
        ) from None


def unpacked(archive: Path | str) -> Path:
    """Unpack a zip into the cache, once for one content, and return the folder.

    Parameters
    ----------
    archive : path
        The zip.

    Returns
    -------
    Path
        The folder in the cache, named by the archive's SHA-256. Processes that start at once all get the same whole
        folder.

    Raises
    ------
    ArchiveError
        As `unpack` does.
    """
    folder = cache() / "unpacked" / digest(archive)[:32]
    if not folder.is_dir():
        try:
            unpack(archive, folder)
        except ArchiveError:
            # another process, with the same content, was faster
            if not folder.is_dir():
                raise
    return folder


def digest(file: Path | str) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits.

    Raises
    ------
    ArchiveError
        If the file cannot be read.
    """
    try:
        with open(file, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ArchiveError(
            L(
                f"{file} cannot be read ({_one_line(error)}); check the path",
                f"{file} を読み込めません（{_one_line(error)}）。パスを確認してください",
            )
        ) from None


def _extract(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            files, folders = _contents(archive, opened)
            for name in folders:
                (folder / name).mkdir(parents=True, exist_ok=True)
            _write(archive, opened, files, folder)
    except ArchiveError:
        raise
    except DAMAGED as error:
        raise ArchiveError(
            L(
                f"{archive} is not a whole zip file ({_one_line(error)}); copy or download it again",
                f"{archive} は zip ファイルとして最後まで読めません（{_one_line(error)}）。もう一度コピーかダウンロードしてください",
            )
        ) from None


def _contents(archive: Path, opened: zipfile.ZipFile) -> tuple[dict, set]:
    """Return the files, by the place that each goes to, and the folders; refuse what is not safe."""
    entries = opened.infolist()
    if len(entries) > MOST_FILES:
        raise _refusal(
            archive,
            f"it holds {len(entries):,} files, more than the {MOST_FILES:,} of any data set here",
            f"{len(entries):,} 個のファイルがあり、上限の {MOST_FILES:,} 個を超えています",
        )
    # zipfile never compares these; a large archive says its number in another record
    if _count_said(archive) not in (len(entries), 0xFFFF):
        raise zipfile.BadZipFile("its directory does not name as many files as its end says")
    files, folders = {}, set()
    for entry in entries:
        name = _place(archive, entry)
        if name.parts[0] == MAC_EXTRAS:
            continue
        folders.update(name.parents)
        if _name(entry)[-1] in "/\\":
            folders.add(name)
        elif name in files:
            raise _clash(archive, name)
        else:
            files[name] = entry
    if not files:
        raise ArchiveError(
            L(
                f"{archive} holds no file; get it again",
                f"{archive} にファイルがありません。入手し直してください",
            )
        )
    _refuse_clashes(archive, files, folders)
    return files, folders


def _count_said(archive: Path) -> int:
    """Return the number of entries that the archive's end record says, APPNOTE 4.3.16."""
    with archive.open("rb") as file:
        file.seek(-min(archive.stat().st_size, 22 + 2**16), 2)
        tail = file.read()
    (count,) = struct.unpack_from("<H", tail, tail.rindex(b"PK\x05\x06") + 10)
    return count


def _place(archive: Path, entry: zipfile.ZipInfo) -> PurePosixPath:
    """Return where an entry goes, relative to the folder; refuse one that is no plain file or folder in it."""
    name = _name(entry)
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if name[:1] in ("/", "\\") or name[1:2] == ":" or ".." in parts:
        raise _refusal(
            archive,
            f"it holds {name!r}, which would be written outside of the folder",
            f"フォルダーの外に書き込もうとする {name!r} が含まれています",
        )
    if not parts or any(map(_is_special, parts)):
        raise _refusal(
            archive,
            f"it holds {name!r}, which is no file name on every system",
            f"ファイル名に使えない {name!r} が含まれています",
        )
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(
            archive,
            f"it holds {name!r}, a link or device instead of a file",
            f"ファイルではなくリンクかデバイスの {name!r} が含まれています",
        )
    if entry.flag_bits & ENCRYPTED:
        raise ArchiveError(
            L(
                f"{archive} is encrypted; unpack it yourself with its password, and use the folder",
                f"{archive} は暗号化されています。パスワードを使って自分で展開し、そのフォルダーを指定してください",
            )
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(
            L(
                f"{archive} is compressed by the unusual method {entry.compress_type}; unpack it yourself, and use the "
                "folder",
                f"{archive} は特殊な圧縮方式 {entry.compress_type} を使っています。自分で展開し、そのフォルダーを指定してください",
            )
        )
    return PurePosixPath(*parts)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name as its maker meant it."""
    name = entry.orig_filename
    if entry.flag_bits & UTF8_NAME:
        return name
    for encoding in ("utf-8", "cp932"):
        try:
            # without the flag, zipfile has read the bytes as cp437
            return name.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    return name


def _is_special(part: str) -> bool:
    return bool(DEVICE.match(part) or FORBIDDEN.search(part)) or part[-1] in ". "


def _refuse_clashes(archive: Path, files, folders) -> None:
    """Refuse two names that Windows or a Mac takes for one."""
    seen = set()
    for name in [*folders, *files]:
        key = unicodedata.normalize("NFC", str(name)).casefold()
        if key in seen:
            raise _clash(archive, name)
        seen.add(key)


def _clash(archive: Path, name) -> ArchiveError:
    return _refusal(archive, f"it holds {str(name)!r} twice", f"{str(name)!r} が二つ含まれています")


def _write(archive: Path, opened: zipfile.ZipFile, files: dict, folder: Path) -> None:
    limit = min(MOST_BYTES, max(HARMLESS_BYTES, MOST_RATIO * archive.stat().st_size))
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    written = 0
    with bar:
        said = sum(entry.file_size for entry in files.values())
        task = bar.add_task(L("Unpacking", "展開中"), total=said)
        for name, entry in files.items():
            size = 0
            with opened.open(entry) as source, (folder / name).open("xb") as target:
                while chunk := source.read(CHUNK):
                    size += len(chunk)
                    # what is written counts: the sizes in the headers may lie
                    if written + size > limit:
                        raise _refusal(
                            archive,
                            f"it unpacks to more than {limit:,} bytes, too much for its size or for films",
                            f"展開すると {limit:,} バイトを超え、画像のデータとしては大きすぎます",
                        )
                    target.write(chunk)
                    bar.update(task, advance=len(chunk))
            if size != entry.file_size:
                raise zipfile.BadZipFile(f"{name}: {entry.file_size} bytes expected, {size} found")
            written += size


def _refusal(archive: Path, found_en: str, found_ja: str) -> ArchiveError:
    return ArchiveError(
        L(
            f"{archive} is not safe to unpack: {found_en}; get it from its own page again",
            f"{archive} は安全に展開できません：{found_ja}。配布元のページから入手し直してください",
        )
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
