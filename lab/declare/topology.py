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
from lab.amazonmq.configurations.source import Source
from lab.amazonmq.identity import DeploymentMode
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
from lab.link.impairment import FIGURES, LONGEST, Impairment, Kind
from lab.units import format_duration

# More than any machine could hold, and few enough that every check of a file ends soon.
MOST_REGIONS, MOST_BROKERS, MOST_HOSTS, MOST_LINKS = 500, 500, 500, 2500
MOST_USERS = 1000  # of a broker; the service takes 250
MEMORY = 256 * 2**20  # bytes of a broker's container, where nothing is said
_CONGESTION_CONTROL = re.compile(r"[a-z][a-z0-9_-]{1,14}")  # Linux's names have 15 characters at most
MIN_MEMORY, MAX_MEMORY = 192 * 2**20, 64 * 2**30  # bytes of a broker's container


def _check_hold(value: timedelta, info: ValidationInfo) -> timedelta:
    if value > LONGEST:
        figure = f"{info.field_name} is {format_duration(value)}"
        raise ValueError(f"a link holds a packet for a minute at most, and {figure}: write 60s or less")
    return value


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
        **{each.key.replace("-", "_"): (_KINDS.get(each.kind, type(each.default)), each.default) for each in FIGURES},
    )


class ImpairmentFields(_Figures):
    """What one direction of a link does to packets; `delay` is one way."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if wrong := self.impairment().contradiction():
            raise ValueError(wrong)
        return self

    def impairment(self) -> Impairment:
        """Return the impairment as the value that a link has."""
        return Impairment(**{each.name: getattr(self, each.key.replace("-", "_")) for each in FIGURES})


class User(Declared):
    """A user of a broker, as Amazon MQ knows it; the password is never shown again."""

    password: Password
    groups: Texts = ()
    console_access: YesNo = False


class Configuration(Declared):
    """A configuration's text, and the file that holds it; made by loading, from a path or from the text itself."""

    file: str
    text: str
    # of its places, where they are not those of the file
    source: Annotated[Source | None, Field(exclude=True), WithJsonSchema({})] = None


ConfigurationFile = Annotated[
    Configuration,
    WithJsonSchema(
        {"type": "string", "description": "A path to the XML, counted from this file; a broker's may be the XML"}
    ),
]


def _check_deployment_mode(value: Any) -> Any:
    if value == "CLUSTER_MULTI_AZ":
        raise ValueError("CLUSTER_MULTI_AZ is for RabbitMQ: write SINGLE_INSTANCE or ACTIVE_STANDBY_MULTI_AZ")
    return value


def _check_addresses(value: tuple[Address, ...]) -> tuple[Address, ...]:
    if len(value) != 2 or value[0] == value[1]:
        raise ValueError("a pair has two instances: write two different addresses, [10.1.0.10, 10.1.0.11]")
    return value


class Broker(Declared):
    """One broker: a single instance, or an active and a standby instance."""

    region: Name
    deployment_mode: Annotated[DeploymentMode, BeforeValidator(_check_deployment_mode)] = DeploymentMode.SINGLE_INSTANCE
    storage_type: Literal["EFS", "EBS"] | None = None  # checked as the service does; a lab's store is on its own disk
    address: Address | None = None  # inside the region's VPC; the first free one when left out
    addresses: Annotated[tuple[Address, ...], AfterValidator(_check_addresses)] | None = None  # of a pair's instances
    broker_id: str | None = None  # b-<uuid>; derived from the names when left out
    engine_version: str = releases.DEFAULT
    configuration: ConfigurationFile | None = None  # the service's default text when left out
    users: Mapping[str, User] = Field(min_length=1, max_length=MOST_USERS)
    memory: Size = MEMORY  # bytes, of the container; the Java heap gets half
    ports: Ports | None = None  # of this machine; free ones for what is left out
    public: YesNo = True  # whether clients on the host, which stand for the internet, reach it
    security_groups: Names = ()  # the default one of its VPC when left out
    later: YesNo = False  # not created when the lab opens, but by a create-broker step


class Host(Declared):
    """The place of an application of one's own in a region: an address, behind security groups."""

    region: Name
    address: Address | None = None  # inside the region's VPC; the first free one when left out
    security_groups: Names = ()  # the default one of its VPC when left out


class Region(Declared):
    """One AWS region with one VPC."""

    aws_region: Name
    vpc: Cidr
    subnets: Mapping[Name, Cidr] = {}  # one subnet, the whole VPC, when left out


class DirectedLink(Declared):
    """Both directions of a link told apart: each key is the region that the direction leaves."""

    leaving: Mapping[str, ImpairmentFields] = Field(min_length=1)


def _link_form(value: Any) -> str | None:
    if isinstance(value, str):
        return "<preset>"
    if isinstance(value, DirectedLink) or (isinstance(value, Mapping) and "leaving" in value):
        return "<directed>"
    return "<both ways>" if isinstance(value, ImpairmentFields | Mapping) else None


class Link(Declared):
    """The link between two regions: as measured between AWS's regions, declared for both directions, or for each."""

    between: tuple[Name, Name]
    link: Annotated[
        Annotated[Literal["aws"], Tag("<preset>")]
        | Annotated[ImpairmentFields, Tag("<both ways>")]
        | Annotated[DirectedLink, Tag("<directed>")],
        Discriminator(_link_form),
    ]

    @property
    def name(self) -> str:
        """Return the link's name: its two regions joined by a dash."""
        return "-".join(self.between)


def _check_not_empty(value: Mapping[str, object]) -> Mapping[str, object]:
    if not value:
        raise ValueError("at least one is needed")
    return value


def _check_congestion_control(value: Any) -> Any:
    if not isinstance(value, str) or not _CONGESTION_CONTROL.fullmatch(value):
        raise ValueError(
            "this is no name of a congestion control: write cubic, bbr, reno, or host for the machine's own"
        )
    return value


CongestionControl = Annotated[
    str,
    BeforeValidator(_check_congestion_control),
    WithJsonSchema(
        {"type": "string", "pattern": "^[a-z][a-z0-9_-]{1,14}$", "examples": ["cubic", "bbr", "reno", "host"]}
    ),
]


class Topology(Declared):
    """Everything that stands before the first message."""

    topology: str
    about: str = ""
    sanitising: Literal["warn", "refuse"] = "warn"  # of configurations that the service would cut
    reboot_time: Duration = timedelta(0)  # how long a reboot leaves a broker down; in the service about 5 minutes
    service_time: Moment | None = None  # the service's time when the lab opens; the machine's when left out
    tcp: CongestionControl | None = None  # the brokers' congestion control; cubic when left out, as on AWS's machines
    regions: Annotated[Mapping[Name, Region], Field(max_length=MOST_REGIONS), AfterValidator(_check_not_empty)]
    brokers: Annotated[Mapping[Name, Broker], Field(max_length=MOST_BROKERS), AfterValidator(_check_not_empty)]
    hosts: Annotated[Mapping[Name, Host], Field(max_length=MOST_HOSTS)] = {}
    links: Annotated[tuple[Link, ...], Field(max_length=MOST_LINKS)] = ()
    peerings: Mapping[Name, Peering] | None = None
    route_tables: Mapping[Name, RouteTable] | None = None
    security_groups: Mapping[Name, SecurityGroup] | None = None

    @property
    def routed_by_links(self) -> bool:
        """Return whether each link is a peering with routes: the topology declares neither peerings nor routes."""
        return self.peerings is None and self.route_tables is None

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
