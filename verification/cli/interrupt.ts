const first = new AbortController();
const second = new AbortController();

// The first signal ends the run in good order, the second one ends also its waiting.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    (first.signal.aborted ? second : first).abort(new Error(signal));
  });
}

/** Aborted by the user's first Ctrl-C. */
export const interrupted: AbortSignal = first.signal;
/** Aborted by the second one. */
export const hurried: AbortSignal = second.signal;
