"""The ladder: type, shape, finite, range, value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xraydojo import language
from xraydojo.check.compare import compare


def rung(got, expected, **options):
    difference = compare(got, expected, **options)
    return difference and difference.rung


@pytest.mark.parametrize(
    "got",
    [
        [1, 2, 3],
        (1, 2, 3),
        np.array([1, 2, 3], "uint8"),
        np.array([1.0, 2.0, 3.0], "float32"),
        np.array([1, 2, 3]),
    ],
)
def test_lists_tuples_and_any_dtype_of_the_right_values_are_accepted(got):
    assert compare(got, np.array([1, 2, 3])) is None


def test_nothing_returned_is_told_apart_from_printing():
    assert "print" in compare(None, [1, 2]).message


def test_a_function_instead_of_its_value_is_named():
    assert "parentheses" in compare(np.mean, 3.0).message


def test_text_where_a_number_is_wanted_is_a_matter_of_type():
    assert rung("3", 3) == "type"


def test_ragged_lists_are_a_matter_of_type():
    assert rung([[1, 2], [3]], np.zeros((2, 2))) == "type"


def test_a_transposed_array_is_told():
    difference = compare(np.zeros((2, 3)), np.zeros((3, 2)))
    assert difference.rung == "shape"
    assert (
        "(3, 2)" in difference.message and "(2, 3)" in difference.message and "swapped" in difference.message
    )


def test_a_column_is_not_a_row():
    assert rung(np.zeros((3, 1)), np.zeros(3)) == "shape"


def test_nan_and_infinity_are_named_with_their_place():
    difference = compare([[1.0, np.nan], [2.0, 3.0]], [[1.0, 0.5], [2.0, 3.0]])
    assert difference.rung == "finite" and "[row 0, column 1]" in difference.message
    assert rung(np.inf, 1.0) == "finite"


def test_an_expected_nan_equals_nan():
    assert compare([np.nan, 1.0], [np.nan, 1.0]) is None


def test_values_outside_zero_to_one_are_told_before_single_values():
    difference = compare([[0.0, 128.0, 255.0]], [[0.0, 0.5, 1.0]])
    assert difference.rung == "range" and "0 to 255" in difference.message


def test_a_vector_that_happens_to_lie_between_zero_and_one_has_no_range():
    assert rung([2.0, 1.0], [1.0, 0.5]) == "value"


def test_the_first_differing_index_is_named_with_both_values():
    difference = compare([[1, 2, 3], [4, 5, 9]], [[1, 2, 3], [4, 5, 6]])
    assert difference.rung == "value"
    for piece in ("1 of 6", "[row 1, column 2]", "expected 6", "got 9"):
        assert piece in difference.message


def test_small_unsigned_integers_do_not_wrap_in_the_comparison():
    assert rung(np.array([255], "uint8"), np.array([-1])) == "value"


def test_float32_may_err_by_a_ten_thousandth_and_float64_by_a_millionth():
    assert compare(np.float32(1.00005), 1.0) is None
    assert rung(np.float32(1.0005), 1.0) == "value"
    assert compare(1.0000005, 1.0) is None
    assert rung(1.00005, 1.0) == "value"


def test_a_tuple_asks_for_as_many_values_and_names_the_part():
    assert "3 values (w, b, errors)" in compare(1.0, ([1.0], 2.0, [3]), names=("w", "b", "errors")).message
    assert rung(([1.0], 2.0), ([1.0], 2.0, [3])) == "type"
    difference = compare(([1.0], 5.0, [3]), ([1.0], 2.0, [3]), names=("w", "b", "errors"))
    assert difference.message.startswith("b: ")


def test_none_and_text_are_compared_as_they_are():
    assert compare(None, None) is None
    assert rung((0.0, 0.0), None) == "value"
    assert rung("a", "b") == "value"


def test_the_words_are_japanese_for_a_japanese_learner():
    language.use("ja")
    assert "になるはずです" in compare(3, 4).message


numbers = arrays.arrays(
    np.float64,
    arrays.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(-1e6, 1e6),
)


@given(numbers)
def test_every_array_equals_itself_and_numpys_verdict_is_ours(array):
    language.use("en")
    assert compare(array, array) is None
    changed = array.copy()
    changed.flat[-1] += 1 + abs(changed.flat[-1])
    assert (compare(changed, array) is None) == np.allclose(changed, array, rtol=1e-6, atol=1e-8)


def test_empty_arrays_are_compared_by_shape():
    assert compare(np.zeros((0, 9)), np.zeros((0, 9))) is None
    assert rung(np.zeros((0, 9)), np.zeros((2, 3))) == "shape"


def test_a_dict_is_compared_key_by_key_in_any_order():
    wanted = {"W": np.array([[1.0, 2.0]]), "b": np.array([3.0])}
    assert compare({"b": [3], "W": [[1, 2]]}, wanted) is None
    assert rung({"W": [[1, 2]]}, wanted) == "type" and "'b'" in compare({"W": [[1, 2]]}, wanted).message
    assert "'c'" in compare({"W": [[1, 2]], "b": [3], "c": 0}, wanted).message
    assert compare({"W": [[1, 9]], "b": [3]}, wanted).message.startswith("['W']")
    assert rung([1, 2], wanted) == rung(3, wanted) == "type"
    assert compare({3: 1.5}, {np.int64(3): 1.5}) is None  # class_weights may use either
