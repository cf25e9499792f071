/** Entry point of the `vsphere-ha` command. */
import { main } from "./cli/main";

const interrupt = new AbortController();
const hurry = new AbortController();

// The first signal ends the run in good order, the second one ends also its waiting.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    (interrupt.signal.aborted ? hurry : interrupt).abort(new Error(signal));
  });
}

// A reader that has seen enough, as in `vsphere-ha check … | head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const { env, stdout, stderr } = process;
void main(process.argv.slice(2), { env, stdout, stderr, signal: interrupt.signal, hurried: hurry.signal }).then(
  (code) => {
    process.exitCode = code;
  },
);
