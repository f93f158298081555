"""Measures of a run for recipes: numbers that need both a model and its data.

`MEASURES` are the functions that a recipe may name without being trusted.
"""

from __future__ import annotations

_FUNCTIONS: dict[str, tuple[str, ...]] = {  # of each file: (run, **options) -> float
    "aggregate": ("prior_gap", "kl", "largest_covariance", "reconstruction", "proportion_gap"),
    "alignment": ("weakest_alignment",),
    "composition": ("composition",),
    "group_deviation": ("slope", "active_content"),
    "graph_inference": ("accuracy",),
    "labels_alone": ("accuracy", "gain"),
    "one_shot": ("accuracy", "by_pixels", "times_pixels"),
    "pair_mask": ("changed_found", "unshared"),
    "probe": ("accuracy", "leak", "explained"),
    "relighting": ("error", "psnr", "mean_image_psnr", "moved"),
    "retrieval": ("hits", "raw_hits"),
    "scene": ("told_apart", "by_factors"),
    "steadiness": ("drift",),
    "succession": ("succession", "latents"),
    "swap": ("accuracy", "error", "within_clips"),
    "use": ("accuracy", "gain", "kept", "leak", "few", "few_gain"),
}
MEASURES = frozenset(
    f"{__name__}.{file}:{name}" for file, names in _FUNCTIONS.items() for name in names
)
