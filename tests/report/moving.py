"""A moving picture: frames that the browser took as WebP, in one file that plays them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_STILL = (b"ALPH", b"VP8 ", b"VP8L")  # the chunks of a still picture that a frame has


def animated(frames: Sequence[bytes], size: tuple[int, int], *, milliseconds: int, rest: int, times: int) -> bytes:
    """Return an animated WebP that plays frames of equal sizes so many times; the last frame rests longer."""
    canvas = b"".join((side - 1).to_bytes(3, "little") for side in size)
    parts = [
        _chunk(b"VP8X", b"\x02\0\0\0" + canvas),
        _chunk(b"ANIM", b"\xff\xff\xff\xff" + times.to_bytes(2, "little")),
    ]
    for number, frame in enumerate(frames, 1):
        lasts = rest if number == len(frames) else milliseconds
        picture = b"".join(_chunk(name, body) for name, body in _chunks(frame) if name in _STILL)
        parts.append(_chunk(b"ANMF", bytes(6) + canvas + lasts.to_bytes(3, "little") + b"\x02" + picture))
    return _chunk(b"RIFF", b"WEBP" + b"".join(parts))


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12  # behind RIFF, the size and WEBP
    while at < len(file):
        size = int.from_bytes(file[at + 4 : at + 8], "little")
        yield file[at : at + 4], file[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
