/** The form of the reference stack's configuration: which settings there are, and of which type. */
import { z } from "zod";
import { dpmDefaults, drsDefaults, proactiveHaDefaults } from "./drsSettings";
import { haDefaults } from "./haSettings";
import { GuestOs, LockdownMode, NetworkAdapter, NfsVersion, ScsiType } from "./values";

const text = z.string();
const names = z.array(text);

/** The settings of one table: each like its default, none required, no other. */
function settings(defaults: Record<string, boolean | number | string>, others: z.ZodRawShape = {}): z.ZodType {
  const of = { boolean: z.boolean(), number: z.number(), string: text };
  const shape = Object.entries(defaults).map(([key, value]) => [key, of[typeof value as keyof typeof of].optional()]);
  return z.strictObject({ ...(Object.fromEntries(shape) as z.ZodRawShape), ...others }).optional();
}

const options = z.record(text, text).optional();

export const clusterSchema = z.strictObject({
  name: text.describe("Name of the cluster in vCenter."),
  existing: z.boolean().optional(),
  datacenter: z.strictObject({ name: text, existing: z.boolean().optional() }),
  hosts: z.array(
    z.strictObject({
      name: text,
      existing: z.boolean().optional(),
      username: text.optional(),
      thumbprint: text.optional(),
      license: text.optional(),
      lockdown: z.enum(LockdownMode).optional(),
      maintenance: z.boolean().optional(),
    }),
  ),
  datastores: z.array(
    z.strictObject({
      name: text,
      nfs: z.strictObject({ server: text, path: text, version: z.enum(NfsVersion).optional() }).optional(),
      vmfs: z.strictObject({ disk: text }).optional(),
      existing: z.boolean().optional(),
    }),
  ),
  portGroups: z
    .array(z.strictObject({ name: text, virtualSwitch: text.optional(), vlanId: z.number().optional() }))
    .optional(),
  ha: settings(haDefaults, {
    admissionControlFailoverHosts: names.optional(),
    heartbeatDatastores: names.optional(),
    advancedOptions: options,
  }),
  drs: settings(drsDefaults, { advancedOptions: options }),
  dpm: settings(dpmDefaults),
  proactiveHa: settings(proactiveHaDefaults, { providerIds: names.optional() }),
  hostClusterExitTimeout: z.number().optional(),
  forceEvacuateOnDestroy: z.boolean().optional(),
});

export const vmSchema = z.strictObject({
  name: text.describe("Name of the virtual machine in vCenter, stated once in the stack."),
  guestOs: z.enum(GuestOs).describe("Operating system of the guest."),
  template: text.optional(),
  ova: z.strictObject({ path: text.optional(), url: text.optional(), network: text.optional() }).optional(),
  datastore: text,
  network: text,
  cpus: z.number().optional(),
  memoryMb: z.number().optional(),
  diskGb: z.number().optional(),
  scsiType: z.enum(ScsiType).optional(),
  networkAdapter: z.enum(NetworkAdapter).optional(),
  probePort: z.number().optional(),
  bootSeconds: z.number().optional(),
});

const switches = { mandatory: z.boolean().optional(), enabled: z.boolean().optional() };
const vmRule = z.array(z.strictObject({ name: text, vms: names, ...switches })).optional();

export const placementSchema = z.strictObject({
  haOverrides: z
    .array(
      z.strictObject({
        vm: text,
        vmRestartPriority: text.optional(),
        vmRestartTimeout: z.number().optional(),
        hostIsolationResponse: text.optional(),
        datastorePdlResponse: text.optional(),
        datastoreApdResponse: text.optional(),
        datastoreApdRecoveryAction: text.optional(),
        datastoreApdResponseDelay: z.number().optional(),
        monitoring: z
          .strictObject({
            vmMonitoring: text.optional(),
            vmFailureInterval: z.number().optional(),
            vmMinimumUptime: z.number().optional(),
            vmMaximumResets: z.number().optional(),
            vmMaximumFailureWindow: z.number().optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  drsOverrides: z
    .array(z.strictObject({ vm: text, enabled: z.boolean().optional(), automationLevel: text.optional() }))
    .optional(),
  affinityRules: vmRule,
  antiAffinityRules: vmRule,
  vmGroups: z.array(z.strictObject({ name: text, vms: names })).optional(),
  hostGroups: z.array(z.strictObject({ name: text, hosts: names })).optional(),
  vmHostRules: z
    .array(
      z.strictObject({
        name: text,
        vmGroup: text,
        hostGroup: text,
        keepOff: z.boolean().optional(),
        ...switches,
      }),
    )
    .optional(),
  dependencyRules: z
    .array(z.strictObject({ name: text, vmGroup: text, dependsOnVmGroup: text, ...switches }))
    .optional(),
});

export const bmcSchema = z.record(
  text,
  z.strictObject({
    url: z.url({ protocol: /^https$/ }).meta({ pattern: "^[hH][tT][tT][pP][sS]:" }),
    username: text,
    systemId: text.optional(),
    passwordEnv: text.optional(),
    thumbprint: text.optional(),
  }),
);

export const sshSchema = z.record(
  text,
  z.strictObject({
    host: text.optional(),
    port: z.number().optional(),
    user: text.optional(),
    keyFile: text.optional(),
    passwordEnv: text.optional(),
    hostKey: text.optional(),
    knownHostsFile: text.optional(),
  }),
);
