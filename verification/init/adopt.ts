import type { GuestOs, Inventory, Moid, SettingValue } from "../model";
import type { Problem } from "../problems";
import type { FoundCluster } from "./clusters";
import type { Literal } from "./literal";

/** A VM that a check may ask: its guest is one that the verification knows, and it runs. */
export interface Candidate {
  name: string;
  guestOs: GuestOs;
}

/** A cluster as the library's EsxiCluster takes it, and what there is to say of that. */
export interface Adoption {
  /** Arguments of an EsxiCluster that declares the cluster as it is. */
  args: Record<string, Literal>;
  /** What the program cannot state as vCenter has it. */
  notes: string[];
}

/** Groups of EsxiCluster's arguments; the provider's fields begin with these words. */
const groups = ["ha", "drs", "dpm", "proactiveHa"] as const;
/** HA exchanges heartbeats through 2 datastores a host, unless an option says otherwise (vSphere Availability). */
function heartbeatsPerHost({ haEnabled, haAdvancedOptions }: Inventory["cluster"]["settings"]): number {
  if (haEnabled === false) return 0;
  const option = Object.entries(haAdvancedOptions ?? {}).find(
    ([name]) => name.toLowerCase() === "das.heartbeatdsperhost",
  );
  return option === undefined ? 2 : Number(option[1]);
}

/** What keeps a cluster from being adopted, all of it. */
export function obstacles({ cluster, hosts, datastores }: Inventory, found: FoundCluster): Problem[] {
  const { settings } = cluster;
  const shared = sharedDatastores({ hosts, datastores });
  const preferred = settings.haHeartbeatDatastoreIds ?? [];
  const needed = heartbeatsPerHost(settings);
  const tolerance = settings.haAdmissionControlHostFailureTolerance;
  const problems: (Problem | undefined)[] = [
    oddName("datacenter", found.datacenter),
    oddName("cluster", found.name),
    ...shared.map(({ name }) => oddName("datastore", name)),
    hosts.length < 2
      ? {
          path: "hosts",
          value: hosts.map(({ name }) => name),
          rule: "must be 2 or more: with one there is nowhere to restart VMs",
          remedy: "add hosts to the cluster in vCenter",
        }
      : undefined,
    shared.length < needed
      ? {
          path: "shared datastores",
          value: shared.map(({ name }) => name),
          rule: `must be ${needed.toString()} or more that all hosts mount: HA exchanges heartbeats through them`,
          remedy: "mount a further datastore on all hosts",
        }
      : undefined,
    needed > 0 && isList(preferred) && tooFew(preferred, needed, settings.haHeartbeatDatastorePolicy)
      ? {
          path: "heartbeat datastores",
          value: preferred.map((id) => datastores.find((one) => one.id === id)?.name ?? id),
          rule: `must be ${needed.toString()} or more, or chosen by vCenter`,
          remedy: "choose others in vCenter: Configure, vSphere Availability, Heartbeat Datastores",
        }
      : undefined,
    typeof tolerance === "number" && hosts.length >= 2 && (tolerance < 1 || tolerance >= hosts.length)
      ? {
          path: "host failures that admission control tolerates",
          value: tolerance,
          rule: `must be 1 to ${(hosts.length - 1).toString()}, one less than the cluster has hosts`,
          remedy: "set it in vCenter: Configure, vSphere Availability, Admission Control",
        }
      : undefined,
  ];
  return problems.filter((problem) => problem !== undefined);
}

/** With an empty list vCenter chooses among all, unless it must use the list alone. */
function tooFew(preferred: readonly string[], needed: number, policy: SettingValue | undefined): boolean {
  const none = preferred.length === 0 && policy !== "userSelectedDs";
  return !none && preferred.length < needed;
}

/**
 * The provider finds things by paths with wildcards (govmomi, find), and has names as vCenter escapes them where the rest of
 * the world has them as they are shown.
 */
function oddName(kind: string, name: string): Problem | undefined {
  if (!/[*?[\]/\\%]/.test(name)) return undefined;
  const rule = "must have none of * ? [ ] / \\ % in its name: the provider could not find it";
  return { path: kind, value: name, rule, remedy: "rename it in vCenter" };
}

/** Those that every host of the cluster mounts. */
function sharedDatastores({ hosts, datastores }: Pick<Inventory, "hosts" | "datastores">): Inventory["datastores"] {
  return datastores.filter(({ hostIds }) => hosts.length > 0 && hosts.every(({ id }) => hostIds.includes(id)));
}

/**
 * The cluster as it stands; every setting that vCenter tells is stated, so that no default counts.
 *
 * @param vmMonitoring what HA watches in VMs, as their default settings have it
 */
export function adoption(inventory: Inventory, found: FoundCluster, vmMonitoring?: string): Adoption {
  const { cluster, hosts, datastores } = inventory;
  const { haHeartbeatDatastoreIds, haAdmissionControlFailoverHostSystemIds, ...settings } = cluster.settings;
  const preferred = ids(haHeartbeatDatastoreIds);
  const shared = new Set(sharedDatastores(inventory).map(({ id }) => id));
  const listed = datastores.filter(({ id }) => shared.has(id) || preferred.includes(id));
  const failoverHosts = ids(haAdmissionControlFailoverHostSystemIds);
  const existing = ({ name }: { name: string }): Literal => ({ name, existing: true });
  return {
    args: {
      clusterName: found.name,
      existing: true,
      datacenter: { name: found.datacenter, existing: true },
      hosts: hosts.map(existing),
      datastores: listed.map(existing),
      ...grouped(settings, {
        heartbeatDatastores: namesOf(preferred, datastores),
        ...(failoverHosts.length > 0 && { admissionControlFailoverHosts: namesOf(failoverHosts, hosts) }),
      }),
    },
    notes: notes(settings, vmMonitoring),
  };
}

function grouped(settings: Record<string, SettingValue>, ha: Record<string, Literal>): Record<string, Literal> {
  const of = (group: string): Record<string, Literal> =>
    Object.fromEntries(
      Object.entries(settings).flatMap(([field, value]) => {
        const [, first = "", rest = ""] = new RegExp(`^${group}([A-Z])(.*)$`).exec(field) ?? [];
        return first === "" || isEmpty(value) ? [] : [[first.toLowerCase() + rest, value]];
      }),
    );
  const all = groups.map((group) => [group, { ...of(group), ...(group === "ha" && ha) }] as const);
  return Object.fromEntries(all.filter(([, members]) => Object.keys(members).length > 0));
}

/** None is what an argument that is left out means, too. */
function isEmpty(value: SettingValue): boolean {
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Settings that the provider reads otherwise, or not, when it imports (terraform-provider-vsphere, compute cluster). */
function notes(settings: Record<string, SettingValue>, vmMonitoring: string | undefined): string[] {
  const watched = settings.haVmMonitoring;
  const tolerance = settings.haAdmissionControlPerformanceTolerance;
  const slot = settings.haAdmissionControlSlotPolicyUseExplicitSize === true;
  return [
    ...(typeof watched === "string" && vmMonitoring !== undefined && vmMonitoring !== watched
      ? [
          `vCenter has two values of what HA watches in VMs: ${watched} for the cluster, ${vmMonitoring} in the VMs' defaults. ` +
            "The preview shows the second as a change to the first, and pulumi up makes both the same.",
        ]
      : []),
    ...(typeof tolerance === "number" && tolerance !== 100
      ? [
          `The preview may show a change of the tolerated loss of performance, from 100 to ${tolerance.toString()} %: ` +
            "the provider does not read it. In vCenter nothing changes.",
        ]
      : []),
    ...(slot
      ? [
          "Admission control has slots of a stated size, which the provider neither reads nor writes rightly: " +
            "do not run pulumi up before vCenter derives the size from reservations.",
        ]
      : []),
  ];
}

function ids(value: SettingValue | undefined): Moid[] {
  return isList(value) ? value : [];
}

function isList(value: SettingValue | undefined): value is string[] {
  return Array.isArray(value);
}

function namesOf(wanted: readonly Moid[], all: readonly { id: Moid; name: string }[]): string[] {
  return wanted.flatMap((id) => all.find((one) => one.id === id)?.name ?? []).sort();
}

/** Guests that the verification knows, by the ids of the vSphere API (VirtualMachineGuestOsIdentifier). */
function guestOsOf(guestId: string): GuestOs | undefined {
  if (/^ubuntu/i.test(guestId)) return "ubuntu";
  return /^winXP/i.test(guestId) ? "windowsxp" : undefined;
}

/** VMs that a check may ask, by their names; a name that two have tells neither. */
export function candidates({ vms }: Inventory, guestIds: ReadonlyMap<Moid, string>): Candidate[] {
  return vms.flatMap(({ id, name, template, system, powerState }) => {
    const guestOs = guestOsOf(guestIds.get(id) ?? "");
    const unique = vms.filter((other) => other.name === name).length === 1;
    return guestOs !== undefined && unique && !template && !system && powerState === "poweredOn"
      ? [{ name, guestOs }]
      : [];
  });
}
