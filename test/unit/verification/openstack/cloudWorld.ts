import { cloudCompanion } from "../../../../verification/drills/cloudCompanion";
import type { DrillParts } from "../../../../verification/drills/parts";
import type { DrillName } from "../../../../verification/drills/variants";
import type { OpenStack } from "../../../../verification/openstack/client";
import type { ComputeNode } from "../../../../verification/openstack/node";
import { CouldNotRun } from "../../../../verification/problems";
import { World } from "../drills/world";
import { cloud, instance, instanceId } from "./fixture";

/** A world whose VM ubuntu-1, on esx-02, was launched by nova. */
export class CloudWorld extends World {
  status = "ACTIVE";
  taskState: string | undefined;
  /** Until placement follows vCenter, wall seconds. */
  lag = 15;
  capacity = { vcpus: 24, memoryMb: 49_152 };
  novaAnswers = true;
  /** What was asked of nova-compute's node. */
  asked: string[] = [];
  active = true;
  configured = false;
  nodeFails = false;
  placementSleeps = false;
  /** Every answer of nova's and placement's looks, not of what is asked before a drill. */
  looksFail = false;
  known = true;
  /** Whether nova still has the instance, and placement its provider. */
  launched = true;
  provided = true;
  /** What nova-compute reports of itself at an instant; undefined: the service is not there. */
  reportAt: (seconds: number) => string | undefined = () => (++this.#reports).toString();
  #reports = 0;

  override failHost(name: string): void {
    super.failHost(name);
    this.#follow(-1);
  }

  override restoreHost(name: string): void {
    super.restoreHost(name);
    this.#follow(1);
  }

  #follow(hosts: number): void {
    this.later(this.lag, () => {
      if (this.placementSleeps) return;
      this.capacity = {
        vcpus: this.capacity.vcpus + hosts * 8,
        memoryMb: this.capacity.memoryMb + hosts * 16_384,
      };
    });
  }

  get openstack(): OpenStack {
    const answer = <T>(value: T): Promise<T> =>
      this.novaAnswers ? Promise.resolve(value) : Promise.reject(new CouldNotRun("nova is away"));
    const nothing = (): Promise<never> => Promise.reject(new Error("not asked in a drill"));
    const look = <T>(value: T): Promise<T> =>
      this.looksFail ? Promise.reject(new CouldNotRun("nova is busy")) : answer(value);
    const service = { enabled: true, up: true, forcedDown: false, disabledReason: undefined };
    const other = { id: "o", name: "domain-c9.u", serviceHost: "compute-9", vcpus: 0, memoryMb: 0 };
    return {
      cloud: "keystone:5000, region R",
      projectId: "project-1",
      services: () => {
        const reportedAt = this.reportAt(this.nowMs / 1000);
        return answer([
          { ...service, host: "compute-9", reportedAt: "never again" },
          ...(reportedAt === undefined ? [] : [{ ...service, host: "compute-1", reportedAt }]),
        ]);
      },
      hypervisors: () => {
        const own = { ...other, id: "h", name: "domain-c1.u", serviceHost: "compute-1" };
        return answer(this.known ? [other, own] : [other]);
      },
      provider: (id) => look(id === "h" && this.provided ? this.capacity : undefined),
      instances: (host) => {
        return look(
          host === "compute-1" && this.launched ? [instance({ status: this.status, taskState: this.taskState })] : [],
        );
      },
      aggregates: nothing,
      portsOf: nothing,
      zones: nothing,
      flavors: nothing,
      quota: nothing,
      images: nothing,
      ports: nothing,
      certificates: nothing,
      close: () => Promise.resolve(),
    };
  }

  get node(): ComputeNode {
    const act = (what: string, effect: () => void) => (): Promise<void> => {
      this.asked.push(what);
      if (this.nodeFails) return Promise.reject(new CouldNotRun("SSH to nova@node failed"));
      effect();
      return Promise.resolve();
    };
    return {
      settings: () => Promise.resolve({ syncPowerStateInterval: -1, insecure: false }),
      isActive: () => Promise.resolve(this.active),
      stop: act("stop", () => (this.active = false)),
      start: act("start", () => (this.active = true)),
      addConfiguration: (lines) => act(lines.join(" "), () => (this.configured = true))(),
      restoreConfiguration: act("restore", () => (this.configured = false)),
    };
  }

  cloudParts(
    drill: DrillName,
    changes: Partial<DrillParts> = {},
    node: ComputeNode | undefined = this.node,
  ): DrillParts {
    const parts = this.parts(changes);
    const config = this.config();
    const [ubuntu] = config.vms;
    if (ubuntu !== undefined) ubuntu.openstack = { instanceId };
    return {
      ...parts,
      config,
      drill,
      companion: (name) =>
        cloudCompanion(name, {
          cloud: { openstack: this.openstack, node },
          config: cloud(),
          clock: parts.clock,
          interrupted: parts.interrupted,
          progress: parts.progress,
          every: (intervalMs, act) => {
            let running = true;
            const tick = (): void => {
              if (!running) return;
              act();
              this.later(intervalMs / 1000, tick);
            };
            this.later(intervalMs / 1000, tick);
            return () => {
              running = false;
            };
          },
        }),
    };
  }
}
