import { quotaLeft, certificatesValid, drsFullyAutomated } from "./openstackCloud";
import {
  aggregateAndZone,
  computeServiceUp,
  hypervisorCapacity,
  hypervisorIsCluster,
  placementCapacity,
} from "./openstackCompute";
import { imagesFitGuests } from "./openstackImages";
import { instancesOnSharedStorage, instancesPresent, instanceStates, portsBound } from "./openstackInstances";
import { powerStateSync, vcenterVerified } from "./openstackNode";
import type { Check } from "./check";

/** The checks of an OpenStack on the cluster, in the order in which they are told. */
export const openstackChecks: readonly Check[] = [
  computeServiceUp,
  hypervisorIsCluster,
  hypervisorCapacity,
  placementCapacity,
  aggregateAndZone,
  imagesFitGuests,
  instancesPresent,
  instanceStates,
  instancesOnSharedStorage,
  portsBound,
  drsFullyAutomated,
  quotaLeft,
  certificatesValid,
  powerStateSync,
  vcenterVerified,
];
