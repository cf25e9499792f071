import * as pulumi from "@pulumi/pulumi";
import { DpmAutomationLevel, DrsAutomationLevel, ProactiveHaAutomationLevel, Remediation } from "./values";

/** vSphere DRS. Names are those of the provider's ComputeCluster without the prefix `drs`. */
export interface DrsArgs {
  /** DRS as a whole. Default: true. */
  enabled?: pulumi.Input<boolean>;
  /** How far DRS acts by itself. Default: fullyAutomated; OpenStack's vCenter driver needs that. */
  automationLevel?: pulumi.Input<DrsAutomationLevel>;
  /** Imbalance that DRS tolerates, 1 (most) to 5 (least). Default: 3. */
  migrationThreshold?: pulumi.Input<number>;
  /** Whether single virtual machines may have another automation level. Default: true. */
  enableVmOverrides?: pulumi.Input<boolean>;
  /** Act on predictions of Aria Operations. Default: false. */
  enablePredictiveDrs?: pulumi.Input<boolean>;
  /** Advanced options of DRS and DPM, values as text. Default: none. */
  advancedOptions?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Distributed power management. Names are those of the provider without the prefix `dpm`. */
export interface DpmArgs {
  /** Power hosts off when they are not needed; needs DRS. Default: false. */
  enabled?: pulumi.Input<boolean>;
  /** How far DPM acts by itself. Default: manual. */
  automationLevel?: pulumi.Input<DpmAutomationLevel>;
  /** Surplus or shortage of load that DPM acts on, 1 (least eager) to 5 (most). Default: 3. */
  threshold?: pulumi.Input<number>;
}

/** Proactive HA. Names are those of the provider without the prefix `proactiveHa`. */
export interface ProactiveHaArgs {
  /** Evacuate hosts that a health provider calls degraded; needs DRS. Default: false. */
  enabled?: pulumi.Input<boolean>;
  /** How far proactive HA acts by itself. Default: Manual. */
  automationLevel?: pulumi.Input<ProactiveHaAutomationLevel>;
  /** What happens to moderately degraded hosts. Default: QuarantineMode. */
  moderateRemediation?: pulumi.Input<Remediation>;
  /** What happens to severely degraded hosts; not milder than for moderately degraded ones. Default: QuarantineMode. */
  severeRemediation?: pulumi.Input<Remediation>;
  /** Ids of the health update providers. Default: none. */
  providerIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/** This library's defaults. */
export const drsDefaults = {
  enabled: true,
  automationLevel: DrsAutomationLevel.fullyAutomated,
  migrationThreshold: 3,
  enableVmOverrides: true,
  enablePredictiveDrs: false,
} as const;

/** This library's defaults. */
export const dpmDefaults = { enabled: false, automationLevel: DpmAutomationLevel.manual, threshold: 3 } as const;

/** This library's defaults. */
export const proactiveHaDefaults = {
  enabled: false,
  automationLevel: ProactiveHaAutomationLevel.Manual,
  moderateRemediation: Remediation.QuarantineMode,
  severeRemediation: Remediation.QuarantineMode,
} as const;
