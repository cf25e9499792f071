import * as command from "@pulumi/command";
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { discoverCommand, discoveryScript } from "./cellDiscovery";
import { nodeCommands, nodeScript } from "./computeNode";
import { digestOf } from "./digest";
import { projectOf, type Request, type RequestDocument } from "./nova/request";
import { novaConfiguration } from "./novaConfiguration";
import type { NodeLoginArgs, OpenStackComputeArgs, QuotaArgs } from "./openstackArgs";
import { createImage } from "./openstackImage";
import { namesOf } from "./openstackNames";
import { createNetwork, createSecurityGroup } from "./openstackNetwork";
import { computeRules } from "./openstackRules";
import { providerEnvironment } from "./providerEnvironment";
import { validated } from "./validation";
import type { GuestOs } from "./values";
import type { CloudDocument } from "./verificationDocument";

/** An image of OpenStackCompute. */
export interface ImageTarget {
  /** Id in glance. */
  id: pulumi.Input<string>;
  /** Operating system on it. */
  guestOs: GuestOs;
}

/** What OpenStackVm needs to know of OpenStackCompute. */
export interface ComputeTarget {
  /** Availability zone of the cluster. */
  availabilityZone: pulumi.Input<string>;
  /** Ids of the flavors, by name. */
  flavorIds: Record<string, pulumi.Input<string>>;
  /** The images, by name. */
  images: Record<string, ImageTarget>;
  /** Ids of the networks, by name. */
  networkIds: Record<string, pulumi.Input<string>>;
  /** Ids of the security groups of instances; empty: the project's default group. */
  securityGroupIds: pulumi.Input<string>[];
  /** Name of the key pair. Default: none. */
  keyPair?: pulumi.Input<string>;
  /** What PostDeployCheck takes. */
  cloud: CloudDocument;
  /** Changes when anything declared of OpenStack does. */
  digest: pulumi.Input<string>;
}

/**
 * nova-compute with the vCenter driver for one cluster, and what instances on it are made from.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import { type ClusterTarget, OpenStackCompute } from "vsphere-ha";
 *
 * declare const target: ClusterTarget; // an EsxiCluster has it
 *
 * const config = new pulumi.Config();
 * const compute = new OpenStackCompute("compute", {
 *   target,
 *   vcenter: { server: "vcenter.example.com", username: "nova", password: config.requireSecret("novaPassword") },
 *   node: {
 *     host: "compute-1.example.com",
 *     privateKey: config.requireSecret("computePrivateKey"),
 *     hostKey: config.require("computeHostKey"),
 *   },
 *   flavors: [{ name: "small", vcpus: 1, memoryMb: 1024, diskGb: 8 }],
 *   images: [{ name: "ubuntu", guestOs: "ubuntu", file: "ubuntu.vmdk" }],
 *   networks: [{ name: "tenants", cidr: "192.0.2.0/24" }],
 *   securityGroup: { probesFrom: "198.51.100.0/24" },
 * });
 * export const cloud = compute.target.cloud;
 * ```
 */
export class OpenStackCompute extends pulumi.ComponentResource {
  /** Availability zone of the cluster, there when instances can be launched. */
  public readonly availabilityZone: pulumi.Output<string>;
  /** What OpenStackVm takes. */
  public readonly target: ComputeTarget;

  /** @throws pulumi.RunError that lists everything wrong with the arguments, before anything is created. */
  constructor(name: string, args: OpenStackComputeArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:OpenStackCompute",
      name,
      {},
      validated(`OpenStackCompute ${JSON.stringify(name)}`, args, computeRules, opts),
    );
    const { target, vcenter, node } = args;
    const { service, computeHost, availabilityZone, aggregateName } = namesOf(args);
    const flavors = args.flavors ?? [];
    const timeout = args.timeoutSeconds !== undefined && { timeoutSeconds: args.timeoutSeconds };
    const request = (more: Partial<Request> = {}): string =>
      JSON.stringify({
        datacenter: target.datacenterName,
        cluster: target.clusterName,
        computeHost,
        ...more,
      } satisfies RequestDocument);
    const run = (verb: string): string => `npx --no-install vsphere-ha-compute ${verb}`;
    const environment = providerEnvironment(this);
    const login = { ...(environment && { environment }) };

    // One clear error for a wrong login before anything else asks OpenStack; its deletion comes last of all.
    const registration = new command.local.Command(
      `${name}-registration`,
      {
        create: run("login"),
        delete: run("forget"),
        stdin: request(),
        ...login,
        triggers: [computeHost],
      },
      { parent: this, deleteBeforeReplace: true },
    );
    const cloud = { parent: this, dependsOn: [registration] };

    const configuration = pulumi
      .all([target.clusterId, vcenter.server, vcenter.port, vcenter.username, vcenter.password])
      .apply(([, server, port, username, password]) =>
        novaConfiguration({
          computeHost,
          stateDirectory: service.stateDirectory,
          server,
          port: port ?? 443,
          username,
          password,
          caFile: vcenter.caFile,
          insecure: vcenter.insecure ?? false,
          clusterName: target.clusterName,
          datastorePattern: datastorePattern(args),
          syncPowerStateInterval: args.syncPowerStateInterval ?? -1,
        }),
      );
    const compute = new command.remote.Command(
      `${name}-service`,
      {
        connection: connectionTo(node),
        create: nodeCommands.configure,
        delete: nodeCommands.remove,
        stdin: pulumi.secret(configuration.apply((text) => nodeScript(service, text))),
        addPreviousOutputInEnv: false,
        // Another unit or node is another service: the old one must be gone before there is a new one.
        triggers: [registration.id, service.unit, node.host],
      },
      { parent: this, deleteBeforeReplace: true },
    );
    const cells = args.controller
      ? [
          new command.remote.Command(
            `${name}-cell`,
            {
              connection: connectionTo(args.controller),
              create: discoverCommand,
              stdin: discoveryScript(computeHost),
              addPreviousOutputInEnv: false,
              triggers: [compute.id],
            },
            { parent: this, deleteBeforeReplace: true },
          ),
        ]
      : [];
    const ready = new command.local.Command(
      `${name}-ready`,
      {
        create: run("await"),
        // Waits again when the service was told something else, or when there is another flavor to judge.
        stdin: configurationDigest(args).apply((configured) =>
          request({
            ...timeout,
            flavors: flavors.map(({ name: flavor, vcpus, memoryMb }) => ({ name: flavor, vcpus, memoryMb })),
            configuration: configured,
          }),
        ),
        ...login,
        triggers: [compute.id],
      },
      { parent: this, dependsOn: cells, deleteBeforeReplace: true },
    );
    const afterwards = { parent: this, dependsOn: [ready] };

    const aggregate = new openstack.compute.AggregateV2(
      `${name}-aggregate`,
      { name: aggregateName, zone: availabilityZone, hosts: [registration.id.apply(() => computeHost)] },
      { ...afterwards, deleteBeforeReplace: true, replaceOnChanges: ["hosts"] },
    );
    const flavorResources = flavors.map(
      ({ name: flavor, vcpus, memoryMb, diskGb }) =>
        new openstack.compute.Flavor(
          `${name}-${flavor}`,
          { name: flavor, vcpus, ram: memoryMb, disk: diskGb, isPublic: true },
          // The wait refuses sizes that fit no host. No two flavors have one name.
          { ...afterwards, deleteBeforeReplace: true },
        ),
    );
    const images = (args.images ?? []).map((image) => createImage(name, image, cloud));
    const networks = (args.networks ?? []).map((network) => createNetwork(name, network, target, cloud));
    const groups = args.securityGroup ? [createSecurityGroup(name, args.securityGroup, cloud)] : [];
    const keyPairs =
      args.publicKey === undefined
        ? []
        : [new openstack.compute.Keypair(`${name}-key`, { name: `${name}-key`, publicKey: args.publicKey }, cloud)];
    const quotas = (args.quota ? [args.quota] : []).map((quota) => {
      const defaults = new command.local.Command(
        `${name}-default-quota`,
        { delete: run("reset-quota"), stdin: request(), ...login },
        cloud,
      );
      const opts = { ...cloud, dependsOn: [defaults] };
      return createQuota(name, quota, registration.stdout.apply(projectOf), opts);
    });

    // Deleted first: nothing goes while instances run on the service.
    const guard = new command.local.Command(
      `${name}-instances`,
      {
        delete: run("release"),
        stdin: pulumi
          .all(networks.map(({ id }) => id))
          .apply((ids) =>
            request({ ...timeout, networks: ids, ...(args.deleteInstances && { deleteInstances: true }) }),
          ),
        ...login,
        triggers: [registration.id],
      },
      {
        parent: this,
        dependsOn: [
          aggregate,
          ...flavorResources,
          ...images,
          ...[...networks, ...groups].flatMap(({ parts }) => parts),
          ...keyPairs,
          ...quotas,
        ],
        deleteBeforeReplace: true,
      },
    );

    this.availabilityZone = guard.id.apply(() => availabilityZone);
    this.target = {
      availabilityZone: this.availabilityZone,
      flavorIds: byName(flavors, flavorResources),
      images: Object.fromEntries(
        (args.images ?? []).map(({ name: image, guestOs }, n) => [image, { id: images[n]?.id ?? "", guestOs }]),
      ),
      // Only ports of others are left when the guard looks for them.
      networkIds: byName(
        args.networks ?? [],
        networks.map(({ id }) => ({ id: pulumi.all([id, guard.id]).apply(([network]) => network) })),
      ),
      securityGroupIds: groups.map(({ id }) => id),
      ...(keyPairs[0] && { keyPair: keyPairs[0].name }),
      cloud: {
        computeHost,
        availabilityZone,
        aggregate: aggregateName,
        flavors: flavors.map((flavor) => flavor.name),
        images: (args.images ?? []).map((image) => ({ name: image.name, guestOs: image.guestOs })),
        service: service.unit,
        novaConf: ["nova.conf", service.file],
      },
      digest: digestOf([
        configurationDigest(args),
        { flavors, images: args.images, networks: args.networks, securityGroup: args.securityGroup, quota: args.quota },
        guard.id,
      ]),
    };
    this.registerOutputs({ availabilityZone: this.availabilityZone, target: this.target });
  }
}

function connectionTo(node: NodeLoginArgs) {
  return {
    host: node.host,
    port: node.port ?? 22,
    user: node.user ?? "root",
    privateKey: pulumi.secret(node.privateKey),
    hostKey: node.hostKey,
    dialErrorLimit: 3,
  };
}

/** nova's pattern is matched at the beginning of a name only; the default ends where the name does. */
function datastorePattern({ vcenter, target }: OpenStackComputeArgs): string {
  const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return vcenter.datastorePattern ?? `(${Object.keys(target.datastoreIds).map(escaped).join("|")})$`;
}

/** What the service is told, but for secrets. */
function configurationDigest(args: OpenStackComputeArgs): pulumi.Output<string> {
  const { target, vcenter, syncPowerStateInterval } = args;
  const { service, computeHost } = namesOf(args);
  return digestOf({
    service,
    computeHost,
    cluster: target.clusterName,
    vcenter: { ...vcenter, password: undefined },
    syncPowerStateInterval,
  });
}

function byName(
  args: { name: string }[],
  made: { id: pulumi.Output<string> }[],
): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(args.flatMap(({ name }, n) => (made[n] ? [[name, made[n].id]] : [])));
}

function createQuota(
  prefix: string,
  { instances, vcpus, memoryMb }: QuotaArgs,
  projectId: pulumi.Output<string>,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): openstack.compute.QuotaSetV2 {
  const limits = {
    ...(instances !== undefined && { instances }),
    ...(vcpus !== undefined && { cores: vcpus }),
    ...(memoryMb !== undefined && { ram: memoryMb }),
  };
  return new openstack.compute.QuotaSetV2(`${prefix}-quota`, { projectId, ...limits }, opts);
}
