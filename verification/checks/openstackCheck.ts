import type { OpenStackConfig } from "../config/openstack";
import type { OpenStackState, Reading } from "../openstack/model";
import { outcome, type Check, type CheckInput, type Outcome } from "./check";

/** What a check of OpenStack judges. */
export interface OpenStackInput extends CheckInput {
  openstack: OpenStackState;
  cloud: OpenStackConfig;
}

/** A rule about the cloud on the cluster. Where the cloud was not read, it is inconclusive. */
export function openstackCheck(check: Omit<Check, "judge"> & { judge: (input: OpenStackInput) => Outcome }): Check {
  return {
    ...check,
    judge: (input) => {
      const { openstack } = input;
      const cloud = input.config.openstack;
      if (openstack === undefined || cloud === undefined) return unread("OpenStack", "it was not read", check.expected);
      return check.judge({ ...input, openstack, cloud });
    },
  };
}

/** Judges what was read; without it, says why it was not. */
export function whenRead<T>(reading: Reading<T>, subject: string, judge: (value: T) => Outcome): Outcome {
  return "unread" in reading ? unread(subject, reading.unread, "an answer") : judge(reading.value);
}

/** Judges what hangs on the compute service: where nova has none, that is told once, by the check of the service. */
export function whenKnown({ openstack, cloud: { computeHost } }: OpenStackInput, judge: () => Outcome): Outcome {
  const { services } = openstack;
  if ("unread" in services || services.value.some(({ host }) => host === computeHost)) return judge();
  return unread(computeHost, `nova has no such compute service`, "a compute service");
}

/** What could not be read, and so not be judged. */
export function unread(subject: string, read: string, expected: string): Outcome {
  return outcome("not read", [], [{ subject, read, expected }]);
}
