import { capacityText } from "../checks/openstackCompute";
import type { OpenStackConfig } from "../config/openstack";
import type { CloudObservation } from "../model";
import { novaLagMs, type Cloud } from "../openstack/cloud";
import type { ComputeNode } from "../openstack/node";
import { CouldNotRun } from "../problems";
import {
  cloudStatements,
  equal,
  instanceText,
  judgeCloud,
  watchedInstances,
  type CloudEvidence,
} from "./cloudExpectations";
import { CloudWatch, type CloudSample, type Every } from "./cloudWatch";
import type { Companion, Concluded } from "./companion";
import type { DrillParts } from "./parts";
import type { DrillPlan } from "./plan";
import { variantOf, type DrillName } from "./variants";

/** For nova-compute to start and to report twice, wall ms. */
const startLimitMs = 180_000;
/** Between two looks while waiting, wall ms. */
const pollMs = 1000;
/** An interval at which the sync surely runs between a VM's end and its restart; seconds of the Clock. */
const syncEverySeconds = 5;

interface CloudParts extends Pick<DrillParts, "clock" | "interrupted" | "progress"> {
  cloud: Pick<Cloud, "openstack" | "node">;
  config: OpenStackConfig;
  every: Every;
}

/** OpenStack through a host loss; in the drills named after it, with a fault of nova-compute's. */
export function cloudCompanion(drill: DrillName, parts: CloudParts): Companion {
  const { clock, cloud, config, interrupted, progress } = parts;
  const { openstack } = cloud;
  const { computeHost } = config;
  const syncSeconds = Math.max(1, Math.round(clock.wallMs(syncEverySeconds) / 1000));
  /** From begin() on. */
  let running: { watch: CloudWatch; plan: DrillPlan; began: number } | undefined;
  let restored = 0;
  let downBefore: boolean | undefined;
  let downAfter: boolean | undefined;

  const pause = (): Promise<void> => clock.wait(clock.seconds(pollMs), interrupted);

  function node(): ComputeNode {
    if (cloud.node !== undefined) return cloud.node;
    throw new CouldNotRun(
      `the drill ${drill} acts on nova-compute's node: set openstack.ssh, or VSPHERE_HA_COMPUTE_HOST and what goes with it`,
    );
  }

  async function hypervisorId(): Promise<string> {
    const own = (await openstack.hypervisors()).find(({ serviceHost }) => serviceHost === computeHost);
    if (own === undefined) throw new CouldNotRun(`nova knows no hypervisor of compute host ${computeHost}`);
    return own.id;
  }

  async function reportedAt(): Promise<string | undefined> {
    return (await openstack.services()).find(({ host }) => host === computeHost)?.reportedAt;
  }

  /** Two reports after a restart: the first may still be the old process's. */
  async function started(): Promise<void> {
    const until = clock.now() + startLimitMs;
    const reports = new Set([await reportedAt()]);
    while (reports.size < 3) {
      if (clock.now() > until) {
        throw new CouldNotRun(
          `nova-compute on ${computeHost} did not report within ${(startLimitMs / 1000).toString()} s of its restart; read its log`,
        );
      }
      await pause();
      reports.add(await reportedAt());
    }
  }

  const undoes: Partial<Record<DrillName, string>> = {
    "nova-compute-down": `start ${config.service} on its node`,
    "power-state-sync": `put nova-compute's configuration back, and restart ${config.service} on its node`,
  };

  return {
    expectations: (planned) => cloudStatements(planned, drill, syncSeconds),
    undo: undoes[drill],
    async prepare() {
      await hypervisorId();
      if (variantOf(drill).ofOpenStack === true && !(await node().isActive())) {
        throw new CouldNotRun(`${config.service} does not run on its node; start it first`);
      }
    },
    async begin(plan) {
      if (drill === "power-state-sync") {
        progress(`nova-compute's power-state sync runs every ${syncSeconds.toString()} s (wall) from now on`);
        await node().addConfiguration(["[DEFAULT]", `sync_power_state_interval = ${syncSeconds.toString()}`]);
        await started();
      }
      const watch = new CloudWatch(
        openstack,
        { computeHost, hypervisorId: await hypervisorId() },
        () => clock.now(),
        parts.every,
      );
      running = { watch, plan, began: clock.now() };
      watch.start();
      await watch.look();
      if (drill === "nova-compute-down") {
        progress(`stopping ${config.service}`);
        await node().stop();
        downBefore = !(await node().isActive());
      }
    },
    async failedOver() {
      if (drill === "nova-compute-down") {
        downAfter = !(await node().isActive());
        return;
      }
      if (running === undefined) return;
      const { watch, began } = running;
      const { samples } = watch;
      const full = samples[0]?.capacity;
      const until = began + novaLagMs + pollMs;
      const isLess = (sample: CloudSample | undefined): boolean => {
        return full !== undefined && sample?.capacity !== undefined && !equal(sample.capacity, full);
      };
      if (!isLess(samples.at(-1))) progress("waiting for placement to show the smaller capacity");
      while (!isLess(samples.at(-1)) && clock.now() <= until) await pause();
    },
    async restore() {
      restored = clock.now();
      if (drill === "nova-compute-down") await node().start();
      if (drill === "power-state-sync") await node().restoreConfiguration();
    },
    async conclude(faultSent): Promise<Concluded> {
      if (running === undefined) throw new Error("a watch that did not begin has no conclusion");
      const { watch, plan, began } = running;
      await watch.look();
      watch.stop();
      const { samples, failures } = watch;
      const down = downBefore === undefined ? undefined : { before: downBefore, after: downAfter ?? false };
      const evidence: CloudEvidence = { samples, failures, began, faultSent, restored, ended: clock.now(), down };
      const instances = watchedInstances(plan);
      return {
        expectations: judgeCloud(cloudStatements(plan, drill, syncSeconds), instances, plan.host, evidence),
        openstack: observation(openstack.cloud, evidence, instances),
        notes: notes(evidence, instances),
      };
    },
    stop() {
      running?.watch.stop();
    },
  };
}

type Instances = ReturnType<typeof watchedInstances>;

function observation(cloud: string, evidence: CloudEvidence, instances: Instances): CloudObservation {
  const { samples, failures, faultSent } = evidence;
  return {
    cloud,
    samples: samples.length,
    failed: failures.length,
    instances: instances.map(({ vm, id }) => ({
      vm,
      id,
      statuses: changes(samples, (sample) => statusOf(sample, id)).map(({ text }) => text),
    })),
    capacity: changes(samples, capacityOf).map(({ at, text }) => ({ t: (at - faultSent) / 1000, text })),
  };
}

function notes({ samples }: CloudEvidence, instances: Instances): Concluded["notes"] {
  return [
    ...instances.flatMap(({ vm, id }) =>
      changes(samples, (sample) => statusOf(sample, id))
        .slice(1)
        .map(({ at, text }) => ({ at, text: `nova shows ${vm} as ${text}` })),
    ),
    ...changes(samples, capacityOf)
      .slice(1)
      .map(({ at, text }) => ({ at, text: `placement shows ${text}` })),
  ];
}

function statusOf({ instances }: CloudSample, id: string): string {
  const instance = instances.get(id);
  return instance === undefined ? "not known" : instanceText(instance);
}

function capacityOf({ capacity }: CloudSample): string {
  return capacity === undefined ? "not known" : capacityText(capacity);
}

/** The first value, and each one that differs from the one before. */
function changes(
  samples: readonly CloudSample[],
  textOf: (sample: CloudSample) => string,
): { at: number; text: string }[] {
  const all = samples.map((sample) => ({ at: sample.at, text: textOf(sample) }));
  return all.filter(({ text }, index) => text !== all[index - 1]?.text);
}
