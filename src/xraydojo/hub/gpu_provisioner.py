"""How a kernel comes to a GPU: asked for before the kernel starts, kept while it lives, given back when it ends; without one it runs on the CPU.

This runs in the learner's server, as a provisioner of jupyter_client (entry point ``xraydojo-gpu``). What the learner is to know is written into
a file, which `xraydojo.hub.gpu_kernel` shows in the notebook.
"""

import asyncio
import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner
from jupyter_core.paths import jupyter_runtime_dir
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from traitlets import TraitError

from xraydojo.hub.gpu_leases import IDLE
from xraydojo.hub.learner import THREADS
from xraydojo.language import L

# seconds that a kernel waits for a slot before it starts on the CPU: for one that is just being given back
LONGEST_WAIT = 5
# seconds between two renewals
BETWEEN = 10
# seconds for which a slot that has come free is kept for a learner whose kernel runs on the CPU
OFFER = 300


class GpuProvisioner(LocalProvisioner):
    """A kernel of this machine, on a leased part of a GPU if there is one."""

    _keeping: asyncio.Task | None = None
    _slot: int | None = None
    _was_passed_on = False
    # what is said first, as long as this process lives: why there is a new one
    _before = ""

    async def pre_launch(self, **kwargs) -> dict:
        """Ask for a slot; return how to launch the kernel, on the GPU or on the CPU."""
        await self._stop_keeping()
        if self._was_passed_on:
            await self._give_back()
        answer = await self._first_answer()
        self._slot = answer.get("slot")
        self._before = _passed_on() if self._was_passed_on else ""
        self._was_passed_on = False
        self._say(answer)
        kwargs = await super().pre_launch(**kwargs)
        kwargs["env"] |= {"XRAYDOJO_GPU_NEWS": str(self._news), **_environment(answer)}
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs):
        """Launch the kernel, and begin to keep its lease."""
        connection = await super().launch_kernel(cmd, **kwargs)
        self._launched = datetime.now(UTC)
        self._keeping = asyncio.create_task(self._keep())
        return connection

    async def cleanup(self, restart: bool = False) -> None:
        """Give the slot back, unless the kernel comes again at once."""
        if not restart:
            await self._stop_keeping()
            await self._give_back()
            self._news.unlink(missing_ok=True)
        await super().cleanup(restart=restart)

    async def _first_answer(self) -> dict:
        """Ask until there is a slot or the wait is over."""
        answer = await self._ask()
        if answer["state"] == "over":  # told while the kernel was being started again
            self._was_passed_on = True
            await self._give_back()
            answer = await self._ask()
        for _ in range(LONGEST_WAIT):
            if answer["state"] not in ("waiting", "elsewhere"):
                break
            await asyncio.sleep(1)
            answer = await self._ask()
        return answer

    async def _keep(self) -> None:
        """Renew while the kernel lives. One that died is not renewed: its slot is free soon, unless the kernel comes again."""
        offered = 0.0
        while await self.poll() is None:
            await asyncio.sleep(BETWEEN)
            answer = await self._ask()
            state = answer["state"]
            if await self.poll() is not None or state == "none":
                return
            if state == "unreachable":
                continue
            if self._slot is not None:
                if state not in ("granted", "notice") or answer["slot"] != self._slot:
                    return await self._pass_on()
                self._say(answer)
            elif answer.get("slot") is None:
                self._say(answer)
            else:
                offered += BETWEEN
                if offered > OFFER or state == "over":
                    await self._give_back()
                    return self._say({"state": "lapsed"})
                self._say({"state": "offered"})

    async def _pass_on(self) -> None:
        """End the kernel, for only so its memory on the GPU comes free, and give the slot back; the server starts it again."""
        self._was_passed_on = True
        await self.kill()
        while await self.poll() is None:
            await asyncio.sleep(0.1)
        await self._give_back()

    async def _stop_keeping(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
            self._keeping = None

    async def _ask(self) -> dict:
        return await self._request(
            "PUT", {"kernel": self.kernel_id, "idle": self._idle(), "slot": self._slot}
        )

    async def _give_back(self) -> None:
        self._slot = None
        await self._request("DELETE", {"kernel": self.kernel_id})

    async def _request(self, method: str, body: dict) -> dict:
        """Return what the hub's service answers; its state is "none" or "unreachable" if there is nothing to answer or nobody."""
        gpu = json.loads(os.environ.get("XRAYDOJO_CLASS", "{}")).get("gpu")
        if gpu is None:
            return {"state": "none"}
        try:
            answer = await AsyncHTTPClient().fetch(
                gpu["leases"],
                method=method,
                headers={"Authorization": f"token {os.environ.get('JUPYTERHUB_API_TOKEN', '')}"},
                body=json.dumps(body),
                allow_nonstandard_methods=True,
                request_timeout=10,
            )
            return json.loads(answer.body)
        except HTTPClientError as error:
            return {"state": "none" if error.code == 404 else "unreachable"}
        except (OSError, ValueError) as error:
            self.log.warning("the hub's GPU leases: %s", error)
            return {"state": "unreachable"}

    def _idle(self) -> float:
        """Return the seconds since the kernel worked last, as the server saw it."""
        if not self.has_process or getattr(self.parent, "execution_state", None) == "busy":
            return 0.0
        last = self._launched
        # a manager of kernels outside a server does not watch them
        with contextlib.suppress(AttributeError, TraitError):
            last = max(last, self.parent.last_activity)
        return (datetime.now(UTC) - last).total_seconds()

    @property
    def _news(self) -> Path:
        return Path(jupyter_runtime_dir()) / f"gpu-{self.kernel_id}.json"

    def _say(self, answer: dict) -> None:
        """Write what the learner is to know; a new state is shown anew, a new text of the same state takes the old one's place."""
        news = json.dumps({"state": answer["state"], "text": self._before + _words(answer)})
        with contextlib.suppress(FileNotFoundError):
            if self._news.read_text() == news:
                return
        try:
            self._news.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            whole = self._news.with_suffix(".tmp")
            whole.write_text(news)
            os.replace(whole, self._news)
        except OSError as error:  # a full disk is no reason to lose a slot
            self.log.warning("the news for a GPU kernel: %s", error)


def _environment(answer: dict) -> dict[str, str]:
    """Return the variables by which a kernel finds its part of a GPU, or none."""
    if answer.get("slot") is None:
        return {"CUDA_VISIBLE_DEVICES": ""}
    gpu = json.loads(os.environ["XRAYDOJO_CLASS"])["gpu"]
    return {
        "CUDA_VISIBLE_DEVICES": answer["device"],
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{answer['memory'] / answer['total']:.3f}",
        "XRAYDOJO_GPU_MEMORY": str(answer["memory"]),
        "XRAYDOJO_KERNEL_MEMORY": str(gpu["memory"]),
        **dict.fromkeys(THREADS, str(max(1, int(gpu["cores"])))),
    }


def _passed_on() -> str:
    return L(
        f"Your GPU went to a learner who waited: your turn was over, or the kernel had not worked for {IDLE // 60} minutes. "
        "The variables are gone, the notebook is as you left it: run its cells from the top. ",
        f"順番が終わったか、{IDLE // 60} 分間計算がなかったため、GPU は待っていた人に渡りました。"
        "変数は消えましたが、ノートブックはそのままです。上から順にセルを実行してください。",
    )


def _words(answer: dict) -> str:
    """Return an answer in the learner's words."""
    state = answer["state"]
    if state == "granted":
        size = f"{answer['memory'] / 1e9:.0f} GB"
        return L(
            f"This kernel has a GPU ({answer['name']}, {size} of its memory) until {answer['until']}, and longer while nobody waits. "
            f"When somebody waits, a kernel that has not worked for {IDLE // 60} minutes passes its GPU on: save your results to files.",
            f"このカーネルは GPU（{answer['name']}、メモリー {size}）を {answer['until']} まで使えます。待っている人がいなければ、その後も使えます。"
            f"待っている人がいると、{IDLE // 60} 分間計算していないカーネルの GPU は次の人に渡ります。結果はファイルに保存しておいてください。",
        )
    if state == "notice":
        return L(
            f"Somebody waits: your GPU is passed on at {answer['until']}. The kernel then starts again and its variables are lost; the notebook "
            "stays. Save to files what you need.",
            f"待っている人がいるため、GPU を使えるのは {answer['until']} までです。そのときカーネルは起動し直され、変数は消えます（ノートブックは残ります）。"
            "必要な結果はファイルに保存してください。",
        )
    if state == "waiting":
        return L(
            f"No GPU is free: this kernel runs on the CPU, and you are number {answer['place']} in the queue. Go on working; you are told here when "
            "it is your turn.",
            f"いま空いている GPU がないので、このカーネルは CPU で動いています。あなたの順番は {answer['place']} 番目です。"
            "このまま作業を続けてください。順番が来たら、ここでお知らせします。",
        )
    return {
        "elsewhere": L(
            "Another kernel of yours has the GPU or waits for it: this one runs on the CPU. To use the GPU here, shut the other one down "
            "(Running Terminals and Kernels) and restart this one.",
            "あなたの別のカーネルが GPU を使っているか、順番を待っています。このカーネルは CPU で動いています。"
            "ここで GPU を使うには、別のカーネルを「実行中のターミナルとカーネル」から終了し、このカーネルを再起動してください。",
        ),
        "offered": L(
            f"A GPU is free for you for {OFFER // 60} minutes: choose Kernel > Restart Kernel… to use it. A restart loses the variables; the "
            "notebook stays.",
            f"GPU が空きました。{OFFER // 60} 分以内に「カーネル」→「カーネルを再起動…」を選ぶと使えます。"
            "再起動すると変数は消えますが、ノートブックは残ります。",
        ),
        "lapsed": L(
            "The GPU has gone to the next learner. This kernel stays on the CPU; to ask again, restart it.",
            "GPU は次の人に渡りました。このカーネルは CPU のままです。もう一度順番を待つには、カーネルを再起動してください。",
        ),
        "none": L(
            "There is no GPU for this class: this kernel runs on the CPU.",
            "この授業で使える GPU はありません。このカーネルは CPU で動いています。",
        ),
        "unreachable": L(
            "The hub does not answer just now: this kernel runs on the CPU, and goes on asking for a GPU.",
            "ハブからの応答がないので、このカーネルは CPU で動いています。GPU の順番は、引き続き問い合わせます。",
        ),
    }[state]
