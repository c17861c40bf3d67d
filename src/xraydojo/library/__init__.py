"""The graded functions once more, by well-kept libraries: what a demo uses while an exercise is not solved yet."""
