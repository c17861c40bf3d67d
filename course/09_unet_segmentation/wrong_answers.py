"""What learners get wrong in unit 09."""

# %% exercise="dice" wrong="intersection_over_union"
# en: That is IoU, which comes next. Dice has twice the common pixels above, and the sum of both sizes below.
# ja: それは次に学ぶ IoU です。Dice では、分子が共通の画素の2倍、分母が二つの画素数の和になります。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        union = np.sum((a + b) > 0)
        each.append(np.sum(a * b) / union if union > 0 else 1.0)
    return np.mean(each)

# %% exercise="dice" wrong="twice_the_intersection_over_the_union"
# en: Twice the common pixels over the union can become larger than 1. Below stand both sizes, |A| + |B|, in which common pixels count twice, too.
# ja: 共通の画素の2倍を和集合で割ると、1 を超えることがあります。分母は |A| + |B| で、共通の画素はここでも二回数えます。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        union = np.sum((a + b) > 0)
        each.append(2 * np.sum(a * b) / union if union > 0 else 1.0)
    return np.mean(each)

# %% exercise="dice" wrong="factor_of_two_forgotten"
# en: Two equal masks give only 0.5 in your function. Which factor stands before the common pixels?
# ja: 同じマスクどうしでも 0.5 にしかなりません。共通の画素の前に、何かが掛かっていませんでしたか。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(np.sum(a * b) / together if together > 0 else 1.0)
    return np.mean(each)

# %% exercise="dice" wrong="pooled_over_the_films"
# en: You count over all films at once. Then large organs outvote small ones: compute each film's coefficient, and then the mean.
# ja: 全部の画像の画素をまとめて数えています。それでは大きな臓器ばかりが値を決めます。画像ごとに計算してから平均しましょう。
def dice(y, p):
    together = np.sum(y) + np.sum(p)
    return 2 * np.sum(y * p) / together if together > 0 else 1.0

# %% exercise="dice" wrong="empty_masks_divide_by_zero"
# en: When both masks are empty, you divide 0 by 0, and one such film makes the whole mean nan. Look at the denominator first.
# ja: どちらのマスクも空のとき、0 を 0 で割っています。そのような画像が一枚あるだけで、平均が nan になります。先に分母を確かめましょう。
def dice(y, p):
    return np.mean([2 * np.sum(a * b) / np.float64(np.sum(a) + np.sum(b)) for a, b in zip(y, p)])

# %% exercise="dice" wrong="empty_masks_count_0"
# en: Nothing there and nothing found: that is a perfect answer, not a failure.
# ja: 何もないところに何も見つけなかったのは、失敗ではなく、完全な正解です。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(2 * np.sum(a * b) / together if together > 0 else 0.0)
    return np.mean(each)

# %% exercise="dice" wrong="empty_masks_left_out"
# en: You leave films with two empty masks out of the mean. They count, with 1.
# ja: どちらのマスクも空の画像を、平均から外しています。1 として数えます。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        if together > 0:
            each.append(2 * np.sum(a * b) / together)
    return np.mean(each) if each else 1.0

# %% exercise="dice" wrong="one_added_above_and_below"
# en: You add 1 above and below against 0/0. On a small organ that is much: a miss gets points. Use something tiny, or an `if`.
# ja: 0/0 を避けるために、分子と分母に 1 を足しています。小さな臓器では影響が大きく、見落としても点が付きます。ずっと小さな数か、`if` を使いましょう。
def dice(y, p):
    return np.mean([(2 * np.sum(a * b) + 1) / (np.sum(a) + np.sum(b) + 1) for a, b in zip(y, p)])

# %% exercise="dice" wrong="share_of_right_pixels"
# en: That is the share of right pixels. The large background makes it high, whatever happens to the organ.
# ja: それは画素の正解率です。背景が広いと、臓器がどうであっても高くなってしまいます。
def dice(y, p):
    return np.mean(y == p)

# %% exercise="dice" wrong="a_list_of_films"
# en: You return the coefficients of all films. Their mean is wanted.
# ja: 画像ごとの値をそのまま返しています。その平均を返してください。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(2 * np.sum(a * b) / together if together > 0 else 1.0)
    return np.array(each)

# %% exercise="dice" wrong="returned_inside_the_loop"
# en: Your function stops after the first film. Where is `return` indented?
# ja: 一枚めで終わっています。return の字下げを確かめてください。
def dice(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(2 * np.sum(a * b) / together if together > 0 else 1.0)
        return np.mean(each)

# %% exercise="iou" wrong="dice_again"
# en: That is Dice. For IoU the common pixels count once, above and below.
# ja: それは Dice です。IoU では、共通の画素を、分子でも分母でも一回だけ数えます。
def iou(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(2 * np.sum(a * b) / together if together > 0 else 1.0)
    return np.mean(each)

# %% exercise="iou" wrong="common_pixels_twice_in_the_union"
# en: |A| + |B| counts the common pixels twice. Take them away once, and you have the union.
# ja: |A| + |B| では、共通の画素を二回数えています。一回分を引くと、和集合の画素数になります。
def iou(y, p):
    each = []
    for a, b in zip(y, p):
        together = np.sum(a) + np.sum(b)
        each.append(np.sum(a * b) / together if together > 0 else 1.0)
    return np.mean(each)

# %% exercise="iou" wrong="pooled_over_the_films"
# en: You count over all films at once. Compute each film's IoU, and then the mean.
# ja: 全部の画像の画素をまとめて数えています。画像ごとに IoU を計算してから平均しましょう。
def iou(y, p):
    common = np.sum(y * p)
    union = np.sum(y) + np.sum(p) - common
    return common / union if union > 0 else 1.0

# %% exercise="iou" wrong="from_the_mean_dice"
# en: The formula Dice / (2 - Dice) holds for one film. Apply it film by film, before the mean.
# ja: Dice / (2 - Dice) という関係が成り立つのは、一枚の画像についてだけです。平均する前に、画像ごとに使いましょう。
def iou(y, p):
    d = dice(y, p)
    return d / (2 - d)

# %% exercise="iou" wrong="empty_masks_divide_by_zero"
# en: When both masks are empty, you divide 0 by 0. Look at the union first.
# ja: どちらのマスクも空のとき、0 を 0 で割っています。先に和集合の画素数を確かめましょう。
def iou(y, p):
    return np.mean([np.sum(a * b) / np.float64(np.sum((a + b) > 0)) for a, b in zip(y, p)])

# %% exercise="iou" wrong="empty_masks_count_0"
# en: Nothing there and nothing found: that is 1 by our convention, not 0.
# ja: 何もないところに何も見つけなかったときは、0 ではなく 1 と決めたのでした。
def iou(y, p):
    each = []
    for a, b in zip(y, p):
        union = np.sum((a + b) > 0)
        each.append(np.sum(a * b) / union if union > 0 else 0.0)
    return np.mean(each)

# %% exercise="iou" wrong="one_added_above_and_below"
# en: You add 1 above and below. On a small organ that is much; use something tiny, or an `if`.
# ja: 分子と分母に 1 を足しています。小さな臓器では影響が大きくなります。ずっと小さな数か、`if` を使いましょう。
def iou(y, p):
    return np.mean([(np.sum(a * b) + 1) / (np.sum((a + b) > 0) + 1) for a, b in zip(y, p)])

# %% exercise="iou" wrong="over_the_truth_only"
# en: You divide by the truth's pixels only. That is the sensitivity: an answer that covers the whole film would be perfect.
# ja: 正解の画素数だけで割っています。それは感度で、画像全体を塗りつぶせば満点になってしまいます。
def iou(y, p):
    each = []
    for a, b in zip(y, p):
        each.append(np.sum(a * b) / np.sum(a) if np.sum(a) > 0 else float(np.sum(b) == 0))
    return np.mean(each)

# %% exercise="soft_dice_loss" wrong="dice_itself"
# en: Your value is high when the answer is good. A loss must be low then: 1 minus it.
# ja: 答えがよいほど値が大きくなっています。損失は、よいほど小さくなる値です。1 から引きましょう。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return ops.mean((2 * common + 1e-6) / (together + 1e-6))

# %% exercise="soft_dice_loss" wrong="negative_dice"
# en: Minus Dice has the right slope, but a loss of 0 should mean a perfect answer: 1 - Dice.
# ja: 符号を変えただけでも傾きは合っていますが、完全に正しいときに 0 になるように、1 - Dice としましょう。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return -ops.mean((2 * common + 1e-6) / (together + 1e-6))

# %% exercise="soft_dice_loss" wrong="cut_at_one_half"
# en: You cut the probabilities at 0.5. Then the loss is flat nearly everywhere, and the network has nothing to learn from. Use them as they are.
# ja: 確率を 0.5 で区切っています。それでは損失がほとんどの場所で平らになり、ネットワークは何も学べません。確率のまま使いましょう。
def soft_dice_loss(y, p):
    p = ops.cast(p >= 0.5, "float32")
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return ops.mean(1 - (2 * common + 1e-6) / (together + 1e-6))

# %% exercise="soft_dice_loss" wrong="pooled_over_the_films"
# en: You sum over all films of the batch at once. Keep one sum for each film (axes 1, 2, 3), and take the mean at the end.
# ja: バッチの全画像をまとめて足しています。画像ごとに和をとり（軸 1, 2, 3）、最後に平均しましょう。
def soft_dice_loss(y, p):
    return 1 - (2 * ops.sum(y * p) + 1e-6) / (ops.sum(y) + ops.sum(p) + 1e-6)

# %% exercise="soft_dice_loss" wrong="squares_below"
# en: You square below, as some papers do (Milletari 2016). Here the sums are plain.
# ja: 分母で 2 乗しています。そうする論文もありますが（Milletari 2016）、ここでは 2 乗しません。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y * y, axis=(1, 2, 3)) + ops.sum(p * p, axis=(1, 2, 3))
    return ops.mean(1 - (2 * common + 1e-6) / (together + 1e-6))

# %% exercise="soft_dice_loss" wrong="epsilon_of_1"
# en: Your epsilon is 1, as large as a pixel: that pulls small organs towards 1. Here it is 0.000001.
# ja: ε が 1 では、1 画素分もあり、小さな臓器の値がずれます。ここでは 0.000001 です。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return ops.mean(1 - (2 * common + 1) / (together + 1))

# %% exercise="soft_dice_loss" wrong="epsilon_only_below"
# en: With epsilon only below, empty and empty makes a loss of 1: the network would be punished for finding nothing where nothing is. It stands above, too.
# ja: ε を分母にしか足していないので、どちらも空のときに損失が 1 になります。正しく「何もない」と答えたのに、叱られてしまいます。分子にも足しましょう。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return ops.mean(1 - 2 * common / (together + 1e-6))

# %% exercise="soft_dice_loss" wrong="epsilon_forgotten"
# en: An empty film gives 0/0, and nan spoils all weights at once. Where does epsilon belong?
# ja: 空の画像で 0/0 になり、nan がすべての重みを一度に壊します。ε はどこに足すのでしたか。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return ops.mean(1 - 2 * common / together)

# %% exercise="soft_dice_loss" wrong="by_iou"
# en: You take the common part away below: that is a loss by IoU. For Dice the plain sum stands there.
# ja: 分母から共通の分を引いています。それは IoU の損失です。Dice では、和のままにします。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    union = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3)) - common
    return ops.mean(1 - (common + 1e-6) / (union + 1e-6))

# %% exercise="soft_dice_loss" wrong="one_value_for_each_film"
# en: You return one loss for each film. Take the mean, so that one number comes out.
# ja: 画像ごとの損失をそのまま返しています。平均して、一つの数にしましょう。
def soft_dice_loss(y, p):
    common = ops.sum(y * p, axis=(1, 2, 3))
    together = ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3))
    return 1 - (2 * common + 1e-6) / (together + 1e-6)

# %% exercise="soft_dice_loss" wrong="numpy"
# en: The numbers are right, but you compute them by NumPy, where Keras cannot follow to find the gradient. Use `ops` instead of `np`.
# ja: 値は合っていますが、NumPy で計算しています。それでは Keras が計算をさかのぼれず、勾配を求められません。`np` の代わりに `ops` を使いましょう。
def soft_dice_loss(y, p):
    y, p = np.asarray(y), np.asarray(p)
    common = np.sum(y * p, axis=(1, 2, 3))
    together = np.sum(y, axis=(1, 2, 3)) + np.sum(p, axis=(1, 2, 3))
    return np.mean(1 - (2 * common + 1e-6) / (together + 1e-6))

# %% exercise="augment_pair" wrong="another_angle_for_the_mask"
# en: You draw a second angle and shift for the mask. Draw once, and use the same numbers for both.
# ja: マスクのために、角度とずれをもう一度引いています。一度だけ引いて、両方に同じ数を使いましょう。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="mask_left_where_it_was"
# en: The film moves, the mask stays. You teach an outline that lies beside the lung.
# ja: 画像だけが動き、マスクが元のままです。肺からずれた輪郭を教えることになります。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    return image, mask

# %% exercise="augment_pair" wrong="mask_turned_only"
# en: The mask is turned, but not shifted.
# ja: マスクは回っていますが、ずれていません。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="mask_turned_the_other_way"
# en: The mask turns the other way. Give both the same angle, with the same sign.
# ja: マスクが逆向きに回っています。角度は、符号まで同じものを使いましょう。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, -angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="mask_interpolated_linearly"
# en: Between organ 3 and organ 7 your mask gets 4, 5 and 6, which do not exist. Take the nearest pixel: order=0.
# ja: 3 番と 7 番の臓器の間に、存在しない 4、5、6 が現れています。最も近い画素の値を使いましょう（order=0）。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=1, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=1, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="mask_continued_beyond_the_border"
# en: You continue the mask beyond the border, too. There nothing is known: 0, by mode="constant".
# ja: マスクの端まで延ばしています。端の外側のことは分からないので、0 にします（mode="constant"）。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="nearest")
    mask = ndimage.shift(mask, (down, right), order=0, mode="nearest")
    return image, mask

# %% exercise="augment_pair" wrong="film_black_beyond_the_border"
# en: Beyond its border your film turns black, and the network would learn from these wedges. Continue the edge: mode="nearest".
# ja: 画像の端の外側が黒くなり、ネットワークがその黒いくさび形を手がかりにしかねません。端の値を延ばしましょう（mode="nearest"）。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="constant")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="constant")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="film_larger_after_the_turn"
# en: Without reshape=False, rotate makes the film larger, so that its corners fit. The size has to stay.
# ja: reshape=False がないと、四隅が収まるように画像が大きくなります。大きさは変えません。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="turned_only"
# en: You turn, but do not shift.
# ja: 回していますが、ずらしていません。
def augment_pair(image, mask, rng):
    angle = rng.uniform(-5, 5)
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="shifted_only"
# en: You shift, but do not turn.
# ja: ずらしていますが、回していません。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="angle_in_radians"
# en: ndimage.rotate wants degrees. In radians the angle is so small that nothing turns.
# ja: ndimage.rotate に渡すのは度です。ラジアンに直すと、小さすぎてほとんど回りません。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = np.radians(rng.uniform(-5, 5))
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="shift_in_shares_of_a_pixel"
# en: 0.05 is 5 % of one pixel. Multiply by the number of rows, or of columns.
# ja: 0.05 では、1 画素の 5 % しかずれません。行数や列数を掛けましょう。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05)
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="rows_and_columns_swapped"
# en: The shift downwards is a share of the rows, the one to the right a share of the columns. On a square film the slip would not show.
# ja: 下へのずれは行数に対する割合、右へのずれは列数に対する割合です。正方形の画像では、この間違いに気づけません。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * columns, rng.uniform(-0.05, 0.05) * rows
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="one_way_only"
# en: You turn and shift in one direction only. Draw from minus to plus.
# ja: 一方の向きにしか動かしていません。マイナスからプラスまでの範囲で引きましょう。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(0, 5)
    down, right = rng.uniform(0, 0.05) * rows, rng.uniform(0, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="flipped_at_times"
# en: You flip some films. The heart would be on the right, and the marker would lie.
# ja: 左右を反転した画像があります。心臓が右側に移り、マーカーも嘘をつくことになります。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    if rng.random() < 0.5:
        return image[:, ::-1], mask[:, ::-1]
    return image, mask

# %% exercise="augment_pair" wrong="always_the_same"
# en: Your function makes a generator of its own with a fixed seed: every film moves in the same way. Use the rng that is handed over.
# ja: 関数の中で、いつも同じ種から乱数を作っているので、どの画像も同じ動きになります。渡された rng を使いましょう。
def augment_pair(image, mask, rng):
    rng = np.random.default_rng(0)
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image, mask

# %% exercise="augment_pair" wrong="film_alone_returned"
# en: You return the film only. The mask has moved with it and belongs to it.
# ja: 画像しか返していません。一緒に動かしたマスクも返しましょう。
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    angle = rng.uniform(-5, 5)
    down, right = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    image = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    image = ndimage.shift(image, (down, right, 0), order=1, mode="nearest")
    mask = ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")
    mask = ndimage.shift(mask, (down, right), order=0, mode="constant")
    return image

# %% exercise="encoder_block" wrong="order_swapped"
# en: You return (down, skip). The skip comes first.
# ja: (down, skip) の順に返しています。skip が先です。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(skip)
    return layers.MaxPooling2D(2)(skip), skip

# %% exercise="encoder_block" wrong="skip_after_the_pooling"
# en: Your skip is already pooled: the fine positions are lost before they cross over. Keep the maps from before.
# ja: skip がプーリングの後になっています。渡す前に、細かい位置が失われています。プーリング前の地図を取っておきましょう。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(skip)
    skip = layers.MaxPooling2D(2)(skip)
    return skip, skip

# %% exercise="encoder_block" wrong="no_pooling"
# en: Nothing is halved. The second tensor should be pooled.
# ja: 縦横が半分になっていません。二つめのテンソルには、プーリングをします。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(skip)
    return skip, skip

# %% exercise="encoder_block" wrong="one_convolution"
# en: There are two convolutions in a block, the second one behind the first.
# ja: 一つのブロックの中に、畳み込みは二つあります。二つめは、一つめの結果に続けます。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return skip, layers.MaxPooling2D(2)(skip)

# %% exercise="encoder_block" wrong="padding_forgotten"
# en: Without padding="same" each convolution takes away a border of one pixel (unit 05), and the maps no longer fit on the way up.
# ja: padding="same" がないと、畳み込みのたびに端が 1 画素ずつ削られ（単元05）、上りで大きさが合わなくなります。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, activation="relu")(x)
    skip = layers.Conv2D(filters, 3, activation="relu")(skip)
    return skip, layers.MaxPooling2D(2)(skip)

# %% exercise="encoder_block" wrong="relu_forgotten"
# en: Without ReLU two convolutions are no more than one (unit 02).
# ja: ReLU がないと、畳み込みを二つ重ねても一つ分の働きしかしません（単元02）。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same")(x)
    skip = layers.Conv2D(filters, 3, padding="same")(skip)
    return skip, layers.MaxPooling2D(2)(skip)

# %% exercise="encoder_block" wrong="relu_once"
# en: Each of the two convolutions has its ReLU.
# ja: ReLU は、二つの畳み込みのそれぞれに付けます。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation=None)(skip)
    return skip, layers.MaxPooling2D(2)(skip)

# %% exercise="encoder_block" wrong="mean_instead_of_maximum"
# en: You pool by the mean. Here the largest value of each 2 x 2 is kept: MaxPooling2D.
# ja: 平均でプーリングしています。ここでは 2 × 2 の最大値を残します（MaxPooling2D）。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(skip)
    return skip, layers.AveragePooling2D(2)(skip)

# %% exercise="encoder_block" wrong="filters_doubled_inside"
# en: You double the filters within the block. The doubling comes from outside, level by level.
# ja: ブロックの中でフィルターを2倍にしています。2倍にするのは、段が変わるときだけです。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(2 * filters, 3, padding="same", activation="relu")(skip)
    return skip, layers.MaxPooling2D(2)(skip)

# %% exercise="encoder_block" wrong="only_down"
# en: You return only the way down. Without the skip it will be no U-Net.
# ja: 下りの地図しか返していません。skip がなければ U-Net になりません。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(skip)
    return layers.MaxPooling2D(2)(skip)

# %% exercise="encoder_block" wrong="normalised"
# en: There is a BatchNormalization in your block. That is often a good idea, but this plan has none.
# ja: ブロックに BatchNormalization が入っています。よい工夫ですが、この設計図にはありません。
def encoder_block(x, filters):
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    skip = layers.Conv2D(filters, 3, padding="same", activation="relu")(skip)
    skip = layers.BatchNormalization()(skip)
    return skip, layers.MaxPooling2D(2)(skip)

# %% exercise="decoder_block" wrong="skip_not_used"
# en: The skip is handed in, but you do not use it. Then the way up has to guess where things were.
# ja: skip を受け取っていますが、使っていません。上りは、物の位置を当てずっぽうで決めることになります。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="skip_first"
# en: The maps stand in the other order: first those from below, then the skip.
# ja: 地図の順番が逆です。下からの地図が先、skip が後です。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([skip, x])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="skip_added"
# en: You add the skip, as a residual block does. A U-Net lays the maps side by side: Concatenate.
# ja: skip を足しています。それは残差ブロックのやり方です。U-Net では地図を並べます（Concatenate）。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2)(x)
    x = layers.Add()([layers.Conv2D(skip.shape[-1], 1)(x), skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="not_doubled"
# en: The maps from below are only half as large as the skip, so that they cannot lie side by side. Double them first.
# ja: 下からの地図は skip の半分の大きさなので、並べられません。先に2倍にしましょう。
def decoder_block(x, skip, filters):
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="skip_halved"
# en: You halve the skip to make it fit. Then nothing goes up; double x instead.
# ja: 大きさを合わせるのに、skip のほうを半分にしています。それでは上れません。x を2倍にしましょう。
def decoder_block(x, skip, filters):
    skip = layers.MaxPooling2D(2)(skip)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="doubled_after_the_convolutions"
# en: You double at the end. Double first: the skip has the size of the level above.
# ja: 最後に2倍にしています。skip は一段上の大きさなので、先に2倍にします。
def decoder_block(x, skip, filters):
    skip = layers.MaxPooling2D(2)(skip)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.UpSampling2D(2)(x)

# %% exercise="decoder_block" wrong="doubled_smoothly"
# en: You double by bilinear interpolation. Possible, but here each value is repeated: plain UpSampling2D(2).
# ja: 双線形補間で2倍にしています。それも使われますが、ここでは値を繰り返すだけです（UpSampling2D(2) のまま）。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="doubled_by_a_transposed_convolution"
# en: You double by a convolution with weights of its own, as the original paper does. Here it is done without: UpSampling2D(2).
# ja: 重みのある転置畳み込みで2倍にしています。元の論文のやり方ですが、ここでは重みのない UpSampling2D(2) を使います。
def decoder_block(x, skip, filters):
    x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="one_convolution"
# en: There are two convolutions behind the skip.
# ja: 並べた後の畳み込みは二つです。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, skip])
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

# %% exercise="decoder_block" wrong="relu_forgotten"
# en: The two convolutions need their ReLU here, too.
# ja: ここでも、二つの畳み込みに ReLU が必要です。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same")(x)
    return layers.Conv2D(filters, 3, padding="same")(x)

# %% exercise="decoder_block" wrong="relu_once"
# en: Each of the two convolutions has its ReLU.
# ja: ReLU は、二つの畳み込みのそれぞれに付けます。
def decoder_block(x, skip, filters):
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same")(x)

# %% exercise="unet" wrong="no_skips"
# en: The way up never sees a skip: that is an auto-encoder, and its outlines stay blurred. Keras itself once had such a "U-Net" in an example.
# ja: 上りがスキップ接続を使っていません。これはオートエンコーダーで、輪郭がぼやけます。Keras の公式の例にも、そのような「U-Net」がありました。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.UpSampling2D(2)(x)
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="skips_in_the_wrong_order"
# en: On the way up the deepest skip comes first. Go through the list from its end.
# ja: 上りでは、いちばん深い段の skip から使います。リストを後ろからたどりましょう。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[depth - 1 - i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="filters_never_doubled"
# en: Each level down has twice as many filters: filters * 2 ** i.
# ja: 一段下るごとにフィルターが2倍になります（filters * 2 ** i）。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="filters_added_not_doubled"
# en: Your filters grow by the same number each level. They double: filters * 2 ** i.
# ja: フィルターが段ごとに同じ数ずつ増えています。2倍ずつ増やします（filters * 2 ** i）。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * (i + 1)))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * (depth + 1))
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * (i + 1))
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="bottom_missing"
# en: Between the way down and the way up there are two more convolutions, at the bottom of the U.
# ja: 下りと上りの間、U の字の底にも、畳み込みが二つあります。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="one_convolution_at_the_bottom"
# en: At the bottom there are two convolutions, as in every block.
# ja: 底の畳み込みも、ほかのブロックと同じく二つです。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = layers.Conv2D(filters * 2 ** depth, 3, padding="same", activation="relu")(x)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="bottom_not_doubled"
# en: The bottom is one level deeper than the last block: filters * 2 ** depth.
# ja: 底は、最後のブロックよりもう一段深いところです。フィルターは filters * 2 ** depth です。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** (depth - 1))
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="one_level_too_many"
# en: Your U is one level too deep: the bottom has no pooling of its own.
# ja: U の字が一段深すぎます。底では、プーリングをしません。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth + 1):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** (depth + 1))
    for i in reversed(range(depth + 1)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="softmax_for_one_class"
# en: A softmax over a single class is always 1: everything would be lung. For one class take sigmoid.
# ja: クラスが一つのときに softmax を使うと、いつも 1 になり、全部が肺になってしまいます。sigmoid を使いましょう。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="sigmoid_for_several_classes"
# en: With several organs each pixel belongs to one of them: their probabilities add up to 1, by softmax.
# ja: 臓器がいくつもあるとき、一つの画素はどれか一つに属します。合計が 1 になるように、softmax を使いましょう。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="last_activation_missing"
# en: The last layer gives any numbers. Which activation makes probabilities of them?
# ja: 最後の層の出力が、確率になっていません。確率にする活性化関数は何でしたか。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation=None)(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="last_kernel_3_by_3"
# en: The last convolution is 1 x 1: it only weighs the maps of one pixel.
# ja: 最後の畳み込みは 1 × 1 です。一つの画素の地図に重みを付けるだけです。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 3, padding="same", activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="one_map_for_several_classes"
# en: The last layer has always one map. It needs one for each class.
# ja: 最後の層の地図が、いつも一枚です。クラスの数だけ必要です。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            raise ValueError("cannot be halved so often")
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(1, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="unet" wrong="none_returned_for_odd_sides"
# en: A printed message does not stop the program. Use raise ValueError(...).
# ja: 表示しただけではプログラムは止まりません。raise ValueError(...) を使いましょう。
def unet(input_shape, filters, depth, classes=1):
    def twice(x, maps):
        for _ in range(2):
            x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
        return x

    for side in input_shape[:2]:
        if side % 2 ** depth != 0:
            print("cannot be halved so often")
            return None
    x = films = keras.Input(input_shape)
    skips = []
    for i in range(depth):
        skips.append(twice(x, filters * 2 ** i))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = twice(x, filters * 2 ** depth)
    for i in reversed(range(depth)):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), skips[i]])
        x = twice(x, filters * 2 ** i)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)

# %% exercise="keep_largest" wrong="corners_do_not_count"
# en: Your parts hang together by edges only. With structure=np.ones((3, 3)) corners count, too.
# ja: 辺で触れている画素しか、つながっているとみなしていません。structure=np.ones((3, 3)) とすると、角で触れていてもつながります。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:n] + 1
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="background_counted"
# en: You count the background, number 0, as a part. It is the largest of all.
# ja: 番号 0 の背景まで、塊として数えています。背景はいちばん大きいのです。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    largest = np.argsort(-sizes)[:n]
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="first_parts_kept"
# en: You keep the parts that come first, not the largest ones. The numbers go from top to bottom.
# ja: 大きい塊ではなく、番号の小さい塊を残しています。番号は、上から順に付いているだけです。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    largest = np.arange(1, n + 1)
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="smallest_kept"
# en: np.argsort sorts from small to large: you keep the smallest parts.
# ja: np.argsort は小さい順に並べるので、小さい塊が残っています。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(sizes)[:n] + 1
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="numbers_off_by_one"
# en: You left out the background, so that place 0 is part number 1. Your numbers are one too low.
# ja: 背景を除いたので、0 番めが番号 1 の塊です。番号が一つずつずれています。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:n]
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="always_one"
# en: You keep one part, whatever n says. There are two lungs.
# ja: n に関係なく、塊を一つだけ残しています。肺は二つあります。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:1] + 1
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="n_th_only"
# en: You keep only the n-th largest part. All up to it should stay.
# ja: n 番めに大きい塊だけを残しています。そこまでのすべてを残しましょう。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[n - 1:n] + 1
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="fewer_parts_crash"
# en: With fewer than n parts your function stops. A slice such as [:n] takes what is there.
# ja: 塊が n 個より少ないと止まります。[:n] のようにスライスを使えば、あるだけ取り出せます。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.array([np.argsort(-sizes)[k] for k in range(n)]) + 1
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="fewer_parts_refused"
# en: With fewer than n parts you return nothing. All that is there should stay.
# ja: 塊が n 個より少ないと、何も残していません。あるものはすべて残しましょう。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:n] + 1
    if count < n:
        return np.zeros_like(mask)
    return np.isin(parts, largest)

# %% exercise="keep_largest" wrong="numbers_returned"
# en: You return the numbers of the parts. A mask is wanted: True or False.
# ja: 塊の番号を返しています。返すのは True か False のマスクです。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:n] + 1
    return np.where(np.isin(parts, largest), parts, 0)

# %% exercise="keep_largest" wrong="others_kept"
# en: You return what should be thrown away.
# ja: 捨てるはずのほうを返しています。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.argsort(-sizes)[:n] + 1
    return mask & ~np.isin(parts, largest)

# %% exercise="keep_largest" wrong="at_least_n_pixels"
# en: You keep the parts of at least n pixels. n is how many parts to keep.
# ja: n 画素以上の塊を残しています。n は、残す塊の個数です。
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    largest = np.flatnonzero(sizes >= n) + 1
    return np.isin(parts, largest)

# %% exercise="cardiothoracic_ratio" wrong="widest_row_of_the_heart"
# en: You take the widest single row of the heart. Its right and left borders reach out at different heights: take the first and the last column of the whole mask.
# ja: 心臓の、いちばん広い一行の幅をとっています。右縁と左縁は、違う高さで最も張り出します。マスク全体の最初の列から最後の列までをとりましょう。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return max(np.ptp(np.flatnonzero(row)) + 1 for row in heart if np.any(row)) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="thorax_over_the_whole_mask"
# en: You take the first and the last column of both lungs together. The thorax is measured in one row, the widest one.
# ja: 両肺を合わせた、最初の列から最後の列までをとっています。胸郭の幅は一本の水平線の上で、最も広い行で測ります。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(np.any(lungs, axis=0))) + 1]
    return (np.ptp(columns) + 1) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="lung_pixels_counted"
# en: You count lung pixels in a row. The width goes from the first to the last, with the mediastinum in between.
# ja: 一行の中の肺の画素を数えています。胸郭の幅は、間にある縦隔も含めて、最初の画素から最後の画素までです。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.sum(row) for row in lungs]
    return (np.ptp(columns) + 1) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="heart_columns_one_short"
# en: From column 4 to column 8 there are five columns, not four: count the first and the last.
# ja: 列 4 から列 8 までは、4 列ではなく 5 列あります。最初と最後の両方を数えましょう。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return (np.ptp(columns)) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="both_one_short"
# en: Last minus first leaves out one column, of the heart as well as of the thorax: both ends count.
# ja: 「最後 - 最初」では、心臓も胸郭も 1 列足りません。両端を数えましょう。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) for row in lungs if np.any(row)]
    return (np.ptp(columns)) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="upside_down"
# en: You divide the thorax by the heart. The ratio of a healthy adult is about one half or less.
# ja: 胸郭を心臓で割っています。健康な成人なら、だいたい半分以下になる比です。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return max(spans) / (np.ptp(columns) + 1)

# %% exercise="cardiothoracic_ratio" wrong="areas"
# en: You divide areas. The ratio is one of widths, as with a ruler.
# ja: 面積で割っています。心胸郭比は、定規で測るように、幅と幅の比です。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    return np.sum(heart) / np.sum(lungs)

# %% exercise="cardiothoracic_ratio" wrong="heights"
# en: You measure along the rows, from top to bottom. Widths run along the columns.
# ja: 縦の長さを測っています。幅は横（列）の方向です。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=1))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs.T if np.any(row)]
    return (np.ptp(columns) + 1) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="first_row_of_the_lungs"
# en: You measure the thorax in one fixed row. Look for the widest one.
# ja: 決まった一行だけで胸郭を測っています。最も広い行を探しましょう。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return (np.ptp(columns) + 1) / spans[0]

# %% exercise="cardiothoracic_ratio" wrong="mean_of_the_rows"
# en: You take the mean width over the rows. The thorax is measured where it is widest.
# ja: 各行の幅を平均しています。胸郭は、最も広いところで測ります。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return (np.ptp(columns) + 1) / np.mean(spans)

# %% exercise="cardiothoracic_ratio" wrong="percent"
# en: The ratio is a number such as 0.42, not per cent.
# ja: 百分率ではなく、0.42 のような比で返しましょう。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return np.nan
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return 100 * (np.ptp(columns) + 1) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="empty_counts_0"
# en: Without a heart or a lung there is nothing to divide: the honest answer is nan, not 0.
# ja: 心臓か肺がなければ、割り算ができません。正直な答えは 0 ではなく nan です。
def cardiothoracic_ratio(lungs, heart):
    if not np.any(lungs) or not np.any(heart):
        return 0
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return (np.ptp(columns) + 1) / max(spans)

# %% exercise="cardiothoracic_ratio" wrong="empty_masks_crash"
# en: When a mask is empty, your function stops. Ask for it first, and return nan.
# ja: マスクが空だと、途中で止まります。先に確かめて、nan を返しましょう。
def cardiothoracic_ratio(lungs, heart):
    columns = np.flatnonzero(np.any(heart, axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if np.any(row)]
    return (np.ptp(columns) + 1) / max(spans)
