import { killAt, killPoints, pointText } from "../soak/kills";
import { DrillLab } from "./drillLab";

/** As many as `npm run soak` asks for, otherwise so few that every run of the tests has time for them. */
const count = Number(process.env.SOAK_KILLS ?? 10);
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);

describe(`drills killed at ${count.toString()} random points (SOAK_SEED=${seed.toString()})`, function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("killed-drills", 4, 20);
    // What makes the drills longer is no help here.
    lab.configure({ ...lab.document, probeIntervalSeconds: 10 });
    // So that every drill is allowed: VMs whose disk can be gone for good, room for two failures, responses to everything,
    // and resets without end.
    await lab.admin.createVmfs("esx-01.lab.test", "naa.6000c29000000000000000000000a001", "vmfs-1");
    for (const vm of ["ubuntu-2", "xp-2"]) await lab.relocate(vm, "vmfs-1");
    await lab.reconfigure(
      "<dasConfig><vmMonitoring>vmMonitoringOnly</vmMonitoring>" +
        "<vmComponentProtecting>enabled</vmComponentProtecting>" +
        '<admissionControlPolicy xsi:type="ClusterFailoverResourcesAdmissionControlPolicy">' +
        "<cpuFailoverResourcesPercent>50</cpuFailoverResourcesPercent>" +
        "<memoryFailoverResourcesPercent>50</memoryFailoverResourcesPercent>" +
        "<failoverLevel>2</failoverLevel><autoComputePercentages>true</autoComputePercentages>" +
        "</admissionControlPolicy>" +
        "<defaultVmSettings><isolationResponse>powerOff</isolationResponse><vmComponentProtectionSettings>" +
        "<vmStorageProtectionForAPD>restartConservative</vmStorageProtectionForAPD>" +
        "<vmTerminateDelayForAPDSec>30</vmTerminateDelayForAPDSec><vmReactionOnAPDCleared>none</vmReactionOnAPDCleared>" +
        "<vmStorageProtectionForPDL>restartAggressive</vmStorageProtectionForPDL>" +
        "</vmComponentProtectionSettings><vmToolsMonitoringSettings>" +
        "<failureInterval>30</failureInterval><minUpTime>120</minUpTime><maxFailures>1000</maxFailures>" +
        "</vmToolsMonitoringSettings></defaultVmSettings></dasConfig>",
    );
  });

  after(() => lab.stop());

  for (let k = 0; k < count; k++) {
    it(`are put back by recover: point ${(k + 1).toString()}`, async () => {
      const point = killPoints(seed, count, lab)[k];
      if (point === undefined) throw new Error("no point");
      console.log(`      ${pointText(point)}`);
      console.log(`      ${await killAt(lab, point, `point-${k.toString()}`)}`);
    });
  }
});
