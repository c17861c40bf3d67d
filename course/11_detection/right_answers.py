"""Other correct solutions of unit 11."""

# %% exercise="box_iou" right="two_loops"
def box_iou(a, b):
    table = np.zeros((len(a), len(b)))
    for n in range(len(a)):
        for m in range(len(b)):
            w = min(a[n][2], b[m][2]) - max(a[n][0], b[m][0])
            h = min(a[n][3], b[m][3]) - max(a[n][1], b[m][1])
            if w > 0 and h > 0:
                areas = sum((q[2] - q[0]) * (q[3] - q[1]) for q in (a[n], b[m]))
                table[n, m] = w * h / (areas - w * h)
    return table

# %% exercise="box_iou" right="both_axes_at_once"
def box_iou(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    sides = np.clip(np.minimum.outer(a[:, 2], b[:, 2]) - np.maximum.outer(a[:, 0], b[:, 0]), 0, None)
    sides = sides * np.clip(np.minimum.outer(a[:, 3], b[:, 3]) - np.maximum.outer(a[:, 1], b[:, 1]), 0, None)
    union = np.add.outer(np.prod(a[:, 2:] - a[:, :2], axis=1), np.prod(b[:, 2:] - b[:, :2], axis=1)) - sides
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(sides / union)

# %% exercise="box_iou" right="keras_ops"
def box_iou(a, b):
    a = ops.expand_dims(ops.convert_to_tensor(np.asarray(a, float)), 1)
    b = ops.expand_dims(ops.convert_to_tensor(np.asarray(b, float)), 0)
    sides = ops.relu(ops.minimum(a[..., 2:], b[..., 2:]) - ops.maximum(a[..., :2], b[..., :2]))
    both = ops.prod(sides, axis=-1)
    either = ops.prod(a[..., 2:] - a[..., :2], axis=-1) + ops.prod(b[..., 2:] - b[..., :2], axis=-1) - both
    return ops.convert_to_numpy(ops.where(either > 0, both / ops.maximum(either, 1e-12), 0.0))

# %% exercise="make_anchors" right="meshgrid"
def make_anchors(shape, stride, scales, ratios):
    x, y = np.meshgrid((np.arange(shape[1]) + 0.5) * stride, (np.arange(shape[0]) + 0.5) * stride)
    s, r = np.repeat(scales, len(ratios)), np.tile(np.asarray(ratios, float), len(scales))
    half = np.stack([s / np.sqrt(r), s * np.sqrt(r)], axis=1) / 2
    middles = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
    return np.concatenate([middles - half, middles + half], axis=-1).reshape(-1, 4)

# %% exercise="make_anchors" right="product_of_lists"
def make_anchors(shape, stride, scales, ratios):
    from itertools import product

    boxes = []
    for i, j, s, r in product(range(shape[0]), range(shape[1]), scales, ratios):
        w = (s * s / r) ** 0.5
        h = w * r
        left, top = stride * j + stride / 2 - w / 2, stride * i + stride / 2 - h / 2
        boxes.append((left, top, left + w, top + h))
    return boxes

# %% exercise="make_anchors" right="one_cell_shifted"
def make_anchors(shape, stride, scales, ratios):
    cell = np.array([[-s / r**0.5, -s * r**0.5, s / r**0.5, s * r**0.5] for s in scales for r in ratios]) / 2 + stride / 2
    i, j = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    shift = np.stack([j, i, j, i], axis=1) * stride
    return (shift[:, None, :] + cell[None]).reshape(-1, 4)

# %% exercise="encode_boxes" right="row_by_row"
def encode_boxes(anchors, boxes):
    rows = []
    for (a1, a2, a3, a4), (b1, b2, b3, b4) in zip(anchors, boxes):
        w, h = a3 - a1, a4 - a2
        rows.append([((b1 + b3) - (a1 + a3)) / 2 / w, ((b2 + b4) - (a2 + a4)) / 2 / h, np.log((b3 - b1) / w), np.log((b4 - b2) / h)])
    return rows

# %% exercise="encode_boxes" right="columns"
def encode_boxes(anchors, boxes):
    ax1, ay1, ax2, ay2 = np.asarray(anchors, float).T
    x1, y1, x2, y2 = np.asarray(boxes, float).T
    wa, ha = ax2 - ax1, ay2 - ay1
    return np.column_stack([(x1 + x2 - ax1 - ax2) / (2 * wa), (y1 + y2 - ay1 - ay2) / (2 * ha),
                            np.log(x2 - x1) - np.log(wa), np.log(y2 - y1) - np.log(ha)])

# %% exercise="encode_boxes" right="keras_ops"
def encode_boxes(anchors, boxes):
    a, b = ops.convert_to_tensor(np.asarray(anchors, "float64")), ops.convert_to_tensor(np.asarray(boxes, "float64"))
    to_middle = np.array([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]])
    a, b = ops.matmul(a, to_middle), ops.matmul(b, to_middle)
    return ops.concatenate([(b[:, :2] - a[:, :2]) / a[:, 2:], ops.log(b[:, 2:] / a[:, 2:])], axis=1)

# %% exercise="decode_boxes" right="row_by_row"
def decode_boxes(anchors, t):
    rows = []
    for (x1, y1, x2, y2), (tx, ty, tw, th) in zip(anchors, t):
        x, y = (x1 + x2) / 2 + tx * (x2 - x1), (y1 + y2) / 2 + ty * (y2 - y1)
        w, h = (x2 - x1) * np.exp(tw), (y2 - y1) * np.exp(th)
        rows.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return rows

# %% exercise="decode_boxes" right="columns"
def decode_boxes(anchors, t):
    x1, y1, x2, y2 = np.asarray(anchors, float).T
    tx, ty, tw, th = np.asarray(t, float).T
    w, h = x2 - x1, y2 - y1
    return np.stack([x1 + w * (0.5 + tx - np.exp(tw) / 2), y1 + h * (0.5 + ty - np.exp(th) / 2),
                     x1 + w * (0.5 + tx + np.exp(tw) / 2), y1 + h * (0.5 + ty + np.exp(th) / 2)], axis=-1)

# %% exercise="decode_boxes" right="signs_by_tile"
def decode_boxes(anchors, t):
    anchors, t = np.array(anchors, dtype=float), np.array(t, dtype=float)
    size = np.tile(anchors[:, 2:] - anchors[:, :2], 2)
    middle = np.tile(anchors[:, :2] + anchors[:, 2:], 2) / 2
    return middle + size * (np.tile(t[:, :2], 2) + np.array([-0.5, -0.5, 0.5, 0.5]) * np.exp(np.tile(t[:, 2:], 2)))

# %% exercise="match_anchors" right="anchor_by_anchor"
def match_anchors(anchors, boxes, hi, lo):
    table = [[float(box_iou(anchors[n:n + 1], boxes[m:m + 1])[0][0]) for m in range(len(boxes))] for n in range(len(anchors))]
    tops = [max(row[m] for row in table) for m in range(len(boxes))]
    labels, matched = [], []
    for row in table:
        best = max(row, default=0.0)
        forced = any(value == top and value > 0 for value, top in zip(row, tops))
        labels.append(1 if forced or best >= hi and row else 0 if best < lo else -1)
        matched.append(row.index(best) if row else -1)
    return labels, matched

# %% exercise="match_anchors" right="without_loops"
def match_anchors(anchors, boxes, hi, lo):
    n = len(anchors)
    if np.size(boxes) == 0:
        return np.zeros(n, np.int64), -np.ones(n, np.int64)
    iou = np.asarray(box_iou(anchors, boxes))
    forced = np.any((iou >= iou.max(axis=0, keepdims=True)) & (iou > 0), axis=1)
    best = np.max(iou, axis=1)
    return np.select([forced | (best >= hi), best < lo], [1, 0], -1), np.argmax(iou, axis=1)

# %% exercise="match_anchors" right="arithmetic_of_truth_values"
def match_anchors(anchors, boxes, hi, lo):
    iou = np.hstack([np.asarray(box_iou(anchors, boxes)).reshape(len(anchors), len(boxes)), np.zeros((len(anchors), 1))])
    best = iou.max(axis=1)
    labels = (best >= hi) * 2 + (best < lo) * 1 - 1
    n, m = np.nonzero((iou == iou.max(axis=0)) & (iou > 0))
    labels[n] = 1
    if len(boxes) == 0:
        return 0 * labels, [-1] * len(anchors)
    return list(labels), iou[:, :-1].argmax(axis=1).tolist()

# %% exercise="smooth_l1" right="numpy"
def smooth_l1(d):
    d = np.abs(np.asarray(d, float))
    return np.where(d < 1, d**2 / 2, d - 0.5)

# %% exercise="smooth_l1" right="one_formula"
def smooth_l1(d):
    size = ops.abs(d)
    inner = ops.minimum(size, 1)
    return inner * (size - inner / 2)

# %% exercise="smooth_l1" right="one_by_one"
def smooth_l1(d):
    result = np.zeros(np.shape(d))
    for place, value in np.ndenumerate(d):
        result[place] = value * value / 2 if -1 < value < 1 else abs(value) - 0.5
    return result

# %% exercise="rpn_loss" right="equation_by_equation"
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    star = ops.cast(labels == 1, "float32")
    counts = ops.cast(labels != -1, "float32")
    equation_5 = -ops.log(ops.maximum(star * p + (1 - star) * (1 - p), 1e-7))
    d = ops.abs(t - targets)
    equation_7 = ops.where(d < 1, ops.square(d) / 2, d - 0.5)
    equation_6 = ops.sum(equation_7, axis=-1)
    n_cls = ops.sum(counts)
    first = ops.where(n_cls > 0, ops.sum(counts * equation_5) / ops.maximum(n_cls, 1), 0.0)
    return l1 * first + l2 * ops.mean(star * equation_6)

# %% exercise="rpn_loss" right="einsum_and_a_sum_of_two_logarithms"
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    objects = ops.cast(ops.equal(labels, 1), "float32")
    background = ops.cast(ops.equal(labels, 0), "float32")
    logs = objects * ops.log(ops.clip(p, 1e-7, 1)) + background * ops.log(ops.clip(1 - p, 1e-7, 1))
    d = ops.abs(ops.subtract(t, targets))
    inner = ops.minimum(d, 1.0)
    pull = ops.einsum("n,nj->", objects, inner * (d - 0.5 * inner))
    return -l1 * ops.sum(logs) / ops.maximum(ops.sum(objects) + ops.sum(background), 1.0) + l2 * pull / float(len(labels))

# %% exercise="rpn_loss" right="losses_of_keras"
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    labels = np.asarray(labels)
    weights = (labels >= 0) / max((labels >= 0).sum(), 1)
    first = ops.sum(ops.binary_crossentropy(ops.convert_to_tensor((labels == 1).astype("float32")), ops.clip(p, 1e-7, 1 - 1e-7)) * weights.astype("float32"))
    second = ops.sum(keras.losses.Huber(delta=1.0, reduction=None)(targets, t) * 4 * (labels == 1).astype("float32"))
    return l1 * first + l2 * second / len(labels)

# %% exercise="nms" right="crossing_out"
def nms(boxes, scores, thr):
    iou = np.asarray(box_iou(boxes, boxes)).reshape(len(boxes), len(boxes))
    out, kept = set(), []
    for k in sorted(range(len(boxes)), key=lambda k: (-scores[k], k)):
        if k not in out:
            kept.append(k)
            out |= {j for j in range(len(boxes)) if iou[k, j] > thr}
    return kept

# %% exercise="nms" right="asks_the_kept_ones"
def nms(boxes, scores, thr):
    kept = []
    for k in np.argsort(-np.asarray(scores, float), kind="stable"):
        if not kept or np.max(box_iou(boxes[k][None], boxes[kept])) <= thr:
            kept.append(int(k))
    return np.array(kept, int)

# %% exercise="nms" right="recursion"
def nms(boxes, scores, thr):
    def go_on(left):
        if len(left) == 0:
            return []
        best = left[np.argmax(scores[left])]
        overlap = np.asarray(box_iou(boxes[[best]], boxes[left]))[0]
        return [best] + go_on(left[(overlap <= thr) & (left != best)])

    return tuple(go_on(np.arange(len(boxes))))

# %% exercise="froc" right="mark_by_mark"
def froc(detections, lesions):
    thresholds = sorted({float(s) for film in detections for s in film[:, 4]}, reverse=True)
    count = sum(len(boxes) for boxes in lesions)
    false, found = [], []
    for threshold in thresholds:
        wrong, seen = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, seen = wrong + (not inside), seen | inside
        false.append(wrong / len(detections))
        found.append(len(seen) / count if count else float("nan"))
    return false, found, thresholds

# %% exercise="froc" right="best_score_of_each_lesion"
def froc(detections, lesions):
    wrong, best = [], []
    for film, boxes in zip(detections, lesions):
        film, boxes = np.asarray(film, float).reshape(-1, 5), np.asarray(boxes, float).reshape(-1, 4)
        x, y = film[:, [0, 2]].mean(axis=1), film[:, [1, 3]].mean(axis=1)
        inside = (x >= boxes[:, [0]]) & (x < boxes[:, [2]]) & (y >= boxes[:, [1]]) & (y < boxes[:, [3]])
        wrong.extend(film[~inside.any(axis=0), 4])
        best.extend(np.where(inside, film[:, 4], -1e9).max(axis=1, initial=-1e9))
    cuts = np.unique(np.concatenate([np.asarray(film)[:, 4] for film in detections]))[::-1]
    false = np.array([np.sum(np.array(wrong) >= cut) for cut in cuts]) / len(detections)
    share = [np.mean(np.array(best) >= cut) if best else np.nan for cut in cuts]
    return false, np.array(share), cuts

# %% exercise="froc" right="running_counts"
def froc(detections, lesions):
    marks = sorted(((float(row[4]), i, (row[0] + row[2]) / 2, (row[1] + row[3]) / 2) for i, film in enumerate(detections) for row in film), reverse=True)
    total, false, found, points = sum(map(len, lesions)), 0, set(), {}
    for s, i, x, y in marks:
        here = {(i, m) for m, (x1, y1, x2, y2) in enumerate(lesions[i]) if x1 <= x < x2 and y1 <= y < y2}
        found |= here
        false += 0 if here else 1
        points[s] = (false / len(detections), len(found) / total if total else np.nan)
    return [p[0] for p in points.values()], [p[1] for p in points.values()], list(points)
