"""Batches for Keras: every film once an epoch, in a new order, masks changed as their films are."""

import keras
import numpy as np
import pytest

from xraydojo.data.pipeline import Batches


def numbered(count, shape=(4, 5)):
    """Films that hold their own number."""
    return np.full((count, *shape), np.arange(count)[:, None, None], np.float32)


def numbers(batches):
    return [int(image[0, 0, 0]) for index in range(len(batches)) for image in batches[index][0]]


def test_an_epoch_has_every_film_once_and_keeps_the_short_last_batch():
    batches = Batches(numbered(10), np.arange(10), batch_size=4)
    assert len(batches) == 3
    assert [len(batches[index][0]) for index in range(3)] == [4, 4, 2]
    assert sorted(numbers(batches)) == list(range(10))


def test_films_stay_with_their_targets():
    batches = Batches(numbered(10), 100 + np.arange(10), batch_size=3)
    for images, targets in batches:
        assert np.array_equal(images[:, 0, 0, 0] + 100, targets)


def test_each_epoch_comes_in_a_new_order_and_the_same_seed_repeats_them():
    one, same, other = (Batches(numbered(50), np.arange(50), 8, seed=seed) for seed in (3, 3, 4))
    first = numbers(one)
    assert first == numbers(same) != list(range(50))
    assert first != numbers(other)
    one.on_epoch_end()
    same.on_epoch_end()
    assert numbers(one) == numbers(same) != first


def test_films_and_masks_get_a_channel_axis_and_classes_do_not():
    images, masks = Batches(numbered(6), np.zeros((6, 4, 5), np.uint8), 2)[0]
    assert images.shape == masks.shape == (2, 4, 5, 1)
    assert images.dtype == np.float32 and masks.dtype == np.uint8
    images, classes = Batches(np.zeros((6, 4, 5, 3), np.float32), np.arange(6), 2)[0]
    assert images.shape == (2, 4, 5, 3) and classes.shape == (2,)


def test_an_augmentation_changes_the_mask_as_it_changes_the_film():
    images = np.random.default_rng(0).random((20, 6, 6), np.float32)
    masks = (images > 0.5).astype(np.uint8)

    def flip_or_not(image, mask, rng):
        return (image[:, ::-1], mask[:, ::-1]) if rng.random() < 0.5 else (image, mask)

    batches = Batches(images, masks, 7, augment=flip_or_not)
    seen = 0
    for changed, mask in batches:
        assert np.array_equal(changed > 0.5, mask.astype(bool))
        seen += sum(not (image[..., 0] == images).all((1, 2)).any() for image in changed)
    assert 0 < seen < 20


def test_an_augmentation_is_new_in_each_epoch_and_each_batch_and_repeats_with_the_seed():
    def add_noise(image, target, rng):
        return image + rng.random(), target

    one, same = (
        Batches(np.zeros((8, 2, 2), np.float32), np.zeros(8), 2, augment=add_noise) for _ in range(2)
    )
    first = [float(image[0, 0, 0]) for images, _ in one for image in images]
    # batches may be asked for in any order, from several threads
    backwards = [same[index][0] for index in (3, 2, 1, 0)][::-1]
    assert first == [float(image[0, 0, 0]) for images in backwards for image in images]
    one.on_epoch_end()
    assert len({*first, *(float(image[0, 0, 0]) for images, _ in one for image in images)}) == 16


def test_an_augmentation_in_place_leaves_the_films_as_they_are():
    images = np.ones((4, 2, 2), np.float32)

    def darken(image, target, rng):
        image *= 0
        return image, target

    assert Batches(images, np.arange(4), 2, augment=darken)[0][0].max() == 0
    assert images.min() == 1


def test_an_augmentation_in_double_precision_still_gives_float32():
    batches = Batches(
        numbered(4), np.arange(4), 2, augment=lambda image, target, rng: (image.astype(float), target)
    )
    assert batches[0][0].dtype == np.float32


def test_a_batch_beyond_the_last_is_refused():
    with pytest.raises(IndexError):
        Batches(numbered(4), np.arange(4), 2)[2]


def test_more_films_than_targets_are_refused():
    with pytest.raises(ValueError, match="4 and 3"):
        Batches(numbered(4), np.arange(3), 2)


@pytest.mark.parametrize("workers", [1, 3])
def test_keras_learns_from_every_film_once_an_epoch_in_a_new_order_each_epoch(workers):
    epochs = []

    class Watched(keras.Sequential):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            epochs[-1] += keras.ops.convert_to_numpy(y).astype(int).tolist()
            return super().compute_loss(x, y, y_pred, sample_weight, training)

    model = Watched([keras.Input((4, 5, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append([]))
    batches = Batches(np.zeros((20, 4, 5), np.float32), np.arange(20), 6, workers=workers)
    for _ in range(2):
        model.fit(batches, epochs=2, callbacks=[begin], verbose=0)
    assert [sorted(epoch) for epoch in epochs] == [list(range(20))] * 4
    assert len(set(map(tuple, epochs))) == 4


def test_keras_learns_from_batches_and_evaluates_on_them():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 40)
    images = (rng.normal(0, 0.1, (40, 4, 4)) + targets[:, None, None]).astype(np.float32)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(Batches(images, targets, 16), epochs=10, verbose=0)
    assert model.evaluate(Batches(images, targets, 16), verbose=0)[1] == 1
