"""Slices through the lungs side by side, each with the contour of each lung."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PIL import Image

from ...core.finding import Laterality
from ...sources.volume import Volume
from ..drawing import LUNG_WINDOW, bar_length, direction_letters, length_words, window_to_grey
from ..figures import hexed, new_figure, picture_of, rules
from .draw import SIDE_COLOURS, cut_view, slice_text, spread
from .lungs import Chest
from .views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS, COLUMNS = 3, 4
TILE = 300
"""Width of one slice in pixels."""
TITLE, FOOT = 32, 50
"""Height of the words above a slice, and of the key below all, in pixels."""
LINES: dict[Laterality, Literal["solid", "dashed"]] = {
    Laterality.RIGHT: "solid", Laterality.LEFT: "dashed", Laterality.BILATERAL: "solid"}
"""So that the sides differ without colour."""


def draw_montage(volume: Volume, chest: Chest) -> Image.Image:
    """Axial slices from the lungs' top to their base at equal distances.

    Args:
        volume: a CT.
        chest: its segmentation, with at least one lung.
    """
    from matplotlib.lines import Line2D

    first = min(lung.patch.place[0].start for lung in chest.lungs)
    last = max(lung.patch.place[0].stop for lung in chest.lungs) - 1
    views = [cut_view(volume, "slice", k, chest) for k in spread(first, last, ROWS * COLUMNS)[::-1]]
    across = min(COLUMNS, len(views))
    down = -(-len(views) // across)
    rows, columns = views[0].take(volume.voxels).shape
    tall = TILE * rows * views[0].spacing[0] / (columns * views[0].spacing[1])
    with rules():
        figure = new_figure(TILE * across, (tall + TITLE) * down + FOOT)
        places = figure.subplots(down, across, squeeze=False).ravel()
        for axes in places:
            axes.set_axis_off()
        for axes, view in zip(places, views, strict=False):
            _draw_slice(axes, volume, view, chest)
        figure.legend(handles=[Line2D([], [], color=hexed(SIDE_COLOURS[lung.side]), linestyle=LINES[lung.side],
                                      label=f"{lung.name} ({LINES[lung.side]})")
                               for lung in chest.lungs], loc="outside lower center", ncols=2, frameon=False)
        return picture_of(figure)


def _draw_slice(axes: Axes, volume: Volume, view: View, chest: Chest) -> None:
    grey = window_to_grey(view.take(volume.voxels), LUNG_WINDOW)
    high, wide = view.spacing
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255, aspect=high / wide)
    for lung in chest.lungs:
        mask = view.turn(lung.patch.plane(view.axis, view.index))
        if mask.any():
            axes.contour(mask, [0.5], colors=hexed(SIDE_COLOURS[lung.side]), linewidths=1.0,
                         linestyles=LINES[lung.side])
    axes.set_title(f"slice {slice_text(volume, view.index).partition(' slice ')[2]}", fontsize=7.5, pad=2)
    if volume.sides_known:
        for x, side, direction in ((0.02, "left", tuple(-part for part in view.right)), (0.98, "right", view.right)):
            axes.text(x, 0.5, direction_letters(direction), transform=axes.transAxes, color="white", ha=side,
                      va="center", weight="bold")
    if length := bar_length(grey.shape[1] * wide):
        end = grey.shape[1] * 0.96
        axes.plot([end - length / wide, end], [grey.shape[0] * 0.95] * 2, color="white", linewidth=2,
                  solid_capstyle="butt")
        axes.text(end, grey.shape[0] * 0.92, length_words(length), color="white", ha="right", va="bottom",
                  fontsize=6.5)
