import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import type { OpenStackConfig } from "../config/openstack";
import type { Environment } from "../config";
import { peerCertificate } from "../net/certificate";
import { createHttps, type Https } from "../net/https";
import { CouldNotRun } from "../problems";
import {
  aggregatesSchema,
  flavorsSchema,
  hypervisorsSchema,
  imagesSchema,
  inventoriesSchema,
  limitsSchema,
  portsSchema,
  serversSchema,
  servicesSchema,
  zonesSchema,
} from "./answers";
import { endpoints, Keystone, serviceNames, type ServiceType } from "./keystone";
import { NotFound, RestClient } from "./rest";
import type {
  Aggregate,
  Capacity,
  ComputeService,
  EndpointCertificate,
  Flavor,
  Hypervisor,
  Image,
  Instance,
  NetworkPort,
  Port,
  PowerState,
  Quota,
  Room,
  Zone,
} from "./model";

/** Reads of one region, as one user. Nothing here changes anything. All errors are CouldNotRun and name server and call. */
export interface OpenStack {
  /** Keystone's server and the region. */
  readonly cloud: string;
  /** Of the project that the login is for. */
  readonly projectId: string;
  /** All services of nova-compute. */
  services(): Promise<ComputeService[]>;
  hypervisors(): Promise<Hypervisor[]>;
  /** Placement's inventory of a hypervisor; undefined when placement does not know it. */
  provider(hypervisorId: string): Promise<Capacity | undefined>;
  aggregates(): Promise<Aggregate[]>;
  zones(): Promise<Zone[]>;
  /** Instances of one compute host, in all projects. */
  instances(computeHost: string): Promise<Instance[]>;
  flavors(): Promise<Flavor[]>;
  quota(): Promise<Quota>;
  images(name: string): Promise<Image[]>;
  ports(instanceId: string): Promise<Port[]>;
  /** All ports of a network, but for those that go with it; none when there is no such network. */
  portsOf(networkId: string): Promise<NetworkPort[]>;
  /** As each endpoint shows it. */
  certificates(): Promise<EndpointCertificate[]>;
  close(): Promise<void>;
}

/** Limit of one call, in wall ms. */
const callLimitMs = 30_000;
/** Pike's: hypervisors by uuid, which is also the resource provider's; from 2.88 on they no longer tell their capacity. */
const computeVersion = "compute 2.53";

/**
 * Logs in and finds the region's services.
 *
 * @param pause waits before a call is repeated; replaced in tests
 * @throws CouldNotRun when Keystone refuses, or has no such region or service
 */
export async function connectOpenStack(
  config: OpenStackConfig,
  env: Environment,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<OpenStack> {
  const opened: Https[] = [];
  const open = (peer: string, address: string): Https => {
    const settings = { address, caFile: "openstack.caFile or OS_CACERT", thumbprint: "openstack.thumbprint" };
    const { caFile, thumbprint } = config;
    const https = createHttps({ caFile, thumbprint, timeoutMs: callLimitMs, peer, settings });
    opened.push(https);
    return https;
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((https) => https.close()));
  };
  try {
    const identity = open("Keystone", "openstack.authUrl or OS_AUTH_URL");
    const keystone = new Keystone(identity, config, env.OS_PASSWORD ?? "", pause);
    const { catalog, projectId } = await keystone.login();
    const { region, urls } = endpoints(catalog, config.region, keystone.server);
    const client = (type: ServiceType, headers: Record<string, string> = {}): RestClient => {
      const name = serviceNames[type];
      const https = open(name, `the ${type} endpoint in Keystone's catalog`);
      return new RestClient(https, keystone, { name, url: urls[type], headers }, pause);
    };
    return reads({
      cloud: `${keystone.server}, region ${region}`,
      projectId,
      compute: client("compute", { "openstack-api-version": computeVersion }),
      placement: client("placement"),
      image: client("image"),
      network: client("network"),
      addresses: [
        ["Keystone", config.authUrl],
        ...(Object.keys(urls) as ServiceType[]).map((type): [string, string] => [serviceNames[type], urls[type]]),
      ],
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Services extends Record<ServiceType, RestClient> {
  cloud: string;
  projectId: string;
  addresses: [string, string][];
  close: () => Promise<void>;
}

function reads({ cloud, projectId, compute, placement, image, network, addresses, close }: Services): OpenStack {
  return {
    cloud,
    projectId,
    close,
    async services() {
      const { services } = await compute.get("/os-services?binary=nova-compute", servicesSchema);
      return services.map(({ host, status, state, forced_down, disabled_reason, updated_at }) => ({
        host,
        enabled: status === "enabled",
        up: state === "up",
        forcedDown: forced_down ?? false,
        disabledReason: disabled_reason ?? undefined,
        reportedAt: updated_at ?? undefined,
      }));
    },
    async hypervisors() {
      const { hypervisors } = await compute.get("/os-hypervisors/detail", hypervisorsSchema);
      return hypervisors.map(({ id, hypervisor_hostname, service, vcpus, memory_mb }) => {
        return { id, name: hypervisor_hostname, serviceHost: service.host, vcpus, memoryMb: memory_mb };
      });
    },
    async provider(id) {
      try {
        const { inventories } = await placement.get(`/resource_providers/${id}/inventories`, inventoriesSchema);
        return { vcpus: inventories.VCPU?.total ?? 0, memoryMb: inventories.MEMORY_MB?.total ?? 0 };
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        throw error;
      }
    },
    async aggregates() {
      const { aggregates } = await compute.get("/os-aggregates", aggregatesSchema);
      return aggregates.map(({ name, availability_zone, hosts }) => {
        return { name, zone: availability_zone ?? undefined, hosts };
      });
    },
    async zones() {
      const { availabilityZoneInfo } = await compute.get("/os-availability-zone", zonesSchema);
      return availabilityZoneInfo.map(({ zoneName, zoneState }) => ({
        name: zoneName,
        available: zoneState.available,
      }));
    },
    async instances(computeHost) {
      const query = `all_tenants=1&host=${encodeURIComponent(computeHost)}`;
      const all: Instance[] = [];
      for (let marker = ""; ;) {
        const { servers, servers_links } = await compute.get(`/servers/detail?${query}${marker}`, serversSchema);
        all.push(...servers.map(toInstance));
        const last = servers.at(-1);
        if (last === undefined || servers_links?.some(({ rel }) => rel === "next") !== true) return all;
        marker = `&marker=${last.id}`;
      }
    },
    async flavors() {
      const { flavors } = await compute.get("/flavors/detail?is_public=None", flavorsSchema);
      return flavors.map(({ name, vcpus, ram }) => ({ name, vcpus, memoryMb: ram }));
    },
    async quota() {
      const { absolute: told } = (await compute.get("/limits", limitsSchema)).limits;
      return {
        instances: room(told.totalInstancesUsed, told.maxTotalInstances),
        vcpus: room(told.totalCoresUsed, told.maxTotalCores),
        memoryMb: room(told.totalRAMUsed, told.maxTotalRAMSize),
      };
    },
    async images(name) {
      const { images } = await image.get(`/images?name=${encodeURIComponent(name)}`, imagesSchema);
      return images.map((found) => ({
        name: found.name ?? "",
        status: found.status,
        diskFormat: found.disk_format ?? undefined,
        properties: Object.fromEntries(
          Object.entries(found).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
        ),
      }));
    },
    async ports(instanceId) {
      const { ports } = await network.get(`/ports?device_id=${instanceId}`, portsSchema);
      return ports.map((port) => ({
        instanceId,
        address: port.fixed_ips[0]?.ip_address,
        vifType: port["binding:vif_type"] ?? "",
      }));
    },
    async portsOf(networkId) {
      const { ports } = await network.get(`/ports?network_id=${networkId}`, portsSchema);
      return ports
        .filter(({ device_owner }) => !ownedByNetwork.includes(device_owner ?? ""))
        .map(({ id, name, device_owner, device_id, fixed_ips }) => ({
          id,
          name: name ?? "",
          owner: device_owner ?? "",
          deviceId: device_id ?? "",
          address: fixed_ips[0]?.ip_address,
        }));
    },
    certificates: () => Promise.all(addresses.map(([service, address]) => certificate(service, new URL(address)))),
  };
}

async function certificate(service: string, url: URL): Promise<EndpointCertificate> {
  if (url.protocol !== "https:") return { service, server: url.host, validTo: undefined };
  const shown = await peerCertificate(url, callLimitMs);
  if (shown === undefined) throw new CouldNotRun(`${service} ${url.host} shows no certificate`);
  return { service, server: url.host, validTo: shown.validTo };
}

function room(used: number, limit: number): Room {
  return { used, limit: limit < 0 ? undefined : limit };
}

/** Deleted with their network (neutron, common/_constants.py: AUTO_DELETE_PORT_OWNERS). */
const ownedByNetwork = ["network:dhcp", "network:distributed", "network:floatingip_agent_gateway"];

/** nova/objects/fields.py, InstancePowerState. */
const powerStates: Record<number, PowerState> = {
  0: "no state",
  1: "running",
  3: "paused",
  4: "shut down",
  6: "crashed",
  7: "suspended",
};

function toInstance(server: z.infer<typeof serversSchema>["servers"][number]): Instance {
  return {
    id: server.id,
    name: server.name,
    status: server.status,
    vmState: server["OS-EXT-STS:vm_state"],
    taskState: server["OS-EXT-STS:task_state"] ?? undefined,
    powerState: powerStates[server["OS-EXT-STS:power_state"]] ?? "no state",
    host: server["OS-EXT-SRV-ATTR:host"] ?? undefined,
    zone: server["OS-EXT-AZ:availability_zone"] ?? undefined,
  };
}
