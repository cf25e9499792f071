import { parseConfig, type Environment, type VerificationConfig } from "../../verification/config";
import type { OpenStackConfig } from "../../verification/config/openstack";
import { connectOpenStack, type OpenStack } from "../../verification/openstack/client";
import type { Instance, NetworkPort } from "../../verification/openstack/model";
import { CouldNotRun } from "../../verification/problems";
import type { VCenter } from "../../verification/vcenter/client";
import { changeNova } from "./changes";
import { missing, type Sight, tooLarge } from "./readiness";
import { projectLine, type Request } from "./request";

const POLL_MS = 1000;

/** Everything that a command needs of the outside. */
export interface Context {
  env: Environment;
  say: (line: string) => void;
  pause: (ms: number) => Promise<unknown>;
  now: () => number;
  /** Logs in to vCenter. */
  connect: (config: VerificationConfig, env: Environment) => Promise<Pick<VCenter, "inventory" | "close">>;
}

type Command = (request: Request, context: Context) => Promise<void>;

function configOf(
  { datacenter, cluster, computeHost }: Request,
  env: Environment,
): VerificationConfig & { openstack: OpenStackConfig } {
  const document = {
    cluster: { datacenter, name: cluster },
    hosts: [],
    vms: [],
    // No command looks at a zone.
    openstack: { computeHost, availabilityZone: computeHost },
  };
  const config = parseConfig(document, env);
  if (!config.openstack) throw new CouldNotRun("no OpenStack is configured");
  return { ...config, openstack: config.openstack };
}

async function closing<T extends { close(): Promise<void> }, R>(opened: T, use: (opened: T) => Promise<R>): Promise<R> {
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/**
 * One clear error for a wrong address, password, project, region or a user without the role admin. Says the project's id,
 * for what is the project's (see projectOf).
 */
const login: Command = async (request, { env, say }) => {
  await closing(await connectOpenStack(configOf(request, env).openstack, env), async (openstack) => {
    await openstack.services();
    say(`logged in to ${openstack.cloud}`);
    say(`${projectLine}${openstack.projectId}`);
  });
};

async function look(
  openstack: OpenStack,
  vcenter: Pick<VCenter, "inventory">,
  { computeHost }: Request,
): Promise<Sight> {
  const [services, hypervisors, inventory] = await Promise.all([
    openstack.services(),
    openstack.hypervisors(),
    vcenter.inventory(),
  ]);
  const own = hypervisors.find(({ serviceHost }) => serviceHost === computeHost);
  const hosts = inventory.hosts
    .filter((host) => host.connectionState === "connected" && !host.inMaintenanceMode)
    .map(({ cpuThreads, memoryMb }) => ({ vcpus: cpuThreads, memoryMb }));
  return {
    services,
    hypervisors,
    provider: own && (await openstack.provider(own.id)),
    cluster: {
      id: inventory.cluster.id,
      hosts: hosts.some(({ vcpus, memoryMb }) => vcpus === 0 || memoryMb === 0) ? undefined : hosts,
    },
  };
}

/** Waits until nova and placement know the cluster with its capacity, and refuses flavors that fit no host. */
const awaitHypervisor: Command = async (request, { env, say, pause, now, connect }) => {
  const config = configOf(request, env);
  const until = now() + request.timeoutSeconds * 1000;
  await closing(await connectOpenStack(config.openstack, env), async (openstack) => {
    await closing(await connect(config, env), async (vcenter) => {
      for (let told = ""; ;) {
        const sight = await look(openstack, vcenter, request);
        const lacks = missing(request, sight);
        if (lacks.length === 0) {
          const large = tooLarge(request.flavors, sight.cluster.hosts);
          if (large.length > 0) throw new CouldNotRun(large.join("\n"));
          say(`nova and placement know ${request.cluster}`);
          return;
        }
        const text = lacks.join("; ");
        if (now() > until) {
          throw new CouldNotRun(
            `after ${String(request.timeoutSeconds)} s ${text}. Read nova-compute's log on its node; then deploy again`,
          );
        }
        if (text !== told) say(`waiting: ${text}`);
        told = text;
        await pause(POLL_MS);
      }
    });
  });
};

const named = (instances: Instance[]): string => instances.map(({ name, id }) => `${name} (${id})`).join(", ");

/** Ports that keep networks from being deleted. */
async function foreignPorts(openstack: OpenStack, networks: readonly string[]): Promise<NetworkPort[]> {
  return (await Promise.all(networks.map((id) => openstack.portsOf(id)))).flat();
}

function refusePorts(ports: readonly NetworkPort[]): void {
  if (ports.length === 0) return;
  const text = ports.map(({ id, name, owner, address }) => {
    const about = [name, address ?? "", owner === "" ? "" : `of ${owner}`].filter((word) => word !== "").join(", ");
    return about === "" ? id : `${id} (${about})`;
  });
  throw new CouldNotRun(
    `ports that this deployment did not make are on its networks: ${text.join("; ")}. Delete them, and destroy again`,
  );
}

/** Makes sure that nothing holds up what comes next: instances, deleted where that was asked for, and others' ports. */
const release: Command = async (request, { env, say, pause, now }) => {
  const { openstack: config } = configOf(request, env);
  const until = now() + request.timeoutSeconds * 1000;
  await closing(await connectOpenStack(config, env), async (openstack) => {
    let running = await openstack.instances(request.computeHost);
    if (running.length > 0 && !request.deleteInstances) {
      throw new CouldNotRun(
        `instances run on ${request.computeHost}: ${named(running)}. Delete them, or deploy with deleteInstances: true, and destroy again`,
      );
    }
    const theirs = new Set(running.map(({ id }) => id));
    const ports = await foreignPorts(openstack, request.networks);
    refusePorts(ports.filter(({ deviceId }) => !theirs.has(deviceId)));
    await closing(changeNova(config, env), async (nova) => {
      for (const { id } of running) await nova.deleteInstance(id);
    });
    while (running.length > 0) {
      if (now() > until) {
        throw new CouldNotRun(
          `after ${String(request.timeoutSeconds)} s instances are left on ${request.computeHost}: ${named(running)}`,
        );
      }
      await pause(POLL_MS);
      running = await openstack.instances(request.computeHost);
    }
    // nova leaves a port that it was given, and did not make.
    if (theirs.size > 0) refusePorts(await foreignPorts(openstack, request.networks));
    say(`no instance runs on ${request.computeHost}`);
  });
};

/** Deletes the record of the service, which must have stopped, or it would make another. */
const forget: Command = async (request, { env, say }) => {
  const { openstack: config } = configOf(request, env);
  await closing(changeNova(config, env), async (nova) => {
    const ids = await nova.serviceIds(request.computeHost);
    for (const id of ids) await nova.deleteService(id);
    say(`nova has forgotten ${request.computeHost}`);
  });
};

/** Gives the project nova's defaults again: the provider leaves a quota as it is when its resource goes. */
const resetQuota: Command = async (request, { env, say }) => {
  await closing(changeNova(configOf(request, env).openstack, env), async (nova) => {
    await nova.resetQuota();
    say("the project has nova's default quota");
  });
};

export const commands: Record<string, Command> = {
  login,
  await: awaitHypervisor,
  release,
  forget,
  "reset-quota": resetQuota,
};
