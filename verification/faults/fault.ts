/** What a drill breaks, as the journal keeps it: enough for another process to put it back. */
export type FaultRecord = { kind: "host-power"; host: string } | { kind: "maintenance-mode"; host: string };

/** One thing that is broken on purpose. All errors are CouldNotRun and name the server and what it was asked. */
export interface Fault {
  /** Makes sure, as far as can be told beforehand, that it can be broken and put back. Changes nothing. */
  check(): Promise<void>;
  /** Breaks it, and waits until that is confirmed. */
  inject(): Promise<void>;
  /** Puts it back, and waits until that is confirmed. Safe to repeat, also when nothing is broken. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** How a fault is told to people. */
export interface FaultWords {
  /** For the plan: `cut the power of esx-1 through its BMC`. */
  breaks: string;
  /** What a person does by hand to undo it: `power on esx-1 through its BMC`. */
  undo: string;
  /** Before and after breaking it: `cutting the power of esx-1`, `esx-1 is off`. */
  breaking: string;
  broken: string;
  /** Before and after putting it back: `restoring the power of esx-1`, `esx-1 has power`. */
  restoring: string;
  restored: string;
  /** What is left while it is broken: `esx-1 without power`. */
  left: string;
  /** Told afterwards: `esx-1 lost its power`. */
  happened: string;
}

export function faultWords({ kind, host }: FaultRecord): FaultWords {
  switch (kind) {
    case "host-power":
      return {
        breaks: `cut the power of ${host} through its BMC`,
        undo: `power on ${host} through its BMC`,
        breaking: `cutting the power of ${host}`,
        broken: `${host} is off`,
        restoring: `restoring the power of ${host}`,
        restored: `${host} has power`,
        left: `${host} without power`,
        happened: `${host} lost its power`,
      };
    case "maintenance-mode":
      return {
        breaks: `put ${host} into maintenance mode`,
        undo: `take ${host} out of maintenance mode`,
        breaking: `putting ${host} into maintenance mode`,
        broken: `${host} is in maintenance mode`,
        restoring: `taking ${host} out of maintenance mode`,
        restored: `${host} is in service`,
        left: `${host} in maintenance mode`,
        happened: `${host} went into maintenance mode`,
      };
  }
}
