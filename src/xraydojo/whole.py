"""Files that are written as a whole or not at all, whoever reads them meanwhile and whatever is killed."""

import os
from pathlib import Path


def write(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a file, and the folders above it.

    Parameters
    ----------
    path : Path
        A link of this name is replaced by the file.
    content : bytes
    durable : bool
        Whether to wait until the content is on the disk, so that it is there even if the machine loses its power.

    Raises
    ------
    OSError
        If it cannot be written. What was there before still is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with whole.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(whole, path)
