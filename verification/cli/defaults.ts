/** Defaults that the help tells. Here, so that help needs none of the commands. */

/** Load levels in percent, as the study had them. */
export const defaultLevels = "0,25,50,75,100";
/** Six samples of vCenter's real-time statistics, the first and last of which may not lie wholly within the level. */
export const defaultLevelSeconds = 120;
/** To this machine alone, unless the user says otherwise. */
export const defaultListen = "127.0.0.1:9469";
export const defaultWindows = "1h,24h,30d";
