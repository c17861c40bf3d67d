"""What learners get wrong in unit 01."""

# %% exercise="histogram" wrong="largest_value_lost"
# en: The largest value of the image is counted nowhere. What is different about the last bin?
# ja: 画像の最大値が、どの区間にも数えられていません。最後の区間だけ違うのは何でしたか。
def histogram(image, bins):
    edges = np.linspace(image.min(), image.max(), bins + 1)
    counts = [np.sum((image >= edges[i]) & (image < edges[i + 1])) for i in range(bins)]
    return np.array(counts), edges

# %% exercise="histogram" wrong="edges_counted_twice"
# en: A value that lies exactly on an edge is counted in both neighbours. To which bin does it belong?
# ja: 区切りちょうどの値が、両側の区間に数えられています。どちらの区間に入れる約束でしたか。
def histogram(image, bins):
    edges = np.linspace(image.min(), image.max(), bins + 1)
    counts = [np.sum((image >= edges[i]) & (image <= edges[i + 1])) for i in range(bins)]
    return np.array(counts), edges

# %% exercise="histogram" wrong="one_edge_too_few"
# en: Five bins have six edges, as five fingers have six sides. How many numbers must linspace give?
# ja: 区間が5個なら、区切りは6個です。linspace が返す数は、いくつ必要でしょうか。
def histogram(image, bins):
    edges = np.linspace(image.min(), image.max(), bins)
    counts = [np.sum((image >= edges[i]) & (image < edges[i + 1])) for i in range(bins - 1)]
    counts[-1] += np.sum(image == image.max())
    return np.array(counts), edges

# %% exercise="histogram" wrong="begins_at_zero"
# en: Your first bin begins at 0, but the range goes from the image's own smallest value.
# ja: 最初の区間が 0 から始まっています。範囲は、その画像の最小値から始めます。
def histogram(image, bins):
    return np.histogram(image, bins, range=(0, image.max()))

# %% exercise="histogram" wrong="counts_only"
# en: The counts are there. A second thing is asked for: where the bins begin and end.
# ja: 画素数は求められています。もう一つ、区間の始まりと終わりも返してください。
def histogram(image, bins):
    counts, edges = np.histogram(image, bins)
    return counts

# %% exercise="histogram" wrong="middles_instead_of_edges"
# en: You return the middle of each bin. The edges are asked for, and there is one more of them.
# ja: 区間の中央の値を返しています。返すのは区切りの値で、区間の数より一つ多くなります。
def histogram(image, bins):
    counts, edges = np.histogram(image, bins)
    return counts, (edges[:-1] + edges[1:]) / 2

# %% exercise="histogram" wrong="shares_instead_of_counts"
# en: Your numbers add up to 1. Count the pixels; do not divide by how many there are.
# ja: 合計が 1 になっています。割合ではなく、画素の数をそのまま数えてください。
def histogram(image, bins):
    counts, edges = np.histogram(image, bins)
    return counts / counts.sum(), edges

# %% exercise="histogram" wrong="edges_first"
# en: Both parts are right, in the wrong order. Which comes first?
# ja: 二つとも正しいのですが、順番が逆です。先に返すのはどちらでしたか。
def histogram(image, bins):
    counts, edges = np.histogram(image, bins)
    return edges, counts

# %% exercise="window" wrong="not_cut_off"
# en: Beyond the window your values go below 0 and above 1. What is a value that is blacker than black?
# ja: ウィンドウの外で、値が 0 より小さく、また 1 より大きくなっています。真っ黒より黒い値は、いくつにすべきでしょうか。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    if width == 1:
        return (np.asarray(pixels) > center - 0.5) * 1.0
    return (np.asarray(pixels, float) - (center - 0.5)) / (width - 1) + 0.5

# %% exercise="window" wrong="naive_centre_and_width"
# en: From c - w/2 to c + w/2 is the formula of many programs (LINEAR_EXACT). The standard's has a half step and w - 1 in it.
# ja: c - w/2 から c + w/2 までとするのは、多くのプログラムにある式（LINEAR_EXACT）です。規格の LINEAR の式には、0.5 と w - 1 があります。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    return np.clip((np.asarray(pixels, float) - center) / width + 0.5, 0, 1)

# %% exercise="window" wrong="half_step_forgotten"
# en: The slope is right, but the whole curve lies half a step too far to one side. Which 0.5 is missing?
# ja: 傾きは正しいのですが、曲線全体が半段階ずれています。どの 0.5 が抜けているでしょうか。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    if width == 1:
        return (np.asarray(pixels) > center - 0.5) * 1.0
    return np.clip((np.asarray(pixels, float) - center) / (width - 1) + 0.5, 0, 1)

# %% exercise="window" wrong="width_not_less_one"
# en: The middle is right, the slope is a little too flat. What does the formula divide by?
# ja: 中心は合っていますが、傾きが少しゆるやかです。式では何で割っていましたか。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    return np.clip((np.asarray(pixels, float) - (center - 0.5)) / width + 0.5, 0, 1)

# %% exercise="window" wrong="last_half_forgotten"
# en: The centre should become middle grey, 0.5; yours becomes black. What is added at the end of the formula?
# ja: 中心は中間の灰色 0.5 になるはずですが、黒になっています。式の最後で何を足していましたか。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    if width == 1:
        return (np.asarray(pixels) > center - 0.5) * 1.0
    return np.clip((np.asarray(pixels, float) - (center - 0.5)) / (width - 1), 0, 1)

# %% exercise="window" wrong="zero_to_255"
# en: The shape is right, the scale is not: 0 to 1 is asked for, 0 to 255 comes later on the monitor.
# ja: 形は合っていますが、目盛りが違います。求めるのは 0 から 1 です。0 から 255 にするのは、モニターに出すときです。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    if width == 1:
        return (np.asarray(pixels) > center - 0.5) * 255.0
    return np.clip((np.asarray(pixels, float) - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255

# %% exercise="window" wrong="black_and_white_swapped"
# en: Large values become black. Which end of the window is white?
# ja: 大きい値が黒くなっています。ウィンドウの、どちらの端が白でしたか。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    if width == 1:
        return (np.asarray(pixels) <= center - 0.5) * 1.0
    return 1 - np.clip((np.asarray(pixels, float) - (center - 0.5)) / (width - 1) + 0.5, 0, 1)

# %% exercise="window" wrong="unsigned_wraps_round"
# en: With uint16 pixels some results are far off: 0 - 1 in a drawer without a sign is 65535. Turn the pixels into decimals first.
# ja: uint16 の画素で、大きく外れた値があります。符号のない引き出しでは 0 - 1 が 65535 になります。先に小数にしておきましょう。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    if width == 1:
        return (np.asarray(pixels) > center - 0.5) * 1.0
    return np.clip((np.asarray(pixels) - center + 0.5) / (width - 1) + 0.5, 0, 1)

# %% exercise="window" wrong="narrow_width_not_refused"
# en: All values are right. One thing is left: what should happen when the width is less than 1?
# ja: 値はすべて正しく求められています。あと一つ、幅が 1 より小さいときはどうするのでしたか。
def window(pixels, center, width):
    x = np.asarray(pixels, float)
    if width <= 1:
        return (x > center - 0.5) * 1.0
    return np.clip((x - (center - 0.5)) / (width - 1) + 0.5, 0, 1)

# %% exercise="window" wrong="step_divides_by_zero"
# en: With a width of 1 you divide by w - 1 = 0. A step needs no division: which values are 1?
# ja: 幅が 1 のとき、w - 1 = 0 で割っています。階段なら割り算は要りません。1 になるのは、どんな値でしょうか。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    with np.errstate(all="ignore"):
        return np.clip((np.asarray(pixels, float) - (center - 0.5)) / (width - 1) + 0.5, 0, 1)

# %% exercise="window" wrong="step_includes_its_edge"
# en: Only one value is wrong: the one exactly on the step. Read the formula there once more: is it <= or <?
# ja: 違うのは一か所、ちょうど階段の位置にある値だけです。そこでは <= でしたか、< でしたか。式をもう一度見てみましょう。
def window(pixels, center, width):
    if width < 1:
        raise ValueError
    x = np.asarray(pixels, float)
    if width == 1:
        return (x >= center - 0.5) * 1.0
    return np.clip((x - (center - 0.5)) / (width - 1) + 0.5, 0, 1)

# %% exercise="pixel_size_mm" wrong="column_first"
# en: Both numbers are there, the other way round. The standard writes the distance between rows first.
# ja: 二つの数の順番が逆です。規格では、行の間隔を先に書きます。
def pixel_size_mm(dataset):
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None and min(spacing) > 0:
            return float(spacing[1]), float(spacing[0])

# %% exercise="pixel_size_mm" wrong="zero_taken_for_a_size"
# en: A pixel of 0 mm? Some systems write 0 when they do not know. Go on to the next attribute.
# ja: 0 mm の画素はあるでしょうか。分からないときに 0 と書く装置があります。その場合は次の属性に進みましょう。
def pixel_size_mm(dataset):
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None:
            return float(spacing[0]), float(spacing[1])

# %% exercise="pixel_size_mm" wrong="one_of_two_is_enough"
# en: One of the two numbers is 0 and you return it all the same. Both must be greater than 0.
# ja: 片方が 0 なのに返しています。二つとも 0 より大きいことを確かめてください。
def pixel_size_mm(dataset):
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None and max(spacing) > 0:
            return float(spacing[0]), float(spacing[1])

# %% exercise="pixel_size_mm" wrong="other_attributes_ignored"
# en: You give up after PixelSpacing. Two more attributes may know.
# ja: PixelSpacing だけで、あきらめています。あと二つの属性にも書かれているかもしれません。
def pixel_size_mm(dataset):
    spacing = dataset.get("PixelSpacing")
    if spacing is not None and min(spacing) > 0:
        return float(spacing[0]), float(spacing[1])

# %% exercise="pixel_size_mm" wrong="detector_first"
# en: Where several attributes are present, which one goes first?
# ja: 複数の属性があるとき、どれを先に調べるのでしたか。
def pixel_size_mm(dataset):
    for name in ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None and min(spacing) > 0:
            return float(spacing[0]), float(spacing[1])

# %% exercise="pixel_size_mm" wrong="absent_attribute_crashes"
# en: dataset.PixelSpacing ends in an error where there is none. Which way of asking gives None instead?
# ja: 属性がないと dataset.PixelSpacing はエラーになります。エラーの代わりに None が返る聞き方がありました。
def pixel_size_mm(dataset):
    for spacing in (dataset.PixelSpacing, dataset.ImagerPixelSpacing, dataset.NominalScannedPixelSpacing):
        if min(spacing) > 0:
            return float(spacing[0]), float(spacing[1])

# %% exercise="pixel_size_mm" wrong="zeros_instead_of_none"
# en: Where nothing is known you return zeros, and the next program believes them. How does Python say "nothing"?
# ja: 分からないときに 0 を返すと、次のプログラムがそれを信じてしまいます。Python で「何もない」を表すものは何でしたか。
def pixel_size_mm(dataset):
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None and min(spacing) > 0:
            return float(spacing[0]), float(spacing[1])
    return 0.0, 0.0

# %% exercise="pixel_size_mm" wrong="row_only"
# en: You return one number. Pixels need not be square: give the row and the column.
# ja: 一つの数しか返していません。画素は正方形とは限らないので、行と列の両方を返してください。
def pixel_size_mm(dataset):
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(name)
        if spacing is not None and min(spacing) > 0:
            return float(spacing[0])

# %% exercise="to_display" wrong="modality_lut_left_out"
# en: The window is meant for the rescaled values, but yours sees the stored ones. Which array did the first line make?
# ja: ウィンドウは直したあとの値に対するものですが、保存されたままの値を使っています。最初の行で作った配列はどれでしたか。
def to_display(dataset):
    values = dataset.pixel_array
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    else:
        shown = (values - values.min()) / max(np.ptp(values), 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown

# %% exercise="to_display" wrong="never_turned_round"
# en: The MONOCHROME1 film is black where it should be white. What does its header ask for at the very end?
# ja: MONOCHROME1 の画像の白黒が逆です。最後に何をするのでしたか。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        return apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    if "WindowWidth" in dataset:
        return curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    return (values - values.min()) / max(np.ptp(values), 1)

# %% exercise="to_display" wrong="turned_round_before_the_window"
# en: You turn the values round first and then apply the window, which was meant for the values as they were. What is the order?
# ja: 先に値を反転してからウィンドウをかけています。ウィンドウは反転する前の値に対するものです。順番を確かめましょう。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        values = 2**dataset.BitsStored - 1 - values
    if "VOILUTSequence" in dataset:
        return apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    if "WindowWidth" in dataset:
        return curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    return (values - values.min()) / max(np.ptp(values), 1)

# %% exercise="to_display" wrong="wrong_kind_turned_round"
# en: You turn MONOCHROME2 round. In which of the two are small numbers bright?
# ja: MONOCHROME2 のほうを反転しています。小さい数値ほど明るいのは、どちらでしたか。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    else:
        shown = (values - values.min()) / max(np.ptp(values), 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME2" else shown

# %% exercise="to_display" wrong="last_window_taken"
# en: The header holds several windows. Which one counts?
# ja: ウィンドウが複数書かれています。使うのはどれでしたか。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        center, width = np.atleast_1d(dataset.WindowCenter)[-1], np.atleast_1d(dataset.WindowWidth)[-1]
        shown = curve(values, float(center), float(width), dataset.get("VOILUTFunction", "LINEAR"))
    else:
        shown = (values - values.min()) / max(np.ptp(values), 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown

# %% exercise="to_display" wrong="always_linear"
# en: You use the straight window although the header asks for another curve. Which attribute names it?
# ja: ヘッダーが別の曲線を求めているのに、直線のウィンドウを使っています。曲線の名前は、どの属性にありますか。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        shown = window(values, first(dataset.WindowCenter), first(dataset.WindowWidth))
    else:
        shown = (values - values.min()) / max(np.ptp(values), 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown

# %% exercise="to_display" wrong="window_before_table"
# en: This object has a table and a window. Which of them goes first?
# ja: このオブジェクトには、表とウィンドウの両方があります。優先するのはどちらでしたか。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "WindowWidth" in dataset:
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    elif "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    else:
        shown = (values - values.min()) / max(np.ptp(values), 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown

# %% exercise="to_display" wrong="table_divided_by_255"
# en: You divide the table's values by 255, which fits 8 bits. How many bits has this table? Its LUTDescriptor says.
# ja: 表の値を 255 で割っています。255 は8ビットの上限です。この表は何ビットでしょうか。LUTDescriptor に書かれています。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / 255
    elif "WindowWidth" in dataset:
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    else:
        shown = (values - values.min()) / max(np.ptp(values), 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown

# %% exercise="to_display" wrong="smallest_value_not_black"
# en: Nothing is asked for, so the smallest value should become 0. You divide by the largest only.
# ja: 指定がないときは、最小値が 0 になるはずです。最大値で割るだけでは、そうなりません。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    else:
        shown = values / values.max()
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown

# %% exercise="to_display" wrong="constant_film_divides_by_zero"
# en: A film whose values are all equal: the largest minus the smallest is 0, and you divide by it.
# ja: すべて同じ値の画像では、最大値と最小値の差が 0 になり、0 で割ることになります。
def to_display(dataset):
    values = np.asarray(apply_modality_lut(dataset.pixel_array, dataset))
    if "VOILUTSequence" in dataset:
        shown = apply_voi(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        shown = curve(values, first(dataset.WindowCenter), first(dataset.WindowWidth), dataset.get("VOILUTFunction", "LINEAR"))
    else:
        with np.errstate(all="ignore"):
            shown = (values - values.min()) / (values.max() - values.min())
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown
