"""What learners get wrong in unit 00."""

# %% exercise="mean_intensity" wrong="printed_not_returned"
# en: The number appears on the screen, but nobody gets it: print shows, return hands over.
# ja: 画面に数は出ましたが、呼び出した側には渡っていません。print は見せるだけ、渡すのは return です。
def mean_intensity(image):
    print(image.mean())

# %% exercise="mean_intensity" wrong="sum_not_divided"
# en: That is the sum of all pixels. What makes a mean of a sum?
# ja: これはすべての画素の合計です。合計を平均にするには、何で割りますか。
def mean_intensity(image):
    return float(np.sum(image))

# %% exercise="mean_intensity" wrong="divided_by_rows"
# en: len(image) counts the rows. How many pixels are there in all? image.size knows.
# ja: len(image) は行の数です。画素は全部でいくつでしょうか。image.size で分かります。
def mean_intensity(image):
    return float(np.sum(image)) / len(image)

# %% exercise="mean_intensity" wrong="mean_of_each_column"
# en: You return a mean for each column. One number for the whole film is asked for: leave axis out.
# ja: 列ごとの平均を返しています。求めるのは画像全体で一つの数です。axis は付けません。
def mean_intensity(image):
    return image.mean(axis=0)

# %% exercise="mean_intensity" wrong="mean_of_each_row"
# en: You return a mean for each row. One number for the whole film is asked for: leave axis out.
# ja: 行ごとの平均を返しています。求めるのは画像全体で一つの数です。axis は付けません。
def mean_intensity(image):
    return image.mean(axis=1)

# %% exercise="mean_intensity" wrong="median"
# en: That is the median, the value in the middle when all are put in order. The mean is asked for.
# ja: それは中央値（小さい順に並べた真ん中の値）です。求めるのは平均値です。
def mean_intensity(image):
    return float(np.median(image))

# %% exercise="mean_intensity" wrong="rounded"
# en: Nearly. You cut the decimals off: int(...) or round(...) is not asked for.
# ja: 惜しいです。小数が切り捨てられています。int(...) や round(...) は要りません。
def mean_intensity(image):
    return int(image.mean())

# %% exercise="mean_intensity" wrong="sum_overflows"
# en: The sum does not fit into 8 bits and starts again at 0. image.mean() takes care of that by itself.
# ja: 合計が8ビットに収まらず、0 に戻ってしまっています。image.mean() なら、そうならないように計算してくれます。
def mean_intensity(image):
    return float(image.sum(dtype=image.dtype)) / image.size

# %% exercise="last_row" wrong="first_row"
# en: That is the row at the top. Counting from the end is done with negative numbers: which is the last?
# ja: それは一番上の行です。後ろから数えるときは負の数を使います。最後の行は何番でしょうか。
def last_row(image):
    return image[0]

# %% exercise="last_row" wrong="last_column"
# en: That is the last column. The row comes first in the brackets.
# ja: それは最後の列です。かっこの中では、行が先に来ます。
def last_row(image):
    return image[:, -1]

# %% exercise="last_row" wrong="counted_from_one"
# en: A film of H rows has the rows 0 to H - 1; there is no row H.
# ja: 行が H 本ある画像の行番号は 0 から H - 1 までです。H 番の行はありません。
def last_row(image):
    return image[len(image)]

# %% exercise="last_row" wrong="last_row_but_one"
# en: That is the row above the last one. From the end one counts -1, -2, -3, ...
# ja: それは最後から二番目の行です。後ろからは -1、-2、-3、… と数えます。
def last_row(image):
    return image[-2]

# %% exercise="last_row" wrong="image_of_one_row"
# en: A slice (with a colon) keeps both directions and gives an image of one row, shape (1, W). One index gives the row itself, shape (W,).
# ja: コロンを使ったスライスでは、一行だけの画像（形 (1, W)）になります。番号を一つ書くと、行そのもの（形 (W,)）になります。
def last_row(image):
    return image[-1:]

# %% exercise="last_row" wrong="last_pixel"
# en: That is one pixel, the one at the bottom right. The whole row is asked for.
# ja: それは右下の一画素です。求めるのは一行全部です。
def last_row(image):
    return image[-1, -1]

# %% exercise="last_row" wrong="fits_one_film_only"
# en: That holds for films of three rows. How do you say "the last", whatever their number?
# ja: それでは3行の画像でしか動きません。行が何本あっても「最後」を表す書き方がありました。
def last_row(image):
    return image[2]

# %% exercise="crop" wrong="rows_and_columns_swapped"
# en: x counts columns, y counts rows. Which comes first in image[ , ]?
# ja: x は列、y は行を数えます。image[ , ] で先に書くのはどちらでしたか。
def crop(image, x1, y1, x2, y2):
    return image[x1:x2, y1:y2]

# %% exercise="crop" wrong="end_included"
# en: One row and one column too many. The box is half-open, and so is a slice: a:b already leaves b out.
# ja: 行も列も一本ずつ多くなっています。枠の終わりは含みません。スライス a:b も、b を含みません。
def crop(image, x1, y1, x2, y2):
    return image[y1:y2 + 1, x1:x2 + 1]

# %% exercise="crop" wrong="sliced_one_after_the_other"
# en: image[a:b][c:d] takes rows twice. Both slices belong into one pair of brackets, with a comma.
# ja: image[a:b][c:d] と書くと、行を二度切り出すことになります。二つのスライスは、一つのかっこの中にコンマで並べます。
def crop(image, x1, y1, x2, y2):
    return image[y1:y2][x1:x2]

# %% exercise="crop" wrong="corner_and_size"
# en: You read x2 and y2 as width and height. They are the other corner of the box.
# ja: x2 と y2 を幅と高さとして使っています。これは枠の反対側の角の位置です。
def crop(image, x1, y1, x2, y2):
    return image[y1:y1 + y2, x1:x1 + x2]

# %% exercise="crop" wrong="counted_from_one"
# en: You begin one row and one column too early. Python counts from 0, and so do x and y here.
# ja: 行も列も一本ずつ早く始まっています。Python は 0 から数えます。ここの x と y も同じです。
def crop(image, x1, y1, x2, y2):
    return image[y1 - 1:y2, x1 - 1:x2]

# %% exercise="crop" wrong="rows_only"
# en: You cut the rows and keep all columns. A second slice goes behind the comma.
# ja: 行だけを切り出して、列は全部残っています。コンマの後ろに、もう一つスライスが要ります。
def crop(image, x1, y1, x2, y2):
    return image[y1:y2]

# %% exercise="crop" wrong="end_cut_off_too_early"
# en: One row and one column too few. The last one is y2 - 1 already, since a slice leaves its end out.
# ja: 行も列も一本ずつ足りません。スライスは終わりを含まないので、何もしなくても最後は y2 - 1 になります。
def crop(image, x1, y1, x2, y2):
    return image[y1:y2 - 1, x1:x2 - 1]

# %% exercise="invert" wrong="for_eight_bits"
# en: 255 - x is right for pixels from 0 to 255. Here black is 0 and white is 1.
# ja: 255 - x は、0 から 255 の画素のときの式です。ここでは黒が 0、白が 1 です。
def invert(image):
    return 255 - image

# %% exercise="invert" wrong="minus_sign_only"
# en: Black and white have changed places, but all values are below 0 now. What must be added?
# ja: 白黒は入れ替わりましたが、値がすべて 0 以下になっています。何を足せばよいでしょうか。
def invert(image):
    return -image

# %% exercise="invert" wrong="changes_the_original"
# en: The values are right, but you have written into the film itself, and its owner has lost it. `1 - image` makes a new one.
# ja: 値は正しいのですが、元の画像そのものを書き換えてしまいました。`1 - image` と書けば、新しい配列ができます。
def invert(image):
    image *= -1
    image += 1
    return image

# %% exercise="invert" wrong="brightest_value_taken_for_white"
# en: You turn round at the brightest pixel of this film. White is 1, even if no pixel is white.
# ja: その画像で一番明るい画素を基準に反転しています。白い画素がなくても、白は 1 です。
def invert(image):
    return image.max() - image

# %% exercise="invert" wrong="upside_down"
# en: You have turned the film upside down. The place of each pixel stays, its value changes.
# ja: 画像の上下をひっくり返しています。画素の位置は変えずに、値を変えてください。
def invert(image):
    return image[::-1]

# %% exercise="invert" wrong="one_over"
# en: 1 / x grows beyond 1, and black would be infinite. What is the distance from white?
# ja: 1 / x は 1 より大きくなり、黒では無限大になってしまいます。白からの差はいくつでしょうか。
def invert(image):
    with np.errstate(divide="ignore"):
        return 1 / image

# %% exercise="invert" wrong="black_or_white"
# en: Only black and white are left. The greys between them are to be inverted, too.
# ja: 白と黒だけになってしまいました。その間の灰色も反転させましょう。
def invert(image):
    return (image < 0.5) * 1.0

# %% exercise="mean_per_film" wrong="one_for_all"
# en: That is one number for all films together. axis says along which directions to take the mean.
# ja: 全部の画像をまとめた、一つの数になっています。どの方向に平均するかを axis で指定します。
def mean_per_film(images):
    return images.mean()

# %% exercise="mean_per_film" wrong="mean_film"
# en: axis=0 goes across the films and gives the average film. Which axes lie within one film?
# ja: axis=0 は画像どうしの平均なので、「平均的な画像」になります。一枚の画像の中の軸はどれとどれでしょうか。
def mean_per_film(images):
    return images.mean(axis=0)

# %% exercise="mean_per_film" wrong="rows_only"
# en: axis=1 takes the mean over the rows; the columns are left. Two axes may be given: axis=(..., ...).
# ja: axis=1 だけでは行の方向しか平均されず、列が残ります。axis=(…, …) のように二つ指定できます。
def mean_per_film(images):
    return images.mean(axis=1)

# %% exercise="mean_per_film" wrong="columns_only"
# en: axis=2 takes the mean over the columns; the rows are left. Two axes may be given: axis=(..., ...).
# ja: axis=2 だけでは列の方向しか平均されず、行が残ります。axis=(…, …) のように二つ指定できます。
def mean_per_film(images):
    return images.mean(axis=2)

# %% exercise="mean_per_film" wrong="axes_counted_from_the_front"
# en: (0, 1) are films and rows. The first axis counts the films; it is the one to keep.
# ja: (0, 1) は画像と行の軸です。最初の軸は画像の枚数なので、残すのはそこです。
def mean_per_film(images):
    return images.mean(axis=(0, 1))

# %% exercise="mean_per_film" wrong="return_inside_the_loop"
# en: The first return ends the function, so only the first film is done. How far is it indented?
# ja: 最初の return で関数が終わるので、一枚目しか計算されません。return の字下げを確かめましょう。
def mean_per_film(images):
    means = []
    for image in images:
        means.append(image.mean())
        return means

# %% exercise="mean_per_film" wrong="sums"
# en: Those are the sums. The mean is asked for.
# ja: 合計になっています。求めるのは平均です。
def mean_per_film(images):
    return images.sum(axis=(1, 2))

# %% exercise="count_above" wrong="equal_counted_too"
# en: Pixels that are exactly t are counted as well. "Above" is > and not >=.
# ja: ちょうど t の画素も数えています。「より大きい」は >= ではなく > です。
def count_above(image, t):
    return int(np.sum(image >= t))

# %% exercise="count_above" wrong="below"
# en: You count the pixels below t.
# ja: t より小さい画素を数えています。
def count_above(image, t):
    return int(np.sum(image < t))

# %% exercise="count_above" wrong="mask_returned"
# en: That is the mask, one True or False per pixel. How many True are there?
# ja: それは画素ごとの True と False、つまりマスクです。True はいくつあるでしょうか。
def count_above(image, t):
    return image > t

# %% exercise="count_above" wrong="values_added"
# en: You add up the values of the bright pixels. Their number is asked for: add up the mask.
# ja: 明るい画素の値を足しています。求めるのは個数です。マスクのほうを足しましょう。
def count_above(image, t):
    return image[image > t].sum()

# %% exercise="count_above" wrong="share_instead_of_number"
# en: The mean of a mask is the share of True. Their number is asked for.
# ja: マスクの平均は True の割合です。求めるのは個数です。
def count_above(image, t):
    return np.mean(image > t)

# %% exercise="count_above" wrong="length_of_the_mask"
# en: len counts the rows of the mask, whether True or False.
# ja: len はマスクの行の数です。True か False かは関係なくなってしまいます。
def count_above(image, t):
    return len(image > t)

# %% exercise="count_above" wrong="pixels_returned"
# en: Those are the bright pixels themselves. How many are they?
# ja: 明るい画素そのものを返しています。いくつあるでしょうか。
def count_above(image, t):
    return image[image > t]

# %% exercise="to_float" wrong="divided_by_256"
# en: White is 255, and 255 / 256 is not quite 1. By what must you divide?
# ja: 白は 255 ですが、255 / 256 は 1 になりません。何で割ればよいでしょうか。
def to_float(image):
    return image / 256

# %% exercise="to_float" wrong="whole_division"
# en: // divides and drops the decimals, so that all greys become 0. Use /.
# ja: // は小数を切り捨てる割り算なので、灰色がすべて 0 になります。/ を使いましょう。
def to_float(image):
    return image // 255

# %% exercise="to_float" wrong="type_changed_only"
# en: Decimals they are, but still from 0 to 255. The scale must change as well.
# ja: 小数にはなりましたが、まだ 0 から 255 のままです。範囲も変えましょう。
def to_float(image):
    return image.astype(float)

# %% exercise="to_float" wrong="divided_by_the_brightest"
# en: You divide by the film's own brightest pixel, so that two films can no longer be compared. White is always 255.
# ja: その画像で一番明るい画素で割ると、画像どうしを比べられなくなります。白はいつも 255 です。
def to_float(image):
    return image / image.max()

# %% exercise="to_float" wrong="per_cent"
# en: White is 100 in your result, as in per cent. Here white is 1.
# ja: 白が 100 になっています（百分率です）。ここでは白を 1 にします。
def to_float(image):
    return image / 255 * 100

# %% exercise="to_float" wrong="printed_not_returned"
# en: The numbers appear on the screen, but nobody gets them: print shows, return hands over.
# ja: 画面に数は出ましたが、呼び出した側には渡っていません。print は見せるだけ、渡すのは return です。
def to_float(image):
    print(image / 255)

# %% exercise="to_float" wrong="minus_one_to_one"
# en: Your values go from -1 to 1. Some networks like that; here black is 0.
# ja: 値が -1 から 1 になっています。そうするネットワークもありますが、ここでは黒を 0 にします。
def to_float(image):
    return image / 127.5 - 1
