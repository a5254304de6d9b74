"""Which congestion control this machine's TCP has, where the system says so."""

from __future__ import annotations

from pathlib import Path

from lab.runtime.congestion import congestion_control, is_modelled


def test_what_the_system_says_is_read_and_its_silence_is_not_known(tmp_path: Path) -> None:
    file = tmp_path / "tcp_congestion_control"
    assert congestion_control(file) == ""
    file.write_text("bbr\n")
    assert congestion_control(file) == "bbr"
    assert [is_modelled(name) for name in ("bbr", "cubic", "")] == [False, True, True]
