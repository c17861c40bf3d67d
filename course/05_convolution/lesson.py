"""Unit 05: convolution."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 05 Convolution: a window slides over the film
#
# When you have finished this notebook, you will be able to
#
# 1. **compute** by hand what a kernel answers at one place of an image,
# 2. **predict** the size of the result from kernel, stride and padding,
# 3. **write** convolution and max-pooling yourself, and check them against Keras,
# 4. **choose** a kernel that smooths, sharpens or finds edges, and explain unsharp masking,
# 5. **tell** the story from the visual cortex over the neocognitron to LeNet,
# 6. **work out** how much of a film one value of a deep network sees.
#
# | | |
# |---|---|
# | Reading / exercises | about 40 min / about 60 min (two of the seven exercises are optional) |
# | You need | units 01 and 02; unit 03 for the optional exercise 6 |
# | Computing | under 60 s on two CPU cores |
# | Data | sixty chest films of a phantom, computed at first use; no download |
# %% [markdown] lang="ja"
# # 05 畳み込み：画像の上を滑る窓
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 画像のある場所でのカーネルの答えを、手で**計算する**
# 2. カーネル、ストライド、パディングから、結果の大きさを**予測する**
# 3. 畳み込みと最大値プーリングを自分で**書き**、Keras の結果と比べる
# 4. 平滑化、鮮鋭化、エッジ検出に合ったカーネルを**選び**、ボケマスク処理のしくみを説明する
# 5. 視覚野の研究からネオコグニトロン、LeNet に至る流れを**語る**
# 6. 深いネットワークの一つの値が、画像のどれだけの範囲を見ているかを**求める**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約40分／約60分（七つの演習のうち二つは発展） |
# | 前提 | 単元01と02（発展の演習6だけは単元03も） |
# | 計算時間 | CPU 2コアで60秒以内 |
# | データ | 初回に計算して作る模擬胸部画像60枚（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# You use convolution every day. *Smoothing*, *edge enhancement*, *unsharp masking*: behind these buttons of the console a small
# table of numbers, the **kernel**, slides over the film, and at every place the same little sum is worked out. Even the
# unsharpness
# of your system is one: the image is the object convolved with the point spread function.
#
# The perceptron of unit 02 looked at a film through two features made by hand. Could we not give it all pixels? A film of
# 192 × 192 pixels has 36,864 of them, and one neuron would need as many weights. Worse: shift the patient by a centimetre, and
# every
# weight meets another pixel. What was learnt about the left hilum says nothing about the right one.
#
# Convolution answers both complaints with one idea: **look through a small window, and use the same few weights everywhere.**
# A kernel
# of 5 × 5 has 25 weights, whatever the size of the film, and a nodule looks like a nodule wherever it lies.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 皆さんは、畳み込みを毎日使っています。平滑化、エッジ強調、ボケマスク処理。コンソールのこうした機能の裏側では、**カーネル**と呼ばれる
# 小さな数値の表が画像の上を滑り、どの場所でも同じ小さな足し算をしています。撮影系のボケも畳み込みです。画像は、被写体と点像分布関数（PSF）の
# 畳み込みとして表されます。
#
# 単元02のパーセプトロンは、人が作った二つの特徴を通して画像を見ていました。画素をすべて入力にしてはいけないのでしょうか。192 × 192 画素の
# 画像には 36,864 個の画素があり、ニューロン一つにそれだけの重みが必要です。さらに困るのは、患者さんが 1 cm ずれただけで、どの重みも
# 別の画素に掛かってしまうことです。左の肺門で学んだことが、右の肺門では役に立ちません。
#
# 畳み込みは、この二つの問題を一つの考え方で解決します。**小さな窓からのぞき、どこでも同じ重みを使う**のです。5 × 5 のカーネルの重みは、
# 画像がどれほど大きくても 25 個です。そして結節影は、どこにあっても結節影として見つかります。

# %% role="setup"
import time

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider, interact

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_films
from xraydojo.library import convolution as library

# %% [markdown] lang="en"
# ## One window, one number
#
# Lay the kernel on the image, multiply each pixel by the weight that lies on it, and add up the products. That gives **one**
# number. Then
# move the kernel one pixel to the right and do it again; at the end of the row go back to the left and one pixel down. The
# numbers,
# put where they were found, make a new and smaller image.
#
# $$ y_{ij} = \sum_a \sum_b x_{i+a,\,j+b}\; k_{ab} $$
#
# Below, a table of 4 × 5 pixels: dark (1) on the left, bright (5) on the right. The kernel has 2 rows and 3 columns,
#
# $$ k = \begin{pmatrix} -1 & 0 & 1 \\ -1 & 0 & 1 \end{pmatrix} $$
#
# that is, "right minus left". Each panel shows the kernel at one place, and the panels stand where their answer stands in the
# result.
# Work out the second panel by hand before you believe it: $-1 + 5 - 1 + 5 = 8$.
# %% [markdown] lang="ja"
# ## 一つの窓から、一つの数
#
# カーネルを画像の上に重ね、重なった画素と重みを掛けて、その積をすべて足します。これで**一つ**の数が得られます。次にカーネルを右へ1画素動かし、
# 同じことを繰り返します。行の終わりまで来たら、左端に戻って1画素下へ進みます。得られた数を場所どおりに並べると、少し小さな新しい画像になります。
#
# $$ y_{ij} = \sum_a \sum_b x_{i+a,\,j+b}\; k_{ab} $$
#
# 下の図は 4 × 5 画素の表で、左が暗く（1）、右が明るく（5）なっています。カーネルは2行3列で、
#
# $$ k = \begin{pmatrix} -1 & 0 & 1 \\ -1 & 0 & 1 \end{pmatrix} $$
#
# つまり「右から左を引く」カーネルです。九つの図は、カーネルを置いた九つの場所を表し、結果の中でその答えが入る位置に並べてあります。
# 二つめの図を、自分でも計算して確かめてください。$-1 + 5 - 1 + 5 = 8$ です。

# %% role="demo"
small = np.array([[1, 1, 1, 5, 5], [1, 1, 1, 5, 5], [1, 1, 5, 5, 5], [1, 5, 5, 5, 5]])
right_minus_left = np.array([[-1, 0, 1], [-1, 0, 1]])
_, panels = plt.subplots(3, 3, figsize=(10, 8), layout="constrained")
for (i, j), axes in np.ndenumerate(panels):
    axes.imshow(small, vmin=-3, vmax=7)
    for (row, column), pixel in np.ndenumerate(small):
        inside = i <= row < i + 2 and j <= column < j + 3
        weight = f"\n×({right_minus_left[row - i, column - j]})" if inside else ""
        axes.text(column, row, f"{pixel}{weight}", ha="center", va="center", size=9, color="black" if pixel > 2 else "white")
    axes.add_patch(plt.Rectangle((j - 0.46, i - 0.46), 2.92, 1.92, fill=False, lw=3, ec=figures.ORANGE))
    total = np.sum(small[i:i + 2, j:j + 3] * right_minus_left)
    axes.set(xticks=range(5), yticks=range(4), title=f"$y_{{{i}{j}}}$ = {total}")
figures.show(L("Nine places of a kernel of 2 x 3 on a table of 4 x 5, with the nine answers 0 8 8, 4 8 4, 8 4 0",
               "4 × 5 の表の上で、2 × 3 のカーネルを置いた九つの場所と、その答え（0 8 8、4 8 4、8 4 0）"))

# %% [markdown] lang="en"
# The answer is large where the kernel straddles the edge between dark and bright, and 0 where the picture is flat. The kernel
# is an
# **edge detector**, and the numbers form a map of where the edge runs.
# %% [markdown] lang="ja"
# カーネルが暗い側と明るい側の境目をまたぐと答えが大きくなり、平らなところでは 0 になります。このカーネルは**エッジ検出器**で、
# 並んだ数は、エッジがどこを通っているかを示す地図になっています。

# %% [markdown] lang="en"
# ## Padding, stride, and the size of the result
#
# A kernel of 3 pixels finds only 5 places on a row of 7, so the image shrinks. Two knobs change that:
#
# * **padding** $p$: put $p$ zeros on *both* ends first. With $p = 1$ a kernel of 3 keeps the size.
# * **stride** $s$: jump by $s$ pixels instead of 1. With $s = 2$ the result is about half as large.
#
# How many places are there? The first window takes $k$ of the $n + 2p$ pixels. The rest, $n + 2p - k$, allows one more place
# for every
# *full* jump of $s$ pixels; what is left at the end is not used:
#
# $$ \text{size} = \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1 $$
#
# The brackets $\lfloor\ \rfloor$ mean "round down". Rows and columns are counted separately, by the same rule.
# %% [markdown] lang="ja"
# ## パディング、ストライドと、結果の大きさ
#
# 7画素の行の上で、3画素のカーネルを置ける場所は五つしかありません。そのため画像は少し小さくなります。これを変えるつまみが二つあります。
#
# * **パディング** $p$：先に*両端*へ 0 を $p$ 個ずつ付けます。$p = 1$ なら、3画素のカーネルを使っても大きさは変わりません。
# * **ストライド** $s$：1画素ずつではなく、$s$ 画素ずつ動かします。$s = 2$ なら、結果の大きさはおよそ半分になります。
#
# 場所はいくつあるでしょうか。最初の窓が $n + 2p$ 画素のうち $k$ 画素を使います。残りの $n + 2p - k$ 画素の中で、$s$ 画素分*まるごと*動けるたびに、
# 場所が一つ増えます。最後に余った画素は使いません。
#
# $$ \text{大きさ} = \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1 $$
#
# $\lfloor\ \rfloor$ は「切り捨て」を表します。行と列は、それぞれ同じ規則で数えます。

# %% role="demo"
settings = [(7, 3, 1, 0), (7, 3, 1, 1), (7, 3, 2, 1), (6, 3, 2, 1)]
_, row = plt.subplots(1, 4, figsize=(14, 3.6), layout="constrained")
for axes, (n, k, s, p) in zip(row, settings):
    starts = range(-p, n + p - k + 1, s)
    for pixel in range(-p, n + p):
        inside = 0 <= pixel < n
        axes.add_patch(plt.Rectangle((pixel, 0), 1, 1, fc="#DCEBF5" if inside else "white", ec="black", ls="-" if inside else ":"))
        axes.text(pixel + 0.5, 0.5, "" if inside else "0", ha="center", va="center")
    for number, start in enumerate(starts, 1):
        axes.plot([start + 0.1, start + k - 0.1], [-0.6 * number, -0.6 * number], "|-", color=figures.ORANGE, lw=4, ms=9)
    axes.set(xlim=(-1.3, 8.3), ylim=(-5, 1.3), title=f"n={n}, k={k}, s={s}, p={p}: " + L(f"{len(starts)} places", f"{len(starts)} か所"))
    axes.axis("off")
figures.show(L("Rows of pixels with zeros on both ends, and below them the windows: 5, 7, 4 and 3 places",
               "両端に 0 を付けた画素の行と、その下に並ぶ窓。5、7、4、3 か所"))

# %% [markdown] lang="en"
# Look at the last picture: with the padding there are 8 pixels, and after three windows one pixel is left over. It is too
# little for
# another jump of 2.
# %% [markdown] lang="ja"
# 最後の図を見てください。パディングを付けると8画素ですが、窓を三つ置くと1画素余ります。2画素動くには足りません。

# %% [markdown] lang="en"
# ### Exercise 1: `output_size`
#
# Write `output_size(n, k, s, p)` for one axis: `n` pixels, a window of `k`, stride `s`, padding `p`. Return a whole number. If
# the window is
# larger than the padded image there is no place at all: then stop with
#
# ```python
# raise ValueError("the window does not fit")
# ```
#
# *Hint: in Python `//` divides and rounds down: `11 // 4` is 2.*
# %% [markdown] lang="ja"
# ### 演習1：`output_size`
#
# 一つの方向について `output_size(n, k, s, p)` を書いてください。画素は `n` 個、窓の大きさは `k`、ストライドは `s`、パディングは `p` です。整数を返します。
# パディングを付けても窓のほうが大きいときは、置ける場所がありません。そのときは、次のように止めてください。
#
# ```python
# raise ValueError("the window does not fit")
# ```
#
# *ヒント：Python の `//` は、割って切り捨てます。`11 // 4` は 2 です。*

# %% exercise="output_size"
def output_size(n, k, s, p):
    L("""Return how many places a window of k takes along n pixels, with stride s and padding p.""",
      """n 画素の上で、大きさ k の窓がストライド s、パディング p のときに止まる場所の数を返す。""")
    ### BEGIN SOLUTION
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return (n + 2 * p - k) // s + 1
    ### END SOLUTION

# %% test="output_size" points=2
with check("output_size") as t:
    # en: image n, window k, stride s, padding p, and the number of places
    # ja: 画像 n、窓 k、ストライド s、パディング p と、場所の数
    cases = [(5, 3, 1, 0, 3), (7, 3, 2, 0, 3), (7, 3, 3, 0, 2), (8, 3, 3, 0, 2),
             (5, 3, 1, 1, 5), (6, 3, 2, 1, 3), (9, 4, 3, 2, 4), (4, 4, 2, 0, 1), (3, 5, 1, 1, 1)]
    for n, k, s, p, places in cases:
        t.call(output_size, n, k, s, p).equals(places)
    # en: the window is larger than the padded image
    # ja: パディングを足しても、窓のほうが大きい
    t.call(output_size, 2, 5, 1, 1).raises(ValueError)
### BEGIN HIDDEN TESTS
with check("output_size", hidden=True) as t:
    for _ in range(60):
        n, k, s, p = (int(t.rng.integers(*ends)) for ends in ((1, 40), (1, 12), (1, 6), (0, 5)))
        places = [start for start in range(-p, n + p) if start + k <= n + p and (start + p) % s == 0]
        if places:
            t.call(output_size, n, k, s, p).equals(len(places))
        else:
            t.call(output_size, n, k, s, p).raises(ValueError)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### Exercise 2: `conv2d`
#
# Now the sliding itself. Write `conv2d(image, kernel, stride=1, padding=0)` for a grey image of shape (H, W) and a kernel of
# shape
# (kh, kw), which need not be square:
#
# 1. put the zeros around: `padded = np.pad(image, padding)`;
# 2. work out the number of rows and columns of the result (your `output_size` is welcome) and make room:
#    `np.zeros((rows, columns))`;
# 3. for every place $(i, j)$ cut out the window, which begins at pixel $(i \cdot s,\ j \cdot s)$ of the padded image and is as
#    large as the
#    kernel; multiply it by the kernel with `*` and add up with `np.sum`.
#
# `a[2:5]` holds the elements 2, 3 and 4, so a window that begins at `top` and is `kh` high is `top:top + kh`.
# Do not flip the kernel, and leave the values as they come: negative ones are welcome.
# %% [markdown] lang="ja"
# ### 演習2：`conv2d`
#
# いよいよ、カーネルを滑らせます。形 (H, W) のグレースケール画像と、形 (kh, kw) のカーネル（正方形とは限りません）について、
# `conv2d(image, kernel, stride=1, padding=0)` を書いてください。
#
# 1. 周りに 0 を付けます。`padded = np.pad(image, padding)`
# 2. 結果の行数と列数を求め（`output_size` を使えます）、入れ物を用意します。`np.zeros((rows, columns))`
# 3. 場所 $(i, j)$ ごとに、パディング後の画像の画素 $(i \cdot s,\ j \cdot s)$ から始まる、カーネルと同じ大きさの窓を切り出します。
#    `*` でカーネルと掛け、`np.sum` で合計します。
#
# `a[2:5]` は 2、3、4 番の要素です。ですから、`top` から始まる高さ `kh` の窓は `top:top + kh` と書けます。
# カーネルは裏返さず、得られた値もそのままにしておいてください。負の値があってもかまいません。

# %% exercise="conv2d"
def conv2d(image, kernel, stride=1, padding=0):
    L("""Return the cross-correlation of a grey image with a kernel.""",
      """グレースケール画像とカーネルの相互相関を返す。""")
    ### BEGIN SOLUTION
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = output_size(image.shape[0], kh, stride, padding)
    columns = output_size(image.shape[1], kw, stride, padding)
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            result[i, j] = np.sum(padded[top:top + kh, left:left + kw] * kernel)
    return result
    ### END SOLUTION

# %% test="conv2d" points=4
with check("conv2d") as t:
    ramp, sobel = np.array([[0, 1, 2, 3, 4]] * 3), np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    t.call(conv2d, ramp, sobel).equals([[8, 8, 8]])
    table = np.array([[1, 2, 0, 1, 3], [0, 1, 3, 2, 0], [2, 0, 1, 1, 1], [1, 3, 0, 2, 2]])
    wide = np.array([[1, 0, -1], [2, 1, 0]])
    t.call(conv2d, table, wide).equals([[2, 6, 5], [1, 0, 6], [6, 5, 2]])
    t.call(conv2d, table, wide / 4).equals([[0.5, 1.5, 1.25], [0.25, 0, 1.5], [1.5, 1.25, 0.5]])
    t.call(conv2d, table, wide, stride=2).equals([[2, 5], [6, 2]])
    t.call(conv2d, table, wide, padding=1).equals(
        [[1, 4, 4, 1, 5], [-2, 2, 6, 5, 5], [1, 1, 0, 6, 5], [1, 6, 5, 2, 7], [-3, 1, 1, -2, 2]])
    t.call(conv2d, table, wide, 2, 1).equals([[1, 4, 5], [1, 0, 5], [-3, 1, 2]])
### BEGIN HIDDEN TESTS
with check("conv2d", hidden=True) as t:
    from scipy.signal import correlate2d

    for stride in (1, 2, 3):
        for padding in (0, 1, 2):
            image, kernel = t.rng.normal(size=(11, 8)), t.rng.normal(size=(2 + padding, 5 - stride))
            expected = correlate2d(np.pad(image, padding), kernel, "valid")[::stride, ::stride]
            t.call(conv2d, image, kernel, stride, padding).equals(expected)
    image, kernel = t.rng.random((9, 14)).astype(np.float32), t.rng.random((5, 1)).astype(np.float32)
    t.call(conv2d, image, kernel).equals(correlate2d(image, kernel, "valid"), rtol=1e-4)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## The edges of the ribs
#
# In 1968 Sobel and Feldman proposed a pair of kernels that measure the slope of the brightness, one from left to right, one
# from top to
# bottom. The 1, 2, 1 smooths a little across the slope, so that noise disturbs less:
#
# $$ S_x = \begin{pmatrix} -1 & 0 & 1 \\ -2 & 0 & 2 \\ -1 & 0 & 1 \end{pmatrix}, \qquad
#    S_y = \begin{pmatrix} -1 & -2 & -1 \\ 0 & 0 & 0 \\ 1 & 2 & 1 \end{pmatrix} $$
#
# Here they are on a film, by your `conv2d`. In the two middle pictures grey is 0, white is positive and black negative. The
# last one is the
# length of both together, $\sqrt{g_x^2 + g_y^2}$: how steep, in whatever direction.
# %% [markdown] lang="ja"
# ## 肋骨のエッジ
#
# 1968年に Sobel と Feldman は、明るさの傾きを測る一組のカーネルを提案しました。一つは左から右、もう一つは上から下への傾きです。
# 1、2、1 の並びは、傾きと直角の方向に少し平滑化して、雑音の影響を減らす役目をしています。
#
# $$ S_x = \begin{pmatrix} -1 & 0 & 1 \\ -2 & 0 & 2 \\ -1 & 0 & 1 \end{pmatrix}, \qquad
#    S_y = \begin{pmatrix} -1 & -2 & -1 \\ 0 & 0 & 0 \\ 1 & 2 & 1 \end{pmatrix} $$
#
# 皆さんの `conv2d` で、胸部画像に使ってみましょう。中央の二枚では、灰色が 0、白が正、黒が負です。最後の一枚は、二つを合わせた
# 大きさ $\sqrt{g_x^2 + g_y^2}$ で、向きによらず傾きがどれだけ急かを表します。

# %% role="demo"
films = load_films(size=(192, 192))
film = films.images[min(25, len(films) - 1)]
print(films.source)
convolve = yours_or(library.conv2d)
S_X = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
S_Y = S_X.T
g_x, g_y = np.asarray(convolve(film, S_X)), np.asarray(convolve(film, S_Y))
steepness = np.hypot(g_x, g_y)
_, row = plt.subplots(1, 4, figsize=(14, 4), layout="constrained")
figures.film(row[0], film, L("film", "元の画像"))
figures.film(row[1], g_x, L("left to right: $g_x$", "左から右へ：$g_x$"), -0.5, 0.5)
figures.film(row[2], g_y, L("top to bottom: $g_y$", "上から下へ：$g_y$"), -0.5, 0.5)
figures.film(row[3], steepness, L("steepness", "傾きの大きさ"), 0, 0.5)
figures.show(L("A film, its slope from left to right, from top to bottom, and the steepness: ribs, lung borders and heart are outlined",
               "胸部画像、左右方向の傾き、上下方向の傾き、傾きの大きさ。肋骨、肺野の辺縁、心陰影の輪郭が浮かび上がる"))

# %% [markdown] lang="en"
# The ribs appear in $g_y$: they run across, so the brightness changes from top to bottom. The borders of the mediastinum and
# of the heart appear in
# $g_x$, white where it becomes brighter to the right, black where it becomes darker. No anatomy was programmed: only "right
# minus left" and
# "bottom minus top".
# %% [markdown] lang="ja"
# 肋骨は $g_y$ によく現れます。肋骨は横に走っているので、明るさが上下に変わるからです。縦隔や心臓の辺縁は $g_x$ に現れ、右へ向かって明るくなる
# ところが白、暗くなるところが黒です。解剖の知識は何も教えていません。「右から左を引く」「下から上を引く」だけです。

# %% [markdown] lang="en"
# ### Try it
#
# Choose a kernel and turn the knobs. What does the stride do to thin ribs? What does a large padding leave at the border? And
# compare
# "mean" with "Gaussian-like" while you have them at hand.
# %% [markdown] lang="ja"
# ### 動かしてみよう
#
# カーネルを選び、つまみを動かしてみましょう。ストライドを大きくすると、細い肋骨はどうなるでしょうか。パディングを大きくすると、端に何が残るでしょうか。
# 「平均」と「ガウス風」の違いも見比べてください。

# %% role="explore"
kernels = {L("Sobel, left to right", "Sobel（左から右）"): S_X, L("Sobel, top to bottom", "Sobel（上から下）"): S_Y,
           L("mean 7 x 7", "平均 7 × 7"): np.ones((7, 7)) / 49,
           L("Gaussian-like 5 x 5", "ガウス風 5 × 5"): np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256,
           L("sharpen", "鮮鋭化"): np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
           L("Laplacian", "ラプラシアン"): np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
           L("shift by 8 to the left", "左へ 8 画素ずらす"): np.eye(1, 17, 16)}
half_size = film[::2, ::2]

@interact(name=Dropdown(options=list(kernels), description=L("kernel", "カーネル")),
          stride=IntSlider(1, min=1, max=6, description=L("stride", "ストライド")),
          padding=IntSlider(0, min=0, max=10, description=L("padding", "パディング")))
def slide(name, stride, padding):
    answer = np.asarray(convolve(half_size, kernels[name], stride, padding))
    edges = kernels[name].sum() == 0
    _, row = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
    figures.film(row[0], half_size, " × ".join(map(str, half_size.shape)))
    figures.film(row[1], answer, " × ".join(map(str, answer.shape)), -0.5 if edges else 0, 0.5 if edges else 1)
    figures.show(L("A film and what the chosen kernel, stride and padding make of it", "胸部画像と、選んだカーネル、ストライド、パディングの結果"))

# %% [markdown] lang="en"
# ## Is this really a convolution?
#
# Not in the mathematician's sense. Textbooks turn the kernel by 180° before they lay it on:
#
# $$ (x * k)_{ij} = \sum_a \sum_b x_{i-a,\,j-b}\; k_{ab} $$
#
# What we wrote, without the turn, is called **cross-correlation**. Keras, PyTorch and all the others compute it, too, and call
# it convolution
# all the same. For a network it makes no difference: the weights are learnt, and it would just learn the turned kernel.
#
# It does matter when you compare with other software, such as `scipy.signal.convolve2d`, or with the physics: the blur by a
# point spread function is a true convolution.
# A symmetric kernel cannot tell the two apart. One that can is an F, slid over three white dots:
# %% [markdown] lang="ja"
# ## これは本当に「畳み込み」？
#
# 数学の意味では、実は少し違います。数学の教科書では、カーネルを 180° 回してから重ねます。
#
# $$ (x * k)_{ij} = \sum_a \sum_b x_{i-a,\,j-b}\; k_{ab} $$
#
# 私たちが書いたような、回さないものは**相互相関**と呼ばれます。Keras や PyTorch などのフレームワークも相互相関を計算していますが、それを
# 「畳み込み」と呼んでいます。ネットワークにとっては、どちらでも同じです。重みは学習で決まるので、180° 回った重みを学ぶだけだからです。
#
# 違いが問題になるのは、`scipy.signal.convolve2d` などの別のソフトウェアと結果を比べるときや、物理と結び付けるときです（PSF によるボケは、数学の意味での畳み込みです）。
# 対称なカーネルでは、両者の区別がつきません。区別がつくように、F の形のカーネルを三つの白い点の上で滑らせてみましょう。

# %% role="demo"
F = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]])
dots = np.zeros((17, 25))
dots[[4, 8, 12], [5, 12, 19]] = 1
correlated, convolved = convolve(dots, F, padding=3), convolve(dots, F[::-1, ::-1], padding=3)
figures.films([dots, np.pad(F, 2), correlated, convolved],
              [L("three dots", "三つの点"), L("the kernel", "カーネル"), L("cross-correlation", "相互相関"), L("convolution", "畳み込み（数学）")],
              L("Three dots; an F; cross-correlation draws the F turned by 180 degrees at each dot, convolution draws it upright",
                "三つの点と F の形のカーネル。相互相関では各点に 180° 回った F が、畳み込みでは正しい向きの F が描かれる"))
brighter = np.array([[0, 1, 2, 3, 4]] * 3)
print(L("Sobel on a ramp that rises to the right:", "右へ明るくなる画像に Sobel："), np.ravel(convolve(brighter, S_X)))
print(L("with the kernel turned by 180 degrees:", "カーネルを 180° 回すと："), np.ravel(convolve(brighter, S_X[::-1, ::-1])))

# %% [markdown] lang="en"
# ## Loops against windows
#
# Four nested loops (rows, columns, and the two directions of the kernel) say exactly what happens, but Python takes its time
# over every step.
# NumPy can do all places at once: `sliding_window_view` gives a view of the image with **four** axes, place (2) and pixel in
# the window (2), without
# copying anything, and a single `einsum` multiplies and adds. How much faster?
# %% [markdown] lang="ja"
# ## for 文と「窓」の競争
#
# 四重の for 文（行、列、カーネルの縦と横）は、していることがよく分かりますが、Python は一歩ごとに時間がかかります。NumPy なら、すべての場所を
# まとめて計算できます。`sliding_window_view` は、画像を**四つ**の軸（場所に二つ、窓の中の画素に二つ）で見せてくれます。コピーは作りません。
# あとは `einsum` が一度に掛けて足します。どれくらい速くなるでしょうか。

# %% role="demo"
def by_loops(image, kernel):
    (height, width), (kh, kw) = image.shape, kernel.shape
    answer = np.zeros((height - kh + 1, width - kw + 1))
    for i in range(height - kh + 1):
        for j in range(width - kw + 1):
            for a in range(kh):
                for b in range(kw):
                    answer[i, j] += image[i + a, j + b] * kernel[a, b]
    return answer

def by_windows(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, kernel)

# %% role="demo"
def seconds(function, repeats):
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function(film, blur)
        times.append(time.perf_counter() - started)
    return min(times)

blur = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
slow, fast = seconds(by_loops, 2), seconds(by_windows, 20)
print(L(f"loops {1000 * slow:.0f} ms, windows {1000 * fast:.2f} ms: {slow / fast:.0f} times faster",
        f"for 文 {1000 * slow:.0f} ms、窓 {1000 * fast:.2f} ms：{slow / fast:.0f} 倍の速さ"))
print(L("largest difference of the results:", "結果の最大の差："), np.abs(by_loops(film, blur) - by_windows(film, blur)).max())

# %% [markdown] lang="en"
# The same numbers, at least fifty times sooner. That is why deep learning needs libraries: not because the mathematics is
# hard, but because
# there is so much of it. First write the loops, to be sure what is right; then write the fast version and compare it with them.
# %% [markdown] lang="ja"
# 同じ数が、50倍以上速く得られました。深層学習にライブラリが必要なのは、数学が難しいからではなく、計算の量が多いからです。まず for 文で
# 正しいものを書き、次に速いものを書いて、結果を比べる。これがよい順番です。

# %% [markdown] lang="en"
# ## The same as Keras?
#
# Keras is the library that you will use from unit 06 on. Its `keras.ops.conv` wants films of shape (N, H, W, channels) and
# kernels of shape (kh, kw,
# channels in, channels out); with one of each these are our two tables with axes of length 1. *(The next cell loads Keras,
# which takes some seconds.)*
# %% [markdown] lang="ja"
# ## Keras と同じ結果になる？
#
# Keras は、単元06から使うライブラリです。`keras.ops.conv` は、画像を (N, H, W, チャネル)、カーネルを (kh, kw, 入力チャネル, 出力チャネル) の形で受け取ります。
# 画像もカーネルも一つなら、これまでの表に長さ 1 の軸を付けるだけです。*（次のセルは Keras を読み込むので、数秒かかります。）*

# %% role="demo"
import keras

random = np.random.default_rng(5)
odd_kernel = random.normal(size=(5, 3)).astype("float32")
for step in (1, 2, 3):
    theirs = keras.ops.conv(film[None, :, :, None], odd_kernel[:, :, None, None], strides=step, padding="valid")
    ours = np.asarray(convolve(film, odd_kernel, step))
    difference = np.abs(np.asarray(theirs)[0, :, :, 0] - ours).max()
    print(L(f"stride {step}: {ours.shape}, equal to 1e-5: {difference < 1e-5}",
            f"ストライド {step}：{ours.shape}、1e-5 以内で一致：{difference < 1e-5}"))

# %% [markdown] lang="en"
# The same to the fifth decimal, with an odd-shaped kernel and three strides. What you wrote is what the frameworks compute.
# %% [markdown] lang="ja"
# 変わった形のカーネルでも、三つのストライドでも、小数第5位まで一致しました。皆さんが書いたものは、フレームワークの計算そのものです。

# %% [markdown] lang="en"
# ## Pooling: keep the strongest answer
#
# An edge map says where an edge is, to the pixel. For "is there a rib at all?" that is more than we need, and if the patient
# breathes in a
# little deeper, all the numbers change places. **Max-pooling** puts a window on the map and keeps only the **largest** value:
# *somewhere here there was
# this much of an edge*. The map becomes smaller, and a small shift hardly matters any more.
#
# A window of 2 × 2 that jumps by 2, on 4 × 6 pixels:
#
# $$ \begin{pmatrix} 1 & 2 & 0 & 1 & 3 & 7 \\ 0 & 1 & 3 & 2 & 0 & 4 \\ 2 & 0 & 1 & 1 & 5 & 1 \\ 1 & 3 & 0 & 2 & 2 & 6 \end{pmatrix}
#    \longrightarrow \begin{pmatrix} 2 & 3 & 7 \\ 3 & 2 & 6 \end{pmatrix} $$
# %% [markdown] lang="ja"
# ## プーリング：最も強い反応を残す
#
# エッジの地図は、エッジの位置を1画素の細かさで示します。しかし「肋骨があるかどうか」を知りたいだけなら、それは細かすぎます。患者さんが少し深く
# 息を吸っただけで、数値の場所がすべて変わってしまいます。**最大値プーリング**は、地図に窓を置いて、その中の**最大値**だけを残します。
# 「このあたりのどこかに、これだけのエッジがあった」というわけです。地図は小さくなり、少しのずれはほとんど影響しなくなります。
#
# 4 × 6 画素の上で、2 × 2 の窓を2画素ずつ動かすと、次のようになります。
#
# $$ \begin{pmatrix} 1 & 2 & 0 & 1 & 3 & 7 \\ 0 & 1 & 3 & 2 & 0 & 4 \\ 2 & 0 & 1 & 1 & 5 & 1 \\ 1 & 3 & 0 & 2 & 2 & 6 \end{pmatrix}
#    \longrightarrow \begin{pmatrix} 2 & 3 & 7 \\ 3 & 2 & 6 \end{pmatrix} $$

# %% [markdown] lang="en"
# ### Exercise 3: `max_pool`
#
# From here on our arrays have **four** axes, as in Keras: (N, H, W, C), that is, film, row, column, **channel**. A colour
# picture has three channels; the maps
# of a network are channels, too, and may be many.
#
# Write `max_pool(x, size, stride)`: for each film and each channel separately, the largest value of every window of `size` ×
# `size`. No
# padding; windows that do not fit completely are left out. The size of the result is `output_size(..., size, stride, 0)`.
#
# *Hint: `x[:, 0:2, 2:4, :]` cuts the same window out of all films and channels, and `.max(axis=(1, 2))` takes the maximum over
# rows and columns only.*
# %% [markdown] lang="ja"
# ### 演習3：`max_pool`
#
# ここからは、Keras と同じように**四つ**の軸をもつ配列を使います。(N, H, W, C)、つまり、画像の番号、行、列、**チャネル**です。カラー画像なら
# チャネルは三つです。ネットワークの中の地図もチャネルと呼び、もっとたくさんあることもあります。
#
# `max_pool(x, size, stride)` を書いてください。画像ごと、チャネルごとに、`size` × `size` の窓の最大値を求めます。パディングはせず、
# 全体が収まらない窓は使いません。結果の大きさは `output_size(..., size, stride, 0)` です。
#
# *ヒント：`x[:, 0:2, 2:4, :]` とすると、すべての画像とチャネルから同じ窓を切り出せます。`.max(axis=(1, 2))` は、行と列についてだけ最大値をとります。*

# %% exercise="max_pool"
def max_pool(x, size, stride):
    L("""Return the largest value of each window, film by film and channel by channel.""",
      """画像ごと、チャネルごとに、各窓の最大値を返す。""")
    ### BEGIN SOLUTION
    films, height, width, channels = x.shape
    rows, columns = output_size(height, size, stride, 0), output_size(width, size, stride, 0)
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            result[:, i, j, :] = x[:, top:top + size, left:left + size, :].max(axis=(1, 2))
    return result
    ### END SOLUTION

# %% test="max_pool" points=3
with check("max_pool") as t:
    table = np.array([[1, 2, 0, 1, 3, 7], [0, 1, 3, 2, 0, 4], [2, 0, 1, 1, 5, 1], [1, 3, 0, 2, 2, 6]])
    t.call(max_pool, table[None, :, :, None], 2, 2).equals(np.reshape([[2, 3, 7], [3, 2, 6]], (1, 2, 3, 1)))
    # en: windows that overlap; a column and a row are left over
    # ja: 重なり合う窓。列と行が余る場合
    t.call(max_pool, table[None, :, :, None], 3, 1).equals(np.reshape([[3, 3, 5, 7], [3, 3, 5, 6]], (1, 2, 4, 1)))
    t.call(max_pool, table[None, :, :5, None], 3, 2).equals(np.reshape([[3, 5]], (1, 1, 2, 1)))
    # en: two films with two channels each
    # ja: 画像が二枚、チャネルが二つ
    four = np.stack([np.stack([table, -table], -1), np.stack([table - 20, 10 * table], -1)])
    t.call(max_pool, four, 2, 3).equals([[[[2, 0], [3, 0]]], [[[-18, 20], [-17, 30]]]])
### BEGIN HIDDEN TESTS
with check("max_pool", hidden=True) as t:
    from scipy.ndimage import maximum_filter

    for size, stride in ((2, 2), (3, 2), (2, 1), (3, 3), (2, 3), (4, 1)):
        x = t.rng.normal(-1, 1, (2, 10, 13, 3))
        half, (rows, columns) = size // 2, (11 - size, 14 - size)
        every = maximum_filter(x, (1, size, size, 1))[:, half:half + rows, half:half + columns]
        t.call(max_pool, x, size, stride).equals(every[:, ::stride, ::stride])
### END HIDDEN TESTS

# %% [markdown] lang="en"
# The map of the ribs, pooled with windows of 4 × 4 and of 8 × 8. The patient moved two pixels to the side: how much of the map
# has changed?
# %% [markdown] lang="ja"
# 肋骨のエッジの地図を、4 × 4 と 8 × 8 の窓でプーリングしてみましょう。患者さんが横に2画素ずれたら、地図はどれくらい変わるでしょうか。

# %% role="demo"
pool = yours_or(library.max_pool)
moved_film = np.roll(film, 2, axis=1)
moved = np.hypot(convolve(moved_film, S_X), convolve(moved_film, S_Y))
maps = {L("edge map", "エッジの地図"): (steepness, moved)}
for size in (4, 8):
    both = np.asarray(pool(np.stack([steepness, moved])[..., None], size, size))[..., 0]
    maps[L(f"pooled {size} × {size}", f"{size} × {size} でプーリング")] = both
for name, (before, after) in maps.items():
    change = np.abs(after - before).sum() / before.sum()
    print(L(f"{name}: {before.shape}, changed by {change:.0%}", f"{name}：{before.shape}、変化 {change:.0%}"))
figures.films([before for before, after in maps.values()], list(maps),
              L("The edge map at full size and after pooling by 4 and by 8: coarser and coarser, the outline of the lungs remains",
                "エッジの地図と、4 × 4、8 × 8 でプーリングした地図。粗くなるが、肺野の輪郭は残る"), high=0.9)

# %% [markdown] lang="en"
# The coarser the map, the less it minds the shift. The price: where exactly the edge was, is lost. (The U-Net of unit 09,
# which must draw
# borders to the pixel, has a remedy for that.)
# %% [markdown] lang="ja"
# 地図が粗いほど、ずれの影響は小さくなります。その代わり、エッジの正確な位置は失われます（辺縁を1画素の細かさで描く単元09の U-Net には、これを補う工夫があります）。

# %% [markdown] lang="en"
# ## Smoothing: the Gaussian kernel
#
# A kernel whose weights are all positive and **add up to 1** takes a weighted mean of the neighbourhood: noise is averaged
# away, and the mean
# brightness stays. With equal weights square windows leave blocky traces. Better: the nearer a pixel, the more it counts. The
# bell curve of Gauss does that,
#
# $$ g(r) = e^{-\frac{r^2}{2\sigma^2}}, \qquad r^2 = (\text{rows from the centre})^2 + (\text{columns from the centre})^2 $$
#
# $\sigma$ (sigma) is in pixels: the larger, the wider the bell. For $\sigma \approx 0.85$ a step to the side halves the
# weight; a diagonal step ($r^2 = 2$) quarters it:
#
# $$ \begin{pmatrix} \tfrac14 & \tfrac12 & \tfrac14 \\ \tfrac12 & 1 & \tfrac12 \\ \tfrac14 & \tfrac12 & \tfrac14 \end{pmatrix} \div 4 =
#    \frac{1}{16}\begin{pmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{pmatrix} $$
#
# The 4 is the sum of the left table. Dividing by the sum, whatever it may be, is called **normalising**.
# %% [markdown] lang="ja"
# ## 平滑化：ガウシアンカーネル
#
# 重みがすべて正で、**合計が 1** のカーネルは、近所の重み付き平均をとります。雑音はならされ、平均の明るさは変わりません。重みがすべて等しいと、
# 四角い窓の跡が残ります。近い画素ほど重みを大きくするほうが自然です。それには、ガウスの釣り鐘形の曲線を使います。
#
# $$ g(r) = e^{-\frac{r^2}{2\sigma^2}}, \qquad r^2 = (\text{中心からの行の差})^2 + (\text{中心からの列の差})^2 $$
#
# $\sigma$（シグマ）の単位は画素で、大きいほど広がります。$\sigma \approx 0.85$ なら、横に1画素離れると重みは半分、斜めに1画素（$r^2 = 2$）離れると4分の1です。
#
# $$ \begin{pmatrix} \tfrac14 & \tfrac12 & \tfrac14 \\ \tfrac12 & 1 & \tfrac12 \\ \tfrac14 & \tfrac12 & \tfrac14 \end{pmatrix} \div 4 =
#    \frac{1}{16}\begin{pmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{pmatrix} $$
#
# 4 で割っているのは、左の表の合計が 4 だからです。このように合計で割って 1 にすることを、**正規化**と呼びます。

# %% [markdown] lang="en"
# ### Exercise 4: `gaussian_kernel`
#
# Write `gaussian_kernel(sigma, size)`. `size` is odd, and the result has shape (size, size). Take the value of $g$ at the
# centre of each pixel and divide the
# whole table by its sum.
#
# *Hint: `d = np.arange(size) - size // 2` gives ..., -1, 0, 1, ...; `d[:, None]` is this list as a column, `d[None, :]` as a
# row, and column plus
# row makes a table. Two `for` loops are just as good.*
# %% [markdown] lang="ja"
# ### 演習4：`gaussian_kernel`
#
# `gaussian_kernel(sigma, size)` を書いてください。`size` は奇数で、結果の形は (size, size) です。各画素の中心での $g$ の値を求め、最後に表全体を
# その合計で割ります。
#
# *ヒント：`d = np.arange(size) - size // 2` で …、-1、0、1、… が得られます。`d[:, None]` は縦に、`d[None, :]` は横に並べたもので、足すと表になります。
# `for` 文を二つ重ねて書いてもかまいません。*

# %% exercise="gaussian_kernel"
def gaussian_kernel(sigma, size):
    L("""Return a Gaussian kernel of size x size, its values adding up to 1.""",
      """大きさ size × size で、合計が 1 のガウシアンカーネルを返す。""")
    ### BEGIN SOLUTION
    d = np.arange(size) - size // 2
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum()
    ### END SOLUTION

# %% test="gaussian_kernel" points=3
with check("gaussian_kernel") as t:
    # en: with this sigma each step from the centre halves, and 2 steps are worth 1/16
    # ja: この sigma では、中心から1画素離れると半分、2画素離れると16分の1になる
    sigma = 1 / np.sqrt(2 * np.log(2))
    t.call(gaussian_kernel, sigma, 3).equals(np.outer([1, 2, 1], [1, 2, 1]) / 16)
    t.call(gaussian_kernel, sigma, 5).equals(np.outer([1, 8, 16, 8, 1], [1, 8, 16, 8, 1]) / 34 ** 2)
    line = [1, 2 ** 0.75, 2, 2 ** 0.75, 1]
    t.call(gaussian_kernel, 2 * sigma, 5).equals(np.outer(line, line) / sum(line) ** 2)
### BEGIN HIDDEN TESTS
with check("gaussian_kernel", hidden=True) as t:
    from scipy.signal.windows import gaussian

    for size in (1, 3, 7, 9, 15):
        sigma = float(t.rng.uniform(0.4, 4))
        expected = np.outer(gaussian(size, sigma), gaussian(size, sigma))
        t.call(gaussian_kernel, sigma, size).equals(expected / expected.sum())
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### What it does to noise
#
# A weighted mean of independent noise has a smaller standard deviation, by the factor $\sqrt{\sum k^2}$. We add noise to the
# film, as if the dose had been
# too low, and let your kernel of $\sigma = 1$ smooth it.
# %% [markdown] lang="ja"
# ### 雑音はどうなるか
#
# 独立な雑音を重み付き平均すると、標準偏差は $\sqrt{\sum k^2}$ 倍に小さくなります。線量が足りなかったと考えて画像に雑音を加え、$\sigma = 1$ の
# カーネルで平滑化してみましょう。

# %% role="demo"
bell = yours_or(library.gaussian_kernel)
kernel = np.asarray(bell(1, 7))
noise = np.random.default_rng(5).normal(0, 0.05, film.shape)
noisy = film + noise
smoothed = np.asarray(convolve(noisy, kernel, padding=3))
left_over = np.asarray(convolve(noise, kernel)).std()
print(L(f"noise: {noise.std():.4f} before, {left_over:.4f} after", f"雑音の標準偏差：前 {noise.std():.4f}、後 {left_over:.4f}"))
print(L(f"measured factor {left_over / noise.std():.3f}, by the formula {np.sqrt(np.sum(kernel ** 2)):.3f}",
        f"測った比 {left_over / noise.std():.3f}、式による比 {np.sqrt(np.sum(kernel ** 2)):.3f}"))
part = slice(95, 165), slice(10, 100)
figures.films([film[part], noisy[part], smoothed[part]],
              [L("film (part)", "元の画像（一部）"), L("with noise", "雑音を加えた画像"), L("smoothed, $\\sigma$ = 1", "平滑化（$\\sigma$ = 1）")],
              L("Part of a film, with noise, and smoothed: the noise is weaker, the ribs are softer", "画像の一部、雑音を加えたもの、平滑化したもの。雑音は弱まるが、肋骨もぼける"))

# %% [markdown] lang="en"
# Not for nothing: the ribs have become softer, too. A small kernel cannot know what is noise and what is a fine line.
# %% [markdown] lang="ja"
# ただでは済みません。肋骨の輪郭も甘くなっています。小さなカーネルには、どれが雑音で、どれが細い線なのか、区別がつかないのです。

# %% [markdown] lang="en"
# ### Sharpening with a blurred film: unsharp masking
#
# Photographers knew the trick before there were computers: subtract a **blurred** copy, and what remains are the details. Add
# them back, amplified:
#
# $$ \text{sharp} = x + a\,(x - \text{blurred } x) $$
#
# Because everything here is multiplying and adding, the whole procedure is again a **single** kernel, with a large positive
# weight in the centre and small negative ones
# around it: $(1 + a)\,\delta - a\,g$. ($\delta$ is the kernel with a single 1 in the middle, which changes nothing.) Unit 15
# takes it to the clinic.
# %% [markdown] lang="ja"
# ### ぼかした画像で鮮鋭にする：ボケマスク処理
#
# コンピュータのない時代から、写真の世界で知られていた方法です。**ぼかした**画像を元の画像から引くと、細かい構造だけが残ります。それを強めて足し戻します。
#
# $$ \text{鮮鋭化した画像} = x + a\,(x - \text{ぼかした } x) $$
#
# ここまでの計算は掛け算と足し算だけなので、全体をまた**一つ**のカーネルにまとめられます。中央に大きな正の重み、周りに小さな負の重みをもつ、
# $(1 + a)\,\delta - a\,g$ です（$\delta$ は中央だけが 1 のカーネルで、画像を変えません）。臨床での使い方は、単元15で学びます。

# %% role="demo"
amount = 2
blurred = np.asarray(convolve(film, bell(2, 13), padding=6))
sharp = film + amount * (film - blurred)
_, row = plt.subplots(1, 4, figsize=(14, 4), layout="constrained")
figures.film(row[0], film, L("film", "元の画像"))
figures.film(row[1], blurred, L("blurred, $\\sigma$ = 2", "ぼかした画像（$\\sigma$ = 2）"))
figures.film(row[2], film - blurred, L("difference (grey: 0)", "差（灰色が 0）"), -0.1, 0.1)
figures.film(row[3], sharp, L(f"film + {amount} × difference", f"元の画像 + {amount} × 差"))
figures.show(L("A film, the blurred film, their difference, and the film sharpened by it", "元の画像、ぼかした画像、その差、差を足して鮮鋭化した画像"))

# %% role="demo"
delta = np.zeros((13, 13))
delta[6, 6] = 1
together = (1 + amount) * delta - amount * np.asarray(bell(2, 13))
one_step = np.asarray(convolve(half_size, together, padding=6))
two_steps = half_size + amount * (half_size - np.asarray(convolve(half_size, bell(2, 13), padding=6)))
print(L("one kernel or two steps, same to 1e-6:", "カーネル一つと二段階の計算、1e-6 以内で一致："), np.abs(one_step - two_steps).max() < 1e-6)
print(L(f"sum of its weights {together.sum():.3f}, noise times {np.sqrt(np.sum(together ** 2)):.2f}",
        f"重みの合計 {together.sum():.3f}、雑音は {np.sqrt(np.sum(together ** 2)):.2f} 倍"))
rows = np.arange(105, 165)
plt.plot(rows, sharp[rows, 60], "-", color=figures.ORANGE, label=L("sharpened", "鮮鋭化"))
plt.plot(rows, film[rows, 60], "--", color=figures.BLUE, label=L("film", "元の画像"))
plt.xlabel(L("row (pixel), column 60", "行（画素）、列 60"))
plt.ylabel(L("pixel value", "画素値"))
plt.legend()
figures.show(L("Profile down through lower ribs and diaphragm: after sharpening the swings are larger and overshoot at the diaphragm",
               "下部の肋骨から横隔膜へ向かうプロファイル。鮮鋭化すると振れが大きくなり、横隔膜のところで行き過ぎる"))

# %% [markdown] lang="en"
# Two warnings that every technologist knows from the console. Beside a strong edge the sharpened curve **overshoots**: a dark
# or bright rim that is
# not in the patient. And noise is amplified along with the ribs. The bright rim where the film reaches its border, most of all
# at the bottom, has another cause: the padding. Outside the film are
# zeros, the blur draws them in, and the difference exaggerates that.
# %% [markdown] lang="ja"
# コンソールでおなじみの注意が二つあります。強いエッジのそばで曲線が**行き過ぎ**て、患者さんの体にはない黒い縁や白い縁が現れること。そして、肋骨と一緒に
# 雑音も強調されることです。画像の端、特に下端が明るく縁取られていますが、これには別の原因があります。パディングです。画像の外側は 0 なので、ぼかすと端が暗くなり、
# 差をとるとそれが強調されます。

# %% [markdown] lang="en"
# ## A layer: many kernels through many channels
#
# A convolutional layer of a network is what you have written, with three additions:
#
# * **several kernels** at once. Each makes a map of its own, a **feature map**: one for edges to the right, one for edges
#   downwards, ... With `Co` kernels there are `Co`
#   output channels;
# * **several input channels**. A kernel reaches through all of them: it has a table for each input channel, and the products
#   are added up over rows, columns **and** channels;
# * a **bias** for each kernel, added once to every value of its map.
#
# | | shape | the first layer of LeNet |
# |---|---|---|
# | `x` films | (N, H, W, Ci) | Ci = 1 |
# | `w` weights | (kh, kw, Ci, Co) | (5, 5, 1, 6) |
# | `b` biases | (Co,) | (6,) |
# | result | (N, Ho, Wo, Co) | 6 feature maps |
#
# So that first layer has $5 \cdot 5 \cdot 1 \cdot 6 + 6 = 156$ numbers to learn, for a film of any size. Fully connected, a
# **single** neuron would need 36,865 for our film.
# %% [markdown] lang="ja"
# ## 畳み込み層：たくさんのカーネルを、たくさんのチャネルに
#
# ネットワークの畳み込み層は、皆さんが書いたものに三つのことを加えたものです。
#
# * **いくつものカーネル**を同時に使います。カーネルごとに一枚の地図、**特徴マップ**ができます。右向きのエッジの地図、下向きのエッジの地図、という具合です。
#   カーネルが `Co` 個なら、出力のチャネルも `Co` 個です。
# * **いくつもの入力チャネル**を受け取ります。カーネルは入力チャネルごとに表をもち、積は行、列、そして**チャネル**についても足し合わせます。
# * カーネルごとに**バイアス**が一つあり、その特徴マップのすべての値に一度だけ足します。
#
# | | 形 | LeNet の最初の層では |
# |---|---|---|
# | `x` 画像 | (N, H, W, Ci) | Ci = 1 |
# | `w` 重み | (kh, kw, Ci, Co) | (5, 5, 1, 6) |
# | `b` バイアス | (Co,) | (6,) |
# | 結果 | (N, Ho, Wo, Co) | 特徴マップ6枚 |
#
# この最初の層で学習する数は $5 \cdot 5 \cdot 1 \cdot 6 + 6 = 156$ 個で、画像の大きさによりません。すべての画素をつなぐ（全結合の）ニューロンなら、この画像では
# **一つ**だけで 36,865 個必要です。

# %% [markdown] lang="en"
# ### Exercise 5 (optional): `conv2d_layer`
#
# *The points of this exercise are a bonus.* Write `conv2d_layer(x, w, b, stride=1, padding=0)`. Only rows and columns are
# padded, not films and channels:
#
# ```python
# padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
# ```
#
# *Hint: a window of all films is `padded[:, top:top + kh, left:left + kw, :]`, shape (N, kh, kw, Ci).
# `np.tensordot(window, w, 3)` multiplies and adds up over three axes: the last
# three of the window and the first three of `w`. What remains has shape (N, Co). Or add up calls of your `conv2d`, film by
# film and channel by channel.*
# %% [markdown] lang="ja"
# ### 演習5（発展）：`conv2d_layer`
#
# *発展の演習です。得点はボーナスとして加算されます。* `conv2d_layer(x, w, b, stride=1, padding=0)` を書いてください。パディングするのは行と列だけで、
# 画像の軸とチャネルの軸には付けません。
#
# ```python
# padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
# ```
#
# *ヒント：全画像の一つの窓は `padded[:, top:top + kh, left:left + kw, :]` で、形は (N, kh, kw, Ci) です。
# `np.tensordot(window, w, 3)` は、窓の最後の三つの軸と
# `w` の最初の三つの軸について掛けて足し、形 (N, Co) の結果を返します。画像ごと、チャネルごとに `conv2d` を呼んで足し合わせてもかまいません。*

# %% exercise="conv2d_layer"
def conv2d_layer(x, w, b, stride=1, padding=0):
    L("""Return what a convolutional layer with the weights w and the biases b makes of the films x.""",
      """重み w とバイアス b をもつ畳み込み層の、画像 x に対する出力を返す。""")
    ### BEGIN SOLUTION
    kh, kw, _, features = w.shape
    rows = output_size(x.shape[1], kh, stride, padding)
    columns = output_size(x.shape[2], kw, stride, padding)
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    result = np.zeros((len(x), rows, columns, features))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3) + b
    return result
    ### END SOLUTION

# %% test="conv2d_layer" points=4
with check("conv2d_layer") as t:
    # en: one film, 3 x 4 pixels, 2 channels, and 3 kernels of 2 x 2; the expected values are from Keras
    # ja: 画像1枚、3 × 4 画素、2チャネル。2 × 2 のカーネルが三つ。期待する値は Keras で計算
    x = np.array([[[[1, 0], [2, 1], [0, 3], [1, 1]], [[0, 2], [1, 0], [3, 1], [2, 2]], [[2, 1], [0, 0], [1, 4], [3, 1]]]])
    w = np.array([[[[1, 0, 2], [0, 1, -1]], [[0, 3, 1], [-1, 0, 0]]], [[[2, 1, 0], [1, 0, 3]], [[0, -2, 1], [1, 1, 0]]]])
    b = np.array([0.5, -1, 10])
    t.call(conv2d_layer, x, w, b).equals([[[[2.5, 3, 21], [2.5, -4, 16], [8.5, 6, 13]], [[5.5, 6, 12], [4.5, 10, 16], [8.5, 2, 32]]]])
    t.call(conv2d_layer, x, w, b, stride=2).equals([[[[2.5, 3, 21], [8.5, 6, 13]]]])
    first = [[0.5, 3.5, 8.5, 4.5, 3.5], [2.5, 2.5, 2.5, 8.5, 7.5], [-0.5, 5.5, 4.5, 8.5, 9.5], [-0.5, 2.5, -3.5, 0.5, 3.5]]
    t.call(conv2d_layer, x, w[..., :1], b[:1], padding=1).equals(np.reshape(first, (1, 4, 5, 1)))
    t.call(conv2d_layer, np.concatenate([x, 2 * x]), w, b, 2, 1).equals([
        [[[0.5, -3, 11], [8.5, 4, 13], [3.5, 0, 13]], [[-0.5, -4, 12], [4.5, 10, 16], [9.5, 4, 15]]],
        [[[0.5, -5, 12], [16.5, 9, 16], [6.5, 1, 16]], [[-1.5, -7, 14], [8.5, 21, 22], [18.5, 9, 20]]]])
### BEGIN HIDDEN TESTS
with check("conv2d_layer", hidden=True) as t:
    from scipy.signal import correlate2d

    for stride in (1, 2, 3):
        for padding in (0, 1, 2):
            x, w = t.rng.normal(size=(2, 7, 9, 3)), t.rng.normal(size=(4 - stride, 2, 3, 4))
            b = t.rng.normal(size=4)
            maps = [[sum(correlate2d(np.pad(film[:, :, c], padding), w[:, :, c, o], "valid") for c in range(3)) + b[o]
                     for o in range(4)] for film in x]
            expected = np.moveaxis(maps, 1, 3)[:, ::stride, ::stride]
            t.call(conv2d_layer, x, w, b, stride, padding).equals(expected)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## From the visual cortex to LeNet
#
# **1962, Hubel and Wiesel.** In the visual cortex of the cat they find *simple cells*, which answer to an edge or a bar of one
# direction at one place, and *complex cells*, which
# answer to the same direction wherever it lies within a small area.
#
# **1980, Fukushima**, at the NHK Broadcasting Science Research Laboratories in Tokyo, builds the **neocognitron** from just
# these two: layers of S-cells, which look through a small window with
# *the same weights everywhere*, and layers of C-cells, which forgive small shifts. Several such pairs, one behind the other,
# recognise written characters even when they are moved
# or deformed. In our words: convolution, pooling, convolution, pooling. It organised itself, without a teacher;
# backpropagation was not yet in common use.
#
# **1989 to 1998, LeCun and colleagues** let backpropagation find the kernels. **LeNet-5** read the amounts on millions of bank
# cheques. (It pooled by averaging; the maximum came into fashion later.)
# As early as 1995, Lo and colleagues had a convolutional network look for nodules in chest films.
#
# Let us build a tiny neocognitron **by hand**. Its first layer has four kernels, edges in four directions; then negative
# values are set to 0 (the ReLU, an activation function) and the maps are
# pooled. The kernels of the second layer look at those four maps *together*:
#
# * a **dome**: "brighter below" along a row;
# * a **bright band**: "brighter to the right" on its left side *and* "brighter to the left" on its right side;
# * a **dark band**: the other way round.
# %% [markdown] lang="ja"
# ## 視覚野から LeNet まで
#
# **1962年、Hubel と Wiesel。** 猫の視覚野に、特定の場所の特定の向きのエッジや棒に反応する*単純型細胞*と、同じ向きなら少し場所がずれても反応する*複雑型細胞*を見つけました。
#
# **1980年、福島邦彦。** 東京の NHK 放送科学基礎研究所で、この二種類の細胞をもとに**ネオコグニトロン**を作りました。小さな窓から*どこでも同じ重みで*見る S 細胞の層と、小さなずれを許す
# C 細胞の層。この組を何段も重ねると、手書き文字が動いたり変形したりしても認識できます。今の言葉でいえば、畳み込み、プーリング、畳み込み、プーリングです。
# 誤差逆伝播法がまだ広まっていないころで、教師なしの自己組織化で学習しました。
#
# **1989年から1998年、LeCun ら。** カーネルを誤差逆伝播法で学習させました。**LeNet-5** は、何百万枚もの小切手の金額を読み取りました（プーリングは平均でした。最大値が広まったのは後のことです）。
# 1995年には、Lo らがすでに、畳み込みネットワークで胸部画像から結節影を探しています。
#
# 小さなネオコグニトロンを、**手作り**してみましょう。第1層は、四つの向きのエッジを見つける四つのカーネルです。続いて、負の値を 0 にし（ReLU という活性化関数です）、プーリングします。
# 第2層のカーネルは、その四枚の地図を*まとめて*見ます。
#
# * **ドーム**：横一列に「下が明るい」が並ぶところ
# * **明るい帯**：左側に「右が明るい」、*しかも*右側に「左が明るい」があるところ
# * **暗い帯**：その反対

# %% role="demo"
layer = yours_or(library.conv2d_layer)
rise = np.outer([-1, -1, 0, 1, 1], [1, 2, 3, 2, 1]) / 9
first = np.stack([rise, -rise, rise.T, -rise.T], axis=-1)[:, :, None, :]
BELOW, ABOVE, RIGHT, LEFT = range(4)
second = np.zeros((5, 15, 4, 3))
second[1:4, 3:12, BELOW, 0] = 1 / 9
second[:, :5, RIGHT, 1] = second[:, 10:, LEFT, 1] = 1 / 5
second[:, :5, LEFT, 2] = second[:, 10:, RIGHT, 2] = 1 / 5

def see(films):
    edges = np.maximum(layer(films[..., None], first, np.full(4, -0.12)), 0)
    coarse = np.minimum(pool(edges, 4, 4), 0.5)
    return coarse, np.maximum(layer(coarse, second, np.array([-0.25, -0.4, -0.4])), 0)

# %% role="demo"
coarse, parts = see(film[None])
print(film.shape, "→", coarse.shape[1:], "→", parts.shape[1:])
_, grid = plt.subplots(2, 4, figsize=(12, 6.4), layout="constrained")
names = (L("brighter below", "下が明るい"), L("brighter above", "上が明るい"), L("brighter right", "右が明るい"), L("brighter left", "左が明るい"),
         L("dome", "ドーム"), L("bright band", "明るい帯"), L("dark band", "暗い帯"))
figures.film(grid[1, 0], film, L("the film", "元の画像"))
for axes, feature_map, name in zip([*grid[0], *grid[1, 1:]], [*np.moveaxis(coarse[0], -1, 0), *np.moveaxis(parts[0], -1, 0)], names):
    figures.film(axes, feature_map, name, 0, 0.5)
figures.show(L("Above, four feature maps of edges; below, the film and three maps of the second layer, which answer at the domes of the diaphragm, the mediastinum and the lungs",
               "上段はエッジの特徴マップ四枚。下段は元の画像と第2層の三枚で、横隔膜のドーム、縦隔、肺野に反応している"))

# %% [markdown] lang="en"
# The first layer knows edges, the second already knows something like anatomy: the domes of the diaphragm, the mediastinum as
# a bright band, and each lung as a dark band. Look closely, though: the
# side marker shouts in the corner, and the chest wall beside the lung is a bright band, too. We chose
# $3 \cdot 5 \cdot 15 \cdot 4 + 4 \cdot 25 = 1000$ weights by hand, for one exposure and one size of film. LeNet's idea
# is to let the films choose them.
# %% [markdown] lang="ja"
# 第1層が知っているのはエッジだけですが、第2層はもう、解剖のようなものを知っています。横隔膜のドーム、明るい帯としての縦隔、暗い帯としての左右の肺です。ただし、よく見てください。
# 隅では左右マーカーが強く反応し、肺の外側の胸壁も「明るい帯」になっています。ここでは $3 \cdot 5 \cdot 15 \cdot 4 + 4 \cdot 25 = 1000$ 個の重みを、ある露出条件、
# ある大きさの画像に合わせて手で決めました。
# それを画像に決めさせるのが、LeNet の考え方です。

# %% [markdown] lang="en"
# ## How a kernel learns
#
# To learn by gradient descent (unit 03), a layer has to pass the gradient on. Say the loss changes by `dout` for each of the
# layer's outputs. How does it change with the inputs, the weights and the bias? Take the smallest example, a row of three
# pixels and a kernel of two:
#
# $$ x = (1, 2, 4), \quad w = (5, 7): \qquad y_0 = 5 \cdot 1 + 7 \cdot 2 = 19, \quad y_1 = 5 \cdot 2 + 7 \cdot 4 = 38 $$
#
# and let $\text{dout} = (10, 1)$.
#
# * **Pixels.** Each pixel gets back, from every window it lay in, `dout` times the weight that lay on it:
#   $dx = (5 \cdot 10,\ 7 \cdot 10 + 5 \cdot 1,\ 7 \cdot 1) = (50, 75, 7)$. Where windows overlap, the shares
#   add up.
# * **Weights.** A weight works at every place, and gets from each `dout` times the pixel under it:
#   $dw = (10 \cdot 1 + 1 \cdot 2,\ 10 \cdot 2 + 1 \cdot 4) = (12, 24)$.
# * **Bias.** It is added everywhere: $db = 10 + 1 = 11$.
# %% [markdown] lang="ja"
# ## カーネルはどうやって学ぶのか
#
# 勾配降下法（単元03）で学ぶには、層が勾配を受け渡す必要があります。層の出力それぞれについて、損失の勾配 `dout` が分かっているとします。入力、重み、バイアスについての勾配はどうなるでしょうか。
# 最も小さな例として、3画素の行と、大きさ 2 のカーネルを考えます。
#
# $$ x = (1, 2, 4), \quad w = (5, 7): \qquad y_0 = 5 \cdot 1 + 7 \cdot 2 = 19, \quad y_1 = 5 \cdot 2 + 7 \cdot 4 = 38 $$
#
# $\text{dout} = (10, 1)$ とします。
#
# * **画素。** どの画素も、自分が入っていたすべての窓から「`dout` × 自分に掛かった重み」を受け取ります。
#   $dx = (5 \cdot 10,\ 7 \cdot 10 + 5 \cdot 1,\ 7 \cdot 1) = (50, 75, 7)$ です。
#   窓が重なるところでは、分け前を足し合わせます。
# * **重み。** 重みはすべての場所で使われるので、場所ごとの「`dout` × その下の画素」を足し合わせます。
#   $dw = (10 \cdot 1 + 1 \cdot 2,\ 10 \cdot 2 + 1 \cdot 4) = (12, 24)$ です。
# * **バイアス。** すべての場所に足されるので、$db = 10 + 1 = 11$ です。

# %% [markdown] lang="en"
# ### Exercise 6 (optional): `conv2d_backward`
#
# *The points of this exercise are a bonus.* Write `conv2d_backward(dout, x, w, stride, padding)` for the layer of exercise 5
# and return `dx, dw, db` in the shapes of `x`, `w` and `b`. Pad `x` as before, go through the same windows, and
# at each place add both shares with `+=`: to `dw`, and to the window's part of an array of zeros as large as the padded films.
# At the end cut the padding off: from `padding` to `padding + H`. Pixels that no window covers keep 0.
#
# *Hint: with `g = dout[:, i, j, :]` of shape (N, Co), `np.tensordot(window, g, (0, 0))` adds up over the films and has the
# shape of `w`; `np.tensordot(g, w, (1, 3))` adds up over the kernels and has the shape of the window.*
# %% [markdown] lang="ja"
# ### 演習6（発展）：`conv2d_backward`
#
# *発展の演習です。得点はボーナスとして加算されます。* 演習5の層について `conv2d_backward(dout, x, w, stride, padding)` を書き、`dx, dw, db` を、
# それぞれ `x`、`w`、`b` と同じ形で返してください。
# `x` に前と同じパディングを付け、同じ窓を順に見ながら、場所ごとの二つの分け前を `+=` で足していきます。一つは `dw` へ、もう一つは、パディング後の画像と同じ大きさの 0 の配列の、窓の部分へ足します。
# 最後に、`padding` から `padding + H` までを切り出して、パディングを取り除きます。どの窓にも入らない画素は 0 のままです。
#
# *ヒント：`g = dout[:, i, j, :]`（形は (N, Co)）とすると、`np.tensordot(window, g, (0, 0))` は画像について足し合わせ、`w` と同じ形になります。
# `np.tensordot(g, w, (1, 3))` はカーネルについて足し合わせ、
# 窓と同じ形になります。*

# %% exercise="conv2d_backward"
def conv2d_backward(dout, x, w, stride, padding):
    L("""Return the gradients dx, dw and db, given the gradient dout at the layer's output.""",
      """層の出力での勾配 dout から、勾配 dx、dw、db を求めて返す。""")
    ### BEGIN SOLUTION
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2))
    ### END SOLUTION

# %% test="conv2d_backward" points=4
with check("conv2d_backward") as t:
    names = ("dx", "dw", "db")
    # en: 1 film, 1 x 3 pixels, one kernel (5, 7): worked out by hand above
    # ja: 画像1枚、1 × 3 画素、カーネルは (5, 7) 一つ。上で手計算した例
    x, w = np.reshape([1.0, 2, 4], (1, 1, 3, 1)), np.reshape([5.0, 7], (1, 2, 1, 1))
    dout = np.reshape([10.0, 1], (1, 1, 2, 1))
    t.call(conv2d_backward, dout, x, w, 1, 0).equals(
        (np.reshape([50, 75, 7], (1, 1, 3, 1)), np.reshape([12, 24], (1, 2, 1, 1)), [11]), names=names)
    # en: 2 films of 3 x 4 pixels, 2 kernels of 2 x 2; the expected values are from Keras and TensorFlow
    # ja: 画像2枚（3 × 4 画素）と 2 × 2 のカーネル二つ。期待する値は Keras と TensorFlow で計算
    x = np.reshape([1.0, 0, 2, 1, 3, 1, 0, 2, 0, 2, 1, 1, 0, 1, 1, 3, 2, 0, 1, 0, 1, 1, 2, 0], (2, 3, 4, 1))
    w = np.reshape([1.0, 0, 2, -1, 0, 3, 1, 1], (2, 2, 1, 2))
    d = np.reshape([1.0, 2, 0, 0, 1, 3, 2, 0, 1, 1, 1, 0], (2, 2, 3))
    dout = np.stack([d, 1 - 2 * d[::-1, :, ::-1]], -1)
    dx = [0, 3, 3, -9, -1, 1, 3, 3, 1, -3, 0, -3, 3, -9, -3, -3, 7, 1, 3, 0, -4, -3, 0, 3]
    t.call(conv2d_backward, dout, x, w, 2, 1).equals(
        (np.reshape(dx, x.shape), np.reshape([7, -3, 3, -8, 9, -13, 9, -10], w.shape), [12, -12]), names=names)
    dx = [1, 3, 0, 0, -3, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0]
    t.call(conv2d_backward, dout[:, :1, :1], x, w, 3, 0).equals(
        (np.reshape(dx, x.shape), np.reshape([1, -1, 2, 1, 7, -1, 1, -1], w.shape), [3, 0]), names=names)
### BEGIN HIDDEN TESTS
with check("conv2d_backward", hidden=True) as t:
    def loss(x, w, b, dout, stride, padding):
        padded = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[:2], (1, 2))[:, ::stride, ::stride]
        return np.sum((np.einsum("nrcdij,ijdo->nrco", windows, w) + b) * dout)

    def slope(case, which, *rest):
        def at(change):
            return loss(*case[:which], case[which] + change, *case[which + 1:], *rest)
        steps = np.eye(case[which].size).reshape(-1, *case[which].shape) / 2
        return np.reshape([at(e) - at(-e) for e in steps], case[which].shape)

    for stride, padding in ((1, 0), (1, 2), (2, 0), (2, 1), (3, 1), (3, 0)):
        x, w, b = t.rng.normal(size=(2, 6, 5, 2)), t.rng.normal(size=(3, 2, 2, 3)), np.zeros(3)
        rows, columns = (6 + 2 * padding - 3) // stride + 1, (5 + 2 * padding - 2) // stride + 1
        dout = t.rng.normal(size=(2, rows, columns, 3))
        expected = tuple(slope((x, w, b), which, dout, stride, padding) for which in range(3))
        t.call(conv2d_backward, dout, x, w, stride, padding).equals(expected)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### Can it find Sobel's kernel?
#
# We show a layer with a single kernel four small pictures of pure noise, together with what Sobel's $S_x$ makes of them, and
# tell it nothing else. It starts from zeros. The loss is half the mean squared
# difference, so `dout` is (answer − wanted) / number of values. Forty steps of gradient descent with your functions:
# %% [markdown] lang="ja"
# ### Sobel のカーネルを見つけられるか
#
# カーネルが一つだけの層に、雑音だけの小さな画像を四枚と、それに Sobel の $S_x$ を使った結果を見せます。ほかには何も教えません。重みは 0 から始めます。損失は差の2乗の平均の半分なので、`dout` は
# （答え − 目標）÷ 値の個数 です。皆さんの関数で、勾配降下法を40回繰り返します。

# %% role="demo"
back = yours_or(library.conv2d_backward)
noise_films = np.random.default_rng(5).normal(size=(4, 20, 16, 1))
wanted = np.asarray(layer(noise_films, S_X[:, :, None, None], np.zeros(1)))
guess, bias, losses, snapshots = np.zeros((3, 3, 1, 1)), np.zeros(1), [], []
for _ in range(40):
    error = np.asarray(layer(noise_films, guess, bias)) - wanted
    losses.append(np.mean(error ** 2) / 2)
    snapshots.append(guess[:, :, 0, 0])
    _, slope_w, slope_b = back(error / error.size, noise_films, guess, 1, 0)
    guess, bias = guess - 0.5 * np.asarray(slope_w), bias - 0.5 * np.asarray(slope_b)
print(np.round(guess[:, :, 0, 0], 2) + 0)

# %% role="demo"
_, row = plt.subplots(1, 5, figsize=(14, 3.2), layout="constrained")
row[0].semilogy(losses)
row[0].set(xlabel=L("step", "ステップ"), ylabel=L("loss", "損失"))
for axes, step in zip(row[1:], (1, 3, 8, 39)):
    axes.imshow(snapshots[step], cmap="PuOr_r", vmin=-2.5, vmax=2.5)
    for (i, j), weight in np.ndenumerate(snapshots[step]):
        axes.text(j, i, f"{weight:.2f}", ha="center", va="center", color="white" if abs(weight) > 1.5 else "black")
    axes.set(xticks=[], yticks=[], title=L(f"after {step} steps", f"{step} ステップ後"))
figures.show(L("The loss falls, and the nine weights turn from zero into Sobel's kernel", "損失が下がり、九つの重みが 0 から Sobel のカーネルに変わっていく"))

# %% [markdown] lang="en"
# It has found Sobel's kernel without having been shown it. In a real network nobody supplies the wanted map of a layer, only
# the answer at the very end; `dx` carries the gradient back from layer to layer until it arrives here.
# %% [markdown] lang="ja"
# 見せていないはずの Sobel のカーネルが見つかりました。実際のネットワークでは、途中の層の目標を与えてくれる人はいません。分かっているのは最後の答えだけです。`dx` が層から層へと勾配を運び、ここまで届けてくれます。

# %% [markdown] lang="en"
# ## How far does a value see? The receptive field
#
# A value behind one kernel of 5 depends on 5 pixels in each direction. Behind a second layer it depends on 5 values, each of
# which sees 5 pixels, but neighbours see almost the same pixels. The stretch of the input that a value depends on, from the
# first pixel to the last, is its **receptive field**;
# the word comes from Hubel and Wiesel's title.
#
# Go through the layers from the input on, and keep two numbers, both 1 at the beginning: the **field**, and the **jump**, the
# distance between neighbours, measured in pixels of the input. A layer with a window of $k$ and a stride of $s$
#
# 1. adds $k - 1$ neighbours, each a jump away: $\text{field} \leftarrow \text{field} + (k - 1) \cdot \text{jump}$;
# 2. and *then* moves the neighbours behind it apart: $\text{jump} \leftarrow \text{jump} \cdot s$.
#
# The four layers of LeNet, convolution and pooling twice:
#
# | layer | $k$ | $s$ | field | jump |
# |---|---|---|---|---|
# | input | | | 1 | 1 |
# | convolution | 5 | 1 | 1 + 4 · 1 = 5 | 1 |
# | pooling | 2 | 2 | 5 + 1 · 1 = 6 | 2 |
# | convolution | 5 | 1 | 6 + 4 · 2 = 14 | 2 |
# | pooling | 2 | 2 | 14 + 1 · 2 = **16** | 4 |
# %% [markdown] lang="ja"
# ## 一つの値はどこまで見ているか：受容野
#
# 大きさ 5 のカーネルを一つ通した値は、縦も横も5画素に依存します。もう一層通した値は、5個の値に依存し、その一つ一つが5画素を見ています。ただし、隣どうしはほとんど同じ画素を見ています。
# 一つの値が依存する入力の範囲（最初の画素から最後の画素まで）を、**受容野**と呼びます。Hubel と Wiesel の論文の題名にもある言葉です。
#
# 入力側から順に層をたどりながら、二つの数を更新します。どちらも 1 から始めます。**受容野**と、隣どうしの値の間隔を入力の画素数で測った**間隔**（jump）です。窓の大きさが $k$、ストライドが $s$ の層を通ると、
#
# 1. 間隔ずつ離れた隣が $k - 1$ 個加わります。$\text{受容野} \leftarrow \text{受容野} + (k - 1) \cdot \text{間隔}$
# 2. *その後で*、隣どうしが離れます。$\text{間隔} \leftarrow \text{間隔} \cdot s$
#
# LeNet の四つの層（畳み込みとプーリングを二回）では、次のようになります。
#
# | 層 | $k$ | $s$ | 受容野 | 間隔 |
# |---|---|---|---|---|
# | 入力 | | | 1 | 1 |
# | 畳み込み | 5 | 1 | 1 + 4 · 1 = 5 | 1 |
# | プーリング | 2 | 2 | 5 + 1 · 1 = 6 | 2 |
# | 畳み込み | 5 | 1 | 6 + 4 · 2 = 14 | 2 |
# | プーリング | 2 | 2 | 14 + 1 · 2 = **16** | 4 |

# %% [markdown] lang="en"
# ### Exercise 7: `receptive_field`
#
# Write `receptive_field(layers)`. `layers` is a list of pairs (window, stride) from the input to the output, such as
# `[(5, 1), (2, 2), (5, 1), (2, 2)]`. Return the width of the field in pixels, first to last. Without any layer (`[]`) a value
# sees itself: 1.
# %% [markdown] lang="ja"
# ### 演習7：`receptive_field`
#
# `receptive_field(layers)` を書いてください。`layers` は、入力側から並べた（窓の大きさ, ストライド）の組のリストで、
# たとえば `[(5, 1), (2, 2), (5, 1), (2, 2)]` です。受容野の幅（端から端までの画素数）を返します。
# 層が一つもないとき（`[]`）、値が見ているのは自分自身なので、答えは 1 です。

# %% exercise="receptive_field"
def receptive_field(layers):
    L("""Return how many pixels of the input, first to last, one value behind these layers depends on.""",
      """これらの層を通った後の一つの値が、入力の何画素（端から端まで）に依存するかを返す。""")
    ### BEGIN SOLUTION
    field, jump = 1, 1
    for size, stride in layers:
        field += (size - 1) * jump
        jump *= stride
    return field
    ### END SOLUTION

# %% test="receptive_field" points=3
with check("receptive_field") as t:
    t.call(receptive_field, [(5, 1)]).equals(5)
    t.call(receptive_field, []).equals(1)
    t.call(receptive_field, [(3, 1), (5, 1)]).equals(7)
    t.call(receptive_field, [(2, 3), (3, 2)]).equals(8)
    t.call(receptive_field, [(3, 2), (2, 2), (4, 1)]).equals(17)
    t.call(receptive_field, [(5, 1), (2, 2), (5, 1), (2, 2)]).equals(16)
### BEGIN HIDDEN TESTS
with check("receptive_field", hidden=True) as t:
    for depth in (1, 2, 3, 4, 5):
        layers = [(int(t.rng.integers(1, 6)), int(t.rng.integers(1, 4))) for _ in range(depth)]
        # follow one value back to the pixels of the input that it reads
        pixels = {0}
        for size, stride in reversed(layers):
            pixels = {i * stride + d for i in pixels for d in range(size)}
        t.call(receptive_field, layers).equals(max(pixels) - min(pixels) + 1)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# Two ways to see farther: three blocks of two convolutions (3 × 3) and a pooling (2 × 2) each, four, five; or convolutions
# without any pooling. The frames on the film show what one value in the middle sees.
# %% [markdown] lang="ja"
# 遠くまで見る方法を比べましょう。3 × 3 の畳み込み二つと 2 × 2 のプーリングを組にして、三組、四組、五組と重ねた場合と、プーリングなしで畳み込みだけを重ねた場合です。画像の上の枠は、中央の一つの値が見ている範囲です。

# %% role="demo"
field_of = yours_or(library.receptive_field)
block = [(3, 1), (3, 1), (2, 2)]
_, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
figures.film(left, film, L("what one value sees", "一つの値が見ている範囲"))
stacks = [("LeNet", [(5, 1), (2, 2)] * 2, "-", figures.ORANGE)]
stacks += [(L(f"{n} blocks", f"{n} 組"), block * n, style, color)
           for n, style, color in ((3, "--", figures.BLUE), (4, "-.", figures.GREEN), (5, ":", figures.PURPLE))]
for name, layers, style, color in stacks:
    width = field_of(layers)
    print(L(f"{name}: {width} pixels", f"{name}：{width} 画素"))
    corner = 96 - width / 2
    left.add_patch(plt.Rectangle((corner, corner), width, width, fill=False, lw=2.5, ls=style, ec=color, label=f"{name}: {width}"))
left.legend(loc="lower left", fontsize=9)
depths = range(1, 16)
right.plot(depths, [field_of((block * 5)[:d]) for d in depths], "s-", label=L("with pooling", "プーリングあり"))
right.plot(depths, [field_of([(3, 1)] * d) for d in depths], "o--", label=L("3 × 3 only", "3 × 3 のみ"))
right.set(xlabel=L("layers", "層の数"), ylabel=L("receptive field (pixels)", "受容野（画素）"))
right.legend()
figures.show(L("Left, frames of 16, 36, 76 and 156 pixels on a film of 192; right, the field grows much faster with pooling",
               "左は 192 画素の画像の上の 16、36、76、156 画素の枠。右は受容野の広がりで、プーリングがあるとずっと速い"))

# %% [markdown] lang="en"
# LeNet's value sees a piece of the spine or of a rib, no more. To compare the two lungs, or to judge the heart against the
# thorax, a value must see nearly the whole film; five blocks with pooling come to 156 pixels, fifteen convolutions of 3 × 3
# without pooling only to 31. When a network misses something *large*, work out
# its receptive field first.
# %% [markdown] lang="ja"
# LeNet の値が見ているのは、脊椎や肋骨の一部くらいです。左右の肺を比べたり、胸郭に対する心臓の大きさを判断したりするには、画像のほぼ全体を見なければなりません。
# プーリングのある組を五つ重ねると 156 画素になりますが、3 × 3 の畳み込みだけでは15層でも 31 画素です。
# ネットワークが*大きなもの*を見落としたら、まず受容野を計算してみましょう。

# %% [markdown] lang="en"
# ## Key points
#
# 1. A kernel is laid on the image, pixel times weight, all added up: one number for each place. The same weights everywhere.
# 2. $\lfloor (n + 2p - k) / s \rfloor + 1$ places in each direction; padding is counted on both sides, and the division is
#    rounded down.
# 3. What frameworks call convolution is cross-correlation: the kernel is not turned. Windows give the same numbers as loops,
#    much faster; max-pooling keeps the largest value of each window and forgives small shifts.
# 4. Weights that add up to 1 smooth, weights that add up to 0 find edges. Unsharp masking adds the difference from a blurred
#    copy; it amplifies noise and overshoots at edges.
# 5. Simple and complex cells (1962) became the neocognitron's S- and C-cells (1980); LeNet (1998) learns the kernels by
#    backpropagation.
# 6. Field + (k − 1) · jump, then jump · stride: pooling makes the receptive field grow fast.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. カーネルを画像に重ね、画素と重みを掛けてすべて足すと、場所ごとに一つの数が得られます。どの場所でも同じ重みを使います。
# 2. 場所の数は、各方向に $\lfloor (n + 2p - k) / s \rfloor + 1$ です。パディングは両側で数え、割り算は切り捨てます。
# 3. フレームワークの「畳み込み」は相互相関で、カーネルを回しません。窓を使うと、for 文と同じ数がずっと速く得られます。最大値プーリングは各窓の最大値を残し、小さなずれを許します。
# 4. 合計が 1 の重みは平滑化し、合計が 0 の重みはエッジを見つけます。ボケマスク処理は、ぼかした画像との差を足します。雑音も強まり、エッジでは行き過ぎが起こります。
# 5. 単純型細胞と複雑型細胞（1962年）が、ネオコグニトロンの S 細胞と C 細胞（1980年）になりました。LeNet（1998年）は、カーネルを誤差逆伝播法で学びます。
# 6. 受容野 + (k − 1) · 間隔、次に 間隔 · ストライド。プーリングがあると、受容野は速く広がります。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A film of 64 × 48 pixels goes through a convolution of 5 × 5 (stride 1, no padding) and a max-pooling of 2 × 2 (stride 2). How large is the map?</summary>
#
# 64 - 5 + 1 = 60 and 48 - 5 + 1 = 44; after the pooling 30 × 22.
# </details>
#
# <details><summary>2. Your Sobel picture is the exact negative of your colleague's, and her noise filter gives the same as yours. What is the likely reason?</summary>
#
# One of you uses a true convolution, which turns the kernel by 180 degrees. Turning Sobel's kernel changes its sign; a
# symmetric smoothing kernel stays the same.
# </details>
#
# <details><summary>3. A layer has 16 kernels of 5 × 5 and 6 input channels. How many numbers does it learn, and how many if the films are twice as wide?</summary>
#
# 5 · 5 · 6 · 16 + 16 = 2416, whatever the size of the films.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. 64 × 48 画素の画像に、5 × 5 の畳み込み（ストライド 1、パディングなし）と 2 × 2 の最大値プーリング（ストライド 2）を使うと、地図の大きさはいくつになりますか。</summary>
#
# 64 - 5 + 1 = 60、48 - 5 + 1 = 44 なので、プーリングの後は 30 × 22 です。
# </details>
#
# <details><summary>2. Sobel の結果が、同僚の結果とちょうど白黒逆になりました。平滑化の結果は同じです。考えられる理由は何でしょうか。</summary>
#
# どちらかが、カーネルを 180° 回す数学の畳み込みを使っています。Sobel のカーネルは 180° 回すと符号が変わりますが、対称な平滑化のカーネルは変わりません。
# </details>
#
# <details><summary>3. 5 × 5 のカーネルが16個、入力が6チャネルの層で学習する数はいくつですか。画像の幅が2倍になると、いくつになりますか。</summary>
#
# 5 · 5 · 6 · 16 + 16 = 2416 個です。画像の大きさにはよりません。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * D. H. Hubel, T. N. Wiesel, *Receptive fields, binocular interaction and functional architecture in the cat's visual
#   cortex*, Journal of Physiology 160, 106-154 (1962)
# * I. Sobel, G. Feldman, *A 3 × 3 isotropic gradient operator for image processing*, talk at the Stanford Artificial
#   Intelligence Project (1968); in print in R. O. Duda, P. E. Hart, *Pattern Classification and Scene Analysis*, Wiley,
#   271-272 (1973)
# * K. Fukushima, *Neocognitron: a self-organizing neural network model for a mechanism of pattern recognition unaffected by
#   shift in position*, Biological Cybernetics 36, 193-202 (1980)
# * S.-C. B. Lo and others, *Artificial convolution neural network techniques and applications for lung nodule detection*, IEEE
#   Transactions on Medical Imaging 14, 711-718 (1995)
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the
#   IEEE 86, 2278-2324 (1998)
# * V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285 (2016)
#
# To play on: what does your `conv2d` make of a film with the kernel $S_x$ turned by 45 degrees? Which kernel moves a film by
# three pixels? And does it matter whether you smooth first and find edges then, or the other way round?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * D. H. Hubel, T. N. Wiesel, *Receptive fields, binocular interaction and functional architecture in the cat's visual cortex*, Journal of Physiology 160, 106-154 (1962)
# * I. Sobel, G. Feldman, *A 3 × 3 isotropic gradient operator for image processing*, Stanford Artificial Intelligence Project での講演 (1968)。印刷物では R. O. Duda, P. E. Hart, *Pattern Classification and Scene Analysis*, Wiley, 271-272 (1973)
# * K. Fukushima, *Neocognitron: a self-organizing neural network model for a mechanism of pattern recognition unaffected by shift in position*, Biological Cybernetics 36, 193-202 (1980)
# * S.-C. B. Lo ほか, *Artificial convolution neural network techniques and applications for lung nodule detection*, IEEE Transactions on Medical Imaging 14, 711-718 (1995)
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86, 2278-2324 (1998)
# * V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285 (2016)
#
# 余裕があれば、試してみましょう。$S_x$ を 45° 回したカーネルを `conv2d` で使うとどうなるでしょうか。画像を3画素ずらすカーネルは、どんな形でしょうか。先に平滑化してからエッジを求めるのと、
# その逆とで、結果は変わるでしょうか。
