"""Unit 11's functions, vectorised: boxes, anchors, the loss of a region proposal network, suppression and FROC.

Boxes are (x1, y1, x2, y2): edges, half-open, pixel j covers [j, j + 1). Papers: R. Girshick et al. (CVPR 2014), R. Girshick (ICCV 2015), S. Ren et
al. (NIPS 2015).
"""

import numpy as np
from keras import ops


def box_iou(a, b):
    """Return the intersection over union of every box of one list with every box of another.

    Parameters
    ----------
    a, b : array_like, shapes (N, 4) and (M, 4)

    Returns
    -------
    ndarray, shape (N, M)
        0 where the union has no area.
    """
    a, b = _boxes(a)[:, None], _boxes(b)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    intersection = np.prod(np.clip(sides, 0, None), axis=-1)
    union = _areas(a) + _areas(b) - intersection
    return np.divide(intersection, union, out=np.zeros(union.shape), where=union > 0)


def make_anchors(shape, stride, scales, ratios):
    """Return the anchors of a feature map, ordered by row, column, scale and ratio, not cut at the border.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the feature map.
    stride : int
        Pixels of the film from one cell of the map to the next.
    scales : sequence of float
        Square roots of the areas, in pixels.
    ratios : sequence of float
        Height over width.

    Returns
    -------
    ndarray, shape (rows * columns * len(scales) * len(ratios), 4)
    """
    y, x, scale, ratio = np.meshgrid(
        (np.arange(shape[0]) + 0.5) * stride,
        (np.arange(shape[1]) + 0.5) * stride,
        np.asarray(scales, float),
        np.asarray(ratios, float),
        indexing="ij",
    )
    half_width, half_height = scale / np.sqrt(ratio) / 2, scale * np.sqrt(ratio) / 2
    edges = [x - half_width, y - half_height, x + half_width, y + half_height]
    return np.stack(edges, axis=-1).reshape(-1, 4)


def encode_boxes(anchors, boxes):
    """Return how each anchor must move and grow to become its box: (dx, dy, ln w, ln h), relative to the anchor.

    Parameters
    ----------
    anchors, boxes : array_like, shape (N, 4)
        In pairs.
    """
    middle, size = _middles_and_sizes(anchors)
    wanted_middle, wanted_size = _middles_and_sizes(boxes)
    return np.concatenate([(wanted_middle - middle) / size, np.log(wanted_size / size)], axis=1)


def decode_boxes(anchors, t):
    """Return the boxes that the anchors become; the inverse of `encode_boxes`."""
    middle, size = _middles_and_sizes(anchors)
    t = _boxes(t)
    new_middle, new_size = middle + t[:, :2] * size, size * np.exp(t[:, 2:])
    return np.concatenate([new_middle - new_size / 2, new_middle + new_size / 2], axis=1)


def match_anchors(anchors, boxes, hi, lo):
    """Say which anchors are to learn an object, which background, and which nothing (S. Ren et al., section 3.1.2).

    Parameters
    ----------
    anchors, boxes : array_like, shapes (N, 4) and (M, 4)
    hi, lo : float
        At least `hi` is an object, less than `lo` is background.

    Returns
    -------
    labels : ndarray of int, shape (N,)
        1 object, 0 background, -1 ignored. The best anchors of each box are objects in any case.
    matched : ndarray of int, shape (N,)
        The box of greatest overlap; -1 where there is no box.
    """
    iou = box_iou(anchors, boxes)
    if iou.shape[1] == 0:
        return np.zeros(len(iou), int), np.full(len(iou), -1)
    best = iou.max(axis=1)
    labels = np.where(best >= hi, 1, np.where(best < lo, 0, -1))
    labels[((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)] = 1
    return labels, iou.argmax(axis=1)


def smooth_l1(d):
    """Return d²/2 where |d| < 1, else |d| - 1/2; NumPy arrays and tensors alike."""
    size = abs(d)
    module = np if isinstance(size, (np.ndarray, np.generic, float, int)) else ops
    return module.where(size < 1, 0.5 * d * d, size - 0.5)


def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    """Return the loss of a region proposal network, as a scalar tensor.

    Parameters
    ----------
    p : tensor, shape (N,)
        Probability of an object, one an anchor.
    t, targets : tensor, shape (N, 4)
        Offsets as they are and as they should be.
    labels : tensor, shape (N,)
        1 object, 0 background, -1 ignored.
    l1, l2 : float
        Weights of classification (the mean over labels that are not -1) and of regression (the sum over objects, divided by N).
    """
    p, t, targets = (ops.convert_to_tensor(value, "float32") for value in (p, t, targets))
    labels = ops.cast(labels, "float32")
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counted, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    classification = ops.sum(-ops.log(right) * counted) / ops.maximum(ops.sum(counted), 1)
    regression = ops.sum(ops.sum(smooth_l1(t - targets), axis=1) * objects) / labels.shape[0]
    return l1 * classification + l2 * regression


def nms(boxes, scores, thr):
    """Return the boxes to keep, by falling score: none overlaps a better one that is kept by more than `thr`.

    Parameters
    ----------
    boxes : array_like, shape (N, 4)
    scores : array_like, shape (N,)
        Of equal ones, the lower index comes first.
    thr : float

    Returns
    -------
    ndarray of int
    """
    waiting, kept = np.argsort(-np.asarray(scores, float), kind="stable"), []
    iou = box_iou(boxes, boxes)
    while len(waiting):
        best, rest = waiting[0], waiting[1:]
        kept.append(best)
        waiting = rest[iou[best, rest] <= thr]
    return np.array(kept, int)


def froc(detections, lesions):
    """Return the free-response curve: false positives a film against the share of lesions found.

    Parameters
    ----------
    detections : sequence of array_like, shape (K, 5)
        For each film: boxes and scores. A hit has its centre inside a lesion's box.
    lesions : sequence of array_like, shape (M, 4)
        For each film: boxes; none is an empty array.

    Returns
    -------
    fp_per_film, sensitivity, thresholds : ndarray
        One point for each distinct score, falling. A lesion counts once; further hits are neither true nor false. Without any lesion the sensitivity
        is nan.
    """
    false, found, count = [], [], 0
    for film, boxes in zip(detections, lesions):
        film, boxes = np.asarray(film, float).reshape(-1, 5), _boxes(boxes)
        x, y, score = (film[:, 0] + film[:, 2]) / 2, (film[:, 1] + film[:, 3]) / 2, film[:, 4]
        inside = ((x >= boxes[:, :1]) & (x < boxes[:, 2:3]) & (y >= boxes[:, 1:2]) & (y < boxes[:, 3:])).T
        false.append(score[~inside.any(axis=1)])
        best = np.where(inside, score[:, None], -np.inf).max(axis=0, initial=-np.inf)
        found.append(best)
        count += len(boxes)
    false, found = (np.concatenate([np.empty(0), *parts]) for parts in (false, found))
    scores = [np.asarray(film, float).reshape(-1, 5)[:, 4] for film in detections]
    thresholds = np.unique(np.concatenate([np.empty(0), *scores]))[::-1]
    fp_per_film = (false[:, None] >= thresholds).sum(axis=0) / max(len(detections), 1)
    hits = (found[:, None] >= thresholds).sum(axis=0)
    return fp_per_film, hits / count if count else np.full(len(thresholds), np.nan), thresholds


def _boxes(boxes):
    return np.asarray(boxes, float).reshape(-1, 4)


def _areas(boxes):
    return np.prod(np.clip(boxes[..., 2:] - boxes[..., :2], 0, None), axis=-1)


def _middles_and_sizes(boxes):
    boxes = _boxes(boxes)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
