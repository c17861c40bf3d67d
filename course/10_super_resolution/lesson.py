"""Unit 10: super-resolution."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 10 Super-resolution: what was never there?
#
# When you have finished this notebook, you will be able to
#
# 1. **make** films of low resolution in the right way, without moiré,
# 2. **measure** how close a restored film is to the original (PSNR, SSIM), and say what the figures do not see,
# 3. **build** SRCNN and VDSR, and explain why learning the residual is easier,
# 4. **keep** gradients in bounds while training (and, as a bonus, **write** a perceptual loss),
# 5. **point out** a structure that a network has invented, and say what it would mean in a clinic.
#
# | | |
# |---|---|
# | Reading / exercises | about 35 min / about 45 min (the last of the seven exercises is optional) |
# | You need | unit 05 (convolution) and unit 04 (training) |
# | Computing | about two minutes of training on two CPU cores |
# | Data | 247 computed films (SuperResolution), made at first use; no download |
# %% [markdown] lang="ja"
# # 10 超解像：そこにあったもの、なかったもの
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. モアレを出さない正しい方法で、低解像度の画像を**作る**
# 2. 復元した画像が元の画像にどれだけ近いかを**測り**（PSNR、SSIM）、その数値に見えないものを言う
# 3. SRCNN と VDSR を**組み立て**、残差を学ぶほうがやさしい理由を説明する
# 4. 学習中の勾配を範囲内に**収める**（発展では知覚損失を**書く**）
# 5. ネットワークが作り出した構造を**指し示し**、臨床での意味を説明する
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約35分／約45分（七つの演習のうち最後の一つは発展） |
# | 前提 | 単元05（畳み込み）と単元04（学習） |
# | 計算時間 | CPU 2コアで、学習が合わせて約2分 |
# | データ | 計算画像247枚（SuperResolution）。初回に作成します（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# You zoom into a film on the monitor. The image gets larger; does it show more? A workstation that enlarges has to fill in pixels that nobody measured. The old way
# passes a smooth surface through the known ones. The new way is a network that has seen many films and knows what usually lies between: **super-resolution**. Vendors put it into CT
# reconstruction, MRI and viewers, and a patient may get less dose or a shorter scan for it.
#
# The pictures look convincing, and that is the point to be careful about. This unit lets you build such a network, measure it, and catch it
# when it draws something that was not there.
#
# The next cell imports Keras, which takes some seconds. That is normal. The one after it loads the films (computing them at first use takes about half a minute). We leave out 20 pixels along each
# border: the edge of the collimation is so steep that it would decide every figure of this notebook, and nobody makes a diagnosis there.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# モニターで画像を拡大します。大きくはなりますが、見えるものは増えたのでしょうか。拡大するには、誰も測っていない画素を埋めなければなりません。昔ながらの方法は、分かっている画素の間をなめらかな曲面でつなぎます。
# 新しい方法では、たくさんの画像を見てきたネットワークが「ふつう、この間には何があるか」を答えます。これが**超解像**です。CT の再構成、MRI、ビューアーに組み込まれ、その分だけ線量や撮影時間を減らせることもあります。
#
# できあがった画像には説得力があります。だからこそ、注意が必要です。この単元では、超解像のネットワークを自分で組み立て、性能を測り、なかったはずのものを描いた現場を押さえます。
#
# 次のセルでは Keras を読み込みます。数秒かかりますが、故障ではありません。その次のセルで画像を読み込みます（初回は計算に30秒ほどかかります）。上下左右の端の 20 画素は使いません。照射野の縁はとても急なので、
# このノートブックの数値がすべて縁で決まってしまいますし、そこで診断をする人もいないからです。

# %% role="setup"
import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact
from keras import layers, ops
from scipy import ndimage
from skimage.metrics import structural_similarity

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_super_resolution
from xraydojo.library import super_resolution as library
from xraydojo.training import Progress

print("Keras", keras.__version__, "/", keras.config.backend())

# %% role="demo"
films = load_super_resolution()
print(films.source)
# en: the originals, with a channel axis: (film, row, column, channel)
# ja: 元の画像。チャネルの軸を付ける（画像、行、列、チャネル）
train_films, test_films = (part.targets[:, 20:236, 20:236, None] for part in (films.train, films.test))
test_films = test_films[:12]
print(L(f"{len(train_films)} films to learn from, {len(test_films)} of the {len(films.test.targets)} test films, {train_films.shape[1:3]} pixels",
        f"学習用 {len(train_films)} 枚、テスト用は {len(films.test.targets)} 枚のうち {len(test_films)} 枚、大きさ {train_films.shape[1:3]} 画素"))
figures.films(test_films[:4, ..., 0], alt=L("Four of the original test films", "元の画像（テスト用）の4枚"))

# %% [markdown] lang="en"
# ## Fewer pixels, done properly
#
# To train a network that enlarges, we need pairs: a film of few pixels and the one it came from. So we make the small one ourselves. The quick way is to take every second pixel. You know what comes of it: **moiré**, as when a grid with fine
# lines meets a coarse detector. Detail finer than the new pixels does not vanish, it comes back as a false pattern (aliasing). A real detector does not do that: its pixels
# average over their area.
#
# So one smooths and then takes fewer pixels. Here we use the **cubic kernel** (bicubic), stretched by the scale; that is what `antialias=True` means. Its weights, for a
# pixel at distance $d$ from the centre of the new one, measured in new pixels:
#
# $$ k(d) = \begin{cases} 1 - 2.5 d^2 + 1.5 d^3 & d < 1 \\ 2 - 4 d + 2.5 d^2 - 0.5 d^3 & 1 \le d < 2 \\ 0 & \text{else} \end{cases} $$
# %% [markdown] lang="ja"
# ## 画素を正しく減らす
#
# 拡大するネットワークを学習させるには、画素の少ない画像と、その元の画像の組が必要です。そこで、小さいほうを自分で作ります。手っ取り早いのは、一つおきに画素を拾うことです。すると何が起こるか、皆さんはご存じでしょう。細かい
# グリッドと粗い検出器が出会ったときと同じ、**モアレ**です。新しい画素より細かい構造は、消えるのではなく、偽の模様になって現れます（エイリアシング）。本物の検出器は、画素の面積全体で平均しているので、そうはなりません。
#
# そこで、なめらかにしてから画素を減らします。ここでは、倍率の分だけ引き伸ばした**3次のカーネル**（バイキュービック）を使います。`antialias=True` とは、そういう意味です。新しい画素の中心からの距離を $d$（新しい画素の幅が 1）とすると、重みは次のとおりです。
#
# $$ k(d) = \begin{cases} 1 - 2.5 d^2 + 1.5 d^3 & d < 1 \\ 2 - 4 d + 2.5 d^2 - 0.5 d^3 & 1 \le d < 2 \\ 0 & \text{それ以外} \end{cases} $$

# %% role="demo"
d = np.linspace(0, 2.4, 241)
cubic = np.where(d < 1, 1 - 2.5 * d**2 + 1.5 * d**3, np.where(d < 2, 2 - 4 * d + 2.5 * d**2 - 0.5 * d**3, 0))
_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(np.r_[-d[::-1], d], np.r_[cubic[::-1], cubic], lw=2)
axes.axhline(0, color=figures.GREY, lw=0.8)
axes.set(xlabel=L("distance from the centre (new pixels)", "中心からの距離（新しい画素）"), ylabel=L("weight", "重み"))
figures.show(L("The cubic kernel: a peak of 1 in the middle, slightly negative between 1 and 2 pixels, 0 beyond",
               "3次のカーネル：中央で 1 の山、1 から 2 画素の間で少し負、その外側は 0"))

# %% [markdown] lang="en"
# The weights go slightly below 0. That keeps edges sharp, and it is why a value beside a bright edge may come out a little below 0 or above 1.
#
# ### Exercise 1: `degrade`
#
# Write `degrade(hr, scale)` for films `hr` of the shape (films, rows, columns, channels). First cut rows at the bottom and columns at the right, until both are multiples of `scale`. Then resize to
# `scale` times fewer rows and columns. Do not clip the result.
#
# *Hint: `ops.image.resize(films, (rows, columns), interpolation="bicubic", antialias=True)`; `7 // 2` is 3.*
# %% [markdown] lang="ja"
# 重みは少しだけ負になります。そのおかげで輪郭がぼけずに済みますが、明るい縁の隣の値が 0 を少し下回ったり、1 を少し上回ったりすることがあります。
#
# ### 演習1：`degrade`
#
# 形が（枚数、行、列、チャネル）の画像 `hr` について、`degrade(hr, scale)` を書いてください。まず、行数と列数がどちらも `scale` の倍数になるように、下の行と右の列を切り落とします。次に、行数と列数を `scale` 分の一にします。
# 結果の値は切り詰めません。
#
# *ヒント：`ops.image.resize(films, (rows, columns), interpolation="bicubic", antialias=True)` を使います。`7 // 2` は 3 です。*

# %% exercise="degrade"
def degrade(hr, scale):
    L("""Return the films with scale times fewer rows and columns.""", """行数と列数を scale 分の一にした画像を返す。""")
    ### BEGIN SOLUTION
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    cropped = hr[:, : rows * scale, : columns * scale]
    return ops.image.resize(cropped, (rows, columns), interpolation="bicubic", antialias=True)
    ### END SOLUTION

# %% test="degrade" points=2
with check("degrade") as t:
    # en: a bright corner on a dark film of 5 x 7 pixels; the last row and the last column go
    # ja: 5 × 7 画素の暗い画像の、明るい角。最後の行と最後の列はなくなる
    film = np.zeros((1, 5, 7, 1), "float32")
    film[0, :2, :3, 0], film[0, 4], film[0, :, 6] = 1, 9, 9
    # en: by hand with the kernel's formula; -0.0461 lies below 0, and that is right
    # ja: カーネルの式から手計算。-0.0461 は 0 を下回るが、これで正しい
    t.call(degrade, film, 2).equals(np.reshape([0.9634, 0.4587, -0.0461, 0.0868, 0.0413, -0.0041], (1, 2, 3, 1)), atol=2e-4)
    row = np.array([0.0, 0.2, 0.9, 0.4, 0.1, 0.6, 0.3, 0.8], "float32").reshape(1, 1, 8, 1).repeat(3, axis=1)
    t.call(degrade, row, 3).equals(np.reshape([0.3513, 0.4184], (1, 1, 2, 1)), atol=2e-4)
### BEGIN HIDDEN TESTS
with check("degrade", hidden=True) as t:
    def weights_(n_, scale_):
        apart_ = np.abs((np.arange(n_ * scale_) + 0.5) / scale_ - (np.arange(n_)[:, None] + 0.5))
        near_, far_ = 1 - 2.5 * apart_**2 + 1.5 * apart_**3, 2 - 4 * apart_ + 2.5 * apart_**2 - 0.5 * apart_**3
        kernel_ = np.where(apart_ < 1, near_, np.where(apart_ < 2, far_, 0))
        return kernel_ / kernel_.sum(axis=1, keepdims=True)

    for scale_ in (2, 3, 4):
        rows_, columns_ = int(t.rng.integers(3, 6)), int(t.rng.integers(6, 9))
        some_ = t.rng.random((2, rows_ * scale_ + 1, columns_ * scale_ + scale_ - 1, 2)).astype("float32")
        kept_ = some_[:, : rows_ * scale_, : columns_ * scale_]
        wanted_ = np.einsum("ir,nrcd,jc->nijd", weights_(rows_, scale_), kept_, weights_(columns_, scale_))
        t.call(degrade, some_, scale_).equals(wanted_, atol=3e-4)
### END HIDDEN TESTS

# %% role="demo"
fewer = yours_or(library.degrade)

def enlarged(small, shape):
    L("""Return films enlarged to a shape (rows, columns) by the cubic kernel.""", """画像を、3次のカーネルで（行、列）の大きさに拡大して返す。""")
    return ops.convert_to_numpy(ops.image.resize(small, shape, interpolation="bicubic", antialias=True))

lines = 0.12 * np.sin(2 * np.pi * np.arange(216) / 2.15)  # an anti-scatter grid, 2.15 pixels from line to line
gridded = np.clip(test_films[:1] + lines[None, None, :, None], 0, 1).astype("float32")
half = ops.convert_to_numpy(fewer(gridded, 2))
figures.films([gridded[0, ..., 0], gridded[0, ::2, ::2, 0], half[0, ..., 0]],
              [L("film with grid lines", "グリッドの写った画像"), L("every second pixel", "一つおきに拾う"), "degrade"],
              L("A film with fine grid lines; every second pixel makes a coarse false pattern of them, degrade smooths them away",
                "細かいグリッドの写った画像。一つおきに拾うと粗い偽の模様になり、degrade ではなめらかに消える"))

# %% [markdown] lang="en"
# The grid lines were too fine for the small film. Picked pixel by pixel they come back as broad stripes that no grid ever had; antialiased they are gone.
#
# A network trained on small films with such stripes would learn to undo the stripes, a thing that a real detector never asks of it.
#
# ## How close? PSNR
#
# Enlarge the small film again; how far is it from the original? Take the difference of each pixel, square it, and take the mean over all: the **mean squared error**, MSE. Engineers
# then compare it with the greatest value that a pixel can have, in decibels:
#
# $$ \mathrm{PSNR} = 10 \log_{10} \frac{R^2}{\mathrm{MSE}} $$
#
# $R$ is the **range** of the pixel values: 1 for films from 0 to 1, 255 for 8 bits, 4095 for 12 bits. An example: all pixels are off by 0.1, and $R = 1$. Then MSE = 0.01 and PSNR = 10 · log₁₀ 100 = 20 dB. Ten times smaller an
# error is 20 dB more. Two equal films have infinitely many.
#
# ### Exercise 2: `psnr`
#
# Write `psnr(a, b, data_range)` for arrays of any shape: one number for the whole array; infinity (`np.inf`) when the two are equal.
#
# *Hint: unsigned 8-bit numbers cannot be negative: 10 - 20 is 246 (unit 00). Make them `float` first.*
# %% [markdown] lang="ja"
# グリッドの線は、小さい画像には細かすぎました。画素を拾うだけだと、どのグリッドにもない太い縞になって戻ってきます。アンチエイリアスをかければ消えます。
#
# もし縞の入った小さい画像で学習させたら、ネットワークは縞を消すことを覚えるでしょう。本物の検出器では必要のない仕事です。
#
# ## どれだけ近いか：PSNR
#
# 小さくした画像を、また大きくします。元の画像からどれだけ離れたでしょうか。画素ごとの差を二乗し、全体で平均したものが**平均二乗誤差**（MSE）です。工学では、これを画素のとりうる値の幅と比べて、デシベルで表します。
#
# $$ \mathrm{PSNR} = 10 \log_{10} \frac{R^2}{\mathrm{MSE}} $$
#
# $R$ は画素値の**幅**です。0 から 1 の画像なら 1、8ビットなら 255、12ビットなら 4095 です。たとえば、すべての画素が 0.1 ずつ違っていて $R = 1$ なら、MSE は 0.01 で、PSNR は 10 · log₁₀ 100 = 20 dB です。誤差が十分の一になると 20 dB 上がります。
# まったく同じ二枚なら、無限大になります。
#
# ### 演習2：`psnr`
#
# どのような形の配列にも使える `psnr(a, b, data_range)` を書いてください。配列全体で一つの数を返し、二つが等しいときは無限大（`np.inf`）を返します。
#
# *ヒント：符号なし8ビットの数は負になれないので、10 - 20 は 246 になります（単元00）。先に `float` に直しましょう。*

# %% exercise="psnr"
def psnr(a, b, data_range):
    L("""Return the peak signal-to-noise ratio in dB.""", """ピーク信号対雑音比を dB で返す。""")
    ### BEGIN SOLUTION
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 10 * np.log10(data_range**2 / mse)
    ### END SOLUTION

# %% test="psnr" points=2
with check("psnr") as t:
    # en: (0.02 * 0.02 + 0.14 * 0.14) / 2 = 0.01
    # ja: (0.02 * 0.02 + 0.14 * 0.14) / 2 = 0.01
    t.call(psnr, np.array([0.0, 0.5]), np.array([0.02, 0.36]), 1).equals(20)
    # en: 8 bits, each pixel off by 10: 10 log10(255 * 255 / 100)
    # ja: 8ビットで、どの画素も 10 だけ違う：10 log10(255 * 255 / 100)
    eight = np.array([[10, 200, 30], [40, 50, 60]], np.uint8)
    t.call(psnr, eight, np.array([[20, 190, 40], [50, 40, 70]], np.uint8), 255).equals(28.130804)
    # en: two films, one off by 0.1, one by 0.3: the mean of 0.01 and 0.09 is 0.05
    # ja: 画像2枚。一枚は 0.1、もう一枚は 0.3 だけ違う。0.01 と 0.09 の平均は 0.05
    two = np.full((2, 3, 4), 0.5)
    t.call(psnr, two, two + np.array([0.1, -0.3])[:, None, None], 2).equals(19.030900)
    t.call(psnr, two, two, 1).equals(np.inf)
### BEGIN HIDDEN TESTS
with check("psnr", hidden=True) as t:
    from skimage.metrics import peak_signal_noise_ratio

    for range_, kind_ in ((1, "float32"), (255, "uint8"), (4095, "uint16"), (2.5, "float64")):
        a_ = (t.rng.random((3, 5, 7)) * range_).astype(kind_)
        b_ = (t.rng.random((3, 5, 7)) * range_).astype(kind_)
        wanted_ = peak_signal_noise_ratio(a_.astype(float), b_.astype(float), data_range=range_)
        t.call(psnr, a_, b_, range_).equals(wanted_, rtol=1e-4)
    t.call(psnr, a_, a_, range_).equals(np.inf)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### What PSNR does not see
#
# Below, one film was spoilt in three ways, each by the same mean squared error. PSNR calls them equally good. Your eye does not. **SSIM** (structural similarity, Wang 2004) compares small
# windows by their mean, their contrast and their pattern; 1 means identical. It is closer to the eye, but it does not know anatomy either. We take it from scikit-image.
# %% [markdown] lang="ja"
# ### PSNR に見えないもの
#
# 次の図では、一枚の画像を三通りに劣化させました。平均二乗誤差はどれも同じなので、PSNR では同じ良さになります。目で見るとどうでしょうか。**SSIM**（構造的類似度、Wang 2004）は、小さな窓ごとに平均、コントラスト、模様を比べます。
# 1 なら完全に同じです。目の印象に近い値になりますが、解剖を知っているわけではありません。ここでは scikit-image の関数を使います。

# %% role="demo"
to_db = yours_or(library.psnr)
chest = test_films[1, ..., 0].astype(float)

def spoilt(change):
    L("""Return the film with a change, scaled to a mean squared error of 0.0025.""", """平均二乗誤差が 0.0025 になるように変えた画像を返す。""")
    return chest + change * 0.05 / np.sqrt(np.mean(change**2))

ways = {L("brighter", "全体に明るく"): spoilt(np.ones_like(chest)), L("noise", "ノイズ"): spoilt(np.random.default_rng(0).normal(size=chest.shape)),
        L("blurred", "ぼけ"): spoilt(ndimage.gaussian_filter(chest, 3) - chest)}
for name, image in ways.items():
    similar = structural_similarity(chest, image, data_range=1)
    print(L(f"{name}: PSNR {to_db(chest, image, 1):.1f} dB, SSIM {similar:.2f}", f"{name}：PSNR {to_db(chest, image, 1):.1f} dB、SSIM {similar:.2f}"))
figures.films([chest, *ways.values()], [L("original", "元の画像"), *ways],
              L("The original and three films of the same PSNR: brighter, noisy, blurred", "元の画像と、PSNR の等しい3枚：全体に明るい、ノイズ、ぼけ"))

# %% [markdown] lang="en"
# ## SRCNN: three layers
#
# In 2014 Dong and colleagues trained the first convolutional network for this task. It does not enlarge: the film comes in **already enlarged** by the cubic kernel, blurred but of the right size, and the network
# makes it sharp.
#
# | layer | what it does | parameters |
# |---|---|---|
# | convolution, 64 kernels of 9 × 9, ReLU | describes each patch by 64 numbers | 9 · 9 · 1 · 64 + 64 = 5,248 |
# | convolution, 32 kernels of 1 × 1, ReLU | translates blurred into sharp, number by number | 1 · 1 · 64 · 32 + 32 = 2,080 |
# | convolution, 1 kernel of 5 × 5 | puts the sharp patches together | 5 · 5 · 32 · 1 + 1 = 801 |
#
# In all 8,129. Three things to know:
#
# * All convolutions keep the size (`padding="same"`), so that the answer lies pixel on pixel on the original.
# * `keras.Input((None, None, 1))`: any number of rows and columns. We train on patches and use the network on whole films.
# * **No ReLU at the end.** The seminar's example puts one there. It cuts off all that is below 0: harmless at first sight, for no film is darker than black. But where the last layer's sum is negative, its gradient is 0 too: such a pixel
#   teaches nothing any more, and if the network starts so for most pixels, it stays black for ever. Films centred around 0 and the residual of the next section need negative values anyway. Dong 2014 has none there either.
#
# ### Exercise 3: `srcnn`
#
# Write `srcnn(channels=1)` and return the network of the table as a Keras model, not compiled. `channels` is the number of channels of the film **and** of the answer.
#
# *Hint: `keras.Sequential([keras.Input(...), layers.Conv2D(16, 3, padding="same", activation="relu"), ...])` as in unit 06.*
# %% [markdown] lang="ja"
# ## SRCNN：三層のネットワーク
#
# 2014年、Dong らがこの問題に初めて畳み込みネットワークを使いました。ネットワークは拡大をしません。3次のカーネルで**すでに拡大した**、大きさは合っているがぼけた画像を受け取り、それをはっきりさせます。
#
# | 層 | 役割 | パラメータの数 |
# |---|---|---|
# | 畳み込み（9 × 9 のカーネル 64 個）、ReLU | 各部分を 64 個の数で表す | 9 · 9 · 1 · 64 + 64 = 5,248 |
# | 畳み込み（1 × 1 のカーネル 32 個）、ReLU | ぼけた表し方を、はっきりした表し方に置き換える | 1 · 1 · 64 · 32 + 32 = 2,080 |
# | 畳み込み（5 × 5 のカーネル 1 個） | はっきりした部分をつなぎ合わせる | 5 · 5 · 32 · 1 + 1 = 801 |
#
# 合わせて 8,129 個です。知っておきたいことが三つあります。
#
# * どの畳み込みも大きさを変えません（`padding="same"`）。答えが元の画像と画素ごとにぴったり重なるようにするためです。
# * `keras.Input((None, None, 1))` と書くと、行数と列数は自由になります。学習には小さな切り抜きを使い、使うときには画像全体を入れられます。
# * **最後に ReLU を置きません。** セミナーの例では最後にも ReLU があります。0 より小さい値を切り捨てるだけで、黒より暗い画像はないのだから害はない、と思えます。しかし、最後の層の和が負になった画素では、勾配も 0 になります。その画素からは
#   もう何も学べません。最初にほとんどの画素がそうなってしまうと、ずっと真っ黒のままです。それに、0 を中心にした画像や、次の節の残差には、負の値が必要です。Dong 2014 の元の論文でも、最後に ReLU はありません。
#
# ### 演習3：`srcnn`
#
# 表のネットワークを、コンパイルしていない Keras のモデルとして返す `srcnn(channels=1)` を書いてください。`channels` は、入力の画像**と**出力の両方のチャネル数です。
#
# *ヒント：単元06と同じく、`keras.Sequential([keras.Input(...), layers.Conv2D(16, 3, padding="same", activation="relu"), ...])` のように書きます。*

# %% exercise="srcnn"
def srcnn(channels=1):
    L("""Return SRCNN as a Keras model that is not compiled.""", """SRCNN を、コンパイルしていない Keras のモデルとして返す。""")
    ### BEGIN SOLUTION
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 1, padding="same", activation="relu"),
        layers.Conv2D(channels, 5, padding="same"),
    ])
    ### END SOLUTION

# %% role="setup"
def shapes_of(model):
    L("""Return the shapes of a model's weights, in order.""", """モデルの重みの形を、順に返す。""")
    return [tuple(w.shape) for w in model.get_weights()]

def model_and_formula(model, rng, skip):
    L("""Return what a model answers to noise with random weights, and what convolutions with ReLU between them give, plus the input if skip.""",
      """重みを乱数にしたときの、雑音に対するモデルの答えと、間に ReLU を挟んだ畳み込みの計算結果（skip なら入力も足す）を返す。""")
    weights = [rng.normal(0, 1.4 / np.sqrt(w[..., 0].size), w.shape).astype("float32") for w in model.get_weights()]
    model.set_weights(weights)
    film = rng.normal(0, 1, (1, 13, 17, weights[0].shape[2])).astype("float32")
    x = film
    for place in range(0, len(weights), 2):
        x = ops.conv(x, weights[place], 1, "same", data_format="channels_last") + weights[place + 1]
        x = ops.relu(x) if place < len(weights) - 2 else x
    return ops.convert_to_numpy(model(film)), ops.convert_to_numpy(x) + skip * film

# %% test="srcnn" points=3
with check("srcnn") as t:
    model = t.call(srcnn).value
    t.that(shapes_of(model)[:2] == [(9, 9, 1, 64), (64,)], L("the first layer: 64 kernels of 9 x 9", "最初の層は 9 × 9 のカーネル 64 個です"))
    t.that(shapes_of(model)[2:4] == [(1, 1, 64, 32), (32,)], L("the second layer: 32 kernels of 1 x 1", "二つめの層は 1 × 1 のカーネル 32 個です"))
    t.that(shapes_of(model)[4:] == [(5, 5, 32, 1), (1,)], L("the last layer: one kernel of 5 x 5, for one channel", "最後の層は、1 チャネル分の 5 × 5 のカーネル 1 個です"))
    got, wanted = model_and_formula(model, np.random.default_rng(0), skip=False)
    t.that(got.shape == wanted.shape, L("the answer should have as many rows and columns as the film", "答えの行数と列数は、入力の画像と同じになるはずです"))
    t.that(not np.all(got >= 0), L("the answer is never negative: something cuts it off at the end", "答えが負になりません。最後に何かが値を切り捨てています"))
    t.that(np.allclose(got, wanted, atol=0.02), L("ReLU behind the first and the second layer, and nothing behind the last one", "一つめと二つめの層の後に ReLU を置き、最後の層の後には何も置きません"))
    three = t.call(srcnn, 3).value
    t.that(shapes_of(three)[::2] == [(9, 9, 3, 64), (1, 1, 64, 32), (5, 5, 32, 3)], L("with channels=3, three channels go in and three come out", "channels=3 なら、入力も出力も 3 チャネルです"))
### BEGIN HIDDEN TESTS
with check("srcnn", hidden=True) as t:
    t.that(t.call(srcnn).value.count_params() == 8129, L("another number of parameters", "パラメータの数が違います"))
    for channels_ in (1, int(t.rng.integers(2, 5))):
        drawn_ = t.call(srcnn, channels_).value
        t.that(shapes_of(drawn_)[::2] == [(9, 9, channels_, 64), (1, 1, 64, 32), (5, 5, 32, channels_)], L("other kernels", "カーネルが違います"))
        got_, wanted_ = model_and_formula(drawn_, t.rng, skip=False)
        t.that(got_.shape == wanted_.shape and np.allclose(got_, wanted_, atol=0.05), L("another answer", "答えが違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Training on patches
#
# A whole film at a time is much work for one step. What makes an edge sharp is decided within a few pixels, so we cut small patches out of the training films, at random places: each pair is a patch of the enlarged small film and the same patch of
# the original. Two thirds of the pairs come from films halved (×2), one third from films reduced to a third (×3): one network for both, as Kim 2016 found to work.
#
# Before training we take 0.5 off all values, a middle grey, and add it again afterwards. Numbers around 0 are easier to learn with (unit 04), and an answer may now well be negative.
# %% [markdown] lang="ja"
# ## 切り抜きで学習する
#
# 画像全体を一度に使うと、一歩ごとの計算量が多くなります。輪郭をはっきりさせるには、まわりの数画素を見れば十分です。そこで、学習用の画像の無作為な場所から、小さく切り抜きます。縮小してまた拡大した画像の切り抜きと、元の画像の同じ場所の切り抜きで、一組です。
# 三分の二は縦横を二分の一にした画像（×2）から、残りは三分の一にした画像（×3）から作ります。一つのネットワークを両方に使えることを、Kim 2016 が示しています。
#
# 学習の前に、すべての値から中くらいの灰色 0.5 を引き、後でまた足します。0 を中心にした数のほうが学習しやすいからです（単元04）。すると、答えはごくふつうに負の値になります。

# %% role="demo"
def blurred(hr, scale):
    L("""Return films made small and large again.""", """小さくしてから、また大きくした画像を返す。""")
    return enlarged(fewer(hr, scale), hr.shape[1:3])

def patches(hr, lr_up, count, rng, size=32):
    film = rng.integers(0, len(hr), count)
    row, column = (rng.integers(0, n - size + 1, count) for n in hr.shape[1:3])
    cut = lambda stack: np.stack([stack[f, r:r + size, c:c + size] for f, r, c in zip(film, row, column)])
    return cut(lr_up), cut(hr)

rng = np.random.default_rng(0)
pairs = [patches(train_films, blurred(train_films, scale), count, rng) for scale, count in ((2, 4000), (3, 2000))]
mixed = rng.permutation(6000)
blurs, sharps = (np.concatenate(side)[mixed] for side in zip(*pairs))
print(L(f"{len(blurs)} pairs of patches, {blurs.shape[1:3]} pixels", f"切り抜き {len(blurs)} 組、大きさ {blurs.shape[1:3]} 画素"))
shown = [stack[0, ..., 0] for pair in pairs for stack in pair]
figures.films(shown, [L("×2 enlarged", "×2 を拡大"), L("original", "元の画像"), L("×3 enlarged", "×3 を拡大"), L("original", "元の画像")],
              L("Two pairs of patches: enlarged and original, for ×2 and ×3", "切り抜き二組：拡大したものと元の画像、×2 と ×3"))

# %% role="demo"
build_srcnn = yours_or(library.srcnn)
GREY = 0.5  # taken off before training and added again behind it

def train(model, loss, lr, epochs, batch=8, steps=250):
    rate = keras.optimizers.schedules.CosineDecay(lr, epochs * steps)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    return model.fit(blurs - GREY, sharps - GREY, batch_size=batch, epochs=epochs, steps_per_epoch=steps, verbose=0, callbacks=[Progress()])

keras.utils.set_random_seed(1)
three_layers = build_srcnn()
three_layers.name = "SRCNN"
_ = train(three_layers, "mse", lr=3e-3, epochs=22)

# %% [markdown] lang="en"
# ## Learn what is missing
#
# Most of a film is there already after the cubic kernel; only fine detail is missing. SRCNN has to draw the whole film anew, its brightness included. Kim and colleagues (2016) let the network learn only what is
# **missing**, and add it:
#
# $$ \text{residual} = \text{original} - \text{enlarged} $$
#
# ### Exercise 4: `residual_target`
#
# Write `residual_target(hr, lr_up)` for an original `hr` and the enlarged film `lr_up`: what must be added to the enlarged one to get the original?
# %% [markdown] lang="ja"
# ## 足りない分だけを学ぶ
#
# 3次のカーネルで拡大した画像には、元の画像のほとんどが、もう写っています。足りないのは細かい部分だけです。ところが SRCNN は、明るさも含めて画像を一から描き直さなければなりません。Kim ら（2016）は、
# **足りない分**だけをネットワークに学ばせ、あとで足すことにしました。
#
# $$ \text{残差} = \text{元の画像} - \text{拡大した画像} $$
#
# ### 演習4：`residual_target`
#
# 元の画像 `hr` と、拡大した画像 `lr_up` について、`residual_target(hr, lr_up)` を書いてください。拡大した画像に何を足せば、元の画像になるでしょうか。

# %% exercise="residual_target"
def residual_target(hr, lr_up):
    L("""Return what is missing in the enlarged film.""", """拡大した画像に足りない分を返す。""")
    ### BEGIN SOLUTION
    return hr - lr_up
    ### END SOLUTION

# %% test="residual_target" points=1
with check("residual_target") as t:
    original = np.array([[0.9, 0.1, 0.25], [0.5, 0.0, 1.0]])
    smooth = np.array([[0.7, 0.2, 0.25], [0.75, 0.25, 0.875]])
    t.call(residual_target, original, smooth).equals([[0.2, -0.1, 0], [-0.25, -0.25, 0.125]])
### BEGIN HIDDEN TESTS
with check("residual_target", hidden=True) as t:
    sharp_, missing_ = t.rng.random((2, 7, 5, 1)), t.rng.normal(0, 0.1, (2, 7, 5, 1))
    t.call(residual_target, sharp_, sharp_ - missing_).equals(missing_)
### END HIDDEN TESTS

# %% role="demo"
missing = yours_or(library.residual_target)(sharps, blurs)
_, axes = plt.subplots(figsize=(7, 3), layout="constrained")
bins = np.linspace(-0.4, 1, 141)
axes.hist(sharps.ravel(), bins, color=figures.ORANGE, alpha=0.8, label=L("original", "元の画像"))
axes.hist(missing.ravel(), bins, histtype="step", color=figures.BLUE, lw=1.8, label=L("residual", "残差"))
axes.set(yscale="log", xlabel=L("value", "値"), ylabel=L("pixels", "画素数"))
axes.legend()
figures.show(L("Values of the original patches, spread from 0 to 1, and of the residual, nearly all close to 0", "元の画像の値は 0 から 1 に広がり、残差はほとんどが 0 の近くにある"))
small_share = np.mean(np.abs(missing) < 0.05)
print(L(f"{small_share:.0%} of the residual lies within 0.05 of zero", f"残差の {small_share:.0%} は、0 から 0.05 以内にある"))

# %% [markdown] lang="en"
# A target that is nearly 0 everywhere is easy to begin with: a network that says nothing is already as good as the cubic kernel. And since nothing but the correction has to pass through the layers, there may be many of them.
#
# ## VDSR: very deep
#
# | layers | |
# |---|---|
# | `depth - 1` convolutions of 64 kernels, 3 × 3, ReLU | each one sees one pixel further to every side |
# | 1 convolution of one kernel, 3 × 3, no ReLU | the residual, positive or negative |
# | plus the input | `layers.Add()([film, residual])` |
#
# With `depth=20` that makes 665,921 parameters and a receptive field of 41 × 41 pixels (unit 05; SRCNN sees 13 × 13). Because the addition is part of the model, it is trained with the **original** as its target, and it gives
# films back.
#
# ### Exercise 5: `vdsr`
#
# Write `vdsr(depth=20)` for films of one channel and any size. Everything `padding="same"`, not compiled.
#
# *Hint: begin with `film = keras.Input((None, None, 1))` and `x = film`, call layers in a loop `for _ in range(...)`, end with `return keras.Model(film, ...)`.*
# %% [markdown] lang="ja"
# ほとんどが 0 という目標は、出発点として楽です。何も答えないネットワークでも、もう3次のカーネルと同じ成績だからです。しかも、層を通り抜ける必要があるのは修正分だけなので、層をたくさん重ねることができます。
#
# ## VDSR：とても深いネットワーク
#
# | 層 | |
# |---|---|
# | 3 × 3 のカーネル 64 個の畳み込み、ReLU を `depth - 1` 回 | 一層ごとに、見える範囲が上下左右に 1 画素ずつ広がる |
# | 3 × 3 のカーネル 1 個の畳み込みを 1 回、ReLU なし | 残差（正にも負にもなる） |
# | 入力を足す | `layers.Add()([film, residual])` |
#
# `depth=20` なら、パラメータは 665,921 個、受容野は 41 × 41 画素です（単元05。SRCNN は 13 × 13）。足し算までがモデルに含まれているので、目標には**元の画像**をそのまま使い、出力も画像になります。
#
# ### 演習5：`vdsr`
#
# 1 チャネルで任意の大きさの画像に使える `vdsr(depth=20)` を書いてください。`padding` はすべて `"same"` で、コンパイルはしません。
#
# *ヒント：`film = keras.Input((None, None, 1))`、`x = film` から始め、`for _ in range(...)` の中で層を呼び出し、最後に `return keras.Model(film, ...)` とします。*

# %% exercise="vdsr"
def vdsr(depth=20):
    L("""Return VDSR as a Keras model that is not compiled.""", """VDSR を、コンパイルしていない Keras のモデルとして返す。""")
    ### BEGIN SOLUTION
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    residual = layers.Conv2D(1, 3, padding="same")(x)
    return keras.Model(film, layers.Add()([film, residual]))
    ### END SOLUTION

# %% test="vdsr" points=3
with check("vdsr") as t:
    model = t.call(vdsr, 4).value
    t.that(len(shapes_of(model)) == 8, L("a depth of 4 means four convolutions in all, the last one included", "深さ 4 なら、最後の層も含めて畳み込みは四つです"))
    t.that(shapes_of(model)[::2] == [(3, 3, 1, 64), (3, 3, 64, 64), (3, 3, 64, 64), (3, 3, 64, 1)], L("64 kernels of 3 x 3 in each layer, one in the last", "どの層も 3 × 3 のカーネル 64 個、最後だけ 1 個です"))
    before, film = model.get_weights(), np.random.default_rng(1).normal(0.5, 0.3, (2, 9, 14, 1)).astype("float32")
    model.set_weights([*before[:-2], 0 * before[-2], 0 * before[-1]])
    plain = ops.convert_to_numpy(model(film))
    t.that(plain.shape == film.shape and np.array_equal(plain, film), L("a last layer of zeros should leave the enlarged film exactly as it is", "最後の層の重みがすべて 0 なら、拡大した画像がそのまま出てくるはずです"))
    model.set_weights([*before[:-2], 0 * before[-2], 0 * before[-1] - 2])
    t.that(np.allclose(ops.convert_to_numpy(model(film)), film - 2, atol=1e-5), L("the residual is added to the film, and may make it darker", "残差は画像に足します。負の残差なら、暗くなるはずです"))
    got, wanted = model_and_formula(model, np.random.default_rng(0), skip=True)
    t.that(np.allclose(got, wanted, atol=0.02), L("ReLU behind every layer but the last", "最後以外のどの層の後にも ReLU を置きます"))
### BEGIN HIDDEN TESTS
with check("vdsr", hidden=True) as t:
    deep_ = t.call(vdsr).value
    t.that(deep_.count_params() == 665921 and len(shapes_of(deep_)) == 40, L("another number of parameters for depth=20", "depth=20 のときのパラメータの数が違います"))
    for depth_ in (2, int(t.rng.integers(5, 9))):
        drawn_ = t.call(vdsr, depth_).value
        t.that(shapes_of(drawn_)[::2] == [(3, 3, 1, 64), *[(3, 3, 64, 64)] * (depth_ - 2), (3, 3, 64, 1)], L("other kernels", "カーネルが違います"))
        got_, wanted_ = model_and_formula(drawn_, t.rng, skip=True)
        t.that(got_.shape == wanted_.shape and np.allclose(got_, wanted_, atol=0.05), L("another answer", "答えが違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Keeping gradients in bounds
#
# A deep network is a long product of layers, and its gradient can become huge at some places: one step, and all that was learnt is gone. Clipping cuts each gradient off at a limit. Kim 2016 notes
# that the *step* is what counts, learning rate times gradient. So the limit should be
#
# $$ \pm \frac{\theta}{\text{learning rate}} $$
#
# Then no weight ever moves by more than $\theta$ (plain gradient descent), and when the learning rate falls later on, small gradients are no longer cut. An example: $\theta = 0.01$ and learning rate 0.1 allow gradients from -0.1 to 0.1; the learning rate 0.001 allows -10 to 10.
#
# ### Exercise 6: `clip_gradients`
#
# Write `clip_gradients(grads, theta, lr)` for a list of arrays, one for each array of weights: return a new list, every number held within ±`theta / lr`. A weight that is not trained has `None` for its gradient; keep it in its place.
#
# *Hint: `np.clip(g, low, high)` (or `ops.clip`).*
# %% [markdown] lang="ja"
# ## 勾配を範囲内に収める
#
# 深いネットワークは、たくさんの層の積です。場所によっては勾配がとても大きくなり、たった一歩で、それまでに学んだことが台無しになります。クリッピングは、勾配を上限で切る方法です。Kim 2016 は、大切なのは学習率と勾配を掛けた
# *一歩の大きさ*だと考え、上限を次のように決めました。
#
# $$ \pm \frac{\theta}{\text{学習率}} $$
#
# こうすれば（ふつうの勾配降下法なら）、重みが一度に $\theta$ より大きく動くことはありません。しかも、後で学習率を下げたときに、小さな勾配まで切ってしまうことがなくなります。たとえば $\theta = 0.01$、学習率 0.1 なら、勾配は -0.1 から 0.1 までです。
# 学習率が 0.001 になれば、-10 から 10 まで許されます。
#
# ### 演習6：`clip_gradients`
#
# 重みの配列ごとの勾配を並べたリストについて、`clip_gradients(grads, theta, lr)` を書いてください。すべての数を ±`theta / lr` の範囲に収めた新しいリストを返します。学習しない重みの勾配は `None` なので、その場所に `None` のまま残します。
#
# *ヒント：`np.clip(g, low, high)`（または `ops.clip`）を使います。*

# %% exercise="clip_gradients"
def clip_gradients(grads, theta, lr):
    L("""Return the gradients held within theta / lr to both sides; None stays.""", """勾配を ±theta / lr に収めて返す。None はそのまま残す。""")
    ### BEGIN SOLUTION
    limit = theta / lr
    return [None if g is None else np.clip(g, -limit, limit) for g in grads]
    ### END SOLUTION

# %% test="clip_gradients" points=2
with check("clip_gradients") as t:
    gradients = [np.array([[0.5, -3.0, 12.0], [-8.0, 2.0, 4.0]]), None, np.array([-5.0, 0.25])]
    # en: theta 2 and learning rate 0.5: from -4 to 4
    # ja: theta が 2、学習率が 0.5 なら、-4 から 4 まで
    kept = t.call(clip_gradients, gradients, 2.0, 0.5).value
    t.that(len(kept) == 3 and kept[1] is None, L("the second gradient was None and should stay None", "二つめの勾配は None なので、None のまま残してください"))
    t.call(clip_gradients, gradients[::2], 2.0, 0.5).equals(([[0.5, -3, 4], [-4, 2, 4]], [-4, 0.25]))
### BEGIN HIDDEN TESTS
with check("clip_gradients", hidden=True) as t:
    for rate_ in (0.5, 0.01):
        some_ = [t.rng.normal(0, 3, (4, 3)), t.rng.normal(0, 200, 5), t.rng.normal(0, 1, (2, 3, 2))]
        theta_ = float(t.rng.uniform(0.5, 2))
        t.call(clip_gradients, some_, theta_, rate_).equals(tuple(np.minimum(np.maximum(g_, -theta_ / rate_), theta_ / rate_) for g_ in some_))
    kept_ = t.call(clip_gradients, [None, some_[0], None], theta_, rate_).value
    t.that(len(kept_) == 3 and kept_[0] is None and kept_[2] is None, L("None should stay in its place", "None はその場所に残してください"))
### END HIDDEN TESTS

# %% role="demo"
clip = yours_or(library.clip_gradients)

def descend(theta, steps=40):
    L("""Walk from a steep wall down into a valley; the learning rate falls.""", """急な崖から谷へ下る。学習率はだんだん下げる。""")
    w, path = -1.0, []
    for step in range(steps):
        path.append(w)
        lr = 0.4 * 0.95**step
        # en: left of 0 a wall; to the right a gentle valley with its bottom at 0.5
        # ja: 0 の左側は急な崖、右側は 0.5 を底とするなだらかな谷
        slope = 0.5 * np.tanh(w - 0.5) if w > 0 else 80 * w - 0.2
        w = w - lr * float(clip([np.array(slope)], theta, lr)[0])
    return path

_, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
for theta, name, color, style in ((1e9, L("not clipped", "クリッピングなし"), figures.ORANGE, "s:"), (0.2, L("clipped, θ = 0.2", "クリッピングあり（θ = 0.2）"), figures.BLUE, "o-")):
    axes.plot(descend(theta), style, color=color, ms=3.5, label=name)
axes.axhline(0.5, color=figures.GREY, lw=0.8)
axes.set(xlabel=L("step", "ステップ"), ylabel=L("weight w", "重み w"))
axes.legend()
figures.show(L("A weight on its way from -1 to the best value, 0.5: clipped it walks there; not clipped it jumps beyond 30 in one step and hardly comes back",
               "重みが -1 から最適値 0.5 へ向かう様子。クリッピングありでは歩いて着き、なしでは一歩で 30 を超え、ほとんど戻れない"))

# %% [markdown] lang="en"
# The first step meets the wall. Not clipped, it throws the weight beyond 30, and the gentle slope out there hardly brings it back before the learning rate is gone. Clipped, no step is longer than θ.
#
# Below we train with Adam, which finds a step of its own for each weight and needs no clipping at so small a depth. Kim 2016 used gradient descent with momentum and a learning rate that began at 0.1; clipping is what let 20 layers learn at such a pace.
#
# ## VDSR, trained
#
# A depth of 20 has four times as many parameters and needs far more than our two minutes to show its worth, so we take **6** here; `depth=20` stays your function's default. Patches are the same as before. This is the longest cell of the notebook.
# %% [markdown] lang="ja"
# 最初の一歩で崖に当たります。クリッピングなしでは、重みが 30 の先まで飛ばされ、そこはなだらかなので、学習率が尽きるまでにほとんど戻れません。クリッピングありなら、どの一歩も θ を超えません。
#
# この後の学習では Adam を使います。Adam は重みごとに歩幅を調整するので、この深さならクリッピングがなくても大丈夫です。Kim 2016 は、慣性項付きの勾配降下法を、0.1 という大きな学習率から始めて使いました。その速さで 20 層を学習できたのは、クリッピングのおかげです。
#
# ## VDSR を学習させる
#
# 深さ 20 ではパラメータが四倍以上になり、よさが出るまでに二分ではとても足りません。ここでは深さを **6** とします（関数の既定値は `depth=20` のままにしてください）。切り抜きは先ほどと同じです。このノートブックで最も時間のかかるセルです。

# %% role="demo"
build_vdsr = yours_or(library.vdsr)
keras.utils.set_random_seed(1)
deep = build_vdsr(6)
deep.name = "VDSR"
# en: a last layer of zeros: it begins as the cubic kernel exactly
# ja: 最後の層を 0 にして、バイキュービック補間とまったく同じところから始める
weights = deep.get_weights()
deep.set_weights([*weights[:-2], 0 * weights[-2], weights[-1]])
print(L(f"SRCNN {three_layers.count_params():,} parameters, VDSR of depth 6 {deep.count_params():,}", f"パラメータ：SRCNN {three_layers.count_params():,} 個、深さ 6 の VDSR {deep.count_params():,} 個"))
_ = train(deep, "mse", lr=1e-3, epochs=5)

# %% role="demo"
def restored(scale, networks):
    L("""Return the test films made small and large again, and what each network makes of them, by name.""", """縮小して拡大したテスト用の画像と、各ネットワークの答えを、名前ごとに返す。""")
    large = blurred(test_films, scale)
    return {L("bicubic", "バイキュービック"): large} | {name: network.predict(large - GREY, batch_size=4, verbose=0) + GREY for name, network in networks.items()}

def table(scale, answers):
    for name, images in answers.items():
        decibels = to_db(test_films, images, 1)
        similar = np.mean([structural_similarity(a[..., 0], b[..., 0], data_range=1) for a, b in zip(test_films, images)])
        print(L(f"x{scale} {name}: PSNR {decibels:.2f} dB, SSIM {similar:.4f}", f"×{scale} {name}：PSNR {decibels:.2f} dB、SSIM {similar:.4f}"))

twice, thrice = (restored(scale, {"SRCNN": three_layers, "VDSR": deep}) for scale in (2, 3))
table(2, twice)
table(3, thrice)

# %% [markdown] lang="en"
# At ×2 SRCNN gains about 0.8 dB over the cubic kernel, and VDSR about 1.5 dB. That sounds little; it means that the mean squared error is 17 % and 29 % smaller. At ×3
# both gain less: three times fewer pixels each way leave less to go by. SSIM puts them into the same order.
# %% [markdown] lang="ja"
# ×2 では、バイキュービック補間に比べて、SRCNN は 0.8 dB ほど、VDSR は 1.5 dB ほど上がりました。わずかに思えますが、平均二乗誤差がそれぞれ 17 %、29 % 減ったという意味です。×3 では、どちらの伸びも小さくなります。
# 縦横とも三分の一に減ると、手がかりがそれだけ少なくなるからです。SSIM で見ても、順番は同じです。

# %% [markdown] lang="en"
# ## Sharp at any price: the perceptual loss
#
# Look at the lung markings in the restored films: the networks are better than the cubic kernel, and still soft. The reason is the loss. Many fine patterns fit to the same blurred patch; the answer with the smallest mean squared error
# is their **average**, and an average of fine patterns is smooth.
#
# Johnson and colleagues (2016) no longer compare pixels but **features**: what the convolutions $\varphi$ of a trained classifier answer to the two films.
#
# $$ \text{loss} = \alpha \cdot \mathrm{mean}\bigl((\varphi(y) - \varphi(p))^2\bigr) $$
#
# A smooth answer has the wrong features, for it does not look like a film. So the network had better put some fine pattern there. Which one? Any that pleases $\varphi$.
#
# ### Exercise 7 (optional, bonus points): `perceptual_loss`
#
# Write `perceptual_loss(extractor, y, p, alpha=1)`: `extractor` turns films into features, `y` is the truth, `p` the answer. Return one number, the mean taken over everything.
#
# *Hint: training needs the gradient of the loss; so use `ops.mean` and `ops.square` from `keras.ops`, not NumPy. `extractor(y)` calls the network.*
# %% [markdown] lang="ja"
# ## 何としてもはっきりと：知覚損失
#
# 復元した画像の肺血管影を見てください。バイキュービック補間よりはよくなりましたが、まだぼんやりしています。原因は損失関数です。ぼけた切り抜き一つに当てはまる細かい模様は、何通りもあります。平均二乗誤差が最も小さい答えはそれらの**平均**で、
# 細かい模様を平均すると、なめらかになってしまいます。
#
# Johnson ら（2016）は、画素ではなく**特徴**を比べました。学習済みの分類ネットワークの畳み込み部分 $\varphi$ に二枚の画像を入れ、その答えを比べるのです。
#
# $$ \text{損失} = \alpha \cdot \mathrm{mean}\bigl((\varphi(y) - \varphi(p))^2\bigr) $$
#
# なめらかな答えは本物の画像らしくないので、特徴が合いません。そこでネットワークは、何か細かい模様を描いたほうが得になります。どんな模様でしょうか。$\varphi$ が気に入れば、何でもよいのです。
#
# ### 演習7（発展・ボーナス点）：`perceptual_loss`
#
# `perceptual_loss(extractor, y, p, alpha=1)` を書いてください。`extractor` は画像を特徴に変えるネットワーク、`y` は正解、`p` は答えです。すべてにわたる平均をとり、一つの数を返します。
#
# *ヒント：学習には損失の勾配が必要です。NumPy ではなく、`keras.ops` の `ops.mean` と `ops.square` を使いましょう。`extractor(y)` でネットワークを呼び出せます。*

# %% exercise="perceptual_loss"
def perceptual_loss(extractor, y, p, alpha=1):
    L("""Return alpha times the mean squared difference of the features.""", """特徴の差の二乗の平均に alpha を掛けて返す。""")
    ### BEGIN SOLUTION
    return alpha * ops.mean(ops.square(extractor(y) - extractor(p)))
    ### END SOLUTION

# %% role="setup"
def edges_of(channels=1):
    L("""Return a model of two features: how much brighter, and how much darker, each pixel is than its left neighbour.""",
      """特徴が二つのモデルを返す。各画素が左隣よりどれだけ明るいか、どれだけ暗いか。""")
    model = keras.Sequential([keras.Input((None, None, channels)), layers.Conv2D(2, (1, 2), activation="relu", use_bias=False)])
    model.set_weights([np.array([[-1.0, 1.0], [1.0, -1.0]], "float32").reshape(1, 2, 1, 2).repeat(channels, axis=2)])
    model.trainable = False
    return model

# %% test="perceptual_loss" points=3
with check("perceptual_loss") as t:
    edges = edges_of()
    # en: features of the truth: brighter by 0.5, 0, 0.75, darker by 0, 0.25, 0; of the answer, which is flat: all 0
    # ja: 正解の特徴は、明るい 0.5、0、0.75、暗い 0、0.25、0。平らな答えの特徴はすべて 0
    truth = np.array([0.0, 0.5, 0.25, 1.0], "float32").reshape(1, 1, 4, 1)
    flat = np.full((1, 1, 4, 1), 0.25, "float32")
    # en: (0.25 + 0.0625 + 0.5625) / 6
    # ja: （0.25 + 0.0625 + 0.5625）÷ 6
    t.call(perceptual_loss, edges, truth, flat).equals(0.875 / 6)
    # en: brighter everywhere, and the features are the same
    # ja: 全体に明るくしても、特徴は同じ
    t.call(perceptual_loss, edges, truth, truth + 0.25).equals(0)
    t.call(perceptual_loss, edges, truth, flat, 8).equals(7 / 6)
    y, p = keras.Input((1, 4, 1)), keras.Input((1, 4, 1))
    symbolic = t.model([y, p], t.call(perceptual_loss, edges, y, p, 2).value)
    t.that(np.isclose(float(ops.convert_to_numpy(symbolic([truth, flat]))), 1.75 / 6, rtol=1e-3), L("inside a model the loss has another value", "モデルの中で使うと、損失の値が違います"))
### BEGIN HIDDEN TESTS
with check("perceptual_loss", hidden=True) as t:
    def features_(films_):
        jumps_ = np.diff(films_.sum(axis=-1), axis=2)
        return np.stack([np.maximum(jumps_, 0), np.maximum(-jumps_, 0)], axis=-1)

    for channels_ in (1, 3):
        y_, p_ = (t.rng.random((2, 4, 7, channels_)).astype("float32") for _ in range(2))
        alpha_ = float(t.rng.uniform(0.1, 3))
        wanted_ = alpha_ * np.mean((features_(y_) - features_(p_)) ** 2)
        t.call(perceptual_loss, edges_of(channels_), y_, p_, alpha_).equals(wanted_, rtol=1e-4)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ### An inspector made in seconds
#
# Johnson took VGG-16, trained on a million photographs. We make a smaller $\varphi$ here: a network that learns to tell patches of **original** films from **enlarged** ones and from **noisy** ones. To do so, its convolutions must notice fine structure. Then we cut off its answer
# and keep the convolutions.
#
# After that we take the trained VDSR and train it further, with the perceptual loss plus a little of the squared error, which holds the grey level.
# %% [markdown] lang="ja"
# ### 数秒で作る検査役
#
# Johnson らは、百万枚の写真で学習した VGG-16 を使いました。ここでは、もっと小さな $\varphi$ を作ります。**元の画像**、**拡大した画像**、**ノイズの多い画像**の切り抜きを見分けるネットワークです。見分けるためには、畳み込みが細かい構造に気づかなければなりません。
# 学習が済んだら、最後の答えの部分を切り離し、畳み込みだけを使います。
#
# 続いて、学習済みの VDSR を、知覚損失で追加学習させます。明るさがずれないように、二乗誤差も少しだけ加えます。

# %% role="demo"
keras.utils.set_random_seed(1)
inspector = keras.Sequential([
    keras.Input((None, None, 1)),
    layers.Conv2D(16, 3, activation="relu"),
    layers.Conv2D(32, 3, strides=2, activation="relu", name="texture"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(3, activation="softmax"),
], name="inspector")
some, after = np.arange(0, 4000, 2), np.arange(1, 4000, 20)  # to learn from, and to test with
noisy = sharps + np.random.default_rng(2).normal(0, 0.03, sharps.shape).astype("float32")
kinds = lambda which: (np.concatenate([stack[which] - GREY for stack in (sharps, blurs, noisy)]), np.repeat([0, 1, 2], len(which)))
inspector.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
inspector.fit(*kinds(some), batch_size=32, epochs=4, verbose=0, callbacks=[Progress()])
guessed = np.argmax(inspector.predict(kinds(after)[0], verbose=0), axis=1)
inspector_accuracy = np.mean(guessed == kinds(after)[1])
print(L(f"inspector: {inspector_accuracy:.0%} right (by guessing 33 %)", f"検査役の正解率：{inspector_accuracy:.0%}（当てずっぽうなら 33 %）"))

# %% role="demo"
features = keras.Model(inspector.inputs, inspector.get_layer("texture").output)
features.trainable = False
feature_loss = yours_or(library.perceptual_loss)
scale_of_features = float(np.mean(np.square(features.predict(sharps[:200] - GREY, verbose=0) - features.predict(blurs[:200] - GREY, verbose=0))))

def sharpness_first(y, p):
    return feature_loss(features, y, p, 1e-3 / scale_of_features) + 0.1 * ops.mean(ops.square(y - p))

keras.utils.set_random_seed(1)
painter = build_vdsr(6)
painter.name = "Perceptual"
painter.set_weights(deep.get_weights())
_ = train(painter, sharpness_first, lr=3e-4, epochs=2)

# %% role="demo"
def sharpness(images):
    L("""Return the mean slope between neighbouring pixels.""", """隣り合う画素の傾きの平均を返す。""")
    down, right = np.gradient(np.asarray(images, float)[..., 0], axis=(1, 2))
    return np.mean(np.hypot(down, right)[:, 8:-8, 8:-8])

perceptual = L("perceptual", "知覚損失")
twice, thrice = (restored(scale, {"SRCNN": three_layers, "VDSR": deep, perceptual: painter}) for scale in (2, 3))
for scale, answers in ((2, twice), (3, thrice)):
    table(scale, answers)
for name, images in twice.items():
    part = sharpness(images) / sharpness(test_films)
    print(L(f"x2 {name}: sharpness {part:.0%} of the original's", f"×2 {name}：鮮鋭さは元の画像の {part:.0%}"))

# %% [markdown] lang="en"
# Read the two columns of figures against each other. The perceptual network has lost about three decibels against VDSR at ×2 and is now further from the original than the plain cubic kernel. Yet its films are the sharpest, sharper even than
# the originals. Both are true: *looking like a film* and *being close to this film* are two different aims, and beyond a point one is paid for with the other (Blau and Michaeli 2018 prove it).
# %% [markdown] lang="ja"
# 二種類の数値を見比べてください。×2 では、知覚損失のネットワークは VDSR より 3 dB ほど低く、単純なバイキュービック補間よりも元の画像から遠くなりました。それなのに、画像は最もはっきりしていて、元の画像さえ上回っています。
# どちらも本当のことです。*いかにも画像らしいこと*と*この画像に近いこと*は別の目標で、ある点から先は、一方のために他方を犠牲にすることになります（Blau と Michaeli 2018 が証明しました）。

# %% role="demo"
def side_by_side(film, row, column, size=48, scale=2):
    L("""Draw the same part of a film: small, as each way restores it, and original.""", """画像の同じ部分を、それぞれの方法の結果と元の画像で並べて描く。""")
    answers = twice if scale == 2 else thrice
    part = np.s_[film, row:row + size, column:column + size, 0]
    shown = {**{name: images[part] for name, images in answers.items()}, L("original", "元の画像"): test_films[part]}
    low, high = test_films[part].min(), test_films[part].max()
    titles = [name if name not in answers else f"{name}\n{to_db(test_films[part], image, 1):.1f} dB" for name, image in shown.items()]
    figures.films(shown.values(), titles, L(f"The same part of a film, scale {scale}: bicubic, SRCNN, VDSR, perceptual, original",
                                            f"画像の同じ部分、倍率 {scale}：バイキュービック、SRCNN、VDSR、知覚損失、元の画像"), low=low, high=high)

side_by_side(1, 80, 10)
side_by_side(1, 80, 10, scale=3)

# %% [markdown] lang="en"
# **A magnifier.** Move it over the films. Where does each method help? Where is the perceptual network sharper than VDSR and yet further from the original?
# %% [markdown] lang="ja"
# **拡大鏡。** 画像の上を動かしてみましょう。それぞれの方法は、どこで役に立っていますか。知覚損失のネットワークが、VDSR よりはっきりしているのに、元の画像からは遠いところはどこでしょうか。

# %% role="explore"
@interact(film=IntSlider(0, min=0, max=len(test_films) - 1, description=L("film", "画像")),
          row=IntSlider(80, min=0, max=168, description=L("row", "行")),
          column=IntSlider(130, min=0, max=168, description=L("column", "列")),
          scale=IntSlider(2, min=2, max=3, description=L("scale", "倍率")))
def magnifier(film, row, column, scale):
    side_by_side(film, row, column, scale=scale)

# %% [markdown] lang="en"
# ## What the network invented
#
# We have the originals, so we can search for the spot where the perceptual network drew clear structure that the original does not have: where the *wrong* structure is largest compared with the true one. A clinic has no original to compare with.
# %% [markdown] lang="ja"
# ## ネットワークが作り出したもの
#
# ここには元の画像があるので、知覚損失のネットワークが、元の画像にはない構造をはっきりと描き込んだ場所を探せます。*間違った*構造が、本当の構造に比べて最も大きい場所です。臨床の現場には、比べるべき元の画像がありません。

# %% role="demo"
def structure(images):
    L("""Return how much structure of the width of a vessel there is around each pixel.""", """各画素のまわりに、血管ほどの太さの構造がどれだけあるかを返す。""")
    smooth = lambda width: ndimage.gaussian_filter(images, (0, width, width))
    return ndimage.uniform_filter((smooth(0.8) - smooth(2.5)) ** 2, size=(1, 13, 13))

truth, safe, bold = (images[..., 0].astype(float) for images in (test_films, twice["VDSR"], twice[perceptual]))
strange = structure(bold - truth) / (structure(truth) + 1e-5)
strange[structure(bold) < np.quantile(structure(bold), 0.7)] = 0  # clear structure only
strange[:, :24] = strange[:, -24:] = strange[:, :, :24] = strange[:, :, -24:] = 0  # not at the border
film, row, column = np.unravel_index(np.argmax(strange), strange.shape)
here = np.s_[film, row - 6:row + 7, column - 6:column + 7]
print(L(f"film {film}, row {row}, column {column}; in the frame: VDSR {to_db(truth[here], safe[here], 1):.1f} dB, perceptual {to_db(truth[here], bold[here], 1):.1f} dB",
        f"画像 {film}、行 {row}、列 {column}。枠の中：VDSR {to_db(truth[here], safe[here], 1):.1f} dB、知覚損失 {to_db(truth[here], bold[here], 1):.1f} dB"))

# %% role="demo"
around = np.s_[film, row - 24:row + 24, column - 24:column + 24]
_, axes = plt.subplots(1, 4, figsize=(13, 3.8), layout="constrained")
for ax, image, name in zip(axes, (truth, safe, bold), (L("original", "元の画像"), "VDSR", perceptual)):
    figures.film(ax, image[around], name, truth[around].min(), truth[around].max())
shades = axes[3].imshow((bold - truth)[around], cmap="PuOr", vmin=-0.1, vmax=0.1)
axes[3].set_title(L("perceptual - original", "知覚損失 - 元の画像"))
axes[3].set_axis_off()
for ax in axes:
    ax.add_patch(plt.Rectangle((17.5, 17.5), 13, 13, fill=False, ec="black" if ax is axes[3] else figures.ORANGE, lw=2))
plt.colorbar(shades, ax=axes[3], shrink=0.8, label=L("grey value", "画素値"))
figures.show(L("A spot, framed, at which the perceptual network drew structure that is not in the original", "枠の中：元の画像にない構造を、知覚損失のネットワークが描いた場所"))

# %% [markdown] lang="en"
# In the frame the original shows little but grain. The network has made streaks and beads of it that could pass for the edge of a rib or a vessel, and nobody exposed them. They look like a film, and that is all the loss asked for.
#
# ### What an invented rib means in a clinic
#
# * **Something is added.** A false line across a rib is read as a fracture; a false dot in the lung as a nodule. The patient gets a CT, a biopsy, a bad night.
# * **Something is taken away.** The other way round is worse, because nobody asks: a network that has seen a thousand smooth ribs closes the fine gap of a fracture. What is rare in training is repaired as if it were a fault.
# * **Measurements.** Widths, textures and radiomic features (unit 18) measured on a restored film measure the network as well.
#
# So: a restored film is labelled as such and stored beside the original, never instead of it. The network is tested on patients like yours, with lesions in the test, and by the task (are lesions found?), not by PSNR alone. And no
# network brings back what the exposure did not record: a better film comes from the right positioning, dose, focal spot and detector.
# %% [markdown] lang="ja"
# 元の画像では、枠の中にあるのはほとんど粒状性だけです。ネットワークはそれを、肋骨や血管の縁とも見える筋や粒に描き変えました。撮影されていない構造です。いかにも画像らしく見えますが、損失関数が求めたのは、まさにそれだけでした。
#
# ### 作り出された肋骨は、臨床で何を意味するか
#
# * **加えられる。** 肋骨を横切る偽の線は骨折と読まれ、肺野の偽の点は結節と読まれます。患者さんは CT や生検を受け、眠れない夜を過ごすことになります。
# * **消される。** 逆はもっと危険です。誰も気づかないからです。なめらかな肋骨を千本見てきたネットワークは、骨折の細いすき間をふさいでしまいます。学習用の画像に少ないものは、まるで傷であるかのように修復されます。
# * **計測が狂う。** 復元した画像で測った幅やテクスチャー、ラジオミクスの特徴量（単元18）には、ネットワークのくせも含まれています。
#
# ですから、復元した画像にはそうと分かるように印を付け、元の画像の代わりではなく、元の画像と一緒に保存します。評価には、自施設と同じような患者の、病変を含む画像を使います。PSNR だけでなく、目的（病変が見つかるか）で評価します。そして、
# 撮影のときに記録されなかったものを取り戻せるネットワークはありません。よい画像は、正しいポジショニング、線量、焦点、検出器から生まれます。

# %% [markdown] lang="en"
# ## Key points
#
# 1. Make small films with antialiasing; picking pixels makes moiré, and the network learns to remove the moiré.
# 2. PSNR is 10 log₁₀ (range² / MSE), with one mean over all pixels. It and SSIM measure closeness, not diagnosis.
# 3. SRCNN redraws the film (8,129 parameters, no ReLU at the end); VDSR adds a residual to it. With a last layer of zeros VDSR is the cubic kernel exactly.
# 4. Clipping at ±θ / learning rate bounds the step. A perceptual loss compares features: sharper films, fewer decibels.
# 5. What the loss cannot see, the network may invent or erase. Keep the original, label what is restored, test by the task.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 小さい画像は、アンチエイリアスをかけて作ります。画素を拾うだけではモアレが出て、ネットワークはモアレの消し方を学んでしまいます。
# 2. PSNR は 10 log₁₀（幅² ÷ MSE）で、平均は全画素で一度だけとります。PSNR も SSIM も近さの尺度であって、診断のしやすさではありません。
# 3. SRCNN は画像を描き直します（パラメータ 8,129 個、最後に ReLU なし）。VDSR は残差を足します。最後の層が 0 なら、VDSR はバイキュービック補間とまったく同じです。
# 4. ±θ ÷ 学習率でのクリッピングは、一歩の大きさを抑えます。知覚損失は特徴を比べます。画像ははっきりしますが、デシベルは下がります。
# 5. 損失関数に見えないものを、ネットワークは作り出したり消したりします。元の画像を残し、復元したものには印を付け、目的に沿って評価しましょう。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. For two films of 12 bits somebody computes PSNR with a range of 65,535, because the file has 16 bits. What happens?</summary>
#
# The figure grows by 20 log₁₀ (65535 / 4095) = 24 dB, with the same films. The range is that of the pixel values, not of the file.
# </details>
#
# <details><summary>2. Why may VDSR have 20 layers, and start better than SRCNN before it has learnt anything?</summary>
#
# Its layers carry only the residual; the film itself takes the way past them. With a residual near 0 the answer is the enlarged film, which is already close.
# </details>
#
# <details><summary>3. A vendor shows restored films that look sharper than yours, and a higher PSNR on healthy volunteers. What do you ask?</summary>
#
# Where the fine structure comes from; whether films with lesions were in the test; whether readers found more of them; and whether the original stays in the archive. (Sharper and higher PSNR seldom come together, either.)
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. 12ビットの画像2枚の PSNR を、ファイルが16ビットだからといって、幅 65,535 で計算した人がいます。どうなりますか。</summary>
#
# 同じ画像なのに、20 log₁₀ (65535 / 4095) = 24 dB も高い値になります。幅は、ファイルではなく画素値のとりうる範囲です。
# </details>
#
# <details><summary>2. VDSR は、なぜ 20 層も重ねることができ、何も学んでいないうちから SRCNN よりよい成績なのですか。</summary>
#
# 層を通るのは残差だけで、画像そのものは近道を通るからです。残差が 0 に近ければ、答えは拡大した画像になり、それだけでもう正解に近いのです。
# </details>
#
# <details><summary>3. あるメーカーが、皆さんの画像よりはっきりした復元画像と、健康なボランティアでの高い PSNR を見せてくれました。何を尋ねますか。</summary>
#
# 細かい構造は何に基づいているのか。病変のある画像でも試したのか。読影者が見つけた病変は増えたのか。元の画像は保存されるのか。（なお、見た目のはっきりさと高い PSNR は、なかなか両立しません。）
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * C. Dong, C. C. Loy, K. He, X. Tang, *Learning a deep convolutional network for image super-resolution*, ECCV 2014, LNCS 8692, 184-199
# * J. Kim, J. K. Lee, K. M. Lee, *Accurate image super-resolution using very deep convolutional networks*, CVPR 2016, 1646-1654
# * J. Johnson, A. Alahi, L. Fei-Fei, *Perceptual losses for real-time style transfer and super-resolution*, ECCV 2016, LNCS 9906, 694-711
# * Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, *Image quality assessment: from error visibility to structural similarity*, IEEE Transactions on Image Processing 13, 600-612 (2004)
# * R. G. Keys, *Cubic convolution interpolation for digital image processing*, IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1153-1160 (1981)
# * Y. Blau, T. Michaeli, *The perception-distortion tradeoff*, CVPR 2018, 6228-6237: sharper and closer at once has a limit
# * J. P. Cohen, M. Luck, S. Honari, *Distribution matching losses can hallucinate features in medical image translation*, MICCAI 2018, LNCS 11070, 529-536
#
# To play on: give the perceptual loss ten times the weight. What do PSNR, SSIM and the frame do?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * C. Dong, C. C. Loy, K. He, X. Tang, *Learning a deep convolutional network for image super-resolution*, ECCV 2014, LNCS 8692, 184-199
# * J. Kim, J. K. Lee, K. M. Lee, *Accurate image super-resolution using very deep convolutional networks*, CVPR 2016, 1646-1654
# * J. Johnson, A. Alahi, L. Fei-Fei, *Perceptual losses for real-time style transfer and super-resolution*, ECCV 2016, LNCS 9906, 694-711
# * Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, *Image quality assessment: from error visibility to structural similarity*, IEEE Transactions on Image Processing 13, 600-612 (2004)
# * R. G. Keys, *Cubic convolution interpolation for digital image processing*, IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1153-1160 (1981)
# * Y. Blau, T. Michaeli, *The perception-distortion tradeoff*, CVPR 2018, 6228-6237（はっきりさと正確さの両立には限界があることを示した）
# * J. P. Cohen, M. Luck, S. Honari, *Distribution matching losses can hallucinate features in medical image translation*, MICCAI 2018, LNCS 11070, 529-536
#
# 余裕があれば、知覚損失の重みを10倍にしてみましょう。PSNR、SSIM、枠の中はどうなりますか。
