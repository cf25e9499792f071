import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { computeNode, type ComputeNode } from "../../verification/openstack/node";
import type { CloudLab } from "./cloudLab";
import { eventually } from "./cloudLab";
import type { Administrator } from "./smallCluster";

/** What an operator does by hand to put OpenStack on a cluster, without this library's components. */
export class Operator {
  constructor(
    private readonly cloud: CloudLab,
    private readonly vcenter: Administrator,
  ) {}

  /** nova-compute's own file for a cluster. */
  configurationOf(cluster: string): string {
    return join(this.cloud.env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "", `nova-compute-${cluster}.conf`);
  }

  /** Its node, with the service of a cluster. */
  node(cluster: string): ComputeNode {
    const { env } = this.cloud;
    const ssh = {
      host: env.VSPHERE_HA_COMPUTE_HOST ?? "",
      port: Number(env.VSPHERE_HA_COMPUTE_PORT),
      user: env.VSPHERE_HA_COMPUTE_USER ?? "",
      keyFile: env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE,
      hostKey: env.VSPHERE_HA_COMPUTE_HOST_KEY ?? "",
    };
    return computeNode({ ssh, service: `nova-compute@${cluster}`, novaConf: [] }, env);
  }

  /** Starts nova-compute for a cluster, its host and zone named for it. */
  async compute(cluster: string): Promise<void> {
    const { env } = this.cloud;
    const [host, port] = (env.VSPHERE_SERVER ?? "").split(":");
    const state = join(env.VSPHERE_HA_COMPUTE_STATE_DIR ?? "", cluster);
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const options = [
      ["[DEFAULT]", `host = ${cluster}`, `state_path = ${state}`, "sync_power_state_interval = -1"],
      ["[vmware]", `host_ip = ${host ?? ""}`, `host_port = ${port ?? ""}`, `host_username = ${env.VSPHERE_USER ?? ""}`],
      [`host_password = ${env.VSPHERE_PASSWORD ?? ""}`, `cluster_name = ${cluster}`, "datastore_regex = ha-a"],
      [`ca_file = ${env.VSPHERE_HA_CA_FILE ?? ""}`, ""],
    ];
    writeFileSync(this.configurationOf(cluster), options.flat().join("\n"), { mode: 0o600 });
    await this.node(cluster).start();
    await eventually(`nova maps the hypervisor of ${cluster}`, async () => {
      const { hypervisors } = await this.cloud.api<{ hypervisors: { service: { host: string } }[] }>(
        "compute",
        "GET",
        "/os-hypervisors/detail",
      );
      return hypervisors.some(({ service }) => service.host === cluster) || undefined;
    });
    const { aggregate } = await this.cloud.api<{ aggregate: { id: number } }>("compute", "POST", "/os-aggregates", {
      aggregate: { name: cluster, availability_zone: cluster },
    });
    const member = { add_host: { host: cluster } };
    await this.cloud.api("compute", "POST", `/os-aggregates/${aggregate.id.toString()}/action`, member);
  }

  /** A network with its port group on the hosts. */
  async network(name: string, hosts: readonly string[]): Promise<string> {
    const { network } = await this.cloud.api<{ network: { id: string } }>("network", "POST", "/networks", {
      network: { name },
    });
    const subnet = { network_id: network.id, ip_version: 4, cidr: "192.0.2.0/24", enable_dhcp: false };
    await this.cloud.api("network", "POST", "/subnets", { subnet });
    for (const host of hosts) await this.vcenter.addPortGroup(host, network.id);
    return network.id;
  }

  /** An image of Ubuntu. */
  async image(name: string): Promise<string> {
    const image = await this.cloud.api<{ id: string }>("image", "POST", "/images", {
      name,
      disk_format: "vmdk",
      container_format: "bare",
      vmware_disktype: "streamOptimized",
      vmware_adaptertype: "lsiLogic",
      vmware_ostype: "ubuntu64Guest",
      hw_vif_model: "VirtualE1000",
    });
    const disk = readFileSync(join(this.cloud.env.VSPHERE_HA_IMAGE_DIR ?? "", "ubuntu-13.10.vmdk"));
    await this.cloud.api("image", "PUT", `/images/${image.id}/file`, disk);
    return image.id;
  }

  async flavor(name: string): Promise<string> {
    const { flavor } = await this.cloud.api<{ flavor: { id: string } }>("compute", "POST", "/flavors", {
      flavor: { name, ram: 512, vcpus: 1, disk: 8 },
    });
    return flavor.id;
  }

  /** Launches an instance, and waits for nothing. */
  async launch(server: Record<string, unknown>): Promise<string> {
    return (await this.cloud.api<{ server: { id: string } }>("compute", "POST", "/servers", { server })).server.id;
  }
}
