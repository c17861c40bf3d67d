"""GPU kernels: real kernels of a real kernel manager, against the handler of the leases, with slots that a test declares."""

import asyncio
import contextlib
import json
import os
import signal
import time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from xraydojo import language
from xraydojo.hub import gpu_leases, gpu_provisioner
from xraydojo.hub.gpu_handler import GpuLease
from xraydojo.hub.gpu_leases import Device, Leases, share
from xraydojo.hub.kernelspecs import GPU, lay_kernelspecs

CARD = Device("GPU-7c1f", "Card A", 16 * 2**30)


class LeaseOfWhomTheTokenNames(GpuLease):
    """The handler, with the hub's answer to whose a token is."""

    def get_current_user(self):
        return {"name": self.request.headers["Authorization"].removeprefix("token ")}


class World:
    """A class's leases, their service, and hanako's server."""

    def __init__(self, tmp_path, monkeypatch):
        self.leases = Leases(tmp_path / "gpu.sqlite", [CARD], 1)
        course = SimpleNamespace(people={"hanako", "taro"}, timezone=ZoneInfo("Asia/Tokyo"))
        self._class = SimpleNamespace(course=course, leases=self.leases)
        self._socket, self.port = bind_unused_port()
        gpu = {"leases": f"http://127.0.0.1:{self.port}/gpu", "memory": 3 * 2**30, "cores": 2}
        for name, value in {
            "JUPYTER_DATA_DIR": str(tmp_path / "data"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
            "JUPYTER_PREFER_ENV_PATH": "0",
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "JUPYTERHUB_API_TOKEN": "hanako",
            "XRAYDOJO_CLASS": json.dumps({"gpu": gpu}),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(gpu_provisioner, "LONGEST_WAIT", 1)
        monkeypatch.setattr(gpu_provisioner, "BETWEEN", 0.2)
        lay_kernelspecs(tmp_path / "data", has_gpu=True)
        self._tmp_path = tmp_path

    @contextlib.asynccontextmanager
    async def open(self):
        """Let the service answer; in the end shut down all kernels."""
        application = web.Application([("/gpu", LeaseOfWhomTheTokenNames)], the_class=self._class)
        self.service = HTTPServer(application)
        self.service.add_socket(self._socket)
        self.kernels = AsyncMappingKernelManager(
            kernel_manager_class="xraydojo.hub.kernels.PrivateKernelManager",
            root_dir=str(self._tmp_path),
            connection_dir=str(self._tmp_path / "runtime"),
        )
        try:
            yield self
        finally:
            await self.kernels.shutdown_all(now=True)
            await self.close()

    async def close(self):
        """Let the service answer no more."""
        self.service.stop()
        await self.service.close_all_connections()

    async def start(self):
        """Start a GPU kernel; return its id."""
        os.makedirs(self._tmp_path / "runtime", exist_ok=True)
        return await self.kernels.start_kernel(kernel_name=GPU)


class Notebook:
    """A client of a kernel, which sees what is shown."""

    def __init__(self, kernel):
        # a session of its own, as each page in a browser has: two clients of one name never both hear the kernel
        self.client = kernel.client(session=Session(key=kernel.session.key))
        self.client.start_channels()
        self.shown = []

    async def run(self, code):
        """Run code; return what it printed. What was displayed is in ``shown``."""
        await self.client.wait_for_ready(timeout=30)
        asked = self.client.execute(code)
        printed = ""
        while True:
            message = await self.client.get_iopub_msg(timeout=30)
            if message["msg_type"] == "stream":
                printed += message["content"]["text"]
            self._note(message)
            if message["parent_header"].get("msg_id") == asked:
                if message["content"].get("execution_state") == "idle":
                    return printed

    async def see(self, text):
        """Wait until a text is shown, without running anything."""
        while not any(text in each for each in self.shown):
            self._note(await self.client.get_iopub_msg(timeout=10))

    def _note(self, message):
        if "display_data" in message["msg_type"]:
            self.shown.append(message["content"]["data"]["text/plain"])


@pytest.fixture
def world(tmp_path, monkeypatch):
    return World(tmp_path, monkeypatch)


ENVIRONMENT = """
import json, os, resource
print(json.dumps(dict(os.environ) | {"limit": resource.getrlimit(resource.RLIMIT_DATA)[0], "pid": os.getpid()}))
"""


async def environment(notebook):
    return json.loads(await notebook.run(ENVIRONMENT))


async def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.05)


async def come_again(world, id, pid):
    """Wait until the server has started a kernel again that had a process of this number; return a notebook on it."""
    kernel = world.kernels.get_kernel(id)
    await until(lambda: kernel.provisioner.has_process and kernel.provisioner.pid != pid)
    return Notebook(kernel)


def holder(world):
    return next((each.learner for each in world.leases.all() if each.slot is not None), None)


def test_a_gpu_kernel_finds_its_share_and_says_so_and_gives_it_back_at_its_end(world):
    async def day():
        async with world.open():
            id = await world.start()
            notebook = Notebook(world.kernels.get_kernel(id))
            found = await environment(notebook)
            (lease,) = world.leases.all()
            assert (lease.learner, lease.kernel, lease.slot) == ("hanako", id, 0)
            await world.kernels.shutdown_kernel(id, now=True)
            return found, notebook.shown, world.leases.all()

    language.use("en")
    found, shown, left = asyncio.run(day())
    assert found["CUDA_VISIBLE_DEVICES"] == "GPU-7c1f"
    assert found["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert found["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    # 16 GiB less what a process takes besides: 16.48 of 17.18 GB
    assert found["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.959"
    assert found["XRAYDOJO_GPU_MEMORY"] == str(share(CARD, 1))
    assert found["OMP_NUM_THREADS"] == "2"
    assert found["limit"] == 3 * 2**30
    assert len(shown) == 1 and "has a GPU (Card A, 16 GB of its memory) until" in shown[0]
    assert left == []


def test_with_all_slots_taken_it_runs_on_the_cpu_and_is_told_when_its_turn_comes(world):
    async def day():
        world.leases.ask("taro", "k")
        async with world.open():
            notebook = Notebook(world.kernels.get_kernel(id := await world.start()))
            before = await environment(notebook)
            assert "number 1 in the queue" in notebook.shown[0]
            world.leases.give_back("taro", "k")
            await notebook.see("Kernel > Restart Kernel… to use it")
            await world.kernels.restart_kernel(id)
            after = await environment(again := Notebook(world.kernels.get_kernel(id)))
            return before, after, again.shown

    language.use("en")
    before, after, shown = asyncio.run(day())
    assert before["CUDA_VISIBLE_DEVICES"] == "" and "XRAYDOJO_GPU_MEMORY" not in before
    assert after["CUDA_VISIBLE_DEVICES"] == "GPU-7c1f"
    assert "has a GPU" in shown[0]


def test_a_slot_that_is_offered_in_vain_goes_to_the_next(world, monkeypatch):
    monkeypatch.setattr(gpu_provisioner, "OFFER", 0.5)

    async def day():
        world.leases.ask("taro", "k")
        async with world.open():
            notebook = Notebook(world.kernels.get_kernel(await world.start()))
            await notebook.run("1")
            world.leases.give_back("taro", "k")
            await notebook.see("The GPU has gone to the next learner")
            return world.leases.all()

    language.use("en")
    assert asyncio.run(day()) == []


def test_a_second_kernel_of_a_learner_runs_on_the_cpu_and_says_where_the_gpu_is(world):
    async def day():
        async with world.open():
            await world.start()
            notebook = Notebook(world.kernels.get_kernel(await world.start()))
            return await environment(notebook), notebook.shown

    language.use("ja")
    found, shown = asyncio.run(day())
    assert found["CUDA_VISIBLE_DEVICES"] == ""
    assert "別のカーネルが GPU を使っているか" in shown[0]


def test_a_killed_kernel_that_comes_again_keeps_its_slot(world):
    async def day():
        async with world.open():
            id = await world.start()
            first = await environment(Notebook(world.kernels.get_kernel(id)))
            os.kill(first["pid"], signal.SIGKILL)
            second = await environment(await come_again(world, id, first["pid"]))
            return first, second, world.leases.all()

    first, second, leases = asyncio.run(day())
    assert first["pid"] != second["pid"] and second["CUDA_VISIBLE_DEVICES"] == "GPU-7c1f"
    assert [each.learner for each in leases] == ["hanako"]


def test_a_kernel_that_stays_dead_frees_its_slot(world, monkeypatch):
    monkeypatch.setattr(gpu_leases, "LIFE", 1.5)

    async def day():
        async with world.open():
            id = await world.start()
            world.kernels.get_kernel(id).stop_restarter()
            os.kill(world.kernels.get_kernel(id).provisioner.pid, signal.SIGKILL)
            await until(lambda: world.leases.ask("taro", "k").slot == 0)

    asyncio.run(day())


def test_the_end_of_a_turn_is_told_before_below_the_cell_that_ran_last(world, monkeypatch):
    monkeypatch.setattr(gpu_leases, "NOTICE", gpu_leases.TURN)

    async def day():
        async with world.open():
            notebook = Notebook(world.kernels.get_kernel(await world.start()))
            await notebook.run("x = 1")
            world.leases.ask("taro", "k")
            await notebook.see("必要な結果はファイルに保存してください")
            return await notebook.run("print(x)")

    language.use("ja")
    assert asyncio.run(day()) == "1\n"


@pytest.mark.parametrize(
    "lang, words", [("en", "Your GPU went to a learner who waited"), ("ja", "GPU は待っていた人に渡りました")]
)
def test_an_idle_kernel_passes_its_slot_on_and_comes_again_on_the_cpu_and_says_why(
    world, monkeypatch, lang, words
):
    monkeypatch.setattr(gpu_leases, "IDLE", 1)

    async def day():
        async with world.open():
            id = await world.start()
            notebook = Notebook(world.kernels.get_kernel(id))
            await notebook.run("x = 1")
            pid = world.kernels.get_kernel(id).provisioner.pid
            # idle, and nobody waits: it stays
            await asyncio.sleep(1.5)
            assert await notebook.run("print(x)") == "1\n" and holder(world) == "hanako"
            world.leases.ask("taro", "k")
            await until(lambda: holder(world) == "taro")
            again = await come_again(world, id, pid)
            return await environment(again), again.shown

    language.use(lang)
    found, shown = asyncio.run(day())
    assert found["CUDA_VISIBLE_DEVICES"] == ""
    assert words in shown[0]


def test_a_kernel_that_is_started_again_after_its_turn_comes_on_the_cpu(world, monkeypatch):
    monkeypatch.setattr(gpu_provisioner, "BETWEEN", 60)

    async def day():
        async with world.open():
            id = await world.start()
            world.leases.ask("taro", "k")
            assert world.leases.ask("hanako", id, idle=gpu_leases.IDLE).state == "over"
            await world.kernels.restart_kernel(id)
            notebook = Notebook(world.kernels.get_kernel(id))
            return await environment(notebook), notebook.shown, holder(world)

    language.use("en")
    found, shown, owner = asyncio.run(day())
    assert (found["CUDA_VISIBLE_DEVICES"], owner) == ("", "taro")
    assert shown[0].startswith("Your GPU went to a learner who waited")


def test_a_kernel_that_works_is_not_idle(world, monkeypatch):
    monkeypatch.setattr(gpu_leases, "IDLE", 1)

    async def day():
        async with world.open():
            kernel = world.kernels.get_kernel(await world.start())
            work = asyncio.create_task(Notebook(kernel).run("import time; time.sleep(3); print('done')"))
            await until(lambda: kernel.execution_state == "busy")
            world.leases.ask("taro", "k")
            return await work, holder(world)

    assert asyncio.run(day()) == ("done\n", "hanako")


def test_without_the_service_it_runs_on_the_cpu_and_says_so(world):
    async def day():
        async with world.open():
            await world.close()
            notebook = Notebook(world.kernels.get_kernel(await world.start()))
            return await environment(notebook), notebook.shown

    language.use("ja")
    found, shown = asyncio.run(day())
    assert found["CUDA_VISIBLE_DEVICES"] == "" and "ハブからの応答がない" in shown[0]


def test_a_kernel_works_on_while_the_service_is_away(world):
    async def day():
        async with world.open():
            notebook = Notebook(world.kernels.get_kernel(await world.start()))
            await notebook.run("x = 1")
            await world.close()
            await asyncio.sleep(1)
            return await notebook.run("print(x)")

    assert asyncio.run(day()) == "1\n"


def test_in_a_class_without_a_gpu_it_runs_on_the_cpu_and_says_so(world, monkeypatch):
    monkeypatch.setenv("XRAYDOJO_CLASS", json.dumps({"gpu": None}))

    async def day():
        async with world.open():
            notebook = Notebook(world.kernels.get_kernel(await world.start()))
            return await environment(notebook), notebook.shown

    language.use("en")
    found, shown = asyncio.run(day())
    assert found["CUDA_VISIBLE_DEVICES"] == ""
    assert shown == ["There is no GPU for this class: this kernel runs on the CPU."]
