"""Unit 01: images are numbers."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 01 Images are numbers
#
# When you have finished this notebook, you will be able to
#
# 1. **read** a film as an array: pixels, bit depth, pixel size,
# 2. **count** its grey values in a histogram,
# 3. **apply** a window exactly as the DICOM standard writes it,
# 4. **find** the size of a pixel in a DICOM header, and say when it is not to be trusted,
# 5. **show** any radiograph as it should look, bones bright, whatever its header asks for.
#
# | | |
# |---|---|
# | Reading / exercises | about 30 min / about 35 min |
# | You need | unit 00 (first steps) |
# | Computing | under 15 s on two CPU cores |
# | Data | a computed chest film as a DICOM object; no download |
# %% [markdown] lang="ja"
# # 01 画像は数値でできている
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 画像を配列として**読む**（画素、量子化ビット数、画素の大きさ）
# 2. 画素値をヒストグラムに**数える**
# 3. DICOM 規格の式のとおりにウィンドウ処理を**行う**
# 4. DICOM ヘッダーから画素の大きさを**見つけ**、信用できない場合を述べる
# 5. ヘッダーが何を求めていても、X線画像を骨が白く見える正しい姿で**表示する**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約30分／約35分 |
# | 前提 | 単元00（最初の一歩） |
# | 計算時間 | CPU 2コアで15秒以内 |
# | データ | 計算で作った胸部画像の DICOM オブジェクト（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# The same exposure, two monitors: on one the lungs are black holes, on the other every vessel can be followed. Nothing is
# wrong with the X-rays. Somebody showed the **numbers** in another way.
#
# A network never sees the monitor. It gets the numbers, and if they were shown wrongly (bones dark, lungs cut off, 12 bits
# squeezed into 8) it learns from that. Most "bad models" are bad input. In this unit you take the way from the detector's numbers to the
# picture into your own hands, step by step.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 同じ撮影なのに、一方のモニターでは肺が黒くつぶれ、もう一方では血管の一本一本までたどれる。そんな経験はありませんか。X線に問題があるのでは
# ありません。**数値**の見せ方が違うのです。
#
# ネットワークはモニターを見ません。受け取るのは数値です。見せ方を誤った数値（骨が黒い、肺がつぶれている、12ビットを8ビットに押し込めた）を渡せば、
# それをそのまま学んでしまいます。「モデルの出来が悪い」と言われるものの多くは、入力に原因があります。この単元では、検出器の数値が画像になるまでの
# 道のりを、一歩ずつ自分の手でたどります。

# %% role="setup"
import matplotlib.pyplot as plt
import numpy as np
import pydicom
from ipywidgets import IntSlider, interact
from pydicom.pixels import apply_modality_lut, apply_voi

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import dicom
from xraydojo.library import images as library

# %% [markdown] lang="en"
# ## A film is a table of numbers
#
# `dicom.example()` gives us a chest film as a CR system would send it, of a patient who does not exist. Its `pixel_array` is a NumPy
# array: `image[row, column]`, rows counted from the top, columns from the left, both from 0.
# %% [markdown] lang="ja"
# ## 画像は数値の表
#
# `dicom.example()` は、CR 装置が送り出すような形の胸部画像です（実在の患者ではありません）。`pixel_array` が NumPy の配列で、
# `image[行, 列]` と書くと一つの画素値が得られます。行は上から、列は左から、どちらも 0 から数えます。

# %% role="demo"
film = dicom.example()
image = film.pixel_array
print(image.shape, image.dtype, image.min(), image.max())
print(image[160, 128], image[160, 60])

# %% role="demo"
top, left = 186, 216
patch = image[top:top + 6, left:left + 8]
_, (whole, zoom) = plt.subplots(1, 2, figsize=(10, 4.6), width_ratios=[1, 1.5])
figures.film(whole, image, L("the film", "画像全体"), image.min(), image.max())
whole.add_patch(plt.Rectangle((left - 4, top - 4), 16, 14, fill=False, ec=figures.ORANGE, lw=2))
figures.film(zoom, patch, L("six rows and eight columns of it", "その中の6行8列"), patch.min() - 300, patch.max() + 100)
for (row, column), value in np.ndenumerate(patch):
    zoom.text(column, row, value, ha="center", va="center", color="black" if value > patch.mean() else "white")
figures.show(L("A chest film, and a corner at the edge of the heart so enlarged that its numbers can be read",
               "胸部画像と、心臓の縁の一部を数値が読めるまで拡大したもの"))

# %% [markdown] lang="en"
# Two numbers decide how much such a table can hold.
#
# * **How many pixels**, and how large each is: the *spatial resolution*. What is smaller than a pixel is lost.
# * **How many steps** from black to white: the *bit depth*. With $n$ bits there are $2^n$ steps. This film has 12 bits, that is
#   4096 values from 0 to 4095, in a 16-bit drawer (`uint16`), since computers have no drawers of 12 bits.
#
# First the pixels: each picture has a quarter of the rows and columns of the one before it.
# %% [markdown] lang="ja"
# この表がどれだけの情報をもてるかは、二つの数で決まります。
#
# * **画素の数**と大きさ：*空間分解能*です。画素より小さいものは失われます。
# * 黒から白までの**段階の数**：*量子化ビット数*です。$n$ ビットなら $2^n$ 段階になります。この画像は12ビットで、0 から 4095 までの 4096 段階です。
#   コンピューターには12ビットの引き出しがないので、16ビットの引き出し（`uint16`）に入れてあります。
#
# まずは画素の数です。右へ行くごとに、行と列の数がそれぞれ 4 分の 1 になります。

# %% role="demo"
def coarser(image, factor):
    rows, columns = image.shape[0] // factor, image.shape[1] // factor
    return image.reshape(rows, factor, columns, factor).mean(axis=(1, 3))

sizes = [coarser(image, factor) for factor in (1, 4, 16)]
figures.films(sizes, [f"{small.shape[0]} x {small.shape[1]}" for small in sizes],
              L("The film with fewer and fewer pixels", "画素の数を減らしていった画像"), low=0, high=4095)

# %% [markdown] lang="en"
# Now the steps. Between 12 bits and 6 (64 steps) you hardly see a difference: the steps are too fine for the eye. With 3 bits
# the smooth lung falls into terraces. But beware: it is *you* who sees no difference. A network or a measurement can use steps that no eye
# sees, and a narrow window (below) makes them visible.
# %% [markdown] lang="ja"
# 次は段階の数です。12ビットと6ビット（64段階）では、ほとんど違いが分かりません。段階が細かすぎて、人の目では見分けられないからです。3ビットになると、
# なめらかな肺が段々畑のようになります。ただし、違いが分からないのは*人の目*です。ネットワークや計測は、目に見えない段階も使うことができます。
# また、このあとで学ぶ狭いウィンドウを使えば、見えなかった段階が見えてきます。

# %% role="demo"
depths = (12, 6, 3, 2)
figures.films([(image >> (12 - bits)) / (2**bits - 1) for bits in depths],
              [L(f"{bits} bits: {2**bits} steps", f"{bits} ビット：{2**bits} 段階") for bits in depths],
              L("The film with 12, 6, 3 and 2 bits", "12、6、3、2 ビットの画像"))

# %% [markdown] lang="en"
# ## How often does each value occur?
#
# Divide the range from the smallest to the largest value into equal **bins**, and count the pixels in each: the **histogram**. With
# `bins` bins there are `bins + 1` **edges**. For values from 10 to 20 and 5 bins:
#
# | bin | from | to | |
# |---|---|---|---|
# | 0 | 10 | 12 | 12 itself belongs to the next bin |
# | 1 | 12 | 14 | |
# | 2 | 14 | 16 | |
# | 3 | 16 | 18 | |
# | 4 | 18 | 20 | the last bin **includes** its upper edge, or the largest value would be lost |
#
# `np.linspace(a, b, n)` gives `n` equally spaced numbers from `a` to `b`, both included.
# %% [markdown] lang="ja"
# ## それぞれの値は、どれだけあるか
#
# 最小値から最大値までを等しい幅の区間（**ビン**）に分け、区間ごとに画素を数えたものが**ヒストグラム**です。区間が `bins` 個なら、
# 区切り（**エッジ**）は `bins + 1` 個あります。値が 10 から 20 まで、区間が 5 個のときは次のようになります。
#
# | 区間 | 始まり | 終わり | |
# |---|---|---|---|
# | 0 | 10 | 12 | 12 は次の区間に入る |
# | 1 | 12 | 14 | |
# | 2 | 14 | 16 | |
# | 3 | 16 | 18 | |
# | 4 | 18 | 20 | 最後の区間だけは終わりの値を**含む**（含めないと最大値が数えられない） |
#
# `np.linspace(a, b, n)` は、`a` から `b` まで（両端を含む）を等間隔に区切った `n` 個の数を返します。

# %% role="demo"
edges = np.linspace(10, 20, 6)
print(edges)
values = np.array([10, 11, 12, 19, 20])
print((values >= edges[0]) & (values < edges[1]), np.sum((values >= edges[0]) & (values < edges[1])))

# %% [markdown] lang="en"
# ### Exercise 1: `histogram`
#
# Write `histogram(image, bins)`. Return two things: the counts (`bins` numbers) and the edges (`bins + 1` numbers).
#
# *Hint: the line above counts one bin. A loop `for i in range(bins):` counts them all; only the last one differs a little.*
# %% [markdown] lang="ja"
# ### 演習1：`histogram`
#
# `histogram(image, bins)` を書いてください。数えた結果（`bins` 個）と、区切り（`bins + 1` 個）の二つを返します。
#
# *ヒント：上のセルの最後の行は、一つの区間を数えています。`for i in range(bins):` と書けば、すべての区間を順に数えられます。最後の区間だけが少し違います。*

# %% exercise="histogram"
def histogram(image, bins):
    L("""Return the counts in equal bins from the smallest to the largest value, and their edges.""",
      """最小値から最大値までの等しい区間ごとの画素数と、区間の区切りを返す。""")
    ### BEGIN SOLUTION
    edges = np.linspace(np.min(image), np.max(image), bins + 1)
    counts = []
    for i in range(bins):
        inside = (image >= edges[i]) & (image < edges[i + 1])
        if i == bins - 1:
            inside = (image >= edges[i]) & (image <= edges[i + 1])
        counts.append(np.sum(inside))
    return np.array(counts), edges
    ### END SOLUTION

# %% test="histogram" points=2
with check("histogram") as t:
    names = (L("counts", "画素数"), L("edges", "区切り"))
    # en: 12 lies on an edge, 20 is the largest value
    # ja: 12 は区切りの上にあり、20 は最大値
    small = np.array([[10, 11, 12], [19, 20, 20]])
    t.call(histogram, small, 5).equals(([2, 1, 0, 0, 3], [10, 12, 14, 16, 18, 20]), names=names)
    t.call(histogram, np.array([[-1.0, 0.0, 0.25, 1.0]]), 4).equals(([1, 0, 2, 1], [-1, -0.5, 0, 0.5, 1]), names=names)
### BEGIN HIDDEN TESTS
with check("histogram", hidden=True) as t:
    for kind, bins_ in (("uint16", 7), ("int16", 12), ("float64", 30), ("uint8", 3)):
        image_ = (t.rng.normal(120, 40, (9, 14))).clip(0, 250).astype(kind)
        t.call(histogram, image_, bins_).equals(tuple(np.histogram(image_, bins_)), names=("counts", "edges"))
### END HIDDEN TESTS

# %% role="demo"
count = yours_or(library.histogram)
counts, edges = count(image, 80)
_, axes = plt.subplots(figsize=(8, 3.2))
axes.stairs(counts, edges, fill=True, color=figures.BLUE, alpha=0.7)
for value, name in ((20, L("air", "空気")), (980, L("lungs", "肺野")), (2950, L("mediastinum, abdomen", "縦隔・腹部"))):
    axes.annotate(name, (value, counts[np.searchsorted(edges, value) - 1]), (value, counts.max() * 1.2),
                  ha="center", arrowprops={"arrowstyle": "->"})
axes.set(ylim=(0, counts.max() * 1.35), xlabel=L("pixel value", "画素値"), ylabel=L("pixels", "画素数"))
figures.show(L("The histogram of the film: air beside the body at the dark end, then the lungs, then mediastinum and abdomen",
               "画像のヒストグラム。暗い側から順に、体の外、肺野、縦隔と腹部"))

# %% [markdown] lang="en"
# ## The window: which numbers become which greys
#
# A monitor shows a few hundred greys; the film has thousands of values. A **window** chooses: its *centre* is the value
# that becomes middle grey, its *width* the range that is spread from black to white. All below is black, all above is white.
#
# The standard (PS3.3 C.11.2.1.2.1) says it to the last half step. With centre $c$ and width $w$, the value $x$ becomes
#
# $$ y = \begin{cases} 0 & x \le c - 0.5 - \frac{w-1}{2} \\[2pt] 1 & x > c - 0.5 + \frac{w-1}{2} \\[2pt]
# \dfrac{x - (c - 0.5)}{w - 1} + 0.5 & \text{otherwise} \end{cases} $$
#
# **An example**, $c = 100$ and $w = 5$, so that $c - 0.5 = 99.5$ and $w - 1 = 4$:
#
# | $x$ | 97 | 98 | 99 | 100 | 101 | 102 |
# |---|---|---|---|---|---|---|
# | $y$ | 0 | 0.125 | 0.375 | 0.625 | 0.875 | 1 |
#
# Why the 0.5 and the $w - 1$? The values are whole numbers, each standing for the step from half below it to half above it. For a chest film of 12 bits
# the half step is invisible; for a window of a few values it is not.
# %% [markdown] lang="ja"
# ## ウィンドウ：どの数値を、どの灰色で見せるか
#
# モニターの灰色は数百段階、画像の値は数千段階あります。そこで**ウィンドウ**で選びます。*中心*は中間の灰色にする値、*幅*は黒から白までに割り当てる値の
# 範囲です。それより小さい値はすべて黒、大きい値はすべて白になります。
#
# 規格（PS3.3 C.11.2.1.2.1）は、半段階まで正確に決めています。中心 $c$、幅 $w$ のとき、値 $x$ は次の $y$ になります。
#
# $$ y = \begin{cases} 0 & x \le c - 0.5 - \frac{w-1}{2} \\[2pt] 1 & x > c - 0.5 + \frac{w-1}{2} \\[2pt]
# \dfrac{x - (c - 0.5)}{w - 1} + 0.5 & \text{それ以外} \end{cases} $$
#
# **例。** $c = 100$、$w = 5$ なら、$c - 0.5 = 99.5$、$w - 1 = 4$ です。
#
# | $x$ | 97 | 98 | 99 | 100 | 101 | 102 |
# |---|---|---|---|---|---|---|
# | $y$ | 0 | 0.125 | 0.375 | 0.625 | 0.875 | 1 |
#
# 0.5 や $w - 1$ が現れるのはなぜでしょうか。画素値は整数で、一つの値が「半段階下から半段階上まで」を代表しているからです。12ビットの胸部画像では
# 半段階の差は見えませんが、幅が数段階しかないウィンドウでは、はっきりした差になります。

# %% role="demo"
x = np.arange(0, 4096)
_, axes = plt.subplots(figsize=(7, 3))
for (center, width), style in (((2048, 4096), "-"), ((1100, 1400), "--"), ((2900, 1600), ":")):
    axes.plot(x, library.window(x, center, width), style, lw=2,
              label=L(f"centre {center}, width {width}", f"中心 {center}、幅 {width}"))
axes.set(xlabel=L("pixel value", "画素値"), ylabel=L("grey (0 black, 1 white)", "灰色（0 が黒、1 が白）"))
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figures.show(L("Three windows as curves: the narrower the window, the steeper the curve",
               "三つのウィンドウの曲線。幅が狭いほど傾きが急になる"))

# %% [markdown] lang="en"
# ### Exercise 2: `window`
#
# Write `window(pixels, center, width)` by the formula. `pixels` has any shape and any kind of number; the result has the same shape and
# lies in [0, 1]. Two edges:
#
# * `width = 1` is a step: 0 up to $c - 0.5$, 1 above it (do not divide by $w - 1 = 0$);
# * a width below 1 makes no sense: `raise ValueError("...")`.
#
# *Hint: `np.clip(y, 0, 1)` cuts off both ends at once. Turn the pixels into decimals first, `np.asarray(pixels, float)`: `uint16` cannot go below 0.*
# %% [markdown] lang="ja"
# ### 演習2：`window`
#
# 上の式のとおりに `window(pixels, center, width)` を書いてください。`pixels` の形と数の種類は自由です。結果は同じ形で、値は [0, 1] に入ります。
# 特別な場合が二つあります。
#
# * `width = 1` は階段です。$c - 0.5$ までは 0、それより大きければ 1 とします（$w - 1 = 0$ で割らないようにしましょう）。
# * 1 より小さい幅には意味がないので、`raise ValueError("...")` とします。
#
# *ヒント：`np.clip(y, 0, 1)` を使うと、両端を一度に切りそろえられます。先に `np.asarray(pixels, float)` で小数にしておきましょう。`uint16` は 0 より小さくなれません。*

# %% exercise="window"
def window(pixels, center, width):
    L("""Return grey values in [0, 1] through a window (DICOM PS3.3 C.11.2.1.2.1).""",
      """ウィンドウ処理をした、[0, 1] の値を返す（DICOM PS3.3 C.11.2.1.2.1）。""")
    ### BEGIN SOLUTION
    if width < 1:
        raise ValueError("the width must be at least 1")
    x = np.asarray(pixels, float)
    if width == 1:
        return (x > center - 0.5).astype(float)
    return np.clip((x - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    ### END SOLUTION

# %% test="window" points=3
with check("window") as t:
    t.call(window, np.array([97, 98, 99, 100, 101, 102]), 100, 5).equals([0, 0.125, 0.375, 0.625, 0.875, 1])
    # en: 16 bits without a sign, and a window that begins below 0
    # ja: 符号なし16ビットの画素値と、0 より下から始まるウィンドウ
    unsigned = np.array([[0, 50, 100], [150, 200, 4095]], "uint16")
    t.call(window, unsigned, 60, 401).equals([[0.35125, 0.47625, 0.60125], [0.72625, 0.85125, 1]])
    # en: a step
    # ja: 階段
    t.call(window, np.array([[-1.0, 9.5], [9.6, 10.0], [10.5, 300.0]]), 10, 1).equals([[0, 0], [1, 1], [1, 1]])
    t.call(window, unsigned, 60, 0.5).raises(ValueError)
### BEGIN HIDDEN TESTS
with check("window", hidden=True) as t:
    from pydicom.pixels import apply_windowing

    def by_pydicom(values, center, width):
        asked = pydicom.Dataset()
        asked.PhotometricInterpretation, asked.BitsStored, asked.PixelRepresentation = "MONOCHROME2", 8, 0
        asked.WindowCenter, asked.WindowWidth = float(center), float(width)
        return apply_windowing(np.asarray(values, float), asked) / 255

    for kind, low_, high_ in (("int16", -1000, 3000), ("uint16", 0, 4096), ("uint8", 0, 256)):
        values_ = t.rng.integers(low_, high_, (6, 11)).astype(kind)
        for width_ in (1, 2, int(t.rng.integers(20, 2000)), 350.5):
            center_ = int(t.rng.integers(low_, high_))
            t.call(window, values_, center_, width_).equals(by_pydicom(values_, center_, width_))
    t.call(window, values_, 40, 0).raises(ValueError)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## One film, three windows
#
# The numbers are the same in all three pictures. The wide window shows everything, and nothing well; the second is for the lungs, the third for
# what lies behind the heart and in the abdomen.
# %% [markdown] lang="ja"
# ## 一枚の画像、三つのウィンドウ
#
# 三枚とも、数値はまったく同じです。広いウィンドウではすべてが見えますが、どれもはっきりしません。二枚目は肺野のため、三枚目は心臓の後ろや腹部を見るための
# ウィンドウです。

# %% role="demo"
to_window = yours_or(library.window)
windows = {L("everything", "全体"): (2048, 4096), L("lungs", "肺野"): (1100, 1400), L("mediastinum", "縦隔"): (2900, 1600)}
figures.films([to_window(image, *values) for values in windows.values()],
              [f"{name}: {center} / {width}" for name, (center, width) in windows.items()],
              L("The same film under a wide window, a lung window and a mediastinal window",
                "広いウィンドウ、肺野用、縦隔用のウィンドウで見た同じ画像"))

# %% [markdown] lang="en"
# ### Try it
#
# Find the window in which the ribs behind the heart can be seen best. What happens to the lungs meanwhile?
# %% [markdown] lang="ja"
# ### 動かしてみよう
#
# 心臓の後ろの肋骨が最もよく見えるウィンドウを探してください。そのとき、肺野はどうなっていますか。

# %% role="explore"
@interact(center=IntSlider(2050, min=0, max=4095, step=50, description=L("centre", "中心")),
          width=IntSlider(4096, min=50, max=4096, step=50, description=L("width", "幅")))
def look(center, width):
    figures.films([to_window(image, center, width)], [f"{center} / {width}"],
                  L("The film under the window that you set", "スライダーで決めたウィンドウで見た画像"))

# %% [markdown] lang="en"
# ## The header: what the numbers mean
#
# A DICOM object is the pixels and a list of **attributes**. Each has a tag of two hexadecimal numbers, a type (VR), a name and a
# value. pydicom lets you ask by the name: `film.Rows`. Where an attribute may be absent, `film.get("PixelSpacing")` gives `None` instead of an error.
# %% [markdown] lang="ja"
# ## ヘッダー：数値の意味を語るもの
#
# DICOM オブジェクトは、画素と**属性**の一覧からできています。属性には、二つの16進数からなるタグ、型（VR）、名前、値があります。pydicom では、`film.Rows` の
# ように名前で値を取り出せます。ないかもしれない属性は、`film.get("PixelSpacing")` とすると、エラーにならずに `None` が返ります。

# %% role="demo"
for name in ("PatientName", "Modality", "ViewPosition", "Rows", "Columns", "BitsStored",
             "PhotometricInterpretation", "ImagerPixelSpacing", "WindowCenter", "WindowWidth"):
    element = film[name]
    print(element.tag, element.VR, f"{name:26}", element.value)
print(film.get("PixelSpacing"))

# %% [markdown] lang="en"
# ## How large is a pixel?
#
# To measure a nodule in millimetres you need the size of a pixel. Three attributes may tell it, each as two numbers: the distance
# between **rows** first, then between **columns**.
#
# | attribute | measured where |
# |---|---|
# | `PixelSpacing` | in the patient or in the detector, as the maker understood it (a calibrated value, if any) |
# | `ImagerPixelSpacing` | at the front of the detector: the image of the patient is magnified there |
# | `NominalScannedPixelSpacing` | on the film that was scanned |
#
# And some systems write 0.000 when they do not know: a real chest film on which we tested this notebook says `0.000\0.000`. A wrong number is worse than none.
# %% [markdown] lang="ja"
# ## 一画素の大きさ
#
# 結節影の大きさを mm で測るには、一画素の大きさが必要です。それを語る属性は三つあり、どれも二つの数で書かれています。先が**行**の間隔、後が**列**の間隔です。
#
# | 属性 | どこでの大きさか |
# |---|---|
# | `PixelSpacing` | 患者の中、または検出器の上。装置によって解釈が異なる（校正された値なら、その値） |
# | `ImagerPixelSpacing` | 検出器の前面。患者の像は拡大されて写っている |
# | `NominalScannedPixelSpacing` | スキャンしたフィルムの上 |
#
# さらに、分からないときに 0.000 と書く装置もあります。このノートブックの確認に使った実際の胸部画像にも `0.000\0.000` と書かれていました。誤った数値は、数値がないことより危険です。

# %% [markdown] lang="en"
# ### Exercise 3: `pixel_size_mm`
#
# Write `pixel_size_mm(dataset)`. Look at the three attributes in the order of the table, and return the first whose two values are **both greater
# than 0**, as (row, column) in millimetres. If there is none, return `None`. No correction for magnification.
# %% [markdown] lang="ja"
# ### 演習3：`pixel_size_mm`
#
# `pixel_size_mm(dataset)` を書いてください。三つの属性を表の順に調べ、**二つの値がどちらも 0 より大きい**最初のものを、(行, 列) の順に mm で返します。
# 一つもなければ `None` を返します。拡大率の補正はしません。

# %% exercise="pixel_size_mm"
def pixel_size_mm(dataset):
    L("""Return (row, column) size of a pixel in millimetres, or None if the header does not tell.""",
      """一画素の大きさを mm で (行, 列) の順に返す。ヘッダーから分からなければ None を返す。""")
    ### BEGIN SOLUTION
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None and spacing[0] > 0 and spacing[1] > 0:
            return float(spacing[0]), float(spacing[1])
    return None
    ### END SOLUTION

# %% test="pixel_size_mm" points=2
with check("pixel_size_mm") as t:
    def header(**attributes):
        made = pydicom.Dataset()
        for name, value in attributes.items():
            setattr(made, name, value)
        return made

    parts = (L("row", "行"), L("column", "列"))
    t.call(pixel_size_mm, header(PixelSpacing=[0.2, 0.15])).equals((0.2, 0.15), names=parts)
    t.call(pixel_size_mm, header(ImagerPixelSpacing=[0.143, 0.15], PixelSpacing=[0.1, 0.11])).equals((0.1, 0.11), names=parts)
    # en: unknown, written as zero
    # ja: 不明なので 0 と書かれたもの
    zero = header(PixelSpacing=[0, 0], ImagerPixelSpacing=[0.175, 0.17])
    t.call(pixel_size_mm, zero).equals((0.175, 0.17), names=parts)
    t.call(pixel_size_mm, header(PixelSpacing=[0.2, 0], NominalScannedPixelSpacing=[0.3, 0.25])).equals((0.3, 0.25), names=parts)
    t.call(pixel_size_mm, header(PixelSpacing=[0, 0])).equals(None)
    t.call(pixel_size_mm, header(Rows=440)).equals(None)
### BEGIN HIDDEN TESTS
with check("pixel_size_mm", hidden=True) as t:
    order_ = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
    for first_ in range(4):
        sizes_ = {name: [float(v) for v in t.rng.integers(50, 400, 2) / 1000] for name in order_[first_:]}
        zeros_ = {name: [[0, 0], [0.1, 0], [0, 0.1]][int(t.rng.integers(3))] for name in order_[:first_]}
        wanted_ = tuple(sizes_[order_[first_]]) if first_ < 3 else None
        t.call(pixel_size_mm, header(**zeros_, **sizes_)).equals(wanted_)
### END HIDDEN TESTS

# %% role="demo"
size = yours_or(library.pixel_size_mm)(film)
print(L("one pixel:", "一画素："), size, "mm")
print(L("the film:", "画像全体："), film.Rows * size[0], "x", film.Columns * size[1], "mm")

# %% [markdown] lang="en"
# ## From the detector to the screen
#
# Four steps lead from the stored numbers to the picture, always in this order:
#
# 1. **Modality LUT**: stored numbers become values that mean something (`RescaleSlope` and `RescaleIntercept`, or a table). pydicom does it: `apply_modality_lut`.
# 2. **VOI LUT**: *values of interest* become greys from 0 to 1.
#    * A table (`VOILUTSequence`) goes first. pydicom's `apply_voi(values, dataset)` looks the values up; divide by the largest
#      possible entry, $2^{bits} - 1$, where `bits` is the third number of the `LUTDescriptor`.
#    * Else a window. There may be several (`[2048, 1100]`): take the first. `VOILUTFunction` may ask for another curve: `LINEAR` (yours; also when nothing is said), `LINEAR_EXACT`
#      or `SIGMOID`.
#    * Else nothing is asked: the smallest value becomes 0, the largest 1. (All equal: 0.)
# 3. **MONOCHROME1** means that *small* numbers are bright. Turn it round, once and at the very end: $1 - y$.
# 4. The display's own curve. That is the monitor's business.
#
# Two small tools for the exercise, which you need not write:
# %% [markdown] lang="ja"
# ## 検出器から画面まで
#
# 保存された数値は、いつも次の順に四つの段階を通って画像になります。
#
# 1. **モダリティLUT**：保存された数値を、意味のある値に直します（`RescaleSlope` と `RescaleIntercept`、または表）。pydicom の `apply_modality_lut` に任せます。
# 2. **VOI LUT**：関心のある値（*values of interest*）を 0 から 1 の灰色に変えます。
#    * 表（`VOILUTSequence`）があれば、それを優先します。pydicom の `apply_voi(values, dataset)` が表を引くので、表の値の上限 $2^{bits} - 1$ で割ります。
#      `bits` は `LUTDescriptor` の三つめの数です。
#    * なければウィンドウです。`[2048, 1100]` のように複数あるときは、最初のものを使います。`VOILUTFunction` が別の曲線を求めることもあります。`LINEAR`（皆さんの書いたもの。指定が
#      ないときも同じ）、`LINEAR_EXACT`、`SIGMOID` の三つです。
#    * どちらもなければ、最小値を 0、最大値を 1 にします（すべて同じ値なら 0）。
# 3. **MONOCHROME1** は「*小さい*数値ほど明るい」という意味です。いちばん最後に一度だけ、$1 - y$ と反転します。
# 4. モニター自身の特性。これはモニターに任せます。
#
# 演習で使う小さな道具を二つ用意しました。自分で書く必要はありません。

# %% role="setup"
def first(value):
    L("""Return the first of several values of an attribute, or its only one.""",
      """属性の値が複数あれば最初のもの、一つならその値を返す。""")
    return float(value if np.ndim(value) == 0 else value[0])

def curve(values, center, width, function):
    L("""Return greys by one of the three VOI LUT functions (PS3.3 C.11.2.1.3).""",
      """三つの VOI LUT 関数（PS3.3 C.11.2.1.3）のどれかで、灰色の値を返す。""")
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (values - center) / width))
    if function == "LINEAR_EXACT":
        return np.clip((values - center) / width + 0.5, 0, 1)
    return window(values, center, width)

# %% [markdown] lang="en"
# ### Exercise 4: `to_display`
#
# Write `to_display(dataset)`: the film as an array of greys in [0, 1], 0 black and 1 white. The first line is given. In words:
#
# * if `"VOILUTSequence" in dataset`, use the table;
# * else if `"WindowWidth" in dataset`, use `curve` with the first centre, the first width and `dataset.get("VOILUTFunction", "LINEAR")`;
# * else spread from the smallest to the largest value;
# * at last, if `dataset.PhotometricInterpretation == "MONOCHROME1"`, turn it round.
# %% [markdown] lang="ja"
# ### 演習4：`to_display`
#
# `to_display(dataset)` を書いてください。0 が黒、1 が白の、[0, 1] の配列を返します。最初の行は書いてあります。手順を言葉にすると、こうなります。
#
# * `"VOILUTSequence" in dataset` なら、表を使う。
# * そうでなく `"WindowWidth" in dataset` なら、最初の中心、最初の幅、`dataset.get("VOILUTFunction", "LINEAR")` で `curve` を使う。
# * どちらもなければ、最小値から最大値までを引き伸ばす。
# * 最後に、`dataset.PhotometricInterpretation == "MONOCHROME1"` なら反転する。

# %% exercise="to_display"
def to_display(dataset):
    L("""Return a radiograph as it should look: 0 black, 1 white.""",
      """X線画像を正しく表示するための配列（0 が黒、1 が白）を返す。""")
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    ### BEGIN SOLUTION
    if "VOILUTSequence" in dataset:
        bits = dataset.VOILUTSequence[0].LUTDescriptor[2]
        shown = apply_voi(values, dataset) / (2**bits - 1)
    elif "WindowWidth" in dataset:
        function = dataset.get("VOILUTFunction", "LINEAR")
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), function)
    else:
        low, high = float(values.min()), float(values.max())
        shown = (values - low) / (high - low) if high > low else np.zeros(values.shape)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    return shown
    ### END SOLUTION

# %% role="setup"
def film_object(pixels, photometric="MONOCHROME2", table=None, **attributes):
    L("""Return a small DICOM object with these pixels (for the check below).""",
      """この画素をもつ小さな DICOM オブジェクトを返す（下の確認で使う）。""")
    made, pixels = pydicom.Dataset(), np.asarray(pixels)
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, photometric
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.PixelRepresentation = int(pixels.min() < 0)
    made.PixelData = pixels.astype("<i2" if pixels.min() < 0 else "<u2").tobytes()
    if table is not None:
        item, (begin, bits, entries) = pydicom.Dataset(), table
        item.add_new("LUTDescriptor", "US", [len(entries), begin, bits])
        item.add_new("LUTData", "US", list(entries))
        made.VOILUTSequence = [item]
    for name, value in attributes.items():
        setattr(made, name, value)
    return made

# %% test="to_display" points=4
with check("to_display") as t:
    six = np.array([[0, 100, 200], [300, 400, 500]])
    # en: 1. rescaled to -100 ... 900, then a window
    # ja: 1. -100 から 900 に直してから、ウィンドウ
    rescaled = film_object(six, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=400, WindowWidth=801)
    t.call(to_display, rescaled).equals([[0, 0.125625, 0.375625], [0.625625, 0.875625, 1]])
    # en: 2. MONOCHROME1, and two windows of which the first counts
    # ja: 2. MONOCHROME1。二つのウィンドウのうち最初のものを使う
    bright = film_object(six, "MONOCHROME1", WindowCenter=[250, 100], WindowWidth=[501, 51])
    t.call(to_display, bright).equals([[0.999, 0.799, 0.599], [0.399, 0.199, 0]])
    # en: 3. an S-shaped curve
    # ja: 3. S字形の曲線
    curved = film_object(six, WindowCenter=250, WindowWidth=500, VOILUTFunction="SIGMOID")
    t.call(to_display, curved).equals([[0.119203, 0.231475, 0.401312], [0.598688, 0.768525, 0.880797]], atol=1e-6)
    # en: 4. a table of 10 bits goes before the window
    # ja: 4. 10ビットの表は、ウィンドウより優先する
    steps = film_object([[0, 1, 2], [3, 4, 5]], table=(0, 10, [0, 93, 341, 682, 930, 1023]), WindowCenter=3, WindowWidth=4)
    t.call(to_display, steps).equals([[0, 1 / 11, 1 / 3], [2 / 3, 10 / 11, 1]])
    # en: 5. nothing asked for, and values that do not begin at 0
    # ja: 5. 指定がなく、0 から始まらない値
    t.call(to_display, film_object([[50, 50, 60], [70, 90, 100]])).equals([[0, 0, 0.2], [0.4, 0.8, 1]])
    # en: 6. all values equal, MONOCHROME1
    # ja: 6. すべて同じ値、MONOCHROME1
    t.call(to_display, film_object(np.full((2, 3), 7), "MONOCHROME1")).equals(np.ones((2, 3)))
### BEGIN HIDDEN TESTS
with check("to_display", hidden=True) as t:
    for photometric_ in ("MONOCHROME1", "MONOCHROME2"):
        turn = (lambda y: 1 - y) if photometric_ == "MONOCHROME1" else (lambda y: y)
        signed_, slope_, shift_ = t.rng.integers(-900, 900, (5, 8)), *t.rng.integers(1, 500, 2).astype(float)
        x_, c_, w_ = signed_ * slope_ + shift_, *t.rng.integers(100, 2000, 2).astype(float)
        curves_ = {
            "LINEAR": np.clip((x_ - (c_ - 0.5)) / (w_ - 1) + 0.5, 0, 1),
            "LINEAR_EXACT": np.clip((x_ - c_) / w_ + 0.5, 0, 1),
            "SIGMOID": 1 / (1 + np.exp(-4 * (x_ - c_) / w_)),
        }
        for function_, y_ in curves_.items():
            asked_ = film_object(signed_, photometric_, RescaleSlope=slope_, RescaleIntercept=shift_,
                                 WindowCenter=[c_, 0], WindowWidth=[w_, 9], VOILUTFunction=function_)
            t.call(to_display, asked_).equals(turn(y_))
        entries_ = np.sort(t.rng.integers(0, 4096, 20))
        index_ = t.rng.integers(0, 20, (4, 7))
        looked_up_ = film_object(index_, photometric_, table=(0, 12, entries_.tolist()), WindowCenter=5, WindowWidth=3)
        t.call(to_display, looked_up_).equals(turn(entries_[index_] / 4095))
        plain_ = t.rng.integers(100, 3000, (6, 5))
        t.call(to_display, film_object(plain_, photometric_)).equals(turn((plain_ - plain_.min()) / np.ptp(plain_)))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Shown right, shown wrong
#
# The same exposure can be stored either way round. Here is our film as MONOCHROME2 and as MONOCHROME1: other numbers, the same picture, *if* the
# header is obeyed. The third picture is what a program shows that ignores it: bones black, lungs white. A network trained on such a mixture
# learns nonsense.
# %% [markdown] lang="ja"
# ## 正しい表示、誤った表示
#
# 同じ撮影でも、二通りの保存のしかたがあります。次の図は、同じ画像を MONOCHROME2 と MONOCHROME1 で保存したものです。数値は違っても、ヘッダーに*従えば*同じ画像になります。
# 三枚目は、ヘッダーを無視したプログラムの表示です。骨が黒く、肺が白くなっています。こうした画像が混ざったまま学習させると、ネットワークはでたらめを学んでしまいます。

# %% role="demo"
show = yours_or(library.to_display)
centers, widths = list(film.WindowCenter), list(film.WindowWidth)
turned = film_object(4095 - image, "MONOCHROME1", WindowCenter=[4096 - c for c in centers], WindowWidth=widths)
ignored = film_object(4095 - image, "MONOCHROME2", WindowCenter=[4096 - c for c in centers], WindowWidth=widths)
print(image[160, 128], turned.pixel_array[160, 128])
figures.films([show(film), show(turned), show(ignored)],
              ["MONOCHROME2", "MONOCHROME1", L("MONOCHROME1, ignored", "MONOCHROME1 を無視")],
              L("The film stored in both ways looks the same; with the header ignored it is inverted",
                "二通りに保存した画像は同じに見える。ヘッダーを無視すると白黒が反転する"))

# %% [markdown] lang="en"
# ## Before a film leaves the hospital
#
# A header knows who the patient is. Before a film is used for research, the identity must go. The standard lists, attribute by attribute, what to
# do (PS3.15, annex E, the *basic profile*): remove, leave empty, or replace. `dicom.deidentify` does it for the attributes that a radiograph carries.
#
# What no list can remove is what stands **in the picture**: a name burnt into a corner, a piece of jewellery with letters. Look at every film. And ask the
# ethics committee first.
# %% [markdown] lang="ja"
# ## 画像が病院を出る前に
#
# ヘッダーには、患者が誰であるかが書かれています。研究に使う前に、個人を特定できる情報を取り除かなければなりません。何をどうするか（削除、空欄、置き換え）は、規格に属性ごとの
# 一覧があります（PS3.15 附属書E の*基本プロファイル*）。`dicom.deidentify` は、X線画像にふつう含まれる属性について、この処理を行います。
#
# 一覧では取り除けないのは、**画像の中**に写っているものです。隅に焼き込まれた氏名や、文字の入った装身具などです。一枚ずつ目で確かめてください。そして、その前に倫理審査です。

# %% role="demo"
clean = dicom.deidentify(film)
clean.save_as("anonymous.dcm", enforce_file_format=True)
again = dicom.read("anonymous.dcm")
for name in ("PatientName", "PatientID", "PatientBirthDate", "InstitutionName", "StudyDate", "ViewPosition"):
    print(f"{name:18} {str(film.get(name)):18} -> {again.get(name)!r}")
print(L("the pixels are the same:", "画素は同じか："), np.array_equal(again.pixel_array, image))

# %% [markdown] lang="en"
# ## Key points
#
# 1. A film is an array `image[row, column]`; $n$ bits give $2^n$ steps, and what is smaller than a pixel or a step is lost.
# 2. A histogram counts the values in equal bins; it has one edge more than bins, and the last bin includes its upper edge.
# 3. A window chooses which values become greys. The standard's formula has a 0.5 and a $w - 1$ in it.
# 4. The pixel size stands in one of three attributes, the row first; 0 means unknown.
# 5. Modality LUT, VOI LUT, then MONOCHROME1 turned round once: in this order every radiograph shows its bones bright.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 画像は配列 `image[行, 列]` です。$n$ ビットなら $2^n$ 段階で、画素や段階より小さいものは失われます。
# 2. ヒストグラムは、等しい区間ごとに値を数えたものです。区切りは区間より一つ多く、最後の区間は終わりの値を含みます。
# 3. ウィンドウは、どの値を灰色にするかを選びます。規格の式には 0.5 と $w - 1$ があります。
# 4. 画素の大きさは三つの属性のどれかに、行、列の順に書かれています。0 は「不明」です。
# 5. モダリティLUT、VOI LUT、最後に一度だけ MONOCHROME1 の反転。この順に処理すれば、どのX線画像でも骨が白く見えます。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A film has 10 bits. How many steps are there, and what is its largest value?</summary>
#
# 2 to the power of 10 is 1024 steps, from 0 to 1023.
# </details>
#
# <details><summary>2. You make the window narrower and leave the centre. What happens to the contrast, and what do you lose?</summary>
#
# The curve gets steeper, so the contrast within the window grows. Values outside it become plain black or white.
# </details>
#
# <details><summary>3. A program shows a MONOCHROME1 film inverted twice. What do you see, and why is it hard to notice in the code?</summary>
#
# Lungs white and bones black. Each of the two inversions looks right by itself: one in the reader, one in the display.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. 10ビットの画像は何段階で、最大の値はいくつですか。</summary>
#
# 2 の 10 乗で 1024 段階、値は 0 から 1023 までです。
# </details>
#
# <details><summary>2. 中心を変えずにウィンドウの幅を狭くしました。コントラストはどうなり、何が失われますか。</summary>
#
# 曲線の傾きが急になるので、ウィンドウの中のコントラストは上がります。ウィンドウの外の値は、真っ黒か真っ白になります。
# </details>
#
# <details><summary>3. MONOCHROME1 の画像を二度反転してしまうプログラムでは、どう見えますか。また、なぜ誤りに気づきにくいのでしょうか。</summary>
#
# 肺が白く、骨が黒く見えます。読み込みで一度、表示で一度というように、一つ一つの反転はどちらも正しく見えるからです。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * DICOM PS3.3, *Information Object Definitions*: C.7.6.3 (image pixel), C.11.1 (modality LUT), C.11.2 (VOI LUT)
# * DICOM PS3.15, *Security and System Management Profiles*, annex E: attribute confidentiality profiles
# * W. D. Bidgood et al., *Understanding and using DICOM, the data interchange standard for biomedical imaging*, Journal of the American Medical Informatics Association 4, 199-212 (1997)
# * D. Mason et al., *pydicom*, the library that reads the files in this course
#
# To play on: read a film of your own. Copy it into this folder, `film = dicom.read("FILE.dcm")`, and look at it through `to_display`.
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * DICOM PS3.3, *Information Object Definitions*：C.7.6.3（画素）、C.11.1（モダリティLUT）、C.11.2（VOI LUT）
# * DICOM PS3.15, *Security and System Management Profiles*, 附属書E：匿名化のプロファイル
# * W. D. Bidgood et al., *Understanding and using DICOM, the data interchange standard for biomedical imaging*, Journal of the American Medical Informatics Association 4, 199-212 (1997)
# * D. Mason et al., *pydicom*：この講座で DICOM ファイルを読み込むライブラリ
#
# 余裕があれば、手元の画像を読み込んでみましょう。このフォルダーに写して `film = dicom.read("FILE.dcm")` とし、`to_display` で眺めてください。
