"""Unit 02: the perceptron."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 02 The perceptron: a neuron that learns
#
# When you have finished this notebook, you will be able to
#
# 1. **compute** by hand what an artificial neuron answers,
# 2. **draw** the line along which its answer changes,
# 3. **write** the rule by which it learns from its mistakes,
# 4. **explain** why one neuron cannot learn XOR, and why two layers can,
# 5. **build** a detector of upside-down chest films, and say where it fails.
#
# | | |
# |---|---|
# | Reading / exercises | about 25 min / about 30 min |
# | You need | unit 01 (images are numbers) |
# | Computing | under 20 s on two CPU cores |
# | Data | sixty chest films of a phantom, computed at first use; no download |
# %% [markdown] lang="ja"
# # 02 パーセプトロン：学習する一つのニューロン
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 人工ニューロンの答えを、手で**計算する**
# 2. 答えの切り替わる境界線を**描く**
# 3. 間違いから学ぶ規則（学習則）を自分で**書く**
# 4. 一つのニューロンに XOR が学べない理由と、二層なら解ける理由を**説明する**
# 5. 上下逆さまの胸部画像を見つける仕組みを**作り**、その限界を述べる
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約25分／約30分 |
# | 前提 | 単元01（画像は数値でできている） |
# | 計算時間 | CPU 2コアで20秒以内 |
# | データ | 初回に計算して作る模擬胸部画像60枚（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# A film appears on the console, and before you have thought about it you know: *upside down*. The white of the liver lies
# on top, the dark lungs sit too low, the heart points to the wrong side. Nobody gave you a formula. You weigh several clues,
# and together they tip the balance.
#
# "Weigh the clues and decide" can be done by a machine with one multiplication per clue, one sum and one comparison. That
# machine is the **perceptron**. Every network in this course, up to the U-Net that outlines the lungs, is built from such
# units. You will write one in about twenty lines, and at the end it will sort chest films.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# コンソールに画像が表示された瞬間、考えるより先に「上下が逆だ」と気づいたことはありませんか。肝臓の白さが上にある、黒い肺が下に寄っている、
# 心臓が反対側を向いている。誰かに公式を教わったわけではなく、いくつかの手がかりを頭の中で天秤にかけて判断しています。
#
# 「手がかりに重みを付けて足し、判断する」。これは、手がかりごとの掛け算と、一つの足し算、一つの比較だけで機械にもできます。
# それが**パーセプトロン**です。肺野を塗り分ける U-Net まで、この講座に出てくるネットワークはどれも、この小さな部品の組み合わせです。
# これから20行ほどでパーセプトロンを書き、最後に胸部画像の向きを判断させてみましょう。

# %% role="setup"
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, interact

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_films
from xraydojo.library import perceptron as library

# %% [markdown] lang="en"
# ## A neuron: weigh, add, compare
#
# In 1943 McCulloch and Pitts described the nerve cell as a switch: it adds up what arrives and fires when the sum reaches a
# threshold. In 1958 Rosenblatt gave each input its own **weight**, and called the machine the perceptron.
#
# $$ z = w_1 x_1 + w_2 x_2 + b, \qquad y = \begin{cases} 1 & z \ge 0 \\ 0 & z < 0 \end{cases} $$
#
# * $x_1, x_2$: the clues, called **features**, as numbers
# * $w_1, w_2$: the **weights**. Large: the clue counts for much. Negative: it speaks against.
# * $b$: the **bias**. It shifts the threshold: the more negative $b$, the more evidence is needed.
# %% [markdown] lang="ja"
# ## ニューロン：重みを掛け、足し、比べる
#
# 1943年、McCulloch と Pitts は神経細胞を「届いた信号を足し合わせ、合計がしきい値に達したら発火するスイッチ」として表しました。
# 1958年には Rosenblatt が、入力ごとに**重み**を付け、それを学習させる仕組みを考え、パーセプトロンと名付けました。
#
# $$ z = w_1 x_1 + w_2 x_2 + b, \qquad y = \begin{cases} 1 & z \ge 0 \\ 0 & z < 0 \end{cases} $$
#
# * $x_1, x_2$：手がかりを数値にしたもの。**特徴**（特徴量）と呼びます。
# * $w_1, w_2$：**重み**。大きいほど重視する手がかり、負なら反対の証拠になる手がかりです。
# * $b$：**バイアス**。しきい値をずらします。$b$ が負の方向に大きいほど、たくさんの証拠が必要になります。

# %% role="demo"
_, axes = plt.subplots(figsize=(8, 3))
for y, x, w in ((0.8, "$x_1$", "$w_1$"), (-0.8, "$x_2$", "$w_2$")):
    axes.annotate("", (2.5, 0.25 * y), (0.35, y), arrowprops={"arrowstyle": "->", "lw": 2})
    axes.text(0, y, x, size=18, ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
    axes.text(1.35, 0.62 * y + 0.28 * np.sign(y), w, size=16, ha="center", va="center", color=figures.BLUE)
axes.annotate("", (3, 0.45), (3, 1.15), arrowprops={"arrowstyle": "->", "lw": 2})
axes.text(3, 1.2, "$b$", size=16, ha="center", color=figures.BLUE)
axes.text(3, 0, "$z$", size=20, ha="center", va="center", bbox={"boxstyle": "circle,pad=0.5", "fc": "#DCEBF5"})
axes.annotate("", (5.2, 0), (3.5, 0), arrowprops={"arrowstyle": "->", "lw": 2})
axes.text(4.35, 0.15, L("$z \\geq 0$ ?", "$z \\geq 0$ ？"), size=13, ha="center")
axes.text(5.5, 0, "$y$", size=18, ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
axes.text(5.9, 0, L("0 or 1", "0 または 1"), size=13, va="center")
axes.set(xlim=(-0.5, 7), ylim=(-1.4, 1.6))
axes.axis("off")
figures.show(L("A neuron: two features, times a weight each, plus the bias, compared with zero",
               "ニューロンの図：二つの特徴に重みを掛けて足し、バイアスを加え、0 と比べる"))

# %% [markdown] lang="en"
# Take the weights $w = (2, 1)$ and the bias $b = -3$, and let the features be 0 (no) or 1 (yes):
#
# | $x_1$ | $x_2$ | $z = 2x_1 + x_2 - 3$ | $y$ |
# |---|---|---|---|
# | 0 | 0 | -3 | 0 |
# | 0 | 1 | -2 | 0 |
# | 1 | 0 | -1 | 0 |
# | 1 | 1 | **0** | **1** |
#
# The neuron answers 1 only when both features are 1: it computes **AND**. Look at the last row: $z$ is exactly 0, and by our
# agreement ($z \ge 0$) that already counts as 1.
#
# NumPy does a whole table at once. `X` has a row per sample and a column per feature, and `X @ w` multiplies each row by the
# weights and adds up:
# %% [markdown] lang="ja"
# 重みを $w = (2, 1)$、バイアスを $b = -3$ とし、特徴は 0（いいえ）か 1（はい）としてみましょう。
#
# | $x_1$ | $x_2$ | $z = 2x_1 + x_2 - 3$ | $y$ |
# |---|---|---|---|
# | 0 | 0 | -3 | 0 |
# | 0 | 1 | -2 | 0 |
# | 1 | 0 | -1 | 0 |
# | 1 | 1 | **0** | **1** |
#
# 両方が 1 のときだけ 1 と答えるので、これは **AND**（かつ）です。最後の行に注目してください。$z$ がちょうど 0 ですが、
# 「$z \ge 0$ なら 1」という約束なので、答えは 1 になります。
#
# NumPy なら、この表をまとめて計算できます。`X` は一行が一つのサンプル、一列が一つの特徴です。`X @ w` と書くと、
# 各行に重みを掛けて足した値が、行の数だけ得られます。

# %% role="demo"
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
print(X @ np.array([2, 1]))
print(X @ np.array([2, 1]) - 3)

# %% [markdown] lang="en"
# ### Exercise 1: `predict`
#
# Write `predict(X, w, b)`. `X` has shape (N, D): N samples with D features; `w` has D weights; `b` is one number.
# Return N answers, 1 where $w \cdot x + b \ge 0$ and 0 elsewhere.
#
# *Hint: `z >= 0` gives True and False; `.astype(int)` turns them into 1 and 0. A `for` loop is just as good.*
# %% [markdown] lang="ja"
# ### 演習1：`predict`
#
# `predict(X, w, b)` を書いてください。`X` は形 (N, D) の配列で、D 個の特徴をもつサンプルが N 個並んでいます。`w` は D 個の重み、`b` は一つの数です。
# $w \cdot x + b \ge 0$ なら 1、そうでなければ 0 として、N 個の答えを返します。
#
# *ヒント：`z >= 0` は True と False になり、`.astype(int)` を付けると 1 と 0 に変わります。`for` 文で書いてもかまいません。*

# %% exercise="predict"
def predict(X, w, b):
    L("""Return the neuron's answers, 0 or 1, one for each row of X.""",
      """X の各行に対するニューロンの答え（0 か 1）を返す。""")
    ### BEGIN SOLUTION
    return (X @ w + b >= 0).astype(int)
    ### END SOLUTION

# %% test="predict" points=2
with check("predict") as t:
    six = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [-1, 0]])
    t.call(predict, six, np.array([2, 1]), -3).equals([0, 0, 0, 1, 1, 0])
    three_features = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, -6.0]])
    t.call(predict, three_features, np.array([1.0, -1.0, 0.5]), -0.25).equals([1, 0])
### BEGIN HIDDEN TESTS
with check("predict", hidden=True) as t:
    for samples, count in ((1, 4), (7, 2), (5, 3)):
        X_, w_ = t.rng.integers(-3, 4, (samples, count)), t.rng.integers(-3, 4, count)
        for b_ in (-2, 0, 3):
            z_ = [sum(int(a) * int(c) for a, c in zip(row, w_)) + b_ for row in X_]
            t.call(predict, X_, w_, b_).equals([1 if z >= 0 else 0 for z in z_])
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## What the neuron sees: a line
#
# Draw each sample as a point with the coordinates $(x_1, x_2)$. The answer changes where $w_1 x_1 + w_2 x_2 + b = 0$, and that
# is a **straight line**: the *decision boundary*. The weights turn the line, the bias moves it. On the blue side the neuron
# answers 1. Squares are samples that should give 1, circles those that should give 0.
#
# **AND** and **OR** differ in the bias alone. (OR is 1 when at least one feature is 1.)
# %% [markdown] lang="ja"
# ## ニューロンに見えるもの：一本の直線
#
# 各サンプルを、座標 $(x_1, x_2)$ の点として描いてみましょう。答えが切り替わるのは $w_1 x_1 + w_2 x_2 + b = 0$ のところ、つまり**一本の直線**の上です。
# これを*決定境界*と呼びます。重みを変えると直線が回り、バイアスを変えると直線が平行に動きます。青い側では、ニューロンは 1 と答えます。
# 四角は 1 と答えてほしいサンプル、丸は 0 と答えてほしいサンプルです。
#
# **AND** と **OR**（少なくとも一方が 1 なら 1）の違いは、バイアスだけです。

# %% role="demo"
def draw_plane(axes, X, t, w, b, title=""):
    X, t = np.asarray(X, float), np.asarray(t)
    low, high = X.min(axis=0) - 0.3 * np.ptp(X, axis=0), X.max(axis=0) + 0.3 * np.ptp(X, axis=0)
    x1, x2 = np.meshgrid(np.linspace(low[0], high[0], 200), np.linspace(low[1], high[1], 200))
    z = w[0] * x1 + w[1] * x2 + b
    axes.contourf(x1, x2, z >= 0, levels=[-0.5, 0.5, 1.5], colors=["white", "#DCEBF5"])
    if z.min() < 0 < z.max():
        axes.contour(x1, x2, z, levels=[0], colors=["black"])
    for answer, marker, color in ((0, "o", figures.ORANGE), (1, "s", figures.BLUE)):
        axes.scatter(*X[t == answer].T, s=60, c=color, marker=marker, edgecolors="white", zorder=3)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", title=title)

# %% role="demo"
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, OR, XOR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0])
decide = yours_or(library.predict)
_, row = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for axes, name, t, b in zip(row, ("AND", "OR"), (AND, OR), (-1.5, -0.5)):
    print(name, decide(X, np.array([1.0, 1.0]), b))
    draw_plane(axes, X, t, [1, 1], b, f"{name}: $w$ = (1, 1), $b$ = {b}")
figures.show(L("AND and OR: the same slanted line, shifted by the bias",
               "AND と OR：同じ傾きの直線が、バイアスの分だけずれている"))

# %% [markdown] lang="en"
# ### Try it
#
# Move the sliders until no mistake is left. First AND, then OR. Then try **XOR** (1 when exactly one of the two is 1). Give
# XOR two minutes: what is the smallest number of mistakes that you can reach?
# %% [markdown] lang="ja"
# ### 動かしてみよう
#
# スライダーを動かして、間違いを 0 にしてください。まず AND、次に OR です。最後に **XOR**（どちらか一方だけが 1 のとき 1）に挑戦しましょう。
# XOR には2分ほどかけて、間違いをいくつまで減らせるか試してみてください。

# %% role="explore"
problems = {"AND": AND, "OR": OR, "XOR": XOR}

@interact(problem=Dropdown(options=list(problems), description=L("problem", "問題")),
          w1=FloatSlider(1, min=-3, max=3, step=0.25), w2=FloatSlider(-1, min=-3, max=3, step=0.25),
          b=FloatSlider(0, min=-3, max=3, step=0.25))
def play(problem, w1, w2, b):
    t = problems[problem]
    mistakes = np.sum(np.asarray(decide(X, np.array([w1, w2]), b)) != t)
    _, axes = plt.subplots(figsize=(4.2, 4))
    draw_plane(axes, X, t, [w1, w2], b, L(f"mistakes: {mistakes}", f"間違い：{mistakes} 個"))
    figures.show(L("Four points and the line that you set", "四つの点と、スライダーで決めた直線"))

# %% [markdown] lang="en"
# ## Learning from mistakes
#
# Turning knobs by hand is tedious. Rosenblatt's machine turns them itself. Show it one sample $x$ with the right answer
# $t$ (the **target**, 0 or 1), let it answer $y$, and then
#
# $$ w \leftarrow w + \eta\,(t - y)\,x, \qquad b \leftarrow b + \eta\,(t - y) $$
#
# $\eta$ (eta) is the **learning rate**: how far a mistake turns the knobs. In the code it is `lr`.
#
# | target $t$ | answer $y$ | $t - y$ | what happens |
# |---|---|---|---|
# | 0 | 0 | 0 | nothing: never change a winning team |
# | 1 | 1 | 0 | nothing |
# | 1 | 0 | +1 | too shy: $x$ is added to $w$, so that $z$ grows for this sample |
# | 0 | 1 | -1 | too bold: $x$ is taken from $w$, so that $z$ falls |
#
# **An example.** $w = (1, 2)$, $b = -1$, $\eta = 1$; the sample $x = (2, 1)$ should give $t = 0$. The neuron computes
# $z = 1 \cdot 2 + 2 \cdot 1 - 1 = 3$ and answers $y = 1$: a mistake, $t - y = -1$. So $w$ becomes $(1 - 2,\ 2 - 1) = (-1, 1)$ and $b$ becomes
# $-1 - 1 = -2$. Ask again: $z = -1 \cdot 2 + 1 \cdot 1 - 2 = -3$, and the answer is now 0. One mistake, one lesson learnt.
# %% [markdown] lang="ja"
# ## 間違いから学ぶ
#
# つまみを手で回すのは大変です。Rosenblatt の機械は、自分でつまみを回します。サンプル $x$ を一つ見せ、ニューロンの答え $y$ を正しい答え $t$
# （**目標値**、0 か 1）と比べて、次のように直します。
#
# $$ w \leftarrow w + \eta\,(t - y)\,x, \qquad b \leftarrow b + \eta\,(t - y) $$
#
# $\eta$（イータ）は**学習率**で、一回の間違いでつまみをどれだけ回すかを決めます。コードでは `lr` と書きます。
#
# | 目標値 $t$ | 答え $y$ | $t - y$ | 起こること |
# |---|---|---|---|
# | 0 | 0 | 0 | 正解なので、何も変えない |
# | 1 | 1 | 0 | 正解なので、何も変えない |
# | 1 | 0 | +1 | 慎重すぎた。$w$ に $x$ を足して、このサンプルの $z$ を大きくする |
# | 0 | 1 | -1 | 早とちりした。$w$ から $x$ を引いて、このサンプルの $z$ を小さくする |
#
# **例。** $w = (1, 2)$、$b = -1$、$\eta = 1$ とし、サンプル $x = (2, 1)$ の目標値を $t = 0$ とします。$z = 1 \cdot 2 + 2 \cdot 1 - 1 = 3$ なので
# 答えは $y = 1$。間違いで、$t - y = -1$ です。そこで $w$ は $(1 - 2,\ 2 - 1) = (-1, 1)$、$b$ は $-1 - 1 = -2$ になります。もう一度聞くと
# $z = -1 \cdot 2 + 1 \cdot 1 - 2 = -3$、今度は 0 と答えます。一つの間違いから、一つ学びました。

# %% [markdown] lang="en"
# ### Exercise 2: `update`
#
# Write `update(w, b, x, t, lr)` for **one** sample: `x` and `w` have shape (D,), `t` is 0 or 1. Return the new pair `(w, b)`.
# Leave the old `w` as it is: make a new array (`w = w + ...`) and do not write into it (`w += ...` would).
# %% [markdown] lang="ja"
# ### 演習2：`update`
#
# **一つ**のサンプルについて `update(w, b, x, t, lr)` を書いてください。`x` と `w` の形は (D,)、`t` は 0 か 1 です。新しい `(w, b)` の組を返します。
# 元の `w` は書き換えないでください。`w = w + ...` は新しい配列を作りますが、`w += ...` は元の配列を書き換えてしまいます。

# %% exercise="update"
def update(w, b, x, t, lr):
    L("""Return the weights and the bias after one step of the learning rule.""",
      """学習則を一回使った後の、重みとバイアスを返す。""")
    ### BEGIN SOLUTION
    y = int(w @ x + b >= 0)
    return w + lr * (t - y) * x, b + lr * (t - y)
    ### END SOLUTION

# %% test="update" points=3
with check("update") as t:
    names = ("w", "b")
    # en: answers 1, should be 0
    # ja: 1 と答えるが、正しくは 0
    w, x = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, 2.0])
    t.call(update, w, 0.5, x, 0, 0.5).equals(([-0.5, -2.5, -0.5], 0.0), names=names)
    # en: z is exactly 0, so it answers 1; should be 0
    # ja: z がちょうど 0 なので 1 と答えるが、正しくは 0
    t.call(update, w, -2.0, x, 0, 1).equals(([-2.0, -3.0, -1.5], -3.0), names=names)
    # en: answers 0 because of the bias, should be 1
    # ja: バイアスのために 0 と答えるが、正しくは 1
    t.call(update, w, -4.0, x, 1, 1).equals(([4.0, -1.0, 2.5], -3.0), names=names)
    # en: right already
    # ja: すでに正解
    t.call(update, w, 1.0, x, 1, 1).equals(([1.0, -2.0, 0.5], 1.0), names=names)
### BEGIN HIDDEN TESTS
with check("update", hidden=True) as t:
    from fractions import Fraction

    for _ in range(12):
        w_, x_ = t.rng.integers(-3, 4, 4).astype(float), t.rng.integers(-3, 4, 4).astype(float)
        b_, t_, lr_ = float(t.rng.integers(-3, 4)), int(t.rng.integers(2)), float(t.rng.choice([0.25, 0.5, 1, 2]))
        z_ = sum(Fraction(a) * Fraction(c) for a, c in zip(w_, x_)) + Fraction(b_)
        move_ = Fraction(lr_) * (t_ - (1 if z_ >= 0 else 0))
        new_ = [float(Fraction(a) + move_ * Fraction(c)) for a, c in zip(w_, x_)]
        t.call(update, w_, b_, x_, t_, lr_).equals((new_, float(Fraction(b_) + move_)), names=("w", "b"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Watch the line move
#
# Here is the neuron learning AND with your `update`. It starts with all weights 0, so that $z = 0$ everywhere and it answers
# 1 to everything. Each picture shows the line **after** a mistake was put right; the ring marks the sample that it had got
# wrong. Read from left to right, then the second row. Where no line is to be seen it lies outside, and the neuron answers 0
# to all four.
# %% [markdown] lang="ja"
# ## 直線の動きを見る
#
# あなたの `update` で、AND を学習させてみましょう。最初は重みもバイアスもすべて 0 なので、どこでも $z = 0$、何を見ても 1 と答えます。
# それぞれの図は、間違いを一つ直した**後**の直線です。丸い輪は、間違えたサンプルを示しています。左から右へ、続いて下の段へと見てください。
# 直線が見えない図では、直線は枠の外にあり、四つとも 0 と答えます。

# %% role="demo"
step, decide = yours_or(library.update), yours_or(library.predict)
w, b, history = np.zeros(2), 0.0, []
for _ in range(6):
    for x, target in zip(X, AND):
        if decide(x[None], w, b)[0] != target:
            w, b = step(w, b, x, target, 1)
            w = np.asarray(w)
            history.append((w, b, x))
_, grid = plt.subplots(2, 6, figsize=(15, 5.4), sharex=True, sharey=True, layout="constrained")
for number, (axes, (w, b, x)) in enumerate(zip(grid.flat, history), 1):
    draw_plane(axes, X, AND, w, b, f"{number}: $w$ = ({w[0]:g}, {w[1]:g}), $b$ = {b:g}")
    axes.scatter(*x, 300, marker="o", facecolors="none", edgecolors=figures.RED, linewidths=2, zorder=4)
    axes.label_outer()
for axes in grid.flat[len(history):]:
    axes.axis("off")
print(L(f"mistakes until AND is learnt: {len(history)}", f"AND を覚えるまでの間違い：{len(history)} 回"))
figures.show(L("The line after each of the mistakes; it ends with (1, 1) on the blue side and the others outside",
               "間違いのたびに動く直線。最後は (1, 1) だけが青い側に入る"))

# %% [markdown] lang="en"
# ## Until nothing is wrong: epochs
#
# One pass through all samples is an **epoch**. The neuron makes pass after pass, correcting itself after every mistake,
# until an epoch goes by without any. Only then has it learnt: one right answer says nothing, one *clean epoch* says all.
#
# ### Exercise 3: `fit`
#
# Write `fit(X, t, lr, max_epochs)` and return `(w, b, errors)`:
#
# * start with all weights and the bias at 0;
# * in every epoch take the samples in the given order and update after **each** one;
# * count the mistakes of the epoch, each before its update, and append the count to the list `errors`;
# * stop after the first epoch without a mistake (its 0 belongs in the list) or after `max_epochs`.
#
# For AND with `lr = 1` the list is `[2, 3, 3, 2, 1, 0]`. Your `predict` and `update` are welcome.
# %% [markdown] lang="ja"
# ## 間違いがなくなるまで：エポック
#
# すべてのサンプルを一通り見ることを、1**エポック**と呼びます。ニューロンは、間違えるたびに直しながら何周も見て、間違いが一つもない
# エポックがあれば終わります。一問正解しただけでは覚えたとは言えません。「全問正解のエポック」があって、はじめて学習が終わります。
#
# ### 演習3：`fit`
#
# `fit(X, t, lr, max_epochs)` を書き、`(w, b, errors)` を返してください。
#
# * 重みとバイアスは 0 から始める。
# * どのエポックでも、サンプルを並んでいる順に見て、**一つごとに**更新する。
# * そのエポックの間違いを（それぞれ更新する前に）数え、リスト `errors` に加える。
# * 間違いが 0 のエポックがあれば、その 0 もリストに加えて終わる。なければ `max_epochs` 回で終わる。
#
# `lr = 1` で AND を学ばせると、`errors` は `[2, 3, 3, 2, 1, 0]` になります。先ほど書いた `predict` と `update` を使ってもかまいません。

# %% exercise="fit"
def fit(X, t, lr, max_epochs):
    L("""Return the weights, the bias and the list of mistakes per epoch.""",
      """重み、バイアス、エポックごとの間違いの数のリストを返す。""")
    ### BEGIN SOLUTION
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            mistakes += int(predict(x[None], w, b)[0] != target)
            w, b = update(w, b, x, target, lr)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors
    ### END SOLUTION

# %% test="fit" points=3
with check("fit") as t:
    names = ("w", "b", "errors")
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    AND_ = np.array([0, 0, 0, 1])
    t.call(fit, corners, AND_, 1, 20).equals(([2, 1], -3, [2, 3, 3, 2, 1, 0]), names=names)
    # en: half the rate, half the weights, the same mistakes
    # ja: 学習率を半分にすると重みも半分になり、間違いは同じ
    t.call(fit, corners, AND_, 0.5, 20).equals(([1, 0.5], -1.5, [2, 3, 3, 2, 1, 0]), names=names)
    # en: two epochs are too few
    # ja: 2エポックでは足りない
    t.call(fit, corners, AND_, 1, 2).equals(([2, 1], -1, [2, 3]), names=names)
### BEGIN HIDDEN TESTS
with check("fit", hidden=True) as t:
    from sklearn.linear_model import Perceptron

    def count_mistakes(X_, t_, epochs):
        # in whole numbers, with the bias as the weight of a constant 1
        v, counts = [0] * (X_.shape[1] + 1), []
        while len(counts) < epochs and (not counts or counts[-1]):
            counts.append(0)
            for row, goal in zip(X_.tolist(), t_.tolist()):
                row = row + [1]
                if (sum(a * c for a, c in zip(v, row)) >= 0) != bool(goal):
                    counts[-1] += 1
                    v = [a + c if goal else a - c for a, c in zip(v, row)]
        return v[:-1], v[-1], counts

    for lr_, epochs_ in ((1, 400), (0.5, 400), (2, 3)):
        X_ = t.rng.integers(-4, 5, (13, 3))
        t_ = (X_ @ np.array([2, -1, 1]) + int(t.rng.integers(-2, 3)) > 0).astype(int)
        w_, b_, errors_ = count_mistakes(X_, t_, epochs_)
        expected_ = (np.multiply(lr_, w_), lr_ * b_, errors_)
        t.call(fit, X_, t_, lr_, epochs_).equals(expected_, names=("w", "b", "errors"))
    # scikit-learn agrees where z is never exactly 0 but at the start, and the first target is 0
    X_ = np.concatenate([[[-2, 1], [2, -1]], t.rng.normal(0, 1, (15, 2))])
    t_ = (X_ @ np.array([1.0, -2.0]) + 0.3 > 0).astype(int)
    order_ = np.argsort(t_, kind="stable")
    model_ = Perceptron(eta0=0.5, shuffle=False, tol=None, max_iter=7).fit(X_[order_], t_[order_])
    got_ = t.call(fit, X_[order_], t_[order_], 0.5, 7).value
    t.that(np.allclose(got_[0], model_.coef_[0]) and np.allclose(got_[1], model_.intercept_[0]),
           L("scikit-learn's Perceptron finds another line", "scikit-learn の Perceptron と違う直線になりました"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Does it always end? The convergence theorem
#
# In 1962 Novikoff proved: **if** some line separates the two classes, the perceptron stops, and it makes at most
# $(R / \gamma)^2$ mistakes. $R$ is the length of the longest sample, $\gamma$ the margin: the distance of the nearest sample
# from the best boundary through the origin, once the bias is counted as the weight of a constant third feature 1. Wide gap, few mistakes; narrow gap, many.
#
# For AND, $R^2 = 1^2 + 1^2 + 1^2 = 3$, and the widest margin, reached by $w = (2, 2)$, $b = -3$, is
# $\gamma = 1/\sqrt{2^2 + 2^2 + 3^2} = 1/\sqrt{17}$. So there are at most $3 \times 17 = 51$ mistakes, in whatever order the
# samples come. Our neuron made $2 + 3 + 3 + 2 + 1 = 11$.
#
# The number of mistakes need not fall from epoch to epoch: putting one sample right can spoil another.
# %% [markdown] lang="ja"
# ## 必ず終わるのか：収束定理
#
# 1962年に Novikoff は次のことを証明しました。二つのクラスを分ける直線が**あるなら**、パーセプトロンは必ず止まり、間違いは多くても
# $(R / \gamma)^2$ 回である。ここでバイアスは、いつも 1 である三つめの特徴の重みと考えます。$R$ は最も長いサンプルの長さ、$\gamma$ はマージン、つまり原点を通る最もよい
# 境界から最も近いサンプルまでの距離です。すき間が広ければ間違いは少なく、狭ければ多くなります。
#
# AND では $R^2 = 1^2 + 1^2 + 1^2 = 3$ です。最も広いマージンは $w = (2, 2)$、$b = -3$ のときで、
# $\gamma = 1/\sqrt{2^2 + 2^2 + 3^2} = 1/\sqrt{17}$ です。したがって、サンプルをどんな順に見せても、間違いは $3 \times 17 = 51$ 回以下です。
# 先ほどのニューロンの間違いは $2 + 3 + 3 + 2 + 1 = 11$ 回でした。
#
# 間違いの数は、エポックごとに必ず減るとは限りません。一つを直したために、別の一つを間違えることがあるからです。

# %% role="demo"
train = yours_or(library.fit)
for name, t, marker in (("AND", AND, "s-"), ("OR", OR, "o--")):
    w, b, errors = train(X, t, 1, 20)
    print(name, "w =", np.asarray(w), " b =", b, " errors =", list(errors))
    plt.plot(range(1, len(errors) + 1), errors, marker, label=name)
plt.xlabel(L("epoch", "エポック"))
plt.ylabel(L("mistakes", "間違いの数"))
plt.yticks(range(4))
plt.legend()
figures.show(L("Mistakes per epoch for AND and OR: both end at zero", "AND と OR の、エポックごとの間違いの数。どちらも 0 で終わる"))

# %% [markdown] lang="en"
# ## XOR: no line will do
#
# The theorem says *if*. For **XOR** there is no such line, and it can be proved in four lines. It would need
#
# * $b < 0$ from $(0,0) \to 0$,
# * $w_1 + b \ge 0$ from $(1,0) \to 1$, and $w_2 + b \ge 0$ from $(0,1) \to 1$,
# * $w_1 + w_2 + b < 0$ from $(1,1) \to 0$.
#
# Add the two in the middle: $w_1 + w_2 + 2b \ge 0$, so $w_1 + w_2 + b \ge -b > 0$. That contradicts the last one. Therefore
# **no number of epochs helps**; on your sliders, too, one mistake always remained. In 1969 Minsky and Papert showed how much lies
# beyond a single layer, and for years many turned away from neural networks.
# %% [markdown] lang="ja"
# ## XOR：一本の直線では解けない
#
# 定理には「直線が**あるなら**」という条件がありました。**XOR** には、そのような直線がありません。証明は数行です。もしあるとすれば、
#
# * $(0,0) \to 0$ から $b < 0$
# * $(1,0) \to 1$ から $w_1 + b \ge 0$、$(0,1) \to 1$ から $w_2 + b \ge 0$
# * $(1,1) \to 0$ から $w_1 + w_2 + b < 0$
#
# が必要です。真ん中の二つを足すと $w_1 + w_2 + 2b \ge 0$、つまり $w_1 + w_2 + b \ge -b > 0$ となり、最後の式と矛盾します。
# ですから、**エポックをいくら増やしても解けません**。スライダーでも、間違いが必ず一つは残ったはずです。1969年に Minsky と Papert が
# 一層のパーセプトロンの限界を詳しく示すと、多くの人がしばらくニューラルネットワークから離れました。

# %% role="demo"
w, b, errors = train(X, XOR, 1, 40)
_, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.plot(range(1, len(errors) + 1), errors, "s-")
left.set(xlabel=L("epoch", "エポック"), ylabel=L("mistakes", "間違いの数"), ylim=(0, 4.5), yticks=range(5), title=L("XOR, 40 epochs", "XOR、40エポック"))
draw_plane(right, X, XOR, np.asarray(w), b, L("where it stands after 40 epochs", "40エポック後の状態"))
print(L("fewest mistakes in an epoch:", "最も少ないエポックの間違い："), min(errors))
figures.show(L("XOR: the mistakes never reach zero", "XOR：間違いの数は 0 にならない"))

# %% [markdown] lang="en"
# ## Two layers: ask two neurons, then a third
#
# What one line cannot do, two lines can. XOR means: *at least one, but not both*.
#
# * a first neuron answers "at least one": **OR**;
# * a second one answers "not both": **NAND**, which is AND with all signs turned round;
# * a third one looks at those two answers only, and says yes when both say yes: **AND**.
#
# The first two are the **hidden layer**, the third is the **output**. The threshold in between matters: without it, a
# sum of sums is just another sum, and two layers would be no more than one.
#
# ### Exercise 4: `xor_two_layers`
#
# Write `xor_two_layers(X)` for an array of shape (N, 2) of zeros and ones, its rows in any order. Choose the weights and biases of
# the three neurons yourself, and return N answers. `predict` does most of the work; `np.stack([h1, h2], axis=1)` puts two answers side by side.
# %% [markdown] lang="ja"
# ## 二層にする：二つのニューロンに聞き、三つめが決める
#
# 一本の直線でできないことも、二本ならできます。XOR とは「少なくとも一方は 1、しかし両方ではない」ということです。
#
# * 一つめのニューロンは「少なくとも一方」、つまり **OR** を答えます。
# * 二つめは「両方ではない」、つまり **NAND** を答えます。AND の重みとバイアスの符号を、すべて逆にしたものです。
# * 三つめは、この二つの答えだけを見て、どちらも「はい」なら「はい」と答えます。**AND** です。
#
# 最初の二つを**隠れ層**、三つめを**出力層**と呼びます。途中でしきい値を通すことが大切です。しきい値がなければ、和の和はただの和ですから、
# 二層にしても一層と変わりません。
#
# ### 演習4：`xor_two_layers`
#
# 0 と 1 からなる形 (N, 2) の配列について（行の順番は自由です）、`xor_two_layers(X)` を書いてください。三つのニューロンの重みとバイアスを自分で決め、
# N 個の答えを返します。計算のほとんどは `predict` に任せられます。二つの答えを横に並べるには `np.stack([h1, h2], axis=1)` が使えます。

# %% exercise="xor_two_layers"
def xor_two_layers(X):
    L("""Return x1 XOR x2 for each row of X, by two layers of neurons.""",
      """X の各行について、x1 と x2 の XOR を二層のニューロンで求める。""")
    ### BEGIN SOLUTION
    at_least_one = predict(X, np.array([1, 1]), -0.5)
    not_both = predict(X, np.array([-1, -1]), 1.5)
    hidden = np.stack([at_least_one, not_both], axis=1)
    return predict(hidden, np.array([1, 1]), -1.5)
    ### END SOLUTION

# %% test="xor_two_layers" points=2
with check("xor_two_layers") as t:
    shuffled = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [1, 1]])
    t.call(xor_two_layers, shuffled).equals([1, 0, 0, 1, 0])
    t.call(xor_two_layers, np.array([[0, 1]])).equals([1])
### BEGIN HIDDEN TESTS
with check("xor_two_layers", hidden=True) as t:
    for samples in (1, 2, 9, 20):
        X_ = t.rng.integers(0, 2, (samples, 2))
        t.call(xor_two_layers, X_).equals([int(a) ^ int(c) for a, c in X_])
### END HIDDEN TESTS

# %% role="demo"
both = yours_or(library.xor_two_layers)
x1, x2 = np.meshgrid(np.linspace(-0.5, 1.5, 201), np.linspace(-0.5, 1.5, 201))
hidden = np.stack([X.sum(axis=1) >= 0.5, X.sum(axis=1) <= 1.5], axis=1).astype(int)
print(both(X))
_, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.contourf(x1, x2, (x1 + x2 >= 0.5) & (x1 + x2 <= 1.5), levels=[-0.5, 0.5, 1.5], colors=["white", "#DCEBF5"])
left.plot([-0.5, 1], [1, -0.5], "k-", [0, 1.5], [1.5, 0], "k--")
for answer, marker, color in ((0, "o", figures.ORANGE), (1, "s", figures.BLUE)):
    left.scatter(*X[XOR == answer].T, s=60, c=color, marker=marker, edgecolors="white", zorder=3)
left.set(xlabel="$x_1$", ylabel="$x_2$", title=L("two lines: OR (solid), NAND (dashed)", "二本の直線：OR（実線）と NAND（破線）"))
draw_plane(right, hidden, XOR, [1, 1], -1.5, L("what the third neuron sees", "三つめのニューロンから見た四つの点"))
right.set(xlabel=L("OR", "OR"), ylabel=L("NAND", "NAND"))
figures.show(L("XOR by two lines; seen through the hidden layer, (0,1) and (1,0) fall on one point and a line suffices",
               "二本の直線による XOR。隠れ層を通すと (0,1) と (1,0) が同じ点に重なり、一本の直線で分けられる"))

# %% [markdown] lang="en"
# The hidden layer has moved the points: $(0,1)$ and $(1,0)$ now lie on the same spot, and a single line is enough. *Hidden
# layers re-draw the problem until it is easy*: that is the idea behind all deep networks. Here we chose their weights by hand. How
# a machine can find them itself is the subject of unit 03.
# %% [markdown] lang="ja"
# 隠れ層を通すと点が動き、$(0,1)$ と $(1,0)$ が同じ場所に重なって、一本の直線で分けられるようになりました。*隠れ層は、問題が簡単になるように描き直す*。
# これが、すべての深いネットワークの根本にある考え方です。ここでは隠れ層の重みを手で決めました。機械が自分で見つける方法は、単元03で学びます。

# %% [markdown] lang="en"
# ## Which way up? A neuron looks at chest films
#
# Now the promise from the beginning. Each film is shown twice, upright (target 1) and turned by 180° (target 0), and the
# neuron gets two clues that you would use yourself:
#
# * **lung height**: how far below the middle of the film the dark of the lungs is centred, in per cent of the film's height: the mean row of the
#   darkest 40 % of the pixels in the middle half of its width. Upright, the lungs lie above the middle, and the number is negative.
# * **heart ratio**: how many times as bright the place of the heart (below the middle, image right) is as the point-mirrored
#   place (above the middle, image left).
# %% [markdown] lang="ja"
# ## どちらが上？ 胸部画像を見るニューロン
#
# いよいよ、最初に約束した問題です。一枚の画像を、正しい向き（目標値 1）と 180° 回した向き（目標値 0）の二通りで見せます。手がかりは、
# 皆さん自身も使いそうな二つの数値です。
#
# * **肺の高さ**：肺の黒さの中心が、画像の真ん中からどれだけ下にあるか（画像の高さに対する %）。中央の幅半分で、暗いほうから 40 % の画素の行を平均します。
#   正しい向きなら、肺は真ん中より上にあり、負の値になります。
# * **心臓の比**：心臓のある場所（中央より下、画像の右側）の明るさが、点対称の場所（中央より上、画像の左側）の何倍か。

# %% role="demo"
films = load_films(size=(128, 128))
upright, turned = films.images, films.images[:, ::-1, ::-1]
print(films.source)

def lung_height(images):
    middle = images[:, :, 32:96]
    dark = middle < np.quantile(middle, 0.4, axis=(1, 2), keepdims=True)
    rows = (np.arange(128) + 0.5) / 128 * 100
    return dark.sum(axis=2) @ rows / dark.sum(axis=(1, 2)) - 50

def heart_ratio(images):
    heart, mirrored = images[:, 64:96, 70:90], images[:, 32:64, 38:58]
    return heart.mean(axis=(1, 2)) / mirrored.mean(axis=(1, 2))

def features(images):
    return np.stack([lung_height(images), heart_ratio(images)], axis=1)

# %% role="demo"
_, row = plt.subplots(1, 2, figsize=(8, 4.6))
for axes, image, name in zip(row, (upright[0], turned[0]), (L("upright", "正しい向き"), L("turned by 180°", "180° 回転"))):
    height, ratio = features(image[None])[0]
    figures.film(axes, image, L(f"{name}: height {height:+.0f} %, ratio {ratio:.2f}", f"{name}：高さ {height:+.0f} %、比 {ratio:.2f}"))
    axes.axhline((height + 50) / 100 * 128 - 0.5, color=figures.ORANGE)
    for left, top, style in ((70, 64, "-"), (38, 32, "--")):
        axes.add_patch(plt.Rectangle((left - 0.5, top - 0.5), 20, 32, fill=False, lw=2, ls=style, ec=figures.BLUE))
figures.show(L("A film in both orientations: lung height (line), place of the heart (solid box), mirrored place (dashed box)",
               "二つの向きの画像。横線が肺の高さ、実線の枠が心臓の場所、破線の枠が点対称の場所"))

# %% [markdown] lang="en"
# Some films are for training, the others are held out: the neuron never sees them while it learns. Both versions of a film go
# to the **same** side. (Why this matters so much is a story for unit 04.)
# %% [markdown] lang="ja"
# 画像の一部を学習用とし、残りは評価のために取っておきます。学習中のニューロンには見せません。同じ画像の二つの向きは、必ず**同じ側**に入れます
# （なぜそれが大切なのかは、単元04で詳しく学びます）。

# %% role="demo"
rng = np.random.default_rng(3)
order = rng.permutation(len(films))
learning, held_out = np.split(order, [round(0.6 * len(films))])

def both_ways(chosen):
    X = np.concatenate([features(upright[chosen]), features(turned[chosen])])
    return X, np.repeat([1, 0], len(chosen))

X_learning, t_learning = both_ways(learning)
X_held_out, t_held_out = both_ways(held_out)
shuffled = rng.permutation(len(X_learning))
w, b, errors = train(X_learning[shuffled], t_learning[shuffled], 1, 200)
w = np.asarray(w)

# %% role="demo"
_, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
left.plot(range(1, len(errors) + 1), errors, ".-")
left.set(xlabel=L("epoch", "エポック"), ylabel=L("mistakes", "間違いの数"),
         title=L("while learning", "学習中"), ylim=(0, None))
left.xaxis.get_major_locator().set_params(integer=True)
draw_plane(right, X_held_out, t_held_out, w, b, L("held-out films", "学習に使わなかった画像"))
right.set(xlabel=L("lung height in %", "肺の高さ（%）"), ylabel=L("heart ratio", "心臓の比"))
accuracy = np.mean(np.asarray(decide(X_held_out, w, b)) == t_held_out)
print(f"w = ({w[0]:.1f}, {w[1]:.1f}), b = {b:.1f}")
print(L(f"accuracy on held-out films: {accuracy:.1%}", f"学習に使わなかった画像の正解率：{accuracy:.1%}"))
figures.show(L("Mistakes per epoch, and the held-out films in the plane of the two features with the learnt line",
               "エポックごとの間違いの数と、二つの特徴の平面に描いた評価用の画像と直線"))

# %% [markdown] lang="en"
# A few epochs suffice, and the line lies between the two clouds (squares: upright). Look at the sign, too: the
# weight of the lung height is negative. The neuron has found by itself that *low lungs speak against "upright"*.
#
# It stops at the **first** line that makes no mistake on the training films, not at the best one. So the line may pass close to a cloud, and a
# held-out film may fall on the wrong side.
#
# **Look at the hardest films.** Here are the four held-out ones on which the neuron was least sure ($z$ nearest to zero). Wrong
# answers are marked ×. Can you see why these are hard?
# %% [markdown] lang="ja"
# 数エポックで間違いがなくなり、直線は二つの集まり（四角が正しい向き）の間に引かれています。重みの符号も見てみましょう。肺の高さの重みは負です。
# 「肺が下にあるのは、正しい向きではない証拠だ」ということを、ニューロンが自分で見つけました。
#
# ニューロンは、学習用の画像をすべて正解した**最初の**直線で止まります。最もよい直線を選ぶわけではありません。そのため、直線が片方の集まりの
# すぐ近くを通ることもあり、学習に使わなかった画像が反対側に落ちることもあります。
#
# **難しい画像を見る。** 学習に使わなかった画像のうち、ニューロンが最も迷った四枚（$z$ が 0 に近いもの）を並べます。× は誤答です。なぜ難しいのか、考えてみましょう。

# %% role="demo"
shown = np.concatenate([upright[held_out], turned[held_out]])
hardest = np.argsort(np.abs(X_held_out @ w + b))[:4]
answers = np.asarray(decide(X_held_out, w, b))
words = {1: L("upright", "正しい向き"), 0: L("turned", "逆さま")}
titles = [("✓ " if answers[i] == t_held_out[i] else "× ") + L(f"says: {words[int(answers[i])]}", f"答え：{words[int(answers[i])]}")
          for i in hardest]
print(L(f"wrong: {np.sum(answers != t_held_out)} of {len(answers)}", f"誤答：{len(answers)} 枚のうち {np.sum(answers != t_held_out)} 枚"))
figures.films(shown[hardest], titles,
              L("The four held-out films on which the neuron was least sure", "ニューロンが最も迷った四枚の画像"))

# %% [markdown] lang="en"
# ## Why features by hand do not scale
#
# Two clever numbers and one line did well. Now change the films in ways that happen at work, and ask the **same** neuron:
#
# * **grey scale inverted**: a MONOCHROME1 object shown as it is (unit 01);
# * **shutter**: the console blacks out the lowest quarter, because the field was collimated;
# * **lying on its side**: turned by 90°. Neither "upright" nor "upside down" is right, but the neuron knows no third answer.
# %% [markdown] lang="ja"
# ## 手作りの特徴は、なぜ行き詰まるのか
#
# 工夫した二つの数値と一本の直線で、よい成績が出ました。では、現場で起こりそうな変化を画像に加えて、**同じ**ニューロンに聞いてみましょう。
#
# * **白黒反転**：MONOCHROME1 の画像を、そのまま表示した場合です（単元01）。
# * **黒枠**：照射野限定に合わせて、下の4分の1が黒く塗りつぶされた場合です。
# * **横向き**：90° 回転した場合です。「正しい向き」でも「逆さま」でもありませんが、ニューロンは三つめの答えを知りません。

# %% role="demo"
before = upright[held_out]
shutter = before.copy()
shutter[:, 96:] = 0
changes = {L("as before", "元のまま"): before, L("inverted", "白黒反転"): 1 - before,
           L("shutter", "黒枠"): shutter, L("on its side", "横向き"): np.rot90(before, axes=(1, 2))}
for name, images in changes.items():
    share = np.mean(np.asarray(decide(features(images), w, b)) == 1)
    print(L(f"{name}: called upright {share:.0%}", f"{name}：「正しい向き」と答えた割合 {share:.0%}"))
figures.films([images[0] for images in changes.values()], list(changes),
              L("A held-out film as it was, inverted, with a shutter and on its side",
                "元のままの画像、白黒反転、下の黒枠、横向き"))

# %% [markdown] lang="en"
# All of these films were upright before the change, and the first two changes leave them upright. But the numbers that described them
# so well now describe something else: the dark parts of an inverted film are the liver and the spine, and the darkest part of a shuttered film
# is the shutter. You could repair each case with one more feature and one more rule; then comes the next console, the next projection,
# the next child. And what would be the two numbers for a faint nodule?
#
# The way out of this course: let the network **learn its features too**. The hidden layer of XOR was the first step. Unit 03 shows how
# its weights are found, unit 05 how they look at an image, and unit 06 returns to this very question with four directions.
# %% [markdown] lang="ja"
# どの画像も、元は正しい向きで、白黒反転や黒枠では向きは変わっていません。それなのに、あれほど役に立った数値が、別のものを表すようになってしまいました。
# 白黒反転した画像で黒いのは肝臓や脊椎ですし、黒枠の付いた画像で最も黒いのは枠そのものです。特徴と規則を一つずつ増やせば、個々の場合には対応できるでしょう。
# しかし、装置が変わり、撮影法が変わり、小児の画像が来るたびに、それを繰り返すことになります。そもそも、淡い結節影を表す二つの数値とは何でしょうか。
#
# この講座の答えは、**特徴もネットワークに学ばせる**ことです。XOR の隠れ層が、その第一歩でした。隠れ層の重みの見つけ方は単元03、画像の見方は
# 単元05で学び、単元06では、四つの向きに増やしたこの問題に戻ってきます。

# %% [markdown] lang="en"
# ## Key points
#
# 1. A neuron multiplies each feature by a weight, adds the bias and answers 1 when $z = w \cdot x + b \ge 0$.
# 2. Its decision boundary is a straight line (with more features a plane): weights turn it, the bias moves it.
# 3. After a mistake, $w \leftarrow w + \eta (t - y) x$ and $b \leftarrow b + \eta (t - y)$; after a right answer nothing changes. If a
#    separating line exists, this ends after a limited number of mistakes.
# 4. No line separates XOR, however many epochs. A hidden layer, with its thresholds, re-draws the problem so that a line will do.
# 5. Two hand-made features sort upright films from upside-down ones, until the films change. Features that are learnt are the way out.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. ニューロンは、特徴に重みを掛けて足し、バイアスを加え、$z = w \cdot x + b \ge 0$ なら 1 と答えます。
# 2. 決定境界は直線です（特徴が増えれば平面になります）。重みが向きを、バイアスが位置を決めます。
# 3. 間違えたら $w \leftarrow w + \eta (t - y) x$、$b \leftarrow b + \eta (t - y)$ と直し、正解なら何も変えません。分ける直線があれば、
#    限られた回数の間違いで学習が終わります。
# 4. XOR を分ける直線はなく、エポックを増やしても解けません。しきい値を通す隠れ層が問題を描き直すと、一本の直線で分けられます。
# 5. 手作りの二つの特徴で画像の上下を判断できますが、画像の条件が変わると通用しません。特徴も学習させることが、その先の道です。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A neuron has w = (1, -1) and b = 0. What does it answer for x = (2, 2)?</summary>
#
# z = 2 - 2 + 0 = 0, and z >= 0 means 1.
# </details>
#
# <details><summary>2. The errors per epoch are 4, 2, 3, 1, 2, ... and never 0. Name two possible reasons.</summary>
#
# No line separates the samples (a wrong label is enough for that), or the gap is narrow and more epochs are needed. A bias
# that is never updated has the same effect.
# </details>
#
# <details><summary>3. Why do two layers without a threshold in between gain nothing?</summary>
#
# A weighted sum of weighted sums is one weighted sum: the boundary is still a single line.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. w = (1, -1)、b = 0 のニューロンは、x = (2, 2) に何と答えますか。</summary>
#
# z = 2 - 2 + 0 = 0 です。z >= 0 なので、答えは 1 です。
# </details>
#
# <details><summary>2. エポックごとの間違いが 4、2、3、1、2、… と続き、0 になりません。考えられる理由を二つ挙げてください。</summary>
#
# 直線で分けられないデータである（ラベルの誤りが一つあるだけでも起こります）か、すき間が狭く、まだエポックが足りないかです。
# バイアスを更新し忘れたときも、同じことが起こります。
# </details>
#
# <details><summary>3. 途中にしきい値がなければ、二層にしても意味がないのはなぜですか。</summary>
#
# 重み付きの和の、そのまた重み付きの和は、一つの重み付きの和にまとめられるからです。境界は一本の直線のままです。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * W. S. McCulloch, W. Pitts, *A logical calculus of the ideas immanent in nervous activity*, Bulletin of Mathematical Biophysics 5, 115-133 (1943)
# * F. Rosenblatt, *The perceptron: a probabilistic model for information storage and organization in the brain*, Psychological Review 65, 386-408 (1958)
# * A. B. J. Novikoff, *On convergence proofs on perceptrons*, Symposium on the Mathematical Theory of Automata 12, 615-622 (1962)
# * M. Minsky, S. Papert, *Perceptrons: an introduction to computational geometry*, MIT Press (1969)
#
# To play on: shuffle the samples of AND before each epoch. Does the neuron always find the same line? Does the bound of 51 mistakes hold?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * W. S. McCulloch, W. Pitts, *A logical calculus of the ideas immanent in nervous activity*, Bulletin of Mathematical Biophysics 5, 115-133 (1943)
# * F. Rosenblatt, *The perceptron: a probabilistic model for information storage and organization in the brain*, Psychological Review 65, 386-408 (1958)
# * A. B. J. Novikoff, *On convergence proofs on perceptrons*, Symposium on the Mathematical Theory of Automata 12, 615-622 (1962)
# * M. Minsky, S. Papert, *Perceptrons: an introduction to computational geometry*, MIT Press (1969)
#
# 余裕があれば、AND のサンプルの順番をエポックごとに入れ替えてみましょう。いつも同じ直線になるでしょうか。間違いは 51 回以下でしょうか。
