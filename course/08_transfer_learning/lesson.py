"""Unit 08: transfer learning."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 08 Transfer learning: learning from few films
#
# When you have finished this notebook, you will be able to
#
# 1. **put** three images of one patient into the colours of one,
# 2. **take** features out of a trained network, and **classify** by them without leaking the test into the training,
# 3. **freeze** a backbone so that it really stays as it is, BatchNormalization included,
# 4. **compare** a network from scratch, a frozen and a fine-tuned one, by the number of training films (and, as a bonus, **write** the fine-tuning),
# 5. **say** when a network that others have trained helps, and when it does not.
#
# | | |
# |---|---|
# | Reading / exercises | about 40 min / about 45 min (the last of the five exercises is optional) |
# | You need | unit 06 (networks with Keras) |
# | Computing | about two minutes on two CPU cores |
# | Data | 247 films with the outlines of heart and lungs (Segmentation02) and 247 with the sex (Gender01), computed at first use; a network of ours that comes with the course; no download |
# %% [markdown] lang="ja"
# # 08 転移学習：少ない画像から学ぶ
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 一人の患者の三枚の画像を、一枚のカラー画像に**まとめる**
# 2. 学習済みのネットワークから特徴を**取り出し**、テストの情報を漏らさずに**分類する**
# 3. BatchNormalization も含めて、バックボーンを本当に動かないように**凍結する**
# 4. 一から学習したもの、凍結したもの、ファインチューニングしたものを、学習用の枚数ごとに**比べる**（発展では、ファインチューニングを自分で**書く**）
# 5. ほかの人が学習させたネットワークが役立つ場合と、役立たない場合を**述べる**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約40分／約45分（五つの演習のうち最後の一つは発展） |
# | 前提 | 単元06（Keras でのネットワーク） |
# | 計算時間 | CPU 2コアで約2分 |
# | データ | 心臓と肺の輪郭が付いた画像247枚（Segmentation02）と性別の付いた画像247枚（Gender01）。初回に計算して作ります。学習済みネットワークは講座に同梱（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# Networks that made the news were trained on a million photographs. Your department has sixty films of a rare finding, and getting them through the ethics committee took
# a year. Training a network on sixty films from nothing mostly teaches it those sixty films by heart.
#
# But a new colleague does not begin with nothing either. They have seen a thousand chests before, know ribs from vessels and
# a rotated patient from a straight one, and need only a few examples of what is new. **Transfer learning** does this to networks: take one that
# has learnt *something else*, and let it learn *your* question on top.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 話題になったネットワークは、百万枚の写真で学習しています。一方、皆さんの施設にあるのは、まれな所見の画像が60枚。倫理審査を通すだけで一年かかった、貴重な60枚です。60枚だけで一からネットワークを学習させても、
# たいていは、その60枚を丸暗記するだけに終わります。
#
# しかし、新しく来た同僚も、何も知らないところから始めるわけではありません。これまでに千枚の胸部画像を見て、肋骨と血管の違いも、斜めに立った患者も知っているので、新しいことは数例で覚えられます。これをネットワークで行うのが
# **転移学習**です。*別のこと*を学んだネットワークを借りて、その上に*自分の問い*を学ばせます。

# %% role="setup"
import logging
import socket

import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact
from keras import layers, ops
from scipy.ndimage import affine_transform
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_segmentation, load_sex
from xraydojo.data.backbone import build_backbone, load_backbone
from xraydojo.library import transfer as library
from xraydojo.training import Progress

# en: TensorFlow would complain that we build many models
# ja: モデルをたくさん作ると TensorFlow が出す警告を止める
logging.getLogger("tensorflow").setLevel("ERROR")
print("Keras", keras.__version__, "/", keras.config.backend())

# %% [markdown] lang="en"
# ## Three images in one
#
# The best-known pre-trained networks have learnt on colour photographs and want three channels: red, green, blue. An X-ray image has one. Two ways out:
#
# * repeat the grey image three times;
# * put **three images of the same patient** into the three colours. A Japanese study of liver tumours (Yamada 2019) did so with contrast-enhanced CT:
#   the early phase became red, the late one green, and the one before the contrast medium blue. Whatever takes up contrast early shines red, and the network, which knows colours, has an easy start.
#
# ### Exercise 1: `composite_rgb`
#
# Write `composite_rgb(phases)`. `phases` are three images `(pre, early, late)`, each of shape (H, W). Return one array of shape (H, W, 3) in `float32`: channel 0 (red) is
# the early phase, channel 1 (green) the late one, channel 2 (blue) the one before. The values stay as they are. When the shapes differ, raise a `ValueError`.
#
# *Hint: `np.stack([a, b, c], axis=-1)` puts arrays behind one another along a new last axis, and raises that error by itself.*
# %% [markdown] lang="ja"
# ## 三枚を一枚に
#
# 有名な学習済みネットワークは、カラー写真で学習しているので、R、G、B の三つのチャネルを必要とします。X線画像には一つしかありません。方法は二つあります。
#
# * 同じ白黒画像を三回繰り返す
# * **同じ患者の三枚の画像**を、三つの色に割り当てる。肝腫瘍の日本の研究（Yamada 2019）では、造影CTの早期相を R、後期相を G、造影前を B にしました。早く造影されるものは赤く光り、色を知っているネットワークには
#   都合のよい入力になります。
#
# ### 演習1：`composite_rgb`
#
# `composite_rgb(phases)` を書いてください。`phases` は三枚の画像 `(pre, early, late)`（造影前、早期相、後期相）で、どれも形は (H, W) です。形 (H, W, 3) の `float32` の配列を返します。チャネル 0（R）が早期相、チャネル 1（G）が後期相、
# チャネル 2（B）が造影前です。値はそのままにします。形が違うときは `ValueError` を発生させます。
#
# *ヒント：`np.stack([a, b, c], axis=-1)` は、配列を新しい最後の軸に沿って並べます。形が違えば、このエラーも自動的に発生します。*

# %% exercise="composite_rgb"
def composite_rgb(phases):
    L("""Return one colour image: R early, G late, B pre, float32.""", """R に早期相、G に後期相、B に造影前を入れた float32 のカラー画像を返す。""")
    ### BEGIN SOLUTION
    pre, early, late = phases
    return np.stack([early, late, pre], axis=-1).astype(np.float32)
    ### END SOLUTION

# %% test="composite_rgb" points=2
with check("composite_rgb") as t:
    pre, early, late = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[10, 20, 30], [40, 50, 60]]), np.array([[7, 7, 7], [9, 9, 9]])
    colour = t.call(composite_rgb, (pre, early, late))
    colour.equals([[[10, 7, 1], [20, 7, 2], [30, 7, 3]], [[40, 9, 4], [50, 9, 5], [60, 9, 6]]])
    t.that(np.asarray(colour.value).dtype == np.float32, L("the result should be float32", "結果を float32 にしてください"))
    t.call(composite_rgb, (pre, early[:, :2], late)).raises(ValueError)
### BEGIN HIDDEN TESTS
with check("composite_rgb", hidden=True) as t:
    for rows_, columns_ in ((4, 7), (5, 2)):
        three_ = t.rng.normal(0, 900, (3, rows_, columns_))
        wanted_ = np.empty((rows_, columns_, 3), np.float32)
        for channel_, phase_ in ((2, 0), (0, 1), (1, 2)):
            wanted_[..., channel_] = three_[phase_]
        t.call(composite_rgb, tuple(three_)).equals(wanted_)
        t.call(composite_rgb, (three_[0], three_[1], three_[2][:1])).raises(ValueError)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# A chest film has no phases, but it has energies. Expose twice, with a soft and a hard beam, and bone fades differently from soft tissue; a weighted difference leaves
# the **soft tissue** alone, another one the **bones**. That is energy subtraction. The phantom knows how much of each tissue every beam has met, so
# that we can expose it twice, at 50 and 90 keV, with the noise of a detector.
# %% [markdown] lang="ja"
# 胸部画像に造影の相はありませんが、エネルギーを変えることはできます。軟らかい線質と硬い線質で二回撮影すると、骨と軟部組織では減弱の変わり方が違うので、重みを付けて引き算すれば**軟部組織**だけの画像と**骨**だけの画像が
# 得られます。エネルギーサブトラクションです。ファントムでは、X線がそれぞれの組織をどれだけ通ったかが分かっているので、50 keV と 90 keV で二回、検出器のノイズも含めて撮影してみましょう。

# %% role="demo"
from xraydojo.data.phantom import exposure, film
from xraydojo.data.phantom.materials import attenuation

def exposed(seen, energy, rng):
    met = {"soft": seen.soft, "fat": seen.fat, "bone": seen.bone, "lung": seen.air / 0.75}
    integral = sum(attenuation(tissue, energy) * length for tissue, length in met.items())
    return exposure.logarithm(exposure.detect(exposure.primary(integral), 358.4 / len(integral), rng))

def triple(seen, seed):
    rng = np.random.default_rng(seed)
    low, high = exposed(seen, 50, rng), exposed(seen, 90, rng)
    bones, tissue = (attenuation(t, 50) / attenuation(t, 90) for t in ("bone", "soft"))
    soft, bone = bones * high - low, low - tissue * high
    return [image / scale for image, scale in ((high, 8), (soft, 8), (bone, 2))]

# %% role="demo"
compose = yours_or(library.composite_rgb)
plain, soft, bone = triple(film(3, (256, 256)), 3)
_, row = plt.subplots(1, 4, figsize=(13, 3.7))
for axes, image, name in zip(row, (plain, soft, bone), (L("plain (90 keV)", "通常（90 keV）"), L("soft tissue", "軟部組織"), L("bones", "骨"))):
    figures.film(axes, image, name, *np.quantile(image, [0.02, 0.995]))
shown = [np.clip((i - np.quantile(i, 0.02)) / np.ptp(np.quantile(i, [0.02, 0.995])), 0, 1) for i in (plain, soft, bone)]
row[3].imshow(compose(shown))
row[3].set_axis_off()
row[3].set_title(L("R soft, G bones, B plain", "R 軟部、G 骨、B 通常"))
figures.show(L("A chest of the phantom: plain, soft tissue, bones, and the three as one colour image",
               "ファントムの胸部：通常、軟部組織、骨の画像と、三枚を合わせたカラー画像"))

# %% [markdown] lang="en"
# ## A backbone that has seen four thousand chests
#
# A network for images has two parts: the **backbone**, a pile of convolutions that turns an image into maps, and the **head**, a small layer that turns maps into an
# answer. Edges, ribs, the outline of a heart: the backbone's knowledge is useful for many questions. Only the head belongs to one question.
#
# The course brings a backbone of its own along: a residual network (unit 06) of 0.3 million parameters. It was trained on 4000 films of our phantom, of people who occur in none of the course's data
# sets. Its tasks: how much bone, soft tissue and air lies at each place; where lungs and heart are; whether there is a nodule; the age and a few more numbers. It was never asked how *wide*
# the heart is, nor for the sex.
#
# That is what we ask now: **is the heart broad?** We measure the cardiothoracic ratio on the outlines that come with the films (unit 07). The clinical limit is 0.50, but only one in seven of our hearts exceeds it,
# too few for a comparison with 20 films. So "broad" means here a ratio above 0.45, which holds for about half of them.
#
# Two things to be honest about. These 4000 films come from the same phantom as the films of the exercise. And the old tasks are close to the new one: who has learnt to find the heart need
# not go far to its width. It is the most favourable case of transfer learning. From photographs of cats to chest films, or from one hospital to another, the way is longer.
# %% [markdown] lang="ja"
# ## 四千枚の胸部を見たバックボーン
#
# 画像のネットワークは二つの部分に分けられます。畳み込みを重ねて画像を地図に変える**バックボーン**（backbone、背骨）と、地図から答えを出す小さな層の**ヘッド**（head）です。縁、肋骨、心臓の輪郭といったバックボーンの知識は、
# いろいろな問いに使えます。一つの問い専用なのは、ヘッドだけです。
#
# この講座には、自前のバックボーンを同梱しています。パラメータ 30 万個の残差ネットワーク（単元06）です。講座のどのデータにも出てこない人の、ファントムの画像 4000 枚で学習しました。課題は、各場所の骨・軟部組織・空気の厚さ、肺と心臓の場所、
# 結節の有無、年齢などです。心臓の*幅*や性別は、一度も尋ねていません。
#
# そこで、**心臓は大きいか**を尋ねることにします。画像に付いている輪郭から心胸郭比を測ります（単元07）。臨床での目安は 0.50 ですが、それを超える心臓は七つに一つほどしかなく、20枚での比較には少なすぎます。そこで、ここでは比が 0.45 を超えたら
# 「大きい」とします。ほぼ半数が当てはまります。
#
# 正直に言っておくことが二つあります。この 4000 枚は、演習の画像と同じファントムから作ったものです。また、元の課題と新しい問いは近い関係にあります。心臓の場所を学んだネットワークにとって、その幅はあと一歩です。
# 転移学習としては、最も恵まれた条件です。猫の写真から胸部画像へ、あるいはある病院から別の病院への転移は、もっと遠い道のりになります。

# %% role="demo"
hearts = load_segmentation(size=(256, 256), classes=4)
print(hearts.source)
parts = [hearts.train, hearts.validation, hearts.test]

def ratio(mask):
    heart = np.flatnonzero((mask == 1).any(axis=0))
    rows = [np.flatnonzero(row) for row in mask == 3 if row.any()]
    return (np.ptp(heart) + 1) / max(np.ptp(row) + 1 for row in rows)

def halved_twice(images):
    return images.reshape(len(images), 64, 4, 64, 4).mean(axis=(2, 4))[..., None]

ratios = np.array([ratio(mask) for part in parts for mask in part.targets])
images, labels = np.concatenate([halved_twice(part.images) for part in parts]), (ratios > 0.45).astype(int)
order = np.random.default_rng(0).permutation(len(images))  # one film a patient
(pool_x, test_x), (pool_y, test_y) = np.split(images[order], [150]), np.split(labels[order], [150])
for word, y in ((L("to learn from", "学習用"), pool_y), (L("test", "テスト用"), test_y)):
    print(word, {L("not broad", "大きくない"): int(np.sum(y == 0)), L("broad", "大きい"): int(np.sum(y == 1))})

# %% role="demo"
backbone = load_backbone()
maps = ops.convert_to_numpy(backbone(test_x[:1]))
print(L(f"{backbone.count_params():,} parameters; a film of 64 x 64 becomes {maps.shape[1]} x {maps.shape[2]} x {maps.shape[3]} numbers",
        f"パラメータ {backbone.count_params():,} 個。64 x 64 の画像が {maps.shape[1]} x {maps.shape[2]} x {maps.shape[3]} 個の数になります"))
order = np.argsort(ratios)
figures.films([images[order[i], ..., 0] for i in (5, 85, 165, 240)], [L(f"ratio {ratios[order[i]]:.2f}", f"心胸郭比 {ratios[order[i]]:.2f}") for i in (5, 85, 165, 240)],
              L("Four films with a cardiothoracic ratio from small to large", "心胸郭比が小さいものから大きいものまでの四枚"))

# %% [markdown] lang="en"
# ### Exercise 2: `features`
#
# A Keras model knows its layers by name, and the way from its input to each of them. So a new model may end in the middle of an old one:
#
# ```python
# part = keras.Model(model.inputs[0], model.get_layer("maps").output)
# values = ops.convert_to_numpy(part(images))
# ```
#
# A model that is simply called works as in the clinic: no dropout, and BatchNormalization with the statistics that it has learnt.
#
# Write `features(model, layer, images)`. Return the output of the layer of this name, one row a film: shape (N, F). When the layer gives maps, shape (N, H, W, F), return the **mean of
# each map** over its rows and columns.
#
# *Hint: `values.ndim` tells the number of axes, and `values.mean(axis=(1, 2))` averages over two of them.*
# %% [markdown] lang="ja"
# ### 演習2：`features`
#
# Keras のモデルは、層の名前と、入力から各層までの道筋を知っています。ですから、途中の層で終わる新しいモデルを作ることができます。
#
# ```python
# part = keras.Model(model.inputs[0], model.get_layer("maps").output)
# values = ops.convert_to_numpy(part(images))
# ```
#
# ふつうに呼び出したモデルは、本番と同じように働きます。ドロップアウトはせず、BatchNormalization は学習しておいた統計量を使います。
#
# `features(model, layer, images)` を書いてください。指定された名前の層の出力を、画像一枚につき一行、形 (N, F) で返します。層の出力が地図、つまり形 (N, H, W, F) のときは、行と列について**地図ごとの平均**をとります。
#
# *ヒント：`values.ndim` は軸の数です。`values.mean(axis=(1, 2))` は、二つの軸について平均します。*

# %% role="setup"
def example_network():
    L("""Return a small network whose numbers can be checked by hand.""", """手計算で確かめられる小さなネットワークを返す。""")
    films = keras.Input((4, 3, 1))
    maps = layers.Conv2D(2, 1, name="maps")(films)
    way = layers.BatchNormalization(epsilon=1e-9, name="normal")(maps)
    both = layers.Add(name="both")([maps, way])
    pooled = layers.GlobalMaxPooling2D(name="pool")(both)
    model = keras.Model(films, layers.Dense(2, name="head")(layers.Rescaling(3.0)(pooled)))
    # en: maps: x + 0.5 and -2 x + 1; normal: (map - 1) / 2 and map
    # ja: maps は x + 0.5 と -2 x + 1、normal は (map - 1) / 2 と map
    model.set_weights([np.array([[[[1, -2]]]]), np.array([0.5, 1]), np.ones(2), np.zeros(2), np.array([1, 0]), np.array([4, 1]),
                       np.array([[1, 0], [2, -1]]), np.array([0, 3])])
    return model

# %% exercise="features"
def features(model, layer, images):
    L("""Return what the layer of this name makes of the images, shape (N, F).""", """この名前の層の出力を、形 (N, F) で返す。""")
    ### BEGIN SOLUTION
    part = keras.Model(model.inputs[0], model.get_layer(layer).output)
    values = ops.convert_to_numpy(part(images))
    return values.mean(axis=(1, 2)) if values.ndim == 4 else values
    ### END SOLUTION

# %% test="features" points=3
with check("features") as t:
    # en: the pixels of the first film are 0 to 11 (mean 5.5), those of the second all 2
    # ja: 一枚めの画素は 0 から 11（平均 5.5）、二枚めはすべて 2
    images = np.stack([np.arange(12.0).reshape(4, 3, 1), np.full((4, 3, 1), 2.0)]).astype("float32")
    t.call(features, example_network(), "both", images).equals([[6 + 2.5, -10 - 10], [2.5 + 0.75, -3 - 3]], rtol=1e-4)
    t.call(features, example_network(), "pool", images).equals([[11.5 + 5.25, 1 + 1], [2.5 + 0.75, -3 - 3]], rtol=1e-4)
### BEGIN HIDDEN TESTS
with check("features", hidden=True) as t:
    films_ = keras.Input((5, 6, 2))
    maps_ = layers.Conv2D(3, 1, name="a")(films_)
    dropped_ = layers.Dropout(0.5, name="b")(maps_)
    pooled_ = layers.GlobalAveragePooling2D(name="c")(dropped_)
    drawn_ = keras.Model(films_, layers.Dense(4, name="d")(pooled_))
    x_ = t.rng.normal(size=(7, 5, 6, 2)).astype("float32")
    kernel_, bias_, weight_, shift_ = [t.rng.normal(size=w_.shape) for w_ in drawn_.get_weights()]
    drawn_.set_weights([kernel_, bias_, weight_, shift_])
    wanted_ = x_.mean(axis=(1, 2)) @ kernel_[0, 0] + bias_
    for name_, value_ in (("a", wanted_), ("b", wanted_), ("c", wanted_), ("d", wanted_ @ weight_ + shift_)):
        t.call(features, drawn_, name_, x_).equals(value_, rtol=1e-3, atol=1e-4)
### END HIDDEN TESTS

# %% role="demo"
def with_head(body, classes=2):
    return keras.Sequential([keras.Input((64, 64, 1)), body, layers.GlobalAveragePooling2D(name="pool"),
                             layers.Dense(classes, activation="softmax", name="head")])

take = yours_or(library.features)
keras.utils.set_random_seed(1)
known, blank = with_head(backbone), with_head(build_backbone())
pool_f, test_f = (np.asarray(take(known, "pool", x)) for x in (pool_x, test_x))
pool_b, test_b = (np.asarray(take(blank, "pool", x)) for x in (pool_x, test_x))
print(pool_f.shape, test_f.shape)

# %% [markdown] lang="en"
# Each film is now 128 numbers instead of 4096 pixels. Do they mean anything? Take one film, and look for the films whose 128 numbers are nearest to its own.
# Nobody has told the backbone what "alike" is.
# %% [markdown] lang="ja"
# 画像一枚が、4096 個の画素の代わりに 128 個の数になりました。この数に意味はあるのでしょうか。一枚を選び、128 個の数が最も近い画像を探してみましょう。
# 何が「似ている」のかは、バックボーンに教えていません。

# %% role="demo"
def nearest(values, others, i, count=3):
    scaled = (others - others.mean(axis=0)) / (others.std(axis=0) + 1e-9)
    mine = (values[i] - others.mean(axis=0)) / (others.std(axis=0) + 1e-9)
    return np.argsort(((scaled - mine) ** 2).sum(axis=1))[:count]

chosen = nearest(test_f, pool_f, 5)
figures.films([test_x[5, ..., 0], *pool_x[chosen, ..., 0]], [L("this film", "この画像"), *[L(f"neighbour {k}", f"近い画像 {k}") for k in (1, 2, 3)]],
              L("A test film and the three training films whose features are nearest", "テスト用の画像一枚と、特徴が最も近い学習用の画像三枚"))

# %% [markdown] lang="en"
# ### Exercise 3: `svm_on_features`
#
# The features are ready; a simple classifier will do on top of them. A linear **support vector machine** (SVM) lays a plane between two classes, with as wide a margin as
# possible. Two rules from unit 04:
#
# * The features have unlike scales: **standardise** them.
# * Mean and standard deviation come from the **training films only**. Whoever computes them from all films lets the test films take part in training.
#
# With scikit-learn:
#
# ```python
# scaler = StandardScaler().fit(a)         # learns mean and standard deviation of a
# b_scaled = scaler.transform(b)           # applies them to b
# machine = SVC(kernel="linear", C=1).fit(a_scaled, labels)
# machine.decision_function(b_scaled)      # scores: above 0 is class 1
# ```
#
# Write `svm_on_features(train, labels, test)`: features to learn from, their labels 0 or 1, features to judge. Return one score for each row of `test`.
# %% [markdown] lang="ja"
# ### 演習3：`svm_on_features`
#
# 特徴ができたので、その上に簡単な分類器を載せます。線形の**サポートベクターマシン**（SVM）は、二つのクラスの間に、できるだけ余裕（マージン）の広い平面を引きます。単元04の約束を二つ、思い出してください。
#
# * 特徴ごとに値の大きさが違うので、**標準化**します。
# * 平均と標準偏差は、**学習用の画像だけ**から求めます。全部の画像から求めると、テスト用の画像が学習に加わってしまいます。
#
# scikit-learn では、次のように書きます。
#
# ```python
# scaler = StandardScaler().fit(a)         # a の平均と標準偏差を覚える
# b_scaled = scaler.transform(b)           # それを b に当てはめる
# machine = SVC(kernel="linear", C=1).fit(a_scaled, labels)
# machine.decision_function(b_scaled)      # スコア：0 より大きければクラス 1
# ```
#
# `svm_on_features(train, labels, test)` を書いてください。引数は、学習用の特徴、そのラベル（0 か 1）、判断したい特徴です。`test` の行ごとにスコアを返します。

# %% exercise="svm_on_features"
def svm_on_features(train, labels, test):
    L("""Return the scores of a linear SVM, trained on standardised features, for the rows of test.""",
      """標準化した特徴で線形 SVM を学習させ、test の各行のスコアを返す。""")
    ### BEGIN SOLUTION
    scaler = StandardScaler().fit(train)
    machine = SVC(kernel="linear", C=1).fit(scaler.transform(train), labels)
    return machine.decision_function(scaler.transform(test))
    ### END SOLUTION

# %% test="svm_on_features" points=3
with check("svm_on_features") as t:
    # en: standardised, the two films are (-1, -1) and (1, 1); the boundary lies half-way, and the score is (z1 + z2) / 2
    # ja: 標準化すると、二枚は (-1, -1) と (1, 1)。境界は真ん中で、スコアは (z1 + z2) / 2
    two, labels = np.array([[1.0, 100.0], [3.0, 500.0]]), np.array([0, 1])
    others = np.array([[2.0, 300.0], [4.0, 300.0], [1.0, 900.0], [0.0, 100.0]])
    t.call(svm_on_features, two, labels, others).equals([0, 1, 1, -1.5], atol=1e-3)
    # en: two classes that overlap: mistakes cost C = 1 each (values by quadratic programming)
    # ja: 重なり合う二つのクラス。誤りの重さは C = 1（値は二次計画法による）
    six, labels = np.array([[0.0, 9.0], [1.0, 4.0], [2.0, 7.0], [4.0, 1.0], [5.0, 6.0], [9.0, 3.0]]), np.array([0, 1, 0, 0, 1, 1])
    t.call(svm_on_features, six, labels, np.array([[3.0, 3.0], [7.0, 8.0]])).equals([-0.58108, 0.78266], atol=2e-3)
### BEGIN HIDDEN TESTS
with check("svm_on_features", hidden=True) as t:
    for n_, f_ in ((30, 4), (24, 7)):
        rows_ = t.rng.normal(size=(n_ + 9, f_)) * t.rng.uniform(0.1, 40, f_) + t.rng.uniform(-50, 50, f_)
        kinds_ = (rows_[:n_, 0] > np.median(rows_[:n_, 0])).astype(int) ^ (t.rng.random(n_) < 0.15)
        a_, b_ = rows_[:n_], rows_[n_:]
        za_, zb_ = ((part_ - a_.mean(axis=0)) / a_.std(axis=0) for part_ in (a_, b_))
        wanted_ = SVC(kernel="precomputed", C=1).fit(za_ @ za_.T, kinds_).decision_function(zb_ @ za_.T)
        t.call(svm_on_features, a_, kinds_, b_).equals(wanted_, rtol=1e-2, atol=1e-2)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# How much does the backbone's knowledge help the machine? We let it learn on three kinds of input: the features of the **trained** backbone; those of the same network with
# **random** weights; and simply the **pixels**, reduced to 16 × 16. Each with 10 to 150 films, drawn ten times; the measure is the area under the ROC curve (unit 07; 0.5 is guessing).
# %% [markdown] lang="ja"
# バックボーンの知識は、どれくらい役に立つのでしょうか。三種類の入力で SVM を学習させます。**学習済み**のバックボーンの特徴、重みが**乱数**の同じネットワークの特徴、そして 16 × 16 に縮小した**画素**そのものです。学習用は 10 枚から 150 枚まで、
# 十回ずつ引き直し、ROC 曲線下面積（単元07。0.5 は当てずっぽう）で比べます。

# %% role="demo"
score_films = yours_or(library.svm_on_features)

def area_with(train, test, count, y=None, y_test=None, draws=10):
    y, y_test = (pool_y, test_y) if y is None else (y, y_test)
    found = []
    for seed in range(draws):
        chosen = np.random.default_rng(seed).permutation(len(train))[:count]
        if 0 < y[chosen].sum() < count:
            found.append(roc_auc_score(y_test, np.asarray(score_films(train[chosen], y[chosen], test))))
    return float(np.mean(found))

def coarse(images):
    return images[..., 0].reshape(len(images), 16, 4, 16, 4).mean(axis=(2, 4)).reshape(len(images), -1)

inputs = {L("trained backbone", "学習済みバックボーン"): (pool_f, test_f), L("random backbone", "乱数のバックボーン"): (pool_b, test_b),
          L("pixels, 16 x 16", "画素 16 x 16"): (coarse(pool_x), coarse(test_x))}
counts = (10, 20, 40, 60, 100, 150)
curves = {name: [area_with(*both, n) for n in counts] for name, both in inputs.items()}
for name, curve in curves.items():
    print(name, dict(zip(counts, np.round(curve, 2).tolist())))

# %% role="explore"
@interact(films=IntSlider(20, min=10, max=150, step=10, description=L("films", "枚数")), seed=IntSlider(0, min=0, max=9, description=L("draw", "引き直し")))
def learn_from(films, seed):
    chosen = np.random.default_rng(seed).permutation(len(pool_f))[:films]
    scores = np.asarray(score_films(pool_f[chosen], pool_y[chosen], test_f))
    _, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
    for (name, curve), color, marker, style in zip(curves.items(), (figures.BLUE, figures.GREY, figures.ORANGE), "os^", ("-", ":", "--")):
        left.plot(counts, curve, color=color, marker=marker, ls=style, label=name)
    area = roc_auc_score(test_y, scores)
    left.plot(films, area, "*", ms=16, color=figures.RED, label=L(f"this draw: {area:.2f}", f"今回：{area:.2f}"))
    left.set(xlabel=L("training films", "学習用の枚数"), ylabel=L("area under the ROC curve", "ROC 曲線下面積"), ylim=(0.4, 1.01))
    left.legend(fontsize=9, loc="lower right")
    edges = np.linspace(scores.min(), scores.max(), 22)
    for label, color, kind, name in ((0, figures.BLUE, "stepfilled", L("not broad", "大きくない")), (1, figures.ORANGE, "step", L("broad", "大きい"))):
        right.hist(scores[test_y == label], bins=edges, histtype=kind, color=color, alpha=0.8, lw=2, label=name)
    right.axvline(0, color="black", lw=1)
    right.set(xlabel=L("score of the SVM", "SVM のスコア"), ylabel=L("test films", "テスト用の枚数"))
    right.legend()
    figures.show(L("Area under the ROC curve against the number of training films, and the scores of the test films for the chosen number",
                   "学習用の枚数に対する ROC 曲線下面積と、選んだ枚数でのテスト用画像のスコア"))

# %% [markdown] lang="en"
# **Try it.** With how few films do the two groups part? Keep the number and draw again: at 10 films luck decides much, at 100 little.
#
# The knowledge is worth films: with 20 of them the features of the trained backbone reach an area of about 0.79, for which the pixels need nearly 60. With 150 films the pixels have almost caught
# up. And it is the *knowledge* that counts, not the shape of the network: with random weights the same features are hardly better than guessing.
#
# ### And a question for which it does not help
#
# Now the same three inputs, and the other question: the **sex** (Gender01).
# %% [markdown] lang="ja"
# **動かしてみよう。** 何枚あれば、二つのグループが分かれるでしょうか。枚数を変えずに引き直してみましょう。10枚では運に大きく左右され、100枚ではあまり変わりません。
#
# 知識は、画像の枚数に換算できます。学習済みバックボーンの特徴は、20枚で曲線下面積が約 0.79 になりますが、画素で同じ値に達するには60枚近くが必要です。150枚になると、画素もほぼ追いつきます。
# そして効いているのは、ネットワークの形ではなく、その*知識*です。重みが乱数だと、同じ形でも当てずっぽうに近い値にしかなりません。
#
# ### 役に立たない問い
#
# 今度は、同じ三つの入力で、別の問い、**性別**（Gender01）を試します。

# %% role="demo"
sexes = load_sex(size=(64, 64))
sex_x = np.concatenate([sexes.train.images, sexes.validation.images])[..., None]
sex_y, sex_test = np.concatenate([sexes.train.targets, sexes.validation.targets]), sexes.test.images[..., None]
sex_inputs = {name: [np.asarray(take(net, "pool", x)) for x in (sex_x, sex_test)] for name, net in zip(inputs, (known, blank))}
sex_inputs[list(inputs)[2]] = [coarse(x) for x in (sex_x, sex_test)]
sex_curves = {name: [area_with(*both, n, sex_y, sexes.test.targets) for n in counts] for name, both in sex_inputs.items()}
_, row = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained", sharey=True)
for axes, some, title in zip(row, (curves, sex_curves), (L("Is the heart broad?", "心臓は大きいか"), L("Female or male?", "女性か男性か"))):
    for (name, curve), color, marker, style in zip(some.items(), (figures.BLUE, figures.GREY, figures.ORANGE), "os^", ("-", ":", "--")):
        axes.plot(counts, curve, color=color, marker=marker, ls=style, lw=2, label=name)
    axes.set(xlabel=L("training films", "学習用の枚数"), title=title, ylim=(0.45, 1.01))
row[0].set_ylabel(L("area under the ROC curve", "ROC 曲線下面積"))
row[1].legend(loc="lower right")
figures.show(L("Area under the ROC curve against the number of training films for two questions and three inputs",
               "二つの問いと三つの入力について、学習用の枚数に対する ROC 曲線下面積"))
for name, curve in sex_curves.items():
    print(name, dict(zip(counts, np.round(curve, 2).tolist())))

# %% [markdown] lang="en"
# With 10 films the backbone is still ahead; at 20 they are level; from 40 on the plain **pixels win**, 0.90 against 0.85 at the end. In the old tasks there was no reason to look at what
# distinguishes men from women, and the mean of each map throws away *where* something was seen, which the pixels keep. A pre-trained network is no magic: always run a simple method beside it.
# %% [markdown] lang="ja"
# 10枚ではまだバックボーンが上ですが、20枚で並び、40枚からは、ただの**画素のほうがよく**なります。最後は 0.85 に対して 0.90 です。元の課題には、男女で違うところに注目する理由がありませんでした。また、地図ごとに平均すると、
# *どこに*見えたのかが失われますが、画素には残っています。学習済みネットワークは魔法ではありません。いつも、簡単な方法を並べて試しましょう。

# %% [markdown] lang="en"
# ## Freezing, and the trap in it
#
# With the SVM, the backbone's work was done once and for all. A head made by Keras does the same, and it can later be trained on together with the backbone. For a start the backbone
# is **frozen**: `trainable = False` takes its weights out of the training. Two traps lie here.
#
# **Compile again.** Keras builds the training step when `fit` is first called and keeps it. Whoever freezes afterwards and forgets `compile` trains on everything, silently.
#
# **BatchNormalization.** It has weights that no gradient touches: the **moving statistics**, mean and variance of each map. In training they follow
# whatever films come. Sixty films overwrite what came from four thousand, and all the layers behind get other numbers than they are used to. Many
# recipes on the web say: call the backbone with `training=False`. In Keras 3 that does not hold in `fit`, which hands its own `training=True` to every layer of the
# model. What does hold is `trainable = False`: such a BatchNormalization uses its moving statistics, in training too, and leaves them alone. See for yourself:
# %% [markdown] lang="ja"
# ## 凍結と、その落とし穴
#
# SVM では、バックボーンの仕事は一度で終わりでした。Keras のヘッドを載せても同じことができ、後でバックボーンと一緒に学習させることもできます。まずはバックボーンを**凍結**します。`trainable = False` とすると、
# その重みは学習の対象から外れます。ここには落とし穴が二つあります。
#
# **コンパイルし直す。** Keras は、最初に `fit` を呼んだときに学習の手順を組み立て、それを使い続けます。その後で凍結しても、`compile` を忘れると、何の警告もなく全部が学習を続けます。
#
# **BatchNormalization。** この層には、勾配では動かない重みがあります。地図ごとの平均と分散、つまり**移動統計量**です。学習中は、入ってきた画像に合わせて動きます。四千枚から求めた値が60枚の画像で書き換えられ、
# 後ろの層には、慣れていない値が届くことになります。ウェブ上には「バックボーンを `training=False` で呼び出せばよい」という説明がたくさんあります。しかし Keras 3 の `fit` では、モデルのすべての層に `training=True` が渡されるので、これは効きません。
# 効くのは `trainable = False` です。こうした BatchNormalization は、学習中も移動統計量を使い、それを書き換えません。確かめてみましょう。

# %% role="demo"
def drift(how):
    keras.utils.set_random_seed(1)
    body = load_backbone()
    films = keras.Input((64, 64, 1))
    if how == "trainable=False":
        body.trainable = False
    x = body(films, training=False) if how == "training=False" else body(films)
    model = keras.Model(films, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    norms = [part for part in body.layers if isinstance(part, layers.BatchNormalization)]
    before = [ops.convert_to_numpy(norm.moving_mean).copy() for norm in norms]
    model.fit(pool_x[:32], pool_y[:32], verbose=0)
    return max(np.abs(ops.convert_to_numpy(norm.moving_mean) - mean).max() for norm, mean in zip(norms, before))

for how in ("", "training=False", "trainable=False"):
    print(L(f"{how or 'nothing done'}: the moving means moved by up to {drift(how):.3f}", f"{how or '何もしない'}：移動平均の動きは最大 {drift(how):.3f}"))

# %% [markdown] lang="en"
# ### Exercise 4: `freeze_backbone`
#
# Write `freeze_backbone(model)`. The model has a part called `"backbone"` and a last layer called `"head"`; it is compiled, and may have learnt before. Freeze the backbone, compile with
# `keras.optimizers.Adam(1e-3)` and the loss `"sparse_categorical_crossentropy"`, and return the model. After some training the backbone, its moving statistics
# included, must be the same to the last bit, and the head must have moved.
# %% [markdown] lang="ja"
# ### 演習4：`freeze_backbone`
#
# `freeze_backbone(model)` を書いてください。モデルには `"backbone"` という部分と、`"head"` という最後の層があり、コンパイル済みで、すでに学習したことがあるかもしれません。バックボーンを凍結し、
# `keras.optimizers.Adam(1e-3)` と損失関数 `"sparse_categorical_crossentropy"` でコンパイルして、モデルを返します。その後学習しても、バックボーンは移動統計量も含めて最後の一桁まで変わらず、ヘッドだけが動くはずです。

# %% role="setup"
def backbone_with_head(lr=0.5, seed=0):
    L("""Return a small model of "backbone" and "head", compiled with plain gradient descent.""",
      """"backbone" と "head" からなる小さなモデルを、単純な勾配降下法でコンパイルして返す。""")
    keras.utils.set_random_seed(seed)
    backbone = keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="tanh"), layers.BatchNormalization(), layers.Dense(3)], name="backbone")
    model = keras.Sequential([keras.Input((3,)), backbone, layers.Dense(2, activation="softmax", name="head")])
    model.compile(keras.optimizers.SGD(lr), "sparse_categorical_crossentropy")
    return model

def all_weights(model, name):
    L("""Return the weights of a sub-model with its moving statistics.""", """部分モデルの重みを、移動統計量も含めて返す。""")
    return [np.array(w) for w in model.get_layer(name).get_weights()]

def moved(before, after):
    L("""Return how far each array has moved at most.""", """配列ごとに、最も大きく動いた幅を返す。""")
    return [float(np.abs(a - b).max()) for a, b in zip(before, after)]

# %% exercise="freeze_backbone"
def freeze_backbone(model):
    L("""Freeze the layer "backbone", compile with Adam(1e-3), return the model.""", """"backbone" を凍結し、Adam(1e-3) でコンパイルして、モデルを返す。""")
    ### BEGIN SOLUTION
    model.get_layer("backbone").trainable = False
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
    ### END SOLUTION

# %% test="freeze_backbone" points=3
with check("freeze_backbone") as t:
    model = backbone_with_head()
    x, y = np.random.default_rng(1).normal(3, 2, (8, 3)).astype("float32"), np.array([0, 1, 1, 0, 1, 1, 1, 0])
    # en: the model has already learnt something before it is frozen
    # ja: 凍結する前に、モデルは一度学習している
    model.train_on_batch(x, y)
    body, head = all_weights(model, "backbone"), all_weights(model, "head")
    frozen = t.call(freeze_backbone, model).value
    t.that(moved(body, all_weights(frozen, "backbone")) == [0] * 8, L("freezing must not change the weights", "凍結するときに重みを変えないでください"))
    t.that(len(frozen.get_layer("head").trainable_weights) == 2, L("the head should still be able to learn", "head は学習できるままにしてください"))
    frozen.train_on_batch(x, y)
    steps = moved(body, all_weights(frozen, "backbone"))
    t.that(max(steps[:2] + steps[6:]) == 0, L("the weights of the backbone have moved while training", "学習中に backbone の重みが動いています"))
    t.that(max(steps[2:6]) == 0, L("the BatchNormalization of the backbone has moved while training", "学習中に backbone の BatchNormalization が動いています"))
    # en: the first step of Adam is as long as the learning rate
    # ja: Adam の最初の一歩の大きさは、学習率に等しい
    t.that(np.isclose(max(moved(head, all_weights(frozen, "head"))), 1e-3, rtol=0.02), L("the head should take a first step of 0.001: Adam(1e-3), compiled again", "head の最初の一歩は 0.001 のはずです（Adam(1e-3) でコンパイルし直す）"))
### BEGIN HIDDEN TESTS
with check("freeze_backbone", hidden=True) as t:
    model_ = backbone_with_head(0.1, seed=int(t.rng.integers(1000)))
    x_, y_ = t.rng.normal(2, 3, (40, 3)).astype("float32"), t.rng.integers(0, 2, 40)
    model_.train_on_batch(x_, y_)
    body_, head_ = all_weights(model_, "backbone"), all_weights(model_, "head")
    frozen_ = t.call(freeze_backbone, model_).value
    p_ = frozen_.predict(x_, verbose=0)
    loss_ = float(np.ravel(frozen_.train_on_batch(x_, y_))[0])
    t.that(np.isclose(loss_, -np.log(p_[np.arange(40), y_]).mean(), rtol=1e-3), L("another loss", "損失関数が違います"))
    for _ in range(2):
        frozen_.train_on_batch(x_, y_)
    t.that(moved(body_, all_weights(frozen_, "backbone")) == [0] * 8, L("the backbone has moved", "backbone が動いています"))
    t.that(min(moved(head_, all_weights(frozen_, "head"))) > 5e-4, L("the head has not learnt", "head が学習していません"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Fine-tuning
#
# A frozen backbone sees what it has always seen. To adapt it to the new question, thaw it, carefully:
#
# 1. **First the head alone**, with the backbone frozen. A new head is random; its first gradients are large and mean nothing, and they would ruin the backbone.
# 2. **Then both**, with a learning rate that is smaller by far, so that the backbone moves but does not forget. BatchNormalization stays frozen throughout.
#
# ### Exercise 5 (optional, bonus points): `fine_tune`
#
# Write `fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5)` for a model with `"backbone"` and `"head"`, not necessarily frozen:
#
# 1. freeze the backbone, compile with Adam(`head_lr`), fit for `head_epochs`;
# 2. thaw the backbone **but for every BatchNormalization in it**, compile with Adam(`lr`), fit for `epochs`.
#
# Batches of 32, the loss as in exercise 4. Return the model. *Hint: `backbone.trainable = ...` sets it for all layers inside; `backbone.layers` lists them, and
# `isinstance(part, layers.BatchNormalization)` tells what one is.*
# %% [markdown] lang="ja"
# ## ファインチューニング
#
# 凍結したバックボーンは、これまでと同じものしか見ません。新しい問いに合わせるには、慎重に凍結を解きます。
#
# 1. **まずヘッドだけ**を、バックボーンを凍結したまま学習させます。新しいヘッドは乱数なので、最初の勾配は大きいだけで意味がなく、バックボーンを壊してしまうからです。
# 2. **次に両方**を、ずっと小さな学習率で学習させます。バックボーンは動きますが、学んだことは忘れません。BatchNormalization は最後まで凍結しておきます。
#
# ### 演習5（発展・ボーナス点）：`fine_tune`
#
# `"backbone"` と `"head"` をもつモデル（凍結されているとは限りません）について、`fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5)` を書いてください。
#
# 1. バックボーンを凍結し、Adam(`head_lr`) でコンパイルして、`head_epochs` エポック学習させる
# 2. バックボーンの凍結を、**中にあるすべての BatchNormalization を除いて**解き、Adam(`lr`) でコンパイルして、`epochs` エポック学習させる
#
# バッチの大きさは 32、損失関数は演習4と同じです。最後にモデルを返します。*ヒント：`backbone.trainable = ...` は中のすべての層に効きます。`backbone.layers` は層のリストで、
# `isinstance(part, layers.BatchNormalization)` でその種類が分かります。*

# %% exercise="fine_tune"
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    L("""Train the head, then the backbone with it (but for BatchNormalization) in small steps; return the model.""",
      """head を学習させた後、backbone も（BatchNormalization 以外を）小さな歩幅で学習させ、モデルを返す。""")
    ### BEGIN SOLUTION
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    backbone.trainable = True
    for part in backbone.layers:
        if isinstance(part, layers.BatchNormalization):
            part.trainable = False
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model
    ### END SOLUTION

# %% role="setup"
def steps_of(model, t, tune, *arguments):
    L("""Return the fine-tuned model, and how far its head, the backbone without BatchNormalization and its BatchNormalization have moved.""",
      """ファインチューニングしたモデルと、head、BatchNormalization 以外の backbone、BatchNormalization が動いた幅を返す。""")
    before = all_weights(model, "backbone"), all_weights(model, "head")
    tuned = t.call(tune, model, *arguments).value
    body, head = (moved(old, all_weights(tuned, name)) for old, name in zip(before, ("backbone", "head")))
    return tuned, (max(head), max(body[:2] + body[6:]), max(body[2:6]))

# %% test="fine_tune" points=4
with check("fine_tune") as t:
    x, y = np.random.default_rng(1).normal(3, 2, (8, 3)).astype("float32"), np.array([0, 1, 1, 0, 1, 1, 1, 0])
    tuned, (head, body, normal) = steps_of(backbone_with_head(), t, fine_tune, x, y, 1, 1, 0.1, 0.01)
    # en: two matrices with their biases; gamma and beta of the BatchNormalization stay as they are
    # ja: 二つの行列とバイアス。BatchNormalization の gamma と beta は動かさない
    t.that(len(tuned.get_layer("backbone").trainable_weights) == 4, L("at the end everything in the backbone but its BatchNormalization should be trainable", "最後には、backbone のうち BatchNormalization 以外がすべて学習できる状態になるはずです"))
    t.that(body > 0, L("in the second part the backbone should learn", "後半では backbone も学習させます"))
    t.that(normal == 0, L("the BatchNormalization of the backbone has moved", "backbone の BatchNormalization が動いています"))
    t.that(body < 0.015, L("only the second part may move the backbone, in steps of lr; yours are larger", "backbone が動くのは後半だけで、歩幅は lr です。それより大きく動いています"))
    t.that(0.05 < head < 0.15, L("the head should first take a step of head_lr", "head は、まず head_lr の歩幅で学習します"))
### BEGIN HIDDEN TESTS
with check("fine_tune", hidden=True) as t:
    x_, y_ = t.rng.normal(2, 3, (40, 3)).astype("float32"), np.zeros(40, int)
    # en: 40 films are two batches, of 32 and of 8; so each epoch has two steps of Adam
    # ja: 40 枚は 32 枚と 8 枚の二つのバッチになり、一エポックは Adam の二歩になる
    model_ = backbone_with_head(0.1, int(t.rng.integers(1000)))
    tuned_, (head_, body_, normal_) = steps_of(model_, t, fine_tune, x_, y_, 2, 1)
    t.that(0.003 < head_ < 0.0043 and 1.5e-5 < body_ < 2.1e-5 and normal_ == 0, L("without rates: 1e-3 and 1e-5, and batches of 32", "学習率を省いたときは 1e-3 と 1e-5、バッチは 32 です"))
    model_ = backbone_with_head(0.1, int(t.rng.integers(1000)))
    tuned_, (head_, body_, normal_) = steps_of(model_, t, fine_tune, x_, y_, 0, 1, 0.01, 0.001)
    t.that(0.0015 < body_ < 0.0021 and 0.001 < head_ < 0.0021 and normal_ == 0, L("in the second part the head learns, too, at lr", "後半では、head も lr で学習します"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## From scratch, frozen, fine-tuned
#
# Now the comparison. The same network, the same films, three ways, with 20, 60 and 150 training films:
#
# * **from scratch**: the backbone begins with random weights; all of it learns;
# * **frozen**: the trained backbone, only the head learns;
# * **fine-tuned**: first the head, then both.
#
# All get the same number of epochs. With 20 films much depends on *which* 20, so we draw them three times. The test films are always the same 97.
# %% [markdown] lang="ja"
# ## 一から、凍結、ファインチューニング
#
# いよいよ比較です。同じネットワーク、同じ画像を、三通りの方法で、学習用の画像 20、60、150 枚で学習させます。
#
# * **一から**：バックボーンは乱数から始め、全体を学習させる
# * **凍結**：学習済みのバックボーンを使い、ヘッドだけを学習させる
# * **ファインチューニング**：まずヘッド、次に両方を学習させる
#
# エポックの数は、どれも同じです。20枚では、*どの* 20枚を引くかに大きく左右されるので、三回引き直します。テスト用は、いつも同じ97枚です。

# %% role="demo"
EPOCHS = 40
draws = [(20, 0), (20, 1), (20, 2), (60, 0), (150, 0)]

def drawn(count, seed):
    chosen = np.random.default_rng(seed).permutation(len(pool_x))[:count]
    return pool_x[chosen], pool_y[chosen]

def area_of(model):
    return roc_auc_score(test_y, model.predict(test_x, verbose=0)[:, 1])

areas = {}
for count, seed in draws:
    keras.utils.set_random_seed(seed)
    model = with_head(build_backbone())
    model.name = f"scratch_{count}"
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    model.fit(*drawn(count, seed), batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[Progress()])
    areas["scratch", count, seed] = area_of(model)

# %% role="demo"
freeze = yours_or(library.freeze_backbone)
for count, seed in draws:
    keras.utils.set_random_seed(seed)
    model = with_head(load_backbone())
    model.name = f"frozen_{count}"
    model.compile("sgd", "sparse_categorical_crossentropy")
    model = freeze(model)
    model.fit(*drawn(count, seed), batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[Progress()])
    areas["frozen", count, seed] = area_of(model)

# %% role="demo"
tune = yours_or(library.fine_tune)
for count, seed in draws:
    keras.utils.set_random_seed(seed)
    model = with_head(load_backbone())
    model.compile("sgd", "sparse_categorical_crossentropy")
    model = tune(model, *drawn(count, seed), EPOCHS // 2, EPOCHS // 2, 3e-3, 3e-4)
    areas["tuned", count, seed] = area_of(model)
    print(L(f"fine-tuned on {count} films: AUC {areas['tuned', count, seed]:.2f}", f"{count} 枚でファインチューニング：AUC {areas['tuned', count, seed]:.2f}"))

# %% role="demo"
words = {"scratch": L("from scratch", "一から"), "frozen": L("frozen", "凍結"), "tuned": L("fine-tuned", "ファインチューニング")}
_, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
mean_area = {(way, n): np.mean([a for (w, c, _), a in areas.items() if (w, c) == (way, n)]) for way in words for n in (20, 60, 150)}
for shift, (way, color, marker, style) in enumerate(zip(words, (figures.GREY, figures.BLUE, figures.ORANGE), "os^", (":", "--", "-"))):
    axes.plot(range(3), [mean_area[way, n] for n in (20, 60, 150)], color=color, marker=marker, ls=style, lw=2, label=words[way])
    single = [((20, 60, 150).index(c) + 0.05 * (shift - 1), a) for (w, c, _), a in areas.items() if w == way]
    axes.scatter(*zip(*single), color=color, marker=marker, s=18, alpha=0.6)
axes.axhline(0.5, color="black", lw=0.8)
axes.set(xticks=range(3), xlabel=L("training films", "学習用の枚数"), ylabel=L("area under the ROC curve (97 test films)", "ROC 曲線下面積（テスト97枚）"), ylim=(0.4, 1.01))
axes.set_xticklabels([20, 60, 150])
axes.legend(loc="lower right")
figures.show(L("Area under the ROC curve against the number of training films, from scratch, frozen and fine-tuned",
               "学習用の枚数に対する ROC 曲線下面積。一から、凍結、ファインチューニングの三通り"))
for way, word in words.items():
    print(word, {n: round(float(mean_area[way, n]), 2) for n in (20, 60, 150)})

# %% [markdown] lang="en"
# **From scratch**, 20 films teach hardly anything: the area is about 0.6, near guessing, although the training loss is 0.000. The network has learnt its 20 films by heart. The **frozen** backbone reaches about 0.83 with the same 20 films,
# more than the network from scratch with 150 (0.76).
#
# **Fine-tuned**, 20 films give about 0.81: far better than from scratch, but not better than frozen. So few films cannot improve the backbone. With 60 and 150 films fine-tuning is ahead, 0.88 against 0.85 and 0.86; with 97 test films such
# a difference can be chance. A useful rule nevertheless: *few films, freeze; more films, fine-tune; very many films, try from scratch as well.*
# %% [markdown] lang="ja"
# **一から**では、20枚からほとんど何も学べません。学習の損失は 0.000 なのに、曲線下面積は約 0.6 で、当てずっぽうに近い値です。20枚を丸暗記しただけなのです。**凍結**したバックボーンは、同じ20枚で約 0.83 になり、
# 150枚で一から学習した場合（0.76）を上回ります。
#
# **ファインチューニング**では、20枚で約 0.81 です。一からよりずっとよいものの、凍結よりよくはありません。これほど少ない枚数では、バックボーンを改良できないのです。60枚と150枚では 0.88 で、凍結の 0.85、0.86 を上回りますが、
# テスト用は97枚なので、この程度の差は偶然かもしれません。それでも、目安にはなります。*少なければ凍結、増えたらファインチューニング、とても多ければ一からも試す*。

# %% [markdown] lang="en"
# ## Colours that do not fit
#
# Back to the colour image. Its three channels must show the same place. Two exposures, one after the other: the heart has beaten, the patient has breathed, and the colours no longer match. How much does that
# harm? The liver study shifted, rotated and skewed the phases against each other on purpose, in training and test, and found an effect on the diagnosis for the skew only. Let us do the same
# with energy-subtraction triples of 120 new people of the phantom: half to learn from, half to test. The question is again whether the heart is broad.
#
# The backbone wants one grey channel. For three, one repeats the first kernels and divides them by three, so that a grey film in all three colours gives what it gave before.
# %% [markdown] lang="ja"
# ## 色のずれ
#
# カラー画像に戻りましょう。三つのチャネルには、同じ場所が写っていなければなりません。続けて二回撮影すれば、その間に心臓は拍動し、患者は息をして、色がずれてしまいます。どれくらい害があるのでしょうか。先ほどの肝臓の研究では、学習用とテスト用の画像で、
# 相どうしをわざと平行移動、回転、スキュー（斜めにゆがめる変換）させ、診断への影響が見られたのはスキューだけでした。同じことを、ファントムの新しい120人のエネルギーサブトラクション画像で試します。半分で学習し、半分でテストします。
# 問いは、今度も「心臓が大きいか」です。
#
# バックボーンの入力は白黒の一チャネルです。三チャネルにするには、最初のカーネルを三回繰り返して 3 で割ります。三色とも同じ白黒画像なら、前と同じ答えになります。

# %% role="demo"
def stretched(image):
    low, high = np.quantile(image, [0.02, 0.98])
    return np.clip((image - low) / (high - low), 0, 1)

def small_triple(seed):
    seen = film(seed, (128, 128))
    mask = np.where(seen.lungs > 0, 3, seen.heart.astype(int))
    images = [stretched(image).reshape(64, 2, 64, 2).mean(axis=(1, 3)) for image in triple(seen, seed)]
    return images, ratio(mask) > 0.45

people = [small_triple(seed) for seed in range(50000, 50120)]
broad = np.array([label for _, label in people]).astype(int)
print(L(f"{broad[:60].sum()} of 60 and {broad[60:].sum()} of 60 hearts are broad", f"心臓が大きい人：学習用 60 人中 {broad[:60].sum()} 人、テスト用 60 人中 {broad[60:].sum()} 人"))

# %% role="demo"
colour = build_backbone(channels=3)
weights = backbone.get_weights()
colour.set_weights([np.repeat(weights[0], 3, axis=2) / 3, *weights[1:]])
films = keras.Input((64, 64, 3))
colour = keras.Model(films, layers.GlobalAveragePooling2D(name="pool")(colour(films)))

def misplaced(image, kind, amount):
    turn = np.radians(amount)
    matrix = {"shift": np.eye(2), "rotation": np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]),
              "skew": np.array([[1, 0], [np.tan(turn), 1]])}[kind]
    offset = np.array([31.5, 31.5]) - matrix @ [31.5, 31.5] + (np.array([0, amount]) if kind == "shift" else 0)
    return affine_transform(image, matrix, offset, order=1, mode="nearest")

def colours(kind, amount):
    moved = [(plain, misplaced(soft, kind, amount), misplaced(bone, kind, -amount)) for (plain, soft, bone), _ in people]
    return np.stack([np.asarray(compose(three)) for three in moved])

# %% role="demo"
steps = {"shift": (0, 1, 2, 4, 6), "rotation": (0, 2, 5, 10, 15), "skew": (0, 2, 5, 10, 15)}
fit_and_score = yours_or(library.svm_on_features)
fitted = np.asarray(take(colour, "pool", colours("shift", 0)))
found = {}
for kind, amounts in steps.items():
    for amount in amounts:
        values = np.asarray(take(colour, "pool", colours(kind, amount)))
        for how, learnt in (("both", values), ("test", fitted)):
            found[kind, amount, how] = roc_auc_score(broad[60:], fit_and_score(learnt[:60], broad[:60], values[60:]))

# %% role="demo"
_, row = plt.subplots(1, 4, figsize=(14, 3.6), layout="constrained")
row[0].imshow(colours("skew", 10)[60])
row[0].set_axis_off()
row[0].set_title(L("skew by ±10°", "スキュー ±10°"))
names = {"shift": L("shift in pixels (5.6 mm each)", "平行移動（画素、1画素 5.6 mm）"), "rotation": L("rotation in degrees", "回転（度）"), "skew": L("skew in degrees", "スキュー（度）")}
for axes, (kind, amounts) in zip(row[1:], steps.items()):
    for how, color, marker, style, word in (("both", figures.BLUE, "o", "-", L("learning and test", "学習用もテスト用も")), ("test", figures.RED, "s", "--", L("test only", "テスト用だけ"))):
        axes.plot(amounts, [found[kind, amount, how] for amount in amounts], color=color, marker=marker, ls=style, label=word)
    axes.set(xlabel=names[kind], ylim=(0.35, 1.01))
row[1].set_ylabel(L("area under the ROC curve", "ROC 曲線下面積"))
row[1].legend(fontsize=9)
figures.show(L("A misregistered colour image, and the area under the ROC curve against shift, rotation and skew of two channels",
               "色のずれたカラー画像と、二つのチャネルの平行移動、回転、スキューの大きさに対する ROC 曲線下面積"))
for kind in steps:
    print(kind, *[(amount, round(found[kind, amount, "both"], 2), round(found[kind, amount, "test"], 2)) for amount in steps[kind]])

# %% [markdown] lang="en"
# Honestly read: with 60 test films each area is uncertain by about ± 0.1 (unit 07), so that most of these wiggles mean nothing. What does stand out is the large **shift**. Soft tissue and bones move in
# opposite directions; at 4 pixels they are 45 mm apart, and a machine that has learnt on registered films then drops to about 0.5, which is guessing. One that has learnt on films with the same shift still gets 0.8 there, and
# gives way only at 6 pixels. Rotation and skew up to 10 degrees show no effect beyond chance, and at 15 degrees a small one at most. The liver study found the skew to matter, and we do not: another organ, another question,
# another kind of network, and only 60 films. A heart's width is a coarse thing; with a small nodule the answer could well be different.
# %% [markdown] lang="ja"
# 正直に読みましょう。テスト用は60枚なので、曲線下面積には ±0.1 ほどの不確かさがあり（単元07）、細かな上下のほとんどに意味はありません。はっきりしているのは、大きな**平行移動**の影響です。軟部組織と骨は反対向きに動くので、4画素では
# 両者の隔たりが 45 mm になります。ずれのない画像で学習した場合、そこで約 0.5、つまり当てずっぽうまで落ちます。同じだけずれた画像で学習すれば、そこでも 0.8 を保ち、6画素でようやく下がります。回転とスキューは、10度までは偶然の範囲を超える影響が
# なく、15度でもあるとすればわずかです。肝臓の研究では影響があったのはスキューでしたが、ここでは見られません。臓器も、問いも、ネットワークの種類も違い、画像も60枚だけです。心臓の幅は大まかな特徴です。小さな結節なら、答えは違うかもしれません。

# %% [markdown] lang="en"
# ## And the networks of the photographs?
#
# `keras.applications` has dozens of networks with weights from ImageNet, more than a million photographs in 1000 classes: VGG, ResNet, MobileNet, EfficientNet. Three things to mind:
#
# * **The range.** Each wants the very preprocessing with which it was trained: MobileNet values from -1 to 1, VGG means taken off in the order B, G, R, ours 0 to 1. With the
#   wrong range there is no error message, only worse features. Call the `preprocess_input` of the same module.
# * **Three channels.** Repeat the grey film, or compose.
# * **The distance.** Edges and textures are everywhere; a cat's ear is not in a chest. With thousands of films of one's own the advantage over training from scratch often melts away (Raghu 2019).
#
# The next cell tries a small MobileNet, when its weights are on this computer or can be fetched (2 MB). Without a connection it says so and goes on.
# %% [markdown] lang="ja"
# ## 写真で学んだネットワークは？
#
# `keras.applications` には、ImageNet（1000 クラス、百万枚を超える写真）で学習した重みをもつネットワークが、VGG、ResNet、MobileNet、EfficientNet など何十もあります。使うときの注意は三つです。
#
# * **値の範囲。** 前処理は、学習したときとまったく同じにしなければなりません。MobileNet は -1 から 1、VGG は B、G、R の順にして平均を引いた値、私たちのものは 0 から 1 です。範囲を間違えてもエラーは出ず、特徴の質が落ちるだけです。
#   同じモジュールの `preprocess_input` を使いましょう。
# * **三つのチャネル。** 白黒画像を繰り返すか、三枚を合わせます。
# * **問題の近さ。** 縁や模様はどこにでもありますが、猫の耳は胸部にはありません。自分の画像が何千枚もあれば、一から学習した場合との差は、なくなることが多いと報告されています（Raghu 2019）。
#
# 次のセルは、小さな MobileNet の重み（2 MB）がこのコンピュータにあるか、取り寄せられる場合に試します。接続がなければ、その旨を表示して先へ進みます。

# %% role="demo"
def photographic(images):
    grey = ops.image.resize(images, (96, 96))
    return keras.applications.mobilenet_v2.preprocess_input(255 * ops.convert_to_numpy(ops.repeat(grey, 3, axis=-1)))

patience = socket.getdefaulttimeout()
socket.setdefaulttimeout(5)
try:
    photographs = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False, weights="imagenet", pooling="avg")
except Exception:
    print(L("Left out: the comparison with ImageNet, as its weights are neither here nor within reach.", "ImageNet の重みが手元になく、取り寄せることもできないため、この比較は省略しました。"))
else:
    seen_by_it = [photographs.predict(photographic(x), verbose=0) for x in (pool_x, test_x)]
    for n in (20, 60, 150):
        print(L(f"ImageNet's features, {n} films: AUC {area_with(*seen_by_it, n):.2f}; our backbone's: {area_with(pool_f, test_f, n):.2f}",
                f"ImageNet の特徴、{n} 枚：AUC {area_with(*seen_by_it, n):.2f}。私たちのバックボーン：{area_with(pool_f, test_f, n):.2f}"))
finally:
    socket.setdefaulttimeout(patience)

# %% [markdown] lang="en"
# ## Key points
#
# 1. Three images of one patient can be the colours of one. They must show the same place, and the order of the channels is part of the agreement.
# 2. A trained network is a source of features: end the model at an inner layer, average the maps, put a simple classifier on top. The scaler learns from the training films only.
# 3. Freezing means `trainable = False` **and** compiling again. It also stops the moving statistics of BatchNormalization; `training=False` in the call does not do so in Keras 3.
# 4. Fine-tuning: first the head, then the backbone in much smaller steps, without its BatchNormalization. With few films it beats training from scratch; with many the difference shrinks.
# 5. It helps when the old tasks resemble the new one. Compare with a simple method, or you will not notice when it does not.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 一人の患者の三枚の画像を、一枚のカラー画像にまとめられます。三枚には同じ場所が写っている必要があり、チャネルの順番も約束のうちです。
# 2. 学習済みネットワークからは特徴を取り出せます。途中の層で終わるモデルを作り、地図を平均し、簡単な分類器を載せます。標準化の値は、学習用の画像だけから求めます。
# 3. 凍結とは、`trainable = False` にして、**かつ**コンパイルし直すことです。これで BatchNormalization の移動統計量も止まります。呼び出しの `training=False` では、Keras 3 では止まりません。
# 4. ファインチューニングでは、まずヘッドを、次にバックボーンを、ずっと小さな歩幅で学習させます。BatchNormalization は凍結したままです。画像が少なければ一から学習するよりよく、多くなると差は縮まります。
# 5. 役に立つのは、元の課題が新しい問いに似ているときです。簡単な方法と比べなければ、役に立っていないことに気づけません。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. Somebody standardises all features, those of the test films included, and then splits into training and test. What is wrong?</summary>
#
# The test films take part in mean and standard deviation: they have leaked into training, and the figure is too good. Split first, fit the scaler on the training films.
# </details>
#
# <details><summary>2. A model has learnt for three epochs. You set <code>backbone.trainable = False</code> and call <code>fit</code> again. What learns?</summary>
#
# Everything, as before: the training step was built when fit was first called. It is built anew only after compile.
# </details>
#
# <details><summary>3. A network from the web wants values from -1 to 1, and you hand it films from 0 to 255. What happens?</summary>
#
# No error; the features are merely bad, and so are the results. Use the preprocessing that belongs to the network.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. テスト用も含めた全部の特徴を標準化してから、学習用とテスト用に分けました。何がいけないのでしょうか。</summary>
#
# テスト用の画像が平均と標準偏差に加わり、学習に漏れているので、成績がよく見えすぎます。先に分けて、標準化の値は学習用だけから求めます。
# </details>
#
# <details><summary>2. 三エポック学習させたモデルで <code>backbone.trainable = False</code> とし、もう一度 <code>fit</code> を呼びました。学習するのはどこですか。</summary>
#
# 前と同じく、全部です。学習の手順は最初に fit を呼んだときに組み立てられ、compile するまで作り直されません。
# </details>
#
# <details><summary>3. -1 から 1 の値を前提とするネットワークに、0 から 255 の画像を渡しました。何が起こりますか。</summary>
#
# エラーは出ません。特徴の質が落ち、成績が悪くなるだけです。そのネットワークに付属する前処理を使いましょう。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * A. Yamada and others, *Dynamic contrast-enhanced computed tomography diagnosis of primary liver cancers using transfer learning of pretrained convolutional neural networks: is registration of multiphasic images necessary?*, International Journal of Computer Assisted Radiology and Surgery 14, 1295-1301 (2019)
# * J. Yosinski, J. Clune, Y. Bengio, H. Lipson, *How transferable are features in deep neural networks?*, Advances in Neural Information Processing Systems 27, 3320-3328 (2014)
# * A. S. Razavian, H. Azizpour, J. Sullivan, S. Carlsson, *CNN features off-the-shelf: an astounding baseline for recognition*, IEEE Conference on Computer Vision and Pattern Recognition Workshops, 512-519 (2014)
# * M. Raghu, C. Zhang, J. Kleinberg, S. Bengio, *Transfusion: understanding transfer learning for medical imaging*, Advances in Neural Information Processing Systems 32, 3347-3357 (2019)
# * N. Tajbakhsh and others, *Convolutional neural networks for medical image analysis: full training or fine tuning?*, IEEE Transactions on Medical Imaging 35, 1299-1312 (2016)
#
# To play on: `dojo data pretrain --out mine.npz --films 500` makes a backbone that has seen an eighth of the films; `load_backbone("mine.npz")` loads it. How much worse is it?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * A. Yamada ほか, *Dynamic contrast-enhanced computed tomography diagnosis of primary liver cancers using transfer learning of pretrained convolutional neural networks: is registration of multiphasic images necessary?*, International Journal of Computer Assisted Radiology and Surgery 14, 1295-1301 (2019)
# * J. Yosinski, J. Clune, Y. Bengio, H. Lipson, *How transferable are features in deep neural networks?*, Advances in Neural Information Processing Systems 27, 3320-3328 (2014)
# * A. S. Razavian, H. Azizpour, J. Sullivan, S. Carlsson, *CNN features off-the-shelf: an astounding baseline for recognition*, IEEE Conference on Computer Vision and Pattern Recognition Workshops, 512-519 (2014)
# * M. Raghu, C. Zhang, J. Kleinberg, S. Bengio, *Transfusion: understanding transfer learning for medical imaging*, Advances in Neural Information Processing Systems 32, 3347-3357 (2019)
# * N. Tajbakhsh ほか, *Convolutional neural networks for medical image analysis: full training or fine tuning?*, IEEE Transactions on Medical Imaging 35, 1299-1312 (2016)
#
# 余裕があれば、`dojo data pretrain --out mine.npz --films 500` で、八分の一の画像しか見ていないバックボーンを作り、`load_backbone("mine.npz")` で読み込んでみましょう。どれくらい劣るでしょうか。
