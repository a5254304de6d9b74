"""Figures of runs as a test needs them."""

from __future__ import annotations

from typing import Any

from bench.contract.figures import Figures, Machine, Stream

MACHINE = Machine(when="2026-11-26T12:00:00+00:00", cores=2, load=0.1)


def stream(p50: float = 40.0, p99: float = 42.0, messages: int = 100, per_s: float | None = None) -> Stream:
    return Stream(name="step 2 to desk", messages=messages, paced=per_s is None, p50=p50, p99=p99, per_s=per_s)


def run(seed: int = 1, *streams: Stream, runtime: str = "emulation", verdict: str = "passed", **counts: int) -> Figures:
    return Figures(
        runtime=runtime, seed=seed, verdicts={"delivered: {to: desk}": verdict}, counts=counts, streams=streams
    )


def kept(seed: int, **more: Any) -> Figures:
    return Figures(runtime="emulation", seed=seed, verdicts={}, counts={}, streams=(stream(),), machine=MACHINE, **more)
