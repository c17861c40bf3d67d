"""The kernels among which a learner chooses: on the CPU, as notebooks open, and on a GPU where the class has one."""

import json
import shutil
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict

# what notebooks are written for, and open with
CPU = "python3"
GPU = "xraydojo-gpu"


def lay_kernelspecs(data: Path, has_gpu: bool) -> None:
    """Write the kernelspecs into a learner's data folder of Jupyter, where they stand before those of the environment.

    Parameters
    ----------
    data : Path
    has_gpu : bool
        Whether the class has a GPU profile.
    """
    kernels = data / "kernels"
    _lay(kernels / CPU, "XrayDojo (CPU)", get_kernel_dict())
    if not has_gpu:
        shutil.rmtree(kernels / GPU, ignore_errors=True)
        return
    described = get_kernel_dict(extra_arguments=["--ext=xraydojo.hub.gpu_kernel"])
    described["metadata"] |= {"kernel_provisioner": {"provisioner_name": GPU}}
    _lay(kernels / GPU, "XrayDojo (GPU)", described)


def _lay(folder: Path, name: str, described: dict) -> None:
    # with the pictures for the launcher
    shutil.copytree(RESOURCES, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    (folder / "kernel.json").write_text(json.dumps(described | {"display_name": name}, indent=1))
