"""Unit 00: first steps."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 00 First steps, and is everything working?
#
# When you have finished this notebook, you will be able to
#
# 1. **tell** whether your machine is ready for the course,
# 2. **run** cells, start again, and know in which order things happened,
# 3. **write** a small function that returns a result,
# 4. **pick** pixels, rows and parts out of a film,
# 5. **read** an error message from its last line.
#
# | | |
# |---|---|
# | Reading / exercises | about 40 min / about 35 min |
# | You need | nothing: no programming, no mathematics |
# | Computing | under 20 s on two CPU cores |
# | Data | sixty chest films of a phantom, computed at first use; no download |
# %% [markdown] lang="ja"
# # 00 接続テストと最初の一歩
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. お使いのパソコンで講座を始められるかどうかを**確かめる**
# 2. セルを**実行し**、やり直し、何がどの順に起きたかを説明する
# 3. 結果を返す小さな関数を**書く**
# 4. 画像から画素や行や一部分を**取り出す**
# 5. エラーメッセージを最後の行から**読む**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約40分／約35分 |
# | 前提 | ありません（プログラミングも数学も要りません） |
# | 計算時間 | CPU 2コアで20秒以内 |
# | データ | 初回に計算して作る模擬胸部画像60枚（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Your first cell
#
# This page is made of **cells**: cells of text, like this one, and cells of code, with a grey background. To run a code cell, click into it
# and press **Shift+Enter**. While it works, `[*]` stands at its left, and a number when it is done.
#
# Run the two cells below, one after the other. The second one looks at your machine; it takes some ten seconds.
# %% [markdown] lang="ja"
# ## 最初のセル
#
# このページは**セル**でできています。この文章のようなセルと、灰色の背景のコードのセルがあります。コードのセルを実行するには、クリックしてから
# **Shift+Enter**（Shift キーを押しながら Enter キー）を押します。実行中は左に `[*]` と表示され、終わると数字に変わります。
#
# 下の二つのセルを、順に実行してみましょう。二つめのセルは、お使いのパソコンを調べます。10秒ほどかかります。

# %% role="setup"
import traceback

import matplotlib.pyplot as plt
import numpy as np

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_films
from xraydojo.library import first_steps as library

# %% role="demo"
from xraydojo import machine

machine.table()

# %% [markdown] lang="en"
# ✓ is fine, ○ is fine too, ✗ is to be mended: what to do stands at the right. If there is a ✗ that you cannot mend, take a picture of the table and
# ask your instructor; you can go on reading meanwhile.
#
# ## Why a technologist cares
#
# You tell at a glance whether a film is well exposed. A program can tell as well, if somebody writes down **what to look at**: the mean grey, the
# darkest row, the share of white pixels. That is what programming is, and an hour is enough for a beginning. Nothing that you type here can break the machine.
# %% [markdown] lang="ja"
# ✓ と ○ は問題ありません。✗ のときは、右に書かれたことをしてください。直せない ✗ があれば、この表の写真を撮って講師に尋ねましょう。その間も、先を読み進められます。
#
# ## 診療放射線技師にとって、なぜ大切か
#
# 皆さんは、適切に撮影された画像かどうかを一目で見分けます。**どこを見るのか**を書き表すことができれば、プログラムにも同じことができます。平均の明るさ、いちばん暗い行、
# 白い画素の割合。プログラミングとは、それを書くことです。最初の一歩には、一時間あれば足ります。ここで何を入力しても、パソコンが壊れることはありません。

# %% [markdown] lang="en"
# ## Names and values
#
# `name = value` puts a value into a drawer with a name on it. From then on the name stands for the value. `print(...)` shows what is in
# the brackets. What follows a `#` is a note for people; Python skips it.
# %% [markdown] lang="ja"
# ## 名前と値
#
# `名前 = 値` と書くと、名札の付いた引き出しに値が入ります。それからは、名前を書けばその値のことになります。`print(...)` は、かっこの中のものを表示します。
# `#` から後ろは人のための覚え書きで、Python は読み飛ばします。

# %% role="demo"
tube_voltage = 120  # kV
exposures = 3
print(tube_voltage, exposures)
exposures = exposures + 1
print(exposures)

# %% [markdown] lang="en"
# ### In which order?
#
# What counts is the order in which you **run** the cells, not the order on the page. Run the next cell, then the one below it three times:
# it goes on counting. The kernel, the Python behind this page, remembers everything.
#
# When you no longer know what happened: menu **Kernel > Restart Kernel…** empties all drawers. Your text stays. Then run the cells from the top again.
# %% [markdown] lang="ja"
# ### どの順番で？
#
# 大切なのは、ページに並んだ順番ではなく、**実行した**順番です。次のセルを一度、その下のセルを三度実行してみてください。数が増え続けます。このページの裏で動いている
# Python（カーネルといいます）が、すべてを覚えているからです。
#
# 何が起きたか分からなくなったら、メニューの「**カーネル**」→「**カーネルを再起動…**」で、引き出しを空にできます。書いた文字は消えません。そのあと、上からもう一度実行します。

# %% role="demo"
count = 0

# %% role="explore"
count = count + 1
print(count)

# %% [markdown] lang="en"
# ## A film is a table of numbers
#
# `load_films()` gives us sixty computed chest films. `films.images[0]` is the first one: Python counts from **0**. Each of its numbers, a **pixel**,
# lies between 0 (black) and 1 (white). `shape` tells how many rows and columns there are.
# %% [markdown] lang="ja"
# ## 画像は数値の表
#
# `load_films()` は、計算で作った胸部画像を60枚用意します。`films.images[0]` が最初の一枚です。Python は **0** から数えます。中の一つ一つの数値が**画素**で、0（黒）から
# 1（白）の間の値です。`shape` で、行と列の数が分かります。

# %% role="demo"
films = load_films()
film = films.images[0]
print(film.shape)
print(film[128, 40], film[230, 128])
figures.films([film], [L("the first film", "最初の一枚")], L("A computed chest film", "計算で作った胸部画像"))

# %% [markdown] lang="en"
# ## Functions: give something, get something
#
# A **function** takes values in brackets, its **arguments**, and gives a result back. You make one with `def`:
#
# * the first line ends with a colon;
# * the lines that belong to it are **indented** by four blanks. The indentation is not decoration: where it ends, the function ends;
# * `return` hands the result over, and the function is over.
# %% [markdown] lang="ja"
# ## 関数：渡すと、返ってくる
#
# **関数**は、かっこの中の値（**引数**）を受け取り、結果を返します。`def` で作ります。
#
# * 一行めの終わりにコロン（`:`）を付けます。
# * 関数の中身は、空白四つ分**字下げ**します。飾りではありません。字下げが終わるところで、関数も終わります。
# * `return` が結果を渡します。そこで関数は終わりです。

# %% role="demo"
def twice(x):
    return 2 * x

print(twice(21))
result = twice(1.5) + 1
print(result)

# %% [markdown] lang="en"
# ### `return` is not `print`
#
# This is the commonest mistake of all. `print` *shows* a value on the screen; `return` *hands it over* to whoever called. A function that only
# prints hands over `None`, that is, nothing.
# %% [markdown] lang="ja"
# ### `return` と `print` は違う
#
# いちばん多い間違いがこれです。`print` は値を画面に*見せる*だけ、`return` は呼び出した側に*渡す*ものです。表示するだけの関数は、`None`（何もない）を渡すことになります。

# %% role="demo"
def shows(x):
    print(L("on the screen:", "画面に表示："), 2 * x)

def gives(x):
    return 2 * x

a, b = shows(3), gives(3)
print("a =", a, "  b =", b)

# %% [markdown] lang="en"
# ## Exercise 1: `mean_intensity`
#
# An array can tell its own mean: `film.mean()`. Write the function `mean_intensity(image)` that returns the mean of all pixels of an image.
#
# 1. In the cell below, delete the line `raise NotImplementedError()` and write your line in its place, with the same indentation.
# 2. Run the cell (Shift+Enter). Nothing is shown: the function is only made.
# 3. Run the **check** below it. Green is right. Orange tells what to think about; try again as often as you like.
# %% [markdown] lang="ja"
# ## 演習1：`mean_intensity`
#
# 配列の平均は `film.mean()` で求められます。画像のすべての画素の平均値を返す関数 `mean_intensity(image)` を書いてください。
#
# 1. 下のセルで `raise NotImplementedError()` の行を消し、同じ字下げの位置に、自分の一行を書きます。
# 2. セルを実行します（Shift+Enter）。何も表示されません。関数が作られただけだからです。
# 3. すぐ下の**確認**のセルを実行します。緑なら正解です。橙のときは、次に考えることが書いてあります。何度でもやり直せます。

# %% exercise="mean_intensity"
def mean_intensity(image):
    L("""Return the mean of all pixels.""", """すべての画素の平均値を返す。""")
    ### BEGIN SOLUTION
    return image.mean()
    ### END SOLUTION

# %% test="mean_intensity" points=1
with check("mean_intensity") as t:
    small = np.array([[200, 100, 50], [255, 0, 24]], "uint8")
    t.call(mean_intensity, small).equals(629 / 6)
    t.call(mean_intensity, np.array([[0.0, 0.5], [0.25, 1.0], [1.0, 0.1]])).equals(2.85 / 6)
### BEGIN HIDDEN TESTS
with check("mean_intensity", hidden=True) as t:
    for kind in ("uint8", "uint16", "int16", "float64"):
        image_ = t.rng.integers(0, 250, (5, 8)).astype(kind)
        t.call(mean_intensity, image_).equals(sum(float(v) for v in image_.ravel()) / 40)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# With your function the films can be compared. The brightest one and the darkest one:
# %% [markdown] lang="ja"
# あなたの関数で、画像どうしを比べることができます。いちばん明るい画像と、いちばん暗い画像です。

# %% role="demo"
brightness = yours_or(library.mean_intensity)
means = [float(brightness(image)) for image in films.images]
dark, bright = int(np.argmin(means)), int(np.argmax(means))
figures.films([films.images[dark], films.images[bright]], [f"{means[dark]:.2f}", f"{means[bright]:.2f}"],
              L("The darkest and the brightest film, with their means", "いちばん暗い画像といちばん明るい画像、およびその平均値"))

# %% [markdown] lang="en"
# ## Picking by number
#
# `image[row, column]` is one pixel, `image[row]` a whole row. Both are counted from 0, from the top and from the left. Negative numbers count from the
# end: `-1` is the last, `-2` the one before it.
#
# | | column 0 | column 1 | column 2 | column 3 |
# |---|---|---|---|---|
# | **row 0** | 11 | 12 | 13 | 14 |
# | **row 1** | 21 | 22 | 23 | 24 |
# | **row 2** | 31 | 32 | 33 | 34 |
# %% [markdown] lang="ja"
# ## 番号で取り出す
#
# `image[行, 列]` で一つの画素、`image[行]` で一行全部が取り出せます。行は上から、列は左から、どちらも 0 から数えます。負の数は後ろから数えます。`-1` が最後、`-2` がその一つ前です。
#
# | | 0 列 | 1 列 | 2 列 | 3 列 |
# |---|---|---|---|---|
# | **0 行** | 11 | 12 | 13 | 14 |
# | **1 行** | 21 | 22 | 23 | 24 |
# | **2 行** | 31 | 32 | 33 | 34 |

# %% role="demo"
table = np.array([[11, 12, 13, 14], [21, 22, 23, 24], [31, 32, 33, 34]])
print(table[0, 3])
print(table[1])
print(table[1, -1])

# %% [markdown] lang="en"
# ### Exercise 2: `last_row`
#
# Write `last_row(image)`: return the row at the bottom, whatever the number of rows.
# %% [markdown] lang="ja"
# ### 演習2：`last_row`
#
# いちばん下の行を返す `last_row(image)` を書いてください。行が何本あっても動くようにします。

# %% exercise="last_row"
def last_row(image):
    L("""Return the row at the bottom of the image.""", """画像のいちばん下の行を返す。""")
    ### BEGIN SOLUTION
    return image[-1]
    ### END SOLUTION

# %% test="last_row" points=1
with check("last_row") as t:
    t.call(last_row, np.array([[11, 12, 13, 14], [21, 22, 23, 24], [31, 32, 33, 34]])).equals([31, 32, 33, 34])
    t.call(last_row, np.array([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]])).equals([6, 7, 8, 9, 10])
### BEGIN HIDDEN TESTS
with check("last_row", hidden=True) as t:
    for rows_ in (1, 4, 9):
        image_ = t.rng.normal(size=(rows_, 6))
        t.call(last_row, image_).equals([float(image_[rows_ - 1, c]) for c in range(6)])
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Cutting out a part: slices
#
# `a:b` means *from a up to, but not including, b*. With a comma between, two of them cut a rectangle: `image[rows, columns]`.
#
# Boxes in this course are written `(x1, y1, x2, y2)`: x counts columns, y counts rows, and the box ends **before** x2 and y2. Mind the order: in the
# brackets the **rows (y) come first**.
# %% [markdown] lang="ja"
# ## 一部分を切り出す：スライス
#
# `a:b` は「*a から、b の手前まで*」という意味です。コンマで二つ並べると、長方形に切り出せます。`image[行の範囲, 列の範囲]` と書きます。
#
# この講座では、枠を `(x1, y1, x2, y2)` と表します。x は列、y は行を数え、枠は x2 と y2 の**手前**で終わります。順番に気をつけましょう。かっこの中では、**行（y）が先**です。

# %% role="demo"
print(table[0:2, 1:4])
apex = film[20:110, 40:110]
_, (whole, part) = plt.subplots(1, 2, figsize=(8, 4))
figures.film(whole, film, "film")
whole.add_patch(plt.Rectangle((40, 20), 70, 90, fill=False, ec=figures.ORANGE, lw=2))
figures.film(part, apex, f"film[20:110, 40:110]  {apex.shape}")
figures.show(L("A film with a box round the apex of the right lung, and the part cut out",
               "右肺尖を枠で囲んだ画像と、切り出した部分"))

# %% [markdown] lang="en"
# ### Exercise 3: `crop`
#
# Write `crop(image, x1, y1, x2, y2)`: return the part of the image inside the box.
# %% [markdown] lang="ja"
# ### 演習3：`crop`
#
# 枠の中の部分を返す `crop(image, x1, y1, x2, y2)` を書いてください。

# %% exercise="crop"
def crop(image, x1, y1, x2, y2):
    L("""Return rows y1 to y2 and columns x1 to x2, the ends excluded.""",
      """y1 行から y2 行の手前まで、x1 列から x2 列の手前までを返す。""")
    ### BEGIN SOLUTION
    return image[y1:y2, x1:x2]
    ### END SOLUTION

# %% test="crop" points=2
with check("crop") as t:
    # en: row 3, column 5 holds 35
    # ja: 3 行 5 列の値が 35
    numbered = np.array([[10 * row + column for column in range(9)] for row in range(6)])
    t.call(crop, numbered, 2, 3, 4, 6).equals([[32, 33], [42, 43], [52, 53]])
    t.call(crop, numbered, 5, 1, 8, 3).equals([[15, 16, 17], [25, 26, 27]])
### BEGIN HIDDEN TESTS
with check("crop", hidden=True) as t:
    for _ in range(4):
        image_ = t.rng.integers(0, 256, (13, 19)).astype("uint8")
        x1_, y1_, wide_, high_ = (int(v) for v in t.rng.integers(1, 6, 4))
        wanted_ = [[image_[y1_ + r, x1_ + c] for c in range(wide_)] for r in range(high_)]
        t.call(crop, image_, x1_, y1_, x1_ + wide_, y1_ + high_).equals(wanted_)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Calculating with a whole film
#
# `film + 0.2`, `2 * film`, `film > 0.5`: the calculation is done for every pixel, and the result is a **new** array. (There are also `+=` and
# `*=`, which write into the old one. In this course a function leaves its arguments as they are.)
# %% [markdown] lang="ja"
# ## 画像全体で計算する
#
# `film + 0.2`、`2 * film`、`film > 0.5` のように書くと、すべての画素について計算され、**新しい**配列ができます（`+=` や `*=` もありますが、これは元の配列を書き換えます。
# この講座では、関数の引数は元のままにしておきます）。

# %% role="demo"
print(np.array([0.1, 0.5]) + 0.2, 2 * np.array([0.1, 0.5]))
figures.films([film, film + 0.3, film * 0.5], ["film", "film + 0.3", "film * 0.5"],
              L("A film, a brighter one and a darker one", "元の画像、明るくした画像、暗くした画像"))

# %% [markdown] lang="en"
# ### Exercise 4: `invert`
#
# Some readers like their films inverted, bones black. Write `invert(image)` for an image with values from 0 (black) to 1 (white): black becomes
# white, white black, and 0.2 becomes 0.8.
# %% [markdown] lang="ja"
# ### 演習4：`invert`
#
# 骨が黒い、白黒反転した画像で読影することもあります。0（黒）から 1（白）の値をもつ画像を反転する `invert(image)` を書いてください。黒は白に、白は黒に、0.2 は 0.8 になります。

# %% exercise="invert"
def invert(image):
    L("""Return the image with black and white exchanged.""", """白黒を反転した画像を返す。""")
    ### BEGIN SOLUTION
    return 1 - image
    ### END SOLUTION

# %% test="invert" points=1
with check("invert") as t:
    t.call(invert, np.array([[0.0, 0.2, 0.5], [0.6, 0.75, 0.9]])).equals([[1, 0.8, 0.5], [0.4, 0.25, 0.1]])
### BEGIN HIDDEN TESTS
with check("invert", hidden=True) as t:
    for rows_, columns_ in ((3, 7), (8, 2)):
        image_ = t.rng.random((rows_, columns_))
        t.call(invert, image_).equals([[1.0 - float(v) for v in row] for row in image_])
### END HIDDEN TESTS

# %% role="demo"
turn = yours_or(library.invert)
figures.films([film, turn(film)], ["film", "invert(film)"], L("A film and its inverse", "元の画像と、白黒反転した画像"))

# %% [markdown] lang="en"
# ## Many films at once: `axis`
#
# `films.images` holds all films in one array of three **axes**: number of the film (axis 0), row (axis 1), column (axis 2). `mean()` goes over
# everything; `mean(axis=0)` goes *across the films* and leaves rows and columns: the average film. The axis that you name is the one that **disappears**.
# %% [markdown] lang="ja"
# ## たくさんの画像を一度に：`axis`
#
# `films.images` は、すべての画像をまとめた一つの配列で、三つの**軸**があります。画像の番号（軸 0）、行（軸 1）、列（軸 2）です。`mean()` は全部の平均、`mean(axis=0)` は*画像どうし*の平均で、
# 行と列が残って「平均的な画像」になります。指定した軸が**なくなる**、と覚えましょう。

# %% role="demo"
images = films.images
print(images.shape, images.mean(axis=0).shape, images.mean(axis=(0, 1)).shape)
figures.films([images[0], images[1], images.mean(axis=0)], ["images[0]", "images[1]", "images.mean(axis=0)"],
              L("Two films, and the average of all sixty", "二枚の画像と、60枚の平均画像"))

# %% [markdown] lang="en"
# ### Exercise 5: `mean_per_film`
#
# Write `mean_per_film(images)` for an array of shape (N, H, W): return N means, one for each film. Which two axes must disappear?
# %% [markdown] lang="ja"
# ### 演習5：`mean_per_film`
#
# 形 (N, H, W) の配列について、画像ごとの平均値を N 個返す `mean_per_film(images)` を書いてください。なくなるべき軸は、どの二つでしょうか。

# %% exercise="mean_per_film"
def mean_per_film(images):
    L("""Return the mean of each film.""", """画像ごとの平均値を返す。""")
    ### BEGIN SOLUTION
    return images.mean(axis=(1, 2))
    ### END SOLUTION

# %% test="mean_per_film" points=1
with check("mean_per_film") as t:
    three = np.array([[[1, 2], [3, 4], [5, 6], [7, 9]], [[0, 0], [0, 0], [0, 1], [0, 1]], [[8, 8], [8, 8], [8, 8], [8, 0]]])
    t.call(mean_per_film, three).equals([4.625, 0.25, 7])
### BEGIN HIDDEN TESTS
with check("mean_per_film", hidden=True) as t:
    for shape_ in ((5, 3, 7), (2, 6, 4)):
        images_ = t.rng.random(shape_)
        t.call(mean_per_film, images_).equals([sum(map(sum, film_.tolist())) / film_.size for film_ in images_])
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## True or False for every pixel: masks
#
# `film > 0.7` asks every pixel a question. The answers form a **mask**: True where the pixel is brighter than 0.7. With a mask you can
#
# * count: True counts as 1, so `np.sum(mask)` is the number of True;
# * pick: `film[mask]` are just these pixels.
# %% [markdown] lang="ja"
# ## 画素ごとの「はい」と「いいえ」：マスク
#
# `film > 0.7` は、すべての画素に「0.7 より明るいか」と尋ねます。その答えの集まりが**マスク**で、明るいところが True（はい）になります。マスクを使うと、
#
# * 数えることができます。True は 1 と数えるので、`np.sum(mask)` が True の個数です。
# * 選び出すことができます。`film[mask]` は、その画素だけを集めたものです。

# %% role="demo"
mask = film > 0.7
print(mask[230, 126:131], np.sum(mask), film[mask].min())
figures.films([film, mask], ["film", "film > 0.7"], L("A film and the mask of its bright pixels: spine and abdomen", "画像と、明るい画素のマスク。脊椎と腹部が選ばれている"))

# %% [markdown] lang="en"
# ### Exercise 6: `count_above`
#
# Write `count_above(image, t)`: how many pixels are greater than `t`? A pixel that is exactly `t` does not count.
# %% [markdown] lang="ja"
# ### 演習6：`count_above`
#
# `t` より大きい画素の個数を返す `count_above(image, t)` を書いてください。ちょうど `t` の画素は数えません。

# %% exercise="count_above"
def count_above(image, t):
    L("""Return how many pixels are greater than t.""", """t より大きい画素の個数を返す。""")
    ### BEGIN SOLUTION
    return np.sum(image > t)
    ### END SOLUTION

# %% test="count_above" points=1
with check("count_above") as t:
    t.call(count_above, np.array([[0.5, 0.7, 0.9, 0.71], [0.1, 0.7, 1.0, 0.2]]), 0.7).equals(3)
    t.call(count_above, np.array([[7, 9], [12, 3], [9, 10]]), 9).equals(2)
### BEGIN HIDDEN TESTS
with check("count_above", hidden=True) as t:
    for kind in ("uint8", "float64"):
        image_ = t.rng.integers(0, 20, (9, 14)).astype(kind)
        t.call(count_above, image_, 11).equals(len([v for v in image_.ravel().tolist() if v > 11]))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## What fits into 8 bits
#
# Every array has a **type** of number. A film in a PNG file has the type `uint8`: whole numbers from 0 to 255, since 8 bits hold no more. After 255 it
# begins again at 0, like the counter of an old car: $200 + 100 = 300 = 256 + 44$, and so
# %% [markdown] lang="ja"
# ## 8ビットに入るもの
#
# 配列には数の**型**があります。PNG ファイルの画像の型は `uint8`、つまり 0 から 255 までの整数です。8ビットに入るのはそこまでだからです。255 の次は 0 に戻ります。古い車の距離計と同じです。
# $200 + 100 = 300 = 256 + 44$ なので、次のようになります。

# %% role="demo"
a, b = np.array([200], "uint8"), np.array([100], "uint8")
print(a + b, (a + b).dtype)
print(a.astype(float) + b)

# %% [markdown] lang="en"
# No error, no warning: only a wrong picture. That is why films become decimals before anything is calculated with them.
#
# ### Exercise 7: `to_float`
#
# Write `to_float(image)` for a film of type `uint8`: return decimals, where 0 stays 0 and 255 becomes 1.
# %% [markdown] lang="ja"
# エラーも警告も出ません。ただ、画像がおかしくなるだけです。だから、計算を始める前に、画像を小数に直しておきます。
#
# ### 演習7：`to_float`
#
# `uint8` の画像を小数に直す `to_float(image)` を書いてください。0 は 0 のまま、255 は 1 になります。

# %% exercise="to_float"
def to_float(image):
    L("""Return a film of 8 bits as decimals from 0 to 1.""", """8ビットの画像を 0 から 1 の小数に直して返す。""")
    ### BEGIN SOLUTION
    return image / 255
    ### END SOLUTION

# %% test="to_float" points=1
with check("to_float") as t:
    t.call(to_float, np.array([[0, 51, 102], [153, 204, 51]], "uint8")).equals([[0, 0.2, 0.4], [0.6, 0.8, 0.2]])
    t.call(to_float, np.array([[255, 0, 51]], "uint8")).equals([[1, 0, 0.2]])
### BEGIN HIDDEN TESTS
with check("to_float", hidden=True) as t:
    from fractions import Fraction

    image_ = t.rng.integers(0, 256, (6, 11)).astype("uint8")
    t.call(to_float, image_).equals([[float(Fraction(int(v), 255)) for v in row] for row in image_])
### END HIDDEN TESTS

# %% role="demo"
eight_bits = np.round(film * 255).astype("uint8")
decimals = np.asarray(yours_or(library.to_float)(eight_bits))
figures.films([(eight_bits + np.uint8(80)) / 255, np.clip(decimals + 80 / 255, 0, 1)],
              [L("uint8: beyond 255 back to 0", "uint8：255 を超えると 0 に戻る"), L("decimals", "小数")],
              L("The film made brighter: in 8 bits the brightest parts turn black, in decimals they do not",
                "明るくした画像。8ビットのままだと最も明るい部分が黒くなるが、小数ではそうならない"))

# %% [markdown] lang="en"
# ## An error message is a friend
#
# Sooner or later Python stops and writes something long and red: a **traceback**. Read it from the **last line**. It says what happened; the
# lines above it say where, with the line of your own code among them. Here is one, on purpose: row 300 of a film of 256 rows.
# %% [markdown] lang="ja"
# ## エラーメッセージは味方
#
# いつか必ず、Python が止まって長くて赤い文を表示します。**トレースバック**といいます。**最後の行**から読みましょう。何が起きたかが書いてあります。その上の行は、どこで起きたかです。
# 自分のコードの行も、その中にあります。わざと一つ起こしてみましょう。256行の画像の、300行めです。

# %% role="demo"
def brightest_of_row(image, row):
    return image[row].max()

try:
    brightest_of_row(film, 300)
except IndexError:
    print(traceback.format_exc())

# %% [markdown] lang="en"
# | last line | what it means | what to do |
# |---|---|---|
# | `IndexError` | there is no such row or column | remember: from 0 to number - 1 |
# | `NameError` | this name has no drawer | a typing error, or a cell above was not run |
# | `SyntaxError` | the sentence is not complete | a bracket, a quotation mark or a colon is missing |
# | `IndentationError` | the indentation does not fit | four blanks, the same for lines that belong together |
# | `TypeError` | this cannot be done with such a value | print `type(x)`: is it what you think? |
# %% [markdown] lang="ja"
# | 最後の行 | 意味 | どうするか |
# |---|---|---|
# | `IndexError` | その番号の行や列がない | 番号は 0 から「個数 - 1」まで |
# | `NameError` | その名前の引き出しがない | 打ち間違いか、上のセルの実行し忘れ |
# | `SyntaxError` | 文が完結していない | かっこ、引用符、コロンの付け忘れ |
# | `IndentationError` | 字下げが合っていない | 空白四つ。まとまりの中では同じ幅にする |
# | `TypeError` | その値では、その操作ができない | `type(x)` を表示して、思っていた型かどうかを見る |

# %% [markdown] lang="en"
# ## A look at sixty films
#
# With what you wrote today you can already look at a whole set: the mean of every film, and the share of bright pixels. Each dot is a film. What do the
# films at the far ends look like?
# %% [markdown] lang="ja"
# ## 60枚を見渡す
#
# 今日書いた関数だけで、画像の集まり全体を見渡すことができます。画像ごとの平均値と、明るい画素の割合です。点の一つ一つが画像です。両端の画像は、どのような画像でしょうか。

# %% role="demo"
each, above = yours_or(library.mean_per_film), yours_or(library.count_above)
means = np.asarray(each(films.images))
shares = np.array([above(image, 0.7) / image.size * 100 for image in films.images])
low, high = np.argmin(shares), np.argmax(shares)
_, axes = plt.subplots(figsize=(5.5, 3.6))
axes.plot(means, shares, "o", color=figures.BLUE, alpha=0.6)
axes.plot(means[[low, high]], shares[[low, high]], "s", color=figures.ORANGE, ms=9)
axes.set(xlabel=L("mean", "平均値"), ylabel=L("pixels above 0.7, in %", "0.7 より明るい画素（%）"))
figures.show(L("Every film as a dot: its mean against its share of bright pixels", "画像ごとの平均値と、明るい画素の割合"))
figures.films(films.images[[low, high]], [f"{shares[low]:.0f} %", f"{shares[high]:.0f} %"],
              L("The films with the fewest and the most bright pixels", "明るい画素が最も少ない画像と、最も多い画像"))

# %% [markdown] lang="en"
# ## Key points
#
# 1. The table at the top tells whether the machine is ready, and what to do if not.
# 2. The order in which cells are **run** counts. Restart the kernel when in doubt.
# 3. A function takes arguments and **returns** a result; `print` only shows it. The indentation tells what belongs to it.
# 4. `image[row, column]` counts from 0; `a:b` leaves b out; the axis that is named disappears; a mask is True or False for every pixel; `uint8` ends at 255.
# 5. A traceback is read from its last line.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 最初の表で、準備ができているかどうか、できていなければどうするかが分かります。
# 2. セルは**実行した**順番が大切です。迷ったらカーネルを再起動します。
# 3. 関数は引数を受け取り、結果を **return** で返します。`print` は見せるだけです。どこまでが関数かは、字下げで決まります。
# 4. `image[行, 列]` は 0 から数えます。`a:b` は b を含みません。指定した軸がなくなります。マスクは画素ごとの True と False です。`uint8` は 255 までです。
# 5. トレースバックは最後の行から読みます。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A film has 256 rows. What are image[0], image[255] and image[256]?</summary>
#
# The first row, the last row, and an IndexError.
# </details>
#
# <details><summary>2. A function ends with print(result). What does x = f(3) put into x?</summary>
#
# None. The number was shown on the screen, but not handed over.
# </details>
#
# <details><summary>3. images has the shape (60, 256, 200). What is the shape of images.mean(axis=2)?</summary>
#
# (60, 256): axis 2, the columns, has disappeared.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. 256行の画像で、image[0]、image[255]、image[256] はそれぞれ何ですか。</summary>
#
# 最初の行、最後の行、そして IndexError です。
# </details>
#
# <details><summary>2. 関数の最後が print(result) です。x = f(3) とすると、x には何が入りますか。</summary>
#
# None が入ります。数は画面に表示されましたが、渡されてはいません。
# </details>
#
# <details><summary>3. images の形は (60, 256, 200) です。images.mean(axis=2) の形は何ですか。</summary>
#
# (60, 256) です。軸 2、つまり列がなくなります。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * C. R. Harris et al., *Array programming with NumPy*, Nature 585, 357-362 (2020): the library behind every array in this course
# * The chapters on variables, functions and errors of any introduction to Python
#
# To play on: which film of the sixty has the darkest row, and where does that row lie?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * C. R. Harris et al., *Array programming with NumPy*, Nature 585, 357-362 (2020)：この講座のすべての配列を支えるライブラリ
# * Python の入門書の、変数、関数、エラーの章
#
# 余裕があれば、60枚の中でいちばん暗い行をもつ画像はどれで、その行はどこにあるかを調べてみましょう。
