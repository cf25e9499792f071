import { CouldNotRun } from "../problems";
import type { DrillParts } from "./parts";
import type { DrillPlan } from "./plan";

/** Defaults of `stop` in the configuration, seconds of the Clock. */
const defaults = { vcenterSilentSeconds: 300, totalSeconds: 3600 };
/** Between two questions to vCenter; seconds of the Clock. */
const askSeconds = 10;

/**
 * What ends a drill early, whatever it has seen: what is broken is put back, and the verdict stays open. Whoever watches
 * calls look() now and then.
 */
export class StopConditions {
  readonly #began: number;
  #answered: number;
  #asked: number;

  constructor(
    private readonly parts: Pick<DrillParts, "clock" | "vcenter" | "config">,
    private readonly plan: Pick<DrillPlan, "unseen">,
  ) {
    this.#began = this.#answered = this.#asked = parts.clock.now();
  }

  /** Throws CouldNotRun when one holds. Asks vCenter in the background: one that is silent holds up nobody. */
  look(): void {
    const { clock, config } = this.parts;
    const { vcenterSilentSeconds, totalSeconds } = { ...defaults, ...config.stop };
    const now = clock.now();
    if (clock.seconds(now - this.#began) > totalSeconds) {
      throw new CouldNotRun(
        `stopped: the drill has lasted longer than ${totalSeconds.toString()} s (stop.totalSeconds); what was broken is put back`,
      );
    }
    // Stopped on purpose: that it is silent tells nothing.
    if (this.plan.unseen === true) return;
    if (clock.seconds(now - this.#answered) > vcenterSilentSeconds) {
      throw new CouldNotRun(
        `stopped: vCenter has not answered for ${vcenterSilentSeconds.toString()} s (stop.vcenterSilentSeconds): what the ` +
          "drill does to the cluster cannot be seen; what was broken is put back",
      );
    }
    if (clock.seconds(now - this.#asked) < askSeconds) return;
    this.#asked = now;
    void this.parts.vcenter.currentTime().then(
      () => {
        this.#answered = clock.now();
      },
      () => undefined,
    );
  }
}
