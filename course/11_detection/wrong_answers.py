"""What learners get wrong in unit 11."""

# %% exercise="box_iou" wrong="intersection_not_clamped"
# en: Two boxes that lie apart have a negative width and a negative height in common, and minus times minus is plus. What should stand for a negative length?
# ja: 離れた矩形では、共通部分の幅も高さも負になり、負 × 負で正になってしまいます。負の長さは、いくつと考えるのでしたか。
def box_iou(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    w = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    h = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    both = w * h
    either = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]) + (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) - both
    return np.where(either > 0, both / np.where(either > 0, either, 1), 0)

# %% exercise="box_iou" wrong="plus_one"
# en: Some old programs add 1 to each length, because they mean the last pixel by x2. Here x2 is an edge: from 3 to 5 is 2 pixels.
# ja: x2 を「最後の画素」と考えて、長さに 1 を足す古いプログラムもあります。ここでは x2 は辺の位置なので、3 から 5 までは 2 画素です。
def box_iou(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    w = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]) + 1, 0)
    h = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]) + 1, 0)
    both = w * h
    either = (a[..., 2] - a[..., 0] + 1) * (a[..., 3] - a[..., 1] + 1) + (b[..., 2] - b[..., 0] + 1) * (b[..., 3] - b[..., 1] + 1) - both
    return both / either

# %% exercise="box_iou" wrong="width_and_height_instead_of_edges"
# en: The last two numbers of a box are its right and lower edge, not its width and height.
# ja: 矩形の後ろの二つの数は、幅と高さではなく、右辺と下辺の位置です。
def box_iou(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    w = np.maximum(np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0)
    h = np.maximum(np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0)
    either = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - w * h
    return np.where(either > 0, w * h / np.where(either > 0, either, 1), 0)

# %% exercise="box_iou" wrong="intersection_counted_twice"
# en: In "area of a plus area of b" the part that both cover is counted twice. Take it away once.
# ja: 「a の面積 + b の面積」では、重なった部分が二度数えられています。一度だけ引きましょう。
def box_iou(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    w = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0)
    h = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0)
    total = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]) + (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return np.where(total > 0, w * h / np.where(total > 0, total, 1), 0)

# %% exercise="box_iou" wrong="smaller_area_as_denominator"
# en: You divide by the smaller of the two areas. A small box inside a large one would then be a perfect match. IoU divides by what at least one of them covers.
# ja: 小さいほうの面積で割っています。それでは、大きな矩形の中の小さな矩形も完全な一致になります。IoU では、少なくとも一方に含まれる面積で割ります。
def box_iou(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    w = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0)
    h = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0)
    least = np.minimum((a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]), (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]))
    return np.where(least > 0, w * h / np.where(least > 0, least, 1), 0)

# %% exercise="box_iou" wrong="only_pairs"
# en: You compare box k of a with box k of b only. Every box of a is to meet every box of b: N rows and M columns.
# ja: a の k 番めと b の k 番めだけを比べています。a のすべてと b のすべてを組み合わせて、N 行 M 列の表にしてください。
def box_iou(a, b):
    n = min(len(a), len(b))
    a, b = np.asarray(a, float)[:n], np.asarray(b, float)[:n]
    w = np.maximum(np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0]), 0)
    h = np.maximum(np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1]), 0)
    either = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]) + (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) - w * h
    return np.where(either > 0, w * h / np.where(either > 0, either, 1), 0)

# %% exercise="box_iou" wrong="table_transposed"
# en: The right numbers in the wrong places: a belongs to the rows and b to the columns.
# ja: 値は合っていますが、場所が違います。行が a、列が b です。
def box_iou(a, b):
    b, a = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    a, b = np.swapaxes(a, 0, 1), np.swapaxes(b, 0, 1)
    w = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0)
    h = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0)
    either = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]) + (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) - w * h
    return np.where(either > 0, w * h / np.where(either > 0, either, 1), 0)

# %% exercise="box_iou" wrong="no_area_is_nan"
# en: Two boxes without any area give 0 / 0, which is nan. We agreed on 0 there.
# ja: 面積のない矩形どうしでは 0 / 0 となり、nan になっています。このときは 0 とする約束でした。
def box_iou(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    w = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0)
    h = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0)
    either = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]) + (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) - w * h
    with np.errstate(invalid="ignore"):
        return w * h / either

# %% exercise="box_iou" wrong="empty_list_loses_its_shape"
# en: Without any box in a, N is 0, and the table should still have M columns: its shape is (0, M). `np.zeros((N, M))` to begin with keeps it.
# ja: a が空でも表には M 個の列があり、形は (0, M) です。はじめに `np.zeros((N, M))` を作っておけば、形が保たれます。
def box_iou(a, b):
    rows = []
    for p in a:
        row = []
        for q in b:
            w = max(0, min(p[2], q[2]) - max(p[0], q[0]))
            h = max(0, min(p[3], q[3]) - max(p[1], q[1]))
            either = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - w * h
            row.append(w * h / either if either > 0 else 0)
        rows.append(row)
    return np.array(rows)

# %% exercise="make_anchors" wrong="half_a_cell_forgotten"
# en: Your middles lie on the upper left corner of each cell. The middle of cell 0 is half a stride further.
# ja: 中心がマスの左上の角にあります。マス 0 の中心は、ストライドの半分だけ先です。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([j * stride - w / 2, i * stride - h / 2, j * stride + w / 2, i * stride + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="half_a_pixel_instead_of_half_a_cell"
# en: You add half a pixel. Half a cell is meant: (j + 0.5) · stride, with the brackets.
# ja: 半画素を足しています。足すのは半マスです。(j + 0.5) · stride と、括弧を忘れずに。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = j * stride + 0.5, i * stride + 0.5
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="ratio_without_root"
# en: With w = s / r and h = s · r the box becomes r² times as high as wide. To make it r times, the root is needed.
# ja: w = s / r、h = s · r とすると、縦横比は r² になってしまいます。r にするには平方根が必要です。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s / r, s * r
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="ratio_is_width_over_height"
# en: The ratio is height / width: with r = 4 the anchor stands upright. Yours lies on its side.
# ja: 縦横比は「高さ ÷ 幅」です。r = 4 なら縦長になるはずですが、横長になっています。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s * np.sqrt(r), s / np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="rows_and_columns_exchanged_in_the_middle"
# en: The row i tells how far down a cell lies, that is y; the column j tells x. Yours are exchanged (on a square map nobody would notice).
# ja: 行 i は上からの位置なので y、列 j は x です。入れ替わっています（正方形のマップでは気づけない間違いです）。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = (i + 0.5) * stride, (j + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="shape_read_as_columns_and_rows"
# en: You go through too many rows and too few columns, or the other way round: shape is (rows, columns).
# ja: 行と列の数が逆になっています。shape は（行数、列数）です。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[1]):
        for j in range(shape[0]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="column_by_column"
# en: All anchors are there, but in another order. The outermost loop runs over the rows, the next one over the columns.
# ja: アンカーはそろっていますが、順番が違います。いちばん外側のループが行、次が列です。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for j in range(shape[1]):
        for i in range(shape[0]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="ratio_before_scale"
# en: The order inside a cell: for each scale all ratios. You take for each ratio all scales.
# ja: 一つのマスの中では、大きさごとに、すべての縦横比を並べます。縦横比ごとに、すべての大きさを並べています。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for r in ratios:
                for s in scales:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="clipped_at_the_border"
# en: You cut the anchors at the border of the film. They may stick out: a cut anchor would have another size and ratio.
# ja: アンカーを画像の端で切っています。はみ出したままでかまいません。切ると、大きさも縦横比も変わってしまいます。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([max(x - w / 2, 0), max(y - h / 2, 0), min(x + w / 2, shape[1] * stride), min(y + h / 2, shape[0] * stride)])
    return np.array(anchors)

# %% exercise="make_anchors" wrong="middle_and_size_returned"
# en: You return middle and size. Boxes are edges here: left, upper, right, lower.
# ja: 中心と大きさを返しています。ここでの矩形は、左、上、右、下の辺の位置です。
def make_anchors(shape, stride, scales, ratios):
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            for s in scales:
                for r in ratios:
                    anchors.append([(j + 0.5) * stride, (i + 0.5) * stride, s / np.sqrt(r), s * np.sqrt(r)])
    return np.array(anchors)

# %% exercise="encode_boxes" wrong="edges_instead_of_middles"
# en: You compare the left upper corners. The formulas take the middles.
# ja: 左上の角どうしを比べています。式の x, y は中心です。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([(boxes[:, :2] - anchors[:, :2]) / size_a, np.log(size / size_a)], axis=1)

# %% exercise="encode_boxes" wrong="pixels_not_relative"
# en: The shift is in pixels. It should be in widths and heights of the anchor: 10 pixels are much for a small anchor.
# ja: ずれが画素数のままです。アンカーの幅や高さを単位にしてください。10 画素は、小さなアンカーにとっては大きなずれです。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([middle - middle_a, np.log(size / size_a)], axis=1)

# %% exercise="encode_boxes" wrong="divided_by_the_box"
# en: You divide the shift by the size of the box. When decoding we do not know it yet; only the anchor is known.
# ja: ずれを、目的の矩形の大きさで割っています。復号するときに分かっているのは、アンカーの大きさだけです。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size, np.log(size / size_a)], axis=1)

# %% exercise="encode_boxes" wrong="logarithm_forgotten"
# en: You return the ratio of the sizes. "As it is" should be 0, not 1: the logarithm is missing.
# ja: 大きさの比をそのまま返しています。「そのまま」が 1 ではなく 0 になるように、対数をとりましょう。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size_a, size / size_a], axis=1)

# %% exercise="encode_boxes" wrong="anchor_and_box_exchanged"
# en: Your numbers lead from the box to the anchor. We want the way from the anchor to the box.
# ja: 矩形からアンカーへの動かし方になっています。求めたいのは、アンカーから矩形への動かし方です。
def encode_boxes(anchors, boxes):
    boxes, anchors = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size_a, np.log(size / size_a)], axis=1)

# %% exercise="encode_boxes" wrong="width_and_height_exchanged"
# en: x goes with the width and y with the height; yours are exchanged somewhere.
# ja: x には幅、y には高さを使います。どこかで入れ替わっています。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size_a[:, ::-1], np.log(size / size_a)], axis=1)

# %% exercise="encode_boxes" wrong="logarithm_to_the_base_of_ten"
# en: Twice as wide should be ln 2 = 0.693. `np.log` is the natural logarithm; `np.log10` and `np.log2` are others.
# ja: 幅が2倍なら ln 2 = 0.693 です。自然対数は `np.log` で、`np.log10` や `np.log2` とは違います。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size_a, np.log10(size / size_a)], axis=1)

# %% exercise="encode_boxes" wrong="divided_by_variances"
# en: Many programs also divide by "variances" of 0.1 and 0.2. Ours follows the four equations as they stand.
# ja: さらに「分散」0.1 と 0.2 で割るプログラムも多くあります。ここでは、四つの式のとおりにします。
def encode_boxes(anchors, boxes):
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size_a / 0.1, np.log(size / size_a) / 0.2], axis=1)

# %% exercise="decode_boxes" wrong="middle_and_size_returned"
# en: You have the new middle and size. The boxes that are wanted are edges: middle minus and plus half the size.
# ja: 新しい中心と大きさは求められています。返すのは四辺の位置で、中心から大きさの半分を引いたものと、足したものです。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size_a
    return np.concatenate([middle, size_a * np.exp(t[:, 2:])], axis=1)

# %% exercise="decode_boxes" wrong="exponential_forgotten"
# en: t_w is a logarithm. Its inverse is the exponential: 0 means "as it is", not "no width".
# ja: t_w は対数です。逆の計算は指数関数で、0 は「そのまま」であって「幅なし」ではありません。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle, size = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size_a, size_a * t[:, 2:]
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)

# %% exercise="decode_boxes" wrong="one_plus_t"
# en: 1 + t is only nearly exp(t), and only for small t. Undo the logarithm exactly.
# ja: 1 + t は、t が小さいときの exp(t) の近似にすぎません。対数を正確に元へ戻しましょう。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle, size = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size_a, size_a * (1 + t[:, 2:])
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)

# %% exercise="decode_boxes" wrong="shift_from_the_corner"
# en: You start from the left upper corner of the anchor. The shift begins at its middle.
# ja: アンカーの左上の角から動かしています。ずれは、中心から測ります。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    corner, size = anchors[:, :2] + t[:, :2] * size_a, size_a * np.exp(t[:, 2:])
    return np.concatenate([corner, corner + size], axis=1)

# %% exercise="decode_boxes" wrong="shift_in_pixels"
# en: t_x = 0.25 means a quarter of the anchor's width, not a quarter of a pixel.
# ja: t_x = 0.25 は、アンカーの幅の4分の1という意味です。4分の1画素ではありません。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle, size = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2], size_a * np.exp(t[:, 2:])
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)

# %% exercise="decode_boxes" wrong="shift_by_the_new_size"
# en: You multiply the shift by the new size of the box. When encoding it was divided by the size of the anchor.
# ja: ずれに、新しい矩形の大きさを掛けています。符号化のときに割ったのは、アンカーの大きさでした。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size = (anchors[:, 2:] - anchors[:, :2]) * np.exp(t[:, 2:])
    middle = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)

# %% exercise="decode_boxes" wrong="width_and_height_exchanged"
# en: x moves by widths and y by heights; yours are exchanged.
# ja: x は幅を単位に、y は高さを単位に動かします。入れ替わっています。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle, size = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size_a[:, ::-1], size_a * np.exp(t[:, 2:])
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)

# %% exercise="decode_boxes" wrong="whole_size_on_both_sides"
# en: Your boxes are twice as wide as they should be. From the middle to an edge it is only half the size.
# ja: 矩形が2倍の大きさになっています。中心から辺までは、大きさの半分です。
def decode_boxes(anchors, t):
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle, size = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size_a, size_a * np.exp(t[:, 2:])
    return np.concatenate([middle - size, middle + size], axis=1)

# %% exercise="match_anchors" wrong="ignored_called_background"
# en: The anchors between lo and hi half cover a nodule. You call them background; they should be ignored: -1.
# ja: lo と hi の間のアンカーは、結節を半分ほど含んでいます。背景（0）ではなく、無視（-1）としてください。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    labels = (iou.max(axis=1) >= hi).astype(int)
    labels[((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)] = 1
    return labels, iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="none_forced"
# en: The small box has no anchor with label 1: none reaches hi. What did we agree on for the best anchor of each box?
# ja: 小さい矩形に、ラベル 1 のアンカーが一つもありません。どれも hi に届かないからです。矩形ごとに最良のアンカーについて、どういう約束でしたか。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    return np.where(best >= hi, 1, np.where(best < lo, 0, -1)), iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="only_one_of_several_forced"
# en: Two anchors tie for the small box, and you take only the first (argmax knows one). All that reach the best IoU get 1.
# ja: 小さい矩形に対して、二つのアンカーが同点です。argmax では最初の一つしか選ばれません。最大の IoU と等しいすべてに 1 を付けます。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.where(best >= hi, 1, np.where(best < lo, 0, -1))
    for m in range(len(boxes)):
        if iou[:, m].max() > 0:
            labels[iou[:, m].argmax()] = 1
    return labels, iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="forced_without_overlap"
# en: A box that no anchor touches has a best IoU of 0, and then every anchor "ties" for it. An IoU of 0 is no match.
# ja: どのアンカーとも重ならない矩形では、最大の IoU が 0 なので、すべてのアンカーが「同点」になってしまいます。IoU が 0 なら対応なしです。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.where(best >= hi, 1, np.where(best < lo, 0, -1))
    labels[(iou == iou.max(axis=0)).any(axis=1)] = 1
    return labels, iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="matched_changed_by_forcing"
# en: The labels are right. But you let a box that forces an anchor also take over `matched`; that stays the box with which the anchor has its greatest IoU.
# ja: ラベルは正しいです。しかし、アンカーを強制的に 1 にした矩形で `matched` まで書き換えています。`matched` は、アンカーにとって IoU が最大の矩形のままにします。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best, matched = iou.max(axis=1), iou.argmax(axis=1)
    labels = np.where(best >= hi, 1, np.where(best < lo, 0, -1))
    for m in range(len(boxes)):
        if iou[:, m].max() > 0:
            ties = iou[:, m] == iou[:, m].max()
            labels[ties], matched[ties] = 1, m
    return labels, matched

# %% exercise="match_anchors" wrong="greater_than_hi_only"
# en: Look at an IoU of exactly hi. "At least hi" includes it.
# ja: IoU がちょうど hi のアンカーを見てください。「hi 以上」には hi も含まれます。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.where(best > hi, 1, np.where(best < lo, 0, -1))
    labels[((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)] = 1
    return labels, iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="background_up_to_lo"
# en: Look at an IoU of exactly lo. Background is what is less than lo; lo itself is ignored.
# ja: IoU がちょうど lo のアンカーを見てください。背景は lo 未満で、ちょうど lo なら無視します。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.where(best >= hi, 1, np.where(best <= lo, 0, -1))
    labels[((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)] = 1
    return labels, iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="no_boxes_crash"
# en: A film without a nodule has no boxes, and there is no maximum over nothing. Answer for M = 0 before you take any maximum.
# ja: 結節のない画像には矩形がなく、空の配列の最大値は求められません。最大値をとる前に、M = 0 のときの答えを返しましょう。
def match_anchors(anchors, boxes, hi, lo):
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.where(best >= hi, 1, np.where(best < lo, 0, -1))
    labels[((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)] = 1
    return labels, iou.argmax(axis=1)

# %% exercise="match_anchors" wrong="background_matched_with_nothing"
# en: `matched` is asked for whatever the label: -1 stands there only if there is no box at all.
# ja: `matched` は、ラベルに関係なく求めます。-1 になるのは、矩形が一つもないときだけです。
def match_anchors(anchors, boxes, hi, lo):
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.where(best >= hi, 1, np.where(best < lo, 0, -1))
    labels[((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)] = 1
    return labels, np.where(labels == 1, iou.argmax(axis=1), -1)

# %% exercise="smooth_l1" wrong="half_forgotten"
# en: Look at d = 0.5. The parabola is d² / 2; without the half, the two pieces do not meet smoothly at 1.
# ja: d = 0.5 を見てください。放物線は d² / 2 です。2 で割らないと、1 のところで滑らかにつながりません。
def smooth_l1(d):
    return ops.where(ops.abs(d) < 1, d * d, ops.abs(d) - 0.5)

# %% exercise="smooth_l1" wrong="line_not_lowered"
# en: At d = 1 the parabola has reached 1/2, but your line starts at 1: a step. What has to be taken away?
# ja: d = 1 で放物線の値は 1/2 ですが、直線は 1 から始まっていて、段差があります。何を引けばよいでしょうか。
def smooth_l1(d):
    return ops.where(ops.abs(d) < 1, 0.5 * d * d, ops.abs(d))

# %% exercise="smooth_l1" wrong="absolute_value_forgotten_in_the_condition"
# en: d = -2 is less than 1, but |d| is not. The condition needs the absolute value.
# ja: d = -2 は 1 より小さいですが、|d| はそうではありません。条件に絶対値が必要です。
def smooth_l1(d):
    return ops.where(d < 1, 0.5 * d * d, ops.abs(d) - 0.5)

# %% exercise="smooth_l1" wrong="absolute_value_forgotten_in_the_line"
# en: For d = -2 your loss is negative. How far off it is counts, not to which side.
# ja: d = -2 のとき、損失が負になっています。大切なのは、ずれの大きさです。どちら側にずれたかは関係ありません。
def smooth_l1(d):
    return ops.where(ops.abs(d) < 1, 0.5 * d * d, d - 0.5)

# %% exercise="smooth_l1" wrong="pieces_exchanged"
# en: The two pieces are exchanged: the parabola belongs near 0, the line far away.
# ja: 二つの部分が逆です。0 の近くが放物線、遠くが直線です。
def smooth_l1(d):
    return ops.where(ops.abs(d) < 1, ops.abs(d) - 0.5, 0.5 * d * d)

# %% exercise="smooth_l1" wrong="summed"
# en: One number came out for the whole array. Equation (7) is for each element; the sum comes in equation (6).
# ja: 配列全体で一つの数になっています。式(7)は要素ごとの計算です。和をとるのは式(6)です。
def smooth_l1(d):
    return ops.sum(ops.where(ops.abs(d) < 1, 0.5 * d * d, ops.abs(d) - 0.5))

# %% exercise="smooth_l1" wrong="plain_l1"
# en: That is the absolute value, with its corner at 0. Near 0 a parabola should take its place.
# ja: それは絶対値で、0 のところに角があります。0 の近くは放物線に置き換えます。
def smooth_l1(d):
    return ops.abs(d)

# %% exercise="rpn_loss" wrong="ignored_trained_as_background"
# en: The anchors with label -1 take part in your first term. They half cover a nodule; they must not count, neither in the sum nor in N_cls.
# ja: ラベル -1 のアンカーが、第一項に入っています。結節を半分ほど含むアンカーなので、和にも N_cls にも数えません。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    objects = ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    return l1 * ops.mean(-ops.log(right)) + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="regression_on_background"
# en: Your second term also pulls at boxes of background and of ignored anchors. Which factor of equation (4) switches them off?
# ja: 第二項に、背景や無視するアンカーの矩形も入っています。それらを消しているのは、式(4)のどの係数でしょうか。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts = ops.cast(labels >= 0, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    return l1 * ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1) + l2 * ops.sum(bent) / labels.shape[0]

# %% exercise="rpn_loss" wrong="labels_as_the_factor"
# en: You multiply by the labels themselves. For ignored anchors that is -1, and their regression is taken away from the loss.
# ja: ラベルそのものを掛けています。無視するアンカーでは -1 なので、その分が損失から引かれてしまいます。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts = ops.cast(labels >= 0, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    return l1 * first + l2 * ops.sum(ops.sum(bent, axis=1) * ops.cast(labels, "float32")) / labels.shape[0]

# %% exercise="rpn_loss" wrong="regression_divided_by_objects"
# en: You divide the second sum by the number of objects. N_reg is the number of all anchors, ignored ones too.
# ja: 第二項の和を、物体の個数で割っています。N_reg は、無視するものも含めたすべてのアンカーの個数です。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    return l1 * first + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / ops.maximum(ops.sum(objects), 1)

# %% exercise="rpn_loss" wrong="regression_divided_by_counted"
# en: You divide both sums by the same number. N_cls leaves the ignored anchors out, N_reg counts them too.
# ja: 二つの和を同じ数で割っています。N_cls は無視するアンカーを数えず、N_reg は数えます。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    n = ops.maximum(ops.sum(counts), 1)
    return l1 * ops.sum(-ops.log(right) * counts) / n + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / n

# %% exercise="rpn_loss" wrong="only_objects_classified"
# en: Only the objects take part in your first term. Background must also be paid for: -ln(1 - p). A film without a nodule teaches, too.
# ja: 第一項に、物体しか入っていません。背景についても -ln(1 - p) を数えます。結節のない画像からも学ぶのです。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(-ops.log(ops.clip(p, 1e-7, 1)) * objects) / ops.maximum(ops.sum(counts), 1)
    return l1 * first + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="mean_over_the_four_offsets"
# en: Equation (6) adds the four offsets; you take their mean.
# ja: 式(6)は四つの数の和ですが、平均になっています。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    return l1 * first + l2 * ops.sum(ops.mean(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="weights_forgotten"
# en: The loss does not change with l1 and l2. They weigh the two terms.
# ja: l1 と l2 を変えても、損失が変わりません。二つの項に掛ける重みです。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    return first + ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="sign_forgotten"
# en: Your first term is negative: a logarithm of a probability is. The loss has a minus in front of it.
# ja: 第一項が負になっています。確率の対数は負なので、損失ではマイナスを付けます。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    return l1 * first + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="all_ignored_is_nan"
# en: If all anchors are ignored, you divide 0 by 0. `ops.maximum(n, 1)` keeps the denominator away from 0.
# ja: すべて無視されるとき、0 ÷ 0 になっています。`ops.maximum(n, 1)` で、分母が 0 にならないようにしましょう。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    return l1 * ops.sum(-ops.log(right) * counts) / ops.sum(counts) + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="not_clipped"
# en: Where a true object gets the probability 0 your loss is infinite, and training would end there. Clip before taking the logarithm.
# ja: 物体の確率が 0 のとき、損失が無限大になり、学習が止まってしまいます。対数をとる前に、1e-7 で打ち切りましょう。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = ops.where(labels == 1, p, 1 - p)
    counts, objects = ops.cast(labels >= 0, "float32"), ops.cast(labels == 1, "float32")
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    first = ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    return l1 * first + l2 * ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]

# %% exercise="rpn_loss" wrong="numpy_cannot_be_trained"
# en: The numbers are right, but NumPy needs numbers at once, and Keras hands over symbols first. Write `ops.` in place of `np.`.
# ja: 値は合っています。しかし、NumPy はその場で数がないと計算できないのに対し、Keras が最初に渡すのは記号です。`np.` の代わりに `ops.` を使って書きましょう。
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    right = np.clip(np.where(labels == 1, p, 1 - p), 1e-7, 1)
    size = np.abs(t - targets)
    bent = np.where(size < 1, 0.5 * size * size, size - 0.5)
    first = np.sum(-np.log(right) * (labels >= 0)) / max(np.sum(labels >= 0), 1)
    return l1 * first + l2 * np.sum(bent.sum(axis=1) * (labels == 1)) / len(labels)

# %% exercise="nms" wrong="rising_scores"
# en: You begin with the lowest score, so that the worst box of each heap survives. Sort the other way round.
# ja: スコアの低いほうから始めているので、重なりの中で最も悪い矩形が残ります。逆の順に並べましょう。
def nms(boxes, scores, thr):
    waiting, kept = list(np.argsort(scores, kind="stable")), []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        waiting = [k for k in waiting if box_iou(boxes[best:best + 1], boxes[k:k + 1])[0][0] <= thr]
    return kept

# %% exercise="nms" wrong="dropped_boxes_drop_others"
# en: You compare with every better box, dropped ones too. Only a box that is kept may drop another.
# ja: 捨てた矩形も含めて、スコアの高いすべての矩形と比べています。ほかを捨てられるのは、残した矩形だけです。
def nms(boxes, scores, thr):
    order = list(np.argsort(-np.asarray(scores), kind="stable"))
    return [int(k) for n, k in enumerate(order) if all(box_iou(boxes[k:k + 1], boxes[j:j + 1])[0][0] <= thr for j in order[:n])]

# %% exercise="nms" wrong="equal_to_the_threshold_dropped"
# en: Look at an IoU of exactly thr. Only what is greater is dropped.
# ja: IoU がちょうど thr の場合を見てください。捨てるのは、thr より大きいときだけです。
def nms(boxes, scores, thr):
    waiting, kept = list(np.argsort(-np.asarray(scores), kind="stable")), []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        waiting = [k for k in waiting if box_iou(boxes[best:best + 1], boxes[k:k + 1])[0][0] < thr]
    return kept

# %% exercise="nms" wrong="boxes_returned"
# en: You return the boxes. Their indices are wanted, so that the caller can pick the scores too.
# ja: 矩形そのものを返しています。スコアも取り出せるように、番号を返してください。
def nms(boxes, scores, thr):
    waiting, kept = list(np.argsort(-np.asarray(scores), kind="stable")), []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        waiting = [k for k in waiting if box_iou(boxes[best:best + 1], boxes[k:k + 1])[0][0] <= thr]
    return np.asarray(boxes)[kept]

# %% exercise="nms" wrong="places_in_the_sorted_list"
# en: Your numbers are places in the sorted list. The caller knows only the original order.
# ja: 並べ替えた後の順番を返しています。返すのは、元の並びでの番号です。
def nms(boxes, scores, thr):
    order, kept = list(np.argsort(-np.asarray(scores), kind="stable")), []
    for n, k in enumerate(order):
        if all(box_iou(boxes[k:k + 1], boxes[order[j]:order[j] + 1])[0][0] <= thr for j in kept):
            kept.append(n)
    return kept

# %% exercise="nms" wrong="sorted_by_index"
# en: The right boxes, but in the order of their indices. By falling score, please.
# ja: 残す矩形は合っていますが、番号の順に並んでいます。スコアの高い順にしてください。
def nms(boxes, scores, thr):
    waiting, kept = list(np.argsort(-np.asarray(scores), kind="stable")), []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        waiting = [k for k in waiting if box_iou(boxes[best:best + 1], boxes[k:k + 1])[0][0] <= thr]
    return sorted(kept)

# %% exercise="nms" wrong="only_the_best_one"
# en: You stop after the best box. A film may hold several nodules: go on with the boxes that are left.
# ja: 最も良い矩形だけで終わっています。結節が一つとは限りません。残った矩形について繰り返しましょう。
def nms(boxes, scores, thr):
    if len(boxes) == 0:
        return []
    return [int(np.argmax(scores))]

# %% exercise="nms" wrong="threshold_on_the_score"
# en: You keep what scores above the threshold. Here thr is about the overlap of two boxes.
# ja: スコアがしきい値を超えるものを残しています。ここでの thr は、二つの矩形の重なりについてのしきい値です。
def nms(boxes, scores, thr):
    order = np.argsort(-np.asarray(scores), kind="stable")
    return [int(k) for k in order if scores[k] > thr]

# %% exercise="nms" wrong="higher_index_first_on_ties"
# en: Of equal scores the lower index comes first. Reversing a rising order turns the equal ones round, too.
# ja: スコアが同じなら、番号の小さいほうが先です。昇順に並べてから逆にすると、同じスコアどうしの順番も逆になります。
def nms(boxes, scores, thr):
    waiting, kept = list(np.argsort(scores, kind="stable")[::-1]), []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        waiting = [k for k in waiting if box_iou(boxes[best:best + 1], boxes[k:k + 1])[0][0] <= thr]
    return kept

# %% exercise="nms" wrong="empty_crash"
# en: Without any box there is no best one: start with a question whether anything is left (`while`), not with taking the first.
# ja: 矩形がなければ、最も良い矩形もありません。先頭を取り出す前に、残りがあるかどうかを確かめましょう（`while`）。
def nms(boxes, scores, thr):
    waiting, kept = list(np.argsort(-np.asarray(scores), kind="stable")), []
    best = waiting[0]
    while True:
        kept.append(int(best))
        waiting = [k for k in waiting if k != best and box_iou(boxes[best:best + 1], boxes[k:k + 1])[0][0] <= thr]
        if not waiting:
            return kept
        best = waiting[0]

# %% exercise="froc" wrong="second_hit_counted_as_false"
# en: A second mark inside the same nodule is not false: it points at a nodule, after all. It counts as nothing.
# ja: 同じ結節に付いた二つめの印は、偽陽性ではありません。結節を指しているのですから、何にも数えません。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        marks, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    marks += 1
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    found |= {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
        false.append((marks - len(found)) / len(detections))
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="second_hit_counted_as_hit"
# en: You count marks that hit. A nodule that got two marks is still one nodule found.
# ja: 当たった印の数を数えています。印が二つ付いても、見つかった結節は一つです。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong = right = 0
        for film, boxes in zip(detections, lesions):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = any(b[0] <= x < b[2] and b[1] <= y < b[3] for b in boxes)
                    right, wrong = right + inside, wrong + (not inside)
        false.append(wrong / len(detections))
        hits.append(right / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="only_films_with_nodules_in_the_denominator"
# en: You divide the false marks by the films with a nodule only. All films count, the healthy ones first of all.
# ja: 偽陽性を、結節のある画像の枚数だけで割っています。結節のない画像も含めた、すべての枚数で割ってください。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    films = max(sum(len(b) > 0 for b in lesions), 1)
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / films)
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="films_without_nodules_skipped"
# en: Marks on healthy films do not count in yours. They are the false positives that matter most.
# ja: 結節のない画像の印を数えていません。最も大切な偽陽性です。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            if len(boxes) == 0:
                continue
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / len(detections))
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="sensitivity_by_films"
# en: You count films with a hit. A film may hold two nodules, and one of them may be missed: count nodules.
# ja: 当たりのあった画像を数えています。一枚に結節が二つあり、片方を見逃していることもあります。結節を数えましょう。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    ill, false, hits = sum(len(b) > 0 for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = any(b[0] <= x < b[2] and b[1] <= y < b[3] for b in boxes)
                    wrong, found = wrong + (not inside), found | ({i} if inside else set())
        false.append(wrong / len(detections))
        hits.append(len(found) / ill if ill else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="greater_than_the_threshold_only"
# en: A mark with exactly the threshold counts, too: score >= threshold. At the highest score the first mark is already there.
# ja: スコアがちょうどしきい値の印も数えます（score >= しきい値）。最も高いしきい値でも、すでに印が一つあるはずです。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s > threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / len(detections))
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="rising_thresholds"
# en: The thresholds should fall, from the highest score to the lowest, so that the curve runs to the right. `[::-1]` turns an array round.
# ja: しきい値は高いほうから低いほうへ並べます。そうすると、曲線が右へ進みます。`[::-1]` で逆順になります。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / len(detections))
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="false_marks_not_per_film"
# en: You return how many false marks there are in all. Divide by the number of films.
# ja: 偽陽性の総数を返しています。画像の枚数で割ってください。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong)
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="right_edge_included"
# en: A middle exactly on the right edge is outside: boxes are half-open, as everywhere in this notebook.
# ja: 中心がちょうど右辺の上にあるときは、外とします。この単元の矩形では、右辺と下辺の上は含みません。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x <= b[2] and b[1] <= y <= b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / len(detections))
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds

# %% exercise="froc" wrong="no_lesion_is_zero"
# en: Without any nodule there is nothing to find: the sensitivity is 0/0, which is unknown (`np.nan`), not 0.
# ja: 結節が一つもなければ、見つけるべきものがありません。感度は 0/0 なので、0 ではなく `np.nan`（分からない）です。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x1, y1, x2, y2, s in film:
                if s >= threshold:
                    x, y = (x1 + x2) / 2, (y1 + y2) / 2
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / len(detections))
        hits.append(len(found) / count if count else 0)
    return false, hits, thresholds

# %% exercise="froc" wrong="corner_instead_of_middle"
# en: You ask where the mark's left upper corner lies. Its middle decides.
# ja: 印の左上の角が入っているかどうかを見ています。判断に使うのは中心です。
def froc(detections, lesions):
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count, false, hits = sum(len(b) for b in lesions), [], []
    for threshold in thresholds:
        wrong, found = 0, set()
        for i, (film, boxes) in enumerate(zip(detections, lesions)):
            for x, y, x2, y2, s in film:
                if s >= threshold:
                    inside = {(i, m) for m, b in enumerate(boxes) if b[0] <= x < b[2] and b[1] <= y < b[3]}
                    wrong, found = wrong + (not inside), found | inside
        false.append(wrong / len(detections))
        hits.append(len(found) / count if count else np.nan)
    return false, hits, thresholds
