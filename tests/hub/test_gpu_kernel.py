"""What a GPU kernel does: each library is held to its share of memory from its import on, and kernels stand where learners look for them."""

import json
import os
import subprocess
import sys

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerFactory

from tests.hub.conftest import COURSE
from xraydojo.hub.generate import generate
from xraydojo.hub.kernelspecs import CPU, GPU, lay_kernelspecs
from xraydojo.hub.learner import prepare

SHARE = 4 * 10**9

TENSORFLOW = """
calls = []
class config:
    LogicalDeviceConfiguration = lambda memory_limit: memory_limit
    list_physical_devices = lambda kind: [f"{kind}:0"]
    set_logical_device_configuration = lambda device, limits: calls.append([device, limits])
"""
TORCH = """
calls = []
class cuda:
    is_available = lambda: True
    get_device_properties = lambda device: type("Properties", (), {"total_memory": 16 * 10**9})
    def set_per_process_memory_fraction(fraction):
        assert isinstance(fraction, float)  # PyTorch takes nothing else
        calls.append(fraction)
"""


def python(code, *path, **environment):
    """Run code in a process in which the share is held, with stand-ins first on the path; return what it prints."""
    begin = f"import json, sys; from xraydojo.hub.gpu_kernel import hold_to; hold_to({SHARE})\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def stand_ins(tmp_path):
    (tmp_path / "tensorflow.py").write_text(TENSORFLOW)
    (tmp_path / "torch.py").write_text(TORCH)
    return tmp_path


def test_nothing_is_imported_before_the_learner_does(stand_ins):
    assert (
        python("print(json.dumps([n for n in ('tensorflow', 'torch') if n in sys.modules]))", stand_ins) == []
    )


def test_tensorflow_gets_a_logical_device_of_its_share_at_its_import(stand_ins):
    # TensorFlow counts in units of 2 ** 20 bytes
    said = python("import tensorflow; print(json.dumps(tensorflow.calls))", stand_ins)
    assert said == [["GPU:0", [3814]]]


def test_torch_gets_the_fraction_that_is_its_share_at_its_import(stand_ins):
    assert python("import torch; print(json.dumps(torch.calls))", stand_ins) == [0.25]


def test_looking_for_a_library_and_importing_it_twice_changes_nothing(stand_ins):
    code = "import importlib.util; importlib.util.find_spec('torch'); import torch; import torch as again; print(json.dumps(again.calls))"
    assert python(code, stand_ins) == [0.25]


def test_a_library_that_is_not_there_is_missing_as_ever(stand_ins):
    (stand_ins / "torch.py").write_text("raise ImportError('broken')")
    code = "\ntry:\n    import torch\nexcept ImportError as error:\n    print(json.dumps(str(error)))"
    assert python(code, stand_ins) == "broken"


def test_a_library_that_cannot_be_held_is_imported_all_the_same_and_it_is_said(stand_ins):
    (stand_ins / "torch.py").write_text(
        "class cuda:\n    def is_available(): raise RuntimeError('no driver')"
    )
    code = (
        "import warnings\nwith warnings.catch_warnings(record=True) as said:\n    import torch\n"
        "print(json.dumps([str(each.message) for each in said]))"
    )
    (said,) = python(code, stand_ins, LANG="C.UTF-8", LC_ALL="")
    assert said == "torch could not be held to its share of the GPU's memory: no driver"


def test_the_real_tensorflow_takes_the_share():
    pytest.importorskip("tensorflow")
    # a GPU is declared to TensorFlow after its import, as this machine may have none; then it is asked what it would do
    code = f"""
import tensorflow as tf
from tensorflow.python.eager import context
from xraydojo.hub.gpu_kernel import _limit_tensorflow
known = context.context()
tf.config.list_physical_devices()
gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
known._physical_devices.append(gpu)
_limit_tensorflow(tf, {SHARE})
print(json.dumps([each.memory_limit for each in tf.config.get_logical_device_configuration(gpu)]))
"""
    assert python(code, CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3") == [3814]


def test_the_real_jax_reads_its_share_from_the_environment():
    pytest.importorskip("jaxlib")
    code = (
        "from jaxlib.xla_client import generate_pjrt_gpu_plugin_options as options\n"
        "print(json.dumps({k: v for k, v in options().items() if k in ('memory_fraction', 'preallocate')}))"
    )
    said = python(code, XLA_PYTHON_CLIENT_MEM_FRACTION="0.209", XLA_PYTHON_CLIENT_PREALLOCATE="false")
    assert said == {"memory_fraction": 0.209, "preallocate": False}


def specs(data, monkeypatch):
    """Return the names of the kernels that a server with this data folder offers, by id."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(data))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    found = KernelSpecManager().get_all_specs()
    return {id: each["spec"]["display_name"] for id, each in found.items()}


def test_notebooks_open_on_the_cpu_and_a_gpu_can_be_chosen_where_the_class_has_one(tmp_path, monkeypatch):
    lay_kernelspecs(tmp_path, has_gpu=True)
    lay_kernelspecs(tmp_path, has_gpu=True)
    # what the released notebooks name
    assert specs(tmp_path, monkeypatch) == {"python3": "XrayDojo (CPU)", GPU: "XrayDojo (GPU)"}
    lay_kernelspecs(tmp_path, has_gpu=False)
    assert specs(tmp_path, monkeypatch) == {CPU: "XrayDojo (CPU)"}


def test_the_gpu_kernel_is_started_by_our_provisioner_which_is_installed(tmp_path, monkeypatch):
    lay_kernelspecs(tmp_path, has_gpu=True)
    specs(tmp_path, monkeypatch)
    kernel = KernelSpecManager().get_kernel_spec(GPU)
    assert kernel.metadata["kernel_provisioner"]["provisioner_name"] == GPU
    assert KernelProvisionerFactory.instance().is_provisioner_available(kernel)


@pytest.mark.parametrize("has_gpu", [True, False])
def test_a_learner_gets_the_kernels_of_the_class(site, tmp_path, has_gpu):
    from tests.hub.test_generate import read

    profiles = "profiles:\n  gpu: {memory: 8G, cores: 2, slots: 4}\n"
    site.course_file.write_text(COURSE + profiles * has_gpu, encoding="utf-8")
    generate(site, demo=True)
    told = json.loads(read(site.config).Spawner.environment["XRAYDOJO_CLASS"](None))
    leases = "http://127.0.0.1:8091/services/dojo/gpu"
    assert told["gpu"] == ({"leases": leases, "memory": 8 * 2**30, "cores": 2} if has_gpu else None)
    prepare(tmp_path, told)
    kernels = tmp_path / "XrayDojo" / ".lab" / "ja" / "data" / "kernels"
    assert {each.name for each in kernels.iterdir()} == ({CPU, GPU} if has_gpu else {CPU})
