"""A moving picture has the frames that it was made of, as a browser reads it."""

from __future__ import annotations

import base64
from pathlib import Path

from .browser import Browser
from .moving import animated

DECODED = """(async (text) => {
  const data = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const decoder = new ImageDecoder({ data, type: "image/webp" }), shown = [];
  await decoder.tracks.ready;
  for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex += 1) {
    const { image } = await decoder.decode({ frameIndex }), canvas = new OffscreenCanvas(32, 20);
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0);
    const [red] = brush.getImageData(9, 9, 1, 1).data;
    shown.push([image.displayWidth, image.displayHeight, image.duration / 1000, red > 99]);
  }
  return shown;
})"""


def test_its_frames_are_shown_one_after_the_other(chromium: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>frames</title>")
    chromium.open(page)
    frames = []
    for colour in ("black", "white", "black"):
        chromium.ask(f"document.documentElement.style.background = '{colour}'")
        clip = {"x": 0, "y": 0, "width": 32, "height": 20, "scale": 1}
        taken = chromium.call("Page.captureScreenshot", format="webp", quality=55, clip=clip)["data"]
        frames.append(base64.b64decode(taken))
    picture = base64.b64encode(animated(frames, (32, 20), milliseconds=180, rest=900, times=3)).decode()
    shown = chromium.ask(f"{DECODED}('{picture}')")
    assert shown == [[32, 20, 180, False], [32, 20, 180, True], [32, 20, 900, False]]
