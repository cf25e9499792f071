import type { OpenStack } from "../openstack/client";
import type { Capacity, Instance } from "../openstack/model";
import { CouldNotRun, messageOf } from "../problems";

/** One look at nova and placement. Instants are wall ms since the epoch. */
export interface CloudSample {
  at: number;
  /** Of the compute host, by id. */
  instances: ReadonlyMap<string, Instance>;
  capacity: Capacity | undefined;
}

/** Does something again and again, at an interval in wall ms; returns what ends it. */
export type Every = (intervalMs: number, act: () => void) => () => void;

/** nova changes within seconds; a look costs its API two calls. */
const intervalMs = 1000;

/** Looks at nova and placement all the time, one look after the other. */
export class CloudWatch {
  readonly samples: CloudSample[] = [];
  /** Looks that failed: when, and why. */
  readonly failures: { at: number; reason: string }[] = [];
  #end: (() => void) | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    private readonly openstack: Pick<OpenStack, "instances" | "provider">,
    private readonly of: { computeHost: string; hypervisorId: string },
    private readonly now: () => number,
    private readonly every: Every,
  ) {}

  start(): void {
    this.#end ??= this.every(intervalMs, () => {
      if (this.#looking === undefined) void this.look();
    });
  }

  stop(): void {
    this.#end?.();
    this.#end = undefined;
  }

  /** A look that begins now, or after the one that is under way. */
  async look(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
    this.#looking = this.#take().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async #take(): Promise<void> {
    const at = this.now();
    try {
      const [instances, capacity] = await Promise.all([
        this.openstack.instances(this.of.computeHost),
        this.openstack.provider(this.of.hypervisorId),
      ]);
      this.samples.push({ at, instances: new Map(instances.map((one) => [one.id.toLowerCase(), one])), capacity });
    } catch (error) {
      const reason = messageOf(error);
      this.failures.push({ at, reason: error instanceof CouldNotRun ? reason : `internal error: ${reason}` });
    }
  }
}
