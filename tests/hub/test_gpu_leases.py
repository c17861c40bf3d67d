"""The leases of GPU slots: first come, first served; nobody holds one for ever, and the dead hold none."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xraydojo.hub import gpu_leases
from xraydojo.hub.gpu_leases import IDLE, LIFE, NOTICE, OVERHEAD, TURN, Device, Leases, share

CARDS = [Device("GPU-a", "Card A", 16 * 2**30), Device("GPU-b", "Card B", 16 * 2**30)]


class Clock:
    """The time, which a test sets."""

    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def leases(tmp_path, clock, cards=CARDS[:1], slots=2):
    return Leases(tmp_path / "gpu.sqlite", cards, slots, clock)


def pass_time(held, clock, seconds, **alive):
    """Let time pass while kernels renew; ``alive`` maps learners to the seconds for which they have been idle."""
    end = clock.now + seconds
    while clock.now < end:
        clock.now = min(end, clock.now + LIFE / 2)
        answers = {name: held.ask(name, f"kernel-{name}", idle) for name, idle in alive.items()}
    return answers


def test_slots_are_handed_out_in_turn_and_who_comes_later_has_a_place(tmp_path, clock):
    held = leases(tmp_path, clock)
    answers = [held.ask(name, "k") for name in ("hanako", "taro", "jiro", "saburo")]
    assert [(each.state, each.slot, each.place) for each in answers] == [
        ("granted", 0, 0),
        ("granted", 1, 0),
        ("waiting", None, 1),
        ("waiting", None, 2),
    ]
    assert answers[0].until == clock.now + TURN


def test_two_cards_fill_evenly(tmp_path, clock):
    held = leases(tmp_path, clock, CARDS)
    used = [held.device(held.ask(name, "k").slot).id for name in "abcd"]
    assert used == ["GPU-a", "GPU-b", "GPU-a", "GPU-b"] and held.ask("e", "k").state == "waiting"


def test_the_shares_of_a_card_and_what_each_process_takes_besides_fit_on_it():
    card = Device("x", "x", 16 * 2**30)
    for slots in (1, 3, 4):
        assert 0 <= card.memory - slots * (share(card, slots) + OVERHEAD) < slots
    assert share(card, 1000) == 0


def test_asking_again_is_the_same_lease_and_the_same_place(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    first, waits, last = (held.ask(name, "k") for name in ("hanako", "taro", "jiro"))
    clock.now += 5
    assert held.ask("jiro", "k") == last
    assert held.ask("taro", "k") == waits
    assert held.ask("hanako", "k") == first


def test_what_is_given_back_goes_to_who_waited_longest(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    for name in ("hanako", "taro", "jiro"):
        held.ask(name, "k")
    held.give_back("hanako", "k")
    assert held.ask("hanako", "k").place == 2
    assert held.ask("jiro", "k").place == 1
    assert held.ask("taro", "k").slot == 0


def test_a_learner_has_one_lease_and_only_its_kernel_gives_it_back(tmp_path, clock):
    held = leases(tmp_path, clock)
    held.ask("hanako", "one")
    assert held.ask("hanako", "two").state == "elsewhere"
    held.give_back("hanako", "two")
    assert held.ask("hanako", "one").slot == 0 and len(held.all()) == 1
    held.give_back("hanako", "one")
    assert held.ask("hanako", "two").slot == 0


def test_a_lease_that_nobody_renews_is_free_after_its_life(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    held.ask("hanako", "k")
    clock.now += LIFE
    assert held.ask("taro", "k").state == "waiting"
    clock.now += 1
    assert held.ask("taro", "k").slot == 0
    assert [each.learner for each in held.all()] == ["taro"]


def test_a_place_in_the_queue_that_nobody_renews_is_gone_too(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    held.ask("hanako", "kernel-hanako")
    held.ask("dead", "k")
    held.ask("taro", "kernel-taro")
    answers = pass_time(held, clock, LIFE + 1, hanako=0, taro=0)
    assert answers["taro"].place == 1


def test_a_kernel_that_was_late_gets_its_own_slot_back_while_it_is_free(tmp_path, clock):
    held = leases(tmp_path, clock, slots=2)
    held.ask("hanako", "kernel-hanako")
    held.ask("taro", "kernel-taro")
    pass_time(held, clock, LIFE + 1, hanako=0)
    held.give_back("hanako", "kernel-hanako")
    # slot 0 is free as well; the kernel's memory is on 1
    assert held.ask("taro", "kernel-taro", slot=1).slot == 1


def test_a_turn_goes_on_while_nobody_waits(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    held.ask("hanako", "kernel-hanako")
    (answer,) = pass_time(held, clock, 10 * TURN, hanako=10 * TURN).values()
    assert answer.state == "granted" and answer.until == clock.now + NOTICE


def test_a_turn_ends_when_somebody_waits_and_is_told_before(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    held.ask("hanako", "kernel-hanako")
    assert pass_time(held, clock, TURN - NOTICE - 1, hanako=0, taro=0)["hanako"].state == "granted"
    assert pass_time(held, clock, 2, hanako=0, taro=0)["hanako"].state == "notice"
    answers = pass_time(held, clock, NOTICE, hanako=0, taro=0)
    assert answers["hanako"].state == "over" and answers["taro"].state == "waiting"
    # the slot is free when the kernel has ended, not when it was told to
    assert held.ask("taro", "kernel-taro").state == "waiting"
    held.give_back("hanako", "kernel-hanako")
    assert held.ask("taro", "kernel-taro").state == "granted"


def test_after_a_long_turn_whoever_comes_waits_no_longer_than_the_notice(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    held.ask("hanako", "kernel-hanako")
    pass_time(held, clock, 5 * TURN, hanako=0)
    assert pass_time(held, clock, LIFE, taro=0, hanako=0)["hanako"].state == "notice"
    assert pass_time(held, clock, NOTICE, taro=0, hanako=0)["hanako"].state == "over"


def test_an_idle_kernel_ends_only_for_one_who_waits(tmp_path, clock):
    held = leases(tmp_path, clock, slots=2)
    held.ask("hanako", "k", idle=IDLE)
    held.ask("taro", "k", idle=IDLE)
    assert held.ask("hanako", "k", idle=2 * IDLE).state == "granted"
    held.ask("jiro", "k")
    assert held.ask("hanako", "k", idle=IDLE - 1).state == "granted"
    assert held.ask("hanako", "k", idle=IDLE).state == "over"
    # one waits, one ends: the other idle kernel stays
    assert held.ask("taro", "k", idle=IDLE).state == "granted"
    # told is told, even if it works again
    assert held.ask("hanako", "k", idle=0).state == "over"


def test_a_restart_of_the_service_forgets_nobody_and_takes_nothing_for_dead(tmp_path, clock):
    held = leases(tmp_path, clock, slots=1)
    for name in ("hanako", "taro", "jiro"):
        held.ask(name, "k")
    clock.now += 10 * LIFE
    again = leases(tmp_path, clock, slots=1)
    assert again.ask("hanako", "k").slot == 0
    assert again.ask("jiro", "k").place == 2 and again.ask("taro", "k").place == 1


def test_a_slot_that_is_no_more_after_a_restart_is_nobodys(tmp_path, clock):
    held = leases(tmp_path, clock, CARDS)
    for name in "abcd":
        held.ask(name, "k")
    fewer = leases(tmp_path, clock, slots=1)
    assert [each.learner for each in fewer.all()] == ["a"]
    assert fewer.ask("d", "k", slot=3).state == "waiting"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "give back"]),
        st.sampled_from("abcde"),
        st.sampled_from([1, LIFE / 2, LIFE + 1, NOTICE]),
        st.sampled_from([0, IDLE]),
        st.sampled_from([None, 0, 1]),
    ),
    max_size=60,
)


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_whatever_happens_no_slot_is_held_twice_and_nobody_waits_beside_a_free_one(steps):
    clock = Clock()
    held = Leases(Path(":memory:"), CARDS[:1], 2, clock)
    for action, name, seconds, idle, slot in steps:
        clock.now += seconds
        if action == "ask":
            answer = held.ask(name, "k", idle, slot)
            slots = [each.slot for each in held.all()]
            taken = [each for each in slots if each is not None]
            assert len(set(taken)) == len(taken) and set(taken) <= {0, 1}
            assert None not in slots or len(taken) == 2
            assert (answer.slot is None) == (answer.state == "waiting")
            assert answer.state != "over" or None in slots
        else:
            held.give_back(name, "k")
            assert name not in [each.learner for each in held.all()]


ASK = """
import sys
from pathlib import Path
from xraydojo.hub.gpu_leases import Device, Leases
leases = Leases(Path(sys.argv[1]), [Device("x", "x", 1)], 3)
print([leases.ask(f"{sys.argv[2]}{number}", "k").slot for number in range(20)])
"""


def test_two_processes_never_grant_one_slot_twice(tmp_path):
    path = tmp_path / "gpu.sqlite"
    Leases(path, CARDS[:1], 3)
    running = [
        subprocess.Popen([sys.executable, "-c", ASK, path, name], stdout=subprocess.PIPE) for name in "ab"
    ]
    slots = [slot for process in running for slot in eval(process.communicate()[0]) if slot is not None]
    assert sorted(slots) == [0, 1, 2]


def stand_in(tmp_path, monkeypatch, script):
    """Put a stand-in for NVIDIA's tool in the place where it is looked for."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=":")


def test_devices_are_what_nvidias_tool_says(tmp_path, monkeypatch):
    # as `nvidia-smi --query-gpu=uuid,name,memory.total --format=csv,noheader,nounits` prints it
    said = "GPU-7c1f2a34-0b5d-4d3e-9f10-8a2b6c7d8e9f, NVIDIA H200, 143771"
    stand_in(tmp_path, monkeypatch, f"echo '{said}'")
    (card,) = gpu_leases.devices()
    assert card == Device("GPU-7c1f2a34-0b5d-4d3e-9f10-8a2b6c7d8e9f", "NVIDIA H200", 143771 * 2**20)


@pytest.mark.parametrize("script", ["echo 'No devices were found'; exit 6", "exit 9"])
def test_a_tool_without_a_driver_means_no_devices(tmp_path, monkeypatch, script):
    stand_in(tmp_path, monkeypatch, script)
    assert gpu_leases.devices() == []


def test_without_the_tool_there_are_no_devices(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_leases.devices() == []
