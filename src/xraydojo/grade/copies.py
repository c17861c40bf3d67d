"""Objects that a test hands over by copy: as plain data that the learner's process makes the object from again."""

import copy
import io
import json
import sys

import numpy as np

from xraydojo.check.models import is_keras
from xraydojo.grade.wire import Handle, WireError

# a copy is kept by nobody
_NOBODY = 0


def copied(value) -> Handle | None:
    """Return what makes a copy of an object on the other side; None for an object that is not handed over by copy."""
    if isinstance(value, np.random.Generator):
        return Handle(_NOBODY, "generator", {"state": value.bit_generator.state})
    if is_dataset(value):
        return Handle(_NOBODY, "dicom", _written(value))
    if is_keras(value, "Model"):
        return Handle(_NOBODY, "model", _described(value))
    if is_tensor(value):
        return Handle(_NOBODY, "tensor", {"array": np.asarray(value)})
    return None


def from_copy(handle: Handle):
    """Return the object that `copied` described. To be called where the other side is trusted: in the learner's process."""
    match handle.kind:
        case "generator":
            state = handle.facts["state"]
            made = getattr(np.random, state["bit_generator"])()
            made.state = state
            return np.random.Generator(made)
        case "dicom":
            return _read(handle.facts)
        case "model":
            return _built(handle.facts)
        case "tensor":
            return sys.modules["keras"].ops.convert_to_tensor(handle.facts["array"])
    raise WireError("a copy of nothing known")


def move_on(generator: np.random.Generator) -> None:
    """Move a generator on as if the other side's copy had drawn from it, far beyond any of its draws.

    How much was drawn there is not believed: who could set the state would choose the cases that follow.
    """
    bits = generator.bit_generator
    if hasattr(bits, "jumped"):
        bits.state = bits.jumped().state
    else:
        generator.bytes(1_000_003)


def is_dataset(value) -> bool:
    """Tell whether a value is a DICOM dataset."""
    # asked without importing pydicom, which most units do without
    pydicom = sys.modules.get("pydicom")
    return pydicom is not None and isinstance(value, pydicom.Dataset)


def is_tensor(value) -> bool:
    """Tell whether a value is a tensor of Keras's backend, and not a symbolic one."""
    keras = sys.modules.get("keras")
    return keras is not None and keras.ops.is_tensor(value) and not is_keras(value, "KerasTensor")


def _described(model) -> dict:
    """Return a model's architecture, weights and, when it is compiled, what it was compiled with."""
    compiled = model.get_compile_config() if model.compiled else None
    return {
        "config": model.to_json(),
        "weights": model.get_weights(),
        "compiled": json.dumps(compiled) if compiled else None,
    }


def _built(described: dict):
    import keras

    model = keras.models.model_from_json(described["config"])
    model.set_weights(described["weights"])
    if described["compiled"]:
        model.compile_from_config(json.loads(described["compiled"]))
    return model


def _written(dataset) -> dict:
    """Return a dataset in explicit little-endian DICOM (PS3.5 A.2), and its file meta information."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    written = {}
    for name, part in (("data", dataset), ("meta", getattr(dataset, "file_meta", None))):
        if part is not None:
            file = DicomBytesIO()
            file.is_little_endian, file.is_implicit_VR = True, False
            # writing settles ambiguous value representations in the dataset itself
            write_dataset(file, copy.deepcopy(part))
            written[name] = file.getvalue()
    return written


def _read(written: dict):
    from pydicom.dataset import FileMetaDataset
    from pydicom.filereader import read_dataset

    dataset = read_dataset(io.BytesIO(written["data"]), is_implicit_VR=False, is_little_endian=True)
    if "meta" in written:
        meta = read_dataset(io.BytesIO(written["meta"]), is_implicit_VR=False, is_little_endian=True)
        dataset.file_meta = FileMetaDataset(meta)
    return dataset
