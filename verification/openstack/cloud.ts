import type { Environment, VerificationConfig } from "../config";
import { connectOpenStack, type OpenStack } from "./client";
import type { OpenStackState } from "./model";
import { computeNode, type ComputeNode } from "./node";
import { readState } from "./state";

/** The cloud on the cluster, for as long as a command runs. */
export interface Cloud {
  openstack: OpenStack;
  /** Undefined where its node cannot be reached. */
  node: ComputeNode | undefined;
  /** Everything that the checks judge. */
  state(): Promise<OpenStackState>;
  close(): Promise<void>;
}

/** Logs in to the declared OpenStack; undefined where none is declared. Throws CouldNotRun. */
export async function connectCloud(
  { openstack: config, vms }: VerificationConfig,
  env: Environment,
): Promise<Cloud | undefined> {
  if (config === undefined) return undefined;
  const node = config.ssh && computeNode(config, env);
  const openstack = await connectOpenStack(config, env);
  return {
    openstack,
    node,
    state: () => readState(openstack, config, vms, node && (() => node.settings())),
    close: () => openstack.close(),
  };
}

/**
 * For how long a change in vCenter may be unknown to nova, wall ms: its default `update_resources_interval` of 60 s, and
 * half of that again for the calls.
 */
export const novaLagMs = 90_000;
