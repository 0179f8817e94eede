"""Moving pictures as files: a GIF with one set of colours, or an MP4.

>>> seconds_each(None, 94), seconds_each(0.5, 94)
(0.425..., 0.5)
"""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from micrograd_like.arguments import extra, number

__all__ = [
    "MOST_FRAMES", "MOVIES", "SHARP", "Image", "Part", "Reel", "check_count", "pillow",
    "scale_of", "seconds_each",
]  # fmt: skip

MOST_FRAMES = 400
LARGEST = 2000  # pixels of the longer side, where nobody says
SHARP = 2.0  # pixels for one of the picture, if there is room
MOST_PIXELS = 400_000_000  # of all frames together
FASTEST, SLOWEST = 0.02, 60.0  # seconds a frame: browsers show faster GIFs as slow ones
USUAL = 0.12, 1.2  # the least and the most, where nobody says
WHOLE = 40.0  # seconds that a moving picture takes then, if that is between these
LASTING = 3.0  # seconds, of the last frame
NEAR = 14.0  # between colours that Pillow takes for one, of 32 shades of red, green and blue
RATE = 5  # frames a second of an MP4, at least: players stumble over slower ones
Image = Any  # of Pillow, which is optional


class Part(NamedTuple):
    """An image that lies on what was shown before, and where its upper left corner is."""

    corner: tuple[int, int]
    image: Image


class Reel(NamedTuple):
    """The frames of a moving picture, of each what changes, and how long each is shown."""

    total: int
    frames: Iterator[list[Part]]
    last: Image  # the last frame, which has all the colours
    seconds: float

    def images(self, prepare: Callable[[Image], Image] = lambda image: image) -> Iterator[Image]:
        """Whole frames, made of parts that are prepared first."""
        shown: Image = None
        for parts in self.frames:
            for corner, image in parts:
                part = prepare(image)
                if shown is None:
                    shown = part
                else:
                    shown.paste(part, corner)
            yield shown.copy()

    def gif(self) -> bytes:
        """As GIF, which goes on and on."""
        image = pillow()
        # One set of colours for all: what does not change does not flicker.
        # And one colour less than there can be, for what stays as it is.
        colours, none = self.last.quantize(colors=255), image.Dither.NONE
        colours.putpalette(with_ground(colours.getpalette(), self.last.getpixel((0, 0))))
        images = self.images(lambda part: part.quantize(palette=colours, dither=none))
        each = round(self.seconds * 100) * 10  # milliseconds, as GIF counts in hundredths
        lasting = [each] * (self.total - 1) + [max(each, round(LASTING * 1000))]
        file = io.BytesIO()
        # Written while the next ones are drawn.
        next(images).save(
            file, "GIF", save_all=True, append_images=images, duration=lasting, loop=0
        )
        return file.getvalue()

    def mp4(self) -> bytes:
        """As MP4, H.264 as every player and every slide shows it."""
        av = extra("av", "video", "an MP4 needs PyAV")
        repeats = math.ceil(self.seconds * RATE)
        file = io.BytesIO()
        with av.open(file, "w", format="mp4") as container:
            rate = Fraction(repeats / self.seconds).limit_denominator(1000)
            stream = container.add_stream("h264", rate=rate)
            stream.width, stream.height = (side + side % 2 for side in self.last.size)
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "16", "preset": "veryfast", "tune": "animation"}
            for k, image in enumerate(self.images(), 1):
                even = image.crop((0, 0, stream.width, stream.height))
                frame = av.VideoFrame.from_image(even).reformat(format=stream.pix_fmt)
                last = math.ceil(LASTING * rate) if k == self.total else 0
                for _ in range(max(repeats, last)):
                    frame.pts = None  # which is counted
                    container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return file.getvalue()


MOVIES: dict[str, Callable[[Reel], bytes]] = {".gif": Reel.gif, ".mp4": Reel.mp4}  # by the ending


def pillow() -> Any:
    """Pillow's module of images; an ImportError says how to get it."""
    return extra("PIL.Image", "demo", "a moving picture needs Pillow")


def with_ground(palette: Sequence[int], ground: Sequence[int]) -> list[int]:
    """Colours of which those next to the ground are the ground: no page around it shows an edge.

    >>> with_ground([252, 253, 255, 0, 0, 0], ground=[255, 255, 255])
    [255, 255, 255, 0, 0, 0]
    """
    colours = [palette[k : k + 3] for k in range(0, len(palette), 3)]
    return [
        x for colour in colours for x in (ground if math.dist(colour, ground) < NEAR else colour)
    ]


def check_count(count: int, where: str, remedy: str, what: str = "a moving picture") -> None:
    """Raise a ValueError if what shows so many steps is too long to look at."""
    if count > MOST_FRAMES:
        raise ValueError(
            f"{where}: {what} of {count:,} steps is too long, it may have {MOST_FRAMES}; {remedy}"
        )


def scale_of(
    natural: tuple[float, float], count: int, width: int | None, where: str = "save"
) -> float:
    """How many pixels of its frames a picture's pixel has, for a width or for the usual one.

    >>> scale_of((500.0, 300.0), 9, None), scale_of((500.0, 300.0), 9, width=750)
    (2.0, 1.5)

    Raises a ValueError for so many frames of such a size that nobody could look at them.
    """
    scale = width / natural[0] if width else min(SHARP, LARGEST / max(natural))
    shown = scale if width else max(scale, 1.0)  # smaller, nobody could read it
    wide, tall = (round(side * shown) for side in natural)
    if shown > scale or wide * tall * count > MOST_PIXELS:
        raise ValueError(
            f"{where}: a moving picture of {count} frames of {wide:,}×{tall:,} pixels is too large "
            "to look at; save a page, .html, or take a slice, or a smaller width="
        )
    return scale


def seconds_each(speed: float | None, count: int, where: str = "save") -> float:
    """How long each of so many frames is shown.

    Raises a TypeError for what is no number, and a ValueError for what nobody could watch.
    """
    if speed is None:
        return max(USUAL[0], min(USUAL[1], WHOLE / count))
    seconds = number(speed, f"{where}: speed")
    if not FASTEST <= seconds <= SLOWEST:
        raise ValueError(
            f"{where}: speed is {seconds:g}; it is to be the seconds of a step, from {FASTEST:g} "
            f"to {SLOWEST:g}"
        )
    return seconds
