"""Unit 09: segmentation by U-Net."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 09 U-Net: outlining the lungs and the heart
#
# When you have finished this notebook, you will be able to
#
# 1. **measure** how well two outlines agree, by Dice and IoU, film by film,
# 2. **turn** Dice into a loss from which a network can learn,
# 3. **move** a film and its mask together,
# 4. **build** a U-Net and explain what its skip connections carry,
# 5. **read** a cardiothoracic ratio off predicted outlines, and state its error.
#
# | | |
# |---|---|
# | Reading / exercises | about 40 min / about 60 min |
# | You need | units 04 and 05 are a help; on a seminar day you can follow without them |
# | Computing | about two minutes of training on two CPU cores |
# | Data | 60 films with the lungs (Segmentation01) and 247 with heart and lungs (Segmentation02), computed at first use; no download |
# %% [markdown] lang="ja"
# # 09 U-Net：肺と心臓の輪郭を描く
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 二つの領域がどれだけ一致するかを、Dice と IoU で一枚ずつ**測る**
# 2. Dice を、ネットワークが学べる損失関数に**変える**
# 3. 画像とマスクを一緒に**動かす**
# 4. U-Net を**組み立て**、スキップ接続が何を運ぶのかを**説明する**
# 5. 抽出した領域から心胸郭比を**求め**、その誤差を**示す**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約40分／約60分 |
# | 前提 | 単元04と05を終えていると分かりやすくなります（セミナー当日は、なくても進められます） |
# | 計算時間 | CPU 2コアで、学習が合わせて約2分 |
# | データ | 肺のマスクの付いた画像60枚（Segmentation01）と、心臓と肺のマスクの付いた画像247枚（Segmentation02）。初回に計算して作ります（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# You measure the cardiothoracic ratio with two rulers. You collimate to the lungs. For dual energy, for a lung volume, for a nodule detector that should not
# look at the stomach, somebody has to say *which pixels are lung*. Drawing an outline by hand takes minutes; a network needs a fraction of a second.
#
# In the last units a network gave **one** answer for a film. Here it gives an answer for **every pixel**: lung or not. That is called **segmentation**. And an outline is
# something you can check with your own eyes: we will always look at the worst film first.
#
# The next cell imports Keras, which takes some seconds. That is normal.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 心胸郭比は、定規を二回当てて測ります。照射野は肺野に合わせて絞ります。エネルギーサブトラクションでも、肺の容積の推定でも、胃泡に反応しない結節影の検出でも、まず*どの画素が肺なのか*を決めなければなりません。
# 手で輪郭を描けば一枚に数分かかりますが、ネットワークなら一秒もかかりません。
#
# これまでのネットワークは、一枚の画像に**一つ**の答えを出しました。ここでは、肺かどうかの答えを**画素ごとに**出します。これを**領域抽出**（セグメンテーション）といいます。領域の良し悪しは、自分の目で確かめられます。
# この単元では、いつも、いちばん悪い画像から見ていきます。
#
# 次のセルでは Keras を読み込みます。数秒かかりますが、故障ではありません。

# %% role="setup"
import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, IntSlider, interact
from keras import layers, ops
from scipy import ndimage

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_segmentation
from xraydojo.data.pipeline import Batches
from xraydojo.library import segmentation as library
from xraydojo.training import Progress

print("Keras", keras.__version__, "/", keras.config.backend())

# %% [markdown] lang="en"
# ## A film and its mask
#
# A **mask** is an image of the same size that holds 1 where there is lung and 0 elsewhere. Somebody drew it: it is the truth that we have. (On our computed
# films the computer knows it.)
# %% [markdown] lang="ja"
# ## 画像とマスク
#
# **マスク**は、元の画像と同じ大きさで、肺のところが 1、それ以外が 0 の画像です。本来は人が描いたもので、これを正解とします（ここで使う計算画像では、作ったときに正解が分かっています）。

# %% role="demo"
films = load_segmentation(size=(128, 128))
print(films.source)
for part, name in ((films.train, L("training", "学習用")), (films.validation, L("validation", "検証用")), (films.test, L("test", "テスト用"))):
    print(L(f"{name}: {len(part)} films, {part.targets.mean():.0%} of the pixels are lung", f"{name}：{len(part)} 枚、画素の {part.targets.mean():.0%} が肺"))

def outlines(axes, image, masks, title="", zoom=None):
    # en: draw a film, and on it the outline of each mask: (mask, color, line style)
    # ja: 画像の上に、各マスクの輪郭を描く：（マスク, 色, 線の種類）
    figures.film(axes, image, title)
    for mask, color, style in masks:
        if np.any(mask) and not np.all(mask):
            axes.contour(np.asarray(mask, float), [0.5], colors=[color], linestyles=[style], linewidths=1.6)

first = films.train.images[0], films.train.targets[0]
_, row = plt.subplots(1, 3, figsize=(10.5, 3.7), layout="constrained")
figures.film(row[0], first[0], L("film", "画像"))
figures.film(row[1], first[1], L("mask", "マスク"))
outlines(row[2], *[first[0], [(first[1], figures.GREEN, "solid")]], L("outline of the mask", "マスクの輪郭"))
figures.show(L("A film, the mask of its lungs, and the mask's outline on the film", "胸部画像、肺のマスク、画像に重ねたマスクの輪郭"))

# %% [markdown] lang="en"
# ## How well do two outlines agree?
#
# A program that finds no lung at all is right in about 70 % of the pixels. So the accuracy is of little use here. Let us only look at the pixels that one of
# the two calls lung. With $A$ the truth and $B$ the answer, **Dice's coefficient** is
#
# $$ \mathrm{Dice} = \frac{2\,|A \cap B|}{|A| + |B|} $$
#
# $|A|$ is the number of pixels in $A$, and $A \cap B$ are those in both. 1 means the same outline, 0 nothing in common. An example: the truth has 6 pixels, the
# answer 4, and 3 are common: $2 \cdot 3 / (6 + 4) = 0.6$. (It is the F1 score of unit 07, counted over pixels.)
#
# Two conventions matter. The coefficient is computed **for each film**, and then the mean is taken: pooled over all films, a small organ missed
# altogether would hardly show. And when both masks are **empty**, nothing was there and nothing was found: that is 1, not 0/0.
#
# ### Exercise 1: `dice`
#
# Write `dice(y, p)` for truths `y` and answers `p`, arrays of 0 and 1 with the shape (films, rows, columns) or (films, rows, columns, 1).
# Return the mean of the films' coefficients.
#
# *Hint: a loop `for a, b in zip(y, p):`; `np.sum(a * b)` counts the common pixels.*
# %% [markdown] lang="ja"
# ## 二つの領域は、どれだけ一致しているか
#
# 肺を一つも見つけないプログラムでも、画素の約 70 % は正解になります。ですから、正解率はここではあまり役に立ちません。どちらかが肺とした画素だけに注目しましょう。$A$ を正解、$B$ を答えとすると、**Dice 係数**は次の式です。
#
# $$ \mathrm{Dice} = \frac{2\,|A \cap B|}{|A| + |B|} $$
#
# $|A|$ は $A$ の画素の数、$A \cap B$ は両方に含まれる画素です。完全に一致すれば 1、重なりがなければ 0 になります。たとえば、正解が 6 画素、答えが 4 画素で、そのうち 3 画素が共通なら、$2 \cdot 3 / (6 + 4) = 0.6$ です
# （単元07の F1 スコアを、画素で数えたものにあたります）。
#
# 大切な約束が二つあります。一つは、**画像ごとに**計算してから平均することです。全画像の画素をまとめて計算すると、小さな臓器を完全に見落としても、ほとんど値に現れません。もう一つは、両方のマスクが**空**のときです。
# 何もないところに何も見つけなかったのですから、0/0 ではなく 1 とします。
#
# ### 演習1：`dice`
#
# 正解 `y` と答え `p` から、画像ごとの Dice 係数の平均を返す `dice(y, p)` を書いてください。どちらも 0 と 1 の配列で、形は（枚数, 行, 列）か（枚数, 行, 列, 1）です。
#
# *ヒント：`for a, b in zip(y, p):` で一枚ずつ取り出せます。共通の画素は `np.sum(a * b)` で数えられます。*

# %% exercise="dice"
def dice(y, p):
    L("""Return the mean over the films of 2 |A and B| / (|A| + |B|).""", """画像ごとの 2 |A∩B| / (|A| + |B|) の平均を返す。""")
    ### BEGIN SOLUTION
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(2 * np.sum(a * b) / together if together > 0 else 1.0)
    return np.mean(each)
    ### END SOLUTION

# %% test="dice" points=2
with check("dice") as t:
    truth = np.array([[[1, 1, 1, 0, 0], [1, 1, 1, 0, 0]], [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0]], [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]])
    answer = np.array([[[0, 1, 1, 1, 0], [0, 0, 1, 0, 0]], [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0]], [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]])
    # en: the first film alone: 3 common pixels of 6 and 4; the second: 1 of 1 and 3
    # ja: 一枚めだけ：6 画素と 4 画素のうち 3 画素が共通。二枚め：1 画素と 3 画素のうち 1 画素
    t.call(dice, truth[:1], answer[:1]).equals(0.6, atol=1e-5)
    t.call(dice, truth[:2], answer[:2]).equals((0.6 + 0.5) / 2, atol=1e-5)
    # en: the third is empty on both sides
    # ja: 三枚めは、どちらも空
    t.call(dice, truth, answer).equals((0.6 + 0.5 + 1) / 3, atol=1e-5)
    # en: nothing is there, and one pixel is found
    # ja: 何もないのに、1 画素だけ見つけた
    t.call(dice, truth[2:], truth[1:2]).equals(0, atol=1e-5)
### BEGIN HIDDEN TESTS
with check("dice", hidden=True) as t:
    from sklearn.metrics import f1_score

    for films_, last_ in ((4, ()), (3, (1,))):
        chance_ = t.rng.random((films_, 1, 1))
        y_, p_ = (t.rng.random((2, films_, 7, 11)) < chance_).astype(int)
        y_[0] = p_[0] = 0
        wanted_ = np.mean([f1_score(a_.ravel(), b_.ravel(), zero_division=1) for a_, b_ in zip(y_, p_)])
        t.call(dice, y_.reshape(films_, 7, 11, *last_), p_.reshape(films_, 7, 11, *last_)).equals(wanted_, atol=1e-5)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## The stricter sister: IoU
#
# **Intersection over union**, also called Jaccard's index, divides the common pixels by all pixels that one of them has:
#
# $$ \mathrm{IoU} = \frac{|A \cap B|}{|A \cup B|}, \qquad |A \cup B| = |A| + |B| - |A \cap B| $$
#
# In the example: $3 / (6 + 4 - 3) = 0.43$. On one film both say the same thing on different scales, $\mathrm{IoU} = \mathrm{Dice} / (2 - \mathrm{Dice})$, and IoU is always the lower
# one. So ask which of the two a paper reports before you compare.
#
# ### Exercise 2: `iou`
#
# Write `iou(y, p)`, with the same two conventions: film by film, and 1 when both masks are empty.
# %% [markdown] lang="ja"
# ## もっと厳しい指標：IoU
#
# **IoU**（Intersection over Union、Jaccard 係数とも呼びます）は、共通の画素を、どちらかに含まれる画素の数で割ります。
#
# $$ \mathrm{IoU} = \frac{|A \cap B|}{|A \cup B|}, \qquad |A \cup B| = |A| + |B| - |A \cap B| $$
#
# 先ほどの例では $3 / (6 + 4 - 3) = 0.43$ です。一枚の画像では、二つの指標は目盛りが違うだけで同じことを表し（$\mathrm{IoU} = \mathrm{Dice} / (2 - \mathrm{Dice})$）、IoU のほうが高くなることはありません。
# 論文の値と比べるときは、どちらの指標なのかを先に確かめましょう。
#
# ### 演習2：`iou`
#
# 同じ二つの約束（画像ごとに計算する、両方が空なら 1）で、`iou(y, p)` を書いてください。

# %% exercise="iou"
def iou(y, p):
    L("""Return the mean over the films of |A and B| / |A or B|.""", """画像ごとの |A∩B| / |A∪B| の平均を返す。""")
    ### BEGIN SOLUTION
    each = []
    for a, b in zip(y, p):
        common = np.sum(a * b)
        union = np.sum(a) + np.sum(b) - common
        each.append(common / union if union > 0 else 1.0)
    return np.mean(each)
    ### END SOLUTION

# %% test="iou" points=1
with check("iou") as t:
    truth = np.array([[[1, 1, 1, 0, 0], [1, 1, 1, 0, 0]], [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0]], [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]])
    answer = np.array([[[0, 1, 1, 1, 0], [0, 0, 1, 0, 0]], [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0]], [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]])
    t.call(iou, truth[:2], answer[:2]).equals((3 / 7 + 1 / 3) / 2, atol=1e-5)
    t.call(iou, truth[:1], answer[:1]).equals(3 / 7, atol=1e-5)
    t.call(iou, truth, answer).equals((3 / 7 + 1 / 3 + 1) / 3, atol=1e-5)
    t.call(iou, truth[2:], truth[1:2]).equals(0, atol=1e-5)
### BEGIN HIDDEN TESTS
with check("iou", hidden=True) as t:
    from sklearn.metrics import jaccard_score

    for films_, last_ in ((4, ()), (3, (1,))):
        chance_ = t.rng.random((films_, 1, 1))
        y_, p_ = (t.rng.random((2, films_, 7, 11)) < chance_).astype(int)
        y_[0] = p_[0] = 0
        wanted_ = np.mean([jaccard_score(a_.ravel(), b_.ravel(), zero_division=1) for a_, b_ in zip(y_, p_)])
        t.call(iou, y_.reshape(films_, 7, 11, *last_), p_.reshape(films_, 7, 11, *last_)).equals(wanted_, atol=1e-5)
### END HIDDEN TESTS

# %% role="demo"
measure, strict = yours_or(library.dice), yours_or(library.iou)
lung = films.test.targets[:1].astype(int)
pixels = np.arange(0, 41, 2)
moved = [np.roll(lung, k, axis=2) for k in pixels]
_, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", width_ratios=[2, 1])
left.plot(pixels, [measure(lung, m) for m in moved], "o-", color=figures.BLUE, label="Dice")
left.plot(pixels, [strict(lung, m) for m in moved], "s--", color=figures.ORANGE, label="IoU")
left.plot(pixels, [np.mean(lung == m) for m in moved], "^:", color=figures.GREY, label=L("share of right pixels", "画素の正解率"))
left.set(xlabel=L("the mask moved to the side by so many pixels of 128", "マスクを横にずらした画素数（全幅 128 画素）"), ylim=(0, 1.03))
left.legend()
outlines(right, films.test.images[0], [(lung[0], figures.GREEN, "solid"), (moved[5][0], figures.ORANGE, "dashed")], L("moved by 10", "10 画素ずらす"))
figures.show(L("Dice, IoU and the share of right pixels fall as the mask moves to the side; IoU lies below Dice",
               "マスクを横にずらしたときの Dice、IoU、画素の正解率。IoU はいつも Dice より低い"))
everything = films.test.targets.astype(int)
print(L(f"no lung found on any test film: Dice {measure(everything, 0 * everything):.2f}, share of right pixels {np.mean(everything == 0):.2f}",
        f"どのテスト用の画像でも肺を一つも見つけなかったとき：Dice {measure(everything, 0 * everything):.2f}、画素の正解率 {np.mean(everything == 0):.2f}"))

# %% [markdown] lang="en"
# The share of right pixels stays above one half all the way: the large background speaks for everyone. Dice and IoU show at once that something is wrong. (Far to the right they rise
# again: there one lung has arrived where the other one was.)
#
# ## Dice as a loss
#
# A network gives a **probability** for every pixel, not yes or no. One could cut it at 0.5 and compute Dice; but then a pixel that goes from 0.2 to 0.3
# changes nothing, and the gradient is 0: the network would not know which way to go. So do not cut. Put the probabilities themselves into the formula:
#
# $$ L = 1 - \frac{2 \sum y\,p + \varepsilon}{\sum y + \sum p + \varepsilon}, \qquad \varepsilon = 10^{-6} $$
#
# for each film, and the mean over the films. Now every pixel counts a little, according to its probability. Because a loss has to *fall*, it is 1 minus Dice. The small
# $\varepsilon$ (epsilon) keeps an empty film from being 0/0; it stands above **and** below, so that empty and empty makes a loss of 0.
#
# The loss has to be written with `keras.ops` (here `ops`) instead of NumPy: only then can Keras follow the way back and find the gradient.
#
# ### Exercise 3: `soft_dice_loss`
#
# Write `soft_dice_loss(y, p)` for tensors of the shape (films, rows, columns, 1). Return one number (a scalar tensor).
#
# *Hint: `ops.sum(y * p, axis=(1, 2, 3))` gives one sum for each film; `ops.mean(...)` takes the mean.*
# %% [markdown] lang="ja"
# 画素の正解率は、どこまでずらしても半分を下回りません。広い背景がいつも正解だからです。Dice と IoU は、ずれをはっきり示します（右端で再び上がるのは、片方の肺が、もう片方の肺のあった場所に重なるからです）。
#
# ## Dice を損失関数にする
#
# ネットワークは、画素ごとに「はい・いいえ」ではなく**確率**を出します。0.5 で区切ってから Dice を計算することもできますが、それでは確率が 0.2 から 0.3 に変わっても値が変わらず、勾配が 0 になります。これでは、
# どちらへ進めばよいのか分かりません。そこで、区切らずに、確率をそのまま式に入れます。
#
# $$ L = 1 - \frac{2 \sum y\,p + \varepsilon}{\sum y + \sum p + \varepsilon}, \qquad \varepsilon = 10^{-6} $$
#
# これを画像ごとに計算し、平均します。どの画素も、確率に応じて少しずつ値に効くようになりました。損失は*小さいほどよい*値なので、1 から Dice を引きます。小さな $\varepsilon$（イプシロン）は、空の画像で 0/0 になるのを防ぎます。
# 分子と分母の**両方に**足すので、正解も答えも空なら損失は 0 になります。
#
# 損失関数は、NumPy ではなく `keras.ops`（ここでは `ops`）で書きます。そうすれば Keras が計算をさかのぼり、勾配を求めることができます。
#
# ### 演習3：`soft_dice_loss`
#
# 形が（枚数, 行, 列, 1）のテンソルについて、`soft_dice_loss(y, p)` を書いてください。返すのは一つの数（スカラーのテンソル）です。
#
# *ヒント：`ops.sum(y * p, axis=(1, 2, 3))` で画像ごとの和が、`ops.mean(...)` で平均が求められます。*

# %% exercise="soft_dice_loss"
def soft_dice_loss(y, p):
    L("""Return the mean over the films of 1 - soft Dice, as a scalar tensor.""", """画像ごとの「1 - 確率で計算した Dice」の平均を、スカラーのテンソルで返す。""")
    ### BEGIN SOLUTION
    epsilon = 1e-6
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return ops.mean(1 - (2 * common + epsilon) / (together + epsilon))
    ### END SOLUTION

# %% test="soft_dice_loss" points=3
with check("soft_dice_loss") as t:
    truth = np.array([[[1, 1, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]], "float32")[..., None]
    chance = np.array([[[0.9, 0.6, 0.2], [0.1, 0.5, 0]], [[0.1, 0, 0.5], [0.2, 0, 0]], [[0, 0, 0], [0, 0, 0]]], "float32")[..., None]
    y, p = ops.convert_to_tensor(truth), ops.convert_to_tensor(chance)
    # en: the first film: common 0.9 + 0.6 + 0.5 = 2; truth 3, answer 2.3
    # ja: 一枚め：共通は 0.9 + 0.6 + 0.5 = 2、正解は 3、答えは 2.3
    t.call(soft_dice_loss, y[:1], p[:1]).equals(1 - 4 / 5.3, atol=1e-5)
    t.call(soft_dice_loss, y[:2], p[:2]).equals(1 - (4 / 5.3 + 1 / 1.8) / 2, atol=1e-5)
    # en: empty and empty; then nothing there, and a little found
    # ja: どちらも空のとき。続いて、何もないのに少し見つけたとき
    t.call(soft_dice_loss, y[2:], p[2:]).equals(0, atol=1e-5)
    t.call(soft_dice_loss, y[2:], p[1:2]).equals(1, atol=1e-5)
    # en: Keras must be able to follow the computation before the numbers are known
    # ja: 数が決まる前でも、Keras が計算の道すじをたどれること
    symbols = keras.Input((2, 3, 1)), keras.Input((2, 3, 1))
    followed = t.model(list(symbols), t.call(soft_dice_loss, *symbols).value)
    t.that(np.allclose(ops.convert_to_numpy(followed([y, p])), (1 - 4 / 5.3 + 1 - 1 / 1.8) / 3, atol=1e-4), L("one number for any number of films: the mean", "何枚でも、平均の一つの数を返してください"))
### BEGIN HIDDEN TESTS
with check("soft_dice_loss", hidden=True) as t:
    for size_ in ((4, 5, 3, 1), (2, 6, 9, 1)):
        y_ = (t.rng.random(size_) < t.rng.random((size_[0], 1, 1, 1))).astype("float32")
        p_ = t.rng.random(size_).astype("float32")
        each_ = [1 - (2 * (a_ @ b_) + 1e-6) / (a_.sum() + b_.sum() + 1e-6) for a_, b_ in zip(y_.reshape(size_[0], -1).astype(float), p_.reshape(size_[0], -1).astype(float))]
        t.call(soft_dice_loss, ops.convert_to_tensor(y_), ops.convert_to_tensor(p_)).equals(float(np.mean(each_)), atol=1e-5)
### END HIDDEN TESTS

# %% role="demo"
loss_of = yours_or(library.soft_dice_loss)
chance = np.linspace(0, 1, 41)
truth = np.zeros((1, 4, 5, 1), "float32")
truth[0, 1:3, 1:3] = 1
answer = np.repeat(0.8 * truth, 41, axis=0)
answer[:, 1, 1, 0] = chance
soft = [float(loss_of(ops.convert_to_tensor(truth), ops.convert_to_tensor(answer[k:k + 1]))) for k in range(41)]
hard = [1 - measure(truth[..., 0], (answer[k:k + 1, ..., 0] >= 0.5).astype(int)) for k in range(41)]
_, axes = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
axes.plot(chance, soft, color=figures.BLUE, label=L("with probabilities", "確率のまま"))
axes.plot(chance, hard, "--", color=figures.ORANGE, label=L("cut at 0.5", "0.5 で区切る"))
axes.set(xlabel=L("probability of one of the four lung pixels", "四つの肺の画素のうち、一つの確率"), ylabel=L("1 - Dice", "1 - Dice"))
axes.legend()
figures.show(L("With probabilities the loss falls smoothly; cut at 0.5 it is flat but for one jump",
               "確率のままなら損失はなめらかに下がる。0.5 で区切ると、一か所で跳ぶほかは平ら"))

# %% [markdown] lang="en"
# The blue line has a slope everywhere: raise this probability, and the loss falls. The orange one is flat, and where it is flat there is nothing to learn from.
#
# ## A film and its mask move together
#
# With 40 films to learn from, every film should be seen many times, and each time a little differently: turned by a few degrees, shifted a little (unit 04). But now the
# **mask must move exactly as the film does**, or we teach a wrong outline. Two things differ between them:
#
# | | film | mask |
# |---|---|---|
# | between the pixels | linear: `order=1` | nearest pixel: `order=0`, for there is no half lung, and no organ number 1.5 |
# | beyond the border | continue the edge: `mode="nearest"` | nothing, 0: `mode="constant"` |
#
# SciPy has both movements:
#
# ```python
# turned = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")     # degrees, about the middle
# moved = ndimage.shift(turned, (down, right, 0), order=1, mode="nearest")          # pixels: rows, columns, channels
# ```
#
# ### Exercise 4: `augment_pair`
#
# Write `augment_pair(image, mask, rng)` for a film of the shape (rows, columns, channels) and a mask of whole numbers with the shape (rows, columns). Draw **one** angle
# within ±5 degrees and **one** shift within ±5 % of the rows and ±5 % of the columns, and apply the same to both. Return the new film and the new mask. No flip: heart and marker would change sides.
#
# *Hint: `rng.uniform(-5, 5)` draws a number. The mask has no channels: its shift has two numbers.*
# %% [markdown] lang="ja"
# 青い線は、どこでも傾いています。確率を上げれば損失が下がるのです。オレンジの線は平らで、平らなところからは何も学べません。
#
# ## 画像とマスクは一緒に動かす
#
# 学習用の画像は 40 枚しかないので、どの画像も、数度回したり少しずらしたりしながら、毎回少しずつ違う姿で何度も見せます（単元04）。ただし今度は、**マスクも画像とまったく同じように動かさなければなりません**。
# そうしないと、間違った輪郭を教えることになります。画像とマスクとでは、扱いが二つ違います。
#
# | | 画像 | マスク |
# |---|---|---|
# | 画素の間の値 | 線形補間：`order=1` | 最も近い画素：`order=0`（半分だけ肺という画素も、1.5 番の臓器もありません） |
# | 端の外側 | 端の値を延ばす：`mode="nearest"` | 何もないので 0：`mode="constant"` |
#
# SciPy に、回す関数とずらす関数があります。
#
# ```python
# turned = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")     # 度。画像の中心のまわりに回す
# moved = ndimage.shift(turned, (down, right, 0), order=1, mode="nearest")          # 画素。行、列、チャネルの順
# ```
#
# ### 演習4：`augment_pair`
#
# 形が（行, 列, チャネル）の画像と、形が（行, 列）の整数のマスクについて、`augment_pair(image, mask, rng)` を書いてください。±5 度以内の角度を**一つ**、行数と列数のそれぞれ ±5 % 以内のずれを**一組**選び、
# 画像とマスクの両方に同じものを使います。新しい画像と新しいマスクを返してください。左右反転はしません（心臓もマーカーも反対側に移ってしまいます）。
#
# *ヒント：`rng.uniform(-5, 5)` で数を一つ選べます。マスクにはチャネルがないので、ずれは二つの数で表します。*

# %% exercise="augment_pair"
def augment_pair(image, mask, rng):
    L("""Return film and mask, turned by up to 5 degrees and shifted by up to 5 %, both alike.""",
      """5 度以内で回し、5 % 以内でずらした画像とマスクを返す。動かし方は両方同じ。""")
    ### BEGIN SOLUTION
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask
    ### END SOLUTION

# %% role="setup"
# en: a film whose two channels say where a pixel comes from, and a mask of the organs 0, 3 and 7
# ja: 二つのチャネルが「その画素がどこから来たか」を表す画像と、0、3、7 の三つの臓器のマスク
ROWS, COLUMNS = np.mgrid[0:40, 0:96]
PLACES = np.stack([1 + ROWS / 39, 1 + COLUMNS / 95], axis=-1).astype("float32")
ORGANS = np.where(COLUMNS < 50, 3, np.where(ROWS < 19, 0, 7)).astype("uint8")

def movement(image):
    L("""Return angle (degrees), the middle's shift (rows, columns), deviation from a pure movement, and each pixel's origin.""",
      """角度（度）、中心のずれ（行, 列）、回転とずれだけではない分、各画素の元の場所を返す。""")
    source = (np.asarray(image, float) - 1) * [39, 95]
    inner = np.s_[14:26, 20:76]
    terms = np.stack([np.ones(ROWS.shape), ROWS - 19.5, COLUMNS - 47.5], axis=-1)
    fit, *_ = np.linalg.lstsq(terms[inner].reshape(-1, 3), source[inner].reshape(-1, 2), rcond=None)
    turn = fit[1:].T
    rest = max(np.abs(terms[inner] @ fit - source[inner]).max(), 20 * np.abs(turn @ turn.T - np.eye(2)).max(), np.linalg.det(turn) < 0)
    return np.degrees(np.arctan2(turn[1, 0], turn[0, 0])), [19.5, 47.5] - turn.T @ fit[0] + (turn.T - np.eye(2)) @ [19.5, 47.5], rest, terms @ fit

def organs_at(places, reach):
    L("""Return the organ at each place, -1 close to another one or to the border, and 0 outside of the film.""",
      """各場所の臓器を返す。別の臓器や端に近いところは -1、画像の外は 0。""")
    safe = np.where(ndimage.maximum_filter(ORGANS, 2 * reach + 1) == ndimage.minimum_filter(ORGANS, 2 * reach + 1), ORGANS.astype(int), -1)
    r, c = np.moveaxis(np.round(places).astype(int), -1, 0)
    outside = np.maximum(np.maximum(-r, r - 39), np.maximum(-c, c - 95))
    return np.where(outside > reach, 0, np.where(outside > -7, -1, safe[np.clip(r, 0, 39), np.clip(c, 0, 95)]))

# %% test="augment_pair" points=3
with check("augment_pair") as t:
    found = []
    for seed in range(12):
        pair = t.call(augment_pair, PLACES, ORGANS, np.random.default_rng(seed)).value
        t.that(isinstance(pair, (tuple, list)) and len(pair) == 2, L("film and mask should come back, both", "画像とマスクの両方を返してください"))
        image, mask = map(np.asarray, pair)
        t.that(image.shape == (40, 96, 2) and mask.shape == (40, 96), L("film and mask should keep their shapes", "画像とマスクの形は変わらないはずです"))
        t.that(np.isin(mask, [0, 3, 7]), L("the mask holds a number that was not there before", "元のマスクになかった数が、マスクに現れています"))
        angle, shift, rest, places = movement(image)
        t.that(rest < 0.5, L("the film should be turned and shifted only: no flip, no zoom, no other border", "画像には、回転とずれだけを加えてください（反転や拡大はしません）"))
        t.that(abs(angle) < 5.05 and np.all(np.abs(shift) < [2.7, 5.3]), L("turned or shifted too far", "回しすぎか、ずらしすぎです"))
        wanted = organs_at(places, 2)
        t.that((mask == wanted) | (wanted < 0), L("the mask does not lie where the film is", "マスクの位置が画像と合っていません"))
        t.that(image.min() > 0.99 and image.max() < 2.01, L("beyond its border the film goes on with its edge, not with 0", "画像の端の外側は 0 ではなく、端の値を延ばします"))
        found.append([angle, *shift])
    t.that(np.std(found, axis=0) > [0.8, 0.3, 0.7], L("each call should turn, and shift in both directions, by another amount", "呼ぶたびに、違う角度で回し、縦にも横にも違う量だけずらしてください"))
    t.that(np.ptp(np.sign(found), axis=0) > 0, L("to the left as well as to the right, up as well as down", "左右にも上下にも、どちらの向きにも動かしてください"))
### BEGIN HIDDEN TESTS
with check("augment_pair", hidden=True) as t:
    for flat_ in (PLACES, PLACES[..., :1], PLACES[..., [0, 1, 0, 1]]):
        picture_, mask_ = t.call(augment_pair, flat_, ORGANS, np.random.default_rng(8)).value
        t.that(np.shape(picture_) == flat_.shape, L("any number of channels", "チャネル数が変わると動きません"))
    again_ = [t.call(augment_pair, PLACES, ORGANS, np.random.default_rng(5)).value for _ in range(2)]
    t.that(np.allclose(again_[0][0], again_[1][0]) and np.array_equal(again_[0][1], again_[1][1]), L("the same rng should give the same pair", "同じ rng からは同じ結果になるはずです"))
    for _ in range(20):
        image_, mask_ = t.call(augment_pair, PLACES, ORGANS, np.random.default_rng(t.rng.integers(1 << 30))).value
        angle_, shift_, rest_, places_ = movement(image_)
        wanted_ = organs_at(places_, 2)
        t.that(rest_ < 0.5 and abs(angle_) < 5.05 and np.all(np.abs(shift_) < [2.7, 5.3]), L("another movement", "動かし方が違います"))
        t.that((np.asarray(mask_) == wanted_) | (wanted_ < 0), L("the mask lies elsewhere", "マスクの位置が違います"))
### END HIDDEN TESTS

# %% role="demo"
move = yours_or(library.augment_pair)
rng = np.random.default_rng(2)
_, row = plt.subplots(1, 4, figsize=(13, 3.6), layout="constrained")
outlines(row[0], *[first[0], [(first[1], figures.GREEN, "solid")]], L("as it was", "元の画像"))
for axes in row[1:]:
    film, mask = move(first[0][..., None], first[1], rng)
    outlines(axes, np.asarray(film)[..., 0], [(mask, figures.GREEN, "solid")], L("turned and shifted", "回してずらす"))
figures.show(L("A film with the outline of its mask, and three versions, turned and shifted a little: the outline follows the lungs",
               "画像とマスクの輪郭、少し回してずらした三通り。輪郭は肺に合っている"))

# %% [markdown] lang="en"
# ## The U-Net
#
# To know whether a pixel is lung, one must see far: is it to the left or right of the spine, above or below the diaphragm? Pooling does that: the
# deeper, the wider the field of view (unit 05). But pooling also loses *where* exactly something was, and we want an outline exact to the pixel. Ronneberger and colleagues
# solved this in 2015 with a picture that gave the network its name:
# %% [markdown] lang="ja"
# ## U-Net
#
# ある画素が肺かどうかを知るには、広く見渡す必要があります。背骨の左か右か、横隔膜の上か下か。プーリングを重ねると、深いところほど広い範囲を見られます（単元05）。しかし、プーリングをすると、*正確な位置*が失われます。
# 欲しいのは、画素の単位で正確な輪郭です。2015年、Ronneberger らは、名前の由来になった U の字の形で、これを解決しました。

# %% role="demo"
_, axes = plt.subplots(figsize=(9.6, 4.6), layout="constrained")
boxes = [(0, 2, "12", "128²"), (1.1, 1, "24", "64²"), (2.2, 0, "48", "32²"), (3.6, -1, "96", "16²"), (5, 0, "48", "32²"), (6.1, 1, "24", "64²"), (7.2, 2, "12", "128²")]
for (x, y, maps, side), (after, below, *_) in zip(boxes, [*boxes[1:], (8.5, 2)]):
    axes.text(x, y, L(f"{maps} maps\n{side}", f"{maps} 枚\n{side}"), ha="center", va="center", bbox={"boxstyle": "round", "fc": "#DCEBF5"})
    down = below < y
    axes.annotate("", (after - 0.42, below), (x + 0.42, y), arrowprops={"arrowstyle": "->", "lw": 1.8, "color": figures.BLUE if down else "black"})
for level in range(3):
    axes.annotate("", (7.2 - 1.1 * level - 0.5, 2 - level), (1.1 * level + 0.5, 2 - level), arrowprops={"arrowstyle": "->", "lw": 2, "ls": "--", "color": figures.RED})
axes.text(3.6, 2.15, L("skip: the fine maps cross over", "スキップ接続：細かい地図をそのまま渡す"), ha="center", color=figures.RED)
axes.text(0.7, -0.6, L("down: halve\nrows and columns", "下り：縦横を半分に"), ha="center", color=figures.BLUE)
axes.text(6.6, -0.6, L("up: double them", "上り：縦横を2倍に"), ha="center")
axes.text(8.55, 2, L("lung?\n128²", "肺？\n128²"), ha="left", va="center")
axes.set(xlim=(-0.7, 9.5), ylim=(-1.5, 2.5))
axes.axis("off")
figures.show(L("A U: three steps down from 128 to 16 rows, three steps up again, and three skips that cross over",
               "U の字：128 から 16 まで三段下り、三段上る。各段でスキップ接続が下りから上りへ渡る"))

# %% [markdown] lang="en"
# On the way **down** each level applies two convolutions and a pooling: half the rows and columns, twice as many maps. On the way **up** it goes back. And at each level a **skip connection** (red)
# carries the fine maps of the way down straight across. The deep path knows *what*, the skip knows *where*.
#
# We build it from two blocks, each a function from tensor to tensor. In Keras a layer is called with a tensor and returns a tensor:
#
# ```python
# # 7 kernels of 3 x 3; the size stays
# a = layers.Conv2D(7, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
# b = layers.MaxPooling2D(2)(a)           # half the rows and columns
# c = layers.UpSampling2D(2)(b)           # double: repeats each value 2 x 2 times
# d = layers.Concatenate()([c, a])        # maps side by side: first those of c, then those of a
# ```
#
# `kernel_initializer="he_normal"` draws the first, random weights as large as suits ReLU (He 2015), so that the signal does not fade on its way through many layers. The network runs without it, too, but here it learns much better with it.
#
# ### Exercise 5: `encoder_block`
#
# Write `encoder_block(x, filters)`, one step down: two convolutions 3 × 3 with `filters` kernels each, `padding="same"` and ReLU; then the pooling. Return **two** tensors, `(skip, down)`: the maps before
# the pooling, and those after it.
# %% [markdown] lang="ja"
# **下り**では、各段で畳み込みを二回とプーリングを一回行い、縦横が半分、地図の枚数が2倍になります。**上り**では、その逆をたどります。そして各段に**スキップ接続**（赤）があり、下りの細かい地図を、そのまま上りに渡します。
# 深い道は「何があるか」を知り、スキップ接続は「どこにあるか」を知っているのです。
#
# U-Net は、二種類のブロックから組み立てます。どちらも、テンソルを受け取ってテンソルを返す関数です。Keras では、層にテンソルを渡すと、テンソルが返ってきます。
#
# ```python
# # 3 × 3 のカーネル 7 個。大きさは変わらない
# a = layers.Conv2D(7, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
# b = layers.MaxPooling2D(2)(a)           # 縦横を半分に
# c = layers.UpSampling2D(2)(b)           # 2倍に（一つの値を 2 × 2 に繰り返す）
# d = layers.Concatenate()([c, a])        # 地図を並べる。c の地図が先、a の地図が後
# ```
#
# `kernel_initializer="he_normal"` は、最初の乱数の重みを、ReLU に合った大きさで引きます（He 2015）。層をいくつも通るうちに信号が弱まるのを防ぐためです。付けなくても動きますが、ここでは、付けたほうがずっとよく学習します。
#
# ### 演習5：`encoder_block`
#
# 一段下る `encoder_block(x, filters)` を書いてください。3 × 3 のカーネル `filters` 個の畳み込み（`padding="same"`、ReLU）を二回行ってから、プーリングをします。返すのは**二つ**のテンソル `(skip, down)` で、プーリング前の地図と、プーリング後の地図です。

# %% exercise="encoder_block"
def encoder_block(x, filters):
    L("""Return (skip, down): the maps before and after the pooling.""", """(skip, down)：プーリング前と後の地図を返す。""")
    ### BEGIN SOLUTION
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(skip)
    return skip, layers.MaxPooling2D(2)(skip)
    ### END SOLUTION

# %% role="setup"
def shapes_of(model):
    L("""Return the shapes of a model's weights, in order.""", """モデルの重みの形を、順に返す。""")
    return [tuple(w.shape) for w in model.get_weights()]

def fill(model, rng):
    L("""Give a model random weights, and return them.""", """モデルの重みを乱数にして返す。""")
    model.set_weights([rng.normal(0, 0.4, shape).astype("float32") for shape in shapes_of(model)])
    return model.get_weights()

def convolved(x, weights):
    L("""Apply convolutions, each with its ReLU, by the formula.""", """畳み込みと ReLU を、式のとおりに計算する。""")
    for kernel, bias in zip(weights[::2], weights[1::2]):
        x = np.maximum(ops.convert_to_numpy(ops.conv(x, kernel, 1, "same")) + bias, 0)
    return x

def halved(x):
    L("""Return the largest value of each 2 x 2 pixels.""", """2 × 2 画素ごとの最大値を返す。""")
    return x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max(axis=(2, 4))

# %% test="encoder_block" points=2
with check("encoder_block") as t:
    x = keras.Input((8, 6, 3))
    pair = t.call(encoder_block, x, 5).value
    t.that(isinstance(pair, (tuple, list)) and len(pair) == 2, L("two tensors should come back: skip and down", "skip と down の二つを返してください"))
    block = t.model(x, list(pair))
    t.that([tuple(part.shape) for part in pair] == [(None, 8, 6, 5), (None, 4, 3, 5)],
           L("for 8 x 6 x 3 and 5 filters, skip should be 8 x 6 x 5 and down 4 x 3 x 5", "8 × 6 × 3 でフィルター 5 個なら、skip は 8 × 6 × 5、down は 4 × 3 × 5 になるはずです"))
    t.that(shapes_of(block) == [(3, 3, 3, 5), (5,), (3, 3, 5, 5), (5,)],
           L("two convolutions with kernels of 3 x 3, one behind the other, and nothing else with weights", "重みがあるのは、3 × 3 の畳み込み二つだけで、続けて並ぶはずです"))
    weights, film = fill(block, np.random.default_rng(0)), np.random.default_rng(1).normal(size=(2, 8, 6, 3)).astype("float32")
    skip, down = [ops.convert_to_numpy(part) for part in block(film)]
    t.that(np.allclose(skip, convolved(film, weights), atol=1e-3), L("the skip should be the maps behind the second ReLU", "skip は、二つめの ReLU の後の地図です"))
    t.that(np.allclose(down, halved(skip), atol=1e-4), L("down should be the largest of each 2 x 2 values of the skip", "down は、skip の 2 × 2 ごとの最大値です"))
### BEGIN HIDDEN TESTS
with check("encoder_block", hidden=True) as t:
    for size_, filters_ in (((4, 10, 2), 3), ((6, 2, 7), 4)):
        x_ = keras.Input(size_)
        block_ = t.model(x_, list(t.call(encoder_block, x_, filters_).value))
        weights_, film_ = fill(block_, t.rng), t.rng.normal(size=(3, *size_)).astype("float32")
        skip_, down_ = [ops.convert_to_numpy(part_) for part_ in block_(film_)]
        wanted_ = convolved(film_, weights_)
        t.that(skip_.shape == (3, *size_[:2], filters_) and np.allclose(skip_, wanted_, atol=1e-3), L("another skip", "skip が違います"))
        t.that(np.allclose(down_, halved(wanted_), atol=1e-3), L("another down", "down が違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### Exercise 6: `decoder_block`
#
# Write `decoder_block(x, skip, filters)`, one step up: double the rows and columns of `x` (`UpSampling2D(2)`); lay the skip beside it, **first the doubled maps, then the
# skip**; two convolutions as before. Return the tensor.
# %% [markdown] lang="ja"
# ### 演習6：`decoder_block`
#
# 一段上る `decoder_block(x, skip, filters)` を書いてください。`x` の縦横を2倍にし（`UpSampling2D(2)`）、**2倍にした地図、スキップ接続の地図**の順に並べ、先ほどと同じ畳み込みを二回行います。最後のテンソルを返します。

# %% exercise="decoder_block"
def decoder_block(x, skip, filters):
    L("""Return the maps one level up.""", """一段上の地図を返す。""")
    ### BEGIN SOLUTION
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    ### END SOLUTION

# %% role="setup"
def beside(x, skip):
    L("""Repeat each value 2 x 2 times, and lay the skip beside it.""", """値を 2 × 2 に繰り返し、スキップ接続の地図と並べる。""")
    return np.concatenate([x.repeat(2, axis=1).repeat(2, axis=2), skip], axis=-1)

# %% test="decoder_block" points=2
with check("decoder_block") as t:
    x, skip = keras.Input((4, 3, 6)), keras.Input((8, 6, 2))
    up = t.call(decoder_block, x, skip, 5).value
    t.that(tuple(up.shape) == (None, 8, 6, 5), L("for 4 x 3 maps and 5 filters, 8 x 6 x 5 should come out", "4 × 3 の地図でフィルター 5 個なら、8 × 6 × 5 になるはずです"))
    block = t.model([x, skip], up)
    t.that(shapes_of(block) == [(3, 3, 8, 5), (5,), (3, 3, 5, 5), (5,)],
           L("two convolutions of 3 x 3; the first sees the 6 maps from below and the 2 of the skip", "3 × 3 の畳み込みが二つ。一つめは、下からの 6 枚とスキップ接続の 2 枚を合わせて見ます"))
    weights, rng = fill(block, np.random.default_rng(0)), np.random.default_rng(1)
    low, high = rng.normal(size=(2, 4, 3, 6)).astype("float32"), rng.normal(size=(2, 8, 6, 2)).astype("float32")
    t.that(np.allclose(ops.convert_to_numpy(block([low, high])), convolved(beside(low, high), weights), atol=1e-3),
           L("the right sizes, but other values: the order of the maps, the way of doubling, or ReLU", "大きさは合っていますが、値が違います。地図の順番、2倍にする方法、ReLU を確かめてください"))
### BEGIN HIDDEN TESTS
with check("decoder_block", hidden=True) as t:
    for rows_, columns_, below_, beside_, filters_ in ((2, 5, 3, 4, 2), (3, 1, 2, 7, 6)):
        x_, skip_ = keras.Input((rows_, columns_, below_)), keras.Input((2 * rows_, 2 * columns_, beside_))
        block_ = t.model([x_, skip_], t.call(decoder_block, x_, skip_, filters_).value)
        weights_ = fill(block_, t.rng)
        low_, high_ = (t.rng.normal(size=(3, *size_)).astype("float32") for size_ in ((rows_, columns_, below_), (2 * rows_, 2 * columns_, beside_)))
        got_, wanted_ = ops.convert_to_numpy(block_([low_, high_])), convolved(beside(low_, high_), weights_)
        t.that(got_.shape == wanted_.shape and np.allclose(got_, wanted_, atol=1e-3), L("another step up", "上りの計算が違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### Exercise 7: `unet`
#
# Put the blocks together. Write `unet(input_shape, filters, depth, classes=1)`:
#
# 1. `films = keras.Input(input_shape)`;
# 2. down: `depth` encoder blocks, level `i` = 0, 1, ... with `filters * 2 ** i` filters; keep the skips in a list;
# 3. at the bottom: two convolutions as in the blocks, with `filters * 2 ** depth` filters and no pooling;
# 4. up: `depth` decoder blocks from the deepest level to level 0, each with its own skip and `filters * 2 ** i` filters;
# 5. at the end one convolution of 1 × 1 with `classes` kernels: **sigmoid** for one class (lung or not), **softmax** for several (which organ?);
# 6. `return keras.Model(films, answers)`, not compiled.
#
# Each step down halves the sides, so they must be divisible by `2 ** depth`. If not, raise a `ValueError` with a sentence that helps.
#
# *Hint: `for i in range(depth):` goes down, `for i in reversed(range(depth)):` goes up. Your two blocks may be used.*
# %% [markdown] lang="ja"
# ### 演習7：`unet`
#
# ブロックを組み合わせて、`unet(input_shape, filters, depth, classes=1)` を書きましょう。
#
# 1. `films = keras.Input(input_shape)`
# 2. 下り：encoder ブロックを `depth` 個。段 `i` = 0, 1, … のフィルター数は `filters * 2 ** i`。skip はリストに取っておきます。
# 3. 底：ブロックと同じ畳み込みを二回。フィルター数は `filters * 2 ** depth` で、プーリングはしません。
# 4. 上り：いちばん深い段から段 0 まで、decoder ブロックを `depth` 個。それぞれ自分の段の skip を使い、フィルター数は `filters * 2 ** i`
# 5. 最後に、1 × 1 のカーネル `classes` 個の畳み込み。クラスが一つ（肺かどうか）なら **sigmoid**、いくつもある（どの臓器か）なら **softmax**
# 6. コンパイルせずに `return keras.Model(films, answers)`
#
# 一段下りるたびに縦横が半分になるので、どちらも `2 ** depth` で割り切れなければなりません。割り切れないときは、役に立つメッセージを付けて `ValueError` を発生させてください。
#
# *ヒント：`for i in range(depth):` で下り、`for i in reversed(range(depth)):` で上ります。自分で書いた二つのブロックも使えます。*

# %% exercise="unet"
def unet(input_shape, filters, depth, classes=1):
    L("""Return a U-Net with depth poolings, not compiled.""", """プーリングを depth 回行う U-Net を、コンパイルせずに返す。""")
    ### BEGIN SOLUTION
    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError(f"{side} cannot be halved {depth} times")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skip, x = encoder_block(x, filters * 2 ** i)
        skips.append(skip)
    for _ in range(2):
        x = layers.Conv2D(filters * 2 ** depth, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    for i in reversed(range(depth)):
        x = decoder_block(x, skips[i], filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)
    ### END SOLUTION

# %% role="setup"
def without_skip(model, level, depth):
    L("""Set to 0 what the way up makes of a level's skip.""", """ある段のスキップ接続を、重み 0 で切る。""")
    weights = model.get_weights()
    kernel = weights[4 * (2 * depth - level)]
    kernel[:, :, 2 * kernel.shape[-1]:] = 0
    model.set_weights(weights)

# %% test="unet" points=4
with check("unet") as t:
    model = t.call(unet, (8, 12, 1), 2, 2).value
    t.that(model.output_shape == (None, 8, 12, 1), L("for films of 8 x 12 and one class the output should be (None, 8, 12, 1)", "8 × 12 の画像でクラスが一つなら、出力は (None, 8, 12, 1) になるはずです"))
    # en: down 1 -> 2 -> 2 and 2 -> 4 -> 4; bottom 4 -> 8 -> 8; up 8 + 4 -> 4 -> 4 and 4 + 2 -> 2 -> 2; end 2 -> 1
    # ja: 下り 1 → 2 → 2、2 → 4 → 4。底 4 → 8 → 8。上り 8 + 4 → 4 → 4、4 + 2 → 2 → 2。最後 2 → 1
    ways = [(1, 2), (2, 2), (2, 4), (4, 4), (4, 8), (8, 8), (12, 4), (4, 4), (6, 2), (2, 2)]
    kernels = [shape for shape in shapes_of(model) if len(shape) == 4]
    t.that(kernels == [(3, 3, *way) for way in ways] + [(1, 1, 2, 1)], L("other kernels than the plan asks for: count the maps that go into each convolution and come out of it", "カーネルが設計と違います。それぞれの畳み込みに入る地図と、出てくる地図の枚数を数えてみましょう"))
    film, _ = np.random.default_rng(0).normal(size=(2, 8, 12, 1)).astype("float32"), fill(model, np.random.default_rng(1))
    answer = ops.convert_to_numpy(model(film))
    t.that(np.ptp(answer) > 0 and np.all((answer >= 0) & (answer <= 1)), L("with one class: a probability for each pixel, by sigmoid", "クラスが一つなら、sigmoid で画素ごとの確率を出します"))
    for level in (0, 1):
        without_skip(model, level, 2)
        cut = ops.convert_to_numpy(model(film))
        t.that(np.abs(cut - answer).max() > 1e-4, L("a skip connection has no effect", "効果のないスキップ接続があります"))
        answer = cut
    several = t.call(unet, (6, 4, 2), 3, 1, 3).value
    fill(several, np.random.default_rng(2))
    share = ops.convert_to_numpy(several(film[:, :6, :8].reshape(2, 6, 4, 2)))
    t.that(share.shape == (2, 6, 4, 3) and np.allclose(share.sum(axis=-1), 1, atol=1e-4), L("with several classes: their probabilities add up to 1 in each pixel", "クラスがいくつもあるときは、画素ごとに確率の合計が 1 になるはずです"))
    t.call(unet, (8, 10, 1), 2, 2).raises(ValueError)
### BEGIN HIDDEN TESTS
with check("unet", hidden=True) as t:
    def by_hand_(weights_, x_, depth_):
        skips_, k_ = [], 0
        for _ in range(depth_):
            skips_, k_ = [*skips_, convolved(x_, weights_[k_:k_ + 4])], k_ + 4
            x_ = halved(skips_[-1])
        x_, k_ = convolved(x_, weights_[k_:k_ + 4]), k_ + 4
        for skip_ in skips_[::-1]:
            x_, k_ = convolved(beside(x_, skip_), weights_[k_:k_ + 4]), k_ + 4
        return x_ @ weights_[k_][0, 0] + weights_[k_ + 1]
    for size_, filters_, depth_, classes_ in (((16, 8, 2), 3, 3, 1), ((4, 6, 1), 2, 1, 4)):
        model_ = t.call(unet, size_, filters_, depth_, classes_).value
        weights_, film_ = fill(model_, t.rng), t.rng.normal(0, 0.3, (2, *size_)).astype("float32")
        got_, z_ = ops.convert_to_numpy(model_(film_)), by_hand_(weights_, film_, depth_)
        wanted_ = ops.convert_to_numpy(ops.sigmoid(z_) if classes_ == 1 else ops.softmax(z_))
        t.that(got_.shape == wanted_.shape and np.allclose(got_, wanted_, atol=1e-2), L("another network than the plan", "設計と違うネットワークです"))
    for size_ in ((20, 16, 1), (16, 20, 1)):
        t.call(unet, size_, 2, 3).raises(ValueError)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Training: the lungs
#
# The loss is the sum of two: your soft Dice, which looks at the organ as a whole, and the **cross-entropy**, which asks every pixel for its own opinion. Dice alone can get
# stuck at the start: if a network calls nothing lung, all its probabilities are nearly 0, and nothing pulls it away from there. (In one of our trials exactly that happened.)
#
# 60 rounds over 40 films, each time moved a little by your `augment_pair`: somewhat less than a minute on two cores. The line below the cell moves while it trains.
# %% [markdown] lang="ja"
# ## 学習：肺野
#
# 損失関数は、二つの和にします。臓器全体を見る Dice の損失と、画素ごとに意見を求める**交差エントロピー**です。Dice だけだと、最初につまずくことがあります。「どこも肺ではない」と答えるネットワークでは、確率がすべて 0 に近くなり、
# そこから抜け出すきっかけがありません（私たちが試したときにも、実際に起こりました）。
#
# 40 枚の画像を、毎回 `augment_pair` で少しずつ動かしながら、60 回見せます。2コアで一分足らずです。学習中は、セルの下の行が動きます。

# %% role="demo"
build = yours_or(library.unet)

def dice_and_entropy(y, p):
    return loss_of(y, p) + ops.mean(keras.losses.binary_crossentropy(y, p))

def train(net, part, checked, loss, epochs):
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(part) // 8))
    net.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    batches = Batches(part.images, part.targets.astype("float32"), 8, seed=1, augment=move)
    known = checked.images[..., None], checked.targets[..., None].astype("float32")
    return net.fit(batches, epochs=epochs, validation_data=known, verbose=0, callbacks=[Progress()]).history

keras.utils.set_random_seed(1)
lung_net = build((128, 128, 1), 12, 3)
lung_net.name = "lungs"
print(L(f"{lung_net.count_params():,} parameters", f"パラメータ {lung_net.count_params():,} 個"))
history = train(lung_net, films.train, films.validation, dice_and_entropy, epochs=60)

# %% [markdown] lang="en"
# ### The worst film first
#
# Now the test films, which the network has never seen. A probability of at least 0.5 counts as lung. Before the mean, look at the films: the **worst on the left**. Green is the truth, dashed orange the network.
# %% [markdown] lang="ja"
# ### いちばん悪い画像から見る
#
# ネットワークが一度も見ていない、テスト用の画像で確かめましょう。確率 0.5 以上を肺とします。平均を見る前に、画像を見てください。**左がいちばん悪い画像**です。緑が正解、オレンジの破線がネットワークの答えです。

# %% role="demo"
chances = lung_net.predict(films.test.images[..., None], verbose=0)[..., 0]
truth, said = films.test.targets.astype(int), (chances >= 0.5).astype(int)
each = np.array([measure(truth[k:k + 1], said[k:k + 1]) for k in range(len(truth))])
worst_first = np.argsort(each)
_, row = plt.subplots(1, min(4, len(each)), figsize=(13, 3.7), layout="constrained", squeeze=False)
for axes, k in zip(row[0], worst_first):
    outlines(axes, films.test.images[k], [(truth[k], figures.GREEN, "solid"), (said[k], figures.ORANGE, "dashed")], f"Dice {each[k]:.3f}")
figures.show(L("The four test films with the lowest Dice, the worst on the left: truth solid green, network dashed orange",
               "Dice が低いほうから四枚のテスト用の画像（左が最低）。緑の実線が正解、オレンジの破線がネットワーク"))
print(L(f"{len(each)} test films: Dice {each.mean():.3f} on average, {np.median(each):.3f} median, {each.min():.3f} least; IoU {strict(truth, said):.3f}",
        f"テスト用の画像 {len(each)} 枚：Dice の平均 {each.mean():.3f}、中央値 {np.median(each):.3f}、最低 {each.min():.3f}。IoU {strict(truth, said):.3f}"))

# %% [markdown] lang="en"
# On average the Dice is above 0.96. How good is that? For the 247 films of the JSRT database two people drew the lungs independently; the second agreed with the first with an **IoU** of 0.946
# (van Ginneken 2006), which is a Dice of about 0.97. A network that is trained on one person's outlines can hardly be asked for more.
#
# But mind whose films these are: the test films come from the same source as the training films, and ours are computed. When we gave 39 **real** films to a network trained like this one, its Dice fell to 0.82 on average, and to 0.57 on the worst
# film, where it called the bowel lung. (A part of the loss is a matter of convention: those masks count the lung behind the heart as lung.) Trained on more films and far stronger variations, the same U-Net reached 0.90. `dojo bench segmentation` repeats the measurement, with films of your own if you like.
#
# ### Try it: the threshold
#
# Move the **threshold**: from which probability on is a pixel lung? And the **overlay**: how strongly is the answer laid over the film? Where does the outline hardly move, and where is the network unsure?
# %% [markdown] lang="ja"
# Dice の平均は 0.96 を超えました。どれくらいよい値なのでしょうか。JSRT データベースの 247 枚では、二人の人が別々に肺を描いており、その一致は **IoU** で 0.946 でした（van Ginneken 2006）。Dice に直すと約 0.97 です。
# 一人の輪郭で学習したネットワークに、これ以上を求めるのは難しいでしょう。
#
# ただし、誰の画像での値なのかに気をつけましょう。テスト用の画像は学習用と同じところから来ていて、しかも計算画像です。同じように学習させたネットワークに**実際の**画像を 39 枚与えると、Dice は平均 0.82 に下がり、最も悪い画像では、腸管を肺と答えて
# 0.57 になりました（下がった分の一部は、マスクの約束の違いによるものです。その 39 枚では、心臓の後ろの肺も肺に数えています）。もっと多くの画像と、ずっと強いデータ拡張で学習させると、同じ U-Net で 0.90 になりました。`dojo bench segmentation` で、同じ測定を繰り返せます。手元の画像でも試せます。
#
# ### 動かしてみよう：しきい値
#
# **しきい値**（確率がいくつ以上なら肺とするか）と、**重ね合わせ**の濃さを動かしてみましょう。輪郭がほとんど動かないのはどこでしょうか。ネットワークが迷っているのはどこでしょうか。

# %% role="explore"
@interact(place=IntSlider(0, min=0, max=len(each) - 1, description=L("film", "画像")),
          threshold=FloatSlider(0.5, min=0.02, max=0.98, step=0.02, description=L("threshold", "しきい値")),
          overlay=FloatSlider(0.3, min=0, max=1, step=0.05, description=L("overlay", "重ね合わせ")))
def look(place, threshold, overlay):
    k = worst_first[place]
    answer = chances[k] >= threshold
    _, row = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    outlines(row[0], films.test.images[k], [(truth[k], figures.GREEN, "solid"), (answer, figures.ORANGE, "dashed")],
             f"Dice {measure(truth[k:k + 1], answer[None].astype(int)):.3f}")
    row[0].imshow(np.ones_like(chances[k]), cmap="Oranges", vmin=0, vmax=1.5, alpha=overlay * answer)
    shown = row[1].imshow(chances[k], cmap="gray", vmin=0, vmax=1)
    row[1].set_axis_off()
    plt.colorbar(shown, ax=row[1], label=L("probability of lung", "肺である確率"), shrink=0.8)
    figures.show(L("A film with truth and answer at the chosen threshold, and the probabilities", "選んだしきい値での正解と答え、および確率の地図"))

# %% [markdown] lang="en"
# ## Cleaning up
#
# There are two lungs and one heart. A network does not know that: it judges pixel by pixel, and sometimes calls a bubble in the stomach lung. What we know of anatomy we can add afterwards: keep the two
# largest connected parts.
#
# ### Exercise 8: `keep_largest`
#
# Write `keep_largest(mask, n)` for a mask of `True` and `False` with the shape (rows, columns): keep its `n` largest connected parts and make the rest `False`. If there are fewer than `n` parts, keep
# all. Pixels that touch only by a **corner** are connected, too (each pixel has 8 neighbours).
#
# SciPy numbers the parts; 0 is the background:
#
# ```python
# parts, count = ndimage.label(mask, structure=np.ones((3, 3)))    # all 8 neighbours; parts holds 0, 1, ..., count
# sizes = np.bincount(parts.ravel())                               # how many pixels have the number 0, 1, 2, ...
# ```
#
# *Hint: `np.argsort(sizes)` sorts from small to large; `np.isin(parts, numbers)` is a mask of all pixels with these numbers. Mind the background: it is the largest of all.*
# %% [markdown] lang="ja"
# ## 後片づけ
#
# 肺は二つ、心臓は一つです。ネットワークはそれを知りません。画素ごとに判断するので、胃泡を肺と答えることもあります。解剖の知識は、後から加えることができます。つながった塊のうち、大きいほうから二つを残すのです。
#
# ### 演習8：`keep_largest`
#
# `True` と `False` からなる、形が（行, 列）のマスクについて、`keep_largest(mask, n)` を書いてください。つながった塊のうち大きいほうから `n` 個を残し、ほかを `False` にします。塊が `n` 個より少なければ、すべて残します。
# **角だけ**で触れている画素も、つながっているとみなします（どの画素にも隣が八つあります）。
#
# SciPy を使うと、塊に番号を付けられます。0 は背景です。
#
# ```python
# parts, count = ndimage.label(mask, structure=np.ones((3, 3)))    # 八つの隣をすべて見る。parts は 0, 1, …, count の番号
# sizes = np.bincount(parts.ravel())                               # 番号 0, 1, 2, … の画素の数
# ```
#
# *ヒント：`np.argsort(sizes)` は小さい順に並べます。`np.isin(parts, numbers)` は、その番号をもつ画素のマスクです。背景がいちばん大きいことに気をつけましょう。*

# %% exercise="keep_largest"
def keep_largest(mask, n):
    L("""Return the mask with its n largest 8-connected parts only.""", """八つの隣でつながった塊のうち、大きいほうから n 個だけを残したマスクを返す。""")
    ### BEGIN SOLUTION
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:n] + 1
    return np.isin(parts, largest)
    ### END SOLUTION

# %% test="keep_largest" points=2
with check("keep_largest") as t:
    # en: parts of 2, 4, 5 and 1 pixels, which hang together by corners
    # ja: 2、4、5、1 画素の塊。角だけでつながっているところがある
    mask = np.array([[1, 0, 0, 0, 0, 0, 0, 1, 1, 0],
                     [0, 1, 0, 1, 1, 0, 0, 0, 0, 1],
                     [0, 0, 0, 0, 0, 1, 1, 0, 0, 1],
                     [0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
                     [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]], bool)
    alone = np.zeros((5, 10), bool)
    alone[[1, 1, 2, 2, 3], [3, 4, 5, 6, 7]] = True
    both = alone.copy()
    both[[0, 0, 1, 2], [7, 8, 9, 9]] = True
    t.call(keep_largest, mask, 1).equals(alone)
    t.call(keep_largest, mask, 2).equals(both)
    # en: fewer than n: all stay; nothing there: nothing stays
    # ja: n 個より少なければすべて残る。何もなければ何も残らない
    t.call(keep_largest, both, 5).equals(both)
    t.call(keep_largest, np.zeros((3, 4), bool), 2).equals(np.zeros((3, 4), bool))
### BEGIN HIDDEN TESTS
with check("keep_largest", hidden=True) as t:
    from skimage.measure import label as label_, regionprops as regions_

    tried_ = 0
    while tried_ < 6:
        mask_ = ndimage.uniform_filter(t.rng.random((23, 31)), 3) > 0.56
        found_ = sorted(regions_(label_(mask_, connectivity=2)), key=lambda one_: -one_.area)
        keep_ = 1 + tried_ % 3
        if len(found_) <= keep_ or found_[keep_ - 1].area == found_[keep_].area:
            continue  # ties are left open
        wanted_ = np.zeros(mask_.shape, bool)
        for one_ in found_[:keep_]:
            wanted_[tuple(one_.coords.T)] = True
        t.call(keep_largest, mask_, keep_).equals(wanted_)
        tried_ += 1
    t.call(keep_largest, np.ones((4, 7), bool), 2).equals(np.ones((4, 7), bool))
### END HIDDEN TESTS

# %% role="demo"
tidy = yours_or(library.keep_largest)
lying = np.rot90(films.test.images[0])
guess = lung_net.predict(lying[None, ..., None], verbose=0)[0, ..., 0] >= 0.5
kept = np.asarray(tidy(guess, 2), bool)
_, row = plt.subplots(1, 3, figsize=(10.5, 3.7), layout="constrained")
figures.film(row[0], lying, L("lying on its side", "横倒しの画像"))
outlines(row[1], lying, [(guess, figures.ORANGE, "dashed")], L("the network's answer", "ネットワークの答え"))
outlines(row[2], lying, [(kept, figures.ORANGE, "dashed")], L("the two largest parts", "大きいほうから二つの塊"))
figures.show(L("A film on its side, the network's answer, and the two largest parts of it", "横倒しの画像、ネットワークの答え、大きいほうから二つの塊"))
parts = [ndimage.label(answer, np.ones((3, 3)))[1] for answer in said]
print(L(f"upright test films with more than two parts: {sum(n > 2 for n in parts)} of {len(parts)}; on its side: {ndimage.label(guess, np.ones((3, 3)))[1]} parts",
        f"正しい向きのテスト用の画像で、塊が三つ以上あるもの：{len(parts)} 枚中 {sum(n > 2 for n in parts)} 枚。横倒しの画像の塊：{ndimage.label(guess, np.ones((3, 3)))[1]} 個"))

# %% [markdown] lang="en"
# Even among the upright films some have a third piece, mostly a bubble in the stomach: there, cleaning up helps. A film on its side, as in unit 06, is something this network has never seen: it misses parts of the lungs and finds lung where
# there is none. Throwing away small pieces makes the picture tidier. It does **not** make it right: a cleaned answer can still be wrong, and looks more trustworthy than it is.
#
# ## Heart and lungs
#
# Segmentation02 has four classes: outside, heart, body and lung. The same U-Net does it with `classes=4`: each pixel gets four probabilities that add up to 1 (softmax), and the loss is the cross-entropy of
# unit 06, pixel by pixel. 159 films, 20 rounds: again somewhat less than a minute.
# %% [markdown] lang="ja"
# 正しい向きの画像にも、三つめの塊が見つかることがあります。たいていは胃泡で、そのような場合には後片づけが役に立ちます。一方、単元06で見たような横倒しの画像は、このネットワークが一度も見たことのないものです。肺の一部を見落とし、
# 肺のないところに肺を見つけています。小さな塊を捨てると見た目は整いますが、正しくなる**わけではありません**。片づけた答えも間違っていることがあり、しかも実際より信頼できそうに見えます。
#
# ## 心臓と肺
#
# Segmentation02 には、外側、心臓、体、肺の四つのクラスがあります。同じ U-Net を `classes=4` として使うと、画素ごとに、合計が 1 になる四つの確率が得られます（softmax）。損失は、単元06の交差エントロピーを画素ごとに計算したものです。
# 159 枚の画像を 20 回見せます。これも一分足らずです。

# %% role="demo"
chests = load_segmentation(size=(128, 128), classes=4)
print(chests.source)

def cross_entropy(truth, answer):
    # en: all pixels in one row, for films with rows and columns make PyTorch fail here
    # ja: 行と列のある画像のままだと PyTorch で失敗するので、画素を一列に並べる
    return keras.losses.sparse_categorical_crossentropy(ops.reshape(truth, (-1,)), ops.reshape(answer, (-1, 4)))

keras.utils.set_random_seed(1)
organ_net = build((128, 128, 1), 12, 3, classes=4)
organ_net.name = "heart_and_lungs"
history = train(organ_net, chests.train, chests.validation, cross_entropy, epochs=20)
organs_said = np.argmax(organ_net.predict(chests.test.images[..., None], verbose=0), axis=-1)
HEART, LUNG = chests.test.classes.index("heart"), chests.test.classes.index("lung")
for organ, name in ((LUNG, L("lungs", "肺")), (HEART, L("heart", "心臓"))):
    scores = [measure((a == organ)[None].astype(int), (b == organ)[None].astype(int)) for a, b in zip(chests.test.targets, organs_said)]
    print(L(f"{name}: Dice {np.mean(scores):.3f} on average, {np.min(scores):.3f} least", f"{name}：Dice の平均 {np.mean(scores):.3f}、最低 {np.min(scores):.3f}"))

# %% [markdown] lang="en"
# The heart is harder than the lungs: its lower border lies in the shadow of the diaphragm and its upper end merges with the great vessels. People disagree there, too (an IoU of 0.878 between two observers, van Ginneken 2006).
#
# ## The cardiothoracic ratio
#
# Danzer proposed in 1919 to divide the width of the heart by that of the chest. From the midline one measures how far the heart reaches to the right (**MRD**) and to the left (**MLD**), each at
# its own height; the sum is the heart's width. Below stands the **inner width of the thorax** where it is widest:
#
# $$ \mathrm{CTR} = \frac{\mathrm{MRD} + \mathrm{MLD}}{\text{inner width of the thorax}} $$
#
# With masks this is counting. The heart: from its first to its last column over the whole mask, both included. The thorax: in each row from the first to the last pixel of lung, both included, with the mediastinum in between;
# the widest row counts.
#
# ### Exercise 9: `cardiothoracic_ratio`
#
# Write `cardiothoracic_ratio(lungs, heart)` for two masks of `True` and `False` with the shape (rows, columns). If one of them is empty, return `nan`.
#
# *Hint: `np.any(heart, axis=0)` tells for each column whether there is heart in it; `np.flatnonzero(row)` gives the places that are not 0.*
# %% [markdown] lang="ja"
# 心臓は、肺より難しい臓器です。下縁は横隔膜の陰影に隠れ、上は大血管につながっているからです。人の間でも意見が分かれます（二人の観察者の一致は IoU で 0.878、van Ginneken 2006）。
#
# ## 心胸郭比
#
# 1919年、Danzer は、心臓の幅を胸郭の幅で割ることを提案しました。正中線から、心臓が右にどこまで張り出しているか（**MRD**）、左にどこまで張り出しているか（**MLD**）を、それぞれの高さで測ります。その和が心臓の幅です。
# 分母は、最も広いところで測った**胸郭の内側の幅**です。
#
# $$ \mathrm{CTR} = \frac{\mathrm{MRD} + \mathrm{MLD}}{\text{inner width of the thorax}} $$
#
# マスクがあれば、数えるだけで済みます。心臓は、マスク全体の最初の列から最後の列まで（両端を含む）です。胸郭は、行ごとに、最初の肺の画素から最後の肺の画素まで（両端と、間にある縦隔を含む）を数え、最も広い行の値をとります。
#
# ### 演習9：`cardiothoracic_ratio`
#
# `True` と `False` からなる、形が（行, 列）の二つのマスクについて、`cardiothoracic_ratio(lungs, heart)` を書いてください。どちらかが空なら `nan` を返します。
#
# *ヒント：`np.any(heart, axis=0)` で、列ごとに心臓があるかどうかが分かります。`np.flatnonzero(row)` は、0 でない場所の番号を返します。*

# %% exercise="cardiothoracic_ratio"
def cardiothoracic_ratio(lungs, heart):
    L("""Return the width of the heart over the width of the thorax; nan if a mask is empty.""", """心臓の幅 ÷ 胸郭の幅を返す。どちらかのマスクが空なら nan。""")
    ### BEGIN SOLUTION
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    widest = 0
    for row in lungs:
        places = np.flatnonzero(row)
        if len(places) > 0:
            widest = max(widest, places[-1] - places[0] + 1)
    return (columns[-1] - columns[0] + 1) / widest
    ### END SOLUTION

# %% test="cardiothoracic_ratio" points=2
with check("cardiothoracic_ratio") as t:
    # en: L lung, H heart; the heart spans columns 4 to 8, the lungs at most columns 1 to 12 (fourth row)
    # ja: L は肺、H は心臓。心臓は列 4 から 8、肺は最も広い行（上から 4 行め）で列 1 から 12
    drawing = ["....LL....LL..",
               "...LLL....LLL.",
               "..LLL.HHH.LLL.",
               ".LLLL.HHH.LLL.",
               ".LLLHHHHH..LL.",
               "LLL.HHHH......"]
    organs = np.array([list(row) for row in drawing])
    t.call(cardiothoracic_ratio, organs == "L", organs == "H").equals(5 / 12)
    # en: without the fourth and fifth row: from column 2 to 12; the last row is no wider
    # ja: 4、5 行めがないとき：列 2 から 12。最後の行はそれより広くない
    t.call(cardiothoracic_ratio, organs[[0, 1, 2, 5]] == "L", organs[[0, 1, 2, 5]] == "H").equals(5 / 11)
    t.call(cardiothoracic_ratio, organs[:2] == "L", organs[:2] == "H").equals(np.nan)
    t.call(cardiothoracic_ratio, organs[:2] == "H", organs[2:4] == "H").equals(np.nan)
### BEGIN HIDDEN TESTS
with check("cardiothoracic_ratio", hidden=True) as t:
    from skimage.measure import regionprops as regions_

    for chance_ in (0.05, 0.2, 0.5):
        lungs_, heart_ = t.rng.random((9, 23)) < chance_, t.rng.random((9, 23)) < chance_ / 3
        lungs_[t.rng.integers(9), t.rng.integers(23)] = heart_[t.rng.integers(9), t.rng.integers(23)] = True
        _, left_, _, right_ = regions_(heart_.astype(int))[0].bbox
        rows_ = regions_(np.where(lungs_, np.arange(1, 10)[:, None], 0))  # each row is a region
        wanted_ = (right_ - left_) / max(row_.bbox[3] - row_.bbox[1] for row_ in rows_)
        t.call(cardiothoracic_ratio, lungs_, heart_).equals(wanted_)
    t.call(cardiothoracic_ratio, np.zeros((4, 6), bool), np.ones((4, 6), bool)).equals(np.nan)
### END HIDDEN TESTS

# %% role="demo"
ratio = yours_or(library.cardiothoracic_ratio)

def measured(organs):
    return np.asarray(tidy(organs == LUNG, 2), bool), np.asarray(tidy(organs == HEART, 1), bool)

true_ratio = np.array([ratio(mask == LUNG, mask == HEART) for mask in chests.test.targets], float)
our_ratio = np.array([ratio(*measured(mask)) for mask in organs_said], float)
error = our_ratio - true_ratio
wrong_side = (true_ratio > 0.5) != (our_ratio > 0.5)
print(L(f"{len(error)} films: mean error {np.nanmean(np.abs(error)):.3f} (bias {np.nanmean(error):+.3f}), largest {np.nanmax(np.abs(error)):.3f}; on the other side of 0.5: {wrong_side.sum()}",
        f"{len(error)} 枚：平均の誤差 {np.nanmean(np.abs(error)):.3f}（偏り {np.nanmean(error):+.3f}）、最大 {np.nanmax(np.abs(error)):.3f}。0.5 の反対側になったもの {wrong_side.sum()} 枚"))

# %% role="demo"
def ruler(axes, lungs, heart, color, style, down):
    # en: the lines that one would draw with a ruler: the widest row of the lungs, and the columns of the heart
    # ja: 定規で引くはずの線：肺の最も広い行と、心臓の列の範囲
    rows = np.flatnonzero(lungs.any(axis=1))
    spans = [np.ptp(np.flatnonzero(lungs[i])) for i in rows]
    columns, height = np.flatnonzero(heart.any(axis=0)), np.flatnonzero(heart.any(axis=1))
    if len(rows) and len(columns):
        widest = rows[int(np.argmax(spans))]
        axes.plot(np.flatnonzero(lungs[widest])[[0, -1]] + [-0.5, 0.5], [widest + down] * 2, style, color=color, lw=2.2, marker="|", ms=11)
        axes.plot(columns[[0, -1]] + [-0.5, 0.5], [height.mean() + down] * 2, style, color=color, lw=2.2, marker="|", ms=11)

farthest = np.argsort(-np.nan_to_num(np.abs(error), nan=np.inf))
_, row = plt.subplots(1, min(3, len(error)), figsize=(12.5, 4.5), layout="constrained", squeeze=False)
for axes, k in zip(row[0], farthest):
    mask, ours = chests.test.targets[k], measured(organs_said[k])
    outlines(axes, chests.test.images[k], [(mask == HEART, figures.GREEN, "solid"), (ours[1], figures.ORANGE, "dashed"), (ours[0], figures.ORANGE, "dotted")],
             L(f"truth {true_ratio[k]:.2f}, network {our_ratio[k]:.2f}", f"正解 {true_ratio[k]:.2f}、ネットワーク {our_ratio[k]:.2f}"))
    ruler(axes, mask == LUNG, mask == HEART, figures.GREEN, "-", 0)
    ruler(axes, *ours, figures.ORANGE, "--", 3)
figures.show(L("The three films with the largest error of the ratio, the worst on the left, with the lines drawn: truth solid green, network dashed orange",
               "心胸郭比の誤差が大きい三枚（左が最大）と、測った線。緑の実線が正解、オレンジの破線がネットワーク"))

# %% role="demo"
_, axes = plt.subplots(figsize=(5.4, 5), layout="constrained")
ends = np.array([0.3, 0.62])
axes.fill_between(ends, ends - 0.02, ends + 0.02, color=figures.GREY, alpha=0.25, lw=0, label=L("within 0.02", "誤差 0.02 以内"))
axes.plot(ends, ends, color=figures.GREY, lw=1)
for side, color, marker, name in ((~wrong_side, figures.BLUE, "o", L("same side of 0.5", "0.5 の同じ側")), (wrong_side, figures.RED, "X", L("other side", "反対側"))):
    axes.plot(true_ratio[side], our_ratio[side], marker, color=color, ms=7, label=name)
axes.axhline(0.5, color="black", lw=0.8, ls=":")
axes.axvline(0.5, color="black", lw=0.8, ls=":")
axes.set(xlabel=L("ratio from the true masks", "正解のマスクから求めた心胸郭比"), ylabel=L("ratio from the network", "ネットワークの答えから求めた心胸郭比"), xlim=ends, ylim=ends)
axes.legend()
figures.show(L("Cardiothoracic ratio from the network against the truth, with 0.5 marked: the points lie near the diagonal",
               "ネットワークから求めた心胸郭比と正解。0.5 の線を引いてある。点は対角線の近くに並ぶ"))

# %% [markdown] lang="en"
# On average the ratio is off by about 0.01, and by about 0.04 on the worst film. Is that good? For a ratio of 0.42 it does not matter. For one of 0.49 it does: a film next to the limit may land on the other side by the
# error of the measurement alone (the crosses). A ruler has the same trouble. So report the number, not only "above" or "below".
#
# What the number means is for the clinic:
#
# * It is meant for **adults**, **upright**, **PA**, in **full inspiration**. There 0.50 or less is usual.
# * **AP, supine and in expiration** it comes out too large: the heart lies farther from the detector and is magnified, the diaphragm stands high, and the heart lies across. Infants have larger ratios.
# * It is a **screening index, not a diagnosis**. A large heart shadow may be fluid, fat or the way of breathing; a sick heart may have a normal width.
#
# A network does not know how the film was taken. You do.
# %% [markdown] lang="ja"
# 心胸郭比の誤差は、平均でおよそ 0.01、最も悪い画像で 0.04 ほどです。これは十分な精密さでしょうか。0.42 の人なら問題になりません。しかし 0.49 の人では、測定の誤差だけで 0.5 の反対側に移ってしまうことがあります
# （図の × 印）。定規で測っても、同じことが起こります。ですから、「超えた・超えない」だけでなく、値そのものを報告しましょう。
#
# その値の意味は、臨床の知識で読みます。
#
# * **成人**の**立位**、**PA**、**深吸気**の画像を前提とした値で、ふつうは 0.50 以下です。
# * **AP、臥位、呼気**では大きめに出ます。心臓が受像器から離れて拡大され、横隔膜が上がって心臓が横に寝るからです。乳幼児では、もともと大きな値になります。
# * **スクリーニングの目安であって、診断ではありません**。心陰影が大きく見える原因には、心嚢液や脂肪、呼吸の深さもあります。逆に、幅が正常でも心臓が悪いことはあります。
#
# その画像がどのように撮影されたのかを、ネットワークは知りません。知っているのは、皆さんです。

# %% [markdown] lang="en"
# ## Key points
#
# 1. Dice and IoU look only at the organ, not at the background. Compute them film by film; two empty masks count 1; ask which of the two a figure is.
# 2. A loss must change smoothly: probabilities go into Dice uncut. Epsilon stands above and below.
# 3. Film and mask move together: one draw for both, linear for the film, nearest pixel for the mask.
# 4. In a U-Net the deep path knows *what*, and the skips tell *where*. Sides must be divisible by 2 to the power of the depth; sigmoid for one class, softmax for several.
# 5. A cardiothoracic ratio has an error, as any measurement. State it, look at the worst film, and mind how the film was taken.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. Dice と IoU は、背景ではなく臓器だけを見ます。画像ごとに計算し、どちらも空なら 1 とします。値を読むときは、どちらの指標かを確かめます。
# 2. 損失関数は、なめらかに変わらなければなりません。Dice には確率をそのまま入れ、ε は分子にも分母にも足します。
# 3. 画像とマスクは一緒に動かします。乱数は一度だけ引き、画像は線形補間、マスクは最も近い画素とします。
# 4. U-Net では、深い道が「何があるか」を、スキップ接続が「どこにあるか」を伝えます。縦横は、2 の「深さ」乗で割り切れなければなりません。クラスが一つなら sigmoid、いくつもあるなら softmax です。
# 5. 心胸郭比にも、どの測定とも同じように誤差があります。誤差を示し、いちばん悪い画像を見て、撮影条件を確かめましょう。

# %% [markdown] lang="en"
# ## Four questions to recall
#
# <details><summary>1. Somebody reports a Dice of 0.97, pooled over the pixels of all films. On two films in a hundred the heart was not found at all. Does the figure show it?</summary>
#
# Hardly: those pixels are few among all. Film by film, two zeros pull the mean down by 0.02, and the list of the worst films shows them at once.
# </details>
#
# <details><summary>2. The masks come as PNG files with 0 and 255. You train with the Dice loss without dividing. What happens?</summary>
#
# The formula is meant for 0 and 1. With 255 the "Dice" can exceed 1 and the loss becomes negative; there is no error message. Turn masks into 0 and 1 first (mask > 0).
# </details>
#
# <details><summary>3. You make the mask of four organs smaller by bilinear interpolation. What is wrong?</summary>
#
# Between lung (3) and outside (0) there will be pixels with 1 and 2: a rim of "heart" and "body" around each lung. Masks take the nearest pixel.
# </details>
#
# <details><summary>4. Cut the skip connections of a U-Net. What still works, and what is lost?</summary>
#
# It still finds roughly where the lungs are, since the deep path sees far. The outlines become coarse: after three poolings one value stands for 8 × 8 pixels.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（4問）
#
# <details><summary>1. 全画像の画素をまとめて計算した Dice が 0.97 だと報告されました。100 枚のうち 2 枚では、心臓がまったく見つかっていません。この値から分かりますか。</summary>
#
# ほとんど分かりません。全画素の中ではわずかだからです。画像ごとに計算すれば、0 が二つあるだけで平均は 0.02 下がり、悪い順に並べればすぐに見つかります。
# </details>
#
# <details><summary>2. マスクが 0 と 255 の PNG ファイルです。割らずに Dice の損失で学習させると、どうなりますか。</summary>
#
# 式は 0 と 1 を前提にしています。255 のままでは「Dice」が 1 を超え、損失が負になりますが、エラーは出ません。先に 0 と 1 に直しましょう（mask > 0）。
# </details>
#
# <details><summary>3. 四つの臓器のマスクを、双線形補間で縮小しました。何がいけないのでしょうか。</summary>
#
# 肺（3）と外側（0）の間に 1 や 2 の画素ができ、肺のまわりに「心臓」や「体」の縁取りが現れます。マスクには、最も近い画素の値を使います。
# </details>
#
# <details><summary>4. U-Net のスキップ接続を切りました。何ができて、何ができなくなりますか。</summary>
#
# 深い道は広い範囲を見ているので、肺のだいたいの場所は分かります。しかし、輪郭は粗くなります。プーリングを三回すると、一つの値が 8 × 8 画素を代表するからです。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * O. Ronneberger, P. Fischer, T. Brox, *U-Net: convolutional networks for biomedical image segmentation*, Medical Image Computing and Computer-Assisted Intervention, LNCS 9351, 234-241 (2015)
# * K. He, X. Zhang, S. Ren, J. Sun, *Delving deep into rectifiers: surpassing human-level performance on ImageNet classification*, IEEE International Conference on Computer Vision, 1026-1034 (2015)
# * F. Milletari, N. Navab, S.-A. Ahmadi, *V-Net: fully convolutional neural networks for volumetric medical image segmentation*, International Conference on 3D Vision, 565-571 (2016)
# * L. R. Dice, *Measures of the amount of ecologic association between species*, Ecology 26, 297-302 (1945)
# * A. A. Taha, A. Hanbury, *Metrics for evaluating 3D medical image segmentation: analysis, selection, and tool*, BMC Medical Imaging 15, 29 (2015)
# * B. van Ginneken, M. B. Stegmann, M. Loog, *Segmentation of anatomical structures in chest radiographs using supervised methods: a comparative study on a public database*, Medical Image Analysis 10, 19-40 (2006)
# * C. S. Danzer, *The cardiothoracic ratio: an index of cardiac enlargement*, The American Journal of the Medical Sciences 157, 513-521 (1919)
#
# To play on: train the lungs without `augment=move`, or with `loss_of` alone, and compare the worst film. And what becomes of the outline at 64 × 64?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * O. Ronneberger, P. Fischer, T. Brox, *U-Net: convolutional networks for biomedical image segmentation*, Medical Image Computing and Computer-Assisted Intervention, LNCS 9351, 234-241 (2015)
# * K. He, X. Zhang, S. Ren, J. Sun, *Delving deep into rectifiers: surpassing human-level performance on ImageNet classification*, IEEE International Conference on Computer Vision, 1026-1034 (2015)
# * F. Milletari, N. Navab, S.-A. Ahmadi, *V-Net: fully convolutional neural networks for volumetric medical image segmentation*, International Conference on 3D Vision, 565-571 (2016)
# * L. R. Dice, *Measures of the amount of ecologic association between species*, Ecology 26, 297-302 (1945)
# * A. A. Taha, A. Hanbury, *Metrics for evaluating 3D medical image segmentation: analysis, selection, and tool*, BMC Medical Imaging 15, 29 (2015)
# * B. van Ginneken, M. B. Stegmann, M. Loog, *Segmentation of anatomical structures in chest radiographs using supervised methods: a comparative study on a public database*, Medical Image Analysis 10, 19-40 (2006)
# * C. S. Danzer, *The cardiothoracic ratio: an index of cardiac enlargement*, The American Journal of the Medical Sciences 157, 513-521 (1919)
#
# 余裕があれば、`augment=move` を外して、あるいは `loss_of` だけで肺を学習させ、いちばん悪い画像を比べてみましょう。64 × 64 では、輪郭はどうなるでしょうか。
