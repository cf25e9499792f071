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
