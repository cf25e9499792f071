import type { Moid } from "../model";
import type { TreeObject } from "../vcenter/tree";
import { decodeName } from "../vcenter/names";
import { at, children, members, text, xsiType, type Xml } from "../vcenter/xml";
import { resourcesOf, type StackState, type StateResource } from "./state";

/** An object of vCenter that fits what a killed deployment was creating. */
export interface Fit {
  /** The id that the provider gives it. */
  id: string;
  /** For messages: `host esx-01.example.com (host-12)`. */
  object: string;
}

/** How the objects of one resource type are found again. */
interface Kind {
  /** What holds data may be somebody's: it is named, and never taken over by its name. */
  holdsData?: true;
  fits: (inputs: Record<string, unknown>, tree: Tree) => Fit[];
}

/** Ids as the provider writes them: https://github.com/hashicorp/terraform-provider-vsphere, SetId of each resource. */
const kinds: Record<string, Kind> = {
  "vsphere:index/datacenter:Datacenter": {
    fits: ({ name, folder }, tree) =>
      tree
        .named("Datacenter", name)
        .filter((one) => folder === undefined && tree.parentOf(one)?.parent === undefined)
        .map((one) => ({ ...tree.fit("datacenter", one), id: one.name })),
  },
  "vsphere:index/host:Host": {
    fits: ({ hostname, datacenter, cluster }, tree) =>
      tree
        .named("HostSystem", hostname)
        .filter((one) => {
          const holder = tree.parentOf(one);
          const inCluster = holder?.type === "ClusterComputeResource";
          if (inCluster) return holder.id === cluster || tree.ofStack(holder.id);
          return tree.datacenterOf(one) === datacenter;
        })
        .map((one) => tree.fit("host", one)),
  },
  "vsphere:index/computeCluster:ComputeCluster": {
    fits: ({ name, datacenterId, folder }, tree) =>
      tree
        .named("ClusterComputeResource", name)
        .filter((one) => tree.datacenterOf(one) === datacenterId && tree.isIn(one, folder))
        .map((one) => tree.fit("cluster", one)),
  },
  "vsphere:index/nasDatastore:NasDatastore": {
    fits: ({ name, hostSystemIds }, tree) => {
      return datastores(name, Array.isArray(hostSystemIds) ? hostSystemIds[0] : undefined, tree);
    },
  },
  "vsphere:index/vmfsDatastore:VmfsDatastore": {
    holdsData: true,
    fits: ({ name, hostSystemId }, tree) => datastores(name, hostSystemId, tree),
  },
  "vsphere:index/virtualMachine:VirtualMachine": {
    holdsData: true,
    fits: ({ name, folder }, tree) =>
      tree
        .named("VirtualMachine", name)
        .filter((one) => tree.isIn(one, folder))
        .map((one) => ({ ...tree.fit("virtual machine", one), id: uuidOf(one) })),
  },
  "vsphere:index/hostPortGroup:HostPortGroup": {
    fits: ({ name, hostSystemId }, tree) => {
      const host = tree.get(hostSystemId);
      const there = members(host?.properties.get("config.network.portgroup")).map((one) =>
        text(at(one, "spec", "name")),
      );
      if (host === undefined || typeof name !== "string" || !there.includes(name)) return [];
      return [{ id: `tf-HostPortGroup:${host.id}:${name}`, object: `port group ${name} of ${host.name}` }];
    },
  },
  "vsphere:index/haVmOverride:HaVmOverride": { fits: override("dasVmConfig", "HA override") },
  "vsphere:index/drsVmOverride:DrsVmOverride": { fits: override("drsVmConfig", "DRS override") },
  "vsphere:index/computeClusterVmAffinityRule:ComputeClusterVmAffinityRule": rule("ClusterAffinityRuleSpec"),
  "vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule":
    rule("ClusterAntiAffinityRuleSpec"),
  "vsphere:index/computeClusterVmHostRule:ComputeClusterVmHostRule": rule("ClusterVmHostRuleInfo"),
  "vsphere:index/computeClusterVmDependencyRule:ComputeClusterVmDependencyRule": rule("ClusterDependencyRuleInfo"),
  "vsphere:index/computeClusterVmGroup:ComputeClusterVmGroup": group("ClusterVmGroup"),
  "vsphere:index/computeClusterHostGroup:ComputeClusterHostGroup": group("ClusterHostGroup"),
};

/** What was found of one resource that a killed deployment was creating. */
export interface LeftBehind {
  resource: StateResource;
  holdsData: boolean;
  /** None: it was not created, or its kind is not known here. */
  fits: Fit[];
}

export function leftBehind(resource: StateResource, state: StackState, objects: readonly TreeObject[]): LeftBehind {
  const kind = kinds[resource.type];
  const fits = kind?.fits(resource.inputs ?? {}, new Tree(objects, state)) ?? [];
  return { resource, holdsData: kind?.holdsData === true, fits };
}

/** Whether objects of that type can be found again. */
export function isFindable(type: string): boolean {
  return kinds[type] !== undefined;
}

/** The resource as the state would have it, had its creation been recorded; a refresh then reads what it is. */
export function asCreated({ resource, fits }: LeftBehind): StateResource[] {
  const [fit] = fits;
  if (fit === undefined) return [];
  // The engine's own marks begin with two underscores; the provider sends none of them back.
  const outputs = Object.fromEntries(Object.entries(resource.inputs ?? {}).filter(([name]) => !name.startsWith("__")));
  return [{ ...resource, id: fit.id, outputs: { ...outputs, id: fit.id } }];
}

/** vCenter's objects, with the questions that finding them asks. */
class Tree {
  readonly #byId: Map<Moid, TreeObject>;

  constructor(
    private readonly objects: readonly TreeObject[],
    private readonly state: StackState,
  ) {
    this.#byId = new Map(objects.map((one) => [one.id, one]));
  }

  get(id: unknown): TreeObject | undefined {
    return typeof id === "string" ? this.#byId.get(id) : undefined;
  }

  named(type: string, name: unknown): TreeObject[] {
    return this.objects.filter((one) => one.type === type && one.name === name);
  }

  machineOf(uuid: unknown): TreeObject | undefined {
    return this.objects.find((one) => one.type === "VirtualMachine" && uuidOf(one) === uuid);
  }

  parentOf({ parent }: TreeObject): TreeObject | undefined {
    return this.get(parent);
  }

  datacenterOf(one: TreeObject): Moid | undefined {
    const parent = this.parentOf(one);
    if (one.type === "Datacenter" || parent === undefined) return one.type === "Datacenter" ? one.id : undefined;
    return this.datacenterOf(parent);
  }

  /** Whether it is in that folder below its datacenter's own one: `a/b`; nothing for that one itself. */
  isIn(one: TreeObject, folder: unknown): boolean {
    const names: string[] = [];
    for (let at_ = this.parentOf(one); at_ !== undefined; at_ = this.parentOf(at_)) {
      if (this.parentOf(at_)?.type === "Datacenter") break;
      names.unshift(at_.name);
    }
    const path = typeof folder === "string" ? folder.replace(/^\/+|\/+$/g, "") : "";
    return names.join("/") === path;
  }

  /** Whether the stack has a resource of that id. */
  ofStack(id: string): boolean {
    return resourcesOf(this.state).some((resource) => resource.id === id);
  }

  fit(what: string, { name, id }: TreeObject): Fit {
    return { id, object: `${what} ${name} (${id})` };
  }
}

function uuidOf({ properties }: TreeObject): string {
  return text(properties.get("config.uuid")) ?? "";
}

function datastores(name: unknown, host: unknown, tree: Tree): Fit[] {
  const mounting = tree.get(host);
  const datacenter = mounting && tree.datacenterOf(mounting);
  if (datacenter === undefined) return [];
  return tree
    .named("Datastore", name)
    .filter((one) => tree.datacenterOf(one) === datacenter)
    .map((one) => tree.fit("datastore", one));
}

function configuration(tree: Tree, cluster: unknown, list: string): Xml[] {
  return children(tree.get(cluster)?.properties.get("configurationEx"), list);
}

function override(list: string, what: string): Kind["fits"] {
  return ({ computeClusterId, virtualMachineId }, tree) => {
    const vm = tree.machineOf(virtualMachineId);
    if (vm === undefined || typeof computeClusterId !== "string") return [];
    return configuration(tree, computeClusterId, list)
      .filter((entry) => text(at(entry, "key")) === vm.id)
      .map(() => ({ id: `${computeClusterId}:${uuidOf(vm)}`, object: `${what} of ${vm.name}` }));
  };
}

function rule(type: string): Kind {
  return {
    fits: ({ computeClusterId, name }, tree) => {
      const there = configuration(tree, computeClusterId, "rule").filter((one) => {
        return xsiType(one) === type && decodeName(text(at(one, "name")) ?? "") === name;
      });
      return there.flatMap((one) => {
        const key = text(at(one, "key"));
        return key === undefined
          ? []
          : { id: `${String(computeClusterId)}:${key}`, object: `rule ${String(name)} (${key})` };
      });
    },
  };
}

function group(type: string): Kind {
  return {
    fits: ({ computeClusterId, name }, tree) =>
      configuration(tree, computeClusterId, "group")
        .filter((one) => xsiType(one) === type && text(at(one, "name")) === name)
        .map(() => ({ id: `${String(computeClusterId)}:${String(name)}`, object: `group ${String(name)}` })),
  };
}
