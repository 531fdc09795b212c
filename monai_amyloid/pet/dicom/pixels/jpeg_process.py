"""Lossless JPEG, decoded in a process of its own.

GDCM is the one free decoder of lossless JPEG, and on some broken frames it ends the program that
called it. So it runs in a child, this file as a program, which may end without harm. It answers
each request, a line of JSON, with a line of JSON and the values.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pet.dicom.attributes import unreadable

# A frame takes milliseconds, the start of the child about half a second.
LONGEST_SECONDS = 60.0


class JpegProcess:
    """The child, started at the first frame; a context manager that ends it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "JpegProcess":
        """Start nothing yet: most studies hold no lossless JPEG."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def decode(self, file: Path, frames: Sequence[int | None]) -> list[NDArray[Any]]:
        """Decode frames of one file.

        Args:
            file: DICOM file of lossless JPEG.
            frames: Numbers of the frames, from 0; None for the one frame of a file without a
                number of frames.

        Returns:
            Integers ``(rows, columns)`` for each frame.

        Raises:
            ValueError: If a frame cannot be decoded.
            StudyRefused: If the decoder ended or hung on it.
        """
        if self._child is None:
            self._child = subprocess.Popen(  # noqa: S603 (this very file, by this very Python)
                [sys.executable, "-P", "-W", "ignore", "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        watchdog = threading.Timer(LONGEST_SECONDS, self._child.kill)
        watchdog.start()
        try:
            return [self._ask(file, frame) for frame in frames]
        except (OSError, EOFError) as error:
            self.__exit__()
            reason = phrase(
                "dicom_jpeg_decoder_failed", "the decoder of lossless JPEG failed on it"
            )
            raise unreadable(file, reason) from error
        finally:
            watchdog.cancel()

    def _ask(self, file: Path, frame: int | None) -> NDArray[Any]:
        if self._child is None or self._child.stdin is None or self._child.stdout is None:
            raise EOFError
        request = json.dumps({"file": str(file.resolve()), "frame": frame})
        self._child.stdin.write(request.encode() + b"\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        content = self._child.stdout.read(answer["bytes"])
        if len(content) < answer["bytes"]:
            raise EOFError
        return np.frombuffer(content, answer["dtype"]).reshape(answer["shape"])


def _answers() -> Iterator[tuple[dict[str, Any], bytes]]:
    """Decode what the parent asks for, until it closes the pipe."""
    dataset, opened = None, ""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            if dataset is None or opened != request["file"]:
                dataset, opened = pydicom.dcmread(request["file"], force=True), request["file"]
            values = pixel_array(dataset, index=request["frame"], decoding_plugin="gdcm")
        except Exception as error:  # the decoder raises whatever the broken bytes lead it to
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            yield {"error": reason}, b""
            continue
        content = np.ascontiguousarray(values).tobytes()
        answer = {"shape": values.shape, "dtype": values.dtype.str, "bytes": len(content)}
        yield answer, content


def main() -> None:
    """Answer on standard output, which nothing else may write to."""
    answers = sys.stdout.buffer
    with contextlib.redirect_stdout(sys.stderr):
        for answer, content in _answers():
            answers.write(json.dumps(answer).encode() + b"\n" + content)
            answers.flush()


if __name__ == "__main__":
    main()
