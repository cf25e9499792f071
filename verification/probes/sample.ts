/**
 * One probe of one guest service. Instants are wall ms since the epoch, from the monotonic clock.
 *
 * `up`: the service accepted at some instant in [sent, done]. `down`: it refused, or nothing answered, at some instant
 * in [sent, done]. `lost`: nothing is known, because the prober itself was late, paused or without network.
 */
export interface Sample {
  vm: string;
  /** When the schedule wanted it. */
  due: number;
  sent: number;
  done: number;
  outcome: "up" | "down" | "lost";
}
