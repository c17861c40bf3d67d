"""A class's folder on the hub, as `dojo hub generate` makes it."""

import pytest

from xraydojo.hub.generate import generate
from xraydojo.hub.site import Site

COURSE = """\
id: spring
title: Seminar
language: ja
address: http://127.0.0.1:8000/
timezone: Asia/Tokyo
instructors: [sensei]
learners: [hanako, {name: taro, full_name: 山田 太郎}, jiro]
units:
  - {id: 01_images, open: 2099-01-01}
  - {id: 02_perceptron, due: 2020-04-12, late: 2098-01-01}
grading:
  late_penalty: 0.0001
"""


@pytest.fixture
def site(tmp_path):
    """A hub's folder with a class in it."""
    site = Site(tmp_path / "hub")
    site.class_folder.mkdir(parents=True)
    site.course_file.write_text(COURSE, encoding="utf-8")
    generate(site, demo=True)
    return site
