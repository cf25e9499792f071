/** Answers of the APIs, as far as they are used. */
import { z } from "zod";

const count = z.number();
export const servicesSchema = z.object({
  services: z.array(
    z.object({
      host: z.string(),
      status: z.string(),
      state: z.string(),
      forced_down: z.boolean().nullish(),
      disabled_reason: z.string().nullish(),
      updated_at: z.string().nullish(),
    }),
  ),
});
export const hypervisorsSchema = z.object({
  hypervisors: z.array(
    z.object({
      id: z.string(),
      hypervisor_hostname: z.string(),
      service: z.object({ host: z.string() }),
      vcpus: count,
      memory_mb: count,
    }),
  ),
});
const total = z.object({ total: count }).optional();
export const inventoriesSchema = z.object({ inventories: z.object({ VCPU: total, MEMORY_MB: total }) });
export const aggregatesSchema = z.object({
  aggregates: z.array(
    z.object({ name: z.string(), availability_zone: z.string().nullish(), hosts: z.array(z.string()) }),
  ),
});
export const zonesSchema = z.object({
  availabilityZoneInfo: z.array(z.object({ zoneName: z.string(), zoneState: z.object({ available: z.boolean() }) })),
});
export const serversSchema = z.object({
  servers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      status: z.string(),
      "OS-EXT-STS:vm_state": z.string(),
      "OS-EXT-STS:task_state": z.string().nullish(),
      "OS-EXT-STS:power_state": count,
      "OS-EXT-SRV-ATTR:host": z.string().nullish(),
      "OS-EXT-AZ:availability_zone": z.string().nullish(),
    }),
  ),
  servers_links: z.array(z.object({ rel: z.string() })).optional(),
});
export const flavorsSchema = z.object({
  flavors: z.array(z.object({ name: z.string(), vcpus: count, ram: count })),
});
export const limitsSchema = z.object({
  limits: z.object({
    absolute: z.object({
      totalInstancesUsed: count,
      maxTotalInstances: count,
      totalCoresUsed: count,
      maxTotalCores: count,
      totalRAMUsed: count,
      maxTotalRAMSize: count,
    }),
  }),
});
export const imagesSchema = z.object({
  images: z.array(z.looseObject({ name: z.string().nullish(), status: z.string(), disk_format: z.string().nullish() })),
});
export const portsSchema = z.object({
  ports: z.array(
    z.object({
      id: z.string(),
      name: z.string().nullish(),
      device_owner: z.string().nullish(),
      device_id: z.string().nullish(),
      "binding:vif_type": z.string().nullish(),
      fixed_ips: z.array(z.object({ ip_address: z.string() })),
    }),
  ),
});
