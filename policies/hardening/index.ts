import type { PolicyRule } from "../rule";
import { advancedSettings } from "./advancedSettings";
import { devices } from "./devices";
import { hardwareVersion } from "./hardwareVersion";
import { lockdown } from "./lockdown";
import { secureBoot } from "./secureBoot";
import { switchSecurity } from "./switchSecurity";

export const hardening: PolicyRule[] = [
  ...advancedSettings,
  ...devices,
  secureBoot,
  hardwareVersion,
  lockdown,
  ...switchSecurity,
];
