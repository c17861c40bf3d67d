"""Where downloaded, unpacked and computed data are kept."""

import os
from pathlib import Path

import platformdirs

FOLDER_VARIABLE = "XRAYDOJO_DATA"


def cache() -> Path:
    """Return the folder of cached data, made when it is missing.

    Returns
    -------
    Path
        The folder named by the environment variable ``XRAYDOJO_DATA``; without it, the user's cache folder of this
        operating system.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    folder = Path(named).expanduser() if named else platformdirs.user_cache_path("xraydojo", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()
