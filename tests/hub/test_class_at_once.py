"""Twenty learners at once, while hub, proxy, pages and grading are each killed once."""

from tests.hub.load import measure


def test_all_get_a_server_all_submit_none_is_lost_and_none_counts_twice():
    measured = measure(20)
    assert measured["servers"] == 20
    assert len(measured["killed"]) == 4
    # one submission each, though every lost reply was asked for again
    assert measured["submissions"] == measured["graded"] == measured["full marks"] == 20
