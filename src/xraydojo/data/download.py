"""Download one file over https: resumable, checked, and in one clear line when the network or the server fails."""

import functools
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from xraydojo import DojoError
from xraydojo.language import L

CHUNK = 2**18
# seconds to connect, and between two pieces
TIMEOUT = (15, 60)
MOST_BYTES = 20 * 2**30

# pooch would print the hash and ask the reader to put it into code
pooch.get_logger().setLevel("WARNING")


class DownloadError(DojoError, OSError):
    """A file that could not be downloaded; the message says why."""


def download(url: str, file: Path, sha256: str | None, loopback: bool = False) -> Path:
    """Download a file, unless it is there already with this checksum.

    Parameters
    ----------
    url : str
        The address; http is asked for by https.
    file : Path
        Where the file goes, only once it is whole. A broken download waits beside it to be resumed.
    sha256 : str or None
        Its SHA-256; None where it is not known: then a file that is there already is taken as it is.
    loopback : bool
        Whether plain http to 127.0.0.1 counts as safe, for tests.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DownloadError
        If the server cannot be reached over https, breaks off, contradicts itself, sends another file than the known
        one, or more than the disk has room for.
    """
    downloader = functools.partial(_resume, partial=file.with_suffix(".part"), loopback=loopback)
    try:
        pooch.retrieve(
            _secure(url, loopback), sha256, fname=file.name, path=file.parent, downloader=downloader
        )
    except DownloadError:
        raise
    except requests.RequestException as error:
        raise DownloadError(_reason(error)) from None
    except ValueError:
        raise DownloadError(
            L(
                "what came is not the known file, its SHA-256 differs",
                "届いたファイルの SHA-256 が既知のものと異なります",
            )
        ) from None
    except OSError as error:
        raise DownloadError(" ".join(str(error).split())) from None
    return file


def _secure(url: str, loopback: bool) -> str:
    return url if _is_safe(url, loopback) else re.sub(r"^http:", "https:", url)


def _is_safe(url: str, loopback: bool) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (loopback and (parts.scheme, parts.hostname) == ("http", "127.0.0.1"))


def _resume(url: str, output: str, _pooch, partial: Path, loopback: bool) -> None:
    """Download ``url`` to ``output`` by way of the file ``partial``, going on where an earlier try broke off."""
    # the server's name for the version of which there is a part, RFC 9110 8.8
    version = partial.with_suffix(".version")
    start = partial.stat().st_size if partial.exists() and version.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": version.read_text("latin-1")}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if start and response.status_code == 416:
            # the part is as long as the file, or longer
            partial.unlink()
            return _resume(url, output, _pooch, partial, loopback)
        _refuse_plain_http(response, loopback)
        response.raise_for_status()
        try:
            start, total = _extent(response, start)
            _refuse_full_disk(partial.parent, start, total)
            _note_version(response, version)
            _receive(response, partial, start, total)
        except DownloadError:
            _forget(partial, version)
            raise
        except requests.RequestException:
            if not version.exists():
                _forget(partial)
                raise
            raise _broken_off(partial) from None
    partial.replace(output)
    version.unlink(missing_ok=True)


def _refuse_plain_http(response, loopback: bool) -> None:
    for hop in [*response.history, response]:
        if not _is_safe(hop.url, loopback):
            raise DownloadError(
                L(f"the server leads to {hop.url}, without https", f"https でない {hop.url} へ転送されました")
            )


def _extent(response, start: int) -> tuple[int, int | None]:
    """Return at which byte the body begins, and how long the whole file is, None where that is not said."""
    if response.status_code == 206:
        said = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        if not said or int(said[1]) != start:
            raise _contradiction()
        return start, int(said[2])
    if response.status_code != 200:
        raise _contradiction()
    length = response.headers.get("Content-Length")
    if length is not None and not length.isdecimal():
        raise _contradiction()
    return 0, None if length is None else int(length)


def _refuse_full_disk(folder: Path, start: int, total: int | None) -> None:
    # the archive, and at least as much again unpacked
    needed = 2 * (total or 0) - start
    free = shutil.disk_usage(folder).free
    if needed > free or (total or 0) > MOST_BYTES:
        raise DownloadError(
            L(
                f"{needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free in {folder}",
                f"{needed / 1e6:,.0f} MB 必要ですが、{folder} の空きは {free / 1e6:,.0f} MB です",
            )
        )


def _note_version(response, version: Path) -> None:
    """Keep what identifies this version of the file; without it, a part cannot be resumed."""
    tag = response.headers.get("ETag", "")
    # a weak tag may name files of other bytes, RFC 9110 13.1.5
    name = tag if tag.startswith('"') else response.headers.get("Last-Modified")
    if name:
        version.write_text(name, "latin-1")
    else:
        version.unlink(missing_ok=True)


def _receive(response, partial: Path, start: int, total: int | None) -> None:
    written = start
    with partial.open("ab" if start else "wb") as file, _bar() as bar:
        task = bar.add_task(L("Downloading", "ダウンロード中"), total=total, completed=start)
        for chunk in response.iter_content(CHUNK):
            written += len(chunk)
            if written > (MOST_BYTES if total is None else total):
                raise _contradiction()
            file.write(chunk)
            bar.update(task, completed=written)
    if total is not None and written != total:
        raise _contradiction()


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _broken_off(partial: Path) -> DownloadError:
    here = partial.stat().st_size / 1e6
    return DownloadError(
        L(
            f"the connection broke after {here:,.1f} MB; the same command goes on from there",
            f"{here:,.1f} MB で接続が切れました。同じコマンドで続きから再開できます",
        )
    )


def _forget(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _contradiction() -> DownloadError:
    return DownloadError(
        L(
            "the server's answer contradicts itself: another length or part than it said",
            "サーバーの応答が矛盾しています（長さや範囲が申告と異なります）",
        )
    )


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError):
        return L(
            f"the server answers {error.response.status_code} {error.response.reason}",
            f"サーバーの応答は {error.response.status_code} {error.response.reason} です",
        )
    if isinstance(error, requests.exceptions.SSLError):
        return L(
            "the server has no https or a certificate that is not trusted",
            "サーバーが https に対応していないか、証明書を信頼できません",
        )
    if isinstance(error, requests.Timeout):
        return L("the server does not answer in time", "サーバーが時間内に応答しません")
    if isinstance(error, requests.TooManyRedirects):
        return L("the server leads in circles", "転送が繰り返されています")
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return L("the server cannot be reached or broke off", "サーバーに接続できないか、接続が切れました")
    return " ".join(str(error).split())
