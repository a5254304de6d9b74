"""A header that usually has a secret, such as authorization, is masked in all that a run of a scenario keeps."""

from __future__ import annotations

from pathlib import Path

from lab.base.masking import MASK

from .command import Commands

TWO = Path(__file__).parent / "check" / "bad" / "topologies" / "two.yaml"
SCENARIO = """\
scenario: a client with a token
topology: two.yaml
steps:
  - subscribe: {client: tk, broker: tokyo, over: stomp, queue: orders}
  - publish:
      broker: tokyo
      over: stomp
      queue: orders
      headers: {Authorization: Bearer 1f2e3d4c5b6a, x-token: abc123, kind: order}
expect:
  - delivered: {to: tk, promise: exactly-once}
"""


def test_a_header_with_a_secret_is_masked_in_the_run_folder(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO.read_text())
    (tmp_path / "token.yaml").write_text(SCENARIO)
    mqlab = Commands(folder=tmp_path)
    ended = mqlab.inside("run", "token.yaml", "--runtime", "simulation", "--json")
    assert ended.code == 0, ended.err
    kept = {file.name: file.read_bytes() for file in mqlab.latest.rglob("*") if file.is_file()}
    having = [name for name, content in kept.items() if b"1f2e3d4c5b6a" in content or b"abc123" in content]
    assert having == []
    assert b"1f2e3d4c5b6a" not in ended.out.encode()
    assert f'x-token: "{MASK}", kind: order'.encode() in kept["token.yaml"]
