import * as pulumi from "@pulumi/pulumi";
import type { ClusterTarget } from "./esxiCluster";
import { guestDefaults } from "./guestDefaults";
import { GuestOs } from "./values";

/** A virtual machine that a verification checks. */
export interface TestVm {
  /** Name in vCenter. */
  name: string;
  /** Operating system of the guest. */
  guestOs: GuestOs;
  /** TCP port of the service that is asked, 1 to 65535. Default: 22 for Ubuntu, 3389 for Windows XP. */
  probePort?: pulumi.Input<number>;
  /** Longest time from power-on until it answers, in seconds, 1 or more. Default: 120 for Ubuntu, 180 for Windows XP. */
  bootSeconds?: pulumi.Input<number>;
  /** Id in nova of a virtual machine that OpenStack launched: vCenter has it as instance UUID. Default: none. */
  instanceId?: pulumi.Input<string>;
  /** Changes when anything declared of the virtual machine does: a check waits for it and then runs. Default: none. */
  digest?: pulumi.Input<string>;
}

/** The management controller (BMC) of a host, through which a drill cuts its power. Its password never comes here. */
export interface BmcArgs {
  /** Address of the Redfish service, `https://…`. */
  url: string;
  /** Account of the BMC. */
  username: string;
  /** Id of the system. Default: discovered. */
  systemId?: string;
  /** Environment variable that holds the password. Default: VSPHERE_HA_BMC_PASSWORD. */
  passwordEnv?: string;
  /** SHA-1 or SHA-256 thumbprint of the BMC's certificate. Default: the certificate is verified. */
  thumbprint?: string;
}

/**
 * How to log in to a host's ESXi Shell, where some drills act. Its password never comes here. Exactly one of `hostKey` and
 * `knownHostsFile`.
 */
export interface ShellArgs {
  /** Name or address of the SSH server. Default: the host's name. */
  host?: string;
  /** Port of the SSH server, 1 to 65535. Default: 22. */
  port?: number;
  /** User that may run esxcli. Default: root. */
  user?: string;
  /** File of the private key, on the machine that runs the drill. Default: login with the password. */
  keyFile?: string;
  /** Environment variable that holds the password. Default: VSPHERE_HA_HOST_PASSWORD. */
  passwordEnv?: string;
  /** The host's public key (`ssh-ed25519 AAAA…`) or its fingerprint (`SHA256:…`); no other server gets anything. */
  hostKey?: string;
  /** OpenSSH's file of known hosts that has this key, on the machine that runs the drill. */
  knownHostsFile?: string;
}

/** How drills reach the hosts of a cluster, each by the host's name; and OpenStack, where it runs on the cluster. */
export interface VerificationAccess {
  /** Management controllers. Default: none. */
  bmcs?: Record<string, BmcArgs>;
  /** ESXi Shells. Default: none. */
  shells?: Record<string, ShellArgs>;
  /** Default: no OpenStack. */
  cloud?: CloudDocument;
}

/** An image that a verification checks. */
export interface CloudImage {
  /** Name in glance. */
  name: string;
  /** Operating system on it. */
  guestOs: GuestOs;
}

/** The OpenStack on a cluster that a verification checks. Keystone, login and SSH come by the verifier's environment. */
export interface CloudDocument {
  /** Host name under which nova-compute reports. */
  computeHost: string;
  /** Availability zone of the cluster. */
  availabilityZone: string;
  /** Aggregate that sets the zone. */
  aggregate: string;
  /** Flavors that the quota must have room for. */
  flavors: string[];
  /** Images whose properties must fit their guests. */
  images: CloudImage[];
  /** Unit of nova-compute on its node. */
  service: string;
  /** Configuration files that nova-compute reads, in its order; relative ones in nova's folder. */
  novaConf: string[];
}

/** What the verifier reads (`vsphere-ha check --config`). */
export interface VerificationDocument {
  cluster: { datacenter: string; name: string; declared: Record<string, unknown> };
  hosts: { name: string; bmc?: BmcArgs; ssh?: ShellArgs }[];
  vms: {
    name: string;
    guestOs: GuestOs;
    probe: { port: number };
    bootSeconds: number;
    openstack?: { instanceId: string };
  }[];
  openstack?: CloudDocument;
}

/**
 * The verification document of what was declared. It says what to verify and never where or as whom: the address of
 * vCenter, paths and secrets come from the environment of who verifies, so that all share one state.
 */
export function verificationDocument(
  target: ClusterTarget,
  vms: TestVm[],
  { bmcs = {}, shells = {}, cloud }: VerificationAccess = {},
): pulumi.Output<VerificationDocument> {
  return pulumi.output({
    cluster: { datacenter: target.datacenterName, name: target.clusterName, declared: target.declared },
    hosts: Object.keys(target.hostIds).map((name) => ({
      name,
      ...(bmcs[name] && { bmc: bmcs[name] }),
      ...(shells[name] && { ssh: shells[name] }),
    })),
    vms: vms.map(({ name, guestOs, probePort, bootSeconds, instanceId }) => ({
      name,
      guestOs,
      probe: { port: probePort ?? guestDefaults[guestOs].probePort },
      bootSeconds: bootSeconds ?? guestDefaults[guestOs].bootSeconds,
      ...(instanceId !== undefined && { openstack: { instanceId } }),
    })),
    ...(cloud && { openstack: cloud }),
  });
}
