/** Wall ms of the monotonic clock since an arbitrary moment, the same in all threads of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
