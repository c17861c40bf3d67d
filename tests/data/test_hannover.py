"""The films of Hannover: a folder in the layout of the repository, and what is found wrong in one."""

import numpy as np
import pytest
from PIL import Image

from xraydojo.data import FilmsError, load_hannover

HEADER = "patient_id,image_id,sex,age,size,weight,admission_offset,modality,projection,crp_val\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path / "cache"))
    place = tmp_path / "covid-19-image-repository-master"
    (place / "png").mkdir(parents=True)
    rows = [HEADER]
    for number in range(12):
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (20 + number, 30), np.uint8)).save(
            place / "png" / f"{number:08x}.png"
        )
        rows.append(f"p{number // 3},{number:08x},m,,,,0,CR,{'ap' if number % 2 else 'pa'},5.0\n")
    (place / "data.csv").write_text("".join(rows))
    return tmp_path


def test_projections_are_the_classes_and_patients_stay_together(folder):
    split = load_hannover(folder, size=(16, 24))
    parts = (split.train, split.validation, split.test)
    assert sum(map(len, parts)) == 12 and split.test.images.shape[1:] == (16, 24)
    assert split.train.classes == ("ap", "pa")
    for part in parts:
        assert [int(name[-5], 16) % 2 == 0 for name in part.names] == (part.targets == 1).tolist()
        assert all(part.patients.count(patient) == 3 for patient in part.patients)
    assert "Winther" in split.citation


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda place: (place / "png" / "00000003.png").unlink(), "png/00000003.png"),
        (lambda place: (place / "data.csv").write_text(HEADER), "data.csv, line 1"),
        (
            lambda place: (place / "data.csv").write_text(HEADER + "p,00000001,m,,,,0,CR,lateral,1\n"),
            "data.csv, line 2",
        ),
        (lambda place: (place / "data.csv").unlink(), "data.csv"),
        (lambda place: (place / "png" / "00000002.png").write_bytes(b"\x89PNG"), "00000002.png"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(folder, spoil, said):
    spoil(folder / "covid-19-image-repository-master")
    with pytest.raises(FilmsError) as error:
        load_hannover(folder)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_without_the_films_the_command_to_get_them_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path))
    with pytest.raises(FilmsError, match="dojo data fetch Hannover"):
        load_hannover()
