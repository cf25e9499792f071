import type { CloudObservation, Expectation } from "../model";
import type { DrillPlan } from "./plan";

/** An expectation before it is judged. */
export type Statement = Pick<Expectation, "id" | "statement" | "basis">;

/**
 * Another system that goes through a host loss with the cluster: it is watched, has expectations of its own, and may have
 * a fault of its own. Of one drill; its methods are called in the order in which they stand here.
 */
export interface Companion {
  /** Pure, so that `--plan` shows just what the drill will be judged by. */
  expectations(plan: DrillPlan): Statement[];
  /** What restore() puts back; undefined: nothing is broken beside the host. */
  readonly undo: string | undefined;
  /** Breaks nothing; throws CouldNotRun when the drill must not be done. */
  prepare(): Promise<void>;
  /** Begins to watch, and breaks its own part: just before the host loses its power. */
  begin(plan: DrillPlan): Promise<void>;
  /** The VMs are back, the host is not: waits for what must be seen before it is. */
  failedOver(): Promise<void>;
  /** Puts its own part back. Safe to repeat, also after the process that broke it was killed. */
  restore(): Promise<void>;
  /** Everything is back: ends the watch and judges. @param faultSent wall ms since the epoch */
  conclude(faultSent: number): Promise<Concluded>;
  /** Ends the watch; safe to repeat. */
  stop(): void;
}

export interface Concluded {
  expectations: Expectation[];
  openstack: CloudObservation;
  /** For the timeline: instants are wall ms since the epoch. */
  notes: { at: number; text: string }[];
}
