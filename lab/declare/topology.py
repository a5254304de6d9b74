"""A Topology as a person declares it: regions with their VPCs, brokers with their users, links between regions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    model_validator,
)

from lab.activemq import releases
from lab.activemq.destinations import no_wildcard, prefixed
from lab.amazonmq.configurations.source import Source
from lab.amazonmq.identity import DeploymentMode
from lab.base.units import format_duration
from lab.declare.fields import (
    Address,
    Cidr,
    Declared,
    Duration,
    Moment,
    Name,
    Names,
    Password,
    Percent,
    Rate,
    Size,
    Texts,
    Whole,
    YesNo,
)
from lab.declare.ports import Ports
from lab.declare.vpc import Peering, RouteTable, SecurityGroup
from lab.link.impairment import FIGURES, LONGEST_DELAY, Impairment, Kind

# More than any machine could hold, and few enough that every check of a file ends soon.
MOST_REGIONS, MOST_BROKERS, MOST_HOSTS, MOST_LINKS = 500, 500, 500, 2500
MOST_USERS = 1000  # of a broker; the service takes 250
MEMORY = 256 * 2**20  # bytes of a broker's container, where nothing is said
_CONGESTION_CONTROL = re.compile(r"[a-z][a-z0-9_-]{1,14}")  # Linux's names have 15 characters at most
_OBSERVED = re.compile(r"[A-Za-z0-9_*>$-][A-Za-z0-9_.*>$-]{0,199}")
MIN_MEMORY, MAX_MEMORY = 192 * 2**20, 64 * 2**30  # bytes of a broker's container


def _check_hold(hold: timedelta, info: ValidationInfo) -> timedelta:
    if hold > LONGEST_DELAY:
        figure = f"{info.field_name} is {format_duration(hold)}"
        raise ValueError(f"a link holds a packet for a minute at most, and {figure}: write 60s or less")
    return hold


_KINDS: Mapping[Kind, Any] = {
    Kind.TIME: Annotated[Duration, AfterValidator(_check_hold)],
    Kind.SHARE: Percent,
    Kind.RATE: Annotated[Rate, Field(gt=0)] | None,
    Kind.SIZE: Annotated[Size, Field(gt=0)] | None,
    Kind.COUNT: Annotated[Whole, Field(gt=0)] | None,
}
if TYPE_CHECKING:
    _Figures = Declared
else:  # made from the table, whose names no type checker can know
    _Figures = create_model(
        "_Figures",
        __base__=Declared,
        **{
            each.key.replace("-", "_"): (
                _KINDS.get(each.kind, type(each.default)),
                Field(default=each.default, description=each.about),
            )
            for each in FIGURES
        },
    )


class ImpairmentFields(_Figures):
    """The impairments of one direction of a link."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if wrong := self.impairment().contradiction():
            raise ValueError(wrong)
        return self

    def impairment(self) -> Impairment:
        """Return the impairment as the value that a link has."""
        return Impairment(**{each.name: getattr(self, each.key.replace("-", "_")) for each in FIGURES})


class User(Declared):
    """A user of a broker."""

    password: Password
    """The password of the user."""
    groups: Texts = ()
    """The groups of the user, for an authorization map in the configuration."""
    console_access: YesNo = False
    """Whether the user may open the web console."""


class Configuration(Declared):
    """A configuration's text, and the file that holds it; made by loading, from a path or from the text itself."""

    file: str
    """The path of the file, for messages."""
    text: str
    """The XML."""
    # of its places, where they are not those of the file
    source: Annotated[Source | None, Field(exclude=True), WithJsonSchema({})] = None
    """The location of each part of the XML, if it differs from the file."""


ConfigurationFile = Annotated[
    Configuration, WithJsonSchema({"type": "string", "description": "The path of the XML file, relative to this file."})
]


def _check_deployment_mode(raw: Any) -> Any:
    if raw == "CLUSTER_MULTI_AZ":
        raise ValueError("CLUSTER_MULTI_AZ is for RabbitMQ: write SINGLE_INSTANCE or ACTIVE_STANDBY_MULTI_AZ")
    return raw


def _check_addresses(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    if len(addresses) != 2 or addresses[0] == addresses[1]:
        raise ValueError("a pair has two instances: write two different addresses, [10.1.0.10, 10.1.0.11]")
    return addresses


class Broker(Declared):
    """A broker: a single instance, or an active and a standby instance."""

    region: Name
    """The region of the broker."""
    deployment_mode: Annotated[DeploymentMode, BeforeValidator(_check_deployment_mode)] = DeploymentMode.SINGLE_INSTANCE
    """The deployment mode: a single instance, or an active and a standby instance."""
    storage_type: Literal["EFS", "EBS"] | None = None
    """The storage type, which is only checked; the lab uses a local disk."""
    address: Address | None = None
    """The address of a single instance, inside the region's VPC (default: the first free one)."""
    addresses: Annotated[tuple[Address, ...], AfterValidator(_check_addresses)] | None = None
    """The addresses of an active/standby pair, inside the region's VPC (default: the first free ones)."""
    broker_id: str | None = None
    """The id of the broker: `b-` and a UUID (default: derived from the topology's and the broker's name)."""
    engine_version: str = releases.DEFAULT
    """The engine version of Amazon MQ."""
    configuration: ConfigurationFile | None = None
    """The configuration of the broker: the path of an XML file, or the XML (default: Amazon MQ's default)."""
    users: Mapping[str, User] = Field(min_length=1, max_length=MOST_USERS)
    """The users of the broker, by name."""
    user: str | None = None
    """The user that clients log in as if their step names no user (default: the broker's only user)."""
    memory: Size = MEMORY
    """The memory of each container of the broker; the Java heap gets half."""
    ports: Ports | None = None
    """The ports of this machine that lead to the broker, by endpoint (default: free ports)."""
    public: YesNo = True
    """Whether clients on this machine, which represent the internet, can reach the broker."""
    security_groups: Names = ()
    """The security groups of the broker (default: the default group of its VPC)."""
    later: YesNo = False
    """Whether the broker is created by a `create-broker` step, and not when the lab opens."""


class Host(Declared):
    """A reserved address for your own application in a region, with security groups."""

    region: Name
    """The region of the host."""
    address: Address | None = None
    """The address of the host, inside the region's VPC (default: the first free one)."""
    security_groups: Names = ()
    """The security groups of the host (default: the default group of its VPC)."""


class Region(Declared):
    """An AWS region with one VPC."""

    aws_region: Name
    """The AWS region code, for example `ap-northeast-1`, or `none` for a place outside AWS."""
    vpc: Cidr
    """The CIDR block of the VPC, from /16 to /28."""
    subnets: Mapping[Name, Cidr] = {}
    """The CIDR blocks of the subnets, by name (default: one subnet for the whole VPC)."""


class DirectedLink(Declared):
    """The impairments of a link, separately for both directions."""

    leaving: Mapping[str, ImpairmentFields] = Field(min_length=1)
    """The impairments of each direction, by the region that the direction leaves."""


def _link_form(raw: Any) -> str | None:
    if isinstance(raw, str):
        return "<preset>"
    if isinstance(raw, DirectedLink) or (isinstance(raw, Mapping) and "leaving" in raw):
        return "<directed>"
    return "<both ways>" if isinstance(raw, ImpairmentFields | Mapping) else None


class Link(Declared):
    """The link between two regions, in both directions."""

    between: tuple[Name, Name]
    """The two regions of the link."""
    link: Annotated[
        Annotated[Literal["aws"], Tag("<preset>")]
        | Annotated[ImpairmentFields, Tag("<both ways>")]
        | Annotated[DirectedLink, Tag("<directed>")],
        Discriminator(_link_form),
    ]
    """The impairments of the link; `aws` is the delay between the two AWS regions."""

    @property
    def name(self) -> str:
        """Return the link's name: its two regions joined by a dash."""
        return "-".join(self.between)


def _check_not_empty(entries: Mapping[str, object]) -> Mapping[str, object]:
    if not entries:
        raise ValueError("at least one is needed")
    return entries


def _check_congestion_control(raw: Any) -> Any:
    if not isinstance(raw, str) or not _CONGESTION_CONTROL.fullmatch(raw):
        raise ValueError(
            "this is no name of a congestion control: write cubic, bbr, reno, or host for the machine's own"
        )
    return raw


CongestionControl = Annotated[
    str,
    BeforeValidator(_check_congestion_control),
    WithJsonSchema(
        {"type": "string", "pattern": "^[a-z][a-z0-9_-]{1,14}$", "examples": ["cubic", "bbr", "reno", "host"]}
    ),
]


def _check_observed(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        name = pattern.removeprefix("queue:").removeprefix("topic:")
        kind = pattern.removesuffix(name)
        its = prefixed(pattern) if "," not in pattern else None
        if its is not None and its.kind and kind + name != f"{its.kind}:{its.name}":
            raise ValueError(f"{pattern!r} is no pattern of destinations: write {its.kind}:{its.name}")
        if not _OBSERVED.fullmatch(name):
            right = _with_wildcards(name.replace("/", ".").replace("#", ">").replace("+", "*"))
            given = "write orders.>, say, or begin it with queue: or topic:"
            remedy = f"write {kind}{right}" if right != name and _OBSERVED.fullmatch(right) else given
            raise ValueError(f"{pattern!r} is no pattern of destinations: {remedy}")
        if why := no_wildcard(name):
            raise ValueError(f"in {pattern!r}, {why}: write {kind}{_with_wildcards(name)}")
    return value


def _with_wildcards(name: str) -> str:
    """Return the pattern of destinations that a name stands for in which > or * is not a whole level of its own."""
    begin, star, _ = name.partition("*")
    if begin and star and not {".", ">"} & {*name}:
        return f"{begin}.*"
    levels = [each if ">" in each else "*" if "*" in each else each for each in name.split(".")]
    last = next((number for number, level in enumerate(levels) if ">" in level), None)
    if last is None:
        return ".".join(levels)
    begin = levels[last].replace(">", "")
    return ".".join([*levels[:last], *([begin] if begin else []), ">"])


Observed = Annotated[Texts, Field(max_length=100), AfterValidator(_check_observed)]


class Topology(Declared):
    """The regions, brokers and links of a lab."""

    topology: str
    """The name of the topology."""
    about: str = ""
    """A description for people."""
    sanitising: Literal["warn", "refuse"] = "warn"
    """The reaction to settings that Amazon MQ would remove: a warning, or an error."""
    reboot_time: Duration = timedelta(0)
    """The time for which a reboot leaves a broker down, about 5 minutes in Amazon MQ."""
    service_time: Moment | None = None
    """The time of Amazon MQ's clock when the lab opens (default: this machine's time)."""
    tcp: CongestionControl | None = None
    """The congestion control of the brokers' TCP; `host` is this machine's setting (default: `cubic`)."""
    observe: Observed = ()
    """The destinations that an observer in each broker records, such as `orders.>`."""
    regions: Annotated[Mapping[Name, Region], Field(max_length=MOST_REGIONS), AfterValidator(_check_not_empty)]
    """The regions with their VPCs, by name."""
    brokers: Annotated[Mapping[Name, Broker], Field(max_length=MOST_BROKERS), AfterValidator(_check_not_empty)]
    """The brokers, by name."""
    hosts: Annotated[Mapping[Name, Host], Field(max_length=MOST_HOSTS)] = {}
    """The reserved addresses for your own applications, by name."""
    links: Annotated[tuple[Link, ...], Field(max_length=MOST_LINKS)] = ()
    """The links between regions; regions without a link cannot reach each other."""
    peerings: Mapping[Name, Peering] | None = None
    """The VPC peerings, by name (default: one for each link, if `route-tables` is omitted too)."""
    route_tables: Mapping[Name, RouteTable] | None = None
    """The route tables, by name (default: routes for each link, if `peerings` is omitted too)."""
    security_groups: Mapping[Name, SecurityGroup] | None = None
    """The security groups, by name (default: every broker accepts all packets)."""

    @property
    def routed_by_links(self) -> bool:
        """Return whether each link is a peering with routes: the topology declares neither peerings nor routes."""
        return self.peerings is None and self.route_tables is None

    @property
    def observed(self) -> tuple[str, ...]:
        """Return the observed destinations, as `queue://orders.>` and `topic://orders.>`."""
        found: list[str] = []
        for pattern in self.observe:
            kind, colon, name = pattern.partition(":")
            found += [f"{kind}://{name}"] if colon else [f"queue://{pattern}", f"topic://{pattern}"]
        return tuple(found)

    @property
    def memory(self) -> int:
        """Return the bytes that the brokers' containers may take together."""
        return sum(broker.memory * len(broker.deployment_mode.instances) for broker in self.brokers.values())

    def passwords(self) -> dict[str, dict[str, SecretStr]]:
        """Return the passwords by broker and user; a Plan has none."""
        return {
            name: {user: fields.password for user, fields in broker.users.items()}
            for name, broker in self.brokers.items()
        }
