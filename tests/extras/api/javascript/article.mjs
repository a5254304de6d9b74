// The article by AWS's SDK for JavaScript: two VPCs in two regions, peered, with a broker in each, and a bridge.
// The last line of the output is a summary in JSON.
import { randomUUID } from "node:crypto";
import * as ec2 from "@aws-sdk/client-ec2";
import * as mq from "@aws-sdk/client-mq";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const PASSWORD = "wonderland-1866";
const PLACES = [
  { name: "tokyo", region: "ap-northeast-1", block: "10.1.0.0/16", subnet: "10.1.0.0/24", far: "10.2.0.0/16" },
  { name: "singapore", region: "ap-southeast-1", block: "10.2.0.0/16", subnet: "10.2.0.0/24", far: "10.1.0.0/16" },
];
const summary = {};

async function network(place) {
  const client = new ec2.EC2Client({ region: place.region });
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: place.block }));
  const inVpc = { VpcId: Vpc.VpcId };
  await ec2.waitUntilVpcAvailable({ client, maxWaitTime: 30 }, { VpcIds: [Vpc.VpcId] });
  const { Subnet } = await client.send(new ec2.CreateSubnetCommand({ ...inVpc, CidrBlock: place.subnet }));
  const asked = { ...inVpc, GroupName: "mq", Description: "the broker and the other region" };
  const { GroupId } = await client.send(new ec2.CreateSecurityGroupCommand(asked));
  const rule = { IpProtocol: "tcp", FromPort: 61617, ToPort: 61617, IpRanges: [{ CidrIp: place.far }] };
  await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule] }));
  const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand(inVpc));
  const table = { RouteTableId: RouteTable.RouteTableId };
  const { AssociationId } = await client.send(
    new ec2.AssociateRouteTableCommand({ ...table, SubnetId: Subnet.SubnetId }),
  );
  return { ...place, client, vpc: Vpc.VpcId, subnet: Subnet.SubnetId, group: GroupId, table, AssociationId };
}

async function peered([requester, accepter]) {
  const asked = { VpcId: requester.vpc, PeerVpcId: accepter.vpc, PeerRegion: accepter.region };
  const made = await requester.client.send(new ec2.CreateVpcPeeringConnectionCommand(asked));
  const id = { VpcPeeringConnectionId: made.VpcPeeringConnection.VpcPeeringConnectionId };
  const ids = { VpcPeeringConnectionIds: [id.VpcPeeringConnectionId] };
  await ec2.waitUntilVpcPeeringConnectionExists({ client: requester.client, maxWaitTime: 30 }, ids);
  await accepter.client.send(new ec2.AcceptVpcPeeringConnectionCommand(id));
  for (const side of [requester, accepter]) {
    await side.client.send(new ec2.CreateRouteCommand({ ...side.table, DestinationCidrBlock: side.far, ...id }));
  }
  const found = await requester.client.send(new ec2.DescribeVpcPeeringConnectionsCommand(ids));
  summary.peering = found.VpcPeeringConnections[0].Status.Code;
  return id;
}

async function become(client, BrokerId, state) {
  const asked = new mq.DescribeBrokerCommand({ BrokerId });
  for (let looks = 0; looks < 20; looks++) {
    const found = await client.send(asked);
    if (found.BrokerState === state) return found;
  }
  throw new Error(`broker ${BrokerId} did not become ${state}`);
}

async function broker(place, Configuration) {
  const client = new mq.MqClient({ region: place.region });
  const asked = {
    AutoMinorVersionUpgrade: true,
    BrokerName: place.name,
    Configuration,
    CreatorRequestId: randomUUID(),
    DeploymentMode: "SINGLE_INSTANCE",
    EngineType: "ACTIVEMQ",
    EngineVersion: "5.18",
    HostInstanceType: "mq.m5.large",
    PubliclyAccessible: false,
    SecurityGroups: [place.group],
    SubnetIds: [place.subnet],
    Users: [{ Username: "bridge", Password: PASSWORD }],
  };
  const { BrokerId } = await client.send(new mq.CreateBrokerCommand(asked));
  const again = await client.send(new mq.CreateBrokerCommand(asked));
  if (again.BrokerId !== BrokerId) throw new Error("a repeated request made another broker");
  return { client, BrokerId, found: await become(client, BrokerId, "RUNNING") };
}

async function configured(place, uri) {
  const client = new mq.MqClient({ region: place.region });
  const asked = { Name: "ocean", EngineType: "ACTIVEMQ", EngineVersion: "5.18" };
  const { Id } = await client.send(new mq.CreateConfigurationCommand(asked));
  const xml = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<broker xmlns="http://activemq.apache.org/schema/core">
  <networkConnectors>
    <networkConnector duplex="true" name="ocean" uri="static:(${uri})" userName="bridge"/>
  </networkConnectors>
</broker>`;
  const Data = Buffer.from(xml).toString("base64");
  const saved = await client.send(new mq.UpdateConfigurationCommand({ ConfigurationId: Id, Data }));
  summary.warnings = saved.Warnings;
  return { Id, Revision: saved.LatestRevision.Revision };
}

async function reboot({ client, BrokerId }) {
  await client.send(new mq.RebootBrokerCommand({ BrokerId }));
  const found = await client.send(new mq.DescribeBrokerCommand({ BrokerId }));
  summary.rebooting = found.BrokerState;
  return become(client, BrokerId, "RUNNING");
}

async function refused(action) {
  try {
    await action();
  } catch (error) {
    return { name: error.name, attribute: error.errorAttribute, status: error.$metadata.httpStatusCode };
  }
  throw new Error("a wrong request was not refused");
}

async function removed(brokers, peering, networks) {
  for (const { client, BrokerId } of brokers) {
    await client.send(new mq.DeleteBrokerCommand({ BrokerId }));
    const gone = async () => {
      for (;;) await client.send(new mq.DescribeBrokerCommand({ BrokerId }));
    };
    summary.deleted = (await refused(gone)).name;
  }
  await networks[0].client.send(new ec2.DeleteVpcPeeringConnectionCommand(peering));
  for (const { client, vpc, subnet, group, table, AssociationId } of networks) {
    await client.send(new ec2.DisassociateRouteTableCommand({ AssociationId }));
    await client.send(new ec2.DeleteRouteTableCommand(table));
    await client.send(new ec2.DeleteSubnetCommand({ SubnetId: subnet }));
    await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: group }));
    await client.send(new ec2.DeleteVpcCommand({ VpcId: vpc }));
  }
}

summary.account = (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Account;
const networks = [await network(PLACES[0]), await network(PLACES[1])];
const peering = await peered(networks);
const singapore = await broker(networks[1]);
const [uri] = singapore.found.BrokerInstances[0].Endpoints;
const tokyo = await broker(networks[0], await configured(networks[0], uri));
summary.created = tokyo.found.Created instanceof Date;
summary.revision = tokyo.found.Configurations.Current.Revision;
const late = { BrokerId: singapore.BrokerId, Username: "late", Password: PASSWORD, Groups: ["readers"] };
await singapore.client.send(new mq.CreateUserCommand(late));
summary.users = (await reboot(singapore)).Users.map((user) => user.Username);
summary.taken = await refused(() => broker(networks[0]));
await removed([tokyo, singapore], peering, networks);
console.log(JSON.stringify(summary));
