"""What the broker image is trained with is what a broker gets, or its class-data archive lacks classes of the start."""

import pytest

from lab.amazonmq.files import broker_files as files
from lab.base.shipped import shipped


@pytest.mark.parametrize(
    ("name", "made"), [("jetty.xml", files.jetty_xml), ("jolokia-access.xml", files.jolokia_access)]
)
def test_training_files_are_the_real_ones(name: str, made) -> None:
    assert (shipped("docker") / "broker" / "training" / name).read_text("utf-8") == made()
