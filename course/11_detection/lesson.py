"""Unit 11: detection."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 11 Detection: where is the nodule?
#
# When you have finished this notebook, you will be able to
#
# 1. **measure** how well two boxes agree, and **lay** anchors over a film,
# 2. **encode** a box as what an anchor must do to become it, and **decode** it again,
# 3. **compute** the loss of Faster R-CNN term by term (equations 4 to 7 of the seminar),
# 4. **train** a small region proposal network and **clear up** its answers by non-maximum suppression,
# 5. **judge** a detector by a FROC curve with its uncertainty, and by its misses.
#
# | | |
# |---|---|
# | Reading / exercises | about 45 min / about 75 min (two of the nine exercises are optional) |
# | You need | units 05 and 07; unit 06 is a help |
# | Computing | about two minutes of training on two CPU cores |
# | Data | 247 computed films, 154 of them with one nodule (arranged as JSRT), made at first use |
# %% [markdown] lang="ja"
# # 11 物体検出：結節はどこにあるか
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 二つの矩形領域の重なりを**測り**、画像にアンカーを**敷き詰める**
# 2. アンカーをどう動かせば目的の矩形になるかを数値に**符号化**し、また**復号**する
# 3. Faster R-CNN の損失（セミナーの式(4)～(7)）を一項ずつ**計算する**
# 4. 小さな領域提案ネットワークを**学習させ**、重複した答えを非最大値抑制で**整理する**
# 5. 検出器を FROC 曲線とその不確かさ、そして見逃しから**評価する**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約45分／約75分（九つの演習のうち二つは発展） |
# | 前提 | 単元05と07（06も終えていると分かりやすくなります） |
# | 計算時間 | CPU 2コアで、学習に約2分 |
# | データ | 計算画像247枚、うち154枚に結節が一つ（JSRT と同じ構成、初回に作成） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# "There is something" helps nobody if it does not say *where*. A program that marks places, **computer-aided detection** (CAD), is the oldest use of computers in
# reading films, and you may be the one who installs it, checks it and answers when a doctor asks why there are five marks on a healthy chest. So you should know how such
# a mark comes about, what "sensitivity 80 %" leaves out, and which nodules are missed.
#
# A network for classification answers one question for the whole film. Here it has to answer for thousands of places at once: *is there something, and how far
# does it reach?* You will write every step of it but the convolutions. The next cell imports Keras, which takes some seconds.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 「何かあります」と言われても、*どこに*あるのか分からなければ役に立ちません。場所に印を付けるプログラム、**コンピュータ支援検出**（CAD）は、読影へのコンピュータ応用として最も古いものの一つです。皆さんが設置や点検を任され、
# 「異常のない胸部に、なぜ印が五つも付くのか」と尋ねられることもあるでしょう。印はどのようにして付くのか、「感度 80 %」という数字が何を語っていないのか、どのような結節が見逃されるのか。それを知っておきましょう。
#
# 分類のネットワークは、一枚の画像について一つの問いに答えます。検出では、何千もの場所について一度に、「ここに何かあるか、どこまで広がっているか」と答えなければなりません。この単元では、畳み込み以外の
# すべての段階を自分で書きます。次のセルでは Keras を読み込みます。数秒かかります。

# %% role="setup"
import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, IntSlider, SelectionSlider, interact
from keras import layers, ops
from scipy import ndimage

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_nodules
from xraydojo.data.pipeline import Batches
from xraydojo.library import detection as library
from xraydojo.training import Progress

# %% [markdown] lang="en"
# ## The films
#
# Each nodule has a **subtlety** from 5 (obvious) to 1 (extremely subtle), as in the JSRT database. Boxes are `(x1, y1, x2, y2)`: left, upper, right and lower
# **edge** in pixels. A box from 3 to 5 is two pixels wide: pixels 3 and 4.
# %% [markdown] lang="ja"
# ## 画像を見る
#
# 結節には、JSRT データベースと同じように、5（明瞭）から 1（極めて淡い）までの**見つけやすさ**が付いています。矩形領域は `(x1, y1, x2, y2)`、つまり左、上、右、下の**辺**の位置を画素で表します。
# 3 から 5 までなら、画素 3 と 4 の二画素分です。

# %% role="setup"
def draw_boxes(axes, boxes, color, style="-", width=1.5):
    L("""Draw boxes (x1, y1, x2, y2) on a film.""", """画像の上に矩形 (x1, y1, x2, y2) を描く。""")
    for x1, y1, x2, y2 in np.asarray(boxes, float).reshape(-1, 4) - 0.5:  # imshow puts pixel 0 from -0.5 to 0.5
        axes.plot([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], style, color=color, lw=width)

# %% role="demo"
films = load_nodules(size=(256, 256))
print(films.source)
for part, word in ((films.train, L("training", "学習用")), (films.validation, L("validation", "検証用")), (films.test, L("test", "テスト用"))):
    print(L(f"{word}: {len(part)} films, {part.targets.sum()} with a nodule", f"{word}：{len(part)} 枚、うち結節あり {part.targets.sum()} 枚"))
grades = [there[0].subtlety if there else 0 for there in films.train.nodules]
_, row = plt.subplots(1, 4, figsize=(13, 3.7), layout="constrained")
for axes, grade in zip(row, (5, 4, 3, 1)):
    i = grades.index(grade)
    figures.film(axes, films.train.images[i], L(f"subtlety {grade}, {films.train.nodules[i][0].diameter:.0f} pixels", f"見つけやすさ {grade}、{films.train.nodules[i][0].diameter:.0f} 画素"))
    draw_boxes(axes, films.train.boxes()[i], figures.ORANGE)
figures.show(L("Four films with a box round the nodule, from obvious to extremely subtle", "結節を矩形で囲んだ四枚の画像。明瞭なものから極めて淡いものまで"))

# %% [markdown] lang="en"
# Search the last one without the box: most people find nothing. Remember that when the network misses it.
#
# ## Intersection over union
#
# When is a box "right"? Compare it with the true one: the area that both cover, divided by the area that at least one covers. This **intersection over
# union** (IoU) is 1 for equal boxes and 0 for boxes that do not touch.
#
# **An example.** (0, 0, 4, 2) and (2, 1, 6, 3): each has the area 8. Both cover x from 2 to 4 and y from 1 to 2: the larger of the left edges, the smaller of the right
# edges. That is 2 · 1 = 2. At least one covers 8 + 8 - 2 = 14. IoU = 2/14.
#
# And if they do not overlap? Then "smaller right edge minus larger left edge" is **negative**, and stands for 0.
#
# ### Exercise 1: `box_iou`
#
# Write `box_iou(a, b)` for `a` of shape (N, 4) and `b` of shape (M, 4): return the table of shape (N, M) with the IoU of every box of `a` with every box of `b`. A union without area gives 0, and
# either list may be empty.
#
# *Hint: two loops over the boxes will do. Or without loops: `a[:, None, 0]` has the shape (N, 1) and `b[None, :, 0]` the shape (1, M), so that `np.maximum` of both makes (N, M).*
# %% [markdown] lang="ja"
# 最後の画像の結節は、矩形がなければ、ほとんどの人が見つけられないでしょう。ネットワークが見逃したときに、このことを思い出してください。
#
# ## IoU：重なりの割合
#
# 矩形が「正しい」とは、どういうことでしょうか。正解の矩形と比べて、両方に含まれる面積を、少なくとも一方に含まれる面積で割ります。これが **IoU**（Intersection over Union）です。同じ矩形なら 1、
# 重なっていなければ 0 になります。
#
# **例。** (0, 0, 4, 2) と (2, 1, 6, 3) の面積は、どちらも 8 です。両方に含まれるのは、x が 2 から 4、y が 1 から 2 の範囲です（左辺は大きいほう、右辺は小さいほうをとります）。面積は 2 · 1 = 2。少なくとも一方に含まれるのは 8 + 8 - 2 = 14。IoU = 2/14 です。
#
# 重なっていないときはどうなるでしょうか。「小さいほうの右辺 - 大きいほうの左辺」が**負**になります。そのときは 0 と考えます。
#
# ### 演習1：`box_iou`
#
# 形 (N, 4) の `a` と形 (M, 4) の `b` について、すべての組み合わせの IoU を形 (N, M) の表で返す `box_iou(a, b)` を書いてください。和の面積がなければ 0 とします。`a` や `b` が空のこともあります。
#
# *ヒント：矩形についての二重ループで書けます。ループなしなら、`a[:, None, 0]` の形は (N, 1)、`b[None, :, 0]` の形は (1, M) なので、両者の `np.maximum` は (N, M) になります。*

# %% exercise="box_iou"
def box_iou(a, b):
    L("""Return the IoU of every box of a (N, 4) with every box of b (M, 4): (N, M).""",
      """a (N, 4) と b (M, 4) のすべての組み合わせの IoU を (N, M) で返す。""")
    ### BEGIN SOLUTION
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    both = np.maximum(width, 0) * np.maximum(height, 0)
    area_a = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1])
    area_b = (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    either = area_a + area_b - both
    return np.where(either > 0, both / np.where(either > 0, either, 1), 0)
    ### END SOLUTION

# %% test="box_iou" points=2
with check("box_iou") as t:
    a = np.array([[0, 0, 4, 2], [1, 1, 3, 6], [10, 0, 12, 5], [8, 7, 9, 9]])
    b = np.array([[2, 1, 6, 3], [3, 1, 5, 4]])
    # en: the second box of a touches the second one of b along an edge; the last of a is far away in both directions
    # ja: a の二つめと b の二つめは辺で接しているだけ。a の最後は、縦にも横にも離れている
    t.call(box_iou, a, b).equals([[2 / 14, 1 / 13], [2 / 16, 0], [0, 0], [0, 0]])
    t.call(box_iou, np.array([[2, 2, 2, 5]]), np.array([[2, 2, 2, 5], [0, 0, 4, 7], [0, 0, 1, 1]])).equals([[0, 0, 0]])
    t.call(box_iou, np.zeros((0, 4)), b.astype(float)).equals(np.zeros((0, 2)))
### BEGIN HIDDEN TESTS
with check("box_iou", hidden=True) as t:
    def drawn_(count_):
        corner_, size_ = t.rng.integers(0, 12, (count_, 2)), t.rng.integers(1, 9, (count_, 2))
        return np.concatenate([corner_, corner_ + size_], axis=1)

    def painted_(box_):
        canvas_ = np.zeros((24, 24), bool)
        canvas_[box_[1]:box_[3], box_[0]:box_[2]] = True
        return canvas_

    for n_, m_ in ((5, 3), (1, 7), (4, 6)):
        a_, b_ = drawn_(n_), drawn_(m_)
        wanted_ = [[(painted_(p_) & painted_(q_)).sum() / (painted_(p_) | painted_(q_)).sum() for q_ in b_] for p_ in a_]
        t.call(box_iou, a_ / 4, b_ / 4).equals(wanted_)
    t.call(box_iou, drawn_(4) / 3, np.zeros((0, 4))).equals(np.zeros((4, 0)))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# Move the orange box over the nodule. How far off can it be before the IoU falls below 0.5? Less far than most people think.
# %% [markdown] lang="ja"
# オレンジ色の矩形を結節の上で動かしてみましょう。IoU が 0.5 を切るのは、どれくらいずれたときでしょうか。思ったより少しのずれで切ってしまうはずです。

# %% role="explore"
overlap_film = grades.index(5)
overlap_box = films.train.boxes()[overlap_film]

def overlap(right, down, side):
    x, y = (overlap_box[0, :2] + overlap_box[0, 2:]) / 2
    mine = np.array([[x + right - side / 2, y + down - side / 2, x + right + side / 2, y + down + side / 2]])
    _, axes = plt.subplots(figsize=(4.6, 4.6))
    figures.film(axes, films.train.images[overlap_film], f"IoU = {library.box_iou(mine, overlap_box)[0, 0]:.2f}")
    draw_boxes(axes, overlap_box, figures.BLUE, "--", 2)
    draw_boxes(axes, mine, figures.ORANGE, "-", 2)
    axes.set(xlim=(x - 55, x + 55), ylim=(y + 55, y - 55))
    figures.show(L("The true box (dashed) and a box to be moved (solid)", "正解の矩形（破線）と、動かせる矩形（実線）"))

interact(overlap, right=IntSlider(8, -30, 30, description=L("right", "右へ")), down=IntSlider(5, -30, 30, description=L("down", "下へ")),
         side=IntSlider(36, 8, 80, description=L("side", "一辺")))

# %% [markdown] lang="en"
# ## Anchors: a grid of questions
#
# How should a network answer with boxes, if it does not know how many there will be? Faster R-CNN turns it round: it lays a fixed grid of boxes over the film, the
# **anchors**, and asks for each: *is there something here, and how does the anchor have to move to fit it?*
#
# The network shrinks the film to a **feature map**, for instance by 8 (three convolutions with stride 2). Each cell of the map stands for 8 × 8 pixels; the
# number of pixels from one cell to the next is its **stride**. The middle of cell (row $i$, column $j$) lies at
#
# $$ x = (j + 0.5) \cdot \text{stride}, \qquad y = (i + 0.5) \cdot \text{stride}. $$
#
# Round each middle lie some anchors: one for each **scale** $s$ and each **ratio** $r$ = height / width, with
#
# $$ w = s / \sqrt{r}, \qquad h = s \sqrt{r}, $$
#
# so that the area is always $s^2$. With $s = 8$ and $r = 4$: $w = 4$, $h = 16$. Anchors may stick out over the border; they are not cut.
#
# ### Exercise 2: `make_anchors`
#
# Write `make_anchors(shape, stride, scales, ratios)`. `shape` is (rows, columns) of the feature map. Return all boxes in an array of shape (rows · columns · number of scales · number of ratios, 4), in the order of
# four nested loops: row, column, scale, ratio.
# %% [markdown] lang="ja"
# ## アンカー：格子状に並べた問い
#
# 矩形がいくつあるか分からないのに、ネットワークはどうやって矩形を答えればよいのでしょうか。Faster R-CNN は発想を逆にしました。あらかじめ決まった矩形、**アンカー**を画像の上に格子状に敷き詰め、一つ一つについて
# 「ここに何かあるか。あるなら、アンカーをどう動かせばぴったり合うか」と尋ねるのです。
#
# ネットワークは画像を、たとえば8分の1の**特徴マップ**に縮めます（ストライド 2 の畳み込み三回）。マップの一マスが 8 × 8 画素に当たります。隣のマスまでの画素数を、マップの**ストライド**と呼びます。
# マス（行 $i$、列 $j$）の中心は、次の位置にあります。
#
# $$ x = (j + 0.5) \cdot \text{stride}, \qquad y = (i + 0.5) \cdot \text{stride} $$
#
# 一つの中心のまわりに、**大きさ** $s$ と**縦横比** $r$（高さ ÷ 幅）の組み合わせの数だけアンカーを置きます。
#
# $$ w = s / \sqrt{r}, \qquad h = s \sqrt{r} $$
#
# 面積はいつも $s^2$ です。$s = 8$、$r = 4$ なら、$w = 4$、$h = 16$ です。画像の端からはみ出しても、切り取りません。
#
# ### 演習2：`make_anchors`
#
# `make_anchors(shape, stride, scales, ratios)` を書いてください。`shape` は特徴マップの（行数、列数）です。すべての矩形を、形（行数 · 列数 · 大きさの数 · 縦横比の数, 4）の配列で返します。
# 並び順は、行、列、大きさ、縦横比の四重ループの順です。

# %% exercise="make_anchors"
def make_anchors(shape, stride, scales, ratios):
    L("""Return the anchors (x1, y1, x2, y2) in the order row, column, scale, ratio.""",
      """アンカー (x1, y1, x2, y2) を、行、列、大きさ、縦横比の順に並べて返す。""")
    ### BEGIN SOLUTION
    anchors = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for s in scales:
                for r in ratios:
                    w, h = s / np.sqrt(r), s * np.sqrt(r)
                    anchors.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(anchors)
    ### END SOLUTION

# %% test="make_anchors" points=3
with check("make_anchors") as t:
    t.call(make_anchors, (2, 3), 8, (6,), (1,)).equals(
        [[1, 1, 7, 7], [9, 1, 15, 7], [17, 1, 23, 7], [1, 9, 7, 15], [9, 9, 15, 15], [17, 9, 23, 15]])
    # en: middles (5, 5) and (15, 5); 16 x 4 and 4 x 16, then 24 x 6 and 6 x 24
    # ja: 中心は (5, 5) と (15, 5)。幅 × 高さは 16 × 4 と 4 × 16、次に 24 × 6 と 6 × 24
    first = np.array([[-3, 3, 13, 7], [3, -3, 7, 13], [-7, 2, 17, 8], [2, -7, 8, 17]])
    t.call(make_anchors, (1, 2), 10, (8, 12), (0.25, 4)).equals(np.concatenate([first, first + [10, 0, 10, 0]]))
### BEGIN HIDDEN TESTS
with check("make_anchors", hidden=True) as t:
    for h_, w_ in ((3, 2), (4, 7)):
        stride_ = int(t.rng.integers(3, 17))
        scales_, ratios_ = tuple(t.rng.integers(4, 40, 3).tolist()), (0.5, float(t.rng.integers(2, 9)))
        boxes_ = np.asarray(t.call(make_anchors, (h_, w_), stride_, scales_, ratios_).value, float)
        t.that(boxes_.shape == (h_ * w_ * 6, 4), L("another number of anchors", "アンカーの数が違います"))
        grid_ = boxes_.reshape(h_, w_, 3, 2, 4)
        middle_, size_ = (grid_[..., :2] + grid_[..., 2:]) / 2, grid_[..., 2:] - grid_[..., :2]
        columns_, rows_ = np.meshgrid(stride_ / 2 + stride_ * np.arange(w_), stride_ / 2 + stride_ * np.arange(h_))
        t.that(np.allclose(middle_, np.stack([columns_, rows_], -1)[:, :, None, None]), L("other middles", "中心の位置が違います"))
        t.that(np.allclose(np.prod(size_, -1), np.square(scales_)[:, None]), L("other areas", "面積が違います"))
        t.that(np.allclose(size_[..., 1] / size_[..., 0], ratios_), L("other ratios", "縦横比が違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# Play with the grid. The number in the title is the best IoU that any anchor has with the true box: with which scales does the nodule find a good one? What does a finer stride cost?
# %% [markdown] lang="ja"
# 格子を変えてみましょう。題名の数値は、正解の矩形との IoU が最も大きいアンカーの値です。どの大きさなら、結節によく合うアンカーが見つかるでしょうか。ストライドを細かくすると、何が増えるでしょうか。

# %% role="explore"
def lay(stride, scale, ratio):
    anchors = library.make_anchors((256 // stride, 256 // stride), stride, (scale,), (ratio,))
    iou = library.box_iou(anchors, overlap_box)[:, 0]
    _, axes = plt.subplots(figsize=(5, 5))
    figures.film(axes, films.train.images[overlap_film], L(f"{len(anchors)} anchors, best IoU {iou.max():.2f}", f"アンカー {len(anchors)} 個、最大の IoU {iou.max():.2f}"))
    middles = (anchors[:, :2] + anchors[:, 2:]) / 2 - 0.5
    axes.plot(*middles.T, ".", ms=2, color=figures.GREEN)
    draw_boxes(axes, overlap_box, figures.BLUE, "--", 2)
    draw_boxes(axes, anchors[np.argmax(iou)], figures.ORANGE, "-", 2)
    figures.show(L("The middles of all anchors, the true box (dashed) and the best anchor (solid)", "すべてのアンカーの中心（点）、正解の矩形（破線）、最もよく合うアンカー（実線）"))

interact(lay, stride=SelectionSlider(options=[4, 8, 16, 32], value=16, description=L("stride", "ストライド")),
         scale=IntSlider(24, 6, 64, description=L("scale", "大きさ")), ratio=FloatSlider(1, min=0.25, max=4, step=0.25, description=L("ratio", "縦横比")))

# %% [markdown] lang="en"
# ## Four numbers that move an anchor
#
# No anchor fits exactly, so the network also says how to correct it. Not in pixels (10 pixels are much for a small anchor and little for a large one), but relative to the anchor. With middles $x, y$, width $w$
# and height $h$ of the box, and the same with an $a$ for the anchor:
#
# $$ t_x = \frac{x - x_a}{w_a}, \quad t_y = \frac{y - y_a}{h_a}, \quad t_w = \ln \frac{w}{w_a}, \quad t_h = \ln \frac{h}{h_a}. $$
#
# The logarithm makes "twice as wide" (+0.69) and "half as wide" (-0.69) equally far from "stay as you are" (0), and its inverse, the exponential, can never give a negative width.
#
# **An example.** The anchor (10, 20, 30, 60) has its middle at (20, 40) and is 20 wide and 40 high; the box (15, 20, 35, 100) has its middle at (25, 60) and is 20 wide and 80 high. So $t = (0.25,\ 0.5,\ 0,\ \ln 2)$.
#
# ### Exercise 3: `encode_boxes`
#
# Write `encode_boxes(anchors, boxes)`, both of shape (N, 4), in pairs: row k of one belongs to row k of the other. Return an array of shape (N, 4).
#
# ### Exercise 4: `decode_boxes`
#
# And the way back: `decode_boxes(anchors, t)` returns the boxes. Solve the four equations for $x, y, w, h$, then go from middle and size to edges.
# %% [markdown] lang="ja"
# ## アンカーを動かす四つの数
#
# ぴったり合うアンカーはないので、ネットワークには、どう直せばよいかも答えてもらいます。画素数で答えるのではありません。10 画素は、小さなアンカーにとっては大きく、大きなアンカーにとってはわずかだからです。アンカーに対する相対的な値で表します。
# 矩形の中心を $x, y$、幅を $w$、高さを $h$ とし、アンカーのほうには $a$ を付けます。
#
# $$ t_x = \frac{x - x_a}{w_a}, \quad t_y = \frac{y - y_a}{h_a}, \quad t_w = \ln \frac{w}{w_a}, \quad t_h = \ln \frac{h}{h_a} $$
#
# 対数をとると、「幅を2倍に」（+0.69）と「幅を半分に」（-0.69）が、「そのまま」（0）から同じだけ離れます。逆の計算は指数関数なので、幅が負になることもありません。
#
# **例。** アンカー (10, 20, 30, 60) の中心は (20, 40)、幅 20、高さ 40 です。矩形 (15, 20, 35, 100) の中心は (25, 60)、幅 20、高さ 80 です。したがって $t = (0.25,\ 0.5,\ 0,\ \ln 2)$ となります。
#
# ### 演習3：`encode_boxes`
#
# `encode_boxes(anchors, boxes)` を書いてください。どちらも形は (N, 4) で、同じ行どうしが組になっています。形 (N, 4) の配列を返します。
#
# ### 演習4：`decode_boxes`
#
# 今度は逆向きです。矩形を返す `decode_boxes(anchors, t)` を書いてください。四つの式を $x, y, w, h$ について解き、中心と大きさから四辺を求めます。

# %% exercise="encode_boxes"
def encode_boxes(anchors, boxes):
    L("""Return (tx, ty, tw, th) for each pair of anchor and box.""", """アンカーと矩形の組ごとに (tx, ty, tw, th) を返す。""")
    ### BEGIN SOLUTION
    anchors, boxes = np.asarray(anchors, float), np.asarray(boxes, float)
    size_a, size = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    middle_a, middle = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([(middle - middle_a) / size_a, np.log(size / size_a)], axis=1)
    ### END SOLUTION

# %% test="encode_boxes" points=2
with check("encode_boxes") as t:
    anchors = np.array([[10, 20, 30, 60], [0, 0, 8, 4], [5, 5, 9, 12]])
    boxes = np.array([[15, 20, 35, 100], [0, 0, 4, 12], [5, 5, 9, 12]])
    t.call(encode_boxes, anchors, boxes).equals([[0.25, 0.5, 0, np.log(2)], [-0.25, 1, -np.log(2), np.log(3)], [0, 0, 0, 0]])
### BEGIN HIDDEN TESTS
with check("encode_boxes", hidden=True) as t:
    for n_ in (1, 9):
        corner_, size_ = t.rng.uniform(-5, 60, (n_, 2)), t.rng.uniform(2, 30, (n_, 2))
        move_ = t.rng.normal(0, 0.7, (n_, 4))
        middle_, grown_ = corner_ + size_ / 2 + move_[:, :2] * size_, size_ * np.exp(move_[:, 2:])
        t.call(encode_boxes, np.hstack([corner_, corner_ + size_]), np.hstack([middle_ - grown_ / 2, middle_ + grown_ / 2])).equals(move_)
### END HIDDEN TESTS

# %% exercise="decode_boxes"
def decode_boxes(anchors, t):
    L("""Return the boxes that the anchors become.""", """アンカーを動かした先の矩形を返す。""")
    ### BEGIN SOLUTION
    anchors, t = np.asarray(anchors, float), np.asarray(t, float)
    size_a = anchors[:, 2:] - anchors[:, :2]
    middle = (anchors[:, :2] + anchors[:, 2:]) / 2 + t[:, :2] * size_a
    size = size_a * np.exp(t[:, 2:])
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)
    ### END SOLUTION

# %% test="decode_boxes" points=1
with check("decode_boxes") as t:
    anchors = np.array([[10, 20, 30, 60], [0, 0, 8, 4], [5, 5, 9, 12]])
    offsets = np.array([[0.25, 0.5, 0, np.log(2)], [-0.25, 1, -np.log(2), np.log(3)], [0, 0, 0, 0]])
    t.call(decode_boxes, anchors, offsets).equals([[15, 20, 35, 100], [0, 0, 4, 12], [5, 5, 9, 12]])
### BEGIN HIDDEN TESTS
with check("decode_boxes", hidden=True) as t:
    for n_ in (1, 8):
        corner_, size_ = t.rng.uniform(-5, 60, (n_, 2)), t.rng.uniform(2, 30, (n_, 2))
        move_ = t.rng.normal(0, 0.7, (n_, 4))
        middle_, grown_ = corner_ + size_ / 2 + move_[:, :2] * size_, size_ * np.exp(move_[:, 2:])
        t.call(decode_boxes, np.hstack([corner_, corner_ + size_]), move_).equals(np.hstack([middle_ - grown_ / 2, middle_ + grown_ / 2]))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Which anchor learns what?
#
# To train, each anchor needs a target. **Matching** compares all anchors with all true boxes:
#
# * an anchor whose best IoU with any box is **at least** `hi` gets the label **1**: object;
# * one whose best IoU is **less than** `lo` gets **0**: background;
# * the ones in between get **-1**: they are ignored. They half cover a nodule; to call that background would teach the network nonsense.
#
# One rule more, and it matters for us: a small nodule may fit no anchor well, so that it would be lost. Therefore **for each box the anchor with the greatest IoU gets the label 1 in any case** (all of them if
# several tie; but an IoU of 0 is no match). That is how Faster R-CNN does it (Ren 2015).
#
# ### Exercise 5 (optional, bonus points): `match_anchors`
#
# Write `match_anchors(anchors, boxes, hi, lo)` for (N, 4) and (M, 4): return two arrays of N whole numbers.
#
# * `labels`: 1, 0 or -1, as above;
# * `matched`: the index of the box with which the anchor has its greatest IoU (the lowest one if several tie), whatever its label.
#
# Without any box (M = 0) all labels are 0 and all of `matched` is -1.
#
# *Hint: with `iou = box_iou(anchors, boxes)`, `iou.max(axis=1)` is each anchor's best, `iou.max(axis=0)` each box's best.*
# %% [markdown] lang="ja"
# ## どのアンカーが何を学ぶのか
#
# 学習には、アンカー一つ一つに目標値が必要です。**対応付け**（マッチング）では、すべてのアンカーと正解の矩形とを比べます。
#
# * 最も大きい IoU が `hi` **以上**のアンカーのラベルは **1**（物体あり）
# * 最も大きい IoU が `lo` **未満**のアンカーのラベルは **0**（背景）
# * その間のアンカーは **-1**（無視）。結節を半分ほど含んでいるので、背景だと教えると、ネットワークが混乱します。
#
# もう一つ、私たちにとって大切な規則があります。小さな結節には、よく合うアンカーがないかもしれません。そのままでは、その結節から何も学べなくなってしまいます。そこで、**どの矩形についても、IoU が最大のアンカーには必ずラベル 1 を付けます**
# （同点ならそのすべてに付けますが、IoU が 0 なら対応なしとします）。Faster R-CNN の方法です（Ren 2015）。
#
# ### 演習5（発展・ボーナス点）：`match_anchors`
#
# 形 (N, 4) と (M, 4) について、N 個の整数の配列を二つ返す `match_anchors(anchors, boxes, hi, lo)` を書いてください。
#
# * `labels`：上の規則による 1、0、-1
# * `matched`：ラベルに関係なく、IoU が最も大きい矩形の番号（同点なら小さい番号）
#
# 矩形が一つもないとき（M = 0）は、`labels` をすべて 0、`matched` をすべて -1 とします。
#
# *ヒント：`iou = box_iou(anchors, boxes)` とすると、`iou.max(axis=1)` はアンカーごとの最大、`iou.max(axis=0)` は矩形ごとの最大です。*

# %% exercise="match_anchors"
def match_anchors(anchors, boxes, hi, lo):
    L("""Return labels (1, 0, -1) and the box of greatest IoU for each anchor.""", """アンカーごとのラベル（1、0、-1）と、IoU が最大の矩形の番号を返す。""")
    ### BEGIN SOLUTION
    if len(boxes) == 0:
        return np.zeros(len(anchors), int), np.full(len(anchors), -1)
    iou = np.asarray(box_iou(anchors, boxes))
    best = iou.max(axis=1)
    labels = np.full(len(anchors), -1)
    labels[best < lo] = 0
    labels[best >= hi] = 1
    for m in range(len(boxes)):
        if iou[:, m].max() > 0:
            labels[iou[:, m] == iou[:, m].max()] = 1
    return labels, iou.argmax(axis=1)
    ### END SOLUTION

# %% test="match_anchors" points=3
with check("match_anchors") as t:
    names = (L("labels", "ラベル"), L("matched", "対応する矩形"))
    boxes = np.array([[0, 0, 10, 10], [40, 40, 44, 44]])
    # en: IoU with the first box: 1, 0.67, 0.33, 0.11; then two that tie for the small second box (0.16); then 0
    # ja: 一つめの矩形との IoU は 1、0.67、0.33、0.11。次の二つは、小さい二つめの矩形に対して同点（0.16）。最後は 0
    anchors = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [5, 0, 15, 10], [8, 0, 18, 10], [38, 38, 48, 48], [36, 36, 46, 46], [70, 0, 80, 10]])
    t.call(match_anchors, anchors, boxes, 0.7, 0.3).equals(([1, -1, -1, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1, 0]), names=names)
    # en: the ends count as agreed: an IoU of exactly 0.5 is at least 0.5, and not less than 0.5
    # ja: 境目は約束どおりに：ちょうど 0.5 は、0.5 以上であり、0.5 未満ではない
    halves = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 4]])
    t.call(match_anchors, halves, boxes[:1], 0.5, 0.3).equals(([1, 1, -1], [0, 0, 0]), names=names)
    t.call(match_anchors, halves, boxes[:1], 0.8, 0.5).equals(([1, -1, 0], [0, 0, 0]), names=names)
    # en: the first anchor is the best one of both boxes; its own best is the first box; the third box touches no anchor
    # ja: 最初のアンカーは二つの矩形のどちらにとっても最良。アンカー自身にとって最良なのは一つめ。三つめの矩形はどのアンカーにも触れない
    three = np.array([[0, 0, 10, 10], [0, 0, 10, 4], [90, 90, 95, 99]])
    t.call(match_anchors, np.array([[0, 0, 10, 8], [20, 0, 30, 10], [0, 6, 10, 16]]), three, 0.9, 0.3).equals(([1, 0, 0], [0, 0, 0]), names=names)
    t.call(match_anchors, halves, np.zeros((0, 4)), 0.7, 0.3).equals(([0, 0, 0], [-1, -1, -1]), names=names)
### BEGIN HIDDEN TESTS
with check("match_anchors", hidden=True) as t:
    for n_, m_ in ((31, 3), (54, 2), (12, 5)):
        corner_, size_ = t.rng.integers(0, 30, (n_, 2)), t.rng.integers(4, 17, (n_, 2))
        anchors_ = np.concatenate([corner_, corner_ + size_], axis=1)
        boxes_ = anchors_[t.rng.integers(0, n_, m_)] + t.rng.integers(-1, 2, (m_, 4))
        parts_ = [[max(0, min(a_[2], b_[2]) - max(a_[0], b_[0])) * max(0, min(a_[3], b_[3]) - max(a_[1], b_[1])) for b_ in boxes_] for a_ in anchors_.tolist()]
        areas_ = [[(a_[2] - a_[0]) * (a_[3] - a_[1]) + (b_[2] - b_[0]) * (b_[3] - b_[1]) for b_ in boxes_] for a_ in anchors_.tolist()]
        table_ = [[p_ / (q_ - p_) for p_, q_ in zip(*rows_)] for rows_ in zip(parts_, areas_)]
        tops_ = [max(row_[k_] for row_ in table_) for k_ in range(m_)]
        labels_ = [1 if max(row_) >= 0.55 or any(v_ == top_ > 0 for v_, top_ in zip(row_, tops_)) else 0 if max(row_) < 0.21 else -1 for row_ in table_]
        t.call(match_anchors, anchors_, boxes_, 0.55, 0.21).equals((labels_, [row_.index(max(row_)) for row_ in table_]))
### END HIDDEN TESTS

# %% role="demo"
anchors_of, match = yours_or(library.make_anchors), yours_or(library.match_anchors)
SCALES, STRIDE = (10, 18, 32), 8
anchors = np.asarray(anchors_of((256 // STRIDE, 256 // STRIDE), STRIDE, SCALES, (1,)))
_, row = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
for axes, grade in zip(row, (5, 3, 1)):
    i = grades.index(grade)
    labels, _ = match(anchors, films.train.boxes()[i], 0.5, 0.25)
    counts = [int(np.sum(labels == value)) for value in (1, -1, 0)]
    figures.film(axes, films.train.images[i], L("object {}, ignored {}, background {}", "物体 {}、無視 {}、背景 {}").format(*counts))
    draw_boxes(axes, anchors[labels == 1], figures.ORANGE, "-", 1)
    draw_boxes(axes, films.train.boxes()[i], figures.BLUE, "--", 2)
    x, y = films.train.nodules[i][0].x, films.train.nodules[i][0].y
    axes.set(xlim=(x - 45, x + 45), ylim=(y + 45, y - 45))
figures.show(L("Three nodules (dashed) with the anchors that are to learn them (solid)", "三つの結節（破線）と、それを学ぶアンカー（実線）"))

# %% [markdown] lang="en"
# (Ren 2015 takes hi = 0.7 and lo = 0.3. Our nodules are small, and few anchors fit them so well: we take 0.5 and 0.25.) A handful of objects against some three thousand anchors of background: keep this in mind, it will matter in a minute.
#
# ## The loss of Faster R-CNN
#
# For each anchor $i$ the network gives a probability $p_i$ that there is an object, and four offsets $t_i$. The matching gives the label $p_i^*$ (1 or 0) and the offsets $t_i^*$ that would be right. The loss
# adds two terms (the numbers are the seminar's):
#
# $$ L = \frac{\lambda_1}{N_{cls}} \sum_i L_{cls}(p_i, p_i^*) + \frac{\lambda_2}{N_{reg}} \sum_i p_i^* \, L_{reg}(t_i, t_i^*) \tag{4} $$
#
# $$ L_{cls}(p_i, p_i^*) = -\ln \bigl( p_i^* \, p_i + (1 - p_i^*)(1 - p_i) \bigr) \tag{5} $$
#
# $$ L_{reg}(t_i, t_i^*) = \sum_{j \in \{x, y, w, h\}} S(t_{ij} - t_{ij}^*) \tag{6} $$
#
# $$ S(d) = \begin{cases} d^2 / 2 & \text{if } |d| < 1 \cr |d| - 1/2 & \text{otherwise} \end{cases} \tag{7} $$
#
# * **(5)** is the cross-entropy of unit 03: minus the logarithm of the probability given to what is true. $p_i$ for an object, $1 - p_i$ for background.
# * **(4)**, first sum: over all anchors that are not ignored. $N_{cls}$ is how many these are: a mean.
# * **(4)**, second sum: the factor $p_i^*$ is 1 for objects and 0 for all others. Where nothing is, no box can be right or wrong. $N_{reg}$ is the number of **all** anchors, ignored ones too.
#   (Ren 2015 counts the places of the feature map, and sets λ = 10; a matter of weights only.)
# * **(6), (7)** is the **smooth L1**: near 0 a parabola, so that the gradient fades as one comes close; far off a straight line, so that one very wrong box does not drown all others.
#
# ### Exercise 6: `smooth_l1`
#
# Write `smooth_l1(d)`, equation (7), for arrays of any shape. Write it with `keras.ops` (`ops.abs`, `ops.where(condition, a, b)`), which has the same functions as NumPy but can also be trained; then you can use it in the next exercise.
# %% [markdown] lang="ja"
# （Ren 2015 は hi = 0.7、lo = 0.3 としています。ここでは結節が小さく、それほどよく合うアンカーが少ないので、0.5 と 0.25 にしました。）背景が約三千個に対して、物体のアンカーはほんの数個です。この偏りを覚えておいてください。
# すぐ後で問題になります。
#
# ## Faster R-CNN の損失
#
# ネットワークは、アンカー $i$ ごとに、物体がある確率 $p_i$ と四つの数 $t_i$ を出します。対応付けからは、ラベル $p_i^*$（1 か 0）と、正しい四つの数 $t_i^*$ が得られます。損失は二つの項の和です
# （式の番号はセミナーのものです）。
#
# $$ L = \frac{\lambda_1}{N_{cls}} \sum_i L_{cls}(p_i, p_i^*) + \frac{\lambda_2}{N_{reg}} \sum_i p_i^* \, L_{reg}(t_i, t_i^*) \tag{4} $$
#
# $$ L_{cls}(p_i, p_i^*) = -\ln \bigl( p_i^* \, p_i + (1 - p_i^*)(1 - p_i) \bigr) \tag{5} $$
#
# $$ L_{reg}(t_i, t_i^*) = \sum_{j \in \{x, y, w, h\}} S(t_{ij} - t_{ij}^*) \tag{6} $$
#
# $$ S(d) = \begin{cases} d^2 / 2 & |d| < 1 \cr |d| - 1/2 & \text{それ以外} \end{cases} \tag{7} $$
#
# * **式(5)** は、単元03の交差エントロピーです。正解に与えた確率の対数に、マイナスを付けます。物体なら $p_i$、背景なら $1 - p_i$ です。
# * **式(4)の第一項**は、無視するもの以外のすべてのアンカーについての和です。$N_{cls}$ はその個数なので、平均になります。
# * **式(4)の第二項**には、係数 $p_i^*$ が付いています。物体なら 1、それ以外は 0 です。何もないところでは、矩形が正しいも間違いもないからです。$N_{reg}$ は、無視するものも含めた**すべての**アンカーの個数です
#   （Ren 2015 は特徴マップの位置の数を使い、λ = 10 としています。重みの付け方の違いにすぎません）。
# * **式(6)と(7)** は **smooth L1** です。0 の近くでは放物線なので、近づくほど勾配が小さくなります。遠くでは直線なので、大きく外れた一つの矩形のために、ほかが埋もれることがありません。
#
# ### 演習6：`smooth_l1`
#
# 式(7)の `smooth_l1(d)` を、どのような形の配列にも使えるように書いてください。`keras.ops` の `ops.abs` や `ops.where(条件, a, b)` を使いましょう。NumPy と同じ働きの関数ですが、学習にも使えます。そうしておけば、次の演習でも使えます。

# %% exercise="smooth_l1"
def smooth_l1(d):
    L("""Return S(d) of equation (7), element by element.""", """式(7)の S(d) を要素ごとに返す。""")
    ### BEGIN SOLUTION
    size = ops.abs(d)
    return ops.where(size < 1, 0.5 * size * size, size - 0.5)
    ### END SOLUTION

# %% test="smooth_l1" points=1
with check("smooth_l1") as t:
    t.call(smooth_l1, np.array([-2, -1, -0.5, 0, 0.3, 1, 3.0])).equals([1.5, 0.5, 0.125, 0, 0.045, 0.5, 2.5])
    t.call(smooth_l1, np.array([[0.8, -0.1], [-40, 1.5], [0.25, -1.25]])).equals([[0.32, 0.005], [39.5, 1.0], [0.03125, 0.75]])
### BEGIN HIDDEN TESTS
with check("smooth_l1", hidden=True) as t:
    from scipy.special import huber

    for shape_ in ((9,), (3, 4), (2, 5, 3)):
        d_ = t.rng.normal(0, 1.4, shape_)
        t.call(smooth_l1, d_).equals(huber(1, d_), rtol=1e-5, atol=1e-6)
### END HIDDEN TESTS

# %% role="demo"
bend = yours_or(library.smooth_l1)
d = np.linspace(-3, 3, 121)
_, axes = plt.subplots(figsize=(6, 3.2))
axes.plot(d, ops.convert_to_numpy(bend(d)), "-", lw=2, label=L("smooth L1", "smooth L1"))
axes.plot(d, d**2 / 2, "--", label=L("d² / 2", "d² / 2"))
axes.plot(d, np.abs(d), ":", label="|d|")
axes.set(xlabel="d", ylabel=L("loss", "損失"), ylim=(0, 4))
axes.legend()
figures.show(L("Smooth L1 is a parabola near 0 and a straight line beyond 1", "smooth L1 は 0 の近くで放物線、1 より外では直線"))

# %% [markdown] lang="en"
# ### Term by term
#
# Five anchors, and what each contributes:
#
# | anchor | label | $p$ | $L_{cls}$ (5) | $t - t^*$ | $L_{reg}$ (6) |
# |---|---|---|---|---|---|
# | 0 | 1 | 0.8 | -ln 0.8 = 0.223 | (0.5, -2, 0, 0) | 0.125 + 1.5 = 1.625 |
# | 1 | 0 | 0.4 | -ln 0.6 = 0.511 | any | does not count |
# | 2 | -1 | 0.9 | does not count | any | does not count |
# | 3 | 0 | 0.1 | -ln 0.9 = 0.105 | any | does not count |
# | 4 | 1 | 0.5 | -ln 0.5 = 0.693 | (0, 0, 0.2, 1) | 0.02 + 0.5 = 0.52 |
#
# $N_{cls} = 4$, $N_{reg} = 5$. With $\lambda_1 = \lambda_2 = 1$: $L = 1.532 / 4 + 2.145 / 5 = 0.383 + 0.429 = 0.812$.
#
# A film without a nodule has no anchor with label 1: its second term is 0, but its first one is not. **Such films teach, too**: they teach what is *not* a nodule.
#
# ### Exercise 7: `rpn_loss`
#
# Write `rpn_loss(p, t, labels, targets, l1=1, l2=1)`: `p` and `labels` have the shape (N,), `t` and `targets` (N, 4). Return equation (4), one number.
#
# * Write it with `keras.ops`, for whole arrays, without `if` and `for` over anchors: later there are 24,576 at a time, and Keras has to find the gradient.
# * A probability of 0 would give an infinite loss: clip the probability of what is true at 1e-7 (`ops.clip(value, 1e-7, 1)`).
# * If all anchors are ignored, the first term is 0 (divide by 1 instead of 0).
#
# *Hint: `ops.where(labels == 1, p, 1 - p)` is the probability of what is true; `ops.cast(labels >= 0, "float32")` is 1 where an anchor counts and 0 elsewhere. `labels.shape[0]` is N.*
# %% [markdown] lang="ja"
# ### 一項ずつ計算してみる
#
# アンカーが五つの例です。
#
# | アンカー | ラベル | $p$ | $L_{cls}$ 式(5) | $t - t^*$ | $L_{reg}$ 式(6) |
# |---|---|---|---|---|---|
# | 0 | 1 | 0.8 | -ln 0.8 = 0.223 | (0.5, -2, 0, 0) | 0.125 + 1.5 = 1.625 |
# | 1 | 0 | 0.4 | -ln 0.6 = 0.511 | 何でもよい | 数えない |
# | 2 | -1 | 0.9 | 数えない | 何でもよい | 数えない |
# | 3 | 0 | 0.1 | -ln 0.9 = 0.105 | 何でもよい | 数えない |
# | 4 | 1 | 0.5 | -ln 0.5 = 0.693 | (0, 0, 0.2, 1) | 0.02 + 0.5 = 0.52 |
#
# $N_{cls} = 4$、$N_{reg} = 5$ です。$\lambda_1 = \lambda_2 = 1$ なら、$L = 1.532 / 4 + 2.145 / 5 = 0.383 + 0.429 = 0.812$ になります。
#
# 結節のない画像には、ラベル 1 のアンカーがありません。第二項は 0 ですが、第一項は 0 ではありません。**結節のない画像からも学んでいる**のです。そこから学ぶのは、結節では*ない*ものの姿です。
#
# ### 演習7：`rpn_loss`
#
# 式(4)の値を一つの数で返す `rpn_loss(p, t, labels, targets, l1=1, l2=1)` を書いてください。`p` と `labels` の形は (N,)、`t` と `targets` の形は (N, 4) です。
#
# * `keras.ops` を使い、アンカーごとの `if` や `for` なしに、配列全体の計算として書きます。あとで一度に 24,576 個を扱い、Keras が勾配を求めるからです。
# * 確率が 0 だと損失が無限大になるので、正解に与えた確率を 1e-7 で打ち切ります（`ops.clip(値, 1e-7, 1)`）。
# * すべてのアンカーが無視されるときは、第一項を 0 とします（0 の代わりに 1 で割ります）。
#
# *ヒント：`ops.where(labels == 1, p, 1 - p)` は、正解に与えた確率です。`ops.cast(labels >= 0, "float32")` は、数えるアンカーで 1、それ以外で 0 になります。N は `labels.shape[0]` です。*

# %% exercise="rpn_loss"
def rpn_loss(p, t, labels, targets, l1=1, l2=1):
    L("""Return the loss of equation (4) as one number.""", """式(4)の損失を一つの数で返す。""")
    ### BEGIN SOLUTION
    right = ops.clip(ops.where(labels == 1, p, 1 - p), 1e-7, 1)
    counts = ops.cast(labels >= 0, "float32")
    objects = ops.cast(labels == 1, "float32")
    classification = ops.sum(-ops.log(right) * counts) / ops.maximum(ops.sum(counts), 1)
    size = ops.abs(t - targets)
    bent = ops.where(size < 1, 0.5 * size * size, size - 0.5)
    regression = ops.sum(ops.sum(bent, axis=1) * objects) / labels.shape[0]
    return l1 * classification + l2 * regression
    ### END SOLUTION

# %% test="rpn_loss" points=3
with check("rpn_loss") as t:
    p = np.array([0.8, 0.4, 0.9, 0.1, 0.5], "float32")
    labels = np.array([1, 0, -1, 0, 1])
    targets = np.array([[0, 0, 0.1, 0], [3, 3, 3, 3], [5, 5, 5, 5], [4, 4, 4, 4], [1, 0, 0, -1]], "float32")
    offsets = targets + np.array([[0.5, -2, 0, 0], [1, 2, 3, 4], [1, 1, 1, 1], [2, 2, 2, 2], [0, 0, 0.2, 1]], "float32")
    first, second = -np.log(0.8 * 0.6 * 0.9 * 0.5) / 4, (1.625 + 0.52) / 5
    t.call(rpn_loss, p, offsets, labels, targets).equals(first + second, rtol=1e-4)
    t.call(rpn_loss, p, offsets, labels, targets, 2, 10).equals(2 * first + 10 * second, rtol=1e-4)
    # en: a film without a nodule; then all ignored; then a probability of 0 for an object
    # ja: 結節のない画像。次に、すべて無視。次に、物体の確率が 0
    t.call(rpn_loss, p, offsets, np.array([0, 0, -1, 0, 0]), targets).equals(-np.log(0.2 * 0.6 * 0.9 * 0.5) / 4, rtol=1e-4)
    t.call(rpn_loss, p, offsets, np.array([-1] * 5), targets).equals(0, atol=1e-6)
    t.call(rpn_loss, np.zeros(2, "float32"), targets[:2], np.array([1, 0]), targets[:2]).equals(16.11810 / 2, rtol=1e-3)
    # en: what Keras trains with are symbols first, numbers later
    # ja: 学習のとき、Keras はまず記号のまま式を受け取り、数は後から入る
    symbols = [keras.Input(batch_shape=(5,)), keras.Input(batch_shape=(5, 4))]
    model = t.model(symbols, t.call(rpn_loss, *symbols, labels, targets).value)
    t.that(abs(float(model([p, offsets])) - first - second) < 1e-3, L("as a part of a network it gives another number", "ネットワークの一部にすると、違う値になります"))
### BEGIN HIDDEN TESTS
with check("rpn_loss", hidden=True) as t:
    from scipy.special import huber

    for n_, l1_, l2_ in ((17, 1, 1), (40, 0.5, 10), (6, 3, 0)):
        p_, labels_ = t.rng.uniform(0.02, 0.98, n_).astype("float32"), t.rng.integers(-1, 2, n_)
        t_, wanted_ = t.rng.normal(0, 1, (2, n_, 4)).astype("float32")
        labels_[:3] = [1, 0, -1]
        kept_ = [(q_ if k_ else 1 - q_) for q_, k_ in zip(p_.astype(float), labels_) if k_ >= 0]
        pulls_ = huber(1, t_.astype(float) - wanted_)[labels_ == 1]
        loss_ = l1_ * -np.mean(np.log(kept_)) + l2_ * pulls_.sum() / n_
        t.call(rpn_loss, p_, t_, labels_, wanted_, l1_, l2_).equals(loss_, rtol=1e-4)
        # what is ignored may be anything, and so may the offsets of background
        p_[labels_ == -1], t_[labels_ != 1] = 0.5, 7
        t.call(rpn_loss, p_, t_, labels_, wanted_, l1_, l2_).equals(loss_, rtol=1e-4)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## A small region proposal network
#
# Everything is there for a **region proposal network** (RPN), the part of Faster R-CNN that says *where*. Ours is small: six convolutions, three of them with stride 2, make a feature map of 32 × 32 cells out of
# a film of 256 × 256. Two convolutions of 1 × 1 answer at each cell: three probabilities (one for each scale of anchor) and three times four offsets. (All of it is convolution: the same few weights look everywhere.)
#
# Two things are prepared:
#
# * **The films are evened out.** From each pixel the mean of its surroundings is taken away, and the rest is divided by their standard deviation. What stays is local contrast: a nodule looks alike in the dark lung and behind the heart.
# * **More nodules.** 95 nodules are few to learn from. So each training film comes four times: as it is, and three times with a **simulated nodule**, a faint ball, put where another training patient had one.
#   This is common practice, but remember it: most of what the network learns is *our* idea of a nodule. Validation and test films stay as they are.
# %% [markdown] lang="ja"
# ## 小さな領域提案ネットワーク
#
# これで、Faster R-CNN の中で*どこに*を答える部分、**領域提案ネットワーク**（RPN）の部品がそろいました。ここで使うのは小さなものです。六つの畳み込み（うち三つはストライド 2）で、256 × 256 の画像から 32 × 32 マスの特徴マップを作ります。
# その各マスで、二つの 1 × 1 の畳み込みが答えます。一つは三つの確率（アンカーの大きさごとに一つ）、もう一つは四つの数を三組です（すべてが畳み込みなので、同じわずかな重みで画像のあらゆる場所を見ます）。
#
# 準備として、二つのことをします。
#
# * **画像をならす。** 各画素から周囲の平均を引き、周囲の標準偏差で割ります。残るのは局所のコントラストです。暗い肺野の結節も心臓に重なる結節も、似た見え方になります。
# * **結節を増やす。** 学習用の結節 95 個は、学ぶには少なすぎます。そこで学習用の画像を、元のままのものに加え、**模擬結節**を一つ足したものを三通り、合わせて四枚にして使います。模擬結節は、ほかの学習用の患者で結節があった場所に置いた、淡い球です。
#   よく使われる方法ですが、ネットワークが学ぶのは、ほとんどが「*私たちの考える*結節」だということを覚えておきましょう。検証用とテスト用の画像には、何も加えません。

# %% role="setup"
def evened(images, width=8):
    L("""Return films less the mean of their surroundings, over their standard deviation: (N, H, W, 1).""",
      """周囲の平均を引き、周囲の標準偏差で割った画像を (N, H, W, 1) で返す。""")
    blur = lambda image: ndimage.gaussian_filter(image, width)
    rest = [image - blur(image) for image in images]
    return np.stack([r / (np.sqrt(blur(r**2)) + 0.02) for r in rest])[..., None]

# %% role="demo"
rng = np.random.default_rng(0)
real_boxes = [boxes.reshape(-1, 4) for boxes in films.train.boxes()]
known = np.concatenate(real_boxes)
rows, columns = np.mgrid[:256, :256] + 0.5

def with_simulated(image, boxes):
    place, like = known[rng.integers(0, len(known), 2)]
    x, y = (place[:2] + place[2:]) / 2 + rng.uniform(-6, 6, 2)
    diameter = (like[2] - like[0]) * rng.uniform(0.8, 1.2)
    height = np.sqrt(np.clip(1 - (np.hypot(columns - x, rows - y) / (diameter / 2)) ** 2, 0, 1))
    faint = 0.06 * diameter / 13 * rng.uniform(0.5, 1.3) * ndimage.gaussian_filter(height, 0.7)
    return image + faint, np.vstack([boxes, [x - diameter / 2, y - diameter / 2, x + diameter / 2, y + diameter / 2]])

simulated = [with_simulated(image, boxes) for _ in range(3) for image, boxes in zip(films.train.images, real_boxes)]
mixed = [*simulated, *zip(films.train.images, real_boxes)]
print(L(f"{len(mixed)} films to learn from, {len(simulated)} of them with a simulated nodule", f"学習に使う画像 {len(mixed)} 枚、うち模擬結節を加えた画像 {len(simulated)} 枚"))

# %% role="demo"
_, row = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
shown = grades.index(4)
figures.film(row[0], films.train.images[shown], L("the film", "元の画像"))
figures.film(row[1], evened(films.train.images[[shown]])[0, ..., 0], L("evened out", "ならした画像"), low=-2.5, high=2.5)
figures.film(row[2], evened([simulated[shown][0]])[0, ..., 0], L("with a simulated nodule", "模擬結節を加えた画像"), low=-2.5, high=2.5)
for axes in row:
    draw_boxes(axes, real_boxes[shown], figures.BLUE, "--", 1.5)
draw_boxes(row[2], simulated[shown][1][-1], figures.ORANGE, "-", 1.5)
figures.show(L("A film, the same evened out, and with a simulated nodule (solid box); the true nodule is dashed",
               "元の画像、ならした画像、模擬結節（実線）を加えた画像。本当の結節は破線"))

# %% [markdown] lang="en"
# The network learns from **pairs** of film and targets. Each time a film is drawn it is moved, enlarged or reduced a little and in half the cases mirrored, together with its boxes. (In unit 06 a flip was forbidden: it swaps the sides. For a
# nodule the side does not matter.) Then your `match_anchors` and `encode_boxes` make the targets.
#
# **Which background?** With three thousand anchors of background for five of an object, the answer "nothing anywhere" would already be nearly perfect. Faster R-CNN takes a random **sample** of the background only; so do we: 48 anchors for each film, and all
# others get the label -1. Your loss knows what to do with that. On films without a nodule there are 48 anchors of background too, so that **these films contribute to the loss** like all others.
# %% [markdown] lang="ja"
# ネットワークは、画像と目標値の**組**から学びます。画像は、使うたびに矩形ごと少し動かし、拡大・縮小し、二回に一回は左右を反転します（単元06では、左右が入れ替わるので反転を使いませんでした。結節の検出では、左右は問題になりません）。
# そのうえで、皆さんの `match_anchors` と `encode_boxes` が目標値を作ります。
#
# **背景はどれを使うか。** 物体のアンカー五個に対して背景が三千個もあるので、「どこにも何もない」と答えるだけで、ほぼ満点になってしまいます。Faster R-CNN では、背景の一部だけを無作為に**選び出し**ます。ここでも、画像1枚につき 48 個だけを選び、
# 残りのラベルを -1 にします。どう扱えばよいかは、皆さんの損失関数が知っています。結節のない画像からも 48 個の背景を選ぶので、**これらの画像も、ほかの画像と同じように損失に加わります**。

# %% role="demo"
encode = yours_or(library.encode_boxes)

def moved(image, boxes, rng):
    zoom, shift, flip = rng.uniform(0.9, 1.1), rng.uniform(-12, 12, 2), rng.random() < 0.5
    start = 127.5 - (127.5 + shift) / zoom
    image = ndimage.affine_transform(image, [1 / zoom, 1 / zoom], start, order=1, mode="nearest")
    boxes = (boxes - 128) * zoom + 128 + np.tile(shift[::-1], 2)
    if flip:
        image, boxes = image[:, ::-1], np.stack([256 - boxes[:, 2], boxes[:, 1], 256 - boxes[:, 0], boxes[:, 3]], axis=1)
    return image, boxes

def targets_for(boxes, rng, background=48):
    labels, matched = (np.array(part) for part in match(anchors, boxes, 0.5, 0.25))
    answer = np.zeros((len(anchors), 5), "float32")
    objects = labels == 1
    if objects.any():
        answer[objects, 1:] = encode(anchors[objects], boxes[matched[objects]])
    labels[rng.permutation(np.flatnonzero(labels == 0))[background:]] = -1
    answer[:, 0] = labels
    return answer

def drawn(image, boxes, rng):
    image, boxes = moved(image[..., 0], boxes[~np.isnan(boxes[:, 0])], rng)
    return (image * rng.uniform(0.8, 1.2))[..., None], targets_for(boxes, rng)

# %% [markdown] lang="en"
# Outputs and targets travel as one array each: for each anchor five numbers, the probability (or label) and four offsets. The function `loss` takes them apart and hands them to your `rpn_loss`, for the eight films of a batch at once. λ₂ = 50 makes up for the division
# by all 24,576 anchors, of which hardly any is an object.
# %% [markdown] lang="ja"
# 出力と目標値は、アンカーごとに五つの数（確率またはラベルと、四つの数）を並べた一つの配列として受け渡します。関数 `loss` はそれを分解し、バッチの八枚分をまとめて、皆さんの `rpn_loss` に渡します。λ₂ = 50 としたのは、第二項を 24,576 個の
# アンカーすべてで割っているからです。そのうち物体は、ごくわずかしかありません。

# %% role="demo"
BATCH = 8
equation_4 = yours_or(library.rpn_loss)

def block(x, filters, stride=1):
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

def proposal_network():
    film = keras.Input((256, 256, 1))
    x = block(block(block(film, 16, 2), 32, 2), 32)
    x = block(block(block(x, 64, 2), 64), 64)
    p = layers.Conv2D(len(SCALES), 1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-2))(x)
    t = layers.Conv2D(4 * len(SCALES), 1)(x)
    outputs = layers.Concatenate()([layers.Reshape((-1, 1))(p), layers.Reshape((-1, 4))(t)])
    return keras.Model(film, outputs, name="rpn")

def loss(truth, answer):
    truth, answer = (ops.reshape(part, (BATCH * len(anchors), 5)) for part in (truth, answer))
    return equation_4(answer[:, 0], answer[:, 1:], truth[:, 0], truth[:, 1:], 1, 50)

# %% role="demo"
def pairs(images, boxes, seed):
    whole = len(images) // BATCH * BATCH
    padded = np.full((whole, max(map(len, boxes)), 4), np.nan)
    for k in range(whole):
        padded[k, :len(boxes[k])] = boxes[k]
    return Batches(evened(images[:whole]), padded, BATCH, seed, drawn)

def train(batches, epochs, lr):
    rate = keras.optimizers.schedules.CosineDecay(lr, epochs * len(batches))
    network.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    return network.fit(batches, epochs=epochs, verbose=0, callbacks=[Progress()]).history["loss"]

keras.utils.set_random_seed(1)
network = proposal_network()
print(L(f"{network.count_params():,} parameters, {len(anchors)} anchors", f"パラメータ {network.count_params():,} 個、アンカー {len(anchors)} 個"))
batches = pairs(np.stack([image for image, _ in mixed]), [boxes for _, boxes in mixed], 1)
first_losses = train(batches, 7, 2e-3)

# %% [markdown] lang="en"
# That was the first half. The second goes on from there, with half the learning rate. (In two cells, so that you can run the second one again for a longer training.)
# %% [markdown] lang="ja"
# これが前半です。後半は、学習率を半分にして続きを学習します（セルを二つに分けたのは、後半だけをもう一度実行すれば、学習を延ばせるようにするためです）。

# %% role="demo"
second_losses = train(batches, 7, 1e-3)
print(L(f"loss: {first_losses[0]:.3f} in the first epoch, {first_losses[-1]:.3f} after the first half, {second_losses[-1]:.3f} at the end",
        f"損失：最初のエポック {first_losses[0]:.3f}、前半の最後 {first_losses[-1]:.3f}、後半の最後 {second_losses[-1]:.3f}"))

# %% [markdown] lang="en"
# ## Clearing up: non-maximum suppression
#
# On each nodule several neighbouring anchors answer. A doctor wants one mark. **Non-maximum suppression** (NMS) clears up:
#
# 1. keep the box with the highest score;
# 2. drop every other box whose IoU with it is **greater than** `thr`;
# 3. go on with the boxes that are left, until none is left.
#
# A box that has been dropped drops no others.
#
# ### Exercise 8: `nms`
#
# Write `nms(boxes, scores, thr)`: return the indices of the boxes to keep, by falling score. Of equal scores the lower index comes first. Without boxes: an empty list.
#
# *Hint: `np.argsort(-scores, kind="stable")` is the order by falling score that leaves equal ones in their place.*
# %% [markdown] lang="ja"
# ## 整理する：非最大値抑制
#
# 一つの結節に対して、隣り合ういくつものアンカーが手を挙げます。しかし、医師が見たい印は一つです。**非最大値抑制**（NMS）で整理しましょう。
#
# 1. スコアが最も高い矩形を残す。
# 2. それとの IoU が `thr` **より大きい**ほかの矩形を捨てる。
# 3. 残りの矩形について、なくなるまで繰り返す。
#
# 捨てられた矩形が、ほかの矩形を捨てることはありません。
#
# ### 演習8：`nms`
#
# 残す矩形の番号を、スコアの高い順に返す `nms(boxes, scores, thr)` を書いてください。スコアが同じなら、番号の小さいほうを先にします。矩形がなければ、空のリストを返します。
#
# *ヒント：`np.argsort(-scores, kind="stable")` は、同じ値の順番を変えずに、スコアの高い順に並べます。*

# %% exercise="nms"
def nms(boxes, scores, thr):
    L("""Return the indices of the boxes to keep, by falling score.""", """残す矩形の番号を、スコアの高い順に返す。""")
    ### BEGIN SOLUTION
    waiting = list(np.argsort(-np.asarray(scores), kind="stable"))
    kept = []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        if waiting:
            iou = np.asarray(box_iou(boxes[best:best + 1], boxes[waiting]))[0]
            waiting = [k for k, overlap in zip(waiting, iou) if overlap <= thr]
    return kept
    ### END SOLUTION

# %% test="nms" points=2
with check("nms") as t:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [5, 0, 15, 10], [20, 5, 30, 15], [9, 0, 19, 10]])
    scores = np.array([0.6, 0.9, 0.3, 0.8, 0.5, 0.4])
    # en: IoU of 1 with 0: 0.82, of 1 with 3: 0.43, of 3 with 5: 0.43, of 2 with 4: 0.33, of 1 with 5: 0.11
    # ja: IoU は、1 と 0 が 0.82、1 と 3 が 0.43、3 と 5 が 0.43、2 と 4 が 0.33、1 と 5 が 0.11
    t.call(nms, boxes, scores, 0.5).equals([1, 3, 4, 5, 2])
    t.call(nms, boxes, scores, 0.4).equals([1, 4, 5, 2])
    # en: an IoU of exactly 0.25; then equal scores; then nothing at all
    # ja: IoU がちょうど 0.25 のとき。次に、同じスコア。次に、矩形なし
    t.call(nms, np.array([[0, 0, 10, 10], [6, 0, 16, 10]]), np.array([0.2, 0.7]), 0.25).equals([1, 0])
    t.call(nms, boxes[[0, 1, 4]], np.array([0.5, 0.5, 0.5]), 0.5).equals([0, 2])
    t.call(nms, np.zeros((0, 4)), np.zeros(0), 0.5).equals([])
### BEGIN HIDDEN TESTS
with check("nms", hidden=True) as t:
    for n_, levels_ in ((25, 1000), (30, 5), (1, 3)):
        corner_ = t.rng.integers(0, 20, (n_, 2))
        boxes_ = np.concatenate([corner_, corner_ + t.rng.integers(4, 15, (n_, 2))], axis=1)
        scores_ = t.rng.integers(1, levels_ + 1, n_) / levels_
        covers_ = np.zeros((n_, 36, 36), bool)
        for k_, (x1_, y1_, x2_, y2_) in enumerate(boxes_):
            covers_[k_, y1_:y2_, x1_:x2_] = True
        kept_ = []
        for k_ in sorted(range(n_), key=lambda k_: (-scores_[k_], k_)):
            if all((covers_[k_] & covers_[j_]).sum() / (covers_[k_] | covers_[j_]).sum() <= 0.301 for j_ in kept_):
                kept_.append(k_)
        t.call(nms, boxes_, scores_, 0.301).equals(kept_)
### END HIDDEN TESTS

# %% role="demo"
suppress, decode = yours_or(library.nms), yours_or(library.decode_boxes)

def candidates(answer, most=200):
    best = np.argsort(-answer[:, 0])[:most]
    return np.asarray(decode(anchors[best], answer[best, 1:].clip(-2, 2).astype(float))), answer[best, 0].astype(float)

def detections(part):
    found = []
    for answer in network.predict(evened(part.images), batch_size=8, verbose=0):
        boxes, scores = candidates(answer)
        kept = np.asarray(suppress(boxes, scores, 0.2), int)[:20]
        found.append(np.column_stack([boxes[kept], scores[kept]]))
    return found

found = {name: detections(getattr(films, name)) for name in ("validation", "test")}
print(L(f"marks on the first test film before clearing up: 200, after: {len(found['test'][0])} (20 at most are kept)",
        f"最初のテスト画像の印は、整理する前が 200 個、整理した後は {len(found['test'][0])} 個（残すのは最大 20 個）"))

# %% [markdown] lang="en"
# Choose a film, the threshold of the suppression, and the score from which a mark is shown. What happens with a threshold of 1? And at 0?
# %% [markdown] lang="ja"
# 画像と、抑制のしきい値、そして印を表示するスコアの下限を選んでみましょう。しきい値を 1 にすると、どうなるでしょうか。0 ではどうでしょうか。

# %% role="explore"
def suppressed(film, thr, least):
    boxes, scores = candidates(network.predict(evened(films.test.images[[film]]), verbose=0)[0])
    kept = library.nms(boxes, scores, thr)
    shown = kept[scores[kept] >= least]
    _, axes = plt.subplots(figsize=(5, 5))
    figures.film(axes, films.test.images[film], L(f"{np.sum(scores >= least)} boxes, {len(shown)} kept", f"矩形 {np.sum(scores >= least)} 個、残り {len(shown)} 個"))
    draw_boxes(axes, boxes[shown], figures.ORANGE, "-", 1.5)
    draw_boxes(axes, films.test.boxes()[film], figures.BLUE, "--", 2)
    figures.show(L("The boxes that suppression keeps (solid) and the nodule, if there is one (dashed)", "抑制の後に残った矩形（実線）と、あれば結節（破線）"))

interact(suppressed, film=IntSlider(0, 0, len(films.test) - 1, description=L("film", "画像")),
         thr=FloatSlider(0.2, min=0, max=1, step=0.05, description=L("threshold", "しきい値")),
         least=FloatSlider(0.1, min=0, max=1, step=0.05, description=L("score from", "スコア")))

# %% [markdown] lang="en"
# ## How good? The FROC curve
#
# A ROC curve asks of each film: diseased or not. Here the answers are **places**, as many as you like: how many false marks are there *per film*, and how many nodules are found? That is the
# **free-response** curve (FROC): sensitivity upwards, false positives per film to the right. There is no end at (1, 1); the curve goes on as long as there are marks.
#
# Rules must be fixed beforehand. Ours:
#
# * a mark is a **hit** if its **middle** lies inside a nodule's box (left and upper edge included, right and lower not);
# * a nodule counts **once**; further marks inside it are neither hits nor false;
# * every mark in no nodule's box is a **false positive**, on films with and without nodules;
# * false positives are divided by the number of **all films**, hits by the number of **all nodules**.
#
# ### Exercise 9 (optional, bonus points): `froc`
#
# Write `froc(detections, lesions)`. Both are lists with an entry for each film: arrays of shape (K, 5) with box and score, and of shape (M, 4). Return three arrays of the same length: false positives per
# film, sensitivity, thresholds. The thresholds are all distinct scores, falling; a mark counts if its score >= threshold. If there is no nodule at all, the sensitivity is `nan`.
# %% [markdown] lang="ja"
# ## どれくらいよいのか：FROC 曲線
#
# ROC 曲線では、画像ごとに「病気があるか、ないか」を問いました。ここでの答えは**場所**で、いくつあってもかまいません。問うべきなのは、*画像1枚あたり*いくつの誤った印が付くか、そして結節のうちどれだけが見つかるかです。
# 縦軸に感度、横軸に画像1枚あたりの偽陽性数をとったものが **FROC 曲線**（free-response ROC）です。(1, 1) のような終点はなく、印がある限り右へ続きます。
#
# 数え方は、前もって決めておかなければなりません。ここでは次のように決めます。
#
# * 印の**中心**が結節の矩形の中にあれば**当たり**です（左辺と上辺の上は含み、右辺と下辺の上は含みません）。
# * 一つの結節は**一度だけ**数えます。同じ結節に付いた二つめ以降の印は、当たりにも偽陽性にも数えません。
# * どの結節の矩形にも入らない印は、結節のある画像でもない画像でも、すべて**偽陽性**です。
# * 偽陽性は**すべての画像**の枚数で、当たりは**すべての結節**の個数で割ります。
#
# ### 演習9（発展・ボーナス点）：`froc`
#
# `froc(detections, lesions)` を書いてください。どちらも画像ごとの配列を並べたリストで、形は (K, 5)（矩形とスコア）と (M, 4) です。画像1枚あたりの偽陽性数、感度、しきい値の、同じ長さの三つの配列を返します。
# しきい値は、異なるスコアのすべてを大きい順に並べたものです。スコア >= しきい値 の印を数えます。結節が一つもないときは、感度を `nan` とします。

# %% exercise="froc"
def froc(detections, lesions):
    L("""Return false positives per film, sensitivity, thresholds (every distinct score, falling).""",
      """画像1枚あたりの偽陽性数、感度、しきい値（異なるスコアを大きい順に）を返す。""")
    ### BEGIN SOLUTION
    thresholds = np.unique(np.concatenate([film[:, 4] for film in detections]))[::-1]
    count = sum(len(boxes) for boxes in lesions)
    false, hits = np.zeros(len(thresholds)), np.zeros(len(thresholds))
    for film, boxes in zip(detections, lesions):
        x, y = (film[:, 0] + film[:, 2]) / 2, (film[:, 1] + film[:, 3]) / 2
        inside = np.array([(x >= b[0]) & (x < b[2]) & (y >= b[1]) & (y < b[3]) for b in boxes], bool).reshape(len(boxes), len(film))
        for k, threshold in enumerate(thresholds):
            called = film[:, 4] >= threshold
            false[k] += np.sum(called & ~inside.any(axis=0))
            hits[k] += np.sum((inside & called).any(axis=1))
    sensitivity = hits / count if count else np.full(len(thresholds), np.nan)
    return false / len(detections), sensitivity, thresholds
    ### END SOLUTION

# %% test="froc" points=3
with check("froc") as t:
    names = (L("false positives per film", "画像1枚あたりの偽陽性数"), L("sensitivity", "感度"), L("thresholds", "しきい値"))
    # en: a hit (0.9), a second one on the same nodule (0.7), a false one (0.8)
    # ja: 当たり（0.9）、同じ結節に二つめ（0.7）、偽陽性（0.8）
    one = np.array([[11, 11, 19, 19, 0.9], [12, 8, 22, 18, 0.7], [40, 40, 50, 50, 0.8]])
    # en: two nodules, one of them found (0.6); a false mark (0.5)
    # ja: 結節が二つ、見つかったのは一つ（0.6）。偽陽性が一つ（0.5）
    two = np.array([[28, 28, 44, 44, 0.6], [100, 0, 110, 10, 0.5]])
    # en: no nodule: a false mark with the score 0.8; and a film without marks
    # ja: 結節のない画像に偽陽性が一つ（0.8）。最後は印のない画像
    marks = [one, two, np.array([[5, 5, 9, 9, 0.8]]), np.zeros((0, 5))]
    nodules = [np.array([[10, 10, 20, 20]]), np.array([[0, 0, 8, 8], [30, 30, 50, 50]]), np.zeros((0, 4)), np.array([[3, 4, 9, 8]])]
    t.call(froc, marks, nodules).equals(([0, 0.5, 0.5, 0.5, 0.75], [0.25, 0.25, 0.25, 0.5, 0.5], [0.9, 0.8, 0.7, 0.6, 0.5]), names=names)
    # en: the middle (20, 15) is on the right edge: outside; (10, 15) on the left one: inside
    # ja: 中心 (20, 15) は右辺の上なので外、(10, 15) は左辺の上なので中
    edges = [np.array([[15, 10, 25, 20, 0.6], [5, 10, 15, 20, 0.4]])]
    t.call(froc, edges, nodules[:1]).equals(([1, 1], [0, 1], [0.6, 0.4]), names=names)
    t.call(froc, marks[1:3], [np.zeros((0, 4)), np.zeros((0, 4))]).equals(([0.5, 1, 1.5], [np.nan] * 3, [0.8, 0.6, 0.5]), names=names)
### BEGIN HIDDEN TESTS
with check("froc", hidden=True) as t:
    for films_, levels_ in ((7, 6), (5, 300)):
        marks_, nodules_ = [], []
        for _ in range(films_):
            corner_ = t.rng.integers(0, 40, (int(t.rng.integers(1, 9)), 2))
            marks_.append(np.column_stack([corner_, corner_ + t.rng.integers(2, 9, corner_.shape), t.rng.integers(1, levels_ + 1, len(corner_)) / levels_]))
            spots_ = t.rng.choice(4, int(t.rng.integers(0, 4)), replace=False) * 11
            nodules_.append(np.column_stack([spots_, spots_ // 2, spots_ + 9, spots_ // 2 + 25]).reshape(-1, 4))
        nodules_[0] = np.array([[5, 0, 25, 40]])
        cuts_ = sorted({s_ for film_ in marks_ for s_ in film_[:, 4].tolist()}, reverse=True)
        points_ = []
        for cut_ in cuts_:
            false_, found_ = 0, set()
            for k_, (film_, boxes_) in enumerate(zip(marks_, nodules_)):
                for x1_, y1_, x2_, y2_, score_ in film_.tolist():
                    in_ = [m_ for m_, b_ in enumerate(boxes_) if b_[0] <= (x1_ + x2_) / 2 < b_[2] and b_[1] <= (y1_ + y2_) / 2 < b_[3]]
                    if score_ >= cut_:
                        false_ += not in_
                        found_ |= {(k_, m_) for m_ in in_}
            points_.append((false_ / films_, len(found_) / sum(map(len, nodules_)), cut_))
        t.call(froc, marks_, nodules_).equals(tuple(np.array(points_).T))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# Now the test films, once. The threshold is chosen on the **validation** films (unit 07): the lowest score that makes at most two false marks per film there. And the curve gets a **band**: 500 times as many films are drawn with replacement, with
# all their marks and nodules, and the middle 95 % of the 500 curves is drawn. (One film is one patient here; where a patient has several films, draw patients.)
# %% [markdown] lang="ja"
# いよいよ、一度だけテスト用の画像を使います。しきい値は**検証用**の画像で決めます（単元07）。偽陽性が画像1枚あたり二個以下に収まる、最も低いスコアとします。曲線には**帯**を付けます。画像を、付いている印や結節ごと、
# 重複を許して同じ枚数だけ選び直すことを 500 回繰り返し、500 本の曲線の中央の 95 % を描きます（ここでは画像1枚が患者一人です。一人に何枚もあるときは、患者を選びます）。

# %% role="demo"
score = yours_or(library.froc)
truth = {name: [boxes.reshape(-1, 4) for boxes in getattr(films, name).boxes()] for name in found}

def sensitivity_at(rates, false, sensitivity):
    reached = np.searchsorted(false, rates, side="right") - 1
    return np.where(reached >= 0, np.asarray(sensitivity)[np.maximum(reached, 0)], 0)

false, sensitivity, thresholds = (np.asarray(part) for part in score(found["validation"], truth["validation"]))
allowed = thresholds[false <= 2]
threshold = allowed[-1] if len(allowed) else thresholds[0]
false, sensitivity, thresholds = (np.asarray(part) for part in score(found["test"], truth["test"]))
rates = np.linspace(0, 8, 161)
rng, curves, count = np.random.default_rng(0), [], len(films.test)
while len(curves) < 500:
    chosen = rng.integers(0, count, count)
    parts = [[found["test"][i] for i in chosen], [truth["test"][i] for i in chosen]]
    if any(map(len, parts[1])):
        curves.append(sensitivity_at(rates, *library.froc(*parts)[:2]))  # the library's, for its speed
low, high = np.percentile(curves, [2.5, 97.5], axis=0)

# %% role="demo"
_, axes = plt.subplots(figsize=(6.6, 4))
axes.fill_between(rates, low, high, step="post", color=figures.BLUE, alpha=0.2, label=L("95 % band", "95 % の帯"))
axes.step(rates, sensitivity_at(rates, false, sensitivity), where="post", color=figures.BLUE, lw=2, label=L("test films", "テスト用の画像"))
at = np.flatnonzero(thresholds >= threshold)[-1:]
axes.plot(false[at], sensitivity[at], "o", ms=9, color=figures.ORANGE, label=L("threshold of the validation films", "検証用の画像で決めたしきい値"))
axes.set(xlabel=L("false positives per film", "画像1枚あたりの偽陽性数"), ylabel=L("sensitivity", "感度"), xlim=(0, 8), ylim=(0, 1))
axes.legend(loc="upper left")
figures.show(L("FROC curve of the test films with its 95 % band", "テスト用の画像の FROC 曲線と 95 % の帯"))
for rate in (0.5, 1, 2, 4):
    k = np.searchsorted(rates, rate)
    print(L(f"{rate} false positives per film: sensitivity {sensitivity_at([rate], false, sensitivity)[0]:.2f}, band {low[k]:.2f} to {high[k]:.2f}",
            f"画像1枚あたりの偽陽性 {rate} 個：感度 {sensitivity_at([rate], false, sensitivity)[0]:.2f}、帯 {low[k]:.2f}～{high[k]:.2f}"))
if len(at):
    print(L(f"at the threshold {threshold:.2f}: sensitivity {sensitivity[at[0]]:.2f} with {false[at[0]]:.2f} false positives per film",
            f"しきい値 {threshold:.2f} では、感度 {sensitivity[at[0]]:.2f}、画像1枚あたりの偽陽性 {false[at[0]]:.2f} 個"))
covered = np.mean([np.prod(boxes[0, 2:] - boxes[0, :2]) / 256**2 for boxes in truth["test"] if len(boxes)])
print(L(f"a mark put anywhere at random would hit a nodule with a chance of {covered:.2%}", f"でたらめな場所に付けた印が結節に当たる確率：{covered:.2%}"))

# %% [markdown] lang="en"
# At two false marks per film our network finds about a third of the nodules, and the band says that it may be a sixth or a half: with 33 nodules nobody can tell more. (Training ends a little differently on
# each machine, so your figures will differ from ours, within the band.) That is far above chance and far below a doctor. The curve also flattens: from about one false mark per film on, many more marks
# buy few more nodules. Which ones are missed?
# %% [markdown] lang="ja"
# 画像1枚あたり偽陽性二個で、見つかる結節はおよそ3分の1です。帯を見ると、本当は6分の1かもしれず、半分かもしれません。結節が 33 個では、これ以上のことは言えません（学習の結果は計算機によって少しずつ違うので、皆さんの値は、
# 帯の範囲で私たちの値と異なるでしょう）。でたらめに付けた印よりはるかに良く、医師にはとうてい及びません。曲線が途中から平らに近くなることにも注意しましょう。
# 偽陽性が一個を超えたあたりからは、印をいくら増やしても、新しく見つかる結節はわずかです。では、どのような結節が見逃されているのでしょうか。

# %% role="demo"
def inside(marks, boxes):
    x, y = (marks[:, 0] + marks[:, 2]) / 2, (marks[:, 1] + marks[:, 3]) / 2
    return np.array([(x >= b[0]) & (x < b[2]) & (y >= b[1]) & (y < b[3]) for b in boxes], bool).reshape(len(boxes), len(marks))

called = [marks[marks[:, 4] >= threshold] for marks in found["test"]]
seen = [inside(marks, boxes).any(axis=1) for marks, boxes in zip(called, truth["test"])]
subtlety = np.array([there[0].subtlety if there else 0 for there in films.test.nodules])
for grade in range(5, 0, -1):
    here = [bool(seen[i][0]) for i in np.flatnonzero(subtlety == grade)]
    print(L(f"subtlety {grade}: {sum(here)} of {len(here)} found", f"見つけやすさ {grade}：{len(here)} 個のうち {sum(here)} 個"))

# %% [markdown] lang="en"
# **Look at the misses**, the most obvious first, and at the false marks with the highest scores. What do the false ones lie on?
# %% [markdown] lang="ja"
# **見逃しを見る。** 見つけやすいはずのものから並べます。続いて、スコアの高い偽陽性も見ましょう。偽陽性は、何の上に付いているでしょうか。

# %% role="demo"
def show_marks(indices, title, alt):
    if not len(indices):
        print(title, ":", L("none", "なし"))
        return
    _, row = plt.subplots(1, len(indices), figsize=(3.3 * len(indices), 3.7), squeeze=False, layout="constrained")
    for axes, i in zip(row[0], indices):
        grade = L(f"subtlety {subtlety[i]}", f"見つけやすさ {subtlety[i]}") if subtlety[i] else L("no nodule", "結節なし")
        figures.film(axes, films.test.images[i], f"{title} ({grade})")
        draw_boxes(axes, called[i][:, :4], figures.ORANGE, "-", 1.2)
        draw_boxes(axes, truth["test"][i], figures.BLUE, "--", 1.8)
    figures.show(alt)

missed = [i for i in np.argsort(-subtlety) if len(truth["test"][i]) and not seen[i].any()]
show_marks(missed[:4], L("missed", "見逃し"), L("Missed nodules (dashed) with the marks that were made instead (solid)", "見逃した結節（破線）と、代わりに付いた印（実線）"))
worst = {i: marks[~inside(marks, boxes).any(axis=0), 4].max(initial=0) for i, (marks, boxes) in enumerate(zip(called, truth["test"]))}
alarmed = [i for i in sorted(worst, key=worst.get, reverse=True) if worst[i] > 0]
show_marks(alarmed[:4], L("false", "偽陽性"), L("Films with the surest false marks (solid); nodules are dashed", "スコアの高い偽陽性（実線）のある画像。結節は破線"))

# %% [markdown] lang="en"
# ## The families, in short
#
# | network | idea | paper |
# |---|---|---|
# | R-CNN | *Regions with CNN features*: some two thousand proposals by another program, a CNN for each of them: accurate and slow | Girshick 2014 |
# | Fast R-CNN | the CNN runs once over the image; each proposal takes its piece of the feature map; one loss for class and box (from here comes smooth L1) | Girshick 2015 |
# | Faster R-CNN | the proposals, too, come from a network, the RPN, on the same feature map; a second stage classifies them | Ren 2015 |
# | YOLO | *You only look once*: no second stage; a grid of cells answers with classes and boxes at once: fast enough for video | Redmon 2016 |
#
# (The name R-CNN has nothing to do with recurrent networks.) Ours is the first stage of Faster R-CNN, and has one class only. The second stage looks at each proposal once more, and would remove many a false mark.
#
# ## CAD: a second opinion
#
# How a mark is used decides what it is worth:
#
# * **second reader**: the doctor reads first, alone, then looks at the marks. A missed nodule costs no more than without the program; each false mark costs time and may lead to an unnecessary CT;
# * **concurrent reader**: the marks are there from the start. Faster, but the eye follows the marks;
# * **first reader** or triage: the program decides what is looked at, or in which order. Then what it misses counts most of all.
#
# CAD for mammography was approved by the FDA in the United States in 1998 (ImageChecker of R2 Technology), CAD for nodules in chest radiographs in 2001 (RapidScreen of Deus Technologies). In Japan, software that supports
# detection is a medical device as a program under the Pharmaceuticals and Medical Devices Act and needs approval or certification; which ones have it changes from year to year, and the lists of the PMDA (in the United
# States those of the FDA) tell. Read the document that comes with a device: for which projection, which age, which finding, which way of use? **This notebook's network is approved for nothing.** It has seen computed films only.
# %% [markdown] lang="ja"
# ## 検出ネットワークの系譜
#
# | ネットワーク | 考え方 | 論文 |
# |---|---|---|
# | R-CNN | *Regions with CNN features*。別のプログラムが出した約二千の候補領域を、一つずつ CNN にかける。正確だが遅い | Girshick 2014 |
# | Fast R-CNN | CNN は画像全体に一度だけ。候補領域は、特徴マップから自分の部分を切り出す。クラスと矩形を一つの損失で学ぶ（smooth L1 はここから） | Girshick 2015 |
# | Faster R-CNN | 候補領域も、同じ特徴マップからネットワーク（RPN）が出す。それを二段めが分類する | Ren 2015 |
# | YOLO | *You only look once*。二段めがなく、格子のマスがクラスと矩形を一度に答える。動画にも使える速さ | Redmon 2016 |
#
# （R-CNN の R は、再帰型ネットワークの R ではありません。）この単元で作ったのは Faster R-CNN の一段めで、クラスは一つだけです。二段めは候補をもう一度見直すので、偽陽性の多くを取り除けるでしょう。
#
# ## CAD：セカンドオピニオンとして
#
# 印の価値は、使い方で決まります。
#
# * **セカンドリーダー型**：医師がまず一人で読影し、その後で印を見ます。プログラムが見逃しても、使わないときより悪くはなりません。偽陽性の印は時間を取り、不要な CT 検査につながることもあります。
# * **同時リーダー型**：はじめから印を表示します。時間は短くなりますが、目が印に引かれます。
# * **ファーストリーダー型**、またはトリアージ：何を見るか、どの順に見るかをプログラムが決めます。このときは、プログラムの見逃しが何より重大です。
#
# 米国 FDA は、1998年にマンモグラフィの CAD（R2 Technology 社 ImageChecker）を、2001年に胸部単純X線画像の結節の CAD（Deus Technologies 社 RapidScreen）を承認しました。日本では、検出を支援するソフトウェアは薬機法（医薬品医療機器等法）の
# 定める医療機器プログラムで、承認または認証が必要です。どの製品が該当するかは年ごとに変わるので、PMDA（米国なら FDA）の公開情報で確かめてください。導入するときは添付文書を読み、どの撮影方向、どの年齢、どの所見、
# どの使い方について承認されたものかを確認しましょう。**このノートブックのネットワークは、何の承認も受けていません。** 計算で作った画像しか見たことがないのです。

# %% [markdown] lang="en"
# ## Key points
#
# 1. IoU is what both boxes cover over what at least one covers; negative lengths stand for 0. Anchors are a grid of questions: middle at half a cell, area $s^2$, height over width $r$.
# 2. Offsets are relative to the anchor, sizes as logarithms; decoding is the exact way back.
# 3. Equation (4) has two terms: cross-entropy of all anchors that count, smooth L1 of the objects only. Ignored anchors appear in neither; films without a nodule in the first one.
# 4. An RPN is convolutions and nothing else. It needs a sample of the background, or it says "nothing" everywhere; NMS leaves one mark where many agree.
# 5. A FROC curve shows sensitivity against false positives per film: both, with rules fixed beforehand, a band over patients, and a look at the misses.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. IoU は、両方に含まれる面積 ÷ 少なくとも一方に含まれる面積です。負の長さは 0 とします。アンカーは格子状に並べた問いで、中心はマスの真ん中、面積は $s^2$、高さ ÷ 幅が $r$ です。
# 2. 矩形は、アンカーに対する相対的なずれと、大きさの比の対数で表します。復号すれば、正確に元へ戻ります。
# 3. 式(4)は二つの項からなります。数に入るすべてのアンカーの交差エントロピーと、物体だけの smooth L1 です。無視するアンカーはどちらにも入りません。結節のない画像は第一項に入ります。
# 4. RPN は畳み込みだけでできています。背景を選び出して使わないと、「どこにも何もない」と答えるようになります。NMS は、多くの印が重なる場所に一つだけを残します。
# 5. FROC 曲線は、画像1枚あたりの偽陽性数と感度を示します。必ず両方を、前もって決めた数え方、患者についての帯、見逃しの画像とともに示しましょう。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A square box of side 20 is found 5 pixels too far to the right, otherwise exactly. What is the IoU? And for a side of 10?</summary>
#
# 20: both cover 15 · 20 = 300, at least one 800 - 300 = 500: 0.6. 10: 5 · 10 = 50 of 150: 0.33. The same shift costs a small nodule more; that is why small nodules need forced anchors.
# </details>
#
# <details><summary>2. Somebody trains without ignoring anything and takes all anchors as background that are not objects. What becomes of the network?</summary>
#
# Anchors that half cover a nodule are taught "nothing here", against their neighbours. And three thousand times "nothing" outweighs five objects: the network gives low probabilities everywhere.
# </details>
#
# <details><summary>3. A leaflet says "sensitivity 90 %". What do you ask?</summary>
#
# At how many false marks per film? On films of what kind, how many patients, nodules of which size and subtlety? What counts as a hit? What is the interval? And was the threshold chosen on the same films?
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. 一辺 20 の正方形を、右に 5 画素ずれて見つけました。ほかは正確です。IoU はいくつですか。一辺 10 ならどうですか。</summary>
#
# 一辺 20：共通部分は 15 · 20 = 300、少なくとも一方は 800 - 300 = 500 なので 0.6。一辺 10：150 のうち 5 · 10 = 50 なので 0.33。同じずれでも、小さな結節ほど IoU が大きく下がります。だから、最良のアンカーには必ずラベル 1 を付けるのです。
# </details>
#
# <details><summary>2. 無視するアンカーを設けず、物体でないアンカーをすべて背景として学習させました。ネットワークはどうなりますか。</summary>
#
# 結節を半分ほど含むアンカーに「何もない」と教えることになり、隣のアンカーと食い違います。また、三千個の「何もない」が五個の物体を圧倒するので、どこでも低い確率しか出さなくなります。
# </details>
#
# <details><summary>3. パンフレットに「感度 90 %」とあります。何を尋ねますか。</summary>
#
# 画像1枚あたりの偽陽性はいくつか。どのような画像、何人の患者、どの大きさと見つけやすさの結節か。何を当たりと数えたのか。区間はどれだけか。しきい値は同じ画像で決めたのではないか。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * R. Girshick, J. Donahue, T. Darrell, J. Malik, *Rich feature hierarchies for accurate object detection and semantic segmentation*, IEEE Conference on Computer Vision and Pattern Recognition, 580-587 (2014)
# * R. Girshick, *Fast R-CNN*, IEEE International Conference on Computer Vision, 1440-1448 (2015)
# * S. Ren, K. He, R. Girshick, J. Sun, *Faster R-CNN: towards real-time object detection with region proposal networks*, Advances in Neural Information Processing Systems 28, 91-99 (2015)
# * J. Redmon, S. Divvala, R. Girshick, A. Farhadi, *You only look once: unified, real-time object detection*, IEEE Conference on Computer Vision and Pattern Recognition, 779-788 (2016)
# * J. Shiraishi and others, *Development of a digital image database for chest radiographs with and without a lung nodule: receiver operating characteristic analysis of radiologists' detection of pulmonary nodules*, American Journal of Roentgenology 174, 71-74 (2000)
# * D. P. Chakraborty, *Maximum likelihood analysis of free-response receiver operating characteristic (FROC) data*, Medical Physics 16, 561-568 (1989)
#
# To play on: train without the simulated nodules (`mixed = mixed[474:]`, and four times the epochs), or with all of the background (`background=3000`), and compare the curves. Do the bands allow a verdict?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * R. Girshick, J. Donahue, T. Darrell, J. Malik, *Rich feature hierarchies for accurate object detection and semantic segmentation*, IEEE Conference on Computer Vision and Pattern Recognition, 580-587 (2014)
# * R. Girshick, *Fast R-CNN*, IEEE International Conference on Computer Vision, 1440-1448 (2015)
# * S. Ren, K. He, R. Girshick, J. Sun, *Faster R-CNN: towards real-time object detection with region proposal networks*, Advances in Neural Information Processing Systems 28, 91-99 (2015)
# * J. Redmon, S. Divvala, R. Girshick, A. Farhadi, *You only look once: unified, real-time object detection*, IEEE Conference on Computer Vision and Pattern Recognition, 779-788 (2016)
# * J. Shiraishi ほか, *Development of a digital image database for chest radiographs with and without a lung nodule: receiver operating characteristic analysis of radiologists' detection of pulmonary nodules*, American Journal of Roentgenology 174, 71-74 (2000)
# * D. P. Chakraborty, *Maximum likelihood analysis of free-response receiver operating characteristic (FROC) data*, Medical Physics 16, 561-568 (1989)
#
# 余裕があれば、模擬結節なし（`mixed = mixed[474:]` とし、エポックを4倍に）で学習させたり、背景をすべて使ったり（`background=3000`）して、曲線を比べてみましょう。帯を見て、優劣を言い切れるでしょうか。
