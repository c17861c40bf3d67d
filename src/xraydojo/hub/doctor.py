"""`dojo hub doctor`: what is wrong with a hub, and what to do about it, before the class comes.

Each check is a function of a hub that returns nothing, or what is wrong and the remedy. Most of them are traps into which real classes fell.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from traitlets.config import Config, PyFileConfigLoader

from xraydojo import DojoError
from xraydojo.hub import configuration, gpu_leases, proxy
from xraydojo.hub.accounts import DemoAuthenticator
from xraydojo.hub.course import Course, read_course
from xraydojo.hub.generate import pending
from xraydojo.hub.site import LOOPBACK, Site
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY

# what learners must not read: solutions, hidden tests
SECRET = ("solutions", "course/*/lesson.py", "course/*/right_answers.py")


@dataclass(frozen=True)
class Trouble:
    """What is wrong, and what to do."""

    found: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """A check's title, and what it found: None if all is well."""

    title: str
    trouble: Trouble | None


class Hub:
    """A hub as its files describe it.

    Parameters
    ----------
    site : Site
    """

    def __init__(self, site: Site):
        self.site = site
        self.course: Course = read_course(site.course_file)

    @cached_property
    def config(self) -> Config:
        """JupyterHub's configuration, with the administrator's own settings."""
        path = self.site.config
        if not path.exists():
            raise DojoError(
                L(
                    f"there is no {path}; make it: dojo hub generate",
                    f"{path} がありません。dojo hub generate で作ってください",
                )
            )
        try:
            return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
        except Exception as error:
            raise DojoError(
                L(f"{path} cannot be read: {error!r}", f"{path} を読めません：{error!r}")
            ) from None

    @property
    def is_demo(self) -> bool:
        """Whether everything runs as one account."""
        kind = self.config.JupyterHub.get("authenticator_class")
        return isinstance(kind, type) and issubclass(kind, DemoAuthenticator)

    def service(self, name: str) -> dict:
        """Return a service's settings; empty if there is none of this name."""
        return next((s for s in self.config.JupyterHub.get("services", []) if s["name"] == name), {})

    def scopes(self, service: str) -> set[str]:
        """Return the rights of a service."""
        roles = [role for role in self.config.JupyterHub.get("load_roles", [])]
        return {scope for role in roles if service in role.get("services", []) for scope in role["scopes"]}


def doctor(site: Site) -> list[Finding]:
    """Check a hub.

    Parameters
    ----------
    site : Site

    Returns
    -------
    list of Finding
        One for each check.

    Raises
    ------
    CourseError
        If `course.yaml` is malformed.
    DojoError
        If JupyterHub's configuration cannot be read.
    """
    hub = Hub(site)
    return [Finding(L(*title), check(hub)) for title, check in _CHECKS.items()]


def _files_are_current(hub: Hub) -> Trouble | None:
    if stale := pending(hub.site, demo=hub.is_demo):
        names = ", ".join(path.name for path in stale)
        return Trouble(
            L(f"{names} is not what course.yaml says now", f"{names} が今の course.yaml と合っていません"),
            L(
                "dojo hub generate, then start the hub again",
                "dojo hub generate を実行し、ハブを起動し直してください",
            ),
        )


def _versions_fit(hub: Hub) -> Trouble | None:
    for name, known, why in (
        ("jupyterhub", ">=5.5,<6", L("native accounts do not run on 6", "6 では独自アカウントが動きません")),
        (
            "nbgrader",
            ">=0.9.6,<0.10",
            L("an exchange plug-in may have replaced it", "交換用プラグインが入れ替えることがあります"),
        ),
        (
            "jsonschema",
            "<4.25",
            L("newer ones make servers start seconds later", "新しい版ではサーバーの起動が数秒遅くなります"),
        ),
    ):
        version = importlib.metadata.version(name)
        if Version(version) not in SpecifierSet(known):
            return Trouble(
                L(
                    f"{name} {version} is installed, {known} is needed: {why}",
                    f"{name} {version} が入っていますが、{known} が必要です（{why}）",
                ),
                f"pip install '{name}{known}'",
            )


def _no_ngshare(hub: Hub) -> Trouble | None:
    if importlib.util.find_spec("ngshare_exchange"):
        return Trouble(
            L(
                "ngshare-exchange is installed; it puts nbgrader back to 0.8.5",
                "ngshare-exchange が入っています。nbgrader を 0.8.5 に戻してしまいます",
            ),
            "pip uninstall ngshare-exchange && pip install 'nbgrader>=0.9.6,<0.10'",
        )


def _proxy_runs(hub: Hub) -> Trouble | None:
    node = shutil.which("node")
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout if node else ""
    match = re.match(r"v(\d+)\.", said)
    if match is None or int(match[1]) < 18:
        return Trouble(
            L(
                f"Node.js 18 or newer is needed, found {said.strip() or 'none'}",
                f"Node.js 18 以上が必要です（現在：{said.strip() or 'なし'}）",
            ),
            "apt install nodejs npm",
        )
    if proxy.installed() is None:
        return Trouble(
            L("the proxy is not installed", "プロキシーが入っていません"), f"cd {proxy.FOLDER} && npm ci"
        )


def _sandbox_runs(hub: Hub) -> Trouble | None:
    from xraydojo.grade.nursery import Nursery

    if shutil.which("bwrap") is None:
        return Trouble(
            L("bubblewrap is missing: nothing can be graded", "bubblewrap がないので採点できません"),
            "apt install bubblewrap",
        )
    try:
        nursery = Nursery("learner", [], "", True)
        try:
            os.close(nursery.fork({"memory": 10**9, "cpu_seconds": 10}, []))
        finally:
            nursery.close()
    except DojoError as error:
        return Trouble(str(error), "sysctl kernel.unprivileged_userns_clone=1")


def _formgrader_is_ours(hub: Hub) -> Trouble | None:
    if hub.service(hub.course.id).get("command", [])[-2:] != ["xraydojo.hub.run", "formgrader"]:
        return Trouble(
            L(
                "the formgrader runs without its header frame-ancestors 'self': its tab stays blank since JupyterHub 4.1",
                "formgrader に frame-ancestors 'self' のヘッダーがありません。JupyterHub 4.1 以降、画面が真っ白になります",
            ),
            L(
                f"let the service {hub.course.id} run xraydojo.hub.run formgrader: dojo hub generate",
                f"サービス {hub.course.id} で xraydojo.hub.run formgrader を動かします：dojo hub generate",
            ),
        )


def _formgrader_may_what_it_needs(hub: Hub) -> Trouble | None:
    (role,) = (role for role in configuration.roles(hub.course) if role["name"] == "formgrader")
    if missing := set(role["scopes"]) - hub.scopes(hub.course.id):
        return Trouble(
            L(
                f"the formgrader lacks {', '.join(sorted(missing))}: nbgrader gets 403 on its own account",
                f"formgrader に {', '.join(sorted(missing))} の権限がありません。nbgrader が自分のアカウントで 403 になります",
            ),
            L("put them into its role: dojo hub generate", "ロールに加えます：dojo hub generate"),
        )


def _nobody_is_admin(hub: Hub) -> Trouble | None:
    hub_config = hub.config.JupyterHub
    admins = [service["name"] for service in hub_config.get("services", []) if service.get("admin")]
    admins += sorted(hub.config.Authenticator.get("admin_users", ()))
    for role in hub_config.get("load_roles", []):
        if any(scope.startswith("admin") for scope in role.get("scopes", [])):
            admins += [*role.get("services", []), *role.get("users", []), *role.get("groups", [])] or [
                role["name"]
            ]
    if admins:
        names = ", ".join(admins)
        return Trouble(
            L(
                f"{names} may do everything on the hub; a class needs no administrator",
                f"{names} に管理者権限があります。授業には必要ありません",
            ),
            L(
                "take admin out of services, roles and Authenticator.admin_users",
                "services・ロール・Authenticator.admin_users から admin を外してください",
            ),
        )


def _no_confirmation(hub: Hub) -> Trouble | None:
    asking = [
        name for name in (configuration.PAGES, hub.course.id) if not hub.service(name).get("oauth_no_confirm")
    ]
    if asking:
        return Trouble(
            L(
                f"people are asked to authorise {', '.join(asking)} by a page that they do not understand",
                f"{', '.join(asking)} を開くたびに、わかりにくい許可の画面が出ます",
            ),
            L(
                "set oauth_no_confirm: True on the service: dojo hub generate",
                "サービスに oauth_no_confirm: True を設定します：dojo hub generate",
            ),
        )


def _learners_have_our_server(hub: Hub) -> Trouble | None:
    if list(hub.config.Spawner.get("cmd", [])) != configuration.learner_command():
        return Trouble(
            L(
                "learners' servers are not the course's: nbgrader's course list raises, kernels talk in clear over TCP, and there is no start page",
                "受講者のサーバーが講座のものではありません。nbgrader のコース一覧でエラーが出て、カーネルの通信が TCP の平文になり、最初のページも出ません",
            ),
            L(
                "set c.Spawner.cmd = hub.learner_command(): dojo hub generate",
                "c.Spawner.cmd = hub.learner_command() とします：dojo hub generate",
            ),
        )


def _kernels_are_private(hub: Hub) -> Trouble | None:
    said = f"{hub.config.Spawner.get('args', [])} {hub.config.Spawner.get('environment', {})}"
    if "kernel_manager_class" in said or "transport" in said:
        return Trouble(
            L(
                "a setting of the spawner replaces the kernels' private sockets; over TCP, others on this machine can listen",
                "カーネル専用のソケットが別の設定で置き換えられています。TCP では、同じマシンの他の人が通信を読めます",
            ),
            L(
                "take kernel_manager_class and transport out of Spawner.args and Spawner.environment",
                "Spawner.args と Spawner.environment から kernel_manager_class と transport を外してください",
            ),
        )


def _everybody_in_class_gets_in(hub: Hub) -> Trouble | None:
    if not hub.config.Authenticator.get("allow_all"):
        return Trouble(
            L(
                "JupyterHub 5 lets nobody in whom no setting allows",
                "JupyterHub 5 では、許可の設定がないと誰もログインできません",
            ),
            L(
                "c.Authenticator.allow_all = True; the class's list stands on top of it",
                "c.Authenticator.allow_all = True とします（その上で、授業の名簿で制限されます）",
            ),
        )


def _only_the_class_gets_in(hub: Hub) -> Trouble | None:
    kind = hub.config.JupyterHub.get("authenticator_class")
    if not hasattr(kind, "class_course"):
        return Trouble(
            L(
                "everybody with an account gets in, not only the class",
                "授業の名簿にない人も、アカウントがあればログインできます",
            ),
            "c.JupyterHub.authenticator_class = hub.only_the_class(course, YourAuthenticator)",
        )


def _accounts_exist(hub: Hub) -> Trouble | None:
    if hub.is_demo:
        return None
    missing = [name for name in sorted(hub.course.people) if _home(hub, name) is None]
    if missing:
        return Trouble(
            L(
                f"there is no account of {', '.join(missing)} on this machine",
                f"{', '.join(missing)} のアカウントがこのマシンにありません",
            ),
            f"useradd --create-home {missing[0]}",
        )


def _homes_are_private(hub: Hub) -> Trouble | None:
    homes = [home for name in sorted(hub.course.people) if (home := _home(hub, name)) and home.exists()]
    if open_homes := [str(home) for home in homes if home.stat().st_mode & 0o077]:
        return Trouble(
            L(
                f"others can read {', '.join(open_homes)}: solutions are copied from there",
                f"{', '.join(open_homes)} を他の人が読めます。解答を写されます",
            ),
            f"chmod 700 {' '.join(open_homes)}",
        )


def _home(hub: Hub, name: str) -> Path | None:
    if hub.is_demo:
        return hub.site.homes / name
    try:
        return Path(pwd.getpwnam(name).pw_dir)
    except KeyError:
        return None


def _class_folder_is_private(hub: Hub) -> Trouble | None:
    return _private(hub.site.class_folder, L("submissions and gradebook", "提出物と成績表"))


def _state_is_private(hub: Hub) -> Trouble | None:
    return _private(hub.site.state, L("the hub's secrets", "ハブの秘密情報"))


def _private(folder: Path, what: str) -> Trouble | None:
    if folder.stat().st_mode & 0o077:
        return Trouble(
            L(f"others can read {what} in {folder}", f"{folder} の{what}を他の人が読めます"),
            f"chmod 700 {folder}",
        )


def _class_folder_is_the_graders(hub: Hub) -> Trouble | None:
    if hub.is_demo:
        return None
    owner = hub.site.class_folder.stat().st_uid
    try:
        if owner == pwd.getpwnam(hub.course.grader).pw_uid:
            return None
        remedy = f"chown -R {hub.course.grader}: {hub.site.class_folder}"
    except KeyError:
        remedy = f"useradd --system --create-home {hub.course.grader}"
    return Trouble(
        L(
            f"{hub.site.class_folder} is not of {hub.course.grader}, as which the services run",
            f"{hub.site.class_folder} の所有者が、サービスを動かす {hub.course.grader} ではありません",
        ),
        remedy,
    )


def _solutions_are_private(hub: Hub) -> Trouble | None:
    if hub.is_demo:
        return None
    readable = [
        path for pattern in SECRET for path in REPOSITORY.glob(pattern) if path.stat().st_mode & 0o004
    ]
    if readable:
        return Trouble(
            L(
                f"learners can read solutions and hidden tests: {readable[0]} and {len(readable) - 1} others",
                f"受講者が解答と隠しテストを読めます：{readable[0]} ほか {len(readable) - 1} 件",
            ),
            f"cd {REPOSITORY} && chgrp -R {hub.course.grader} {' '.join(SECRET)} && chmod -R o-rwx {' '.join(SECRET)}",
        )


def _exchange_is_open_and_sticky(hub: Hub) -> Trouble | None:
    exchange = hub.site.exchange
    if not exchange.is_dir() or exchange.stat().st_mode & 0o1777 != 0o1777:
        return Trouble(
            L(
                f"nbgrader's exchange {exchange} must be writable to all, and nobody may remove what is another's",
                f"nbgrader の交換用フォルダー {exchange} は、全員が書き込めて、他の人のものは消せないようにします",
            ),
            f"mkdir -p {exchange} && chmod 1777 {exchange}",
        )


def _hub_listens_here_only(hub: Hub) -> Trouble | None:
    hosts = {
        urlsplit(url).hostname
        for url in (
            hub.config.JupyterHub.get("hub_bind_url", ""),
            hub.config.ConfigurableHTTPProxy.get("api_url", ""),
            *(service["url"] for service in hub.config.JupyterHub.get("services", []) if "url" in service),
        )
    }
    if open_hosts := hosts - set(LOOPBACK):
        return Trouble(
            L(
                f"parts of the hub listen on {', '.join(map(str, open_hosts))}; only the proxy is for the network",
                f"ハブの内部が {', '.join(map(str, open_hosts))} で待ち受けています。外に開くのはプロキシーだけです",
            ),
            L(
                "let them listen on 127.0.0.1: dojo hub generate",
                "127.0.0.1 で待ち受けさせます：dojo hub generate",
            ),
        )


def _passwords_are_encrypted(hub: Hub) -> Trouble | None:
    address = urlsplit(hub.course.address)
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        return Trouble(
            L(
                f"{hub.course.address} is not encrypted: passwords can be read on the way",
                f"{hub.course.address} は暗号化されていません。途中でパスワードを読まれます",
            ),
            L(
                "put a web server with a certificate in front (docs/administrators.md), and write https in course.yaml",
                "証明書付きのウェブサーバーを前に置き（docs/administrators.ja.md）、course.yaml に https と書いてください",
            ),
        )


def _imports_are_compiled(hub: Hub) -> Trouble | None:
    for name in ("jupyter_server", "jupyterlab_server", "nbformat"):
        source = Path(importlib.util.find_spec(name).origin)
        if not Path(importlib.util.cache_from_source(str(source))).exists():
            folder = source.parents[1]
            return Trouble(
                L(
                    f"{name} is not compiled: each server's start takes seconds longer, for learners cannot write there",
                    f"{name} がコンパイルされていません。受講者は書き込めないので、サーバーの起動が毎回数秒遅くなります",
                ),
                f"env -u PYTHONDONTWRITEBYTECODE {sys.executable} -m compileall -q {folder}",
            )


def _gpu_is_there(hub: Hub) -> Trouble | None:
    if "gpu" in hub.course.profiles and not gpu_leases.devices():
        return Trouble(
            L(
                "course.yaml has a GPU profile, and nvidia-smi finds no GPU: GPU kernels run on the CPU",
                "course.yaml に GPU の設定がありますが、nvidia-smi で GPU が見つかりません。GPU 用カーネルは CPU で動きます",
            ),
            L(
                "install NVIDIA's driver, or take gpu out of profiles",
                "NVIDIA のドライバーを入れるか、profiles から gpu を外してください",
            ),
        )


def _gpu_shares_are_enough(hub: Hub) -> Trouble | None:
    profile, found = hub.course.profiles.get("gpu"), gpu_leases.devices()
    if profile is None or not found:
        return None
    card = min(found, key=lambda card: card.memory)
    if gpu_leases.share(card, profile.slots) < gpu_leases.ENOUGH:
        fit = max(1, card.memory // (gpu_leases.ENOUGH + gpu_leases.OVERHEAD))
        size = gpu_leases.share(card, profile.slots) / 1e9
        return Trouble(
            L(
                f"{profile.slots} learners on {card.name} have {size:.1f} GB each to compute with; the course needs {gpu_leases.ENOUGH / 1e9:g} GB",
                f"{card.name} を {profile.slots} 人で分けると、計算に使えるのは 1 人 {size:.1f} GB です。この講座には {gpu_leases.ENOUGH / 1e9:g} GB 必要です",
            ),
            L(f"slots: {fit} in course.yaml", f"course.yaml に slots: {fit} と書いてください"),
        )


_CHECKS: dict[tuple[str, str], Callable[[Hub], Trouble | None]] = {
    ("configuration is current", "設定ファイルが最新"): _files_are_current,
    ("versions fit", "バージョンの組み合わせ"): _versions_fit,
    ("nbgrader is not replaced", "nbgrader が置き換えられていない"): _no_ngshare,
    ("proxy", "プロキシー"): _proxy_runs,
    ("sandbox", "サンドボックス"): _sandbox_runs,
    ("formgrader is not blank", "formgrader が真っ白にならない"): _formgrader_is_ours,
    ("formgrader's rights", "formgrader の権限"): _formgrader_may_what_it_needs,
    ("no administrators", "管理者権限がない"): _nobody_is_admin,
    ("no questions at login", "ログイン時の確認画面がない"): _no_confirmation,
    ("learners' servers", "受講者のサーバー"): _learners_have_our_server,
    ("kernels are private", "カーネルの通信"): _kernels_are_private,
    ("the class gets in", "受講者がログインできる"): _everybody_in_class_gets_in,
    ("nobody else gets in", "名簿にない人は入れない"): _only_the_class_gets_in,
    ("accounts", "アカウント"): _accounts_exist,
    ("homes are private", "ホームが非公開"): _homes_are_private,
    ("class folder is private", "授業フォルダーが非公開"): _class_folder_is_private,
    ("class folder's owner", "授業フォルダーの所有者"): _class_folder_is_the_graders,
    ("hub's secrets are private", "ハブの秘密が非公開"): _state_is_private,
    ("solutions are private", "解答が非公開"): _solutions_are_private,
    ("exchange", "交換用フォルダー"): _exchange_is_open_and_sticky,
    ("network", "ネットワーク"): _hub_listens_here_only,
    ("encryption", "暗号化"): _passwords_are_encrypted,
    ("servers start fast", "サーバーの起動が速い"): _imports_are_compiled,
    ("GPU", "GPU"): _gpu_is_there,
    ("GPU shares", "GPU の割り当て"): _gpu_shares_are_enough,
}  # fmt: skip
