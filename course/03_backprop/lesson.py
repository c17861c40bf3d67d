"""Unit 03: backpropagation."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 03 Backpropagation: passing the blame back
#
# When you have finished this notebook, you will be able to
#
# 1. **replace** the step of the perceptron by smooth functions, and say why learning needs them,
# 2. **compute** with what probability a network calls a film right, and how wrong it is,
# 3. **measure** a gradient, and use it to check a formula,
# 4. **explain** with the chain rule how the error travels back through a network, and (optional) write it,
# 5. **train** a network of your own on chest films, choose its learning rate, and say where it fails.
#
# | | |
# |---|---|
# | Reading / exercises | about 40 min / about 60 min |
# | You need | unit 02 (the perceptron) |
# | Computing | under 30 s on two CPU cores; the first time up to half a minute more, to compute the films |
# | Data | chest films of a phantom in four directions, laid out like miniJSRT's Directions01; no download |
# %% [markdown] lang="ja"
# # 03 誤差逆伝播法：間違いの責任を後ろへたどる
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. パーセプトロンの階段を滑らかな関数に**置き換え**、なぜ学習に滑らかさが必要なのかを説明する
# 2. ネットワークが各クラスに付ける確率と、間違いの大きさ（損失）を**計算する**
# 3. 勾配を数値で**測り**、式が正しいかどうかを確かめる
# 4. 誤差がネットワークを逆向きに伝わる仕組みを、連鎖律で**説明する**（発展：自分で書く）
# 5. 自作のネットワークに胸部画像を**学習させ**、学習率を選び、その限界を述べる
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約40分／約60分 |
# | 前提 | 単元02（パーセプトロン） |
# | 計算時間 | CPU 2コアで30秒以内（初回は画像の計算に、さらに30秒ほど） |
# | データ | miniJSRT の Directions01 と同じ構成の、四方向の模擬胸部画像（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# A film has to be repeated. In the reject analysis you do not stop at "bad film": you go **backwards** through the chain. Was
# it the display? The processing? The exposure? The positioning? Each step gets its share of the blame, and the one with the
# greatest share is corrected first.
#
# A neural network learns in the same way. In unit 02 a single neuron could correct itself, because it was obvious whose fault a
# mistake was. With a hidden layer it is not: which of a thousand weights made the network say "left" instead of "up"?
# **Backpropagation** is the bookkeeping that sends the error back through the network and gives every weight its exact share.
# All deep learning, from U-Net to the large language models, is trained by it. You will write it piece by piece, and at the end
# your own network will tell which way up a chest film lies.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 写損が出たとします。原因を調べるとき、「悪い画像だった」で終わらせることはありません。表示か、画像処理か、撮影条件か、ポジショニングか。
# 撮影の流れを**逆向きに**たどって、どの段階にどれだけ責任があるかを見きわめ、影響の大きいところから直していきます。
#
# ニューラルネットワークの学習も同じです。単元02のニューロンは一つだけだったので、間違いが誰の責任かは明らかでした。ところが隠れ層があると、
# 話は変わります。「上」を「左」と答えたのは、何千もある重みのうち、どれのせいでしょうか。**誤差逆伝播法**は、誤差を出口から入口へと送り返し、
# すべての重みに責任の分担を正確に割り当てる計算です。U-Net も大規模言語モデルも、深層学習はどれもこの方法で学習します。
# このノートブックでは、これを一つずつ書いていきます。最後には、あなたのネットワークが胸部画像の向きを答えます。

# %% role="setup"
import time

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatLogSlider, interact

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_directions
from xraydojo.library import backprop as library

# %% [markdown] lang="en"
# ## From a step to a slope
#
# The perceptron's answer jumps from 0 to 1 at $z = 0$. Turn a weight a little, and nearly always the answer stays exactly the
# same: the step gives no clue whether you turned it in the right direction. Its slope is 0 everywhere, except at the jump,
# where it has none.
#
# So we round off the corner. The **sigmoid** function is
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# It is near 0 for very negative $z$, exactly $\frac12$ at $z = 0$, and near 1 for large $z$. Its slope is never 0, and has a
# handsome formula: $\sigma'(z) = \sigma(z)\,(1 - \sigma(z))$. (It has the shape of a film's characteristic curve, with toe,
# straight part and shoulder.)
# %% [markdown] lang="ja"
# ## 階段から坂道へ
#
# パーセプトロンの答えは、$z = 0$ で 0 から 1 へ跳び上がります。重みを少し動かしても、答えはほとんどの場合まったく変わりません。
# これでは、正しい方向に動かしたのかどうか、手がかりがありません。階段の傾きはどこでも 0 で、跳ぶところでは傾きが決まらないのです。
#
# そこで、角を丸めます。次の関数を**シグモイド関数**といいます。
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# $z$ が負に大きければほぼ 0、$z = 0$ でちょうど $\frac12$、正に大きければほぼ 1 です。傾きはどこでも 0 にならず、
# $\sigma'(z) = \sigma(z)\,(1 - \sigma(z))$ というきれいな式で書けます（足部・直線部・肩部をもつ、フィルムの特性曲線と同じ形です）。

# %% role="demo"
z = np.linspace(-6, 6, 400)
smooth = library.sigmoid(z)
_, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
left.plot(z, z >= 0, "--", color=figures.ORANGE, label=L("step (perceptron)", "階段（パーセプトロン）"))
left.plot(z, smooth, color=figures.BLUE, label=L("sigmoid", "シグモイド"))
left.set(xlabel="$z$", ylabel=L("answer", "答え"), title=L("the answer", "答え"))
right.plot(z, np.zeros_like(z), "--", color=figures.ORANGE, label=L("step: 0", "階段：0"))
right.plot(z, smooth * (1 - smooth), color=figures.BLUE, label=L("sigmoid: at most 1/4", "シグモイド：最大 1/4"))
right.set(xlabel="$z$", ylabel=L("slope", "傾き"), title=L("the slope", "傾き"), ylim=(-0.02, 0.4))
left.legend(loc="center left")
right.legend(loc="upper left")
figures.show(L("Step and sigmoid, and their slopes: the step's is zero, the sigmoid's a hill of height one quarter at z = 0",
               "階段とシグモイドのグラフと、その傾き。階段の傾きは 0、シグモイドの傾きは z = 0 で高さ 1/4 の山になる"))

# %% [markdown] lang="en"
# ### Exercise 1: `sigmoid`
#
# Write `sigmoid(z)`. `z` may be a number or an array of any shape; the result has the same shape. For $z = \pm 1000$ it must
# be 0 or 1, and not NaN.
#
# *Hint: `np.exp(-z)` works on a number and on a whole array. For $z = -1000$, $e^{1000}$ is too large even for a computer: NumPy
# warns of an overflow and goes on with infinity, and $1 / (1 + \infty)$ is 0, as it should be. With
# `np.clip(z, -700, 700)` in place of `z` there is no warning.*
# %% [markdown] lang="ja"
# ### 演習1：`sigmoid`
#
# `sigmoid(z)` を書いてください。`z` は一つの数でも、どんな形の配列でもよく、結果は同じ形になります。$z = \pm 1000$ のときは 0 か 1 になるようにし、
# NaN（数ではない値）にならないようにします。
#
# *ヒント：`np.exp(-z)` は一つの数にも、配列全体にも使えます。$z = -1000$ のとき $e^{1000}$ はコンピューターにも大きすぎ、NumPy は
# オーバーフローの警告を出して無限大として計算を続けます。$1 / (1 + \infty)$ は 0 なので、答えは正しくなります。
# `z` の代わりに `np.clip(z, -700, 700)` を使えば、警告も出ません。*

# %% exercise="sigmoid"
def sigmoid(z):
    L("""Return 1 / (1 + exp(-z)) for each element of z.""",
      """z の各要素について 1 / (1 + exp(-z)) を返す。""")
    ### BEGIN SOLUTION
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))
    ### END SOLUTION

# %% test="sigmoid" points=1
with check("sigmoid") as t:
    # en: with z = ln 3, exp(-z) is 1/3, and 1 / (1 + 1/3) is 0.75
    # ja: z = ln 3 なら exp(-z) は 1/3、1 / (1 + 1/3) は 0.75
    t.call(sigmoid, np.log([[1, 3, 9], [1 / 3, 1 / 4, 1 / 9]])).equals([[0.5, 0.75, 0.9], [0.25, 0.2, 0.1]])
    t.call(sigmoid, np.array([1000.0, -1000.0, 0.0])).equals([1, 0, 0.5])
    t.call(sigmoid, -2.0).equals(0.11920292)
### BEGIN HIDDEN TESTS
with check("sigmoid", hidden=True) as t:
    from scipy.special import expit

    for shape_ in ((7,), (2, 5), (3, 1, 4)):
        z_ = t.rng.normal(0, 4, shape_)
        t.call(sigmoid, z_).equals(expit(z_))
    z_ = t.rng.uniform(-1500, 1500, (4, 3))
    t.call(sigmoid, z_).equals(expit(z_))
    t.call(sigmoid, np.array([-3, 0, 2, 900])).equals(expit([-3.0, 0, 2, 900]))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Several classes: from scores to probabilities
#
# A film can lie in four directions, so the network gets four output neurons, one per class. Their sums $z_1, \dots, z_4$ are
# **scores**: the greatest wins. But we also want to know *how sure* the network is. **Softmax** makes probabilities of the
# scores: exponentials make them positive, and the division makes them add up to 1.
#
# $$ p_k = \frac{e^{z_k}}{e^{z_1} + e^{z_2} + \dots + e^{z_K}} $$
#
# Only the **differences** of the scores count. Adding the same number to all of them multiplies numerator and denominator by
# the same factor. That gives us a way out when the scores are large: $e^{1000}$ overflows, and $\infty / \infty$ is NaN. Take
# the greatest score off first. Then the greatest exponent is 0, nothing overflows, and the probabilities are the same.
# %% [markdown] lang="ja"
# ## クラスが複数あるとき：点数から確率へ
#
# 画像の向きは四通りあるので、出力のニューロンもクラスごとに一つ、合わせて四つ用意します。それぞれの和 $z_1, \dots, z_4$ は、いわば**点数**で、
# 最も高いものを答えとします。ただし、*どのくらい自信があるか*も知りたいところです。**ソフトマックス関数**は点数を確率に変えます。
# 指数関数で正の数にし、合計で割って、足すと 1 になるようにします。
#
# $$ p_k = \frac{e^{z_k}}{e^{z_1} + e^{z_2} + \dots + e^{z_K}} $$
#
# 確率を決めるのは、点数の**差**だけです。すべての点数に同じ数を足しても、分子と分母が同じ倍率になるので、確率は変わりません。
# これは点数が大きいときに役立ちます。$e^{1000}$ はオーバーフローし、$\infty / \infty$ は NaN になってしまいます。先に最大の点数を全体から引けば、
# 指数は最大でも 0 になってオーバーフローせず、確率は同じです。

# %% role="demo"
scores = np.array([2.0, 1.0, 0.0, -1.0])
words = [L("up", "上"), L("down", "下"), L("left", "左"), L("right", "右")]
_, row = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
for axes, values, title in zip(row, (scores, np.exp(scores), library.softmax(scores[None])[0]),
                               (L("scores $z$", "点数 $z$"), "$e^z$", L("probabilities: the sum is 1", "確率：合計は 1"))):
    bars = axes.bar(words, values, color=figures.BLUE)
    axes.bar_label(bars, fmt="%.2f")
    axes.axhline(0, color="black", lw=0.8)
    axes.set(title=title, xlabel=L("class", "クラス"), ylabel=L("value", "値"))
    axes.margins(y=0.15)
figures.show(L("Four scores 2, 1, 0, -1; their exponentials; their probabilities 0.64, 0.24, 0.09, 0.03",
               "四つの点数 2、1、0、-1 と、その指数関数の値と、確率 0.64、0.24、0.09、0.03"))

# %% [markdown] lang="en"
# ### Exercise 2: `softmax`
#
# Write `softmax(z)` for an array of shape (N, K): N samples (one per row), K scores each. Each **row** of the result adds up
# to 1. Scores like
# 1000 must not give NaN: take each row's own maximum off first.
#
# *Hint: `z.max(axis=1, keepdims=True)` is the maximum of each row, in the shape (N, 1), so that it can be subtracted from (N, K).
# `sum` takes the same two arguments.*
# %% [markdown] lang="ja"
# ### 演習2：`softmax`
#
# 形 (N, K) の配列について `softmax(z)` を書いてください。一行が一つのサンプル、K 個の値がその点数です。結果は、**行ごとに**足すと 1 になります。
# 点数が 1000 のように大きくても NaN にならないように、先に各行の最大値を、その行から引きます。
#
# *ヒント：`z.max(axis=1, keepdims=True)` は各行の最大値を (N, 1) の形で返すので、(N, K) の配列からそのまま引けます。`sum` にも同じ引数が使えます。*

# %% exercise="softmax"
def softmax(z):
    L("""Return the probabilities of the scores z, row by row.""",
      """点数 z を、行ごとに確率に変えて返す。""")
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION

# %% test="softmax" points=2
with check("softmax") as t:
    # en: the exponentials are 1, 2, 5 and 3, 3, 2: both rows add up to 8
    # ja: 指数関数の値は 1、2、5 と 3、3、2 で、どちらの行も合計は 8
    t.call(softmax, np.log([[1, 2, 5], [3, 3, 2]])).equals([[0.125, 0.25, 0.625], [0.375, 0.375, 0.25]])
    # en: one row of large scores must not spoil the others
    # ja: 点数の大きい行があっても、ほかの行に影響しない
    t.call(softmax, np.array([[1000.0, 0, 0], [1, 0, 0]])).equals([[1, 0, 0], [0.57611688, 0.21194156, 0.21194156]])
    t.call(softmax, np.array([[-1000.0, -1000, -1000, -1000]])).equals([[0.25, 0.25, 0.25, 0.25]])
### BEGIN HIDDEN TESTS
with check("softmax", hidden=True) as t:
    from scipy.special import softmax as by_scipy

    for shape_, spread_ in (((5, 3), 1), ((1, 7), 3), ((4, 6), 800), ((6, 2), 3000)):
        z_ = t.rng.normal(0, spread_, shape_)
        t.call(softmax, z_).equals(by_scipy(z_, axis=1))
    z_ = t.rng.normal(0, 1, (5, 4)) + np.array([[1e4], [-1e4], [0], [5e3], [-700]])
    t.call(softmax, z_).equals(by_scipy(z_, axis=1))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## How wrong? The loss
#
# Counting mistakes will not do any more: the count jumps from one whole number to the next, a staircase again. We need a
# number that says
# *how* wrong the network is, and that changes smoothly. Take the probability $p$ which the network gave to the **right** class, and compute
#
# $$ \text{loss} = -\ln p $$
#
# Sure and right ($p = 1$) costs nothing; undecided between two ($p = 0.5$) costs 0.69; sure and wrong ($p$ near 0) costs a
# lot. The mean over all samples is called **cross-entropy**, and it is the **loss function** of this unit. Learning means:
# make it small.
# %% [markdown] lang="ja"
# ## どれだけ間違えたか：損失
#
# 間違いの個数を数えるだけでは、もう足りません。個数は 3、2、1 と飛び飛びに変わるので、これも階段です。*どれだけ*間違えたかを表し、滑らかに変わる数が必要です。
# そこで、ネットワークが**正しい**クラスに付けた確率 $p$ を使って、次のように計算します。
#
# $$ \text{損失} = -\ln p $$
#
# 自信をもって正解すれば（$p = 1$）損失は 0、二つの間で迷えば（$p = 0.5$）0.69、自信をもって間違えると（$p$ がほぼ 0）とても大きくなります。
# これを全サンプルで平均したものを**交差エントロピー**といい、この単元の**損失関数**として使います。学習とは、この値を小さくすることです。

# %% role="demo"
p = np.linspace(0.001, 1, 500)
plt.plot(p, -np.log(p), color=figures.BLUE)
for chance, marker in ((1.0, "s"), (0.5, "o"), (0.01, "^")):
    plt.plot(chance, -np.log(chance), marker, color=figures.ORANGE, ms=9)
    plt.annotate(f"$p$ = {chance:g}: {abs(np.log(chance)):.2f}", (chance, -np.log(chance)), (8, 10), textcoords="offset points",
                 ha="right" if chance == 1 else "left")
plt.xlabel(L("probability given to the right class, $p$", "正しいクラスに付けた確率 $p$"))
plt.ylabel(L("loss", "損失"))
figures.show(L("The loss -ln p against p: 0 at p = 1, 0.69 at 0.5, 4.61 at 0.01",
               "確率 p と損失 -ln p のグラフ。p = 1 で 0、0.5 で 0.69、0.01 で 4.61"))

# %% [markdown] lang="en"
# ### Exercise 3: `cross_entropy`
#
# Write `cross_entropy(p, y)`. `p` has shape (N, K), the probabilities of N samples; `y` holds the N right classes, whole
# numbers from 0 to K-1. Return
# **one number**: the mean of $-\ln p$ over the samples, where $p$ is the probability of the sample's right class. A probability below
# $10^{-12}$ counts as $10^{-12}$, so that $\ln 0$ never happens.
#
# *Hint: for each sample you need one element of its row, `p[0, y[0]]`, `p[1, y[1]]` and so on. NumPy takes them all at once with a list of
# rows and a list of columns, `p[np.arange(len(y)), y]`. A `for` loop is just as good. `np.log` is ln.*
# %% [markdown] lang="ja"
# ### 演習3：`cross_entropy`
#
# `cross_entropy(p, y)` を書いてください。`p` は形 (N, K) で、N 個のサンプルの確率です。`y` には N 個の正しいクラスが、0 から K-1 までの整数で入っています。
# サンプルごとに正しいクラスの確率 $p$ を取り出し、$-\ln p$ の平均を**一つの数**として返します。$10^{-12}$ より小さい確率は
# $10^{-12}$ とみなし、$\ln 0$ が起こらないようにします。
#
# *ヒント：サンプルごとに、その行から要素を一つ取り出します。`p[0, y[0]]`、`p[1, y[1]]`、…という具合です。行の番号の並びと列の番号の並びを渡せば、
# `p[np.arange(len(y)), y]` のように一度に取り出せます。`for` 文で書いてもかまいません。`np.log` が自然対数 ln です。*

# %% exercise="cross_entropy"
def cross_entropy(p, y):
    L("""Return the mean of -ln of the probabilities that p gives to the right classes y.""",
      """p が正しいクラス y に付けた確率の、-ln の平均を返す。""")
    ### BEGIN SOLUTION
    chosen = p[np.arange(len(y)), y]
    return -np.mean(np.log(np.maximum(chosen, 1e-12)))
    ### END SOLUTION

# %% test="cross_entropy" points=2
with check("cross_entropy") as t:
    # en: the right classes have 1/2 and 1/4: the mean of ln 2 and ln 4 is 1.5 ln 2
    # ja: 正しいクラスの確率は 1/2 と 1/4。ln 2 と ln 4 の平均は 1.5 ln 2
    p_ = np.array([[0.5, 0.25, 0.25], [0.125, 0.625, 0.25]])
    t.call(cross_entropy, p_, np.array([0, 2])).equals(1.5 * np.log(2))
    # en: the first sample's right class has the probability 0: ln of 10^-12 is -27.631
    # ja: 一つめは正しいクラスの確率が 0。10^-12 の ln は -27.631
    p_ = np.array([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])
    t.call(cross_entropy, p_, np.array([0, 2])).equals((27.63102112 + np.log(2)) / 2)
### BEGIN HIDDEN TESTS
with check("cross_entropy", hidden=True) as t:
    from sklearn.metrics import log_loss

    for samples_, classes_ in ((7, 3), (1, 5), (4, 9)):
        p_ = t.rng.dirichlet(np.ones(classes_), samples_)
        y_ = t.rng.integers(0, classes_, samples_)
        t.call(cross_entropy, p_, y_).equals(log_loss(y_, p_, labels=range(classes_)), rtol=1e-6)
    p_[:2] = np.eye(classes_)[(y_[:2] + 1) % classes_]
    y_ = y_[:2]
    t.call(cross_entropy, p_[:2], y_).equals(12 * np.log(10))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Forward: from the pixels to the answer
#
# Now the network of this unit. **D** features go in, a hidden layer of **H** sigmoid neurons looks at them, and **K** output
# neurons give the scores of the classes. For N samples at once, with a row for each sample:
#
# $$ z_1 = X W_1 + b_1, \qquad a_1 = \sigma(z_1), \qquad z_2 = a_1 W_2 + b_2, \qquad p = \text{softmax}(z_2) $$
#
# | | `X` | `W1` | `b1` | `z1`, `a1` | `W2` | `b2` | `p` |
# |---|---|---|---|---|---|---|---|
# | shape | (N, D) | (D, H) | (H,) | (N, H) | (H, K) | (K,) | (N, K) |
#
# Each column of $W_1$ holds the weights of one hidden neuron: it is the perceptron of unit 02 with a sigmoid in place of the
# step. The letter
# $a$ stands for *activation*, what a neuron hands on.
# %% [markdown] lang="ja"
# ## 順伝播：画素から答えまで
#
# この単元のネットワークを組み立てましょう。**D** 個の特徴が入り、**H** 個のシグモイドのニューロンからなる隠れ層がそれを見て、**K** 個の出力ニューロンが
# クラスの点数を出します。一行に一サンプルとして N 個をまとめて計算すると、次のようになります。
#
# $$ z_1 = X W_1 + b_1, \qquad a_1 = \sigma(z_1), \qquad z_2 = a_1 W_2 + b_2, \qquad p = \text{softmax}(z_2) $$
#
# | | `X` | `W1` | `b1` | `z1`、`a1` | `W2` | `b2` | `p` |
# |---|---|---|---|---|---|---|---|
# | 形 | (N, D) | (D, H) | (H,) | (N, H) | (H, K) | (K,) | (N, K) |
#
# $W_1$ の一列が、隠れ層のニューロン一つ分の重みです。単元02のパーセプトロンの階段を、シグモイドに取り替えたものだと考えてください。
# $a$ は activation（活性化）の頭文字で、ニューロンが次の層に渡す値です。

# %% role="demo"
_, axes = plt.subplots(figsize=(9, 3.8))
layers = [(0, 3, "$X$", figures.GREY), (3, 4, "$z_1 \\rightarrow a_1$", figures.BLUE), (6, 2, "$z_2 \\rightarrow p$", figures.ORANGE)]
spots = [[(x, (count - 1) / 2 - k) for k in range(count)] for x, count, _, _ in layers]
for before, after in zip(spots, spots[1:]):
    for x1, y1 in before:
        for x2, y2 in after:
            axes.plot([x1, x2], [y1, y2], color="#BBBBBB", lw=1, zorder=1)
for (x, _, name, color), places, edge in zip(layers, spots, ("s", "o", "D")):
    axes.scatter(*np.transpose(places), s=420, c=color, marker=edge, edgecolors="white", zorder=2)
    axes.text(x, -2.2, name, ha="center", size=15)
for x, name in ((1.5, "$W_1, b_1$"), (4.5, "$W_2, b_2$")):
    axes.text(x, 1.75, name, ha="center", size=14)
for x, words in ((0, L("3 features", "特徴 3個")), (3, L("4 hidden neurons", "隠れ層 4個")), (6, L("2 classes", "クラス 2個"))):
    axes.text(x, -2.75, words, ha="center")
axes.set(xlim=(-1, 7), ylim=(-3, 2.2))
axes.axis("off")
figures.show(L("A network with D = 3 features (squares), H = 4 hidden neurons (circles), K = 2 classes (diamonds); all of neighbouring layers joined",
               "ネットワークの図。D = 3 個の特徴（四角）、H = 4 個の隠れ層（丸）、K = 2 個のクラス（ひし形）が、隣の層とすべて結ばれている"))

# %% [markdown] lang="en"
# ### Exercise 4: `forward`
#
# Write `forward(params, X)`. `params` is a **dictionary**: `params["W1"]` is $W_1$, and likewise `"b1"`, `"W2"`, `"b2"`.
# Return two things, `(p, cache)`. The cache is a dictionary too, with exactly the four entries `"X"`, `"z1"`, `"a1"`, `"p"`:
# the results on the way, which the way back will need.
#
# *Hint: four lines, one for each formula; `@` multiplies matrices. Your `sigmoid` and `softmax` are welcome. A dictionary is written
# `{"X": X, "z1": z1}` and so on.*
# %% [markdown] lang="ja"
# ### 演習4：`forward`
#
# `forward(params, X)` を書いてください。`params` は**辞書**で、`params["W1"]` が $W_1$ です。同じように `"b1"`、`"W2"`、`"b2"` もあります。
# 返すのは `(p, cache)` の二つです。`cache` も辞書で、`"X"`、`"z1"`、`"a1"`、`"p"` の四つだけを入れます。途中の結果をとっておくと、帰り道で役に立ちます。
#
# *ヒント：一つの式が一行、合わせて四行です。行列の掛け算は `@` です。先ほど書いた `sigmoid` と `softmax` を使えます。辞書は `{"X": X, "z1": z1}` のように書きます。*

# %% exercise="forward"
def forward(params, X):
    L("""Return the probabilities p of the samples X, and the cache with X, z1, a1 and p.""",
      """サンプル X の確率 p と、X、z1、a1、p を入れた辞書 cache を返す。""")
    ### BEGIN SOLUTION
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    z2 = a1 @ params["W2"] + params["b2"]
    p = softmax(z2)
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}
    ### END SOLUTION

# %% test="forward" points=3
with check("forward") as t:
    # en: worked out by hand: the weights are multiples of ln 3 and ln 2, so that fractions come out
    # ja: 手計算した例。重みを ln 3 と ln 2 の倍数にして、答えが分数になるようにしてある
    ln2, ln3 = np.log(2), np.log(3)
    params_ = {"W1": ln3 * np.array([[1, 0, -1], [0, 1, 1]]), "b1": ln3 * np.array([0, -1, 0]),
               "W2": 4 * ln2 * np.array([[1, 0], [0, 2], [-1, 0]]), "b2": ln2 * np.array([0, -1])}
    X_ = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    z1_ = ln3 * np.array([[0, -1, 0], [0, 0, 1], [1, -1, -1], [1, 0, 0]])
    a1_ = np.array([[0.5, 0.25, 0.5], [0.5, 0.5, 0.75], [0.75, 0.25, 0.25], [0.75, 0.5, 0.5]])
    p_ = np.array([[1 / 3, 2 / 3], [1 / 17, 16 / 17], [2 / 3, 1 / 3], [1 / 5, 4 / 5]])
    t.call(forward, params_, X_).equals((p_, {"X": X_, "z1": z1_, "a1": a1_, "p": p_}), names=("p", "cache"))
### BEGIN HIDDEN TESTS
with check("forward", hidden=True) as t:
    from scipy.special import expit, softmax as by_scipy

    for N_, D_, H_, K_ in ((6, 3, 5, 4), (1, 7, 2, 3), (9, 2, 4, 6)):
        params_ = {"W1": t.rng.normal(0, 1, (D_, H_)), "b1": t.rng.normal(0, 1, H_),
                   "W2": t.rng.normal(0, 1, (H_, K_)), "b2": t.rng.normal(0, 1, K_)}
        X_ = t.rng.normal(0, 2, (N_, D_))
        z1_ = np.einsum("nd,dh->nh", X_, params_["W1"]) + params_["b1"]
        p_ = by_scipy(np.einsum("nh,hk->nk", expit(z1_), params_["W2"]) + params_["b2"], axis=1)
        cache_ = {"X": X_, "z1": z1_, "a1": expit(z1_), "p": p_}
        t.call(forward, params_, X_).equals((p_, cache_), names=("p", "cache"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Which way is down? The gradient
#
# The loss is a landscape: every weight is a direction in which you can walk, and the height is the loss. We stand somewhere
# on a slope, in fog, and want to go down. What we can do is feel the slope under our feet. The **gradient** is the list of
# all slopes: for each weight, how much the loss rises when that weight alone grows a little.
#
# A slope can simply be **measured**: take a small step $h$ forwards, a small step $h$ backwards, and compare the heights.
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h} $$
#
# $e_i$ is 1 at element $i$ and 0 elsewhere: **one** element moves, all others stay. This is the **central difference**.
#
# **An example.** $f(x) = x_1^3 + x_2^3$ at $x = (1, 2)$ with $h = 0.5$. For the first element: $f(1.5,\ 2) = 3.375 + 8$ and $f(0.5,\ 2) = 0.125 + 8$, so
# the slope is $(3.375 - 0.125) / 1 = 3.25$. The true one is $3 x_1^2 = 3$, so the error is 0.25. A step five times smaller,
# $h = 0.1$, gives 3.01: the error is now 0.01, twenty-five times smaller. It falls with the **square** of $h$.
# %% [markdown] lang="ja"
# ## どちらが下り坂か：勾配
#
# 損失を、山や谷のある地形だと考えてみましょう。一つ一つの重みが、歩ける方向です。高さが損失です。私たちは霧の中で斜面に立っていて、下へ降りたい。
# 遠くは見えませんが、足元の傾きなら分かります。すべての重みについて「その重みだけを少し増やすと、損失がどれだけ増えるか」を並べたものが**勾配**です。
#
# 傾きは、実際に**測る**ことができます。前に $h$、後ろに $h$ だけ動いて、高さを比べればよいのです。
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h} $$
#
# $e_i$ は、$i$ 番目の要素だけが 1 で、ほかは 0 です。つまり、動かすのは**一つの**要素だけで、ほかは元のままにします。これを**中心差分**といいます。
#
# **例。** $f(x) = x_1^3 + x_2^3$、$x = (1, 2)$、$h = 0.5$ とします。一つめの要素については、$f(1.5,\ 2) = 3.375 + 8$、$f(0.5,\ 2) = 0.125 + 8$ なので、
# 傾きは $(3.375 - 0.125) / 1 = 3.25$ です。本当の傾きは $3 x_1^2 = 3$ なので、誤差は 0.25 です。$h$ を 5分の1 の 0.1 にすると 3.01 になり、
# 誤差は 25分の1 の 0.01 になります。誤差は $h$ の**二乗**に比例して小さくなります。

# %% [markdown] lang="en"
# ### Exercise 5: `numerical_gradient`
#
# Write `numerical_gradient(f, x, h)`. `f` is a function that takes an array of the same shape as `x` and returns a number
# (call it as `f(x)`); `x` may have any shape. Return an array of the shape of `x`, with the central difference for each
# element.
#
# Change `x` into decimals of double precision first, `x = np.array(x, dtype=np.float64)`: in an array of integers a step of
# 0.5 would be cut off, and in float32 a small step would be rounded away. That line also makes a copy, so the caller's array
# stays as it was.
#
# *Hint: `for index in np.ndindex(x.shape):` visits all elements of an array of any shape. In the loop, make a `step` of zeros
# (`np.zeros_like(x)`), set `step[index] = h`, and call `f` twice.*
# %% [markdown] lang="ja"
# ### 演習5：`numerical_gradient`
#
# `numerical_gradient(f, x, h)` を書いてください。`f` は、`x` と同じ形の配列を受け取って一つの数を返す関数です（`f(x)` のように呼び出します）。`x` はどんな形でもかまいません。
# `x` と同じ形の配列に、各要素の中心差分を入れて返します。
#
# 最初に `x = np.array(x, dtype=np.float64)` として、倍精度の小数に変えておきます。整数の配列のままでは 0.5 の一歩が切り捨てられ、
# float32 のままでは小さな一歩が丸めで消えてしまうからです。この一行はコピーを作るので、呼び出し側の配列も変わりません。
#
# *ヒント：`for index in np.ndindex(x.shape):` と書くと、どんな形の配列でも全要素を順に回れます。繰り返しの中で、0 だけの配列 `step` を
# `np.zeros_like(x)` で作り、`step[index] = h` として、`f` を2回呼び出します。*

# %% exercise="numerical_gradient"
def numerical_gradient(f, x, h):
    L("""Return the gradient of f at x by central differences, in the shape of x.""",
      """f の x における勾配を、中心差分で x と同じ形に求めて返す。""")
    ### BEGIN SOLUTION
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient
    ### END SOLUTION

# %% test="numerical_gradient" points=3
with check("numerical_gradient") as t:
    def cubes(x):
        return np.sum(x**3)

    def columns(x):
        return np.sum(x[0] * x[1] ** 2)

    # en: the example above; x holds integers
    # ja: 上の例。x は整数の配列
    t.call(numerical_gradient, cubes, np.array([1, 2]), 0.5).equals([3.25, 12.25])
    # en: a table; central differences are exact for a parabola
    # ja: 表の形の場合。放物線なら、中心差分は正確な値になる
    x_ = np.array([[1.0, 0.0, -1.0], [0.5, 2.0, -2.0]])
    t.call(numerical_gradient, columns, x_, 0.25).equals([[0.25, 4, 4], [1, 0, 4]])
    # en: a small step, float32
    # ja: 小さな一歩、float32
    x_ = np.array([0.5, -2, 3], dtype=np.float32)
    t.call(numerical_gradient, cubes, x_, 1e-6).equals([0.75, 12, 27], rtol=1e-5)
### BEGIN HIDDEN TESTS
with check("numerical_gradient", hidden=True) as t:
    for shape_, h_ in (((5,), 0.3), ((2, 3), 0.01), ((3, 1, 2), 1.5)):
        c_, x_ = t.rng.uniform(0.5, 2, shape_), t.rng.normal(0, 1, shape_)

        def waves(x, c=c_):
            if np.shape(x) != c.shape:
                raise ValueError("f takes an array of the shape of x")
            return float(np.sin(np.sum(c * x)))

        t.call(numerical_gradient, waves, x_, h_).equals(np.cos(np.sum(c_ * x_)) * np.sin(c_ * h_) / h_)
    x_ = t.rng.integers(-3, 4, (4, 2))
    t.call(numerical_gradient, cubes, x_, 0.125).equals(3 * x_**2 + 0.125**2)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### How small should the step be?
#
# Smaller is better, one might think. Look at the error of the slope of the sigmoid at $z = 1$, for steps from 1 down to
# $10^{-12}$. From right to left, the error first falls: for the central difference twice as steeply, because of the square. Then it
# **rises** again: the two heights become so alike that their difference is mostly rounding error. (The same happens when you subtract two
# nearly equal films: noise remains.) In float64, $h = 10^{-5}$ is a good choice. In float32 (dotted) the curve turns much
# earlier, and with $h = 10^{-8}$ nothing at all is left: both heights are the same number, and the measured slope is 0.
# %% [markdown] lang="ja"
# ### 一歩はどのくらい小さければよいか
#
# 小さいほどよさそうに思えますが、本当にそうでしょうか。$z = 1$ でのシグモイドの傾きについて、$h$ を 1 から $10^{-12}$ まで変えたときの誤差を描きました。
# 右から左へ見ていくと、誤差ははじめ小さくなります。中心差分では二乗で効くので、片側の差分の2倍の急さで下がります。ところが途中から、誤差は**大きく**なります。
# 二つの高さがほとんど同じになり、差のほとんどが丸め誤差になるからです（ほぼ同じ二枚の画像をサブトラクションすると、ノイズばかりが残るのと似ています）。
# float64 では $h = 10^{-5}$ くらいがよい選択です。float32（点線）ではずっと早く誤差が大きくなりはじめ、
# $h = 10^{-8}$ では二つの高さが同じ数になり、測った傾きは 0 になってしまいます。

# %% role="demo"
measure = yours_or(library.numerical_gradient)
steps, at, slope = 10.0 ** np.arange(-12, 0.1, 0.25), np.array([1.0]), 0.19661193324148185
one_side, central, single = [], [], []
for h in steps:
    one_side.append((library.sigmoid(at + h)[0] - library.sigmoid(at)[0]) / h)
    central.append(measure(lambda z: library.sigmoid(z)[0], at, h)[0])
    ahead, behind = (1 / (1 + np.exp(-np.float32(z))) for z in (at[0] + h, at[0] - h))
    single.append((ahead - behind) / np.float32(2 * h))
for found, style, name in ((one_side, "s--", L("one side, float64", "片側の差分、float64")),
                           (central, "o-", L("central, float64", "中心差分、float64")),
                           (single, "^:", L("central, float32", "中心差分、float32"))):
    plt.loglog(steps, np.maximum(np.abs(np.array(found) - slope), 1e-13), style, ms=4, label=name)
plt.xlabel(L("step $h$", "一歩の大きさ $h$"))
plt.ylabel(L("error of the slope", "傾きの誤差"))
plt.legend()
figures.show(L("Error of a measured slope against the step: it falls, then rises again; central differences are the best, float32 the worst",
               "一歩の大きさと傾きの誤差。いったん下がり、また上がる。中心差分が最もよく、float32 が最も悪い"))

# %% [markdown] lang="en"
# ## Backward: the chain rule
#
# Measuring is honest, but slow: two full forward passes for **every** weight. The network at the end of this notebook has
# more than twelve thousand weights. Backpropagation finds all the slopes in a single pass, by going backwards.
#
# It rests on one idea, the **chain rule**: *in a chain, the effects multiply*. If turning the knob by 1 moves the belt by 2,
# and moving the belt by
# 1 lifts the table by 3, then turning the knob by 1 lifts the table by $2 \times 3 = 6$.
#
# Here is the smallest network: one weight, one neuron, one sample with the right answer 1. It computes
#
# $$ u = w x, \qquad z = u + b, \qquad a = \sigma(z), \qquad \text{loss} = -\ln a $$
#
# with $x = 2$, $w = 1$, $b = -3.0986$, and therefore $z = -1.0986$ ($= -\ln 3$) and $a = 0.25$. The boxes are the steps.
# **Black** numbers above the line are the values, computed from left to right. **Red** numbers below it are the slopes: how
# much the loss grows per unit of this value. They are found from **right to left**: each box multiplies the slope that comes
# from the right by its own.
# %% [markdown] lang="ja"
# ## 逆伝播：連鎖律
#
# 測る方法は確実ですが、時間がかかります。重み**一つにつき**、順伝播を2回も行うからです。最後に作るネットワークには、重みが1万2千個以上あります。
# 誤差逆伝播法なら、後ろから一度たどるだけで、すべての傾きが求まります。
#
# 土台になる考えは一つ、**連鎖律**です。*つながった仕組みでは、効き方が掛け算になる*。ハンドルを 1 回すとベルトが 2 動き、ベルトが 1 動くと
# 撮影台が 3 上がるなら、ハンドルを 1 回せば撮影台は $2 \times 3 = 6$ 上がります。
#
# いちばん小さなネットワークで見てみましょう。重みが一つ、ニューロンが一つ、サンプルも一つで、正しい答えは 1 です。
#
# $$ u = w x, \qquad z = u + b, \qquad a = \sigma(z), \qquad \text{損失} = -\ln a $$
#
# $x = 2$、$w = 1$、$b = -3.0986$ とすると、$z = -1.0986$（$= -\ln 3$）、$a = 0.25$ です。図の箱が一つ一つの計算です。線の上の**黒い**数字は
# 値で、左から右へ計算します。線の下の**赤い**数字は傾き、つまり「その値が 1 増えると損失がどれだけ増えるか」で、**右から左へ**求めます。
# どの箱でも、右から来た傾きに、その箱自身の傾きを掛けて左へ渡します。

# %% role="demo"
def draw_graph(axes, slopes, title):
    for x, name in ((1, "×"), (3, "+"), (5, "$\\sigma$"), (7, "$-\\ln$")):
        axes.text(x, 0, name, size=15, ha="center", va="center", zorder=3,
                  bbox={"boxstyle": "square,pad=0.45", "fc": "#DCEBF5", "ec": "black"})
    lines = {"x": (-1, 0, 1, "$x$", 2), "u": (1, 0, 3, "$u$", 2), "z": (3, 0, 5, "$z$", -1.0986), "a": (5, 0, 7, "$a$", 0.25),
             "loss": (7, 0, 9, L("loss", "損失"), 1.3863), "w": (-1, 1.1, 1, "$w$", 1), "b": (1, 1.1, 3, "$b$", -3.0986)}
    for key, (start, height, end, name, value) in lines.items():
        axes.annotate("", (end, 0), (start, height), arrowprops={"arrowstyle": "->", "lw": 1.5, "shrinkB": 16, "shrinkA": 14 * (height == 0)})
        x = (start + end) / 2 if height == 0 else start - 0.1
        axes.text(x, height + 0.14, f"{name} = {value:g}", ha="center", size=10)
        if key in slopes:
            axes.text(x, height - (0.32 if height == 0 else 0.28), f"{slopes[key]:g}", ha="center", size=13, color=figures.RED)
    axes.set(xlim=(-2, 9.6), ylim=(-0.55, 1.5))
    axes.set_title(title, size=11, loc="left")
    axes.axis("off")

# %% role="demo"
slopes, stages = {}, [({}, L("1. forward: the values", "1. 順伝播：値を求める"))]
for names, title in (({"loss": 1}, L("2. the slope of the loss with respect to itself is 1", "2. 損失の、損失自身に対する傾きは 1")),
                     ({"a": -4}, L("3. through −ln: its slope is −1/a = −4", "3. −ln を通る：この箱の傾きは −1/a = −4")),
                     ({"z": -0.75}, L("4. through σ: times a(1 − a) = 0.1875", "4. σ を通る：a(1 − a) = 0.1875 を掛ける")),
                     ({"u": -0.75, "b": -0.75}, L("5. through +: times 1, to both sides", "5. + を通る：1 を掛けて、両方へ渡す")),
                     ({"x": -0.75, "w": -1.5}, L("6. through ×: times the other one: w gets x = 2, x gets w = 1",
                                                 "6. × を通る：相手の値を掛ける（w には x = 2、x には w = 1）"))):
    slopes = slopes | names
    stages.append((slopes, title))
_, column = plt.subplots(6, 1, figsize=(10, 13), layout="constrained")
for axes, (known, title) in zip(column, stages):
    draw_graph(axes, known, title)
figures.show(L("A computational graph drawn six times: values from left to right, then slopes from right to left: 1, -4, -0.75, -0.75, and -1.5 for w",
               "計算グラフを六段階で描いた図。値を左から右へ、傾きを右から左へ求める。傾きは 1、-4、-0.75、-0.75、w は -1.5"))

# %% [markdown] lang="en"
# Read the last picture: if $w$ grows by 1, the loss changes by $-1.5$; so $w$ should grow. Check it with your
# `numerical_gradient`: the cell below measures the same two slopes.
#
# Three things to take with you:
#
# * At $z$ the slope is $-0.75$, and that is $a - 1$: **what the network said minus what it should have said**. The $-4$ of the logarithm and the
#   $0.1875$ of the sigmoid have made something simple together. Softmax with cross-entropy does the same.
# * A weight's slope is *the slope at the neuron's sum* $z$, times *the input that passed through the weight*. An input of 0 gets no blame.
# * The values of the forward pass are needed on the way back. That is why `forward` kept a cache.
# %% [markdown] lang="ja"
# 最後の図を読んでみましょう。$w$ が 1 増えると、損失は $-1.5$ だけ変わる（減る）。つまり、$w$ は増やすべきです。下のセルでは、同じ二つの傾きを
# `numerical_gradient` で測って確かめます。
#
# 覚えておきたいことが三つあります。
#
# * $z$ での傾きは $-0.75$ で、これはちょうど $a - 1$、つまり**ネットワークの答えから正しい答えを引いたもの**です。対数の $-4$ とシグモイドの $0.1875$ が
#   合わさって、簡単な形になりました。ソフトマックスと交差エントロピーの組み合わせでも、同じことが起こります。
# * 重みの傾きは、「ニューロンの和 $z$ での傾き」と「その重みを通った入力」の積です。入力が 0 なら、責任はありません。
# * 帰り道では、行きに計算した値を使います。`forward` が cache を残したのは、このためです。

# %% role="demo"
measure = yours_or(library.numerical_gradient)

def small_loss(knobs):
    w, b = knobs
    return -np.log(1 / (1 + np.exp(-(w * 2 + b))))

print(measure(small_loss, np.array([1.0, -2 - np.log(3)]), 1e-5))

# %% [markdown] lang="en"
# ## The whole network, backwards
#
# In the whole network the same three rules hold, for all samples and neurons at once. Let $\delta_2$ be the slope of the mean
# loss at the scores $z_2$, and
# $\delta_1$ the one at the sums $z_1$; both have a row per sample.
#
# **Start.** Softmax and cross-entropy together give *answer minus truth*. The truth is written as a row with a 1 at the right class and
# 0 elsewhere (**one-hot**), and the mean over N samples brings the factor 1/N:
#
# $$ \delta_2 = \frac{p - \text{onehot}(y)}{N} $$
#
# **Weights.** Slope of a weight = input × slope at the sum, added up over the samples. A matrix product does just that; the shapes tell which one has to be
# transposed (`A.T`). The input of the first layer is $X$, that of the second $a_1$. A bias is a weight whose input is always
# 1: add up $\delta$ over the samples.
#
# **Back through a layer.** A hidden neuron passed its $a_1$ on to all K outputs, so it collects blame from all K, each times the weight in between:
# multiply $\delta_2$ by $W_2$ transposed. Then through the sigmoid: times $a_1 (1 - a_1)$, element by element. That is $\delta_1$.
#
# | | `delta2` | gradient of `W2` | of `b2` | `delta1` | of `W1` | of `b1` |
# |---|---|---|---|---|---|---|
# | shape | (N, K) | (H, K) | (K,) | (N, H) | (D, H) | (H,) |
#
# A gradient always has the shape of what it belongs to. Nobody remembers where the transpositions go: everybody looks at the
# shapes.
# %% [markdown] lang="ja"
# ## ネットワーク全体を、後ろから
#
# ネットワーク全体でも規則は同じで、すべてのサンプルとニューロンをまとめて計算するだけです。損失（平均）の、点数 $z_2$ での傾きを $\delta_2$、
# 和 $z_1$ での傾きを $\delta_1$ とします（$\delta$ はデルタと読みます）。どちらも一行が一サンプルです。
#
# **出発点。** ソフトマックスと交差エントロピーを合わせると、「答え − 正解」になります。正解は、正しいクラスだけ 1、ほかは 0 という行で表します
# （**one-hot** 表現といいます）。N 個の平均なので、N で割ります。
#
# $$ \delta_2 = \frac{p - \text{onehot}(y)}{N} $$
#
# **重み。** 重みの傾きは「入力 × 和での傾き」を全サンプルで足したものです。行列の積が、ちょうどこの計算をします。どちらを転置（`A.T`）するかは、形を見れば決まります。
# 入力は、一層めなら $X$、二層めなら $a_1$ です。バイアスは、入力がいつも 1 の重みと考えられるので、$\delta$ を全サンプルで足します。
#
# **層を後ろへ通る。** 隠れ層のニューロンは $a_1$ を K 個の出力すべてに渡したので、責任も K 個すべてから、間の重みを掛けて集めます。
# つまり $\delta_2$ に $W_2$ の転置を掛けます。続いてシグモイドを通るので、要素ごとに $a_1 (1 - a_1)$ を掛けます。これが $\delta_1$ です。
#
# | | `delta2` | `W2` の勾配 | `b2` の勾配 | `delta1` | `W1` の勾配 | `b1` の勾配 |
# |---|---|---|---|---|---|---|
# | 形 | (N, K) | (H, K) | (K,) | (N, H) | (D, H) | (H,) |
#
# 勾配の形は、いつも元の重みと同じです。どこで転置するかを暗記している人はいません。みんな、形を見て決めています。

# %% [markdown] lang="en"
# ### Exercise 6 (optional, bonus points): `backward`
#
# Write `backward(params, cache, y)`. `params` and `cache` are those of `forward`, `y` holds the N right classes. Return a
# dictionary with the entries `"W1"`, `"b1"`, `"W2"`, `"b2"`: the gradient of the mean cross-entropy, each in the shape of its
# parameter.
#
# This is the summit of the unit. Its points are a bonus. If you leave it out, all that follows still runs, with the library's
# `backward`.
#
# *Hint: `np.eye(K)[y]` makes the one-hot rows of `y`. Then there are four products to write: the gradient of `W2`, $\delta_2$ back through $W_2$, times
# the sigmoid's slope, the gradient of `W1`; and two sums with `axis=0`. Write the shapes beside each line.*
# %% [markdown] lang="ja"
# ### 演習6（発展・ボーナス点）：`backward`
#
# `backward(params, cache, y)` を書いてください。`params` と `cache` は `forward` のもの、`y` は N 個の正しいクラスです。交差エントロピー（平均）の勾配を、
# `"W1"`、`"b1"`、`"W2"`、`"b2"` の四つを入れた辞書で返します。形はそれぞれ、元のパラメータと同じです。
#
# この単元の山場です。点数はボーナスなので、飛ばしてもかまいません。その場合、この先のデモはライブラリの `backward` で動きます。
#
# *ヒント：`np.eye(K)[y]` で `y` の one-hot 表現が作れます。あとは四つの積です。`W2` の勾配、$\delta_2$ を $W_2$ に通して戻す積、
# シグモイドの傾きとの積、`W1` の勾配。それに `axis=0` の和が二つです。各行の横に形を書きながら進めましょう。*

# %% exercise="backward"
def backward(params, cache, y):
    L("""Return the gradient of the mean cross-entropy for W1, b1, W2 and b2.""",
      """交差エントロピー（平均）の W1、b1、W2、b2 についての勾配を返す。""")
    ### BEGIN SOLUTION
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}
    ### END SOLUTION

# %% test="backward" points=4
with check("backward") as t:
    # en: the network of exercise 4; the gradients are those of TensorFlow
    # ja: 演習4のネットワーク。勾配は TensorFlow で求めた値
    ln2, ln3 = np.log(2), np.log(3)
    params_ = {"W1": ln3 * np.array([[1, 0, -1], [0, 1, 1]]), "b1": ln3 * np.array([0, -1, 0]),
               "W2": 4 * ln2 * np.array([[1, 0], [0, 2], [-1, 0]]), "b2": ln2 * np.array([0, -1])}
    cache_ = {"X": np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
              "z1": ln3 * np.array([[0, -1, 0], [0, 0, 1], [1, -1, -1], [1, 0, 0]]),
              "a1": np.array([[0.5, 0.25, 0.5], [0.5, 0.5, 0.75], [0.75, 0.25, 0.25], [0.75, 0.5, 0.5]]),
              "p": np.array([[1 / 3, 2 / 3], [1 / 17, 16 / 17], [2 / 3, 1 / 3], [1 / 5, 4 / 5]])}
    t.call(backward, params_, cache_, np.array([1, 0, 0, 1])).equals({
        "W1": ln2 * np.array([[-0.025, 0.025, 0.0125], [-0.1977941176, 0.3705882353, 0.1264705882]]),
        "b1": ln2 * np.array([-0.1769607843, 0.3705882353, 0.1056372549]),
        "W2": [[-0.1009803922, 0.1009803922], [-0.0926470588, 0.0926470588], [-0.1306372549, 0.1306372549]],
        "b2": [-0.1852941176, 0.1852941176]})
### BEGIN HIDDEN TESTS
with check("backward", hidden=True) as t:
    from scipy.special import expit, log_softmax

    for N_, D_, H_, K_ in ((6, 3, 5, 4), (1, 4, 2, 3), (8, 2, 3, 5)):
        shapes_ = {"W1": (D_, H_), "b1": (H_,), "W2": (H_, K_), "b2": (K_,)}
        params_ = {name: t.rng.normal(0, 1, shape) for name, shape in shapes_.items()}
        X_, y_ = t.rng.normal(0, 1, (N_, D_)), t.rng.integers(0, K_, N_)

        def log_p_(params, X=X_):
            return log_softmax(expit(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"], axis=1)

        expected_ = {name: np.zeros(value.shape) for name, value in params_.items()}
        for name, place, sign in [(n, i, s) for n in shapes_ for i in np.ndindex(shapes_[n]) for s in (1, -1)]:
            moved = params_ | {name: params_[name].copy()}
            moved[name][place] += sign * 1e-5
            expected_[name][place] -= sign * log_p_(moved)[np.arange(N_), y_].mean() / 2e-5
        z1_ = X_ @ params_["W1"] + params_["b1"]
        cache_ = {"X": X_, "z1": z1_, "a1": expit(z1_), "p": np.exp(log_p_(params_))}
        t.call(backward, params_, cache_, y_).equals(expected_, rtol=1e-6, atol=1e-8)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### The gradient check
#
# A wrong gradient is treacherous: the network often still learns, only worse, and nobody notices. So whoever writes a gradient
# checks it: two ways that have nothing in common, backpropagation and measuring, must agree. In float64 with $h = 10^{-5}$
# expect relative errors around $10^{-10}$. Anything above $10^{-7}$ is a mistake.
#
# The *relative error* is the greatest difference, divided by the greatest sum of the two amounts. The last line shows what a
# typical slip looks like: the 1/N is forgotten.
# %% [markdown] lang="ja"
# ### 勾配を確かめる
#
# 間違った勾配はやっかいです。それでもネットワークはある程度学習してしまい、成績が少し悪いだけなので、誰も気づきません。そこで、勾配を書いたら必ず確かめます。
# 誤差逆伝播法と数値で測る方法という、まったく別の二つの方法の結果を比べるのです。float64 で $h = 10^{-5}$ なら、相対誤差は $10^{-10}$ 程度になるはずです。
# $10^{-7}$ を超えたら、どこかに間違いがあります。
#
# *相対誤差*は、差の最大値を、両者の大きさの和の最大値で割ったものです。最後の行は、よくある間違い（1/N の掛け忘れ）をしたときの値です。

# %% role="demo"
answer, blame, measure = yours_or(library.forward), yours_or(library.backward), yours_or(library.numerical_gradient)
mean_loss = yours_or(library.cross_entropy)
rng = np.random.default_rng(0)
net = {"W1": rng.normal(0, 1, (3, 4)), "b1": rng.normal(0, 1, 4), "W2": rng.normal(0, 1, (4, 2)), "b2": rng.normal(0, 1, 2)}
X, y = rng.normal(0, 1, (5, 3)), rng.integers(0, 2, 5)
by_backprop = blame(net, answer(net, X)[1], y)
measured = {}
for name in net:
    def loss_of(values, name=name):
        return mean_loss(np.asarray(answer(net | {name: values}, X)[0]), y)

    measured[name] = np.asarray(measure(loss_of, net[name], 1e-5))

def relative_error(a, b):
    return np.max(np.abs(a - b)) / np.max(np.abs(a) + np.abs(b))

for name in net:
    print(f"{name}: {relative_error(np.asarray(by_backprop[name]), measured[name]):.0e}")
print(L("1/N forgotten:", "1/N を忘れた場合："), f"{relative_error(5 * np.asarray(by_backprop['W1']), measured['W1']):.2f}")

# %% role="demo"
for name, marker, color in zip(net, "so^D", (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE)):
    plt.plot(measured[name].ravel(), np.ravel(by_backprop[name]), marker, color=color, label=name, ms=8)
plt.axline((0, 0), slope=1, color="black", lw=0.8)
plt.xlabel(L("slope, measured", "測った傾き"))
plt.ylabel(L("slope, by backpropagation", "誤差逆伝播法の傾き"))
plt.legend()
figures.show(L("Backpropagation against measured slopes: all 26 points lie on the diagonal",
               "測った傾きと誤差逆伝播法の傾き。26 個の点がすべて対角線に乗る"))

# %% [markdown] lang="en"
# ## Downhill: gradient descent
#
# The gradient points uphill. So each parameter takes a step the other way:
#
# $$ w \leftarrow w - \eta\,\frac{\partial\,\text{loss}}{\partial w} $$
#
# $\eta$, in the code `lr`, is the learning rate that you know from unit 02. This is **gradient descent**. When each step looks at only a few samples, drawn at random, it is
# called *stochastic* gradient descent, SGD. (How these are drawn is in unit 04.)
#
# ### Exercise 7: `sgd_step`
#
# Write `sgd_step(params, grads, lr)`. Both dictionaries have the same keys, **whatever they are called**. Return a **new**
# dictionary with the new values, and leave the old one and its arrays as they were.
#
# *Hint: `for name in params:` visits all keys. `w = w - ...` makes a new array, `w -= ...` would write into the old one.*
# %% [markdown] lang="ja"
# ## 坂を下る：勾配降下法
#
# 勾配は上り坂の向きを指しています。そこで、どのパラメータも反対の向きに一歩進めます。
#
# $$ w \leftarrow w - \eta\,\frac{\partial\,\text{損失}}{\partial w} $$
#
# $\eta$ は単元02にも出てきた学習率で、コードでは `lr` です。この方法を**勾配降下法**といいます。一歩ごとに、無作為に選んだ少数のサンプルだけを使うものは、
# 特に*確率的*勾配降下法（SGD）と呼ばれます（選び方は単元04で学びます）。
#
# ### 演習7：`sgd_step`
#
# `sgd_step(params, grads, lr)` を書いてください。二つの辞書は同じキーをもっていますが、**キーの名前は何でもかまいません**。新しい値を入れた**新しい**辞書を返し、
# 元の辞書とその中の配列は変えないでください。
#
# *ヒント：`for name in params:` と書くと、すべてのキーを順に回れます。`w = w - ...` は新しい配列を作りますが、`w -= ...` は元の配列を書き換えてしまいます。*

# %% exercise="sgd_step"
def sgd_step(params, grads, lr):
    L("""Return new parameters, one step of length lr against the gradient.""",
      """勾配と反対の向きに lr 倍だけ進めた、新しいパラメータを返す。""")
    ### BEGIN SOLUTION
    return {name: params[name] - lr * grads[name] for name in params}
    ### END SOLUTION

# %% test="sgd_step" points=1
with check("sgd_step") as t:
    params_ = {"W1": np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 4.0]]), "b1": np.array([1.0, 2.0, 3.0])}
    grads_ = {"W1": np.array([[2.0, 4.0, -1.0], [0.0, 8.0, 1.0]]), "b1": np.array([-4.0, 0.0, 2.0])}
    t.call(sgd_step, params_, grads_, 0.25).equals(
        {"W1": [[0.5, -3, 0.75], [3, -2, 3.75]], "b1": [2, 2, 2.5]})
    # en: other names
    # ja: 別の名前
    t.call(sgd_step, {"slope": np.array([6.0, 1.0])}, {"slope": np.array([4.0, -1.0])}, 0.5).equals({"slope": [4, 1.5]})
### BEGIN HIDDEN TESTS
with check("sgd_step", hidden=True) as t:
    from fractions import Fraction

    for shapes_ in ({"W1": (2, 3), "b1": (3,), "W2": (3, 4), "b2": (4,)}, {"kernel": (2, 1, 3), "gain": (5,)}):
        params_ = {name: t.rng.integers(-9, 10, shape) / 4 for name, shape in shapes_.items()}
        grads_ = {name: t.rng.integers(-9, 10, shape) / 8 for name, shape in shapes_.items()}
        lr_ = float(t.rng.choice([0.125, 0.5, 2.0]))
        expected_ = {name: np.zeros(shape) for name, shape in shapes_.items()}
        for name in shapes_:
            for place in np.ndindex(shapes_[name]):
                move = Fraction(lr_) * Fraction(grads_[name][place])
                expected_[name][place] = float(Fraction(params_[name][place]) - move)
        t.call(sgd_step, params_, grads_, lr_).equals(expected_)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## How large a step? The learning rate
#
# Here is a landscape with two weights, seen from above like a map with contour lines: a valley that is long in the direction
# of $w_1$ and narrow in that of
# $w_2$. We start at the top left and take 30 steps with your `sgd_step`, at three learning rates.
#
# * **Too small:** the right way, but it does not arrive.
# * **Good:** straight down.
# * **Too large:** every step crosses the valley and ends up higher on the other side. The loss explodes.
# %% [markdown] lang="ja"
# ## 一歩の大きさ：学習率
#
# 重みが二つの場合の地形を、等高線の地図のように上から見てみましょう。$w_1$ の方向に長く、$w_2$ の方向に狭い谷です。左上から出発し、あなたの `sgd_step` で
# 30 歩進みます。学習率を三通りに変えました。
#
# * **小さすぎる：** 向きは合っていますが、たどり着きません。
# * **ちょうどよい：** まっすぐ降りていきます。
# * **大きすぎる：** 一歩ごとに谷を飛び越え、反対側のもっと高いところに出てしまいます。損失は爆発的に増えます。

# %% role="demo"
descend = yours_or(library.sgd_step)

def valley(w1, w2):
    return 0.5 * w1**2 + 5 * w2**2

def walk(axes, lr, steps=30):
    place = {"w": np.array([-4.0, 1.5])}
    path = [place["w"]]
    for _ in range(steps):
        place = descend(place, {"w": np.asarray(place["w"]) * [1, 10]}, lr)
        path.append(np.asarray(place["w"]))
    path = np.array(path)
    w1, w2 = np.meshgrid(np.linspace(-5, 5, 200), np.linspace(-2.2, 2.2, 200))
    axes.contour(w1, w2, valley(w1, w2), levels=[0.05, 0.5, 2, 5, 10, 16, 24], colors="#999999", linewidths=0.8)
    axes.plot(*path.T, "o-", color=figures.BLUE, ms=4, clip_on=True)
    axes.plot(*path[0], "s", color=figures.ORANGE, ms=9)
    axes.plot(0, 0, "*", color=figures.GREEN, ms=15)
    axes.set(xlim=(-5, 5), ylim=(-2.2, 2.2), xlabel="$w_1$", ylabel="$w_2$",
             title=L(f"rate {lr:.3g}: loss after {steps} steps {valley(*path[-1]):.2g}", f"学習率 {lr:.3g}：{steps} 歩後の損失 {valley(*path[-1]):.2g}"))

# %% role="demo"
_, row = plt.subplots(1, 3, figsize=(14, 3.8), layout="constrained")
for axes, lr in zip(row, (0.01, 0.1, 0.21)):
    walk(axes, lr)
figures.show(L("Three paths on a narrow valley from the square to the star: rate 0.01 stops half way, 0.1 arrives, 0.21 leaps ever wider",
               "狭い谷を四角から星へ向かう三つの道。学習率 0.01 は途中で止まり、0.1 は着き、0.21 は跳ね返りが大きくなっていく"))

# %% [markdown] lang="en"
# ### Try it
#
# Move the slider. At which rate is the star reached best? At which one does it begin to zigzag? Where is the border beyond
# which everything explodes?
# %% [markdown] lang="ja"
# ### 動かしてみよう
#
# スライダーを動かしてみましょう。星に最もよく近づくのは、学習率がいくつのときでしょうか。ジグザグが始まるのはどこからでしょうか。爆発してしまう境目はどこでしょうか。

# %% role="explore"
@interact(lr=FloatLogSlider(0.03, base=10, min=-3, max=-0.6, step=0.02, readout_format=".3f", description=L("rate", "学習率")))
def play(lr):
    _, axes = plt.subplots(figsize=(7, 3.6))
    walk(axes, lr)
    figures.show(L("The path of 30 steps at the rate that you set", "スライダーで決めた学習率での 30 歩の道"))

# %% [markdown] lang="en"
# The border lies at 0.2, and it can be computed: a step of gradient descent shortens the distance along $w_2$ by the factor
# $1 - 10\,\eta$, because the valley's curvature there is 10. At $\eta = 0.1$ the factor is 0: one step, and done; above, it is
# negative, and the path zigzags. Beyond $\eta = 2/10$ it is below $-1$, and every step leads further away.
# **The steepest direction sets the speed limit, and the flattest one pays for it**: along $w_1$ the factor is $1 - \eta$, at
# $\eta = 0.1$ still 0.9. The best compromise is $\eta = 2/11 \approx 0.18$, where both distances shrink alike.
#
# It follows that a round valley is quicker than a narrow one. Scaling the inputs to mean 0 and standard deviation 1 makes the
# landscape rounder (LeCun and others, 1998). We shall do so with the films.
# %% [markdown] lang="ja"
# 境目は 0.2 で、計算で求めることもできます。$w_2$ の方向の曲がり具合（曲率）は 10 なので、勾配降下法の一歩で、谷底までの距離は $1 - 10\,\eta$ 倍になります。
# $\eta = 0.1$ ならちょうど 0 倍で、一歩で着きます。それより大きいと負になり、ジグザグに進みます。$\eta = 2/10$ を超えると $-1$ 倍より小さくなり、一歩ごとに遠ざかります。
# **いちばん急な方向が制限速度を決め、いちばん緩やかな方向がその割を食う**のです。$w_1$ の方向は $1 - \eta$ 倍なので、$\eta = 0.1$ では 0.9 倍ずつしか縮みません。
# いちばんよいのは、両方の距離が同じ割合で縮む $\eta = 2/11 \approx 0.18$ です。
#
# ですから、細長い谷より丸い谷のほうが速く降りられます。入力を平均 0、標準偏差 1 にそろえると、地形は丸い形に近づきます（LeCun ら、1998年）。
# このあと、胸部画像でもこの処理を行います。

# %% [markdown] lang="en"
# ## XOR, learned
#
# Now all the parts are there, and the oldest debt can be paid: XOR. In unit 02 you chose the weights of the two layers by
# hand. Here they start as random numbers, and the same four lines are repeated a few hundred times: forward, loss, backward,
# step.
#
# The blue side is where the network says 1 with more than 50 %, the black line is 50 %. Watch how the hidden neurons (three
# of them) bend the line until the squares and circles are apart.
# %% [markdown] lang="ja"
# ## XOR を学習する
#
# 部品がすべてそろいました。単元02から持ち越した宿題、XOR に取り組みましょう。単元02では、二層の重みを手で決めました。今度は乱数から始めて、
# 「順伝播、損失、逆伝播、一歩進む」の四つを、数百回繰り返すだけです。
#
# 青い側は、ネットワークが 50 % を超える確率で 1 と答えるところ、黒い線がちょうど 50 % のところです。三つの隠れ層ニューロンが線を曲げ、四角と丸を分けていく様子を見てください。

# %% role="demo"
answer, blame, descend = yours_or(library.forward), yours_or(library.backward), yours_or(library.sgd_step)
mean_loss = yours_or(library.cross_entropy)

def random_net(rng, D, H, K, spread1=1.0, spread2=1.0):
    return {"W1": rng.normal(0, spread1, (D, H)), "b1": np.zeros(H), "W2": rng.normal(0, spread2, (H, K)), "b2": np.zeros(K)}

def train(net, X, y, lr, steps):
    for _ in range(steps):
        p, cache = answer(net, X)
        net = descend(net, blame(net, cache, y), lr)
    return net

corners, XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
net, seen, stages = random_net(np.random.default_rng(0), 2, 3, 2), 0, []
for steps in (0, 150, 250, 600):
    net = train(net, corners, XOR, 1.0, steps - seen)
    seen = steps
    stages.append((steps, net, mean_loss(np.asarray(answer(net, corners)[0]), XOR)))

# %% role="demo"
x1, x2 = np.meshgrid(np.linspace(-0.4, 1.4, 120), np.linspace(-0.4, 1.4, 120))
grid = np.stack([x1.ravel(), x2.ravel()], axis=1)
_, row = plt.subplots(1, 4, figsize=(15, 3.9), layout="constrained")
for axes, (steps, net, loss) in zip(row, stages):
    chance = np.asarray(answer(net, grid)[0])[:, 1].reshape(x1.shape)
    axes.contourf(x1, x2, chance, levels=[0, 0.5, 1], colors=["white", "#DCEBF5"])
    if chance.min() < 0.5 < chance.max():
        axes.contour(x1, x2, chance, levels=[0.5], colors="black")
    for label, marker, color in ((0, "o", figures.ORANGE), (1, "s", figures.BLUE)):
        axes.scatter(*corners[XOR == label].T, s=80, c=color, marker=marker, edgecolors="white", zorder=3)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", title=L(f"step {steps}: loss {loss:.2f}", f"{steps} 歩後：損失 {loss:.2f}"))
figures.show(L("The network's decision for XOR after 0, 150, 250 and 600 steps; at the end both squares are on the blue side and both circles are not",
               "XOR に対するネットワークの判断。0、150、250、600 歩後。最後は二つの四角が青い側に、二つの丸が白い側に入る"))

# %% [markdown] lang="en"
# Not every start arrives. The next cell gives the network only **two** hidden neurons, as few as the solution by hand had,
# and trains it from ten different random starts.
# %% [markdown] lang="ja"
# どこから出発しても必ず着くわけではありません。次のセルでは、隠れ層のニューロンを、手で解いたときと同じ**二つ**に減らし、十通りの乱数から学習を始めます。

# %% role="demo"
losses = []
for seed in range(10):
    net = train(random_net(np.random.default_rng(seed), 2, 2, 2), corners, XOR, 2.0, 1000)
    losses.append(mean_loss(np.asarray(answer(net, corners)[0]), XOR))
print(" ".join(f"{loss:.2f}" for loss in losses))
print(L(f"learned: {sum(loss < 0.1 for loss in losses)} of 10 starts", f"学習できた回数：10 回中 {sum(loss < 0.1 for loss in losses)} 回"))

# %% [markdown] lang="en"
# The others are stuck where it is nearly flat: the landscape of a network has valleys, plateaus and dead ends, and gradient
# descent only feels the ground under its feet. With more hidden neurons there are more ways down. That is one reason why
# networks are given more neurons than the problem would need, and why the random start is always noted down (the `seed`).
# %% [markdown] lang="ja"
# 残りは、ほとんど平らな場所で動けなくなっています。ネットワークの地形には谷も台地も行き止まりもあり、勾配降下法に分かるのは足元の傾きだけです。
# 隠れ層のニューロンを増やすと、下る道も増えます。必要な数より多めのニューロンを使うのも、乱数の出発点（`seed`）を必ず記録しておくのも、このためです。

# %% [markdown] lang="en"
# ## Why deep networks would not learn: the vanishing gradient
#
# Slopes multiply along the chain, and at every layer the sigmoid contributes $a(1 - a)$, which is **at most 1/4**. After ten
# layers that makes at most $(1/4)^{10}$, about one millionth, times what the weights contribute. The first layers, those that
# look at the image, hear almost nothing of the error. This is the **vanishing gradient**, and for many years it kept networks
# shallow.
#
# The picture sends an error back through ten layers of 64 neurons with random weights. Note the logarithmic axis.
# %% [markdown] lang="ja"
# ## 深いネットワークが学習できなかった理由：勾配消失
#
# 傾きは層を通るたびに掛け算されます。シグモイドを通るたびに掛かる $a(1 - a)$ は、**大きくても 1/4** です。10 層を通ると $(1/4)^{10}$、約100万分の1 以下になり、
# これに重みの分が掛かります。画像を直接見ている最初のほうの層には、誤差がほとんど伝わりません。これを**勾配消失**といい、
# 長いあいだ、ネットワークを深くできない原因になっていました。
#
# 次の図では、64 個のニューロンの層を 10 層重ね、乱数の重みのまま、誤差を後ろへ伝えてみました。縦軸が対数であることに注意してください。

# %% role="demo"
def blame_by_layer(activation, slope, gain, layers=10, width=64):
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, np.sqrt(gain / width), (width, width)) for _ in range(layers)]
    outputs = [rng.normal(0, 1, (200, width))]
    for W in weights:
        outputs.append(activation(outputs[-1] @ W))
    delta = rng.normal(0, 1, (200, width)) * slope(outputs[-1])
    sizes = [np.abs(delta).mean()]
    for W, a in zip(weights[:0:-1], outputs[-2:0:-1]):
        delta = delta @ W.T * slope(a)
        sizes.append(np.abs(delta).mean())
    return np.array(sizes[::-1]) / sizes[0]

cases = ((L("sigmoid", "シグモイド"), library.sigmoid, lambda a: a * (1 - a), 1, "o-"),
         ("tanh", np.tanh, lambda a: 1 - a**2, 1, "s--"),
         ("ReLU", lambda z: np.maximum(z, 0), lambda a: (a > 0) * 1.0, 2, "^:"))
for name, activation, slope, gain, style in cases:
    sizes = blame_by_layer(activation, slope, gain)
    plt.semilogy(range(1, 11), sizes, style, label=name)
    print(L(f"{name}: layer 1 hears 1/{1 / sizes[0]:,.0f} of what layer 10 hears", f"{name}：1 層めに届くのは 10 層めの 1/{1 / sizes[0]:,.0f}"))
plt.xlabel(L("layer (1: next to the image)", "層（1：画像のすぐ隣）"))
plt.ylabel(L("slope, relative to layer 10", "傾き（10 層めを 1 とする）"))
plt.xticks(range(1, 11))
plt.legend()
figures.show(L("Size of the slopes in ten layers: with the sigmoid they fall by a factor of about four per layer, with tanh and ReLU much less",
               "10 層の傾きの大きさ。シグモイドでは一層ごとに約4分の1 になり、tanh と ReLU ではずっと減り方が小さい"))

# %% [markdown] lang="en"
# Three remedies, all of which you will meet again:
#
# * **Another activation.** The slope of tanh is 1 at the centre, that of ReLU ($\max(0, z)$) is 1 for all positive $z$.
# * **Weights of the right size at the start**, so that the signal neither fades nor explodes, forwards and backwards (Glorot and Bengio, 2010). The
#   picture uses such weights already: their variance is 1/64, and twice that for ReLU. With smaller ones all three curves would fall.
# * **Skip connections**, on which the error can pass a layer by (ResNet, unit 06).
#
# Our network has a single hidden layer, and the sigmoid is good enough for it.
# %% [markdown] lang="ja"
# 対策は三つあり、どれもこの先の単元でまた出てきます。
#
# * **別の活性化関数を使う。** tanh の傾きは中央で 1、ReLU（$\max(0, z)$）の傾きは、$z$ が正ならいつも 1 です。
# * **出発時の重みを適切な大きさにする。** 信号が、行きも帰りも弱まらず、爆発もしないようにします（Glorot と Bengio、2010年）。上の図でも、分散を
#   1/64（ReLU ではその2倍）にした重みを使っています。もっと小さな重みなら、三つの線はどれも下がってしまいます。
# * **スキップ接続を使う。** 誤差が、層を飛び越えて伝わるようにします（単元06の ResNet）。
#
# ここで使うネットワークの隠れ層は一つだけなので、シグモイドで十分です。

# %% [markdown] lang="en"
# ## Which way up? The network learns its own features
#
# In unit 02 the perceptron told upright from turned films by two features that *we* had thought up. Now we give the network
# the **pixels**, all 32 × 32 = 1024 of them, and four answers: up, down, left, right. Nobody tells it what a lung is.
#
# The films come in three parts: for **training**, for **validation** (to watch over the training), and for **testing** (to be
# looked at once, at the end). All four directions of a film are in the same part.
# %% [markdown] lang="ja"
# ## どちらが上？ 特徴もネットワークが学ぶ
#
# 単元02のパーセプトロンは、*私たちが*考えた二つの特徴で、正しい向きと逆さまを見分けました。今度は、32 × 32 = 1024 個の**画素**をそのまま渡し、
# 答えは「上・下・左・右」の四つにします。肺が何かは、誰も教えません。
#
# 画像は三つに分かれています。**学習用**、学習の様子を見守る**検証用**、最後に一度だけ使う**テスト用**です。同じ画像の四方向は、必ず同じ組に入っています。

# %% role="demo"
films = load_directions(size=(32, 32))
print(films.source)
for name, part in ((L("training", "学習用"), films.train), (L("validation", "検証用"), films.validation), (L("test", "テスト用"), films.test)):
    print(L(f"{name}: {len(part)} films of {len(set(part.patients))} patients", f"{name}：患者 {len(set(part.patients))} 名、{len(part)} 枚"))
words = {"up": L("up", "上"), "down": L("down", "下"), "left": L("left", "左"), "right": L("right", "右")}
patient = films.train.patients[0]
same = [index for index, who in enumerate(films.train.patients) if who == patient][:4]
figures.films(films.train.images[same], [words[films.train.classes[films.train.targets[index]]] for index in same],
              L("One film in the four directions, at 32 x 32 pixels", "一枚の画像の四つの向き（32×32 画素）"))

# %% [markdown] lang="en"
# Two preparations. Each film becomes **one row** of 1024 numbers. And the numbers are scaled to mean 0 and standard deviation
# 1, measured on the training films *only* and then used for all parts: whoever looks at the test films while preparing has
# looked at the exam beforehand.
#
# The network has 12 hidden neurons, and starts from small random weights. Each step uses all training films. (With `@` in
# `forward` and `backward` this takes seconds; with loops over films and features it can take minutes.)
# %% [markdown] lang="ja"
# 準備は二つです。まず、一枚の画像を、1024 個の数が並んだ**一行**にします。次に、平均 0、標準偏差 1 になるように値をそろえます。平均と標準偏差は学習用の画像
# *だけ*から求め、同じ値をすべての組に使います。準備の段階でテスト用の画像を見るのは、試験問題を先に見るのと同じだからです。
#
# 隠れ層は 12 個、重みは小さな乱数から始めます。一歩ごとに、学習用の画像をすべて使います（`forward` と `backward` を `@` で書いていれば数秒で終わりますが、
# 画像や特徴ごとの繰り返しで書いた場合は、数分かかることがあります）。

# %% role="demo"
mean, spread = films.train.images.mean(dtype=np.float64), films.train.images.std(dtype=np.float64)

def rows_of(images):
    return (images.reshape(len(images), -1) - mean) / spread

def accuracy(net, images, targets):
    return np.mean(np.argmax(answer(net, rows_of(images))[0], axis=1) == targets)

net = random_net(np.random.default_rng(0), 32 * 32, 12, 4, spread1=0.01, spread2=0.3)
print(L("weights and biases:", "重みとバイアスの数："), sum(value.size for value in net.values()))
X, y, history = rows_of(films.train.images), films.train.targets, []
for step in range(201):
    p, cache = answer(net, X)
    if step % 4 == 0:
        scores = [accuracy(net, part.images, part.targets) for part in (films.train, films.validation)]
        history.append((step, mean_loss(np.asarray(p), y), *scores))
    net = descend(net, blame(net, cache, y), 0.03)

# %% role="demo"
steps, losses, on_training, on_validation = np.transpose(history)
_, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
left.plot(steps, losses, "o-", ms=4)
left.axhline(np.log(4), ls=":", color=figures.GREY)
left.text(200, np.log(4) + 0.02, L("guessing: ln 4", "当てずっぽう：ln 4"), ha="right", va="bottom", color=figures.GREY)
left.set(xlabel=L("step", "歩数"), ylabel=L("loss (training)", "損失（学習用）"), ylim=(0, 1.6))
right.plot(steps, 100 * on_training, "o-", ms=4, label=L("training", "学習用"))
right.plot(steps, 100 * on_validation, "s--", ms=4, label=L("validation", "検証用"))
right.set(xlabel=L("step", "歩数"), ylabel=L("accuracy in %", "正解率（%）"), ylim=(0, 105))
right.legend(loc="lower right")
print(L(f"after {steps[-1]:.0f} steps: loss {losses[-1]:.3f}, training {on_training[-1]:.1%}, validation {on_validation[-1]:.1%}",
        f"{steps[-1]:.0f} 歩後：損失 {losses[-1]:.3f}、学習用 {on_training[-1]:.1%}、検証用 {on_validation[-1]:.1%}"))
figures.show(L("Loss and accuracy during 200 steps of training", "200 歩の学習中の、損失と正解率"))

# %% [markdown] lang="en"
# Was the trouble with backpropagation worth it? The next cell times one gradient of this network, and computes how long
# measuring it would have taken: two forward passes for each of the 12,352 weights and biases.
# %% [markdown] lang="ja"
# 誤差逆伝播法を使うかいはあったのでしょうか。次のセルでは、このネットワークの勾配を一回求める時間を計り、数値で測った場合にかかる時間と比べます。
# 12,352 個の重みとバイアスの一つにつき、順伝播が2回必要です。

# %% role="demo"
def seconds(job, times=5):
    begun = time.perf_counter()
    for _ in range(times):
        job()
    return (time.perf_counter() - begun) / times

one_way = seconds(lambda: answer(net, X))
there_and_back = one_way + seconds(lambda: blame(net, cache, y))
by_measuring = 2 * 12352 * one_way
print(L(f"forward and backward: {1000 * there_and_back:.0f} ms", f"順伝播と逆伝播：{1000 * there_and_back:.0f} ミリ秒"))
print(L(f"measuring: {by_measuring:.0f} s, {by_measuring / there_and_back:.0f} times as long",
        f"数値で測る場合：{by_measuring:.0f} 秒（{by_measuring / there_and_back:.0f} 倍）"))

# %% [markdown] lang="en"
# On the embedded films both curves reach 100 % within ten steps, while the loss goes on falling: the network becomes surer. The
# validation curve goes along with the training curve, so it has not just learned its films by heart. (Unit 04 shows what that
# looks like.) All choices are made now, and only now we open the **test** films, once.
# %% [markdown] lang="ja"
# 内蔵の画像では、10 歩もしないうちに、どちらも 100 % になります。その後も損失は下がり続けます。ネットワークの自信が深まっていくのです。
# 検証用の曲線は学習用と一緒に上がっているので、画像を丸暗記しただけではなさそうです（丸暗記するとどうなるかは、単元04で見ます）。
# これで設定はすべて決まりました。ここではじめて、**テスト用**の画像を一度だけ使います。

# %% role="demo"
chances = np.asarray(answer(net, rows_of(films.test.images))[0])
said, truth = chances.argmax(axis=1), films.test.targets
print(L(f"test films right: {np.sum(said == truth)} of {len(truth)} ({np.mean(said == truth):.1%})",
        f"テスト用の正解：{len(truth)} 枚中 {np.sum(said == truth)} 枚（{np.mean(said == truth):.1%}）"))
print(L(f"wrong: {np.sum(said != truth)}", f"誤答：{np.sum(said != truth)} 枚"))
doubtful = np.argsort(chances[np.arange(len(truth)), truth])[:5]
titles = [("✓ " if said[i] == truth[i] else "× ") + L(f"{words[films.test.classes[said[i]]]}, sure to {chances[i].max():.0%}",
                                                      f"答え：{words[films.test.classes[said[i]]]}（{chances[i].max():.0%}）") for i in doubtful]
figures.films(films.test.images[doubtful], titles,
              L("The five test films whose right direction got the lowest probability", "正しい向きに付けた確率が最も低かった、五枚のテスト用画像"))

# %% [markdown] lang="en"
# The five films are those on which the network did worst: mistakes (×) come first, then the right answers that it was least
# sure of. On the embedded films it makes **no mistake**. Be careful with that figure. The question is an easy one as long as
# every film is centred in the same way, and the films of a computed phantom are more alike than those of a hospital. Forty
# films of ten patients are also far too few to promise anything (unit 07 puts a number on that). If you have miniJSRT, run
# the same cells on it: what is printed above is then *your* figure, and the pictures show your hardest films.
# %% [markdown] lang="ja"
# 並べたのは、成績の悪かった五枚です。誤答（×）があれば先に、続いて、正解でも自信の低かったものが並びます。内蔵の画像では**誤答が一枚もありません**。ただし、この数字は慎重に
# 受け取ってください。どの画像も同じように真ん中に写っているかぎり、向きを答えるのは易しい問題です。しかも、計算で作った画像は、病院の画像よりも互いによく似ています。それに、患者 10 名の 40 枚では、
# 何かを約束するには少なすぎます（どのくらい少ないかは、単元07で数字にします）。miniJSRT をお持ちなら、同じセルを実行してみてください。上に表示されるのが*あなたの*成績で、並ぶのが最も難しい画像です。

# %% [markdown] lang="en"
# ### What has it looked at? The hidden weights as pictures
#
# Each hidden neuron has one weight per pixel, so its weights are a picture of 32 × 32. Red: brightness here makes the neuron
# fire. Blue: brightness here stops it. White: it does not care. Above each picture is the direction for which the neuron
# speaks most (its greatest weight in $W_2$).
# %% [markdown] lang="ja"
# ### どこを見ているのか：隠れ層の重みを画像にする
#
# 隠れ層のニューロンは、画素ごとに一つの重みをもっています。つまり重みは 32×32 の画像として表示できます。赤は「ここが明るいと発火しやすい」、青は「ここが明るいと発火しにくい」、
# 白は「どちらでもよい」ところです。それぞれの上に、そのニューロンが最も強く支持する向き（$W_2$ の重みが最大のもの）を書きました。

# %% role="demo"
W1, W2 = np.asarray(net["W1"]), np.asarray(net["W2"])
limit = np.abs(W1).max()
_, grid = plt.subplots(2, 6, figsize=(13, 4.9), layout="constrained")
for j, axes in enumerate(grid.flat):
    picture = axes.imshow(W1[:, j].reshape(32, 32), cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set_title(L(f"{j + 1}: for {words[films.train.classes[W2[j].argmax()]]}", f"{j + 1}：{words[films.train.classes[W2[j].argmax()]]}"))
    axes.set_axis_off()
plt.colorbar(picture, ax=grid, label=L("weight", "重み"), shrink=0.8)
figures.show(L("The weights of the twelve hidden neurons as pictures: broad patches of red and blue near the borders and corners",
               "十二個の隠れ層ニューロンの重みの画像。縁や隅に、赤と青の大きなまだらがある"))

# %% [markdown] lang="en"
# Nobody has told the network what to look for. It has found large, soft patches: places that are bright in one direction and
# dark in another. These *are* features, like the lung height of unit 02, only that they were learned. But they are tied to
# **places**. So what happens if the film lies a little differently on the detector?
#
# * **shifted** to the right by 2, 4, 8 pixels of 32: the patient did not stand in the middle;
# * **inverted**: a MONOCHROME1 object shown as it is;
# * **shutter**: the lowest quarter of the film is blacked out.
# %% [markdown] lang="ja"
# 何を探せばよいかは、誰も教えていません。それでもネットワークは、大きくぼんやりしたまだら、つまり「この向きなら明るく、別の向きなら暗い」という場所を見つけました。
# これは単元02の「肺の高さ」と同じ*特徴*です。違うのは、自分で学んだことです。ただし、この特徴は**場所**に縛られています。では、写り方が少し変わるとどうなるでしょうか。
#
# * **ずれ：** 右へ、32 画素のうち 2、4、8 画素ずらします。患者さんが真ん中に立っていなかった場合です。
# * **白黒反転：** MONOCHROME1 の画像を、そのまま表示した場合です。
# * **黒枠：** 画像の下4分の1 が黒く塗りつぶされた場合です。

# %% role="demo"
def shifted(images, pixels):
    # en: the uncovered columns repeat the edge
    # ja: 空いた列には端の値を繰り返す
    return np.pad(images, ((0, 0), (0, 0), (pixels, 0)), mode="edge")[:, :, : images.shape[2]]

before = films.test.images
shutter = before.copy()
shutter[:, 24:] = 0
changes = {L("as before", "元のまま"): before, L("shifted by 2", "2 画素のずれ"): shifted(before, 2),
           L("shifted by 4", "4 画素のずれ"): shifted(before, 4), L("shifted by 8", "8 画素のずれ"): shifted(before, 8),
           L("inverted", "白黒反転"): 1 - before, L("shutter", "黒枠"): shutter}
for name, images in changes.items():
    print(L(f"{name}: {accuracy(net, images, truth):.0%} right", f"{name}：正解率 {accuracy(net, images, truth):.0%}"))
figures.films([images[0] for images in changes.values()], list(changes),
              L("A test film as it was, shifted by 2, 4 and 8 pixels, inverted, and with a shutter",
                "元のままのテスト用画像と、2、4、8 画素ずらしたもの、白黒反転、黒枠"))

# %% [markdown] lang="en"
# On the embedded films a shift of an eighth of the width, four pixels, does no harm, but at a quarter about one answer in
# five is wrong. With the grey scale inverted **every** answer is wrong: what was bright is dark, and the patches vote against
# the truth. And with the shutter all the upright films, a quarter of the set, are called upside down. A technologist would
# not be confused for a moment.
#
# The network has learned *pixels at places*, not *lungs*. Two ways lead on. Show it shifted films while it learns (data
# augmentation, unit 04). Or build the network so that it looks for the same pattern at **every** place, with the same few
# weights: that is convolution, unit 05, and with it we shall return to this task in unit 06.
# %% [markdown] lang="ja"
# 内蔵の画像では、幅の8分の1（4 画素）のずれなら影響はありませんが、4分の1 になると五枚に一枚ほどを間違えます。白黒反転では**すべて**誤答になりました。明るかったところが暗くなり、まだらが
# 正解とは逆の票を投じるからです。黒枠を付けると、正しい向きの画像（全体の4分の1）が、どれも「下」（逆さま）と判断されました。診療放射線技師なら、一瞬も迷わないでしょう。
#
# ネットワークが学んだのは「肺」ではなく、「この場所の画素の明るさ」でした。ここから先の道は二つあります。一つは、学習のときに、ずらした画像も見せること（データ拡張、単元04）。
# もう一つは、同じ模様を**どの場所でも**、同じ少数の重みで探すように、ネットワークを組み立てることです。これが畳み込み（単元05）で、単元06では、これを使ってこの問題に戻ってきます。

# %% [markdown] lang="en"
# ## Key points
#
# 1. A step has no slope to follow. The sigmoid rounds it off; softmax makes probabilities of scores, with each row's maximum taken off first.
# 2. Cross-entropy is the mean of $-\ln p$ of the right class: sure and wrong costs most.
# 3. A gradient can be measured by central differences, slowly. Whoever writes a gradient checks it so: in float64 the two agree to $10^{-7}$ or better.
# 4. Backpropagation is the chain rule from back to front: start with *(answer minus truth) / N*, pass it back through the transposed weights, multiply by the activation's slope; a weight's
#    gradient is input times slope, added up over the samples. With many sigmoid layers the slopes vanish.
# 5. $w \leftarrow w - \eta \cdot$ gradient. Too small a rate never arrives, too large a one explodes. A network on pixels finds its own features, but they are tied to places.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 階段には、たどるべき傾きがありません。シグモイドは角を丸めたもの、ソフトマックスは点数を確率に変えるものです（先に各行の最大値を引きます）。
# 2. 交差エントロピーは、正しいクラスの確率 $p$ の $-\ln p$ の平均です。自信をもって間違えると、最も大きくなります。
# 3. 勾配は、時間をかければ中心差分で測れます。勾配を書いたら、これで確かめます。float64 なら $10^{-7}$ より小さい差で一致します。
# 4. 誤差逆伝播法は、連鎖律を後ろから前へたどる計算です。「（答え − 正解）÷ N」から始め、転置した重みを通して戻し、活性化関数の傾きを掛けます。
#    重みの勾配は「入力 × 傾き」を全サンプルで足したものです。シグモイドの層を重ねると、勾配は消えていきます。
# 5. $w \leftarrow w - \eta \cdot$（勾配）と更新します。学習率が小さすぎると着かず、大きすぎると爆発します。画素を渡せばネットワークは自分で特徴を見つけますが、その特徴は場所に縛られています。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A network gives the right class a probability of 1/4 for every film, whatever it sees. What is its cross-entropy?</summary>
#
# -ln(1/4) = ln 4 = 1.39. With four classes that is guessing; a loss that stays there means that nothing has been learned.
# </details>
#
# <details><summary>2. Your loss goes down, but slowly. The gradient check gives a relative error of 0.67 with N = 5. What do you suspect?</summary>
#
# A factor, the same in all gradients: (5 - 1) / (5 + 1) = 0.67, so they are 5 times too large (or too small): the 1/N. The
# direction is right, therefore it learns all the same.
# </details>
#
# <details><summary>3. Why must the weights start from random numbers, and not all from 0?</summary>
#
# With equal weights all hidden neurons compute the same and get the same blame: they stay equal for ever, and twelve neurons
# are worth no more than one. (With W2 = 0 the hidden layer gets no blame at all in the first step.)
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. どの画像を見ても、正しいクラスに 1/4 の確率を付けるネットワークがあります。交差エントロピーはいくつでしょうか。</summary>
#
# -ln(1/4) = ln 4 = 1.39 です。四つのクラスでは、当てずっぽうと同じです。損失がこの値のまま動かなければ、何も学習していません。
# </details>
#
# <details><summary>2. 損失は下がりますが、様子がおかしいので勾配を確かめたところ、N = 5 で相対誤差が 0.67 でした。何を疑いますか。</summary>
#
# すべての勾配に共通の倍率です。(5 - 1) / (5 + 1) = 0.67 なので、5倍（または5分の1）になっています。1/N を疑いましょう。向きは合っているので、それでも学習は進んでしまいます。
# </details>
#
# <details><summary>3. 重みをすべて 0 からではなく、乱数から始めるのはなぜでしょうか。</summary>
#
# 重みが同じだと、隠れ層のニューロンはどれも同じ計算をし、同じ責任を受け取ります。そのため、いつまでも同じままで、12 個あっても 1 個分の働きしかしません
# （W2 = 0 なら、最初の一歩では隠れ層に責任がまったく伝わりません）。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323, 533-536 (1986)
# * Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, *Efficient BackProp*, in: Neural Networks: Tricks of the Trade, Lecture Notes in Computer Science 1524, 9-50, Springer (1998)
# * X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, Proceedings of the 13th International Conference on Artificial Intelligence
#   and Statistics (AISTATS), PMLR 9, 249-256 (2010)
#
# To play on: train the film network with 2 hidden neurons, or with 100; with a learning rate ten times larger, or ten times
# smaller. Draw the loss curves into one picture.
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323, 533-536 (1986)
# * Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, *Efficient BackProp*, in: Neural Networks: Tricks of the Trade, Lecture Notes in Computer Science 1524, 9-50, Springer (1998)
# * X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, Proceedings of the 13th International Conference on Artificial Intelligence
#   and Statistics (AISTATS), PMLR 9, 249-256 (2010)
#
# 余裕があれば、画像のネットワークの隠れ層を 2 個や 100 個に、学習率を10倍や10分の1 に変えて学習させ、損失の曲線を一枚の図に重ねて描いてみましょう。
