"""The demo hub before it starts: a class of its own, on ports that are free."""

import socket

import pytest

from xraydojo import DojoError
from xraydojo.hub import demo
from xraydojo.hub.site import Site


def test_a_demo_keeps_its_address_and_says_when_another_program_has_it(tmp_path):
    site = Site(tmp_path)
    course, ports = demo._class(site)
    assert len({*vars(ports).values()}) == 5
    assert course.address.rstrip("/").endswith(f":{ports.public}")
    assert demo._class(site)[1].public == ports.public
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports.public))
        other.listen()
        with pytest.raises(DojoError, match=rf"port {ports.public} is taken .* {site.course_file}"):
            demo._class(site)
