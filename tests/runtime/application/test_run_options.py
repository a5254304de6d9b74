"""Options of `docker run`: cut as docker cuts them; what would lead past the lab's router is refused by its name."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.runtime.application.place import HostPlace
from lab.runtime.application.run_options import command, read, run_options

PLACE = HostPlace(
    run="20261124-181150-de7da9",
    host="billing",
    region="tokyo",
    network="mqlab-20261124-181150-de7da9-region-tokyo",
    address="10.213.1.42",
    names={"b-1.mq.ap-northeast-1.amazonaws.com": "10.213.1.10", "b-2.mq.ap-southeast-1.amazonaws.com": "10.213.2.10"},
    volume="mqlab-20261124-181150-de7da9-trust",
    labels={"mqlab.run": "20261124-181150-de7da9", "mqlab.role": "host", "mqlab.host": "billing"},
    environment={"MQLAB_CA_FILE": "/etc/mqlab/ca.pem", "MQLAB_TOKYO_OPENWIRE_URL": "ssl://b-1:61617"},
)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("image", ""),
        ("image --network host", ""),
        ("-d image sh -c x", "-d"),
        ("-dit image", "-dit"),
        ("-e A=b image -e", "-e A=b"),
        ("-eA=b image", "-eA=b"),
        ("-ite A image", "-ite A"),
        ("-u=0 image", "-u=0"),
        ("--env=A=b --env A image", "--env=A=b --env A"),
        ("--rm=false image", "--rm=false"),
        ("--label mine=mqlab.run image", "--label mine=mqlab.run"),
        ("-p 127.0.0.1:8080:80 image", "-p 127.0.0.1:8080:80"),
        ("--publish=127.0.0.1::80/tcp image", "--publish=127.0.0.1::80/tcp"),
        ("-v data:/data --mount type=volume,target=/x image", "-v data:/data --mount type=volume,target=/x"),
        ("-v ./run:/r -v .:/src -v /home/me/run:/h image", "-v ./run:/r -v .:/src -v /home/me/run:/h"),
        ("-v run:/r -v /run/mine:/m -v /tmp:/var/run image", "-v run:/r -v /run/mine:/m -v /tmp:/var/run"),
        ("-v /run -v /var/lib/docker image", "-v /run -v /var/lib/docker"),  # volumes without names, at these places
        (
            "-v /var/lib/mine:/m --mount type=bind,src=/var/lib/mine,dst=/m,ro image",
            "-v /var/lib/mine:/m --mount type=bind,src=/var/lib/mine,dst=/m,ro",
        ),
        ("--mount type=tmpfs,target=/x,tmpfs-size=1m image", "--mount type=tmpfs,target=/x,tmpfs-size=1m"),
        (
            "-p 127.0.0.1:80-90:80-90/udp --log-opt max-size=1m image",
            "-p 127.0.0.1:80-90:80-90/udp --log-opt max-size=1m",
        ),
        ("-i -- image", "-i"),
    ],
)
def test_words_are_cut_before_the_image(text: str, options: str) -> None:
    found = read(text.split(), "/home/me/app")
    assert found.options == tuple(options.split())
    assert found.command[0] == "image"


@pytest.mark.parametrize(
    "text",
    [
        *("--network host", "--network=none", "--net host", "--ip 10.0.0.1", "--link other", "--mac-address 02:42::1"),
        *("--add-host a:1.2.3.4", "--dns 8.8.8.8", "--dns-search a"),
        *("--privileged", "--privileged=true", "--cap-add NET_ADMIN", "--cap-add=ALL", "--device /dev/net/tun"),
        *("--security-opt seccomp=unconfined", "--pid host", "--ipc host", "--uts host", "--userns host"),
        *("--sysctl net.ipv4.ip_forward=1", "--gpus all", "--volumes-from mqlab-x", "--runtime x", "--restart always"),
        *("-p 80:80", "-p 80", "-p8080:80", "-p 0.0.0.0:80:80", "-p [::]:80:80", "--publish 127.0.0.10:80:80"),
        *("-P", "-dP", "--publish-all", "--label mqlab.run=x", "-l mqlab.owner=x", "--label-file x"),
        *("-v /var/run/docker.sock:/s", "--mount type=bind,source=/run/docker.sock,target=/s"),
        *(
            "-v /:/host",
            "-v /var:/v",
            "-v//var/run:/r",
            "--volume=/run/:/r:ro",
            "-v /run/user/1000:/r",
            "-v /run/containerd:/r",
            "-v /var/run/containerd:/r",
            "-v /run/docker:/r",
        ),
        *("-v /srv/../var/run:/r", "-v ../../../run:/r", "--mount type=bind,SRC=/var/run,target=/r"),
        *('--mount "type=bind","source=/run",target=/r', "--mount type=volume,target=/r,volume-opt=device=/var/run"),
        *("-v mqlab-x-store-tokyo:/s", "-v mqlab-x-trust:/etc/mqlab", "--mount type=volume,src=mqlab-x-trust,dst=/s"),
        *(
            "-v /var/lib/docker/volumes/mqlab-x-trust/_data:/s",
            "-v /var/lib/docker:/s",
            "-v /var/lib:/s",
            "-v /var/lib/containerd/x:/s",
            "-v /var/lib/../lib/docker/x:/s",
        ),
        *("--mount type=bind,source=/var/lib/docker/containers,target=/s", "--volume-driver rclone"),
        *("--mount type=volume,volume-driver=nfs,source=x,target=/r", "--mount type=cluster,source=x,target=/r"),
        *(
            '--mount type=volume,source=x,target=/r,"volume-opt=o=addr=1.2.3.4"',
            "--mount type=npipe,source=x,target=/r",
        ),
        *("--log-driver syslog", "--log-driver=gelf", "--log-driver none", "-p 127.0.0.1:x=y,published=80,target=80"),
        *("-p 127.0.0.1:80:80:80", "-p published=80,target=80", "--publish 127.0.0.1::80/icmp"),
        *("--something-new", "-z", "--Network host"),
    ],
)
def test_what_leads_past_the_router_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError) as refused:
        read([*text.split(), "image"], "/home/me/app")
    (problem,) = refused.value.problems
    written = text.split()[0].partition("=")[0]
    assert problem.what.startswith(("-P" if "P" in written[1:3] else written[:2]) if written[1] != "-" else written)
    assert " is refused: " in problem.what and problem.remedy


def test_every_option_that_is_refused_is_told_at_once() -> None:
    with pytest.raises(InputError) as refused:
        read(["--network", "host", "-d", "-p", "80:80", "--cap-add", "ALL", "--name", "x", "image"])
    found = [problem.what.split()[0] for problem in refused.value.problems]
    assert found == ["--network", "-p", "--cap-add"]
    assert refused.value.problems[1].remedy == "write -p 127.0.0.1:80:80"


@pytest.mark.parametrize(("text", "what"), [("", "no image"), ("-d", "no image"), ("-d --", "no image")])
def test_an_image_is_needed(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read(text.split())


@pytest.mark.parametrize("text", ["--env", "-d -e", "--network"])
def test_a_value_is_needed(text: str) -> None:
    with pytest.raises(InputError, match="has no value"):
        read(text.split())


def test_the_labs_own_options_come_last_and_before_the_image() -> None:
    found = command(PLACE, read(["-d", "--hostname", "mine", "image", "run", "--network", "x"]))
    assert found[:4] == ["docker", "run", "--name", "mqlab-20261124-181150-de7da9-billing"]
    assert found[4:7] == ["-d", "--hostname", "mine"]
    assert found[-4:] == ["image", "run", "--network", "x"]
    ours = [word for pair in run_options(PLACE) for word in pair]
    assert found[7:-4] == ours
    assert ours[:4] == ["--network", PLACE.network, "--ip", PLACE.address]
    for pair in (
        ("--dns", "127.0.0.1"),
        ("--cap-drop", "NET_RAW"),
        ("--security-opt", "no-new-privileges"),
        ("--mount", f"type=volume,source={PLACE.volume},target=/etc/mqlab,readonly"),
        ("--add-host", "b-2.mq.ap-southeast-1.amazonaws.com:10.213.2.10"),
        ("--env", "MQLAB_CA_FILE=/etc/mqlab/ca.pem"),
        ("--label", "mqlab.host=billing"),
    ):
        assert pair in run_options(PLACE)


def test_a_name_of_ones_own_is_kept() -> None:
    assert command(PLACE, read(["--name", "mine", "image"]))[:4] == ["docker", "run", "--name", "mine"]
    assert command(PLACE, read(["--name=mine", "image"])).count("--name") == 0


def test_options_that_this_mqlab_does_not_know_are_refused() -> None:
    """What docker's next version has is not passed on before somebody looked at it."""
    with pytest.raises(InputError, match="mqlab does not pass this option to docker run"):
        read(["--join-the-world", "image"])


def test_a_password_in_a_mount_is_not_repeated() -> None:
    its = "type=volume,source=x,target=/r,volume-opt=type=cifs,volume-opt=o=username=a;password=S3cretS3cret"
    with pytest.raises(InputError) as refused:
        read(["--mount", its, "image"])
    assert "volume-opt is refused" in str(refused.value) and "S3cret" not in str(refused.value)


def test_a_remedy_for_a_port_is_a_port() -> None:
    for written, right in [("80:80", "127.0.0.1:80:80"), ("80", "127.0.0.1::80"), ("a=b", "127.0.0.1:PORT:PORT")]:
        with pytest.raises(InputError) as refused:
            read(["-p", written, "image"])
        assert refused.value.problems[0].remedy == f"write -p {right}"


def test_its_log_stays_on_the_engines_machine_whatever_the_engine_does_with_others() -> None:
    assert ("--log-driver", "json-file") in run_options(PLACE)
