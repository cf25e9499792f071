import type { Deployment as StackState } from "@pulumi/pulumi/automation";
import { nameOf } from "./engineLog";

export type { StackState };

/** What is read of a resource in an exported state: https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/apitype#ResourceV3 */
export interface StateResource {
  urn: string;
  type: string;
  /** Of the provider; absent of components, and of what is not known to be created. */
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** An operation that was not finished when the process that was at it died. */
export interface Pending {
  /** `creating`, `updating`, `deleting` … */
  type: string;
  resource: StateResource;
}

/** What an exported state is read for; the rest of it goes through untouched. */
interface StateContent {
  resources?: StateResource[] | null;
  pending_operations?: Pending[] | null;
}

export function resourcesOf(state: StackState): StateResource[] {
  return contentOf(state).resources ?? [];
}

/** What a killed deployment was at. */
export function pendingOf(state: StackState): Pending[] {
  return contentOf(state).pending_operations ?? [];
}

export function pendingText({ type, resource }: Pending): string {
  return `${type} ${nameOf(resource.urn)}`;
}

/** The state with nothing pending, and with resources that were created without its knowing. */
export function continued(state: StackState, created: readonly StateResource[]): StackState {
  const content = contentOf(state);
  const resources = [...(content.resources ?? []), ...created];
  return { ...state, deployment: { ...content, resources, pending_operations: [] } };
}

function contentOf(state: StackState): StateContent {
  return (state.deployment ?? {}) as StateContent;
}
