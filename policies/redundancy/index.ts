import type { PolicyRule } from "../rule";
import { capacity } from "./capacity";
import { clusterSettings } from "./clusterSettings";
import { drsForOpenstack } from "./drsForOpenstack";
import { flavorMemory } from "./flavorMemory";
import { heartbeatDatastores } from "./heartbeatDatastores";
import { hosts } from "./hosts";
import { overrides } from "./overrides";
import { restartDisabled } from "./restartDisabled";
import { sharedStorage } from "./sharedStorage";
import { singleHostRules } from "./singleHostRules";

export const redundancy: PolicyRule[] = [
  ...clusterSettings,
  hosts,
  heartbeatDatastores,
  sharedStorage,
  restartDisabled,
  overrides,
  singleHostRules,
  drsForOpenstack,
  flavorMemory,
  capacity,
];
