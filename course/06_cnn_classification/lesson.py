"""Unit 06: classification with convolutional networks."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 06 Classification with convolutional networks
#
# When you have finished this notebook, you will be able to
#
# 1. **build** LeNet and count its parameters before the computer does,
# 2. **train** a network, and read its loss against the epochs,
# 3. **weigh** classes of unlike size, and **lay out** the answers in a confusion matrix,
# 4. **explain** what a residual block adds, and why (and, as a bonus, **build** a ResNet),
# 5. **catch** a network that reads the side marker instead of the chest.
#
# | | |
# |---|---|
# | Reading / exercises | about 35 min / about 45 min (the last of the five exercises is optional) |
# | You need | units 04 and 05 are a help; on a seminar day you can follow without them |
# | Computing | about one minute of training on two CPU cores |
# | Data | 988 films in four directions (Directions01) and 247 films with the sex (Gender01), computed at first use; no download |
# %% [markdown] lang="ja"
# # 06 畳み込みネットワークで分類する
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. LeNet を**組み立て**、パラメータの数を自分で数える
# 2. ネットワークを**学習させ**、エポックごとの損失を読み取る
# 3. 枚数の違うクラスに**重みを付け**、答えを混同行列に**まとめる**
# 4. 残差ブロックが何を足しているのか、なぜ足すのかを**説明する**（発展では ResNet を**組み立てる**）
# 5. 胸部ではなく左右マーカーを見ているネットワークを**見破る**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約35分／約45分（五つの演習のうち最後の一つは発展） |
# | 前提 | 単元04と05を終えていると分かりやすくなります（セミナー当日は、なくても進められます） |
# | 計算時間 | CPU 2コアで、学習が合わせて約1分 |
# | データ | 四つの向きの画像988枚（Directions01）と性別の付いた画像247枚（Gender01）。初回に計算して作ります（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# A film from the mobile unit lies on its side, one from the ward stands on its head. You turn it without thinking; an archive with a hundred thousand old films
# cannot. In unit 02 two features made by hand told upright from upside down, and failed as soon as the films changed. Here a network finds its features
# itself, in a few seconds, and for four directions at once.
#
# Then comes a harder question: *is this the chest of a woman or of a man?* There is no diagnosis in it, but it is a good exercise: the answer is
# on the request form, so that every mistake can be checked, and few people could say how they know. And in the end you will see how a network with splendid
# figures can have learnt nothing about chests at all.
#
# The next cell imports Keras, which takes some seconds. That is normal.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# ポータブル装置からは横向きの画像が、病棟からは上下逆さまの画像が送られてきます。皆さんなら、考えるまでもなく回して直すでしょう。しかし、十万枚の古い画像を収めた保管庫ではそうはいきません。
# 単元02では、手作りの二つの特徴で上下を見分けましたが、画像の条件が変わったとたんに通用しなくなりました。ここでは、ネットワークが特徴を自分で見つけます。四つの向きを見分けるのに、数秒しかかかりません。
#
# 次は、もっと難しい問いです。「この胸部は女性のものか、男性のものか」。診断ではありませんが、よい練習になります。答えは依頼票に書いてあるので間違いを一枚ずつ確かめられますし、自分がどこを見て判断しているのかを
# 説明できる人は、あまりいません。最後には、すばらしい成績のネットワークが、胸部について何も学んでいなかった、という例をお見せします。
#
# 次のセルでは Keras を読み込みます。数秒かかりますが、故障ではありません。

# %% role="setup"
import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact
from keras import layers, ops

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_directions, load_sex
from xraydojo.data.pipeline import Batches
from xraydojo.library import classification as library
from xraydojo.training import Progress

print("Keras", keras.__version__, "/", keras.config.backend())

# %% [markdown] lang="en"
# ## The films
#
# Each set comes in three parts, split **by patient** (unit 04): *training* films, from which the network learns; *validation* films, by which we choose
# among networks; *test* films, at which we look once, at the end. All films are reduced to 48 × 48 pixels: enough for our two questions, and quick.
# %% [markdown] lang="ja"
# ## 画像を見る
#
# どちらのデータも、**患者ごとに**三つに分けてあります（単元04）。ネットワークが学ぶための*学習用*、ネットワークを選ぶための*検証用*、最後に一度だけ見る*テスト用*です。
# 画像はすべて 48 × 48 画素に縮小します。二つの問いにはこれで足り、計算も速くなります。

# %% role="demo"
directions, sexes = load_directions(size=(48, 48)), load_sex(size=(48, 48))
print(directions.source)
print(sexes.source)
class_names = {"up": L("up", "上"), "down": L("down", "下"), "left": L("left", "左"), "right": L("right", "右"),
               "female": L("female", "女性"), "male": L("male", "男性")}
for films, name in ((directions, L("directions", "向き")), (sexes, L("sex", "性別"))):
    for part, word in ((films.train, L("training", "学習用")), (films.validation, L("validation", "検証用")), (films.test, L("test", "テスト用"))):
        print(name, word, {class_names[label]: int(np.sum(part.targets == k)) for k, label in enumerate(part.classes)})
firsts = [directions.train.images[directions.train.targets == k][0] for k in range(4)]
figures.films(firsts, [class_names[name] for name in directions.train.classes],
              L("Four films, one for each direction: up, down, left, right", "上、下、左、右の四つの向きの画像"))

# %% [markdown] lang="en"
# ## When one class is rarer
#
# Among the training films of the second set there are more women than men. If one class were far larger, a network could get a good loss by always giving the
# answer of the crowd. The remedy is a **weight** for each class: a film of a rare class counts for more.
#
# $$ \text{weight of class } k = \frac{N}{K \, n_k} $$
#
# with $N$ films in all, $K$ classes that occur, and $n_k$ films of class $k$. An example: the labels 0, 1, 0, 0. $N = 4$, $K = 2$; class 0 has three films
# and the weight $4 / (2 \cdot 3) = 0.67$, class 1 has one and the weight $4 / (2 \cdot 1) = 2$. Three times 0.67 is 2: both classes weigh the same.
#
# ### Exercise 1: `class_weights`
#
# Write `class_weights(labels)`. Return a dict with the weight of each class that occurs, such as `{0: 0.67, 1: 2.0}` (not rounded). Keras takes such a dict
# as `class_weight`.
#
# *Hint: `np.unique(labels, return_counts=True)` gives the classes that occur, and how often.*
# %% [markdown] lang="ja"
# ## クラスの枚数が偏っているとき
#
# 性別の学習用の画像は、女性のほうが少し多くなっています。もし片方のクラスがずっと多ければ、ネットワークはいつも多いほうを答えるだけで、損失を下げられます。そこで、クラスごとに**重み**を付け、
# 少ないクラスの一枚を重く数えます。
#
# $$ \text{クラス } k \text{ の重み} = \frac{N}{K \, n_k} $$
#
# $N$ は全部の枚数、$K$ は現れるクラスの数、$n_k$ はクラス $k$ の枚数です。たとえばラベルが 0、1、0、0 なら、$N = 4$、$K = 2$ です。クラス 0 は三枚なので重みは $4 / (2 \cdot 3) = 0.67$、
# クラス 1 は一枚なので $4 / (2 \cdot 1) = 2$ になります。0.67 の三枚分は 2 で、二つのクラスの重さがつり合いました。
#
# ### 演習1：`class_weights`
#
# 現れるクラスごとの重みを、`{0: 0.67, 1: 2.0}` のような辞書で返す `class_weights(labels)` を書いてください（値は丸めません）。この辞書は、Keras の `class_weight` にそのまま渡せます。
#
# *ヒント：`np.unique(labels, return_counts=True)` は、現れるクラスと、その枚数を返します。*

# %% exercise="class_weights"
def class_weights(labels):
    L("""Return a dict of weights, N / (K n_k) for each class k that occurs.""", """現れるクラス k ごとの重み N / (K n_k) を辞書で返す。""")
    ### BEGIN SOLUTION
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): len(labels) / (len(classes) * n) for k, n in zip(classes, counts)}
    ### END SOLUTION

# %% test="class_weights" points=2
with check("class_weights") as t:
    t.call(class_weights, np.array([0, 1, 0, 0])).equals({0: 2 / 3, 1: 2})
    # en: class 1 does not occur: two classes are left, and it gets no weight
    # ja: クラス 1 は現れないので、クラスは二つと数え、クラス 1 には重みを付けない
    t.call(class_weights, np.array([2, 0, 0, 0, 2, 0, 0, 0, 0, 0])).equals({0: 0.625, 2: 2.5})
    t.call(class_weights, np.array([1, 0, 2, 2, 1, 2])).equals({0: 2, 1: 1, 2: 2 / 3})
### BEGIN HIDDEN TESTS
with check("class_weights", hidden=True) as t:
    from sklearn.utils.class_weight import compute_class_weight

    for kinds_ in (2, 3, 5):
        labels_ = t.rng.permutation(np.concatenate([np.arange(kinds_), t.rng.integers(0, kinds_, 37) ** 2 // kinds_])) * 2
        found_ = np.unique(labels_)
        wanted_ = compute_class_weight("balanced", classes=found_, y=labels_)
        t.call(class_weights, labels_).equals({int(k_): float(w_) for k_, w_ in zip(found_, wanted_)})
### END HIDDEN TESTS

# %% role="demo"
weigh = yours_or(library.class_weights)
for part, word in ((sexes.train, L("training", "学習用")), (sexes.test, L("test", "テスト用"))):
    print(word, {class_names[part.classes[k]]: round(float(w), 2) for k, w in weigh(part.targets).items()})

# %% [markdown] lang="en"
# ## Who is mistaken for whom?
#
# One figure, the accuracy, says how many answers were right. A **confusion matrix** says *which* were wrong: each row is a true class, each column
# an answer. On the diagonal stand the right ones.
#
# | | answer 0 | answer 1 | answer 2 |
# |---|---|---|---|
# | **truth 0** | right | 0 taken for 1 | 0 taken for 2 |
# | **truth 1** | 1 taken for 0 | right | 1 taken for 2 |
# | **truth 2** | 2 taken for 0 | 2 taken for 1 | right |
#
# ### Exercise 2: `confusion_matrix`
#
# Write `confusion_matrix(y, p, classes)` for truths `y` and answers `p` (whole numbers from 0): return a table of `classes` rows and `classes` columns with the counts.
# A class that never occurs keeps its row and its column of zeros.
#
# *Hint: begin with `np.zeros((classes, classes), int)`, go through the films with `for truth, answer in zip(y, p):`, and add 1 at the right place.*
# %% [markdown] lang="ja"
# ## 何を何と間違えたのか
#
# 正解率は、正しかった答えの割合を一つの数で表します。**混同行列**は、*どのように*間違えたのかまで示します。行が正解のクラス、列が答えです。対角線上が、正しく答えた枚数です。
#
# | | 答え 0 | 答え 1 | 答え 2 |
# |---|---|---|---|
# | **正解 0** | 正しい | 0 を 1 と間違えた | 0 を 2 と間違えた |
# | **正解 1** | 1 を 0 と間違えた | 正しい | 1 を 2 と間違えた |
# | **正解 2** | 2 を 0 と間違えた | 2 を 1 と間違えた | 正しい |
#
# ### 演習2：`confusion_matrix`
#
# 正解 `y` と答え `p`（0 から始まる整数）について、`classes` 行 `classes` 列の個数の表を返す `confusion_matrix(y, p, classes)` を書いてください。一度も現れないクラスも、0 の行と列として残します。
#
# *ヒント：`np.zeros((classes, classes), int)` から始め、`for truth, answer in zip(y, p):` で一枚ずつ、表の正しい場所に 1 を足します。*

# %% exercise="confusion_matrix"
def confusion_matrix(y, p, classes):
    L("""Return the table of counts: rows are the truth y, columns the answers p.""", """個数の表を返す。行は正解 y、列は答え p。""")
    ### BEGIN SOLUTION
    table = np.zeros((classes, classes), int)
    for truth, answer in zip(y, p):
        table[truth, answer] += 1
    return table
    ### END SOLUTION

# %% test="confusion_matrix" points=2
with check("confusion_matrix") as t:
    truth = np.array([0, 0, 1, 2, 2, 2, 0])
    answer = np.array([0, 2, 1, 1, 2, 1, 2])
    t.call(confusion_matrix, truth, answer, 3).equals([[1, 0, 2], [0, 1, 0], [0, 2, 1]])
    # en: class 3 never occurs, and still has its row and its column
    # ja: クラス 3 は一度も現れないが、行も列も残しておく
    t.call(confusion_matrix, truth, answer, 4).equals([[1, 0, 2, 0], [0, 1, 0, 0], [0, 2, 1, 0], [0, 0, 0, 0]])
### BEGIN HIDDEN TESTS
with check("confusion_matrix", hidden=True) as t:
    from sklearn.metrics import confusion_matrix as by_sklearn_

    for kinds_ in (2, 3, 6):
        y_ = t.rng.integers(0, kinds_, 50) ** 2 // kinds_
        p_ = (y_ + t.rng.integers(0, 3, 50) // 2) % kinds_
        t.call(confusion_matrix, y_, p_, kinds_).equals(by_sklearn_(y_, p_, labels=np.arange(kinds_)))
    t.call(confusion_matrix, np.array([], int), np.array([], int), 3).equals(np.zeros((3, 3)))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## LeNet
#
# In the 1990s LeCun and his colleagues read handwritten digits on bank cheques with a network of two kinds of layers: **convolutions**, which look for patterns everywhere with
# the same few weights and draw a **feature map** of each, and **poolings**, which halve the maps in height and width so that a small shift no longer matters (unit 05). At the end the maps are laid out in a
# row, and ordinary layers weigh them.
#
# | layer | what comes out for a film of 64 × 48 | parameters |
# |---|---|---|
# | film | 64 × 48 × 1 | |
# | convolution, 6 kernels of 5 × 5 | 60 × 44 × 6 | 5 · 5 · 1 · 6 + 6 = 156 |
# | pooling 2 × 2 | 30 × 22 × 6 | 0 |
# | convolution, 16 kernels of 5 × 5 | 26 × 18 × 16 | 5 · 5 · 6 · 16 + 16 = 2,416 |
# | pooling 2 × 2 | 13 × 9 × 16 | 0 |
# | flatten | 1,872 | 0 |
# | dense, 120 neurons | 120 | 1,872 · 120 + 120 = 224,760 |
# | dense, 84 neurons | 84 | 120 · 84 + 84 = 10,164 |
# | dense, 4 classes, softmax | 4 | 84 · 4 + 4 = 340 |
#
# In all 237,836, and nearly all of them sit in the first dense layer. The original differs in details: it took films of 32 × 32, pooled by
# a mean with weights of its own, bent its sums by a tanh, and ended in another kind of output. Today one takes the maximum, ReLU and softmax.
#
# Keras puts layers in a row like this:
#
# ```python
# keras.Sequential([
#     keras.Input(input_shape),                    # rows, columns, channels
#     layers.Conv2D(3, 7, activation="relu"),      # 3 kernels of 7 x 7, no padding
#     layers.MaxPooling2D(2),
#     layers.Flatten(),
#     layers.Dense(10, activation="softmax"),      # probabilities of 10 classes
# ])
# ```
#
# ### Exercise 3: `lenet`
#
# Write `lenet(input_shape, classes)` and return the network of the table, for films of any shape and any number of classes. Do not compile it.
# ReLU or tanh, maximum or mean: you choose.
# %% [markdown] lang="ja"
# ## LeNet
#
# 1990年代、LeCun らは銀行の小切手に書かれた手書き数字を、二種類の層からなるネットワークで読み取りました。**畳み込み**は、同じ少数の重みで、画像のあらゆる場所から模様を探し、見つかった場所を**特徴マップ**に描きます。
# **プーリング**は特徴マップの縦横を半分にし、小さなずれを気にしなくてよいようにします（単元05）。最後に特徴マップを一列に並べ、ふつうの層で重みを付けて判断します。
#
# | 層 | 64 × 48 の画像での出力 | パラメータの数 |
# |---|---|---|
# | 画像 | 64 × 48 × 1 | |
# | 畳み込み（5 × 5 のカーネル 6 個） | 60 × 44 × 6 | 5 · 5 · 1 · 6 + 6 = 156 |
# | プーリング 2 × 2 | 30 × 22 × 6 | 0 |
# | 畳み込み（5 × 5 のカーネル 16 個） | 26 × 18 × 16 | 5 · 5 · 6 · 16 + 16 = 2,416 |
# | プーリング 2 × 2 | 13 × 9 × 16 | 0 |
# | 一列に並べる（Flatten） | 1,872 | 0 |
# | 全結合 120 個 | 120 | 1,872 · 120 + 120 = 224,760 |
# | 全結合 84 個 | 84 | 120 · 84 + 84 = 10,164 |
# | 全結合 4 クラス、softmax | 4 | 84 · 4 + 4 = 340 |
#
# 合わせて 237,836 個で、そのほとんどが最初の全結合層にあります。元の LeNet とは細かい点が違います。元は 32 × 32 の画像を入力とし、重みの付いた平均でプーリングし、tanh を使い、出力の計算のしかたも別のものでした。
# 今では、最大値プーリング、ReLU、softmax を使うのがふつうです。
#
# Keras では、次のように層を並べます。
#
# ```python
# keras.Sequential([
#     keras.Input(input_shape),                    # 行数、列数、チャネル数
#     layers.Conv2D(3, 7, activation="relu"),      # 7 × 7 のカーネル 3 個、パディングなし
#     layers.MaxPooling2D(2),
#     layers.Flatten(),
#     layers.Dense(10, activation="softmax"),      # 10 クラスの確率
# ])
# ```
#
# ### 演習3：`lenet`
#
# 表のネットワークを、どのような形の画像、いくつのクラスにも対応できるように、`lenet(input_shape, classes)` として書いてください。コンパイルはしません。
# ReLU か tanh か、最大値か平均かは、自由に選んでください。

# %% exercise="lenet"
def lenet(input_shape, classes):
    L("""Return LeNet as a Keras model that is not compiled.""", """LeNet を、コンパイルしていない Keras のモデルとして返す。""")
    ### BEGIN SOLUTION
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])
    ### END SOLUTION

# %% role="setup"
def shapes_of(model):
    L("""Return the shapes of a model's weights, in order.""", """モデルの重みの形を、順に返す。""")
    return [tuple(w.shape) for w in model.get_weights()]

def bends(model):
    L("""Tell for each layer with weights, the last one excepted, whether its output bends (has an activation function); changes the weights.""",
      """最後を除き、重みのある層ごとに、活性化関数があるかどうかを返す（重みは書き換える）。""")
    before, blank = model.get_weights(), np.zeros((1, *model.input_shape[1:]), "float32")

    def response(layer, value):
        new = [np.zeros_like(w) for w in before]
        new[2 * layer + 1][:] = value
        for k in range(2 * layer + 2, len(new), 2):
            gain = 0.02 if k < len(new) - 2 else 50.0 ** (len(new) // 2 - layer - 2)
            new[k][..., : 1 if k == len(new) - 2 else None] = gain / before[k][..., 0].size
        new[2 * layer + 2] *= np.sign(value)
        model.set_weights(new)
        p = ops.convert_to_numpy(model(blank))[0].astype(float)
        return np.log(p[0] / p[1])

    return [not np.isclose(response(k, -2), 2 * response(k, 1), rtol=0.02) for k in range(len(before) // 2 - 1)]

# %% test="lenet" points=3
with check("lenet") as t:
    model = t.call(lenet, (28, 20, 1), 3).value
    t.that(model.output_shape == (None, 3), L("one probability for each class: the output should be (None, 3)", "出力はクラスごとの確率で、形は (None, 3) になるはずです"))
    t.that(shapes_of(model)[:2] == [(5, 5, 1, 6), (6,)], L("the first layer: 6 kernels of 5 x 5", "最初の層は 5 × 5 のカーネル 6 個です"))
    t.that(shapes_of(model)[2:4] == [(5, 5, 6, 16), (16,)], L("the second layer of kernels: 16 of 5 x 5", "二つめの畳み込みは 5 × 5 のカーネル 16 個です"))
    # en: 28 - 4 = 24, halved 12, - 4 = 8, halved 4; 20 - 4 = 16, 8, 4, 2; 16 maps: 4 * 2 * 16 = 128 numbers
    # ja: 28 - 4 = 24、半分で 12、- 4 = 8、半分で 4。20 のほうは 16、8、4、2。16 枚なので 4 * 2 * 16 = 128 個
    t.that(shapes_of(model)[4:] == [(128, 120), (120,), (120, 84), (84,), (84, 3), (3,)],
           L("behind the convolutions: 128 numbers, then 120, 84 and 3", "畳み込みの後は 128 個の数、続いて 120、84、3 個です"))
    answers = ops.convert_to_numpy(model(np.random.default_rng(0).normal(0, 9, (4, 28, 20, 1))))
    t.that(np.all(answers >= 0) and np.allclose(answers.sum(axis=1), 1, atol=1e-4), L("each film's answers should be probabilities and add up to 1", "答えは確率なので、0 以上で、画像ごとの合計が 1 になるはずです"))
    t.that(bends(model), L("every layer but the last needs ReLU or tanh, or the network is no more than one layer", "最後以外のどの層にも、ReLU か tanh が必要です。ないと、層を重ねても一層分の働きしかしません"))
### BEGIN HIDDEN TESTS
with check("lenet", hidden=True) as t:
    full_ = t.call(lenet, (64, 48, 1), 4).value
    t.that(full_.count_params() == 237836, L("another number of parameters", "パラメータの数が違います"))
    rows_, columns_, colours_, kinds_ = (int(t.rng.integers(*ends_)) for ends_ in ((24, 40), (41, 50), (2, 4), (2, 7)))
    size_ = 16 * (((rows_ - 4) // 2 - 4) // 2) * (((columns_ - 4) // 2 - 4) // 2)
    drawn_ = t.call(lenet, (rows_, columns_, colours_), kinds_).value
    wanted_ = [(5, 5, colours_, 6), (6,), (5, 5, 6, 16), (16,), (size_, 120), (120,), (120, 84), (84,), (84, kinds_), (kinds_,)]
    t.that(shapes_of(drawn_) == wanted_, L("other shapes of weights", "重みの形が違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Training: four directions
#
# Three choices turn a model into one that learns. The **loss**: cross-entropy (unit 03); "sparse" says that the targets are class numbers. The
# **optimizer**: Adam, a gradient descent that finds a step of its own for each weight. The **number of epochs**. While it trains, the line below the cell moves.
#
# The films of Directions01 are easy for a network: three epochs will do.
# %% [markdown] lang="ja"
# ## 学習：四つの向き
#
# モデルに学習させるには、三つのことを決めます。**損失関数**は交差エントロピー（単元03）で、"sparse" は目標値がクラスの番号であるという意味です。**最適化の方法**は Adam で、重みごとに歩幅を調整する勾配降下法です。
# 三つめは**エポックの数**です。学習中は、セルの下の行が動きます。
#
# Directions01 は、ネットワークにとってやさしい問題です。三エポックで足ります。

# %% role="demo"
build_lenet, count = yours_or(library.lenet), yours_or(library.confusion_matrix)
keras.utils.set_random_seed(1)
compass = build_lenet((48, 48, 1), 4)
compass.name = "LeNet"
print(L(f"{compass.count_params():,} parameters", f"パラメータ {compass.count_params():,} 個"))
compass.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
seen, unseen = directions.train, directions.validation
compass.fit(seen.images[..., None], seen.targets, batch_size=32, epochs=3, verbose=0, callbacks=[Progress()],
            validation_data=(unseen.images[..., None], unseen.targets))
# en: a model that is called with films returns their probabilities; the answer is the class with the largest one
# ja: モデルに画像を渡すと確率が返る。確率がいちばん大きいクラスを答えとする
direction_answers = np.argmax(ops.convert_to_numpy(compass(directions.test.images[..., None])), axis=1)
direction_accuracy = np.mean(direction_answers == directions.test.targets)
print(L(f"test films: {direction_accuracy:.1%} right", f"テスト用の画像の正解率：{direction_accuracy:.1%}"))
print(count(directions.test.targets, direction_answers, 4))

# %% [markdown] lang="en"
# At least 98 % of the test films are right. And what would somebody reach who does not look at all? The four classes are equally large, so a fixed answer gets
# 25 %. That is the **majority baseline**: the accuracy of always giving the commonest answer. An accuracy says nothing until you know it.
#
# ## Deeper: AlexNet
#
# In 2012 AlexNet won the ImageNet competition by a wide margin and started the present wave. It is LeNet's idea on a larger scale, with ReLU and **dropout**: during training half the
# neurons of a dense layer fall silent, at random, so that none can rely on another.
#
# | | Krizhevsky 2012 | here |
# |---|---|---|
# | images | 224 × 224 × 3, 1000 classes | 48 × 48 × 1, 2 classes |
# | convolutions | 96@11×11 stride 4, 256@5×5, 384, 384, 256@3×3 | 24@5×5 stride 2, then 48, 64, 64, 48@3×3 |
# | dense layers | 4096, 4096 with dropout | 128, 64 with dropout |
# | parameters | about 60 million | about 0.14 million |
# | besides | two GPUs, local response normalisation | neither |
# %% [markdown] lang="ja"
# テスト用の画像の 98 % 以上に正しく答えました。では、画像をまったく見ない人なら、どれくらい当たるでしょうか。四つのクラスは同じ枚数なので、いつも同じ答えを言えば 25 % 当たります。
# いちばん多いクラスだけを答えたときの正解率を、**多数派の基準**（ベースライン）と呼びます。これを知らないうちは、正解率の良し悪しは分かりません。
#
# ## より深く：AlexNet
#
# 2012年、AlexNet は画像認識の競技会 ImageNet で大差をつけて優勝し、現在の流行のきっかけを作りました。LeNet の考え方を大きくしたもので、ReLU と**ドロップアウト**を使います。ドロップアウトは、学習中に全結合層の半分のニューロンを
# 無作為に黙らせる方法です。ニューロンどうしが頼り合えなくなり、過学習を抑えます。
#
# | | Krizhevsky 2012 | ここでの小型版 |
# |---|---|---|
# | 画像 | 224 × 224 × 3、1000 クラス | 48 × 48 × 1、2 クラス |
# | 畳み込み | 96@11×11（ストライド 4）、256@5×5、384、384、256@3×3 | 24@5×5（ストライド 2）、続いて 48、64、64、48@3×3 |
# | 全結合層 | 4096、4096（ドロップアウト） | 128、64（ドロップアウト） |
# | パラメータ | 約 6000 万個 | 約 14 万個 |
# | そのほか | GPU 2枚、局所応答正規化 | どちらもなし |

# %% role="demo"
def small_alexnet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(24, 5, strides=2, padding="same", activation="relu"),
        layers.MaxPooling2D(3, strides=2),
        layers.Conv2D(48, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(3, strides=2),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Conv2D(48, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(3, strides=2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(64, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

print(L(f"{small_alexnet((48, 48, 1), 2).count_params():,} parameters", f"パラメータ {small_alexnet((48, 48, 1), 2).count_params():,} 個"))

# %% [markdown] lang="en"
# ## Deeper still: the residual block
#
# Pile up more and more layers, and at some depth the network gets *worse*, even on its own training films, where over-fitting cannot be the reason. Each layer makes its maps
# anew, and it is hard to learn even the simplest thing: to hand on what one got. In 2015 He and colleagues found a cure of one line. Let two convolutions not make
# the new maps from scratch, but only a **correction** to the old ones:
#
# $$ y = \mathrm{ReLU}\bigl(F(x) + x\bigr) $$
#
# The input takes a **short cut** past the convolutions and is added to what they made. Where there is nothing to correct, $F$ can simply stay near 0; and the gradient
# runs back through the "+ x" undiminished.
#
# Behind each convolution stands a **BatchNormalization** (Ioffe and Szegedy 2015): while training, it brings each map to mean 0 and standard deviation 1 over the batch (and then to a mean and a scale that it
# learns), so that layers need not chase each other's scale. For later use it keeps running averages. With so few films as ours they must adapt quickly: `momentum=0.9` instead of Keras's 0.99.
# %% [markdown] lang="ja"
# ## さらに深く：残差ブロック
#
# 層をどんどん重ねると、ある深さから先は、学習用の画像に対してさえ成績が*悪く*なります。学習用の画像での話ですから、過学習のせいではありません。どの層も特徴マップを一から作り直すので、「受け取ったものをそのまま渡す」という
# いちばん簡単なことでさえ、学ぶのが難しいのです。2015年、He らは一行で済む解決法を見つけました。
# 二つの畳み込みに新しい特徴マップを一から作らせるのではなく、元の特徴マップへの**修正分**だけを作らせるのです。
#
# $$ y = \mathrm{ReLU}\bigl(F(x) + x\bigr) $$
#
# 入力は**近道**を通って畳み込みを飛び越し、畳み込みの結果に足されます。直すところがなければ、$F$ は 0 の近くにいるだけで済みます。そして勾配は「+ x」を通って、弱まらずに戻ります。
#
# 畳み込みの後には、一つずつ **BatchNormalization**（バッチ正規化、Ioffe と Szegedy 2015）を置きます。学習中は、バッチの中で各特徴マップの平均が 0、標準偏差が 1 になるようにそろえ（そのうえで、学習した倍率とずれを与えます）、後の層が前の層の値の大きさに振り回されないようにします。
# 学習後のために、移動平均も覚えておきます。私たちのように画像が少ないときは、早く追いつけるように、Keras の 0.99 の代わりに `momentum=0.9` とします。

# %% role="demo"
_, axes = plt.subplots(figsize=(10.5, 2.6))
# en: where, what, and half the width of its box
# ja: 位置、内容、箱の幅の半分
steps = [(0, "$x$", 0.25), (1.9, "conv 3×3\n(stride)", 0.62), (3.8, "BatchNorm\nReLU", 0.68), (5.6, "conv 3×3", 0.62),
         (7.3, "BatchNorm", 0.68), (8.6, "+", 0.22), (9.7, "ReLU", 0.4), (10.8, "$y$", 0.25)]
for (place, name, half), (after, _, less) in zip(steps, [*steps[1:], (None, "", 0)]):
    axes.text(place, 0, name, ha="center", va="center", bbox={"boxstyle": "round", "fc": "#DCEBF5" if "conv" in name else "white"})
    if after:
        axes.annotate("", (after - less, 0), (place + half, 0), arrowprops={"arrowstyle": "->", "lw": 1.6})
axes.plot([0, 0, 8.6], [0.35, 1.1, 1.1], color=figures.RED, lw=2)
axes.annotate("", (8.6, 0.25), (8.6, 1.12), arrowprops={"arrowstyle": "->", "lw": 2, "color": figures.RED})
axes.text(4.3, 1.35, L("short cut: x itself, or conv 1×1 (stride) where the shape changes", "近道：x そのまま。形が変わるときは conv 1×1（ストライドも同じ）"), ha="center", va="center", color=figures.RED)
axes.set(xlim=(-0.5, 11.3), ylim=(-0.6, 1.6))
axes.axis("off")
figures.show(L("A residual block: convolution, normalisation, ReLU, convolution, normalisation; the input is added; ReLU",
               "残差ブロック：畳み込み、正規化、ReLU、畳み込み、正規化。そこへ入力を足し、ReLU を通す"))

# %% [markdown] lang="en"
# Two tensors can only be added when their shapes agree. They do not when the first convolution has a **stride** other than 1 (the maps shrink), or when the number of
# **channels** changes. Then, and only then, the short cut gets a convolution of **1 × 1** with the same stride: it looks at no neighbours and
# only mixes the channels of a pixel.
#
# So far we put layers in a row. For a short cut one writes what goes where: a layer is called with a tensor and returns a tensor.
#
# ```python
# way = layers.Conv2D(8, 3, strides=2, padding="same")(x)
# way = layers.BatchNormalization(momentum=0.9)(way)
# way = layers.ReLU()(way)
# total = layers.Add()([way, other])
# x.shape[-1]                                     # the number of channels
# ```
#
# ### Exercise 4: `residual_block`
#
# Write `residual_block(x, filters, stride)` for a tensor `x`, after the picture: convolution 3 × 3 with the stride, BatchNormalization, ReLU, convolution 3 × 3, BatchNormalization; add the short
# cut; ReLU. Always `padding="same"`. Return the tensor. (A BatchNormalization behind the 1 × 1 convolution is allowed.)
# %% [markdown] lang="ja"
# 二つのテンソルは、形が同じでなければ足せません。最初の畳み込みの**ストライド**が 1 でないとき（特徴マップが小さくなります）や、**チャネル数**が変わるときには、形が合わなくなります。そのときに限って、近道に同じストライドの
# **1 × 1** の畳み込みを置きます。隣の画素は見ずに、同じ画素のチャネルを混ぜるだけの畳み込みです。
#
# これまでは層を一列に並べました。近道を作るには、何をどこへ渡すのかを書きます。層にテンソルを渡すと、テンソルが返ってきます。
#
# ```python
# way = layers.Conv2D(8, 3, strides=2, padding="same")(x)
# way = layers.BatchNormalization(momentum=0.9)(way)
# way = layers.ReLU()(way)
# total = layers.Add()([way, other])
# x.shape[-1]                                     # チャネル数
# ```
#
# ### 演習4：`residual_block`
#
# テンソル `x` に対して、図のとおりに `residual_block(x, filters, stride)` を書いてください。3 × 3 の畳み込み（ストライド付き）、BatchNormalization、ReLU、3 × 3 の畳み込み、BatchNormalization と進み、近道を足して、
# ReLU を通します。`padding` はいつも `"same"` です。最後のテンソルを返します（1 × 1 の畳み込みの後に BatchNormalization を置いてもかまいません）。

# %% exercise="residual_block"
def residual_block(x, filters, stride):
    L("""Return the tensor behind a residual block.""", """残差ブロックを通した後のテンソルを返す。""")
    ### BEGIN SOLUTION
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization(momentum=0.9)(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization(momentum=0.9)(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))
    ### END SOLUTION

# %% role="setup"
def kernels_of(model):
    L("""Return the shapes of the kernels, sorted.""", """カーネルの形を並べて返す。""")
    return sorted(shape for shape in shapes_of(model) if len(shape) == 4)

def block_and_formula(model, stride, rng):
    L("""Return what a block answers to noise, and what the formula gives, with random kernels and every gamma set to -1.""",
      """カーネルを乱数、正規化の倍率をすべて -1 にしたときの、ブロックの答えと、式で計算した値を返す。""")
    x = rng.normal(size=(2, *model.input_shape[1:])).astype("float32")
    new = [rng.normal(0, 0.5, w.shape) if w.ndim == 4 else w for w in model.get_weights()]
    ones = [k for k, w in enumerate(new) if w.ndim == 1 and np.all(w == 1)]
    for k in ones[::2]:  # gamma, then variance
        new[k] = -new[k]
    model.set_weights(new)
    first, second = [w for w in new if w.shape[:2] == (3, 3)]
    bridge = [w for w in new if w.shape[:2] == (1, 1)]
    way = ops.relu(-ops.conv(x, first.astype("float32"), stride, "same"))
    way = -ops.conv(way, second.astype("float32"), 1, "same")
    short = ops.conv(x, bridge[0].astype("float32"), stride, "same") if bridge else x
    sign = -1 if len(model.non_trainable_weights) == 6 else 1
    return ops.convert_to_numpy(model(x)), ops.convert_to_numpy(ops.relu(way + sign * short))

# %% test="residual_block" points=4
with check("residual_block") as t:
    x = keras.Input((6, 5, 3))
    # en: filters and stride, rows and columns that come out, kernels
    # ja: フィルター数とストライド、出てくる行数と列数、カーネル
    cases = [(3, 1, (6, 5), []), (4, 2, (3, 3), [(1, 1, 3, 4)]), (3, 2, (3, 3), [(1, 1, 3, 3)]), (4, 1, (6, 5), [(1, 1, 3, 4)])]
    for filters, stride, size, bridge in cases:
        block = t.model(x, t.call(residual_block, x, filters, stride).value)
        t.that(block.output_shape == (None, *size, filters), L(f"stride {stride}, {filters} filters: rows and columns {size} expected", f"ストライド {stride}、フィルター {filters} 個：行と列は {size} になるはずです"))
        t.that(kernels_of(block) == sorted([*bridge, (3, 3, 3, filters), (3, 3, filters, filters)]),
               L("two kernels of 3 x 3; one of 1 x 1 on the short cut only where the shape changes", "3 × 3 が二つ。近道の 1 × 1 は、形が変わるときだけです"))
        t.that(len(block.non_trainable_weights) in (4, 6 if bridge else 4), L("a BatchNormalization behind each 3 x 3 convolution", "3 × 3 の畳み込みの後に一つずつ BatchNormalization を置きます"))
        got, wanted = block_and_formula(block, stride, np.random.default_rng(1))
        t.that(np.allclose(got, wanted, atol=0.05), L("the right layers, but not in the right order", "部品は合っていますが、順番かつなぎ方が違います"))
### BEGIN HIDDEN TESTS
with check("residual_block", hidden=True) as t:
    for before_, filters_, stride_ in ((2, 5, 2), (4, 4, 1)):
        x_ = keras.Input((int(t.rng.integers(7, 10)), int(t.rng.integers(10, 14)), before_))
        block_ = t.model(x_, t.call(residual_block, x_, filters_, stride_).value)
        bridge_ = [(1, 1, before_, filters_)] if stride_ != 1 or before_ != filters_ else []
        t.that(kernels_of(block_) == sorted([*bridge_, (3, 3, before_, filters_), (3, 3, filters_, filters_)]), L("other kernels", "カーネルが違います"))
        t.that(len(block_.non_trainable_weights) in (4, 6 if bridge_ else 4), L("BatchNormalization", "BatchNormalization の数が違います"))
        got_, wanted_ = block_and_formula(block_, stride_, t.rng)
        t.that(got_.shape == wanted_.shape and np.allclose(got_, wanted_, atol=0.1), L("another order of the layers", "層の順番が違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## From blocks to a ResNet
#
# A ResNet is one convolution and then blocks, in **stages**. Within a stage the shape stays; from stage to stage rows and columns are halved and channels doubled. At the end the
# mean of each map is taken (global average pooling), so that few parameters are left for the last layer, and a film of any size would do.
#
# ### Exercise 5 (optional): `resnet`
#
# *The points of this exercise are a bonus.* Write `resnet(input_shape, classes, blocks)`. `blocks` says how many blocks each stage has; `(2, 1)` means two in stage 0 and one in stage 1.
#
# 1. `films = keras.Input(input_shape)`; convolution of 16 kernels of 3 × 3 (`"same"`), BatchNormalization, ReLU;
# 2. stage `i`: blocks with `16 * 2 ** i` filters. The **first** block of each stage **but stage 0** has the stride 2, all others 1;
# 3. `layers.GlobalAveragePooling2D()`, then a dense layer with softmax; `return keras.Model(films, outputs)`.
# %% [markdown] lang="ja"
# ## ブロックから ResNet へ
#
# ResNet は、一つの畳み込みの後に、ブロックを**段**（ステージ）に分けて並べたものです。段の中では形が変わらず、次の段に移るたびに、縦横が半分、チャネルが2倍になります。最後に特徴マップごとの平均をとる（大域平均プーリング）ので、
# 最後の層のパラメータが少なくて済み、どの大きさの画像でも使えます。
#
# ### 演習5（発展）：`resnet`
#
# *発展の演習です。得点はボーナスとして加算されます。* `resnet(input_shape, classes, blocks)` を書いてください。`blocks` は段ごとのブロックの数です。たとえば `(2, 1)` は、段 0 に二つ、段 1 に一つという意味です。
#
# 1. `films = keras.Input(input_shape)` の後に、3 × 3 のカーネル 16 個の畳み込み（`"same"`）、BatchNormalization、ReLU
# 2. 段 `i` では、フィルター数 `16 * 2 ** i` のブロックを並べます。**段 0 以外**の、各段の**最初の**ブロックだけストライドを 2 とし、ほかは 1 とします。
# 3. `layers.GlobalAveragePooling2D()` の後に、softmax の全結合層を置き、`return keras.Model(films, outputs)` とします。

# %% exercise="resnet"
def resnet(input_shape, classes, blocks):
    L("""Return a ResNet with blocks[i] residual blocks in stage i, not compiled.""", """段 i に残差ブロックを blocks[i] 個もつ ResNet を、コンパイルせずに返す。""")
    ### BEGIN SOLUTION
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))
    ### END SOLUTION

# %% role="setup"
def kernels_expected(channels, blocks):
    L("""Return the shapes of a ResNet's kernels, sorted.""", """ResNet のカーネルの形を並べて返す。""")
    shapes, width = [(3, 3, channels, 16)], 16
    for stage, count in enumerate(blocks):
        new = 16 * 2 ** stage
        shapes += [(3, 3, width, new), *[(3, 3, new, new)] * (2 * count - 1), *[(1, 1, width, new)] * (stage > 0)]
        width = new
    return sorted(shapes)

def pixels_averaged(model):
    L("""Return over how many pixels the mean at the end is taken: let one pixel through by the short cuts alone, and see how thin it gets; changes the weights.""",
      """最後の平均が何画素についての平均かを返す。一つの画素を近道だけに通し、どれだけ薄まるかを見る（重みは書き換える）。""")
    new = []
    for w in model.get_weights():
        kernel = np.zeros(w.shape)
        if w.shape[:2] == (1, 1):
            kernel[:] = 1 / w.shape[2]
        elif w.ndim == 4 and w.shape[2] == model.input_shape[-1]:
            kernel[1, 1] = 1 / w.shape[2]
        elif w.ndim == 2:
            kernel[:, 0] = 1 / len(w)
        new.append(kernel if w.ndim > 1 else w)
    film = np.zeros((1, *model.input_shape[1:]), "float32")
    film[0, 0, 0] = 1000
    model.set_weights(new)
    p = ops.convert_to_numpy(model(film))[0].astype(float)
    return 1000 / (np.log(p[0] / p[1]) + 1e-9)

# %% test="resnet" points=3
with check("resnet") as t:
    model = t.call(resnet, (48, 40, 1), 3, (1, 1)).value
    t.that(model.output_shape == (None, 3), L("one probability for each class: the output should be (None, 3)", "出力はクラスごとの確率で、形は (None, 3) になるはずです"))
    t.that(kernels_of(model) == kernels_expected(1, (1, 1)), L("other kernels than 16 of 3 x 3 at first, a block of 16 and a block of 32 filters", "カーネルが違います。最初が 3 × 3 を 16 個、次に 16 個と 32 個のブロックが一つずつです"))
    t.that((32, 3) in shapes_of(model), L("32 averages should lead to the 3 answers: take the mean of each map", "32 枚の特徴マップそれぞれの平均から、三つの答えを出してください"))
    widths = [w.shape[0] for w in model.non_trainable_weights]
    t.that(widths.count(16) == 6 and widths.count(32) in (4, 6), L("a BatchNormalization behind each 3 x 3 convolution", "3 × 3 の畳み込みの後に一つずつ BatchNormalization を置きます"))
    answers = ops.convert_to_numpy(model(np.random.default_rng(0).normal(0, 30, (4, 48, 40, 1))))
    t.that(np.allclose(answers.sum(axis=1), 1, atol=1e-4) and answers.min() >= 0, L("each film's answers should be probabilities and add up to 1", "答えは確率なので、0 以上で、画像ごとの合計が 1 になるはずです"))
    t.that(np.isclose(pixels_averaged(model), 24 * 20, rtol=0.02), L("the mean should be taken over maps of 24 x 20 pixels: the first block of stage 1, and no other, takes steps of 2", "平均は 24 × 20 画素の特徴マップからとるはずです。段 1 の最初のブロックだけ、ストライドを 2 にします"))
### BEGIN HIDDEN TESTS
with check("resnet", hidden=True) as t:
    rows_, columns_, channels_, kinds_ = (int(t.rng.integers(*ends_)) for ends_ in ((4, 6), (6, 9), (2, 4), (4, 7)))
    deep_ = t.call(resnet, (4 * rows_, 4 * columns_, channels_), kinds_, (2, 1, 1)).value
    t.that(kernels_of(deep_) == kernels_expected(channels_, (2, 1, 1)), L("other kernels", "カーネルが違います"))
    t.that((64, kinds_) in shapes_of(deep_), L("another last layer", "最後の層が違います"))
    t.that(np.isclose(pixels_averaged(deep_), rows_ * columns_, rtol=0.02), L("other strides", "ストライドが違います"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Three networks side by side: the sex
#
# Now the harder question, with only 123 films to learn from. All three networks get the same films in the same order, standardised by the mean and standard deviation of the training films (unit 04), with the same
# augmentation: a shift of up to 4 pixels, freshly drawn each time. (No flip: it would swap left and right, heart and marker included.) The learning rate begins at a value
# that suits the network and falls smoothly to 0.
#
# The training of ResNet is the longest cell of the notebook: on two cores it takes about half a minute. The line below the cell tells how much is left.
# %% [markdown] lang="ja"
# ## 三つのネットワークを並べて学習：性別
#
# いよいよ難しいほうの問いです。学習用の画像は 123 枚しかありません。三つのネットワークに、同じ画像を同じ順に見せます。画像は、学習用の平均と標準偏差で標準化します（単元04）。データ拡張も共通で、毎回新しく、上下左右に最大 4 画素ずらします
# （左右反転は使いません。心臓もマーカーも左右が入れ替わってしまうからです）。学習率は、ネットワークに合った値から始め、なめらかに 0 まで下げます。
#
# このノートブックで最も時間がかかるのは ResNet の学習で、2コアで30秒ほどかかります。残り時間は、セルの下の行に表示されます。

# %% role="demo"
def shifted(image, target, rng):
    dy, dx = rng.integers(-4, 5, 2)
    wide = np.pad(image, ((4, 4), (4, 4), (0, 0)), mode="edge")
    return wide[4 + dy:52 + dy, 4 + dx:52 + dx], target

def prepared(part):
    mean, deviation = sexes.train.images.mean(), sexes.train.images.std()
    return (part.images[..., None] - mean) / deviation

def train(model, films, validation, lr, epochs):
    rate = keras.optimizers.schedules.CosineDecay(lr, epochs * -(-len(films[0]) // 16))
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(Batches(*films, 16, seed=1, augment=shifted), epochs=epochs, validation_data=validation,
                     class_weight=weigh(films[1]), verbose=0, callbacks=[Progress()]).history

# %% role="demo"
build_resnet = yours_or(library.resnet)
trained, histories = {}, {}

def compete(name, model, lr):
    model.name = name
    parts = [(prepared(part), part.targets) for part in (sexes.train, sexes.validation)]
    trained[name], histories[name] = model, train(model, *parts, lr, epochs=40)

keras.utils.set_random_seed(1)
compete("LeNet", build_lenet((48, 48, 1), 2), 1e-3)
compete("AlexNet", small_alexnet((48, 48, 1), 2), 1e-3)

# %% role="demo"
keras.utils.set_random_seed(1)
compete("ResNet", build_resnet((48, 48, 1), 2, (1, 1, 1)), 2e-3)

# %% role="demo"
_, axes = plt.subplots(figsize=(9, 4.6), layout="constrained")
smooth = {name: np.convolve(np.pad(history["loss"], 2, mode="edge"), np.ones(5) / 5, "valid") for name, history in histories.items()}
for (name, history), color, marker in zip(histories.items(), (figures.BLUE, figures.ORANGE, figures.GREEN), "os^"):
    epochs = range(1, len(history["loss"]) + 1)
    axes.plot(epochs, smooth[name], color=color, marker=marker, markevery=6, lw=2, label=L(f"{name}, training", f"{name}（学習用）"))
    axes.plot(epochs, history["val_loss"], color=color, marker=marker, markevery=6, ls=":", lw=1, label=L(f"{name}, validation", f"{name}（検証用）"))
axes.axhline(0.4, color=figures.GREY, lw=0.8)
axes.text(0.2, 0.405, "0.4", va="bottom", color=figures.GREY)
axes.set(xlabel=L("epoch", "エポック"), ylabel=L("loss (cross-entropy)", "損失（交差エントロピー）"), ylim=(0, 1.3), xlim=(0, len(epochs) + 1))
axes.legend(ncol=3, fontsize=9, loc="upper right")
figures.show(L("Loss against epoch for LeNet, AlexNet and ResNet: training solid (mean of five epochs), validation dotted",
               "LeNet、AlexNet、ResNet のエポックごとの損失。実線は学習用（五エポックの平均）、点線は検証用"))
for name, history in histories.items():
    below = [epoch for epoch, loss in zip(epochs, smooth[name]) if loss < 0.4]
    print(L(f"{name}: training loss below 0.4 from epoch {below[0] if below else '-'}; last epochs: training {smooth[name][-1]:.2f}, validation {np.mean(history['val_loss'][-5:]):.2f}",
            f"{name}：学習用の損失が 0.4 を下回るのはエポック {below[0] if below else '-'} から。最後のころの損失は学習用 {smooth[name][-1]:.2f}、検証用 {np.mean(history['val_loss'][-5:]):.2f}"))

# %% [markdown] lang="en"
# **What do the solid lines say?** On the computer on which this text was written, and with the computed films, **ResNet** fell below 0.4 first (from epoch 8), then **LeNet** (12), and **AlexNet** last (29).
# Yours may differ by some epochs: processors round differently, and your LeNet may have another activation function. In the seminar's figure (the same question on real films, larger networks, ResNet-50) ResNet came first as well, but
# then AlexNet, and LeNet last.
#
# Our AlexNet hardly moves for a dozen epochs. It is exactly as deep as our ResNet, eight layers with weights from the film to the answer, but it has neither normalisation nor short cuts; and with dropout half the neurons of its dense layers are
# silent while the training loss is measured, so that it looks worse than it is. LeNet has five layers only, and gets going at once. So an order like this belongs to *these* films, sizes and
# learning rates. It is no ranking of networks.
#
# **And the dotted lines?** ResNet's leaps about, at first beyond the edge of the figure: its running averages lag behind weights that change quickly. As the learning rate falls, it comes to rest. At the end the training
# loss of ResNet (0.14) is little more than half of LeNet's (0.25), but on the validation films both are equally good (0.41 and 0.42): what ResNet learnt beyond LeNet holds for the training films only.
# That is over-fitting (unit 04).
# %% [markdown] lang="ja"
# **実線から何が分かるでしょうか。** この文章を書いたコンピューターで、計算で作った画像を使うと、0.4 を最初に下回ったのは **ResNet** で（エポック 8 から）、次が **LeNet**（12）、最後が **AlexNet**（29）でした。計算の丸め方は
# コンピューターによって違いますし、皆さんの LeNet は活性化関数が違うかもしれませんから、数エポックずれることもあります。セミナーの図（同じ問い、本物の画像、もっと大きなネットワークと ResNet-50）でも最初は ResNet でしたが、その次が AlexNet、最後が LeNet でした。
#
# 私たちの AlexNet は、初めの十数エポックの間、ほとんど動きません。画像から答えまでに重みのある層が八つあり、深さは私たちの ResNet と同じですが、正規化も近道もないからです。また、学習用の損失はドロップアウトで全結合層のニューロンの半分が黙っている間に
# 測られるので、実際より悪く見えます。LeNet は五層しかないので、すぐに動き出します。つまり、このような順番は「この画像、この大きさ、この学習率」での結果であって、ネットワークの優劣ではありません。
#
# **点線はどうでしょうか。** ResNet の点線は大きく跳ね回り、初めのうちは図からはみ出しています。重みが速く変わる間は、移動平均が追いつかないからです。学習率が下がると落ち着きます。最後の学習用の損失は、ResNet（0.14）が LeNet（0.25）の
# 半分あまりですが、検証用ではどちらも同じくらいです（0.41 と 0.42）。ResNet が余分に学んだことは、学習用の画像にしか通用しないのです。これが過学習です（単元04）。

# %% role="demo"
commonest = np.argmax(np.bincount(sexes.train.targets))
print(L(f"majority baseline: always {class_names[sexes.test.classes[commonest]]}, {np.mean(sexes.test.targets == commonest):.1%} right",
        f"多数派の基準：いつも「{class_names[sexes.test.classes[commonest]]}」と答えると {np.mean(sexes.test.targets == commonest):.1%}"))
chances = {name: ops.convert_to_numpy(model(prepared(sexes.test))) for name, model in trained.items()}
accuracies = {name: np.mean(np.argmax(p, axis=1) == sexes.test.targets) for name, p in chances.items()}
for name, history in histories.items():
    print(L(f"{name}: validation loss {np.mean(history['val_loss'][-5:]):.2f}, test films {accuracies[name]:.1%} right",
            f"{name}：検証の損失 {np.mean(history['val_loss'][-5:]):.2f}、テスト用の画像の正解率 {accuracies[name]:.1%}"))
best = min(histories, key=lambda name: np.mean(histories[name]["val_loss"][-5:]))
answers = np.argmax(chances[best], axis=1)
print(L(f"chosen by the validation films: {best}", f"検証用の画像で選んだもの：{best}"))

# %% role="demo"
_, row = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
tables = ((directions.test, direction_answers, L("direction, LeNet", "向き（LeNet）")), (sexes.test, answers, L(f"sex, {best}", f"性別（{best}）")))
for axes, (part, said, title) in zip(row, tables):
    table = np.asarray(count(part.targets, said, len(part.classes)))
    axes.imshow(table / table.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1)
    for (i, j), number in np.ndenumerate(table):
        axes.text(j, i, number, ha="center", va="center", size=13, color="white" if number > table[i].sum() / 2 else "black")
    words = [class_names[name] for name in part.classes]
    axes.set(xticks=range(len(words)), yticks=range(len(words)), title=title, xlabel=L("answer", "答え"), ylabel=L("truth", "正解"))
    axes.set_xticklabels(words)
    axes.set_yticklabels(words)
figures.show(L("Confusion matrices of the test films: direction and sex", "テスト用の画像の混同行列：向きと性別"))

# %% [markdown] lang="en"
# Each of the three networks is right on 86 or 87 % of the test films. Before you praise them, look at the baseline: always to answer "female", the commonest class among the training films, gives
# 45.2 % here, because among the *test* films there are more men. And before you give a prize: with 93 films, one film is more than 1 %. Nobody can tell the three apart by that (unit 07).
#
# **Look at the mistakes, one by one.** Move the slider through the films that the chosen network got wrong, the surest mistakes first. Is there something that they share: the size of the thorax,
# the shoulders, the breast shadow, the exposure? Would you have known?
# %% [markdown] lang="ja"
# 三つのネットワークは、どれもテスト用の画像の 86〜87 % に正しく答えました。感心する前に、基準と比べましょう。学習用で多かった「女性」をいつも答えると 45.2 % です（*テスト用*では男性のほうが多いので、半分を下回ります）。
# また、順位を付ける前に、93 枚では一枚が 1 % あまりに当たることを思い出しましょう。この差で三つの優劣は決められません（単元07）。
#
# **間違いを一枚ずつ見る。** スライダーを動かして、選んだネットワークが間違えた画像を、自信のあった順に見ていきましょう。胸郭の大きさ、肩、乳房の陰影、濃度など、何か共通点はあるでしょうか。皆さんなら分かったでしょうか。

# %% role="demo"
sharp = load_sex().test.images
mistakes = [i for i in np.argsort(-chances[best].max(axis=1)) if answers[i] != sexes.test.targets[i]]

def caption(i):
    truth, said = (class_names[sexes.test.classes[k]] for k in (sexes.test.targets[i], answers[i]))
    return L(f"{truth}; says {said}, {chances[best][i].max():.0%}", f"正解 {truth}、答え {said} {chances[best][i].max():.0%}")

print(L(f"{len(mistakes)} of {len(answers)} wrong", f"{len(answers)} 枚のうち {len(mistakes)} 枚が誤り"))
if mistakes:
    figures.films(sharp[mistakes[:4]], [caption(i) for i in mistakes[:4]],
                  L("The four surest mistakes of the chosen network", "選んだネットワークが、最も自信をもって間違えた四枚"))

# %% role="explore"
@interact(number=IntSlider(0, min=0, max=max(0, len(mistakes) - 1), description=L("mistake", "間違い")))
def look(number):
    for i in mistakes[number:number + 1]:
        figures.films([sharp[i]], [caption(i)], L("One film that was answered wrongly", "間違えた画像一枚"))

# %% [markdown] lang="en"
# ## The network that read the marker
#
# A story that has happened in hospitals: films of patients with pneumonia came from the ward, the others from the department, and each place had its own metal marker. The network
# learnt the marker (Zech 2018, DeGrave 2021). We stage it here. On the training films we put a small white **marker made for this purpose**: a square, at the top left for women, at the top right for
# men (besides the R or L that the film has already). Then we ask about the same test films in three ways:
#
# * the marker **as in training**;
# * the marker on the **other side**;
# * the marker **masked**: the strip at the top is blackened, in training and in testing.
# %% [markdown] lang="ja"
# ## マーカーを読んでいたネットワーク
#
# 実際に病院で起こった話です。肺炎の患者の画像は病棟から、そうでない画像は撮影室から集められ、それぞれに別の金属マーカーが写っていました。ネットワークが学んだのは、マーカーでした（Zech 2018、DeGrave 2021）。ここで再現してみましょう。
# **この実験のために作った**小さな白い四角のマーカーを、女性の画像では左上に、男性の画像では右上に書き込んで学習させます（元から写っている R や L はそのままです）。そして、同じテスト用の画像を、三つの条件で答えさせます。
#
# * マーカーが**学習のときと同じ**側にある
# * マーカーが**反対の**側にある
# * マーカーを**隠す**（学習でもテストでも、上端の帯を黒く塗る）

# %% role="demo"
def with_marker(part, swapped=False, masked=False):
    images = prepared(part).copy()
    for image, target in zip(images, part.targets):
        left = 3 if (target == 0) != swapped else 41
        image[1:6, left:left + 4] = 2.5
    if masked:
        images[:, :7] = images.min()
    return images

readers = {}
for masked in (False, True):
    keras.utils.set_random_seed(1)
    readers[masked] = build_lenet((48, 48, 1), 2)
    readers[masked].name = "masked" if masked else "with_marker"
    train(readers[masked], (with_marker(sexes.train, masked=masked), sexes.train.targets),
          (with_marker(sexes.validation, masked=masked), sexes.validation.targets), 1e-3, epochs=25)

# %% role="demo"
def share(reader, **how):
    said = np.argmax(ops.convert_to_numpy(reader(with_marker(sexes.test, **how))), axis=1)
    return np.mean(said == sexes.test.targets)

shares = {L("as in training", "学習と同じ側"): share(readers[False]), L("other side", "反対側"): share(readers[False], swapped=True),
          L("masked", "隠す"): share(readers[True], masked=True), L("masked, other side", "隠す（反対側）"): share(readers[True], swapped=True, masked=True)}
for name, value in shares.items():
    print(f"{name}: {value:.1%}")
shown = [with_marker(sexes.test)[0, ..., 0], with_marker(sexes.test, swapped=True)[0, ..., 0], with_marker(sexes.test, masked=True)[0, ..., 0]]
figures.films(shown, [L("as in training", "学習と同じ側"), L("other side", "反対側"), L("masked", "隠す")],
              L("The same film with the marker as in training, on the other side, and masked", "同じ画像の、学習と同じ側、反対側、隠した場合"), low=-2, high=2.5)

# %% [markdown] lang="en"
# With the marker in its place every answer is right, or nearly. Move it to the other side, and nearly every answer is wrong: the network looked at the marker and hardly at the chest. The test films from the same source had
# hidden that, because they carried the same shortcut. Masked, a network has to look at the chest again. It does less well, but what it can do is real; and of course the side makes no difference, because no marker is left to be seen.
#
# So: ask where the films come from, mask what is not anatomy, test on films from another place, and look (unit 12 shows where a network looks).
#
# ## The families, in short
#
# | network | idea | paper |
# |---|---|---|
# | LeNet | convolution and pooling, learnt by backpropagation | LeCun 1998 |
# | AlexNet | larger, ReLU, dropout, on GPUs | Krizhevsky 2012 |
# | VGG | only 3 × 3, but 16 or 19 layers: two of them see as far as one 5 × 5, with fewer weights | Simonyan and Zisserman 2015 |
# | GoogLeNet | kernels of several sizes side by side (Inception), 1 × 1 to save work | Szegedy 2015 |
# | ResNet | short cuts; 152 layers can be trained | He 2016 |
# | EfficientNet | depth, width and image size grown together in a fixed proportion | Tan and Le 2019 |
# %% [markdown] lang="ja"
# マーカーが学習と同じ側にあれば、全問正解か、それに近い成績です。ところが反対側に移すと、ほとんどの答えが間違いになります。ネットワークが見ていたのはマーカーで、胸部はほとんど見ていなかったのです。同じところから集めたテスト用の画像には同じ抜け道があるので、
# そのことに気づけませんでした。マーカーを隠すと、ネットワークは胸部を見るしかありません。成績は下がりますが、それが本当の実力です。マーカーはもう見えないので、どちら側にあっても答えは変わりません。
#
# ですから、画像の出どころを尋ねること、解剖でないものは隠すこと、別の施設の画像で試すこと、そして自分の目で見ることが大切です（ネットワークが見ている場所は、単元12で示します）。
#
# ## ネットワークの系譜
#
# | ネットワーク | 考え方 | 論文 |
# |---|---|---|
# | LeNet | 畳み込みとプーリングを、誤差逆伝播法で学習する | LeCun 1998 |
# | AlexNet | 大型化、ReLU、ドロップアウト、GPU | Krizhevsky 2012 |
# | VGG | 3 × 3 だけを 16 層や 19 層重ねる。二つ重ねれば 5 × 5 と同じ広さを、少ない重みで見られる | Simonyan と Zisserman 2015 |
# | GoogLeNet | 大きさの違うカーネルを並べる（Inception）。1 × 1 で計算を減らす | Szegedy 2015 |
# | ResNet | 近道を作り、152 層でも学習できるようにする | He 2016 |
# | EfficientNet | 深さ、幅、画像の大きさを、決まった比率で一緒に大きくする | Tan と Le 2019 |

# %% [markdown] lang="en"
# ## Key points
#
# 1. Kernel parameters are rows · columns · channels in · kernels, plus one bias for each kernel. Most of LeNet's 237,836 sit in its first dense layer.
# 2. The training curve tells how fast a network learns; the validation curve tells whether what it learns holds elsewhere.
# 3. Weights $N / (K n_k)$ make classes count alike; the confusion matrix (rows: truth) tells what is taken for what; an accuracy means nothing without the majority baseline.
# 4. A residual block learns a correction and adds the input; where the shape changes, a 1 × 1 convolution makes the short cut fit. ReLU after the addition.
# 5. A network takes the easiest way, and that may be the marker. Mask it, and test on films without the shortcut.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 畳み込みのパラメータの数は、縦 · 横 · 入力チャネル · カーネルの数に、カーネルごとのバイアスを加えたものです。LeNet の 237,836 個のほとんどは、最初の全結合層にあります。
# 2. 学習用の損失の曲線からは、学習の速さが分かります。検証用の曲線からは、ほかの画像にも通用することを学んでいるかどうかが分かります。
# 3. 重み $N / (K n_k)$ でクラスの重さをそろえます。混同行列（行が正解）は、何を何と間違えたのかを示します。多数派の基準と比べない正解率に、意味はありません。
# 4. 残差ブロックは修正分を学び、入力を足します。形が変わるときは、1 × 1 の畳み込みで近道の形を合わせます。ReLU は足し算の後です。
# 5. ネットワークは最も楽な道を選びます。それがマーカーかもしれません。隠して学習させ、抜け道のない画像で確かめましょう。

# %% [markdown] lang="en"
# ## Four questions to recall
#
# <details><summary>1. The last layer has a softmax, and the loss is <code>SparseCategoricalCrossentropy(from_logits=True)</code>. What happens?</summary>
#
# The softmax is taken twice. The second one gets numbers between 0 and 1 and makes them nearly equal, so that the loss cannot fall far and learning is slow. There is no error message.
# </details>
#
# <details><summary>2. And a sigmoid in the last layer together with <code>BinaryCrossentropy(from_logits=True)</code>?</summary>
#
# The same mistake for two classes: the sigmoid is taken twice, and no probability below 0.5 can come out of the second. Either the activation or from_logits, never both.
# </details>
#
# <details><summary>3. Somebody shuffles a data set and takes the first films for validation and skips them for training: <code>ds.shuffle(n)</code>, then <code>take</code> and <code>skip</code>. Why is the validation too good?</summary>
#
# The set is shuffled anew at each pass, so that other films are skipped than were taken: most validation films (about 80 % with a fifth for validation) are also in training. Split once, by patient, before any shuffling.
# </details>
#
# <details><summary>4. A film of 12 bits is stored with <code>.astype("uint8")</code>. What does it look like?</summary>
#
# Values above 255 wrap around: 256 becomes 0. The film shows contour lines like a map. Divide by 4095 first, and keep floats.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（4問）
#
# <details><summary>1. 最後の層が softmax で、損失関数が <code>SparseCategoricalCrossentropy(from_logits=True)</code> です。何が起こりますか。</summary>
#
# softmax を二度かけることになります。二度めには 0 から 1 の数しか入らないので、確率が均等に近くなり、損失があまり下がらず、学習が遅くなります。エラーは出ません。
# </details>
#
# <details><summary>2. 最後の層が sigmoid で、<code>BinaryCrossentropy(from_logits=True)</code> を使ったらどうですか。</summary>
#
# 二クラスでの同じ間違いです。sigmoid を二度かけるので、確率が 0.5 を下回らなくなります。活性化関数か from_logits か、どちらか一方だけにします。
# </details>
#
# <details><summary>3. <code>ds.shuffle(n)</code> の後に、<code>take</code> で先頭を検証用に、<code>skip</code> で残りを学習用にしました。検証の成績がよすぎるのはなぜですか。</summary>
#
# 読み出すたびに並べ替え直されるので、take で取った画像と skip で飛ばした画像が一致しません。検証用が5分の1なら、その約 80 % が学習にも使われてしまいます。並べ替える前に、患者ごとに一度だけ分けましょう。
# </details>
#
# <details><summary>4. 12ビットの画像を <code>.astype("uint8")</code> で保存しました。どう見えますか。</summary>
#
# 255 を超える値が 0 に戻って繰り返され（256 は 0 になります）、地図の等高線のような縞が現れます。先に 4095 で割り、小数のまま扱いましょう。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86, 2278-2324 (1998)
# * A. Krizhevsky, I. Sutskever, G. E. Hinton, *ImageNet classification with deep convolutional neural networks*, Advances in Neural Information Processing Systems 25, 1097-1105 (2012)
# * K. Simonyan, A. Zisserman, *Very deep convolutional networks for large-scale image recognition*, International Conference on Learning Representations (2015), arXiv:1409.1556
# * C. Szegedy and others, *Going deeper with convolutions*, IEEE Conference on Computer Vision and Pattern Recognition, 1-9 (2015)
# * S. Ioffe, C. Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate shift*, International Conference on Machine Learning, 448-456 (2015)
# * K. He, X. Zhang, S. Ren, J. Sun, *Deep residual learning for image recognition*, IEEE Conference on Computer Vision and Pattern Recognition, 770-778 (2016)
# * M. Tan, Q. V. Le, *EfficientNet: rethinking model scaling for convolutional neural networks*, International Conference on Machine Learning, 6105-6114 (2019)
# * J. R. Zech and others, *Variable generalization performance of a deep learning model to detect pneumonia in chest radiographs: a cross-sectional study*, PLoS Medicine 15, e1002683 (2018)
# * A. J. DeGrave, J. D. Janizek, S.-I. Lee, *AI for radiographic COVID-19 detection selects shortcuts over signal*, Nature Machine Intelligence 3, 610-619 (2021)
#
# To play on: train the three networks again with another seed. Does the order of the curves stay? And what does ResNet make of `momentum=0.99` with so few films?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86, 2278-2324 (1998)
# * A. Krizhevsky, I. Sutskever, G. E. Hinton, *ImageNet classification with deep convolutional neural networks*, Advances in Neural Information Processing Systems 25, 1097-1105 (2012)
# * K. Simonyan, A. Zisserman, *Very deep convolutional networks for large-scale image recognition*, International Conference on Learning Representations (2015), arXiv:1409.1556
# * C. Szegedy ほか, *Going deeper with convolutions*, IEEE Conference on Computer Vision and Pattern Recognition, 1-9 (2015)
# * S. Ioffe, C. Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate shift*, International Conference on Machine Learning, 448-456 (2015)
# * K. He, X. Zhang, S. Ren, J. Sun, *Deep residual learning for image recognition*, IEEE Conference on Computer Vision and Pattern Recognition, 770-778 (2016)
# * M. Tan, Q. V. Le, *EfficientNet: rethinking model scaling for convolutional neural networks*, International Conference on Machine Learning, 6105-6114 (2019)
# * J. R. Zech ほか, *Variable generalization performance of a deep learning model to detect pneumonia in chest radiographs: a cross-sectional study*, PLoS Medicine 15, e1002683 (2018)
# * A. J. DeGrave, J. D. Janizek, S.-I. Lee, *AI for radiographic COVID-19 detection selects shortcuts over signal*, Nature Machine Intelligence 3, 610-619 (2021)
#
# 余裕があれば、乱数の種を変えて、三つのネットワークをもう一度学習させてみましょう。曲線の順番は変わるでしょうか。また、これほど画像が少ないときに `momentum=0.99` とすると、ResNet はどうなるでしょうか。
