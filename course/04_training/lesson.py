"""Unit 04: training and generalisation."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 04 Training and generalisation: to understand, not to memorise
#
# When you have finished this notebook, you will be able to
#
# 1. **recognise** over-fitting in two curves,
# 2. **split** films so that no patient is on both sides, and show what happens otherwise,
# 3. **standardise** data without looking at the test set, and **deal** them into mini-batches,
# 4. **stop** training at the right moment, and **augment** films without harming their labels,
# 5. **name** the questions to ask when a paper or a vendor reports 99 %.
#
# | | |
# |---|---|
# | Reading / exercises | about 30 min / about 40 min |
# | You need | unit 03 (backpropagation) |
# | Computing | under 60 s on two CPU cores; the films are made at first use, once, in about half a minute |
# | Data | 247 chest films of a phantom, female and male; no download |
# %% [markdown] lang="ja"
# # 04 学習と汎化：丸暗記ではなく、理解させる
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 二本の曲線から、過学習を**見抜く**
# 2. 同じ患者が両側に入らないように画像を**分け**、そうしないと何が起こるかを示す
# 3. テスト用データを見ずにデータを**標準化**し、ミニバッチに**切り分ける**
# 4. ちょうどよいところで学習を**止め**、ラベルを壊さずにデータ拡張を**行う**
# 5. 論文やカタログの「正解率 99 %」に対して、何を**尋ねる**べきかを述べる
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約30分／約40分 |
# | 前提 | 単元03（誤差逆伝播法） |
# | 計算時間 | CPU 2コアで60秒以内（画像は初回に一度だけ、30秒ほどで作ります） |
# | データ | 男女の模擬胸部画像247枚（ダウンロード不要） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# Remember your own examination. Some learnt the old papers by heart: full marks on those, and lost in front of the first new
# question. A network learns by heart better than any student: with enough weights it will remember every film that you show it,
# noise, marker and all. What we want is an answer for the **next** patient. That ability is called **generalisation**, and
# this unit is about measuring it honestly and about improving it.
#
# The dishonest measurement is easy to make, and often made by accident. Zech and colleagues (2018) trained a network for
# pneumonia on films of two hospital systems: the area under the ROC curve was 0.931 on films from the same systems, and 0.815 on
# films from a third one. (Telling the two systems apart was enough for 0.861, as pneumonia was far more frequent in one of them.)
# Roberts and colleagues (2021) went through the flood of papers on COVID-19 in chest images: 62 passed their screening, and
# **none** of these models was fit for use in a clinic. "Frankenstein data sets", pieced together from others so that the same
# film may be in training and test, were among the reasons. You handle the films, the headers and the patient numbers: often
# you are the one who can notice.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 国家試験の勉強を思い出してください。過去問を丸暗記すれば、過去問では満点が取れます。けれども、初めて見る問題が出ると手が止まります。
# ネットワークは、どんな学生よりも暗記が得意です。重みの数が十分にあれば、見せた画像をノイズやマーカーごと覚えてしまいます。私たちが
# ほしいのは、**次の患者さん**についての正しい答えです。この力を**汎化**と呼びます。この単元では、汎化を正直に測り、そして高める方法を学びます。
#
# 正直でない測り方は、悪気がなくても簡単に起こります。Zech ら（2018）は、二つの病院グループの画像で肺炎を見つけるネットワークを学習させました。
# ROC 曲線下面積は、同じグループの画像では 0.931、別の病院の画像では 0.815 でした（肺炎の割合が大きく違ったので、どちらのグループの画像かを
# 見分けるだけでも 0.861 になりました）。Roberts ら（2021）は、胸部画像による COVID-19 の論文を大量に調べました。審査に残ったのは 62 編で、
# 臨床で使えるモデルは**一つもありませんでした**。ほかのデータを継ぎ合わせた「フランケンシュタイン・データセット」では、同じ画像が学習用とテスト用の
# 両方に入りかねないことも、理由の一つです。画像、ヘッダー、患者番号を日々扱う皆さんこそ、それに気付ける立場にいます。


# %% role="setup"
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact
from scipy import ndimage

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_sex
from xraydojo.library import backprop
from xraydojo.library import training as library

# %% [markdown] lang="en"
# ## Learning by heart: a curve through all points
#
# Over-fitting needs no images. Expose a step wedge, measure the optical density of each step, and draw the **characteristic curve**. Each
# reading has a small error. Now let a polynomial find the curve: `degree` says how flexible it may be. We measure twice:
#
# * the **training error** on the readings that the polynomial was fitted to (circles),
# * the **validation error** on fresh readings of the same film (crosses), which it has never seen.
#
# Both are root-mean-square differences, in units of density. The readings' own error is 0.15: nobody can be expected to do better on fresh ones.
# %% [markdown] lang="ja"
# ## 丸暗記とは：すべての点を通る曲線
#
# 過学習は、画像がなくても起こります。階段（ステップウェッジ）を撮影し、各段の濃度を測って**特性曲線**を描くとしましょう。読み取りには小さな誤差があります。
# この曲線を多項式で当てはめます。次数（`degree`）が大きいほど、曲線は自由に曲がれます。誤差は、二通りに測ります。
#
# * **学習誤差**：当てはめに使った読み取り値（丸）との差
# * **検証誤差**：同じフィルムを改めて測った、当てはめに使っていない読み取り値（×）との差
#
# どちらも二乗平均平方根で、単位は濃度です。読み取り自体の誤差が 0.15 なので、新しい値に対してそれより良くなることは期待できません。

# %% role="demo"
def density(log_exposure):
    return 0.2 + 2.8 / (1 + np.exp(-4 * (log_exposure - 1.5)))

def readings(count, seed):
    x = np.linspace(0, 3, count)
    return x, density(x) + np.random.default_rng(seed).normal(0, 0.15, count)

def fit_readings(count, degree):
    (x, y), (x_new, y_new) = readings(count, 2), readings(50, 1)
    curve = np.polynomial.Polynomial.fit(x, y, degree)
    return curve, [np.sqrt(np.mean((curve(a) - b) ** 2)) for a, b in ((x, y), (x_new, y_new))]

def draw_fit(axes, count, degree):
    curve, (seen, unseen) = fit_readings(count, degree)
    fine = np.linspace(0, 3, 300)
    axes.plot(fine, density(fine), "--", color=figures.GREY, label=L("truth", "真の曲線"))
    axes.plot(fine, curve(fine), color=figures.BLUE, label=L("polynomial", "多項式"))
    axes.plot(*readings(50, 1), "x", ms=4, color=figures.ORANGE, label=L("fresh readings", "新しい値"))
    axes.plot(*readings(count, 2), "o", color=figures.BLUE, label=L("training", "学習用"))
    axes.set(xlabel=L("log relative exposure", "相対露光量の対数"), ylabel=L("optical density", "濃度"), ylim=(-0.5, 3.8),
             title=L(f"degree {degree}: training {seen:.2f}, validation {unseen:.2f}",
                     f"次数 {degree}：学習 {seen:.2f}、検証 {unseen:.2f}"))

# %% role="demo"
_, panels = plt.subplots(1, 3, figsize=(14, 4), sharey=True, layout="constrained")
for axes, degree in zip(panels, (1, 5, 11)):
    draw_fit(axes, 12, degree)
    axes.label_outer()
panels[0].legend(loc="upper left", fontsize=9)
figures.show(L("Twelve readings fitted by polynomials: degree 1 misses the S shape, 5 follows it, 11 runs through every point and swings between them",
               "12 個の読み取り値への当てはめ。次数 1 は S 字を表せず、5 は沿い、11 はすべての点を通るが、間で大きく振れる"))

# %% [markdown] lang="en"
# Left: too stiff, wrong on both (**under-fitting**). Right: the polynomial of degree 11 has twelve coefficients for twelve readings and runs through
# every one of them. Its training error is zero, and it is useless in between: it has learnt the *noise*. **Over-fitting** is
# this: a low error on what was learnt, a high one on what is new. The training error alone can never show it.
#
# ### Try it
#
# Set 12 readings and raise the degree: when does the validation error begin to grow? Then leave the degree at 11 and raise the number of readings.
# What does *more data* do to an over-flexible model?
# %% [markdown] lang="ja"
# 左は硬すぎて、どちらの誤差も大きい状態です（**学習不足**）。右の次数 11 は、12 個の値に対して係数が 12 個あり、すべての点を通ります。学習誤差は 0 ですが、
# 点と点の間では役に立ちません。*ノイズ*まで覚えてしまったからです。覚えたものでは誤差が小さく、新しいものでは大きい。これが**過学習**です。
# 学習誤差だけを見ていては、決して気付けません。
#
# ### 動かしてみよう
#
# 読み取りを 12 個にして、次数を上げていきましょう。検証誤差は、どこから大きくなりますか。次に、次数を 11 のままにして、読み取りの数を増やしてください。
# 自由すぎるモデルに対して、*データを増やす*ことはどう効くでしょうか。

# %% role="explore"
@interact(count=IntSlider(12, min=4, max=60, description=L("readings", "読み取り数")),
          degree=IntSlider(11, min=1, max=15, description=L("degree", "次数")))
def play(count, degree):
    _, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    degrees = range(1, min(15, count - 1) + 1)
    errors = np.array([fit_readings(count, d)[1] for d in degrees])
    draw_fit(left, count, min(degree, count - 1))
    right.semilogy(degrees, np.maximum(errors[:, 0], 1e-2), "o-", label=L("training", "学習誤差"))
    right.semilogy(degrees, errors[:, 1], "x--", label=L("validation", "検証誤差"))
    right.axvline(min(degree, count - 1), color=figures.GREY, lw=1)
    right.set(xlabel=L("degree", "次数"), ylabel=L("error in density", "誤差（濃度）"), ylim=(8e-3, 10))
    right.legend()
    figures.show(L("The fitted curve, and both errors against the degree", "当てはめた曲線と、次数に対する二つの誤差"))

# %% [markdown] lang="en"
# ## Three sets, three purposes
#
# | set | like | used for | how often |
# |---|---|---|---|
# | **training** | the textbook | finding the weights | in every epoch |
# | **validation** | the mock examination | decisions: when to stop, which network, which learning rate | again and again |
# | **test** | the real examination | one number for the report | **once**, at the end |
#
# Why is validation not enough? Whoever picks the best of twenty networks by the mock examination has picked a little luck as well: the
# winner's validation result is too good on average. The test set must stay in its sealed envelope until everything is decided.
#
# ## Our films
#
# For this unit we put all films of the set "female or male" into one pile and split it ourselves. The task is a fair one for a small network: hard
# enough to go wrong, and with an answer that nobody disputes.
# %% [markdown] lang="ja"
# ## 三つのデータ、三つの役目
#
# | データ | 例えるなら | 使いみち | 回数 |
# |---|---|---|---|
# | **学習用** | 教科書の問題 | 重みを決める | 毎エポック |
# | **検証用** | 模擬試験 | いつ止めるか、どのネットワークか、学習率はいくつか、などを決める | 何度でも |
# | **テスト用** | 国家試験 | 報告する一つの数値を出す | 最後に**一度だけ** |
#
# 検証用だけでは、なぜ足りないのでしょうか。20 個のネットワークから模擬試験の成績で一番を選ぶと、実力と一緒に「まぐれ」も選んでしまいます。選ばれたものの
# 検証成績は、平均すると実力より良すぎるのです。テスト用データは、すべてが決まるまで封筒に入れて封をしておきましょう。
#
# ## この単元の画像
#
# 「女性か男性か」のデータセットの画像を全部まとめて一つの山にし、自分たちで分けます。小さなネットワークにはほどよく難しく、正解には議論の余地がない課題です。

# %% role="demo"
data = load_sex(size=(128, 128))
sets = data.train, data.validation, data.test
images = np.concatenate([part.images for part in sets])[..., None]
sex = np.concatenate([part.targets for part in sets])
patients = np.concatenate([part.patients for part in sets])
print(data.source)
print(images.shape, dict(zip(data.train.classes, np.bincount(sex).tolist())))
female, male = np.flatnonzero(sex == 0)[[1, 20, 70]], np.flatnonzero(sex == 1)[[1, 30, 70]]
figures.films(images[[*female, *male], :, :, 0], [L("female", "女性")] * 3 + [L("male", "男性")] * 3,
              L("Three films of women, three of men", "女性の画像 3 枚と男性の画像 3 枚"))

# %% [markdown] lang="en"
# ## Split by patient
#
# A patient seldom has one film only: there are follow-ups, repeats, two projections; in unit 06 each film comes in four directions; in some
# public sets the same film is even stored twice under two numbers. All films of a patient share ribs, heart, implants and the shape of the shoulders. If one of
# them is in training and another in the test, the network need not know what a man's chest looks like. It is enough to recognise *Mr Sato*.
# That is a **leak**.
#
# So we draw **patients**, and their films follow them. Four tools from NumPy:
# %% [markdown] lang="ja"
# ## 患者ごとに分ける
#
# 一人の患者の画像が一枚だけ、ということはむしろまれです。経過観察、再撮影、正面と側面があります。単元06では、一枚の画像が四つの向きで登場しますし、
# 公開データでは、同じ画像が別の番号で二度入っていることさえあります。同じ患者の画像は、肋骨も、心臓も、体内金属も、肩の形も同じです。一枚が学習用、
# もう一枚がテスト用に入ると、ネットワークは「男性の胸部の特徴」を知らなくても正解できます。「*佐藤さん*だ」と見分けるだけでよいのです。これを**情報漏れ**（リーク）といいます。
#
# そこで、画像ではなく**患者**をくじ引きで分け、画像は患者についていかせます。NumPy の四つの道具を使います。

# %% role="demo"
tags = np.array(["Sato", "Abe", "Sato", "Ito", "Abe"])
print(np.unique(tags))
print(np.random.default_rng(3).permutation(np.unique(tags)))
print(np.isin(tags, ["Sato", "Ito"]))
print(np.flatnonzero(np.isin(tags, ["Sato", "Ito"])))

# %% [markdown] lang="en"
# From the top: who is there, once each and sorted; the same names in an order drawn by lot (the **seed**, here 3, makes the lot repeatable); which films belong to
# Sato or Ito; and the places of these films, counted from 0.
#
# ### Exercise 1: `split_by_patient`
#
# `ids` holds the patient of each film (numbers or names), `fractions` the shares of the parts, such as `(0.6, 0.2, 0.2)`. Return one array of film
# **indices** for each part, so that
#
# * every film is in exactly one part, and no patient is in two;
# * each part's number of **patients** is within one of its fraction of all patients (so round, do not cut off);
# * the same `seed` gives the same split, another seed another one.
#
# *Hint: `np.cumsum((0.6, 0.2, 0.2))` is `[0.6, 0.8, 1.0]`. Times the number of patients and rounded, that says where each part ends;
# `np.split(patients, ends[:-1])` cuts there.*
# %% [markdown] lang="ja"
# 上から順に、いる人を一度ずつ並べたもの、それをくじ引きで並べ替えたもの（**シード**、ここでは 3、が同じなら、くじの結果も同じです）、佐藤さんか伊藤さんの画像かどうか、
# そしてその画像の位置（0 から数えた番号）です。
#
# ### 演習1：`split_by_patient`
#
# `ids` は各画像の患者（番号または名前）、`fractions` は `(0.6, 0.2, 0.2)` のようなグループの割合です。グループごとに、画像の**番号**（インデックス）の配列を返してください。
#
# * どの画像もちょうど一つのグループに入り、二つのグループに入る患者はいない。
# * 各グループの**患者数**は、全患者数に割合を掛けた数から 1 名以内のずれに収める（切り捨てずに、四捨五入する）。
# * `seed` が同じなら分け方も同じ、違えば分け方も変わる。
#
# *ヒント：`np.cumsum((0.6, 0.2, 0.2))` は `[0.6, 0.8, 1.0]` です。患者数を掛けて四捨五入すると、各グループの終わりの位置になります。
# `np.split(patients, ends[:-1])` で、その位置で切ることができます。*

# %% exercise="split_by_patient"
def split_by_patient(ids, fractions, seed):
    L("""Return a tuple with the indices of the films of each part; no patient is in two parts.""",
      """各グループに入る画像の番号（インデックス）の組を返す。同じ患者は二つのグループに入らない。""")
    ### BEGIN SOLUTION
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    groups = np.split(patients, ends[:-1])
    return tuple(np.flatnonzero(np.isin(ids, group)) for group in groups)
    ### END SOLUTION

# %% test="split_by_patient" points=3
with check("split_by_patient") as t:
    few = np.array([7, 7, 3, 9, 3, 12, 5, 5, 5, 5, 5, 5, 5, 20, 11, 11, 8, 1])
    named = np.array(["Sato", "Abe", "Sato", "Mori", "Abe", "Kato", "Ito", "Ono", "Ito", "Ueda"])
    for ids_, fractions in ((few, (0.6, 0.2, 0.2)), (named, (0.75, 0.25))):
        parts = t.call(split_by_patient, ids_, fractions, 1).value
        t.that(parts is not None and len(parts) == len(fractions),
               L("return one array of indices for each fraction", "割合の数と同じ個数の、番号の配列を返してください"))
        flat = [int(i) for part in parts for i in np.asarray(part).ravel()]
        t.that(sorted(flat) == list(range(len(ids_))),
               L(f"every film once: together the parts should hold each of the numbers 0 to {len(ids_) - 1} exactly once",
                 f"どの画像も一回ずつ：全部のグループを合わせると、0 から {len(ids_) - 1} の番号が一回ずつ現れるはずです"))
        groups = [set(ids_[np.asarray(part, int)]) for part in parts]
        t.that(sum(map(len, groups)) == len(set(ids_)), L("a patient is in two parts", "二つのグループに入っている患者がいます"))
        t.that([abs(len(g) - f * len(set(ids_))) <= 1 + 1e-9 for g, f in zip(groups, fractions)],
               L("count patients: a part should be within one patient of its fraction", "患者を数えてください：各グループの患者数は、割合どおりの数から 1 名以内のずれに収めます"))
    first, again, *others = [[np.asarray(part, int).tolist() for part in t.call(split_by_patient, few, (0.5, 0.5), seed).value]
                             for seed in (1, 1, 2, 3, 4)]
    t.that(first == again, L("the same seed must give the same split", "シードが同じなら、同じ分け方になるはずです"))
    t.that(any(first != other for other in others),
           L("another seed must give another split: draw the patients", "シードを変えると、分け方も変わるはずです：患者をくじ引きで選びましょう"))
### BEGIN HIDDEN TESTS
with check("split_by_patient", hidden=True) as t:
    for count_, films_, fractions_ in ((11, 30, (0.5, 0.3, 0.2)), (23, 90, (0.7, 0.3)), (17, 60, (0.4, 0.3, 0.2, 0.1)), (9, 9, (0.6, 0.2, 0.2))):
        names_ = t.rng.choice(10_000, count_, replace=False)
        ids_ = t.rng.permutation(np.concatenate([names_, t.rng.choice(names_, films_ - count_)]))
        for given_ in (ids_, np.array([f"JPC{number:05d}" for number in ids_])):
            parts_ = [np.asarray(part).ravel() for part in t.call(split_by_patient, given_, fractions_, int(t.rng.integers(1000))).value]
            t.that(len(parts_) == len(fractions_), L("one part for each fraction", "割合ごとに一つのグループ"))
            t.that(sorted(int(i) for part in parts_ for i in part) == list(range(films_)), L("every film once", "どの画像も一回ずつ"))
            groups_ = [set(given_[part.astype(int)]) for part in parts_]
            t.that(sum(map(len, groups_)) == count_, L("no patient in two parts", "同じ患者を二つのグループに入れない"))
            t.that([abs(len(g) - f * count_) <= 1 + 1e-9 for g, f in zip(groups_, fractions_)], L("the fractions of the patients", "患者数の割合"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## A leak makes a parrot look clever
#
# Now the experiment. Each patient gets three exposures, as after two repeats: shifted by at most one pixel (about 3 mm) and turned by at most 2°. (The
# function that does this is your Exercise 5; here the library's.) The "network" is the simplest there is, the **nearest neighbour**: it
# gives a film the answer of the most similar training film. A perfect parrot, it only remembers.
#
# We ask it for the sex, and then for something that *cannot be seen in any film*: for each patient we toss a **coin** and call the result the label.
# Whoever is honest gets half of the coins right. Both questions are split by film (each film its own "patient") and by patient, ten times each.
# %% [markdown] lang="ja"
# ## 情報漏れがあると、オウムも賢く見える
#
# 実験してみましょう。再撮影を二回したつもりで、一人の患者につき三枚の画像を用意します。それぞれ、1 画素（約 3 mm）以内の平行移動と 2° 以内の回転だけが違います
# （この処理は演習5で自分で書きます。ここではライブラリの関数を使います）。「ネットワーク」には、最も単純な**最近傍法**を使います。最もよく似た学習用画像を探し、
# その答えをそのまま返すだけの、完全な丸暗記です。
#
# 質問は二つです。一つは性別。もう一つは、*画像のどこにも写っていないこと*です。患者ごとに**コインを投げて**、その裏表をラベルにします。
# 正直に測れば、コインは半分しか当たりません。どちらの質問も、画像ごとに分けた場合（一枚一枚を別の「患者」とみなす）と、患者ごとに分けた場合で、10回ずつ調べます。

# %% role="demo"
deal = yours_or(library.split_by_patient)
exposures = np.concatenate([library.augment(images, np.random.default_rng(k), 1, 2) for k in range(3)])
pixels = exposures.reshape(len(exposures), -1)
squares = (pixels ** 2).sum(axis=1)
distance = squares[:, None] + squares - 2 * pixels @ pixels.T
who = np.tile(np.unique(patients, return_inverse=True)[1], 3)
answers = {L("sex", "性別"): np.tile(sex, 3), L("coin", "コイン"): np.random.default_rng(5).integers(0, 2, len(images))[who]}
groups_of = {L("by film", "画像ごと"): np.arange(len(who)), L("by patient", "患者ごと"): who}

def parrot(known, asked, answer):
    nearest = np.asarray(known)[distance[known][:, asked].argmin(axis=0)]
    return np.mean(answer[nearest] == answer[asked])

# %% role="demo"
_, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
results, names = {}, []
for answer in answers:
    for way, marker in zip(groups_of, "xo"):
        shares = [parrot(*deal(groups_of[way], (0.75, 0.25), s), answers[answer]) for s in range(10)]
        results[answer, way] = np.mean(shares)
        print(L(f"{answer}, split {way}: accuracy {np.mean(shares):.0%}", f"{answer}、{way}に分割：正解率 {np.mean(shares):.0%}"))
        axes.plot(np.full(10, len(names)) + np.linspace(-0.1, 0.1, 10), shares, marker, color=figures.RED if marker == "x" else figures.BLUE)
        names.append(f"{answer}\n{way}")
axes.axhline(0.5, color=figures.GREY, ls="--")
axes.set(xticks=range(4), xticklabels=names, ylim=(0.3, 1.03), ylabel=L("accuracy", "正解率"))
figures.show(L("Accuracy of the nearest neighbour: high when split by film, for the coin, too; far lower when split by patient",
               "最近傍法の正解率。画像ごとに分けると、コインでさえ高い。患者ごとに分けると、ずっと低い"))

# %% [markdown] lang="en"
# Split by film, the parrot "predicts" a coin that was tossed in secret, nine times out of ten. Of course it does: it finds another exposure of the same
# patient and reads off the answer. Split by patient, the coin is back at about one half, and the sex at what the nearest neighbour is really worth.
#
# Remember the **coin test**: if your own pipeline can predict random labels for patients, it leaks. And note that no line of the code looks wrong.
# The error is in the *split*.
#
# ## The same scale for all
#
# The features of a sample may come in all sizes: a chest width of 300 mm beside a cardiothoracic ratio of 0.45; pixels up to 255 or up to 4095. Gradients
# grow with their inputs, so the largest unit would rule. The remedy is to **standardise**:
#
# $$ x' = \frac{x - \mu}{\sigma} $$
#
# with the mean $\mu$ and the standard deviation $\sigma$ of each feature **in the training data**. Validation and test data go through the *same*
# formula with the *same* numbers. Their own mean may not be used: that would be a look into the envelope, and in practice the next patient comes alone and has no mean.
#
# ### Exercise 2: `standardize`
#
# Write `standardize(train, *others)`. The star collects any number of further arrays in the tuple `others`. Return a tuple: `train` and all others, standardised.
#
# * The features are in the **last** axis; take mean and SD over all the others. For a table (N, C) that is axis 0, for images (N, H, W, C) the axes 0, 1 and 2.
# * A feature with SD 0 (constant in `train`) is divided by 1.
# * Do not write into the arrays that you were given.
#
# *Hint: `tuple(range(train.ndim - 1))` names all axes but the last, and `np.where(sd == 0, 1, sd)` replaces zeros.*
# %% [markdown] lang="ja"
# 画像ごとに分けると、こっそり投げたコインの裏表を、オウムは十中八九言い当てます。当然です。同じ患者の別の画像を見つけて、答えを読み上げているだけなのですから。
# 患者ごとに分けると、コインは半分ほどに戻り、性別も最近傍法の本当の実力に戻ります。
#
# この**コインの試験**を覚えておいてください。患者ごとに決めたでたらめなラベルを言い当てられるなら、そのプログラムのどこかに情報漏れがあります。しかも、コードのどの行も間違っては
# 見えません。間違いは*分け方*にあるのです。
#
# ## すべてを同じものさしで
#
# 特徴の大きさはまちまちです。胸郭の幅 300 mm と心胸郭比 0.45 が並ぶこともあり、画素値の最大は 255 のことも 4095 のこともあります。勾配は入力が大きいほど大きくなるので、
# そのままでは、大きな数の特徴ばかりが幅を利かせます。そこで**標準化**します。
#
# $$ x' = \frac{x - \mu}{\sigma} $$
#
# 平均 $\mu$ と標準偏差 $\sigma$ は、特徴ごとに、**学習用データで**求めます。検証用とテスト用も、*同じ*式に*同じ*値を使います。検証用やテスト用の平均を使うと、封筒の中を
# のぞいたことになりますし、実際の現場では次の患者さんは一人で来るので、そもそも平均がありません。
#
# ### 演習2：`standardize`
#
# `standardize(train, *others)` を書いてください。星印（`*`）を付けると、後ろに続くいくつもの配列が、組 `others` にまとめて入ります。標準化した `train` と others を、一つの組（タプル）で返します。
#
# * 特徴は**最後の**軸に並んでいます。平均と標準偏差は、それ以外のすべての軸について求めます。表 (N, C) なら軸 0、画像 (N, H, W, C) なら軸 0、1、2 です。
# * 標準偏差が 0 の特徴（`train` で一定の特徴）は、1 で割ります。
# * 渡された配列そのものは書き換えないでください。
#
# *ヒント：`tuple(range(train.ndim - 1))` は最後以外のすべての軸を表し、`np.where(sd == 0, 1, sd)` は 0 を 1 に置き換えます。*

# %% exercise="standardize"
def standardize(train, *others):
    L("""Return a tuple: train and the others, standardised by the mean and SD of train.""",
      """学習用データの平均と標準偏差で標準化した、train と others を組（タプル）で返す。""")
    ### BEGIN SOLUTION
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    sd = np.where(sd == 0, 1, sd)
    return tuple((data - mean) / sd for data in (train, *others))
    ### END SOLUTION

# %% test="standardize" points=3
with check("standardize") as t:
    # en: means 4, 20, 5 and standard deviations 3, 10, 0
    # ja: 平均は 4、20、5、標準偏差は 3、10、0
    train = np.array([[1.0, 10.0, 5.0], [1.0, 30.0, 5.0], [7.0, 10.0, 5.0], [7.0, 30.0, 5.0]])
    others = np.array([[4.0, 25.0, 6.0], [10.0, 5.0, 4.0]]), np.array([[-2.0, 20.0, 5.0], [1.0, 0.0, 5.0]])
    scaled = [[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]]
    t.call(standardize, train, *others).equals((scaled, [[0, 0.5, 1], [2, -1.5, -1]], [[-2, 0, 0], [-1, -2, 0]]), names=("train", "first", "second"))
    t.call(standardize, train).equals((scaled,), names=("train",))
    # en: three "films" of 1 x 2 pixels with two channels: one mean and one SD for each channel
    # ja: 1 x 2 画素、2 チャンネルの「画像」3 枚：平均と標準偏差はチャンネルごとに一つ
    films = np.array([[[[1.0, 10.0], [7.0, 10.0]]], [[[1.0, 30.0], [7.0, 30.0]]], [[[7.0, 10.0], [1.0, 30.0]]]])
    expected = [[[[-1, -1], [1, -1]]], [[[-1, 1], [1, 1]]], [[[1, -1], [-1, 1]]]]
    t.call(standardize, films, films[:1]).equals((expected, expected[:1]), names=("train", "other"))
### BEGIN HIDDEN TESTS
with check("standardize", hidden=True) as t:
    from statistics import fmean, pstdev

    for shape_, rest_ in (((7, 3), ((2, 3), (5, 3))), ((3, 4, 5, 2), ((1, 4, 5, 2),)), ((6, 5, 4), ((2, 5, 4),)), ((11, 1), ())):
        train_, others_ = t.rng.normal(50, 20, shape_), [t.rng.normal(10, 5, shape) for shape in rest_]
        if shape_[-1] > 2:
            train_[..., 1] = 3.0
        columns_ = train_.reshape(-1, shape_[-1]).T.tolist()
        centres_, widths_ = [fmean(column) for column in columns_], [pstdev(column) or 1 for column in columns_]
        expected_ = tuple((data - np.array(centres_)) / np.array(widths_) for data in (train_, *others_))
        t.call(standardize, train_, *others_).equals(expected_)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# Now the split that we keep: half of the patients for training, three tenths for validation, a fifth into the envelope. The films become smaller
# (32 x 32), so that a small network can manage them. (So that all of us look at the same patients, the lot is drawn by the library here; yours would do
# as well.) All pixels share one unit, the grey value, so that one mean and one SD serve the whole film:
# that is the shape (N, 32, 32, 1), with a single feature in the last axis.
# %% [markdown] lang="ja"
# ここからは、患者の半分を学習用、3 割を検証用、2 割を封筒の中（テスト用）とします。小さなネットワークでも扱えるように、画像は 32 x 32 に縮めます
# （全員が同じ患者の結果を見られるように、ここだけはライブラリの関数でくじを引きます。あなたの関数でも同じように分けられます）。
# どの画素も単位は同じ（画素値）なので、平均と標準偏差は画像全体で一つずつで十分です。形は (N, 32, 32, 1)、つまり最後の軸の特徴は一つだけです。

# %% role="demo"
small = images.reshape(-1, 32, 4, 32, 4, 1).mean(axis=(2, 4))
learning, mock, sealed = library.split_by_patient(patients, (0.5, 0.3, 0.2), 2)
scale = yours_or(library.standardize)
_, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
pair = small[learning], small[mock]
for ax, name, two in zip(axes, (L("before", "標準化前"), L("standardised", "標準化後")), (pair, scale(*pair))):
    for values, style, who_ in zip(two, ("-", "--"), (L("training", "学習用"), L("validation", "検証用"))):
        values = np.asarray(values)
        ax.hist(values.ravel(), 60, histtype="step", density=True, ls=style, lw=1.5, label=who_)
        print(f"{name} {who_}: {round(float(values.mean()), 3) + 0:.3f} ± {values.std():.3f}")
    ax.set(title=name, xlabel=L("pixel value", "画素値"), ylabel=L("density of pixels", "画素の割合（密度）"))
axes[0].legend()
figures.show(L("Histograms of training and validation pixels, before and after", "学習用と検証用の画素値のヒストグラム。標準化の前と後"))

# %% [markdown] lang="en"
# The training pixels now have mean 0 and SD 1 exactly, the validation pixels *nearly*: they had no say. The shape of the histogram is as it was.
#
# ## Small helpings: mini-batches
#
# For one step of gradient descent all films could be used, which is exact but slow, or a single one, which is quick but erratic. In between is the
# **mini-batch**: a handful of films, one step; the next handful, the next step. When all films have had their turn, an **epoch** is over. The films are
# shuffled anew in each epoch. If they stood sorted, women first, then men, the network would be dragged to and fro.
#
# ### Exercise 3: `minibatches`
#
# Write `minibatches(n, size, rng)`: return a list of index arrays that together hold each of the numbers 0 to n - 1 once, in an order drawn from the generator `rng`. All
# have `size` elements; the last one has what is left over.
#
# *Hint: `rng.permutation(10)` shuffles 0 to 9, `order[4:8]` cuts out the second helping of 4, and a slice that goes beyond the end simply stops there.*
# %% [markdown] lang="ja"
# 学習用の画素は、平均がちょうど 0、標準偏差がちょうど 1 になりました。検証用は*ほぼ*その値です。平均と標準偏差を決めるのに使っていないからです。ヒストグラムの形は変わりません。
#
# ## 少しずつ取り分ける：ミニバッチ
#
# 勾配降下法の一歩に全部の画像を使えば、正確ですが時間がかかります。一枚だけ使えば、速い代わりにふらつきます。その中間が**ミニバッチ**です。何枚かを取って一歩、次の何枚かで
# また一歩と進み、すべての画像を使い終わると 1 **エポック**です。エポックのたびに、画像の順番を並べ替えます。女性が先、男性が後のように並んだままだと、ネットワークが
# あちらこちらへ引っ張られてしまいます。
#
# ### 演習3：`minibatches`
#
# `minibatches(n, size, rng)` を書いてください。0 から n - 1 の番号を、乱数生成器 `rng` で引いた順に並べ、`size` 個ずつに切った配列のリストを返します。どの番号も一回ずつ
# 現れます。割り切れないときは、最後の一つに残りを入れます。
#
# *ヒント：`rng.permutation(10)` は 0 から 9 を並べ替えます。`order[4:8]` は 4 個ずつに切ったときの二つめです。終わりを超える範囲を指定しても、終わりで止まるだけです。*

# %% exercise="minibatches"
def minibatches(n, size, rng):
    L("""Return a list of index arrays: the numbers 0 to n - 1 in a new order, cut into batches.""",
      """0 から n - 1 の番号を新しい順に並べ、size 個ずつに切った配列のリストを返す。""")
    ### BEGIN SOLUTION
    order = rng.permutation(n)
    return [order[start:start + size] for start in range(0, n, size)]
    ### END SOLUTION

# %% test="minibatches" points=2
with check("minibatches") as t:
    for n, size, lengths in ((10, 4, [4, 4, 2]), (6, 3, [3, 3]), (2, 5, [2]), (40, 10, [10] * 4)):
        batches = [np.asarray(batch).ravel().tolist() for batch in t.call(minibatches, n, size, np.random.default_rng(n)).value]
        got = [len(batch) for batch in batches]
        t.that(got == lengths, L(f"n = {n}, size = {size}: the batches should have {lengths} samples, yours have {got}",
                                 f"n = {n}、size = {size}：ミニバッチの大きさは {lengths} のはずですが、{got} になっています"))
        t.that(sorted(sum(batches, [])) == list(range(n)),
               L("each of the numbers 0 to n - 1 once in an epoch", "1 エポックの間に、0 から n - 1 の番号が一回ずつ現れるはずです"))
    t.that(sum(batches, []) != list(range(40)), L("shuffle: the samples came in their old order", "並べ替えてください：元の順のままです"))
    t.that(any(max(batch) - min(batch) > 9 for batch in batches),
           L("neighbours stay together in one batch; shuffle the samples, not the batches", "隣どうしがいつも同じミニバッチです。ミニバッチの順ではなく、サンプルの順を並べ替えましょう"))
    rng = np.random.default_rng(7)
    first, second, third = [np.concatenate([np.asarray(batch) for batch in t.call(minibatches, 40, 9, generator).value]).tolist()
                            for generator in (rng, rng, np.random.default_rng(7))]
    t.that(first != second, L("a new order at each call", "呼び出すたびに、新しい順にしてください"))
    t.that(first == third, L("draw from rng: an rng of the same seed must give the same order", "rng を使ってください：同じシードの rng なら、同じ順になるはずです"))
### BEGIN HIDDEN TESTS
with check("minibatches", hidden=True) as t:
    for n_, size_ in ((1, 1), (17, 5), (30, 6), (100, 32), (int(t.rng.integers(40, 90)), int(t.rng.integers(2, 9)))):
        batches_ = [np.asarray(batch).ravel().tolist() for batch in t.call(minibatches, n_, size_, t.rng).value]
        full_, left_ = divmod(n_, size_)
        t.that([len(batch) for batch in batches_] == [size_] * full_ + [left_] * (left_ > 0), L("the sizes of the batches", "ミニバッチの大きさ"))
        t.that(sorted(sum(batches_, [])) == list(range(n_)), L("each sample once", "どのサンプルも一回ずつ"))
    places_ = np.zeros((12, 12))
    for _ in range(400):
        order_ = np.concatenate([np.asarray(batch) for batch in t.call(minibatches, 12, 5, t.rng).value]).astype(int)
        places_[order_, np.arange(12)] += 1
    # each sample is at each place in one of twelve epochs: 33 times, standard deviation 5.5
    t.that(np.abs(places_ - 400 / 12) < 33, L("all orders alike", "どの順も同じ確率"))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Over-fitting, seen
#
# All parts are there. The network is that of unit 03: 1,024 pixels, 16 hidden neurons, 2 answers; 16,434 weights and biases. Here is its training, with your
# `standardize` and `minibatches`. After each epoch it notes the loss on the training films and on the validation films, and it keeps the weights.
# Two arguments are for later: `decay` and `change`.
# %% [markdown] lang="ja"
# ## 過学習を見る
#
# 部品がそろいました。ネットワークは単元03と同じもので、入力が 1,024 画素、隠れ層が 16 個、答えが 2 種類、重みとバイアスは合わせて 16,434 個です。あなたの `standardize` と `minibatches` を使って
# 学習させます。エポックごとに、学習用の画像と検証用の画像で損失を記録し、そのときの重みも取っておきます。引数の `decay` と `change` は、後で使います。

# %% role="demo"
deal_out = yours_or(library.minibatches)

def inputs(films_, like):
    return np.asarray(scale(like, films_)[1]).reshape(len(films_), -1)

def start(rng_):
    return {"W1": rng_.normal(0, 1 / 32, (1024, 16)), "b1": np.zeros(16), "W2": rng_.normal(0, 1 / 4, (16, 2)), "b2": np.zeros(2)}

def step(params, x, y, decay):
    grads = backprop.backward(params, backprop.forward(params, x)[1], y)
    return backprop.sgd_step(params, {name: grads[name] + decay * params[name] for name in grads}, 0.05)

def losses_of(params, *pairs):
    return [backprop.cross_entropy(backprop.forward(params, x)[0], y) for x, y in pairs]

# %% role="demo"
def train_network(chosen, epochs=150, decay=0, change=None, pool=small, target=sex, checked=mock):
    rng_ = np.random.default_rng(1)
    params, curves, kept = start(rng_), [], []
    pairs = [(inputs(pool[part], pool[chosen]), target[part]) for part in (chosen, checked)]
    for _ in range(epochs):
        X = pairs[0][0] if change is None else inputs(change(pool[chosen], rng_), pool[chosen])
        for batch_ in deal_out(len(chosen), 8, rng_):
            params = step(params, X[batch_], target[chosen][batch_], decay)
        curves.append(losses_of(params, *pairs))
        kept.append(params)
    return np.array(curves), kept

def accuracy(params, part, like, target=sex, pool=small):
    return np.mean(backprop.forward(params, inputs(pool[part], pool[like]))[0].argmax(axis=1) == target[part])

# %% [markdown] lang="en"
# Of the patients for training we take 24 only, and because one lot may be lucky we do it four times with other patients: thin lines are the
# four trainings, thick ones their mean.
# %% [markdown] lang="ja"
# 学習用の患者のうち 24 名だけを使います。くじの運不運があるので、患者を変えて4回繰り返します。細い線が一回ごとの学習、太い線がその平均です。

# %% role="demo"
fours = [learning[np.random.default_rng(draw).permutation(len(learning))[:24]] for draw in range(4)]
plain = [train_network(few_) for few_ in fours]

def draw_curves(axes, runs, title):
    for k, color, style, name in ((0, figures.BLUE, "-", L("training", "学習用")), (1, figures.ORANGE, "--", L("validation", "検証用"))):
        for curve, _ in runs:
            axes.plot(curve[:, k], style, color=color, lw=0.6, alpha=0.6)
        axes.plot(np.mean([curve[:, k] for curve, _ in runs], axis=0), style, color=color, lw=2.5, label=name)
    axes.axhline(np.log(2), color=figures.GREY, lw=1, ls=":")
    axes.set(title=title, xlabel=L("epoch", "エポック"), ylabel=L("loss", "損失"), ylim=(0, 1.3))

def report(epoch):
    seen, new = np.mean([curve[epoch] for curve, _ in plain], axis=0)
    right = [np.mean([accuracy(kept[epoch], few_ if own else mock, few_) for few_, (_, kept) in zip(fours, plain)]) for own in (1, 0)]
    print(L(f"epoch {epoch}: loss training {seen:.2f}, validation {new:.2f}; accuracy {right[0]:.0%}, {right[1]:.0%}",
            f"エポック {epoch}：損失 学習用 {seen:.2f}、検証用 {new:.2f}、正解率 {right[0]:.0%}、{right[1]:.0%}"))

# %% role="demo"
_, axes = plt.subplots(figsize=(7, 4), layout="constrained")
draw_curves(axes, plain, L("24 films, 16,434 weights", "画像 24 枚、重みとバイアス 16,434 個"))
axes.legend()
report(int(np.mean([curve[:, 1] for curve, _ in plain], axis=0).argmin()))
report(149)
figures.show(L("Training loss falls to almost zero; validation loss falls first and then rises above ln 2",
               "学習用の損失は 0 近くまで下がる。検証用の損失は初め下がり、やがて ln 2 を超えて上がる"))

# %% [markdown] lang="en"
# Learn to see this figure. The training loss falls and falls; at the end all 24 films are known by heart. The validation loss falls at first, as long as the
# network learns what all chests share. Then it turns and **rises**, above even the dotted line: that is $\ln 2 = 0.69$, the loss of someone who always
# says "50 : 50". The network is no longer just wrong on some new films: it is wrong and *sure of it*. (The accuracy hardly moves meanwhile. It counts right and wrong
# only; the loss sees the misplaced confidence.)
#
# How far apart the curves are is called the generalisation gap. If both are high, you have the opposite, under-fitting: a larger network, or more patience.
#
# ## First cure: stop in time
#
# **Early stopping** costs nothing: after each epoch look at the validation loss; keep the weights of the best epoch; and when
# nothing has improved for some epochs, stop. How many? That is the **patience**, since the curve goes up and down a little by itself (Prechelt 1998).
#
# | epoch | 0 | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|---|
# | validation loss | 5 | **4** | 6 | 6 | 3 |
# | epochs without improvement | 0 | 0 | 1 | 2: stop | not computed |
#
# With a patience of 2 the best epoch is 1. The 3 in epoch 4 is never seen: the training was over by then. A patience of 3 would have found it, at the price of waiting.
#
# ### Exercise 4: `early_stopping`
#
# Write `early_stopping(val_losses, patience)` and return the best epoch, counted from 0.
#
# * An improvement is a loss **lower** than all before; equal is not enough, and neither is NaN (*not a number*, what an exploded training shows).
# * After `patience` epochs in a row without improvement it is over: later losses must not be used.
# * If the list ends earlier, the best epoch so far counts.
#
# *Hint: start with `best_loss = np.inf`, and go through the losses with `for epoch, loss in enumerate(val_losses)`.*
# %% [markdown] lang="ja"
# この図の見方を身に付けましょう。学習用の損失は下がり続け、最後には 24 枚すべてを暗記しています。検証用の損失も初めは下がります。どの胸部にも共通することを学んでいる間です。やがて
# 向きを変えて**上がり**、点線さえ超えます。点線は $\ln 2 = 0.69$、いつも「五分五分です」と答える人の損失です。新しい画像を間違えるだけでなく、
# *自信をもって*間違えるようになったのです（その間、正解率はほとんど動きません。正解率は当たり外れしか数えませんが、損失には、根拠のない自信が表れます）。
#
# 二本の曲線の隔たりを、汎化ギャップと呼びます。反対に、二本とも高いままなら学習不足です。ネットワークを大きくするか、もっと長く学習させます。
#
# ## 処方箋その1：ちょうどよいところで止める
#
# **早期終了**（early stopping）は、費用のかからない方法です。エポックごとに検証用の損失を調べ、最良のエポックの重みを取っておき、しばらく改善しなければ終わりにします。
# 曲線はひとりでに細かく上下するので、何回かは待ちます。待つ回数を **patience**（「忍耐」の意味）といいます（Prechelt 1998）。
#
# | エポック | 0 | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|---|
# | 検証用の損失 | 5 | **4** | 6 | 6 | 3 |
# | 改善しなかった回数 | 0 | 0 | 1 | 2：終了 | 計算されない |
#
# patience が 2 なら、最良はエポック 1 です。エポック 4 の「3」は、誰も見ることがありません。その前に学習が終わったからです。patience が 3 なら見つけられましたが、その分だけ待つことになります。
#
# ### 演習4：`early_stopping`
#
# `early_stopping(val_losses, patience)` を書き、最良のエポックを（0 から数えて）返してください。
#
# * 改善とは、それまでのどの損失よりも**小さい**ことです。同じ値では改善とみなしません。NaN（非数。学習が発散すると現れます）も改善ではありません。
# * 改善しないエポックが `patience` 回続いたら終わりです。その後の損失は使えません。
# * その前にリストが終わったら、それまでの最良のエポックを返します。
#
# *ヒント：`best_loss = np.inf` から始めて、`for epoch, loss in enumerate(val_losses)` で順に見ていきましょう。*

# %% exercise="early_stopping"
def early_stopping(val_losses, patience):
    L("""Return the best epoch, counted from 0, at the moment when training stops.""",
      """学習が打ち切られた時点での、最良のエポック（0 から数える）を返す。""")
    ### BEGIN SOLUTION
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best, best_loss, waited = epoch, loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best
    ### END SOLUTION

# %% test="early_stopping" points=3
with check("early_stopping") as t:
    for losses, patience, best in (([5.5, 4.5, 6.5, 6.5, 3.5, 7.5, 8.5, 9.5, 2.5], 2, 1), ([5.0, 6.0, 4.0, 3.0, 7.0, 2.0, 8.0, 9.0, 1.0], 2, 5),
                                   ([4.0, 3.0, 2.0, 1.0], 1, 3), ([6.0, 5.0, 7.0, 6.0, 5.5, 4.0], 3, 1), ([3.0, 2.0, 2.0, 2.0, 1.0], 2, 1),
                                   ([4.0, 3.0, np.nan, 2.0, 5.0, np.nan, 1.0, 6.0, np.nan], 2, 3)):
        t.call(early_stopping, np.array(losses), patience).equals(best)
### BEGIN HIDDEN TESTS
with check("early_stopping", hidden=True) as t:
    for losses_, patience_, best_ in (([1.0], 1, 0), ([2.0, 3.0, 1.0], 1, 0), ([2.0, 3.0, 1.0], 2, 2), ([0.5, 0.5, 0.5, 0.4], 4, 3),
                                      ([9.0, 8.0, np.nan, np.nan, 7.0], 2, 1), ([9.0, 8.0, np.nan, np.nan, 7.0], 3, 4)):
        t.call(early_stopping, np.array(losses_), patience_).equals(best_)
    for _ in range(30):
        losses_, patience_ = t.rng.integers(1, 30, 25).astype(float), int(t.rng.integers(1, 6))
        # the first epoch that is below all before it and not followed by a lower one within the patience
        records_ = [e for e in range(25) if all(losses_[e] < before for before in losses_[:e])]
        best_ = next(e for e in records_ if not any(later < losses_[e] for later in losses_[e + 1:e + 1 + patience_]))
        t.call(early_stopping, losses_, patience_).equals(best_)
### END HIDDEN TESTS

# %% role="demo"
when_to_stop = yours_or(library.early_stopping)
_, axes = plt.subplots(figsize=(7, 4), layout="constrained")
loss = plain[1][0][:, 1]
axes.plot(loss, "--", color=figures.ORANGE, label=L("validation, second lot", "検証用（2 回目のくじ）"))
for wait, marker, color in ((1, "v", figures.GREEN), (5, "s", figures.BLUE), (20, "o", figures.RED)):
    stop = int(when_to_stop(loss, wait))
    axes.plot(stop, loss[stop], marker, ms=9, color=color, label=L(f"patience {wait}", f"patience {wait}"))
    print(L(f"patience {wait}: epoch {stop}, validation loss {loss[stop]:.2f}", f"patience {wait}：エポック {stop}、検証用の損失 {loss[stop]:.2f}"))
axes.set(xlabel=L("epoch", "エポック"), ylabel=L("loss", "損失"), ylim=(0, 1.3))
axes.legend()
print(L(f"without stopping: {loss[-1]:.2f}", f"止めなければ：{loss[-1]:.2f}"))
figures.show(L("A validation curve with the epochs that are kept with a patience of 1, 5 and 20", "検証用の曲線と、patience 1、5、20 のときに残されるエポック"))

# %% [markdown] lang="en"
# With little patience the first small bump ends the training; with more, the bottom of the valley is found. In practice 5 to 20 epochs are common.
#
# ## Second cure: more films, or almost
#
# The best cure are more patients. Next best: films that *might have been taken*. The patient stands two centimetres further left, or leans by three degrees; sex,
# heart and nodule stay the same. **Data augmentation** makes such films in every epoch anew, so that the network never sees exactly the same
# film twice and cannot learn it by heart. Only training films are augmented: the mock examination stays as it is.
#
# SciPy does the work. An image needs to know two things: how values between pixels are found (`order=1`: linearly), and what lies
# beyond the edge (`mode="nearest"`: the edge goes on).
# %% [markdown] lang="ja"
# patience が小さいと、最初の小さなでこぼこで終わってしまいます。もう少し待てば、谷の底が見つかります。実際には 5 から 20 エポックほどがよく使われます。
#
# ## 処方箋その2：画像を増やす、または増やしたことにする
#
# いちばんの薬は、患者数を増やすことです。次によいのは、*撮れていたかもしれない*画像を作ることです。患者さんが 2 cm 左に立っていたら。体が 3° 傾いていたら。それでも性別や心臓、結節影は
# 変わりません。**データ拡張**は、エポックのたびにこのような画像を作り直します。まったく同じ画像を二度と見ないので、ネットワークは丸暗記ができません。
# 拡張するのは学習用の画像だけです。模擬試験の問題は、そのままにしておきます。
#
# 処理は SciPy に任せます。決めておくことは二つ、画素と画素の間の値の求め方（`order=1` は線形補間）と、画像の外側の扱い（`mode="nearest"` は端の値を続ける）です。

# %% role="demo"
one = images[2]
turned_ = ndimage.rotate(one, 20, reshape=False, order=1, mode="nearest")
moved_ = ndimage.shift(one, (12, -20, 0), order=1, mode="nearest")
black_ = ndimage.rotate(one, 20, reshape=False, order=1)
print(np.random.default_rng(1).uniform(-5, 5), np.random.default_rng(1).integers(-2, 2 + 1, size=6))
figures.films([picture[..., 0] for picture in (one, turned_, moved_, black_)],
              [L("a film", "元の画像"), "rotate(..., 20)", "shift(..., (12, -20, 0))", L("without mode", "mode なし")],
              L("A film; turned by 20 degrees; 12 rows down and 20 columns left; turned, with black corners", "元の画像、20° 回転、下へ 12 行・左へ 20 列移動、隅が黒い回転"))

# %% [markdown] lang="en"
# Angles and shifts are far too large here, so that you can see them. Black corners (right) are best avoided: the network may learn the frame.
# `rng.uniform(-5, 5)` draws an angle; `rng.integers(-2, 2 + 1)` draws a whole number from -2 to 2, since the upper end does not count. A film has the
# shape (H, W, C), which is why the shift has three numbers: rows, columns, and 0 for the channels.
#
# ### Exercise 5: `augment`
#
# Write `augment(batch, rng, max_shift, max_angle)` for a batch of shape (N, H, W, C). For **each film** draw an angle within ±`max_angle` degrees and whole shifts
# `dy`, `dx` within ±`max_shift` pixels; turn the film about its centre and shift it. Return all in one array, `float32`, in the shape of the batch. With 0 and 0 the films stay as they are.
#
# *The cell before your exercise makes a film that tells where each of its pixels came from; the check uses it to measure your shifts and angles.*
# %% [markdown] lang="ja"
# 見て分かるように、角度も移動もかなり大きくしてあります。右端のような黒い隅は避けましょう。ネットワークが枠の形を覚えてしまうかもしれません。
# `rng.uniform(-5, 5)` は角度を、`rng.integers(-2, 2 + 1)` は -2 から 2 までの整数を一つ引きます（上の端は含まれないので、1 を足します）。画像の形は (H, W, C) なので、
# 移動量には、行、列、そしてチャンネルの 0 と、三つの数を渡します。
#
# ### 演習5：`augment`
#
# 形 (N, H, W, C) のミニバッチについて `augment(batch, rng, max_shift, max_angle)` を書いてください。**画像一枚ごとに**、±`max_angle` 度以内の角度と、±`max_shift` 画素以内の整数の移動量
# `dy`、`dx` を引き、中心のまわりに回転してから平行移動します。全部を一つの `float32` の配列にまとめ、元と同じ形で返します。0 と 0 を渡したときは、画像は変わりません。
#
# *演習のすぐ上のセルでは、どの画素がどこから来たか分かる特別な画像を作っています。確認では、これを使って移動量と角度を測ります。*


# %% role="setup"
rows, columns = np.mgrid[0:9, 0:12]
# en: a film that tells where its pixels came from: channel 0 is the row, channel 1 the column, channel 2 a texture
# ja: 画素がどこから来たか分かる画像：チャンネル 0 は行、チャンネル 1 は列、チャンネル 2 は模様
tracer = np.stack([rows / 8, columns / 11, np.random.default_rng(4).uniform(size=(9, 12))], axis=-1).astype(np.float32)

def shifts_of(films):
    return np.array([8, 11]) * (films[:, 4, 6, :2] - tracer[4, 6, :2])

def angles_of(films):
    inside = np.hypot(rows - 4, columns - 5.5) < 3.5
    was = ((rows - 4) + 1j * (columns - 5.5))[inside]
    now = (8 * films[..., 0] - 4 + 1j * (11 * films[..., 1] - 5.5))[:, inside]
    return np.rad2deg(np.angle(np.sum(np.conj(was) * now, axis=1)))

# %% exercise="augment"
def augment(batch, rng, max_shift, max_angle):
    L("""Return the films, each turned and shifted by its own small random amount, as float32.""",
      """画像を一枚ずつ別々に、少しだけ回転・平行移動させ、float32 で返す。""")
    ### BEGIN SOLUTION
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)
    ### END SOLUTION

# %% test="augment" points=4
with check("augment") as t:
    batch = np.stack([tracer] * 40)
    t.call(augment, batch[:3], np.random.default_rng(1), 0, 0).equals(batch[:3], atol=1e-5)
    turned = np.asarray(t.call(augment, batch.copy(), np.random.default_rng(3), 0, 20).value)
    t.that(turned.shape == batch.shape, L("the shape must stay as it was", "形は元のままにしてください"))
    angles = angles_of(turned)
    t.that(np.abs(angles) <= 20.1, L("an angle beyond max_angle; is it in degrees?", "max_angle を超えています。角度の単位は度ですか"))
    t.that(angles.min() < -5 and angles.max() > 5, L("turn both ways, each film by its own angle", "右回りも左回りも必要です。角度は画像ごとに決めてください"))
    for angle, got in zip(np.deg2rad(angles), turned):
        source = ((rows - 4) + 1j * (columns - 5.5)) * np.exp(1j * angle)
        wanted = ndimage.map_coordinates(tracer[..., 2], [source.real + 4, source.imag + 5.5], order=1, mode="nearest")
        t.that(np.abs(got[..., 2] - wanted) < 0.01, L("turn about the centre, linear, the edge going on", "画像の中心のまわりに回転し、線形補間、外側は端の値を続けます"))
    shifted = np.asarray(t.call(augment, batch.copy(), np.random.default_rng(2), 2, 0).value)
    moves = np.round(shifts_of(shifted)).astype(int)
    t.that(np.abs(moves - shifts_of(shifted)) < 0.01, L("shift by whole pixels", "平行移動は整数の画素数にしてください"))
    t.that(len({tuple(move) for move in moves}) > 1, L("each film needs a shift of its own", "画像ごとに別々の移動量が必要です"))
    t.that(np.any(moves[:, 0] != moves[:, 1]), L("rows and columns need a draw each", "行の移動と列の移動は、別々に決めてください"))
    t.that(np.ptp(moves, axis=0) == 4, L("with max_shift = 2 the shifts should go from -2 to 2, both included", "max_shift = 2 なら、移動量は -2 から 2 まで（両端を含む）のはずです"))
    for (dy, dx), got in zip(moves, shifted):
        wanted = tracer[np.clip(rows + dy, 0, 8), np.clip(columns + dx, 0, 11)]
        t.that(np.abs(got - wanted) < 1e-3, L("where a shift leaves a gap, the film's edge should go on", "移動でできた隙間には、画像の端の値を続けてください"))
    t.that(turned.dtype == np.float32, L(f"return float32, not {turned.dtype}", f"{turned.dtype} ではなく float32 で返してください"))
### BEGIN HIDDEN TESTS
with check("augment", hidden=True) as t:
    # both at once: turned by at most 10 degrees, then (or before) shifted by whole pixels
    both_ = np.asarray(t.call(augment, np.stack([tracer] * 100), t.rng, 1, 10).value)
    t.that(both_.shape == (100, 9, 12, 3) and both_.min() >= -1e-4 and both_.max() <= 1.0001, L("shape and range", "形と値の範囲"))
    middle_ = np.hypot(rows - 4, columns - 5.5) < 2
    was_ = ((rows - 4) + 1j * (columns - 5.5))[middle_]
    now_ = (8 * both_[..., 0] - 4 + 1j * (11 * both_[..., 1] - 5.5))[:, middle_]
    move_, turn_ = now_.mean(axis=1), (now_ * np.conj(was_)).sum(axis=1) / (np.abs(was_) ** 2).sum()
    t.that(np.abs(np.abs(turn_) - 1) < 1e-3, L("turned only, not stretched", "回転だけで、伸び縮みしない"))
    angles_ = np.rad2deg(np.angle(turn_))
    t.that(np.abs(angles_) < 10.1, L("the angle", "角度"))
    whole_ = [np.hypot(m.real - np.round(m.real), m.imag - np.round(m.imag)) for m in (move_, move_ / turn_)]
    t.that(min(whole.max() for whole in whole_) < 0.01, L("whole pixels", "整数の画素数"))
    t.that(3.5 < angles_.std() < 8 and len(np.unique(np.round(angles_, 3))) > 90, L("all angles alike", "どの角度も同じ確率"))
    one_ = t.call(augment, t.rng.uniform(size=(1, 5, 8, 1)).astype(np.float32), t.rng, 0, 0)
    t.that(np.shape(one_.value) == (1, 5, 8, 1), L("one film, one channel", "1 枚、1 チャンネルでも"))
### END HIDDEN TESTS

# %% role="demo"
move = yours_or(library.augment)
gallery = np.asarray(move(np.stack([one] * 11), np.random.default_rng(6), 8, 5))
_, grid = plt.subplots(2, 6, figsize=(13, 4.8), layout="constrained")
figures.film(grid[0, 0], one[..., 0], L("original", "元の画像"))
for axes, picture in zip(grid.flat[1:], gallery):
    figures.film(axes, picture[..., 0])
    axes.axvline(64, color=figures.ORANGE, lw=0.6)
figures.show(L("One film and eleven augmented versions, shifted by up to 8 of 128 pixels and turned by up to 5 degrees; the line is the middle",
               "元の画像と、拡張した 11 枚。128 画素中 8 画素以内の移動と 5° 以内の回転。線は画像の中央"))

# %% [markdown] lang="en"
# ## Which augmentation destroys which label?
#
# Each of the films above could have been taken, and each still shows the same patient. That is the only rule: **an augmentation is allowed if the label is still true
# afterwards.** So it depends on the question. Look at these.
# %% [markdown] lang="ja"
# ## どの拡張が、どのラベルを壊すのか
#
# 上の画像は、どれも実際に撮れていたかもしれないもので、写っているのは同じ患者です。規則は一つだけです。**拡張した後も、ラベルが正しいままであること。** ですから、許されるかどうかは課題によって違います。
# 次の画像を見てください。

# %% role="demo"
zoomed = ndimage.zoom(one[16:112, 16:112, 0], 4 / 3, order=1)
changed = {L("original", "元の画像"): one[..., 0], L("flipped left-right", "左右反転"): one[:, ::-1, 0],
           L("enlarged by 1/3", "4/3 倍に拡大"): zoomed, L("turned by 90°", "90° 回転"): np.rot90(one[..., 0]),
           L("flipped up-down", "上下反転"): one[::-1, :, 0], L("inverted", "白黒反転"): 1 - one[..., 0]}
_, grid = plt.subplots(2, 3, figsize=(9.6, 7), layout="constrained")
for axes, name in zip(grid.flat, changed):
    figures.film(axes, changed[name], name)
figures.show(L("A film as it is, flipped left-right, enlarged, turned by 90 degrees, flipped up-down, inverted",
               "元の画像、左右反転、拡大、90° 回転、上下反転、白黒反転"))

# %% [markdown] lang="en"
# | change | what goes wrong | harmful for |
# |---|---|---|
# | flip left-right | the heart on the right: it imitates **dextrocardia** (situs inversus); the side marker in mirror writing; "left" and "right" exchanged | side of the heart, side of a finding, marker; left against right in unit 06 |
# | turn by 90° or 180° | it *is* the label | "which way up?" (unit 06) |
# | flip up-down | no chest looks like this | nearly everything |
# | enlarge | millimetres are wrong; large people look larger. Ratios survive | size of a nodule, sex, age; not the cardiothoracic ratio |
# | invert | bone becomes black | everything, unless your console delivers both |
# | shift or turn a little | nothing, if the anatomy stays in the picture | hardly anything; masks (unit 09) and boxes (unit 11) must move along |
#
# Libraries offer the flip as their first example, since a flipped cat is a cat. In chest films ask first. How much harm it does can be measured: let the network learn
# **on which side the heart is**. Half of the films are mirrored, and the label says which. Once as they are, once with "flip left-right, at random"
# as augmentation, the label left as it was.
# %% [markdown] lang="ja"
# | 変化 | 何が起こるか | 困る課題 |
# |---|---|---|
# | 左右反転 | 心臓が右に来て、**右胸心**（内臓逆位）に見える。左右マーカーが鏡文字になる。「左」と「右」が入れ替わる | 心臓の左右、所見の左右、マーカー、単元06 の左と右 |
# | 90°・180° 回転 | それ自体が*ラベル* | 「どちらが上か」（単元06） |
# | 上下反転 | このような胸部は存在しない | ほとんどすべて |
# | 拡大 | mm 単位の大きさが変わり、小柄な人も大柄に見える。比は変わらない | 結節影の大きさ、性別、年齢（心胸郭比は影響なし） |
# | 白黒反転 | 骨が黒くなる | すべて（装置が両方を出す場合を除く） |
# | 小さな移動・回転 | 解剖が画像からはみ出さなければ、問題なし | ほとんどない。マスク（単元09）や矩形（単元11）は一緒に動かす |
#
# 多くのライブラリーは、最初の例に左右反転を挙げます。反転しても猫は猫だからです。胸部画像では、まず立ち止まって考えましょう。どれほど害があるかは、測ることができます。
# ネットワークに**心臓が左右どちらにあるか**を学ばせます。画像の半分を左右反転し、反転したかどうかをラベルにします。一度はそのまま、一度は「ランダムな左右反転」の拡張を加え、ラベルは元のままにします。

# %% role="demo"
mirrored = np.concatenate([small, small[:, :, ::-1]])
side = np.repeat([0, 1], len(small))
known, asked = (np.concatenate([part, part + len(small)]) for part in (learning, mock))

def flip_at_random(films_, rng_):
    return np.where(rng_.random((len(films_), 1, 1, 1)) < 0.5, films_[:, :, ::-1], films_)

for name, change in ((L("no flips", "反転なし"), None), (L("random flips", "ランダムな反転"), flip_at_random)):
    _, kept = train_network(known, 30, 0, change, mirrored, side, asked)
    share = accuracy(kept[-1], asked, known, side, mirrored)
    print(L(f"{name}: side of the heart right in {share:.0%} of the validation films", f"{name}：検証用の画像での正解率 {share:.0%}"))

# %% [markdown] lang="en"
# With flips the network is told "left" and "right" about the very same pictures, half and half. Nothing is left to be learnt.
#
# ## Third cure: keep the weights small
#
# To run through every point a curve must swing wildly, and for that it needs large weights. **Weight decay** draws all of them a little towards zero at each step, by adding
# $\lambda w$ to the gradient (Krogh and Hertz 1992). A weight now grows only if many films pull on it. This is the argument `decay`, here $\lambda = 0.1$.
# Another way to make learning by heart difficult is *dropout*: random neurons are switched off in each training step (Srivastava and colleagues 2014).
#
# ## The cures side by side
#
# The same network and the same 24 patients, four lots each as before; last, all training patients.
# %% [markdown] lang="ja"
# 反転を加えると、まったく同じ画像に「左」と「右」が半々で付きます。これでは、学ぶべきことが何も残りません。
#
# ## 処方箋その3：重みを小さく保つ
#
# すべての点を通る曲線は大きく振れていました。そのためには大きな重みが必要です。**重み減衰**（weight decay）は、勾配に $\lambda w$ を加えて、一歩ごとにすべての重みを少しだけ 0 に引き寄せます
# （Krogh と Hertz 1992）。多くの画像に引っ張られた重みだけが大きくなれます。引数 `decay` がこれで、ここでは $\lambda = 0.1$ とします。
# 丸暗記を難しくする方法には、学習の一歩ごとにニューロンをランダムに休ませる*ドロップアウト*もあります（Srivastava ら 2014）。
#
# ## 処方箋を比べる
#
# 同じネットワークと同じ 24 名で、先ほどと同じく4回ずつ学習させます。最後は、学習用の患者を全員使います。

# %% role="demo"
def vary(films_, rng_):
    return move(films_, rng_, 2, 5)

runs = {L("24 films", "24 枚"): plain,
        L("24, weight decay", "24 枚＋重み減衰"): [train_network(few_, decay=0.1) for few_ in fours],
        L("24, augmented", "24 枚＋データ拡張"): [train_network(few_, change=vary) for few_ in fours],
        L(f"all {len(learning)} films", f"全員（{len(learning)} 枚）"): [train_network(learning)]}
_, panels = plt.subplots(1, 4, figsize=(15, 3.8), sharey=True, layout="constrained")
for axes, name in zip(panels, runs):
    draw_curves(axes, runs[name], name)
    last = np.mean([curve[-20:, 1] for curve, _ in runs[name]])
    stopped = np.mean([curve[int(when_to_stop(curve[:, 1], 10)), 1] for curve, _ in runs[name]])
    print(L(f"{name}: validation loss at the end {last:.2f}, with early stopping {stopped:.2f}",
            f"{name}：検証用の損失 最後 {last:.2f}、早期終了なら {stopped:.2f}"))
    axes.label_outer()
panels[0].legend()
figures.show(L("Loss curves: 24 films plainly, with weight decay, with augmentation, and all training films; the rise of the validation loss is smaller in the last three",
               "損失の曲線。24 枚だけ、重み減衰、データ拡張、全員。後の三つでは、検証用の損失の上がり方が小さい"))

# %% [markdown] lang="en"
# Read the first panel and its two numbers: left alone, the network ends worse than a coin; stopped in time, it does not. Weight decay and augmentation each take most of the rise away, and
# the training curves no longer reach zero: that is the price, and the point. The deepest valley is that of the last panel: nothing does as much as
# **more patients**. Even there the validation loss rises in the end, so that one stops there, too. Cures can be combined, and usually are. (With another
# split all these numbers change a little. That is why we looked at four lots.)
#
# ## The envelope is opened
#
# All decisions are made: all training films, augmented, stopped with a patience of 10. Now, once, the test.
# %% [markdown] lang="ja"
# 最初の図と二つの数値を見てください。放っておくと、最後にはコイン投げよりも損失が大きくなりますが、ちょうどよいところで止めれば、そうはなりません。重み減衰とデータ拡張は、
# どちらも損失の上がる分をかなり抑えました。学習用の損失も 0 までは下がらなくなりましたが、それが代償であり、狙いでもあります。谷がいちばん深いのは最後の図です。**患者数を増やす**ことに
# 勝る薬はありません。それでも、最後には検証用の損失が上がるので、やはり途中で止めます。処方箋は組み合わせて使えますし、実際にはたいてい組み合わせます
# （分け方を変えると、これらの数値も少しずつ変わります。4回くじを引いたのは、そのためです）。
#
# ## 封筒を開ける
#
# すべて決まりました。学習用の全員を使い、データ拡張をして、patience 10 で止めます。いよいよ、一度きりのテストです。

# %% role="demo"
curves, kept = train_network(learning, 100, change=vary)
final = kept[int(when_to_stop(curves[:, 1], 10))]
hits = accuracy(final, sealed, learning)
print(L(f"test: {hits:.0%} of {len(sealed)} films right; the parrot with the leak had promised {results['sex', 'by film']:.0%}",
        f"テスト：{len(sealed)} 枚のうち正解 {hits:.0%}。情報漏れのあるオウムは {results['性別', '画像ごと']:.0%} と言っていた"))

# %% [markdown] lang="en"
# Less than the leak had promised, but true: about this can be expected for the next patient *from the same place*. With so few films even this number
# is uncertain by some ten points up and down (unit 07 computes such intervals). And it says nothing about another hospital, another
# console, another marker: think of Zech. For that you need films from there.
#
# **What to ask when someone reports 99 %:** How many patients (not films)? Split by patient? Who is in the test set, and from where? Was it
# used once, or until the result was pleasing? Which augmentations, and do the labels survive them?
# %% [markdown] lang="ja"
# 情報漏れのある値より低いですが、こちらが本当の実力です。*同じ施設の*次の患者さんには、この程度の正解率が期待できます。ただし枚数が少ないので、この値にも上下に 10 ポイントほどの
# 不確かさがあります（区間の求め方は単元07で学びます）。また、別の病院、別の装置、別のマーカーについては何も教えてくれません。Zech らの結果を思い出してください。それを知るには、そこの画像が必要です。
#
# **「正解率 99 %」と聞いたときに尋ねること。** 患者は何人ですか（何枚、ではなく）。患者ごとに分けましたか。テスト用データは、どこの誰の画像ですか。使ったのは一度だけですか、それとも
# 満足のいく結果が出るまで使いましたか。どのようなデータ拡張を使い、ラベルはその後も正しいままですか。

# %% [markdown] lang="en"
# ## Key points
#
# 1. Over-fitting is a falling training loss beside a rising validation loss. The training curve alone never shows it.
# 2. Split by patient. If a patient is on both sides, even the toss of a coin can be "predicted".
# 3. Mean and standard deviation come from the training data only; mini-batches use each sample once per epoch, in a new order each time.
# 4. Early stopping keeps the best epoch; augmentation makes films that might have been taken; weight decay keeps the weights small; more patients help most.
#    An augmentation is allowed if the label is still true afterwards: a flip is not where the side matters.
# 5. Training, validation, test: learn, decide, report. The test set is used once, and a result holds for films like those in it.
# %% [markdown] lang="ja"
# ## まとめ
#
# 1. 学習用の損失が下がり、検証用の損失が上がるのが過学習です。学習用の曲線だけを見ていては、決して分かりません。
# 2. データは患者ごとに分けます。同じ患者が両側にいると、コインの裏表さえ「予測」できてしまいます。
# 3. 平均と標準偏差は、学習用データだけから求めます。ミニバッチは、どのサンプルも 1 エポックに一度ずつ、毎回新しい順で使います。
# 4. 早期終了は最良のエポックを残し、データ拡張は撮れていたかもしれない画像を作り、重み減衰は重みを小さく保ちます。いちばん効くのは患者数を増やすことです。
#    拡張が許されるのは、その後もラベルが正しい場合だけです。左右が大切な課題で、左右反転は使えません。
# 5. 学習用で学び、検証用で決め、テスト用で報告します。テストは一度だけ。その結果がいえるのは、テスト用と似た画像についてだけです。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A colleague standardises all films with the mean of all films, and splits afterwards. What is wrong, and how bad is it?</summary>
#
# The test films took part in the mean: a leak. With a mean over many films it is a small one, but the habit is the problem; with feature selection done the same
# way it becomes large. Split first, then compute everything from the training part.
# </details>
#
# <details><summary>2. The validation losses are 0.9, 0.7, 0.8, 0.7, 0.6 and the patience is 2. Which epoch is kept?</summary>
#
# Epoch 1. In epoch 3 the loss of 0.7 is only equal, so that two epochs have passed without improvement; the 0.6 is never computed.
# </details>
#
# <details><summary>3. You want to find the side marker and read "R" or "L". Which of these may you use: small shifts, small rotations, horizontal flips, changes of contrast?</summary>
#
# All but the flip: it makes mirror writing, and moves the marker to the other side. Shifts only as far as the marker stays in the picture.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. 同僚が、全画像の平均で標準化してから、データを分けました。何が問題で、どれくらい深刻でしょうか。</summary>
#
# 平均の計算にテスト用の画像が加わっているので、情報漏れです。多くの画像の平均なら影響は小さいものの、問題は習慣です。特徴の選択を同じ手順で行うと、大きな情報漏れになります。
# まず分けて、それから、すべてを学習用データだけで計算しましょう。
# </details>
#
# <details><summary>2. 検証用の損失が 0.9、0.7、0.8、0.7、0.6 で、patience が 2 のとき、どのエポックが残りますか。</summary>
#
# エポック 1 です。エポック 3 の 0.7 は同じ値なので改善ではなく、改善しないエポックが二回続きました。0.6 は計算されません。
# </details>
#
# <details><summary>3. 左右マーカーを見つけて「R」か「L」かを読み取らせたいとします。小さな移動、小さな回転、左右反転、コントラストの変化のうち、使ってよいのはどれですか。</summary>
#
# 左右反転以外です。左右反転は鏡文字を作り、マーカーを反対側に移してしまいます。移動は、マーカーが画像からはみ出さない範囲にとどめます。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * A. Krogh, J. A. Hertz, *A simple weight decay can improve generalization*, Advances in Neural Information Processing Systems 4, 950-957 (1992)
# * L. Prechelt, *Early stopping - but when?*, in: Neural Networks: Tricks of the Trade, LNCS 1524, 55-69, Springer (1998)
# * N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, *Dropout: a simple way to prevent neural networks from overfitting*, Journal of Machine Learning Research 15, 1929-1958 (2014)
# * C. Shorten, T. M. Khoshgoftaar, *A survey on image data augmentation for deep learning*, Journal of Big Data 6:60 (2019)
# * J. R. Zech, M. A. Badgeley, M. Liu, A. B. Costa, J. J. Titano, E. K. Oermann, *Variable generalization performance of a deep learning model to detect pneumonia in chest radiographs: a cross-sectional study*, PLoS Medicine 15(11): e1002683 (2018)
# * M. Roberts et al., *Common pitfalls and recommendations for using machine learning to detect and prognosticate for COVID-19 using chest radiographs and CT scans*, Nature Machine Intelligence 3, 199-217 (2021)
#
# To play on: combine weight decay and augmentation on the 24 films. Train on coins (`target=`): how far does the training loss fall, and what does the validation loss do?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * A. Krogh, J. A. Hertz, *A simple weight decay can improve generalization*, Advances in Neural Information Processing Systems 4, 950-957 (1992)
# * L. Prechelt, *Early stopping - but when?*, in: Neural Networks: Tricks of the Trade, LNCS 1524, 55-69, Springer (1998)
# * N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, *Dropout: a simple way to prevent neural networks from overfitting*, Journal of Machine Learning Research 15, 1929-1958 (2014)
# * C. Shorten, T. M. Khoshgoftaar, *A survey on image data augmentation for deep learning*, Journal of Big Data 6:60 (2019)
# * J. R. Zech, M. A. Badgeley, M. Liu, A. B. Costa, J. J. Titano, E. K. Oermann, *Variable generalization performance of a deep learning model to detect pneumonia in chest radiographs: a cross-sectional study*, PLoS Medicine 15(11): e1002683 (2018)
# * M. Roberts et al., *Common pitfalls and recommendations for using machine learning to detect and prognosticate for COVID-19 using chest radiographs and CT scans*, Nature Machine Intelligence 3, 199-217 (2021)
#
# 余裕があれば、24 枚の画像で重み減衰とデータ拡張を組み合わせてみましょう。また、コインの裏表を学習させると（`target=`）、学習用の損失はどこまで下がり、検証用の損失はどうなるでしょうか。
