import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runChecks } from "../../verification/checks";
import { main } from "../../verification/cli/main";
import { parseConfig } from "../../verification/config";
import type { Json } from "../../verification/config/layers";
import type { CheckResult } from "../../verification/model";
import { connectCloud } from "../../verification/openstack/cloud";
import { probeTcp } from "../../verification/probes/tcp";
import { connect } from "../../verification/vcenter/client";
import { CloudLab, eventually } from "./cloudLab";
import { Operator } from "./operator";
import { Administrator } from "./smallCluster";

const timeScale = 10;
export const cluster = "compute-1";
/** A second cluster, with a compute service and a zone of its own. */
export const neighbour = "compute-2";
export const hosts = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"];

/** A hypervisor as nova lists it. */
interface Hypervisor {
  id: string;
  service: { host: string };
}

/** Two clusters with OpenStack on them, an instance on the first, and the verifier: no part of it is replaced. */
export class VerifierCloud {
  private constructor(
    readonly cloud: CloudLab,
    readonly admin: Administrator,
    readonly operator: Operator,
    readonly instanceId: string,
    readonly imageId: string,
    /** The verifier's configuration. */
    readonly file: string,
  ) {}

  static async start(name: string): Promise<VerifierCloud> {
    const cloud = await CloudLab.start(name, { timeScale });
    const admin = await Administrator.logIn(cloud.env, timeScale);
    const operator = new Operator(cloud, admin);
    await admin.buildCluster(cluster, hosts);
    await admin.createCluster(neighbour, ["esx-04.lab.test"]);
    const [networkId, imageId, flavorId] = await Promise.all([
      operator.network("tenants", hosts),
      operator.image("ubuntu"),
      operator.flavor("small"),
      operator.compute(cluster),
      operator.compute(neighbour),
    ]);
    const instanceId = await operator.launch({
      name: "ubuntu-os",
      flavorRef: flavorId,
      imageRef: imageId,
      availability_zone: cluster,
      networks: [{ uuid: networkId }],
    });
    await cloud.becomes(instanceId, "ACTIVE");
    const file = join(cloud.lab.dir, "cluster.json");
    const made = new VerifierCloud(cloud, admin, operator, instanceId, imageId, file);
    writeFileSync(file, JSON.stringify(made.document()));
    return made;
  }

  async stop(): Promise<void> {
    await this.admin.logOut();
    await this.cloud.stop();
  }

  /** What is verified; without instances where the compute host is the other cluster's. */
  document(computeHost = cluster): Json {
    const instance = {
      name: "ubuntu-os",
      guestOs: "ubuntu",
      probe: { port: 2222 },
      openstack: { instanceId: this.instanceId },
    };
    return {
      cluster: { datacenter: "Lab", name: cluster },
      hosts: hosts.map((host) => ({ name: host })),
      vms: [
        ...(computeHost === cluster ? [instance] : []),
        { name: "ubuntu-1", guestOs: "ubuntu", probe: { port: 2222 } },
        { name: "xp-1", guestOs: "windowsxp" },
      ],
      openstack: {
        computeHost,
        availabilityZone: computeHost,
        aggregate: computeHost,
        flavors: ["small"],
        images: [{ name: "ubuntu", guestOs: "ubuntu" }],
        service: `nova-compute@${computeHost}`,
        novaConf: ["nova.conf", `nova-compute-${computeHost}.conf`],
      },
      timeScale,
      // A busy machine holds up a process for longer than a probe lasts at a tenth of a second.
      probeIntervalSeconds: 3,
    };
  }

  /** The command line, in this process. */
  async run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ["", ""];
    const never = new AbortController().signal;
    const code = await main([...argv, "--config", this.file], {
      env: this.cloud.env,
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      signal: never,
      hurried: never,
    });
    return { code, out, err };
  }

  /** One look at everything, without the patience that `check` has with a cluster that settles. */
  async look(document = this.document(), env = this.cloud.env): Promise<CheckResult[]> {
    const config = parseConfig(document, env);
    const vcenter = await connect(config, env);
    try {
      const connected = await connectCloud(config, env);
      try {
        const [inventory, openstack] = await Promise.all([vcenter.inventory(), connected?.state()]);
        const probe = ({ address, port }: { address: string; port: number }) => probeTcp(address, port, 2000);
        return await runChecks({ inventory, config, probe, openstack });
      } finally {
        await connected?.close();
      }
    } finally {
      await vcenter.close();
    }
  }

  /** Waits until exactly these checks of OpenStack fail. */
  async fails(expected: string[], document = this.document(), env = this.cloud.env): Promise<CheckResult[]> {
    let last: string[] = [];
    return eventually(`${expected.join(", ") || "no check"} alone fails`, async () => {
      const results = await this.look(document, env);
      last = results
        .filter(({ id, verdict }) => id.startsWith("openstack-") && verdict === "failed")
        .map(({ id }) => id);
      return last.join() === expected.join() ? results : undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; fails: ${last.join(", ")}`);
    });
  }

  /** Breaks the real thing, sees just that check fail, mends it, and sees all pass. */
  async breaking(check: string, breakIt: () => unknown, mend: () => unknown): Promise<void> {
    await breakIt();
    try {
      await this.fails([check]);
    } finally {
      await mend();
    }
    await eventually("all pass again", async () => openOf(await this.look()).length === 0 || undefined);
  }

  /** Id of the cluster's hypervisor, and of its resource provider. */
  async hypervisor(): Promise<string> {
    const { hypervisors } = await this.cloud.api<{ hypervisors: Hypervisor[] }>(
      "compute",
      "GET",
      "/os-hypervisors/detail",
    );
    return hypervisors.find(({ service }) => service.host === cluster)?.id ?? "";
  }

  /** Changes what placement takes for the cluster's capacity, by a factor. */
  async placement(times: number): Promise<void> {
    const path = `/resource_providers/${await this.hypervisor()}/inventories`;
    const known = await this.cloud.api<{ inventories: Record<string, { total: number }> }>("placement", "GET", path);
    for (const name of ["VCPU", "MEMORY_MB"]) {
      const one = known.inventories[name];
      if (one) one.total = Math.round(one.total * times);
    }
    await this.cloud.api("placement", "PUT", path, known);
  }
}

/** Checks of OpenStack that did not pass. */
export function openOf(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ id, verdict }) => id.startsWith("openstack-") && !["passed", "not-applicable"].includes(verdict))
    .map(({ id }) => id);
}
