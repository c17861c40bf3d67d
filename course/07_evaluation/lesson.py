"""Unit 07: evaluation."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # 07 Evaluation: how good is it really?
#
# When you have finished this notebook, you will be able to
#
# 1. **count** the four kinds of answers, and turn them into sensitivity, specificity and precision,
# 2. **draw** a ROC curve that treats ties rightly, and measure the area under it,
# 3. **explain** why accuracy lies when a disease is rare, and what a positive answer is worth then,
# 4. **state** how sure a figure is, with an interval that counts patients, not films,
# 5. **choose** a threshold without cheating.
#
# | | |
# |---|---|
# | Reading / exercises | about 40 min / about 60 min |
# | You need | unit 04 (why films are split by patient) |
# | Computing | under 60 s on two CPU cores |
# | Data | 247 computed films with the outline of heart and lungs (Segmentation02), made at first use |
# %% [markdown] lang="ja"
# # 07 評価：本当のところ、どれだけよいのか
#
# このノートブックを終えると、次のことができるようになります。
#
# 1. 四種類の答えを**数え**、感度、特異度、適合率を求める
# 2. 同点を正しく扱って ROC 曲線を**描き**、曲線下面積を測る
# 3. まれな病気で正解率が当てにならない理由と、そのときの「陽性」の重みを**説明する**
# 4. 画像ではなく患者を数えた区間で、数値の確かさを**示す**
# 5. ずるをせずに、しきい値を**選ぶ**
#
# | | |
# |---|---|
# | 読む時間／演習の時間 | 約40分／約60分 |
# | 前提 | 単元04（患者ごとに分ける理由） |
# | 計算時間 | CPU 2コアで60秒以内 |
# | データ | 心臓と肺の輪郭が付いた計算画像247枚（Segmentation02、初回に作成） |

# %% [markdown] lang="en"
# ## Why a technologist cares
#
# "Our AI is 95 % accurate." Sooner or later somebody will stand in your department and say so. On whose films? How many of them showed the
# disease? How many patients is that, and how sure is the figure? You know these questions from quality control: a figure without its phantom, its
# conditions and its error is no figure. This unit gives you the questions, and the few lines of code that answer them.
# %% [markdown] lang="ja"
# ## 診療放射線技師にとって、なぜ大切か
#
# 「当社の AI の正解率は 95 % です」。いつか、そう言う人が皆さんの職場にも来るでしょう。誰の画像での値でしょうか。そのうち何人が病気だったのでしょうか。患者は何人で、その値はどれほど確かなのでしょうか。
# 品質管理で身についているとおり、ファントムも条件も誤差も書かれていない数値は、数値とはいえません。この単元では、問うべきことと、それに答える数行のコードを学びます。

# %% role="setup"
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from xraydojo import figures
from xraydojo.check import check, yours_or
from xraydojo.data import load_segmentation
from xraydojo.library import evaluation as library

# %% [markdown] lang="en"
# ## Two readers and a question: is the heart enlarged?
#
# Each film of this set comes with the outlines of heart and lungs, so we can measure the **cardiothoracic ratio**: the width of the heart over
# the width of the chest. Above 0.5 we call the heart *enlarged*: that is the truth here, and its label is 1. Two readers get the films without the outlines:
#
# * a **network**, or rather its simplest relative, a linear model that has seen a few training films, gives a **score** for every film;
# * a **reader** (simulated: a ruler with an error) gives one of five grades, from 1 *surely normal* to 5 *surely enlarged*.
# %% [markdown] lang="ja"
# ## 二人の読影者への問い：心臓は大きいか
#
# この画像には心臓と肺の輪郭が付いているので、**心胸郭比**（心臓の幅 ÷ 胸郭の幅）を測ることができます。0.5 を超えたら*心拡大*とします。これがここでの正解で、ラベルは 1 です。
# 二人の「読影者」には、輪郭のない画像だけを渡します。
#
# * **ネットワーク**（ここでは、数枚の画像で学習した最も単純な線形モデル）は、画像ごとに**スコア**を出します。
# * **読影者**（誤差のある定規で測る人を模擬したもの）は、1「確実に正常」から 5「確実に心拡大」までの五段階で答えます。

# %% role="demo"
films = load_segmentation(classes=4)
print(films.source)
parts = [films.train, films.validation, films.test]
images = np.concatenate([part.images for part in parts])
masks = np.concatenate([part.targets for part in parts])
patients = np.concatenate([part.patients for part in parts])

def ratio(mask):
    heart = np.flatnonzero((mask == 1).any(axis=0))
    rows = [np.flatnonzero(row) for row in mask == 3 if row.any()]
    return (np.ptp(heart) + 1) / max(np.ptp(row) + 1 for row in rows)

ratios = np.array([ratio(mask) for mask in masks])
enlarged = (ratios > 0.5).astype(int)
print(L(f"{len(images)} films, {enlarged.sum()} hearts enlarged", f"画像 {len(images)} 枚、心拡大 {enlarged.sum()} 枚"))

# %% role="demo"
small = images[:, ::8, ::8].reshape(len(images), -1)
small = small - small.mean(axis=1, keepdims=True)
order = np.random.default_rng(3).permutation(len(images))
learning, tuning, held_out = np.split(order, [30, 110])  # patients: one film each
X, t = small[learning], ratios[learning] - ratios[learning].mean()
weights = X.T @ np.linalg.solve(X @ X.T + np.eye(len(X)), t)  # ridge regression
score = small @ weights + ratios[learning].mean()
ruler = ratios + np.random.default_rng(1).normal(0, 0.035, len(ratios))
grade = 1 + np.digitize(ruler, [0.42, 0.46, 0.5, 0.54])
y, s, g = enlarged[held_out], score[held_out], grade[held_out]
_, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for label, colour, style, name in ((0, figures.BLUE, "stepfilled", L("normal", "正常")), (1, figures.ORANGE, "step", L("enlarged", "心拡大"))):
    left.hist(s[y == label], bins=np.linspace(s.min(), s.max(), 25), histtype=style, color=colour, alpha=0.8, lw=2, label=name)
    right.hist(g[y == label] + 0.2 * label, bins=np.arange(0.5, 6, 0.2), histtype=style, color=colour, alpha=0.8, lw=2)
left.set(xlabel=L("score of the network", "ネットワークのスコア"), ylabel=L("films", "枚数"))
right.set(xlabel=L("grade of the reader", "読影者の判定"))
left.legend()
figures.show(L("Scores of the network and grades of the reader, for normal and enlarged hearts: they overlap",
               "正常と心拡大のそれぞれについて、ネットワークのスコアと読影者の判定の分布。重なりがある"))

# %% [markdown] lang="en"
# The two kinds of films overlap: wherever we cut, some answers will be wrong. Call a film *positive* when its score is **at least** the threshold
# (score >= threshold, a rule that we keep from here on). Then every film is one of four:
#
# | | answer 1 (positive) | answer 0 (negative) |
# |---|---|---|
# | **truth 1** (diseased) | tp, true positive | fn, false negative: missed |
# | **truth 0** (healthy) | fp, false positive: false alarm | tn, true negative |
#
# ### Exercise 1: `confusion_counts`
#
# Write `confusion_counts(y, p)` for truths `y` and answers `p` (both 0 or 1): return a dict with the four counts, `{"tp": ..., "fp": ..., "fn": ..., "tn": ...}`.
#
# *Hint: `(y == 1) & (p == 0)` is a mask, and `np.sum` counts it.*
# %% [markdown] lang="ja"
# 二種類の画像の分布は重なっています。どこで区切っても、間違いは出ます。スコアがしきい値**以上**の画像を*陽性*と呼ぶことにしましょう（score >= しきい値。この約束を最後まで守ります）。すると、
# どの画像も次の四つのどれかになります。
#
# | | 答え 1（陽性） | 答え 0（陰性） |
# |---|---|---|
# | **正解 1**（病気あり） | tp：真陽性 | fn：偽陰性（見逃し） |
# | **正解 0**（病気なし） | fp：偽陽性（過剰な拾い上げ） | tn：真陰性 |
#
# ### 演習1：`confusion_counts`
#
# 正解 `y` と答え `p`（どちらも 0 か 1）から、四つの個数を辞書 `{"tp": ..., "fp": ..., "fn": ..., "tn": ...}` で返す `confusion_counts(y, p)` を書いてください。
#
# *ヒント：`(y == 1) & (p == 0)` はマスクです。`np.sum` で数えられます。*

# %% exercise="confusion_counts"
def confusion_counts(y, p):
    L("""Return a dict of the counts tp, fp, fn, tn.""", """tp、fp、fn、tn の個数を辞書で返す。""")
    ### BEGIN SOLUTION
    y, p = np.asarray(y), np.asarray(p)
    return {
        "tp": np.sum((y == 1) & (p == 1)),
        "fp": np.sum((y == 0) & (p == 1)),
        "fn": np.sum((y == 1) & (p == 0)),
        "tn": np.sum((y == 0) & (p == 0)),
    }
    ### END SOLUTION

# %% test="confusion_counts" points=1
with check("confusion_counts") as t:
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    answer = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0])
    t.call(confusion_counts, truth, answer).equals({"tp": 3, "fp": 2, "fn": 1, "tn": 5})
    t.call(confusion_counts, np.array([0, 0, 1]), np.array([1, 0, 0])).equals({"tp": 0, "fp": 1, "fn": 1, "tn": 1})
### BEGIN HIDDEN TESTS
with check("confusion_counts", hidden=True) as t:
    for size_ in (1, 30, 101):
        y_, p_ = t.rng.integers(0, 2, (2, size_))
        pairs_ = list(zip(y_.tolist(), p_.tolist()))
        kinds_ = {"tp": (1, 1), "fp": (0, 1), "fn": (1, 0), "tn": (0, 0)}
        t.call(confusion_counts, y_, p_).equals({name_: pairs_.count(pair_) for name_, pair_ in kinds_.items()})
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## Two questions to the truth
#
# Of the **diseased**, how many did we find? That is the **sensitivity**, tp / (tp + fn). Of the **healthy**, how many did we leave in peace? The **specificity**,
# tn / (tn + fp). Each looks at one row of the table only; how many diseased there are beside how many healthy does not matter to them.
#
# When a set holds no diseased film at all, sensitivity is 0/0. The honest answer is then "unknown": `nan`, *not a number*. Neither 0 nor 1.
#
# ### Exercise 2: `sensitivity_specificity`
#
# Write `sensitivity_specificity(y, p)`: return the two numbers, `nan` for 0/0.
#
# *Hint: `float("nan")` or `np.nan`. Dividing Python's 0 by 0 raises an error; so look at the denominator first.*
# %% [markdown] lang="ja"
# ## 正解の側から見た二つの問い
#
# **病気のある人**のうち、どれだけ見つけられたか。これが**感度** tp / (tp + fn) です。**病気のない人**のうち、どれだけ正しく陰性としたか。これが**特異度** tn / (tn + fp) です。どちらも表の一行だけを見ています。
# 病気のある人とない人の比率には影響されません。
#
# 病気のある画像が一枚もなければ、感度は 0/0 です。正直な答えは「分からない」、つまり `nan`（数ではない）です。0 でも 1 でもありません。
#
# ### 演習2：`sensitivity_specificity`
#
# 感度と特異度の二つを返す `sensitivity_specificity(y, p)` を書いてください。0/0 のときは `nan` とします。
#
# *ヒント：`float("nan")` か `np.nan` と書きます。Python の 0 を 0 で割るとエラーになるので、先に分母を確かめましょう。*

# %% exercise="sensitivity_specificity"
def sensitivity_specificity(y, p):
    L("""Return sensitivity and specificity; nan for 0/0.""", """感度と特異度を返す。0/0 は nan とする。""")
    ### BEGIN SOLUTION
    y, p = np.asarray(y), np.asarray(p)
    tp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn, fp = np.sum((y == 0) & (p == 0)), np.sum((y == 0) & (p == 1))
    sensitivity = tp / (tp + fn) if tp + fn else np.nan
    specificity = tn / (tn + fp) if tn + fp else np.nan
    return sensitivity, specificity
    ### END SOLUTION

# %% test="sensitivity_specificity" points=1
with check("sensitivity_specificity") as t:
    names = (L("sensitivity", "感度"), L("specificity", "特異度"))
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    answer = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0])
    t.call(sensitivity_specificity, truth, answer).equals((3 / 4, 5 / 7), names=names)
    t.call(sensitivity_specificity, np.array([0, 0, 0]), np.array([0, 1, 0])).equals((np.nan, 2 / 3), names=names)
### BEGIN HIDDEN TESTS
with check("sensitivity_specificity", hidden=True) as t:
    from sklearn.metrics import recall_score

    for truth_ in (t.rng.integers(0, 2, 57), np.ones(9, int), np.zeros(6, int)):
        answer_ = t.rng.integers(0, 2, len(truth_))
        wanted_ = tuple(recall_score(truth_, answer_, pos_label=k_, zero_division=np.nan) for k_ in (1, 0))
        t.call(sensitivity_specificity, truth_, answer_).equals(wanted_)
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## A question to the answer
#
# The patient asks another question: *the result is positive; do I have it?* That is the **precision** (or positive predictive value, PPV), tp / (tp + fp): it looks at a
# **column** of the table. And people who want one number take the **F1 score**, 2 tp / (2 tp + fp + fn), which is high only when precision and recall both are.
# (**Recall** is the computer scientist's word for sensitivity.)
#
# ### Exercise 3: `precision_recall_f1`
#
# Write `precision_recall_f1(y, p)`: return the three numbers, `nan` for 0/0.
# %% [markdown] lang="ja"
# ## 答えの側から見た問い
#
# 患者さんが知りたいのは別のことです。「陽性と言われましたが、本当に病気なのでしょうか」。それが**適合率**（陽性的中率、PPV）tp / (tp + fp) で、表の**列**を見ています。一つの数にまとめたいときは
# **F1 スコア** 2 tp / (2 tp + fp + fn) を使います。適合率と再現率の両方が高いときだけ高くなります（**再現率**は、感度を情報科学の分野で呼ぶときの名前です）。
#
# ### 演習3：`precision_recall_f1`
#
# 適合率、再現率、F1 の三つを返す `precision_recall_f1(y, p)` を書いてください。0/0 のときは `nan` とします。

# %% exercise="precision_recall_f1"
def precision_recall_f1(y, p):
    L("""Return precision, recall and F1; nan for 0/0.""", """適合率、再現率、F1 を返す。0/0 は nan とする。""")
    ### BEGIN SOLUTION
    y, p = np.asarray(y), np.asarray(p)
    tp = np.sum((y == 1) & (p == 1))
    fp, fn = np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))

    def share(part, whole):
        return part / whole if whole else np.nan

    return share(tp, tp + fp), share(tp, tp + fn), share(2 * tp, 2 * tp + fp + fn)
    ### END SOLUTION

# %% test="precision_recall_f1" points=1
with check("precision_recall_f1") as t:
    names = (L("precision", "適合率"), L("recall", "再現率"), "F1")
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    answer = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0])
    t.call(precision_recall_f1, truth, answer).equals((3 / 5, 3 / 4, 6 / 9), names=names)
    # en: nobody is called positive
    # ja: 陽性と答えたものが一つもない
    t.call(precision_recall_f1, np.array([1, 0, 1]), np.array([0, 0, 0])).equals((np.nan, 0, 0), names=names)
### BEGIN HIDDEN TESTS
with check("precision_recall_f1", hidden=True) as t:
    from sklearn import metrics as judge

    for truth_, answer_ in ((t.rng.integers(0, 2, 43), t.rng.integers(0, 2, 43)), (np.zeros(5, int), np.zeros(5, int)), (np.zeros(5, int), np.array([0, 1, 1, 0, 0]))):
        wanted_ = tuple(one_(truth_, answer_, zero_division=np.nan) for one_ in (judge.precision_score, judge.recall_score, judge.f1_score))
        t.call(precision_recall_f1, truth_, answer_).equals(wanted_)
### END HIDDEN TESTS

# %% role="demo"
count, two, three = (yours_or(getattr(library, name)) for name in ("confusion_counts", "sensitivity_specificity", "precision_recall_f1"))
_, axes = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
for ax, answer, name in ((axes[0], s >= 0.5, L("network, score >= 0.5", "ネットワーク（スコア 0.5 以上）")), (axes[1], g >= 4, L("reader, grade >= 4", "読影者（判定 4 以上）"))):
    found = count(y, answer.astype(int))
    cells = np.array([[found["tp"], found["fn"]], [found["fp"], found["tn"]]])
    ax.imshow(np.sqrt(cells), cmap="Blues", vmax=12)
    for (row, column), number in np.ndenumerate(cells):
        ax.text(column, row, f"{('tp', 'fn', 'fp', 'tn')[2 * row + column]}\n{number}", ha="center", va="center", size=13, color="white" if number > 60 else "black")
    ax.set(xticks=[0, 1], yticks=[0, 1], title=name)
    ax.set_xticklabels([L("says 1", "答え 1"), L("says 0", "答え 0")])
    ax.set_yticklabels([L("truth 1", "正解 1"), L("truth 0", "正解 0")])
    sensitivity, specificity = two(y, answer.astype(int))
    precision, _, f1 = three(y, answer.astype(int))
    print(L(f"{name}: sensitivity {sensitivity:.2f}, specificity {specificity:.2f}, precision {precision:.2f}, F1 {f1:.2f}",
            f"{name}：感度 {sensitivity:.2f}、特異度 {specificity:.2f}、適合率 {precision:.2f}、F1 {f1:.2f}"))
figures.show(L("Confusion matrices of the network and of the reader", "ネットワークと読影者の混同行列"))

# %% [markdown] lang="en"
# At these thresholds the network misses 10 of the 19 enlarged hearts, and the reader 7. Are they that bad, or is only the threshold badly chosen? A score of 0.5 has nothing special about it.
#
# ## All thresholds at once: the ROC curve
#
# Move the threshold from the highest score down. At first nobody is positive; each step makes more films positive, right ones and wrong ones. Draw the **false
# positive rate** fp / (fp + tn), which is 1 - specificity, to the right and the **true positive rate**, the sensitivity, upwards: that is the **ROC curve**. It begins at (0, 0)
# and ends at (1, 1).
#
# With the scores 0.9, 0.6, 0.6, 0.2 of the truths 1, 1, 0, 0:
#
# | threshold | called positive | fpr | tpr |
# |---|---|---|---|
# | inf | none | 0 | 0 |
# | 0.9 | the first | 0 | 1/2 |
# | 0.6 | the first three | 1/2 | 1 |
# | 0.2 | all | 1 | 1 |
#
# Mind the **tie**: two films have 0.6, so no threshold can part them. They go together, in one step to the right *and* up.
#
# ### Exercise 4: `roc_curve`
#
# Write `roc_curve(y, score)`: return `fpr`, `tpr` and `thresholds`, three arrays of the same length. The thresholds are `inf` first, then every distinct score, falling.
# If a class is absent, its rate is `nan` everywhere.
#
# *Hint: `np.unique(score)` returns every distinct score, rising; `[::-1]` turns it round.*
# %% [markdown] lang="ja"
# このしきい値では、心拡大 19 枚のうち、ネットワークは 10 枚、読影者は 7 枚を見逃しています。能力が低いのでしょうか。それとも、しきい値の選び方が悪いだけでしょうか。スコア 0.5 という値に、特別な意味はありません。
#
# ## すべてのしきい値を一度に：ROC 曲線
#
# しきい値を、いちばん高いスコアから下げていきます。はじめは誰も陽性になりません。下げるごとに、正しいものも間違ったものも、陽性が増えていきます。横軸に**偽陽性率** fp / (fp + tn)（1 - 特異度）、
# 縦軸に**真陽性率**（感度）をとったものが **ROC 曲線**です。(0, 0) から始まり、(1, 1) で終わります。
#
# 正解が 1、1、0、0、スコアが 0.9、0.6、0.6、0.2 のときは、次のようになります。
#
# | しきい値 | 陽性になるもの | fpr | tpr |
# |---|---|---|---|
# | inf | なし | 0 | 0 |
# | 0.9 | 一つめ | 0 | 1/2 |
# | 0.6 | 三つめまで | 1/2 | 1 |
# | 0.2 | 全部 | 1 | 1 |
#
# **同点**に気をつけましょう。0.6 の画像は二枚あり、どんなしきい値でも分けられません。一歩で右*にも*上*にも*進みます。
#
# ### 演習4：`roc_curve`
#
# `fpr`、`tpr`、`thresholds`（同じ長さの三つの配列）を返す `roc_curve(y, score)` を書いてください。しきい値は、はじめが `inf`、続いて異なるスコアのすべてを大きい順に並べます。片方のクラスが
# 一つもないときは、その割合をすべて `nan` とします。
#
# *ヒント：`np.unique(score)` は異なるスコアを小さい順に返します。`[::-1]` で逆順になります。*

# %% exercise="roc_curve"
def roc_curve(y, score):
    L("""Return fpr, tpr and the thresholds: inf, then every distinct score, falling.""",
      """fpr、tpr、しきい値（inf、続いて異なるスコアを大きい順に）を返す。""")
    ### BEGIN SOLUTION
    y, score = np.asarray(y), np.asarray(score)
    thresholds = np.concatenate([[np.inf], np.unique(score)[::-1]])
    positives, negatives = np.sum(y == 1), np.sum(y == 0)
    fpr, tpr = [], []
    for threshold in thresholds:
        called = score >= threshold
        tpr.append(np.sum(called & (y == 1)) / positives if positives else np.nan)
        fpr.append(np.sum(called & (y == 0)) / negatives if negatives else np.nan)
    return np.array(fpr), np.array(tpr), thresholds
    ### END SOLUTION

# %% test="roc_curve" points=3
with check("roc_curve") as t:
    names = ("fpr", "tpr", L("thresholds", "しきい値"))
    t.call(roc_curve, np.array([1, 1, 0, 0]), np.array([0.9, 0.6, 0.6, 0.2])).equals(
        ([0, 0, 0.5, 1], [0, 0.5, 1, 1], [np.inf, 0.9, 0.6, 0.2]), names=names)
    t.call(roc_curve, np.array([0, 1, 0, 1, 0]), np.array([3, 3, 5, 4, 1])).equals(
        ([0, 1 / 3, 1 / 3, 2 / 3, 1], [0, 0, 0.5, 1, 1], [np.inf, 5, 4, 3, 1]), names=names)
    t.call(roc_curve, np.array([1, 1]), np.array([0.3, 0.7])).equals(([np.nan] * 3, [0, 0.5, 1], [np.inf, 0.7, 0.3]), names=names)
### BEGIN HIDDEN TESTS
with check("roc_curve", hidden=True) as t:
    from sklearn.metrics import roc_curve as by_sklearn

    for levels_ in (4, 9, 1000):
        y_ = np.concatenate([[0, 1], t.rng.integers(0, 2, 35)])
        score_ = t.rng.integers(0, levels_, 37) / levels_
        t.call(roc_curve, y_, score_).equals(by_sklearn(y_, score_, drop_intermediate=False))
### END HIDDEN TESTS

# %% [markdown] lang="en"
# ## One number: the area under the curve
#
# The **area under the ROC curve**, AUC, has a lovely meaning: take one diseased and one healthy film at random; the AUC is the probability that the diseased
# one has the higher score (a tie counts one half). 0.5 is tossing a coin, 1 is perfect. No threshold is needed.
#
# The curve is a chain of straight pieces, so the area is a sum of **trapezia**: width times mean height, $(x_{i+1} - x_i)\,(y_i + y_{i+1}) / 2$.
#
# ### Exercise 5: `auc`
#
# Write `auc(fpr, tpr)` for points in the order of the curve.
# %% [markdown] lang="ja"
# ## 一つの数で：曲線下面積
#
# **ROC 曲線下面積**（AUC）には、すてきな意味があります。病気のある画像とない画像を一枚ずつ無作為に選んだとき、病気のあるほうのスコアが高い確率です（同点は 2 分の 1 と数えます）。
# 0.5 なら当てずっぽう、1 なら完璧です。しきい値を決める必要はありません。
#
# 曲線は線分をつないだものなので、面積は**台形**の和です。幅 × 高さの平均、$(x_{i+1} - x_i)\,(y_i + y_{i+1}) / 2$ を足し合わせます。
#
# ### 演習5：`auc`
#
# 曲線の順に並んだ点について、面積を返す `auc(fpr, tpr)` を書いてください。

# %% exercise="auc"
def auc(fpr, tpr):
    L("""Return the area under the curve, by trapezia.""", """台形の和で、曲線下面積を返す。""")
    ### BEGIN SOLUTION
    fpr, tpr = np.asarray(fpr, float), np.asarray(tpr, float)
    return np.sum((fpr[1:] - fpr[:-1]) * (tpr[1:] + tpr[:-1]) / 2)
    ### END SOLUTION

# %% test="auc" points=2
with check("auc") as t:
    t.call(auc, np.array([0, 0, 0.5, 1]), np.array([0, 0.5, 1, 1])).equals(0.875)
    t.call(auc, np.array([0, 0.2, 0.2, 0.7, 1]), np.array([0, 0.3, 0.8, 0.9, 1])).equals(0.03 + 0.425 + 0.285)
    t.call(auc, np.array([0, 1]), np.array([0, 1])).equals(0.5)
### BEGIN HIDDEN TESTS
with check("auc", hidden=True) as t:
    from scipy.integrate import trapezoid

    for points_ in (2, 7, 40):
        x_, h_ = (np.sort(np.concatenate([[0], t.rng.integers(0, 9, points_) / 8, [1.125]])) / 1.125 for _ in range(2))
        t.call(auc, x_, h_).equals(trapezoid(h_, x_))
### END HIDDEN TESTS

# %% role="demo"
curve, area = yours_or(library.roc_curve), yours_or(library.auc)
_, axes = plt.subplots(figsize=(4.6, 4.4))
for values, name, style in ((s, L("network", "ネットワーク"), "-"), (g, L("reader, five grades", "読影者（五段階）"), "s--")):
    fpr, tpr, _ = curve(y, values)
    axes.plot(fpr, tpr, style, label=f"{name}: AUC {area(fpr, tpr):.3f}")
fpr, tpr, _ = curve(y, (s >= 0.5).astype(int))
print(L(f"AUC of the network's yes or no: {area(fpr, tpr):.3f}", f"ネットワークの「はい・いいえ」だけで求めた AUC：{area(fpr, tpr):.3f}"))
axes.plot([0, 1], [0, 1], ":", color=figures.GREY)
axes.set(xlabel=L("false positive rate", "偽陽性率"), ylabel=L("true positive rate", "真陽性率"), aspect="equal")
axes.legend(loc="lower right")
figures.show(L("ROC curves of the network (fine steps) and of the reader (five grades, long slanted pieces)",
               "ネットワーク（細かい階段）と読影者（五段階の長い斜線）の ROC 曲線"))

# %% [markdown] lang="en"
# A reader with five grades has many ties: long slanted pieces. And a warning: who computes an AUC from **yes or no** instead of the scores throws the curve away but for one point.
# The area comes out smaller, as the printed line shows. The AUC wants the scores.
#
# Now move the threshold yourself:
# %% [markdown] lang="ja"
# 五段階で答える読影者には同点が多く、長い斜線になります。一つ注意があります。スコアではなく「**はい・いいえ**」から AUC を計算すると、曲線の一点しか使わないことになり、上に表示されたとおり、面積が小さくなります。
# AUC にはスコアを渡しましょう。
#
# 次は、しきい値を自分で動かしてみてください。

# %% role="explore"
def at(threshold):
    called = (s >= threshold).astype(int)
    found = library.confusion_counts(y, called)
    fpr, tpr, _ = library.roc_curve(y, s)
    sensitivity, specificity = library.sensitivity_specificity(y, called)
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
    left.plot(fpr, tpr)
    left.plot(1 - specificity, sensitivity, "o", ms=10, color=figures.ORANGE)
    left.set(xlabel=L("false positive rate", "偽陽性率"), ylabel=L("true positive rate", "真陽性率"), aspect="equal")
    right.axis("off")
    right.text(0, 0.4, "\n".join(f"{name} = {number}" for name, number in found.items()), size=15, family="monospace")
    figures.show(L("The point on the ROC curve that belongs to the threshold, and the four counts", "しきい値に対応する ROC 曲線上の点と、四つの個数"))

interact(at, threshold=FloatSlider(0.5, min=0.4, max=0.56, step=0.005, description=L("threshold", "しきい値")))

# %% [markdown] lang="en"
# ## Accuracy lies when the disease is rare
#
# **Accuracy** is the share of right answers. In screening, one film in a hundred may show the disease. A program that always says "healthy" is then 99 % accurate,
# and useless.
#
# And the worth of a positive answer falls with the **prevalence**, the share of the diseased among all. Imagine 10,000 people, prevalence 1 %, a test with sensitivity 0.9
# and specificity 0.9: of 100 diseased it finds 90; of 9,900 healthy it alarms 990. A positive answer is right in 90 of 1,080 cases: 8.3 %. In formulas (Bayes):
#
# $$ \mathrm{PPV} = \frac{\mathrm{sens} \cdot \mathrm{prev}}{\mathrm{sens} \cdot \mathrm{prev} + (1 - \mathrm{spec}) (1 - \mathrm{prev})} $$
#
# ### Exercise 6: `ppv_at_prevalence`
#
# Write `ppv_at_prevalence(sens, spec, prev)`; numbers or arrays.
# %% [markdown] lang="ja"
# ## まれな病気では、正解率が当てにならない
#
# **正解率**は、正しい答えの割合です。検診では、病気のある画像が百枚に一枚ということもあります。いつも「異常なし」と答えるだけのプログラムの正解率は 99 % ですが、何の役にも立ちません。
#
# 陽性という答えの重みも、**有病率**（全体の中で病気のある人の割合）とともに下がります。1万人、有病率 1 %、感度 0.9、特異度 0.9 の検査を考えましょう。病気のある 100 人のうち 90 人が見つかり、病気のない 9,900 人のうち 990 人が
# 陽性になります。陽性 1,080 人のうち、本当に病気なのは 90 人、8.3 % です。式で書くと（ベイズの定理）、次のようになります。
#
# $$ \mathrm{PPV} = \frac{\mathrm{sens} \cdot \mathrm{prev}}{\mathrm{sens} \cdot \mathrm{prev} + (1 - \mathrm{spec}) (1 - \mathrm{prev})} $$
#
# ### 演習6：`ppv_at_prevalence`
#
# 感度、特異度、有病率から陽性的中率を返す `ppv_at_prevalence(sens, spec, prev)` を書いてください。数でも配列でも動くようにします。

# %% exercise="ppv_at_prevalence"
def ppv_at_prevalence(sens, spec, prev):
    L("""Return the positive predictive value at a prevalence.""", """その有病率での陽性的中率を返す。""")
    ### BEGIN SOLUTION
    found = sens * prev
    alarms = (1 - spec) * (1 - prev)
    return found / (found + alarms)
    ### END SOLUTION

# %% test="ppv_at_prevalence" points=1
with check("ppv_at_prevalence") as t:
    t.call(ppv_at_prevalence, 0.8, 0.95, np.array([0.5, 0.1, 0.02])).equals([0.4 / 0.425, 0.08 / 0.125, 0.016 / 0.065])
    t.call(ppv_at_prevalence, 0.9, 0.9, 0.01).equals(90 / 1080)
### BEGIN HIDDEN TESTS
with check("ppv_at_prevalence", hidden=True) as t:
    from fractions import Fraction

    for _ in range(4):
        a_, b_, c_ = (Fraction(int(v_), 100) for v_ in t.rng.integers(3, 97, 3))
        t.call(ppv_at_prevalence, float(a_), float(b_), float(c_)).equals(float(a_ * c_ / (a_ * c_ + (1 - b_) * (1 - c_))))
### END HIDDEN TESTS

# %% role="demo"
worth = yours_or(library.ppv_at_prevalence)
prevalence = np.logspace(-3, -0.1, 100)
_, axes = plt.subplots(figsize=(6, 3.4))
for specificity, style in ((0.9, "-"), (0.99, "--"), (0.999, ":")):
    axes.plot(100 * prevalence, 100 * np.asarray(worth(0.9, specificity, prevalence)), style, lw=2,
              label=L(f"specificity {specificity:.1%}", f"特異度 {specificity:.1%}"))
axes.set(xscale="log", xlabel=L("prevalence, %", "有病率（%）"), ylabel=L("positive predictive value, %", "陽性的中率（%）"))
axes.legend()
print(L(f"sensitivity and specificity 0.9: PPV {worth(0.9, 0.9, 0.5):.1%} at a prevalence of 50 %, {worth(0.9, 0.9, 0.01):.1%} at 1 %",
        f"感度・特異度 0.9 の PPV：有病率 50 % で {worth(0.9, 0.9, 0.5):.1%}、1 % で {worth(0.9, 0.9, 0.01):.1%}"))
figures.show(L("What a positive answer is worth, against the prevalence, for three specificities (sensitivity 0.9)",
               "有病率に対する陽性的中率（感度 0.9、特異度は三通り）"))

# %% [markdown] lang="en"
# The same test, with the same sensitivity and specificity, is right nine times out of ten in the one clinic and hardly ever in the other. A precision
# measured on a set with half of the films diseased says nothing about screening.
#
# ## How sure is that figure?
#
# "Sensitivity 100 %": 3 of 3, or 300 of 300? An **interval** tells them apart: the range of true values with which our count is still quite compatible (95 %).
# E. B. Wilson's interval (1927) is good even for few cases and for 0 %. With $\hat p = k/n$ and $z = 1.959964$:
#
# $$ \frac{\hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}} $$
#
# **An example**: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611 (Newcombe 1998).
#
# ### Exercise 7: `wilson_interval`
#
# Write `wilson_interval(k, n)`: return the lower and the upper end. Without any case ($n = 0$) we know nothing: (0, 1).
# %% [markdown] lang="ja"
# 感度も特異度も同じ検査なのに、ある施設では陽性の十に九つが当たり、別の施設ではほとんど外れます。病気のある画像を半分にそろえたデータで測った適合率からは、検診のことは何も分かりません。
#
# ## その数値は、どれほど確かか
#
# 「感度 100 %」。それは 3 人中 3 人でしょうか、300 人中 300 人でしょうか。違いを表すのが**区間**です。得られた個数と十分に両立する、真の値の範囲を示します（95 %）。E. B. Wilson の区間（1927）は、
# 例数が少ないときや 0 % のときにも使えます。$\hat p = k/n$、$z = 1.959964$ として、次の式で求めます。
#
# $$ \frac{\hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}} $$
#
# **例。** 263 例中 81 例なら 0.2553 から 0.3662、20 例中 0 例なら 0 から 0.1611 です（Newcombe 1998）。
#
# ### 演習7：`wilson_interval`
#
# 下端と上端を返す `wilson_interval(k, n)` を書いてください。一例もないとき（$n = 0$）は何も分からないので、(0, 1) とします。

# %% exercise="wilson_interval"
def wilson_interval(k, n):
    L("""Return the 95 % interval of a share of k in n, by Wilson.""", """n 例中 k 例の割合の 95 % 区間（Wilson）を返す。""")
    ### BEGIN SOLUTION
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, k / n
    middle = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    ### END SOLUTION

# %% test="wilson_interval" points=2
with check("wilson_interval") as t:
    names = (L("lower end", "下端"), L("upper end", "上端"))
    # en: to the four digits that are printed in the paper
    # ja: 論文に載っている四桁まで
    t.call(wilson_interval, 81, 263).equals((0.2553, 0.3662), atol=6e-5, names=names)
    t.call(wilson_interval, 0, 20).equals((0, 0.1611), atol=6e-5, names=names)
    t.call(wilson_interval, 0, 0).equals((0, 1), names=names)
### BEGIN HIDDEN TESTS
with check("wilson_interval", hidden=True) as t:
    from scipy.stats import binomtest

    for n_ in (1, 12, 400):
        for k_ in (0, int(t.rng.integers(0, n_ + 1)), n_):
            wanted_ = binomtest(k_, n_).proportion_ci(method="wilson")
            t.call(wilson_interval, k_, n_).equals((wanted_.low, wanted_.high), atol=1e-6)
### END HIDDEN TESTS

# %% role="demo"
interval = yours_or(library.wilson_interval)
found = count(y, (s >= 0.5).astype(int))
diseased = found["tp"] + found["fn"]
low, high = interval(found["tp"], diseased)
print(L(f"sensitivity of the network: {found['tp']} of {diseased}, 95 % interval {low:.2f} to {high:.2f}",
        f"ネットワークの感度：{diseased} 例中 {found['tp']} 例、95 % 区間 {low:.2f}～{high:.2f}"))
_, axes = plt.subplots(figsize=(6.5, 2.8))
for place, n in enumerate((5, 20, 80, 320)):
    k = round(0.9 * n)
    low, high = interval(k, n)
    axes.plot([low, high], [place, place], lw=3, color=figures.BLUE)
    axes.plot(k / n, place, "o", ms=8, color=figures.ORANGE)
axes.set(yticks=range(4), xlim=(0, 1.02), xlabel=L("sensitivity", "感度"))
axes.set_yticklabels([L(f"{round(0.9 * n)} of {n}", f"{n} 例中 {round(0.9 * n)} 例") for n in (5, 20, 80, 320)])
figures.show(L("Intervals for about 90 % found, of 5, 20, 80 and 320 cases: four times the cases, half the width",
               "およそ 90 % が見つかったときの区間（5、20、80、320 例）。例数が4倍になると幅は約半分になる"))

# %% [markdown] lang="en"
# ### And the AUC? The bootstrap
#
# For the AUC there is no such handy formula; there is a trick (Efron 1979). Our patients are a sample; what if we had drawn another one? Draw, **with replacement**, as many
# patients as there are, take **all films of each** (a patient drawn twice comes twice), compute the AUC, and do this a thousand times. The middle 95 % of the results is the interval.
#
# Why patients and not films? Films of one patient resemble each other. A hundred films of ten patients are not a hundred witnesses.
#
# ### Exercise 8 (optional, bonus points): `bootstrap_auc`
#
# Write `bootstrap_auc(y, score, patients, rng, n=1000)`: return the 2.5th and the 97.5th percentile of `n` AUCs. `patients` holds one name a film. If a draw holds one class only, draw again. The
# test allows 0.02.
#
# *Hint: `rng.choice(names, len(names))` draws with replacement; `np.concatenate` joins the films' indices; `np.percentile(areas, [2.5, 97.5])`. Your `roc_curve` and `auc` may help.*
# %% [markdown] lang="ja"
# ### AUC の確かさは？ ブートストラップ
#
# AUC には、このような便利な式がありません。そこで、うまい方法を使います（Efron 1979）。手元の患者は、たまたま選ばれた標本です。別の標本だったら、どうなっていたでしょうか。患者を同じ人数だけ**重複を許して**選び直し、
# 選ばれた患者の**画像をすべて**使って（二度選ばれた患者は二度使います）AUC を計算します。これを千回繰り返し、結果の中央の 95 % を区間とします。
#
# なぜ画像ではなく患者を選ぶのでしょうか。同じ患者の画像は互いに似ているからです。10 人の患者の 100 枚の画像は、100 人の証人ではありません。
#
# ### 演習8（発展・ボーナス点）：`bootstrap_auc`
#
# `n` 個の AUC の 2.5 パーセンタイルと 97.5 パーセンタイルを返す `bootstrap_auc(y, score, patients, rng, n=1000)` を書いてください。`patients` は画像ごとの患者名です。片方のクラスしか含まない標本は選び直します。
# 確認では 0.02 までの違いを許します。
#
# *ヒント：`rng.choice(names, len(names))` で重複を許して選べます。画像の番号は `np.concatenate` でつなぎ、`np.percentile(areas, [2.5, 97.5])` で求めます。`roc_curve` と `auc` も使えます。*

# %% exercise="bootstrap_auc"
def bootstrap_auc(y, score, patients, rng, n=1000):
    L("""Return the 2.5th and 97.5th percentile of the AUC over samples of patients.""",
      """患者を選び直した標本の AUC の 2.5 と 97.5 パーセンタイルを返す。""")
    ### BEGIN SOLUTION
    y, score, patients = np.asarray(y), np.asarray(score), np.asarray(patients)
    films_of = [np.flatnonzero(patients == name) for name in np.unique(patients)]
    areas = []
    while len(areas) < n:
        drawn = rng.integers(0, len(films_of), len(films_of))
        chosen = np.concatenate([films_of[i] for i in drawn])
        diseased, healthy = score[chosen][y[chosen] == 1], score[chosen][y[chosen] == 0]
        if len(diseased) == 0 or len(healthy) == 0:
            continue
        wins = np.sign(diseased[:, None] - healthy[None, :])
        areas.append(np.mean((wins + 1) / 2))
    return tuple(np.percentile(areas, [2.5, 97.5]))
    ### END SOLUTION

# %% test="bootstrap_auc" points=3
with check("bootstrap_auc") as t:
    names = (L("lower end", "下端"), L("upper end", "上端"))
    # en: 16 patients with four films each; the films of a patient have nearly the same scores
    # ja: 患者 16 人、一人 4 枚。同じ患者の画像のスコアはほぼ同じ
    level = np.array([0.2, 0.9, 0.4, 0.7, 0.5, 0.6, 0.3, 0.8, 0.55, 0.35, 0.65, 0.45, 0.25, 0.75, 0.38, 0.62])
    people = np.repeat(np.arange(16), 4)
    truth = np.array([0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1])[people]
    scores = level[people] + np.tile([0, 0.004, 0.008, 0.012], 16)
    t.call(bootstrap_auc, truth, scores, people, np.random.default_rng(0), 200).equals((0.672, 1.0), atol=0.09, names=names)
    t.call(bootstrap_auc, np.array([0, 1, 1]), np.array([0.1, 0.5, 0.9]), np.array([7, 8, 9]), np.random.default_rng(1), 50).equals((1, 1), names=names)
### BEGIN HIDDEN TESTS
with check("bootstrap_auc", hidden=True) as t:
    from scipy.stats import rankdata

    people_ = np.repeat(np.arange(120), t.rng.integers(1, 4, 120))
    truth_ = (t.rng.permutation(120) < 50).astype(int)[people_]
    score_ = 1.2 * truth_ + t.rng.normal(size=120)[people_] + 0.2 * t.rng.normal(size=len(people_))
    chance_, areas_ = np.random.default_rng(5), []
    groups_ = [np.flatnonzero(people_ == one_) for one_ in range(120)]
    for _ in range(3000):
        drawn_ = np.concatenate([groups_[i_] for i_ in chance_.integers(0, 120, 120)])
        ill_ = truth_[drawn_] == 1
        ranks_ = rankdata(score_[drawn_])[ill_].sum() - ill_.sum() * (ill_.sum() + 1) / 2
        areas_.append(ranks_ / ill_.sum() / (~ill_).sum())
    wanted_ = tuple(np.percentile(areas_, [2.5, 97.5]))
    t.call(bootstrap_auc, truth_, score_, people_, np.random.default_rng(6), 1000).equals(wanted_, atol=0.02)
### END HIDDEN TESTS

# %% role="demo"
doubt = yours_or(library.bootstrap_auc)
who = patients[held_out]
for values, name in ((s, L("network", "ネットワーク")), (g, L("reader", "読影者"))):
    fpr, tpr, _ = curve(y, values)
    low, high = doubt(y, values, who, np.random.default_rng(0))
    print(L(f"{name}: AUC {area(fpr, tpr):.3f}, 95 % interval {low:.3f} to {high:.3f}",
            f"{name}：AUC {area(fpr, tpr):.3f}、95 % 区間 {low:.3f}～{high:.3f}"))
# en: every film five times, as if each patient had come five times
# ja: どの画像も5回ずつ使い、全員が5回来院したことにする
five = np.tile(np.arange(len(y)), 5)
by_patient = doubt(y[five], s[five], who[five], np.random.default_rng(0))
by_film = doubt(y[five], s[five], np.arange(len(five)), np.random.default_rng(0))
print(L(f"each film five times: by patient {by_patient[0]:.3f} to {by_patient[1]:.3f}, by film {by_film[0]:.3f} to {by_film[1]:.3f}",
        f"同じ画像を5回：患者で選ぶと {by_patient[0]:.3f}～{by_patient[1]:.3f}、画像で選ぶと {by_film[0]:.3f}～{by_film[1]:.3f}"))

# %% [markdown] lang="en"
# The copies have told us nothing new, and the interval by patient stays as it was. The one by film pretends to have five times the patients.
#
# ## Choosing the threshold without cheating
#
# A threshold is a decision, and it may only be made on films that do not count afterwards: the **validation** films. Whoever chooses it on the test films has
# tuned on the test and reports too good a figure.
#
# Which one? That depends on what a miss costs and what a false alarm costs. A neutral choice is the greatest **Youden index**, sensitivity + specificity - 1, the height of the
# curve above the diagonal.
#
# ### Exercise 9: `choose_threshold`
#
# Write `choose_threshold(y, score)`: of the scores that occur, return the one with the greatest Youden index when score >= threshold means positive. Of several, the highest. If a class is absent: `nan`.
# %% [markdown] lang="ja"
# 同じ画像を増やしても、新しいことは何も分かりません。患者で選んだ区間は、元のままです。画像で選んだ区間は、患者が5倍いるかのように装っています。
#
# ## ずるをせずに、しきい値を選ぶ
#
# しきい値を決めるときに使ってよいのは、あとで成績に数えない画像、つまり**検証用**の画像だけです。テスト用の画像で決めると、テストに合わせて調整したことになり、よすぎる値を報告してしまいます。
#
# どこに決めればよいでしょうか。見逃しと過剰な拾い上げの、それぞれの代償によります。中立な選び方の一つは、**Youden 指数**（感度 + 特異度 - 1、対角線から曲線までの高さ）を最大にすることです。
#
# ### 演習9：`choose_threshold`
#
# 現れたスコアの中から、score >= しきい値 を陽性としたときに Youden 指数が最大になるものを返す `choose_threshold(y, score)` を書いてください。いくつもあるときは最も高いものを、片方のクラスがないときは `nan` を返します。

# %% exercise="choose_threshold"
def choose_threshold(y, score):
    L("""Return the score with the greatest Youden index; the highest of several; nan if a class is absent.""",
      """Youden 指数が最大のスコアを返す。複数あれば最も高いもの、片方のクラスがなければ nan。""")
    ### BEGIN SOLUTION
    y, score = np.asarray(y), np.asarray(score)
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    best, best_index = np.nan, -np.inf
    for threshold in np.unique(score)[::-1]:
        called = score >= threshold
        index = np.mean(called[y == 1]) + np.mean(~called[y == 0]) - 1
        if index > best_index + 1e-12:
            best, best_index = threshold, index
    return best
    ### END SOLUTION

# %% test="choose_threshold" points=2
with check("choose_threshold") as t:
    t.call(choose_threshold, np.array([1, 0, 1, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.45, 0.3, 0.1])).equals(0.6)
    # en: 9 and 4 are equally good
    # ja: 9 と 4 は同じくらいよい
    t.call(choose_threshold, np.array([1, 0, 1, 0]), np.array([9, 7, 4, 2])).equals(9)
    t.call(choose_threshold, np.array([1, 1, 1]), np.array([0.2, 0.5, 0.4])).equals(np.nan)
### BEGIN HIDDEN TESTS
with check("choose_threshold", hidden=True) as t:
    from sklearn.metrics import roc_curve as by_sklearn

    for levels_ in (6, 500):
        y_ = t.rng.permutation(np.repeat([0, 1], [32, 16]))  # powers of two: shares are exact, equal is equal
        score_ = (t.rng.integers(0, levels_, 48) + y_ * levels_ // 4) / levels_
        fpr_, tpr_, thresholds_ = by_sklearn(y_, score_, drop_intermediate=False)
        t.call(choose_threshold, y_, score_).equals(float(thresholds_[1:][np.argmax((tpr_ - fpr_)[1:])]))
    t.call(choose_threshold, np.zeros(4, int), np.array([0.1, 0.4, 0.3, 0.2])).equals(np.nan)
### END HIDDEN TESTS

# %% role="demo"
choose = yours_or(library.choose_threshold)
honest = choose(enlarged[tuning], score[tuning])
cheating = choose(y, s)
for threshold, name in ((honest, L("chosen on the validation films", "検証用の画像で決めた")), (cheating, L("chosen on the test films (cheating)", "テスト用の画像で決めた（ずる）"))):
    sensitivity, specificity = two(y, (s >= threshold).astype(int))
    print(L(f"{name}: {threshold:.3f}, sensitivity {sensitivity:.2f}, specificity {specificity:.2f}, Youden {sensitivity + specificity - 1:.2f}",
            f"{name}：{threshold:.3f}、感度 {sensitivity:.2f}、特異度 {specificity:.2f}、Youden {sensitivity + specificity - 1:.2f}"))

# %% [markdown] lang="en"
# **Look at the mistakes.** A figure never replaces a look. Here are the films that the honest threshold gets most wrong: missed hearts with the lowest scores, false alarms with the highest.
# %% [markdown] lang="ja"
# **間違いを見る。** 数値は、見ることの代わりにはなりません。正直に決めたしきい値で最も大きく外れた画像です。見逃しのうちスコアが低いものと、過剰な拾い上げのうちスコアが高いものを並べます。

# %% role="demo"
misses = [i for i in np.argsort(s) if y[i] == 1 and s[i] < honest][:2]
alarms = [i for i in np.argsort(-s) if y[i] == 0 and s[i] >= honest][:2]
shown = [*misses, *alarms]
titles = [L(f"{'missed' if y[i] else 'false alarm'}: ratio {ratios[held_out][i]:.2f}", f"{'見逃し' if y[i] else '拾いすぎ'}：心胸郭比 {ratios[held_out][i]:.2f}") for i in shown]
figures.films(images[held_out][shown], titles, L("Films on which the network was most wrong, with their true ratio", "ネットワークが最も大きく間違えた画像と、本当の心胸郭比"))

# %% [markdown] lang="en"
# Most of them lie close to 0.5: the mistakes are the borderline cases, and a ruler would argue about them too. A cardiothoracic ratio is a hint, not a diagnosis; it holds for upright PA films of adults in full inspiration.
#
# ## Key points
#
# 1. tp, fp, fn, tn come first. Sensitivity and specificity look at the truth's rows, precision at the answer's column; 0/0 is `nan`.
# 2. The ROC curve goes through every distinct score; tied films move together. The AUC wants scores, not yes or no.
# 3. With a rare disease accuracy means nothing, and the worth of a positive answer falls with the prevalence.
# 4. A figure has an interval (Wilson for shares, bootstrap for the AUC), and it counts patients.
# 5. The threshold is chosen on validation films; test films are looked at once.
# %% [markdown] lang="ja"
# 多くは 0.5 に近い画像です。間違いの大半は境界線上の例で、定規で測っても意見が分かれるでしょう。心胸郭比は目安であって、診断ではありません。成人の立位 PA 像、深吸気での値として読みます。
#
# ## まとめ
#
# 1. まず tp、fp、fn、tn を数えます。感度と特異度は正解の行を、適合率は答えの列を見ます。0/0 は `nan` です。
# 2. ROC 曲線は異なるスコアをすべて通ります。同点の画像は一緒に動きます。AUC には「はい・いいえ」ではなくスコアを渡します。
# 3. まれな病気では正解率に意味がなく、陽性という答えの重みも有病率とともに下がります。
# 4. 数値には区間を添えます（割合には Wilson、AUC にはブートストラップ）。数えるのは患者です。
# 5. しきい値は検証用の画像で決めます。テスト用の画像を見るのは一度だけです。

# %% [markdown] lang="en"
# ## Three questions to recall
#
# <details><summary>1. A program calls every film positive. What are its sensitivity, specificity and AUC?</summary>
#
# Sensitivity 1, specificity 0; all scores are tied, so the AUC is 0.5.
# </details>
#
# <details><summary>2. Sensitivity and specificity are 0.9 each. Why is a positive answer right in 90 % of the cases in one study and in 8 % in screening?</summary>
#
# The prevalence: one half in the study, one per cent in screening. With few diseased people, even a small share of false alarms outnumbers them.
# </details>
#
# <details><summary>3. 400 films of 20 patients. Why may the interval not be computed as if there were 400 patients?</summary>
#
# Films of one patient are right or wrong together. There are only 20 independent witnesses, and the interval must be as wide as theirs.
# </details>
# %% [markdown] lang="ja"
# ## 思い出してみよう（3問）
#
# <details><summary>1. すべての画像を陽性と答えるプログラムの、感度、特異度、AUC はいくつですか。</summary>
#
# 感度は 1、特異度は 0 です。スコアがすべて同点なので、AUC は 0.5 です。
# </details>
#
# <details><summary>2. 感度も特異度も 0.9 です。陽性という答えが、ある研究では 90 % 当たり、検診では 8 % しか当たらないのはなぜですか。</summary>
#
# 有病率が違うからです。研究では半分、検診では 1 % です。病気の人が少ないと、わずかな割合の偽陽性でも、真陽性の数を上回ってしまいます。
# </details>
#
# <details><summary>3. 患者 20 人の画像が 400 枚あります。患者が 400 人いるかのように区間を計算してはいけないのはなぜですか。</summary>
#
# 同じ患者の画像は、一緒に当たったり外れたりするからです。独立した証人は 20 人しかいないので、区間もその分だけ広くなければなりません。
# </details>

# %% [markdown] lang="en"
# ## Going further
#
# * E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, Journal of the American Statistical Association 22, 209-212 (1927)
# * R. G. Newcombe, *Two-sided confidence intervals for the single proportion: comparison of seven methods*, Statistics in Medicine 17, 857-872 (1998)
# * B. Efron, *Bootstrap methods: another look at the jackknife*, The Annals of Statistics 7, 1-26 (1979)
# * J. A. Hanley, B. J. McNeil, *The meaning and use of the area under a receiver operating characteristic (ROC) curve*, Radiology 143, 29-36 (1982)
# * W. J. Youden, *Index for rating diagnostic tests*, Cancer 3, 32-35 (1950)
#
# To play on: make the ruler of the reader twice as bad (0.07). Which of the two readers would you now prefer, and do the intervals allow you to say so?
# %% [markdown] lang="ja"
# ## さらに学ぶために
#
# * E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, Journal of the American Statistical Association 22, 209-212 (1927)
# * R. G. Newcombe, *Two-sided confidence intervals for the single proportion: comparison of seven methods*, Statistics in Medicine 17, 857-872 (1998)
# * B. Efron, *Bootstrap methods: another look at the jackknife*, The Annals of Statistics 7, 1-26 (1979)
# * J. A. Hanley, B. J. McNeil, *The meaning and use of the area under a receiver operating characteristic (ROC) curve*, Radiology 143, 29-36 (1982)
# * W. J. Youden, *Index for rating diagnostic tests*, Cancer 3, 32-35 (1950)
#
# 余裕があれば、読影者の定規の誤差を2倍（0.07）にしてみましょう。どちらを選びますか。区間を見て、そう言い切れるでしょうか。
